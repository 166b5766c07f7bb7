"""Text in any encoding: what is said of it, and what it looks like where nothing is said."""

from __future__ import annotations

import codecs
from collections.abc import Callable

import pytest

from transforms.charsets import decode
from transforms.feed import parse_feed
from transforms.page_links import parse_page
from transforms.transcripts import read

TEXTS = {
    "ru": "Ведущая: Почему пластинка крутится? Гость: Потому что мотор вращает диск, а игла читает дорожку. "
    "Мы поговорим о том, как записывали музыку сто лет назад. Ведущая: И что же "
    "было самым трудным? Гость: Тишина.",
    "ja": "司会：レコードはなぜ回るのですか。ゲスト：モーターが円盤を回し、針が溝を読み取るからです。"
    "今日は百年前の録音についてお話しします。司会：いちばん難しかったことは何ですか。ゲスト：部屋の静けさでしょうね。",
    "zh": "主持人：唱片为什么会转？嘉宾：因为马达带动圆盘，唱针读取沟槽。今天我们来谈谈一百年前人们是怎样录音的。"
    "主持人：最难的是什么？嘉宾：大概是房间里的安静。",
    "zh-tw": "主持人：唱片為什麼會轉？來賓：因為馬達帶動圓盤，唱針讀取溝槽。"
    "今天我們來談談一百年前人們是怎樣錄音的。",
    "ko": "진행자: 음반은 왜 돌아가나요? 손님: 모터가 원판을 돌리고 바늘이 홈을 읽기 때문입니다. "
    "오늘은 백 년 전에 음악을 어떻게 녹음했는지 이야기하겠습니다.",
    "el": "Παρουσιάστρια: Γιατί γυρίζει ο δίσκος; Καλεσμένος: Επειδή ο κινητήρας γυρίζει το πιάτο και η βελόνα "
    "διαβάζει το αυλάκι. Σήμερα θα μιλήσουμε για το πώς ηχογραφούσαν μουσική πριν από εκατό χρόνια.",
    "he": "מנחה: למה התקליט מסתובב? אורח: כי המנוע מסובב את הצלחת והמחט קוראת את החריץ. היום נדבר על איך הקליטו.",
    "ar": "المذيعة: لماذا تدور الأسطوانة؟ الضيف: لأن المحرك يدير القرص والإبرة تقرأ الأخدود. سنتحدث اليوم عن ذلك.",
    "th": "ผู้ดำเนินรายการ: ทำไมแผ่นเสียงจึงหมุน แขกรับเชิญ: เพราะมอเตอร์หมุนจานและเข็มอ่านร่อง วันนี้เราจะคุยกัน",
    "pl": "Prowadząca: Dlaczego płyta się kręci? Gość: Ponieważ silnik obraca talerz, a igła czyta rowek. "
    "Dziś porozmawiamy o tym, jak sto lat temu nagrywano muzykę.",
    "cs": "Moderátorka: Proč se deska točí? Host: Protože motor otáčí talířem a jehla čte drážku. "
    "Dnes si povíme, jak se před sto lety nahrávala hudba.",
    "sk": "Moderátorka: Prečo sa platňa točí? Hosť: Pretože motor otáča tanierom a ihla číta drážku.",
    "hu": "Műsorvezető: Miért forog a lemez? Vendég: Mert a motor forgatja a tányért, és a tű olvassa a barázdát. "
    "Ma arról beszélünk, hogyan rögzítették a zenét száz éve.",
    "hr": "Voditeljica: Zašto se ploča vrti? Gost: Zato što motor okreće tanjur, a igla čita brazdu.",
    "ro": "Moderatoare: De ce se învârte discul? Invitat: Pentru că motorul roteşte platanul şi acul citeşte.",
    "tr": "Sunucu: Plak neden döner? Konuk: Çünkü motor tablayı döndürür ve iğne oluğu okur. Bugün yüz yıl önce "
    "müziğin nasıl kaydedildiğini konuşacağız.",
    "lt": "Vedėja: Kodėl plokštelė sukasi? Svečias: Todėl, kad variklis suka lėkštę, o adata skaito griovelį.",
    "lv": "Vadītāja: Kāpēc plate griežas? Viesis: Tāpēc, ka motors griež šķīvi un adata lasa rievu.",
    "is": "Stjórnandi: Af hverju snýst platan? Gestur: Vegna þess að mótorinn snýr disknum. Það er þannig, já.",
    "et": "Saatejuht: Miks plaat pöörleb? Külaline: Sest mootor pöörab taldrikut ja nõel loeb soont. Nõus?",
    "es": "Presentadora: ¿Por qué gira el disco? Invitado: El motor hace girar el plato. ¡Así de fácil, señor!",
    "it": "Conduttrice: Perché gira il disco? Ospite: Perché il motore fa girare il piatto. È così, però già più.",
    "names": "Host: Søren, José Muñoz, Jürgen Weiß, Beyoncé and Guðmundsdóttir paid £5 for 3×4² = 48 m² ± 2 µm.",
    "signs": "Host: It’s £5, £6, £7 and £8 – or ¥500? Guest: For 30 m³, 5 km³, ½, nº 5, 1ª and 2º at 20 ±1 °C.",
    "es-plain": "¿Que tal? ¿Como estas? ¡Hola! ¡Vamos! ¿Quien es? ¿Donde esta? ¿Por que no? ¡Si!",
    "de": "Moderatorin: Warum dreht sich die Schallplatte? Gast: Weil der Motor den Teller dreht. Früher mussten "
    "Künstler für jede Aufnahme völlig still sitzen – das war schwer.",
    "fr": "Animatrice : Pourquoi le disque tourne-t-il ? Invité : Parce que l’aiguille lit le sillon. Où étaient "
    "les élèves ? À côté, déjà prêts. C’était très drôle, « n’est-ce pas ? »",
    "sv": "Programledare: Varför snurrar skivan? Gäst: För att motorn driver tallriken och nålen läser spåret.",
    "pt": "Apresentadora: Por que o disco gira? Convidado: Não é difícil, mas a gravação exige atenção. Até já.",
    "en": "Host: Why does a record turn? Guest: It’s round – “really”? Host: I’ve been to the café; it didn’t.",
}
UNDECLARED = [
    ("ru", "cp1251"), ("ru", "koi8-r"), ("ja", "shift_jis"), ("ja", "euc-jp"), ("zh", "gbk"), ("zh-tw", "big5"),
    ("ko", "euc-kr"), ("el", "cp1253"), ("he", "cp1255"), ("ar", "cp1256"), ("th", "cp874"), ("pl", "cp1250"),
    ("pl", "iso8859-2"), ("cs", "cp1250"), ("cs", "iso8859-2"), ("sk", "cp1250"), ("hu", "cp1250"),
    ("hr", "cp1250"), ("ro", "iso8859-2"), ("tr", "cp1254"), ("lt", "cp1257"), ("lv", "cp1257"), ("is", "cp1252"),
    ("et", "cp1252"), ("es", "cp1252"), ("it", "iso8859-1"), ("names", "cp1252"), ("signs", "cp1252"),
    ("es-plain", "cp1252"), ("de", "cp1252"),
    ("fr", "cp1252"), ("sv", "cp1252"), ("pt", "cp1252"), ("en", "cp1252"), ("de", "utf-16-le"),
]  # fmt: skip


def captions(text: str) -> str:
    """The text as SubRip, a sentence a cue: more digits and marks than letters."""
    return "".join(
        f"{n}\n00:00:{n:02},000 --> 00:00:{n + 1:02},000\n{sentence}\n\n"
        for n, sentence in enumerate(text.replace("。", "。|").replace(". ", ".|").split("|"), 1)
    )


def page(text: str) -> str:
    """The text in a page that is mostly markup."""
    script = "function show(it) { return it; }" * 20
    return f"<html><body><script>{script}</script><p class='x'>{text}</p></body></html>"


@pytest.mark.parametrize("shape", [str, captions, page], ids=["text", "captions", "page"])
@pytest.mark.parametrize(("language", "encoding"), UNDECLARED)
def test_what_says_nothing_of_itself_is_read(language: str, encoding: str, shape: Callable[[str], str]) -> None:
    """A hundred bytes show an alphabet, and whose letters they are; Western text is never taken for another."""
    text = shape(TEXTS[language])

    assert decode(text.encode(encoding)) == text
    assert decode(text.encode()) == text


@pytest.mark.parametrize("encoding", ["cp1251", "shift_jis", "gbk"])
def test_long_text_is_cut_between_characters(encoding: str) -> None:
    """Whatever byte the sample would end at, and in one line as well."""
    text = TEXTS[{"cp1251": "ru", "shift_jis": "ja", "gbk": "zh"}[encoding]] * 300
    for lead in ("", "a", "ab"):
        assert decode((lead + text).encode(encoding)) == lead + text
        assert decode((lead + text.replace("。", "\n")).encode(encoding)) == lead + text.replace("。", "\n")


@pytest.mark.parametrize(
    ("encoding", "claimed", "declared"),
    [
        ("iso8859-2", "ISO-8859-2", ""),
        ("iso8859-2", None, '<?xml version="1.0" encoding="ISO-8859-2"?>'),
        ("iso8859-2", "utf-8", '<meta charset="iso-8859-2">'),
        ("cp1250", "iso-8859-1", '<meta charset="windows-1250">'),  # Latin-1 is what servers call everything
        ("cp1250", "windows-1250", '<meta charset="iso-8859-5">'),
        ("cp1250", None, '<META http-equiv="Content-Type" content="text/html; CHARSET=windows-1250">'),
        ("utf-8", "iso-8859-1", '<meta charset="windows-1252">'),  # what is sound UTF-8 is that
        ("utf-8", "punycode", '<meta charset="utf-7">'),
        ("utf-16-be", "utf-16-be", ""),
        ("utf-32-le", "utf-32-le", ""),
        ("iso8859-2", "iso-8859-2", '<meta charset="utf-16">'),  # not in ASCII
    ],
)
def test_what_is_said_of_it_comes_before_a_guess(encoding: str, claimed: str | None, declared: str) -> None:
    """By the server, then by the text itself."""
    text = declared + "Příliš žluťoučký kůň úpěl ďábelské ódy. Gość: Dziś porozmawiamy."

    assert decode(text.encode(encoding), claimed) == text


def test_marks_and_escapes_come_first() -> None:
    """A byte order mark is not text; seven bits look like ASCII."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"),
                           (codecs.BOM_UTF32_LE, "utf-32-le")):  # fmt: skip
        assert decode(mark + TEXTS["pl"].encode(encoding), "iso-8859-1") == TEXTS["pl"]
    page = f'<meta charset="iso-2022-jp">{TEXTS["ja"]}'
    assert decode(page.encode("iso-2022-jp")) == page


@pytest.mark.parametrize(
    "name", ["punycode", "idna", "utf-7", "unicode_escape", "zlib", "rot13", "cp037", "undefined", "\0", "x" * 999]
)
def test_no_codec_is_run_because_a_stranger_names_it(name: str) -> None:
    """Python knows codecs that take hours, fail, or hide tags."""
    assert decode("+ADw-b+AD4- caf\u00e9-".encode("cp1252"), name) == "+ADw-b+AD4- café-"


def test_a_few_pasted_bytes_do_not_spoil_the_rest() -> None:
    """UTF-8 with a quote of Windows-1252 in it, or cut off in a letter."""
    data = TEXTS["ru"].encode()
    assert decode(data + b" \x93ok") == f"{TEXTS['ru']} \N{REPLACEMENT CHARACTER}ok"
    assert decode("Ёж".encode() * 9 + data[:1]).startswith("Ёж" * 9)


def test_feeds_pages_and_transcripts_are_read_alike() -> None:
    """Whoever says nothing of the encoding."""
    said = "Анна Ли: Почему пластинка крутится?\nИван Рэй: Потому что мотор вращает диск.\nАнна Ли: Понятно!\n"
    rss = f"<rss version='2.0'><channel><title>{TEXTS['ru']}</title></channel></rss>".encode("cp1251")

    assert [turn.speaker_name for turn in read(said.encode("cp1251")).turns] == ["Анна Ли", "Иван Рэй", "Анна Ли"]
    assert parse_feed(rss, "https://groove.example/feed").podcast.title == TEXTS["ru"]
    assert "Почему" in str(
        parse_page(f"<title>{TEXTS['ru']}</title>".encode("cp1251"), "https://groove.example/1")
    )


def test_a_page_and_a_transcript_are_in_what_their_server_says() -> None:
    """Where it and the text itself differ, it counts, and a mark before both; what nobody says is flagged."""
    text = "Ann Öst: Příliš žluťoučký kůň.\nBo Řád: Úpěl ďábelské ódy.\nAnn Öst: Ano.\n"
    page = f"<meta charset='iso-8859-1'><title>{text}</title>"
    names = ["Ann Öst", "Bo Řád", "Ann Öst"]

    told = read(text.encode("cp1250"), media_type="text/plain; charset=windows-1250")
    assert ([turn.speaker_name for turn in told.turns], told.flags) == (names, ())
    marked = read(text.encode("utf-8-sig"), media_type="text/plain; charset=windows-1250")
    assert ([turn.speaker_name for turn in marked.turns], marked.flags) == (names, ())
    guessed = read(text.encode("cp1250"))
    assert ([turn.speaker_name for turn in guessed.turns], guessed.flags) == (names, ("charset_guessed",))
    assert "Příliš" in parse_page(page.encode("cp1250"), "https://groove.example/1", "windows-1250").titles[0]
