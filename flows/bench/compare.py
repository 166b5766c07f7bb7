"""Systems hear the same episodes in turns: A B C, C B A, A B C, … Each run is timed and scored."""

from __future__ import annotations

import statistics
import sys
import tempfile
import wave
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.bench import speech_scores
from flows.bench.process import Part, System, SystemFailedError
from flows.bench.speech_scores import Errors, Utterance
from transforms.audio import container, decoding
from transforms.errors import SourceError
from transforms.records import Seconds, SpeakerSegment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WARM_UP = Path(__file__).parent.parent / "demo" / "why-a-record-turns.ogg"
WARM_UP_SECONDS = 12


@dataclass(frozen=True, slots=True)
class Contender:
    """A system that takes part: how it is started, and what it finds out.

    `wav` says that it reads files by itself, 16-bit mono WAV of 16 kHz; others are given decoded samples (`.npy`).
    Systems that find out both get the episode's own file, and decoding it counts.
    """

    name: str
    command: tuple[str, ...]
    part: Part
    wav: bool = False


def own(name: str, system: str, part: Part, *arguments: str) -> Contender:
    """Describe a system that this environment can run; the names are those of `flows.bench.systems`."""
    command = (sys.executable, "-m", "flows.bench.systems", system, "--part", part, *arguments)
    return Contender(name, command, part)


@dataclass(frozen=True, slots=True)
class BenchEpisode:
    """An audio file, and the truth about it where there is one."""

    name: str
    audio: Path
    utterances: tuple[Utterance, ...] | None
    speech: tuple[SpeakerSegment, ...] | None


def read_episode(path: Path, truth: Path | None = None) -> BenchEpisode:
    """Take an audio file with the STM and RTTM of the same name that lie beside it, or beside `truth`."""
    stem = truth or path
    stm, rttm = stem.with_suffix(".stm"), stem.with_suffix(".rttm")
    return BenchEpisode(
        path.stem,
        path,
        speech_scores.read_stm(stm) if stm.is_file() else None,
        speech_scores.read_rttm(rttm) if rttm.is_file() else None,
    )


def find_episodes(folder: Path) -> tuple[BenchEpisode, ...]:
    """Find the audio files of a folder that have a truth beside them, in order of name.

    Raises:
        SourceError: there are none.
    """
    paths = sorted(folder.glob("*")) if folder.is_dir() else []
    found = [read_episode(path) for path in paths if path.suffix.lower() in container.SUFFIXES]
    episodes = tuple(one for one in found if one.utterances or one.speech)
    if not episodes:
        msg = f"{folder} holds no audio with a truth beside it: put NAME.stm and NAME.rttm beside NAME.mp3"
        raise SourceError(msg)
    return episodes


@dataclass(frozen=True, slots=True)
class BenchRun:
    """What came of one system hearing one episode once; `None` where it does not find that out, or no truth is.

    `seconds` is the work, without loading; `processor_seconds` that of all threads, reading the file included.
    `peak_memory` and `loaded_memory` (before the work) are bytes.
    """

    system: str
    episode: str
    repeat: int
    duration: Seconds
    seconds: Seconds
    processor_seconds: Seconds | None
    wer: Errors | None
    cpwer: Errors | None
    der: Errors | None
    speakers: int | None
    peak_memory: int | None
    loaded_memory: int | None


def compare(
    contenders: Sequence[Contender],
    episodes: Sequence[BenchEpisode],
    *,
    repeats: int,
    on_failure: Callable[[str], None],
) -> Iterator[BenchRun]:
    """Let each contender hear each episode, in turns, `repeats` times; give each hearing as it is done.

    Args:
        contenders: those that cannot be started are left out, those that fail at an episode go on to the next.
        episodes: what they hear.
        repeats: how often; what is found out is scored the first time.
        on_failure: told in one line of what failed.
    """
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="turntable-bench-") as scratch:
        inputs = _Inputs(Path(scratch))
        systems: list[tuple[Contender, System]] = []
        for one in contenders:
            try:
                system = stack.enter_context(System(one.name, one.command))
                system.hear(inputs.warm_up(one))
            except SystemFailedError as error:
                on_failure(str(error))
                continue
            systems.append((one, system))
        for repeat in range(repeats):
            for n, episode in enumerate(episodes):
                for one, system in systems if (repeat + n) % 2 == 0 else systems[::-1]:
                    try:
                        answer = system.hear(inputs.of(one, episode))
                    except SystemFailedError as error:
                        on_failure(f"{episode.name}: {error}")
                        continue
                    yield _scored(one, system, episode, repeat, inputs.duration(episode), answer)


class _Inputs:
    """The files that the contenders are given; each episode is decoded once, before anybody's clock runs."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.made: dict[tuple[Path, Seconds | None], Path] = {}
        self.durations: dict[Path, Seconds] = {}

    def of(self, one: Contender, episode: BenchEpisode) -> Path:
        """Return the file of an episode that a contender reads."""
        decoded = self._decoded(episode.audio)
        if one.part == "both":
            return episode.audio
        return decoded.with_suffix(".wav") if one.wav else decoded

    def warm_up(self, one: Contender) -> Path:
        """Return a few seconds of speech."""
        decoded = self._decoded(WARM_UP, WARM_UP_SECONDS)
        return decoded.with_suffix(".wav") if one.wav or one.part == "both" else decoded

    def duration(self, episode: BenchEpisode) -> Seconds:
        """How long an episode is, in seconds."""
        self._decoded(episode.audio)
        return self.durations[episode.audio]

    def _decoded(self, path: Path, longest: Seconds | None = None) -> Path:
        """Decode a file, or its first seconds, into `.npy` and `.wav` of the same samples."""
        import numpy as np

        target = self.scratch / f"{len(self.made)}-{path.stem}.npy"
        if (path, longest) not in self.made:
            samples = decoding.decode(path, into=target).samples
            if longest is not None:
                samples = np.array(samples[: int(longest * decoding.SAMPLE_RATE)])
                np.save(target, samples)
            write_wav(target.with_suffix(".wav"), samples)
            self.made[path, longest] = target
            self.durations[path] = len(samples) / decoding.SAMPLE_RATE
        return self.made[path, longest]


def write_wav(target: Path, samples: NDArray[np.int16]) -> None:
    """Write samples as 16-bit mono WAV of 16 kHz, a minute at a time."""
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(decoding.SAMPLE_RATE)
        for first in range(0, len(samples), 60 * decoding.SAMPLE_RATE):
            file.writeframes(samples[first : first + 60 * decoding.SAMPLE_RATE].astype("<i2").tobytes())


def _scored(
    one: Contender, system: System, episode: BenchEpisode, repeat: int, duration: Seconds, answer: dict[str, Any]
) -> BenchRun:
    wer = cpwer = der = None
    speech = [SpeakerSegment(start, end, speaker) for speaker, start, end in answer.get("speech", ())]
    if repeat == 0 and episode.utterances and one.part != "speakers":
        wer, cpwer = speech_scores.word_errors(
            episode.utterances, [Utterance(*row) for row in answer["utterances"]]
        )
    if repeat == 0 and episode.speech and one.part != "words":
        der = speech_scores.diarization_errors(episode.speech, speech)
    return BenchRun(
        system=one.name,
        episode=episode.name,
        repeat=repeat,
        duration=duration,
        seconds=answer["seconds"],
        processor_seconds=answer["processor_seconds"],
        wer=wer,
        cpwer=cpwer if one.part == "both" else None,
        der=der,
        speakers=len({segment.speaker for segment in speech}) if one.part != "words" else None,
        peak_memory=answer["peak_memory"],
        loaded_memory=system.loaded_memory,
    )


# Runs → what they say of a system, and how much faster one is than another.


@dataclass(frozen=True, slots=True)
class BenchSummary:
    """All runs of one system: pooled errors, × real time of the median repeat, the most memory (bytes).

    `processor_share` is processor seconds per second of audio, of the median repeat.
    """

    system: str
    speed: float
    processor_share: float | None
    wer: float | None
    cpwer: float | None
    der: float | None
    peak_memory: int | None
    loaded_memory: int | None


def summarize(runs: Sequence[BenchRun]) -> tuple[BenchSummary, ...]:
    """Sum up system by system, in the order of their first hearing."""
    return tuple(_summary(name, _of(runs, name)) for name in dict.fromkeys(one.system for one in runs))


def _summary(name: str, runs: Sequence[BenchRun]) -> BenchSummary:
    def rate(parts: Iterable[Errors | None]) -> float | None:
        known = [part for part in parts if part is not None]
        return speech_scores.pooled(known).rate if known else None

    peaks = [one.peak_memory for one in runs if one.peak_memory is not None]
    return BenchSummary(
        system=name,
        speed=sum(_durations(runs).values()) / sum(_medians(runs).values()),
        processor_share=_processor_share(runs),
        wer=rate(one.wer for one in runs),
        cpwer=rate(one.cpwer for one in runs),
        der=rate(one.der for one in runs),
        peak_memory=max(peaks, default=None),
        loaded_memory=runs[0].loaded_memory,
    )


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as fast one system is as another: of the median seconds, and of the single repeats."""

    of_medians: float
    least: float
    most: float


def ratio(runs: Sequence[BenchRun], system: str, against: str) -> Ratio | None:
    """Compare two systems by what both heard, repeat by repeat; `None` where there is nothing."""
    ours, theirs = _of(runs, system), _of(runs, against)
    shared = _times(ours) & _times(theirs)
    ours, theirs = ([one for one in side if (one.episode, one.repeat) in shared] for side in (ours, theirs))
    if not shared:
        return None
    single = [
        sum(one.seconds for one in theirs if one.repeat == n) / sum(one.seconds for one in ours if one.repeat == n)
        for n in {repeat for _, repeat in shared}
    ]
    medians = sum(_medians(theirs).values()) / sum(_medians(ours).values())
    return Ratio(medians, min(single), max(single))


def _times(runs: Sequence[BenchRun]) -> set[tuple[str, int]]:
    """Name each hearing of a system by its episode and repeat."""
    return {(one.episode, one.repeat) for one in runs}


def _processor_share(runs: Sequence[BenchRun]) -> float | None:
    worked = [one.processor_seconds for one in runs if one.processor_seconds is not None]
    if len(worked) < len(runs):
        return None
    median = {
        name: statistics.median(one.processor_seconds or 0.0 for one in runs if one.episode == name)
        for name in _durations(runs)
    }
    return sum(median.values()) / sum(_durations(runs).values())


def _of(runs: Sequence[BenchRun], system: str) -> list[BenchRun]:
    return [one for one in runs if one.system == system]


def _durations(runs: Sequence[BenchRun]) -> dict[str, Seconds]:
    return {one.episode: one.duration for one in runs}


def _medians(runs: Sequence[BenchRun]) -> dict[str, Seconds]:
    """The median of the seconds of each episode."""
    return {
        name: statistics.median(one.seconds for one in runs if one.episode == name) for name in _durations(runs)
    }
