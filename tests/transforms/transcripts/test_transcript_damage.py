"""Damaged and hostile transcripts: read or refused in one line, in a time that grows with their length only."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.golden import SURE
from transforms.errors import ContentError, SourceError
from transforms.transcripts import explain
from transforms.transcripts.document import Draft, Text
from transforms.transcripts.formats import FORMATS

OF_JSON = ("podcast_json", "json3", "whisper", "deepgram", "assemblyai", "seglst")


def keeps_its_promises(draft: Draft) -> bool:
    """Check what every parser promises of its pieces: one line, words that are the text, times that can be."""
    for piece in draft.pieces:
        joined = [word.word for word in piece.words]
        assert piece.text == " ".join(piece.text.split())
        assert piece.text or piece.kind != "speech"
        assert piece.line >= 1
        assert piece.start_time is None or 0 <= piece.start_time < 2e9
        assert not joined or piece.text in (" ".join(joined), "".join(joined))
    return True


def read_or_refused(data: bytes, format: str | None) -> None:
    """Read, or refuse in one line that a person can read; nothing else is raised."""
    refused = ""
    try:
        published, draft = explain(data, format=format)
        assert published.turns or published.sections
        assert published.format not in SURE or keeps_its_promises(draft)
    except (ContentError, SourceError) as error:
        refused = str(error)
    assert "\n" not in refused


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=20)
@given(data=st.data())
def test_damage(name: str, data: st.DataObject) -> None:
    """Bytes that are damaged anywhere, cut, or have something put in, are read or refused."""
    example = bytearray(FORMATS[name].example.encode())
    noise = st.one_of(
        st.binary(max_size=6),
        st.text(max_size=8).map(str.encode),
        st.sampled_from([b"<", b"&#0;", b"-->", b"\n\n", b">>", b"nan", b"1e999"]),
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(example)))
        most = data.draw(st.sampled_from([8, len(example)]))
        example[at : at + data.draw(st.integers(0, most))] = data.draw(noise)
    for format in (None, name):
        read_or_refused(bytes(example), format)


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


@pytest.mark.parametrize("name", OF_JSON)
@given(data=st.data())
def test_damaged_json(name: str, data: st.DataObject) -> None:
    """Other values anywhere in a document of JSON never end in another error."""
    value = damaged(json.loads(FORMATS[name].example), data.draw)
    for format in (None, name):
        read_or_refused(json.dumps(value).encode(), format)


@given(
    st.lists(
        st.one_of(
            st.lists(
                st.text("abcdefgéßλ日ñ'?", min_size=1, max_size=7).filter(lambda word: word.strip("'?") != ""),
                min_size=1,
                max_size=6,
            ).map(" ".join),
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
def test_every_word_of_mixed_captions_lands(lines: list[str]) -> None:
    """However the lines of captions are mixed, each word is in some piece, in any of the two formats."""
    document = "\n".join(["WEBVTT", "", "00:00.000 --> 00:01.000", *lines])
    found = {word for line in lines for word in line.replace("<", " <").split() if word.isalpha()}
    for format, shown in (("vtt", document), ("srt", document.partition("\n\n")[2])):
        pieces = FORMATS[format].parse(Text(shown)).pieces
        # A tag may split a word.
        kept = " ".join(f"{piece.text} {piece.speaker or ''} {(piece.name or '').upper()}" for piece in pieces)
        assert all(word in kept for word in found)


def grows_with_its_length(read: Callable[[str], object], long: str) -> bool:
    """Check that reading four times as much takes four times as long, and not sixteen times.

    What grows too fast does so each time; beside others, or while garbage is collected, anything may once.
    """

    def taken(text: str) -> float:
        began = time.process_time()
        read(text)
        return time.process_time() - began

    return any(taken(long) < 7 * taken(long[: len(long) // 4]) + 0.5 for _ in range(3))


@pytest.mark.system
@pytest.mark.parametrize(
    "payload",
    [
        *("word " * 20_000, "<" * 100_000, "<a " * 30_000, "{\\" * 50_000, "&a" * 50_000, "-->" * 30_000),
        *(">> a " * 20_000, "A: " * 30_000, " " * 100_000, "1" * 100_000, "<v Ann>a " * 10_000),
        *("Ann: a\n" * 6_000, "a\n" * 30_000, "NOTE a\n\n" * 10_000, "\n" * 100_000, "1\n" * 30_000),
        *("00:01.000 --> 00:02.000\n" * 3_000, "<cite>" * 10_000, "<cite>a</cite> " * 6_000, "x 1 y 1 2 " * 9_000),
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_no_text_takes_long(payload: str) -> None:
    """Much of anything, also in one line, takes a time that grows with its length, not with the square of that."""

    def read(text: str) -> None:
        for format in ("vtt", "srt"):
            FORMATS[format].parse(Text(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n"))
        for format in SURE:
            FORMATS[format].fits(Text(text))
        for format in ("stm", "ctm", "podcast_html", "ttml"):
            with suppress(ContentError):
                assert keeps_its_promises(FORMATS[format].parse(Text(text)))

    assert grows_with_its_length(read, payload)


@pytest.mark.system
@pytest.mark.parametrize("mark", [".", ","])
def test_hours_of_captions(mark: str) -> None:
    """A cue every two seconds for three hours: all are read, in a time that grows with their number."""

    def stamp(seconds: int) -> str:
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}000"

    header = "WEBVTT\n\n" if mark == "." else ""
    cues = [
        f"{n}\n{stamp(n * 2)} --> {stamp(n * 2 + 1)}\n"
        f"{'Ann: ' if n % 5 == 0 else ''}the record turns again\nbecause nobody stops what it began, they say\n"
        for n in range(5_000)
    ]
    drafts: list[Draft] = []

    def read(text: str) -> None:
        drafts.append(FORMATS["vtt" if mark == "." else "srt"].parse(Text(text)))

    assert grows_with_its_length(read, header + "\n".join(cues))
    assert sum(piece.kind == "speech" for piece in drafts[0].pieces) == 5_000
    assert drafts[0].flags == ()
