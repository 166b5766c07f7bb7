"""The few questions about the snapshot that the commands and flows ask themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from transforms.choice import Named, choose, shown_about
from transforms.errors import TurntableError
from transforms.records import Episode, Person, TranscriptLink
from warehouse.answers.table import Table
from warehouse.snapshot import open_snapshot, reading


@dataclass(frozen=True, slots=True)
class KnownEpisode:
    """An episode as it is known, the title of its show, and how it is known.

    `has_audio` says whether a feed or a recording vouches for it, `is_published` whether a feed or a site of
    videos names it; `renditions` are the hashes of the audio that it was heard as, in the order of time.
    """

    episode: Episode
    show: str | None
    has_audio: bool
    is_published: bool = False
    linked_by: str = "file"
    renditions: tuple[str, ...] = ()


def episodes(snapshot: Path) -> Table:
    """List the episodes, newest first, with what is known of the best transcript of each.

    Of one time, and those whose feed gives none, which come last, stand in the order of the feed.

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
        left join (
            select episode_id, min(staged_at) as found_at, arg_min(feed_index, staged_at) as feed_index
            from discoveries group by episode_id
        ) d on d.episode_id = e.episode_id
        order by
            e.published_at is null and found_at is not null, coalesce(e.published_at, found_at, e.updated_at) desc,
            found_at desc, feed_index, e.episode_id
        """,
    )


def discovered(snapshot: Path) -> set[str]:
    """Name the documents of polls that the snapshot shows; none where there is no sound one."""
    return {key for (key,) in _rows(snapshot, "select distinct staged_key from discoveries")}


def stored_episodes(snapshot: Path, episode_ids: Sequence[str]) -> dict[str, str | None]:
    """Return which of some episodes the snapshot has, and where their audio lies; none without a sound one."""
    sql = "select episode_id, audio_path from episodes where episode_id in (select unnest(?))"
    return dict(_rows(snapshot, sql, list(episode_ids)))


def discovered_episodes(snapshot: Path, podcast_id: str) -> dict[str, datetime | None]:
    """Return when the episodes that polls found of a show were published; none without a sound snapshot."""
    sql = """
        select episode_id, published_at from discoveries join episodes e using (episode_id)
        where e.podcast_id = ? or discoveries.podcast_id = ?
    """
    found = _rows(snapshot, sql, podcast_id, podcast_id)
    return {name: when.astimezone(UTC) if when else None for name, when in found}


def untranscribed(snapshot: Path) -> set[str]:
    """Name the episodes that polls found and that have no transcript; none where there is no sound snapshot."""
    sql = "select episode_id from discoveries where episode_id not in (select episode_id from transcripts)"
    return {name for (name,) in _rows(snapshot, sql)}


def show_of(snapshot: Path, podcast_id: str, episode_ids: Sequence[str]) -> tuple[str | None, str | None] | None:
    """Return the title of a show and the address of its feed, by its id or its episodes; `None` if unknown."""
    sql = """
        select title, feed_url from podcasts
        where podcast_id = ? or podcast_id in (select podcast_id from episodes where list_contains(?, episode_id))
        order by podcast_id = ? desc limit 1
    """
    return next(iter(_rows(snapshot, sql, podcast_id, list(episode_ids), podcast_id)), None)


def source_of(snapshot: Path, name: str) -> str | None:
    """Return where an episode came from when it was tried last; `None` where that is not known.

    `name` is its id as files are called by it.
    """
    sql = """
        select source from stage_runs where translate(episode_id, ':/', '--') = ?
        order by started_at desc limit 1
    """
    return next((source for (source,) in _rows(snapshot, sql, name)), None)


def newest_staged(snapshot: Path) -> datetime | None:
    """Return when the newest document was staged that the snapshot shows; `None` where there is no sound one."""
    sql = "select max(staged_at) from (select staged_at from load_log union all select staged_at from discoveries)"
    return next((newest.astimezone(UTC) for (newest,) in _rows(snapshot, sql) if newest), None)


def known_episodes(snapshot: Path) -> tuple[KnownEpisode, ...]:
    """Read every episode as it is known; nothing where there is no snapshot yet."""
    return _known(snapshot, "true") if snapshot.exists() else ()


def episodes_of_audio(snapshot: Path, sha256: str) -> tuple[KnownEpisode, ...]:
    """Return the episodes that some audio was heard as, by the hash of its bytes; none without a sound snapshot.

    Those that a feed or a site names come first, then in the order in which they were heard.
    """
    return _looked_up(
        snapshot, "e.episode_id in (select episode_id from renditions where rendition_id = ?)", sha256
    )


def shared_audio(snapshot: Path) -> list[str]:
    """Return the hash of all audio that several episodes were heard as; none without a sound snapshot."""
    sql = "select rendition_id from renditions group by 1 having count(distinct episode_id) > 1 order by 1"
    return [sha256 for (sha256,) in _rows(snapshot, sql)]


def episodes_of_texts(snapshot: Path, sha256s: Sequence[str]) -> tuple[tuple[str, KnownEpisode], ...]:
    """Return the episodes that nothing but texts vouches for, each with the hash of one of some texts that it has.

    Not those that a user named for the text.
    """
    sql = """
        select document_sha256, episode_id from transcripts
        where document_sha256 in (select unnest(?)) and linked_by <> 'episode' order by all
    """
    found = [(sha256, known_episode(snapshot, name)) for sha256, name in _rows(snapshot, sql, list(sha256s))]
    return tuple((sha256, known) for sha256, known in found if known and not known.has_audio)


def known_by_id(snapshot: Path, episode_ids: Sequence[str]) -> tuple[KnownEpisode, ...]:
    """Return those of some episodes that the snapshot has, and how they are known; none without a sound one."""
    return _looked_up(snapshot, "e.episode_id in (select unnest(?))", list(episode_ids))


def known_episode(snapshot: Path, episode_id: str) -> KnownEpisode | None:
    """Return one episode and how it is known; `None` where the snapshot does not have it, or there is none."""
    return next(iter(_looked_up(snapshot, "e.episode_id = ?", episode_id)), None)


# Titles of which SQL makes the same letters as `transforms.text.fold_title`: of any others nobody knows.
_PLAIN_TITLE = (
    r"[\x00-\x7F«»‐-‧À-ÖØ-Þà-öø-ı\x{134}-\x{13E}\x{141}-\x{148}\x{14A}-\x{17E}\x{400}-\x{45F}"
    r"\x{3040}-\x{3096}\x{4E00}-\x{9FFF}]*"
)


def episodes_like(
    snapshot: Path, address: Sequence[str], video: str | None, title: Sequence[str]
) -> tuple[KnownEpisode, ...]:
    """Return the episodes that may be meant: by pieces of an address, the id of a video, or the words of a title.

    The words are those of a folded title. There may be others among them; none without a sound snapshot.
    """
    return _looked_up(
        snapshot,
        """
        exists (
            from (
                select unnest([e.page_url, e.audio_url] || list_transform(e.transcripts, lambda t: t.url)) as url
            )
            where list_bool_and(list_transform($1::varchar[], lambda piece: contains(url, piece)))
        )
        or contains(e.page_url, $2::varchar) or e.episode_id = 'youtube:' || $2::varchar
        or list_bool_and(list_transform($3::varchar[], lambda w: contains(lower(strip_accents(e.title)), w)))
        or len($3::varchar[]) > 0 and not regexp_full_match(e.title, $4::varchar)
        """,
        *(list(address), video, list(title), _PLAIN_TITLE),
    )


def stored_episode(snapshot: Path, episode_id: str) -> Episode | None:
    """Read one episode as it is known; `None` where the snapshot does not have it, or there is none yet."""
    known = known_episode(snapshot, episode_id)
    return known.episode if known else None


def newest_documents(snapshot: Path, episode_id: str) -> dict[str, str]:
    """Return the key of the document that told last of each transcript of an episode."""
    sql = """
        select l.transcript_id, arg_max(l.staged_key, (l.staged_at, l.staged_key))
        from load_log l join transcripts s using (transcript_id)
        where s.episode_id = ? group by 1 order by 1
    """
    return dict(_rows(snapshot, sql, episode_id))


def transcripts(snapshot: Path, episode_id: str) -> Table:
    """List the transcripts of an episode that have turns, the best first, by id and source."""
    return _answer(
        snapshot,
        """
        select
            s.transcript_id, source, model, format, count(*) as turns, is_best,
            coalesce(is_pinned, false) as is_pinned, created_at
        from transcripts s join turns t using (transcript_id)
        where s.episode_id = ?
        group by all order by is_best desc, source, s.transcript_id
        """,
        episode_id,
    )


def judged(snapshot: Path) -> Table:
    """List how wrong each transcript of our own was, by each text that fits it, where both go together."""
    return _answer(
        snapshot,
        """
        select
            v.transcript_id, v.reference_id, v.episode_id, t.model, epoch(t.created_at),
            v.aligned_words, v.substitutions + v.deletions + v.insertions, coalesce(v.aligned_cp_words, 0),
            v.aligned_cp_errors, coalesce(v.names, 0), coalesce(v.names_wrong, 0), v.speech_seconds,
            v.voice_error_seconds, coalesce(v.long_deletion_words, 0), v.silent_insertions
        from evals v
        join transcripts t using (transcript_id)
        join transcripts r on r.transcript_id = v.reference_id and r.aligned_share >= 0.3
        order by all
        """,
    )


@dataclass(frozen=True, slots=True)
class Voice:
    """A label of a transcript, what it is called there, and in how many turns."""

    label: str
    transcript_id: str
    name: str | None
    turns: int


def voices(snapshot: Path, episode_id: str) -> list[Voice]:
    """List the voices of an episode; where several transcripts have one, that is first which was heard last.

    Those of a merged transcript are voices of others.
    """
    sql = """
        select t.speaker_label, t.transcript_id, any_value(t.speaker_name), count(*)
        from turns t join transcripts s using (transcript_id)
        where s.episode_id = ? and t.speaker_label is not null and s.source <> 'merged'
        group by all
        order by
            any_value(s.source = 'asr' and s.format is null) desc, max(s.is_best) desc, max(s.created_at) desc,
            t.transcript_id, t.speaker_label
    """
    return [Voice(*row) for row in _rows(snapshot, sql, episode_id)]


@dataclass(frozen=True, slots=True)
class HeardVoice:
    """A label of a transcript of our own: what it is called, how that was found, and whose voice it is said to be.

    `known_by` is how that is known; all of the last three are `None` where it is nobody's.
    """

    transcript_id: str
    episode_id: str
    label: str
    name: str | None
    name_source: str | None
    speaker_id: str | None
    speaker_name: str | None
    known_by: str | None


def heard_voices(snapshot: Path) -> list[HeardVoice]:
    """List the voices of all transcripts of our own, in the order in which these were made."""
    sql = """
        select
            s.transcript_id, s.episode_id, t.speaker_label, any_value(t.speaker_name), any_value(t.name_source),
            any_value(v.speaker_id), any_value(v.speaker_name), any_value(v.name_source)
        from transcripts s join turns t using (transcript_id)
        left join voices v on v.transcript_id = s.transcript_id and v.speaker_label = t.speaker_label
        where s.source = 'asr' and s.format is null and t.speaker_label is not null
        group by s.transcript_id, s.episode_id, s.created_at, t.speaker_label
        order by s.created_at, s.transcript_id, t.speaker_label
    """
    return [HeardVoice(*row) for row in _rows(snapshot, sql)]


def titles(snapshot: Path) -> dict[str, str | None]:
    """Return the titles of all episodes."""
    return dict(_rows(snapshot, "select episode_id, title from episodes"))


def episodes_to_align(snapshot: Path, episode_ids: Iterable[str]) -> set[str]:
    """Name those of some episodes that have a transcript of our own.

    And every one with a transcript that still tells of one which another episode has now. None without a sound
    snapshot.
    """
    sql = """
        select episode_id from transcripts where episode_id in (select unnest(?::varchar[])) group by 1
        having bool_or(source = 'asr' and format is null)
        union
        select v.episode_id from evals v left join transcripts t on t.transcript_id = v.reference_id
        where v.episode_id is distinct from t.episode_id
        union
        select s.episode_id from transcripts s left join transcripts t on t.transcript_id = s.aligned_to
        where s.aligned_to is not null and s.episode_id is distinct from t.episode_id
    """
    return {name for (name,) in _rows(snapshot, sql, list(episode_ids))}


def heard_episodes(snapshot: Path) -> set[str]:
    """Name all episodes that were heard here; none without a sound snapshot."""
    sql = "select distinct episode_id from transcripts where source = 'asr' and format is null"
    return {name for (name,) in _rows(snapshot, sql)}


def _looked_up(snapshot: Path, condition: str, *parameters: object) -> tuple[KnownEpisode, ...]:
    """Return the episodes that fulfil a condition; none where there is no sound snapshot."""
    try:
        return _known(snapshot, condition, *parameters)
    except (TurntableError, duckdb.Error):
        return ()


def _known(snapshot: Path, condition: str, *parameters: object) -> tuple[KnownEpisode, ...]:
    from warehouse.loading.staging import (
        NOT_STORED,  # it brings all that reads texts with it, and few commands come here
    )

    names = [field.name for field in fields(Episode) if field.name not in NOT_STORED]
    columns = ", ".join(f"e.{name}" for name in names)
    rows = _answer(
        snapshot,
        f"""
        with heard as (
            select episode_id, min(fetched_at) as heard_at, list(rendition_id order by fetched_at) as renditions
            from renditions group by episode_id
        )
        select
            {columns}, p.title, coalesce(e.guid, e.audio_url) is not null or h.heard_at is not null,
            e.guid is not null or e.linked_by in ('feed', 'youtube')
                or exists (from discoveries d where d.episode_id = e.episode_id) as is_published,
            e.linked_by, coalesce(h.renditions, [])
        from episodes e left join podcasts p using (podcast_id) left join heard h on h.episode_id = e.episode_id
        where {condition}
        order by is_published desc, h.heard_at, e.episode_id
        """,  # noqa: S608
        *parameters,
    ).rows
    return tuple(
        KnownEpisode(episode_of(dict(zip(names, row, strict=False))), show, has_audio, is_named, how, tuple(audio))
        for *row, show, has_audio, is_named, how, audio in rows
    )


def _rows(snapshot: Path, sql: str, *parameters: object) -> list[Any]:
    """Return the rows of a query; none where there is no sound snapshot."""
    try:
        with open_snapshot(snapshot) as con:
            return con.execute(sql, parameters).fetchall()
    except (TurntableError, duckdb.Error):
        return []


def episode_of(row: dict[str, Any]) -> Episode:
    """Read an episode back from its columns; what is not stored is not known."""
    links = tuple(TranscriptLink(**link) for link in row.pop("transcripts") or ())
    persons = tuple(Person(**person) for person in row.pop("persons") or ())
    return Episode(**row, chapters_url=None, transcripts=links, persons=persons)


def find_episode(snapshot: Path, text: str, place: str | None = None) -> str:
    """Return the id of the one episode that `text` means, as `transforms.choice` says, or `latest`.

    `place` is the whole path or address of `text`, or the hash of what lies there. `latest` is the episode whose
    transcript came in last; what says that it is from the future, made or published, does not count before it is
    past.

    Raises:
        SourceError: none or several fit; the message names up to five.
    """
    known = named_episodes(snapshot)
    if text.strip().lower() == "latest" and known:
        return known[0].id
    return choose(text, known, "episode", "give an id or a piece of a title", place).id


def named_episodes(snapshot: Path) -> list[Named]:
    """List the episodes that a user can mean, the one first whose transcript came in last."""
    rows = _answer(
        snapshot,
        """
        with came as (
            select
                episode_id, max(created_at) as made_at,
                list(distinct origin) || list(distinct rendition_id) || list(distinct document_sha256) as origins
            from transcripts group by episode_id
        ),
        heard as (select episode_id, list(distinct source) as sources from stage_runs group by episode_id)
        select
            e.episode_id, e.title,
            [e.audio_url, e.page_url, e.audio_path] || coalesce(origins, []) || coalesce(sources, []),
            p.title, e.published_at
        from episodes e left join podcasts p using (podcast_id)
        left join came using (episode_id) left join heard using (episode_id)
        left join (
            select episode_id, min(staged_at) as found_at, arg_min(feed_index, staged_at) as feed_index
            from discoveries group by episode_id
        ) d using (episode_id)
        order by
            made_at is null,
            greatest(made_at, e.published_at) > now(),
            coalesce(made_at, e.updated_at) desc, e.updated_at desc, e.published_at desc nulls last,
            found_at desc, feed_index, e.episode_id
        """,
    ).rows
    return [
        Named(name, title, frozenset(filter(None, places)), shown_about(show, day))
        for name, title, places, show, day in rows
    ]


def named_shows(snapshot: Path) -> list[Named]:
    """List the shows that a user can mean."""
    rows = _rows(snapshot, "select podcast_id, title, [feed_url, site_url] from podcasts order by all")
    return [Named(name, title, frozenset(filter(None, places))) for name, title, places in rows]


@dataclass(frozen=True, slots=True)
class Kept:
    """What the snapshot keeps of some episodes.

    `documents` are the keys of what they were staged by, `discovered` those of polls that found them, `origins`
    where they came from, `files` the sha256 of their audio and texts.
    """

    episodes: tuple[Episode, ...]
    transcripts: frozenset[str]
    turns: int
    documents: frozenset[str]
    discovered: frozenset[str]
    origins: frozenset[str]
    files: frozenset[str]


def kept_of(snapshot: Path, episode_ids: Sequence[str]) -> Kept:
    """Return what the snapshot keeps of some episodes, that of transcripts which moved to them too."""
    ids = list(episode_ids)
    sql = {
        "transcripts": "select transcript_id from transcripts where episode_id in (select unnest($1))",
        "documents": "select l.staged_key from load_log l join transcripts t using (transcript_id) "
        "where t.episode_id in (select unnest($1))",
        "discovered": "select staged_key from discoveries where episode_id in (select unnest($1))",
        "origins": "select origin from transcripts where episode_id in (select unnest($1)) "
        "union select source from stage_runs where episode_id in (select unnest($1))",
        "files": "select rendition_id from renditions where episode_id in (select unnest($1)) "
        "union select document_sha256 from transcripts where episode_id in (select unnest($1))",
    }
    found = {
        name: frozenset(value for (value,) in _rows(snapshot, one, ids) if value is not None)
        for name, one in sql.items()
    }
    turns = _rows(snapshot, "select count(*) from turns where episode_id in (select unnest(?))", ids)
    known = _looked_up(snapshot, "e.episode_id in (select unnest(?))", ids)
    return Kept(tuple(one.episode for one in known), turns=turns[0][0] if turns else 0, **found)


def loaded_documents(snapshot: Path) -> set[str]:
    """Name the documents whose rows the snapshot shows; none without a sound one."""
    return {key for (key,) in _rows(snapshot, "select staged_key from load_log")}


def documents_of(snapshot: Path, transcript_id: str) -> set[str]:
    """Name the documents that told of a transcript; none without a sound snapshot."""
    sql = "select staged_key from load_log where transcript_id = ?"
    return {key for (key,) in _rows(snapshot, sql, transcript_id)}


def loaded_keys(snapshot: Path) -> tuple[set[str], set[str]]:
    """Name the documents and the failures that the snapshot shows; none without a sound one."""
    documents = "select staged_key from load_log union select staged_key from discoveries"
    # The rows of files have short names, those of stages the whole hash of what they are.
    failures = "select run_id from stage_runs where status = 'failed' and length(run_id) <= 32"
    return {key for (key,) in _rows(snapshot, documents)}, {key for (key,) in _rows(snapshot, failures)}


def episodes_of_show(snapshot: Path, podcast_id: str) -> list[str]:
    """Name the episodes of a show."""
    sql = (
        "select episode_id from episodes where podcast_id = $1 "
        "union select episode_id from discoveries where podcast_id = $1 order by all"
    )
    return [name for (name,) in _rows(snapshot, sql, podcast_id)]


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
    with reading(snapshot) as con:
        con.execute(sql, parameters)
        return Table(tuple(name for name, *_ in con.description or ()), con.fetchall())
