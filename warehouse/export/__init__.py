"""Transcripts in the formats of other tools: a module for those who read them, a function a format, one table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from transforms.errors import SourceError
from warehouse.export.evaluation import ctm, rttm, seglst, stm
from warehouse.export.podcasting import chapters, podcast_json
from warehouse.export.readable import markdown, text
from warehouse.export.selection import Selected
from warehouse.export.subtitles import srt, vtt
from warehouse.export.transcript import ExportTranscript, ExportTurn, Timed, read
from warehouse.export.word_document import docx
from warehouse.snapshot import open_snapshot

__all__ = ["ENDINGS", "FORMATS", "TABLES", "ExportTranscript", "ExportTurn", "Timed", "export", "file_name"]

FORMATS: dict[str, Callable[[ExportTranscript], str | bytes]] = {
    "vtt": vtt,
    "srt": srt,
    "json": podcast_json,
    "chapters": chapters,
    "md": markdown,
    "txt": text,
    "docx": docx,
    "rttm": rttm,
    "ctm": ctm,
    "stm": stm,
    "seglst": seglst,
}
# Any query gives one of these, by `warehouse.export.query_files`; `csv-safe` has no cell that is a formula.
TABLES = ("csv", "csv-safe", "parquet", "jsonl")
ENDINGS = {"chapters": "chapters.json", "seglst": "seglst.json", "csv-safe": "csv"}  # else the format itself


def export(snapshot: Path, episode_id: str, format: str, transcript_id: str | None = None) -> str | bytes:
    """Write a transcript of an episode in another format: the best one, unless `transcript_id` names one.

    `format` is one of `FORMATS`.

    Raises:
        SourceError: there is no such format, episode or transcript.
        ContentError: the format needs times, speakers or chapters that the transcript does not have.
    """
    return export_selected(snapshot, Selected(episode_id, transcript_id), format)


def export_selected(snapshot: Path, selected: Selected, format: str) -> str | bytes:
    """Write a transcript of an episode, or some of its turns, in another format.

    Raises:
        SourceError: there is no such format, episode or transcript.
        ContentError: the format needs times, speakers or chapters that the transcript does not have.
    """
    check_format(format)
    with open_snapshot(snapshot) as con:
        transcript = read(con, selected.episode_id, selected.transcript_id, selected.turn_indexes)
    return FORMATS[format](transcript)


def check_format(format: str) -> None:
    """Check that there is such a format.

    Raises:
        SourceError: there is none.
    """
    if format not in (*FORMATS, *TABLES):
        msg = f"there is no format {format!r}: choose one of {', '.join((*FORMATS, *TABLES))}"
        raise SourceError(msg)


def ending_of(format: str) -> str:
    """Return how the name of a file of a format ends, without the dot."""
    return ENDINGS.get(format, format)


def file_name(name: str, format: str) -> str:
    """Name the file of an episode, by its id: no title of a stranger becomes a path.

    >>> file_name("youtube:dQw4", "chapters")
    'youtube-dQw4.chapters.json'
    """
    return f"{name.translate(str.maketrans(':/', '--'))}.{ending_of(format)}"
