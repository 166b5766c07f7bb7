"""The JSON transcript of Podcasting 2.0: segments with a speaker, of a sentence, a turn or a single word.

Spec: https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md#json

Example:

    {"version": "1.0.0", "segments": [
      {"speaker": "Ann Lee", "startTime": 0.0, "endTime": 2.5, "body": "Why does a record turn?"},
      {"speaker": "Bo Chan", "startTime": 2.5, "endTime": 4.0, "body": "It must."}
    ]}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from transforms.transcripts.captions.cue_speakers import glue, is_unspaced
from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Boundary, Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared import json_text
from transforms.transcripts.tables.columns import unit_of

# Some writers put two words into a segment now and then.
_MOSTLY = 0.9
# Without spaces a sentence looks like one word.
_LONGEST_UNSPACED = 4
# The rest of a word, or the mark behind it, in a segment of its own.
_TRAILING = re.compile(
    r"[.,!?;:…%)\]}»”’、。，！？；：」』]+|['’](?:s|t|d|m|re|ve|ll)\b.*|n['’]t\b.*", re.IGNORECASE
)


def fits(text: Text) -> bool:
    """Check for segments with a body or a start in its spelling, or an object with a version and no segments."""
    found = text.json.get("segments") if isinstance(text.json, dict) else text.json
    if isinstance(text.json, dict) and found == []:
        return "version" in text.json and "text" not in text.json
    return any("body" in item or {"startTime", "text"} <= item.keys() for item in json_text.first_objects(found))


def parse(text: Text) -> Draft:
    """Read the segments; where only the first of a run has a speaker, it holds until the next one, or `Unknown`.

    Raises:
        ContentError: it is no such object.
    """
    document = json_text.document(text, dict | list, "Podcasting 2.0 JSON")
    about = json_text.metadata(document, used=("segments",)) if isinstance(document, dict) else []
    dropped: list[Piece] = []
    clock = Clock()
    found = document.get("segments") if isinstance(document, dict) else document
    items = list(json_text.objects(found, dropped))
    unit = unit_of((item.get("startTime"), item.get("endTime"), _body(item)) for _, item in items)
    items = [(line, item) for line, item in items if json_text.has_text(line, _body(item), dropped)]
    read = [(_piece(line, item, clock, unit), str(_body(item))) for line, item in items]
    pieces = [piece for piece, _ in read]
    says_nobody = any("speaker" in item and not item["speaker"] for item in json_text.first_objects(found, None))
    if _names_changes(pieces, says_nobody=says_nobody):
        pieces = list(_carried(pieces, [item.get("speaker") for _, item in items]))
    boundary: Boundary = "cue"
    if _are_words(pieces):
        # The clock of the segments has seen these times.
        language = json_text.language_of(document) if isinstance(document, dict) else None
        pieces = json_text.join(_spoken(pieces, [body for _, body in read]), Clock(), language)
        boundary = json_text.boundary_of(pieces)
    else:
        pieces = json_text.names_in(pieces)
    return json_text.draft([*about, *dropped, *pieces], clock, "publisher", boundary)


def _body(item: dict[str, Any]) -> object:
    return item.get("body", item.get("text"))


def _piece(line: int, item: dict[str, Any], clock: Clock, unit: float) -> Piece:
    start, end = clock.span(item.get("startTime"), item.get("endTime"), unit)
    speaker = json_text.speaker_label(item.get("speaker"))
    return Piece(
        line,
        "speech",
        json_text.plain(_body(item)),
        speaker=speaker,
        opens=speaker is not None,
        start_time=start,
        end_time=end,
    )


def _names_changes(pieces: Sequence[Piece], *, says_nobody: bool) -> bool:
    """Check whether a speaker is named only where it changes: seldom, or never twice in a row."""
    named = [piece.speaker for piece in pieces if piece.speaker]
    if not named or len(named) == len(pieces):
        return False
    changes = pieces[0].speaker is not None and all(before != after for before, after in pairwise(named))
    return len(named) * 2 < len(pieces) or (changes and len(named) > 1 and not says_nobody)


def _carried(pieces: Iterable[Piece], labels: Iterable[object]) -> Iterator[Piece]:
    speaker: str | None = None
    for piece, label in zip(pieces, labels, strict=True):
        if piece.speaker or label:  # a label that is no name says that nobody knows
            speaker = piece.speaker
        yield replace(piece, speaker=speaker)


def _are_words(pieces: Sequence[Piece]) -> bool:
    single = sum(
        " " not in piece.text and not (len(piece.text) > _LONGEST_UNSPACED and is_unspaced(piece.text))
        for piece in pieces
    )
    return len(pieces) > 2 and single >= _MOSTLY * len(pieces)


def _spoken(pieces: Sequence[Piece], bodies: Sequence[str]) -> list[json_text.Spoken]:
    """Make words of segments: with spaces at the edges these part the words, else only marks go with a word."""
    edged = sum(body != body.strip() for body in bodies) * 3 > len(bodies)
    parts: list[tuple[Piece, Chunk]] = []
    apart = True
    for piece, body in zip(pieces, bodies, strict=True):
        goes_on = not (apart or body[:1].isspace()) if edged else _TRAILING.fullmatch(piece.text)
        if parts and goes_on and parts[-1][0].speaker == piece.speaker:
            parts[-1][1].text += piece.text
            parts[-1][1].end_time = piece.end_time
        else:
            parts.append((piece, Chunk(piece.text, piece.start_time, piece.end_time)))
        apart = body[-1:].isspace()
    return [json_text.Spoken(piece.line, piece.speaker, word) for piece, chunk in parts for word in glue([chunk])]


FORMAT = Format("podcast_json", "JSON transcript of Podcasting 2.0", example_of(__doc__), fits, parse)
