"""Azure Speech's JSON, of batches and of fast transcriptions: phrases with words.

Spec: https://learn.microsoft.com/azure/ai-services/speech-service/batch-transcription-get and
https://learn.microsoft.com/azure/ai-services/speech-service/fast-transcription-create

Example:

    {"durationMilliseconds": 2000, "combinedPhrases": [{"text": "Why turn? It must."}], "phrases": [
      {"speaker": 1, "offsetMilliseconds": 100, "durationMilliseconds": 800, "text": "Why turn?"},
      {"speaker": 2, "offsetMilliseconds": 1200, "durationMilliseconds": 700, "text": "It must."}
    ]}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transforms.times import parse_iso
from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.services.service_words import MILLISECONDS
from transforms.transcripts.shared import json_text

_TICKS = 1e-7
# By its documentation: a tick is 100 nanoseconds; the fast service writes milliseconds, once without saying so.
_OFFSETS = (
    ("offsetMilliseconds", MILLISECONDS),
    ("offsetInTicks", _TICKS),
    ("Offset", _TICKS),
    ("offset", MILLISECONDS),
)
_LENGTHS = (
    ("durationMilliseconds", MILLISECONDS),
    ("durationInTicks", _TICKS),
    ("Duration", _TICKS),
    ("duration", MILLISECONDS),
)


def fits(text: Text) -> bool:
    """Check for phrases that are called so, or results with the best of several readings."""
    return bool(_phrases(text.json)) or (isinstance(text.json, dict) and "combinedRecognizedPhrases" in text.json)


def _phrases(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, list):
        return [item for item in json_text.first_objects(document, None) if "NBest" in item]
    if not isinstance(document, dict):
        return []
    if "NBest" in document:
        return [document]
    for name in ("recognizedPhrases", "phrases"):
        found = json_text.first_objects(document.get(name), None)
        if any("nBest" in item or _is_timed(item) for item in found[:20]):
            return found
    return []


def _is_timed(item: dict[str, Any]) -> bool:
    return "offsetMilliseconds" in item or ("offset" in item and "duration" in item)


def parse(text: Text) -> Draft:
    """Read the phrases; without them the text.

    Raises:
        ContentError: there are neither.
    """
    document = json_text.document(text, dict | list, "Azure JSON")
    phrases = _phrases(document)
    dropped: list[Piece] = []
    # Each channel begins at zero again.
    clocks = {json_text.string(phrase.get("channel")): Clock() for phrase in phrases}
    channels = len(clocks)
    pieces = [
        piece
        for line, phrase in enumerate(phrases, start=1)
        for clock in [clocks[json_text.string(phrase.get("channel"))]]
        for piece in _read(line, phrase, channels, clock, dropped)
    ]
    whole: dict[str, Any] = document if isinstance(document, dict) else {}
    about = json_text.metadata(whole, used=("recognizedPhrases", "phrases", "NBest"))
    if locale := next((shown for phrase in phrases if (shown := json_text.string(phrase.get("locale")))), None):
        about += json_text.metadata({"language": locale})
    ordered = service_words.in_time(pieces) if channels > 1 else pieces
    flags = set[str]().union(*(clock.flags for clock in clocks.values()))
    read = Draft((*about, *dropped, *ordered), "cue", "asr", tuple(sorted(flags)))
    combined = json_text.first_objects(
        whole.get("combinedRecognizedPhrases") or whole.get("combinedPhrases"), None
    )
    return service_words.with_text(read, "Azure", *(item.get("display") or item.get("text") for item in combined))


def _read(line: int, phrase: dict[str, Any], channels: int, clock: Clock, dropped: list[Piece]) -> Iterator[Piece]:
    best = service_words.first(phrase.get("nBest") or phrase.get("NBest")) or phrase
    names = ("display", "Display", "DisplayText", "text", "lexical", "Lexical")
    shown = next((found for name in names if (found := json_text.string(best.get(name)))), "")
    if not shown:
        dropped.append(Piece(line, "dropped", "", name="phrase without text"))
        return
    start, end = _span(phrase, clock)
    start, end = clock.check(start, end, overlaps=channels < 2)
    words = list(_words(best.get("displayWords") or best.get("words") or best.get("Words"), clock))
    channel = service_words.number_of_channel(phrase.get("channel"), channels)
    said_by = json_text.speaker_label(phrase.get("speaker"))
    label = f"{channel} {said_by}" if channel and said_by else channel or said_by
    yield service_words.utterance(line, label, shown, (start, end), words)


def _words(listed: object, clock: Clock) -> Iterator[Chunk]:
    """Yield the words of a phrase with their times."""
    for item in json_text.first_objects(listed, None):
        word = item.get("displayText") or item.get("text") or item.get("word") or item.get("Word")
        if shown := json_text.string(word):
            yield Chunk(shown, *_span(item, clock), json_text.probability(item.get("confidence")))


def _span(item: dict[str, Any], clock: Clock) -> tuple[float | None, float | None]:
    start, length = (_moment(item, names, clock) for names in (_OFFSETS, _LENGTHS))
    return start, None if start is None or length is None else round(start + length, 3)


def _moment(item: dict[str, Any], names: tuple[tuple[str, float], ...], clock: Clock) -> float | None:
    """Read a time: ticks, milliseconds, or text such as `PT1M2.5S`."""
    for name, scale in names:
        value = item.get(name)
        if isinstance(value, str) and (seconds := parse_iso(value)) is not None:
            return clock.moment(seconds)
        if value is not None:
            return clock.moment(value, scale)
    return None


FORMAT = Format("azure", "Azure Speech JSON", example_of(__doc__), fits, parse)
