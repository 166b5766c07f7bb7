"""Staged documents and failures → rows: many in one transaction, and one by one where one of them is bad."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from transforms.errors import ContentError
from transforms.records import StageRun

HERE = Path(__file__).parent
# What a file of ours, or our own SQL, can do wrong; all else (DuckDB raises a bare `Error` for a bad
# checksum) comes from the machine or the database file.
BUGS = (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError, duckdb.NotSupportedError)
_BAD = (*BUGS, OSError, TypeError, ValueError)
# One transaction costs as much for a hundred documents as for one, until they fill the memory.
MOST_DOCUMENTS = 200
MOST_BYTES = 16_000_000

Connection = duckdb.DuckDBPyConnection
File = tuple[str, Path]


@dataclass(frozen=True, slots=True)
class Loaded:
    """One staged document that this load brought in, with its numbers of turns and words."""

    staged_key: str
    transcript_id: str
    episode_id: str
    turns: int
    words: int


def load_new(con: Connection, staged: Mapping[str, Path], failures: Mapping[str, Path]) -> tuple[Loaded, ...]:
    """Load what the open warehouse has not seen, the oldest first; a bad file holds up none of the others.

    Raises:
        ContentError: a file is damaged; every other one is loaded first.
    """
    loaded: list[Loaded] = []
    damaged: list[ContentError] = []
    for files in _batches(_in_order(con, staged, damaged)):
        try:
            with transaction(con):
                loaded += _load_documents(con, files)
        except _BAD:
            for file in files:
                with _set_aside(damaged, file[1]), transaction(con):
                    loaded += _load_documents(con, [file])
    _load_failures(con, failures, damaged)
    if damaged:
        raise damaged[0]
    return tuple(loaded)


def _in_order(con: Connection, staged: Mapping[str, Path], damaged: list[ContentError]) -> list[File]:
    """Sort the documents that were not loaded by when they were staged."""
    seen = loaded_keys(con)
    new = [(key, staged[key]) for key in sorted(staged.keys() - seen)]
    found: list[tuple[datetime, str]] = []
    for files in _batches(new):
        try:
            found += _staged_at(files)
        except duckdb.DataError:
            for file in files:
                with _set_aside(damaged, file[1]):
                    found += _staged_at([file])
    return [(key, staged[key]) for _, key in sorted(found)]


def loaded_keys(con: Connection) -> set[str]:
    """List the keys of the documents that the open warehouse has seen."""
    return {
        key for (key,) in _rows(con, "select staged_key from load_log union select staged_key from discoveries")
    }


def _staged_at(files: Sequence[File]) -> list[tuple[datetime, str]]:
    """Read whole documents in a database of their own: damaged bytes can bring down their reader."""
    try:
        with duckdb.connect(config={"threads": 2}) as con:
            _read_documents(con, files)
            return _rows(con, "select distinct staged_at, staged_key from document")
    except duckdb.Error as error:
        raise duckdb.DataError(str(error)) from error


def _read_documents(con: Connection, files: Sequence[File]) -> None:
    """Make the temp table `document` of the files; one that is older lacks columns."""
    con.execute(
        """
        create or replace temp table document as
        select d.* exclude (filename), f.staged_key
        from read_parquet(?, union_by_name = true, filename = true) d
        join (select unnest(?) as staged_key, unnest(?) as filename) f using (filename)
        """,
        [[str(path) for _, path in files], [key for key, _ in files], [str(path) for _, path in files]],
    )


def _load_documents(con: Connection, files: Sequence[File]) -> list[Loaded]:
    _read_documents(con, files)
    con.execute((HERE / "load.sql").read_text(encoding="utf-8"))
    columns = "staged_key, transcript_id, episode_id, turns, words"
    mine = "select staged_key from document"
    rows = _rows(
        con,
        f"select {columns} from load_log where staged_key in ({mine}) order by staged_at, staged_key",  # noqa: S608
    )
    return [Loaded(*row) for row in rows]


def _load_failures(con: Connection, failures: Mapping[str, Path], damaged: list[ContentError]) -> None:
    seen = {key for (key,) in _rows(con, "select run_id from stage_runs")}
    for key in sorted(failures.keys() - seen):
        with _set_aside(damaged, failures[key]), transaction(con):
            run = StageRun(**json.loads(failures[key].read_bytes()))
            con.execute("insert into stage_runs by name select ? as run_id, unnest(?)", [key, asdict(run)])


def _batches(files: Sequence[File]) -> Iterator[list[File]]:
    """Cut a list of files so that each piece fits into memory."""
    batch: list[File] = []
    size = 0
    for key, path in files:
        own = path.stat().st_size if path.is_file() else 0
        if batch and (len(batch) == MOST_DOCUMENTS or size + own > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((key, path))
        size += own
    if batch:
        yield batch


@contextmanager
def _set_aside(damaged: list[ContentError], path: Path) -> Iterator[None]:
    """Note a file that cannot be loaded, so that it does not hold up the others."""
    try:
        yield
    except (*BUGS, FileNotFoundError, TypeError, ValueError) as error:
        cause = str(error).partition("\n")[0]
        damaged.append(ContentError(f"{path} cannot be loaded: {cause}; move it away and ingest it again"))


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


def _rows(con: Connection, sql: str) -> list[Any]:
    return con.execute(sql).fetchall()
