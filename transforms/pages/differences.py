"""Where two transcripts of an episode have other words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from transforms.alignment.units import units_of

MOST = 40  # words of the other that are shown; more are an ad, or a chapter that is not there
LEAST_ALIKE = 0.3  # of the units: else it is a text of something else, and all would differ


@dataclass(frozen=True, slots=True)
class Difference:
    """`count` words from `first` on, and what the other has in their place; either may be nothing."""

    first: int
    count: int
    other: str


def differences(words: Sequence[str], others: Sequence[str], language: str | None) -> list[Difference]:
    """Return where the words differ, in order; none where the texts have little in common.

    >>> differences("The colour of it".split(), "the color, um, of that".split(), "en")
    [Difference(first=2, count=0, other='um,'), Difference(first=3, count=1, other='that')]
    >>> differences("We made ChatGPT then".split(), "we made chat GPT then".split(), "en")
    [Difference(first=2, count=1, other='chat GPT')]
    """
    mine, theirs = _units(words, language), _units(others, language)
    numbers: dict[str, int] = {}
    here, there = ([numbers.setdefault(unit, len(numbers)) for _, unit in side] for side in (mine, theirs))
    blocks = Levenshtein.opcodes(here, there)
    alike = sum(block.src_end - block.src_start for block in blocks if block.tag == "equal")
    if alike < LEAST_ALIKE * min(len(here), len(there)):
        return []
    changed = (
        (
            _words_in(mine, block.src_start, block.src_end, len(words)),
            _words_in(theirs, block.dest_start, block.dest_end, len(others)),
        )
        for block in blocks
        if block.tag != "equal"
    )
    return [Difference(a.start, len(a), _shown(others[b.start : b.stop])) for a, b in _joined(changed)]


def _units(words: Sequence[str], language: str | None) -> list[tuple[int, str]]:
    return [(n, unit) for n, units in enumerate(units_of(words, language)) for unit in units]


def _words_in(units: Sequence[tuple[int, str]], start: int, end: int, length: int) -> range:
    """Return the words that some units are in; where there is none, the place before the next."""
    if start == end:
        place = units[start][0] if start < len(units) else length
        return range(place, place)
    return range(units[start][0], units[end - 1][0] + 1)


def _joined(changed: Iterable[tuple[range, range]]) -> Iterator[tuple[range, range]]:
    """Join what nothing equal parts: `Chat GPT` stands for `ChatGPT`, and two units of one word are one word."""
    last: tuple[range, range] | None = None
    for mine, theirs in changed:
        if last and _touch(last, (mine, theirs)):
            last = (
                range(last[0].start, max(last[0].stop, mine.stop)),
                range(last[1].start, max(last[1].stop, theirs.stop)),
            )
        else:
            if last:
                yield last
            last = mine, theirs
    if last:
        yield last


def _touch(last: tuple[range, range], following: tuple[range, range]) -> bool:
    reach = [after.start - before.stop for before, after in zip(last, following, strict=True)]
    return min(reach) < 0 or max(reach) == 0


def _shown(words: Sequence[str]) -> str:
    more = len(words) - MOST
    return " ".join(words[:MOST]) + (f" … ({more} more words)" if more > 0 else "")
