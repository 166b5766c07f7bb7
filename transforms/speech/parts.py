"""Long audio in parts, cut where it is quiet: what was heard of a part is kept when the next one is cut off."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from transforms.audio import SAMPLE_RATE, as_float32
from transforms.records import Seconds, Segment, Word
from transforms.speech.checks import Transcription, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def _later(window: Window, offset: Seconds) -> Window:
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
