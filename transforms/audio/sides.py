"""The two sides of a stereo recording: mixed to one without loss, or told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 16_000  # samples a second
BLOCK = 10 * RATE  # samples that are mixed in one way
CANCELLED = 0.1  # of the louder side's power: two voices on two sides keep a quarter and more
LOUDER = 4.0  # in power: the right side is heard instead of the left one only where it is much louder

PIECE = 60 * RATE  # samples that are looked at together
WINDOW = RATE // 2  # samples that hold a sound, or none
LONGEST_DELAY = RATE // 2  # samples between two sides that have the same sound
APART = 0.1  # of the power: what a lossy codec, a filter or half a sample part two copies by is less
MOSTLY = 0.95  # of the windows; somebody who is on one side alone has more than a twentieth of a conversation
SILENT = 0.01  # of the louder side's amplitude, -40 dB: what another microphone picks up is louder
FAINT = 0.001  # of full scale


def mix(pieces: Iterable[NDArray[np.int16]]) -> Iterator[NDArray[np.int16]]:
    """Mix samples to mono; pieces of shape (1, n) or (2, n) come in, of shape (n,) out.

    Where the sum of two sides is nothing, as with one side inverted, one of them is heard.
    """
    waiting: list[NDArray[np.int16]] = []
    n_waiting = 0
    for piece in pieces:
        if len(piece) == 1:
            yield from _mix_block(waiting)
            waiting, n_waiting = [], 0
            yield piece[0]
            continue
        waiting.append(piece)
        n_waiting += piece.shape[1]
        if n_waiting >= BLOCK:
            yield from _mix_block(waiting)
            waiting, n_waiting = [], 0
    yield from _mix_block(waiting)


def _mix_block(pieces: list[NDArray[np.int16]]) -> Iterator[NDArray[np.int16]]:
    if not pieces:
        return
    left, right = sides = np.concatenate(pieces, axis=1)
    half: NDArray[np.int16] = (sides.sum(axis=0, dtype=np.int32) // 2).astype(np.int16)
    of_half, of_left, of_right = (_power(samples) for samples in (half, left, right))
    if of_half >= CANCELLED * max(of_left, of_right):
        yield half
    else:
        yield right if of_right > LOUDER * of_left else left


def _power(samples: NDArray[Any]) -> float:
    return float(np.square(samples, dtype=np.float64).mean()) if len(samples) else 0.0


def fault(left: NDArray[np.int16], right: NDArray[np.int16]) -> str | None:
    """Return why two sides are not two people; `None` where they may be.

    A side may be silent, or have the sound of the other one: as it is, quieter, inverted or later.
    """
    loud = [_loudest(side) for side in (left, right)]
    if min(loud) <= max(SILENT * max(loud), FAINT):
        if max(loud) <= FAINT:
            return "two silent sides"
        return f"nothing on its {'left' if loud[0] < loud[1] else 'right'} side"
    delay = _delay(left, right)
    return "the same sound on both sides" if _share_alike(left, right, delay) >= MOSTLY else None


def _pieces(one: NDArray[np.int16], other: NDArray[np.int16]) -> Iterator[tuple[Any, Any]]:
    """Yield both sides piece by piece, as float32 from -1 to 1."""
    scale = np.float32(1 / 32768)
    for first in range(0, min(len(one), len(other)), PIECE):
        span = slice(first, first + PIECE)
        yield one[span].astype(np.float32) * scale, other[span].astype(np.float32) * scale


def _loudest(side: NDArray[np.int16]) -> float:
    """Return the root mean square of the loudest half second."""
    windows = (
        np.sqrt(np.square(_windows(piece)).mean(axis=1)).max(initial=0.0) for piece, _ in _pieces(side, side)
    )
    return float(max(windows, default=0.0))


def _windows(samples: NDArray[Any]) -> NDArray[Any]:
    """Return samples in windows, shape (n_windows, WINDOW), the last one filled with silence."""
    return np.pad(samples, (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)


def _delay(left: NDArray[np.int16], right: NDArray[np.int16]) -> int:
    """Return by how many samples the right side is later, where it has the left one's sound."""
    size = 1 << (PIECE + LONGEST_DELAY - 1).bit_length()
    cross = np.zeros(size // 2 + 1, np.complex64)
    for one, other in _pieces(left, right):
        cross += np.conj(np.fft.rfft(one, size)) * np.fft.rfft(other, size)
    found = np.abs(np.fft.irfft(cross, size))
    near = np.concatenate([found[-LONGEST_DELAY:], found[: LONGEST_DELAY + 1]])
    return int(near.argmax()) - LONGEST_DELAY


def _share_alike(left: NDArray[np.int16], right: NDArray[np.int16], delay: int) -> float:
    """Return the share of the windows with a sound that are on the right as on the left, but for one loudness.

    Two microphones that hear both people have the same sound on both sides, but each of them is louder on one.
    """
    shifted = (left[max(-delay, 0) :], right[max(delay, 0) :])
    sums = np.concatenate([_sums(one, other) for one, other in _pieces(*shifted)])
    lefts, rights, both = sums[np.maximum(sums[:, 0], sums[:, 1]) > WINDOW * FAINT**2].T
    if not len(both):
        return 1.0
    gain = np.median(both / np.maximum(lefts, 1e-9))
    apart = rights - 2 * gain * both + gain**2 * lefts  # the power of right - gain * left
    return float((apart <= APART * np.maximum(rights, gain**2 * lefts)).mean())


def _sums(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Return for each window the sums of left², right² and left * right, shape (n_windows, 3)."""
    lefts, rights = (_windows(side).astype(np.float64) for side in (left, right))
    return np.stack(
        [(one * other).sum(axis=1) for one, other in ((lefts, lefts), (rights, rights), (lefts, rights))], 1
    )
