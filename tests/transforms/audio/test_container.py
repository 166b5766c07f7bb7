"""Clocks, tracks, lengths and joints of containers: times stay true, and nothing is left out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from transforms.audio.container import SUFFIXES
from transforms.audio.decoding import Audio, decode

RATE = 48_000
CLOCKS = {"mkv": "aac", "mp4": "aac", "m4a": "aac", "webm": "libopus", "ogg": "libopus", "ts": "aac"}


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    """440 Hz at a third of full scale."""
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def write(
    path: Path,
    tracks: Sequence[np.ndarray],
    codec: str,
    *,
    rate: int = RATE,
    format: str | None = None,
    default: int | None = None,
    shifts: Sequence[tuple[float, float]] = ((0.0, 0.0),),
    picture: bool = False,
    **options: str,
) -> Path:
    """Write tracks of shape (channels, n); from each time of `shifts` on the clock runs so many seconds ahead."""
    with av.open(str(path), "w", format=format, options=options) as box:
        packets = list(_picture(box)) if picture else []
        streams = []
        for n, samples in enumerate(tracks):
            stream = box.add_stream(codec, rate=rate, layout="mono" if len(samples) == 1 else "stereo")
            stream.codec_context.options = {"strict": "-2"} if codec == "vorbis" else {}
            if codec == "wmav2":
                stream.bit_rate = 64_000
            if default is not None:
                flags = av.stream.Disposition
                stream.disposition = flags.default if n == default else flags(0)
            streams.append(stream)
        for stream, samples in zip(streams, tracks, strict=True):
            packets += _packets(stream, samples, rate, shifts)
        for packet in sorted(packets, key=lambda one: float((one.pts or 0) * one.time_base)):
            box.mux(packet)
    return path


def _picture(box: Any) -> Any:
    stream = box.add_stream("mpeg4", rate=5)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    for n in range(40):
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), n, np.uint8), format="rgb24")
        frame.pts, frame.time_base = n, Fraction(1, 5)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _packets(stream: Any, samples: np.ndarray, rate: int, shifts: Sequence[tuple[float, float]]) -> Any:
    layout = stream.codec_context.layout.name
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate, frame_size=size)
    for (since, ahead), until in itertools.zip_longest(shifts, [start for start, _ in shifts[1:]]):
        part = samples[:, round(since * rate) : None if until is None else round(until * rate)]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, round((since + ahead) * rate), Fraction(1, rate)
        for piece in resampler.resample(frame):
            yield from stream.encode(piece)
    for piece in resampler.resample(None):
        yield from stream.encode(piece)
    yield from stream.encode(None)


def spans(heard: Audio) -> list[tuple[float, float]]:
    """Where something is heard, in seconds, to a twentieth."""
    whole = len(heard.samples) // 800 * 800
    loud = np.abs(heard.samples[:whole].astype(int)).reshape(-1, 800).mean(axis=1) > 500
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]]))) / 20
    return [(float(start), float(end)) for start, end in edges.reshape(-1, 2)]


def close(*wanted: tuple[float, float]) -> list[Any]:
    """Compare spans within a tenth of a second."""
    return [pytest.approx(span, abs=0.11) for span in wanted]


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp3", "libmp3lame"), ("aac", "aac"), ("ogg", "libopus"), ("ogg", "vorbis")]
)
def test_what_was_spliced_in_is_heard_through(suffix: str, codec: str, tmp_path: Path) -> None:
    """Advertisements at other rates, with other channels: every second of them, and what comes behind."""
    other = 24_000 if codec == "libopus" else 22_050
    xing = {"write_xing": "0", "id3v2_version": "0"} if suffix == "mp3" else {}
    mono = codec != "vorbis"  # FFmpeg's encoder writes two channels
    parts = [
        write(tmp_path / f"1.{suffix}", [np.stack([tone(3)] * 2)], codec, **xing),
        write(
            tmp_path / f"2.{suffix}", [np.stack([tone(2, other)] * (1 if mono else 2))], codec, rate=other, **xing
        ),
        write(tmp_path / f"3.{suffix}", [np.stack([tone(3)] * 2)], codec, **xing),
    ]
    path = tmp_path / f"joined.{suffix}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))

    heard = decode(path)

    assert spans(heard) == close((0.0, 8.1))
    assert heard.flags == ()


def test_a_link_of_a_chain_that_is_damaged_costs_itself(tmp_path: Path) -> None:
    """Those before and behind it are heard, and the row says so."""
    link = write(tmp_path / "a.ogg", [tone(2)[None]], "libopus").read_bytes()
    broken = bytearray(link)
    broken[36:47] = bytes(11)  # behind the name of the codec in its first page
    (tmp_path / "b.ogg").write_bytes(link + broken + link)

    heard = decode(tmp_path / "b.ogg")

    assert spans(heard) == close((0.0, 4.0))
    assert "damaged_audio" in heard.flags


@pytest.mark.parametrize("suffix", CLOCKS)
def test_a_hole_in_the_clock_moves_what_comes_behind(suffix: str, tmp_path: Path) -> None:
    """Without a bad packet, too."""
    shifts = [(0.0, 0.0), (3.0, 5.0)]
    path = write(tmp_path / f"hole.{suffix}", [tone(6)[None]], CLOCKS[suffix], shifts=shifts)

    heard = decode(path)

    assert spans(heard) == close((0.0, 3.0), (8.0, 11.0))
    assert heard.flags == ("gap_in_audio",)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
def test_a_track_that_starts_late_is_late(suffix: str, tmp_path: Path) -> None:
    """A video podcast begins with a picture alone."""
    path = write(tmp_path / f"late.{suffix}", [tone(3)[None]], CLOCKS[suffix], shifts=[(0.0, 4.087)], picture=True)

    heard = decode(path)

    assert spans(heard) == close((4.087, 7.087))
    assert heard.flags == ("gap_in_audio",)


@pytest.mark.parametrize("suffix", ["mkv", "ogg", "ts"])
def test_what_was_cut_out_of_a_long_recording_starts_at_zero(suffix: str, tmp_path: Path) -> None:
    """A piece of a live stream has hours on its clock before it begins."""
    path = write(tmp_path / f"piece.{suffix}", [tone(3)[None]], CLOCKS[suffix], shifts=[(0.0, 5_000.0)])

    heard = decode(path)

    assert spans(heard) == close((0.0, 3.0))
    assert heard.flags == ()


def test_a_clock_that_starts_anew_is_followed_from_there(tmp_path: Path) -> None:
    """Two recordings in one file, each with a clock from zero: nothing is lost, and no silence is put in."""
    late = write(tmp_path / "1.ts", [tone(5)[None]], "aac", shifts=[(0.0, 200.0)], mpegts_copyts="1")
    early = write(tmp_path / "2.ts", [tone(3)[None]], "aac", mpegts_copyts="1")
    path = tmp_path / "joined.ts"
    path.write_bytes(late.read_bytes() + early.read_bytes())

    assert spans(decode(path)) == close((0.0, 8.0))


def test_times_that_are_rounded_are_no_gaps(tmp_path: Path) -> None:
    """Webm keeps milliseconds; a packet that is some of them late is no hole."""
    shifts = [(second, 0.02 * (second % 2)) for second in range(8)]
    path = write(tmp_path / "jitter.webm", [tone(8)[None]], "libopus", shifts=[(float(s), a) for s, a in shifts])

    heard = decode(path)

    assert heard.flags == ()
    assert heard.seconds == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize("codec", ["libopus", "vorbis"])
def test_a_damaged_page_of_ogg_costs_its_own_seconds(codec: str, tmp_path: Path) -> None:
    """FFmpeg leaves it out without a word; its clock tells."""
    sound = np.stack([np.concatenate([tone(10), np.zeros(RATE, np.float32), tone(2)])] * 2)
    path = write(tmp_path / "a.ogg", [sound], codec)
    data = bytearray(path.read_bytes())
    page = data.find(b"OggS", len(data) // 3)
    data[page + 40 : page + 240] = b"\xff" * 200
    path.write_bytes(data)

    heard = decode(path)

    assert heard.seconds == pytest.approx(13.0, abs=0.1)
    assert spans(heard)[-1] == close((11.0, 13.0))[0]
    assert "gap_in_audio" in heard.flags


def test_a_length_that_is_guessed_is_no_promise(tmp_path: Path) -> None:
    """Silence first makes FFmpeg guess hours of a VBR mp3 without a header; raw AAC has none either."""
    sound = np.concatenate([np.zeros(6 * RATE, np.float32), 0.3 * np.random.default_rng(0).normal(size=3 * RATE)])
    mp3 = write(
        tmp_path / "vbr.mp3", [sound[None].astype(np.float32)], "libmp3lame", write_xing="0", id3v2_version="0"
    )
    aac = write(tmp_path / "raw.aac", [sound[None].astype(np.float32)], "aac")

    for path in (mp3, aac):
        heard = decode(path)
        assert (heard.header_seconds, heard.flags) == (None, ())


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", "pcm_s16le"),
        ("a.w64", "pcm_s16le"),
        ("a.caf", "pcm_s16be"),
        ("a.avi", "libmp3lame"),
        ("a.flac", "flac"),
    ],
)
def test_half_a_file_is_short(name: str, codec: str, tmp_path: Path) -> None:
    """FFmpeg takes what is there of a WAV file for all that there was; its header tells of more."""
    path = write(tmp_path / name, [tone(9)[None]], codec)
    assert decode(path).flags == ()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "short_audio" in decode(path).flags


@pytest.mark.parametrize("size", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"])
def test_who_streams_into_a_wav_file_promises_nothing(size: bytes, tmp_path: Path) -> None:
    """The header is written before anybody knows how long it will be."""
    path = write(tmp_path / "a.wav", [tone(3)[None]], "pcm_s16le")
    data = path.read_bytes()
    at = data.index(b"data") + 4
    path.write_bytes(data[:4] + size + data[8:at] + size + data[at + 4 :])

    assert (round(decode(path).seconds, 1), decode(path).flags) == (3.0, ())


@pytest.mark.parametrize("mark", [b"Info", b"Xing"])
def test_a_header_behind_two_tags_is_a_promise(mark: bytes, tmp_path: Path) -> None:
    """What is cut off is missed."""
    data = write(tmp_path / "a.mp3", [tone(9)[None]], "libmp3lame").read_bytes()
    tag = b"ID3\x04\x00\x00\x00\x00\x20\x00" + bytes(4096)
    path = tmp_path / "cut.mp3"
    path.write_bytes(tag + data[: len(data) // 2].replace(b"Info", mark))

    assert decode(path).flags == ("short_audio",)


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
@pytest.mark.parametrize(
    ("loud", "default", "heard_track"),
    [((0, 1), 1, 1), ((0, 1), 0, 0), ((1,), 0, 1), ((1,), None, 1), ((0, 1), None, 0)],
    ids=[
        "the default",
        "the first is the default",
        "the default is silent",
        "none, one sounds",
        "none, both sound",
    ],
)
def test_of_several_tracks_the_default_one_with_a_sound_is_heard(
    suffix: str, loud: tuple[int, ...], default: int | None, heard_track: int, tmp_path: Path
) -> None:
    """The tracks last 2 and 4 seconds; the row says that there are more."""
    tracks = [(tone(2 + 2 * n) if n in loud else np.zeros((2 + 2 * n) * RATE, np.float32))[None] for n in (0, 1)]
    path = write(tmp_path / f"a.{suffix}", tracks, "aac", default=default)

    heard = decode(path)

    assert spans(heard) == close((0.0, 2.0 + 2 * heard_track))
    assert heard.flags == ("several_tracks",)


@pytest.mark.parametrize("by", [-1.0, -0.9])
def test_stereo_with_an_inverted_side_is_heard(by: float, tmp_path: Path) -> None:
    """In any format, compressed or not."""
    for suffix, codec in (("flac", "flac"), ("mp3", "libmp3lame")):
        path = write(tmp_path / f"a.{suffix}", [np.stack([tone(3), by * tone(3)])], codec)
        assert spans(decode(path)) == close((0.0, 3.0))


@pytest.mark.parametrize(
    ("suffix", "codec", "format"),
    [
        ("m4b", "aac", "ipod"),
        ("ts", "aac", None),
        ("mp2", "mp2", None),
        ("wma", "wmav2", "asf"),
        ("3gp", "aac", "3gp"),
        ("caf", "pcm_s16le", None),
        ("ac3", "ac3", None),
        ("au", "pcm_s16be", None),
        ("avi", "libmp3lame", None),
        ("flv", "aac", None),
        ("mpg", "mp2", None),
        ("w64", "pcm_s16le", None),
        ("tta", "tta", None),
        ("wv", "wavpack", None),
    ],
)
def test_what_else_people_have_is_read(suffix: str, codec: str, format: str | None, tmp_path: Path) -> None:
    """A file of each."""
    path = write(tmp_path / f"a.{suffix}", [tone(3)[None]], codec, format=format)

    heard = decode(path)

    assert spans(heard) == close((0.0, 3.0))
    assert heard.flags == ()
    assert f".{suffix}" in SUFFIXES


def test_amr_of_a_telephone_is_read(tmp_path: Path) -> None:
    """FFmpeg has no encoder of it: 50 frames of silence, as RFC 4867 writes them at 12.2 kbit/s."""
    (tmp_path / "a.amr").write_bytes(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50)

    heard = decode(tmp_path / "a.amr")

    assert heard.seconds == pytest.approx(1.0, abs=0.05)
    assert heard.flags == ()
