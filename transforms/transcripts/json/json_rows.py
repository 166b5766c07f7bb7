"""Any other JSON that lists rows with a text, a time and mostly a speaker, whatever it calls them.

The list is the longest such one; the unit of its times is what its names say, else what fits the words.

Example:

    {"meeting": {"transcript": [
      {"speaker": "Ann Lee", "text": "Why does a record turn?", "startMs": 3390, "endMs": 6186},
      {"speaker": "Bo Chan", "text": "Because it is round.", "startMs": 6186, "endMs": 7766}
    ]}}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.shared import json_text
from transforms.transcripts.shared.named_fields import read_rows
from transforms.transcripts.tables.columns import Columns, find_columns, moment

_DEEPEST = 5


def fits(text: Text) -> bool:
    """Check for a document that has such a list."""
    return bool(_found(text.json)[0])


def _found(document: Any) -> tuple[list[Any], Columns | None]:
    """Find the longest list of rows with text and times."""
    best: tuple[list[Any], Columns | None] = ([], None)
    for rows in _lists(document, 0):
        if len(rows) > len(best[0]) and (columns := _columns(rows)):
            best = (rows, columns)
    return best


def _lists(value: Any, depth: int) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    elif isinstance(value, dict) and depth < _DEEPEST:
        for inner in value.values():
            yield from _lists(inner, depth + 1)


def _columns(rows: list[Any]) -> Columns | None:
    """Name the fields of rows most of which have a text and a time."""
    sample = json_text.first_objects(rows)
    columns = find_columns({name: None for row in sample for name in row})
    if columns is None or columns.start is None:
        return None
    spoken = [row for row in sample if isinstance(row.get(columns.text), str) and _is_time(row.get(columns.start))]
    return columns if len(spoken) * 2 > len(sample) else None


def _is_time(value: object) -> bool:
    return moment(value, 1.0, Clock()) is not None


def parse(text: Text) -> Draft:
    """Read the rows; what stands around them is metadata.

    Raises:
        ContentError: there are none.
    """
    document = json_text.document(text, dict | list, "JSON")
    rows, columns = _found(document)
    clock, dropped = Clock(), list[Piece]()
    pieces = read_rows(list(json_text.objects(rows, dropped)), columns, clock, dropped) if columns else []
    about = json_text.metadata(document) if isinstance(document, dict) else []
    return service_words.with_text(json_text.draft([*about, *dropped, *pieces], clock, "asr"), "given")


FORMAT = Format("json_rows", "JSON that lists rows with text and times", example_of(__doc__), fits, parse)
