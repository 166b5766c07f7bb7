"""Samples → who spoke when, with pyannote.audio's own pipeline.

Embedded weights run in pyannote's `SpeakerDiarization` (segmentation 3.0, CAM++, agglomerative clustering);
`pyannote/speaker-diarization-community-1` runs as it is published.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms.audio.decoding import SAMPLE_RATE
from transforms.records import Diarization, Quality, SpeakerSegment, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.speech.pyannote.low_memory import Keep

METHOD = "pyannote4-6"

# DER of twelve episodes at hops of 1, 2, 3, 4 and 5 s: 8.5, 8.7, 9.2, 9.3 and 8.8 %. Half-minute clips of meetings
# lose three points at 2 s: short episodes have shorter hops (diarization_pipeline.hop).
LONGEST_HOP: dict[Quality, float] = {"accurate": 2.0, "fast": 4.0}  # seconds
CLUSTERING = {"method": "centroid", "threshold": 0.8}
SHORTEST_AUDIO = 0.1  # seconds; in less nobody says anything

Progress = Callable[[float], None]


def load_embedded(segmentation: Path, embedding: Path, device: str, quality: Quality = "accurate") -> Any:
    """Build the pipeline of the embedded weights from their two checkpoints, on `cpu` or `cuda`.

    `accurate` has pyannote's error rate within 0.3 points, or a lower one; `fast` takes three quarters of its time
    for up to a point.
    """
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    import torch

    from transforms.speech.pyannote import campplus
    from transforms.speech.pyannote.checkpoint import load_network
    from transforms.speech.pyannote.diarization_pipeline import EmbeddedDiarization, fewest_chunks

    hop = LONGEST_HOP[quality]
    pipeline = EmbeddedDiarization(load_network(segmentation), campplus.load(embedding), longest_hop=hop)
    # pyannote asks for every setting; `EmbeddedDiarization.apply` sets this one anew for the hop of an episode
    clustering = {**CLUSTERING, "min_cluster_size": fewest_chunks(hop)}
    pipeline.instantiate({"segmentation": {"min_duration_off": 0.0}, "clustering": clustering})
    return pipeline.to(torch.device(device))


def load_published(folder: Path, device: str) -> Any:
    """Load a whole published pipeline from a local folder, on `cpu` or `cuda`.

    Raises:
        HostileError: a file of it would run code.
        ContentError: it is no pipeline that we know, or not whole.
    """
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    import torch

    from transforms.speech.pyannote.diarization_pipeline import make_lean
    from transforms.speech.pyannote.recipe import build_pipeline

    return make_lean(build_pipeline(folder)).to(torch.device(device))


def diarize(
    samples: NDArray[np.int16] | NDArray[np.float32],
    pipeline: Any,
    *,
    speakers: tuple[int, int] | None = None,
    on_progress: Progress = lambda _: None,
    keep: Keep | None = None,
) -> Diarization:
    """Find who spoke when.

    Args:
        samples: int16, or float32 from -1 to 1; mono, shape (n_samples,), 16 kHz. A memory map is
            read piece by piece.
        pipeline: what `load_embedded` or `load_published` gave.
        speakers: the fewest and the most that there can be; `None` means that nobody knows. It is ignored where it
            gives people that cannot be.
        on_progress: told how many seconds of audio are done.
        keep: gives the array of a name, which it may have kept of an earlier run, or computes it; `None` computes
            them all. The names are those of half hours, and mean the same for the same samples and models.
    """
    seconds = len(samples) / SAMPLE_RATE
    if seconds < SHORTEST_AUDIO:
        return Diarization((), (), {})
    ignored: list[int] = []
    more = {"ignored": ignored, **({"keep": keep} if keep else {})}
    output = _run(pipeline, samples, more, speakers, _Hook(seconds, on_progress))
    on_progress(seconds)
    segments = _segments(output.speaker_diarization, seconds)
    exclusive = _segments(output.exclusive_speaker_diarization, seconds)
    flags = ("speakers_ignored",) if ignored else ()
    return renamed(Diarization(segments, exclusive, _voices(output), flags), in_order_of_speaking(segments))


def _run(
    pipeline: Any,
    samples: NDArray[np.int16] | NDArray[np.float32],
    more: Mapping[str, Any],
    speakers: tuple[int, int] | None,
    hook: Any,
) -> Any:
    """Let pyannote's pipeline hear some audio, and tell nobody of its warnings; `more` is for our parts of it."""
    import torch

    fewest, most = speakers or (None, None)
    bounds = {"num_speakers": fewest} if fewest == most else {"min_speakers": fewest, "max_speakers": most}
    with warnings.catch_warnings():
        # pyannote warns of TF32, of short audio and of bounds that it cannot meet, torch of arrays that cannot be
        # written to: nothing a user can act on
        warnings.simplefilter("ignore")
        audio = {"waveform": torch.from_numpy(samples)[None], "sample_rate": SAMPLE_RATE, "uri": "episode"}
        return pipeline({**audio, **more}, hook=hook, **bounds)


def _voices(output: Any) -> dict[str, tuple[float, ...]]:
    """Return how each speaker sounds, but for those who spoke too shortly: they have a voice of nothing."""
    labels = output.speaker_diarization.labels()
    embeddings = output.speaker_embeddings if output.speaker_embeddings is not None else np.empty((0, 0))
    return {
        label: tuple(round(float(v), 5) for v in voice)
        for label, voice in zip(labels, embeddings, strict=False)
        if np.isfinite(voice).all()
    }


def in_order_of_speaking(heard: Iterable[SpeakerSegment | Word]) -> dict[str, str]:
    """Name the speakers so that `SPEAKER_00` is who is heard first.

    >>> in_order_of_speaking([SpeakerSegment(0.0, 1.0, "B"), SpeakerSegment(1.0, 2.0, "A")])
    {'B': 'SPEAKER_00', 'A': 'SPEAKER_01'}
    """
    speakers = dict.fromkeys(one.speaker for one in heard if one.speaker is not None)
    return {label: f"SPEAKER_{n:02}" for n, label in enumerate(speakers)}


def renamed(who: Diarization, names: Mapping[str, str]) -> Diarization:
    """Return who spoke when, by other names."""
    return replace(
        who,
        segments=_renamed(who.segments, names),
        exclusive=_renamed(who.exclusive, names),
        voices={names[label]: voice for label, voice in who.voices.items() if label in names},
    )


def _renamed(segments: Sequence[SpeakerSegment], names: Mapping[str, str]) -> tuple[SpeakerSegment, ...]:
    return tuple(replace(segment, speaker=names.get(segment.speaker, segment.speaker)) for segment in segments)


class _Hook:
    """Turns pyannote's reports into seconds of audio; segmentation is half of the work."""

    def __init__(self, seconds: float, on_progress: Progress) -> None:
        self.seconds, self.on_progress = seconds, on_progress

    def __call__(
        self, step: str, _: Any, total: int | None = None, completed: int | None = None, **_file: Any
    ) -> None:
        """Report one step; pyannote also calls without `total` when a step ends."""
        share = {"segmentation": (0.0, 0.5), "embeddings": (0.5, 0.5)}.get(step)
        if share and total and completed is not None:
            self.on_progress(self.seconds * (share[0] + share[1] * min(completed / total, 1.0)))


def _segments(annotation: Any, seconds: float) -> tuple[SpeakerSegment, ...]:
    """Copy a pyannote Annotation, its times within the audio; in order of time."""
    last = math.floor(seconds * 1000) / 1000
    times = (
        (round(max(segment.start, 0.0), 3), round(min(segment.end, last), 3), label)
        for segment, _, label in annotation.itertracks(yield_label=True)
    )
    # the last chunk goes on behind the audio: what begins with its last millisecond is nothing
    segments = [SpeakerSegment(start, end, label) for start, end, label in times if start < end]
    return tuple(sorted(segments, key=lambda segment: (segment.start_time, segment.end_time, segment.speaker)))
