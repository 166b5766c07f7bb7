r"""YouTube's json3 captions: events of words, each with its start.

There is no specification; yt-dlp fetches it: https://github.com/yt-dlp/yt-dlp

Example:

    {"wireMagic": "pb3", "events": [
      {"tStartMs": 0, "dDurationMs": 4000, "segs": [
        {"utf8": "why"}, {"utf8": " does", "tOffsetMs": 300}, {"utf8": " it", "tOffsetMs": 600}]},
      {"tStartMs": 1990, "dDurationMs": 2010, "aAppend": 1, "segs": [{"utf8": "\n"}]},
      {"tStartMs": 2000, "dDurationMs": 3000, "segs": [{"utf8": "turn"}]}
    ]}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transforms.errors import ContentError
from transforms.records import Seconds
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import Chunk, Clock, Cue, Item, Row, resolve
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared import json_text

_MILLISECONDS = 0.001


def fits(text: Text) -> bool:
    """Check for an object with events in milliseconds."""
    if not isinstance(text.json, dict):
        return False
    found = json_text.first_objects(text.json.get("events"))
    return any("segs" in item or "tStartMs" in item for item in found)


def parse(text: Text) -> Draft:
    """Read the events; an event lasts no longer than to the start of the next one.

    Raises:
        ContentError: there are no events.
    """
    document = json_text.document(text, dict, "json3")
    if not isinstance(document.get("events"), list):
        msg = "the json3 has no events"
        raise ContentError(msg)
    clock = Clock()
    dropped: list[Piece] = []
    cues = [
        cue
        for line, event in json_text.objects(document["events"], dropped)
        if (cue := _event(line, event, clock, dropped))
    ]
    end: Seconds | None = None
    for cue in reversed(cues):
        cue.end_time = _earlier(cue.end_time, end) if _is_behind(end, cue.start_time) else cue.end_time
        end = cue.start_time
    about = json_text.metadata(document, used=("events", "pens", "wsWinStyles", "wpWinPositions"))
    return cue_draft([*about, *_in_order(cues, dropped)], clock, source="captions", grammar=text.grammar)


def _in_order(cues: Sequence[Cue], dropped: Sequence[Piece]) -> list[Item]:
    return sorted([*cues, *dropped], key=lambda item: item.line)


def _earlier(first: Seconds | None, second: Seconds | None) -> Seconds | None:
    return min((time for time in (first, second) if time is not None), default=None)


def _is_behind(time: Seconds | None, start: Seconds | None) -> bool:
    return time is not None and (start is None or time >= start)


def _event(line: int, event: dict[str, Any], clock: Clock, dropped: list[Piece]) -> Cue | None:
    """Read an event with words; one of white space only breaks the line on the screen."""
    start = clock.moment(event.get("tStartMs"), _MILLISECONDS)
    lasts = clock.moment(event.get("dDurationMs"), _MILLISECONDS)
    segs = list(json_text.objects(event.get("segs"), dropped))
    chunks = [_chunk(seg, start, clock) for _, seg in segs]
    rows = _rows(line, chunks, timed=any("tOffsetMs" in seg for _, seg in segs))
    if not rows:
        return None
    end = None if start is None or lasts is None else round(start + lasts, 3)
    return Cue(line, start, end, rows)


def _chunk(seg: dict[str, Any], start: Seconds | None, clock: Clock) -> Chunk:
    value = seg.get("utf8")
    text = resolve(json_text.whole(value)) if isinstance(value, str) else json_text.string(value)
    offset = clock.moment(seg.get("tOffsetMs", 0), _MILLISECONDS)
    if start is None or offset is None or not text.strip():
        return Chunk(text)
    return Chunk(text, round(start + offset, 3))


def _rows(line: int, chunks: Sequence[Chunk], *, timed: bool) -> list[Row]:
    """Make the rows of an event: one with times, or the lines that a person wrote."""
    whole = "".join(chunk.text for chunk in chunks)
    if timed:
        text = json_text.string(whole)
        return [Row(line, text, chunks=tuple(chunks))] if text else []
    return [Row(line, text) for part in whole.split("\n") if (text := json_text.plain(part))]


FORMAT = Format("json3", "YouTube json3 captions", example_of(__doc__), fits, parse)
