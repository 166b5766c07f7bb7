"""Where somebody speaks alone, long enough to tell how he sounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from transforms.records import Seconds, SpeakerSegment

Stretch = tuple[Seconds, Seconds]

EDGE: Seconds = 0.1  # taken off at both ends: a diarization is not sure of the moment in which voices change
LONGEST: Seconds = 3.0  # the network learned on three seconds
SHORTEST: Seconds = 1.5
MOST = 14  # of one voice, spread over the episode: more tell nothing new


def clean_stretches(segments: Iterable[SpeakerSegment], speaker: str) -> list[Stretch]:
    """Return where only this speaker is heard, in stretches of at most three seconds, in order of time.

    `segments` are the regular diarization, overlaps included. Of a voice that is heard often, the longest are
    taken of as many equal parts of what there is.

    >>> clean_stretches([SpeakerSegment(0.0, 4.0, "A"), SpeakerSegment(3.0, 9.0, "B")], "A")
    [(0.1, 2.9)]
    """
    found = [stretch for one in _alone(segments, speaker) for stretch in _cut(*one)]
    if len(found) <= MOST:
        return found
    parts = (found[n * len(found) // MOST : (n + 1) * len(found) // MOST] for n in range(MOST))
    return [max(part, key=lambda stretch: stretch[1] - stretch[0]) for part in parts]


def _alone(segments: Iterable[SpeakerSegment], speaker: str) -> Iterator[Stretch]:
    """Yield where a speaker is heard and nobody else, in order of time."""
    own, others = _merged(segments, speaker, own=True), _merged(segments, speaker, own=False)
    for start, end in own:
        now = start
        for first, last in others:
            if last > now and first < end:
                if first > now:
                    yield now, first
                now = max(now, last)
        if now < end:
            yield now, end


def _merged(segments: Iterable[SpeakerSegment], speaker: str, *, own: bool) -> list[Stretch]:
    """Join the segments of a speaker, or those of all others, where they touch."""
    times = sorted((s.start_time, s.end_time) for s in segments if (s.speaker == speaker) == own)
    joined: list[Stretch] = []
    for start, end in times:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _cut(start: Seconds, end: Seconds) -> Iterator[Stretch]:
    """Take the edges off, and cut the rest."""
    now, last = start + EDGE, end - EDGE
    while last - now >= SHORTEST:
        yield round(now, 3), round(min(now + LONGEST, last), 3)
        now += LONGEST


def seconds_of(stretches: Sequence[Stretch]) -> Seconds:
    """Return how long stretches are together."""
    return round(sum(end - start for start, end in stretches), 3)
