"""Blocks of text under a name with its time in words, as Teams shows and copies them.

Example:

    Ann Lee   0 minutes 3 seconds
    Why does a record turn?

    Bob Ray   1 minute 2 seconds
    Because it is round.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.grammar.looks import small_tokens
from transforms.transcripts.labels.names import clean
from transforms.transcripts.prose.lines import Line, LineLabel, numbered
from transforms.transcripts.prose.read import read_labelled
from transforms.transcripts.prose.survey import Survey, survey

_HOURS = r"(?:hours?|Stunden?|heures?|horas?|ore|ora|uur|uren|timer?|timmar)"
_MINUTES = r"(?:minutes?|Minuten?|minutos?|minut[oi]|minuten|minuut|minutter?|minuter)"
_SECONDS = r"(?:seconds?|Sekunden?|secondes?|segundos?|second[oi]|seconden|sekunder?)"
_TIME = (
    rf"(?:(?P<h>\d{{1,3}}) {_HOURS},? )?(?:(?P<m>\d{{1,3}}) {_MINUTES},? )?"
    rf"(?P<s>\d{{1,3}}) {_SECONDS}(?: ?\d{{1,3}}:\d\d(?::\d\d)?)?"
)
_ALONE = re.compile(_TIME, re.IGNORECASE)
_LABEL = re.compile(rf"(?P<name>\S.*?)\s+{_TIME}", re.IGNORECASE)
LONGEST = 160  # characters of such a line
_EVENT = re.compile(r"(.+) (started|stopped) transcription\.?", re.IGNORECASE)
LEAST = 2
MOST_WORDS = 6  # of a name
_APART = re.compile(r"\s{2,}\d|\t")


def fits(text: Text) -> bool:
    """Check for two such lines at least, each with a name."""
    return len(_labels(numbered(text.lines[:2000]))) >= LEAST


def _labels(lines: Sequence[Line]) -> dict[int, LineLabel]:
    """Find the lines that hold nothing but a name and a time in words.

    The name stands apart, comes back or stands alone elsewhere, or the line begins a block.
    """
    found = {i: label for i, line in enumerate(lines) if (label := _label(line.text))}
    counts = Counter(label.raw for label in found.values())
    counts.update(line.text.strip() for line in lines if len(line.text) <= LONGEST)
    return {
        i: label
        for i, label in found.items()
        if counts[label.raw] > 1 or (lines[i].gap and not small_tokens(label.name)) or _APART.search(lines[i].text)
    }


def _label(line: str) -> LineLabel | None:
    """Read what may be a name with a time in words.

    >>> _label("Ann Lee   1 hour 0 minutes 4 seconds").start_time, _label("Wait 30 seconds")
    (3604.0, None)
    """
    shown = line.strip() if len(line) <= LONGEST else ""
    match = _LABEL.fullmatch(shown) if shown and not _ALONE.fullmatch(shown) else None
    if not match or not (match["m"] or match["h"]):
        return None
    name, _ = clean(match["name"])
    if len(name.split()) >= MOST_WORDS:
        return None
    start = int(match["h"] or 0) * 3600 + int(match["m"] or 0) * 60 + int(match["s"])
    return LineLabel(match["name"].strip(), name, float(start), None, "")


def parse(text: Text) -> Draft:
    """Read what stands under each such line; other times in words are said."""
    lines = _without_copies([line for line in numbered(text.lines) if line.text.strip()])
    labels = _labels(lines)
    own = labels and not text.grammar
    found = Survey(lines, "own", labels, min(labels), len(lines)) if own else survey(lines, text.grammar)
    draft = read_labelled(found)
    return replace(draft, pieces=tuple(_without_controls(piece) for piece in draft.pieces))


def _without_copies(lines: list[Line]) -> tuple[Line, ...]:
    """Mark the name and the time that the page shows above each label once more."""
    for at in range(len(lines) - 1):
        label = _label(lines[at + 1].text)
        shown = lines[at].text.strip()
        if label and len(shown) <= LONGEST and _ALONE.fullmatch(shown):
            lines[at] = replace(lines[at], noise="control of the meeting")
            if at and lines[at - 1].text.strip() == label.raw:
                lines[at - 1] = replace(lines[at - 1], noise="control of the meeting")
    return tuple(lines)


def _without_controls(piece: Piece) -> Piece:
    if piece.kind == "speech" and _EVENT.fullmatch(piece.text):
        return Piece(piece.line, "dropped", piece.text, "control of the meeting")
    return piece


FORMAT = Format("teams", "text under a name with its time in words", example_of(__doc__), fits, parse)
