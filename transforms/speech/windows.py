"""Where to cut audio into the windows that Whisper hears, and what of the speech in them has words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transforms.records import Seconds

WINDOW_SECONDS = 29.5  # Whisper hears 30 s; the rest is room for rounding
PIECE_SECONDS = 10.0  # the pieces of a window that failed twice
PAD_SECONDS = 0.2  # kept on both sides of speech, so that no first or last sound is lost
LONGEST_SILENCE = 3.0  # a longer one ends the window: Whisper invents text in silence
CUT_WITHIN = 8.0  # a full window is cut at its longest silence in its last seconds
WORD_SLACK = 0.15  # word times are that exact

Span = tuple[Seconds, Seconds]


def cut_windows(speech: Sequence[Span], longest: Seconds, duration: Seconds) -> tuple[Span, ...]:
    """Pack stretches of speech into windows that are cut in silence, and fill them well.

    Each stretch lies in exactly one window; windows do not overlap and are at most `longest` seconds (a single
    stretch that is longer stays whole); their edges lie in the silences, at most 0.2 s from the speech.

    >>> cut_windows([(1.0, 3.0), (3.5, 9.0), (9.2, 12.0), (20.0, 21.0)], 10.0, 60.0)
    ((0.8, 9.1), (9.1, 12.2), (19.8, 21.2))
    """
    groups: list[tuple[int, int]] = []
    first = 0
    while first < len(speech):
        last = _last_of_window(speech, first, longest)
        groups.append((first, last))
        first = last + 1
    return tuple(_edges(speech, first, last, duration) for first, last in groups)


def _last_of_window(speech: Sequence[Span], first: int, longest: Seconds) -> int:
    """Find the last stretch of the window that begins with the stretch `first`."""
    last = first
    while last + 1 < len(speech) and _silence(speech, last) < LONGEST_SILENCE:
        if speech[last + 1][1] - speech[first][0] + 2 * PAD_SECONDS > longest:
            cuts = [
                n for n in range(first, last + 1) if speech[last][1] - speech[n][1] <= min(CUT_WITHIN, longest / 2)
            ]
            return max(cuts, key=lambda n: (_silence(speech, n), n))
        last += 1
    return last


def _silence(speech: Sequence[Span], n: int) -> Seconds:
    """How long the silence behind a stretch of speech is, in seconds."""
    return speech[n + 1][0] - speech[n][1]


def _edges(speech: Sequence[Span], first: int, last: int, duration: Seconds) -> Span:
    """Pad a window by 0.2 s, but not past the middle of the silence to its neighbour."""
    before = _silence(speech, first - 1) / 2 if first else speech[0][0]
    after = _silence(speech, last) / 2 if last + 1 < len(speech) else duration - speech[last][1]
    start = speech[first][0] - min(PAD_SECONDS, max(before, 0.0))
    end = speech[last][1] + min(PAD_SECONDS, max(after, 0.0))
    return round(start, 3), round(min(end, duration), 3)


def meet(one: Span, other: Span) -> bool:
    """Tell whether two spans have something in common."""
    return one[0] < other[1] and other[0] < one[1]


def uncovered(speech: Iterable[Span], words: Iterable[Span], span: Span) -> Iterable[Span]:
    """List the parts of the speech within a span that no word covers, give or take 0.15 s.

    >>> list(uncovered([(0.0, 4.0)], [(0.5, 1.0), (3.0, 4.0)], (0.0, 10.0)))
    [(0.0, 0.35), (1.15, 2.85)]
    """
    covered = sorted((start - WORD_SLACK, end + WORD_SLACK) for start, end in words)
    for start, end in speech:
        at, stop = max(start, span[0]), min(end, span[1])
        for first, last in covered:
            if last <= at:
                continue
            if first >= stop:
                break
            if first > at:
                yield at, first
            at = last
        if at < stop:
            yield at, stop
