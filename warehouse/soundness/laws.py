"""Whether the warehouse, its snapshot and its files agree: laws that must return no row, and comparisons.

All of it works on a copy, so that nobody waits for it but while the copy is made.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from transforms.records import Episode, Podcast, StageRun
from warehouse.connection import Connection, quoted, rows
from warehouse.loading.load import Check, believe, load_new, loaded_keys
from warehouse.loading.staging import NOT_STORED
from warehouse.query import episode_of
from warehouse.snapshot import holder
from warehouse.store import (
    MIGRATIONS,
    MOVED,
    explained,
    locked,
    migrate,
    new_file,
    opened,
    require,
    standing_still,
)

LAWS = Path(__file__).with_name("verify.sql")
REBUILD = "turntable rebuild"
_TRANSCRIPTS = """
    select l.staged_key, e.title, s.episode_id, s.rendition_id, s.source, s.origin, s.document_sha256, e.linked_by
    from load_log l join transcripts s using (transcript_id) left join episodes e on e.episode_id = s.episode_id
    qualify row_number() over (partition by l.transcript_id order by l.staged_at desc, l.staged_key desc) = 1
    order by all
"""
# As the snapshot has them: what was run for an episode that all left was run for where they are now.
_RUNS = f"""(
    select r.* replace (coalesce(moved.episode_id, r.episode_id) as episode_id)
    from warehouse.stage_runs r left join ({MOVED.format("warehouse")}) moved on moved.before = r.episode_id
)"""  # noqa: S608
# What `publish` leaves out of the snapshot.
_SHOWN = {
    "episodes": "episode_id in (select episode_id from warehouse.transcripts) "
    "or episode_id in (select episode_id from warehouse.discoveries)",
    "renditions": "episode_id in (select episode_id from warehouse.transcripts)",
    "chapters": "episode_id in (select episode_id from warehouse.transcripts)",
    "podcasts": "podcast_id in (select podcast_id from warehouse.episodes where podcast_id is not null and ("
    "episode_id in (select episode_id from warehouse.transcripts) "
    "or episode_id in (select episode_id from warehouse.discoveries)))",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that must hold and does not: what, where, and what to do."""

    check: str
    detail: str
    advice: str = REBUILD


@dataclass(frozen=True, slots=True)
class View:
    """A warehouse and its snapshot at one moment, as files that nobody changes; `None` where it has none."""

    warehouse: Path
    snapshot: Path | None


@dataclass(frozen=True, slots=True)
class ShownTranscript:
    """A transcript that a warehouse shows, by the document that it was last told by: enough to get it again."""

    staged_key: str
    title: str | None
    episode_id: str
    rendition_id: str | None
    source: str
    origin: str | None
    document_sha256: str | None
    linked_by: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What one look at a feed found, as it is known now."""

    staged_key: str
    staged_at: datetime
    podcast: Podcast
    episodes: tuple[Episode, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a warehouse was made of: its documents by key, what they hold, and the failures by name."""

    documents: frozenset[str]
    transcripts: tuple[ShownTranscript, ...]
    found: tuple[Discovery, ...]
    failures: Mapping[str, StageRun]


def look(warehouse: Path, snapshot: Path, folder: Path) -> View:
    """Copy the warehouse into a folder of the same disk, with the snapshot of the same moment.

    Raises:
        SourceError: there is no warehouse.
        ContentError: it is damaged, or a newer Turntable made it.
        TransientError: another process holds it, or the disk is full.
    """
    require(warehouse)
    copy = folder / "warehouse.duckdb"
    shown = _copied(warehouse, snapshot, copy)
    with opened(copy) as con:  # what a killed writer left is replayed
        migrate(con)
    return View(copy, shown)


def _copied(warehouse: Path, snapshot: Path, copy: Path) -> Path | None:
    shown = copy.with_name("snapshot.duckdb")
    with explained(warehouse), standing_still(warehouse):
        shutil.copyfile(warehouse, copy)
        for log in warehouse.parent.glob(f"{warehouse.name}.wal*"):
            shutil.copyfile(log, copy.with_name(log.name.replace(warehouse.name, copy.name)))
        if not snapshot.is_file():
            return None
        try:
            os.link(snapshot, shown)  # it is only ever replaced as a whole
        except OSError:  # a disk without links
            shutil.copyfile(snapshot, shown)
    return shown


def contents(warehouse: Path) -> Contents:
    """List what a warehouse or a snapshot was made of.

    Raises:
        ContentError: it is damaged.
    """
    names = [field.name for field in fields(StageRun)]
    # The rows of files have short names, those of stages the whole hash of what they are.
    runs = f"select run_id, {', '.join(names)} from stage_runs where status = 'failed' and length(run_id) <= 32"  # noqa: S608
    with opened(warehouse, read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        failures = {
            key: StageRun(
                **{**dict(zip(names, row, strict=True)), "flags": tuple(row[names.index("flags")] or ())}
            )
            for key, *row in rows(con, runs)
        }
        transcripts = tuple(ShownTranscript(*row) for row in rows(con, _TRANSCRIPTS))
        return Contents(frozenset(loaded_keys(con)), transcripts, _discoveries(con), failures)


def _discoveries(con: Connection) -> tuple[Discovery, ...]:
    shows = [field.name for field in fields(Podcast)]
    names = [field.name for field in fields(Episode) if field.name not in NOT_STORED]
    columns = ", ".join([*(f"p.{name}" for name in shows), *(f"e.{name}" for name in names)])
    found = rows(
        con,
        f"""
        select d.staged_key, d.staged_at, {columns}
        from discoveries d join podcasts p using (podcast_id) join episodes e on e.episode_id = d.episode_id
        order by d.staged_key, e.published_at desc, e.episode_id
        """,  # noqa: S608
    )
    return tuple(
        Discovery(
            key, staged_at, Podcast(*together[0][: len(shows)]), tuple(_episode(names, row) for row in together)
        )
        for (key, staged_at), group in groupby(found, lambda row: (row[0], row[1]))
        if (together := [row[2:] for row in group])
    )


def _episode(names: Sequence[str], row: Sequence[Any]) -> Episode:
    return episode_of(dict(zip(names, row[-len(names) :], strict=True)))


def broken_laws(warehouse: Path) -> tuple[Problem, ...]:
    """List what breaks the laws of `verify.sql`, and what of a warehouse is not of the newest schema.

    Raises:
        ContentError: it is damaged.
    """
    with opened(warehouse, read_only=True) as con:
        if problem := _wrong_schema(con):
            return (problem,)
        found = rows(con, LAWS.read_text(encoding="utf-8"))
    return tuple(Problem(check, detail) for check, detail in found)


def _wrong_schema(con: Connection) -> Problem | None:
    """Return how the schema of the open warehouse is not the newest, None where it is."""
    applied = {name for (name,) in rows(con, "select name from schema_migrations")}
    known = {path.name for path in MIGRATIONS.glob("*.sql")}
    if unknown := applied - known:
        detail = f"the warehouse has {max(unknown)}"
        return Problem("schema is of a newer Turntable", detail, f"upgrade, or {REBUILD}")
    return Problem("schema is not the newest", "the next load brings it") if known - applied else None


def unpublished(view: View) -> tuple[Problem, ...]:
    """List where the snapshot is not what the warehouse says: every row of both is read and hashed.

    Raises:
        ContentError: the warehouse is damaged.
    """
    if view.snapshot is None:
        return (Problem("snapshot is missing", "nobody can read what was loaded"),)
    with explained(view.warehouse), duckdb.connect() as con:
        con.execute(f"attach {quoted(view.warehouse)} as warehouse (read_only)")
        tables = _tables(con, "warehouse")
        mine = {table: _sum(con, "warehouse", table) for table in tables}
    try:
        with duckdb.connect() as con:
            con.execute(f"attach {quoted(view.snapshot)} as snapshot (read_only)")
            shown = {table: _sum(con, "snapshot", table) for table in _tables(con, "snapshot")}
    except duckdb.Error as error:
        if program := holder(error):
            return (
                Problem("snapshot cannot be looked at", f"it is open for writing in {program}", "close it there"),
            )
        return (Problem("snapshot is damaged", str(error).partition("\n")[0]),)
    differing = sorted(table for table in mine.keys() | shown.keys() if mine.get(table) != shown.get(table))
    return tuple(Problem("snapshot differs from the warehouse", table) for table in differing)


def verify(
    warehouse: Path, staged: Mapping[str, Path], failures: Mapping[str, Path], check: Check = believe
) -> tuple[Problem, ...]:
    """List what does not hold: the laws, and equality with the files, row by row.

    Raises:
        SourceError: there is no warehouse yet.
        ContentError: the warehouse is damaged.
        TransientError: another process holds the warehouse, or the disk is full.
    """
    require(warehouse)
    with opened(warehouse, read_only=True) as con:
        if problem := _wrong_schema(con):
            return (problem,)
    with locked(warehouse), new_file(warehouse) as fresh:
        with opened(fresh) as con:
            migrate(con)
            refused = load_new(con, staged, failures, check).refused
        with opened(warehouse, read_only=True) as con:
            con.execute(f"attach {quoted(fresh)} as rebuilt (read_only)")
            damaged = (Problem("file is damaged", f"{one.path}: {one.cause}") for one in refused)
            return (*damaged, *_problems(con, staged))


def _problems(con: Connection, staged: Mapping[str, Path]) -> Iterator[Problem]:
    """Check the open warehouse against its laws, its files and the database `rebuilt`."""
    loaded = loaded_keys(con)
    yield from (Problem("staged document is not loaded", key) for key in sorted(staged.keys() - loaded))
    yield from (Problem("loaded document has no file", key) for key in sorted(loaded - staged.keys()))
    for check, detail in rows(con, LAWS.read_text(encoding="utf-8")):
        yield Problem(check, detail)
    for table in _tables(con, "rebuilt"):
        if table == "passages":  # made of the turns, which are compared, and dear: its laws have to do
            continue
        mine, rebuilt = (
            f"(select columns(lambda c: c not in ('loaded_at', 'applied_at')) from {name})"  # noqa: S608
            for name in (table, f"rebuilt.{table}")
        )
        yield from _difference(con, table, mine, rebuilt)


def _difference(con: Connection, table: str, mine: str, rebuilt: str) -> Iterator[Problem]:
    for here, there, where in ((mine, rebuilt, "the warehouse"), (rebuilt, mine, "the files")):
        ((count,),) = rows(con, f"select count(*) from ({here} except all {there})")  # noqa: S608
        if count:
            yield Problem("warehouse differs from its files", f"{table}: {count} rows only in {where}")


def _tables(con: Connection, database: str) -> list[str]:
    sql = f"select table_name from duckdb_tables() where database_name = '{database}' order by table_name"  # noqa: S608
    return [table for (table,) in rows(con, sql)]


def _sum(con: Connection, database: str, table: str) -> tuple[int, int]:
    """Count and hash the rows of a table, whatever their order: DuckDB checks every block that it reads."""
    shown, rows_of = "true", f"{database}.{table}"
    if database == "warehouse":
        shown = _SHOWN.get(table, shown)
        rows_of = _RUNS if table == "stage_runs" else rows_of
    sql = f"select count(*), sum(hash(t)::hugeint) from {rows_of} t where {shown}"  # noqa: S608
    ((count, total),) = rows(con, sql)
    return count, total or 0
