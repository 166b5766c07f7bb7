"""Rows with named fields → pieces: what the tables of people and the lists of services share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Piece
from transforms.transcripts.services import service_words
from transforms.transcripts.shared import json_text
from transforms.transcripts.tables.columns import Columns, find_columns, moment, scale_of, span_of

Row = tuple[int, Mapping[str, Any]]


def read_rows(
    rows: Sequence[Row], columns: Columns, clock: Clock, dropped: list[Piece], language: str | None = None
) -> list[Piece]:
    """Read who says what and when in each row; a row without text is dropped."""
    scale = scale_of([row for _, row in rows], columns, clock)
    said = []
    for line, row in rows:
        if json_text.has_text(line, row.get(columns.text), dropped):
            said.append(_piece(line, row, columns, scale, clock, language))
    return json_text.names_in(said)


def _piece(
    line: int, row: Mapping[str, Any], columns: Columns, scale: float, clock: Clock, language: str | None
) -> Piece:
    text = json_text.plain(row.get(columns.text))
    speaker = json_text.speaker_label(row.get(columns.speaker)) if columns.speaker else None
    span = span_of(row, columns, scale, clock)
    chunks = list(_words(row.get("words"), scale, clock))
    return service_words.utterance(line, speaker, text, span, chunks, language)


def _words(value: object, scale: float, clock: Clock) -> Iterator[Chunk]:
    """Read the words that a row has beside its text."""
    items = json_text.first_objects(value, None)
    names = ("word", "punctuated_word", "text", "content")
    columns = find_columns(["text", *(items[0] if items else ())])
    for item in items:
        shown = next((item[name] for name in names if isinstance(item.get(name), str)), "")
        if columns and columns.start and json_text.string(shown):
            ends = (columns.start, columns.end)
            start, end = (moment(item.get(name), columns.scale or scale, clock) if name else None for name in ends)
            space = " " if shown[:1].isspace() else ""
            chance = next((item[name] for name in ("confidence", "probability", "score") if name in item), None)
            yield Chunk(space + json_text.string(shown), start, end, json_text.probability(chance))
