"""What the artifacts of an episode hold, and how it is read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter

from flows.artifacts import Artifact
from transforms.records import Turn, Word
from transforms.speech.checks import Transcription
from transforms.speech.diarize import Diarization

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

TRANSCRIPTION = TypeAdapter(Transcription)
DIARIZATION = TypeAdapter(Diarization)
WORDS = TypeAdapter(tuple[Word, ...])
TURNS = TypeAdapter(tuple[Turn, ...])


def read_json(kind: TypeAdapter[T], artifact: Artifact) -> T:
    """Read a payload of JSON back."""
    return kind.validate_json(artifact.path.read_bytes())


def read_samples(decoded: Artifact) -> NDArray[np.int16]:
    """Map decoded audio: int16 mono, shape (n_samples,), 16 kHz, read-only, on the disk until it is looked at."""
    import numpy as np

    samples: NDArray[np.int16] = np.load(decoded.path, mmap_mode="r")
    return samples
