"""The snapshot as Parquet by show and year, for Spark, Trino, Polars and whatever else reads folders.

    DIR/best_turns/podcast=<podcast_id>/year=<2026>/data.parquet    and so turns, words, …: `TABLES`
        _turntable.json                                             of what each partition was written

Only partitions that changed are written, each file beside and then in place of the one before; partitions that are
in the snapshot no more go. What is not known is in a partition as Hive calls it: `__HIVE_DEFAULT_PARTITION__`.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import duckdb

from transforms.errors import ContentError, SourceError, TransientError
from warehouse.answer_lines import address_of
from warehouse.load import quoted
from warehouse.snapshot import holder, one_line
from warehouse.store import sync

TABLES: Mapping[str, str] = {  # what each table is sorted by
    "best_turns": "episode_id, turn_index",
    "turns": "episode_id, transcript_id, turn_index",
    "words": "transcript_id, word_index",
    "transcripts": "episode_id, transcript_id",
    "episodes": "published_at, episode_id",
    "chapters": "episode_id, transcript_id, chapter_index",
}
# Where files lie on this machine concerns nobody else: those columns are empty.
_ADDRESSES = ", ".join(f"{address_of(column)} as {column}" for column in ("audio_url", "page_url"))
_LINKS = "list_filter(transcripts, lambda link: regexp_matches(link.url, '^https?://', 'i')) as transcripts"
_COLUMNS = {
    "best_turns": f"* replace (null::varchar as audio_path, {_ADDRESSES})",
    "episodes": f"* replace (null::varchar as audio_path, {_ADDRESSES}, {_LINKS})",
    "transcripts": f"* replace ({address_of('origin')} as origin)",
}
_CHOSEN = {"words": "transcript_id"}  # by what its rows are known, if not by the episode
STATE = "_turntable.json"  # engines overlook names that begin so
FILE = "data.parquet"
LONGEST = 200  # characters of a name of a folder
NOT_KNOWN = "__HIVE_DEFAULT_PARTITION__"

# What the rows of a partition depend on: its episodes and their documents, its show, the columns of today.
_PARTITIONS = """
with documents as (
    select t.episode_id, md5(string_agg(l.staged_key, ' ' order by l.staged_key)) as made_of,
    from load_log l join transcripts t using (transcript_id)
    group by t.episode_id
)
select
    coalesce(e.podcast_id, $not_known) as podcast, coalesce(year(e.published_at)::varchar, $not_known) as year,
    md5(string_agg(concat_ws(' ', e.episode_id, epoch_us(e.updated_at), made_of), chr(10) order by e.episode_id)
        || coalesce(any_value(p.title), '') || digest_of_views() || $columns
        || (select string_agg(name, ' ' order by name) from schema_migrations)) as fingerprint,
    list(e.episode_id order by e.episode_id) as episodes
from episodes e left join documents using (episode_id) left join podcasts p using (podcast_id)
group by all order by all
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """What became of a partition; `done` of `total` are looked at."""

    name: str
    news: Literal["written", "unchanged", "removed"]
    done: int
    total: int


def export_partitions(snapshot: Path, folder: Path) -> Iterator[Partition]:
    """Bring a folder to what the snapshot shows, and yield what becomes of each partition.

    Raises:
        SourceError: there is no snapshot, or the folder holds something else.
        TransientError: the disk is full, cannot be written, or another program holds the snapshot.
        ContentError: the snapshot is damaged.
    """
    if not snapshot.is_file():
        msg = f"nothing ingested yet ({snapshot} is missing): run `turntable ingest …`"
        raise SourceError(msg)
    with _explained(snapshot, folder), duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as con:
        state = _read_state(folder)
        con.execute(f"attach {quoted(snapshot)} as snapshot (read_only); use snapshot")
        con.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        wanted = con.execute(_PARTITIONS, {"not_known": NOT_KNOWN, "columns": str(_COLUMNS)}).fetchall()
        names = {_name(podcast, year) for podcast, year, *_ in wanted}
        gone = sorted((_there(folder) | state.keys()) - names)
        total = len(wanted) + len(gone)
        for done, (podcast, year, fingerprint, episodes) in enumerate(wanted, 1):
            name = _name(podcast, year)
            is_known = state.get(name) == fingerprint and all((folder / t / name / FILE).is_file() for t in TABLES)
            if not is_known:
                _write(con, folder, name, episodes)
                state[name] = fingerprint
                _write_state(folder, state)
            yield Partition(name, "unchanged" if is_known else "written", done, total)
        for done, name in enumerate(gone, len(wanted) + 1):
            _remove(folder, name)
            state.pop(name, None)
            _write_state(folder, state)
            yield Partition(name, "removed", done, total)


def _name(podcast: str, year: str) -> str:
    """Name a partition; what a publisher calls his show is a name and no path."""
    name = podcast if podcast == NOT_KNOWN else quote(podcast, safe="")
    return f"podcast={name if len(name) <= LONGEST else hashlib.sha256(name.encode()).hexdigest()}/year={year}"


def _write(con: duckdb.DuckDBPyConnection, folder: Path, name: str, episodes: list[str]) -> None:
    """Write the files of a partition; each is there whole or as it was."""
    con.execute(
        "create or replace temp table chosen as select unnest($1) as id "
        "union select transcript_id from transcripts where episode_id in (select unnest($1))",
        [episodes],
    )
    for table, order in TABLES.items():
        path = folder / table / name / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"_{uuid.uuid4().hex[:8]}.tmp")
        try:
            own = _CHOSEN.get(table, "episode_id")
            con.execute(
                f"copy (select {_COLUMNS.get(table, '*')} from {table} "  # noqa: S608 - names of ours
                f"where {own} in (from temp.chosen) order by {order}) "
                f"to {quoted(fresh)} (format parquet, compression zstd)"
            )
            sync(fresh)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)


def _there(folder: Path) -> set[str]:
    """Name the partitions that have a file."""
    paths = (path for table in TABLES for path in folder.glob(f"{table}/podcast=*/year=*/{FILE}"))
    return {"/".join(path.parts[-3:-1]) for path in paths}


def _remove(folder: Path, name: str) -> None:
    """Remove the files of a partition, and folders that are empty then."""
    for table in TABLES:
        place = folder / table / name
        (place / FILE).unlink(missing_ok=True)
        for one in (place, place.parent):
            with suppress(OSError):
                one.rmdir()


def _read_state(folder: Path) -> dict[str, str]:
    """Read of what the partitions of a folder were written; a new or empty folder has none.

    Raises:
        SourceError: it holds something that is no export.
    """
    try:
        said = json.loads((folder / STATE).read_text(encoding="utf-8"))
        return {str(name): str(one) for name, one in said["partitions"].items()}
    except FileNotFoundError:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            msg = f"{folder} holds something else: give a new or empty folder, or that of an export before"
            raise SourceError(msg) from None
        _write_state(folder, {})
        return {}
    except (ValueError, KeyError, AttributeError, TypeError):
        return {}  # all is written anew


def _write_state(folder: Path, state: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"_{uuid.uuid4().hex[:8]}.tmp"
    try:
        fresh.write_text(json.dumps({"partitions": state}, indent=1, sort_keys=True), encoding="utf-8")
        sync(fresh)
        fresh.replace(folder / STATE)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _explained(snapshot: Path, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{folder} cannot be written ({(error.strerror or str(error)).lower()}): mend that, run it again"
        raise TransientError(msg) from error
    except duckdb.Error as error:
        raise _translated(error, snapshot, folder) from error


def _translated(error: duckdb.Error, snapshot: Path, folder: Path) -> Exception:
    if program := holder(error):
        return TransientError(f"{snapshot} is open in {program}: close it there and run it again")
    if (isinstance(error, duckdb.IOException) and str(folder) in str(error)) or "No space left" in str(error):
        return TransientError(f"{folder} cannot be written ({one_line(error)}): mend that, run it again")
    return ContentError(f"{snapshot} cannot be exported: {one_line(error)}; make it anew with `turntable rebuild`")
