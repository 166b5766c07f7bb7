"""Hearings → what they say of a system, and how much faster one is than another."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.bench.compare import Hearing
from transforms import score
from transforms.records import Seconds
from transforms.score import Errors


@dataclass(frozen=True, slots=True)
class Summary:
    """All hearings of one system: pooled errors, × real time of the median repeat, the most memory (bytes).

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


def summarize(hearings: Sequence[Hearing]) -> tuple[Summary, ...]:
    """Sum up system by system, in the order of their first hearing."""
    return tuple(_summary(name, _of(hearings, name)) for name in dict.fromkeys(one.system for one in hearings))


def _summary(name: str, hearings: Sequence[Hearing]) -> Summary:
    def rate(parts: Iterable[Errors | None]) -> float | None:
        known = [part for part in parts if part is not None]
        return score.pooled(known).rate if known else None

    peaks = [one.peak_memory for one in hearings if one.peak_memory is not None]
    return Summary(
        system=name,
        speed=sum(_durations(hearings).values()) / sum(_medians(hearings).values()),
        processor_share=_processor_share(hearings),
        wer=rate(one.wer for one in hearings),
        cpwer=rate(one.cpwer for one in hearings),
        der=rate(one.der for one in hearings),
        peak_memory=max(peaks, default=None),
        loaded_memory=hearings[0].loaded_memory,
    )


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as fast one system is as another: of the median seconds, and of the single repeats."""

    of_medians: float
    least: float
    most: float


def ratio(hearings: Sequence[Hearing], system: str, against: str) -> Ratio | None:
    """Compare two systems by what both heard, repeat by repeat; `None` where there is nothing."""
    ours, theirs = _of(hearings, system), _of(hearings, against)
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


def _times(hearings: Sequence[Hearing]) -> set[tuple[str, int]]:
    """Name each hearing of a system by its episode and repeat."""
    return {(one.episode, one.repeat) for one in hearings}


def _processor_share(hearings: Sequence[Hearing]) -> float | None:
    worked = [one.processor_seconds for one in hearings if one.processor_seconds is not None]
    if len(worked) < len(hearings):
        return None
    median = {
        name: statistics.median(one.processor_seconds or 0.0 for one in hearings if one.episode == name)
        for name in _durations(hearings)
    }
    return sum(median.values()) / sum(_durations(hearings).values())


def _of(hearings: Sequence[Hearing], system: str) -> list[Hearing]:
    return [one for one in hearings if one.system == system]


def _durations(hearings: Sequence[Hearing]) -> dict[str, Seconds]:
    return {one.episode: one.duration for one in hearings}


def _medians(hearings: Sequence[Hearing]) -> dict[str, Seconds]:
    """The median of the seconds of each episode."""
    return {
        name: statistics.median(one.seconds for one in hearings if one.episode == name)
        for name in _durations(hearings)
    }
