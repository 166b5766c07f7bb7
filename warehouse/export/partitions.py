"""The snapshot as Parquet by show and year, for Spark, Trino, Polars and whatever else reads folders.

    DIR/best_turns/podcast=<podcast_id>/year=<2026>/data.parquet    and so turns, words, …: `TABLES`
        _turntable.json                                             of what each partition was written

Only partitions that changed are written, each file whole in the place of the one before; partitions that are in
the snapshot no more go. What is not known is in a partition as Hive calls it: `__HIVE_DEFAULT_PARTITION__`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import duckdb

from transforms.errors import ContentError, SourceError, TransientError
from warehouse.answers.answer_lines import address_of
from warehouse.export.places import Place
from warehouse.loading.load import quoted
from warehouse.snapshot import holder, one_line

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


def export_partitions(snapshot: Path, place: Place) -> Iterator[Partition]:
    """Bring a place to what the snapshot shows, and yield what becomes of each partition.

    Raises:
        SourceError: there is no snapshot, or the place holds something else.
        TransientError: the place is full, cannot be written, or another program holds the snapshot.
        ContentError: the snapshot is damaged.
    """
    if not snapshot.is_file():
        msg = f"nothing ingested yet ({snapshot} is missing): run `turntable ingest …`"
        raise SourceError(msg)
    with _explained(snapshot, place), duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as con:
        state, files = _read_state(place), place.files()
        con.execute(f"attach {quoted(snapshot)} as snapshot (read_only); use snapshot")
        con.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        wanted = con.execute(_PARTITIONS, {"not_known": NOT_KNOWN, "columns": str(_COLUMNS)}).fetchall()
        names = {_name(podcast, year) for podcast, year, *_ in wanted}
        gone = sorted((_partitions_of(files) | state.keys()) - names)
        total = len(wanted) + len(gone)
        for done, (podcast, year, fingerprint, episodes) in enumerate(wanted, 1):
            name = _name(podcast, year)
            is_known = state.get(name) == fingerprint and files.issuperset(_files_of(name))
            if not is_known:
                _write(con, place, name, episodes)
                state[name] = fingerprint
                _write_state(place, state)
            yield Partition(name, "unchanged" if is_known else "written", done, total)
        for done, name in enumerate(gone, len(wanted) + 1):
            for file in files.intersection(_files_of(name)):
                place.remove(file)
            state.pop(name, None)
            _write_state(place, state)
            yield Partition(name, "removed", done, total)


def _name(podcast: str, year: str) -> str:
    """Name a partition; what a publisher calls his show is a name and no path."""
    name = podcast if podcast == NOT_KNOWN else quote(podcast, safe="")
    return f"podcast={name if len(name) <= LONGEST else hashlib.sha256(name.encode()).hexdigest()}/year={year}"


def _files_of(name: str) -> Iterator[str]:
    """Yield the names of the files of a partition, of one table after the other."""
    return (f"{table}/{name}/{FILE}" for table in TABLES)


def _partitions_of(files: Set[str]) -> set[str]:
    """Name the partitions that have a file."""
    parts = (file.split("/") for file in files)
    return {
        f"{show}/{year}"
        for table, show, year, file in (one for one in parts if len(one) == 4)
        if table in TABLES and show.startswith("podcast=") and year.startswith("year=") and file == FILE
    }


def _write(con: duckdb.DuckDBPyConnection, place: Place, name: str, episodes: list[str]) -> None:
    """Write the files of a partition; each is there whole or as it was."""
    con.execute(
        "create or replace temp table chosen as select unnest($1) as id "
        "union select transcript_id from transcripts where episode_id in (select unnest($1))",
        [episodes],
    )
    for (table, order), file in zip(TABLES.items(), _files_of(name), strict=True):
        with place.writing(file) as fresh:
            own = _CHOSEN.get(table, "episode_id")
            con.execute(
                f"copy (select {_COLUMNS.get(table, '*')} from {table} "  # noqa: S608 - names of ours
                f"where {own} in (from temp.chosen) order by {order}) "
                f"to {quoted(fresh)} (format parquet, compression zstd)"
            )


def _read_state(place: Place) -> dict[str, str]:
    """Read of what the partitions of a place were written; a new or empty one has none.

    Raises:
        SourceError: it holds something that is no export.
    """
    data = place.read(STATE)
    if data is None:
        if not place.is_empty():
            msg = f"{place} holds something else: give a new or empty folder, or that of an export before"
            raise SourceError(msg)
        _write_state(place, {})
        return {}
    try:
        return {str(name): str(one) for name, one in json.loads(data)["partitions"].items()}
    except (ValueError, KeyError, AttributeError, TypeError):
        return {}  # all is written anew


def _write_state(place: Place, state: Mapping[str, str]) -> None:
    with place.writing(STATE) as fresh:
        fresh.write_text(json.dumps({"partitions": state}, indent=1, sort_keys=True), encoding="utf-8")


@contextmanager
def _explained(snapshot: Path, place: Place) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = " ".join((error.strerror or str(error)).split())
        msg = f"{place} cannot be written ({cause[:1].lower()}{cause[1:]}): mend that, run it again"
        raise TransientError(msg) from error
    except duckdb.Error as error:
        raise _translated(error, snapshot, place) from error


def _translated(error: duckdb.Error, snapshot: Path, place: Place) -> Exception:
    if program := holder(error):
        return TransientError(f"{snapshot} is open in {program}: close it there and run it again")
    if "No space left" in str(error) or "Could not write" in str(error) or str(place) in str(error):
        return TransientError(f"{place} cannot be written ({one_line(error)}): mend that, run it again")
    return ContentError(f"{snapshot} cannot be exported: {one_line(error)}; make it anew with `turntable rebuild`")
