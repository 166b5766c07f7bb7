"""Staged documents and failures → rows: many in one transaction, and one by one where one of them is bad."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from pydantic import TypeAdapter

from transforms.records import StageRun
from transforms.sealed import cause_of, is_damage, read_sealed
from warehouse.connection import Connection, quoted, rows, transaction, transcripts_in_batches
from warehouse.loading.staging import schema
from warehouse.search.index import index_chosen

_LOAD = Path(__file__).with_name("load.sql")
DERIVE = Path(__file__).with_name("derive.sql")
# What a file of ours, or our own SQL, can do wrong; all else (DuckDB raises a bare `Error` for a bad
# checksum) comes from the machine or the database file.
BUGS = (duckdb.ProgrammingError, duckdb.DataError, duckdb.IntegrityError, duckdb.NotSupportedError)
_BAD = (*BUGS, OSError, TypeError, ValueError)
# One transaction costs as much for a hundred documents as for one, until they fill the memory.
MOST_DOCUMENTS = 200
MOST_BYTES = 16_000_000

_STAGE_RUN = TypeAdapter(StageRun)

File = tuple[str, Path]
Find = Callable[[Collection[str]], Mapping[str, Path]]  # lists the documents by key, but for some of them
Check = Callable[[Path], str | None]  # says in what a staged document is not as it was written; `None` where it is


def believe(_path: Path) -> None:
    """Check nothing."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One staged document that this load brought in, with its numbers of turns and words."""

    staged_key: str
    transcript_id: str
    episode_id: str
    turns: int
    words: int


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that cannot be loaded, and why; nothing of it is in the warehouse."""

    key: str
    path: Path
    cause: str


@dataclass(frozen=True, slots=True)
class Load:
    """What a load brought in, and which files it could not read."""

    loaded: tuple[Loaded, ...] = ()
    refused: tuple[RefusedFile, ...] = ()


def load_new(
    con: Connection, staged: Mapping[str, Path] | Find, failures: Mapping[str, Path], check: Check = believe
) -> Load:
    """Load what the open warehouse has not seen, the oldest first; a bad file holds up none of the others."""
    loaded: list[Loaded] = []
    refused: list[RefusedFile] = []
    new = _checked(con, staged, check, refused)
    for files in _batches(_in_order(new, refused, whole=check is believe)):
        try:
            with transaction(con):
                loaded += _load_documents(con, files)
        except _BAD:
            for file in files:
                with _refusing(refused, file), transaction(con):
                    loaded += _load_documents(con, [file])
    _load_failures(con, failures, refused)
    return Load(tuple(loaded), tuple(refused))


def _checked(
    con: Connection, staged: Mapping[str, Path] | Find, check: Check, refused: list[RefusedFile]
) -> Iterator[File]:
    """Name the documents that were not loaded and are as they were written."""
    loaded = loaded_keys(con)
    new = staged(loaded) if callable(staged) else staged
    for key in sorted(new.keys() - loaded):
        cause = check(new[key])
        if cause is None:
            yield key, new[key]
        else:
            refused.append(RefusedFile(key, new[key], cause))


def _in_order(new: Iterator[File], refused: list[RefusedFile], *, whole: bool) -> list[File]:
    """Sort documents by when they were staged; they are read `whole` for it where nobody checked their bytes."""
    files_of = dict(new)
    if len(files_of) < 2 and not whole:  # to read it would take as long as a seventh of its load
        return list(files_of.items())
    found: list[tuple[datetime, str]] = []
    for files in _batches(list(files_of.items())):
        try:
            found += _staged_at(files, whole=whole)
        except duckdb.DataError:
            for file in files:
                with _refusing(refused, file):
                    found += _staged_at([file], whole=whole)
    return [(key, files_of[key]) for _, key in sorted(found)]


def loaded_keys(con: Connection) -> set[str]:
    """List the keys of the documents that the open warehouse has seen."""
    return {
        key for (key,) in rows(con, "select staged_key from load_log union select staged_key from discoveries")
    }


def _staged_at(files: Sequence[File], *, whole: bool) -> list[tuple[datetime, str]]:
    """Read documents in a database of their own: damaged bytes can bring down their reader."""
    key_of = {str(path): key for key, path in files}
    read = ", bit_xor(hash(d))" if whole else ""  # of what is not asked for nothing is read
    sql = f"select filename, any_value(staged_at){read} from {_reader(files)} d group by 1"  # noqa: S608
    try:
        with duckdb.connect(config={"threads": 2}) as con:
            return [(staged_at, key_of[name]) for name, staged_at, *_ in rows(con, sql)]
    except duckdb.Error as error:
        raise duckdb.DataError(str(error)) from error


def _reader(files: Sequence[File]) -> str:
    """Write in SQL what reads files, with their names in the column `filename`."""
    return f"read_parquet([{', '.join(quoted(path) for _, path in files)}], union_by_name = true, filename = true)"


def _read_documents(con: Connection, files: Sequence[File]) -> None:
    """Make the temp view `staged` of the files, and of it the temp table `document`.

    Both have the columns and fields that are known here: what an older file lacks is NULL, what a newer one adds
    is left. Turns and words, of which there are many, go from the files to where they belong, without a copy.
    """
    con.register("known", schema().empty_table())
    types = {row[0]: row[1] for row in rows(con, "describe known")}
    con.unregister("known")
    reader = _reader(files)
    offered = {row[0] for row in rows(con, f"describe from {reader}")}
    columns = (f"{name if name in offered else 'null'}::{kind} as {name}" for name, kind in types.items())
    con.execute(f"create or replace temp view staged as select {', '.join(columns)}, filename from {reader}")  # noqa: S608
    con.execute(
        """
        create or replace temp table document as
        select s.* exclude (turns, words), f.staged_key
        from staged s join (select unnest(?) as staged_key, unnest(?) as filename) f using (filename)
        """,
        [[key for key, _ in files], [str(path) for _, path in files]],
    )


def _load_documents(con: Connection, files: Sequence[File]) -> list[Loaded]:
    _read_documents(con, files)
    con.execute(_LOAD.read_text(encoding="utf-8"))
    con.execute(DERIVE.read_text(encoding="utf-8"))
    index_chosen(con)
    columns = "staged_key, transcript_id, episode_id, turns, words"
    mine = "select staged_key from document"
    found = rows(
        con,
        f"select {columns} from load_log where staged_key in ({mine}) order by staged_at, staged_key",  # noqa: S608
    )
    return [Loaded(*row) for row in found]


def derive_everything(con: Connection) -> None:
    """Derive anew what the views need of each transcript."""
    tables = [
        name for (name,) in rows(con, "select table_name from duckdb_tables() where table_name ^@ 'derived_'")
    ]
    con.execute("; ".join(f"delete from {table}" for table in tables))  # noqa: S608
    con.execute(
        """
        update turns set is_question = is_question(t.text, s.language)
        from turns t join transcripts s using (transcript_id)
        where turns.rowid = t.rowid and turns.is_question is distinct from is_question(t.text, s.language)
        """
    )
    con.execute("set variable turns_from = 0; set variable words_from = 0")
    con.execute("create or replace temp table others (transcript_id varchar)")
    for ids in transcripts_in_batches(con, MOST_DOCUMENTS):
        con.execute("create or replace temp table new as select unnest(?) as transcript_id", [ids])
        con.execute(DERIVE.read_text(encoding="utf-8"))
    con.execute("drop table others; drop table if exists new")


def _load_failures(con: Connection, failures: Mapping[str, Path], refused: list[RefusedFile]) -> None:
    sql = "select run_id from stage_runs where run_id in (select unnest(?::varchar[]))"
    seen = {key for (key,) in con.execute(sql, [list(failures)]).fetchall()}
    for key in sorted(failures.keys() - seen):
        with _refusing(refused, (key, failures[key])), transaction(con):
            run = read_sealed(_STAGE_RUN, failures[key], key)
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
def _refusing(refused: list[RefusedFile], file: File) -> Iterator[None]:
    """Note a file that cannot be loaded, so that it does not hold up the others."""
    try:
        yield
    except OSError as error:
        if not is_damage(error) and not isinstance(error, FileNotFoundError):
            raise
        refused.append(RefusedFile(*file, cause_of(error)))
    except (*BUGS, TypeError, ValueError) as error:
        refused.append(RefusedFile(*file, str(error).partition("\n")[0]))
