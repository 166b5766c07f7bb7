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

from transforms.errors import SourceError, TransientError
from warehouse.connection import quoted
from warehouse.export import outgoing
from warehouse.export.outgoing import TABLES
from warehouse.export.places import Place
from warehouse.snapshot import one_line

STATE = "_turntable.json"  # engines overlook names that begin so
FILE = "data.parquet"
LONGEST = 200  # characters of a name of a folder
NOT_KNOWN = "__HIVE_DEFAULT_PARTITION__"

_PARTITIONS = f"""
select
    coalesce(podcast_id, $not_known) as podcast, coalesce(year, $not_known) as year,
    md5(string_agg(made_of, chr(10) order by episode_id) || any_value(made_alike)) as fingerprint,
    list(episode_id order by episode_id) as episodes
from ({outgoing.EPISODES})
group by all order by all
"""  # noqa: S608


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
    with outgoing.opened_to_leave(snapshot) as con, _explained(place):
        state, files = _read_state(place), place.files()
        wanted = con.execute(_PARTITIONS, {"not_known": NOT_KNOWN, "columns": str(outgoing.COLUMNS)}).fetchall()
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
    outgoing.choose(con, episodes)
    for table, file in zip(TABLES, _files_of(name), strict=True):
        with place.writing(file) as fresh:
            con.execute(
                f"copy ({outgoing.rows_that_leave(table)}) to {quoted(fresh)} (format parquet, compression zstd)"
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
def _explained(place: Place) -> Iterator[None]:
    """Say what is wrong with the place; what is wrong with the snapshot is said elsewhere."""
    try:
        yield
    except OSError as error:
        cause = " ".join((error.strerror or str(error)).split())
        msg = f"{place} cannot be written ({cause[:1].lower()}{cause[1:]}): mend that, run it again"
        raise TransientError(msg) from error
    except duckdb.Error as error:
        said = str(error)
        if "No space left" in said or "Could not write" in said or str(place) in said:
            msg = f"{place} cannot be written ({one_line(error)}): mend that, run it again"
            raise TransientError(msg) from error
        raise
