"""Words → the units that are compared: the same, however somebody writes what was said.

A unit is a word in lower case without marks, or one character of a script that has no spaces between words. A word
with a hyphen or a figure has several: `33⅓` is five.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from transforms.alignment.numbers import spoken
from transforms.languages import primary_language

# Han, kana, Thai, Lao, Burmese and Khmer.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNIT = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_APOSTROPHES = re.compile("['’‘ʼ`´]")
_FRACTION = re.compile("[¼-¾⅐-⅞]")
_SIGNS = {"&": " and ", "+": " plus ", "=": " equals ", "@": " at "}
# British → American, as whole endings; both sides go through it, so that it need not be a word in the end.
_SPELLINGS = tuple(
    (re.compile(pattern), there)
    for pattern, there in (
        (r"(?<=\w\w)our(?=(s|ed|ing|er|ers|ite|ites|able|ful|less|al|ist|hood)?$)", "or"),
        (r"(?<=\w\w)(i|y)s(?=(e|es|ed|ing|er|ers|ation|ations)$)", r"\1z"),
        (r"(?<=\wt)re(?=s?$)", "er"),
        (r"(?<=\w\w)ence(?=(s|less)?$)", "ense"),
        (r"(?<=\w[aeiou])ll(?=(ed|ing|er|ers|or|ors)$)", "l"),
        (r"(?<=\w\wog)ue(?=s?$)", ""),
        (r"(?<=gram)me(?=s?$)", ""),
        (r"^grey", "gray"),
        (r"[ao]e(?=[a-z]{2})", "e"),
    )
)


def units_of(words: Iterable[str], language: str | None) -> Iterator[tuple[str, ...]]:
    """Yield the units of each word; a word that is only a mark has none.

    `language` is a tag such as `en-GB`; where it is `None` or English, numbers are compared as they are said.

    >>> list(units_of(["Well-known,", "33⅓", "—", "colour’s", "你好"], "en"))[1:]
    [('thirty', 'three', 'and', 'a', 'third'), (), ('colors',), ('你', '好')]
    """
    is_english = language is None or primary_language(language) == "en"
    for word in words:
        yield _units(word, is_english)


@lru_cache(50_000)  # of a hundred thousand words most are the same few thousand
def _units(word: str, is_english: bool) -> tuple[str, ...]:
    text = _plain(word)
    if not is_english:
        return tuple(_UNIT.findall(text))
    for sign, name in _SIGNS.items():
        text = text.replace(sign, name)
    return tuple(map(_american, _UNIT.findall(spoken(text))))


def _plain(word: str) -> str:
    """Write a word in lower case without accents and apostrophes; fractions as `1/3`."""
    if word.isascii():
        return word.lower().replace("'", "").replace("`", "")
    text = _FRACTION.sub(lambda found: f" {unicodedata.normalize('NFKC', found[0])}", word)
    text = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in text if not unicodedata.combining(c)))


def _american(unit: str) -> str:
    if len(unit) < 4 or not unit.isascii():
        return unit
    for pattern, there in _SPELLINGS:
        unit = pattern.sub(there, unit)
    return unit
