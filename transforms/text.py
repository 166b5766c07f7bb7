"""The few rules about written words that several stages share."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Languages that Whisper writes without spaces, where a "word" is a character.
UNSPACED = frozenset(("zh", "ja", "th", "lo", "my", "yue"))

SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
CLOSING_MARKS = "\"'”’»)]}」』"


_IDEOGRAPHIC = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff65]")  # with their marks


def join_words(words: Iterable[str], language: str | None) -> str:
    """Write words as text, without spaces in the languages that have none.

    >>> join_words(["Two", "pounds!"], "en"), join_words(["你", "好"], "zh")
    ('Two pounds!', '你好')
    """
    return ("" if language in UNSPACED else " ").join(words)


def join_lines(lines: Iterable[str]) -> str:
    """Write the lines of a paragraph as one; a text that is mostly ideographic gets no spaces between them.

    >>> join_lines(["Two", "pounds!"]), join_lines(["你好，", "我是"]), join_lines(["在20", "19年"])
    ('Two pounds!', '你好，我是', '在2019年')
    """
    parts = [line for line in lines if line]
    if not parts or not any(map(_IDEOGRAPHIC.search, parts)):
        return " ".join(parts)
    text = parts[0]
    for part in parts[1:]:
        latin = text[-1].isascii() and part[0].isascii() and (text[-1] + part[0]).isalpha()
        text += f" {part}" if latin else part
    return text


def ends_sentence(word: str) -> bool:
    """Tell whether a word is the last of its sentence.

    >>> ends_sentence("pounds!”"), ends_sentence("two")
    (True, False)
    """
    return word.rstrip(CLOSING_MARKS).endswith(SENTENCE_ENDS)
