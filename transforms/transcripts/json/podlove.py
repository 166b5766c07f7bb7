"""Podlove's transcripts, JSON or XML: segments with the number of a speaker and a voice.

Spec: https://docs.podlove.org/podlove-publisher/guides/transcripts

Example:

    [{"start": "00:00:00.100", "start_ms": 100, "end": "00:00:00.900", "end_ms": 900,
      "speaker": "1", "voice": "Ann Lee", "text": "Why turn?"},
     {"start": "00:00:01.200", "start_ms": 1200, "end": "00:00:01.900", "end_ms": 1900,
      "speaker": "2", "voice": "Bo Chan", "text": "It must."}]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.shared import json_text
from transforms.transcripts.shared.named_fields import read_rows
from transforms.transcripts.shared.xml_tree import parse_xml
from transforms.transcripts.tables.columns import Columns

_COLUMNS = Columns("text", "voice", "start", "end", None, 0.001)
_ROOT = re.compile(
    r"(?:<\?[^>]*>\s*|<!--.*?-->\s*)*<(?:podlove[\w-]*:?)?transcripts?[\s>]", re.DOTALL | re.IGNORECASE
)
_TIMED = re.compile(r"<\w+[^>]*\s(?:start|start_ms)=")
_NAMES = ("voice", "name", "speaker")


def fits(text: Text) -> bool:
    """Check for segments with a voice and milliseconds, alone or under a key, or their XML."""
    if text.json is not None:
        return any("start_ms" in row and ("voice" in row or "speaker" in row) for _, row in _rows(text.json))
    return _ROOT.match(text.head) is not None and _TIMED.search(text.head) is not None


def _rows(document: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the segments, those of a group of one speaker too."""
    found = document.get("transcripts") if isinstance(document, dict) else document
    line = 0
    for item in json_text.first_objects(found, None):
        inside = json_text.first_objects(item.get("items"), None)
        for row in inside or [item]:
            line += 1
            yield line, {**{name: item.get(name) for name in _NAMES}, **row}


def parse(text: Text) -> Draft:
    """Read the segments.

    Raises:
        ContentError: there are none, or the XML is not sound.
    """
    given = _rows(text.json) if text.json is not None else _elements(parse_xml(text, "Podlove transcript"))
    rows = [(line, _with_times(row)) for line, row in given]
    clock, dropped = Clock(), list[Piece]()
    pieces = read_rows(rows, _COLUMNS, clock, dropped)
    return service_words.with_text(json_text.draft([*dropped, *pieces], clock, "publisher"), "Podlove")


def _with_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """Name the speaker by the voice, and take the milliseconds where they are there."""
    who = next((row[name] for name in _NAMES if row.get(name) not in (None, "")), None)
    start, end = row.get("start_ms", row.get("start")), row.get("end_ms", row.get("end"))
    return {"text": row.get("text"), "voice": who, "start": start, "end": end}


def _elements(root: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the elements that have a time and words; one around them may name the speaker."""
    for node in root.iter():
        if isinstance(node.tag, str) and (node.get("start") or node.get("start_ms")):
            around = node.getparent()
            above = dict(around.attrib) if around is not None and around is not root else {}
            shown = node.text or ""
            if shown.strip():
                named = {name: above.get(name) for name in _NAMES}
                yield node.sourceline or 1, {**named, **dict(node.attrib), "text": shown}


FORMAT = Format("podlove", "Podlove's JSON and XML", example_of(__doc__), fits, parse)
