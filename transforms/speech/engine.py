"""Many recordings → words, one after the other: a stand-in for the engine that shares batches between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.audio import SAMPLE_RATE, as_float32
from transforms.records import Quality, Seconds
from transforms.speech.transcribe import Transcription, transcribe

if TYPE_CHECKING:
    from numpy.typing import NDArray

BEAMS: dict[Quality, int] = {"fast": 1, "accurate": 5}


@dataclass(frozen=True, slots=True)
class Job:
    """One recording: int16 mono 16 kHz, shape (n_samples,)."""

    key: str
    samples: NDArray[Any]
    language: str | None = None
    hotwords: tuple[str, ...] = ()


def transcribe_many(
    jobs: Iterable[Job],
    recognizer: Any,
    *,
    quality: Quality = "accurate",
    on_progress: Callable[[Seconds], None] = lambda _: None,
) -> Iterator[tuple[str, Transcription]]:
    """Transcribe recordings; each is given when it is finished, `on_progress` hears the seconds of all."""
    before = 0.0
    for job in jobs:
        yield (
            job.key,
            transcribe(
                as_float32(job.samples),
                recognizer,
                language=job.language,
                hotwords=job.hotwords,
                beam_size=BEAMS[quality],
                on_progress=lambda done, before=before: on_progress(before + done),  # type: ignore[misc]
            ),
        )
        before += len(job.samples) / SAMPLE_RATE
