"""Whether what was loaded since the last look is sound: the laws, and the snapshot, of the episodes that changed.

What was sound then and was not touched since is not read again: the cost follows the change. Nothing is copied;
writers wait meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.connection import Connection, quoted, rows
from warehouse.soundness.laws import LAWS, Problem
from warehouse.store import explained, standing_still

# Tables of millions of rows, and by what their rows belong to what changed.
_LARGE: Mapping[str, str] = {
    "turns": "transcript_id",
    "words": "transcript_id",
    "speaker_segments": "transcript_id",
    "search_index": "transcript_id",
    "derived_talk": "transcript_id",
    "derived_overlaps": "transcript_id",
    "derived_pairs": "transcript_id",
    "derived_silences": "transcript_id",
    "derived_monologues": "transcript_id",
    "passages": "transcript_id",
    "transcripts": "transcript_id",
    "load_log": "transcript_id",
    "stage_runs": "episode_id",
}
_STATE = """
select
    (select count(*) from load_log), (select max(loaded_at) from load_log),
    (select count(*) from discoveries), (select max(loaded_at) from discoveries), (select count(*) from stage_runs)
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a warehouse was loaded when it was looked at."""

    loads: int
    loaded_at: datetime | None
    discoveries: int
    discovered_at: datetime | None
    runs: int


def seen(warehouse: Path) -> Seen:
    """Return how far a warehouse is loaded.

    Raises:
        ContentError: it is damaged.
        TransientError: another process holds it.
    """
    with standing_still(warehouse), explained(warehouse), duckdb.connect() as con:
        con.execute(f"attach {quoted(warehouse)} as warehouse (read_only); use warehouse")
        return Seen(*rows(con, _STATE)[0])


def unsound_since(warehouse: Path, snapshot: Path, before: Seen) -> tuple[Problem, ...] | None:
    """List what does not hold of what was loaded since; `None` where that cannot tell it all.

    That is where nothing was loaded, though the file is another, or where rows are gone.

    Raises:
        ContentError: the warehouse is damaged.
        TransientError: another process holds it.
    """
    with standing_still(warehouse), explained(warehouse), duckdb.connect() as con:
        con.execute(f"attach {quoted(warehouse)} as warehouse (read_only); use warehouse")
        now = Seen(*rows(con, _STATE)[0])
        grown = now.loads > before.loads or now.discoveries > before.discoveries or now.runs > before.runs
        shrunk = now.loads < before.loads or now.discoveries < before.discoveries or now.runs < before.runs
        if not grown or shrunk or not _attached(con, snapshot):
            return None
        _choose(con, before)
        return (*_broken_laws(con), *_unpublished(con))


def _attached(con: Connection, snapshot: Path) -> bool:
    try:
        con.execute(f"attach {quoted(snapshot)} as snapshot (read_only)")
    except duckdb.Error:  # it is looked at by who can say what is wrong with it
        return False
    return True


def _choose(con: Connection, before: Seen) -> None:
    """Let the names of large tables mean their rows of what changed: of whole episodes."""
    since = before.loaded_at or datetime.min
    con.execute(
        "create temp table changed_episodes as select distinct t.episode_id as id from warehouse.load_log l "
        "join warehouse.transcripts t using (transcript_id) where l.loaded_at > ?",
        [since],
    )
    con.execute(
        "create temp table changed_transcripts as select transcript_id as id from warehouse.transcripts "
        "where episode_id in (from temp.changed_episodes)"
    )
    for table, column in _LARGE.items():
        changed = column.replace("_id", "s")
        con.execute(
            f"create temp view {table} as from warehouse.{table} where {column} in (from temp.changed_{changed})"
        )


def _broken_laws(con: Connection) -> Iterator[Problem]:
    for check, detail in rows(con, LAWS.read_text(encoding="utf-8")):
        yield Problem(check, detail)


def _unpublished(con: Connection) -> Iterator[Problem]:
    """Compare the rows of what changed, and how many loads there are, with the snapshot."""
    for table, column in _LARGE.items():
        if table == "stage_runs":  # in the snapshot they may be of another episode
            continue
        changed = f"where {column} in (from temp.changed_{column.replace('_id', 's')})"
        mine, shown = (
            rows(con, f"select count(*), sum(hash(t)::hugeint) from {place}.{table} t {changed}")  # noqa: S608
            for place in ("warehouse", "snapshot")
        )
        if mine != shown:
            yield Problem("snapshot differs from the warehouse", table)
    states = [rows(con, _STATE.replace("from ", f"from {place}.")) for place in ("warehouse", "snapshot")]
    if states[0] != states[1]:
        yield Problem("snapshot differs from the warehouse", "load_log")
