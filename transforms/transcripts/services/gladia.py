"""Gladia's JSON: utterances of speakers by number, with words, in seconds.

Spec: https://docs.gladia.io/api-reference/v2/pre-recorded/get

Example:

    {"id": "5551", "status": "done", "result": {"transcription": {
      "languages": ["en"], "full_transcript": "Why turn? It must.", "utterances": [
        {"speaker": 0, "channel": 0, "start": 0.1, "end": 0.9, "text": "Why turn?", "words": [
          {"word": "Why", "start": 0.1, "end": 0.4}, {"word": " turn?", "start": 0.4, "end": 0.9}]},
        {"speaker": 1, "channel": 0, "start": 1.2, "end": 1.9, "text": "It must.", "words": []}]}}}
"""

from __future__ import annotations

from typing import Any

from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.shared import json_text
from transforms.transcripts.shared.named_fields import read_rows
from transforms.transcripts.tables.columns import Columns

_COLUMNS = Columns("text", "speaker", "start", "end", None, 1.0)
_OLD_COLUMNS = Columns("transcription", "speaker", "time_begin", "time_end", None, 1.0)  # of version 1


def fits(text: Text) -> bool:
    """Check for utterances beside the whole transcript, or the predictions of version 1."""
    return _found(text.json) is not None


def _found(document: Any) -> dict[str, Any] | None:
    """Find the part that holds the utterances, in the answer of the service or alone."""
    if not isinstance(document, dict):
        return None
    for part in (
        service_words.inner(document, "result", "transcription"),
        service_words.inner(document, "transcription"),
        document,
    ):
        if "full_transcript" in part or (
            "full_transcript" not in document and isinstance(part.get("utterances"), list) and part is not document
        ):
            return part
    old = json_text.first_objects(document.get("prediction"))
    return document if any("time_begin" in item for item in old) else None


def parse(text: Text) -> Draft:
    """Read the utterances; without them the whole transcript.

    Raises:
        ContentError: there are neither.
    """
    document = json_text.document(text, dict, "Gladia JSON")
    part = _found(document) or document
    clock, dropped = Clock(), list[Piece]()
    old = part.get("prediction")
    rows = list(json_text.objects(part.get("utterances") if old is None else old, dropped))
    language = _language(part)
    pieces = read_rows(rows, _COLUMNS if old is None else _OLD_COLUMNS, clock, dropped, language)
    about = json_text.metadata(
        document, used=("result", "prediction", "utterances", "full_transcript", "transcription")
    )
    about += json_text.metadata({"language": language} if language else {})
    read = json_text.draft([*about, *dropped, *service_words.in_time(pieces)], clock, "asr")
    return service_words.with_text(read, "Gladia", part.get("full_transcript"))


def _language(part: dict[str, Any]) -> str | None:
    languages = part.get("languages")
    return json_text.language_of({"language": languages[0]}) if isinstance(languages, list) and languages else None


FORMAT = Format("gladia", "Gladia JSON", example_of(__doc__), fits, parse)
