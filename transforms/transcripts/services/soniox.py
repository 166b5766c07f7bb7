"""Soniox's JSON: tokens, pieces of words with the space before them, in milliseconds.

Spec: https://soniox.com/docs/stt/async/async-transcription

Example:

    {"id": "5551", "text": "Why turn? Round.", "tokens": [
      {"text": "Why", "start_ms": 100, "end_ms": 400, "confidence": 0.9, "speaker": "1", "language": "en"},
      {"text": " tu", "start_ms": 400, "end_ms": 700, "confidence": 0.9, "speaker": "1", "language": "en"},
      {"text": "rn?", "start_ms": 700, "end_ms": 900, "confidence": 0.9, "speaker": "1", "language": "en"},
      {"text": " Round.", "start_ms": 1200, "end_ms": 1900, "confidence": 0.9, "speaker": "2", "language": "en"}
    ]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from transforms.transcripts.captions.cue_speakers import glue, is_unspaced
from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.services.service_words import MILLISECONDS
from transforms.transcripts.shared import json_text

_CONTROL = re.compile(r"<\w+>")  # <end>, <fin>


def fits(text: Text) -> bool:
    """Check for tokens with their starts in milliseconds."""
    found = json_text.first_objects(_tokens(text.json))
    return any("text" in item and "start_ms" in item for item in found)


def _tokens(document: Any) -> object:
    if not isinstance(document, dict):
        return None
    return document.get("tokens", document.get("words"))


def parse(text: Text) -> Draft:
    """Read the tokens that were said; those of a translation are dropped.

    Raises:
        ContentError: there are neither tokens nor text.
    """
    document = json_text.document(text, dict, "Soniox JSON")
    clock, dropped = Clock(), list[Piece]()
    tokens = list(_said(json_text.first_objects(_tokens(document), None), dropped))
    language = next((code for _, token in tokens if (code := json_text.language_of(token))), None)
    spoken = [
        json_text.Spoken(group[0][0], who, word)
        for who, run in groupby(tokens, key=lambda pair: json_text.speaker_label(pair[1].get("speaker")))
        for group in [list(run)]
        for word in _words([token for _, token in group], clock)
    ]
    pieces = json_text.join(spoken, clock, language)
    about = json_text.metadata(document, used=("text", "tokens", "words"))
    about += json_text.metadata({"language": language} if language else {})
    read = json_text.draft([*about, *dropped, *pieces], clock, "asr", json_text.boundary_of(pieces))
    return service_words.with_text(read, "Soniox", document.get("text"))


def _said(tokens: list[dict[str, Any]], dropped: list[Piece]) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, token in enumerate(tokens, start=1):
        shown = token.get("text")
        if not isinstance(shown, str) or _CONTROL.fullmatch(shown):
            continue
        if token.get("translation_status") == "translation":
            dropped.append(Piece(line, "dropped", json_text.string(shown), name="translation"))
        else:
            yield line, token


def _words(tokens: list[dict[str, Any]], clock: Clock) -> tuple[Any, ...]:
    chunks = [
        Chunk(
            json_text.whole(token["text"]),
            clock.moment(token.get("start_ms"), MILLISECONDS),
            _end(token, clock),
            json_text.probability(token.get("confidence")),
        )
        for token in tokens
    ]
    return glue(chunks, unspaced=any(is_unspaced(chunk.text) for chunk in chunks))


def _end(token: dict[str, Any], clock: Clock) -> float | None:
    start, length = token.get("start_ms"), token.get("duration_ms")
    if "end_ms" not in token and isinstance(start, int | float) and isinstance(length, int | float):
        return clock.moment(start + length, MILLISECONDS)
    return clock.moment(token.get("end_ms"), MILLISECONDS)


FORMAT = Format("soniox", "Soniox JSON", example_of(__doc__), fits, parse)
