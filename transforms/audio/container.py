"""The containers that audio comes in: which ones are opened, what they say, which of their tracks is heard."""

from __future__ import annotations

import io
import itertools
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from transforms.errors import ContentError, HostileError
from transforms.times import parse_seconds

# FFmpeg's names of the demuxers that we let near a file; each reads the one file that it was given. Without this
# list, text that begins with "ffconcat version 1.0" reads any other file of the disk.
FORMATS = (
    *("wav", "w64", "mp3", "mov", "mp4", "m4a", "ogg", "flac", "matroska", "webm", "aac", "aiff"),
    *("mpegts", "mpeg", "asf", "amr", "amrnb", "amrwb", "caf", "au", "ac3", "eac3", "avi", "flv", "wv", "tta"),
)
SUFFIXES = (
    *(".aac", ".aif", ".aiff", ".flac", ".m4a", ".m4b", ".mka", ".mkv", ".mov", ".mp3", ".mp4"),
    *(".oga", ".ogg", ".opus", ".wav", ".weba", ".webm"),
    *(".3g2", ".3gp", ".ac3", ".amr", ".au", ".avi", ".caf", ".flv", ".m4v", ".mp2", ".mpg", ".spx", ".ts"),
    *(".tta", ".w64", ".wma", ".wmv", ".wv"),
)
KNOWN = "wav, mp3, m4a, m4b, ogg, opus, flac, webm, mkv, aac, aiff, wma, amr, 3gp, caf or ts"

# The first of the names that FFmpeg has for what keeps times of its own. The times of others are counted from
# their bytes, and go wrong where a spliced file changes its rate.
CLOCKED = ("mov", "matroska", "ogg", "mpegts", "mpeg", "asf", "flv", "flac")
FROM_ZERO = ("mov", "matroska", "ogg")  # a track that starts late has silence before it
LATEST_START = 60.0  # seconds; what starts later was cut out of something that ran before
# The lengths of these are guessed from the rate of their first frames.
GUESSED = ("aac", "amr", "amrnb", "amrwb", "ac3", "eac3")
_LONGEST_LOOK = 600  # seconds of a track that are searched for a sound
_STREAMED = 0x7FFF0000  # bytes: the size of a RIFF file that was not known when its header was written
_MOST_CHUNKS = 1_000
_QUIET = 0.001  # of full scale, -60 dB: the noise of an unused input is below
_MOST_LINKS = 10_000  # a radio station begins one with each song; what comes behind belongs to the last
_FIRST_PAGES = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ", b"fishead\0", b"\x80theora")


@contextmanager
def opened(path: Path, name: str, part: BinaryIO | None = None) -> Iterator[Any]:
    """Lend an open container, or the one of a part of its file; an error of the decoder becomes one of ours.

    Raises:
        ContentError: empty, or not audio.
        HostileError: a playlist.
    """
    import av
    from av.error import FFmpegError

    if path.stat().st_size == 0:
        msg = f"{name} is empty (0 bytes): fetch it again"
        raise ContentError(msg)
    refuse_playlist(path, name)
    options = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
    try:
        with av.open(part or str(path), options=options) as box:
            yield box
    except FFmpegError as error:
        msg = f"{name} is not audio that we read ({_cause(error)}): give a {KNOWN} file"
        raise ContentError(msg) from error


def refuse_playlist(path: Path, name: str) -> None:
    """Refuse a playlist, known by its first bytes whatever its name.

    Raises:
        HostileError: `ffconcat` or HLS text.
    """
    with path.open("rb") as file:
        head = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"ffconcat", b"#EXTM3U")):
        msg = f"{name} is a playlist, not audio: it could make us open other files, so it is refused"
        raise HostileError(msg)


def tracks(box: Any) -> list[Any]:
    """Return the audio streams that can be decoded, the default ones first, else in the order of the file."""
    import av

    known = [stream for stream in box.streams.audio if stream.codec_context is not None]
    return sorted(known, key=lambda stream: not stream.disposition & av.stream.Disposition.default)


def choose_track(path: Path, name: str) -> int:
    """Choose an audio track by its place in the file: the default one, or the first of the others, with a sound.

    Raises:
        ContentError: there is no audio in it.
    """
    with opened(path, name) as box:
        listed: list[int] = [stream.index for stream in tracks(box)]
    if not listed:
        msg = f"{name} has no audio stream: give a {KNOWN} file"
        raise ContentError(msg)
    if len(listed) == 1:
        return listed[0]
    return next((index for index in listed if _sounds(path, name, index)), listed[0])


def _sounds(path: Path, name: str, index: int) -> bool:
    """Check whether anything is heard in the first minutes of a track."""
    import av
    import numpy as np
    from av.error import FFmpegError

    resampler = av.AudioResampler(format="fltp", layout="mono", rate=16_000)
    with opened(path, name) as box:
        try:
            for frame in box.decode(box.streams[index]):
                if (frame.time or 0.0) - (box.start_time or 0) / av.time_base > _LONGEST_LOOK:
                    return False
                frame.pts = None
                if any(np.abs(piece.to_ndarray()).max() > _QUIET for piece in resampler.resample(frame)):
                    return True
        except (FFmpegError, ValueError):  # damaged, or of several rates: there is something in it
            return True
    return False


def zero(box: Any) -> float:
    """Return the time of the container's clock, in seconds, that is the start of the audio.

    A video podcast may begin with seconds of picture alone: they count. A transport stream, or a piece of a long
    recording, starts at any time: that is its zero.
    """
    start = (box.start_time or 0) / 1_000_000
    return 0.0 if first_name(box) in FROM_ZERO and 0 <= start <= LATEST_START else start


def is_clocked(box: Any) -> bool:
    """Check whether a container keeps the times of its frames."""
    return first_name(box) in CLOCKED


def first_name(box: Any) -> str:
    """Return the first of the names that a container's format has.

    >>> from types import SimpleNamespace as Box
    >>> first_name(Box(format=Box(name="matroska,webm")))
    'matroska'
    """
    return str(box.format.name).partition(",")[0]


def header_seconds(path: Path, box: Any, stream: Any) -> float | None:
    """Return how long the container says that the audio is; `None` where it says nothing: FFmpeg would guess."""
    format = first_name(box)
    if format in GUESSED or (format == "mp3" and not _has_frame_count(path)):
        return None
    if stream.duration is not None:
        seconds = float(stream.duration * stream.time_base) - (zero(box) if format == "ogg" else 0.0)
        return seconds * _promised_share(path)
    if format == "matroska" and (told := parse_seconds(stream.metadata.get("DURATION"))) is not None:
        return told - zero(box)  # both count from the clock's own zero
    is_alone = sum(one.type in ("audio", "video") for one in box.streams) == 1
    if box.duration is None or not is_alone:  # of several, it is the longest one's
        return None
    return float(box.duration) / 1_000_000 - (zero(box) if format == "matroska" else 0.0)


def _promised_share(path: Path) -> float:
    """Return how many times the bytes of a file its header promises: FFmpeg takes what is there for all there was.

    Only RIFF (wav, avi), W64 and CAF; who streams into a file writes no size, or the largest.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(24)
        promised = 0
        if head.startswith(b"RIFF"):
            promised = int.from_bytes(head[4:8], "little") + 8
            promised = promised if promised < _STREAMED else 0
        elif head.startswith(b"riff"):
            promised = int.from_bytes(head[16:24], "little")
        elif head.startswith(b"caff"):
            promised = _end_of_caf(file, size)
    return promised / size if size < promised < 2**62 else 1.0


def _end_of_caf(file: BinaryIO, size: int) -> int:
    """Return where the last chunk of a CAF file ends that begins within it."""
    at = 8
    for _ in range(_MOST_CHUNKS):
        if at >= size:
            return at
        file.seek(at)
        at += 12 + max(int.from_bytes(file.read(12)[4:], "big", signed=True), 0)
    return 0


def _has_frame_count(path: Path) -> bool:
    """Check whether the first frame of an mp3 says how many there are (Xing, Info or VBRI)."""
    with path.open("rb") as file:
        at = 0
        while (head := file.read(10)).startswith(b"ID3") and len(head) == 10:  # some files have two tags
            at += 10 + sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            file.seek(at)
        file.seek(at)
        first = file.read(4096)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def links(path: Path) -> list[tuple[int, int]]:
    """Return the spans of bytes of the links of a chained Ogg file; one span for any other file.

    FFmpeg stops at the second link where the codec or its rate changes, as in what a radio station streams.

    Source: RFC 3533, section 4.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"OggS":
            return [(0, size)]
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            starts = list(itertools.islice(_starts(data), _MOST_LINKS))
    return list(zip(starts, [*starts[1:], size], strict=True))


def _starts(data: mmap.mmap) -> Iterator[int]:
    """Yield where a link begins: at the first of the pages that begin its streams."""
    yield 0
    at, in_head = 0, True
    while at >= 0:
        segments = data[at + 27 : at + 27 + (data[at + 26] if at + 26 < len(data) else 0)]
        body = at + 27 + len(segments)
        begins = bool(data[at + 5 : at + 6] and data[at + 5] & 2) and data[body : body + 8].startswith(
            _FIRST_PAGES
        )
        if begins and not in_head:
            yield at
        in_head = begins
        behind = body + sum(segments)
        # behind a damaged page the next one is looked for
        at = behind if data[behind : behind + 4] == b"OggS" else data.find(b"OggS", at + 4)


class Part(io.RawIOBase):
    """A span of bytes of a file, read as if it were the file."""

    def __init__(self, file: BinaryIO, first: int, last: int) -> None:
        self.file, self.first, self.size, self.at = file, first, last - first, 0

    def readable(self) -> bool:
        """Return True: it can be read."""
        return True

    def seekable(self) -> bool:
        """Return True: it can be searched."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        self.file.seek(self.first + self.at)
        data = self.file.read(min(len(buffer), max(self.size - self.at, 0)))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of the span."""
        self.at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence])
        return self.at

    def tell(self) -> int:
        """Return the place in the span."""
        return self.at


def _cause(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
