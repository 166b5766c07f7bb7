"""Transcripts in the formats of other tools: one function a format, one table of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from transforms.errors import ContentError, SourceError
from transforms.records import Seconds
from transforms.text import strict_json, visible
from warehouse.snapshot import open_snapshot

# A cue is one glance: a sentence, no longer than players like it
# (https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md).
CUE_SECONDS = 7.0
CUE_CHARACTERS = 65
# A shorter one flickers: "No." goes with what follows.
SHORTEST_CUE_SECONDS = 1.0
SECONDS_A_WORD = 1.0  # at most, where nobody says when a turn ends: the slowest speech
_SENTENCE_END = re.compile(r"[.?!…。？！][\"'”’»)\]]*$")


@dataclass(frozen=True, slots=True)
class Timed:
    """Something said or, without text, only heard: a cue, a word, a segment of the diarization."""

    speaker: str | None
    start_time: Seconds
    end_time: Seconds
    text: str


@dataclass(frozen=True, slots=True)
class ExportTurn:
    """A turn; its times may be unknown; `words` is empty where the time of one of them is unknown."""

    speaker: str | None
    start_time: Seconds | None
    end_time: Seconds | None
    text: str
    words: tuple[Timed, ...]


@dataclass(frozen=True, slots=True)
class ExportTranscript:
    """What the writers write: the turns in order, and the diarization with its overlaps."""

    session_id: str
    turns: tuple[ExportTurn, ...]
    speaker_segments: tuple[Timed, ...]


def export(snapshot: Path, episode_id: str, format: str, transcript_id: str | None = None) -> str:
    """Write a transcript of an episode in another format: the best one, unless `transcript_id` names one.

    `format` is one of `FORMATS`.

    Raises:
        SourceError: there is no such format, episode or transcript.
        ContentError: the format needs times or speakers that the transcript does not have.
    """
    if format not in FORMATS:
        msg = f"there is no format {format!r}: choose one of {', '.join(FORMATS)}"
        raise SourceError(msg)
    with open_snapshot(snapshot) as con:
        transcript = _read(con, episode_id, transcript_id)
    return FORMATS[format](transcript)


def seglst(transcript: ExportTranscript) -> str:
    """Write SegLST, one segment a turn; an unknown speaker is "", unknown times are left out.

    Spec: https://github.com/fgnt/meeteval#segment-wise-long-form-speech-transcription-annotation-seglst
    """
    return _json(
        [
            {
                "session_id": transcript.session_id,
                "speaker": turn.speaker or "",
                **_known(start_time=turn.start_time, end_time=turn.end_time),
                "words": turn.text,
            }
            for turn in transcript.turns
        ]
    )


def rttm(transcript: ExportTranscript) -> str:
    """Write RTTM: the diarization with its overlaps, else the turns of known speakers.

    A field holds no space: it becomes `_`.
    Spec: https://web.archive.org/web/20170119114252/http://www.itl.nist.gov/iad/mig/tests/rt/2009/docs/rt09-meeting-eval-plan-v2.pdf

    Raises:
        ContentError: no speaker is known.
    """
    segments = transcript.speaker_segments or tuple(
        turn for turn in _timed(transcript, "RTTM") if turn.speaker is not None
    )
    if not segments:
        msg = f"no speaker of {transcript.session_id} is known, so there is no RTTM: diarize the episode first"
        raise ContentError(msg)
    session = _field(transcript.session_id)
    return "".join(
        f"SPEAKER {session} 1 {segment.start_time:.3f} {segment.end_time - segment.start_time:.3f} "
        f"<NA> <NA> {_field(segment.speaker)} <NA> <NA>\n"
        for segment in segments
    )


def stm(transcript: ExportTranscript) -> str:
    """Write STM, one line a turn; a field holds no space: it becomes `_`.

    Spec: https://www.nist.gov/system/files/documents/2021/08/03/OpenASR20_EvalPlan_v1_5.pdf

    Raises:
        ContentError: a turn has no start.
    """
    session = _field(transcript.session_id)
    return "".join(
        f"{session} 1 {_field(turn.speaker)} {turn.start_time:.3f} {turn.end_time:.3f} "
        f"{_plain(turn.text)}".rstrip()
        + "\n"
        for turn in _timed(transcript, "STM")
    )


def vtt(transcript: ExportTranscript) -> str:
    """Write WebVTT with a voice span a cue.

    Spec: https://www.w3.org/TR/webvtt1/

    Raises:
        ContentError: a turn has no start.
    """
    blocks = ["WEBVTT\n"]
    for cue in _cues(transcript, "WebVTT"):
        voice = f"<v {_escaped(cue.speaker)}>" if cue.speaker else ""
        blocks.append(f"{_span(cue, '.')}\n{voice}{_escaped(cue.text)}\n")
    return "\n".join(blocks)


def srt(transcript: ExportTranscript) -> str:
    """Write SubRip; a cue starts with `Name: ` where the speaker changes.

    Spec: https://www.matroska.org/technical/subtitles.html#srt-subtitles

    Raises:
        ContentError: a turn has no start.
    """
    blocks = []
    before: str | None = None
    for number, cue in enumerate(_cues(transcript, "SRT"), start=1):
        name = f"{cue.speaker}: " if cue.speaker and cue.speaker != before else ""
        # An arrow would look like a line of times.
        text = f"{name}{cue.text}".replace("-->", "→")
        blocks.append(f"{number}\n{_span(cue, ',')}\n{text}\n")
        before = cue.speaker
    return "\n".join(blocks)


def podcast_json(transcript: ExportTranscript) -> str:
    """Write the JSON transcript of Podcasting 2.0, one segment a turn; what is unknown is left out.

    Spec: https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md
    """
    segments = [
        {
            **_known(speaker=turn.speaker, startTime=turn.start_time, endTime=turn.end_time),
            "body": turn.text,
        }
        for turn in transcript.turns
    ]
    return _json({"version": "1.0.0", "segments": segments})


FORMATS: dict[str, Callable[[ExportTranscript], str]] = {
    "seglst": seglst,
    "rttm": rttm,
    "stm": stm,
    "vtt": vtt,
    "srt": srt,
    "json": podcast_json,
}


def _read(con: duckdb.DuckDBPyConnection, episode_id: str, transcript_id: str | None) -> ExportTranscript:
    chosen = con.execute(
        "select transcript_id from transcripts "
        "where episode_id = $episode and (transcript_id = $transcript or ($transcript is null and is_best))",
        {"episode": episode_id, "transcript": transcript_id},
    ).fetchone()
    if chosen is None:
        missing = f"transcript {transcript_id}" if transcript_id else "transcript"
        msg = f"episode {episode_id} has no {missing}: `turntable sql 'from transcripts'` lists them"
        raise SourceError(msg)
    turns = con.execute(
        "select turn_index, coalesce(speaker_name, speaker_label), start_time, end_time, text "
        "from turns where transcript_id = ? order by turn_index",
        chosen,
    ).fetchall()
    words: dict[int, list[tuple[Any, ...]]] = {}
    for turn_index, *word in con.execute(
        "select turn_index, speaker_label, start_time, end_time, word "
        "from words where transcript_id = ? order by word_index",
        chosen,
    ).fetchall():
        words.setdefault(turn_index, []).append(tuple(word))
    segments = con.execute(
        "select speaker_label, start_time, end_time, '' from speaker_segments "
        "where transcript_id = ? order by start_time, end_time, segment_index",
        chosen,
    ).fetchall()
    return ExportTranscript(
        session_id=episode_id,
        turns=tuple(
            ExportTurn(speaker, start_time, end_time, text, _all_timed(words.get(index, [])))
            for index, speaker, start_time, end_time, text in turns
        ),
        speaker_segments=tuple(Timed(*segment) for segment in segments),
    )


def _all_timed(words: Sequence[tuple[Any, ...]]) -> tuple[Timed, ...]:
    if any(None in (start_time, end_time) for _, start_time, end_time, _ in words):
        return ()
    return tuple(Timed(*word) for word in words)


def _timed(transcript: ExportTranscript, name: str) -> Iterator[Timed]:
    """Yield the turns for a format that is nothing without times; no start is invented, no turn left out.

    An unknown end is where the next turn starts, but at most `SECONDS_A_WORD` behind each of the words.
    """
    starts = [turn.start_time for turn in transcript.turns]
    for turn, behind in zip(transcript.turns, [*starts[1:], None], strict=True):
        if turn.start_time is None:
            msg = f"{name} needs times, and a turn of {transcript.session_id} has none: export seglst or json"
            raise ContentError(msg)
        end = turn.end_time if turn.end_time is not None else _end(turn.start_time, behind, turn.text)
        yield Timed(turn.speaker, turn.start_time, end, turn.text)


def _end(start: Seconds, behind: Seconds | None, text: str) -> Seconds:
    last = start + SECONDS_A_WORD * max(len(text.split()), len(text) // 6, 1)  # scripts without spaces
    return last if behind is None or behind < start else min(behind, last)


def _cues(transcript: ExportTranscript, name: str) -> list[Timed]:
    """Cut the turns into cues, in time order; a turn whose words have no times is one cue."""
    cues = [
        Timed(cue.speaker and _plain(cue.speaker), cue.start_time, cue.end_time, _plain(cue.text))
        for turn, said in zip(_timed(transcript, name), transcript.turns, strict=True)
        for cue in (_cut(turn, said.words) or [turn])
    ]
    return sorted((cue for cue in cues if cue.text), key=lambda cue: cue.start_time)


def _cut(turn: Timed, words: Sequence[Timed]) -> list[Timed]:
    cues: list[Timed] = []
    for word in _pieces(turn.text, words):
        if cues and not _is_full(cues[-1], word):
            text = cues[-1].text + word.text
            cues[-1] = Timed(turn.speaker, cues[-1].start_time, word.end_time, text)
        else:
            cues.append(Timed(turn.speaker, word.start_time, word.end_time, word.text))
    return cues


def _pieces(text: str, words: Sequence[Timed]) -> list[Timed]:
    """Share out the text of a turn among its words, spaces and all; nothing where they do not match."""
    starts, position = [], 0
    for word in words:
        position = text.find(word.text.strip(), position)
        if position < 0:
            return []
        starts.append(position)
        position += len(word.text.strip())
    bounds = pairwise([0, *starts[1:], len(text)])
    return [replace(word, text=text[a:b]) for word, (a, b) in zip(words, bounds, strict=False)]


def _is_full(cue: Timed, word: Timed) -> bool:
    lasts = cue.end_time - cue.start_time
    return (
        word.end_time - cue.start_time > CUE_SECONDS
        or len((cue.text + word.text).strip()) > CUE_CHARACTERS
        or (lasts >= SHORTEST_CUE_SECONDS and _SENTENCE_END.search(cue.text.rstrip()) is not None)
    )


def _span(cue: Timed, mark: str) -> str:
    """Write the line of times; a cue lasts at least one millisecond, as WebVTT asks.

    >>> _span(Timed(None, 3661.5, 3661.5, ""), ",")
    '01:01:01,500 --> 01:01:01,501'
    """
    start = round(cue.start_time * 1000)
    end = max(round(cue.end_time * 1000), start + 1)
    return " --> ".join(
        f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"
        for ms in (start, end)
    )


def _plain(text: str) -> str:
    r"""Make one line of a text: in these formats a line break ends the text.

    >>> _plain(" so \n\n what?")
    'so what?'
    """
    return visible(" ".join(text.replace("\0", "").split()))


def _escaped(text: str) -> str:
    return escape(text, quote=False)


def _field(text: str | None) -> str:
    """Make one field: no space, and no quotation mark, at which readers of tables stumble.

    >>> _field('Ann "The Ear" Bell'), _field(None)
    ("Ann_'The_Ear'_Bell", 'unknown')
    """
    return _plain(text or "").replace(" ", "_").replace('"', "'") or "unknown"


def _known(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _json(value: object) -> str:
    return strict_json(json.dumps(value, ensure_ascii=False, indent=2)) + "\n"
