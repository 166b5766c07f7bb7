"""What is heard: the bundled episode, and as much audio as is wanted of its pieces, none twice in a row."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
DEMO = Path(__file__).parents[2] / "flows" / "demo" / "why-a-record-turns.ogg"
PIECE_SECONDS = 9.0


def read_clips(folder: Path | None) -> list[NDArray[np.int16]]:
    """Read the WAV files of a folder, mono 16 kHz; without a folder, the bundled episode."""
    if folder is None:
        from transforms.audio.decoding import decode

        return [decode(DEMO).samples]
    return [_wav(path) for path in sorted(folder.glob("*.wav"))]


def _wav(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


def write_wav(target: IO[bytes], samples: NDArray[np.int16]) -> None:
    """Write a clip as `read_clips` reads it."""
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def joined(clips: list[NDArray[np.int16]], seconds: float, seed: int) -> NDArray[np.int16]:
    """Join pieces of the clips in random order, none twice in a row, with pauses and some noise of their own."""
    draw = np.random.default_rng(seed)
    pieces = _pieces(clips)
    parts: list[NDArray[np.int16]] = []
    n_samples, before = 0, -1
    while n_samples < seconds * RATE:
        chosen = int(draw.choice([n for n in range(len(pieces)) if n != before or len(pieces) == 1]))
        pause = np.zeros(int(draw.uniform(0.2, 0.8) * RATE), np.int16)
        parts += [pieces[chosen], pause]
        n_samples += len(pieces[chosen]) + len(pause)
        before = chosen
    whole = np.concatenate(parts)[: int(seconds * RATE)]
    noise = draw.integers(-2, 3, len(whole), np.int16)
    return np.asarray(np.clip(whole.astype(np.int32) + noise, -32768, 32767), np.int16)


def _pieces(clips: list[NDArray[np.int16]]) -> list[NDArray[np.int16]]:
    size = int(PIECE_SECONDS * RATE)
    cut = [clip[first : first + size] for clip in clips for first in range(0, len(clip), size)]
    return [piece for piece in cut if len(piece) > RATE]
