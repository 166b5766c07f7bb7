"""Rev's and Rev AI's JSON: monologues of elements, words and what stands between them.

Spec: https://docs.rev.ai/api/asynchronous/transcripts/

Example:

    {"speakers": [{"id": 0, "name": "Ann Lee"}, {"id": 1, "name": "Bo Chan"}], "monologues": [
      {"speaker": 0, "elements": [
        {"type": "text", "value": "Why", "ts": 0.1, "end_ts": 0.4, "confidence": 0.9},
        {"type": "punct", "value": "?"}]},
      {"speaker": 1, "elements": [
        {"type": "text", "value": "It", "ts": 1.2, "end_ts": 1.4, "confidence": 0.9},
        {"type": "punct", "value": " "},
        {"type": "text", "value": "must", "ts": 1.4, "end_ts": 1.9, "confidence": 0.9},
        {"type": "punct", "value": "."}]}
    ]}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.services.service_words import Item
from transforms.transcripts.shared import json_text

_START = ("ts", "timestamp", "start_ts")
_END = ("end_ts", "end_timestamp")


def fits(text: Text) -> bool:
    """Check for monologues of elements."""
    document = text.json if isinstance(text.json, dict) else {}
    return any("elements" in item for item in json_text.first_objects(document.get("monologues")))


def parse(text: Text) -> Draft:
    """Read the elements of each monologue.

    Raises:
        ContentError: nobody says anything.
    """
    document = json_text.document(text, dict, "Rev JSON")
    names = {json_text.string(s.get("id")): s for s in json_text.first_objects(document.get("speakers"), None)}
    clock = Clock()
    dropped: list[Piece] = []
    items = [
        item
        for line, monologue in json_text.objects(document.get("monologues"), dropped)
        for item in _items(line, monologue, _speaker(monologue, names), clock, dropped)
    ]
    about = json_text.metadata(document, used=("monologues", "speakers"))
    language = json_text.language_of(document)
    read = service_words.draft([items], clock, about=about, beside=dropped, language=language)
    return service_words.with_text(read, "Rev")


def _speaker(monologue: dict[str, Any], names: dict[str, dict[str, Any]]) -> str | None:
    own = monologue.get("speaker_info") or names.get(json_text.string(monologue.get("speaker")))
    named = json_text.speaker_label(own.get("name")) if isinstance(own, dict) else None
    return named or json_text.speaker_label(monologue.get("speaker"))


def _items(
    line: int, monologue: dict[str, Any], speaker: str | None, clock: Clock, beside: list[Piece]
) -> Iterator[Item]:
    apart = True
    for element in json_text.first_objects(monologue.get("elements"), None):
        value = element.get("value")
        if not isinstance(value, str) or not value.strip():
            apart = True
            continue
        if element.get("type") == "unknown":  # what nobody understood, written <unk>
            beside.append(
                Piece(line, "event", value.strip(), start_time=clock.moment(json_text.first_of(element, _START)))
            )
            continue
        start, end = (clock.moment(json_text.first_of(element, names)) for names in (_START, _END))
        is_mark = element.get("type") == "punct"
        joined = not apart and not value[:1].isspace() and (is_mark or service_words.goes_on(value))
        chance = json_text.probability(element.get("confidence"))
        yield Item(line, Chunk(json_text.string(value), start, end, chance), speaker, to_last=joined)
        apart = value[-1:].isspace()


FORMAT = Format("rev", "Rev and Rev AI JSON", example_of(__doc__), fits, parse)
