"""What the formats of captions share: cues, their rows and stretches of text, and a clock that checks times."""

from __future__ import annotations

from dataclasses import dataclass, field

from transforms.records import Seconds
from transforms.times import parse_seconds
from transforms.transcripts.document import Piece

# Cues that touch are rounded differently by many writers.
OVERLAP_SECONDS = 0.05
# Nobody speaks for thirty years: a larger number is a date or garbage.
LATEST_SECONDS = 1e9


@dataclass(slots=True)
class Chunk:
    """A stretch of text with its times: a word with the space before it, or a part of one."""

    text: str
    start_time: Seconds | None = None
    end_time: Seconds | None = None
    probability: float | None = None


@dataclass(slots=True)
class Row:
    """A line of a cue without its tags; `voice` is the speaker that markup names, `chunks` its times."""

    line: int
    text: str
    voice: str | None = None
    chunks: tuple[Chunk, ...] = ()


@dataclass(slots=True)
class Cue:
    """What is shown at once; `repeated` are the rows that were in sight before."""

    line: int
    start_time: Seconds | None
    end_time: Seconds | None
    rows: list[Row]
    repeated: list[Row] = field(default_factory=list)


Item = Cue | Piece


class Clock:
    """Reads times in the order of the file, and keeps in `flags` what is wrong with them."""

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self._start: Seconds | None = None
        self._end: Seconds | None = None

    def moment(self, value: object, scale: float = 1.0) -> Seconds | None:
        """Read one time: a number or a text, in units of `scale` seconds; nothing is no time."""
        if value is None or value == "":
            return None
        seconds = parse_seconds(value)
        if seconds is None or not 0 <= seconds * scale < LATEST_SECONDS:
            self.flags.add("bad_time")
            return None
        return round(seconds * scale, 3)

    def span(
        self, start: object, end: object, scale: float = 1.0, *, overlaps: bool = True
    ) -> tuple[Seconds | None, Seconds | None]:
        """Read the times of the next cue; with `overlaps` it should not start before the last one ends."""
        return self.check(self.moment(start, scale), self.moment(end, scale), overlaps=overlaps)

    def check(
        self, start: Seconds | None, end: Seconds | None, *, overlaps: bool = True
    ) -> tuple[Seconds | None, Seconds | None]:
        """Compare the times of the next cue with each other and with the cue before."""
        if (start or 0) >= LATEST_SECONDS or (end or 0) >= LATEST_SECONDS:
            start, end = self.moment(start), self.moment(end)
        if start is not None and end is not None and end < start:
            self.flags.add("end_before_start")
            end = None
        if start is not None:
            if self._start is not None and start < self._start:
                self.flags.add("times_backwards")
            elif overlaps and self._end is not None and self._end - start >= OVERLAP_SECONDS - 1e-6:
                self.flags.add("overlapping_cues")
            self._start, self._end = start, end
        return start, end
