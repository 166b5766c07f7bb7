"""Fireflies' JSON: sentences with the names of their speakers, from its export or its API.

Spec: https://docs.fireflies.ai/schema/sentence

Example:

    {"data": {"transcript": {"title": "Why a record turns", "sentences": [
      {"index": 0, "speaker_name": "Ann Lee", "text": "Why turn?", "start_time": 0.1, "end_time": 0.9},
      {"index": 1, "speaker_name": "Bo Chan", "text": "It must.", "start_time": 1.2, "end_time": 1.9}
    ]}}}
"""

from __future__ import annotations

from typing import Any

from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.shared import json_text
from transforms.transcripts.shared.named_fields import read_rows
from transforms.transcripts.tables.columns import find_columns


def fits(text: Text) -> bool:
    """Check for sentences whose speakers have a name and a number."""
    return any(
        "speaker_name" in item and ("text" in item or "sentence" in item)
        for item in json_text.first_objects(_sentences(text.json))
    )


def _transcript(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        return {}
    for part in (service_words.inner(document, "data", "transcript"), service_words.inner(document, "transcript")):
        if "sentences" in part:
            return part
    return document


def _sentences(document: Any) -> object:
    return document if isinstance(document, list) else _transcript(document).get("sentences")


def parse(text: Text) -> Draft:
    """Read the sentences.

    Raises:
        ContentError: nobody says anything.
    """
    document = json_text.document(text, dict | list, "Fireflies JSON")
    clock, dropped = Clock(), list[Piece]()
    rows = list(json_text.objects(_sentences(document), dropped))
    columns = find_columns({name: None for _, row in rows[:20] for name in row})
    pieces = read_rows(rows, columns, clock, dropped) if columns else []
    about = json_text.metadata(_transcript(document), used=("sentences", "id"))
    return service_words.with_text(json_text.draft([*about, *dropped, *pieces], clock, "asr"), "Fireflies")


FORMAT = Format("fireflies", "Fireflies JSON", example_of(__doc__), fits, parse)
