"""Which words are marked while they are heard: those whose time is known, or lies between two such close by.

Pocket Casts marks text between anchors of its alignment in the same way
(https://github.com/Automattic/pocket-casts-ios/pull/4480): where an ad was put in, nothing is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from transforms.pages.page_content import PageTurn, PageWord

BRACKET = 8.0  # seconds between the two; in more, something else may be said


def followed(turns: Sequence[PageTurn]) -> tuple[PageTurn, ...]:
    """Return turns whose words say that they are measured where their time can be trusted."""
    words = [word for turn in turns for word in turn.words]
    before = _ends(words)
    after = [-end for end in reversed(list(_ends([_turned(word) for word in reversed(words)])))]
    trusted = iter(
        word.is_measured or later - earlier <= BRACKET
        for word, earlier, later in zip(words, before, after, strict=True)
    )
    return tuple(
        replace(turn, words=tuple(replace(word, is_measured=next(trusted)) for word in turn.words))
        for turn in turns
    )


def _ends(words: Iterable[PageWord]) -> list[float]:
    """Return for each word where the last one that is measured ends."""
    ends, end = [], float("-inf")
    for word in words:
        if word.is_measured and word.end_time is not None:
            end = word.end_time
        ends.append(end)
    return ends


def _turned(word: PageWord) -> PageWord:
    return replace(word, end_time=None if word.start_time is None else -word.start_time)
