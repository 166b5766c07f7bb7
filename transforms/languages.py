"""Languages as writers name them → BCP 47."""

from __future__ import annotations

import re

# What Whisper calls the languages that it knows
# (https://github.com/openai/whisper/blob/main/whisper/tokenizer.py): OpenAI's service writes the names.
NAMES = """
af afrikaans am amharic ar arabic as assamese az azerbaijani ba bashkir be belarusian bg bulgarian bn bengali
bo tibetan br breton bs bosnian ca catalan cs czech cy welsh da danish de german el greek en english es spanish
et estonian eu basque fa persian fi finnish fo faroese fr french gl galician gu gujarati ha hausa haw hawaiian
he hebrew hi hindi hr croatian hu hungarian hy armenian id indonesian is icelandic it italian ja japanese
jw javanese ka georgian kk kazakh km khmer kn kannada ko korean la latin lb luxembourgish ln lingala lo lao
lt lithuanian lv latvian mg malagasy mi maori mk macedonian ml malayalam mn mongolian mr marathi ms malay
mt maltese my myanmar ne nepali nl dutch nn nynorsk no norwegian oc occitan pa punjabi pl polish ps pashto
pt portuguese ro romanian ru russian sa sanskrit sd sindhi si sinhala sk slovak sl slovenian sn shona so somali
sq albanian
sr serbian su sundanese sv swedish sw swahili ta tamil te telugu tg tajik th thai tk turkmen tl tagalog tr turkish
tt tatar uk ukrainian ur urdu uz uzbek vi vietnamese yi yiddish yo yoruba yue cantonese zh chinese
my burmese ca valencian nl flemish ht haitian lb letzeburgesch ps pushto pa panjabi ro moldavian si sinhalese
de deutsch fr français fr francais es español es espanol es castellano pt português pt portugues it italiano
nl nederlands nl vlaams
es castilian zh mandarin ht haitian_creole fil filipino
""".split()
_CODES = dict(zip(NAMES[1::2], NAMES[::2], strict=True)) | {"jw": "jv", "javanese": "jv", "iw": "he", "in": "id"}
# ISO 639-2 and 639-3, which ElevenLabs, MP4 and Matroska write.
_LONG = dict(
    pair.split(":")
    for pair in (
        "eng:en deu:de ger:de fra:fr fre:fr spa:es ita:it por:pt nld:nl dut:nl rus:ru jpn:ja zho:zh chi:zh cmn:zh "
        "kor:ko ara:ar heb:he hin:hi pol:pl tur:tr swe:sv dan:da nor:no nob:nb fin:fi ces:cs cze:cs ell:el gre:el "
        "ukr:uk hun:hu ron:ro rum:ro cat:ca vie:vi ind:id tha:th slk:sk slo:sk slv:sl hrv:hr srp:sr bul:bg lit:lt "
        "lav:lv est:et fas:fa per:fa urd:ur ben:bn tam:ta tel:te mal:ml isl:is ice:is eus:eu baq:eu glg:gl gle:ga "
        "cym:cy wel:cy afr:af swa:sw fil:tl msa:ms may:ms"
    ).split()
)
_TAG = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)", re.ASCII)


def language_tag(text: str) -> str:
    """Write a language as a tag of BCP 47; what is no known one stays as it is.

    >>> language_tag("english"), language_tag("en_us"), language_tag("ZH-hans-cn"), language_tag("deu")
    ('en', 'en-US', 'zh-Hans-CN', 'de')
    """
    name = "_".join(text.casefold().split())
    if name in _CODES:
        return _CODES[name]
    match = _TAG.fullmatch(text.strip())
    if not match:
        return text
    subtags = match[2].replace("_", "-").split("-")[1:]
    code = match[1].lower()
    return "-".join([_LONG.get(code, code), *map(_subtag, subtags)])


def primary_language(tag: str | None) -> str:
    """Return the language of a tag without its country or script; nothing of `None`.

    >>> primary_language("en-GB"), primary_language("PT_br"), primary_language(None)
    ('en', 'pt', '')
    """
    return (tag or "").lower().replace("_", "-").partition("-")[0]


def _subtag(text: str) -> str:
    if len(text) == 4 and text.isalpha():
        return text.title()
    return text.upper() if len(text) == 2 else text.lower()
