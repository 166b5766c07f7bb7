"""Which language a recording is in: some of its windows vote, and each may turn out to be in another one."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from transforms.speech.windows import Span

N_VOTERS = 3
SURE = 0.9  # the probability from which on a window is in another language


def voters(spans: Sequence[Span]) -> tuple[int, ...]:
    """Choose the windows that vote, by their number: the longest of each third.

    >>> voters([(0, 9), (10, 30), (30, 31), (40, 55), (60, 61)]), voters([(0, 5)]), voters([])
    ((1, 3, 4), (0,), ())
    """
    n = len(spans)
    parts = min(N_VOTERS, n)
    thirds = [range(-(-n * part // parts), -(-n * (part + 1) // parts)) for part in range(parts)]
    return tuple(max(third, key=lambda number: spans[number][1] - spans[number][0]) for third in thirds)


def count(votes: Sequence[Mapping[str, float]]) -> tuple[str, float]:
    """Count what windows hold for likely; the language of the best mean probability wins.

    >>> count([{"en": 0.9, "de": 0.1}, {"en": 0.3, "de": 0.7}])
    ('en', 0.6)
    """
    means = {name: statistics.fmean(vote.get(name, 0.0) for vote in votes) for name in votes[0]}
    winner = max(means, key=lambda name: means[name])
    return winner, round(means[winner], 4)


def surely_other(language: str, spoken: tuple[str, float] | None) -> str | None:
    """Name the language that is spoken, if it is surely not the one that was expected.

    >>> surely_other("en", ("de", 0.97)), surely_other("en", ("de", 0.6)), surely_other("en", ("en", 0.99))
    ('de', None, None)
    """
    return spoken[0] if spoken is not None and spoken[0] != language and spoken[1] >= SURE else None
