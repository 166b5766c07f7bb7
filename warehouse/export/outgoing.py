"""What of the snapshot leaves for the tools of others: which tables, and of what an episode's rows are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from transforms.errors import ContentError, SourceError, TransientError
from warehouse.answers.answer_lines import address_of
from warehouse.connection import quoted
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
ADDRESSES = ", ".join(f"{address_of(column)} as {column}" for column in ("audio_url", "page_url"))
_LINKS = "list_filter(transcripts, lambda link: regexp_matches(link.url, '^https?://', 'i')) as transcripts"
COLUMNS = {
    "best_turns": f"* replace (null::varchar as audio_path, {ADDRESSES})",
    "episodes": f"* replace (null::varchar as audio_path, {ADDRESSES}, {_LINKS})",
    "transcripts": f"* replace ({address_of('origin')} as origin)",
}
_KNOWN_BY = {"words": "transcript_id"}  # by what its rows are known, if not by the episode

# What the rows of an episode depend on: it and its documents, its show, the columns of today.
EPISODES = """
with documents as (
    select t.episode_id, md5(string_agg(l.staged_key, ' ' order by l.staged_key)) as made_of,
    from load_log l join transcripts t using (transcript_id)
    group by t.episode_id
)
select
    e.episode_id, e.podcast_id, year(e.published_at)::varchar as year,
    concat_ws(' ', e.episode_id, epoch_us(e.updated_at), made_of) as made_of,
    coalesce(p.title, '') || digest_of_views() || $columns
        || (select string_agg(name, ' ' order by name) from schema_migrations) as made_alike
from episodes e left join documents using (episode_id) left join podcasts p using (podcast_id)
"""


@contextmanager
def opened_to_leave(snapshot: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the snapshot, to be read, beside what is written; times are UTC.

    Raises:
        SourceError: there is none yet.
        TransientError: another program holds it.
        ContentError: it is damaged.
    """
    if not snapshot.is_file():
        msg = f"nothing ingested yet ({snapshot} is missing): run `turntable ingest …`"
        raise SourceError(msg)
    offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    try:
        with duckdb.connect(config={"memory_limit": "1GB", "threads": 2, **offline}) as con:
            con.execute(f"attach {quoted(snapshot)} as snapshot (read_only); use snapshot")
            con.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
            yield con
    except duckdb.Error as error:
        if program := holder(error):
            msg = f"{snapshot} is open in {program}: close it there and run it again"
            raise TransientError(msg) from error
        msg = f"{snapshot} cannot be exported: {one_line(error)}; make it anew with `turntable rebuild`"
        raise ContentError(msg) from error


def choose(con: duckdb.DuckDBPyConnection, episodes: list[str], transcripts: str = "snapshot.transcripts") -> None:
    """Choose the episodes whose rows are meant from here on, with their transcripts as a table has them."""
    theirs = f"select transcript_id from {transcripts} where episode_id in (select unnest($1))"  # noqa: S608
    con.execute(f"create or replace temp table chosen as select unnest($1) as id union {theirs}", [episodes])


def of_chosen(table: str) -> str:
    """Say which rows of a table are of the chosen episodes."""
    return f"{_KNOWN_BY.get(table, 'episode_id')} in (from temp.chosen)"


def rows_that_leave(table: str) -> str:
    """Write the query for the rows of a table that are of the chosen episodes, as they leave, in their order."""
    columns, order = COLUMNS.get(table, "*"), TABLES[table]
    return f"select {columns} from snapshot.{table} where {of_chosen(table)} order by {order}"  # noqa: S608
