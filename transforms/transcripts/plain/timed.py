"""Text with times and without names: on each line, or on a line above it.

As YouTube shows a transcript, and as whisper.cpp prints it. Each time opens a row.

Example:

    0:00 Why does a record turn?
    0:03 Because it is round.
    0:07 I see.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from transforms.text import ends_sentence, join_lines
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.labels.names import is_aside
from transforms.transcripts.plain.paragraphs import timed_parts
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.headings import may_be_title, states
from transforms.transcripts.prose.lines import Line, lone_time, split_marks, tidy, time_first
from transforms.transcripts.prose.read import are_of_day, front_matter, without_times
from transforms.transcripts.prose.shared_survey import declined, has_times, plain_lines, survey_of

WORDS_OF_A_CAPTION = 12  # at most, on average
ENDED = 0.95  # of what is said: then a line between two times that is not ended is a heading
MOSTLY = 0.7  # of the times are written in one way
_CLOCK = re.compile(r"\d[\d:.,hms]*")
FEWEST_STAMPED = 8  # lines of which it is seen that they end as sentences do


def fits(text: Text) -> bool:
    """Check for a text that has times in front of most of its lines or paragraphs."""
    lines = plain_lines(text)
    return fit_lines(lines) and not timed_parts(lines)


def fit_lines(lines: Sequence[Line]) -> bool:
    """Check for lines most of which have a time, and that say something behind it."""
    kept = [replace(line, text=text) for line in lines if (text := tidy(line.text))]
    stamped = sum(time_first(line.text) is not None and not lone_time(line.text) for line in kept)
    words = sum(max(len(line.text.split()), len(line.text) // 4) for line in kept)
    return has_times(kept) and words >= 4 * stamped


def parse(text: Text) -> Draft:
    """Read what stands behind each time."""
    return replace(parse_lines(plain_lines(text)), grammar=declined(survey_of(text)))


def parse_lines(lines: Sequence[Line]) -> Draft:
    """Read lines with times; what stands above the first is front matter."""
    kept = [Line(line.number, text, line.heading, line.noise) for line in lines if (text := tidy(line.text))]
    stamped = [i for i, line in enumerate(kept) if time_first(line.text)]
    first, last = (stamped[0], stamped[-1]) if stamped else (0, len(kept))
    end = next((i for i in range(last + 2, len(kept)) if furniture.begins_tail(kept[i].text)), len(kept))
    pieces = [
        *front_matter(kept[:first]),
        *_pieces(kept, first, end),
        *(Piece(x.number, "dropped", x.text, "behind the transcript") for x in kept[end:]),
    ]
    draft = Draft(tuple(pieces), "sentence" if _is_cut(pieces) else "cue", "captions")
    timed = sum(piece.start_time is not None for piece in pieces)
    return without_times(draft) if timed and are_of_day(kept, timed) else draft


def _pieces(lines: Sequence[Line], first: int, end: int) -> list[Piece]:
    """Read the lines from `first` to `end`; one without a time goes on what is said before it."""
    headings = _headings(lines, first, end)
    pieces = list[Piece]()
    start = stop = None
    for index, line in enumerate(lines[first:end], first):
        if alone := lone_time(line.text):
            start, stop = alone
            pieces.append(Piece(line.number, "metadata", line.text, "time"))
            continue
        text = line.text
        if stamped := time_first(text):
            start, stop, text = stamped
        text, _ = split_marks(text)
        if line.noise or not text:
            pieces.append(Piece(line.number, "dropped", line.text, line.noise or "nothing behind the time"))
        elif index in headings or is_aside(text):
            pieces.append(Piece(line.number, "chapter" if index in headings else "event", text, start_time=start))
        elif start is None and pieces and pieces[-1].kind == "speech":
            pieces[-1] = replace(pieces[-1], text=join_lines((pieces[-1].text, text)))
        else:
            pieces.append(Piece(line.number, "speech", text, start_time=start, end_time=stop))
        start = stop = None
    return pieces


def _headings(lines: Sequence[Line], first: int, end: int) -> frozenset[int]:
    """Find the lines that are headings.

    Those without a time do not end as sentences do, and what is said does; those with one are marked, or their
    time is written otherwise.
    """
    stamped = {i for i in range(first, end) if time_first(lines[i].text)}
    said = (lines[min(i + 1, end - 1)] if lone_time(lines[i].text) else lines[i] for i in stamped)
    ended = sum(ends_sentence(line.text) for line in said)
    otherwise = _stamped_otherwise({i: lines[i] for i in sorted(stamped)})
    if len(stamped) < FEWEST_STAMPED or ended < ENDED * (len(stamped) - len(otherwise)):
        return otherwise
    above = (i - 1 for i in stamped if i - 1 > first)
    return otherwise | {i for i in above if i not in stamped and _may_head(lines[i].text)}


def _stamped_otherwise(stamped: Mapping[int, Line]) -> frozenset[int]:
    """Find titles behind times that are marked, or written otherwise than most, as `(4:40)` among `4:51`."""
    rests = {i: found[2] for i, line in stamped.items() if (found := time_first(line.text))}
    heads = {i: stamped[i].text.removesuffix(rest).strip() for i, rest in rests.items()}
    shapes = {i: (_CLOCK.sub("T", head), stamped[i].heading) for i, head in heads.items()}
    usual, count = Counter(shapes.values()).most_common(1)[0] if shapes else (None, 0)
    if count < MOSTLY * len(shapes):
        return frozenset()
    return frozenset(i for i, rest in rests.items() if rest and shapes[i] != usual and _may_head(rest))


def _may_head(text: str) -> bool:
    return may_be_title(text) and states(text) and not is_aside(text)


def _is_cut(pieces: Sequence[Piece]) -> bool:
    """Distinguish captions, cut to the width of a screen, from rows that hold sentences."""
    said = [piece.text for piece in pieces if piece.kind == "speech"]
    words = [word for text in said for word in text.split()]
    ended = sum(ends_sentence(text) for text in said)
    sentences = sum(map(ends_sentence, words))
    return (
        len(words) <= WORDS_OF_A_CAPTION * len(said) and ended < 0.75 * len(said) and sentences * 40 >= len(words)
    )


FORMAT = Format("timed", "lines with times and no names", example_of(__doc__), fits, parse)
