"""Which words of a text are to be found in the audio itself, for they were heard otherwise, and what came of it.

Where text and recogniser differ between two words that both have, or before the first and behind the last such
word, the recogniser's decoder reads the words of the text, and where it looks says when each is said
(`transforms.speech.whisper.reading`). How likely it finds them says whether they are said at all.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, pairwise
from statistics import fmean
from typing import NamedTuple

from transforms.alignment import AlignedWord, Alignment, with_words
from transforms.alignment.timing import FEW_REPLACED
from transforms.alignment.units import units_of
from transforms.records import Seconds, Word

METHOD = "forced-2"

LONGEST_CLIP: Seconds = 29.0  # Whisper looks at 30 s at once
LONGEST_GAP: Seconds = 20.0
MOST_READ = 0.1  # share of the audio: what is read costs about as much as to hear it
AROUND = 3  # words that were heard as written, on both sides of a gap
LONGEST_PAUSE: Seconds = 1.5  # among these
FASTEST, SLOWEST = 40.0, 2.0  # letters a second that anybody says
SLACK: Seconds = 0.3  # by which a word may reach into one that was heard as written
LONGEST_WORD: Seconds = 2.0
NEAR = 2  # words on each side that count with a word when it is judged
# The geometric mean of the probabilities of tokens. Of words that are said it was 0.1 and more, where the
# recogniser would write figures; of words of another text 0.01 and less.
LEAST_LIKELY = 0.05


@dataclass(frozen=True, slots=True)
class Clip:
    """Some words of a text, by the place of the first, and the audio in which they are said.

    The outer ones were heard as written, but for those at either end of a text; `n_untimed` have no time yet,
    `n_doubtful` none or one that was guessed.
    """

    first: int
    words: tuple[str, ...]
    start_time: Seconds
    end_time: Seconds
    n_untimed: int
    n_doubtful: int

    @property
    def seconds(self) -> Seconds:
        """How long its audio lasts."""
        return self.end_time - self.start_time


@dataclass(frozen=True, slots=True)
class ReadWord:
    """When the decoder found a word, and the logarithm of the probability of each of its tokens."""

    start_time: Seconds
    end_time: Seconds
    logprobs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sides:
    """A text and what was heard, as `align` takes them, and what came of it."""

    words: Sequence[str]
    heard: Sequence[Word]
    language: str | None
    duration: Seconds
    alignment: Alignment


class _Gap(NamedTuple):
    """What lies between two words that were heard as written: words without a time, and without a sure one.

    At the start of a text there is no word `before` it, at its end none `after` it: the audio that is left says
    how far `since` and `until` can be.
    """

    before: int | None
    after: int | None
    since: Seconds
    until: Seconds
    n_untimed: int
    n_doubtful: int


def clips_of(sides: Sides) -> list[Clip]:
    """Choose what is to be read, in the order of the text.

    What has most words without a time comes first, until it is a tenth of the audio.
    """
    left, chosen = max(MOST_READ * sides.duration, LONGEST_CLIP), []
    every = sorted(_clips(sides), key=lambda one: (-one.n_untimed, -one.n_doubtful, one.first))
    for clip in every:
        if clip.seconds <= left:
            left -= clip.seconds
            chosen.append(clip)
    return sorted(chosen, key=lambda one: one.first)


def _clips(sides: Sides) -> Iterator[Clip]:
    """Yield the gaps that are worth it with the words around; those that have some of these in common are one."""
    kept: Clip | None = None
    found = sides.alignment.words
    for gap in _gaps(sides):
        first = 0 if gap.before is None else _reached(found, gap.before, -1)
        last = len(found) - 1 if gap.after is None else _reached(found, gap.after, 1)
        since = gap.since if gap.before is None else found[first].start_time or 0.0
        until = gap.until if gap.after is None else found[last].end_time or 0.0
        counts = gap.n_untimed, gap.n_doubtful
        if kept and first < kept.first + len(kept.words) and until - kept.start_time <= LONGEST_CLIP:
            first, since = kept.first, kept.start_time
            counts = kept.n_untimed + gap.n_untimed, kept.n_doubtful + gap.n_doubtful
        elif kept:
            yield kept
        kept = Clip(first, tuple(sides.words[first : last + 1]), since, until, *counts)
    if kept:
        yield kept


def _gaps(sides: Sides) -> Iterator[_Gap]:
    """Yield the gaps that are worth it, and in which the words can be said, in the order of the text."""
    found = sides.alignment.words
    spoken = [place for place, units in enumerate(units_of(sides.words, sides.language)) if units]
    sure = [place for place, word in enumerate(found) if word.time_source == "aligned"]
    if not sure:
        return
    for before, after in pairwise([None, *sure, None]):
        first = 0 if before is None else bisect.bisect_right(spoken, before)
        inside = spoken[first : len(spoken) if after is None else bisect.bisect_left(spoken, after)]
        n_untimed = sum(found[place].start_time is None for place in inside)
        is_inner = before is not None and after is not None
        if len(inside) > FEW_REPLACED or (is_inner and n_untimed):
            yield from _sayable(sides, before, after, inside, n_untimed)


def _sayable(
    sides: Sides, before: int | None, after: int | None, inside: Sequence[int], n_untimed: int
) -> Iterator[_Gap]:
    """Yield a gap, if the words in it can be said in its time; at the ends of a text they take a part of it."""
    letters = sum(len(sides.words[place]) for place in inside)
    longest = min(LONGEST_GAP, letters / SLOWEST + LONGEST_WORD)
    since, until = _bounds(sides, before, after)
    if letters / FASTEST > until - since:
        return
    if before is None:
        since = max(since, until - longest)
    elif after is None:
        until = min(until, since + longest)
    if until - since <= longest:
        yield _Gap(before, after, since, until, n_untimed, len(inside))


def _bounds(sides: Sides, before: int | None, after: int | None) -> tuple[Seconds, Seconds]:
    """Return from when until when there is audio between two words that were heard as written.

    Before the first one and behind the last that is up to the nearest other one, or to the end of the audio: a
    paragraph may have been moved.
    """
    found = sides.alignment.words
    since = 0.0 if before is None else found[before].end_time or 0.0
    until = sides.duration if after is None else found[after].start_time or 0.0
    if before is None:
        ends = [word.end_time or 0.0 for word in found if word.time_source == "aligned"]
        since = max((end for end in ends if end <= until), default=since)
    elif after is None:
        starts = [word.start_time or 0.0 for word in found if word.time_source == "aligned"]
        until = min((start for start in starts if start >= since), default=until)
    return since, until


def _reached(found: Sequence[AlignedWord], place: int, step: int) -> int:
    """Return the place of the last of a few words in a row that were heard as written, from one of them on."""
    for _ in range(AROUND):
        following = place + step
        if not 0 <= following < len(found) or found[following].time_source != "aligned":
            break
        pair = (found[place], found[following]) if step > 0 else (found[following], found[place])
        if not 0 <= _between(*pair) <= LONGEST_PAUSE:
            break
        place = following
    return place


def _between(one: AlignedWord, other: AlignedWord) -> Seconds:
    """Return how long it is from the end of a word to the start of another; less than 0 where that was moved."""
    return (other.start_time or 0.0) - (one.end_time or 0.0)


def with_read(sides: Sides, read: Sequence[tuple[Clip, Sequence[ReadWord | None]]]) -> Alignment:
    """Give words the times at which the decoder found them, where it is likely that they are said there.

    `read` has a word for each one of its clip, `None` for a mark, which nobody says. Words that were heard as
    written keep their times; where one of a gap has a new one, the others have none that is older. At either end
    of a text the outermost word is believed only if it is likely by itself.
    """
    words = list(sides.alignment.words)
    for clip, found in read:
        places = range(clip.first, clip.first + len(found))
        sure = [place for place in places if words[place].time_source == "aligned"]
        for before, after in pairwise([places.start - 1, *sure, places.stop]):
            inside = {p: one for p in range(before + 1, after) if (one := found[p - clip.first])}
            since = (words[before].end_time or 0.0) if before in places else clip.start_time
            until = (words[after].start_time or 0.0) if after in places else clip.end_time
            believed = list(_believed(inside, since, until))
            if before not in places:
                believed = _from_likely(believed, inside)
            elif after not in places:
                believed = _from_likely(believed[::-1], inside)
            if believed:
                new = dict(believed)
                words[before + 1 : after] = [new.get(p, AlignedWord()) for p in range(before + 1, after)]
    return with_words(sides.alignment, tuple(words), sides.words, sides.heard, sides.language, sides.duration)


def _believed(found: Mapping[int, ReadWord], since: Seconds, until: Seconds) -> Iterator[tuple[int, AlignedWord]]:
    """Yield the words of a gap that are likely, and lie within its seconds, by their places."""
    places = list(found)
    for number, place in enumerate(places):
        one = found[place]
        near = places[max(0, number - NEAR) : number + NEAR + 1]
        likely = math.exp(fmean(p for other in near for p in found[other].logprobs))
        start, end = max(one.start_time, since), min(one.end_time, until)
        reach = max(start - one.start_time, one.end_time - end)
        if likely >= LEAST_LIKELY and reach <= SLACK and start < end <= start + LONGEST_WORD:
            yield place, AlignedWord(round(start, 3), round(end, 3), "aligned", round(likely, 3))


def _from_likely(
    believed: Sequence[tuple[int, AlignedWord]], found: Mapping[int, ReadWord]
) -> list[tuple[int, AlignedWord]]:
    """Leave out the first words, those that only their neighbours make likely."""
    return list(dropwhile(lambda one: math.exp(fmean(found[one[0]].logprobs)) < LEAST_LIKELY, believed))
