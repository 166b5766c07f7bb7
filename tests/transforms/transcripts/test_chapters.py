"""Chapters: from JSON, from files, from notes; and the names of those who may be heard."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen import id3

from flows.sources.found import bare_episode
from tests.conftest import DEMO, encode, write_wav
from transforms.audio.id3 import chapters as chapters_of_id3
from transforms.chapters import from_file, from_notes, parse_json, settled
from transforms.errors import ContentError, HostileError
from transforms.feed.identity import bounds
from transforms.records import Chapter, Episode, Person

EPISODE = bare_episode("x", None)
times = st.none() | st.floats(0, 1e5)


def host_and_guest(*more: Person) -> Episode:
    """An episode whose publisher names who asks and who answers."""
    return replace(EPISODE, persons=(Person("Mara Quill", "host"), Person("Idris Vane", "Guest"), *more))


@given(st.lists(st.builds(Chapter, st.integers(0, 9), st.text(min_size=1, max_size=3), times, times), max_size=20))
def test_settled_chapters_are_in_order_and_do_not_overlap(chapters: list[Chapter]) -> None:
    """Whatever comes in; settling twice changes nothing."""
    done = settled(chapters)

    assert [chapter.chapter_index for chapter in done] == list(range(len(done)))
    for one, other in itertools.pairwise(done):
        assert one.start_time is not None
        assert one.start_time < (one.end_time or 0) <= (other.start_time or 0)
    assert settled(done) == done
    assert {c.start_time for c in done} == {c.start_time for c in chapters if c.start_time is not None}


def test_the_publishers_list_of_chapters() -> None:
    """The one of the demo; times in quotes; what is kept out of lists stays out."""
    demo = parse_json((DEMO / "why-a-record-turns.chapters.json").read_bytes())
    odd = (
        b'{"chapters": [{"startTime": "1:30.5", "title": " B  b "}, {"startTime": "0", "title": "A", "endTime":'
        b' 9e9}, {"startTime": 5, "title": "ad", "toc": false}, {"startTime": 7, "img": "x"}, {"startTime": true,'
        b' "title": "t"}, {"startTime": -1, "title": "x"}, {"startTime": null, "title": "y"}, 5]}'
    )

    assert [(c.title, c.start_time, c.end_time) for c in demo][-1] == ("Next week", 85.5, 94.794)
    assert parse_json(odd) == (Chapter(0, "A", 0.0, 90.5), Chapter(1, "B b", 90.5, None))


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"[]", b'{"chapters": 5}', b'{"chapters": null}', b"[" * 100_000]
)
def test_what_is_no_list_of_chapters_says_so(data: bytes) -> None:
    with pytest.raises(ContentError, match="the publisher has to repair"):
        parse_json(data)


def test_chapters_in_an_audio_file(tmp_path: Path) -> None:
    """As ID3 and MP4 hold them; none in a file without, or in what is no audio; a playlist is refused."""
    path = tmp_path / "bare.wav"
    write_wav(path, np.zeros(16_000, np.float32))
    (tmp_path / "text.mp3").write_bytes(b"no audio at all")
    (tmp_path / "list.mp3").write_bytes(b"ffconcat version 1.0\nfile /etc/hostname\n")
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(id3_chapters(("Welcome", 0, 400), ("Dust", 400, 1000)) + mp3_of(tmp_path))

    assert from_file(path) == ()
    assert from_file(tmp_path / "text.mp3") == ()
    with pytest.raises(HostileError):
        from_file(tmp_path / "list.mp3")
    assert from_file(tagged) == (Chapter(0, "Welcome", 0.0, 0.4), Chapter(1, "Dust", 0.4, 1.0))


def mp3_of(folder: Path) -> bytes:
    """A second of silence, without tags of its own."""
    path = folder / "silent.mp3"
    encode(path, np.zeros(16_000, np.float32), "libmp3lame")
    data = path.read_bytes()
    return data[data.find(b"\xff\xf3") if b"\xff\xf3" in data else data.find(b"\xff\xfb") :]


def id3_chapters(*chapters: tuple[str, int, int]) -> bytes:
    """An ID3v2.3 tag with CHAP frames; times in milliseconds (https://id3.org/id3v2-chapters-1.0)."""
    frames = b""
    for n, (title, start, end) in enumerate(chapters):
        text = b"\x00" + title.encode("latin-1")
        inner = b"TIT2" + len(text).to_bytes(4, "big") + b"\x00\x00" + text
        body = (
            f"ch{n}".encode() + b"\x00" + start.to_bytes(4, "big") + end.to_bytes(4, "big") + b"\xff" * 8 + inner
        )
        frames += b"CHAP" + len(body).to_bytes(4, "big") + b"\x00\x00" + body
    size = len(frames)
    syncsafe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + syncsafe + frames


THREE = (("Grüße", 0, 400), ("33⅓", 400, 700), ("Staub & Nadel", 700, 1000))
AS_CHAPTERS = tuple(Chapter(n, title, start / 1000, end / 1000) for n, (title, start, end) in enumerate(THREE))


def tag(path: Path, version: int, encoding: int, *, unsynchronised: bool = False) -> None:
    """Give an mp3 a cover, and chapters that have a picture, a long link and a title each, in another order."""
    tags = id3.ID3()
    picture = bytes(range(256)) * 8 + b"\xff\xe0\xff\x00" * 64
    tags.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="cover", data=picture * 200))
    for n, (title, start, end) in reversed(list(enumerate(THREE))):
        inside = [
            id3.APIC(encoding=0, mime="image/jpeg", type=0, desc="", data=picture),
            id3.WXXX(encoding=0, desc="", url="https://groove.example/" + "x" * 200),
            id3.TIT2(encoding=encoding, text=title),
        ]
        times = {"start_time": start, "end_time": end, "start_offset": 2**32 - 1, "end_offset": 2**32 - 1}
        tags.add(id3.CHAP(element_id=f"chapter {n}", sub_frames=inside, **times))
    tags.save(path, v2_version=version)
    if unsynchronised:
        data = path.read_bytes()
        size = sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
        body = data[10 : 10 + size].replace(b"\xff\x00", b"\xff\x00\x00").replace(b"\xff\xe0", b"\xff\x00\xe0")
        length = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
        path.write_bytes(data[:5] + b"\x80" + length + body + data[10 + size :])


@pytest.mark.parametrize(
    ("version", "encoding", "unsynchronised"), [(4, 3, False), (4, 1, False), (3, 1, False), (3, 1, True)]
)
def test_chapters_of_id3_that_have_pictures_and_links(
    version: int, encoding: int, unsynchronised: bool, tmp_path: Path
) -> None:
    """Of both versions, in UTF-8 and UTF-16, by the order of their times."""
    mp3_of(tmp_path)
    tag(tmp_path / "silent.mp3", version, encoding, unsynchronised=unsynchronised)

    assert from_file(tmp_path / "silent.mp3") == AS_CHAPTERS


def test_plain_sizes_in_id3_of_version_4_are_read(tmp_path: Path) -> None:
    """As old versions of iTunes wrote them."""
    old = id3_chapters(("x" * 200, 0, 400), ("Dust", 400, 1000))
    (tmp_path / "a.mp3").write_bytes(old[:3] + b"\x04" + old[4:] + mp3_of(tmp_path))

    assert [chapter.title for chapter in from_file(tmp_path / "a.mp3")] == ["x" * 200, "Dust"]


def test_what_is_packed_into_a_tag_is_not_unpacked(tmp_path: Path) -> None:
    """A chapter of a kilobyte that would be a gigabyte is left out."""
    packed = b"CHAP" + (1000).to_bytes(4, "big") + b"\x00\x80" + bytes(1000)
    good = id3_chapters(("Dust", 0, 400))[10:]
    size = len(packed + good)
    head = b"ID3\x03\x00\x00" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    (tmp_path / "a.mp3").write_bytes(head + packed + good + mp3_of(tmp_path))

    assert [chapter.title for chapter in from_file(tmp_path / "a.mp3")] == ["Dust"]


@given(st.binary(max_size=300), st.sampled_from([3, 4]), st.integers(0, 255))
def test_any_tag_is_read_without_an_error(body: bytes, version: int, flags: int) -> None:
    """Whatever its frames say of their sizes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp3"
        for frames in (body, b"CHAP" + body, b"CHAP" + len(body).to_bytes(4, "big") + b"\0\0" + body):
            size = bytes((len(frames) >> shift) & 0x7F for shift in (21, 14, 7, 0))
            path.write_bytes(b"ID3" + bytes([version, 0, flags]) + size + frames)
            list(chapters_of_id3(path))


@pytest.mark.parametrize(
    ("name", "codec"), [("a.m4a", "aac"), ("a.m4b", "aac"), ("a.mp4", "aac"), ("a.mkv", "aac"), ("a.mka", "flac")]
)
def test_chapters_of_containers(name: str, codec: str, tmp_path: Path) -> None:
    """As FFmpeg writes them."""
    with av.open(str(tmp_path / name), "w", format="ipod" if name.endswith("m4b") else None) as box:
        stream = box.add_stream(codec, rate=16_000, layout="mono")
        box.set_chapters([
            {"id": n, "start": a, "end": b, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
            for n, (title, a, b) in enumerate(THREE)
        ])  # fmt: skip
        silence = np.zeros((1, 16_000), np.float32 if codec == "aac" else np.int16)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp" if codec == "aac" else "s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, 0, Fraction(1, 16_000)
        box.mux([*stream.encode(frame), *stream.encode(None)])

    assert [(c.title, c.start_time) for c in from_file(tmp_path / name)] == [
        (c.title, c.start_time) for c in AS_CHAPTERS
    ]


@pytest.mark.parametrize(("name", "codec"), [("a.opus", "libopus"), ("a.flac", "flac")])
def test_chapters_in_vorbis_comments(name: str, codec: str, tmp_path: Path) -> None:
    """https://wiki.xiph.org/Chapter_Extension."""
    comments = {}
    for n, (title, start, _) in enumerate(THREE):
        comments[f"CHAPTER{n:03}"] = f"00:00:00.{start:03}"
        comments[f"CHAPTER{n:03}NAME"] = title
    encode(tmp_path / name, np.zeros(16_000, np.float32), codec, rate=48_000, **comments)

    assert [(c.title, c.start_time) for c in from_file(tmp_path / name)] == [
        (c.title, c.start_time) for c in AS_CHAPTERS
    ]


@pytest.mark.parametrize(
    ("notes", "found"),
    [
        ("0:00 Intro\n1:30 Dust\n1:02:03 Needles", [("Intro", 0.0), ("Dust", 90.0), ("Needles", 3723.0)]),
        ("Intro (00:00)\nDust [01:30]\nNeedles - 02:00", [("Intro", 0.0), ("Dust", 90.0), ("Needles", 120.0)]),
        ("• (0:00) – Intro\n• (1:30) – dust & co.\n• (2:00) – Needles!", [
            ("Intro", 0.0), ("dust & co", 90.0), ("Needles!", 120.0)]),
        ("Dust. 0:00 Intro 1:30 Dust 2:00 Needles", [("Intro", 0.0), ("Dust", 90.0), ("Needles", 120.0)]),
        ("0:00 Intro\n1:30 Dust", []),
        ("2:00 C\n1:30 B\n0:00 A", []),
        ("We met at 10:30 and left at 11:45, then again at 12:15.", []),
        ("0:00 Intro\n1:30 Dust\n5:00:00 Needles", []),
        (None, []),
    ],
)  # fmt: skip
def test_chapters_in_show_notes(notes: str | None, found: list[tuple[str, float]]) -> None:
    """A list is one only with three times that rise and lie within the episode."""
    assert [(c.title, c.start_time) for c in from_notes(notes, 2 * 3600.0)] == found


def test_the_last_of_joined_notes_is_left_out_where_nothing_says_where_it_ends() -> None:
    """The one before it still ends there."""
    notes = "0:00 Intro 1:30 Dust 2:00 Bye Follow us on every platform and leave a review, it helps others find us"

    assert from_notes(notes) == (Chapter(0, "Intro", 0.0, 90.0), Chapter(1, "Dust", 90.0, 120.0))


@given(st.text(alphabet="0123456789: \n-()ab", max_size=80))
def test_any_notes_give_chapters_in_order(notes: str) -> None:
    found = from_notes(notes)
    assert settled(found) == found


def test_bounds_only_where_all_are_named() -> None:
    """Somebody who asks and somebody who answers; with room for a clip."""
    assert bounds(host_and_guest()) == (2, 5)
    assert bounds(host_and_guest(Person("Bo", "guest"), Person("Ed Cut", "editor"))) == (2, 6)
    assert bounds(replace(EPISODE, persons=(Person("Mara Quill", "host"),))) is None
    assert bounds(EPISODE) is None
