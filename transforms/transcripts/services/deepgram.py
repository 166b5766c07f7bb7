"""Deepgram's JSON: channels with words, speakers by number.

Spec: https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded

Example:

    {"metadata": {"channels": 1}, "results": {"channels": [{"alternatives": [{
      "transcript": "Why turn? It must.", "words": [
        {"word": "why", "punctuated_word": "Why", "start": 0.1, "end": 0.4, "confidence": 0.9, "speaker": 0},
        {"word": "turn", "punctuated_word": "turn?", "start": 0.4, "end": 0.9, "confidence": 0.9, "speaker": 0},
        {"word": "it", "punctuated_word": "It", "start": 1.2, "end": 1.4, "confidence": 0.9, "speaker": 1},
        {"word": "must", "punctuated_word": "must.", "start": 1.4, "end": 1.9, "confidence": 0.9, "speaker": 1}]
    }]}]}}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transforms.errors import ContentError
from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared import json_text


def fits(text: Text) -> bool:
    """Check for an object with results of channels or utterances."""
    results = text.json.get("results") if isinstance(text.json, dict) else None
    if not isinstance(results, dict):
        return False
    channels = json_text.first_objects(results.get("channels"))
    utterances = json_text.first_objects(results.get("utterances"))
    return any("alternatives" in item for item in channels) or any("transcript" in item for item in utterances)


def parse(text: Text) -> Draft:
    """Read the words of the channels; without words the utterances, the paragraphs or the text.

    Raises:
        ContentError: nothing of these is there.
    """
    document = json_text.document(text, dict, "Deepgram JSON")
    results = document.get("results")
    if not isinstance(results, dict):
        msg = "the Deepgram JSON has no results"
        raise ContentError(msg)
    channels = [_best(item) for item in json_text.first_objects(results.get("channels"), None)]
    speaking = [(number, best) for number, best in enumerate(channels) if _has_speech(best)]
    # Each channel begins at zero again.
    clocks = [Clock() for _ in speaking] or [Clock()]
    pieces = _spoken(speaking, clocks, _language(results)) or _utterances(results, clocks[0])
    if not pieces and not channels:
        msg = "the Deepgram JSON has neither channels nor utterances"
        raise ContentError(msg)
    boundary = json_text.boundary_of(pieces)
    about = _about(document, results)
    flags = sorted(set().union(*(clock.flags for clock in clocks)))
    return Draft((*about, *pieces), boundary, "asr", tuple(flags))


def _spoken(
    speaking: Sequence[tuple[int, dict[str, Any]]], clocks: Sequence[Clock], language: str | None
) -> list[Piece]:
    """Read what the channels say, in the order of the conversation; of several each has its number."""
    several = len(speaking) > 1
    pieces = [
        piece
        for (number, best), clock in zip(speaking, clocks, strict=False)
        for piece in _channel(best, clock, language, number if several else None)
        if piece.text
    ]
    return sorted(pieces, key=lambda piece: piece.start_time or 0.0) if several else pieces


def _best(channel: dict[str, Any]) -> dict[str, Any]:
    alternatives = json_text.first_objects(channel.get("alternatives"), 1)
    return alternatives[0] if alternatives else {}


def _has_speech(best: dict[str, Any]) -> bool:
    return bool(best.get("words") or json_text.string(best.get("transcript")))


def _language(results: dict[str, Any]) -> str | None:
    channels = json_text.first_objects(results.get("channels"), 1)
    return json_text.language_of(channels[0]) if channels else None


def _about(document: dict[str, Any], results: dict[str, Any]) -> list[Piece]:
    about = json_text.metadata(document, used=("results",))
    details = document.get("metadata")
    models = details.get("model_info") if isinstance(details, dict) else None
    for model in models.values() if isinstance(models, dict) else ():
        if isinstance(model, dict) and (name := json_text.string(model.get("name"))):
            about.append(Piece(1, "metadata", name, name="model"))
    for channel in json_text.first_objects(results.get("channels"), 1):
        about += json_text.metadata(channel, used=("alternatives", "search"))
    return about


def _channel(best: dict[str, Any], clock: Clock, language: str | None, number: int | None) -> list[Piece]:
    """Read one channel; `number` names it where several have speech."""
    channel = None if number is None else f"Channel {number}"
    items = json_text.first_objects(best.get("words"), None)
    # Where a channel has one speaker, its number says no more than the channel does.
    alone = channel is not None and len({str(item.get("speaker")) for item in items}) == 1
    spoken = [
        json_text.Spoken(line, channel if alone else _label(channel, item.get("speaker")), word)
        for line, item in enumerate(items, start=1)
        if (chunk := json_text.timed_word(item, clock, ("punctuated_word", "word")))
        for word in json_text.words_of([chunk], language)
    ]
    if spoken:
        return json_text.join(spoken, clock, language)
    return _paragraphs(best, clock, channel) or [
        Piece(1, "speech", json_text.string(best.get("transcript")), speaker=channel, opens=channel is not None)
    ]


def _label(channel: str | None, speaker: object) -> str | None:
    label = json_text.speaker_label(speaker)
    return f"{channel} {label}" if channel and label else label or channel


def _paragraphs(best: dict[str, Any], clock: Clock, channel: str | None) -> list[Piece]:
    whole = best.get("paragraphs")
    found = whole.get("paragraphs") if isinstance(whole, dict) else None
    pieces = []
    for line, paragraph in enumerate(json_text.first_objects(found, None), start=1):
        speaker = _label(channel, paragraph.get("speaker"))
        pieces += [
            _piece(line, sentence, "text", speaker, clock)
            for sentence in json_text.first_objects(paragraph.get("sentences"), None)
            if json_text.string(sentence.get("text"))
        ]
    return pieces


def _utterances(results: dict[str, Any], clock: Clock) -> list[Piece]:
    items = json_text.first_objects(results.get("utterances"), None)
    channels = {json_text.string(item.get("channel")) for item in items}
    several = len(channels) > 1
    return [
        _piece(
            line,
            item,
            "transcript",
            _label(f"Channel {json_text.string(item.get('channel'))}" if several else None, item.get("speaker")),
            clock,
        )
        for line, item in enumerate(items, start=1)
        if json_text.string(item.get("transcript"))
    ]


def _piece(line: int, item: dict[str, Any], name: str, speaker: str | None, clock: Clock) -> Piece:
    start, end = clock.span(item.get("start"), item.get("end"))
    return Piece(
        line,
        "speech",
        json_text.string(item[name]),
        speaker=speaker,
        opens=speaker is not None,
        start_time=start,
        end_time=end,
    )


FORMAT = Format("deepgram", "Deepgram JSON", example_of(__doc__), fits, parse)
