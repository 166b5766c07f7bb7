"""Text with times and without names: on each line, or on a line above it.

As YouTube shows a transcript, and as whisper.cpp prints it. Each time opens a row.

Example:

    0:00 Why does a record turn?
    0:03 Because it is round.
    0:07 I see.
"""

from __future__ import annotations

from collections.abc import Sequence

from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.lines import Line, lone_time, split_marks, tidy, time_first
from transforms.transcripts.prose import front_matter
from transforms.transcripts.shapes import plain_lines

SHARE = 0.4  # of the lines begin with a time, or are one


def fits(text: Text) -> bool:
    """Tell a text that has times in front of most of its lines or paragraphs."""
    return fit_lines(plain_lines(text))


def fit_lines(lines: Sequence[Line]) -> bool:
    """Tell lines most of which have a time, and that say something behind it."""
    kept = [text for line in lines if (text := tidy(line.text))]
    stamped = [first for text in kept if (first := time_first(text))]
    words = sum(len(text.split()) for text in kept)
    return len(stamped) >= 3 and len(stamped) >= SHARE * len(kept) and words >= 4 * len(stamped)


def parse(text: Text) -> Draft:
    """Read what stands behind each time."""
    return parse_lines(plain_lines(text))


def parse_lines(lines: Sequence[Line]) -> Draft:
    """Read lines with times; what stands above the first is front matter."""
    kept = [Line(line.number, text, line.heading, line.noise) for line in lines if (text := tidy(line.text))]
    first = next((i for i, line in enumerate(kept) if time_first(line.text)), 0)
    pieces = list(front_matter(kept[:first]))
    start: float | None = None
    end: float | None = None
    for line in kept[first:]:
        if alone := lone_time(line.text):
            start, end = alone
            pieces.append(Piece(line.number, "metadata", line.text, "time"))
            continue
        text = line.text
        if stamped := time_first(text):
            start, end, text = stamped
        text, _ = split_marks(text)
        if line.noise or not text:
            pieces.append(Piece(line.number, "dropped", line.text, line.noise or "nothing behind the time"))
        else:
            pieces.append(Piece(line.number, "speech", text, start_time=start, end_time=end))
        start = end = None
    return Draft(tuple(pieces), "cue", "captions")


FORMAT = Format("timed", "lines with times and no names", example_of(__doc__), fits, parse)
