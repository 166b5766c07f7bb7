"""A published text and what was heard of the same audio become one: each published word gets its seconds.

    words → units → one edit distance → what can be trusted → times, or none

The text may be cleaned up, cut, in another order or longer than the audio, and the audio may hold what was never
written: whatever has no counterpart stays without a time, and is named as a gap.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal

from transforms.alignment.error_rates.scoring import WordErrors, word_errors
from transforms.alignment.matching import match
from transforms.alignment.same_language import is_same_language
from transforms.alignment.timing import Heard, Timed, TimeSource, timed
from transforms.alignment.units import units_of
from transforms.records import Seconds, Word

METHOD = "align-4"

LEAST_SHARE = 0.3  # of the shorter one's words that align, of a text that is of this audio
LONGEST_GAP_IN_A_WORD: Seconds = 2.0
LEAST_UNSPOKEN = 5  # words in a row that are worth a line
LEAST_UNWRITTEN: Seconds = 3.0
LEAST_SILENT: Seconds = 10.0


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A published word: when it was said and how that is known; all `None` where it is not.

    `confidence` is the share of the words around it that were heard as written, halved where the time was
    interpolated. `heard` is the place of the word that was heard, `None` where another one was, or none.
    """

    start_time: Seconds | None = None
    end_time: Seconds | None = None
    time_source: TimeSource | None = None
    confidence: float | None = None
    heard: int | None = None


_NOWHERE = AlignedWord()


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that only one side has: `text` that was not said, or `audio` that was not written.

    `first_word` and `word_count` are of that side; no words in the audio is silence, music or what nobody
    understood. The times of `text` are those of the words around it, `None` where there are none.
    """

    kind: Literal["text", "audio"]
    first_word: int
    word_count: int
    start_time: Seconds | None
    end_time: Seconds | None


@dataclass(frozen=True, slots=True)
class Alignment:
    """A text on the clock of an audio file.

    `text_share` and `heard_share` are the shares of the two that align, 0 to 1. Where `is_match` is False the text
    is of other audio, and no word has a time. `is_same_language` is `None` where too little is said to tell.
    """

    words: tuple[AlignedWord, ...]
    gaps: tuple[Gap, ...]
    text_share: float
    heard_share: float
    is_match: bool
    errors: WordErrors
    is_same_language: bool | None = None

    @property
    def share(self) -> float:
        """The share of the shorter one's words that align, 0 to 1: how well they match."""
        return max(self.text_share, self.heard_share)


def align(words: Sequence[str], heard: Sequence[Word], language: str | None, duration: Seconds) -> Alignment:
    """Put published words on the clock of what was heard.

    Args:
        words: of the text, with their marks.
        heard: in the order of time; those without times are left out.
        language: of both, a tag such as `en-GB`; `None` is taken for English.
        duration: of the audio, in seconds; no time is beyond it.
    """
    text = [(unit, place) for place, units in enumerate(units_of(words, language)) for unit in units]
    others = list(_heard(heard, language, duration))
    units, heard_units = [unit for unit, _ in text], [one.unit for one in others]
    pairs = match(units, heard_units)
    text_share = len(pairs) / len(text) if text else 0.0
    heard_share = len(pairs) / len(others) if others else 0.0
    is_match = max(text_share, heard_share) >= LEAST_SHARE
    times = timed(units, others, pairs) if is_match else [None] * len(text)
    found: list[list[Timed | None]] = [[] for _ in words]
    for (_, place), time in zip(text, times, strict=True):
        found[place].append(time)
    aligned = tuple(_word(one, others) for one in found)
    errors = word_errors(units, heard_units, pairs)
    same = is_match or is_same_language(units, heard_units)
    spoken = [bool(units) for units in found]
    gaps = _gaps(aligned, spoken, heard, duration) if is_match else ()
    return Alignment(aligned, gaps, round(text_share, 4), round(heard_share, 4), is_match, errors, same)


def with_words(
    alignment: Alignment,
    aligned: tuple[AlignedWord, ...],
    words: Sequence[str],
    heard: Sequence[Word],
    language: str | None,
    duration: Seconds,
) -> Alignment:
    """Give the words of a text other times; the rest is as `align` has it."""
    spoken = [bool(units) for units in units_of(words, language)]
    return replace(alignment, words=aligned, gaps=_gaps(aligned, spoken, heard, duration))


def _gaps(
    aligned: Sequence[AlignedWord], spoken: Sequence[bool], heard: Sequence[Word], duration: Seconds
) -> tuple[Gap, ...]:
    """List what only one side has; `spoken` says of each word of the text whether it is one, or but a mark."""
    return (*_unspoken(aligned, spoken), *_unwritten(aligned, heard, duration))


def _heard(words: Sequence[Word], language: str | None, duration: Seconds) -> Iterator[Heard]:
    """Yield the units that were heard, each with its part of the time of its word; times never fall."""
    now = 0.0
    for place, (word, units) in enumerate(zip(words, units_of((w.word for w in words), language), strict=True)):
        if word.start_time is None or word.end_time is None or not units:
            continue
        start = min(max(word.start_time, now), duration)
        now = min(max(word.end_time, start), duration)
        if len(units) == 1:
            yield Heard(units[0], start, now, place)
            continue
        letter, done = (now - start) / sum(map(len, units)), 0
        for unit in units:
            yield Heard(unit, start + letter * done, min(now, start + letter * (done + len(unit))), place)
            done += len(unit)


def _word(units: Sequence[Timed | None], heard: Sequence[Heard]) -> AlignedWord:
    """Put the units of a word together; those that were said elsewhere are not of it."""
    known = [unit for unit in units if unit is not None]
    if not known:
        return _NOWHERE
    for number, (one, other) in enumerate(pairwise(known), start=1):
        if not 0 <= other.start_time - one.end_time + 1e-6 <= LONGEST_GAP_IN_A_WORD:
            known = known[:number]
            break
    n_aligned = sum(unit.time_source == "aligned" for unit in known)
    return AlignedWord(
        start_time=round(known[0].start_time, 3),
        end_time=round(known[-1].end_time, 3),
        time_source="aligned" if 2 * n_aligned >= len(units) else "interpolated",
        confidence=round(sum(unit.confidence for unit in known) / len(units), 3),
        heard=next((heard[unit.heard].word for unit in known if unit.heard is not None), None),
    )


def _unspoken(words: Sequence[AlignedWord], spoken: Sequence[bool]) -> Iterator[Gap]:
    """Yield the stretches of a text that have no audio; a mark is no word."""
    timed_places = [place for place, word in enumerate(words) if word.start_time is not None]
    for before, after in pairwise((-1, *timed_places, len(words))):
        silent = [place for place in range(before + 1, after) if spoken[place]]
        if len(silent) >= LEAST_UNSPOKEN:
            since = words[before].end_time if before >= 0 else None
            until = words[after].start_time if after < len(words) else None
            if since is not None and until is not None and until < since:  # what follows was moved
                until = None
            yield Gap("text", silent[0], silent[-1] - silent[0] + 1, since, until)


def _unwritten(words: Sequence[AlignedWord], heard: Sequence[Word], duration: Seconds) -> Iterator[Gap]:
    """Yield the stretches of the audio that have no text."""
    taken = sorted(
        (w.start_time, w.end_time) for w in words if w.start_time is not None and w.end_time is not None
    )
    starts = list(accumulate((word.start_time or 0.0 for word in heard), max))
    now = 0.0
    for start, end in (*taken, (duration, duration)):
        if start - now >= LEAST_UNWRITTEN:
            inside = range(bisect.bisect_left(starts, now - 1e-6), bisect.bisect_left(starts, start - 1e-6))
            if inside or start - now >= LEAST_SILENT:
                yield Gap("audio", inside.start, len(inside), round(now, 3), round(start, 3))
        now = max(now, end)
