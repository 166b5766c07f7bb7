"""The folder where everything is kept: which one it is, and whether it can be used, said before any work is done.

Its id is its own, so that two homes on one Prefect server leave each other's runs alone:

    $TURNTABLE_HOME/home.json      {"id": "3f2a9c1b", "path": "/home/you/.local/share/turntable"}

Its tag, the names of its deployments, work pool and automations and the labels of its events end in the id.
Machines that share a home share the id; a home that was moved keeps it, a copy beside the original gets its own.

    python -m flows.home.folder           prints the id, for `prefect.yaml` and for who starts workers
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock
from pydantic import TypeAdapter

from flows.home.inventory import blocked
from flows.home.locks import held
from flows.home.private import write_bytes
from transforms.errors import SourceError, TransientError
from transforms.sealed import read_sealed

TAG = "turntable"  # of everything that any home has on a server
LABEL = "turntable.home"  # of the resource of an event
_ID = re.compile(r"[0-9a-f]{8}")
_WAIT = 10.0
_SAID = TypeAdapter(dict[str, str])


def home_id(home: Path) -> str:
    """Return the id of a home, made when it is asked for first."""
    here = home.resolve()
    known, path = _read(here)
    if known and path == str(here):
        return known
    with held(here, "home", wait=_WAIT):
        known, path = _read(here)  # another process may have been faster
        if known is None or _is_copy(here, path, known):
            known = secrets.token_hex(4)
        if path != str(here) or _read(here)[0] != known:
            write_bytes(here / "home.json", json.dumps({"id": known, "path": str(here)}).encode())
        return known


def home_tag(home: Path) -> str:
    """Return the tag of what is this home's on a Prefect server."""
    return named(TAG, home)


def named(name: str, home: Path) -> str:
    """Return a name that no other home has."""
    return f"{name}-{home_id(home)}"


def _read(home: Path) -> tuple[str | None, str | None]:
    """Return the id of a home and where it was when that was written; `None` where neither can be read."""
    try:
        said = read_sealed(_SAID, home / "home.json")
        known, path = said["id"], said["path"]
    except (FileNotFoundError, ValueError, LookupError):  # a file that is cut gives a new id
        return None, None
    return (known, path) if _ID.fullmatch(known) else (None, None)


def _is_copy(home: Path, path: str | None, known: str) -> bool:
    """Check whether the home that this one was made from is still where it was."""
    if path is None or path == str(home):
        return False
    original = Path(path)
    try:  # a mount shows the same folder by another name
        return _read(original)[0] == known and not original.samefile(home)
    except OSError:  # nobody can tell, as on another machine
        return False


def check_usable(home: Path) -> None:
    """Check that a home can be made, written to and locked, and that nothing in it is in the way.

    Raises:
        SourceError: it cannot, with the system's own reason; or something is.
        TransientError: its disk is full.
    """
    for path, cause in blocked(home):
        msg = f"{path} is in the way ({cause}): put right what it was, or let `turntable rebuild` set it aside"
        raise SourceError(msg)
    try:
        scratch = home / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            (Path(folder) / "probe").write_bytes(bytes(4096))  # a full disk still makes names
            FileLock(Path(folder) / "lock").acquire(timeout=0).lock.release()
    except (OSError, NotImplementedError) as error:  # the latter is filelock's, for a file system without locks
        raise _unusable(home, error) from error


def check_readable(home: Path) -> None:
    """Check that a home, if it is there, is a folder that can be read.

    Raises:
        SourceError: it is not.
    """
    try:
        with suppress(FileNotFoundError), os.scandir(home):
            pass
    except OSError as error:
        raise _unusable(home, error) from error


def _unusable(home: Path, error: Exception) -> SourceError | TransientError:
    cause = (getattr(error, "strerror", None) or str(error)).lower()
    way_out = "give another folder by --home or TURNTABLE_HOME"
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return TransientError(f"{home} cannot be used ({cause}): free some, or {way_out}")
    return SourceError(f"{home} cannot be used ({cause}): {way_out}")


if __name__ == "__main__":
    from flows.settings import Settings

    print(home_id(Settings().home))
