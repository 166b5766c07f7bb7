"""SegLST: segments with a speaker and times, of MeetEval and CHiME.

Spec: https://github.com/fgnt/meeteval#segment-wise-long-form-speech-transcription-annotation-seglst

Example:

    [
      {"session_id": "1", "speaker": "Ann", "start_time": 0.0, "end_time": 2.5, "words": "Why does it turn?"},
      {"session_id": "1", "speaker": "Bo", "start_time": "2.5", "end_time": "4.0", "words": "It must."}
    ]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared import json_text
from transforms.transcripts.tables.columns import unit_of


def fits(text: Text) -> bool:
    """Check for a list of segments with words in one string, and a session or a start."""
    found = json_text.first_objects(text.json)
    return bool(found) and all(
        isinstance(item.get("words", ""), str) and ("session_id" in item or "start_time" in item) for item in found
    )


def parse(text: Text) -> Draft:
    """Read the segments; an empty speaker is unknown.

    Raises:
        ContentError: it is no list.
    """
    found = json_text.document(text, list, "SegLST")
    clock = Clock()
    pieces: list[Piece] = []
    items = list(json_text.objects(found, pieces))
    pieces += _sessions(items)
    unit = unit_of((item.get("start_time"), item.get("end_time"), item.get("words")) for _, item in items)
    pieces += [
        _piece(line, item, clock, unit)
        for line, item in items
        if json_text.has_text(line, item.get("words"), pieces)
    ]
    return json_text.draft(pieces, clock, "publisher")


def _sessions(items: list[tuple[int, dict[str, Any]]]) -> Iterator[Piece]:
    for session, group in groupby(items, key=lambda item: json_text.string(item[1].get("session_id"))):
        if session:
            yield Piece(next(group)[0], "metadata", session, name="session_id")


def _piece(line: int, item: dict[str, Any], clock: Clock, unit: float) -> Piece:
    start, end = clock.span(item.get("start_time"), item.get("end_time"), unit)
    speaker = json_text.speaker_label(item.get("speaker"))
    return Piece(
        line,
        "speech",
        json_text.string(item["words"]),
        speaker=speaker,
        opens=speaker is not None,
        start_time=start,
        end_time=end,
    )


FORMAT = Format("seglst", "SegLST segments", example_of(__doc__), fits, parse)
