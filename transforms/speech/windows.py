"""Where audio is cut: stretches of speech, windows for Whisper, parts of long recordings, joined again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms.audio.decoding import SAMPLE_RATE, as_float32
from transforms.records import Seconds, Segment, Word
from transforms.speech.checks import DecodedWindow, Transcription
from transforms.speech.device import side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    """Check whether two spans have something in common."""
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


# Hear where somebody speaks: Silero VAD, with the weights that faster-whisper brings, on every core.


FRAME = 512  # samples: what the network judges at once
CONTEXT = 64  # samples before it, which it hears too
STRETCH_FRAMES = 3_750  # two minutes
WARM_UP_FRAMES = 63  # two seconds, for the state of the network to be what it would be
BEGINS, ENDS = 0.5, 0.35  # the probabilities at which speech begins, and below which it ends
SHORTEST_SILENCE: Seconds = 0.16
LONGEST_SPEECH: Seconds = 28.0  # a longer stretch is cut where speech is least likely


def find_speech(samples: NDArray[Any]) -> tuple[Span, ...]:
    """Hear where somebody speaks; no stretch is longer than 28 s.

    Args:
        samples: int16, or float32 from -1 to 1; mono, shape (n_samples,), 16 kHz.
    """
    probabilities = speech_probabilities(samples)
    end = len(samples) / SAMPLE_RATE
    step = FRAME / SAMPLE_RATE
    stretches = (
        cut
        for first, last in _stretches(probabilities)
        for cut in _cut(probabilities, first, last, int(LONGEST_SPEECH / step))
    )
    return tuple((first * step, min(last * step, end)) for first, last in stretches if first * step < end)


def speech_probabilities(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Return how likely somebody speaks: float32 (frames,), 32 ms each, from 0 to 1."""
    n_frames = -(-len(samples) // FRAME)
    stretches = [(first, min(first + STRETCH_FRAMES, n_frames)) for first in range(0, n_frames, STRETCH_FRAMES)]
    if not stretches:
        return np.empty(0, np.float32)
    return np.concatenate(list(side_by_side(lambda stretch: _judge(samples, *stretch), stretches)))


def _judge(samples: NDArray[Any], first: int, last: int) -> NDArray[np.float32]:
    """Judge the frames from `first` to before `last`."""
    from faster_whisper.vad import get_vad_model

    warm = max(first - WARM_UP_FRAMES, 0)
    begin = warm * FRAME - CONTEXT
    heard = as_float32(samples[max(begin, 0) : last * FRAME])
    heard = np.pad(heard, (max(-begin, 0), max(last * FRAME - len(samples), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(heard, CONTEXT + FRAME)[::FRAME]
    state = np.zeros((1, 1, 128), np.float32)
    answer, *_ = get_vad_model().session.run(None, {"input": np.ascontiguousarray(frames), "h": state, "c": state})
    probabilities: NDArray[np.float32] = np.asarray(answer).reshape(-1)[first - warm :]
    return probabilities


def _stretches(probabilities: Sequence[float] | NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    """Follow the probabilities: speech begins above one bound, and ends after 0.16 s below another."""
    begun: int | None = None
    quiet: int | None = None
    patience = SHORTEST_SILENCE * SAMPLE_RATE / FRAME
    for n, probability in enumerate(probabilities):
        if probability >= BEGINS:
            begun, quiet = n if begun is None else begun, None
        elif begun is not None and probability < ENDS:
            quiet = n if quiet is None else quiet
            if n - quiet >= patience:
                yield begun, quiet
                begun = quiet = None
    if begun is not None:
        yield begun, len(probabilities)


def _cut(probabilities: NDArray[np.float32], first: int, last: int, longest: int) -> Iterator[tuple[int, int]]:
    """Cut a stretch that is too long where speech is least likely, in the second half of what fits."""
    while last - first > longest:
        at = first + longest // 2 + int(np.argmin(probabilities[first + longest // 2 : first + longest]))
        yield first, at
        first = at
    yield first, last


# Long audio in parts, cut where it is quiet: what was heard of a part is kept when the next one is cut off.


PART_SECONDS = 1800.0
SEARCH_SECONDS = 30.0  # on both sides of where a part should end: in a minute somebody draws breath
QUIET_SECONDS = 0.5


def count_parts(n_samples: int, length: Seconds = PART_SECONDS) -> int:
    """Say in how many parts audio of so many samples is heard; what is not longer than two of them is one."""
    n_parts = round(n_samples / SAMPLE_RATE / length)
    return n_parts if n_parts > 2 else 1


def cut_parts(samples: NDArray[np.int16], length: Seconds = PART_SECONDS) -> tuple[tuple[int, int], ...]:
    """Cut audio that is longer than two parts, each about `length` seconds, at the quietest half seconds.

    Returns:
        The first sample of each part and the one behind its last; together they are the whole audio, in order.
    """
    n_parts = count_parts(len(samples), length)
    if n_parts == 1:
        return ((0, len(samples)),)
    step = len(samples) // n_parts
    cuts = [0, *(_quietest(samples, n * step, length) for n in range(1, n_parts)), len(samples)]
    return tuple(itertools.pairwise(cuts))


def _quietest(samples: NDArray[np.int16], near: int, length: Seconds) -> int:
    """Find the middle of the quietest half second near a sample."""
    reach = int(min(SEARCH_SECONDS, length / 4) * SAMPLE_RATE)
    power = np.square(as_float32(samples[near - reach : near + reach]))
    width = int(QUIET_SECONDS * SAMPLE_RATE)
    energy = np.cumsum(power, dtype=np.float64)
    return near - reach + int(np.argmin(energy[width:] - energy[:-width])) + width // 2


def join(parts: Sequence[tuple[Seconds, Transcription]]) -> Transcription:
    """Make one transcription of those of the parts, each with the time where its part starts.

    Its language is the one that is spoken longest, and as sure as the parts in that language are on average.
    """
    heard = [part for _, part in parts]
    seconds: dict[str | None, Seconds] = {}
    for part in heard:
        seconds[part.language] = seconds.get(part.language, 0.0) + part.speech_seconds
    language = max(seconds, key=lambda name: (name is not None, seconds[name]), default=None)
    sure = [part.language_probability for part in heard if part.language == language]
    known = [probability for probability in sure if probability is not None]
    return Transcription(
        windows=tuple(_later(window, offset) for offset, part in parts for window in part.windows),
        language=language,
        language_probability=round(sum(known) / len(known), 4) if known else None,
        speech_seconds=sum(part.speech_seconds for part in heard),
    )


def _later(window: DecodedWindow, offset: Seconds) -> DecodedWindow:
    """Move a window, with all that is in it, by an offset."""
    return replace(
        window,
        start_time=round(window.start_time + offset, 3),
        end_time=round(window.end_time + offset, 3),
        segments=tuple(_later_segment(segment, offset) for segment in window.segments),
    )


def _later_segment(segment: Segment, offset: Seconds) -> Segment:
    return replace(
        segment,
        start_time=_plus(segment.start_time, offset),
        end_time=_plus(segment.end_time, offset),
        words=tuple(_later_word(word, offset) for word in segment.words),
    )


def _later_word(word: Word, offset: Seconds) -> Word:
    return replace(word, start_time=_plus(word.start_time, offset), end_time=_plus(word.end_time, offset))


def _plus(time: Seconds | None, offset: Seconds) -> Seconds | None:
    return None if time is None else round(time + offset, 3)
