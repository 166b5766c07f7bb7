"""What the snapshot knows of a show, or of all of them, as their page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from pathlib import Path

import duckdb

from transforms.choice import Named, choose
from transforms.errors import SourceError
from transforms.pages.page_content import Said, ShowContent, ShowEpisode, ShowPerson, ShowTalk, Spoken
from warehouse.content.best_audio import JOINS
from warehouse.snapshot import reading

_EPISODES = f"""
    select
        e.episode_id, e.title, p.title as "show", e.podcast_id, e.published_at,
        coalesce(r.decoded_seconds, e.duration) as duration,
        e.episode_id in (select episode_id from sections) as is_summarised
    from episodes e
    left join podcasts p using (podcast_id)
    {JOINS}
    where $podcast is null or e.podcast_id = $podcast
    order by e.published_at desc nulls last, e.updated_at desc, e.episode_id
"""  # noqa: S608 - ours
_TALK = """
    select
        t.episode_id, t.speaker, bool_or(t.name_source is not null) as is_named, sum(t.word_count)::bigint as words
    from best_turns t join episodes e using (episode_id)
    where $podcast is null or e.podcast_id = $podcast
    group by t.episode_id, t.speaker order by t.episode_id, words desc, t.speaker
"""
_PEOPLE = """
    select speaker, "role", episodes, words from guests
    where podcast_id = $podcast order by episodes desc, words desc, speaker
"""
_SAID = """
    select episode_id, turn_index, speaker, start_time, text from best_turns
    where episode_id in (select unnest($episodes)) order by turn_index
"""

# As `search()` knows them; words without another form are in none.
_FORMS = """
    select string_agg(distinct w.term, ' ' order by w.term) from search_words w
    where (w.language, w.word) in (
        select (s.language, s.word) from search_index s join transcripts t using (transcript_id)
        where t.is_best and t.episode_id in (select unnest($episodes))
    )
    group by w.language, w.stem having count(distinct w.term) > 1 order by all
"""


def find_show(snapshot: Path, text: str) -> str:
    """Return the id of the show that a user means: an id or the beginning of it, a title or a piece of it.

    Raises:
        SourceError: none or several fit, or there is no snapshot yet.
    """
    with reading(snapshot) as con:
        rows = con.execute("select podcast_id, title from podcasts order by title, podcast_id").fetchall()
    return choose(text, [Named(*row) for row in rows], "show", "give an id or a piece of a title").id


def shows(snapshot: Path) -> dict[str, str | None]:
    """Return the titles of all shows that have episodes, by their ids."""
    with reading(snapshot) as con:
        return dict(
            con.execute(
                "select podcast_id, title from podcasts "
                "where podcast_id in (select podcast_id from episodes) order by title, podcast_id"
            ).fetchall()
        )


def episode_ids(snapshot: Path) -> list[str]:
    """Return the ids of all episodes."""
    with reading(snapshot) as con:
        return [episode for (episode,) in con.execute("select episode_id from episodes").fetchall()]


def read_show(snapshot: Path, podcast_id: str | None) -> ShowContent:
    """Read what the page of a show shows; `None` is all that there is.

    Raises:
        SourceError: there is no such show.
        ContentError: the snapshot is damaged.
    """
    with reading(snapshot) as con:
        return _show(con, podcast_id)


def _show(con: duckdb.DuckDBPyConnection, podcast_id: str | None) -> ShowContent:
    known = con.execute(
        "select title, author, site_url from podcasts where podcast_id = ?", [podcast_id]
    ).fetchone()
    if known is None and podcast_id is not None:
        msg = f"there is no show {podcast_id}: `turntable sql 'from podcasts'` lists them"
        raise SourceError(msg)
    asked = {"podcast": podcast_id}
    talk = {
        episode: tuple(ShowTalk(*rest) for _, *rest in rows)
        for episode, rows in groupby(con.execute(_TALK, asked).fetchall(), key=itemgetter(0))
    }
    rows = con.execute(_EPISODES, asked).fetchall()
    title, author, site_url = known or (None, None, None)
    return ShowContent(
        podcast_id,
        title,
        author,
        site_url,
        tuple(ShowEpisode(*(*row, talk.get(row[0], ()))) for row in rows),
        tuple(ShowPerson(*row) for row in con.execute(_PEOPLE, asked).fetchall()) if podcast_id else (),
    )


def read_said(snapshot: Path, episodes: Sequence[ShowEpisode]) -> Spoken:
    """Read all that is said in some episodes, in their order."""
    places = {episode.episode_id: place for place, episode in enumerate(episodes)}
    asked = {"episodes": list(places)}
    with reading(snapshot) as con:
        rows = con.execute(_SAID, asked).fetchall()
        forms = con.execute(_FORMS, asked).fetchall()
    said = (Said(places[episode], *rest) for episode, *rest in rows)
    return Spoken(tuple(sorted(said, key=attrgetter("episode", "turn"))), tuple(words for (words,) in forms))
