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
    """Write the lines of a paragraph as one, without a space where both sides have none: 你好。/我 is 你好。我.

    >>> join_lines(["Two", "pounds!"]), join_lines(["你好，", "我是"])
    ('Two pounds!', '你好，我是')
    """
    text = ""
    for line in lines:
        glued = text and line and _IDEOGRAPHIC.match(text[-1]) and _IDEOGRAPHIC.match(line[0])
        text += line if glued or not text else f" {line}"
    return text


def ends_sentence(word: str) -> bool:
    """Tell whether a word is the last of its sentence.

    >>> ends_sentence("pounds!”"), ends_sentence("two")
    (True, False)
    """
    return word.rstrip(CLOSING_MARKS).endswith(SENTENCE_ENDS)
