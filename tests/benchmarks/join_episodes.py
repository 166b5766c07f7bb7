"""Join episodes with truth into a long one, with pauses, and its truth with it.

    python tests/benchmarks/join_episodes.py OUT.wav EPISODE_OR_FOLDER… [--hours 12] [--seed 0]

Without `--hours`, each episode is taken once: that is what errors are counted on. With it, the episodes are taken
again and again in another order, each time 1 to 4 % faster or slower and with a little noise of its own, so that
no stretch is there twice: such audio is synthetic, good for speed and memory, and its errors are not to be quoted.
People of different episodes are different people; those of the same one stay who they are.
"""

from __future__ import annotations

import argparse
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.bench.compare import BenchEpisode, find_episodes, read_episode
from transforms.audio.decoding import SAMPLE_RATE, decode
from transforms.errors import SourceError

PAUSE = (1.0, 3.0)  # seconds
NOISE = 10.0  # of 32767: the pauses are as quiet as a room, not digital silence


@dataclass(frozen=True, slots=True)
class Piece:
    """One episode's place in the long one: its time is divided by `tempo`, then moved by `start` seconds."""

    episode: BenchEpisode
    start: float
    tempo: float

    def at(self, seconds: float) -> float:
        """Return the time in the long one of a time in the episode."""
        return self.start + seconds / self.tempo


def order(
    episodes: Sequence[BenchEpisode], rng: np.random.Generator, *, again: bool
) -> Iterator[tuple[BenchEpisode, float]]:
    """Yield the episodes, once at their own tempo; then, if asked to, shuffled and at others without an end.

    No episode follows itself, but where there is only one.
    """
    yield from ((episode, 1.0) for episode in episodes)
    last = episodes[-1]
    while again:
        shuffled = [episodes[n] for n in rng.permutation(len(episodes))]
        if shuffled[0] is last:
            shuffled.reverse()
        for episode in shuffled:
            yield episode, float(1 + rng.choice([-1, 1]) * rng.uniform(0.01, 0.04))
        last = shuffled[-1]


def join(target: Path, episodes: Sequence[BenchEpisode], *, seconds: float | None, seed: int) -> list[Piece]:
    """Write the long audio piece by piece (16-bit mono WAV, 16 kHz) and its STM and RTTM."""
    rng = np.random.default_rng(seed)
    pieces: list[Piece] = []
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        written = 0
        for episode, tempo in order(episodes, rng, again=seconds is not None):
            if seconds is not None and written >= seconds * SAMPLE_RATE:
                break
            pieces.append(Piece(episode, written / SAMPLE_RATE, tempo))
            samples = at_tempo(decode(episode.audio).samples, tempo)
            pause = np.zeros(int(rng.uniform(*PAUSE) * SAMPLE_RATE), np.int16)
            for part in (samples, pause):
                noisy = part + rng.normal(0, NOISE, len(part)) if tempo != 1.0 or part is pause else part
                out.writeframes(np.clip(noisy, -32768, 32767).astype("<i2").tobytes())
                written += len(part)
    write_truth(target, pieces)
    return pieces


def at_tempo(samples: NDArray[np.int16], tempo: float) -> NDArray[np.int16]:
    """Play samples faster (above 1) or slower, by linear interpolation; the pitch goes with it."""
    if tempo == 1.0:
        return samples
    at = np.arange(0, len(samples) - 1, tempo)
    return np.interp(at, np.arange(len(samples)), samples).astype(np.int16)


def write_truth(target: Path, pieces: Sequence[Piece]) -> None:
    """Write STM and RTTM of the long episode, where every piece has them."""
    stm, rttm = [], []
    for piece in pieces:
        for one in piece.episode.utterances or ():
            start, end = piece.at(one.start_time), piece.at(one.end_time)
            stm.append(f"{target.stem} 1 {piece.episode.name}:{one.speaker} {start:.3f} {end:.3f} {one.text}\n")
        for segment in piece.episode.speech or ():
            start, end = piece.at(segment.start_time), piece.at(segment.end_time)
            label = f"{piece.episode.name}:{segment.speaker}"
            rttm.append(f"SPEAKER {target.stem} 1 {start:.3f} {end - start:.3f} <NA> <NA> {label} <NA> <NA>\n")
    if all(piece.episode.utterances for piece in pieces):
        target.with_suffix(".stm").write_text("".join(stm))
    if all(piece.episode.speech for piece in pieces):
        target.with_suffix(".rttm").write_text("".join(rttm))


def episodes_of(sources: Sequence[Path]) -> list[BenchEpisode]:
    """Read the episodes of files and folders.

    Raises:
        SourceError: one of them is not there, or a folder has none with truth.
    """
    episodes: list[BenchEpisode] = []
    for source in sources:
        if not source.exists():
            msg = f"no such file or folder: {source}"
            raise SourceError(msg)
        episodes += find_episodes(source) if source.is_dir() else [read_episode(source)]
    return episodes


def main() -> None:
    """Join what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--hours", type=float)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    seconds = given.hours * 3600 if given.hours else None
    pieces = join(given.target, episodes_of(given.sources), seconds=seconds, seed=given.seed)
    print(f"{given.target}: {len(pieces)} pieces, {len({p.episode.name for p in pieces})} episodes")


if __name__ == "__main__":
    main()
