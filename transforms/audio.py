"""Any whitelisted container → samples, packet by packet, with damage counted.

The decoder inside faster-whisper drops everything after the first bad packet without a word
(SYSTRAN/faster-whisper#988); here a bad packet is counted and skipped, and what comes after it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms.errors import ContentError, HostileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "pyav-1"
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


def as_float32(piece: NDArray[np.int16] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Give samples as float32 in -1..1: int16 divided by 32768, float32 unchanged."""
    return piece.astype(np.float32) / 32768 if piece.dtype == np.int16 else piece  # type: ignore[return-value]


def decode(path: Path, name: str | None = None) -> Audio:
    """Decode an audio file to int16 mono 16 kHz.

    The file's name does not matter, its bytes do. Of several audio streams the first is taken.

    Args:
        path: the file.
        name: what messages call it; `None` means its own name.

    Raises:
        ContentError: empty, not audio, without samples, or longer than a day.
        HostileError: a playlist that would make the decoder open other files or addresses.
    """
    import av
    from av.error import FFmpegError

    name = name or path.name
    if path.stat().st_size == 0:
        msg = f"{name} is empty (0 bytes): fetch it again"
        raise ContentError(msg)
    refuse_playlist(path, name)
    options = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
    try:
        with av.open(str(path), options=options) as box:
            return _decode_stream(box, name)
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


def _decode_stream(box: Any, name: str) -> Audio:
    """Decode the first audio stream of an open container."""
    import av

    if not box.streams.audio:
        msg = f"{name} has no audio stream: give a {KNOWN} file"
        raise ContentError(msg)
    stream = box.streams.audio[0]
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    frames = _Frames(box, stream)
    pieces: list[NDArray[np.int16]] = []
    for gap, frame in frames:
        if gap:
            pieces.append(np.zeros(round(gap * SAMPLE_RATE), np.int16))
        pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    if frames.seconds >= MAX_SECONDS:
        msg = f"{name} is longer than {MAX_SECONDS // 3600} hours: cut it"
        raise ContentError(msg)
    if pieces:
        pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    samples = np.concatenate(pieces) if pieces else np.empty(0, np.int16)
    if not len(samples):
        msg = f"{name} holds no samples ({frames.bad_packets} bad packets): fetch it again"
        raise ContentError(msg)
    title = {key.lower(): value for key, value in box.metadata.items()}.get("title")
    return Audio(samples, _header_seconds(box, stream), frames.bad_packets, box.format.name, title)


class _Frames:
    """The frames of a stream, in order, each with the silence that damage left before it, in seconds."""

    def __init__(self, box: Any, stream: Any) -> None:
        self.box, self.stream = box, stream
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
                offset = self.seconds - (frame.time or 0.0) if offset is None else offset
                gap = self._gap(frame, offset) if bad_in_a_row else 0.0
                bad_in_a_row = 0
                self.seconds += gap + frame.samples / frame.sample_rate
                frame.pts = None  # the resampler would follow stamps that jump
                yield gap, frame

    def _gap(self, frame: Any, offset: float) -> float:
        """Measure what was lost before a frame, where the container has a clock: later times stay true."""
        lost = frame.time + offset - self.seconds if frame.time is not None else 0.0
        return lost if 0 < lost < MAX_SECONDS - self.seconds else 0.0


def _header_seconds(box: Any, stream: Any) -> float | None:
    """How long the container says that the audio is, in seconds; `None` where it does not say."""
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return box.duration / 1_000_000 if box.duration is not None else None


def _cause(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
