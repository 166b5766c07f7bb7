"""Exports read back, with the libraries of those who will read them."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_type_hints

import meeteval
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.commands import exporting as command
from tests.support.documents import EPISODE, PODCAST, TURNS, WORDS, publish, published, staged
from transforms.errors import ContentError, SourceError
from transforms.records import Turn, Word
from transforms.text import visible
from transforms.transcripts import read
from transforms.transcripts.tables.ctm import is_word
from warehouse import store
from warehouse.export import FORMATS, TABLES, ExportTranscript, ExportTurn, Timed, export, export_selected
from warehouse.export.query_files import write_table
from warehouse.export.selection import Selected, of_query, rows_of
from warehouse.export.transcript import NOBODY, ExportChapter, label
from warehouse.loading.staging import write_staged

ID = EPISODE.episode_id


def one_line(text: str) -> str:
    return visible(" ".join(text.replace("\0", "").split()))


texts = st.text(max_size=30) | st.sampled_from(
    ["-->", "00:00:01.000 --> 00:00:02.000", "<v Bob>x", "&amp; &lt;", "a\n\nb", "NOTE x", "\u2028", "1", "\ufeff"]
)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One episode with a recognised transcript (the best), captions with times, and one without."""
    home = tmp_path_factory.mktemp("export")
    captions = published(1, source="captions", transcript_id="captions", turns=published().turns[:1])
    untimed = published(2, source="captions", transcript_id="untimed")
    return publish(home, staged(), captions, untimed)


def test_seglst(snapshot: Path):
    """One segment a turn; an unknown speaker is empty, an unknown time left out."""
    assert json.loads(export(snapshot, ID, "seglst")) == [
        {"session_id": ID, "speaker": "A", "start_time": 0.0, "end_time": 1.5, "words": "Why turn?"},
        {"session_id": ID, "speaker": "B", "start_time": 2.0, "end_time": 3.0, "words": "It must."},
    ]
    assert json.loads(export(snapshot, ID, "seglst", "untimed"))[1] == {
        "session_id": ID,
        "speaker": "",
        "words": "It must.",
    }


def test_rttm_keeps_overlaps(snapshot: Path):
    """The diarization, not the turns: where two speak at once, two lines say so."""
    assert export(snapshot, ID, "rttm") == (
        "SPEAKER 0a1b2c3d-one 1 0.000 1.750 <NA> <NA> A <NA> <NA>\n"
        "SPEAKER 0a1b2c3d-one 1 1.500 1.500 <NA> <NA> B <NA> <NA>\n"
    )


def test_rttm_without_diarization_comes_from_the_turns(snapshot: Path):
    """What the publisher says about speakers is who spoke when, too; a space becomes `_`."""
    assert export(snapshot, ID, "rttm", "captions") == (
        "SPEAKER 0a1b2c3d-one 1 0.000 1.500 <NA> <NA> Mara_Quill <NA> <NA>\n"
    )


def test_stm(snapshot: Path):
    """One line a turn."""
    assert export(snapshot, ID, "stm") == (
        "0a1b2c3d-one 1 A 0.000 1.500 Why turn?\n0a1b2c3d-one 1 B 2.000 3.000 It must.\n"
    )


def test_vtt(snapshot: Path):
    """A voice span a cue."""
    assert export(snapshot, ID, "vtt") == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n<v A>Why turn?\n\n00:00:02.000 --> 00:00:03.000\n<v B>It must.\n"
    )


def test_srt(snapshot: Path):
    """A number, the times with a comma, the name where the speaker changes."""
    assert export(snapshot, ID, "srt") == (
        "1\n00:00:00,000 --> 00:00:01,500\nA: Why turn?\n\n2\n00:00:02,000 --> 00:00:03,000\nB: It must.\n"
    )


def test_podcasting_json(snapshot: Path):
    """The JSON transcript of the Podcasting 2.0 namespace; of unknown times nothing is said."""
    assert json.loads(export(snapshot, ID, "json", "untimed")) == {
        "version": "1.0.0",
        "segments": [
            {"speaker": "Mara Quill", "startTime": 0.0, "endTime": 1.5, "body": "Why turn?"},
            {"speaker": "Unknown", "body": "It must."},
        ],
    }


def test_ctm(snapshot: Path):
    """One line a word, with its probability; a turn whose words have no times is refused, not guessed."""
    assert export(snapshot, ID, "ctm") == (
        "0a1b2c3d-one 1 0.000 0.500 Why 0.900\n0a1b2c3d-one 1 0.500 1.000 turn? 0.800\n"
        "0a1b2c3d-one 1 2.000 0.500 It 0.700\n0a1b2c3d-one 1 2.500 0.500 must. 0.900\n"
    )
    with pytest.raises(ContentError, match=r"CTM needs times, and the words of 1 of the 1 turns of .* have none"):
        export(snapshot, ID, "ctm", "captions")


def test_markdown(told: ExportTranscript):
    """Titles are headings, times links into the audio, names bold; nobody is Unknown where others have names."""
    assert FORMATS["md"](told) == (
        "# The \\*needle\\*\n\nThe Long Groove · 2026-04-01 · <https://groove.example/1>\n\n## Of belts\n\n"
        "[0:00](<https://groove.example/1.ogg#t=0>) **Mara Quill:** Why turn?\n\n"
        "[1:02:05] **Unknown:** \\[so\\] it\\_must\n\n## Of \\*needles\\*\n\n**Idris – Vane:** 1. No.\n"
    )
    nobody = ExportTranscript("e", (ExportTurn(None, None, None, "1. It is - so.", ()),), ())
    assert FORMATS["md"](nobody) == "1\\. It is - so.\n"


def test_plain_text(told: ExportTranscript):
    """A paragraph a turn, with time and name, and nothing else."""
    assert FORMATS["txt"](told) == (
        "[0:00] Mara Quill: Why turn?\n\n[1:02:05] Unknown: [so] it_must\n\nIdris – Vane: 1. No.\n"
    )


def test_word_reads_docx(told: ExportTranscript):
    """The reader of python-docx finds headings, bold names, links and every word; the bytes stay the same."""
    import docx

    written = FORMATS["docx"](told)
    assert isinstance(written, bytes)
    assert written == FORMATS["docx"](told)
    document = docx.Document(io.BytesIO(written))
    assert [(part.style.name, part.text) for part in document.paragraphs if part.style] == [
        ("Heading 1", "The *needle*"),
        ("Normal", "The Long Groove · 2026-04-01 · https://groove.example/1"),
        ("Heading 2", "Of belts"),
        ("Normal", "0:00 Mara Quill: Why turn?"),
        ("Normal", "[1:02:05] Unknown: [so] it_must"),
        ("Heading 2", "Of *needles*"),
        ("Normal", "Idris – Vane: 1. No."),
    ]
    first = document.paragraphs[3]
    assert [run.text for run in first.runs if run.bold] == ["Mara Quill:"]
    assert [link.address for link in first.hyperlinks] == ["https://groove.example/1.ogg#t=0"]


@given(st.lists(st.tuples(st.none() | texts, texts), min_size=1, max_size=4))
def test_any_text_survives_docx(said: list[tuple[str | None, str]]):
    """Whatever was said by whomever, python-docx reads it back, and no XML is broken by it."""
    import docx

    turns = tuple(
        ExportTurn(speaker, None, None, text, (), text, 'https://x.example/<&">') for speaker, text in said
    )
    document = docx.Document(io.BytesIO(bytes(FORMATS["docx"](ExportTranscript("e", turns, ())))))  # type: ignore[arg-type]
    spoken = [part.runs[-1].text for part in document.paragraphs if part.style and part.style.name == "Normal"]
    assert spoken == [without(one_line(text)) for _, text in said if one_line(text)]


def without(text: str) -> str:
    """XML has no way to write these."""
    return text.replace("\ufffe", "").replace("\uffff", "")


def test_chapters(told: ExportTranscript):
    """The chapters of Podcasting 2.0, in order of time; one without a time is left out."""
    assert json.loads(FORMATS["chapters"](told)) == {
        "version": "1.2.0",
        "title": "The *needle*",
        "podcastName": "The Long Groove",
        "chapters": [{"startTime": 0.0, "title": "Of belts"}, {"startTime": 9.5, "endTime": 12.0, "title": "End"}],
    }
    with pytest.raises(ContentError, match="e has no chapters with times"):
        FORMATS["chapters"](replace(told, chapters=told.chapters[1:2]))


@pytest.fixture
def told() -> ExportTranscript:
    """A transcript with chapters, links, hostile words, and somebody whom nobody knows."""
    link = "https://groove.example/1.ogg#t=0"
    turns = (
        ExportTurn("Mara Quill", 0.0, 1.5, "Why turn?", (), "Of belts", link),
        ExportTurn(None, 3725.9, None, "[so]\nit_must", (), "Of belts", None),
        ExportTurn("Idris: Vane", None, None, "1. No.", (), "Of *needles*", None),
    )
    chapters = (
        ExportChapter("End", 9.5, 12.0),
        ExportChapter("Of *needles*", None, None),
        ExportChapter("Of belts", 0.0, None),
    )
    at = datetime(2026, 4, 1, 23, tzinfo=UTC)
    return ExportTranscript(
        "e", turns, (), chapters, "The *needle*", "The Long Groove", at, "https://groove.example/1"
    )


def test_the_libraries_of_the_field_read_them(snapshot: Path, tmp_path: Path):
    """Those of meeteval take SegLST, STM and RTTM, and agree on who, when and what."""
    seglst = meeteval.io.SegLST(json.loads(export(snapshot, ID, "seglst")))
    stm = meeteval.io.STM.parse(export(snapshot, ID, "stm"), parse_float=float)
    said = [("A", 0.0, 1.5, "Why turn?"), ("B", 2.0, 3.0, "It must.")]
    for segments in (seglst, stm.to_seglst()):
        names = ("speaker", "start_time", "end_time", "words")
        assert [tuple(one[name] for name in names) for one in segments] == said
    (score,) = meeteval.wer.cpwer(reference=stm, hypothesis=seglst).values()
    assert (score.errors, score.length) == (0, 4)
    (tmp_path / "t.rttm").write_text(export(snapshot, ID, "rttm"), encoding="utf-8")
    heard = [
        (line.speaker_id, float(line.begin_time), float(line.duration))
        for line in meeteval.io.RTTM.load(tmp_path / "t.rttm").lines
    ]
    assert heard == [("A", 0.0, 1.75), ("B", 1.5, 1.5)]


@pytest.mark.system
def test_pyannote_reads_our_rttm(snapshot: Path, tmp_path: Path):
    """Who and when; a line for each turn, whatever the speakers are called. It takes seconds to import."""
    from pyannote.core import Segment
    from pyannote.database.util import load_rttm

    (tmp_path / "t.rttm").write_text(export(snapshot, ID, "rttm"), encoding="utf-8")
    (annotation,) = load_rttm(tmp_path / "t.rttm").values()
    assert [(segment, label) for segment, _, label in annotation.itertracks(yield_label=True)] == [
        (Segment(0, 1.75), "A"),
        (Segment(1.5, 3), "B"),
    ]

    @given(st.lists(texts, min_size=1, max_size=5))
    def is_a_line_for_each(speakers: list[str]) -> None:
        (annotation,) = load_rttm(io.StringIO(_rttm(speakers))).values()
        assert len(annotation) == len(speakers)

    is_a_line_for_each()


@pytest.mark.parametrize("name", ["stm", "vtt", "srt"])
def test_no_time_is_invented(snapshot: Path, name: str):
    """A format that needs times says so, and which formats do not."""
    with pytest.raises(ContentError, match=r"needs times, and 1 of the 2 turns of .* have none: export md, txt"):
        export(snapshot, ID, name, "untimed")


def test_an_unknown_end_is_where_the_next_turn_starts():
    """But no later than a second for each word, which is the end of the last one too."""
    starts = ((0.0, "So why?"), (1.5, "It is round."), (60.0, "Oh."))
    turns = tuple(ExportTurn(None, start, None, text, ()) for start, text in starts)

    assert [line.split()[3:5] for line in FORMATS["stm"](ExportTranscript("e", turns, ())).splitlines()] == [
        ["0.000", "1.500"],
        ["1.500", "4.500"],
        ["60.000", "61.000"],
    ]


def test_no_speaker_is_invented():
    """Where nobody is known there is no RTTM, and the error says what to do."""
    with pytest.raises(ContentError, match=r"no speaker of e is known.*: diarize the episode first"):
        FORMATS["rttm"](ExportTranscript("e", (ExportTurn(None, 0.0, 1.0, "hm", ()),), ()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ID, "odt"), "there is no format 'odt': choose one of vtt, srt, json, chapters, md,"),
        (("nobody", "vtt"), "episode nobody has no transcript: `turntable sql 'from transcripts'`"),
        ((ID, "vtt", "nothing"), "episode 0a1b2c3d-one has no transcript nothing"),
    ],
)
def test_what_is_not_there_is_an_error(snapshot: Path, arguments: tuple[str, ...], message: str):
    """A wrong format, episode or transcript is named, with what there is."""
    with pytest.raises(SourceError, match=message):
        export(snapshot, *arguments)


def cues(words: list[tuple[str, float, float]]) -> list[tuple[str, str]]:
    """The times and texts of the cues of one turn with these words."""
    turn = ExportTurn(
        None,
        words[0][1],
        words[-1][2],
        " ".join(word for word, *_ in words),
        tuple(Timed(None, start, end, word) for word, start, end in words),
    )
    blocks = FORMATS["vtt"](ExportTranscript("e", (turn,), ())).split("\n\n")[1:]
    return [tuple(block.strip().split("\n")) for block in blocks]  # type: ignore[misc]


def test_a_cue_ends_with_its_sentence():
    """A sentence of a second or more is a cue; a shorter one goes with the next."""
    words = [("No.", 0.0, 0.4), ("It", 0.5, 0.8), ("turns!", 0.8, 1.4), ("And", 2.0, 2.2), ("stops.", 2.2, 3.0)]
    assert cues(words) == [
        ("00:00:00.000 --> 00:00:01.400", "No. It turns!"),
        ("00:00:02.000 --> 00:00:03.000", "And stops."),
    ]


def test_a_long_sentence_is_cut():
    """No cue lasts over seven seconds or holds over 65 characters, and each word is in one cue."""
    slow = [(f"slow{i}", i * 2.0, i * 2.0 + 1.5) for i in range(9)]
    fast = [(f"fast{i:02}", i * 0.1, i * 0.1 + 0.1) for i in range(30)]
    assert [text for _, text in cues(slow)] == ["slow0 slow1 slow2", "slow3 slow4 slow5", "slow6 slow7 slow8"]
    texts = [text for _, text in cues(fast)]
    assert " ".join(texts) == " ".join(word for word, *_ in fast)
    assert [len(text) <= 65 for text in texts] == [True] * 4


def test_words_that_do_not_match_the_text_leave_the_turn_whole():
    """A text that was edited is not cut by the times of other words."""
    turn = ExportTurn("A", 0.0, 9.0, "edited text", (Timed("A", 0.0, 9.0, "other"),))
    assert FORMATS["vtt"](ExportTranscript("e", (turn,), ())).endswith("00:00:09.000\n<v A>edited text\n")


# --- laws, for any text


@st.composite
def transcripts(draw: st.DrawFn) -> ExportTranscript:
    """Turns one after the other, of whatever text by whoever, with times to the millisecond."""
    turns = []
    for number in range(draw(st.integers(1, 5))):
        text, length = draw(texts), draw(st.integers(1, 9999)) / 1000
        words = draw(st.sampled_from([(), (Timed(None, number * 10.0, number * 10 + length, text),)]))
        turns.append(ExportTurn(draw(st.none() | texts), number * 10.0, number * 10 + length, text, words))
    return ExportTranscript("session", tuple(turns), ())


def expected(transcript: ExportTranscript) -> list[tuple[str, float, float, str]]:
    return [
        (one_line(turn.speaker or ""), turn.start_time or 0.0, round(turn.end_time or 0.0, 3), one_line(turn.text))
        for turn in transcript.turns
    ]


def seconds(text: str) -> float:
    hours, minutes, rest = text.replace(",", ".").split(":")
    return round(int(hours) * 3600 + int(minutes) * 60 + float(rest), 3)


def read_blocks(text: str) -> list[tuple[float, float, str]]:
    """Read the blocks of WebVTT or SRT as players do: times, then lines up to an empty one."""
    found = []
    for block in re.split(r"\n\n+", text.strip("\n")):
        lines = block.split("\n")
        at = next((i for i, line in enumerate(lines) if "-->" in line), None)
        if at is not None:
            start, end = lines[at].split(" --> ")
            found.append((seconds(start), seconds(end), "\n".join(lines[at + 1 :])))
    return found


@given(transcripts())
def test_any_text_survives_webvtt(transcript: ExportTranscript):
    """Whatever was said by whomever reads back, on one line, after unescaping."""
    found = []
    for start, end, payload in read_blocks(FORMATS["vtt"](transcript)):
        voice, speaker, text = re.fullmatch(r"(<v ([^<>]*)>)?([^<>]*)", payload).groups()  # type: ignore[union-attr]
        assert bool(voice) == bool(speaker)
        found.append((html.unescape(speaker or ""), start, end, html.unescape(text)))
    assert found == [(label(speaker), *rest) for speaker, *rest in expected(transcript) if rest[-1]]


@given(transcripts())
def test_any_text_survives_srt(transcript: ExportTranscript):
    """Each cue has its times and all its letters; the name stands where the speaker changes."""
    wanted = [turn for turn in expected(transcript) if turn[3]]
    blocks = read_blocks(str(FORMATS["srt"](transcript)))
    assert [block[:2] for block in blocks] == [turn[1:3] for turn in wanted]
    before = ""
    for (*_, payload), (speaker, *_, text) in zip(blocks, wanted, strict=True):
        assert letters(payload) in (letters(text), letters((label(speaker) or NOBODY) + text))
        if label(speaker) != before:
            assert payload.startswith(f"{label(speaker) or NOBODY}: ")
        assert not re.search(r"-->|</?[A-Za-z]", payload)
        before = label(speaker)


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@given(transcripts())
def test_any_text_survives_stm_and_seglst(transcript: ExportTranscript):
    """The reader of meeteval gives back every turn, its times and its words."""
    stm = [
        (float(line.begin_time), float(line.end_time), one_line(line.transcript))
        for line in meeteval.io.STM.parse(FORMATS["stm"](transcript)).lines
    ]
    assert stm == [(start, end, text) for _, start, end, text in expected(transcript)]
    segments = meeteval.io.SegLST(json.loads(FORMATS["seglst"](transcript)))
    assert [(one["speaker"], one["words"]) for one in segments] == [
        (turn.speaker or "", turn.text) for turn in transcript.turns
    ]


@given(st.lists(st.tuples(texts.filter(one_line), st.integers(1, 3000)), min_size=1, max_size=9))
def test_any_word_survives_ctm(spoken: list[tuple[str, int]]):
    """The readers of meeteval and our own give back every word and its times, one a line."""
    words, now = [], 0.0
    for text, length in spoken:
        words.append(Timed("A", now, now + length / 1000, text, 0.5))
        now = round(now + length / 1000, 3)
    turn = ExportTurn("A", 0.0, now, " ".join(word.text for word in words), tuple(words))
    written = str(FORMATS["ctm"](ExportTranscript("a session", (turn,), ())))
    lines = meeteval.io.CTM.parse(written, parse_float=float).lines
    assert [(line.begin_time, line.word.replace("_", " ")) for line in lines] == [
        (pytest.approx(word.start_time), one_line(word.text).replace('"', "'").replace("_", " ")) for word in words
    ]
    assert [line.duration for line in lines] == pytest.approx([n / 1000 for _, n in spoken])
    assert is_word(written.splitlines()[0])


@given(st.lists(texts, min_size=1, max_size=5))
def test_any_speaker_is_one_field_of_rttm(speakers: list[str]):
    """There are ten fields a line, whatever the speakers are called."""
    lines = meeteval.io.RTTM.parse(_rttm(speakers)).lines
    assert [(line.filename, float(line.begin_time), float(line.duration)) for line in lines] == [
        ("a_session", float(i), 0.5) for i in range(len(speakers))
    ]


def _rttm(speakers: list[str]) -> str:
    segments = tuple(Timed(name, float(i), i + 0.5, "") for i, name in enumerate(speakers))
    return FORMATS["rttm"](ExportTranscript("a session", (), segments))


@given(st.lists(st.tuples(texts, st.integers(0, 3000)), min_size=1, max_size=12))
def test_cutting_into_cues_loses_no_word(spoken: list[tuple[str, int]]):
    """The cues of a turn, joined, are its text, in order of time, each at least a millisecond long."""
    words, now = [], 0.0
    for text, length in spoken:
        words.append(Timed("A", now, now + length / 1000, text))
        now += length / 1000
    turn = ExportTurn("A", 0.0, now, " ".join(word.text for word in words), tuple(words))
    blocks = read_blocks(FORMATS["vtt"](ExportTranscript("e", (turn,), ())))
    told = " ".join(html.unescape(text.removeprefix("<v A>")) for *_, text in blocks)
    assert one_line(told) == one_line(turn.text)
    assert all(start < end for start, end, _ in blocks)
    assert [start for start, *_ in blocks] == sorted(start for start, *_ in blocks)


def test_words_of_the_warehouse_cut_the_cues(tmp_path: Path):
    """From document to cue: the times of the words decide, and a turn with an untimed word stays whole."""
    words = (*WORDS[:2], replace(WORDS[2], start_time=3.0, end_time=3.5), replace(WORDS[3], end_time=4.5))
    turn = Turn(0, "A", 0.0, 4.5, "Why turn? It must.", 0, 4, "speaker", None, None, None)
    untimed: tuple[Word, ...] = (replace(WORDS[0], start_time=None, end_time=None), *words[1:])
    found = []
    for number, spoken in enumerate((words, untimed)):
        home = tmp_path / str(number)
        home.mkdir()
        document = home / "k.parquet"
        document.write_bytes(write_staged(staged(turns=(turn,), words=spoken, rendition=None)))
        store.load(home / "w.duckdb", {"k": document}, {})
        store.publish(home / "w.duckdb", home / "s.duckdb")
        found.append([text for *_, text in read_blocks(export(home / "s.duckdb", ID, "vtt"))])
    assert found == [["<v A>Why turn?", "<v A>It must."], ["<v A>Why turn? It must."]]
    assert TURNS[0].text in found[0][0]


def test_the_help_names_every_format():
    """It is written by hand: a command that imports `warehouse.export` for its help does not answer at once."""
    annotation = get_type_hints(command.export, include_extras=True)["format_"]
    *others, last = FORMATS
    *tables, last_table = TABLES
    assert annotation.__metadata__[0].help == (
        f"{', '.join(others)} or {last}; as a table {', '.join(tables)} or {last_table}."
    )


# --- tables, shows and queries, by the command


def rows_in(snapshot: Path, query: str, format: str) -> bytes:
    sink = io.BytesIO()
    write_table(snapshot, query, format, sink, seconds=60)
    return sink.getvalue()


@pytest.mark.system
def test_tables_keep_every_value(tmp_path: Path):
    """The readers of csv, json and pyarrow give back what the warehouse has; a formula is none in csv-safe."""
    import pyarrow.parquet as pq

    hostile = replace(TURNS[0], text='=1+1, "so"\nthen', speaker="@Ann")
    snapshot = publish(tmp_path, staged(turns=(hostile, TURNS[1])))
    query = rows_of([Selected(ID)])
    table = pq.read_table(io.BytesIO(rows_in(snapshot, query, "parquet"))).to_pylist()
    lines = [json.loads(line) for line in rows_in(snapshot, query, "jsonl").splitlines()]
    cells = list(csv.DictReader(io.StringIO(rows_in(snapshot, query, "csv").decode())))
    for rows in (table, lines):
        assert [(row["speaker"], row["start_time"], row["text"]) for row in rows] == [
            ("@Ann", 0.0, '=1+1, "so"\nthen'),
            ("B", 2.0, "It must."),
        ]
        assert rows[0]["is_overlap"] is False
        assert "audio_path" not in rows[0]
    assert [(row["speaker"], float(row["start_time"]), row["text"]) for row in cells] == [
        (row["speaker"], row["start_time"], row["text"]) for row in table
    ]
    own = [(turn.speaker, turn.start_time, turn.text) for turn in read(rows_in(snapshot, query, "csv")).turns]
    assert own == [("@Ann", 0.0, '=1+1, "so" then'), ("B", 2.0, "It must.")]
    safe = next(csv.DictReader(io.StringIO(rows_in(snapshot, query, "csv-safe").decode())))
    assert (safe["speaker"], safe["text"]) == ("'@Ann", '\'=1+1, "so"\nthen')


@pytest.mark.system
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from read_csv('/etc/passwd')", "File system LocalFileSystem has been disabled"),
        ("drop table turns", "only one query"),
        ("select union_value(k := 1) as u", "Parquet cannot hold it .* cast that column"),
    ],
)
def test_a_query_that_gives_no_table(snapshot: Path, query: str, message: str):
    """It is one line, in Parquet as elsewhere."""
    with pytest.raises(ContentError, match=message):
        rows_in(snapshot, query, "parquet")


@pytest.mark.system
def test_a_query_names_turns_and_episodes(snapshot: Path):
    """By episode_id all turns, by turn_index some; what it names wrongly is said."""

    def found(query: str) -> list[Selected]:
        return of_query(snapshot, query, seconds=60)

    (some,) = found("select * from best_turns where text like 'It%'")
    assert (some.turn_indexes, some.episode_id) == (frozenset({1}), ID)
    assert json.loads(export_selected(snapshot, some, "seglst"))[0]["words"] == "It must."
    assert str(export_selected(snapshot, some, "rttm")).split()[3:5] == ["2.000", "1.000"]
    assert found("select episode_id, transcript_id from transcripts where source = 'captions' order by all") == [
        Selected(ID, "captions"),
        Selected(ID, "untimed"),
    ]
    for query, message in (
        ("select title from episodes", "the query names no episodes: select episode_id"),
        ("from best_turns where false", "finds nothing"),
        ("select episode_id, 'x' as turn_index from episodes", "turn_index of the query is 'x'"),
    ):
        with pytest.raises((SourceError, ContentError), match=message):
            found(query)


def test_a_show_is_written_into_a_folder(tmp_path: Path, run: Run):
    """A file an episode, named by its id; what cannot be written is said, exits with 1 and concerns no other."""
    other = replace(EPISODE, episode_id="episode:../2", guid="2", title="Two")
    bare = published(3, episode=other, transcript_id="bare", stage_runs=())
    elsewhere = replace(PODCAST, podcast_id="show-2", feed_url=None)  # texts in a folder, by the name of the show
    bare = replace(bare, podcast=elsewhere, episode=replace(other, podcast_id="show-2"))
    publish(tmp_path, staged(), bare)
    done = run("export", "--show", "long groove", "--format", "vtt", "--out", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["0a1b2c3d-one.vtt"]
    assert "WebVTT needs times, and 1 of the 2 turns of episode:../2 have none" in done.stderr
    assert "1 transcript of 2 not written" in done.stderr
    done = run("export", "--show", "groove", "--format", "md", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("0a1b2c3d-one.md", "0a1b2c3d-one.vtt", "episode-..-2.md")
    ]


def test_an_episode_is_written_to_a_file(tmp_path: Path, run: Run):
    """Or into a folder, or to the output; a place that cannot be written to is one line, and leaves nothing."""
    publish(tmp_path, staged())
    assert run("export", "latest", "--format", "docx", "--out", str(tmp_path / "a.docx")).exit_code == 0
    assert (tmp_path / "a.docx").read_bytes()[:2] == b"PK"
    assert run("export", "latest", "--format", "srt", "--out", str(tmp_path)).exit_code == 0
    assert (tmp_path / "0a1b2c3d-one.srt").read_text() == run("export", "latest", "--format", "srt").stdout
    one = run("export", "--show", "groove", "--format", "srt")
    assert one.stdout == (tmp_path / "0a1b2c3d-one.srt").read_text()
    assert run("export", "--show", "groove", "--out", str(tmp_path / "b.srt")).exit_code == 0
    assert (tmp_path / "b.srt").read_text() == one.stdout
    done = run("export", "latest", "--format", "srt", "--out", str(tmp_path / "a.docx" / "b.srt"))
    assert (done.exit_code, str(done.exception)) == (
        1,
        f"{tmp_path}/a.docx/b.srt cannot be written (File exists): choose another place with --out",
    )


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two episodes of a show."""
    home = tmp_path_factory.mktemp("two")
    publish(home, staged(), staged(1, transcript_id="two", episode=replace(EPISODE, episode_id="two")))
    return home


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "vtt"), "give an episode, --show, --query, --parquet or --to"),
        (("--parquet", "x", "--format", "vtt"), "leave --format and --out out"),
        (("latest", "--show", "groove", "--format", "vtt"), "one of them"),
        (("--show", "groove", "--format", "vtt"), "one file per episode, 2 files here: give a folder with --out"),
        (("--show", "groove", "--format", "vtt", "--out", "a.vtt"), "give a folder with --out"),
        (("latest",), "give --format, one of vtt, "),
        (("latest", "--out", "a.xyz"), "give --format, one of vtt, "),
        (("--show", "nobody", "--format", "vtt", "--out", "x"), "nobody"),
    ],
)
def test_what_is_asked_wrongly(
    two: Path, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
):
    """It is said what to give."""
    monkeypatch.setenv("TURNTABLE_HOME", str(two))
    done = run("export", *arguments)
    assert not Path("a.vtt").exists()
    assert done.exit_code
    assert message in " ".join(f"{done.stderr} {done.exception}".split())


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of `turntable` in this process, on the home `tmp_path`."""
    monkeypatch.setenv("TURNTABLE_HOME", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(app, arguments)
