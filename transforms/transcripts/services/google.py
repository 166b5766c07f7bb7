"""Google Speech-to-Text's JSON, version 1 and 2: results with words, times as `1.500s`.

Spec: https://cloud.google.com/speech-to-text/docs/reference/rest/v2/BatchRecognizeResults

Example:

    {"results": [
      {"languageCode": "en-us", "alternatives": [{"transcript": "Why turn? It must.", "words": [
        {"startOffset": "0.100s", "endOffset": "0.400s", "word": "Why", "speakerLabel": "1"},
        {"startOffset": "0.400s", "endOffset": "0.900s", "word": "turn?", "speakerLabel": "1"},
        {"startOffset": "1.200s", "endOffset": "1.400s", "word": "It", "speakerLabel": "2"},
        {"startOffset": "1.400s", "endOffset": "1.900s", "word": "must.", "speakerLabel": "2"}]}]}
    ]}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from transforms.errors import ContentError
from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.services import service_words
from transforms.transcripts.services.service_words import Item
from transforms.transcripts.shared import json_text

_START = ("startTime", "startOffset", "start_time", "start_offset")
_END = ("endTime", "endOffset", "end_time", "end_offset")
_RESULT_END = ("resultEndTime", "resultEndOffset", "result_end_time", "result_end_offset")
_SPEAKER = ("speakerLabel", "speaker_label", "speakerTag", "speaker_tag")
_CHANNEL = ("channelTag", "channel_tag")
_WRAPPERS = ("response", "transcript", "inlineResult", "inline_result", "cloudStorageResult")
_DEEPEST = 6


def fits(text: Text) -> bool:
    """Check for results with alternatives that have a transcript or words."""
    return bool(_results(text.json))


def _results(document: Any, depth: int = 0) -> list[dict[str, Any]]:
    """Find the results, in an operation's response or a batch's map of files too."""
    if not isinstance(document, dict) or depth > _DEEPEST:
        return []
    found = document.get("results")
    mine = json_text.first_objects(found, None)
    if any(_is_result(item) for item in mine):
        return mine
    inside = [found, *found.values()] if isinstance(found, dict) else []
    for value in (*(document.get(name) for name in _WRAPPERS), *inside):
        if results := _results(value, depth + 1):
            return results
    return []


def _is_result(item: dict[str, Any]) -> bool:
    best = service_words.first(item.get("alternatives"))
    return "type" not in item and ("transcript" in best or "words" in best)


def parse(text: Text) -> Draft:
    """Read the words; of the result that repeats all words with their speakers, and no other, where there is one.

    Raises:
        ContentError: there are no results.
    """
    document = json_text.document(text, dict, "Google JSON")
    results = _results(document)
    if not results:
        msg = "no transcript found: the Google JSON has no results"
        raise ContentError(msg)
    language = next((code for item in results if (code := _language(item))), None)
    about = json_text.metadata({"language": language} if language else {})
    results = _with_speakers(results)
    clock = Clock()
    if not any(_words(item) for item in results):
        return json_text.draft([*about, *_texts(results, clock)], clock, "asr", "paragraph")
    tags = list(dict.fromkeys(json_text.string(json_text.first_of(item, _CHANNEL)) for item in results))
    heard = [
        list(_items([r for r in results if json_text.string(json_text.first_of(r, _CHANNEL)) == tag], clock, name))
        for tag in tags
        for name in [service_words.number_of_channel(tag, len(tags))]
    ]
    base = language.partition("-")[0].lower() if language else None
    return service_words.draft(heard, clock, about=about, language=base)


def _language(item: dict[str, Any]) -> str | None:
    return json_text.string(json_text.first_of(item, ("languageCode", "language_code"))) or None


def _words(item: dict[str, Any]) -> list[dict[str, Any]]:
    return json_text.first_objects(service_words.first(item.get("alternatives")).get("words"), None)


def _with_speakers(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the results whose words the last one says again with their speakers."""
    last = _words(results[-1])
    before = [json_text.string(word.get("word")) for item in results[:-1] for word in _words(item)]
    again = [json_text.string(word.get("word")) for word in last]
    tagged = any(_speaker(word) for word in last)
    return results[-1:] if tagged and before and again[-len(before) :] == before else results


def _items(results: Sequence[dict[str, Any]], clock: Clock, channel: str | None) -> Iterator[Item]:
    line = 0
    for item in results:
        for word in _words(item):
            line += 1
            # Japanese words have their reading behind a bar.
            if shown := json_text.string(word.get("word")).partition("|")[0]:
                start, end = (_moment(json_text.first_of(word, names), clock) for names in (_START, _END))
                chunk = Chunk(shown.replace("▁", ""), start, end, json_text.probability(word.get("confidence")))
                said_by = _speaker(word)
                yield Item(line, chunk, f"{channel} {said_by}" if channel and said_by else channel or said_by)


def _speaker(word: dict[str, Any]) -> str | None:
    value = json_text.first_of(word, _SPEAKER)
    return json_text.speaker_label(value) if json_text.string(value) not in ("", "0") else None


def _texts(results: Sequence[dict[str, Any]], clock: Clock) -> Iterator[Piece]:
    """Read results without words: each begins where the one before ends."""
    start = 0.0 if any(json_text.first_of(item, _RESULT_END) for item in results) else None
    for line, item in enumerate(results, start=1):
        shown = json_text.string(service_words.first(item.get("alternatives")).get("transcript"))
        end = _moment(json_text.first_of(item, _RESULT_END), clock)
        if shown:
            yield service_words.utterance(line, None, shown, clock.check(start, end, overlaps=False))
        start = end


def _moment(value: object, clock: Clock) -> float | None:
    """Read `1.500s`, or an object of seconds and nanoseconds."""
    if isinstance(value, dict):
        whole = clock.moment(value.get("seconds", 0))
        rest = clock.moment(value.get("nanos", 0), 1e-9)
        return None if whole is None or rest is None else round(whole + rest, 3)
    return clock.moment(value.strip().removesuffix("s") if isinstance(value, str) else value)


FORMAT = Format("google", "Google Speech-to-Text JSON", example_of(__doc__), fits, parse)
