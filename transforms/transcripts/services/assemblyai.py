"""AssemblyAI's JSON: utterances of speakers by letter, words with times in milliseconds.

Spec: https://www.assemblyai.com/docs/api-reference/transcripts/get

Example:

    {"id": "5551", "status": "completed", "language_code": "en_us", "text": "Why turn? It must.", "utterances": [
      {"speaker": "A", "start": 100, "end": 900, "confidence": 0.9, "text": "Why turn?", "words": [
        {"text": "Why", "start": 100, "end": 400, "confidence": 0.9, "speaker": "A"},
        {"text": "turn?", "start": 400, "end": 900, "confidence": 0.9, "speaker": "A"}]},
      {"speaker": "B", "start": 1200, "end": 1900, "confidence": 0.9, "text": "It must.", "words": []}
    ]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from transforms.errors import ContentError
from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Boundary, Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared import json_text
from transforms.transcripts.tables.columns import are_milliseconds

_MILLISECONDS = 0.001
_WORD = ("text", "word")
# A chapter is said to begin a moment later than its first word.
_EARLIER_SECONDS = 0.5


def fits(text: Text) -> bool:
    """Check for an object with utterances or words that have a text, or a state; or utterances alone."""
    document = text.json
    if isinstance(document, list):
        found = json_text.first_objects(document)
        return _are_milliseconds(found) and all("text" in item and "speaker" in item for item in found)
    if not isinstance(document, dict) or "segments" in document or "results" in document:
        return False
    for name in ("utterances", "words"):
        found = json_text.first_objects(document.get(name))
        if any("text" in item and "start" in item for item in found):
            return _are_milliseconds(found)
    return "audio_url" in document and ("status" in document or isinstance(document.get("text"), str))


def _are_milliseconds(items: Sequence[dict[str, Any]]) -> bool:
    """Distinguish the whole numbers of this service from the seconds of one that calls its fields the same."""
    spans = [(item.get("start"), item.get("end"), item.get("text")) for item in items]
    whole = [(a, b, text) for a, b, text in spans if isinstance(a, int) and isinstance(b, int)]
    return len(whole) == len(spans) and are_milliseconds(whole)


def parse(text: Text) -> Draft:
    """Read the utterances; without them the words, and without these the text.

    Raises:
        ContentError: nothing of these is there, or the service says that it failed.
    """
    found = json_text.document(text, dict | list, "AssemblyAI JSON")
    document: dict[str, Any] = {"utterances": found} if isinstance(found, list) else found
    clock = Clock()
    language = json_text.language_of(document)
    dropped: list[Piece] = []
    pieces = [
        piece
        for line, item in json_text.objects(document.get("utterances"), dropped)
        if json_text.has_text(line, item.get("text"), dropped)
        for piece in [_utterance(line, item, clock, language)]
    ]
    boundary: Boundary = "cue"
    if not pieces:
        pieces = json_text.join(_spoken(document, clock, language), clock, language)
        boundary = json_text.boundary_of(pieces)
    pieces = pieces or _plain(document)
    chapters, summaries = _chapters(document)
    about = json_text.metadata(
        document, used=("text", "utterances", "words", *(("chapters",) if chapters else ()))
    )
    read = json_text.draft([*about, *summaries, *dropped, *pieces], clock, "asr", boundary)
    return replace(read, pieces=tuple(_placed(read.pieces, chapters)))


def _chapters(document: dict[str, Any]) -> tuple[list[Piece], list[Piece]]:
    """Read the chapters that the service made: their headlines, and what it sums up under them."""
    clock = Clock()
    chapters: list[Piece] = []
    summaries: list[Piece] = []
    for item in json_text.first_objects(document.get("chapters"), None):
        title = next(
            (text for name in ("headline", "gist", "summary") if (text := json_text.string(item.get(name)))), ""
        )
        if title:
            start = clock.moment(item.get("start"), _MILLISECONDS)
            end = clock.moment(item.get("end"), _MILLISECONDS)
            chapters.append(Piece(1, "chapter", title, start_time=start, end_time=end))
        if (summary := json_text.string(item.get("summary"))) not in ("", title):
            summaries.append(Piece(1, "metadata", summary, name="chapter summary"))
    return sorted(chapters, key=lambda piece: piece.start_time or 0.0), summaries


def _placed(pieces: Iterable[Piece], chapters: Sequence[Piece]) -> Iterator[Piece]:
    """Put each chapter in front of the first words that begin with it."""
    waiting = list(chapters)
    for piece in pieces:
        while waiting and piece.kind == "speech" and _is_reached(waiting[0], piece):
            yield replace(waiting.pop(0), line=piece.line)
        yield piece
    yield from waiting


def _is_reached(chapter: Piece, piece: Piece) -> bool:
    if chapter.start_time is None or piece.start_time is None:
        return True
    return piece.start_time >= chapter.start_time - _EARLIER_SECONDS


def _label(value: object) -> str | None:
    """Return the label of a speaker: the service names them by letter."""
    label = json_text.speaker_label(value)
    return f"Speaker {label}" if label and len(label) == 1 else label


def _utterance(line: int, item: dict[str, Any], clock: Clock, language: str | None) -> Piece:
    start, end = clock.span(item.get("start"), item.get("end"), _MILLISECONDS)
    text = json_text.string(item.get("text"))
    words = tuple(
        word
        for entry in json_text.first_objects(item.get("words"), None)
        if (chunk := json_text.timed_word(entry, clock, _WORD, _MILLISECONDS))
        for word in json_text.words_of([chunk], language)
    )
    if not json_text.matches(words, text):
        words = ()
    speaker = _label(item.get("speaker"))
    return Piece(
        line,
        "speech",
        json_text.text_of(words, language) if words else text,
        speaker=speaker,
        opens=speaker is not None,
        start_time=start,
        end_time=end,
        words=words,
    )


def _spoken(document: dict[str, Any], clock: Clock, language: str | None) -> Sequence[json_text.Spoken]:
    return [
        json_text.Spoken(line, _label(entry.get("speaker")), word)
        for line, entry in enumerate(json_text.first_objects(document.get("words"), None), start=1)
        if (chunk := json_text.timed_word(entry, clock, _WORD, _MILLISECONDS))
        for word in json_text.words_of([chunk], language)
    ]


def _plain(document: dict[str, Any]) -> list[Piece]:
    text = json_text.string(document.get("text"))
    if not text:
        error = json_text.string(document.get("error"))
        msg = f"the AssemblyAI JSON has no text{f': {error}' if error else ''}"
        raise ContentError(msg)
    return [Piece(1, "speech", text)]


FORMAT = Format("assemblyai", "AssemblyAI JSON", example_of(__doc__), fits, parse)
