"""Amazon Transcribe's JSON: words and marks, speakers or channels beside them, in seconds written as text.

Spec: https://docs.aws.amazon.com/transcribe/latest/dg/how-it-works.html

Example:

    {"jobName": "groove", "status": "COMPLETED", "results": {"transcripts": [{"transcript": "Why? It must."}],
      "speaker_labels": {"speakers": 2, "segments": [
        {"start_time": "0.1", "end_time": "0.4", "speaker_label": "spk_0"},
        {"start_time": "1.2", "end_time": "1.9", "speaker_label": "spk_1"}]},
      "items": [
        {"type": "pronunciation", "start_time": "0.1", "end_time": "0.4",
         "alternatives": [{"confidence": "0.9", "content": "Why"}]},
        {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "?"}]},
        {"type": "pronunciation", "start_time": "1.2", "end_time": "1.4",
         "alternatives": [{"confidence": "0.9", "content": "It"}]},
        {"type": "pronunciation", "start_time": "1.4", "end_time": "1.9",
         "alternatives": [{"confidence": "0.9", "content": "must"}]},
        {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "."}]}]}}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from transforms.records import Seconds
from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.services.service_words import MILLISECONDS, Item
from transforms.transcripts.shared import json_text

Stretch = tuple[Seconds, Seconds, str]


def fits(text: Text) -> bool:
    """Check for results of items or transcripts, or the list of a call's analysis."""
    document = text.json if isinstance(text.json, dict) else {}
    results = service_words.inner(document, "results")
    items = json_text.first_objects(results.get("items"))
    texts = json_text.first_objects(results.get("transcripts"))
    return (
        any("alternatives" in item and "type" in item for item in items)
        or any("transcript" in item for item in texts)
        or _is_call(document)
    )


def _is_call(document: dict[str, Any]) -> bool:
    return any("BeginOffsetMillis" in item for item in json_text.first_objects(document.get("Transcript")))


def parse(text: Text) -> Draft:
    """Read the items, of each channel where there are several; without items the text.

    Raises:
        ContentError: there are neither.
    """
    document = json_text.document(text, dict, "Amazon Transcribe JSON")
    if _is_call(document):
        return _call(document)
    results = service_words.inner(document, "results")
    channels = json_text.first_objects(service_words.inner(results, "channel_labels").get("channels"), None)
    clock = Clock()
    if channels:
        heard = [
            list(_items(channel.get("items"), [], clock, json_text.speaker_label(channel.get("channel_label"))))
            for channel in channels
        ]
    else:
        heard = [list(_items(results.get("items"), _stretches(results, clock), clock, None))]
    language = json_text.language_of(results) or json_text.language_of(document)
    about = json_text.metadata(document, used=("results",)) + json_text.metadata(
        results, used=("items", "transcripts", "speaker_labels", "channel_labels", "audio_segments")
    )
    read = service_words.draft(heard, clock, about=about, language=language)
    texts = (item.get("transcript") for item in json_text.first_objects(results.get("transcripts"), None))
    return service_words.with_text(read, "Amazon Transcribe", *texts)


def _stretches(results: dict[str, Any], clock: Clock) -> list[Stretch]:
    """Return the stretches of the speakers in the order of their times."""
    labels = json_text.first_objects(service_words.inner(results, "speaker_labels").get("segments"), None)
    found = []
    for label in labels:
        start, end = clock.moment(label.get("start_time")), clock.moment(label.get("end_time"))
        name = json_text.speaker_label(label.get("speaker_label"))
        if start is not None and end is not None and name:
            found.append((start, end, name))
    return sorted(found)


def _items(value: object, stretches: Sequence[Stretch], clock: Clock, channel: str | None) -> Iterator[Item]:
    at = 0
    for line, item in enumerate(json_text.first_objects(value, None), start=1):
        best = service_words.first(item.get("alternatives"))
        shown = json_text.string(best.get("content"))
        if not shown:
            continue
        is_mark = item.get("type") == "punctuation"
        start, end = clock.moment(item.get("start_time")), clock.moment(item.get("end_time"))
        while start is not None and at < len(stretches) - 1 and stretches[at + 1][0] <= start:
            at += 1
        said_by = json_text.speaker_label(item.get("speaker_label"))
        if said_by is None and start is not None and stretches and stretches[at][0] <= start <= stretches[at][1]:
            said_by = stretches[at][2]
        chunk = Chunk(shown, start, end, None if is_mark else json_text.probability(best.get("confidence")))
        yield Item(line, chunk, channel or said_by, to_last=is_mark)


def _call(document: dict[str, Any]) -> Draft:
    """Read the list of a call's analysis: who has which part says what, in milliseconds."""
    clock = Clock()
    dropped: list[Piece] = []
    pieces = []
    for line, item in json_text.objects(document.get("Transcript"), dropped):
        if json_text.has_text(line, item.get("Content"), dropped):
            span = clock.span(
                item.get("BeginOffsetMillis"), item.get("EndOffsetMillis"), MILLISECONDS, overlaps=False
            )
            who = json_text.speaker_label(item.get("ParticipantRole"))
            pieces.append(service_words.utterance(line, who, json_text.string(item.get("Content")), span))
    if language := json_text.string(document.get("LanguageCode")):
        dropped += json_text.metadata({"language": language})
    about = json_text.metadata(
        document, used=("LanguageCode", "Transcript", "Categories", "ConversationCharacteristics")
    )
    return json_text.draft([*about, *dropped, *pieces], clock, "asr")


FORMAT = Format("aws", "Amazon Transcribe JSON", example_of(__doc__), fits, parse)
