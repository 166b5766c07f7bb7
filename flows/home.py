"""Which home this is: an id of its own, so that two homes on one Prefect server leave each other's runs alone.

    $TURNTABLE_HOME/home.json      {"id": "3f2a9c1b", "path": "/home/you/.local/share/turntable"}

Its tag, the names of its deployments, work pool and automations and the labels of its events end in the id.
Machines that share a home share the id; a home that was moved keeps it, a copy beside the original gets its own.

    python -m flows.home           prints the id, for `prefect.yaml` and for who starts workers
"""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

from flows.locks import held
from flows.waiting import write_private

TAG = "turntable"  # of everything that any home has on a server
LABEL = "turntable.home"  # of the resource of an event
_ID = re.compile(r"[0-9a-f]{8}")
_WAIT = 10.0


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
            write_private(here / "home.json", json.dumps({"id": known, "path": str(here)}).encode())
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
        said = json.loads((home / "home.json").read_bytes())
        known, path = said["id"], said["path"]
    except (FileNotFoundError, ValueError, LookupError, TypeError):  # a file that is cut gives a new id
        return None, None
    return (known, path) if isinstance(known, str) and _ID.fullmatch(known) else (None, None)


def _is_copy(home: Path, path: str | None, known: str) -> bool:
    """Tell whether the home that this one was made from is still where it was."""
    if path is None or path == str(home):
        return False
    original = Path(path)
    try:  # a mount shows the same folder by another name
        return _read(original)[0] == known and not original.samefile(home)
    except OSError:  # nobody can tell, as on another machine
        return False


if __name__ == "__main__":
    from flows.settings import Settings

    print(home_id(Settings().home))
