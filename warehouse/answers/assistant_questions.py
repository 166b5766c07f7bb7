"""What an assistant may ask of the snapshot: five questions, each answered by a process of its own, within limits.

An answer is data with its source, and small: an assistant pays for each character, and asks again for more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transforms.errors import ContentError, SourceError
from transforms.records import Seconds
from warehouse.answers.answer_lines import address_of
from warehouse.answers.sql import answer
from warehouse.connection import quoted
from warehouse.query import find_episode

ROWS = 500
CELLS = 20_000
CHARACTERS = 100_000  # of an answer: about 25,000 tokens
MOST_QUERY = 100_000  # characters of SQL
MOST_WORDS = 500  # characters of a search

# A path would tell others of this machine.
_LINK = f"audio_link({address_of('audio_url')}, null, page_url, start_time)"
_PAGE = f"{address_of('page_url')} as page_url"

Answer = dict[str, Any]


def shows_and_episodes(snapshot: Path, show: str | None, limit: int, offset: int, *, seconds: Seconds) -> Answer:
    """List the shows, and the newest episodes that have a transcript: all, or those of `show`."""
    of_show = "true" if show is None else f"contains(plain(p.title), plain({quoted(_short(show))}))"
    shows = f"""
        select p.title as "show", p.site_url, count(distinct e.episode_id) as episodes,
            min(e.published_at) as first_published_at, max(e.published_at) as last_published_at
        from transcripts s join episodes e using (episode_id) left join podcasts p using (podcast_id)
        where s.is_best and {of_show} group by all order by episodes desc, "show"
    """  # noqa: S608 - quoted
    episodes = f"""
        select p.title as "show", e.title, e.published_at, e.episode_id, s.source, s.language,
            coalesce(r.decoded_seconds, e.duration) as seconds, {_PAGE},
            audio_link({address_of("e.audio_url")}, null, e.page_url, null) as link
        from transcripts s join episodes e using (episode_id) left join podcasts p using (podcast_id)
        left join renditions r on r.episode_id = e.episode_id and r.rendition_id = s.rendition_id
        where s.is_best and {of_show}
        order by e.published_at desc nulls last, e.episode_id offset {_count(offset)}
    """  # noqa: S608 - quoted
    return {
        "shows": ask(snapshot, shows, limit, seconds=seconds)["rows"],
        "episodes": ask(snapshot, episodes, limit, seconds=seconds),
    }


def turns(snapshot: Path, episode: str, first: int, limit: int, *, seconds: Seconds) -> Answer:
    """Give the turns of an episode's best transcript from the `first` on, and of which episode they are.

    Raises:
        SourceError: none or several episodes are called so.
    """
    episode_id = quoted(find_episode(snapshot, _short(episode)))
    about = f"""
        select podcast as "show", title, published_at, episode_id, {_PAGE}, source, language,
            count(*) as turns, max(end_time) as seconds
        from best_turns where episode_id = {episode_id} group by all
    """  # noqa: S608 - quoted
    said = f"""
        select turn_index, start_time, end_time, speaker, chapter, text, {_LINK} as link
        from best_turns where episode_id = {episode_id} and turn_index >= {_count(first)} order by turn_index
    """  # noqa: S608 - quoted
    of = ask(snapshot, about, 1, seconds=seconds)["rows"]
    return {"episode": of[0] if of else None, "turns": ask(snapshot, said, limit, seconds=seconds)}


def search(
    snapshot: Path, words: str, speaker: str | None, show: str | None, limit: int, *, seconds: Seconds
) -> Answer:
    """Find turns, best first, each with its show, episode, speaker, second and link.

    Raises:
        SourceError: there is no word to look for.
    """
    if not words.strip():
        msg = 'there is no word to look for: give some, a "phrase" in quotes, or the beginning of one as begin*'
        raise SourceError(msg)
    filters = [
        f"{name} := {quoted(_short(value))}" for name, value in (("speaker", speaker), ("podcast", show)) if value
    ]
    asked = ", ".join([quoted(_short(words)), *filters, f"most := {_count(limit)}"])
    return ask(
        snapshot,
        f"""
        select podcast as "show", title, published_at, speaker, start_time, text,
            case when not starts_with(link, 'file:') then link end as link, episode_id, turn_index, score
        from search({asked})
        """,  # noqa: S608 - quoted
        limit,
        seconds=seconds,
    )


def schema(snapshot: Path, name: str | None, *, seconds: Seconds) -> Answer:
    """List tables, views and macros with what they hold; of one, its columns with types and units."""
    if name is None:
        query = """
            select view_name as name, 'view' as kind, comment from duckdb_views() where not internal
            union all by name
            select table_name as name, 'table' as kind, comment from duckdb_tables() where not internal
            union all by name
            select function_name || '(' || array_to_string(parameters, ', ') || ')' as name, function_type as kind,
                comment
            from duckdb_functions() where not internal and comment is not null
            order by kind desc, name
        """
        return ask(snapshot, query, ROWS, seconds=seconds)
    query = f"""
        select column_name as name, data_type as type, comment
        from duckdb_columns() where not internal and table_name = {quoted(_short(name))} order by column_index
    """  # noqa: S608 - quoted
    found = ask(snapshot, query, ROWS, seconds=seconds)
    if not found["rows"]:
        msg = f"there is no table or view {name[:100]!r}: without a name, all are listed"
        raise SourceError(msg)
    return found


def ask(snapshot: Path, sql: str, limit: int, *, seconds: Seconds) -> Answer:
    """Answer one query: `rows`, and where that is not all, `more` says why and how to get it.

    Raises:
        ContentError: it is no query, or one row is more than an answer may be.
        ResourceError: it takes more time or memory than it gets.
    """
    if len(sql) > MOST_QUERY:
        msg = f"the query has {len(sql)} characters, {MOST_QUERY} are the most: ask for less at once"
        raise SourceError(msg)
    most = min(_count(limit), ROWS)
    rows: list[dict[str, Any]] = []
    cells = characters = 0
    for line in _lines(answer(snapshot, sql, "jsonl", seconds=seconds, limit=most + 1)):
        row = json.loads(line)
        cells, characters = cells + len(row), characters + len(line)
        if len(rows) == most or cells > CELLS or characters > CHARACTERS:
            if not rows and most:
                raise _too_long(len(line))
            return {
                "rows": rows,
                "more": f"only the first {len(rows)} rows: narrow the question, or go on behind them",
            }
        rows.append(row)
    return {"rows": rows, "more": None}


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode() for line in whole)
        if len(rest) > 4 * CHARACTERS:  # bytes
            raise _too_long(len(rest))


def _too_long(length: int) -> ContentError:
    return ContentError(
        f"one row has {length} characters and more, {CHARACTERS} are the most: name fewer columns, or cut texts "
        "as left(text, 1000)"
    )


def _count(number: int) -> int:
    """Return a number as it may stand in a query."""
    return min(max(int(number), 0), 1_000_000_000)


def _short(text: str) -> str:
    """Check that a name or a search is one.

    Raises:
        SourceError: it is endless, or no text.
    """
    if len(text) > MOST_WORDS or "\0" in text:
        msg = f"a name or a search has {MOST_WORDS} characters at most, and none that is no text"
        raise SourceError(msg)
    return text
