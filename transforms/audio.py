"""Any whitelisted container → samples, packet by packet, with damage counted.

The decoder inside faster-whisper drops everything after the first bad packet without a word
(SYSTRAN/faster-whisper#988); here a bad packet is counted and skipped, and what comes after it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from transforms.errors import ContentError, HostileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "pyav-2"
SAMPLE_RATE = 16_000

# FFmpeg's names of the demuxers that we let near a file: wav, mp3, m4a/mp4, ogg/opus, flac, webm/mkv, aac,
# aiff. Without this list, text that begins with "ffconcat version 1.0" reads any other file of the disk.
FORMATS = ("wav", "mp3", "mov", "mp4", "m4a", "ogg", "flac", "matroska", "webm", "aac", "aiff")
SUFFIXES = (
    *(".aac", ".aif", ".aiff", ".flac", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp3", ".mp4"),
    *(".oga", ".ogg", ".opus", ".wav", ".weba", ".webm"),
)

SHORT_AUDIO = 0.98  # decoded less than this share of what the header says
BAD_PACKETS_IN_A_ROW = 10_000  # a file that only fails is given up; 10,000 mp3 frames are four minutes
MAX_SECONDS = 24 * 3600
# What a few bytes may become: more would fill memory and disk with what nobody can have recorded. Opus at
# 6 kbit/s, the least that speech is sent with, has 750 bytes a second; a FLAC file of silence has 190.
FREE_SECONDS = 600
LEAST_BYTES = 300  # a second, beyond these
RATES = (4_000, 768_000)  # samples a second: telephony has 8,000; a header of 1 makes a day of a hundred kB
MOST_CHANNELS = 64
PIECE = 60 * SAMPLE_RATE  # samples that are looked at together
ALIKE = 0.03  # of the amplitude; a lossy codec parts two equal channels by less
KNOWN = "wav, mp3, m4a, ogg, opus, flac, webm, aac or aiff"


@dataclass(frozen=True, slots=True)
class Audio:
    """A decoded episode: `samples` is int16 mono, shape (n_samples,), 16 kHz; the times are seconds.

    `header_seconds` is how long the container says it is, `title` what its tags call it; `None` where they do not.
    """

    samples: NDArray[np.int16]
    header_seconds: float | None
    bad_packets: int
    format: str
    title: str | None

    @property
    def seconds(self) -> float:
        """How long the samples last."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def flags(self) -> tuple[str, ...]:
        """What is wrong with it: `short_audio`, `damaged_audio`."""
        short = self.header_seconds is not None and self.seconds < SHORT_AUDIO * self.header_seconds
        return (*(["short_audio"] if short else []), *(["damaged_audio"] if self.bad_packets else []))


def decode(path: Path, name: str | None = None, *, into: Path | None = None, channel: int | None = None) -> Audio:
    """Decode an audio file to int16 mono 16 kHz.

    The file's name does not matter, its bytes do. Of several audio streams the first is taken.

    Args:
        path: the file.
        name: what messages call it; `None` means its own name.
        into: the `.npy` file that the samples are written to as they come, so that memory does not grow with the
            audio; the samples of the answer are then a read-only map of it. `None` keeps them in memory.
        channel: 0 for the left and 1 for the right one of two channels; `None` mixes them all.

    Raises:
        ContentError: empty, not audio, without samples, or longer than a day.
        HostileError: a playlist that would make the decoder open other files or addresses, or a few bytes that
            would become hours.
    """
    name = name or path.name
    with _open(path, name) as (box, stream):
        longest = FREE_SECONDS + path.stat().st_size / LEAST_BYTES
        frames = _Frames(box, stream, name, longest)
        pieces = _pieces(frames, name, channel)
        samples = _join(pieces) if into is None else _write(pieces, into)
        if not len(samples):
            msg = f"{name} holds no samples ({frames.bad_packets} bad packets): fetch it again"
            raise ContentError(msg)
        title = {key.lower(): value for key, value in box.metadata.items()}.get("title")
        return Audio(samples, _header_seconds(box, stream), frames.bad_packets, box.format.name, title)


def check_audio(path: Path, name: str | None = None) -> None:
    """Check by the first bytes of a file that it is audio; raises what `decode` raises."""
    with _open(path, name or path.name):
        pass


def count_channels(path: Path, name: str | None = None) -> int:
    """Count the channels of an audio file by its header; raises what `decode` raises."""
    with _open(path, name or path.name) as (_, stream):
        return int(stream.codec_context.layout.nb_channels)


def are_alike(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    """Tell whether two channels hold the same sound: what parts them is less than 3 % of it (-30 dB)."""
    apart = together = 0.0
    for first in range(0, min(len(one), len(other)), PIECE):
        left, right = (as_float32(channel[first : first + PIECE]) for channel in (one, other))
        apart += float(np.square(left - right).sum(dtype=np.float64))
        together += float(np.square(left + right).sum(dtype=np.float64))
    return apart <= ALIKE**2 * together


def as_float32(piece: NDArray[Any]) -> NDArray[np.float32]:
    """Give samples as float32, -1 to 1: int16 divided by 32768, float32 as it is."""
    return piece.astype(np.float32) / np.float32(32768) if piece.dtype == np.int16 else piece


@contextmanager
def _open(path: Path, name: str) -> Iterator[tuple[Any, Any]]:
    """Lend an open container and its first audio stream; an error of the decoder below becomes one of ours."""
    import av
    from av.error import FFmpegError

    if path.stat().st_size == 0:
        msg = f"{name} is empty (0 bytes): fetch it again"
        raise ContentError(msg)
    refuse_playlist(path, name)
    options = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
    try:
        with av.open(str(path), options=options) as box:
            if not box.streams.audio:
                msg = f"{name} has no audio stream: give a {KNOWN} file"
                raise ContentError(msg)
            yield box, box.streams.audio[0]
    except FFmpegError as error:
        msg = f"{name} is not audio that we read ({_cause(error)}): give a {KNOWN} file"
        raise ContentError(msg) from error


def refuse_playlist(path: Path, name: str) -> None:
    """Tell a playlist by its first bytes, whatever its name, and refuse it.

    Raises:
        HostileError: `ffconcat` or HLS text.
    """
    with path.open("rb") as file:
        head = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"ffconcat", b"#EXTM3U")):
        msg = f"{name} is a playlist, not audio: it could make us open other files, so it is refused"
        raise HostileError(msg)


def _pieces(frames: _Frames, name: str, channel: int | None) -> Iterator[NDArray[np.int16]]:
    """Give the samples of a stream, a piece a frame, with silence where damage left a hole."""
    import av

    layout, planar = ("mono", "s16") if channel is None else ("stereo", "s16p")
    resampler = av.AudioResampler(format=planar, layout=layout, rate=SAMPLE_RATE)
    for gap, frame in frames:
        silence = round(gap * SAMPLE_RATE)
        yield from (np.zeros(min(PIECE, silence - first), np.int16) for first in range(0, silence, PIECE))
        yield from (piece.to_ndarray()[channel or 0] for piece in resampler.resample(frame))
    if frames.seconds >= MAX_SECONDS:
        msg = f"{name} is longer than {MAX_SECONDS // 3600} hours: cut it"
        raise ContentError(msg)
    if frames.seconds:
        yield from (piece.to_ndarray()[channel or 0] for piece in resampler.resample(None))


def _join(pieces: Iterable[NDArray[np.int16]]) -> NDArray[np.int16]:
    return np.concatenate([np.empty(0, np.int16), *pieces])


def _write(pieces: Iterable[NDArray[np.int16]], into: Path) -> NDArray[np.int16]:
    """Write samples to an `.npy` file as they come, and map it."""
    n_samples = 0
    with into.open("wb") as file:
        _write_header(file, n_samples)
        for piece in pieces:
            file.write(piece.tobytes())
            n_samples += len(piece)
        file.seek(0)
        _write_header(file, n_samples)  # numpy leaves room for the longest number
    samples: NDArray[np.int16] = np.load(into, mmap_mode="r" if n_samples else None)
    return samples


def _write_header(file: BinaryIO, n_samples: int) -> None:
    form = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.int16)), "fortran_order": False}
    np.lib.format.write_array_header_1_0(file, {**form, "shape": (n_samples,)})


class _Frames:
    """The frames of a stream, in order, each with the silence that damage left before it, in seconds."""

    def __init__(self, box: Any, stream: Any, name: str, longest: float) -> None:
        self.box, self.stream, self.name, self.longest = box, stream, name, longest
        self.bad_packets = 0
        self.seconds = 0.0

    def __iter__(self) -> Iterator[tuple[float, Any]]:
        from av.error import FFmpegError

        packets = self.box.demux(self.stream)
        bad_in_a_row = 0
        offset: float | None = None  # between the container's clock and ours
        while bad_in_a_row < BAD_PACKETS_IN_A_ROW and self.seconds < MAX_SECONDS:
            try:
                frames = next(packets).decode()
            except StopIteration:
                return
            except FFmpegError:
                self.bad_packets += 1
                bad_in_a_row += 1
                continue
            for frame in frames:
                _check_shape(frame, self.name)
                offset = self.seconds - (frame.time or 0.0) if offset is None else offset
                gap = self._gap(frame, offset) if bad_in_a_row else 0.0
                bad_in_a_row = 0
                self.seconds += gap + frame.samples / frame.sample_rate
                if self.seconds > self.longest:
                    msg = f"{self.name} has too few bytes for more than {self.longest / 60:.0f} minutes: refused"
                    raise HostileError(msg)
                frame.pts = None  # the resampler would follow stamps that jump
                yield gap, frame

    def _gap(self, frame: Any, offset: float) -> float:
        """Measure what was lost before a frame, where the container has a clock: later times stay true."""
        lost = frame.time + offset - self.seconds if frame.time is not None else 0.0
        return lost if 0 < lost < MAX_SECONDS - self.seconds else 0.0


def _check_shape(frame: Any, name: str) -> None:
    """Refuse what no recording has.

    Raises:
        ContentError: its rate or its number of channels is out of all reason.
    """
    if not RATES[0] <= frame.sample_rate <= RATES[1]:
        msg = f"{name} has {frame.sample_rate} samples a second, audio has {RATES[0]} to {RATES[1]}: save it anew"
        raise ContentError(msg)
    if not 0 < frame.layout.nb_channels <= MOST_CHANNELS:
        msg = f"{name} has {frame.layout.nb_channels} channels, more than {MOST_CHANNELS}: mix it down"
        raise ContentError(msg)


def _header_seconds(box: Any, stream: Any) -> float | None:
    """How long the container says that the audio is, in seconds; `None` where it does not say."""
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return box.duration / 1_000_000 if box.duration is not None else None


def _cause(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
