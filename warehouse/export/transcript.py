"""What the writers of formats write, read from the snapshot; and their rule for ends that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from transforms.errors import ContentError, SourceError
from transforms.records import Seconds
from transforms.text import visible
from warehouse.answers.answer_lines import address_of

SECONDS_A_WORD = 1.0  # at most, where nobody says when a turn ends: the slowest speech
_REDRAWN = str.maketrans("<>:：", "‹›∶∶")
NOBODY = "Unknown"  # what readers take for nobody, where no name would mean the speaker before


@dataclass(frozen=True, slots=True)
class Timed:
    """Something said or, without text, only heard: a cue, a word, a segment of the diarization."""

    speaker: str | None
    start_time: Seconds
    end_time: Seconds
    text: str
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class ExportTurn:
    """A turn; its times may be unknown; `words` is empty where the time of one of them is unknown.

    `link` opens the audio where it starts; `chapter` is the title of the one that it starts in.
    """

    speaker: str | None
    start_time: Seconds | None
    end_time: Seconds | None
    text: str
    words: tuple[Timed, ...]
    chapter: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class ExportChapter:
    """A chapter of the episode; its times may be unknown."""

    title: str
    start_time: Seconds | None
    end_time: Seconds | None


@dataclass(frozen=True, slots=True)
class ExportTranscript:
    """What the writers write: the turns in order, the diarization with its overlaps, chapters and titles.

    `source` is the address of the episode's page, else of its audio.
    """

    session_id: str
    turns: tuple[ExportTurn, ...]
    speaker_segments: tuple[Timed, ...]
    chapters: tuple[ExportChapter, ...] = ()
    title: str | None = None
    show: str | None = None
    published_at: datetime | None = None
    source: str | None = None


def read(
    con: duckdb.DuckDBPyConnection,
    episode_id: str,
    transcript_id: str | None = None,
    only: Collection[int] | None = None,
) -> ExportTranscript:
    """Read a transcript of an episode: the best one, unless `transcript_id` names one; `only` some of its turns.

    Raises:
        SourceError: there is no such episode or transcript.
    """
    chosen, title, show, published_at, source = _find(con, episode_id, transcript_id)
    words = _words(con, chosen)
    turns = tuple(
        ExportTurn(speaker, start_time, end_time, text, _all_timed(words.get(index, [])), chapter, link)
        for index, speaker, start_time, end_time, text, chapter, link in con.execute(_TURNS, [chosen]).fetchall()
        if only is None or index in only
    )
    # The diarization is of the whole; of some turns, they themselves say who spoke when.
    segments = con.execute(_SEGMENTS, [chosen]).fetchall() if only is None else []
    return ExportTranscript(
        session_id=episode_id,
        turns=turns,
        speaker_segments=tuple(Timed(*segment) for segment in segments),
        chapters=tuple(ExportChapter(*row) for row in con.execute(_CHAPTERS, [chosen, episode_id]).fetchall()),
        title=title,
        show=show,
        published_at=published_at,
        source=source,
    )


# A path would tell others of this machine.
_TURNS = f"""
    select
        t.turn_index, coalesce(t.speaker_name, t.speaker_label), t.start_time, t.end_time, t.text,
        coalesce(own.title, given.title),
        audio_link({address_of("e.audio_url")}, null, e.page_url, t.start_time)
    from turns t left join episodes e using (episode_id)
    left join chapters own on own.transcript_id = t.transcript_id and own.chapter_index = t.chapter_index
    left join chapters given
        on given.episode_id = t.episode_id and given.transcript_id is null and t.chapter_index is null
        and given.start_time <= t.start_time and t.start_time < coalesce(given.end_time, 'infinity'::double)
    where t.transcript_id = ? order by t.turn_index
"""  # noqa: S608 - a name of a column
_SEGMENTS = """
    select speaker_label, start_time, end_time, '' from speaker_segments
    where transcript_id = ? order by start_time, end_time, segment_index
"""
_CHAPTERS = """
    with both_kinds as (
        select transcript_id is null as is_given, chapter_index, title, start_time, end_time from chapters
        where transcript_id = ? or (transcript_id is null and episode_id = ?)
    )
    select title, start_time, end_time from both_kinds
    where is_given = (select min(is_given) from both_kinds) order by chapter_index
"""


def _find(
    con: duckdb.DuckDBPyConnection, episode_id: str, transcript_id: str | None
) -> tuple[str, str | None, str | None, datetime | None, str | None]:
    found = con.execute(
        "select s.transcript_id, e.title, p.title, e.published_at, "  # noqa: S608 - names of columns
        f"coalesce({address_of('e.page_url')}, {address_of('e.audio_url')}) from transcripts s "
        "left join episodes e using (episode_id) left join podcasts p using (podcast_id) "
        "where s.episode_id = $episode "
        "and (s.transcript_id = $transcript or ($transcript is null and s.is_best))",
        {"episode": episode_id, "transcript": transcript_id},
    ).fetchone()
    if found is None:
        missing = f"transcript {transcript_id}" if transcript_id else "transcript"
        msg = f"episode {episode_id} has no {missing}: `turntable sql 'from transcripts'` lists them"
        raise SourceError(msg)
    return found


def _words(con: duckdb.DuckDBPyConnection, transcript_id: str) -> dict[int, list[tuple[Any, ...]]]:
    words: dict[int, list[tuple[Any, ...]]] = {}
    for turn_index, *word in con.execute(
        "select turn_index, speaker_label, start_time, end_time, word, probability "
        "from words where transcript_id = ? order by word_index",
        [transcript_id],
    ).fetchall():
        words.setdefault(turn_index, []).append(tuple(word))
    return words


def _all_timed(words: Sequence[tuple[Any, ...]]) -> tuple[Timed, ...]:
    if any(None in (start_time, end_time) for _, start_time, end_time, *_ in words):
        return ()
    return tuple(Timed(*word) for word in words)


def timed(transcript: ExportTranscript, name: str) -> Iterator[Timed]:
    """Yield the turns for a format that is nothing without times; no start is invented, no turn left out.

    An unknown end is where the next turn starts, but at most `SECONDS_A_WORD` behind each of the words.

    Raises:
        ContentError: a turn has no start; the message names the formats that need none.
    """
    untimed = sum(turn.start_time is None for turn in transcript.turns)
    if untimed:
        why = f"{untimed} of the {len(transcript.turns)} turns of {transcript.session_id} have none"
        raise without_times(name, why)
    starts = [turn.start_time for turn in transcript.turns]
    for turn, behind in zip(transcript.turns, [*starts[1:], None], strict=True):
        start = turn.start_time or 0.0
        end = turn.end_time if turn.end_time is not None else _end(start, behind, turn.text)
        yield Timed(turn.speaker, start, end, turn.text)


def without_times(name: str, why: str) -> ContentError:
    """Say that a format needs times that are not there, and which formats do without."""
    return ContentError(f"{name} needs times, and {why}: export md, txt, docx, json or seglst")


def _end(start: Seconds, behind: Seconds | None, text: str) -> Seconds:
    last = start + SECONDS_A_WORD * max(len(text.split()), len(text) // 6, 1)  # scripts without spaces
    return last if behind is None or behind < start else min(behind, last)


def cited(transcript: ExportTranscript) -> tuple[str, str | None]:
    """Return by what a transcript is cited below its title: show and day in a line, and the address, if known."""
    day = f"{transcript.published_at.astimezone(UTC):%Y-%m-%d}" if transcript.published_at else ""
    line = " · ".join(filter(None, (one_line(transcript.show or ""), day)))
    return line, transcript.source and one_line(transcript.source)


def named(turns: Sequence[ExportTurn]) -> Iterator[tuple[ExportTurn, str | None]]:
    """Yield each turn and the name to put before it; nobody is `NOBODY` where others have names."""
    some_known = any(label(turn.speaker) for turn in turns)
    for turn in turns:
        yield turn, label(turn.speaker) or (NOBODY if some_known else None)


def label(speaker: str | None) -> str:
    """Write a name so that what ends a name in a format, or begins a tag, is none in it; nobody is "".

    >>> label("Ann: the <v Ear>"), label("10:30"), label(None)
    ('Ann – the ‹v Ear›', '10∶30', '')
    """
    name = re.sub(r"\s*[:：](?:\s+|$)|^[:：]", " – ", one_line(speaker or "")).strip()
    return name.translate(_REDRAWN)


def one_line(text: str) -> str:
    r"""Make one line of a text: in most formats a line break ends the text.

    >>> one_line(" so \n\n what?")
    'so what?'
    """
    return visible(" ".join(text.replace("\0", "").split()))


def clock(seconds: Seconds) -> str:
    """Write a time for people, down to the second.

    >>> clock(75.9), clock(3675)
    ('1:15', '1:01:15')
    """
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
