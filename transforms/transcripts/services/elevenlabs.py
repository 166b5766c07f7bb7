"""ElevenLabs' JSON: words, the spaces between them and sounds, in seconds.

Spec: https://elevenlabs.io/docs/api-reference/speech-to-text/convert

Example:

    {"language_code": "eng", "text": "Why turn? (laughs) It must.", "words": [
      {"text": "Why", "type": "word", "start": 0.1, "end": 0.4, "speaker_id": "speaker_0"},
      {"text": " ", "type": "spacing", "start": 0.4, "end": 0.4, "speaker_id": "speaker_0"},
      {"text": "turn?", "type": "word", "start": 0.4, "end": 0.9, "speaker_id": "speaker_0"},
      {"text": "(laughs)", "type": "audio_event", "start": 0.9, "end": 1.1, "speaker_id": "speaker_0"},
      {"text": "It", "type": "word", "start": 1.2, "end": 1.4, "speaker_id": "speaker_1"},
      {"text": " ", "type": "spacing", "start": 1.4, "end": 1.4, "speaker_id": "speaker_1"},
      {"text": "must.", "type": "word", "start": 1.4, "end": 1.9, "speaker_id": "speaker_1"}
    ]}
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.services.service_words import Item
from transforms.transcripts.shared import json_text


def fits(text: Text) -> bool:
    """Check for words with a type of its own."""
    return any(
        item.get("type") in ("spacing", "audio_event")
        or (item.get("type") == "word" and ("speaker_id" in item or "logprob" in item))
        for channel in _channels(text.json)
        for item in json_text.first_objects(channel.get("words"))
        if "text" in item
    )


def _channels(document: Any) -> list[dict[str, Any]]:
    """Return the transcripts of the channels; a recording that was not split is its own."""
    if not isinstance(document, dict):
        return []
    return json_text.first_objects(document.get("transcripts"), None) or [document]


def parse(text: Text) -> Draft:
    """Read the words; a sound is an event.

    Raises:
        ContentError: there are neither words nor text.
    """
    document = json_text.document(text, dict, "ElevenLabs JSON")
    channels = _channels(document)
    clock = Clock()
    sounds: list[Piece] = []
    heard = [
        list(
            _items(
                channel,
                service_words.number_of_channel(channel.get("channel_index"), len(channels)),
                clock,
                sounds,
            )
        )
        for channel in channels
    ]
    about = json_text.metadata(document, used=("text", "words", "transcripts", "additional_formats"))
    language = json_text.language_of(channels[0])
    read = service_words.draft(heard, clock, about=about, beside=sounds, language=language)
    return service_words.with_text(read, "ElevenLabs", *(channel.get("text") for channel in channels))


def _items(channel: dict[str, Any], name: str | None, clock: Clock, sounds: list[Piece]) -> Iterator[Item]:
    words = json_text.first_objects(channel.get("words"), None)
    spaced = any(word.get("type") == "spacing" for word in words)
    apart = True
    for line, word in enumerate(words, start=1):
        shown = json_text.string(word.get("text"))
        if word.get("type") == "spacing" or not shown:
            apart = True
            continue
        start, end = clock.moment(word.get("start")), clock.moment(word.get("end"))
        if word.get("type") == "audio_event":
            sounds.append(Piece(line, "event", shown, start_time=start, end_time=end))
            apart = True
            continue
        speaker = name or json_text.speaker_label(word.get("speaker_id"))
        joined = spaced and not apart and service_words.goes_on(shown)
        yield Item(line, Chunk(shown, start, end, _probability(word.get("logprob"))), speaker, to_last=joined)
        apart = False


def _probability(value: object) -> float | None:
    """Read the logarithm of a probability.

    >>> _probability(0.0), _probability(-1e9), _probability(float("nan"))
    (1.0, 0.0, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value <= 0:
        return None
    return round(math.exp(max(value, -700)), 4)


FORMAT = Format("elevenlabs", "ElevenLabs JSON", example_of(__doc__), fits, parse)
