"""The few questions about the snapshot that the commands and flows ask themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb

from transforms.errors import ContentError, SourceError, TransientError
from transforms.records import Episode, Person, TranscriptLink
from warehouse.snapshot import one_line, open_snapshot
from warehouse.table import Table


@dataclass(frozen=True, slots=True)
class KnownEpisode:
    """An episode as it is known, the title of its show, and whether a feed or a recording vouches for it."""

    episode: Episode
    show: str | None
    has_audio: bool


def episodes(snapshot: Path) -> Table:
    """List the episodes, newest first, with what is known of the best transcript of each.

    `seconds` is the length of the decoded audio, else what the feed claims; `speakers` counts the known ones.
    """
    return _answer(
        snapshot,
        """
        select
            e.episode_id, p.title as "show", e.title, e.published_at,
            coalesce(r.decoded_seconds, e.duration) as seconds,
            b.source, b.model, coalesce(t.turns, 0) as turns, coalesce(t.speakers, 0) as speakers,
            list_sort(list_distinct(coalesce(b.flags, []) || coalesce(r.flags, []))) as flags
        from episodes e
        left join podcasts p using (podcast_id)
        left join transcripts b on b.episode_id = e.episode_id and b.is_best
        left join renditions r on r.episode_id = e.episode_id and r.rendition_id = b.rendition_id
        left join (
            select transcript_id, count(*) as turns, count(distinct speaker) as speakers
            from best_turns group by transcript_id
        ) t on t.transcript_id = b.transcript_id
        order by coalesce(e.published_at, e.updated_at) desc, e.episode_id
        """,
    )


def discovered(snapshot: Path) -> set[str]:
    """Name the documents of polls that the snapshot shows; none where there is no sound one."""
    try:
        with open_snapshot(snapshot) as con:
            return {key for (key,) in con.execute("select distinct staged_key from discoveries").fetchall()}
    except (SourceError, ContentError, TransientError, duckdb.Error):
        return set()


def known_episodes(snapshot: Path) -> tuple[KnownEpisode, ...]:
    """Read every episode as it is known; nothing where there is no snapshot yet."""
    from warehouse.staging import NOT_STORED  # it brings all that reads texts with it, and few commands come here

    if not snapshot.exists():
        return ()
    names = [field.name for field in fields(Episode) if field.name not in NOT_STORED]
    columns = ", ".join(f"e.{name}" for name in names)
    rows = _answer(
        snapshot,
        f"""
        select {columns}, p.title, coalesce(e.guid, e.audio_url) is not null
            or exists (from renditions r where r.episode_id = e.episode_id)
        from episodes e left join podcasts p using (podcast_id) order by e.episode_id
        """,  # noqa: S608
    ).rows
    return tuple(
        KnownEpisode(_episode(dict(zip(names, row, strict=False))), show, has_audio)
        for *row, show, has_audio in rows
    )


def _episode(row: dict[str, Any]) -> Episode:
    links = tuple(TranscriptLink(**link) for link in row.pop("transcripts") or ())
    persons = tuple(Person(**person) for person in row.pop("persons") or ())
    return Episode(**row, chapters_url=None, transcripts=links, persons=persons)


def known_episode(snapshot: Path, episode_id: str) -> Episode | None:
    """Read one episode as it is known; `None` where the snapshot does not have it, or there is none yet."""
    return next((k.episode for k in known_episodes(snapshot) if k.episode.episode_id == episode_id), None)


def find_episode(snapshot: Path, text: str) -> str:
    """Name the one episode that `text` means, by its id.

    That is its whole id, the first four or more characters of it, a part of its title in any case, or
    `latest`: the last published one that has a transcript; a file or URL without a date counts from when it was
    ingested.

    Raises:
        SourceError: none or several fit; the message names up to five.
    """
    wanted = text.strip()
    known = _answer(
        snapshot,
        "select episode_id, title from episodes order by episode_id in (select episode_id from transcripts) desc, "
        "coalesce(published_at, updated_at) desc, episode_id",
    ).rows
    found = _matches(known, wanted)
    if len(found) == 1:
        return found[0][0]
    problem = f"{len(found)} episodes fit" if found else "no episode fits"
    names = "; ".join(f"{name} {title or '(no title)'}" for name, title in (found or known)[:5])
    msg = f"{problem} {wanted!r}: give an id or a part of a title, such as of {names or 'none yet'}"
    raise SourceError(msg)


def _matches(known: Sequence[tuple[str, str | None]], wanted: str) -> Sequence[tuple[str, str | None]]:
    if wanted.lower() == "latest":
        return known[:1]
    if exact := [row for row in known if row[0] == wanted]:
        return exact
    return [
        (name, title)
        for name, title in known
        if (len(wanted) >= 4 and name.startswith(wanted.lower()))
        or (wanted and wanted.casefold() in (title or "").casefold())
    ]


def turns(snapshot: Path, episode_id: str) -> Table:
    """List the turns of the best transcript of an episode, in order; times in seconds."""
    return _answer(
        snapshot,
        """
        select turn_index, start_time, end_time, speaker, text
        from best_turns where episode_id = ? order by turn_index
        """,
        episode_id,
    )


def talk_time(snapshot: Path, episode_id: str) -> Table:
    """List how much each speaker of an episode says, most first; times in seconds, the share from 0 to 1."""
    return _answer(
        snapshot,
        """
        select speaker, turns, words, seconds, share, longest_turn
        from talk_time where episode_id = ? order by seconds desc nulls last, words desc, speaker
        """,
        episode_id,
    )


def _answer(snapshot: Path, sql: str, *parameters: object) -> Table:
    with open_snapshot(snapshot) as con:
        try:
            con.execute(sql, parameters)
            return Table(tuple(name for name, *_ in con.description or ()), con.fetchall())
        except duckdb.Error as error:
            msg = f"{snapshot} cannot be asked: {one_line(error)}; make it anew with `turntable rebuild`"
            raise ContentError(msg) from error
