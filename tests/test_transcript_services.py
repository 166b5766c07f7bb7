"""JSON of speech services and of anybody else: what each shape says, in which unit, and what damage does to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import ContentError
from transforms.transcripts import FORMATS, read

Turn = tuple[str | None, float | None, float | None, str]


def turns(document: Any) -> tuple[str, list[Turn]]:
    """Read a document; give its format and its turns."""
    done = read(json.dumps(document).encode())
    return done.format, [(turn.speaker, turn.start_time, turn.end_time, turn.text) for turn in done.turns]


def word(text: str, start: float, end: float, who: str | None = None, kind: str = "word") -> dict[str, Any]:
    """Write a word as ElevenLabs does."""
    return {"text": text, "start": start, "end": end, "type": kind, "speaker_id": who}


def item(text: str, start: str | None = None, end: str | None = None) -> dict[str, Any]:
    """Write an item as Amazon does."""
    times = {"start_time": start, "end_time": end} if start else {}
    kind = "pronunciation" if start else "punctuation"
    return {"alternatives": [{"confidence": "0.9", "content": text}], "type": kind, **times}


def result(text: str, start: float, end: float, who: str, **more: Any) -> dict[str, Any]:
    """Write a result as Speechmatics does."""
    alternatives = [{"content": text, "confidence": 0.9, "speaker": who}]
    return {"type": "word", "start_time": start, "end_time": end, "alternatives": alternatives, **more}


MARK = {"type": "punctuation", "attaches_to": "previous"}
DOCUMENTS: dict[str, tuple[str, Any, list[Turn]]] = {
    "elevenlabs-seconds": (
        "elevenlabs",
        {
            "language_code": "deu",
            "text": "(lacht) Ja, gut. Nein.",
            "words": [
                word("(lacht)", 0.0, 0.9, "speaker_0", "audio_event"),
                word(" ", 0.9, 1.0, "speaker_0", "spacing"),
                word("Ja", 1, 2, "speaker_0"),
                word(",", 2, 2, "speaker_0"),
                word(" ", 2, 2, "speaker_0", "spacing"),
                word("gut.", 2, 3, "speaker_0"),
                word(" ", 3, 3, "speaker_1", "spacing"),
                {"text": "Nein.", "start": None, "end": None, "type": "word", "speaker_id": "speaker_1"},
            ],
        },
        [("speaker_0", 1.0, 3.0, "Ja, gut."), ("speaker_1", None, None, "Nein.")],
    ),
    "elevenlabs-channels": (
        "elevenlabs",
        {
            "transcripts": [
                {"channel_index": 0, "text": "One. Three.", "words": [word("One.", 0, 1), word("Three.", 4, 5)]},
                {
                    "channel_index": 1,
                    "text": "Two.",
                    "words": [word("Two.", 2, 3)],
                },
                {"channel_index": 2, "text": "", "words": [word("(noise)", 1, 2, None, "audio_event")]},
            ]
        },
        [("Channel 0", 0.0, 1.0, "One."), ("Channel 1", 2.0, 3.0, "Two."), ("Channel 0", 4.0, 5.0, "Three.")],
    ),
    "aws-labels-on-items": (
        "aws",
        {
            "results": {
                "language_code": "en-US",
                "transcripts": [{"transcript": "Hi. Bye."}],
                "items": [
                    {**item("Hi", "0.5", "0.9"), "speaker_label": "spk_0"},
                    {**item("."), "speaker_label": "spk_0"},
                    {**item("Bye", "61.0", "61.5"), "speaker_label": "spk_1"},
                    item("."),
                ],
            }
        },
        [("spk_0", 0.5, 0.9, "Hi."), ("spk_1", 61.0, 61.5, "Bye.")],
    ),
    "aws-channels": (
        "aws",
        {
            "results": {
                "transcripts": [{"transcript": "Hi. Bye."}],
                "channel_labels": {
                    "channels": [
                        {"channel_label": "ch_0", "items": [item("Hi", "5.0", "5.4"), item(".")]},
                        {"channel_label": "ch_1", "items": [item("Bye", "2.0", "2.4"), item(".")]},
                    ]
                },
            }
        },
        [("ch_1", 2.0, 2.4, "Bye."), ("ch_0", 5.0, 5.4, "Hi.")],
    ),
    "aws-call": (
        "aws",
        {
            "LanguageCode": "en-US",
            "Transcript": [
                {
                    "ParticipantRole": "AGENT",
                    "Content": "Hello.",
                    "BeginOffsetMillis": 160,
                    "EndOffsetMillis": 900,
                },
                {
                    "ParticipantRole": "CUSTOMER",
                    "Content": "Hi.",
                    "BeginOffsetMillis": 1200,
                    "EndOffsetMillis": 1400,
                },
            ],
        },
        [("AGENT", 0.16, 0.9, "Hello."), ("CUSTOMER", 1.2, 1.4, "Hi.")],
    ),
    "rev-whole-sentences": (
        "rev",
        {
            "speakers": [{"id": 1, "name": "Ann Lee"}, {"id": 2, "name": "Unknown"}],
            "monologues": [
                {
                    "speaker": 1,
                    "elements": [{"type": "text", "value": "Why is that?", "timestamp": "00:01:03,480"}],
                },
                {"speaker": 2, "elements": [{"type": "text", "value": "It is.", "timestamp": "00:01:05,000"}]},
            ],
        },
        [("Ann Lee", 63.48, None, "Why is that?"), ("Speaker 2", 65.0, None, "It is.")],
    ),
    "speechmatics-marks": (
        "speechmatics",
        {
            "results": [
                result("Si", 0.1, 0.4, "UU"),
                result(".", 0.4, 0.4, "UU", **MARK),
                result("¿", 1.0, 1.0, "S2", type="punctuation", attaches_to="next"),
                result("Qué", 1.0, 1.4, "S1"),
                result("?", 1.4, 1.4, "S1", **MARK),
                result("5 de mayo", 1.5, 2.4, "S1", type="entity"),
            ],
        },
        [(None, 0.1, 0.4, "Si."), ("S1", 1.0, 2.4, "¿Qué? 5 de mayo")],
    ),
    "google-repeats-with-speakers": (
        "google",
        {
            "response": {
                "results": [
                    {
                        "alternatives": [{"words": [{"startTime": "1s", "endTime": "1.900s", "word": "hi"}]}],
                        "languageCode": "en-us",
                    },
                    {
                        "alternatives": [
                            {"words": [{"startTime": "1s", "endTime": "1.900s", "word": "hi", "speakerTag": 2}]}
                        ]
                    },
                ]
            }
        },
        [("Speaker 2", 1.0, 1.9, "hi")],
    ),
    "google-batch-of-files": (
        "google",
        {
            "results": {
                "gs://a/b.wav": {
                    "transcript": {
                        "results": [
                            {
                                "alternatives": [
                                    {
                                        "words": [
                                            {"startOffset": {"seconds": "1", "nanos": 500000000}, "word": "Hm."}
                                        ]
                                    }
                                ],
                            }
                        ]
                    }
                }
            }
        },
        [(None, 1.5, None, "Hm.")],
    ),
    "google-without-words": (
        "google",
        {
            "results": [
                {"alternatives": [{"transcript": "one two"}], "resultEndTime": "3.5s"},
                {"alternatives": [{"transcript": " three"}], "resultEndTime": "7s"},
            ]
        },
        [(None, 0.0, 3.5, "one two"), (None, 3.5, 7.0, "three")],
    ),
    "azure-batch": (
        "azure",
        {
            "combinedRecognizedPhrases": [{"display": "Good morning. Yes."}],
            "recognizedPhrases": [
                {
                    "speaker": 1,
                    "channel": 0,
                    "offset": "PT1M2.25S",
                    "duration": "PT1.1S",
                    "offsetInTicks": 622500000.0,
                    "durationInTicks": 11000000.0,
                    "nBest": [{"display": "Good morning."}, {"display": "God mourning."}],
                },
                {"recognitionStatus": "Failure", "channel": 0, "offsetInTicks": 640000000.0},
            ],
        },
        [("Speaker 1", 62.25, 63.35, "Good morning.")],
    ),
    "azure-fast-words": (
        "azure",
        {
            "phrases": [
                {
                    "offset": 960,
                    "duration": 640,
                    "text": "Good morning.",
                    "words": [
                        {"text": "Good", "offset": 960, "duration": 240},
                        {"text": "morning.", "offset": 1200, "duration": 400},
                    ],
                }
            ]
        },
        [(None, 0.96, 1.6, "Good morning.")],
    ),
    "soniox-translated": (
        "soniox",
        {
            "text": "Hallo.",
            "tokens": [
                {"text": "Hal", "start_ms": 100, "end_ms": 200, "speaker": "1", "language": "de"},
                {"text": "lo.", "start_ms": 200, "end_ms": 300, "speaker": "1", "language": "de"},
                {"text": " Hello.", "translation_status": "translation", "speaker": "1", "language": "en"},
                {"text": "<end>", "start_ms": 300, "end_ms": 300},
            ],
        },
        [("Speaker 1", 0.1, 0.3, "Hallo.")],
    ),
    "gladia-alone": (
        "gladia",
        {
            "languages": ["en"],
            "full_transcript": "Great!",
            "utterances": [{"text": "Great!", "start": 63, "end": 64, "speaker": 1, "words": []}],
        },
        [("Speaker 1", 63.0, 64.0, "Great!")],
    ),
    "gladia-1": (
        "gladia",
        {
            "prediction": [
                {"transcription": "Great!", "time_begin": 63.5, "time_end": 64.5, "speaker": "speaker_0"}
            ]
        },
        [("speaker_0", 63.5, 64.5, "Great!")],
    ),
    "fireflies-export": (
        "fireflies",
        [
            {"sentence": "Shall we?", "startTime": "00:08", "endTime": "00:11", "speaker_name": "Ann Lee"},
            {"sentence": "Yes.", "startTime": "01:12", "endTime": "01:13", "speaker_name": "Unknown"},
        ],
        [("Ann Lee", 8.0, 11.0, "Shall we?"), (None, 72.0, 73.0, "Yes.")],
    ),
    "seconds-under-the-names-of-assemblyai": (
        "json_rows",
        {"utterances": [{"speaker": "A", "start": 3, "end": 31, "text": "Why does a record turn?"}]},
        [("A", 3.0, 31.0, "Why does a record turn?")],
    ),
    "milliseconds-by-the-values": (
        "json_rows",
        {"segments": [{"speaker": "A", "start": 3390, "end": 31186, "text": "Why does a record turn?"}]},
        [("A", 3.39, 31.186, "Why does a record turn?")],
    ),
    "rows-deep-inside": (
        "json_rows",
        {"data": {"call": {"lines": [{"who": "Ann", "said": "Why?", "tc": "0h01m44s"}], "ids": [1, 2, 3]}}},
        [("Ann", 104.0, None, "Why?")],
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_shape_is_read_in_its_own_unit_and_with_its_speakers(name: str) -> None:
    format, document, expected = DOCUMENTS[name]

    assert turns(document) == (format, expected)


def test_sounds_of_a_service_are_events_and_its_language_is_a_tag() -> None:
    done = read(json.dumps(DOCUMENTS["elevenlabs-seconds"][1]).encode())

    assert [(event.event, event.start_time) for event in done.events] == [("(lacht)", 0.0)]
    assert done.known("language") == "de"


def test_words_whose_times_run_back_are_flagged() -> None:
    words = [{"word": w, "start": s, "end": s + 0.1} for w, s in (("One", 2.6), ("two", 2.4), ("three.", 2.2))]
    document = {"segments": [{"start": 2.0, "end": 3.0, "text": " One two three.", "words": words}]}

    assert "times_backwards" in read(json.dumps(document).encode()).flags


@pytest.mark.parametrize(
    "document",
    [
        {"transcription": {"utterances": 3}, "full_transcript": ""},
        {"monologues": [{"elements": []}]},
        {"recognizedPhrases": [{"nBest": [], "offsetInTicks": 1}], "combinedRecognizedPhrases": []},
        {"tokens": [{"text": " ", "start_ms": 0}]},
        {"results": [{"type": "word", "start_time": 1, "alternatives": []}]},
        {"comments": [{"text": "No time, no transcript."}]},
        [{"text": "a", "start": {}}],
    ],
    ids=lambda document: str(document)[:20],
)
def test_what_says_nothing_is_refused_in_one_line(document: Any) -> None:
    with pytest.raises(ContentError, match=r"no transcript found|no text") as caught:
        turns(document)

    assert "\n" not in str(caught.value)


NAMES = (
    "elevenlabs",
    "aws",
    "rev",
    "speechmatics",
    "google",
    "azure",
    "soniox",
    "gladia",
    "fireflies",
    "json_rows",
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=4),
    st.just([]),
    st.just({}),
    st.just([[[{}]]]),
)


def damaged(value: Any, draw: st.DataObject) -> Any:
    """Put other values into some places of a document, and take some out."""
    if draw.draw(st.integers(0, 11)) == 0:
        return draw.draw(ODD)
    if isinstance(value, dict):
        return {key: damaged(inner, draw) for key, inner in value.items() if draw.draw(st.integers(0, 9))}
    return [damaged(inner, draw) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(draw=st.data())
def test_damage_is_read_or_refused(name: str, draw: st.DataObject) -> None:
    document = damaged(json.loads(FORMATS[name].example), draw)
    try:
        done = read(json.dumps(document).encode(), format=name)
    except ContentError:
        return
    times = [(t.start_time, t.end_time) for t in done.turns]
    assert all(start is None or (start >= 0 and (end is None or end >= start)) for start, end in times)
