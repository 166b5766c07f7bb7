"""Any container → samples, and what is refused."""

from __future__ import annotations

import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import DEMO_AUDIO, encode, write_wav
from transforms.audio.decoding import Audio, decode
from transforms.audio.tags import read_tags
from transforms.errors import ContentError, HostileError

SECONDS = 4.0
TONE = (0.4 * np.sin(2 * np.pi * 440 * np.arange(int(SECONDS * 16_000)) / 16_000)).astype(np.float32)
CODECS = {
    "wav": "pcm_s16le",
    "mp3": "libmp3lame",
    "m4a": "aac",
    "ogg": "libopus",
    "opus": "libopus",
    "flac": "flac",
    "webm": "libopus",
    "mkv": "libopus",
    "aac": "aac",
    "aiff": "pcm_s16be",
}


def loudest_frequency(samples: np.ndarray) -> float:
    """The peak of the spectrum, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples[16_000 : 3 * 16_000].astype(float)))
    return float(np.argmax(spectrum)) / 2


@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_every_format_gives_the_same_tone(suffix: str, tmp_path: Path) -> None:
    """Whatever the container, the samples are 16 kHz mono and last as long as the audio."""
    path = tmp_path / f"tone.{suffix}"
    encode(path, TONE, CODECS[suffix], rate=48_000 if "opus" in CODECS[suffix] else 16_000)

    heard = decode(path)

    assert np.int16 == heard.samples.dtype
    assert pytest.approx(heard.seconds, abs=0.15) == SECONDS
    assert pytest.approx(440, abs=2) == loudest_frequency(heard.samples)
    assert (heard.flags, heard.bad_packets) == ((), 0)


def test_title_comes_from_the_tags(tmp_path: Path) -> None:
    """A lone file is called what its tags call it."""
    encode(tmp_path / "a.mp3", TONE, "libmp3lame", title="A tone")

    assert read_tags(tmp_path / "a.mp3", "a.mp3").title == "A tone"


def test_stereo_and_other_rates_become_16_khz_mono(tmp_path: Path) -> None:
    """A 44.1 kHz stereo file with one silent side keeps its length."""
    with wave.open(str(tmp_path / "s.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        left = (8000 * np.sin(np.arange(44_100) / 20)).astype("<i2")
        file.writeframes(np.stack([left, np.zeros_like(left)], axis=1).tobytes())

    heard = decode(tmp_path / "s.wav")

    assert heard.seconds == pytest.approx(1.0, abs=0.01)
    assert np.abs(heard.samples).max() > 1000


@pytest.fixture(scope="module")
def speech_mp3(tmp_path_factory: pytest.TempPathFactory, demo_samples: np.ndarray) -> bytes:
    """The demo as an mp3 of constant bit rate."""
    path = tmp_path_factory.mktemp("mp3") / "demo.mp3"
    encode(path, demo_samples, "libmp3lame")
    return path.read_bytes()


def test_a_cut_mp3_is_flagged(speech_mp3: bytes, tmp_path: Path) -> None:
    """60 % of the bytes give 60 % of the seconds; the header still tells of all of them."""
    path = tmp_path / "cut.mp3"
    path.write_bytes(speech_mp3[: int(0.6 * len(speech_mp3))])

    heard = decode(path)

    assert heard.seconds == pytest.approx(0.6 * 94.8, rel=0.03)
    assert heard.header_seconds == pytest.approx(94.8, abs=0.2)
    assert heard.flags == ("short_audio",)


def test_damage_in_the_middle_keeps_what_comes_after(speech_mp3: bytes, tmp_path: Path) -> None:
    """20 kB of zeros cost their seconds and no more."""
    middle = len(speech_mp3) // 2
    path = tmp_path / "damaged.mp3"
    path.write_bytes(speech_mp3[:middle] + bytes(20_000) + speech_mp3[middle + 20_000 :])
    lost = 20_000 / len(speech_mp3) * 94.8

    heard = decode(path)

    assert "damaged_audio" in heard.flags
    assert heard.bad_packets >= 1
    assert heard.seconds == pytest.approx(94.8 - lost, abs=1.0)


def test_damage_in_a_container_with_a_clock_keeps_later_times_true(
    tmp_path: Path, demo_samples: np.ndarray
) -> None:
    """The silence that lost AAC packets leave is as long as they were."""
    hum = 0.05 * np.random.default_rng(0).standard_normal(20 * 16_000).astype(np.float32)
    quiet_then_tone = np.concatenate([hum, TONE * 2])
    path = tmp_path / "a.m4a"
    encode(path, quiet_then_tone, "aac")
    data = bytearray(path.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 4000] = b"\xff" * 4000
    path.write_bytes(data)

    heard = decode(path)

    whole = len(heard.samples) // 160 * 160
    loud = np.abs(heard.samples[:whole].astype(int)).reshape(-1, 160).mean(axis=1)  # every 10 ms
    assert heard.bad_packets > 0
    assert np.flatnonzero(loud > 8000)[-1] / 100 == pytest.approx(24.0, abs=0.3)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", ContentError, "empty"),
        (b"<!doctype html><html><body>Not found</body></html>" * 40, ContentError, "not audio"),
        (b"These are the show notes.\n" * 100, ContentError, "not audio"),
        (b"ffconcat version 1.0\nfile secret.wav\n", HostileError, "playlist"),
        (b"\xef\xbb\xbfffconcat version 1.0\nfile secret.wav\n", HostileError, "playlist"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", HostileError, "playlist"),
        (b"PK\x03\x04" + bytes(4000), ContentError, "not audio"),
    ],
    ids=["empty", "html", "text", "ffconcat", "ffconcat with BOM", "hls", "zip"],
)
def test_what_is_no_audio_is_refused(data: bytes, error: type[Exception], words: str, tmp_path: Path) -> None:
    """The name does not matter, and the message is one line that names the file."""
    write_wav(tmp_path / "secret.wav", TONE)
    path = tmp_path / "episode.mp3"
    path.write_bytes(data)

    with pytest.raises(error, match=words) as caught:
        decode(path)

    assert "\n" not in str(caught.value)
    assert "episode.mp3" in str(caught.value)


def test_a_wav_without_samples_is_refused(tmp_path: Path) -> None:
    """A header alone is no episode."""
    write_wav(tmp_path / "none.wav", TONE[:0])

    with pytest.raises(ContentError, match="no samples"):
        decode(tmp_path / "none.wav")


@pytest.mark.system
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 58_000), noise=st.binary(min_size=1, max_size=2000))
def test_any_damage_gives_audio_or_a_clear_error(at: int, noise: bytes, tmp_path: Path) -> None:
    """Overwritten bytes never raise anything else."""
    data = bytearray(DEMO_AUDIO.read_bytes()[:60_000])  # some twenty seconds
    data[at : at + len(noise)] = noise
    path = tmp_path / "damaged.ogg"
    path.write_bytes(data)

    try:
        result: Audio | str = decode(path)
    except (ContentError, HostileError) as error:
        result = str(error)

    assert isinstance(result, Audio) or "\n" not in result


def write_header(path: Path, rate: int, channels: int = 1) -> None:
    """Write a WAV file of 60 kB whose header says what it is told to."""
    kind = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 & 0xFFFFFFFF, 2 * channels, 16)
    data = b"\1\0" * 30_000
    riff = b"WAVEfmt " + struct.pack("<I", len(kind)) + kind + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(riff)) + riff)


@pytest.mark.parametrize(
    ("rate", "channels", "words"),
    [
        (1, 1, "has 1 samples a second"),
        (3_999, 1, "3999 samples"),
        (2**31 - 1, 1, "samples a second"),
        (16_000, 100, "channels"),
    ],
)
def test_a_header_that_no_recording_has_is_refused_before_anything_is_written(
    rate: int, channels: int, words: str, tmp_path: Path
) -> None:
    """At 1 Hz, 60 kB would become a gigabyte."""
    write_header(tmp_path / "odd.wav", rate, channels)

    with pytest.raises(ContentError, match=words):
        decode(tmp_path / "odd.wav", into=tmp_path / "samples.npy")

    assert (tmp_path / "samples.npy").stat().st_size <= 128  # the header of the array


def test_few_bytes_do_not_become_hours_of_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some minutes are free, then each second needs bytes of its own."""
    silence = np.zeros(240 * 16_000, np.float32)
    encode(tmp_path / "bomb.flac", silence, "flac")
    assert decode(tmp_path / "bomb.flac").seconds == pytest.approx(240)

    monkeypatch.setattr("transforms.audio.decoding.FREE_SECONDS", 30)
    with pytest.raises(HostileError, match="too few bytes for more than 3 minutes"):
        decode(tmp_path / "bomb.flac", into=tmp_path / "samples.npy")


def test_a_clock_that_jumps_behind_damage_does_not_become_hours_of_silence(tmp_path: Path) -> None:
    """What was lost is filled with silence, as far as the bytes can have held it."""
    encode(tmp_path / "tone.m4a", TONE, "aac")
    with av.open(str(tmp_path / "tone.m4a")) as box, av.open(str(tmp_path / "jump.mkv"), "w") as out:
        stream = out.add_stream_from_template(box.streams.audio[0])
        for n, packet in enumerate(p for p in box.demux(audio=0) if p.size):
            made = av.Packet(b"\xff" * 50 if n == 20 else bytes(packet))
            made.time_base, made.stream = Fraction(1, 1000), stream
            made.pts = made.dts = n * 64 + (20 * 3_600_000 if n > 20 else 0)
            out.mux(made)

    with pytest.raises(HostileError, match="too few bytes"):
        decode(tmp_path / "jump.mkv", into=tmp_path / "samples.npy")

    assert (tmp_path / "samples.npy").stat().st_size < 1_000_000
