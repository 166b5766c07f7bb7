"""Any whitelisted container → samples, packet by packet, with damage counted.

The decoder inside faster-whisper drops everything after the first bad packet without a word
(SYSTRAN/faster-whisper#988); here a bad packet is counted and skipped, and what comes after it is kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from transforms.audio import container
from transforms.audio.sides import mix
from transforms.errors import ContentError, HostileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "pyav-4"
SAMPLE_RATE = 16_000

SHORT_AUDIO = 0.98  # decoded less than this share of what the header says
BAD_PACKETS_IN_A_ROW = 10_000  # a file that only fails is given up; 10,000 mp3 frames are four minutes
MAX_SECONDS = 24 * 3600
# What a few bytes may become: more would fill memory and disk with what nobody can have recorded. Opus at
# 6 kbit/s, the least that speech is sent with, has 750 bytes a second; a FLAC file of silence has 190.
FREE_SECONDS = 600
LEAST_BYTES = 300  # a second, beyond these
RATES = (4_000, 768_000)  # samples a second: telephony has 8,000; a header of 1 makes a day of a hundred kB
MOST_CHANNELS = 64
PIECE = 60 * SAMPLE_RATE  # samples of silence that are written together
GAP = 0.1  # seconds that the container's clock may differ before it is followed: webm and asf round their times
BACK = 1.0  # seconds that the clock goes back when it starts anew, as where two recordings were joined
MOST_UNREADABLE = 100  # errors of the container itself, one behind the other


@dataclass(frozen=True, slots=True)
class Audio:
    """A decoded episode: `samples` is int16 mono, shape (n_samples,), 16 kHz; the times are seconds.

    `header_seconds` is how long the container says it is, `None` where it does not.
    `gaps` counts the stretches that the container's clock left out: they are silent here. `tracks` counts the
    audio tracks, of which one is heard.
    """

    samples: NDArray[np.int16]
    header_seconds: float | None
    bad_packets: int
    gaps: int
    tracks: int
    format: str

    @property
    def seconds(self) -> float:
        """How long the samples last."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def flags(self) -> tuple[str, ...]:
        """What is wrong with it: `short_audio`, `damaged_audio`, `gap_in_audio`, `several_tracks`."""
        found = {
            "short_audio": self.header_seconds is not None and self.seconds < SHORT_AUDIO * self.header_seconds,
            "damaged_audio": self.bad_packets > 0,
            "gap_in_audio": self.gaps > 0,
            "several_tracks": self.tracks > 1,
        }
        return tuple(flag for flag, is_so in found.items() if is_so)


def decode(path: Path, name: str | None = None, *, into: Path | None = None, channel: int | None = None) -> Audio:
    """Decode an audio file to int16 mono 16 kHz.

    The file's name does not matter, its bytes do. Of several audio tracks the default one is taken, or the first
    with a sound. Times are those of the container's clock, where it has one.

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
    track = container.choose_track(path, name)
    frames = _Frames(path, name, track)
    pieces = _pieces(frames, channel)
    samples = _join(pieces) if into is None else _write(pieces, into)
    if not len(samples):
        raise frames.none_there()
    with container.opened(path, name) as box:
        return Audio(
            samples=samples,
            header_seconds=container.header_seconds(path, box, box.streams[track])
            if frames.n_links == 1
            else None,
            bad_packets=frames.bad_packets,
            gaps=frames.gaps,
            tracks=len(container.tracks(box)),
            format=box.format.name,
        )


def check_audio(path: Path, name: str | None = None) -> None:
    """Check that a file is audio, by decoding as much of it as gives a sound; raises what `decode` raises."""
    name = name or path.name
    frames = _Frames(path, name, container.choose_track(path, name))
    if next(iter(frames), None) is None:
        raise frames.none_there()


def count_channels(path: Path, name: str | None = None) -> int:
    """Count the channels of an audio file by its header; raises what `decode` raises."""
    name = name or path.name
    track = container.choose_track(path, name)
    with container.opened(path, name) as box:
        return int(box.streams[track].codec_context.layout.nb_channels)


def as_float32(piece: NDArray[Any]) -> NDArray[np.float32]:
    """Return samples as float32, -1 to 1: int16 divided by 32768, float32 as it is."""
    return piece.astype(np.float32) / np.float32(32768) if piece.dtype == np.int16 else piece


def _pieces(frames: _Frames, channel: int | None) -> Iterator[NDArray[np.int16]]:
    """Yield the samples of a file, with silence where the clock or damage left a hole."""
    resampled = _resampled(frames, channel)
    return mix(resampled) if channel is None else (sides[channel if len(sides) > 1 else 0] for sides in resampled)


def _resampled(frames: _Frames, channel: int | None) -> Iterator[NDArray[np.int16]]:
    """Yield pieces of shape (1, n) or (2, n): both sides of what has two, or all channels mixed.

    An advertisement that was spliced in may have a rate and channels of its own: each has its own resampler.
    """
    import av

    shape: tuple[str, str, int] | None = None
    resampler: Any = None
    for gap, frame in frames:
        ours = frame.format.name, frame.layout.name, frame.sample_rate
        if ours != shape or gap:  # what the resampler still holds lies before the silence
            yield from _drained(resampler)
            layout = "mono" if channel is None and frame.layout.nb_channels != 2 else "stereo"
            resampler, shape = av.AudioResampler(format="s16p", layout=layout, rate=SAMPLE_RATE), ours
        silence = round(gap * SAMPLE_RATE)
        yield from (np.zeros((1, min(PIECE, silence - first)), np.int16) for first in range(0, silence, PIECE))
        yield from (piece.to_ndarray() for piece in resampler.resample(frame))
    yield from _drained(resampler)


def _drained(resampler: Any) -> Iterator[NDArray[np.int16]]:
    """Yield what a resampler still holds; a new one holds nothing."""
    if resampler is not None:
        yield from (piece.to_ndarray() for piece in resampler.resample(None))


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
    """The frames of a track, in order, each with the silence before it, in seconds."""

    def __init__(self, path: Path, name: str, track: int) -> None:
        self.path, self.name, self.track = path, name, track
        self.longest = FREE_SECONDS + path.stat().st_size / LEAST_BYTES
        self.bad_packets = self.gaps = self.n_links = 0
        self.seconds = 0.0

    def __iter__(self) -> Iterator[tuple[float, Any]]:
        links = container.links(self.path)
        self.n_links = len(links)
        if self.n_links == 1:
            with container.opened(self.path, self.name) as box:
                yield from self._of_box(box, box.streams[self.track], container.zero(box))
            return
        with self.path.open("rb") as file:
            for link in links:
                try:
                    yield from self._of_link(io.BufferedReader(container.Part(file, *link)))
                except ContentError:
                    self.bad_packets += 1  # it cannot be opened: the others can

    def none_there(self) -> ContentError:
        """Say that nothing could be decoded."""
        return ContentError(f"{self.name} holds no samples ({self.bad_packets} bad packets): fetch it again")

    def _of_link(self, part: io.BufferedReader) -> Iterator[tuple[float, Any]]:
        """Yield the frames of one link of a chain; its clock begins with it."""
        with container.opened(self.path, self.name, part) as box:
            for stream in container.tracks(box)[:1]:
                yield from self._of_box(box, stream, None)

    def _of_box(self, box: Any, stream: Any, zero: float | None) -> Iterator[tuple[float, Any]]:
        """Yield the frames of a track; `zero` is where its clock begins, `None` at its first frame."""
        offset = self.seconds - zero if zero is not None and container.is_clocked(box) else None
        follows = container.is_clocked(box)
        bad_in_a_row = 0
        for frame in self._decoded(box, stream):
            if frame is None:
                bad_in_a_row += 1
                if bad_in_a_row >= BAD_PACKETS_IN_A_ROW:
                    return
                continue
            self._check_shape(frame)
            if offset is None or (frame.time or 0.0) + offset < self.seconds - BACK:
                offset = self.seconds - (frame.time or 0.0)
            gap = self._gap(frame, offset, 0.0 if bad_in_a_row else GAP) if follows or bad_in_a_row else 0.0
            bad_in_a_row = 0
            self._count(gap, frame)
            frame.pts = None  # the resampler would follow stamps that jump
            yield gap, frame

    def _decoded(self, box: Any, stream: Any) -> Iterator[Any]:
        """Yield the frames of a track, and `None` for a packet that is bad."""
        from av.error import FFmpegError

        packets = box.demux(stream)
        unreadable = 0
        while unreadable < MOST_UNREADABLE:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except FFmpegError:  # of the container itself: what comes behind may be whole
                packets = box.demux(stream)
                unreadable += 1
                self.bad_packets += 1
                yield None
                continue
            unreadable = 0
            try:
                frames = packet.decode()
            except FFmpegError:
                self.bad_packets += 1
                yield None
                continue
            yield from frames

    def _gap(self, frame: Any, offset: float, least: float) -> float:
        """Measure what lies before a frame by the container's clock: later times stay true."""
        lost = frame.time + offset - self.seconds if frame.time is not None else 0.0
        return lost if least < lost < MAX_SECONDS - self.seconds else 0.0

    def _count(self, gap: float, frame: Any) -> None:
        """Add a frame to the time, as far as the bytes can hold it.

        Raises:
            ContentError: longer than a day.
            HostileError: a few bytes that become hours.
        """
        self.gaps += gap >= GAP
        self.seconds += gap + frame.samples / frame.sample_rate
        if self.seconds > self.longest:
            msg = f"{self.name} has too few bytes for more than {self.longest / 60:.0f} minutes: refused"
            raise HostileError(msg)
        if self.seconds >= MAX_SECONDS:
            msg = f"{self.name} is longer than {MAX_SECONDS // 3600} hours: cut it"
            raise ContentError(msg)

    def _check_shape(self, frame: Any) -> None:
        """Refuse what no recording has.

        Raises:
            ContentError: its rate or its number of channels is out of all reason.
        """
        if not RATES[0] <= frame.sample_rate <= RATES[1]:
            msg = (
                f"{self.name} has {frame.sample_rate} samples a second, audio has {RATES[0]} to {RATES[1]}: "
                "save it anew"
            )
            raise ContentError(msg)
        if not 0 < frame.layout.nb_channels <= MOST_CHANNELS:
            msg = f"{self.name} has {frame.layout.nb_channels} channels, more than {MOST_CHANNELS}: mix it down"
            raise ContentError(msg)
