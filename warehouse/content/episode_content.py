"""What the snapshot knows of an episode, as its page shows it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import duckdb

from transforms.errors import SourceError
from transforms.pages.page_content import (
    EpisodeContent,
    OtherText,
    PageChapter,
    PageOverlap,
    PageSection,
    PageSpeaker,
    PageTurn,
    PageWord,
)
from warehouse.content.best_audio import JOINS, RENDITION_ID
from warehouse.snapshot import reading

LEAST_TIME_CONFIDENCE = 0.5  # under it, most words around were heard as others

_EPISODE = f"""
    select
        e.episode_id, e.title, p.title as "show", e.podcast_id, e.published_at, e.page_url, e.audio_url,
        e.audio_path, {RENDITION_ID} as rendition_id,
        coalesce(r.decoded_seconds, e.duration) as duration,
        coalesce(b.language, e.language, p.language) as "language", b.source, b.model,
        b.transcript_id, b.aligned_to
    from episodes e
    left join podcasts p using (podcast_id)
    {JOINS}
    where e.episode_id = ?
"""  # noqa: S608 - ours
_TURNS = """
    select
        t.turn_index, coalesce(t.speaker_name, t.speaker_label), t.start_time, t.end_time, t.text, t.chapter_index,
        t.time_source in ('asr', 'publisher', 'aligned'), t.is_overlap, t.text_source = 'asr'
    from turns t where t.transcript_id = ? order by t.turn_index
"""
_WORDS = """
    select
        turn_index, word, start_time, end_time, probability,
        time_source is distinct from 'interpolated' and coalesce(time_confidence, 1) >= ?
    from words where transcript_id = ? and turn_index is not null order by turn_index, word_index
"""
_CHAPTERS = """
    select transcript_id is not null as is_own, chapter_index, title, start_time from chapters
    where episode_id = $episode
        and (transcript_id = $transcript or transcript_id is null and start_time is not null)
    order by is_own desc, chapter_index
"""
_SPEAKERS = """
    select speaker, seconds, words, turns from talk_time
    where episode_id = ? order by speaker is null, seconds desc nulls last, words desc, speaker
"""
_SECTIONS = "select heading, text from sections where episode_id = ? order by document_id, section_index"
_OVERLAPS = "select start_time, end_time from speaker_overlaps where episode_id = ? order by start_time"
# Beside a text, what we heard, first what its clock is from; beside that, the text that was put on its clock.
_OTHER = """
    select t.source, coalesce(
        (select list(word order by word_index) from words w where w.transcript_id = t.transcript_id),
        (select flatten(list(string_split(text, ' ') order by turn_index)) from turns u
         where u.transcript_id = t.transcript_id)
    )
    from transcripts t
    where t.episode_id = $episode and t.transcript_id <> $transcript
        and case when $source = 'asr' then t.source in ('publisher', 'captions')
                 else t.source = 'asr' and t.format is null end
        and not list_has_any(t.flags, ['other_audio', 'little_aligned'])
    order by t.transcript_id = $aligned_to desc nulls last, t.aligned_to is not null desc,
        t.source = 'publisher' desc, t.created_at desc, t.transcript_id
    limit 1
"""


def read_episode(snapshot: Path, episode_id: str) -> EpisodeContent:
    """Read what the page of an episode shows of its best transcript.

    Raises:
        SourceError: there is no such episode.
        ContentError: the snapshot is damaged.
    """
    with reading(snapshot) as con:
        return _episode(con, episode_id)


def _episode(con: duckdb.DuckDBPyConnection, episode_id: str) -> EpisodeContent:
    found = con.execute(_EPISODE, [episode_id])
    names, row = [name for name, *_ in found.description], found.fetchone()
    if row is None:
        msg = f"there is no episode {episode_id}: `turntable episodes` lists them"
        raise SourceError(msg)
    facts = dict(zip(names, row, strict=True))
    places = {"episode": episode_id, "transcript": facts.pop("transcript_id")}
    chapters = con.execute(_CHAPTERS, places).fetchall()
    own = [chapter for chapter in chapters if chapter[0]]
    asked = places | {"source": facts["source"], "aligned_to": facts.pop("aligned_to")}
    other = con.execute(_OTHER, asked).fetchone()
    return EpisodeContent(
        **facts,
        turns=tuple(_turns(con, places["transcript"], {row[1]: place for place, row in enumerate(own)})),
        chapters=tuple(PageChapter(title, start) for *_, title, start in own or chapters),
        is_by_time=not own,
        speakers=tuple(PageSpeaker(*row) for row in con.execute(_SPEAKERS, [episode_id]).fetchall()),
        overlaps=tuple(PageOverlap(*row) for row in con.execute(_OVERLAPS, [episode_id]).fetchall()),
        sections=tuple(PageSection(*row) for row in con.execute(_SECTIONS, [episode_id]).fetchall()),
        other=OtherText(other[0], tuple(other[1])) if other and other[1] else None,
    )


def _turns(con: duckdb.DuckDBPyConnection, transcript: str | None, chapters: dict[int, int]) -> Iterator[PageTurn]:
    found = con.execute(_WORDS, [LEAST_TIME_CONFIDENCE, transcript]).fetchall()
    words = {turn: tuple(PageWord(*rest) for _, *rest in rows) for turn, rows in groupby(found, key=itemgetter(0))}
    for index, speaker, start, end, text, chapter, *flags in con.execute(_TURNS, [transcript]).fetchall():
        yield PageTurn(speaker, start, end, text, words.get(index, ()), chapters.get(chapter), *map(bool, flags))
