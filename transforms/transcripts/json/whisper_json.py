"""JSON of Whisper and its kin: faster-whisper, WhisperX, whisper.cpp, Substack's transcription.json.

Written by https://github.com/openai/whisper, https://github.com/m-bain/whisperX and
https://github.com/ggml-org/whisper.cpp

Example:

    {"language": "en", "text": " Why does a record turn? It must.", "segments": [
      {"id": 0, "start": 0.0, "end": 2.5, "text": " Why does a record turn?"},
      {"id": 1, "start": 2.5, "end": 4.0, "text": " It must.", "words": [
        {"word": " It", "start": 2.5, "end": 3.0, "probability": 0.9},
        {"word": " must.", "start": 3.0, "end": 4.0, "probability": 0.8}]}
    ]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from transforms.errors import ContentError
from transforms.records import Word
from transforms.transcripts.captions.cue_speakers import glue
from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared import json_text
from transforms.transcripts.tables.columns import are_seconds

_MILLISECONDS = 0.001
# Kept as models, texts and times of the segments.
_USED = ("segments", "text", "transcription", "model", "result", "chunks", "speakers")
# What may stand beside a text without times.
_PLAIN = frozenset(("text", "task", "language", "duration", "usage", "logprobs", "model", "id"))
# What segments of Podcasting 2.0 and of Podlove have beside.
_OF_OTHERS = frozenset(("body", "startTime", "start_ms"))
# The fields of faster-whisper's segments and words, where they were written as lists.
_ROW = ("id", "seek", "start", "end", "text")
_WORD_ROW = ("start", "end", "word", "probability")
# whisper.cpp notes where the speaker changes, but not to whom.
_TURN = re.compile(r"\s*\[SPEAKER_TURN\]\s*")


def fits(text: Text) -> bool:
    """Check for segments with text and times, with or without an object around them."""
    document = text.json
    if isinstance(document, list):
        return _are_segments(document) or any(map(_is_row, document[:20]))
    if not isinstance(document, dict):
        return False
    if isinstance(document.get("transcription"), list):
        return any("offsets" in item or "timestamps" in item for item in _first(document, "transcription"))
    if isinstance(document.get("segments"), list):
        return _are_segments(document["segments"]) or (document["segments"] == [] and "text" in document)
    return _has_pairs(document) or (
        isinstance(document.get("text"), str)
        and (any("word" in item for item in _first(document, "words")) or document.keys() <= _PLAIN)
    )


def _has_pairs(document: dict[str, Any]) -> bool:
    return any("timestamp" in item and "text" in item for item in _first(document, "chunks"))


def _first(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return json_text.first_objects(document.get(name))


def _are_segments(value: object) -> bool:
    found = json_text.first_objects(value)
    return _are_seconds(found) and any(
        "text" in item and "start" in item and "end" in item and item.keys().isdisjoint(_OF_OTHERS)
        for item in found
    )


def _are_seconds(items: Sequence[dict[str, Any]]) -> bool:
    spans = [(item.get("start"), item.get("end"), item.get("text")) for item in items]
    return are_seconds([(a, b, text) for a, b, text in spans if isinstance(a, int) and isinstance(b, int)])


def _is_row(item: object) -> bool:
    """Check for a segment of faster-whisper written as a list: its number, seek, start, end and text first."""
    return (
        isinstance(item, list)
        and len(item) > len(_ROW)
        and all(isinstance(value, int | float) for value in item[:4])
        and isinstance(item[4], str)
    )


def parse(text: Text) -> Draft:
    """Read the segments, and their words where they are the words of the text.

    Raises:
        ContentError: there are no segments, words or text.
    """
    document = json_text.document(text, dict | list, "Whisper JSON")
    whole = _in_one_shape(document)
    clock = Clock()
    dropped: list[Piece] = []
    language = json_text.language_of(_result(whole)) or json_text.language_of(whole)
    pieces = json_text.names_in(list(_speech(whole, clock, language, dropped)))
    return json_text.draft([*_about(whole, pieces), *dropped, *pieces], clock, "asr")


def _in_one_shape(document: Any) -> dict[str, Any]:
    """Bring lists of segments, and the pairs of times that pipelines write, to the shape of Whisper."""
    if isinstance(document, list):
        return {"segments": [_of_row(item) if _is_row(item) else item for item in document]}
    whole: dict[str, Any] = document
    found = whole.get("speakers") if json_text.first_objects(whole.get("speakers")) else whole.get("chunks")
    if isinstance(found, list) and "segments" not in whole:
        return {**whole, "segments": [_of_pair(item) for item in found]}
    return whole


def _of_row(row: list[Any]) -> dict[str, Any]:
    words: list[Any] = next((value for value in row[5:] if json_text.is_rows(value, len(_WORD_ROW))), [])
    return {
        **dict(zip(_ROW, row, strict=False)),
        "words": [dict(zip(_WORD_ROW, word, strict=False)) for word in words],
    }


def _of_pair(item: Any) -> Any:
    times = item.get("timestamp") if isinstance(item, dict) else None
    if not isinstance(times, list) or len(times) != 2:
        return item
    return {**item, "start": times[0], "end": times[1]}


def _speech(whole: dict[str, Any], clock: Clock, language: str | None, dropped: list[Piece]) -> Iterator[Piece]:
    if isinstance(found := whole.get("segments"), list) and (found or not whole.get("text")):
        for line, item in json_text.objects(found, dropped):
            if json_text.has_text(line, item.get("text"), dropped):
                yield from _segment(line, item, clock, language)
    elif isinstance(found := whole.get("transcription"), list):
        for line, item in json_text.objects(found, dropped):
            if json_text.has_text(line, item.get("text"), dropped):
                yield from _cpp_segment(line, item, clock, language)
    elif json_text.string(whole.get("text")):
        yield from _words_only(whole, clock, language)
    else:
        msg = "the Whisper JSON has neither segments nor text"
        raise ContentError(msg)


def _result(whole: dict[str, Any]) -> dict[str, Any]:
    result = whole.get("result")
    return result if isinstance(result, dict) else {}


def _about(whole: dict[str, Any], pieces: Sequence[Piece]) -> list[Piece]:
    about = json_text.metadata(whole, used=_USED)
    model = whole.get("model")
    name = json_text.string(model.get("type") if isinstance(model, dict) else model)
    if name:
        about.append(Piece(1, "metadata", name, name="model"))
    about += json_text.metadata(_result(whole))
    said = "".join(piece.text for piece in pieces).replace(" ", "")
    text = json_text.string(whole.get("text"))
    if text and text.replace(" ", "") != said:
        about.append(Piece(1, "metadata", text, name="text"))
    return about


def _segment(line: int, item: dict[str, Any], clock: Clock, language: str | None) -> Iterator[Piece]:
    times = clock.span(item.get("start"), item.get("end"))
    speaker = json_text.speaker_label(item.get("speaker"))
    read = [
        (chunk, json_text.speaker_label(word.get("speaker")))
        for word in json_text.first_objects(item.get("words"), None)
        if (chunk := json_text.timed_word(word, clock, ("word", "text")))
    ]
    runs = _runs(read, speaker)
    text = json_text.string(item.get("text"))
    if len(runs) > 1:
        for who, chunks in runs:
            words = json_text.words_of(chunks, language)
            yield _piece(line, who, json_text.text_of(words, language), json_text.span_of(words), words)
        return
    words = json_text.words_of([chunk for chunk, _ in read], language)
    if not json_text.matches(words, text):
        words = ()
    elif words:
        text = json_text.text_of(words, language)
    yield _piece(line, runs[0][0] if runs else speaker, text, times, words)


def _runs(read: Sequence[tuple[Chunk, str | None]], speaker: str | None) -> list[tuple[str | None, list[Chunk]]]:
    """Group words by speaker; one without, such as a number that was not aligned, goes with the word before."""
    last = next((who for _, who in read if who), speaker)
    named = []
    for chunk, who in read:
        last = who or last
        named.append((last, chunk))
    return [(who, [chunk for _, chunk in group]) for who, group in groupby(named, key=lambda pair: pair[0])]


def _piece(
    line: int, speaker: str | None, text: str, times: tuple[float | None, float | None], words: tuple[Word, ...]
) -> Piece:
    return Piece(
        line,
        "speech",
        text,
        speaker=speaker,
        opens=speaker is not None,
        start_time=times[0],
        end_time=times[1],
        words=words,
    )


def _cpp_segment(line: int, item: dict[str, Any], clock: Clock, language: str | None) -> Iterator[Piece]:
    times = _cpp_times(item, clock)
    item = {**item, "text": _TURN.sub(" ", str(item.get("text")))}
    chunks = [
        Chunk(
            json_text.whole(part["text"]),
            *_cpp_times(part, clock, in_order=False),
            json_text.probability(part.get("p")),
        )
        for part in json_text.first_objects(item.get("tokens"), None)
        if isinstance(part.get("text"), str) and not part["text"].startswith(("[_", " [SPEAKER_TURN"))
    ]
    text = json_text.string(item.get("text"))
    words = glue(chunks, unspaced=json_text.is_unspaced_in(language, [text]))
    if not json_text.matches(words, text):
        words = ()
    yield _piece(line, json_text.speaker_label(item.get("speaker")), text, times, words)


def _cpp_times(item: dict[str, Any], clock: Clock, *, in_order: bool = True) -> tuple[float | None, float | None]:
    offsets, stamps = item.get("offsets"), item.get("timestamps")
    if isinstance(offsets, dict):
        span = clock.moment(offsets.get("from"), _MILLISECONDS), clock.moment(offsets.get("to"), _MILLISECONDS)
    elif isinstance(stamps, dict):
        span = clock.moment(stamps.get("from")), clock.moment(stamps.get("to"))
    else:
        span = None, None
    return clock.check(*span) if in_order else span


def _words_only(whole: dict[str, Any], clock: Clock, language: str | None) -> list[Piece]:
    """Read words beside the text; the text has the punctuation that they may lack."""
    text = json_text.string(whole.get("text"))
    items = json_text.first_objects(whole.get("words"), None)
    chunks = [chunk for item in items if (chunk := json_text.timed_word(item, clock, ("word",)))]
    parts = text.split()
    if len(parts) != len(chunks):
        return [_piece(1, None, text, (None, None), ())]
    spoken = [
        json_text.Spoken(1, None, word)
        for part, chunk in zip(parts, chunks, strict=True)
        for word in glue([Chunk(part, chunk.start_time, chunk.end_time, chunk.probability)])
    ]
    return json_text.join(spoken, clock, language)


FORMAT = Format("whisper", "JSON of Whisper and its kin", example_of(__doc__), fits, parse)
