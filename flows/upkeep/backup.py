"""A home as one file, and back: what cannot be made again, each file with its hash; work may go on meanwhile.

    turntable-backup.json     what it is: first, so that it can be told from other archives
    artifacts/…, feeds/…, …   as they lie in the home; audio and samples only where they were asked for
    index.json                the sha256 of every file before it: last, so that what was cut off is known

Artifacts never change, and private files are replaced whole. What a poll writes last is read first, so that no
feed in the copy knows an episode that does not wait there. Warehouse and snapshot are made anew.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from flows.artifacts import FREED, Damaged, read_manifest, writing
from flows.feeds.subscriptions import Subscriptions
from flows.home import forgotten
from flows.home.inventory import OURS, PRIVATE_FILES
from flows.home.locks import alone, is_held
from flows.home.permissions import close
from flows.progress import counting
from flows.published.beside import TAGS, tags_of
from flows.settings import Settings
from flows.upkeep.rebuild import rebuild
from flows.upkeep.room import OF_AUDIO
from transforms.errors import ContentError, SourceError, TransientError
from transforms.sealed import cause_of, is_no_file
from transforms.text import counted

HEAD, INDEX = "turntable-backup.json", "index.json"
VERSION = 1
FOLDERS = ("feeds", "waiting", "failures", "artifacts")  # in the order in which they are read
IN_A_NEW_HOME = ("scratch", "locks", "lost+found")
_RESTORING = "restoring"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written, or came back: files, bytes of them, and what has to be said of it."""

    path: Path
    files: int
    bytes: int
    lines: tuple[str, ...] = ()


def back_up(settings: Settings, target: Path, *, audio: bool = False) -> Backup:
    """Write all that cannot be made again into one file, whole or not at all; an older backup there is replaced.

    In a folder it gets a name with the time.

    Raises:
        SourceError: there is no home, something is half forgotten, a file cannot be read, or something else is in
            that place.
        TransientError: the disk is full, or cannot be written.
    """
    home = settings.home.resolve()
    if not (home / "artifacts").is_dir():
        msg = f"there is nothing to back up at {settings.home}: run `turntable ingest …` first"
        raise SourceError(msg)
    if forgotten.unfinished(home) or is_held(home, "forget"):
        msg = "something is half forgotten: run `turntable forget` first, which waits for one that is at it"
        raise SourceError(msg)
    place = _place(home, target)
    for left in place.parent.glob(f".{place.name}.*.tmp"):  # of one that was killed
        left.unlink(missing_ok=True)
    try:
        with writing(place) as temporary:
            temporary.touch(mode=0o600)
            with temporary.open("wb") as file:
                index, lines = _write(home, file, audio=audio)
            size = temporary.stat().st_size
    except OSError as error:
        way_out = "free some" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "mend that or give another place"
        cause = (error.strerror or str(error)).lower()
        msg = f"{place} cannot be written ({cause}): {way_out}; nothing is left of it"
        raise TransientError(msg) from error
    return Backup(place, len(index), size, (*lines, *_secrets(home)))


def restore(settings: Settings, source: Path) -> Backup:
    """Fill an empty home from a backup, every file checked by its hash; the warehouse is made anew.

    Raises:
        SourceError: there is no such file, or the home is not empty.
        ContentError: it is no backup, not whole, or not as it was written; nothing of it is kept.
        TransientError: the disk is full, or cannot be written, or another restore is at it.
    """
    if not source.is_file():
        msg = f"no such file: {source}"
        raise SourceError(msg)
    home = settings.home
    if not (home / "scratch" / _RESTORING).is_dir():
        _check_empty(home)  # before anything is made in it
    try:
        (home / "locks").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(home, error) from error
    with alone(home, "restore"):
        return _restore(settings, source)


def _restore(settings: Settings, source: Path) -> Backup:
    home = settings.home
    _check_empty(home)
    scratch = home / "scratch" / _RESTORING
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        found = _unpack(source, scratch)
        for name in sorted(path.name for path in scratch.iterdir()):
            (scratch / name).replace(home / name)
        close(home)
        lost = rebuild(settings)
    except OSError as error:
        _leave(home)
        raise _unwritable(home, error) from error
    except BaseException:
        _leave(home)
        raise
    shutil.rmtree(scratch, ignore_errors=True)  # gone where a forgetting was finished
    return Backup(source, len(found), sum(found.values()), lost)


def _unwritable(home: Path, error: OSError) -> TransientError:
    return TransientError(f"{home} cannot be written ({cause_of(error)}): nothing was restored")


def _place(home: Path, target: Path) -> Path:
    """Return the file that is written.

    Raises:
        SourceError: it would lie in the home, or take the place of something else.
    """
    name = f"turntable-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.tar.gz"
    place = target / name if target.is_dir() else target
    if place.resolve().is_relative_to(home):
        msg = f"{place} lies in the home that it is to save: give a place elsewhere"
        raise SourceError(msg)
    if not place.parent.is_dir():
        msg = f"there is no folder {place.parent}: make it first"
        raise SourceError(msg)
    if is_no_file(place):
        msg = f"{place} is no file: give another name"
        raise SourceError(msg)
    if place.exists() and not _is_backup(place):
        msg = f"{place} is there and is no backup: give another name"
        raise SourceError(msg)
    return place


def _is_backup(path: Path) -> bool:
    try:
        with tarfile.open(path, "r|gz") as archive:
            first = archive.next()
            return first is not None and first.name == HEAD
    except (OSError, EOFError, tarfile.TarError):
        return False


def _write(home: Path, file: IO[bytes], *, audio: bool) -> tuple[Mapping[str, str], list[str]]:
    """Write the archive; the sha256 of its files by name, and what is wrong with them."""
    index: dict[str, str] = {}
    lines: list[str] = []
    with (
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        said = {"version": VERSION, "made_at": datetime.now(UTC).isoformat(), "audio": audio}
        _add_bytes(archive, HEAD, json.dumps(said).encode())
        for path in _files(home):
            name = path.relative_to(home).as_posix()
            digest = None if _is_left_out(path, audio=audio) else _add(archive, path, name)
            if digest is not None:
                index[name] = digest
                lines += _problems(path, digest, name)
            elif _is_of_audio(path):
                mark, note = f"{name.rpartition('/')[0]}/{FREED}", _note(path)
                index[mark] = _add_bytes(archive, mark, note)
        _add_bytes(archive, INDEX, json.dumps(index).encode())
    return index, lines


def _files(home: Path) -> Iterator[Path]:
    """Yield the files of a home that count; each folder is listed when those before it are read."""
    first = [name for name in PRIVATE_FILES if name not in ("clock.json", "verified.json")]
    yield from (home / name for name in ("home.json", *first))
    for folder in FOLDERS:
        listed = _listed(home / folder)
        yield from counting("files", listed) if folder == "artifacts" else listed
    yield home / "clock.json"


def _listed(folder: Path) -> list[Path]:
    """List the files below a folder, of artifacts those that are finished."""
    found: list[Path] = []
    for place, _, names in os.walk(folder):
        if folder.name != "artifacts" or "manifest.json" in names:
            kept = (name for name in sorted(names) if not name.endswith(".tmp"))
            found += [Path(place, name) for name in kept if name != FREED or not _has_payload(names)]
    return found


def _has_payload(names: Sequence[str]) -> bool:
    """Check whether a payload is there: who was freeing it may have been cut off."""
    return any(name.startswith("payload.") for name in names)


def _is_of_audio(path: Path) -> bool:
    """Check whether a file is audio or samples."""
    return path.name.startswith("payload.") and path.parts[-4] in OF_AUDIO


def _is_left_out(path: Path, *, audio: bool) -> bool:
    """Check whether a file can be made or fetched again."""
    return not audio and _is_of_audio(path)


def _note(payload: Path) -> bytes:
    """Return what is noted of audio and samples that are left out, as of those that were freed."""
    with suppress(OSError):
        return (payload.parent / FREED).read_bytes()
    return TAGS.dump_json(tags_of(payload)) if payload.parts[-4] == "fetch" else b"{}"


def _add(archive: tarfile.TarFile, path: Path, name: str) -> str | None:
    """Add a file as it is at this moment; its sha256, `None` where it is gone."""
    try:
        if is_no_file(path):  # a pipe would keep its reader for ever
            raise OSError(errno.EISDIR, "it is no regular file")
        file = path.open("rb")
    except FileNotFoundError:  # heard, forgotten or freed meanwhile
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
        reader = _Hashed(file, path)
        archive.addfile(info, reader)
    return str(reader.digest.hexdigest())


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> str:
    """Add some bytes; their sha256."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    archive.addfile(info, io.BytesIO(data))
    return hashlib.sha256(data).hexdigest()


@dataclass(slots=True)
class _Hashed:
    """A file that is hashed while it is read."""

    file: IO[bytes]
    path: Path
    digest: Any = field(default_factory=hashlib.sha256)

    def read(self, size: int = -1) -> bytes:
        """Read some bytes."""
        try:
            data = self.file.read(size)
        except OSError as error:
            raise _unreadable(self.path, error) from error
        self.digest.update(data)
        return data


def _unreadable(path: Path, error: OSError) -> SourceError:
    return SourceError(f"{path} cannot be read ({cause_of(error)}): mend that; nothing is left of the backup")


def _problems(path: Path, digest: str, name: str) -> Iterator[str]:
    """Say of a payload that it is damaged: a backup of it is no better."""
    if not path.name.startswith("payload."):
        return
    try:
        is_sound = read_manifest(path.parent).sha256 == digest
    except Damaged:
        is_sound = False
    if not is_sound:
        yield f"{name} is damaged, and so it is in the backup: `turntable rebuild --deep` sets it aside"


def _secrets(home: Path) -> Iterator[str]:
    """Say what in a backup nobody else may read."""
    private = sum(one.is_private for one in Subscriptions(home).all())
    prints = sum(1 for _ in (home / "artifacts" / "voiceprint").glob("*/*/manifest.json"))
    parts = [
        *([f"the addresses of {counted(private, 'private feed')}, with their secrets"] if private else []),
        *([f"{counted(prints, 'transcript')} of voiceprints"] if prints else []),
    ]
    if parts:
        yield f"it holds {' and '.join(parts)}: keep it as private as the home"


def _check_empty(home: Path) -> None:
    """Check that nothing is in the home, or only what a restore that was cut off left.

    Raises:
        SourceError: something is.
    """
    if (home / "scratch" / _RESTORING).is_dir():
        _clear(home)
    names = {path.name for path in home.iterdir()} if home.is_dir() else set[str]()
    if there := sorted(names - set(IN_A_NEW_HOME)):
        msg = f"{home} is not empty ({', '.join(there[:3])}): give an empty folder by --home or TURNTABLE_HOME"
        raise SourceError(msg)


def _clear(home: Path) -> None:
    """Remove what a restore brought."""
    for name in OURS:
        path = home / name
        if name in ("scratch", "locks"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        for begun in home.glob(f".{name}.*"):  # what a killed process was writing
            begun.unlink(missing_ok=True)
    shutil.rmtree(home / "scratch" / _RESTORING, ignore_errors=True)
    with suppress(OSError):  # others are at work in it
        (home / "scratch").rmdir()


def _leave(home: Path) -> None:
    """Remove what a restore brought, and what held the home for it."""
    _clear(home)
    (home / "locks" / "restore.lock").unlink(missing_ok=True)
    with suppress(OSError):  # others are at work in it
        (home / "locks").rmdir()


def _unpack(source: Path, folder: Path) -> Mapping[str, int]:
    """Unpack an archive, and check every file of it; the bytes of each.

    Raises:
        ContentError: it is no backup, not whole, or not as it was written.
    """
    found: dict[str, int] = {}
    hashes: dict[str, str] = {}
    with _read(source) as archive:
        members = iter(archive)
        _check_head(source, archive, next(members, None))
        index: Mapping[str, str] | None = None
        for member in members:
            if index is not None:
                raise _not_whole(source, "something follows its index")
            stream = archive.extractfile(member) if _is_ours(member) else None
            if stream is None:
                raise _not_whole(source, f"{member.name!r} is nothing of a home")
            if member.name == INDEX:
                index = _object(source, member, stream)
                continue
            hashes[member.name] = _copy(stream, folder / member.name)
            found[member.name] = member.size
    if index is None:
        raise _not_whole(source, "its end is missing")
    if wrong := sorted(name for name in index.keys() | hashes.keys() if index.get(name) != hashes.get(name)):
        raise _not_whole(source, f"{wrong[0]} is not as it was written, nor are {len(wrong) - 1} more")
    return found


@contextmanager
def _read(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with (
            source.open("rb") as file,
            gzip.GzipFile(fileobj=file, mode="rb") as unpacked,
            tarfile.open(fileobj=unpacked, mode="r|") as archive,
        ):
            yield archive
            while rest := unpacked.read(_PIECE):  # to the checksum at its end
                if rest.strip(b"\0"):
                    raise _not_whole(source, "something follows its end")
    except (EOFError, tarfile.TarError, gzip.BadGzipFile, ValueError, zlib.error) as error:
        raise _not_whole(source, str(error) or "its end is missing") from error


def _object(source: Path, member: tarfile.TarInfo, stream: IO[bytes]) -> Mapping[str, Any]:
    try:
        found = json.loads(stream.read())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _not_whole(source, f"{member.name} is no JSON object")
    return found


def _check_head(source: Path, archive: tarfile.TarFile, first: tarfile.TarInfo | None) -> None:
    stream = archive.extractfile(first) if first is not None and first.name == HEAD else None
    said = _object(source, first, stream) if first is not None and stream else {}
    if not stream or said.get("version") != VERSION:
        what = "a newer Turntable made it: upgrade" if stream else "it is no backup of Turntable"
        msg = f"{source} cannot be restored: {what}"
        raise ContentError(msg)


def _is_ours(member: tarfile.TarInfo) -> bool:
    """Check whether a member is a file that a home has: an archive can hold anything."""
    path = PurePosixPath(member.name)
    tops = (*FOLDERS, "home.json", *PRIVATE_FILES, INDEX)
    return member.isreg() and ".." not in path.parts and not path.is_absolute() and path.parts[0] in tops


def _copy(stream: IO[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _not_whole(source: Path, cause: str) -> ContentError:
    return ContentError(f"{source} cannot be restored: {cause}; take another backup")
