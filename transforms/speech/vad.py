"""Hear where somebody speaks: Silero VAD, with the weights that faster-whisper brings, on every core.

faster-whisper runs the network over a whole episode on one core. Here pieces of some minutes run side by side,
each warmed up on the seconds before it, so that memory does not grow with the episode either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms.audio import SAMPLE_RATE, as_float32
from transforms.records import Seconds
from transforms.speech.cores import side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

Span = tuple[Seconds, Seconds]

FRAME = 512  # samples: what the network judges at once
CONTEXT = 64  # samples before it, which it hears too
PIECE_FRAMES = 3_750  # two minutes
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
    """Say how likely somebody speaks: float32 (frames,), 32 ms each, from 0 to 1."""
    n_frames = -(-len(samples) // FRAME)
    pieces = [(first, min(first + PIECE_FRAMES, n_frames)) for first in range(0, n_frames, PIECE_FRAMES)]
    if not pieces:
        return np.empty(0, np.float32)
    return np.concatenate(list(side_by_side(lambda piece: _piece(samples, *piece), pieces)))


def _piece(samples: NDArray[Any], first: int, last: int) -> NDArray[np.float32]:
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
