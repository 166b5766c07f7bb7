"""The time of a home: that of the machine's clock, but never before what was staged last.

    $TURNTABLE_HOME/clock.json     when the newest document was staged

What was staged later wins, so a clock that is set back must not make a newer parse older than the one before it.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from flows.home.inventory import snapshot_of
from transforms.records import Moment
from transforms.sealed import read_sealed, seal
from warehouse import query

NEWEST = TypeAdapter(dict[str, Moment])
_LAST_YEAR = 9999  # no time can be later than that
_TICK = timedelta(microseconds=1)  # what the warehouse can tell apart


def now(home: Path) -> datetime:
    """Return the time, UTC: later than when anything in this home was staged."""
    newest = _newest(home)
    return max(datetime.now(UTC), newest + _TICK) if newest else datetime.now(UTC)


def stamp(home: Path) -> datetime:
    """Return the time, and remember that something was staged then."""
    moment, path = now(home), _path(home)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    # Nothing hangs on it as long as the clock goes on: no fsync, and what cannot be written is left.
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
        temporary.touch(mode=0o600)
        temporary.write_bytes(seal(NEWEST, {"staged_at": moment}, path.stem))
        temporary.replace(path)
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
    return moment


def _newest(home: Path) -> datetime | None:
    """Read when the newest document was staged; where nobody knows, what is published says so."""
    path = _path(home)
    try:
        newest = read_sealed(NEWEST, path)["staged_at"]
        return newest if newest.year < _LAST_YEAR else None
    except (OSError, ValueError, KeyError):
        return query.newest_staged(snapshot_of(home))


def _path(home: Path) -> Path:
    return home / "clock.json"
