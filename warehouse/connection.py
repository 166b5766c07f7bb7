"""What all who talk to DuckDB share: rows of a query, a transaction, a literal of SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

Connection = duckdb.DuckDBPyConnection


def rows(con: Connection, sql: str, parameters: Iterable[object] = ()) -> list[Any]:
    """Return the rows of a query."""
    return con.execute(sql, list(parameters)).fetchall()


@contextmanager
def transaction(con: Connection) -> Iterator[None]:
    """Do all of what is inside, or nothing."""
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def quoted(text: object) -> str:
    """Write a text, or a path, as a literal of SQL.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def transcripts_in_batches(con: Connection, size: int) -> Iterator[list[str]]:
    """Yield the ids of all transcripts, so many at a time: what is made of them fits into the memory."""
    ids = [name for (name,) in rows(con, "select transcript_id from transcripts order by all")]
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
