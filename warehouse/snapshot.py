"""The snapshot that people read, opened so that SQL which anybody wrote can do nothing but read it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import duckdb

from transforms.errors import ContentError, SourceError, TransientError, TurntableError

MEMORY = 2_000_000_000  # bytes that a query may fill; one value may be outside of that count
THREADS = min(4, os.cpu_count() or 1)

# No file, no network, no extension, no variable of ours, nothing spilled beside the snapshot
# (https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview).
HARDENED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "memory_limit": f"{MEMORY}B",
    "threads": THREADS,
    "temp_directory": "",
    "max_temp_directory_size": "0GB",
}
# An open database may read its own files in spite of all that: a disabled file system stops `read_blob` of them.
_LOCKED = """
set global timezone = 'UTC';
set global disabled_filesystems = 'LocalFileSystem';
set global lock_configuration = true
"""
# Threads that open it at once have one database: who comes second must not find it half locked.
_OPENING = Lock()
# Conflicting lock is held in /usr/bin/python3.11 (PID 4711).
_HOLDER = re.compile(r"lock is held in (.+?) \(PID (\d+)\)")


def open_snapshot(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the snapshot for reading only; times come in UTC. The caller closes it.

    Raises:
        SourceError: there is none yet.
        TransientError: another program holds it open for writing.
        ContentError: it is no DuckDB file, or a damaged one.
    """
    if not path.exists():
        msg = (
            f"nothing ingested yet ({path} is missing): run `turntable demo` or `turntable ingest …`; "
            "if it was there before, `turntable rebuild` makes it anew"
        )
        raise SourceError(msg)
    if not path.is_file():  # a pipe would keep us for ever
        msg = f"{path} cannot be read: it is no file; make it anew with `turntable rebuild`"
        raise ContentError(msg)
    with _OPENING:
        try:
            con = duckdb.connect(str(path), read_only=True, config=HARDENED)
        except duckdb.Error as error:
            raise _explained(error, path) from error
        # Open already in another thread, it is the same database, and locked.
        if con.execute("select not current_setting('lock_configuration')").fetchone() == (True,):
            con.execute(_LOCKED)
    return con


@contextmanager
def reading(path: Path, doing: str = "asked") -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the snapshot for questions of ours: what DuckDB says of them is said of the snapshot.

    Raises:
        SourceError, TransientError: as `open_snapshot`.
        ContentError: it is damaged.
    """
    with open_snapshot(path) as con:
        try:
            yield con
        except duckdb.Error as error:
            msg = f"{path} cannot be {doing}: {one_line(error)}; make it anew with `turntable rebuild`"
            raise ContentError(msg) from error


def holder(error: Exception) -> str | None:
    """Name the program that holds a database for writing, if that is what an error of DuckDB says.

    >>> holder(duckdb.IOException("Could not set lock: Conflicting lock is held in /usr/bin/dbeaver (PID 12)."))
    'another program (/usr/bin/dbeaver, PID 12)'
    """
    if "Could not set lock" not in str(error):
        return None
    found = _HOLDER.search(str(error))
    return f"another program ({found[1]}, PID {found[2]})" if found else "another program"


def _explained(error: duckdb.Error, path: Path) -> TurntableError:
    if program := holder(error):
        return TransientError(
            f"{path} is open for writing in {program}: close it there, or open it read-only; the data is fine"
        )
    if "WAL does not match" in str(error):
        return TransientError(
            f"{path} is newer than the changes that another program has in {path.name}.wal: close it there, then "
            "delete that file; the data is fine"
        )
    return ContentError(f"{path} cannot be read: {one_line(error)}; make it anew with `turntable rebuild`")


def one_line(error: duckdb.Error) -> str:
    """Keep what DuckDB says, with its suggestions, but not the picture of where."""
    return " ".join(str(error).partition("\n\nLINE ")[0].split())
