"""A database of others, brought to what the snapshot shows: a file of DuckDB, a lake, or one of MotherDuck.

It gets the tables that `outgoing` names, beside whatever else is there, and `_turntable`, where it stands of what
the rows of each episode were written. Only episodes that changed are written, all in one transaction; what the
snapshot has no more goes. Where nothing stays as it was, or a table has other columns, the tables are new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.errors import SourceError
from warehouse.connection import quoted, transaction
from warehouse.export import outgoing
from warehouse.export.outgoing import TABLES
from warehouse.export.targets import Target, attach, explained

STATE, STATE_COLUMNS = "_turntable", ["episode_id", "made_of"]
AT_ONCE = 1_000  # episodes, so that what is sorted fits into the memory
_WANTED = f"select episode_id, md5(made_of || made_alike) from ({outgoing.EPISODES})"  # noqa: S608
# Names are the same in whatever case.
_COLUMNS_THERE = """
select lower(table_name), list(column_name order by column_index) from duckdb_columns()
where database_name = $1 and schema_name = 'main' and not internal group by all
"""
_COMMENTS = """
select table_name, column_name, comment from duckdb_columns()
where database_name = 'snapshot' and table_name in (select unnest($1)) and comment is not null
"""


@dataclass(frozen=True, slots=True)
class Written:
    """How many episodes were written, stayed as they were, and went."""

    written: int
    unchanged: int
    removed: int


def export_database(snapshot: Path, target: Target, told: Callable[[int, int], None]) -> Written:
    """Bring a database to what the snapshot shows; `told` how many episodes are written, of how many.

    Raises:
        SourceError: there is no snapshot, or the database is none, holds something else, or needs an extension.
        TransientError: the database cannot be written, or another program holds it or the snapshot.
        ContentError: the snapshot is damaged.
    """
    with outgoing.opened_to_leave(snapshot) as con:
        wanted = dict(con.execute(_WANTED, {"columns": str(outgoing.COLUMNS)}).fetchall())
        attach(con, target)
        try:
            with transaction(con):
                return _bring(con, target, wanted, told)
        except duckdb.Error as error:
            if "checksum" in str(error):  # of a block of the snapshot
                raise
            raise explained(error, target) from error


def _bring(
    con: duckdb.DuckDBPyConnection, target: Target, wanted: Mapping[str, str], told: Callable[[int, int], None]
) -> Written:
    there = _columns(con, target.catalog)
    taken = STATE if STATE in there else min(there.keys() & TABLES.keys(), default=None)
    if taken and there.get(STATE) != STATE_COLUMNS:
        msg = f"{target} has a table {taken} that is not of an export: give a database without one"
        raise SourceError(msg)
    state = dict(con.execute(f"from {target.table(STATE)}").fetchall()) if STATE in there else {}
    gone = sorted(state.keys() - wanted.keys())
    some_stays, ours = bool(state.items() & wanted.items()), _columns(con, "snapshot")
    if some_stays and all(there.get(table) == ours[table] for table in TABLES):
        changed = sorted(name for name, made_of in wanted.items() if state.get(name) != made_of)
        if changed or gone:
            _delete(con, target, [*changed, *gone])
    else:
        changed = sorted(wanted)
        _make_tables(con, target)
    told(0, len(changed))
    for first in range(0, len(changed), AT_ONCE):
        some = changed[first : first + AT_ONCE]
        _insert(con, target, {name: wanted[name] for name in some})
        told(first + len(some), len(changed))
    return Written(len(changed), len(wanted) - len(changed), len(gone))


def _columns(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, list[str]]:
    """Return the columns of each table and view of a database, by its name in small letters."""
    return dict(con.execute(_COLUMNS_THERE, [catalog]).fetchall())


def _make_tables(con: duckdb.DuckDBPyConnection, target: Target) -> None:
    """Make the tables, with what is said of their columns, in the place of those that are there."""
    outgoing.choose(con, [])
    for table in TABLES:
        con.execute(f"create or replace table {target.table(table)} as {outgoing.rows_that_leave(table)}")
    for table, column, comment in con.execute(_COMMENTS, [list(TABLES)]).fetchall():
        con.execute(f"comment on column {target.table(table)}.{column} is {quoted(comment)}")
    con.execute(f"create or replace table {target.table(STATE)} (episode_id varchar, made_of varchar)")


def _delete(con: duckdb.DuckDBPyConnection, target: Target, episodes: list[str]) -> None:
    outgoing.choose(con, episodes, target.table("transcripts"))
    for table in (*TABLES, STATE):
        con.execute(f"delete from {target.table(table)} where {outgoing.of_chosen(table)}")  # noqa: S608


def _insert(con: duckdb.DuckDBPyConnection, target: Target, made_of: Mapping[str, str]) -> None:
    outgoing.choose(con, [*made_of])
    for table in TABLES:
        con.execute(f"insert into {target.table(table)} by name {outgoing.rows_that_leave(table)}")
    rows = "select unnest($1), unnest($2)"
    con.execute(f"insert into {target.table(STATE)} {rows}", [[*made_of], [*made_of.values()]])
