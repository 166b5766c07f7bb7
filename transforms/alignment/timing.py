"""When each unit of a text was said: the time of what it was matched with, or one between its neighbours.

Between two matched units that follow each other, what was heard otherwise is timed letter by letter where it is
alike, else by the pace of the whole, as long as there is about as much time as it takes to say. All else has none.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

from rapidfuzz.distance import Levenshtein, Opcode

from transforms.alignment.matching import REACH, Pair
from transforms.records import Seconds

TimeSource = Literal["aligned", "interpolated"]
Stretch = tuple[Seconds, Seconds]

MOST_REPLACED = 40  # units in a row that were heard otherwise: a long sentence
MOST_LETTERS = 600
FEW_REPLACED = 2  # so many units for as many others are what these were taken for
SHORTEST_REPLACED = 0.3  # of the time that they take: an `um` is no word that was lost
# How far the time there is may be from the time it takes, so that no word is half a second off, and a share of it.
SLACK: Seconds = 0.4
SLACK_SHARE = 0.1
SHORT_PAUSE: Seconds = 0.25  # in a stretch of speech
PAUSE: Seconds = 1.0  # nobody says a word that was not heard in a longer one between two that were
BREATH = 2  # letters that the start and the end of a unit take as long as
SAME_LETTERS = 3  # in a row that tie what was written to what was heard
SAME_WORD = 0.6  # share of the letters that were heard as well


class Heard(NamedTuple):
    """One unit that was heard: when, and the place of its word."""

    unit: str
    start_time: Seconds
    end_time: Seconds
    word: int


class Timed(NamedTuple):
    """When one unit of a text was said, how sure that is, and as which of the units that were heard.

    `heard` is `None` where it was heard as something else, or not at all.
    """

    start_time: Seconds
    end_time: Seconds
    time_source: TimeSource
    confidence: float
    heard: int | None


def timed(text: Sequence[str], heard: Sequence[Heard], pairs: Sequence[Pair]) -> list[Timed | None]:
    """Return when each unit of a text was said; `None` where nobody can tell. `pairs` are in order of the text."""
    shares, pace = _company(pairs), _pace(heard, pairs)
    times: list[Timed | None] = [None] * len(text)
    for (place, other), share in zip(pairs, shares, strict=True):
        one = heard[other]
        times[place] = Timed(one.start_time, one.end_time, "aligned", share, other)
    for ((before, heard_before), (after, heard_after)), share in zip(pairwise(pairs), shares, strict=False):
        if 1 < after - before <= MOST_REPLACED + 1 and heard_before < heard_after:
            mine, others = text[before + 1 : after], heard[heard_before : heard_after + 1]
            times[before + 1 : after] = _between(mine, others, pace, share)
    return times


def _company(pairs: Sequence[Pair]) -> list[float]:
    """Return the share of the units around each matched one that were matched, 0 to 1."""
    places = [place for place, _ in pairs]
    width = min(2 * REACH + 1, max(places, default=0) + 1)
    return [
        round(
            min(1.0, (bisect.bisect_right(places, at + REACH) - bisect.bisect_left(places, at - REACH)) / width), 3
        )
        for at in places
    ]


def _pace(heard: Sequence[Heard], pairs: Sequence[Pair]) -> Seconds:
    """Return how long a letter takes in what was matched."""
    matched = [heard[other] for _, other in pairs]
    return sum(m.end_time - m.start_time for m in matched) / max(1, sum(len(m.unit) + BREATH for m in matched))


def _between(text: Sequence[str], heard: Sequence[Heard], pace: Seconds, share: float) -> list[Timed | None]:
    """Return when units were said of which the neighbours were matched: with the first and the last of `heard`."""
    before, *others, after = heard
    same = _same_letters(text, others)
    if same:
        return list(_alike(text, others, same, share))
    takes = pace * sum(len(unit) + BREATH for unit in text)
    speech = _speech(others)
    if _length(speech) < SHORTEST_REPLACED * takes:
        speech = []
    if speech and len(text) == len(others) <= FEW_REPLACED:
        return [Timed(one.start_time, one.end_time, "interpolated", share / 2, None) for one in others]
    room = _room(takes, speech, before.end_time, after.start_time)
    longest_pause = max(two.start_time - one.end_time for one, two in pairwise(heard))
    if not room or longest_pause > max(PAUSE, takes):
        return [None] * len(text)
    return list(_paced(text, room, share))


def _same_letters(text: Sequence[str], heard: Sequence[Heard]) -> list[Opcode]:
    """Return the letters in a row that were heard as they are written; none where those are too few."""
    written, spoken = "".join(text), "".join(one.unit for one in heard)
    if not spoken or len(spoken) > MOST_LETTERS:
        return []
    blocks = Levenshtein.opcodes(written, spoken)
    same = [b for b in blocks if b.tag == "equal" and b.src_end - b.src_start >= SAME_LETTERS]
    return same if sum(b.src_end - b.src_start for b in same) >= SAME_WORD * len(written) else []


def _room(takes: Seconds, speech: list[Stretch], since: Seconds, until: Seconds) -> list[Stretch]:
    """Return the stretches that hold what takes so long to say: the speech there, else all between two moments.

    Empty where there is much more time than that, or much less.
    """
    limit = SLACK + SLACK_SHARE * takes
    if speech and abs(_length(speech) - takes) <= limit:
        return speech
    spare = max(0.0, until - since - takes) / 2  # on both sides: no word is farther off than that
    has_room = since < until and spare <= SLACK and takes - (until - since) <= limit
    return [(since + spare, until - spare)] if has_room else []


def _speech(heard: Sequence[Heard]) -> list[Stretch]:
    """Return the stretches in which something was heard, without the pauses between them."""
    stretches: list[Stretch] = []
    for one in heard:
        if stretches and one.start_time - stretches[-1][1] <= SHORT_PAUSE:
            stretches[-1] = (stretches[-1][0], one.end_time)
        else:
            stretches.append((one.start_time, one.end_time))
    return stretches


def _length(stretches: Sequence[Stretch]) -> Seconds:
    return sum(until - since for since, until in stretches)


def _paced(text: Sequence[str], stretches: Sequence[Stretch], share: float) -> Iterator[Timed]:
    """Yield the times of units that fill some stretches, each as long as its letters take."""
    bounds = list(accumulate((len(unit) + BREATH for unit in text), initial=0))
    ends = list(accumulate((until - since for since, until in stretches), initial=0.0))
    for first, last in pairwise(ends[-1] * bound / bounds[-1] for bound in bounds):
        start_in = min(bisect.bisect_right(ends, first + 1e-9), len(stretches)) - 1
        end_in = max(bisect.bisect_left(ends, last - 1e-9), 1) - 1
        start = stretches[start_in][0] + first - ends[start_in]
        end = min(stretches[end_in][0] + last - ends[end_in], stretches[end_in][1])
        yield Timed(start, max(start, end), "interpolated", share / 2, None)


def _alike(
    text: Sequence[str], heard: Sequence[Heard], same: Sequence[Opcode], share: float
) -> Iterator[Timed | None]:
    """Yield the times of units whose letters were heard in other units: `post training`, `posttraining`."""
    bounds = list(accumulate(map(len, text), initial=0))
    others = list(accumulate((len(one.unit) for one in heard), initial=0))
    tied = [knot for one in same for knot in ((one.src_start, one.dest_start), (one.src_end, one.dest_end))]
    knots = [(0, 0), *tied, (bounds[-1], others[-1])]
    for first, last in pairwise(bounds):
        letters = sum(max(0, min(last, one.src_end) - max(first, one.src_start)) for one in same)
        is_same = letters >= SAME_WORD * (last - first)
        if not is_same and not letters:
            yield None
            continue
        start = _moment(_along(first, knots, is_end=False), heard, others, is_end=False)
        end = _moment(_along(last, knots, is_end=True), heard, others, is_end=True)
        source: TimeSource = "aligned" if is_same else "interpolated"
        yield Timed(start, max(start, end), source, share if is_same else share / 2, None)


def _along(place: int, knots: Sequence[tuple[int, int]], *, is_end: bool) -> float:
    """Return where a place among the letters of a text is among those that were heard."""
    find = bisect.bisect_left if is_end else bisect.bisect_right
    at = min(max(find([knot for knot, _ in knots], place), 1), len(knots) - 1)
    (since, heard_since), (until, heard_until) = knots[at - 1], knots[at]
    share = (place - since) / (until - since) if until > since else float(is_end)
    return heard_since + min(max(share, 0.0), 1.0) * (heard_until - heard_since)


def _moment(place: float, heard: Sequence[Heard], bounds: Sequence[int], *, is_end: bool) -> Seconds:
    """Return when a place among the letters that were heard was said."""
    find = bisect.bisect_left if is_end else bisect.bisect_right
    at = min(max(find(bounds, place), 1), len(heard)) - 1
    one = heard[at]
    share = min(max((place - bounds[at]) / max(bounds[at + 1] - bounds[at], 1), 0.0), 1.0)
    return one.start_time + share * (one.end_time - one.start_time)
