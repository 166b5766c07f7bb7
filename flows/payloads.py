"""What the artifacts of an episode hold, and how it is read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Manifest, bytes_of
from transforms.records import Diarization, StageRun, Turn, Word
from transforms.speech.checks import Transcription
from warehouse.loading.staging import Given

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

TRANSCRIPTION = TypeAdapter(Transcription)
DIARIZATION = TypeAdapter(Diarization)
WORDS = TypeAdapter(tuple[Word, ...])
TURNS = TypeAdapter(tuple[Turn, ...])
GIVEN = TypeAdapter(Given)


def read_json(kind: TypeAdapter[T], artifact: Artifact) -> T:
    """Read a payload of JSON back."""
    return kind.validate_json(artifact.path.read_bytes())


def read_samples(decoded: Artifact) -> NDArray[np.int16]:
    """Map decoded audio: int16 mono, shape (n_samples,), 16 kHz, read-only, on the disk until it is looked at.

    Raises:
        PayloadFreed: it was deleted to save room.
    """
    import numpy as np

    samples: NDArray[np.int16] = np.load(bytes_of(decoded), mmap_mode="r")
    return samples


def is_text(document: Manifest) -> bool:
    """Check whether a staged document is of a published text, and not of what was heard."""
    return document.method.startswith("published-")


def is_merged(document: Manifest) -> bool:
    """Check whether a staged document is of a transcript that is made of two others."""
    return document.method.startswith("merged-")


def done_run(artifact: Artifact, source: str, episode_id: str) -> StageRun:
    """Describe a finished stage as a row of `stage_runs`."""
    manifest = artifact.manifest
    return StageRun(
        source=source,
        episode_id=episode_id,
        stage=manifest.stage,
        key=manifest.key,
        status="done",
        error_class=None,
        message="; ".join(manifest.warnings) or None,
        method=manifest.method,
        model=manifest.model,
        device=manifest.device,
        parameters=json.dumps(dict(manifest.parameters), sort_keys=True, default=str),
        flags=manifest.flags,
        started_at=manifest.started_at,
        seconds=manifest.seconds,
    )


def given_of(chosen: Artifact | None) -> Given | None:
    """Read chosen chapters back; `None` where nobody looked for any."""
    return read_json(GIVEN, chosen) if chosen else None
