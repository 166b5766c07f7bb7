"""Which words that are said are forms of one: what the search of a written page knows of languages."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from unicodedata import category, normalize

from transforms.languages import primary_language
from transforms.stems import guess_language, stem

_WORD = re.compile(r"[^\W\d_](?:[\w’']*[^\W_])?")


def word_forms(texts: Iterable[tuple[str | None, str]]) -> list[str]:
    """Return the words that have one stem, those of each in a text; words without another form are in none.

    `texts` come with their languages; where these are unknown, their words tell. Words are as the page compares
    them: in small letters, without accents.

    >>> word_forms([("en-GB", "It turned, as records turn. Turning a record?"), (None, "turns"), ("", "mère")])
    ['record records', 'turn turned turning']
    """
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for language, text in texts:
        said[primary_language(language or "")].update(_WORD.findall(text.lower()))
    unknown = said.pop("", Counter[str]())
    said[guess_language(unknown, unknown.total())].update(unknown)
    forms = defaultdict(set)
    for language, words in said.items():
        for word, root in zip(words, stem(words, language), strict=True):
            forms[language, root].add(_plain(word))
    return sorted({" ".join(sorted(words)) for words in forms.values() if len(words) > 1})


def _plain(word: str) -> str:
    """Write a word as `plain` of look/search.js does."""
    return "".join(c for c in normalize("NFD", word) if category(c)[0] != "M").replace("’", "'")
