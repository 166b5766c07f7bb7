"""Draw who speaks when, and the first turns, as SVG: `turntable turns latest --json | python docs/picture.py`.

The card brings its own background, so that it can be read on white and on dark pages.
"""

from __future__ import annotations

import json
import sys
from html import escape
from typing import Any

WIDTH = 760
LEFT, RIGHT = 112, 24
LANE, BAR, LINE = 26, 16, 21
LISTED = 6
CHARACTERS = 72
COLORS = ("#58a6ff", "#f0883e", "#7ee787", "#d2a8ff", "#ff7b72", "#e3b341")


def draw(turns: list[dict[str, Any]]) -> str:
    """Return the picture of an episode: a lane per speaker, a bar per turn, and the first turns as text."""
    speakers = sorted({turn["speaker"] for turn in turns if turn["speaker"]})
    colors = dict(zip(speakers, COLORS * len(speakers), strict=False))
    floor = 24 + LANE * len(speakers)
    height = floor + 44 + LINE * LISTED
    parts = [*_axis(turns[-1]["end_time"], floor)]
    for n, speaker in enumerate(speakers):
        parts.append(_text(20, 33 + LANE * n, speaker, colors[speaker]))
        for turn in turns:
            if turn["speaker"] == speaker:
                parts.append(_bar(turn, turns[-1]["end_time"], 20 + LANE * n, colors[speaker]))
    for n, turn in enumerate(turns[:LISTED]):
        y = floor + 50 + LINE * n
        parts += [_text(52, y, clock(turn["start_time"]), "#8b949e", "end")]
        parts += [_text(64, y, turn["speaker"] or "?", colors.get(turn["speaker"], "#8b949e"))]
        parts += [_text(152, y, shortened(turn["text"]), "#e6edf3")]
    inside = "\n".join(parts)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">
<title>Speaker turns over time, and what was said</title>
<style>text {{ font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }}</style>
<rect width="{WIDTH}" height="{height}" rx="8" fill="#161b22"/>
{inside}
</svg>
"""


def _axis(end: float, floor: int) -> list[str]:
    """Draw a line and a clock time every 15 s, or so that there are at most ten of them."""
    step = max(15, 15 * -(-int(end) // 150))
    parts = []
    for second in range(0, int(end) + 1, step):
        x = _x(second, end)
        parts.append(f'<path d="M{x} 16V{floor}" stroke="#30363d"/>')
        parts.append(_text(x, floor + 16, clock(second), "#8b949e", "middle"))
    return parts


def _bar(turn: dict[str, Any], end: float, y: int, color: str) -> str:
    left, right = _x(turn["start_time"], end), _x(turn["end_time"], end)
    return (
        f'<rect class="turn" x="{left}" y="{y}" width="{right - left:.1f}" height="{BAR}" rx="2" fill="{color}"/>'
    )


def _x(second: float, end: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * second / end, 1)


def _text(x: float, y: float, text: str, color: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'


def clock(seconds: float) -> str:
    """Write seconds as minutes and seconds.

    >>> clock(75.4)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def shortened(text: str) -> str:
    """Cut a text at a word, so that it fits a line.

    >>> len(shortened("word " * 40)) <= CHARACTERS, shortened("a word")
    (True, 'a word')
    """
    if len(text) <= CHARACTERS:
        return text
    return text[: CHARACTERS - 1].rpartition(" ")[0] + " …"


if __name__ == "__main__":
    sys.stdout.write(draw(json.load(sys.stdin)))
