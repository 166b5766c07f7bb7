"""Formats of text that people have, beside the golden pairs: documents, damage, whatever the user says it is."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import ContentError
from transforms.transcripts import read
from transforms.transcripts.formats import FORMATS
from transforms.transcripts.shared.decode import LARGEST
from transforms.written_dates import parse_date

Said = list[tuple[str | None, float | None, str]]
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def said(data: bytes) -> Said:
    """Read a document; give who says what and when."""
    return [(turn.speaker, turn.start_time, turn.text) for turn in read(data).turns]


def paragraph(*runs: str, style: str = "") -> str:
    """Write a paragraph of Word; `*` in front makes a stretch bold, a vertical bar breaks the line."""
    shown = (
        f"<w:r>{'<w:rPr><w:b/></w:rPr>' if run[0] == '*' else ''}"
        f"<w:t>{run.lstrip('*').replace('|', '</w:t><w:br/><w:t>')}</w:t></w:r>"
        for run in runs
    )
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{''.join(shown)}</w:p>"


def word(*paragraphs: str, name: str = "word/document.xml") -> bytes:
    """Write a Word document."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        body = f'<w:document xmlns:w="{W}"><w:body>{"".join(paragraphs)}</w:body></w:document>'
        archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{body}')
    return file.getvalue()


def pdf(*pages: str) -> bytes:
    """Write a PDF with the lines of each page."""
    objects = ["<</Type /Catalog /Pages 2 0 R>>", ""]
    kids = []
    for page in pages:
        shown = " ".join(f"({line}) Tj T*" for line in page.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 50 700 Td {shown} ET" if page else ""
        objects.append(f"<</Length {len(stream)}>>\nstream\n{stream}\nendstream")
        font = "<</Font <</F1 <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> >> >>"
        objects.append(
            f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {len(objects)} 0 R /Resources {font}>>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)}>>"
    body = "\n".join(f"{n} 0 obj\n{thing}\nendobj" for n, thing in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}\ntrailer <</Root 1 0 R>>\nstartxref\n0\n%%EOF\n".encode()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(
            word(
                paragraph("The groove", style="Heading1"),
                paragraph("*Ann ", "*Lee:", " Why does it turn?"),
                paragraph("And how?"),
                paragraph("*Bo Chan:", " It is round."),
                paragraph("*Ann Lee:", " I see."),
            ),
            [
                ("Ann Lee", None, "Why does it turn?\nAnd how?"),
                ("Bo Chan", None, "It is round."),
                ("Ann Lee", None, "I see."),
            ],
            id="bold-names",
        ),
        pytest.param(
            word(
                paragraph("*Jane Doe", "   0:03|Good morning, all."),
                paragraph("*Ola Nord", "   1:02|Yes, it is one."),
                paragraph("*Jane Doe", "   1:09|Fine."),
            ),
            [
                ("Jane Doe", 3.0, "Good morning, all."),
                ("Ola Nord", 62.0, "Yes, it is one."),
                ("Jane Doe", 69.0, "Fine."),
            ],
            id="teams",
        ),
        pytest.param(
            word(
                *(paragraph(t) for t in ("0:0:3.0 --&gt; 0:0:5.30", "Jane Doe", "Good morning.")),
                *(paragraph(t) for t in ("0:0:5.30 --&gt; 0:0:7.0", "Ola Nord", "Hello, you.")),
                *(paragraph(t) for t in ("0:0:7.0 --&gt; 0:0:8.0", "Jane Doe", "Yes.")),
            ),
            [("Jane Doe", 3.0, "Good morning."), ("Ola Nord", 5.3, "Hello, you."), ("Jane Doe", 7.0, "Yes.")],
            id="captions-within",
        ),
        pytest.param(
            word(
                *(paragraph(t) for t in ("Mara  0:00  ", "It is important, really.")),
                *(paragraph(t) for t in ("Unknown Speaker  0:34  ", "Welcome.")),
                *(paragraph(t) for t in ("Mara  0:50  ", "Bye then.")),
            ),
            [("Mara", 0.0, "It is important, really."), (None, 34.0, "Welcome."), ("Mara", 50.0, "Bye then.")],
            id="otter",
        ),
        pytest.param(
            pdf(
                "The Groove\nAnn Lee: Why does it turn?\nBo Chan: It is round.\nAnd it can.\n1",
                "The Groove\nAnn Lee: I see.\nBo Chan: Do you?\nAnn Lee: Yes.\n2",
                "The Groove\nBo Chan: And so on.\nAnn Lee: Good.\nBo Chan: Good.\n3",
            ),
            [
                ("Ann Lee", None, "Why does it turn?"),
                ("Bo Chan", None, "It is round.\nAnd it can."),
                ("Ann Lee", None, "I see."),
                ("Bo Chan", None, "Do you?"),
                ("Ann Lee", None, "Yes."),
                ("Bo Chan", None, "And so on."),
                ("Ann Lee", None, "Good."),
                ("Bo Chan", None, "Good."),
            ],
            id="pdf-with-running-titles",
        ),
        pytest.param(
            rb"{\rtf1\ansi\ansicpg1252 {\fonttbl {\f0 Arial;}}{\b Zo\'eb N\u250?:} Why?\par {\b Bo Chan:} So.\par "
            rb"{\b Zo\'eb N\u250?:} Hm.\par}",
            [("Zoë Nú", None, "Why?"), ("Bo Chan", None, "So."), ("Zoë Nú", None, "Hm.")],
            id="rtf",
        ),
    ],
)
def test_documents_are_read_as_what_their_text_is(document: bytes, expected: Said) -> None:
    assert said(document) == expected


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (pdf("", ""), "PDF without text"),
        (b"%PDF-1.7\n" + bytes(range(256)), "PDF that cannot be read"),
        (word(paragraph("Ann: Hi."))[:-80], "zip archive"),
        (word("<p>", name="xl/workbook.xml"), "zip archive"),
        (word(), "no transcript found"),
        (word("x" * (LARGEST + 1)), "Word document of more than"),
        (rb"{\rtf1 }", "no transcript found"),
    ],
    ids=["pictures", "damaged pdf", "damaged docx", "xlsx", "empty docx", "bomb", "empty rtf"],
)
def test_documents_without_a_transcript_are_refused_in_one_line(document: bytes, reason: str) -> None:
    with pytest.raises(ContentError, match=reason) as caught:
        read(document)

    assert "\n" not in str(caught.value)


ODD_TEXTS = (
    "A page about nothing.\n",
    "-\n",
    "[0",
    "{}",
    "[[[[1]]]]",
    '{"a": NaN, "segments": [{"text": "x", "start": 1e999}]}',
    "<a><b>Ann: hi</b>",
    "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "---\ntitle: [\n---\n",
    "a,b\n1",
    'text,start\n"x,1',
    "1\t2\t\n",
    "[00:00:00:00 - 00:00:00:00]\n",
    "Dialogue: ,,,\n",
    "00:00:01 --> 00:00:02\n-:\n",
    "\\",
)


@pytest.mark.parametrize("name", list(FORMATS))
def test_whatever_the_user_calls_it_nothing_crashes(name: str) -> None:
    """A text that is of another format is read somehow, or refused in one line."""
    for text in (*ODD_TEXTS, *(known.example for known in FORMATS.values())):
        try:
            read(text.encode(), format=name)
        except ContentError as error:
            line = str(error)
            assert line
            assert "\n" not in line


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
def test_json_that_says_nothing_is_refused_in_one_line(document: Any) -> None:
    with pytest.raises(ContentError, match=r"no transcript found|no text"):
        read(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("of_a_second", "starts", "flags"),
    [
        (1, [3.0, 60.0], ()),
        (1_000, [3.0, 60.0], ()),
        (1_000_000, [3.0, 60.0], ()),
        (16_000, [48.0, 960.0], ("unit_guessed",)),
        (10_000_000, [30.0, 600.0], ("unit_guessed",)),
    ],
    ids=["seconds", "milliseconds", "microseconds", "samples", "ticks"],
)
@pytest.mark.parametrize("named", [True, False])
def test_the_unit_of_times_is_what_fits_the_words(
    named: bool, of_a_second: int, starts: list[float], flags: tuple[str, ...]
) -> None:
    """Where none does, that is said."""
    rows = [
        {"start": start * of_a_second, "end": (start + 3) * of_a_second, "text": text}
        | ({"speaker": name} if named else {})
        for name, start, text in (("Ann", 3, "Why does a record turn at all, then?"), ("Bo", 60, "It is round."))
    ]
    found = read(json.dumps(rows if named else {"segments": rows}).encode())

    assert ([turn.start_time for turn in found.turns], found.flags) == (starts, flags)


@pytest.mark.parametrize(
    "document",
    [
        {
            "version": "1.0.0",
            "segments": [{"speaker": "A", "startTime": 62_000, "endTime": 64_000, "body": "It is so."}],
        },
        [{"session_id": "s", "speaker": "A", "start_time": "62000", "end_time": "64000", "words": "it is so"}],
    ],
    ids=["podcast_json", "seglst"],
)
def test_milliseconds_where_a_format_has_seconds(document: Any) -> None:
    """Nobody speaks for half an hour to say three words."""
    assert [(turn.start_time, turn.end_time) for turn in read(json.dumps(document).encode()).turns] == [
        (62.0, 64.0)
    ]


@pytest.mark.parametrize("label", ["UNIDENTIFIED MALE", "Unknown Female", "Unbekannte", "Unidentified Speaker"])
def test_somebody_unknown_is_nobody(label: str) -> None:
    """However they are called; the words are kept."""
    cues = (
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{who}: It is so.\n"
        for n, who in enumerate(("Ann", label, "Ann"), 1)
    )

    assert [turn.speaker for turn in read("\n".join(cues).encode()).turns] == ["Ann", None, "Ann"]


BLOCKS = "[00:00:01:12 - 00:00:02:24]\nAnn Lee\nHello there.\n\n[00:00:03:00 - 00:00:04:00]\nBo Ray\nYes.\n"
TABLE = "Speaker,In,Out,Text\nAnn,00:00:01:15,00:00:02:29,Hello there.\nBo,00:00:03:00,00:00:04:00,Yes.\n"
CUES = "1\n00:00:01;15 --> 00:00:02;29\nAnn: Hello there.\n\n2\n00:00:03;00 --> 00:00:04;00\nBo: Yes.\n"
ROWS = """[{"speaker": "Ann", "start": "00:00:01:30", "text": "Hello there."},
          {"speaker": "Bo", "start": "00:00:03:59", "text": "Yes."}]"""


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        (BLOCKS, [1.48, 3.0]),
        (TABLE, [1.5, 3.0]),
        (CUES, [1.5, 3.0]),
        (CUES.replace(";15", ":48").replace(";29", ":99").replace(";", ":"), [1.48, 3.0]),
        (ROWS, [1.5, 3.983]),
    ],
    ids=["25 a second", "30", "drop frame", "hundredths", "60"],
)
def test_frames_of_a_picture_are_parts_of_a_second(text: str, starts: list[float]) -> None:
    """How many there are in one is guessed by the highest, and flagged."""
    found = read(text.encode())

    assert [turn.start_time for turn in found.turns] == pytest.approx(starts, abs=0.002)
    assert "frame_rate_guessed" in found.flags


def test_words_whose_times_run_back_are_flagged() -> None:
    words = [{"word": w, "start": s, "end": s + 0.1} for w, s in (("One", 2.6), ("two", 2.4), ("three.", 2.2))]
    document = {"segments": [{"start": 2.0, "end": 3.0, "text": " One two three.", "words": words}]}

    assert "times_backwards" in read(json.dumps(document).encode()).flags


JSON_FORMATS = ("elevenlabs aws rev speechmatics google azure soniox gladia fireflies podlove json_rows").split()
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from([[], {}, [[[{}]]], "1e400", "-5", "PT", "99:99:99"]),
)


def damaged(value: Any, draw: st.DataObject) -> Any:
    """Put other values into some places of a document, and take some out."""
    if draw.draw(st.integers(0, 11)) == 0:
        return draw.draw(ODD)
    if isinstance(value, dict):
        return {key: damaged(inner, draw) for key, inner in value.items() if draw.draw(st.integers(0, 9))}
    return [damaged(inner, draw) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", JSON_FORMATS)
@settings(max_examples=30, deadline=None)
@given(draw=st.data())
def test_damage_is_read_or_refused(name: str, draw: st.DataObject) -> None:
    document = damaged(json.loads(FORMATS[name].example), draw)
    try:
        done = read(json.dumps(document).encode(), format=name)
    except ContentError:
        return
    times = [(turn.start_time, turn.end_time) for turn in done.turns]
    assert all(start is None or (start >= 0 and (end is None or end >= start)) for start, end in times)


@pytest.mark.parametrize(
    "text",
    [
        " " * 100_000 + "\n0 minutes 3 seconds",
        "Ann 1 " * 20_000 + "seconds",
        ("," * 20_000 + "\n") * 20,
        "Dialogue: 0,0:00:01.00,0:00:02.00,D,Ann,0,0,0,,{\\p1}" + "{" * 20_000,
        json.dumps({"junk": ["x" * 1_000] * 20_000}),
        '{"a":' * 50_000 + "1" + "}" * 50_000,
    ],
    ids=["spaces", "seconds", "commas", "braces", "20 MB", "deep"],
)
def test_no_text_takes_for_ever(text: str) -> None:
    """What a search for a pattern could repeat without end ends, read or refused."""
    with pytest.raises(ContentError):
        read(text.encode())


HEADERS = {
    "en": "title: {0}\ndate: 2024-03-05\nlanguage: en\nguests: [Bob Ray, Ann Lee]\nshow: {1}\nurl: {2}",
    "de": "Titel: {0}\nDatum: 5. März 2024\nSprache: Deutsch\nGäste: [Bob Ray, Ann Lee]\nSendung: {1}\n"
    "Adresse: {2}",
    "fr": "titre: {0}\ndate de publication: 5 mars 2024\nlangue: français\ninvités:\n- Bob Ray\n- Ann Lee\n"
    "émission: {1}\nlien: {2}",
    "es": "título: {0}\nfecha: 5 de marzo de 2024\nidioma: español\ninvitados: Bob Ray, Ann Lee\nprograma: {1}\n"
    "enlace: {2}",
    "pt": "título: {0}\ndata de publicação: 5 de março de 2024\nidioma: português\nconvidados: Bob Ray, Ann Lee\n"
    "programa: {1}\nligação: {2}",
    "it": "titolo: {0}\ndata: 5 marzo 2024\nlingua: italiano\nospiti: Bob Ray, Ann Lee\ntrasmissione: {1}\n"
    "collegamento: {2}",
    "nl": "titel: {0}\npublicatiedatum: 5 maart 2024\ntaal: Nederlands\ngasten: Bob Ray, Ann Lee\nreeks: {1}\n"
    "website: {2}",
}


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("pdf", "docx", "rtf")])
@pytest.mark.parametrize("language", HEADERS)
def test_a_header_stands_before_every_format(name: str, language: str) -> None:
    """It says the same in the spellings of each language; what follows is read as it is without it."""
    said = ("Why: a record turns", "The Long Groove", "https://example.org/1")
    header = HEADERS[language].format(f'"{said[0]}"', *said[1:])
    alone, whole = (
        read(text.encode()) for text in (FORMATS[name].example, f"---\n{header}\n---\n\n{FORMATS[name].example}")
    )

    assert whole.format == alone.format
    assert [turn.text for turn in whole.turns] == [turn.text for turn in alone.turns]
    assert (whole.known("title"), whole.known("show"), whole.known("url")) == said
    assert (whole.known("language"), whole.known("guest")) == (language, "Bob Ray, Ann Lee")
    assert parse_date(whole.known("published")) == datetime(2024, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "header",
    [
        "\n\n---\ntitle: Dust\ndate: 2024-03-05\n---",
        "---\n\n# of the site\ntitle: Dust\n\ndate: 2024-03-05\n...",
        "---\nepisode:\n  title: Dust\n  date: 2024-03-05\n---",
        '+++\ntitle = "Dust"\n[params]\ndate = 2024-03-05\n+++',
        "---\ntitle: [Dust\ndate: 2024-03-05\n---",
    ],
    ids=["blank lines above", "blank lines in it", "nested", "TOML", "unsound"],
)
def test_headers_as_generators_write_them(header: str) -> None:
    """And nothing of them is said by anybody."""
    published = read(f"{header}\nAnn: Why?\nBob: So.\nAnn: I see.\n".encode())

    assert (published.known("title"), published.known("published")) == ("Dust", "2024-03-05")
    assert [turn.text for turn in published.turns] == ["Why?", "So.", "I see."]
    assert published.parse_coverage == 1.0
