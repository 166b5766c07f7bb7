"""The content-addressed store on disk: the record of every finished stage.

    $TURNTABLE_HOME/artifacts/<stage>/<ab>/<key>/payload.<suffix>   what the stage made, one immutable file
                                                 manifest.json      what it was made of, how, where, when
                                                 freed.json         its payload was deleted to save room
                             /failures/<id>.json                    a stage that failed, and why
                             /damaged/…                             what could not be read any more
                             /scratch/…                             what is being made

The key is the hash of the stage's inputs, parameters and method. A key that has a manifest is done. A stage is
made in `scratch` and moved to its place whole, so one that was cut off leaves nothing there; it goes the same way.
What is not as it was written is moved to `damaged`, with a row that says so, and concerns nobody else.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from flows.home import clock
from flows.progress import REPORTER
from transforms.errors import SourceError
from transforms.hashes import sha256
from transforms.records import Moment, Seconds, StageRun
from transforms.sealed import cause_of, is_damage, read_sealed, seal


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
    started_at: Moment
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


class Damaged(ValueError):
    """A finished stage that is not as it was written; the message says in what."""


class Freed(Damaged):
    """A finished stage whose payload was deleted to save room: its hash is known, and it can be made anew."""


class PayloadFreed(SourceError):
    """Something needs a payload that was freed; `folder` is where it lay."""

    def __init__(self, message: str, folder: Path) -> None:
        super().__init__(message, folder)
        self.folder = folder

    def __str__(self) -> str:
        """Return the message alone."""
        return str(self.args[0])


A_DAY = 24 * 3600  # seconds
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)  # where a folder is to go, something lies
FREED = "freed.json"

_MANIFEST = TypeAdapter(Manifest)
STAGE_RUN = TypeAdapter(StageRun)


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

        One whose payload was freed is finished: what is made of it is known by its hash. `compute` is lent a
        folder on the same disk, for a payload that is too large for memory.
        """
        key = stage_key(stage, method, inputs, parameters)
        done = self.find(stage, key, freed=True)
        if done is not None:
            return done
        started, began = clock.now(self.home), time.monotonic()
        with self.scratch() as scratch:
            made = compute(scratch)
            new = scratch / key
            new.mkdir()
            path = new / f"payload{suffix}"
            if isinstance(made.payload, bytes):
                path.write_bytes(made.payload)
            else:
                made.payload.replace(path)
            _fsync(path)
            took = made.seconds if made.seconds is not None else time.monotonic() - began
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
            with writing(new / "manifest.json") as temporary:
                temporary.write_bytes(seal(_MANIFEST, manifest, key))
            return self._put(new, Artifact(self.folder(stage, key) / path.name, manifest))

    def _put(self, new: Path, artifact: Artifact) -> Artifact:
        """Move a finished stage to its place, and return what is there: another process may have been faster.

        Raises:
            SourceError: something else lies there, and cannot be moved away.
        """
        folder = artifact.path.parent
        folder.parent.mkdir(parents=True, exist_ok=True)
        for is_last in (False, True):
            if _moved(new, folder):
                _fsync(folder.parent)
                return artifact
            done = self.find(artifact.manifest.stage, artifact.manifest.key, freed=True)
            if done is not None:
                return done
            if not is_last:
                self._make_room(folder)
        msg = (
            f"{folder} is in the way (no finished stage, and it cannot be moved): move it, and run the same again"
        )
        raise SourceError(msg)

    def _make_room(self, folder: Path) -> None:
        """Delete what a stage that was cut off left there in an earlier version; set aside whatever else it is."""
        if _is_left_over(folder):
            self.delete(folder)
        else:
            self.set_aside(folder, "it is no finished stage", "it is made anew")

    def delete(self, folder: Path) -> None:
        """Delete a stage whole, if it is there: one that is cut off leaves nothing in its place."""
        with self.scratch() as scratch, suppress(FileNotFoundError):
            folder.replace(scratch / folder.name)

    def find(self, stage: str, key: str, *, freed: bool = False) -> Artifact | None:
        """Find a finished stage; one whose payload does not match its manifest is moved aside.

        One whose payload was `freed` is given only to who asks for it.
        """
        folder = self.folder(stage, key)
        if not (folder / "manifest.json").exists():
            return None
        try:
            return read(folder)
        except Freed:
            manifest = read_manifest(folder)
            return Artifact(folder / manifest.payload, manifest) if freed else None
        except Damaged as damaged:
            self.set_aside(folder, str(damaged), "what needs it makes it again: run the same command")
            return None

    def of_payload(self, stage: str, sha256: str | None) -> Artifact | None:
        """Find a finished stage by what it made; `None` where none made that."""
        keys = (manifest.key for manifest in self.manifests(stage) if manifest.sha256 == sha256)
        return next((found for key in keys if (found := self.find(stage, key))), None)

    def all(self, stage: str, but: Collection[str] = ()) -> Mapping[str, Path]:
        """List the folders of the finished stages by key, without reading them, `but` for some keys."""
        root = self.artifacts / stage
        keys = sorted(key for part in _names(root) for key in _names(root / part) if key not in but)
        folders = {key: self.folder(stage, key) for key in keys}
        return {key: folder for key, folder in folders.items() if (folder / "manifest.json").exists()}

    def folders(self) -> Iterator[Path]:
        """List the folder of every stage, without reading them."""
        yield from sorted(path for path in self.artifacts.glob("*/*/*") if path.is_dir())

    def manifests(self, stage: str, keys: Iterable[str] | None = None) -> Iterator[Manifest]:
        """Read the manifests of a stage, or of some keys of it, without looking at the payloads.

        What is not there, or damaged, is left out.
        """
        for key in self.all(stage) if keys is None else keys:
            with suppress(Damaged):
                yield read_manifest(self.folder(stage, key))

    def record_failure(self, run: StageRun) -> None:
        """Keep a stage that failed; the loader makes a row of it."""
        self.keep_failure(uuid.uuid4().hex, run)

    def keep_failure(self, run_id: str, run: StageRun) -> None:
        """Keep a failure under the name that its row has."""
        self.failures.mkdir(parents=True, exist_ok=True)
        path = self.failures / f"{run_id}.json"
        with writing(path) as temporary:
            temporary.write_bytes(seal(STAGE_RUN, run, path.stem))

    def all_failures(self) -> Mapping[str, Path]:
        """List the failures by id."""
        return {path.stem: path for path in sorted(self.failures.glob("*.json"))}

    def set_aside(self, path: Path, cause: str, way_out: str) -> Path | None:
        """Move a file or folder that cannot be read to `damaged`, and write down a row that names it.

        `None` where another process was faster, or where nothing can be moved here.
        """
        name = Path(os.fsencode(path.relative_to(self.home)).decode("utf-8", "backslashreplace"))
        kind = "-".join((path.parent.name if len(name.parts) < 4 else name.parts[1], name.stem[:40]))
        place = self.damaged / f"{kind}-{uuid.uuid4().hex[:8]}{name.suffix}"
        line = f"{name} is damaged: {' '.join(cause.split())}; it lies in damaged/{place.name} now: {way_out}"
        try:
            if path == self.damaged:  # it makes room for itself
                path = path.rename(self.home / f".{place.name}")
            self.damaged.mkdir(parents=True, exist_ok=True)
            path.rename(place)
            self.record_failure(_read_failed(str(name), line))
        except OSError:
            return None
        REPORTER.get().say(line)
        return place

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Lend a folder that is gone afterwards, and sweep those that dead processes left a day ago."""
        parent = self.home / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        self.sweep()
        with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as folder, _lock(Path(folder)):
            yield Path(folder)

    def sweep(self, older_than: Seconds = A_DAY) -> None:
        """Delete the scratch folders that dead processes left so long ago."""
        with suppress(FileNotFoundError):
            for old in (self.home / "scratch").iterdir():
                _sweep(old, older_than)

    def folder(self, stage: str, key: str) -> Path:
        """Name the folder of a stage, finished or not."""
        return self.artifacts / stage / key[:2] / key


def _moved(new: Path, folder: Path) -> bool:
    """Move a folder to its place; `False` where something lies there already."""
    try:
        new.replace(folder)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise
        return False
    return True


def _is_left_over(folder: Path) -> bool:
    """Check whether a folder holds but files, and no manifest: it was begun in its place and never finished."""
    try:
        return all(path.is_file() and path.name != "manifest.json" for path in folder.iterdir())
    except OSError:  # no folder, or none that may be read
        return False


def _names(folder: Path) -> list[str]:
    """List what lies in a folder; nothing where there is none that may be read."""
    try:
        with os.scandir(folder) as found:
            return [one.name for one in found]
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def read(folder: Path) -> Artifact:
    """Read a finished stage back, its payload hashed.

    Raises:
        Damaged: anything about it is not as it was written.
    """
    artifact = measured(folder)
    try:
        found = sha256(artifact.path)
    except OSError as error:
        raise Damaged(cause_of(error)) from error
    if found != artifact.manifest.sha256:
        msg = "the hash of its payload is not that of the manifest"
        raise Damaged(msg)
    return artifact


def measured(folder: Path) -> Artifact:
    """Read a finished stage back as far as that is cheap: its manifest, and the size of its payload.

    Raises:
        Damaged: these are not as they were written.
    """
    manifest = read_manifest(folder)
    path = folder / manifest.payload
    if not path.is_file():
        msg = "its payload is missing"
        raise Freed(msg) if (folder / FREED).exists() else Damaged(msg)
    if (size := path.stat().st_size) != manifest.size:
        msg = f"its payload has {size} bytes instead of {manifest.size}"
        raise Damaged(msg)
    return Artifact(path, manifest)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished stage, which must be that of its folder.

    Raises:
        Damaged: it cannot be read.
    """
    try:
        manifest = read_sealed(_MANIFEST, folder / "manifest.json", folder.name)
    except (OSError, ValueError) as error:
        if not is_damage(error) and not isinstance(error, FileNotFoundError):
            raise
        msg = f"its manifest cannot be read ({cause_of(error)})"
        raise Damaged(msg) from error
    if (manifest.stage, manifest.key) != (folder.parent.parent.name, folder.name):
        msg = "its manifest is of another stage"
        raise Damaged(msg)
    return manifest


def free(folder: Path, note: bytes) -> int:
    """Delete the payload of a finished stage, and keep what is known of it; `note` is kept, too. Its bytes."""
    manifest = read_manifest(folder)
    with writing(folder / FREED) as temporary:
        temporary.write_bytes(note)
    (folder / manifest.payload).unlink(missing_ok=True)
    return manifest.size


def is_freed(artifact: Artifact) -> bool:
    """Check whether the payload of a finished stage was deleted to save room."""
    return not artifact.path.exists() and (artifact.path.parent / FREED).exists()


def bytes_of(artifact: Artifact) -> Path:
    """Return where the payload of a finished stage lies, for who reads it.

    Raises:
        PayloadFreed: it was deleted to save room.
    """
    if is_freed(artifact):
        what = "audio" if artifact.manifest.stage == "fetch" else "samples"
        msg = f"the {what} {artifact.manifest.key[:12]} were freed to save room: ingest the episode again"
        raise PayloadFreed(msg, artifact.path.parent)
    return artifact.path


def _read_failed(source: str, message: str) -> StageRun:
    return StageRun(
        source=source,
        episode_id=None,
        stage="read",
        key=None,
        status="failed",
        error_class="content",
        message=message,
        method=None,
        model=None,
        device=None,
        parameters=None,
        flags=(),
        started_at=datetime.now(UTC),
        seconds=0.0,
    )


def _sweep(folder: Path, older_than: float) -> None:
    """Delete a scratch folder of old; one that its process holds is in use, however long it takes."""
    with suppress(OSError, Timeout):  # somebody else is done with his
        if folder.stat().st_mtime <= time.time() - older_than:
            with _lock(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> FileLock:
    """Return the lock of a scratch folder, which ends with the process that holds it."""
    return FileLock(folder / ".lock", timeout=0, thread_local=False)


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
