"""The content-addressed store on disk: the record of every finished stage.

    $TURNTABLE_HOME/artifacts/<stage>/<ab>/<key>/payload.<suffix>   what the stage made, one immutable file
                                                 manifest.json      what it was made of, how, where, when
                             /failures/<id>.json                    a stage that failed, and why
                             /damaged/…                             what did not match its manifest any more
                             /scratch/…                             what is being made

The key is the hash of the stage's inputs, parameters and method. A key that has a manifest is done. The manifest
is written last, so a stage that was cut off leaves nothing that counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from transforms.records import Seconds, StageRun
from transforms.speech.models import sha256


@dataclass(frozen=True, slots=True)
class Manifest:
    """How a payload came to be. `inputs` are sha256 by name; `facts` is what the stage found out about them."""

    stage: str
    key: str
    method: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, Any]
    payload: str
    sha256: str
    size: int
    model: str | None
    device: str | None
    flags: tuple[str, ...]
    warnings: tuple[str, ...]
    facts: Mapping[str, Any]
    started_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Artifact:
    """A finished stage: its manifest, and where its payload lies."""

    path: Path
    manifest: Manifest

    @property
    def sha256(self) -> str:
        """The hash of the payload: what the next stage takes into its key."""
        return self.manifest.sha256


@dataclass(frozen=True, slots=True)
class Made:
    """What a stage hands over to be kept: the payload, as bytes or as a finished file, and what is said of it.

    `started_at` and `seconds` are for work that was not, or not all, done by the call that makes it; `None` means
    that it was.
    """

    payload: bytes | Path
    model: str | None = None
    device: str | None = None
    flags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None
    started_at: datetime | None = None
    seconds: Seconds | None = None


A_DAY = 24 * 3600  # seconds

_MANIFEST = TypeAdapter(Manifest)
_STAGE_RUN = TypeAdapter(StageRun)


Recipe = dict[str, Any]  # what the key of a stage is made of, but for its name


def stage_key(stage: str, method: str, inputs: Mapping[str, str], parameters: Mapping[str, Any]) -> str:
    """Hash what a stage depends on: sha256 in hexadecimal, the same in every process."""
    parts = {"stage": stage, "method": method, "inputs": dict(inputs), "parameters": dict(parameters)}
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


class Store:
    """The artifacts of one home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.artifacts = home / "artifacts"
        self.failures = home / "failures"
        self.damaged = home / "damaged"

    def make(
        self,
        stage: str,
        compute: Callable[[Path], Made],
        *,
        method: str,
        suffix: str,
        inputs: Mapping[str, str],
        parameters: Mapping[str, Any],
    ) -> Artifact:
        """Return the finished stage, computing it only if it is not there or is damaged.

        `compute` is lent a folder on the same disk, for a payload that is too large for memory.
        """
        key = stage_key(stage, method, inputs, parameters)
        done = self.find(stage, key)
        if done is not None:
            return done
        started = datetime.now(UTC)
        folder = self._folder(stage, key)
        path = folder / f"payload{suffix}"
        with self._scratch() as scratch:
            made = compute(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            with writing(path) as temporary:
                if isinstance(made.payload, bytes):
                    temporary.write_bytes(made.payload)
                else:
                    made.payload.replace(temporary)
        took = made.seconds if made.seconds is not None else (datetime.now(UTC) - started).total_seconds()
        manifest = Manifest(
            stage=stage,
            key=key,
            method=method,
            inputs=inputs,
            parameters=parameters,
            payload=path.name,
            sha256=sha256(path),
            size=path.stat().st_size,
            model=made.model,
            device=made.device,
            flags=made.flags,
            warnings=made.warnings,
            facts=made.facts or {},
            started_at=made.started_at or started,
            seconds=round(took, 3),
        )
        with writing(folder / "manifest.json") as temporary:
            temporary.write_bytes(_MANIFEST.dump_json(manifest, indent=1))
        return Artifact(path, manifest)

    def find(self, stage: str, key: str) -> Artifact | None:
        """Find a finished stage; one whose payload does not match its manifest is moved aside."""
        folder = self._folder(stage, key)
        if not (folder / "manifest.json").is_file():
            return None
        artifact = _read(folder)
        if artifact is not None:
            return artifact
        self.damaged.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, self.damaged / f"{stage}-{key[:16]}-{uuid.uuid4().hex[:8]}")
        return None

    def of_payload(self, stage: str, sha256: str | None) -> Artifact | None:
        """Find a finished stage by what it made; `None` where none made that."""
        keys = (manifest.key for manifest in self.manifests(stage) if manifest.sha256 == sha256)
        return next((found for key in keys if (found := self.find(stage, key))), None)

    def all(self, stage: str) -> Mapping[str, Path]:
        """List the payloads of a stage by key, without reading them."""
        manifests = (self.artifacts / stage).glob("*/*/manifest.json")
        return {path.parent.name: next(path.parent.glob("payload.*")) for path in sorted(manifests)}

    def manifests(self, stage: str) -> Iterator[Manifest]:
        """Read the manifests of a stage, without looking at the payloads; a damaged one is left out."""
        for path in sorted((self.artifacts / stage).glob("*/*/manifest.json")):
            with suppress(ValueError):
                yield _MANIFEST.validate_json(path.read_bytes())

    def record_failure(self, run: StageRun) -> None:
        """Keep a stage that failed; the loader makes a row of it."""
        self.failures.mkdir(parents=True, exist_ok=True)
        with writing(self.failures / f"{uuid.uuid4().hex}.json") as temporary:
            temporary.write_bytes(_STAGE_RUN.dump_json(run, indent=1))

    def all_failures(self) -> Mapping[str, Path]:
        """List the failures by id."""
        return {path.stem: path for path in sorted(self.failures.glob("*.json"))}

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """Lend a folder that is gone afterwards, and sweep those that dead processes left a day ago."""
        parent = self.home / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        for old in parent.iterdir():
            with suppress(FileNotFoundError):  # somebody else is done with his
                if old.stat().st_mtime < time.time() - A_DAY:
                    shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def _folder(self, stage: str, key: str) -> Path:
        return self.artifacts / stage / key[:2] / key


def _read(folder: Path) -> Artifact | None:
    """Read a finished stage back; `None` if anything about it is not as it was written."""
    try:
        manifest = _MANIFEST.validate_json((folder / "manifest.json").read_bytes())
        path = folder / manifest.payload
        if path.stat().st_size == manifest.size and sha256(path) == manifest.sha256:
            return Artifact(path, manifest)
    except (OSError, ValueError):
        pass
    return None


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Lend a temporary name beside `path`; what is written there is fsynced and renamed, or removed on failure."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        _fsync(temporary)
        temporary.replace(path)
        _fsync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _fsync(path: Path) -> None:
    """Push a file's bytes, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
