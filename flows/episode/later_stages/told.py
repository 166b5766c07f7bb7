"""What is told of a transcript after it was staged first, by others, by its own words and by the user.

Each transcript has a `base`, the document that was staged first, and newer ones that are made of it. Whatever was
told in whatever order, the newest says it all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Made, Manifest, Store
from flows.home import clock
from flows.payloads import done_run, is_merged, is_text
from transforms.voices.person import Identity
from warehouse.loading.staging import Row, read_transcript, write_again

VOICES = "voices"  # the parameter of a document that says whose they are
_PERSONS = TypeAdapter(dict[str, Identity])


@dataclass(slots=True, eq=False)
class Document:
    """A transcript as it was staged first, and as it was staged last; `row` is read when it is needed.

    `persons` says whose its voices are, by label, as it was said last.
    """

    transcript_id: str
    base: Artifact
    newest: Manifest
    persons: Mapping[str, Identity]
    _row: Row = field(default_factory=dict)

    @property
    def row(self) -> Row:
        """The rows of the first."""
        self._row = self._row or read_transcript(self.base.path)
        return self._row

    @property
    def is_text(self) -> bool:
        """Whether it was published, and not heard here."""
        return is_text(self.base.manifest)


@dataclass(frozen=True, slots=True)
class Told:
    """What else is told of a transcript: by alignments, its own words, voices, and the user, who may pin it."""

    method: str
    alignments: tuple[Artifact, ...]
    introduced: Artifact | None
    names: dict[str, str]
    is_pinned: bool
    persons: Mapping[str, Identity]

    @property
    def artifacts(self) -> dict[str, Artifact]:
        """What it is told by, by the names of inputs."""
        inputs = {f"align-{number}": one for number, one in enumerate(self.alignments)}
        return inputs | ({"introduce": self.introduced} if self.introduced else {})

    def parameters(self, base: Artifact) -> dict[str, Any]:
        """Return what a document records of it as its parameters; `is_told_by` compares them."""
        return {
            "base": base.manifest.key,
            "names": self.names,
            "method": self.method,
            "align": _keys(self.alignments),
            "introduce": self.introduced.manifest.key if self.introduced else None,
            "is_pinned": self.is_pinned,
            VOICES: {label: asdict(one) for label, one in self.persons.items()} or None,
        }

    def is_told_by(self, document: Document) -> bool:
        """Check whether the newest document says it."""
        if document.newest.key == document.base.manifest.key:
            return not (self.artifacts or self.names or self.is_pinned or self.persons)
        said = document.newest.parameters
        return all(said.get(name) == value for name, value in self.parameters(document.base).items())


def _said_persons(document: Manifest) -> Mapping[str, Identity]:
    """Return whose the voices of a transcript are, as a document says it."""
    return _PERSONS.validate_python(document.parameters.get(VOICES) or {})


def _keys(artifacts: tuple[Artifact, ...]) -> list[str]:
    return [artifact.manifest.key for artifact in artifacts]


def base_of(store: Store, document: Artifact) -> Artifact | None:
    """Return the document that one was made of: itself, where nothing else was told; `None` where it is lost."""
    key = document.manifest.parameters.get("base")
    return store.find("stage", key) if key else document


def find_base(store: Store, key: str | None) -> Artifact | None:
    """Find the document that the one of a key was made of; `None` where either is lost, or no key is known."""
    newest = store.find("stage", key) if key else None
    return base_of(store, newest) if newest else None


def documents(store: Store, known: Mapping[str, str], at_hand: Mapping[str, Artifact]) -> list[Document]:
    """Read which transcripts there are but the merged ones, in the order in which they were staged first."""
    found: dict[str, Document] = {}
    for transcript_id, key in known.items():
        newest = store.find("stage", key)
        base = base_of(store, newest) if newest else None
        if newest and base and not is_merged(newest.manifest):
            found[transcript_id] = Document(transcript_id, base, newest.manifest, _said_persons(newest.manifest))
    for transcript_id, one in at_hand.items():
        before = found.get(transcript_id)
        if before is None or before.newest.started_at < one.manifest.started_at:
            found[transcript_id] = Document(transcript_id, one, one.manifest, before.persons if before else {})
    return sorted(found.values(), key=lambda one: (one.base.manifest.started_at, one.transcript_id))


def stage_told(store: Store, document: Document, told: Told, compute: Callable[[], Row]) -> Artifact | None:
    """Stage what is told of a transcript, unless its newest document says so already."""
    if told.is_told_by(document):
        return None
    base, origin = document.base.manifest, document.row["transcript"]["origin"] or ""
    episode_id = document.row["episode"]["episode_id"]

    def made(_: Path) -> Made:
        runs = [done_run(one, origin, episode_id) for one in told.artifacts.values()]
        row = pinned(compute(), is_pinned=told.is_pinned)
        return Made(write_again(row, clock.stamp(store.home), runs), flags=tuple(row["transcript"]["flags"]))

    again = {"instead_of": document.newest.key} if document.newest.key != base.key else {}
    return store.make(
        "stage",
        made,
        method=base.method,
        suffix=".parquet",
        inputs={**base.inputs, **{name: one.sha256 for name, one in told.artifacts.items()}},
        parameters={**base.parameters, **told.parameters(document.base), **again},
    )


def pinned(row: Row, *, is_pinned: bool) -> Row:
    """Say of a transcript that the user pinned it."""
    return {**row, "transcript": {**row["transcript"], "is_pinned": is_pinned or None}}
