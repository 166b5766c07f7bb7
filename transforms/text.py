"""The few rules about written words that several stages share."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable

# Languages that Whisper writes without spaces, where a "word" is a character.
UNSPACED = frozenset(("zh", "ja", "th", "lo", "my", "yue"))

WORDS_PER_SENTENCE = 40  # with fewer marks than this a text is taken as unpunctuated
# Among them are the full stops of Hindi, Urdu, Armenian, Ethiopic, Burmese and Khmer, and Arabic's question mark.
SENTENCE_ENDS = tuple(".?!…。？！।॥؟۔։።၊။។")
QUESTION_MARKS = ("?", "？", "؟", ";")  # the Greek one is a semicolon
CLOSING_MARKS = "\"'”’»)]}」』"


# What a terminal obeys, what turns the order of letters on it round, and what hides there: C0, DEL, C1, separators
# of lines and paragraphs, marks, embeddings, overrides and isolates of direction, signs without a picture, tags,
# halves of surrogate pairs. What words are written with stays: names in Persian or Hindi and emoji need their
# joiners, Thai and Khmer the space without a width, German the hyphen that only a line's end shows.
_COMMAND = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
# What nobody sees and everybody's editor copies along; those that join letters and emoji are left.
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NO_NUMBER = re.compile(r"(?i)nan|inf")
_STRING_OR_NO_NUMBER = re.compile(r'(?i)"(?:[^"\\]|\\.)*"|-?\b(?:nan|inf(?:inity)?)\b')

_IDEOGRAPHIC = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff65]")  # with their marks


def join_words(words: Iterable[str], language: str | None) -> str:
    """Write words as text, without spaces in the languages that have none.

    >>> join_words(["Two", "pounds!"], "en"), join_words(["你", "好"], "zh")
    ('Two pounds!', '你好')
    """
    return ("" if language in UNSPACED else " ").join(words)


def join_lines(lines: Iterable[str]) -> str:
    """Write the lines of a paragraph as one; where ideographs, or in a text of them digits, meet, without a space.

    >>> join_lines(["Two", "pounds!"]), join_lines(["你好，", "我是"]), join_lines(["在20", "19年"])
    ('Two pounds!', '你好，我是', '在2019年')
    >>> join_lines(["Ольга：Но", "когда."])
    'Ольга：Но когда.'
    """
    parts = [line for line in lines if line]
    if not parts or not any(map(_IDEOGRAPHIC.search, parts)):
        return " ".join(parts)
    text = parts[0]
    for part in parts[1:]:
        joint = text[-1] + part[0]
        text += part if _IDEOGRAPHIC.search(joint) or joint.isdigit() else f" {part}"
    return text


def counted(number: int, noun: str) -> str:
    """Write how many there are of something.

    >>> counted(1, "turn"), counted(0, "turn"), counted(12000, "feed")
    ('1 turn', '0 turns', '12,000 feeds')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def sized(number: int) -> str:
    """Write how many bytes there are.

    >>> sized(0), sized(1_200_000), sized(84_000_000_000)
    ('0.0 MB', '1.2 MB', '84.0 GB')
    """
    return f"{number / 1e6:.1f} MB" if number < 1e9 else f"{number / 1e9:.1f} GB"


def percent(share: float) -> str:
    """Write how sure something is, in whole percent; nothing is wholly sure.

    >>> percent(0.9987), percent(0.4)
    ('99%', '40%')
    """
    return f"{min(int(share * 100 + 1e-9), 99)}%"


def ends_sentence(word: str) -> bool:
    """Check whether a word is the last of its sentence; Greek asks with a semicolon.

    >>> ends_sentence("pounds!”"), ends_sentence("two"), ends_sentence("two;"), ends_sentence("τι;")
    (True, False, False, True)
    """
    bare = word.rstrip(CLOSING_MARKS)
    return bare.endswith(SENTENCE_ENDS) or (bare[-1:] == ";" and "α" <= bare[-2:-1].lower() <= "ώ")


def is_punctuated(words: Iterable[str]) -> bool:
    """Check whether enough words end a sentence for the marks to be used."""
    count = ends = 0
    for word in words:
        count += 1
        ends += ends_sentence(word)
    return ends > 0 and ends * WORDS_PER_SENTENCE >= count


def fold_title(title: str) -> str:
    """Bring a title to the form in which equal ones are equal.

    >>> fold_title("RLHF, & Plan — for 2027") == fold_title("rlhf plan for 2027")
    True
    """
    plain = unicodedata.normalize("NFKD", title.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c))))


def flowing(text: str) -> str:
    r"""Write a text as one paragraph: where its paragraphs part stands a space.

    >>> flowing("So.\n\nAnd why?\r\nWell.")
    'So. And why? Well.'
    """
    return re.sub(r"\s*[\r\n]\s*", " ", text)


def visible(text: str, keep: str = "") -> str:
    r"""Write text so that a terminal shows it and obeys none of it; the characters of `keep` stay.

    >>> visible("\x1b[31mred\x9b1m\u202eabc\n"), visible("a\nb\r", keep="\n")
    ('␛[31mred\\x9b1m‹U+202E›abc␊', 'a\nb␍')
    """
    return _COMMAND.sub(lambda found: found[0] if found[0] in keep else _picture(ord(found[0])), text)


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    if code <= 0x9F:
        return "␡" if code == 0x7F else f"\\x{code:02x}"
    return f"‹U+{code:04X}›"


def strict_json(text: str) -> str:
    r"""Make JSON that anything reads: NaN and infinities null, and escaped what a terminal would obey.

    >>> strict_json('{"a": NaN, "b": "-Infinity", "c": "\x9b"}')
    '{"a": null, "b": "-Infinity", "c": "\\u009b"}'
    """
    if _NO_NUMBER.search(text):
        text = _STRING_OR_NO_NUMBER.sub(lambda found: found[0] if found[0][0] == '"' else "null", text)
    return _COMMAND.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text)
