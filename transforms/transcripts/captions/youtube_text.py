"""YouTube's captions as text: lines of the screen, no names, no times.

Nobody is named, so nobody is made up: the lines are joined, and a row is a sentence.

Example:

    Kind: captions
    Language: en
    Why does a record&nbsp;
    turn? Because it is round.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from transforms.text import ends_sentence
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.prose.lines import lone_time

_KIND = re.compile(r"^\s*Kind:\s*\w+", re.MULTILINE)
_HEADER = re.compile(r"\s*(Kind|Language):\s*(\S+)\s*$")
_NOTE = re.compile(r"\s*\*\*[^*]*transcript[^*]*\*\*\s*$", re.IGNORECASE)
FEWEST_LINES = 5
WIDEST = 60  # characters of a line
FULL, MOSTLY_FULL = 0.6, 0.5  # of the widest; of the lines
ONE_IN = 40  # words, at least, ends a sentence where the captions have punctuation


def fits(text: Text) -> bool:
    """Check for the header, or the padding at the ends of the lines."""
    if "-->" in text.head or text.head.startswith(("{", "<", "WEBVTT")):
        return False
    if _KIND.search(text.head):
        return True
    lines = [line for line in text.lines if line.strip()]
    if len(lines) <= FEWEST_LINES:
        return False
    padded = sum(line.rstrip().endswith("&nbsp;") for line in lines) > 0.2 * len(lines)
    return padded or (_NOTE.match(lines[0]) is not None and _are_cut(lines[1:]))


def _are_cut(lines: Sequence[str]) -> bool:
    """Check for lines of about one length, cut within sentences: as wide as a screen."""
    longest = max(map(len, lines))
    full = sum(len(line) > FULL * longest for line in lines)
    return longest <= WIDEST and full > MOSTLY_FULL * len(lines) and not any(map(lone_time, lines))


def parse(text: Text) -> Draft:
    """Read every line behind the header as speech of nobody."""
    start = _header_end(text)
    pieces = [
        piece
        for number, line in enumerate(text.lines, 1)
        if (piece := _piece(number, line, header=number <= start))
    ]
    words = [word for piece in pieces if piece.kind == "speech" for word in piece.text.split()]
    punctuated = sum(map(ends_sentence, words)) * ONE_IN >= len(words)
    return Draft(tuple(pieces), "sentence" if punctuated else "cue", "captions")


def _header_end(text: Text) -> int:
    """Return the number of the last line of the header, 0 without one."""
    found = [number for number, line in enumerate(text.lines[:40], 1) if _HEADER.match(line) or _NOTE.match(line)]
    return found[-1] if found else 0


def _piece(number: int, line: str, *, header: bool) -> Piece | None:
    shown = " ".join(html.unescape(line).split())
    if not shown:
        return None
    if not header:
        return Piece(number, "speech", re.sub(r"^(?:>>+|-)\s*", "", shown))
    if match := _HEADER.match(line):
        return Piece(number, "metadata", match[2], match[1].lower())
    return Piece(number, "metadata", shown.strip("* "), "note")


FORMAT = Format("captions", "YouTube's captions as text", example_of(__doc__), fits, parse)
