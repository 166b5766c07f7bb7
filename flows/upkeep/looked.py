"""What was sound when `verify` looked last: what nobody touched since is not looked at again.

    $TURNTABLE_HOME/verified.json

A file is untouched while the system says so by the time of its last change, which nobody can set; and a database
while it is the same file. Without it, or where it is damaged, all is looked at.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from flows.artifacts import FREED, Store
from flows.home import private
from flows.loader import documents
from flows.settings import Settings
from transforms.errors import TurntableError
from transforms.sealed import read_sealed
from warehouse.soundness import recent
from warehouse.soundness.recent import Seen

MARGIN = 5_000_000_000  # ns: clocks of disks are coarse, and of other machines off

FileMark = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Looked:
    """When `verify` began, and what it found sound; the databases by what tells their files from others."""

    began_ns: int
    warehouse: FileMark
    snapshot: FileMark
    keys: str
    seen: Seen


LOOKED = TypeAdapter(Looked)


def read(settings: Settings) -> Looked | None:
    """Read what was found sound last; `None` where nobody knows."""
    with suppress(OSError, ValueError):
        return read_sealed(LOOKED, _path(settings.home))
    return None


def now(settings: Settings) -> Looked | None:
    """Return how a home is before it is looked at; `None` where its databases cannot be told."""
    began = time.time_ns()
    with suppress(OSError, TurntableError):
        marks = mark_of(settings.warehouse), mark_of(settings.snapshot)
        return Looked(began, *marks, keys_of(settings), recent.seen(settings.warehouse))
    return None


def note(settings: Settings, looked: Looked) -> None:
    """Note that all was sound; where that cannot be written, the next look is at all again."""
    with suppress(OSError):
        private.write(_path(settings.home), LOOKED, looked)


def is_untouched(folder: Path, looked: Looked) -> bool:
    """Check whether a finished stage is as it was when it was found sound."""
    found: set[str] = set()
    try:
        with os.scandir(folder) as inside:
            for one in inside:
                if one.stat(follow_symlinks=False).st_ctime_ns > looked.began_ns - MARGIN:
                    return False
                found.add(one.name)
    except OSError:
        return False
    return "manifest.json" in found and any(name.startswith("payload.") or name == FREED for name in found)


def is_touched(folder: Path) -> bool:
    """Check whether a payload changed since its manifest, which comes last, was written; or cannot be read."""
    with suppress(OSError):
        finished = (folder / "manifest.json").stat().st_ctime_ns
        payloads = list(folder.glob("payload.*"))
        return any(one.stat().st_ctime_ns > finished or not os.access(one, os.R_OK) for one in payloads)
    return True


def is_same(settings: Settings, looked: Looked) -> bool:
    """Check whether databases and what they are made of are the same as then."""
    if has_log(settings):
        return False
    with suppress(OSError):
        marks = mark_of(settings.warehouse), mark_of(settings.snapshot)
        return marks == (looked.warehouse, looked.snapshot) and keys_of(settings) == looked.keys
    return False


def has_log(settings: Settings) -> bool:
    """Check whether a killed writer left a log beside the warehouse: it changes rows, and not the file."""
    return any(settings.warehouse.parent.glob(f"{settings.warehouse.name}.wal*"))


def mark_of(path: Path) -> FileMark:
    """Return what tells a file from others, and from what it was.

    Not the time of its last change: who looks at a snapshot links it.
    """
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def keys_of(settings: Settings) -> str:
    """Hash the names of all that the warehouse is made of."""
    store = Store(settings.home)
    names: Iterable[str] = sorted((*documents(store), *store.all_failures()))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _path(home: Path) -> Path:
    return home / "verified.json"
