"""Who speaks when, as paths of SVG: a lane a speaker, a thousand units wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.pages.page_content import EpisodeContent
from transforms.pages.page_voices import Voice
from transforms.records import Seconds

WIDTH = 1000
LANES = 12  # more are a carpet
THINNEST = 0.6  # units: a word of two hours can still be seen
TICKS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)  # seconds between the times under the lanes
MOST_TICKS = 8
MOST_CUTS = 40  # chapters: more would hide what they cut


@dataclass(frozen=True, slots=True)
class Lane:
    """The lane of a speaker: where to draw, how much of the talk it is (0 to 1), and in how many turns."""

    voice: Voice
    path: str
    share: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A time under the lanes, at `x` of a thousand."""

    x: float
    seconds: Seconds


@dataclass(frozen=True, slots=True)
class Timeline:
    """The lanes over one axis: the seconds of the audio, or the words of a text that has no times.

    On an axis of words stand no overlaps, chapters and ticks.
    """

    lanes: tuple[Lane, ...]
    left_out: int
    length: float
    is_timed: bool
    overlaps: str = ""
    chapters: tuple[float, ...] = ()
    cuts: str = ""
    ticks: tuple[Tick, ...] = ()


def timeline_of(content: EpisodeContent, voices: dict[str | None, Voice]) -> Timeline:
    """Lay out who speaks when; by the words where fewer than half of the turns have times."""
    timed = list(_seconds(content))
    is_timed = 2 * len(timed) >= max(len(content.turns), 1)
    spans = timed if is_timed else list(_words(content))
    lasts = (content.duration or 0.0) if is_timed else 0.0
    length = max([lasts, *(end for *_, end in spans)]) or 1.0
    lanes = tuple(
        Lane(
            voice,
            _path(((start, end) for speaker, start, end in spans if speaker == name), length),
            _share(voice, voices.values(), is_timed=is_timed),
        )
        for name, voice in list(voices.items())[:LANES]
    )
    timeline = Timeline(lanes, len(voices) - len(lanes), length, is_timed)
    return _with_times(timeline, content) if is_timed else timeline


def _with_times(timeline: Timeline, content: EpisodeContent) -> Timeline:
    """Add what stands at seconds of the audio."""
    length = timeline.length
    begins = [_x(c.start_time, length) for c in content.chapters if c.start_time is not None]
    cuts = begins if len(begins) <= MOST_CUTS else []
    return replace(
        timeline,
        overlaps=_path(((o.start_time, o.end_time) for o in content.overlaps), length),
        chapters=tuple(cuts),
        cuts="".join(f"M{short(x)} 0v1" for x in cuts if x),
        ticks=tuple(_ticks(length)),
    )


def _seconds(content: EpisodeContent) -> Iterator[tuple[str | None, float, float]]:
    for turn in content.turns:
        if turn.start_time is not None and turn.end_time is not None:
            yield turn.speaker, turn.start_time, turn.end_time


def _words(content: EpisodeContent) -> Iterator[tuple[str | None, float, float]]:
    at = 0
    for turn in content.turns:
        words = max(len(turn.text.split()), 1)
        yield turn.speaker, at, at + words
        at += words


def _share(voice: Voice, voices: Iterable[Voice], *, is_timed: bool) -> float:
    def amount(one: Voice) -> float:
        return (one.speaker.seconds or 0.0) if is_timed else one.speaker.words

    return amount(voice) / (sum(map(amount, voices)) or 1)


def _path(spans: Iterable[tuple[float, float]], length: float) -> str:
    """Write boxes of the height of one, those that would touch as one.

    >>> _path([(0, 10), (10, 20), (50, 50)], 100)
    'M0 0h200v1h-200zM500 0h.6v1h-.6z'
    """
    boxes: list[list[float]] = []
    for start, end in sorted(spans):
        left, right = _x(start, length), max(_x(end, length), _x(start, length) + THINNEST)
        if boxes and left <= boxes[-1][1] + 0.1:
            boxes[-1][1] = max(boxes[-1][1], right)
        else:
            boxes.append([left, right])
    return "".join(f"M{short(a)} 0h{short(b - a)}v1h-{short(b - a)}z" for a, b in boxes)


def short(number: float) -> str:
    """Write a number with a digit behind the point, and nothing that can be left out.

    >>> short(12.04), short(0.6), short(3)
    ('12', '.6', '3')
    """
    text = f"{number:.1f}".removesuffix(".0")
    return text[1:] if text.startswith("0.") else text


def _x(seconds: Seconds, length: float) -> float:
    return round(WIDTH * min(max(seconds / length, 0.0), 1.0), 1)


def _ticks(length: Seconds) -> Iterator[Tick]:
    step = next((step for step in TICKS if length / step <= MOST_TICKS), _coarsest(TICKS, length))
    for n in range(int(length // step) + 1):
        if n * step <= length * 0.97:  # else it would stand outside
            yield Tick(_x(n * step, length), n * step)


def _coarsest(steps: Sequence[int], length: Seconds) -> int:
    return steps[-1] * -(-int(length) // (steps[-1] * MOST_TICKS))
