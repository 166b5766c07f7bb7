"""Samples → words with times, with faster-whisper: one recording through the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from transforms.audio import SAMPLE_RATE
from transforms.records import Quality
from transforms.speech.checks import Transcription
from transforms.speech.engine import Job, Progress, transcribe_many

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.speech.recognizer import Recognizer

METHOD = "windows-5"


def transcribe(
    samples: NDArray[Any],
    recognizer: Recognizer,
    *,
    language: str | None = None,
    hotwords: Sequence[str] = (),
    quality: Quality = "accurate",
    on_progress: Progress = lambda _: None,
) -> Transcription:
    """Recognise speech.

    Args:
        samples: int16, or float32 from -1 to 1; mono, shape (n_samples,), 16 kHz.
        recognizer: a loaded Whisper model.
        language: ISO 639-1 code; `None` means that up to three windows vote.
        hotwords: names that may be said, the surest first; those that fit into the budget are hinted at.
        quality: `fast` takes the likeliest word, `accurate` keeps five hypotheses.
        on_progress: told how many seconds of audio are done.

    Raises:
        SourceError: the model does not know the language.
    """
    job = Job("", samples, language, tuple(hotwords))
    ((_, heard),) = transcribe_many([job], recognizer, quality=quality, on_progress=on_progress)
    on_progress(len(samples) / SAMPLE_RATE)
    return heard
