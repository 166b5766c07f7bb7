"""Traps that captions and recognizers' files set: what stands in them, and the turns that must come out."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import ContentError, SourceError
from transforms.transcripts import FORMATS, read
from transforms.transcripts.assemble import Published

Row = tuple[str | None, str]


def rows(published: Published) -> list[Row]:
    return [(turn.speaker, turn.text) for turn in published.turns]


def vtt(*cues: str, head: str = "WEBVTT") -> str:
    blocks = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{cue}" for n, cue in enumerate(cues)]
    return "\n\n".join([head, *blocks]) + "\n"


def srt(*cues: str) -> str:
    blocks = [f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n{cue}\n" for n, cue in enumerate(cues, 1)]
    return "\n".join(blocks)


def whole(document: Any) -> Published:
    text = document if isinstance(document, str) else json.dumps(document)
    return read(text.encode())


CAPTIONS: dict[str, tuple[str, list[Row]]] = {
    "a voice with a class, one with quotes, one that is not closed": (
        vtt("<v.loud Ann Lee>Hi.</v>", '<v "Bo Chan">No.</v>', "<V Ann Lee>Why?"),
        [("Ann Lee", "Hi."), ("Bo Chan", "No."), ("Ann Lee", "Why?")],
    ),
    "several voices in one row": (
        vtt("<v Ann>Hi.</v> <v Bo>Hi back.</v>\n<v Ann>Well?</v>"),
        [("Ann", "Hi."), ("Bo", "Hi back."), ("Ann", "Well?")],
    ),
    "the name of the voice once more in its text": (
        vtt("<v Ann Lee>Ann Lee: Hi.</v>", "<v Bo>Bo: No: never."),
        [("Ann Lee", "Hi."), ("Bo", "No: never.")],
    ),
    "surnames first, as meeting tools take them from the directory": (
        vtt("<v Lee, Ann>Hi.</v>", "<v Chan, Bo (Guest)>No.</v>"),
        [("Ann Lee", "Hi."), ("Bo Chan", "No.")],
    ),
    "what somebody does behind a comma": (
        vtt("<v Ann, Editor>Hi.</v>", "<v Bo, CEO>No.</v>"),
        [("Ann", "Hi."), ("Bo", "No.")],
    ),
    "identifiers of hexadecimal digits, times behind them": (
        "WEBVTT\n\n0b6fa2d4-1c9f/12-0\n00:03.000 --> 00:05.000\n<v Ann>Hi,\nall.</v>\n\n"
        "0b6fa2d4-1c9f/12-1\n00:05.000 --> 00:06.000\n<v Ann>So.</v>\n",
        [("Ann", "Hi, all. So.")],
    ),
    "names as identifiers": (
        "WEBVTT\n\nAnn Lee\n00:00.000 --> 00:01.000\nHi.\n\nBo Chan\n00:01.000 --> 00:02.000\nNo.\n\n"
        "Ann Lee\n00:02.000 --> 00:03.000\nWhy?\n",
        [("Ann Lee", "Hi."), ("Bo Chan", "No."), ("Ann Lee", "Why?")],
    ),
    "names as identifiers behind a number": (
        "WEBVTT\n\n1 - Ann Lee\n00:00.000 --> 00:01.000\nHi.\n\n2 - Bo Chan\n00:01.000 --> 00:02.000\nNo.\n",
        [("Ann Lee", "Hi."), ("Bo Chan", "No.")],
    ),
    "names in front of the text, numbers as identifiers": (
        "WEBVTT\n\n1\n00:00:16.239 --> 00:00:27.079\nAnn Lee: Today: records.\n\n"
        "2\n00:00:27.080 --> 00:00:29.000\nBo Chan: Thanks.\n\n3\n00:00:29.000 --> 00:00:31.000\nSo it goes.\n",
        [("Ann Lee", "Today: records."), ("Bo Chan", "Thanks. So it goes.")],
    ),
    "names in square brackets, sounds among them": (
        srt("[Ann] Hi.", "[Bo] No.", "[Laughs] It is.", "[Music]", "[Ann] Why?"),
        [("Ann", "Hi."), ("Bo", "No. It is."), ("Ann", "Why?")],
    ),
    "numbered speakers in square brackets": (
        vtt("[Speaker 1] Hi.", "[Speaker 2] No.", "Never.", "[Speaker 1] Why?"),
        [("Speaker 1", "Hi."), ("Speaker 2", "No. Never."), ("Speaker 1", "Why?")],
    ),
    "names in parentheses": (
        vtt("(Ann Lee) Hi.", "(Bo Chan) No.", "(Ann Lee) Why?"),
        [("Ann Lee", "Hi."), ("Bo Chan", "No."), ("Ann Lee", "Why?")],
    ),
    "noises and manners in brackets are no names": (
        srt("[Phone Ringing] Hi.", "(Whispering) No.", "[Phone Ringing] Hi.", "(Whispering) No."),
        [
            (None, "[Phone Ringing] Hi."),
            (None, "(Whispering) No."),
            (None, "[Phone Ringing] Hi."),
            (None, "(Whispering) No."),
        ],
    ),
    "a name on a row of its own, without a colon": (
        vtt("Ann Lee\nWhy does it turn?", "Bo Chan\nIt must.", "Ann Lee\nMust it?"),
        [("Ann Lee", "Why does it turn?"), ("Bo Chan", "It must."), ("Ann Lee", "Must it?")],
    ),
    "a name in a cue of its own": (
        srt("Ann Lee:", "Why?", "Bo Chan:", "It must.", "Ann Lee:", "Must it?"),
        [("Ann Lee", "Why?"), ("Bo Chan", "It must."), ("Ann Lee", "Must it?")],
    ),
    "names in bold, in italics, in colour": (
        srt("<b>Ann</b>: Hi.", '<font color="#fff">Bo: No.</font>', "{\\an8}{i}Ann: Why?{/i}"),
        [("Ann", "Hi."), ("Bo", "No."), ("Ann", "Why?")],
    ),
    "capitals, with a title": (
        srt("ANN: HI.", "SO IT IS.", "DR. BO CHAN: NO.", "ANN: WHY: BECAUSE."),
        [("ANN", "HI. SO IT IS."), ("DR. BO CHAN", "NO."), ("ANN", "WHY: BECAUSE.")],
    ),
    "names without capitals": (
        srt("ann: hi", "bo: no", "ann: why", "bo: so"),
        [("ann", "hi"), ("bo", "no"), ("ann", "why"), ("bo", "so")],
    ),
    "names that people give themselves; one that does not come back is none": (
        srt("ann_lee92: hi", "Bo Chan: no", "ann_lee92: why", "Bo Chan: so", "bo@example.org: ha"),
        [
            ("ann_lee92", "hi"),
            ("Bo Chan", "no"),
            ("ann_lee92", "why"),
            ("Bo Chan", "so bo@example.org: ha"),
        ],
    ),
    "YouTube's own format, with a comma for an arrow": (
        "0:00:00.000,0:00:01.500\nAnn Lee: Hi.\n\n0:00:01.500,0:00:02.000\nBo: no.\n",
        [("Ann Lee", "Hi."), ("Bo", "no.")],
    ),
    "a long name with a title that comes back": (
        srt(
            "Bo: hi",
            "Professor Maria del Carmen Garcia Lopez: ho",
            "Bo: hi",
            "Professor Maria del Carmen Garcia Lopez: ho",
        ),
        [("Bo", "hi"), ("Professor Maria del Carmen Garcia Lopez", "ho")] * 2,
    ),
    "sentences with colons are no names": (
        srt("I have one thing to say: no.", "And then he said: go.", "The rule: never.", "At 10: 30 we go."),
        [
            (None, "I have one thing to say: no."),
            (None, "And then he said: go."),
            (None, "The rule: never."),
            (None, "At 10: 30 we go."),
        ],
    ),
    "dashes for two speakers of a cue": (
        srt("-Ann: hi\n-Bo: ho", "- Ann: yes", "— Bo: no"),
        [("Ann", "hi"), ("Bo", "ho"), ("Ann", "yes"), ("Bo", "no")],
    ),
    "marks of broadcast captions": (
        vtt(">> ANN LEE: GOOD EVENING.", "THE NEWS.", "&gt;&gt; BO CHAN: THANKS.\n>> YES.", ">>> NEXT."),
        [
            ("ANN LEE", "GOOD EVENING. THE NEWS."),
            ("BO CHAN", "THANKS."),
            (None, "YES."),
            (None, "NEXT."),
        ],
    ),
    "entities, also escaped twice": (
        srt("Ann: R&amp;B&nbsp;&lt;3", "Bo: it&#39;s, it&amp;#39;s"),
        [("Ann", "R&B <3"), ("Bo", "it's, it's")],
    ),
    "readings above a word": (
        vtt("<ruby>東京<rt>とうきょう</rt></ruby>へ行く。", "<ruby>人<rp>(</rp><rt>ひと<rp>)</rp></ruby>がいる。"),
        [(None, "東京へ行く。"), (None, "人がいる。")],
    ),
    "arrows that a word processor changed, spaces in times": (
        "1\n00:00:01, 000 –> 00:00:02, 000\nAnn: Hi.\n\n2\n00:00:02,000 → 00:00:03,000\nBo: No.\n\n"
        "3\n00:00:03,000 --&gt; 00:00:04,000\nAnn: Why?\n\n4\n00:00:04,000 -- > 00:00:05,000\nBo: So.\n",
        [("Ann", "Hi."), ("Bo", "No."), ("Ann", "Why?"), ("Bo", "So.")],
    ),
    "numbers that are missing, out of order, from 0": (
        "7\n00:00:01,000 --> 00:00:02,000\nAnn: Hi.\n\n00:00:02,000 --> 00:00:03,000\nBo: No.\n\n"
        "0\n00:00:03,000 --> 00:00:04,000\n42\n",
        [("Ann", "Hi."), ("Bo", "No. 42")],
    ),
    "a file that breaks off behind a number": (
        srt("Ann: Hi.", "Bo: No.") + "\n3\n00:00:0",
        [("Ann", "Hi."), ("Bo", "No.")],
    ),
    "empty lines everywhere": (
        srt("Ann: Hi.\nall", "Bo: No.").replace("\n", "\r\n\r\n"),
        [("Ann", "Hi. all"), ("Bo", "No.")],
    ),
    "carriage returns alone": (vtt("Ann: Hi.", "Bo: No.").replace("\n", "\r"), [("Ann", "Hi."), ("Bo", "No.")]),
    "a header that players of streams need, hours over 99": (
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n100:00:00.000 --> 124:00:00.000\nHi.\n",
        [(None, "Hi.")],
    ),
    "STM with a comment, conditions, a gap and what is not scored": (
        ';; LABEL "o"\ntalk 1 inter_segment_gap 0 0.5 <o,f0,>\ntalk 1 Ann_Lee 0.5 1.5 <o,f0,male> hi there\n'
        "talk 1 Bo 1.5 2 <o,f0,> IGNORE_TIME_SEGMENT_IN_SCORING\ntalk 1 Bo 2 3 <O,en,F0,M> so <unk>\n",
        [("Ann_Lee", "hi there"), ("Bo", "so <unk>")],
    ),
    "CTM of two channels, each from zero": (
        "talk A 0.1 0.3 hi. 0.9\ntalk A 0.4 0.2 you. 0.8\ntalk B 0.2 0.1 yes. 0.3\n",
        [(None, "hi."), (None, "you."), (None, "yes.")],
    ),
}


@pytest.mark.parametrize(("document", "expected"), CAPTIONS.values(), ids=CAPTIONS)
def test_captions(document: str, expected: list[Row]):
    """A trap of captions gives its speakers and words, and no flag is raised."""
    published = read(document.encode())
    assert rows(published) == expected
    assert published.flags == ()


def said_by(*segments: tuple[str | None, str], **more: Any) -> dict[str, Any]:
    """Make Podcasting 2.0 JSON of a second per segment; who is `None` has no field."""
    return {
        "version": "1.0.0",
        **more,
        "segments": [
            {"startTime": n, "endTime": n + 1, "body": body, **({} if who is None else {"speaker": who})}
            for n, (who, body) in enumerate(segments)
        ],
    }


def segment(text: str, start: float, end: float | None, **more: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text, **more}


JSON: dict[str, tuple[Any, list[Row]]] = {
    "podcast: a word a segment, marks alone": (
        said_by(
            ("Ann", "It"), ("Ann", "'s"), ("Ann", "so"), ("Ann", "."), ("Bo", "Yes"), ("Bo", ","), ("Bo", "it")
        ),
        [("Ann", "It's so."), ("Bo", "Yes, it")],
    ),
    "podcast: a word a segment, spaces at the edges": (
        said_by(("Ann", " We"), ("Ann", "ll"), ("Ann", "."), ("Bo", " Un"), ("Bo", "likely"), ("Bo", " so.")),
        [("Ann", "Well."), ("Bo", "Unlikely so.")],
    ),
    "podcast: a character a segment": (
        said_by(("安", "你"), ("安", "好"), ("安", "。"), ("博", "是"), ("博", "的")),
        [("安", "你好。"), ("博", "是的")],
    ),
    "podcast: a speaker only where it changes": (
        said_by(("Ann", "Hi."), (None, "So."), ("Bo", "No."), ("Ann", "Why is that?")),
        [("Ann", "Hi. So."), ("Bo", "No."), ("Ann", "Why is that?")],
    ),
    "podcast: who is named twice in a row is not carried on": (
        said_by(("Ann", "Hi."), ("Ann", "So."), (None, "No."), ("Bo", "Why is that?")),
        [("Ann", "Hi. So."), (None, "No."), ("Bo", "Why is that?")],
    ),
    "podcast: names in the bodies": (
        said_by((None, "Ann: Hi."), (None, "Bo: No."), (None, "Ann: Why is that?")),
        [("Ann", "Hi."), ("Bo", "No."), ("Ann", "Why is that?")],
    ),
    "podcast: numbers as texts, entities, tags, an empty body": (
        {
            "version": "1.0.0",
            "segments": [
                {"speaker": "Ann", "startTime": "0.0", "endTime": "1", "body": "It&#39;s <i>R&amp;B</i>."},
                {"speaker": "Ann", "startTime": "1", "endTime": "1.5", "body": ""},
                {"speaker": "Bo", "startTime": "00:00:01.5", "endTime": "00:00:02,5", "body": " No. "},
            ],
        },
        [("Ann", "It's R&B."), ("Bo", "No.")],
    ),
    "podcast: segments without an object around them": (
        [{"speaker": "Ann", "startTime": 0, "endTime": 1, "body": "Hi."}],
        [("Ann", "Hi.")],
    ),
    "json3: by hand, with a name and an entity": (
        {
            "events": [
                {"tStartMs": 0, "dDurationMs": 1000, "segs": [{"utf8": "Ann: Hi\nyou."}]},
                {"tStartMs": 1000, "dDurationMs": 1000, "segs": [{"utf8": "Bo: It&#39;s <i>so</i>."}]},
                {"tStartMs": 2000, "dDurationMs": 1000, "segs": [{"utf8": "Ann: No."}]},
            ]
        },
        [("Ann", "Hi you."), ("Bo", "It's so."), ("Ann", "No.")],
    ),
    "whisperX: a speaker a word, a number without times": (
        [
            segment(
                " Hi. 2 dogs.",
                0,
                3,
                speaker="SPEAKER_00",
                words=[
                    {"word": "Hi.", "start": 0, "end": 1, "speaker": "SPEAKER_00"},
                    {"word": "2"},
                    {"word": "dogs.", "start": 2, "end": 3, "speaker": "SPEAKER_01"},
                ],
            )
        ],
        [("SPEAKER_00", "Hi. 2"), ("SPEAKER_01", "dogs.")],
    ),
    "whisperX: nobody knows who": ([segment("Hi.", 0, 1, speaker="UNKNOWN")], [(None, "Hi.")]),
    "faster-whisper: segments and words as lists": (
        [
            [
                1,
                0,
                0.0,
                3.0,
                " Hi you.",
                [1],
                0.0,
                -0.2,
                1.0,
                0.1,
                [[0.0, 1.0, " Hi", 0.5], [1.0, 3.0, " you.", 0.5]],
            ]
        ],
        [(None, "Hi you.")],
    ),
    "pipelines: pairs of times": (
        {
            "speakers": [
                {"speaker": "SPEAKER_00", "timestamp": [0.0, 1.5], "text": " Hi."},
                {"speaker": "SPEAKER_01", "timestamp": [1.5, None], "text": " No."},
            ],
            "chunks": [{"timestamp": [0.0, None], "text": " Hi. No."}],
            "text": " Hi. No.",
        },
        [("SPEAKER_00", "Hi."), ("SPEAKER_01", "No.")],
    ),
    "whisper: an object a line": (
        "\n".join(json.dumps(segment(" Hi.", n, n + 1)) for n in range(2)),
        [(None, "Hi."), (None, "Hi.")],
    ),
    "whisper.cpp: the mark of a turn": (
        {"transcription": [{"offsets": {"from": 0, "to": 1500}, "text": " [SPEAKER_TURN] Hi."}]},
        [(None, "Hi.")],
    ),
    "OpenAI: a text alone": ({"text": "Hi. No.", "usage": {"seconds": 3}}, [(None, "Hi. No.")]),
    "AssemblyAI: utterances alone": (
        [segment("Hi.", 0, 900, speaker="A"), segment("No.", 1000, 1900, speaker="B")],
        [("Speaker A", "Hi."), ("Speaker B", "No.")],
    ),
    "Deepgram: a channel a speaker": (
        {
            "results": {
                "channels": [
                    {"alternatives": [{"words": [{"word": "hi", "start": 0.0, "end": 0.5, "speaker": 0}]}]},
                    {"alternatives": [{"words": [{"word": "no", "start": 0.7, "end": 0.9, "speaker": 0}]}]},
                ]
            }
        },
        [("Channel 0", "hi"), ("Channel 1", "no")],
    ),
}


@pytest.mark.parametrize(("document", "expected"), JSON.values(), ids=JSON)
def test_json(document: Any, expected: list[Row]):
    """A trap of JSON gives its speakers and words."""
    assert rows(whole(document)) == expected


def test_chapters_of_assemblyai():
    """The chapters of the service are chapters at their times, its summaries metadata."""
    published = whole(
        {
            "status": "completed",
            "utterances": [segment("Hi.", 0, 900, speaker="A"), segment("No.", 1000, 1900, speaker="A")],
            "chapters": [
                {"headline": "A greeting", "gist": "Hi", "summary": "She greets.", "start": 0, "end": 900},
                {"headline": "A refusal", "gist": "No", "summary": "She refuses.", "start": 1000, "end": 1900},
            ],
        }
    )
    assert [(c.title, c.start_time) for c in published.chapters] == [("A greeting", 0.0), ("A refusal", 1.0)]
    assert [(turn.text, turn.chapter_index) for turn in published.turns] == [("Hi.", 0), ("No.", 1)]
    assert ("chapter summary", "She greets.") in published.metadata


@pytest.mark.parametrize(
    ("document", "language"),
    [
        ({"language": "english", "segments": [segment("Hi.", 0, 1)]}, "en"),
        ({"language_code": "en_us", "utterances": [segment("Hi.", 0, 900, speaker="A")]}, "en-US"),
        (vtt("Hi.", head="WEBVTT\nKind: captions\nLanguage: pt_br"), "pt-BR"),
        (vtt("Hi.", head='WEBVTT\n\nNOTE duration:"00:31:40"\n\nNOTE language:en-us'), "en-US"),
    ],
)
def test_language(document: Any, language: str):
    """Languages are tags of BCP 47, however they are written."""
    assert whole(document).known("language") == language


@pytest.mark.parametrize(
    ("document", "flags"),
    [
        (srt("Hi.", "No.").replace("00:00:03", "00:00:01"), ("end_before_start",)),
        (vtt("Hi.", "No.").replace("00:00:01.000\n", "00:00:01.800\n"), ("overlapping_cues",)),
        (
            "WEBVTT\n\n00:05.000 --> 00:06.000\nHi.\n\n00:01.000 --> 00:02.000\nNo.\n",
            ("times_backwards",),
        ),
        ("1\n00:00:01,000 --> 00:00:01,000\nHi.\n\n2\n00:00:03,000 --> 00:00:04,000\nNo.\n", ()),
    ],
)
def test_times(document: str, flags: tuple[str, ...]):
    """Odd times are flagged, and the cues stay in the order of the file."""
    published = read(document.encode())
    assert [turn.text for turn in published.turns] == ["Hi.", "No."]
    assert published.flags == flags


@pytest.mark.parametrize(
    "document",
    [
        {"jobName": "x", "results": {"items": [{"alternatives": [{"content": "Hi"}]}]}},
        {"monologues": [{"speaker": 0, "elements": [{"value": "Hi"}]}]},
        '{"segments": [\n  {"start": 0, "end": 1, "text": "Ann: Hi."},\n  {"start": 1, "en',
        {"audio_url": "u", "status": "error", "error": "it failed", "text": None},
    ],
)
def test_refused_json(document: Any):
    """JSON of another kind, broken or of a failure is refused in one line: its fields are no speakers."""
    with pytest.raises(ContentError) as refused:
        whole(document)
    assert "\n" not in str(refused.value)


# Laws: what is written in a format is read back

SPEAKER = st.sampled_from(["Ann Lee", "Bo Chan", "José Peña", "Cy Dee"])
WORD = st.sampled_from(["it", "turns", "R&B", "<3", "naïve", "so,", "well", "7", "don't", "a;b"])
TEXT = st.lists(WORD, min_size=3, max_size=9).map(lambda words: " ".join(["Now", *words]) + ".")


@st.composite
def spoken(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Make turns whose speakers alternate."""
    turns: list[tuple[str, str]] = []
    for speaker, text in draw(st.lists(st.tuples(SPEAKER, TEXT), min_size=2, max_size=8)):
        if not turns or turns[-1][0] != speaker:
            turns.append((speaker, text))
    return turns if len(turns) > 1 else [("Ann Lee", "Now it turns so."), ("Bo Chan", "Now it turns well.")]


def clock(seconds: int, mark: str) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}000"


def write_vtt(turns: list[tuple[str, str]]) -> str:
    cues = (
        f"{clock(n, '.')} --> {clock(n + 1, '.')}\n<v {who}>{escape(text, quote=False)}</v>\n"
        for n, (who, text) in enumerate(turns)
    )
    return "WEBVTT\n\n" + "\n".join(cues)


def write_srt(turns: list[tuple[str, str]]) -> str:
    return "\n".join(
        f"{n + 1}\n{clock(n, ',')} --> {clock(n + 1, ',')}\n{who}: {escape(text, quote=False)}\n"
        for n, (who, text) in enumerate(turns)
    )


def write_podcast_json(turns: list[tuple[str, str]]) -> str:
    return json.dumps(said_by(*((who, escape(text, quote=False)) for who, text in turns)))


def write_ttml(turns: list[tuple[str, str]]) -> str:
    agents = {who: f"a{n}" for n, who in enumerate(dict.fromkeys(who for who, _ in turns))}
    head = "".join(
        f'<ttm:agent type="person" xml:id="{key}"><ttm:name>{who}</ttm:name></ttm:agent>'
        for who, key in agents.items()
    )
    body = "".join(
        f'<p begin="{n}s" dur="1s" ttm:agent="#{agents[who]}">{escape(text)}</p>'
        for n, (who, text) in enumerate(turns)
    )
    return (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata">'
        f"<head><metadata>{head}</metadata></head><body><div>{body}</div></body></tt>"
    )


def write_json3(turns: list[tuple[str, str]]) -> str:
    events = [
        {"tStartMs": n * 1000, "dDurationMs": 1000, "segs": [{"utf8": f"{who}: {escape(text, quote=False)}"}]}
        for n, (who, text) in enumerate(turns)
    ]
    return json.dumps({"wireMagic": "pb3", "events": events})


def write_seglst(turns: list[tuple[str, str]]) -> str:
    return json.dumps(
        [
            {"session_id": "s", "speaker": who, "start_time": n, "end_time": f"{n + 1}", "words": escape(text)}
            for n, (who, text) in enumerate(turns)
        ]
    )


def write_stm(turns: list[tuple[str, str]]) -> str:
    return "".join(
        f"talk 1 {who.replace(' ', '_')} {n}.0 {n + 1}.0 <o,f0,female> {text}\n"
        for n, (who, text) in enumerate(turns)
    )


def write_ctm(turns: list[tuple[str, str]]) -> str:
    return "".join(
        f"talk 1 {n + k / 100:.2f} 0.01 {word} 0.9 lex {who.replace(' ', '_')}\n"
        for n, (who, text) in enumerate(turns)
        for k, word in enumerate(text.split())
    )


WRITERS: dict[str, Callable[[list[tuple[str, str]]], str]] = {
    "vtt": write_vtt,
    "srt": write_srt,
    "podcast_json": write_podcast_json,
    "ttml": write_ttml,
    "json3": write_json3,
    "seglst": write_seglst,
    "stm": write_stm,
    "ctm": write_ctm,
}


@pytest.mark.parametrize("name", WRITERS)
@settings(deadline=None, max_examples=50)
@given(turns=spoken())
def test_round_trip(name: str, turns: list[tuple[str, str]]):
    """Turns that are written in a format, and read without a hint, are the same turns."""
    published = read(WRITERS[name](turns).encode())
    assert published.format == name
    assert [((turn.speaker or "").replace("_", " "), turn.text) for turn in published.turns] == turns
    assert [turn.start_time for turn in published.turns] == [float(n) for n in range(len(turns))]


OF_MACHINES = (*WRITERS, "whisper", "deepgram", "assemblyai")


@pytest.mark.parametrize("name", OF_MACHINES)
@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_damage(name: str, data: st.DataObject):
    """Bytes that were damaged anywhere are read, or refused in one line: nothing else is raised."""
    example = bytearray(FORMATS[name].example.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(example)))
        example[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=6))
    for format in (None, name):
        message = ""
        try:
            published = read(bytes(example), format=format)
        except (ContentError, SourceError) as error:
            message = str(error)
        assert "\n" not in message
        assert message or published.turns or published.sections
