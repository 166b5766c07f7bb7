"""The timed and machine formats of transcripts: small documents of every shape, traps, round trips, damage."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from html import escape
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
import srt as srt_library
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import ContentError
from transforms.transcripts import (
    assemblyai,
    ctm,
    deepgram,
    json3,
    podcast_html,
    podcast_json,
    seglst,
    srt,
    stm,
    ttml,
    vtt,
    whisper,
)
from transforms.transcripts.cue_names import named_cues
from transforms.transcripts.document import Draft, Piece, Text
from warehouse import export

MODULES = (vtt, srt, podcast_json, podcast_html, json3, ttml, whisper, deepgram, assemblyai, seglst, stm, ctm)
JSON_MODULES = (podcast_json, json3, whisper, deepgram, assemblyai, seglst)
Said = tuple[str | None, float | None, float | None, str]


def of_name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def read(module: ModuleType, document: Any) -> Draft:
    """Parse a document that fits its format, and no other one."""
    text = Text(document if isinstance(document, str) else json.dumps(document))
    assert [of_name(other) for other in MODULES if other.fits(text)] == [of_name(module)]
    return module.parse(text)


def speech(draft: Draft) -> list[Piece]:
    return [piece for piece in draft.pieces if piece.kind == "speech"]


def said(draft: Draft) -> list[Said]:
    return [(piece.speaker, piece.start_time, piece.end_time, piece.text) for piece in speech(draft)]


def rest(draft: Draft) -> list[tuple[int, str, str | None, str]]:
    return [(p.line, p.kind, p.name, p.text) for p in draft.pieces if p.kind != "speech"]


def words(piece: Piece) -> list[tuple[str, float | None, float | None]]:
    return [(word.word, word.start_time, word.end_time) for word in piece.words]


@pytest.mark.parametrize("module", MODULES, ids=of_name)
def test_example(module: ModuleType):
    """The example of a module is of its format alone, and somebody says something in it."""
    assert module.FORMAT.name == of_name(module)
    assert speech(read(module, module.FORMAT.example))


# WebVTT


def test_vtt_voices():
    """Each voice of a cue is its own speech; text before a voice, and a cue without one, are nobody's."""
    draft = read(
        vtt,
        "WEBVTT\n\n1\n00:01.000 --> 00:02.500 align:start position:10%\n"
        "Well, <v.loud.first Ann Lee>why <i>does</i> it\nturn?</v>\n<v Bo &amp; Co>It <c.x>must</c>.\n\n"
        "00:02.500 --> 00:03.000\nIndeed.\n",
    )
    assert said(draft) == [
        (None, 1.0, 2.5, "Well,"),
        ("Ann Lee", 1.0, 2.5, "why does it turn?"),
        ("Bo & Co", 1.0, 2.5, "It must."),
        (None, 2.5, 3.0, "Indeed."),
    ]
    assert [(piece.line, piece.opens) for piece in speech(draft)] == [
        (5, False),
        (5, True),
        (7, True),
        (10, False),
    ]
    assert (draft.source, draft.boundary, draft.flags) == ("publisher", "cue", ())


def test_vtt_header_and_blocks():
    """Header and notes are metadata, styles and regions dropped; `Kind: captions` says what the text is."""
    draft = read(
        vtt,
        "WEBVTT - Episode one\nKind: captions\nLanguage: en-GB\n\nNOTE\nchecked\nby ear\n\n"
        "STYLE\n::cue { color: red }\n\nREGION\nid:fred\n\nintro\n00:00.000 --> 00:01.000\n<v Ann>Hi.\n\n"
        "NOTE later\n\n00:01.000 --> 00:02.000 nonsense here\nBye.",
    )
    assert rest(draft) == [
        (1, "metadata", "header", "Episode one"),
        (2, "metadata", "kind", "captions"),
        (3, "metadata", "language", "en-GB"),
        (5, "metadata", "note", "checked by ear"),
        (9, "dropped", "style", "STYLE ::cue { color: red }"),
        (12, "dropped", "region", "REGION id:fred"),
        (15, "label", "cue identifier", "intro"),
        (19, "metadata", "note", "later"),
        (21, "dropped", "cue settings", "nonsense here"),
    ]
    assert said(draft) == [("Ann", 0.0, 1.0, "Hi."), (None, 1.0, 2.0, "Bye.")]
    assert draft.source == "captions"


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("00:01.000 --> 00:02.500", (1.0, 2.5)),
        ("27:00:01.000 --> 100:00:02.250", (97201.0, 360002.25)),
        ("00:00:01,000 --> 00:00:02,5", (1.0, 2.5)),
        ("0:01.0 -->0:02.0004 line:0", (1.0, 2.0)),
        ("00:00:03.000 --> 00:00:02.000", (3.0, None)),
        ("00:00:0x.000 --> 00:00:02.000", (None, None)),
        ("NaN --> NaN", (None, None)),
        ("-00:00:01.000 --> 00:00:02.000", (None, None)),
    ],
)
def test_vtt_times(line: str, times: tuple[float | None, float | None]):
    """Times of all lengths are read; what cannot be one leaves the text without times, and a flag."""
    draft = vtt.parse(Text(f"WEBVTT\n\n{line}\nHello there.\n"))
    assert said(draft) == [(None, *times, "Hello there.")]
    expected = {(3.0, None): ("end_before_start",), (None, None): ("bad_time",)}.get(times, ())
    assert draft.flags == expected


@pytest.mark.parametrize(
    "document",
    [
        "00:00.000 --> 00:01.000\nOne.\n\n00:01.000 --> 00:02.000\nTwo.",
        "intro\n00:00.000 --> 00:01.000\nOne.\n\nc-2\n00:01.000 --> 00:02.000\nTwo.",
        "WEBVTT\n00:00.000 --> 00:01.000\nOne.\n00:01.000 --> 00:02.000\nTwo.",
        "WEBVTT\n\n7\n00:00.000 --> 00:01.000\nOne.\n8\n00:01.000 --> 00:02.000\nTwo.",
        "WEBVTT\n\nx-1\n00:00.000 --> 00:01.000\nOne.\nx-2\n00:01.000 --> 00:02.000\nTwo.",
        "\n\nWEBVTT FILE\n\n00:00.000 --> 00:01.000\nOne.\n\n00:01.000 --> 00:02.000\n\nTwo.\n",
    ],
)
def test_vtt_without_what_it_should_have(document: str):
    """The header, identifiers and blank lines may be missing or too many."""
    assert said(read(vtt, document)) == [(None, 0.0, 1.0, "One."), (None, 1.0, 2.0, "Two.")]


def test_vtt_text_is_plain():
    """Entities are resolved, tags and ruby marks go, a sign that opens no tag stays."""
    payload = "<b>R&amp;B&nbsp;&lt;3</b> it&#39;s <lang en>5 < 6</lang> &copy <unk> <ruby>tea</ruby>{\\an8} a <3"
    draft = vtt.parse(Text(f"WEBVTT\n\n00:00.000 --> 00:01.000\n{payload}\n"))
    assert said(draft) == [(None, 0.0, 1.0, "R&B <3 it's 5 < 6 &copy <unk> tea a <3")]


def test_vtt_names_as_text():
    """Zoom writes the name into the text, which is read like SubRip's; Webex writes it beside the number."""
    zoom = "WEBVTT\n\n1\n00:00.000 --> 00:01.000\nAnn Lee: Hi.\n\n2\n00:01.000 --> 00:02.000\nBo Chan: Why: so?\n"
    assert said(read(vtt, zoom)) == [("Ann Lee", 0.0, 1.0, "Hi."), ("Bo Chan", 1.0, 2.0, "Why: so?")]
    webex = 'WEBVTT\n\n1 "Ann Lee" (123)\n00:00.000 --> 00:01.000\nHi.\n\n2 "" (9)\n00:01.000 --> 00:02.000\nHo.\n'
    assert said(read(vtt, webex)) == [("Ann Lee", 0.0, 1.0, "Hi."), (None, 1.0, 2.0, "Ho.")]


def test_vtt_word_times():
    """A word lasts until the next one starts, the last one until the cue ends; without a space a word goes on."""
    cue = "00:01.000 --> 00:03.000\nWhy<00:01.500><c> does</c><00:02.000><c> n</c><00:02.200><c>'t it?</c>\n"
    (piece,) = speech(read(vtt, f"WEBVTT\n\n{cue}"))
    assert piece.text == "Why does n't it?"
    assert words(piece) == [("Why", 1.0, 1.5), ("does", 1.5, 2.0), ("n't", 2.0, None), ("it?", None, 3.0)]


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.000 --> 00:00:02.000 align:start position:0%
~
why<00:00:00.500><c> does</c><00:00:01.000><c> it</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
why does it
~

00:00:02.010 --> 00:00:04.000 align:start position:0%
why does it
>> yeah<00:00:03.000><c> turn</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
>> yeah turn
~

00:00:04.010 --> 00:00:06.000 align:start position:0%
>> yeah turn
>> yeah<00:00:05.000><c> turn</c>
""".replace("~", " ")  # YouTube fills an empty row with a space.


def test_vtt_rolling_captions():
    """Each word of YouTube's captions comes once, with the times of its first show, even said twice."""
    draft = read(vtt, ROLLING)
    assert [words(piece) for piece in speech(draft)] == [
        [("why", 0.0, 0.5), ("does", 0.5, 1.0), ("it", 1.0, 2.0)],
        [("yeah", 2.01, 3.0), ("turn", 3.0, 4.0)],
        [("yeah", 4.01, 5.0), ("turn", 5.0, 6.0)],
    ]
    dropped = [piece.text for piece in draft.pieces if piece.kind == "dropped"]
    assert dropped == ["why does it", "why does it", ">> yeah turn", ">> yeah turn"]
    assert {p.name for p in draft.pieces if p.kind == "dropped"} == {"repeated by the rolling captions"}
    assert (draft.boundary, draft.source, draft.flags) == ("cue", "captions", ())
    punctuated = read(vtt, ROLLING.replace("turn", "turn."))
    assert punctuated.boundary == "sentence"


@pytest.mark.parametrize("mark", [".", ","])
def test_plain_rolling_captions(mark: str):
    """Captions that roll without word times keep only the new rows, also as SubRip and with three rows."""
    shown = [
        ["one"],
        ["one", "two"],
        ["one", "two", "three"],
        ["two", "three", "four"],
        ["four"],
        ["four", "five"],
    ]
    cues = [
        f"{number}\n00:00:0{number}{mark}000 --> 00:00:0{number + 1}{mark}000\n" + "\n".join(rows)
        for number, rows in enumerate(shown)
    ]
    draft = read(vtt if mark == "." else srt, ("WEBVTT\n\n" if mark == "." else "") + "\n\n".join(cues) + "\n")
    assert said(draft) == [
        (None, 0.0, 1.0, "one"),
        (None, 1.0, 2.0, "two"),
        (None, 2.0, 3.0, "three"),
        (None, 3.0, 4.0, "four"),
        (None, 5.0, 6.0, "five"),
    ]


def test_repeated_words_are_kept():
    """What two people say one after the other is no rolling caption, and neither is a chorus in one place."""
    cues = ["Yeah.", "Yeah.", "So it\nturns.", "turns.\nAgain.", "One\ntwo.", "Three\nfour.", "Five\nsix."]
    document = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n{text}\n\n" for n, text in enumerate(cues))
    assert [text for *_, text in said(read(srt, document))] == [" ".join(cue.split()) for cue in cues]


# SubRip


def test_srt_names_hold():
    """A name stands where the speaker changes, and holds until the next one."""
    draft = read(
        srt,
        "1\n00:00:00,000 --> 00:00:01,000\nAnn: Why?\n\n2\n00:00:01,000 --> 00:00:02,000\nTell me: why?\n\n"
        "3\n00:00:02,000 --> 00:00:03,000\nBO CHAN: It must.\nAnn: Must it?\n\n"
        "4\n00:00:03,000 --> 00:00:04,000\nReally\nmust it?\n",
    )
    assert said(draft) == [
        ("Ann", 0.0, 1.0, "Why?"),
        ("Ann", 1.0, 2.0, "Tell me: why?"),
        ("BO CHAN", 2.0, 3.0, "It must."),
        ("Ann", 2.0, 3.0, "Must it?"),
        ("Ann", 3.0, 4.0, "Really must it?"),
    ]
    assert [piece.opens for piece in speech(draft)] == [True, False, True, True, False]
    assert rest(draft) == [
        (3, "label", None, "Ann:"),
        (11, "label", None, "BO CHAN:"),
        (12, "label", None, "Ann:"),
    ]
    assert draft.source == "publisher"


def test_srt_marks():
    """`>>` and a dash are no words; without a name the speaker behind them is unknown."""
    draft = read(
        srt,
        "1\n00:00:00,000 --> 00:00:01,000\n>> ANN: Why? >> So.\n\n2\n00:00:01,000 --> 00:00:02,000\n"
        "- ANN: It must.\n-No.\n\n3\n00:00:02,000 --> 00:00:03,000\n>>\n\n"
        "4\n00:00:03,000 --> 00:00:04,000\n-5 degrees - or more - they\n- said.\n",
    )
    assert said(draft) == [
        ("ANN", 0.0, 1.0, "Why?"),
        (None, 0.0, 1.0, "So."),
        ("ANN", 1.0, 2.0, "It must."),
        (None, 1.0, 2.0, "No."),
        (None, 3.0, 4.0, "-5 degrees - or more - they"),
        (None, 3.0, 4.0, "said."),
    ]
    labels = [text for _, kind, _, text in rest(draft) if kind == "label"]
    assert labels == [">> ANN:", ">>", "- ANN:", "-", ">>", "-"]


@pytest.mark.parametrize(
    "document",
    [
        "1\n00:00:00.000 --> 00:00:01.000\nOne.\n\n2\n00:00:01.000 --> 00:00:02.000\nTwo.",
        "00:00:00,000 --> 00:00:01,000\nOne.\n\n00:00:01,000 --> 00:00:02,000\nTwo.",
        "1\n00:00,000 --> 00:01,000 X1:1 X2:2 Y1:3 Y2:4\n{\\an8}<i>One.</i>\n2\n00:01,000 --> 00:02,000\nTwo.",
        '1\n\n00:00:00,000 --> 00:00:01,000\n\n<font color="#fff">One.</font>\n\n2\n\n'
        "00:00:01,000 --> 00:00:02,000\n\nTwo.",
        "1\n00:00:00 --> 00:00:01\nOne.\n\n2\n00:00:01 -> 00:00:02\nTwo.\n",
    ],
)
def test_srt_without_what_it_should_have(document: str):
    """Points, no index, no hours, coordinates, tags, and blank lines anywhere are all read."""
    assert said(read(srt, document)) == [(None, 0.0, 1.0, "One."), (None, 1.0, 2.0, "Two.")]


def test_srt_numbers_that_are_said():
    """A number that is said is no index, wherever it stands, and no time of day is the times of a cue."""
    document = (
        "1\n00:00:00,000 --> 00:00:01,000\n42\n\n2\n00:00:01,000 --> 00:00:02,000\nAt 12:30\n7\n\n"
        "3\n00:00:02,000 --> 00:00:03,000\nA --> B\n\nand on\n"
    )
    assert said(read(srt, document)) == [
        (None, 0.0, 1.0, "42"),
        (None, 1.0, 2.0, "At 12:30 7"),
        (None, 2.0, 3.0, "A --> B and on"),
    ]


def test_srt_flags():
    """Cues that overlap, run backwards or end before they start are told, in the order of the file."""
    document = (
        "Made by hand\n\n1\n00:00:01,000 --> 00:00:03,000\nOne.\n\n2\n00:00:02,000 --> 00:00:04,000\nTwo.\n\n"
        "3\n00:00:00,500 --> 00:00:00,250\nThree.\n\n4\n00:00:05,000 --> when\nFour.\n"
    )
    draft = read(srt, document)
    assert draft.flags == ("bad_time", "end_before_start", "overlapping_cues", "times_backwards")
    assert said(draft)[2:] == [(None, 0.5, None, "Three."), (None, None, None, "Four.")]
    assert rest(draft) == [
        (1, "dropped", "text outside of a cue", "Made by hand"),
        (16, "dropped", "unreadable times", "00:00:05,000 --> when"),
    ]


def test_a_line_break_makes_no_name():
    """A word that begins a further row is a name only behind a finished sentence, or where it is one elsewhere."""
    document = (
        "1\n00:00:00,000 --> 00:00:01,000\nAnn: We were in\nFrance: cities!\nBo: And Spain.\n\n"
        "2\n00:00:01,000 --> 00:00:02,000\nAnn: But then\nBo: No.\n\n3\n00:00:02,000 --> 00:00:03,000\nBo: Yes.\n"
    )
    assert [(speaker, text) for speaker, *_, text in said(read(srt, document))] == [
        ("Ann", "We were in France: cities!"),
        ("Bo", "And Spain."),
        ("Ann", "But then"),
        ("Bo", "No."),
        ("Bo", "Yes."),
    ]


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["Ann: Hi.", "Well.", "Ann: Ho."], ["Ann", None, "Ann"]),
        (["Ann van der Lee: Hi.", "Well.", "So: no."], ["Ann van der Lee", None, None]),
        (["Speaker 1: Hi.", "Speaker 2: Ho."], ["Speaker 1", "Speaker 2"]),
        (["[SPEAKER_00]: Hi.", "[SPEAKER_01]: Ho."], ["[SPEAKER_00]", "[SPEAKER_01]"]),
        (["张三：你好", "李四：你好", "张三：再见"], ["张三", "李四", "张三"]),
        (["J. R. Peña: Hi.", "well: no", "Peña: Ho."], ["J. R. Peña", None, "Peña"]),
        (["ANN:", "Hi.", "BO: Ho."], ["ANN", None, "BO"]),
        (["Note: this.", "Question: that.", "But: no.", "Step One: go."], [None] * 4),
        (["Note: this.", "Note: that.", "The Answer: no.", "However: yes."], [None] * 4),
        (["One.", "Two.", "Three.", "Four.", "Star Wars: A New Hope", "Six."], [None] * 6),
        (["Hello. Ann: Hi.", "Hello. Ann: Ho."], [None] * 2),
        (["At 10:30 it began.", "Read https://x.example/a", "b c: d"], [None] * 3),
    ],
)
def test_names(texts: list[str], labels: list[str | None]):
    """A name is a name only where enough speaks for it."""
    assert [label for label, _ in named_cues(texts)] == labels


# Podcasting 2.0


def podcast(*segments: Any, **about: Any) -> dict[str, Any]:
    return {"version": "1.0.0", **about, "segments": list(segments)}


def test_podcast_json():
    """Segments are read as they are; a missing speaker is unknown, titles are metadata."""
    draft = read(
        podcast_json,
        podcast(
            {"speaker": "Ann", "startTime": 0.5, "endTime": "2.25", "body": " Why \u00a0 turn? "},
            {"startTime": 2.25, "endTime": 3, "body": "Hm."},
            {"speaker": "", "startTime": 3, "endTime": 4, "body": "It must."},
            {"speaker": "Bo", "startTime": 4, "endTime": 5, "body": "Must it?"},
            title="Why",
            language="en",
        ),
    )
    assert said(draft) == [
        ("Ann", 0.5, 2.25, "Why turn?"),
        (None, 2.25, 3.0, "Hm."),
        (None, 3.0, 4.0, "It must."),
        ("Bo", 4.0, 5.0, "Must it?"),
    ]
    assert [(name, text) for _, _, name, text in rest(draft)] == [
        ("version", "1.0.0"),
        ("title", "Why"),
        ("language", "en"),
    ]


def test_podcast_json_first_of_a_run():
    """Where few segments have a speaker, it holds for those behind it."""
    names = ["Ann", None, None, "Bo", None]
    segments = [
        {"speaker": name, "startTime": n, "endTime": n + 1, "body": f"Part {n}."} for n, name in enumerate(names)
    ]
    draft = read(podcast_json, podcast(*segments))
    assert [piece.speaker for piece in speech(draft)] == ["Ann", "Ann", "Ann", "Bo", "Bo"]
    assert [piece.opens for piece in speech(draft)] == [True, False, False, True, False]


def test_podcast_json_of_words():
    """Segments of one word carry it with its times; without speakers they are joined to sentences."""
    single = [
        {"startTime": n, "endTime": n + 0.5, "body": word}
        for n, word in enumerate(["Why", "turn?", "It", "must."])
    ]
    draft = read(podcast_json, podcast(*single))
    assert said(draft) == [(None, 0.0, 1.5, "Why turn?"), (None, 2.0, 3.5, "It must.")]
    assert words(speech(draft)[1]) == [("It", 2.0, 2.5), ("must.", 3.0, 3.5)]
    assert draft.boundary == "sentence"
    named = read(podcast_json, podcast(*[{**segment, "speaker": "Ann"} for segment in single]))
    assert [words(piece) for piece in speech(named)] == [
        [("Why", 0.0, 0.5), ("turn?", 1.0, 1.5)],
        [("It", 2.0, 2.5), ("must.", 3.0, 3.5)],
    ]


def test_podcast_json_damage():
    """What is no segment, or has no text, is dropped with a reason; the rest is read."""
    draft = read(
        podcast_json,
        podcast(
            {"body": "One.", "startTime": None, "endTime": "soon"},
            None,
            {"body": None},
            {"body": ["x"]},
            "stray words",
            {"body": 5, "startTime": -1},
            {},
        ),
    )
    assert said(draft) == [(None, None, None, "One."), (None, None, None, "5")]
    assert [(line, name) for line, _, name, _ in rest(draft)[1:]] == [
        (2, "segment is no object"),
        (3, "segment without text"),
        (4, "text is no string"),
        (5, "segment is no object"),
        (7, "segment without text"),
    ]
    assert draft.flags == ("bad_time",)


def test_podcast_html():
    """A cite holds for its paragraphs; the time belongs to the first; a cited title within text is none."""
    draft = read(
        podcast_html,
        "<html><head><title>One</title><style>p {}</style></head><body><h2>Start</h2>\n<cite>Ann Lee:</cite>\n"
        "<time>0:12</time>\n<p>R&amp;B&nbsp;turns<br>in <b>me</b>.</p>\n<p>I read <cite>Dune</cite>.</p>\n"
        "<cite>Bo:</cite><time datetime='PT1H2M3.5S'>later</time><p>Why?</p> stray <time>1:02:05</time><p>So.</p>"
        "</body></html>",
    )
    assert said(draft) == [
        ("Ann Lee", 12.0, None, "R&B turns in me."),
        ("Ann Lee", None, None, "I read Dune."),
        ("Bo", 3723.5, None, "Why?"),
        ("Bo", 3725.0, None, "So."),
    ]
    assert [(kind, text) for _, kind, _, text in rest(draft)] == [
        ("metadata", "One"),
        ("chapter", "Start"),
        ("label", "Ann Lee:"),
        ("label", "0:12"),
        ("label", "Bo:"),
        ("label", "later"),
        ("dropped", "stray"),
        ("label", "1:02:05"),
    ]
    assert [piece.line for piece in speech(draft)] == [4, 5, 6, 6]
    assert draft.boundary == "paragraph"


# YouTube


def test_json3_words():
    """Words have starts; events last until the next one; line breaks of the screen are no words."""
    draft = read(
        json3,
        {
            "wireMagic": "pb3",
            "events": [
                {"tStartMs": 0, "dDurationMs": 9000, "id": 1, "wpWinPosId": 1},
                {
                    "tStartMs": 100,
                    "dDurationMs": 4000,
                    "segs": [
                        {"utf8": ">> why"},
                        {"utf8": " it", "tOffsetMs": 400},
                        {"utf8": "'s.", "tOffsetMs": 500},
                    ],
                },
                {"tStartMs": 2000, "aAppend": 1, "segs": [{"utf8": "\n"}]},
                {
                    "tStartMs": 2010,
                    "dDurationMs": 990,
                    "segs": [{"utf8": "so"}, {"utf8": " be", "tOffsetMs": 300}],
                },
            ],
        },
    )
    assert [words(piece) for piece in speech(draft)] == [
        [("why", 0.1, 0.5), ("it's.", 0.5, 2.01)],
        [("so", 2.01, 2.31), ("be", 2.31, 3.0)],
    ]
    assert [(piece.line, piece.text) for piece in draft.pieces if piece.kind == "label"] == [(2, ">>")]
    assert (draft.boundary, draft.source, draft.flags) == ("sentence", "captions", ())


def test_json3_by_hand():
    """Captions that a person wrote are lines without word times."""
    events = [{"tStartMs": 0, "dDurationMs": 1500, "segs": [{"utf8": "Why does\nit turn?"}]}]
    draft = read(json3, {"events": events})
    assert said(draft) == [(None, 0.0, 1.5, "Why does it turn?")]
    assert not speech(draft)[0].words


# TTML


def timed(body: str, attributes: str = "", head: str = "") -> str:
    names = (
        'xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" '
        'xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
        'xmlns:podcasts="http://podcasts.apple.com/transcript-ttml-internal"'
    )
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{declaration}\n<tt {names} {attributes}><head>{head}</head><body>{body}</body></tt>"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("00:00:01.250", 1.25),
        ("01:02:03", 3723.0),
        ("00:00:01:12", 1.48),
        ("12.5s", 12.5),
        ("100ms", 0.1),
        ("3m", 180.0),
        ("1h", 3600.0),
        ("50f", 2.0),
        ("5000t", 5.0),
        ("2.57", 2.57),
        ("1:02.340", 62.34),
        ("soon", None),
        ("-1s", None),
    ],
)
def test_ttml_times(value: str, seconds: float | None):
    """Clock times, offsets, frames and ticks are seconds."""
    body = f'<div><p begin="{value}">Hi.</p></div>'
    draft = read(ttml, timed(body, 'ttp:frameRate="25" ttp:tickRate="1000"'))
    assert said(draft) == [(None, seconds, None, "Hi.")]
    assert draft.flags == (() if seconds is not None else ("bad_time",))


def test_ttml_speakers_and_text():
    """Agents have names; line breaks are spaces, nested spans text, what is no paragraph is dropped."""
    head = (
        '<metadata><ttm:title>Why</ttm:title><ttm:agent xml:id="a"><ttm:name>Ann Lee</ttm:name></ttm:agent>'
        "</metadata>"
    )
    body = (
        '<div begin="10s"><p begin="1s" dur="1500ms" ttm:agent="a">Why<br/>does <span>it</span>&nbsp;turn?</p>'
        '\n<p begin="3s" end="4s">It &amp; I <span ttm:agent="a">must.</span></p>stray<p>x<!-- no --></p></div>'
    )
    draft = read(ttml, timed(body, 'xml:lang="en"', head))
    assert said(draft) == [
        ("Ann Lee", 11.0, 12.5, "Why does it turn?"),
        (None, 13.0, 14.0, "It & I"),
        ("Ann Lee", 13.0, 14.0, "must."),
        (None, None, None, "x"),
    ]
    assert [(name, text) for _, _, name, text in rest(draft)] == [
        ("language", "en"),
        ("title", "Why"),
        ("agent", "Ann Lee"),
        ("text outside of a paragraph", "stray"),
    ]
    assert draft.source == "publisher"


def test_ttml_of_apple():
    """Spans of words give words with both times, though no space stands between them."""
    body = (
        '<div><p begin="1.0" end="3.0" ttm:agent="SPEAKER_1"><span begin="1.0" end="3.0" podcasts:unit="sentence">'
        '<span begin="1.0" end="1.5" podcasts:unit="word">It</span>'
        '<span begin="2.0" end="3.0" podcasts:unit="word">must.</span></span></p></div>'
    )
    draft = read(ttml, timed(body))
    assert said(draft) == [("SPEAKER_1", 1.0, 3.0, "It must.")]
    assert words(speech(draft)[0]) == [("It", 1.0, 1.5), ("must.", 2.0, 3.0)]
    assert (draft.boundary, draft.source) == ("sentence", "captions")


def test_ttml_spans_count_from_their_paragraph():
    """A span that begins before its paragraph counts from there; sentences with times are no words."""
    body = (
        '<div><p begin="10s" end="14s">'
        '<span begin="0s" end="1s">It</span> <span begin="1s" end="2s">must.</span></p>'
        '<p><span begin="15s">A whole</span> <span end="17s">sentence here.</span></p></div>'
    )
    first, second = speech(read(ttml, timed(body)))
    assert words(first) == [("It", 10.0, 11.0), ("must.", 11.0, 12.0)]
    assert (second.words, second.start_time, second.end_time) == ((), 15.0, 17.0)


@pytest.mark.parametrize(
    "document",
    [
        timed("<p>Hi")[:-20],
        timed("<p></p>"),
        "<tt>",
        timed("<div>" * 300 + "</div>" * 300),
    ],
)
def test_ttml_damage(document: str):
    """Broken XML, too deep a tree, or no paragraph is one line that says so."""
    with pytest.raises(ContentError, match=r"^the TTML .+$"):
        ttml.parse(Text(document))


def test_ttml_reads_no_entities():
    """An entity of the document itself is not expanded, and no file is read."""
    document = (
        '<!DOCTYPE tt [<!ENTITY a "boom"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
        '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p>Hi &a; &f; you</p></div></body></tt>'
    )
    assert said(ttml.parse(Text(document))) == [(None, None, None, "Hi &a; &f; you")]


# Machines


def test_whisper():
    """Words are kept with their times; one without a space before it goes on with the last."""
    draft = read(
        whisper,
        {
            "text": " A 20-year turn. No?",
            "language": "en",
            "model": "large-v3",
            "segments": [
                {
                    "id": 0,
                    "start": 0.0,
                    "end": 2.0,
                    "text": " A 20-year turn.",
                    "words": [
                        {"word": " A", "start": 0.0, "end": 0.2, "probability": 0.5},
                        {"word": " 20", "start": 0.2, "end": 0.4, "probability": 0.9},
                        {"word": "-year", "start": 0.4, "end": 0.8, "probability": 0.7},
                        {"word": " turn.", "start": 0.8, "end": 2.0, "probability": 0.9},
                    ],
                },
                {"id": 1, "start": 2.0, "end": 3.0, "text": " No?", "words": [{"word": " Yes"}]},
            ],
            "word_segments": [{}, {}, {}, {}],
        },
    )
    assert said(draft) == [(None, 0.0, 2.0, "A 20-year turn."), (None, 2.0, 3.0, "No?")]
    assert words(speech(draft)[0]) == [("A", 0.0, 0.2), ("20-year", 0.2, 0.8), ("turn.", 0.8, 2.0)]
    assert speech(draft)[0].words[1].probability == 0.7
    assert speech(draft)[1].words == ()
    assert [(name, text) for _, _, name, text in rest(draft)] == [
        ("language", "en"),
        ("word_segments", "4"),
        ("model", "large-v3"),
    ]
    assert draft.source == "asr"


def test_whisperx_speakers():
    """Speakers of words split a segment; a word that was not aligned goes with the one before."""
    segment = {
        "start": 0,
        "end": 3,
        "text": "It must. In 2014?",
        "speaker": "SPEAKER_00",
        "words": [
            {"word": "It", "start": 0.0, "end": 0.5, "score": 0.9, "speaker": "SPEAKER_00"},
            {"word": "must.", "start": 0.5, "end": 1.0, "score": 0.8, "speaker": "SPEAKER_00"},
            {"word": "In", "start": 2.0, "end": 2.5, "score": 0.9, "speaker": "SPEAKER_01"},
            {"word": "2014?"},
        ],
    }
    draft = read(whisper, {"segments": [segment, {"start": 3, "end": 4, "text": "Yes."}]})
    assert said(draft) == [
        ("SPEAKER_00", 0.0, 1.0, "It must."),
        ("SPEAKER_01", 2.0, 2.5, "In 2014?"),
        (None, 3.0, 4.0, "Yes."),
    ]
    assert words(speech(draft)[1]) == [("In", 2.0, 2.5), ("2014?", None, None)]


def test_whisper_without_spaces():
    """Characters of a language without spaces are words, and the text has no spaces."""
    segment = {
        "start": 0,
        "end": 1,
        "text": "你好吗？",
        "words": [{"word": "你"}, {"word": "好"}, {"word": "吗？"}],
    }
    draft = read(whisper, [segment])
    assert speech(draft)[0].text == "你好吗？"
    assert [word.word for word in speech(draft)[0].words] == ["你", "好", "吗？"]


def test_whisper_cpp():
    """whisper.cpp writes milliseconds, and tokens that are parts of words."""
    draft = read(
        whisper,
        {
            "model": {"type": "base"},
            "result": {"language": "en"},
            "transcription": [
                {
                    "timestamps": {"from": "00:00:00,000", "to": "00:00:01,500"},
                    "offsets": {"from": 0, "to": 1500},
                    "text": " It turns.",
                    "tokens": [
                        {"text": "[_BEG_]", "offsets": {"from": 0, "to": 0}, "p": 0.9},
                        {"text": " It", "offsets": {"from": 0, "to": 500}, "p": 0.9},
                        {"text": " turn", "offsets": {"from": 500, "to": 1200}, "p": 0.8},
                        {"text": "s.", "offsets": {"from": 1200, "to": 1500}, "p": 0.7},
                    ],
                },
                {"timestamps": {"from": "00:00:01,500", "to": "00:00:02,000"}, "text": " So."},
            ],
        },
    )
    assert said(draft) == [(None, 0.0, 1.5, "It turns."), (None, 1.5, 2.0, "So.")]
    assert words(speech(draft)[0]) == [("It", 0.0, 0.5), ("turns.", 0.5, 1.5)]
    assert [(name, text) for _, _, name, text in rest(draft)] == [("model", "base"), ("language", "en")]


def test_whisper_words_beside_the_text():
    """Words without segments take the punctuation from the text."""
    document = {
        "task": "transcribe",
        "text": "Why? It must.",
        "words": [
            {"word": "Why", "start": 0.0, "end": 0.5},
            {"word": "It", "start": 1.0, "end": 1.2},
            {"word": "must", "start": 1.2, "end": 2.0},
        ],
    }
    assert said(read(whisper, document)) == [(None, 0.0, 0.5, "Why?"), (None, 1.0, 2.0, "It must.")]


def deepgram_word(word: str, start: float, speaker: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"word": word.lower(), "punctuated_word": word, "start": start, "end": start + 0.5}
    return found | ({} if speaker is None else {"speaker": speaker})


def test_deepgram():
    """Words are the best source: with punctuation, by speaker and sentence."""
    best = {
        "transcript": "unused",
        "words": [
            deepgram_word(w, n, s) for n, (w, s) in enumerate([("Why?", 0), ("It", 0), ("must.", 0), ("No.", 1)])
        ],
    }
    document = {
        "metadata": {"request_id": "r1", "model_info": {"u": {"name": "nova", "arch": "n"}}},
        "results": {"channels": [{"detected_language": "en", "alternatives": [best]}]},
    }
    draft = read(deepgram, document)
    assert said(draft) == [
        ("Speaker 0", 0.0, 0.5, "Why?"),
        ("Speaker 0", 1.0, 2.5, "It must."),
        ("Speaker 1", 3.0, 3.5, "No."),
    ]
    assert [piece.opens for piece in speech(draft)] == [True, False, True]
    assert {("model", "nova"), ("language", "en")} <= {(name, text) for _, _, name, text in rest(draft)}
    assert (draft.boundary, draft.source) == ("sentence", "asr")


def test_deepgram_channels():
    """Channels with speech are speakers, in the order of time."""
    channels = [
        {
            "alternatives": [
                {"transcript": "Why? So.", "words": [deepgram_word("Why?", 0), deepgram_word("So.", 4)]}
            ]
        },
        {"alternatives": [{"transcript": "Yes.", "words": [deepgram_word("Yes.", 2)]}]},
        {"alternatives": [{"transcript": "", "words": []}]},
    ]
    draft = read(deepgram, {"results": {"channels": channels}})
    assert said(draft) == [
        ("Channel 0", 0.0, 0.5, "Why?"),
        ("Channel 1", 2.0, 2.5, "Yes."),
        ("Channel 0", 4.0, 4.5, "So."),
    ]
    assert draft.flags == ()


def test_deepgram_without_words():
    """Without words come the paragraphs, the text, or the utterances."""
    paragraphs = [
        {"speaker": 1, "sentences": [{"text": "Why?", "start": 0, "end": 1}, {"text": "So.", "start": 1}]}
    ]
    best = {"transcript": "Why? So.", "paragraphs": {"paragraphs": paragraphs}}
    assert said(read(deepgram, {"results": {"channels": [{"alternatives": [best]}]}})) == [
        ("Speaker 1", 0.0, 1.0, "Why?"),
        ("Speaker 1", 1.0, None, "So."),
    ]
    plain = {"results": {"channels": [{"alternatives": [{"transcript": "Why?"}]}]}}
    assert said(read(deepgram, plain)) == [(None, None, None, "Why?")]
    utterances = [{"transcript": "Why?", "start": 0.5, "end": 1, "speaker": 2, "channel": 0}]
    assert said(read(deepgram, {"results": {"utterances": utterances}})) == [("Speaker 2", 0.5, 1.0, "Why?")]


def test_assemblyai():
    """Milliseconds are seconds, letters speakers; without utterances words are joined to sentences."""
    spoken = [
        {"text": "Why?", "start": 0, "end": 400, "confidence": 0.9, "speaker": "A"},
        {"text": "It", "start": 500, "end": 700, "confidence": 0.8, "speaker": "A"},
        {"text": "must.", "start": 700, "end": 900, "confidence": 0.8, "speaker": "B"},
    ]
    utterances = [{"speaker": "A", "text": "Why? It", "start": 0, "end": 700, "words": spoken[:2]}]
    draft = read(assemblyai, {"id": "x", "text": "Why? It", "utterances": utterances, "words": spoken})
    assert said(draft) == [("Speaker A", 0.0, 0.7, "Why? It")]
    assert words(speech(draft)[0]) == [("Why?", 0.0, 0.4), ("It", 0.5, 0.7)]
    joined = read(assemblyai, {"id": "x", "text": "Why? It must.", "utterances": None, "words": spoken})
    assert said(joined) == [
        ("Speaker A", 0.0, 0.4, "Why?"),
        ("Speaker A", 0.5, 0.7, "It"),
        ("Speaker B", 0.7, 0.9, "must."),
    ]
    plain = read(assemblyai, {"audio_url": "https://x.example/1.mp3", "text": "Why?", "language_code": "en_us"})
    assert said(plain) == [(None, None, None, "Why?")]
    with pytest.raises(ContentError, match=r"has no text: too short"):
        assemblyai.parse(Text('{"status": "error", "error": "too short"}'))


def test_seglst():
    """Numbers may be strings, a speaker a number or empty, and a session is told where it begins."""
    segments = [
        {"session_id": "s1", "speaker": "Ann", "start_time": "0.50", "end_time": 2, "words": "Why turn?"},
        {"session_id": "s1", "speaker": "", "words": "Hm."},
        {"session_id": "s2", "speaker": 3, "start_time": 0, "end_time": 1, "words": "It must."},
    ]
    draft = read(seglst, segments)
    assert said(draft) == [
        ("Ann", 0.5, 2.0, "Why turn?"),
        (None, None, None, "Hm."),
        ("Speaker 3", 0.0, 1.0, "It must."),
    ]
    assert rest(draft) == [(1, "metadata", "session_id", "s1"), (3, "metadata", "session_id", "s2")]


def test_stm():
    """Comments are metadata, gaps and labels dropped; a word in angle brackets is no label."""
    draft = read(
        stm,
        ';; LABEL "o"\ntalk 1 Ann 0.0 1.5 <o,f0,female> Why  turn?\ntalk 1 inter_segment_gap 1.5 2.0 <o,,>\n'
        "talk 1 unknown 2 3 <unk> must\ntalk 1 x 3 4 ignore_time_segment_in_scoring\n"
        "talk 1 excluded_region 4 5 noise here\ntalk 1 12 5 6\n",
    )
    assert said(draft) == [("Ann", 0.0, 1.5, "Why turn?"), (None, 2.0, 3.0, "<unk> must")]
    assert rest(draft) == [
        (1, "metadata", "comment", 'LABEL "o"'),
        (2, "label", "conditions", "<o,f0,female>"),
        (3, "dropped", "inter_segment_gap", "<o,,>"),
        (5, "dropped", "ignore_time_segment_in_scoring", "ignore_time_segment_in_scoring"),
        (6, "dropped", "excluded_region", "noise here"),
    ]


def test_ctm():
    """Words are joined to sentences, or without marks between pauses; silence and alternatives are dropped."""
    draft = read(
        ctm,
        ";; by machine\ntalk A 0.0 0.5 Why? 0.9 lex Ann\ntalk A 0.5 0.2 It NA lex Ann\ntalk A 0.7 0.1 @ 0.2\n"
        "talk A 0.8 0.2 must. 0.7 lex Bo\n",
    )
    assert said(draft) == [("Ann", 0.0, 0.5, "Why?"), ("Ann", 0.5, 0.7, "It"), ("Bo", 0.8, 1.0, "must.")]
    assert speech(draft)[0].words[0].probability == 0.9
    bare = "t 1 0.0 0.5 why\nt 1 0.6 0.4 not\nt 1 2.1 0.1 so\n"
    alternatives = "t 1 * * <ALT_BEGIN>\nt 1 3.0 0.1 a\nt 1 * * <ALT>\nt 1 3.0 0.1 uh\nt 1 * * <ALT_END>\n"
    draft = read(ctm, bare + alternatives)
    assert said(draft) == [(None, 0.0, 1.0, "why not"), (None, 2.1, 3.1, "so a")]
    assert (9, "dropped", "mark of alternative words", "<ALT_END>") not in rest(draft)
    assert (7, "dropped", "alternative word", "uh") in rest(draft)
    assert draft.boundary == "cue"


# What is none of these


@pytest.mark.parametrize(
    "document",
    [
        "SPEAKER talk 1 0.000 1.500 <NA> <NA> Ann <NA> <NA>\nSPEAKER talk 1 2.0 1.0 <NA> <NA> Bo <NA> <NA>\n",
        "Ann: Hello there.\n\nBo: It is 12:30 --> 13:00 now.",
        "00:00 Ann\nHello there.\n\n00:05 Bo\nHi.",
        "# Heading\n\nSome words here 1 2 3.",
        "<html><body><p>Ann: Hello <cite>Dune</cite></p></body></html>",
        '{"version": "https://jsonfeed.org/version/1", "title": "x", "items": []}',
        '{"a": [1, 2], "text": "hello"}',
        '[{"text": "a"}, {"name": "b"}]',
        '{"words": ["a", "b"], "utterances": 3, "segments": {"a": 1}, "events": ["x"], "results": []}',
        "[]",
        "{}",
        "[1, 2",
        "",
        "\n \n",
        "<ttx>",
    ],
)
def test_other_documents(document: str):
    """RTTM, prose, web pages and any other JSON are of none of the formats."""
    assert [of_name(module) for module in MODULES if module.fits(Text(document))] == []


# Round trips

NAME = st.sampled_from(["Ann Lee", "Bo Chan", "Cy de la Cruz", "DEE O'NEIL"])
WORD = st.text("abcdefgéßλ日ñ'?", min_size=1, max_size=7).filter(lambda word: word.strip("'?") != "")
SENTENCE = st.lists(WORD, min_size=1, max_size=6).map(" ".join)
STEP = st.integers(1, 9_999)


@st.composite
def turns(draw: st.DrawFn, speakers: st.SearchStrategy[str | None] = NAME) -> list[Said]:
    """Turns one after the other, in milliseconds that a float holds."""
    found: list[Said] = []
    now = 0
    for _ in range(draw(st.integers(1, 8))):
        start = now + draw(STEP)
        now = start + draw(STEP)
        found.append((draw(speakers), start / 1000, now / 1000, draw(SENTENCE)))
    return found


def stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def transcript(found: Sequence[Said]) -> export.Transcript:
    return export.Transcript("one", tuple(export.Said(*turn, words=()) for turn in found), ())


@given(turns())
def test_srt_round_trip(found: list[Said]):
    """SubRip that the srt library composes is read back."""
    cues = [
        srt_library.Subtitle(
            index=n,
            start=timedelta(milliseconds=round(start * 1000)),
            end=timedelta(milliseconds=round(end * 1000)),
            content=f"{speaker}: {text}",
        )
        for n, (speaker, start, end, text) in enumerate(found, start=1)
    ]
    assert said(srt.parse(Text(srt_library.compose(cues)))) == found


@given(turns(st.one_of(st.none(), NAME)))
def test_vtt_round_trip(found: list[Said]):
    """WebVTT that webvtt-py reads too is read back."""
    document = "WEBVTT\n\n" + "\n\n".join(
        f"{stamp(start)} --> {stamp(end)}\n{f'<v {speaker}>' if speaker else ''}{escape(text)}"
        for speaker, start, end, text in found
    )
    assert said(vtt.parse(Text(document))) == found
    cues = webvtt.from_buffer(StringIO(document)).captions
    assert [cue.voice for cue in cues] == [speaker for speaker, *_ in found]


@given(turns(st.one_of(st.none(), NAME)))
def test_ttml_round_trip(found: list[Said]):
    """TTML with agents is read back."""
    agents = "".join(
        f'<ttm:agent xml:id="a{n}"><ttm:name>{escape(name)}</ttm:name></ttm:agent>'
        for n, name in enumerate(sorted({speaker for speaker, *_ in found if speaker}))
    )
    ids = {name: f"a{n}" for n, name in enumerate(sorted({speaker for speaker, *_ in found if speaker}))}
    body = "".join(
        f'<p begin="{stamp(start)}" end="{stamp(end)}"'
        f"{f' ttm:agent={chr(34)}{ids[speaker]}{chr(34)}' if speaker else ''}>{escape(text)}</p>"
        for speaker, start, end, text in found
    )
    assert said(ttml.parse(Text(timed(f"<div>{body}</div>", head=f"<metadata>{agents}</metadata>")))) == found


@given(turns())
def test_ctm_round_trip(found: list[Said]):
    """CTM with one word a turn is read back, word by word."""
    lines = [
        f"talk 1 {start:.3f} {end - start:.3f} {text.split()[0]} 0.5 lex {speaker.replace(' ', '_')}"
        for speaker, start, end, text in found
        if speaker
    ]
    spoken = [word for piece in speech(ctm.parse(Text("\n".join(lines)))) for word in piece.words]
    assert [(word.start_time, word.end_time, word.word) for word in spoken] == [
        (start, end, text.split()[0]) for _, start, end, text in found
    ]


@pytest.mark.parametrize(
    ("name", "module"), [("vtt", vtt), ("srt", srt), ("json", podcast_json), ("seglst", seglst), ("stm", stm)]
)
@given(found=turns())
def test_exports_are_read_back(name: str, module: ModuleType, found: list[Said]):
    """What the warehouse writes is read back; STM has underscores for spaces."""
    merged = [turn for n, turn in enumerate(found) if n == 0 or turn[0] != found[n - 1][0]]
    text = Text(export.FORMATS[name](transcript(merged)))
    assert module.fits(text)
    expected = [
        (
            speaker.replace(" ", "_").replace('"', "'") if name == "stm" and speaker else speaker,
            start,
            end,
            words_said,
        )
        for speaker, start, end, words_said in merged
    ]
    assert [(s, a, b, t) for s, a, b, t in said(module.parse(text))] == expected


@pytest.mark.parametrize(
    ("name", "module"), [("vtt", vtt), ("json", podcast_json), ("seglst", seglst), ("stm", stm)]
)
def test_exports_without_speakers(name: str, module: ModuleType):
    """An unknown speaker stays unknown on the way out and back."""
    found: list[Said] = [(None, 0.0, 1.5, "Why turn?"), ("Ann", 2.0, 3.0, "It must."), ("Ann", 3.0, 3.5, "Yes.")]
    assert said(read(module, export.FORMATS[name](transcript(found)))) == found


# Damage


@given(
    st.lists(
        st.one_of(
            SENTENCE,
            st.sampled_from(
                [
                    *("", "", "1", "2", "NOTE so", "STYLE", "Ann: hi", ">> BO: no", "- yes", "<v Ann>hi", "</v>"),
                    *("00:01.000 --> 00:02.000", "00:00:01,000 --> 00:00:02,000 x", "x --> y", "a<00:01.000>b"),
                ]
            ),
        ),
        max_size=25,
    )
)
def test_every_word_lands(lines: list[str]):
    """However the lines of captions are mixed, each word is in some piece, in any of the two formats."""
    document = "\n".join(["WEBVTT", "", "00:00.000 --> 00:01.000", *lines])
    found = {word for line in lines for word in line.replace("<", " <").split() if word.isalpha()}
    for module, shown in ((vtt, document), (srt, document.partition("\n\n")[2])):
        pieces = module.parse(Text(shown)).pieces
        # A tag may split a word.
        kept = " ".join(f"{piece.text} {piece.speaker or ''} {(piece.name or '').upper()}" for piece in pieces)
        assert all(word in kept for word in found)


JSON_VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


def damaged(value: Any, draw: Callable[[Any], Any]) -> Any:
    """Put other values into some places of a JSON value, and take some out."""
    fate = draw(st.integers(0, 11))
    if fate == 0:
        return draw(JSON_VALUE)
    if isinstance(value, dict):
        return {key: damaged(inner, draw) for key, inner in value.items() if draw(st.integers(0, 9))}
    return [damaged(inner, draw) for inner in value] if isinstance(value, list) else value


def sound(module: ModuleType, text: Text) -> None:
    """Parse, or refuse in one line; what is parsed keeps the promises of a draft."""
    refused = ""
    pieces: tuple[Piece, ...] = ()
    try:
        pieces = module.parse(text).pieces
    except ContentError as error:
        refused = str(error)
    assert "\n" not in refused
    for piece in pieces:
        assert piece.text == " ".join(piece.text.split())
        assert piece.text or piece.kind != "speech"
        assert piece.line >= 1
        assert piece.start_time is None or 0 <= piece.start_time < 2e9
        joined = [word.word for word in piece.words]
        assert not joined or piece.text in (" ".join(joined), "".join(joined))


@pytest.mark.parametrize("module", JSON_MODULES, ids=of_name)
@settings(deadline=None)
@given(st.data())
def test_damaged_json(module: ModuleType, data: st.DataObject):
    """Other values anywhere in a document of JSON never end in another error."""
    value = damaged(json.loads(module.FORMAT.example), data.draw)
    text = Text(json.dumps(value))
    module.fits(text)
    sound(module, text)


@pytest.mark.parametrize("module", MODULES, ids=of_name)
@settings(deadline=None)
@given(st.data())
def test_damaged_text(module: ModuleType, data: st.DataObject):
    """A text that is cut, or with something else put in, never ends in another error."""
    example = module.FORMAT.example
    start = data.draw(st.integers(0, len(example)))
    stop = data.draw(st.integers(start, len(example)))
    noise = data.draw(
        st.one_of(st.text(max_size=8), st.sampled_from(["<", "&#0;", "-->", "\n\n", ">>", "nan", "1e999"]))
    )
    text = Text(example[:start] + noise + example[stop:])
    for other in MODULES:
        other.fits(text)
    sound(module, text)


@pytest.mark.parametrize(
    "payload",
    [
        *("word " * 200_000, "<" * 1_000_000, "<a " * 300_000, "{\\" * 500_000, "&a" * 500_000, "-->" * 300_000),
        *(">> a " * 200_000, "A: " * 300_000, " " * 1_000_000, "1" * 1_000_000, "<v Ann>a " * 100_000),
        *("Ann: a\n" * 100_000, "a\n" * 300_000, "NOTE a\n\n" * 100_000, "\n" * 1_000_000, "1\n" * 300_000),
        *(
            "00:01.000 --> 00:02.000\n" * 30_000,
            "<cite>" * 100_000,
            "<cite>a</cite> " * 60_000,
            "x 1 y 1 2 " * 90_000,
        ),
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_no_text_takes_long(payload: str):
    """A megabyte of anything, also in one line, takes a time that grows with its length only."""
    began = time.process_time()
    for module in (vtt, srt):
        module.parse(Text(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{payload}\n"))
    for module in MODULES:
        module.fits(Text(payload))
    for module in (stm, ctm, podcast_html, ttml):
        sound(module, Text(payload))
    assert time.process_time() - began < 90


@pytest.mark.parametrize("mark", [".", ","])
def test_five_megabytes(mark: str):
    """Five megabytes of captions are read in seconds."""
    header = "WEBVTT\n\n" if mark == "." else ""
    cues = [
        f"{n}\n{stamp(n * 2).replace('.', mark)} --> {stamp(n * 2 + 1.9).replace('.', mark)}\n"
        f"{'Ann: ' if n % 5 == 0 else ''}the record turns again\nbecause nobody stops what it began, they say\n"
        for n in range(50_000)
    ]
    text = Text(header + "\n".join(cues))
    assert len(text.text) > 5_000_000
    began = time.process_time()
    draft = (vtt if mark == "." else srt).parse(text)
    assert time.process_time() - began < 60
    assert len(speech(draft)) == 50_000
    assert draft.flags == ()
