"""What lies in a home, by name, and what of it is a folder, what a file: another kind is in the way.

A link counts for what it leads to: somebody may keep his artifacts on another disk.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from pathlib import Path

SNAPSHOT = "turntable.duckdb"
FOLDERS = (
    "damaged",
    "failures",  # the rows of what is set aside lie there, so these two come first
    "artifacts",
    "artifacts/*",
    "artifacts/*/*",
    "artifacts/*/*/*",
    "feeds",
    "locks",
    "prefect",
    "scratch",
    "waiting",
    "warehouse",
)
FILES = (
    "home.json",
    "locks/*",
    "prefect/api",
    "prefect/auth",
    "serve.lock",
    SNAPSHOT,
    f"{SNAPSHOT}.wal",
    "warehouse/warehouse.duckdb",
    "warehouse/warehouse.duckdb.lock",
    "warehouse/warehouse.duckdb.wal*",
)
# These tell by themselves whether they are as they were written: `flows.home.private` reads them.
PRIVATE_FILES = ("clock.json", "forgotten.json", "polled.json", "speakers.json", "verified.json")
# What is ours in a home: somebody may keep his recordings beside it.
OURS = tuple(name for name in (*FOLDERS, *FILES, *PRIVATE_FILES) if "/" not in name)

_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def snapshot_of(home: Path) -> Path:
    """Return where the read-only database lies that people and tools read."""
    return home / SNAPSHOT


def misplaced(home: Path) -> Iterator[tuple[Path, str]]:
    """Name what is of the wrong kind, and say what is wrong; what lies in a folder comes after the folder."""
    for names, wanted in ((FOLDERS, stat.S_IFDIR), (FILES, stat.S_IFREG)):
        for name in names:
            yield from _of_another_kind(home, name, wanted)


def blocked(home: Path) -> Iterator[tuple[Path, str]]:
    """Name what lies where a folder must be, without which nothing can be written; and say what is wrong."""
    for name in FOLDERS:
        if "/" not in name:
            yield from _of_another_kind(home, name, stat.S_IFDIR)


def _of_another_kind(home: Path, name: str, wanted: int) -> Iterator[tuple[Path, str]]:
    for path in sorted(home.glob(name)) if "*" in name else [home / name]:  # `glob` overlooks a link to nothing
        try:
            found = stat.S_IFMT(path.stat().st_mode)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ELOOP) or not path.is_symlink():
                continue  # not there, or not to be looked at: whoever uses it says why
            found = stat.S_IFLNK
        if found != wanted:
            yield path, f"it is {_KINDS.get(found, 'a link to nothing')}, where {_KINDS[wanted]} belongs"
