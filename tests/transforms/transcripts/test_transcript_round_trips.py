"""What is written in a format is read back: by writers of these tests, by other libraries, by our own exports."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from html import escape
from io import StringIO

import pytest
import srt
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from transforms.transcripts import read
from transforms.transcripts.document import Piece, Text
from transforms.transcripts.formats import FORMATS
from warehouse import export

Said = tuple[str | None, float | None, float | None, str]


def speech(format: str, document: str) -> list[Piece]:
    """Parse a document as a format, and return the pieces that are said."""
    return [piece for piece in FORMATS[format].parse(Text(document)).pieces if piece.kind == "speech"]


def said(format: str, document: str) -> list[Said]:
    return [(piece.speaker, piece.start_time, piece.end_time, piece.text) for piece in speech(format, document)]


# Whole documents, without a hint

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


def stamp(seconds: float, mark: str = ".") -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"


def write_vtt(turns: list[tuple[str, str]]) -> str:
    cues = (
        f"{stamp(n, '.')} --> {stamp(n + 1, '.')}\n<v {who}>{escape(text, quote=False)}</v>\n"
        for n, (who, text) in enumerate(turns)
    )
    return "WEBVTT\n\n" + "\n".join(cues)


def write_srt(turns: list[tuple[str, str]]) -> str:
    return "\n".join(
        f"{n + 1}\n{stamp(n, ',')} --> {stamp(n + 1, ',')}\n{who}: {escape(text, quote=False)}\n"
        for n, (who, text) in enumerate(turns)
    )


def write_podcast_json(turns: list[tuple[str, str]]) -> str:
    segments = [
        {"startTime": n, "endTime": n + 1, "speaker": who, "body": escape(text, quote=False)}
        for n, (who, text) in enumerate(turns)
    ]
    return json.dumps({"version": "1.0.0", "segments": segments})


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
@given(turns=spoken())
def test_round_trip(name: str, turns: list[tuple[str, str]]):
    """Turns that are written in a format, and read without a hint, are the same turns."""
    published = read(WRITERS[name](turns).encode())
    assert published.format == name
    assert [((turn.speaker or "").replace("_", " "), turn.text) for turn in published.turns] == turns
    assert [turn.start_time for turn in published.turns] == [float(n) for n in range(len(turns))]


# Each piece with its times

NAME = st.sampled_from(["Ann Lee", "Bo Chan", "Cy de la Cruz", "DEE O'NEIL"])
ANY_WORD = st.text("abcdefgéßλ日ñ'?", min_size=1, max_size=7).filter(lambda word: word.strip("'?") != "")
SENTENCE = st.lists(ANY_WORD, min_size=1, max_size=6).map(" ".join)
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


def transcript(found: Sequence[Said]) -> export.ExportTranscript:
    return export.ExportTranscript("one", tuple(export.ExportTurn(*turn, words=()) for turn in found), ())


@given(turns())
def test_srt_round_trip(found: list[Said]):
    """SubRip that the srt library composes is read back."""
    cues = [
        srt.Subtitle(
            index=n,
            start=timedelta(milliseconds=round(start * 1000)),
            end=timedelta(milliseconds=round(end * 1000)),
            content=f"{speaker}: {text}",
        )
        for n, (speaker, start, end, text) in enumerate(found, start=1)
    ]
    assert said("srt", srt.compose(cues)) == found


@given(turns(st.one_of(st.none(), NAME)))
def test_vtt_round_trip(found: list[Said]):
    """WebVTT that webvtt-py reads too is read back."""
    document = "WEBVTT\n\n" + "\n\n".join(
        f"{stamp(start)} --> {stamp(end)}\n{f'<v {speaker}>' if speaker else ''}{escape(text)}"
        for speaker, start, end, text in found
    )
    assert said("vtt", document) == found
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
    document = (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata">'
        f"<head><metadata>{agents}</metadata></head><body><div>{body}</div></body></tt>"
    )
    assert said("ttml", document) == found


@given(turns())
def test_ctm_round_trip(found: list[Said]):
    """CTM with one word a turn is read back, word by word."""
    lines = [
        f"talk 1 {start:.3f} {end - start:.3f} {text.split()[0]} 0.5 lex {speaker.replace(' ', '_')}"
        for speaker, start, end, text in found
        if speaker
    ]
    spoken = [word for piece in speech("ctm", "\n".join(lines)) for word in piece.words]
    assert [(word.start_time, word.end_time, word.word) for word in spoken] == [
        (start, end, text.split()[0]) for _, start, end, text in found
    ]


@given(turns())
def test_the_libraries_of_players_read_our_captions(found: list[Said]):
    """Those of srt and webvtt-py find every cue: its times, its speaker, its words."""
    written = transcript(found)
    cues = webvtt.from_buffer(StringIO(str(export.FORMATS["vtt"](written)))).captions
    assert [(c.voice, c.start_in_seconds, c.end_in_seconds, c.text) for c in cues] == [
        (speaker, int(start or 0), int(end or 0), text) for speaker, start, end, text in found
    ]
    before = None
    for subtitle, (speaker, start, end, text) in zip(
        srt.parse(str(export.FORMATS["srt"](written))), found, strict=True
    ):
        name = "" if speaker == before else f"{speaker}: "
        assert (subtitle.start.total_seconds(), subtitle.end.total_seconds()) == (start, end)
        assert subtitle.content == name + text
        before = speaker


@pytest.mark.parametrize(
    ("name", "format"), [*((name, name) for name in ("vtt", "srt", "seglst", "stm")), ("json", "podcast_json")]
)
@given(found=turns())
def test_exports_are_read_back(name: str, format: str, found: list[Said]):
    """What the warehouse writes is read back; STM has underscores for spaces."""
    merged = [turn for n, turn in enumerate(found) if n == 0 or turn[0] != found[n - 1][0]]
    document = export.FORMATS[name](transcript(merged))
    assert isinstance(document, str)
    assert FORMATS[format].fits(Text(document))
    expected = [
        (
            speaker.replace(" ", "_").replace('"', "'") if name == "stm" and speaker else speaker,
            start,
            end,
            words_said,
        )
        for speaker, start, end, words_said in merged
    ]
    assert said(format, document) == expected


@pytest.mark.parametrize(
    ("name", "format"), [*((name, name) for name in ("vtt", "srt", "seglst", "stm")), ("json", "podcast_json")]
)
def test_exports_without_speakers(name: str, format: str):
    """An unknown speaker stays unknown on the way out and back."""
    found: list[Said] = [(None, 0.0, 1.5, "Why turn?"), ("Ann", 2.0, 3.0, "It must."), ("Ann", 3.0, 3.5, "Yes.")]
    assert said(format, export.FORMATS[name](transcript(found))) == found


# Whole exports, without a hint

HOSTILE = st.sampled_from(
    [
        *(
            "--> 00:00:01.000",
            "<v Bob>",
            "</v>",
            "<b>loud</b>",
            "&lt;v Bob&gt;",
            "**bold**",
            "# no heading",
            "_so_",
        ),
        *("=1+1", "1. one", "- dash", "> quote", "`code`", "a|b", "{\\an8}", "x\\*y", "AT&T", "a;b", "C:\\dir"),
    ]
)


@st.composite
def talks(draw: st.DrawFn) -> list[Said]:
    """Make a talk of two who are known and some who are not, with words that are commands elsewhere."""
    speakers = ["Ann Lee", "Bo Chan", *draw(st.lists(st.sampled_from(["Ann Lee", "Bo Chan", None]), max_size=5))]
    texts = [f"Now {draw(WORD)} {draw(HOSTILE)} {draw(SENTENCE)} and so it was for all of us." for _ in speakers]
    turns = [
        (who, n * 20.25, n * 20.25 + 20, text) for n, (who, text) in enumerate(zip(speakers, texts, strict=True))
    ]
    return [turn for n, turn in enumerate(turns) if n == 0 or turn[0] != turns[n - 1][0]]


@pytest.mark.parametrize("name", ["md", "txt", "docx", "vtt", "srt", "json", "seglst", "stm"])
@given(found=talks())
def test_whole_exports_are_read_back(name: str, found: list[Said]):
    """No word is lost, no speaker and no start invented, whatever is said; formats to read have whole seconds."""
    if name in ("json", "seglst"):  # written as it is; we read HTML in it as HTML, which publishers write there
        found = [(*rest, text.replace("<", "").replace("&", "")) for *rest, text in found]
    if name == "vtt":  # we resolve entities twice, as many services escape twice
        found = [(*rest, text.replace("&lt;v Bob&gt;", "")) for *rest, text in found]
    document = export.FORMATS[name](transcript(found))
    published = read(document if isinstance(document, bytes) else document.encode())
    heard = [(turn.speaker, turn.start_time, letters(turn.text)) for turn in published.turns]
    underscored = name == "stm"
    assert heard == [
        (
            speaker and (speaker.replace(" ", "_") if underscored else speaker),
            int(start or 0) if name in ("md", "txt", "docx") else start,
            letters(text),
        )
        for speaker, start, _, text in found
    ]


def letters(text: str) -> str:
    """What is left of a text without marks: formats redraw those that they would obey."""
    return "".join(filter(str.isalnum, text))
