"""The snapshot before the last one, kept so that only what changed has to be written to make the next of it.

A copy of all rows takes longer the more there are. So who publishes a large snapshot keeps the one whose place it
takes, brings that up to date the next time, and both change places. It is used only where it is sound, nobody has
it open, and nobody changed it; else all is copied. A file that is brought up to date keeps the bytes of rows that
were deleted: what has to be gone wants a whole copy.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.connection import quoted

MANY = 1_000_000  # rows of a table: to look through so many takes longer than to ask where the last are
LARGE = 8_000_000  # bytes from which on a snapshot is kept: a copy of less costs no more than what changed

# The time of the last change is this, and that of its rows: whoever writes to a snapshot gives it another.
_AGE = "select epoch_us(coalesce(max(loaded_at), '2000-01-01'::timestamptz)) from snapshot.load_log"

_SCHEMA = """
select md5(string_agg(made, chr(10) order by made)) from (
    select concat_ws(' ', table_name, sql, comment) as made
    from duckdb_tables() where database_name = '{0}' and not internal
    union all
    select concat_ws(' ', view_name, sql, comment) from duckdb_views() where database_name = '{0}' and not internal
    union all
    select concat_ws(' ', table_name, column_name, comment)
    from duckdb_columns() where database_name = '{0}' and not internal
    union all
    select concat_ws(' ', function_name, parameters, macro_definition)
    from duckdb_functions() where database_name = '{0}' and not internal
)
"""
# Documents that one of them has seen and the other has not; a poll has many rows of one key.
_UNSEEN = """
select transcript_id, episode_id, podcast_id from {0}.load_log
where staged_key not in (select staged_key from {1}.load_log)
union all
select null, episode_id, podcast_id from {0}.discoveries
where staged_key not in (select staged_key from {1}.discoveries)
"""
# A transcript may have left another episode, and an episode another show.
_CHANGED = f"""
create temp table unseen as {_UNSEEN.format("warehouse", "snapshot")};
create temp table changed_episodes as
select episode_id from unseen
union select episode_id from snapshot.transcripts where transcript_id in (select transcript_id from unseen);
create temp table changed_transcripts as
select transcript_id from warehouse.transcripts where episode_id in (from changed_episodes);
create temp table old_transcripts as
select transcript_id from snapshot.transcripts
where episode_id in (from changed_episodes) or transcript_id in (from changed_transcripts);
create temp table changed_shows as
select podcast_id from unseen where podcast_id is not null
union select podcast_id from warehouse.episodes where episode_id in (from changed_episodes)
union select podcast_id from snapshot.episodes where episode_id in (from changed_episodes)
"""  # noqa: S608


# What is copied whole is sorted for those who search.
_IS_MUCH = """
select 5 * (select count(*) from changed_transcripts) > (select count(*) from warehouse.transcripts)
    and (select count(*) from changed_transcripts) > 100
"""


def order_of(table: str) -> str:
    """Return the order in which the rows of a table are written: a search reads only where its words are."""
    return "order by word, transcript_id" if table == "search_index" else ""


def place(snapshot: Path) -> Path:
    """Name the file beside a snapshot that its predecessor is kept in."""
    return snapshot.parent / f".{snapshot.name}.spare"


def is_ours(path: Path) -> bool:
    """Check whether nobody changed a snapshot since it was published, and nothing in this process has it open.

    If another process has it open, DuckDB itself says so; a lock of the system keeps nobody out of the same one.
    """
    try:
        found = path.stat()
        return found.st_mtime_ns == _age(path) and not any(
            os.path.samestat(found, other) for other in _open_files()
        )
    except (OSError, duckdb.Error):
        return False


def mark_as_ours(path: Path) -> None:
    """Give a finished snapshot the time of its newest load."""
    os.utime(path, ns=(_age(path),) * 2)


def _age(path: Path) -> int:
    """Return when the newest load of a snapshot was, in nanoseconds."""
    with duckdb.connect() as con:
        con.execute(f"attach {quoted(path)} as snapshot (read_only)")
        return 1000 * int(_value(con, _AGE))


def _open_files() -> Iterator[os.stat_result]:
    """Yield what this process has open."""
    for descriptor in Path("/dev/fd").iterdir():
        with suppress(OSError):
            yield os.fstat(int(descriptor.name))


@contextmanager
def kept(snapshot: Path, beside: Path, least: int) -> Iterator[None]:
    """Keep the file of a snapshot that is replaced meanwhile, if it has so many bytes and nobody changed it.

    `beside` is a name for it until it has its place: what a killed process left there is swept.
    """
    keeps = snapshot.is_file() and snapshot.stat().st_size >= least and is_ours(snapshot)
    if keeps:
        try:
            os.link(snapshot, beside)
        except OSError:  # a file system without links
            keeps = False
    yield
    if keeps:
        beside.replace(place(snapshot))


def bring_up_to_date(con: duckdb.DuckDBPyConnection, left: str) -> bool:
    """Bring `snapshot` to what `warehouse` holds, both attached; False where it has to be copied whole.

    `left` deletes what the warehouse holds and nobody needs.
    """
    same = _value(con, _SCHEMA.format("warehouse")) == _value(con, _SCHEMA.format("snapshot"))
    if not same or _value(con, f"select count(*) from ({_UNSEEN.format('snapshot', 'warehouse')})"):  # noqa: S608
        return False
    con.execute(_CHANGED)
    if _value(con, _IS_MUCH):
        return False
    is_new = _value(con, "select count(*) from old_transcripts") == 0
    for table, columns in tables(con).items():
        for one in _rows_of(table, columns):
            if not (is_new and one.of_transcripts):
                con.execute(f"delete from snapshot.{table} where {one.old}")  # noqa: S608
            new = _at_the_end(con, table, one.new) if is_new and one.of_transcripts else one.new
            come = f"select * from warehouse.{table} where {new}"  # noqa: S608
            con.execute(f"insert into snapshot.{table} by name {come} {order_of(table)}")
    con.execute(left)
    return True


def _at_the_end(con: duckdb.DuckDBPyConnection, table: str, new: str) -> str:
    """Say where the rows of new transcripts are: at the end of a large table, if all that come are there."""
    count = "select count(*) from {}.{}"
    there = _value(con, count.format("warehouse", table))
    if there < MANY:
        return new
    comes = there - _value(con, count.format("snapshot", table))
    last = f"rowid >= {there - comes} and {new}"  # of a table with rows that were deleted it is more than the end
    return last if _value(con, f"{count.format('warehouse', table)} where {last}") == comes else new


@dataclass(frozen=True, slots=True)
class _Changed:
    """Which rows of a table go, and which come from the warehouse; a new transcript has none that go."""

    old: str
    new: str
    of_transcripts: bool = False


def _rows_of(table: str, columns: Collection[str]) -> Iterator[_Changed]:
    """Yield what changes of a table, by what its rows are about; a table about none of these is written anew."""
    of_episodes = "episode_id in (from changed_episodes)"
    if table == "stage_runs":  # what was run for an episode that all left counts for another in the snapshot
        theirs = f"run_id in (select run_id from warehouse.stage_runs where {of_episodes})"  # noqa: S608
        yield _Changed(f"{of_episodes} or {theirs}", "run_id not in (select run_id from snapshot.stage_runs)")
        return
    if table == "search_words":  # of no episode, and nearly all of them stay
        other = "(language, word) not in (select (language, word) from {}.search_words)"
        yield _Changed(other.format("warehouse"), other.format("snapshot"))
        return
    if table == "passages":  # they come behind the load of what they are of
        made = "(transcript_id, text_md5, method)"
        other = f"{made} not in (select distinct {made} from {{}}.passages)"  # noqa: S608
        yield _Changed(other.format("warehouse"), other.format("snapshot"))
        return
    of_transcripts = next((name for name in ("transcript_id", "document_id") if name in columns), None)
    if of_transcripts:
        old, new = (f"{of_transcripts} in (from {ids}_transcripts)" for ids in ("old", "changed"))
        yield _Changed(old, new, of_transcripts=True)
        if "episode_id" in columns:  # chapters of the episode itself
            own = f"{of_transcripts} is null and {of_episodes}"
            yield _Changed(own, own)
    elif "episode_id" in columns:
        yield _Changed(of_episodes, of_episodes)
    elif "podcast_id" in columns:
        of_shows = "podcast_id in (from changed_shows)"
        yield _Changed(of_shows, of_shows)
    else:
        yield _Changed("true", "true")


def tables(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """List the tables of the warehouse with their columns."""
    sql = """
        select table_name, list(column_name) from duckdb_columns()
        where database_name = 'warehouse' and table_name in
            (select table_name from duckdb_tables() where database_name = 'warehouse')
        group by 1 order by 1
    """
    return dict(con.execute(sql).fetchall())


def _value(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    ((value,),) = con.execute(sql).fetchall()
    return value
