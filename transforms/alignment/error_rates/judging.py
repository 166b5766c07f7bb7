"""How wrong a transcript of our own was, by a published text: words, whose they are, when, names and voices.

Counted over all from the first to the last word that both have, and over the stretches where both go together:
publishers edit, leave out and put in, so the first figure is as much about them as about the recogniser.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from transforms.alignment import AlignedWord
from transforms.alignment.error_rates.scoring import LONGEST_DIFFERENCE
from transforms.alignment.units import units_of
from transforms.languages import primary_language
from transforms.records import Seconds, SpeakerSegment, Word
from transforms.text import ends_sentence

COLLAR: Seconds = 5.0  # a word that is farther off is another one (tcpWER, as CHiME has it)
LONG_DELETION = 10  # words in a row
FASTEST: Seconds = 0.2  # a word: text that has less time was not said
SILENCE: Seconds = 0.5  # from the next speech that the diarization hears
_NOUNS_ARE_CAPITAL = frozenset(("de", "lb"))

Pair = tuple[int, int]  # words: of the text, and of what was heard


@dataclass(frozen=True, slots=True)
class Written:
    """A word of a text: who says it by the text, and where it was found in what was heard."""

    word: str
    speaker: str | None
    found: AlignedWord


@dataclass(frozen=True, slots=True)
class Judgement:
    """Counts of errors; `None` where nothing tells: without speakers in the text, or without a diarization.

    `cp_errors` count a word as wrong, too, that is given to another speaker, `tcp_errors` one that is more than
    five seconds off; the latter by the best alignment that knows no times, which may count a few too many. Those
    that are `aligned` are of the stretches where text and audio go together. `names` are capital words inside
    sentences there.
    """

    cp_words: int
    cp_errors: int | None
    tcp_errors: int | None
    aligned_cp_words: int
    aligned_cp_errors: int | None
    aligned_tcp_errors: int | None
    long_deletions: int
    long_deletion_words: int
    silent_insertions: int | None
    names: int
    names_wrong: int


class _Unit(NamedTuple):
    unit: str
    speaker: str | None
    time: Seconds | None


def judge(
    text: Sequence[Written], heard: Sequence[Word], segments: Sequence[SpeakerSegment], language: str | None
) -> Judgement:
    """Judge what was heard by a text; `segments` is the diarization, by time, empty where there was none."""
    pairs = _pairs(text)
    mine, theirs = _inside(pairs)
    whole = _cp(text, heard, *_whole(pairs), language)
    aligned = _cp(text, heard, mine, theirs, language)
    deletions = [after - before - 1 for before, after in _long_deletions(text, pairs)]
    names = [place for place in mine if _is_name(text, place, language)]
    return Judgement(
        *whole,
        *aligned,
        long_deletions=len(deletions),
        long_deletion_words=sum(deletions),
        silent_insertions=_silent(heard, {place for _, place in pairs}, segments) if segments else None,
        names=len(names),
        names_wrong=sum(not _is_heard(text, place, pairs, heard, language) for place in names),
    )


def said_by(text: Sequence[Written]) -> list[tuple[str, Seconds, Seconds]]:
    """Return who said which word when, where both are known, in order of time."""
    said = [
        (one.speaker, one.found.start_time, one.found.end_time)
        for one in text
        if one.speaker and one.found.start_time is not None and one.found.end_time is not None
    ]
    return sorted(said, key=lambda one: one[1])


def together(text: Sequence[Written]) -> list[tuple[Seconds, Seconds]]:
    """Return from when to when text and audio go together."""
    ends = stretches(_pairs(text))
    both = [(text[first].found.start_time, text[last].found.end_time) for (first, _), (last, _) in ends]
    return [(start, end) for start, end in both if start is not None and end is not None]


def _pairs(text: Sequence[Written]) -> list[Pair]:
    return [(place, one.found.heard) for place, one in enumerate(text) if one.found.heard is not None]


def stretches(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Pair]]:
    """Yield the first and the last pair of each stretch in which both go together."""
    first = 0
    for number in range(1, len(pairs) + 1):
        if number == len(pairs) or not _go_together(pairs[number - 1], pairs[number]):
            yield pairs[first], pairs[number - 1]
            first = number


def _go_together(one: Pair, other: Pair) -> bool:
    return 0 < other[1] - one[1] <= LONGEST_DIFFERENCE + 1 and other[0] - one[0] <= LONGEST_DIFFERENCE + 1


def _inside(pairs: Sequence[Pair]) -> tuple[list[int], list[int]]:
    """Return the places of the words of both in these stretches."""
    both = list(stretches(pairs))
    mine = [place for first, last in both for place in range(first[0], last[0] + 1)]
    return mine, [place for first, last in both for place in range(first[1], last[1] + 1)]


def _whole(pairs: Sequence[Pair]) -> tuple[range, range]:
    if not pairs:
        return range(0), range(0)
    sides = [one for one, _ in pairs], [other for _, other in pairs]
    mine, theirs = (range(min(side), max(side) + 1) for side in sides)
    return mine, theirs


def _cp(
    text: Sequence[Written],
    heard: Sequence[Word],
    mine: Sequence[int],
    theirs: Sequence[int],
    language: str | None,
) -> tuple[int, int | None, int | None]:
    """Count the words of the text, and the errors with those of each speaker together, without and with times."""
    written = [(text[place].word, text[place].speaker, text[place].found.start_time) for place in mine]
    said = [(heard[place].word, heard[place].speaker, heard[place].start_time) for place in theirs]
    ours, others = _units(written, language), _units(said, language)
    if not any(speaker for _, speaker, _ in written):
        return len(ours), None, None
    errors, timed = concatenated_errors(_by_speaker(ours), _by_speaker(others))
    return len(ours), errors, timed


def _units(words: Sequence[tuple[str, str | None, Seconds | None]], language: str | None) -> list[_Unit]:
    found = units_of((word for word, *_ in words), language)
    return [_Unit(unit, who, when) for (_, who, when), units in zip(words, found, strict=True) for unit in units]


def _by_speaker(units: Sequence[_Unit]) -> dict[str, list[_Unit]]:
    of_speaker: defaultdict[str, list[_Unit]] = defaultdict(list)
    for unit in units:
        of_speaker[unit.speaker or ""].append(unit)
    return dict(of_speaker)


def concatenated_errors(
    text: Mapping[str, Sequence[_Unit]], heard: Mapping[str, Sequence[_Unit]]
) -> tuple[int, int]:
    """Give each voice to one speaker so that the errors are fewest; these, and those with the times."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    n = max(len(text), len(heard))
    mine, theirs = ([*side.values(), *[()] * (n - len(side))] for side in (text, heard))
    words = [[[one.unit for one in units] for units in side] for side in (mine, theirs)]
    table = np.array([[Levenshtein.distance(one, other) for other in words[1]] for one in words[0]])
    chosen = list(zip(*linear_sum_assignment(table), strict=True))
    return int(sum(table[row, column] for row, column in chosen)), sum(
        _timed_errors(mine[row], theirs[column]) for row, column in chosen
    )


def _timed_errors(text: Sequence[_Unit], heard: Sequence[_Unit]) -> int:
    """Count errors; words that stand for each other and are too far apart are one lost and one added."""
    errors = 0
    for block in Levenshtein.opcodes([one.unit for one in text], [one.unit for one in heard]):
        n_text, n_heard = block.src_end - block.src_start, block.dest_end - block.dest_start
        if block.tag in ("equal", "replace"):
            both = zip(
                text[block.src_start : block.src_end], heard[block.dest_start : block.dest_end], strict=True
            )
            far = sum(_is_far(one, other) for one, other in both)
            errors += 2 * far + (n_text - far if block.tag == "replace" else 0)
        else:
            errors += n_text + n_heard
    return errors


def _is_far(one: _Unit, other: _Unit) -> bool:
    return one.time is not None and other.time is not None and abs(one.time - other.time) > COLLAR


def _long_deletions(text: Sequence[Written], pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Yield the neighbours of long runs of the text that were not heard, though there was time for them."""
    for (before, heard_before), (after, heard_after) in pairwise(pairs):
        n_text, n_heard = after - before - 1, heard_after - heard_before - 1
        since, until = text[before].found.end_time, text[after].found.start_time
        if since is None or until is None or until - since < FASTEST * n_text:
            continue
        if n_text >= LONG_DELETION and 0 <= n_heard <= n_text // 4:
            yield before, after


def _silent(heard: Sequence[Word], matched: set[int], segments: Sequence[SpeakerSegment]) -> int:
    """Count the words that nobody wrote and that were heard where nobody speaks."""
    starts, reach, ends = [one.start_time for one in segments], 0.0, []
    for one in segments:
        reach = max(reach, one.end_time)
        ends.append(reach)
    count = 0
    for place, word in enumerate(heard):
        if place in matched or word.start_time is None or word.end_time is None:
            continue
        before = bisect.bisect_left(starts, word.end_time + SILENCE)
        count += before == 0 or ends[before - 1] < word.start_time - SILENCE
    return count


def _is_name(text: Sequence[Written], place: int, language: str | None) -> bool:
    """Check whether a word is written as a name: with a capital letter inside a sentence."""
    if place == 0 or primary_language(language) in _NOUNS_ARE_CAPITAL or ends_sentence(text[place - 1].word):
        return False
    word = text[place].word.strip("\"'“”‘’([—–-")
    is_same_turn = text[place].speaker == text[place - 1].speaker
    return is_same_turn and len(word) > 1 and word[0].isupper() and not word.startswith(("I'", "I’"))


def _is_heard(
    text: Sequence[Written], place: int, pairs: Sequence[Pair], heard: Sequence[Word], language: str | None
) -> bool:
    """Check whether a word was heard as written, also in other pieces: `ChatGPT` as `Chat GPT`."""
    if text[place].found.heard is not None:
        return True
    number = bisect.bisect(pairs, (place,))
    around = pairs[max(number - 1, 0)][1], pairs[min(number, len(pairs) - 1)][1]
    near = heard[min(around) : max(around) + 1][: 2 * LONGEST_DIFFERENCE]
    written, spoken = (
        "".join(unit for units in units_of(words, language) for unit in units)
        for words in ([text[place].word], [one.word for one in near])
    )
    return written in spoken
