"""Which unit of a text is which unit that was heard: one edit distance over both, and what can be trusted of it.

No dynamic programming of our own: `rapidfuzz.distance.Levenshtein.opcodes` is bit-parallel and takes 0.06 s for
three hours. It matches `the` and `and` of passages that have nothing in common, too, so a pair counts only where
enough others lie around it on both sides. What is left over is looked at again: a paragraph that was moved.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import accumulate, pairwise

from rapidfuzz.distance import Indel, Levenshtein

Pair = tuple[int, int]  # places in the text and in what was heard

REACH = 8  # units to each side among which a pair wants company
# In units of rare words. Of two long texts that have nothing in common, one word in ten thousand has as much.
COMPANY = 4.0
SURE_RUN = 16  # units in a row that need no company, whatever they are
MOVED = 12  # units in a row that are looked for elsewhere
SHORT_INSIDE = 8  # units of both sides between two pairs, among which whatever is equal is the same
LONGEST_INSIDE = 100
PHRASE = 4  # units that, in a row, tell where to look
MOST_PLACES = 3  # a phrase that is said more often tells little
LOOKS = 4  # so many times: a stretch may hold several passages that were moved


def match(text: Sequence[Hashable], heard: Sequence[Hashable]) -> list[Pair]:
    """Return the pairs of equal units that can be trusted, in the order of the text.

    No unit is in two pairs. What was heard goes backwards only where a passage was moved.
    """
    numbers: dict[Hashable, int] = {}
    text, heard = ([numbers.setdefault(unit, len(numbers)) for unit in side] for side in (text, heard))
    weights = _weights(text, heard)
    pairs = _trusted(text, heard, weights)
    for _ in range(LOOKS):
        more = _moved(text, heard, pairs, weights)
        if not more:
            break
        pairs = sorted([*pairs, *more])
    return sorted([*pairs, *_inside(text, heard, pairs, weights)])


def _equal(text: Sequence[Hashable], heard: Sequence[Hashable]) -> list[Pair]:
    """Return the pairs of one alignment, all of them."""
    blocks = (block for block in Levenshtein.opcodes(text, heard) if block.tag == "equal")
    return [
        pair
        for one in blocks
        for pair in zip(range(one.src_start, one.src_end), range(one.dest_start, one.dest_end), strict=True)
    ]


def _inside(
    text: Sequence[Hashable], heard: Sequence[Hashable], pairs: Sequence[Pair], weights: dict[Hashable, float]
) -> Iterator[Pair]:
    """Yield equal units between two pairs that follow each other: an edit distance replaces where it need not.

    In a longer stretch only those count that are rare: `the` is everywhere.
    """
    for (before, heard_before), (after, heard_after) in pairwise(pairs):
        mine, theirs = text[before + 1 : after], heard[heard_before + 1 : heard_after]
        if mine and theirs and len(mine) + len(theirs) <= LONGEST_INSIDE:
            least = 0.0 if len(mine) + len(theirs) <= SHORT_INSIDE else 1.0
            for one in Indel.opcodes(mine, theirs):
                for step in range(one.src_end - one.src_start if one.tag == "equal" else 0):
                    if weights[mine[one.src_start + step]] >= least:
                        yield before + 1 + one.src_start + step, heard_before + 1 + one.dest_start + step


def _weights(text: Sequence[Hashable], heard: Sequence[Hashable]) -> dict[Hashable, float]:
    """Return how much it says that two units are equal: 1 for most, down to a quarter for `the` and its like."""
    usual, counts = max(1.0, 0.005 * len(heard)), Counter(heard)
    return {unit: min(1.0, max(0.25, usual / counts[unit])) for unit in set(text) if unit in counts}


def _trusted(text: Sequence[Hashable], heard: Sequence[Hashable], weights: dict[Hashable, float]) -> list[Pair]:
    """Align both, and keep the pairs that have enough company within reach on both sides, themselves included.

    Of a few words half is enough, and a long run needs none, nor what is the same from end to end.
    """
    pairs, sure = _equal(text, heard), min(SURE_RUN, max(len(text), len(heard)))
    sums = list(accumulate((weights[text[place]] for place, _ in pairs), initial=0.0))
    enough = min(COMPANY, sum(weights.get(unit, 1.0) for unit in text) / 2)
    sides = [place for place, _ in pairs], [place for _, place in pairs]
    kept = []
    for run in _runs(pairs):
        for number in run:
            first = max([bisect.bisect_left(side, side[number] - REACH) for side in sides])
            last = min([bisect.bisect_right(side, side[number] + REACH) for side in sides])
            if len(run) >= sure or sums[last] - sums[first] >= enough:
                kept.append(pairs[number])
    return kept


def _runs(pairs: Sequence[Pair]) -> Iterator[range]:
    """Yield the numbers of pairs that follow each other on both sides."""
    first = 0
    for number in range(1, len(pairs) + 1):
        before = pairs[number - 1]
        if number == len(pairs) or pairs[number] != (before[0] + 1, before[1] + 1):
            yield range(first, number)
            first = number


def _moved(
    text: Sequence[Hashable], heard: Sequence[Hashable], pairs: Sequence[Pair], weights: dict[Hashable, float]
) -> list[Pair]:
    """Match what is left of both, each stretch of the text with the stretch that shares most phrases with it."""
    others = _left({place for _, place in pairs}, len(heard))
    places: dict[tuple[Hashable, ...], list[Pair]] = {}  # phrase → (number of the stretch, place)
    for number, stretch in enumerate(others):
        for place in range(stretch.start, stretch.stop - PHRASE + 1):
            places.setdefault(tuple(heard[place : place + PHRASE]), []).append((number, place))
    found: dict[int, int] = {}
    for stretch in _left({place for place, _ in pairs}, len(text)):
        where = _elsewhere(stretch, text, others, places)
        if where is not None:
            both = text[stretch.start : stretch.stop], heard[where.start : where.stop]
            for mine, theirs in _trusted(*both, weights):
                found.setdefault(theirs + where.start, mine + stretch.start)  # what stands twice is said once
    return [(mine, theirs) for theirs, mine in found.items()]


def _elsewhere(
    stretch: range,
    text: Sequence[Hashable],
    others: Sequence[range],
    places: dict[tuple[Hashable, ...], list[Pair]],
) -> range | None:
    """Find where a stretch of text was said; `None` where no two phrases of it were."""
    hits = [
        (number, place - at)
        for at in range(stretch.start, stretch.stop - PHRASE + 1)
        for number, place in places.get(tuple(text[at : at + PHRASE]), ())[:MOST_PLACES]
    ]
    if len(hits) < 2:
        return None
    (best, _), *_ = Counter(number for number, _ in hits).most_common(1)
    shifts = sorted(shift for number, shift in hits if number == best)
    middle, slack = shifts[len(shifts) // 2], MOVED + len(stretch) // 8
    near = [shift for shift in shifts if abs(shift - middle) <= slack]
    first, last = stretch.start + near[0] - MOVED, stretch.stop + near[-1] + MOVED
    return range(max(first, others[best].start), min(last, others[best].stop))


def _left(taken: set[int], length: int) -> list[range]:
    """Return the long stretches of places that have no pair."""
    borders = [-1, *sorted(taken), length]
    return [range(one + 1, other) for one, other in pairwise(borders) if other - one > MOVED]
