"""Exports read back, with the libraries of those who will read them."""

from __future__ import annotations

import html
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_type_hints

import meeteval
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.commands import query
from tests.documents import EPISODE, TURNS, WORDS, publish, published, staged
from transforms.errors import ContentError, SourceError
from transforms.records import Turn, Word
from transforms.text import visible
from warehouse import store
from warehouse.export import FORMATS, ExportTranscript, ExportTurn, Timed, export
from warehouse.staging import write_staged

ID = EPISODE.episode_id


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
    """The JSON transcript of the Podcasting 2.0 namespace; what is unknown is left out."""
    assert json.loads(export(snapshot, ID, "json", "untimed")) == {
        "version": "1.0.0",
        "segments": [
            {"speaker": "Mara Quill", "startTime": 0.0, "endTime": 1.5, "body": "Why turn?"},
            {"body": "It must."},
        ],
    }


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
    with pytest.raises(ContentError, match=r"needs times, .* has none: export seglst or json"):
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
        ((ID, "docx"), "there is no format 'docx': choose one of seglst, rttm, stm, vtt, srt, json"),
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


def one_line(text: str) -> str:
    return visible(" ".join(text.replace("\0", "").split()))


texts = st.text(max_size=30) | st.sampled_from(
    ["-->", "00:00:01.000 --> 00:00:02.000", "<v Bob>x", "&amp; &lt;", "a\n\nb", "NOTE x", "\u2028", "1", "\ufeff"]
)


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
    assert found == [turn for turn in expected(transcript) if turn[3]]


@given(transcripts())
def test_any_text_survives_srt(transcript: ExportTranscript):
    """Each cue has its times and its text; the name stands where the speaker changes; arrows are redrawn."""
    wanted, before = [], None
    for speaker, start, end, text in expected(transcript):
        if text:
            name = f"{speaker}: " if speaker and speaker != before else ""
            wanted.append((start, end, (name + text).replace("-->", "→")))
            before = speaker
    assert read_blocks(FORMATS["srt"](transcript)) == wanted


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
    annotation = get_type_hints(query.export, include_extras=True)["format_"]
    *others, last = FORMATS
    assert annotation.__metadata__[0].help == f"{', '.join(others)} or {last}."
