"""Speechmatics' JSON: words, marks and entities in a list, in seconds.

Spec: https://docs.speechmatics.com/speech-to-text/batch/output

Example:

    {"format": "2.9", "metadata": {"transcription_config": {"language": "en"}}, "results": [
      {"type": "word", "start_time": 0.1, "end_time": 0.4,
       "alternatives": [{"content": "Why", "confidence": 0.9, "speaker": "S1"}]},
      {"type": "punctuation", "start_time": 0.4, "end_time": 0.4, "attaches_to": "previous",
       "alternatives": [{"content": "?", "confidence": 0.9, "speaker": "S1"}]},
      {"type": "word", "start_time": 1.2, "end_time": 1.9,
       "alternatives": [{"content": "Round", "confidence": 0.9, "speaker": "S2"}]},
      {"type": "punctuation", "start_time": 1.9, "end_time": 1.9, "attaches_to": "previous",
       "alternatives": [{"content": ".", "confidence": 0.9, "speaker": "S2"}]}
    ]}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.services.service_words import Item
from transforms.transcripts.shared import json_text

_TYPES = frozenset(("word", "punctuation", "entity", "speaker_change"))


def fits(text: Text) -> bool:
    """Check for a list of results with a type and alternatives, each with its times."""
    document = text.json if isinstance(text.json, dict) else {}
    return any(
        item.get("type") in _TYPES and "start_time" in item
        for item in json_text.first_objects(document.get("results"))
    )


def parse(text: Text) -> Draft:
    """Read the results; what an entity says is read as it is written.

    Raises:
        ContentError: nobody says anything.
    """
    document = json_text.document(text, dict, "Speechmatics JSON")
    results = json_text.first_objects(document.get("results"), None)
    config = service_words.inner(document, "metadata", "transcription_config")
    clock = Clock()
    channels = list(dict.fromkeys(json_text.string(item.get("channel")) for item in results))
    heard = [
        list(_items([item for item in results if json_text.string(item.get("channel")) == channel], clock, name))
        for channel in channels
        for name in [json_text.speaker_label(channel) if len(channels) > 1 else None]
    ]
    about = json_text.metadata(document, used=("results", "audio_events"))
    if language := json_text.language_of(config):
        about.append(Piece(1, "metadata", language, name="language"))
    sounds = [] if len(channels) > 1 else list(_sounds(document, results, clock))
    read = service_words.draft(heard, clock, about=about, beside=sounds, language=language)
    return service_words.with_text(read, "Speechmatics")


def _items(results: Sequence[dict[str, Any]], clock: Clock, channel: str | None) -> Iterator[Item]:
    for line, item in enumerate(results, start=1):
        best = service_words.first(item.get("alternatives"))
        shown = json_text.string(best.get("content"))
        if not shown:
            continue
        start, end = clock.moment(item.get("start_time")), clock.moment(item.get("end_time"))
        chunk = Chunk(shown, start, end, json_text.probability(best.get("confidence")))
        said_by = json_text.speaker_label(best.get("speaker"))
        is_mark = item.get("type") == "punctuation"
        goes = item.get("attaches_to", "previous" if is_mark else "none")
        both = goes == "both"
        label = f"{channel} {said_by}" if channel and said_by else channel or said_by
        yield Item(line, chunk, label, goes == "previous" or both, goes == "next" or both)


def _sounds(document: dict[str, Any], results: Sequence[dict[str, Any]], clock: Clock) -> Iterator[Piece]:
    """Put each sound behind the words that begin before it."""
    starts = [clock.moment(item.get("start_time")) or 0.0 for item in results]
    for event in json_text.first_objects(document.get("audio_events"), None):
        start, end = clock.moment(event.get("start_time")), clock.moment(event.get("end_time"))
        if shown := json_text.string(event.get("type")):
            line = sum(at <= (start or 0.0) for at in starts)
            yield Piece(max(line, 1), "event", f"[{shown}]", start_time=start, end_time=end)


FORMAT = Format("speechmatics", "Speechmatics JSON", example_of(__doc__), fits, parse)
