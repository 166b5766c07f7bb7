"""Published texts: what is a format, a time, a name, and what is refused; documents with a trap: `golden/`."""

from __future__ import annotations

import pytest

from tests.golden import SURE
from transforms.errors import ContentError
from transforms.transcripts import read
from transforms.transcripts.captions.cue_names import named_cues
from transforms.transcripts.document import Draft, Text
from transforms.transcripts.formats import FORMATS
from transforms.transcripts.grammar.choose import MOST_LABELS, accepted
from transforms.transcripts.grammar.ways import Document
from transforms.transcripts.labels.people import join_variants
from transforms.transcripts.prose.lines import Line


def said(draft: Draft) -> list[tuple[str | None, float | None, float | None, str]]:
    """Return who says what, and when."""
    return [(p.speaker, p.start_time, p.end_time, p.text) for p in draft.pieces if p.kind == "speech"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_example_is_read_as_its_own_format(name: str) -> None:
    """What `turntable formats` shows is true: it fits no other sure format, and something is said in it."""
    example = FORMATS[name].example
    published = read(example.encode())
    assert published.format == name
    assert published.turns or published.sections
    assert [sure for sure in SURE if FORMATS[sure].fits(Text(example))] == ([name] if name in SURE else [])


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
def test_other_documents(document: str) -> None:
    """RTTM, prose, web pages and any other JSON are of none of the formats."""
    assert [name for name in SURE if FORMATS[name].fits(Text(document))] == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\x01\x02\x03" * 100, "binary"),
        (b"x" * 3_000_000, "line of more than"),
        ("".join(f"Speaker {n}: Yes, it is so.\n" for n in range(600)).encode() * 4, "600 speakers"),
    ],
    ids=["binary", "one line", "list of names"],
)
def test_what_is_no_transcript_is_refused_in_one_line(data: bytes, reason: str) -> None:
    """What is too large for a golden pair, or would stand in none; the others are in `golden/refused`."""
    with pytest.raises(ContentError, match=reason) as caught:
        read(data)
    assert "\n" not in str(caught.value)


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
def test_vtt_times(line: str, times: tuple[float | None, float | None]) -> None:
    """Times of all lengths are read; what cannot be one leaves the text without times, and a flag."""
    draft = FORMATS["vtt"].parse(Text(f"WEBVTT\n\n{line}\nHello there.\n"))
    assert said(draft) == [(None, *times, "Hello there.")]
    expected = {(3.0, None): ("end_before_start",), (None, None): ("bad_time",)}.get(times, ())
    assert draft.flags == expected


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
def test_ttml_times(value: str, seconds: float | None) -> None:
    """Clock times, offsets, frames and ticks are seconds."""
    document = (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
        'ttp:frameRate="25" ttp:tickRate="1000"><body><div>'
        f'<p begin="{value}">Hi.</p></div></body></tt>'
    )
    draft = FORMATS["ttml"].parse(Text(document))
    assert said(draft) == [(None, seconds, None, "Hi.")]
    assert draft.flags == (() if seconds is not None else ("bad_time",))


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["Ann: Hi.", "Well.", "Bo: Why?", "Ann: Ho."], ["Ann", None, "Bo", "Ann"]),
        (
            ["Ann van der Lee: Hi.", "Well.", "So: no.", "Bo: Why?", "Ann van der Lee: Ho."],
            ["Ann van der Lee", None, None, "Bo", "Ann van der Lee"],
        ),
        (["Speaker 1: Hi.", "Speaker 2: Ho."], ["Speaker 1", "Speaker 2"]),
        (["[SPEAKER_00]: Hi.", "[SPEAKER_01]: Ho."], ["SPEAKER_00", "SPEAKER_01"]),
        (["张三：你好", "李四：你好", "张三：再见"], ["张三", "李四", "张三"]),
        (
            ["J. R. Peña: Hi.", "well: no.", "Bo: Why?", "So.", "Peña: Ho."],
            ["J. R. Peña", None, "Bo", None, "Peña"],
        ),
        (["ANN:", "Hi.", "BO: Ho."], ["ANN", None, "BO"]),
        (["Ann Lee: Why?", "Ann Lee: How?", "Ann Lee: It was", "Bo Chan: a"], ["Ann Lee"] * 3 + ["Bo Chan"]),
        (["Note: this.", "Question: that.", "But: no.", "Step One: go."], [None] * 4),
        (["Note: this.", "Note: that.", "The Answer: no.", "However: yes."], [None] * 4),
        (["One.", "Two.", "Three.", "Four.", "Star Wars: A New Hope", "Six."], [None] * 6),
        (["Hello. Ann: Hi.", "Hello. Ann: Ho."], [None] * 2),
        (["At 10:30 it began.", "Read https://x.example/a", "b c: d"], [None] * 3),
    ],
)
def test_names(texts: list[str], labels: list[str | None]) -> None:
    """A name is a name only where enough speaks for it."""
    assert [label for label, _ in named_cues(texts)] == labels


def test_two_people_of_one_first_name_stay_two() -> None:
    """Variants are joined only where one person can be meant."""
    joined = join_variants({"Ann Lee": 2, "Ann Poe": 2, "Ann": 1})

    assert {speaker.label for speaker in joined.values()} == {"Ann Lee", "Ann Poe", "Ann"}


def test_who_comes_back_is_named_among_thousands_of_others() -> None:
    """Only so many labels are judged, those that stand oftenest, wherever that is."""
    others = [f"Topic {n}: we spoke of that for a while." for n in range(MOST_LABELS + 500)]
    talk = [f"{name}: We thought of that for years, did we not?" for name in ("Ann Lee", "Bob Ray") * 20]
    lines = [Line(n, text) for n, text in enumerate([*others, *talk])]

    judged = {one.name for whole in Document(lines).ways for one in accepted(whole).kept}

    assert {"ann lee", "bob ray"} <= judged
    assert len(judged) <= MOST_LABELS
