"""LRC: lines with the time at which each is sung or said, as music players show them.

Spec: https://en.wikipedia.org/wiki/LRC_(file_format)

Example:

    [ti:Why a record turns]
    [00:01.00]Why does a record turn?
    [00:04.20]Because it is round.
    [00:06.00]I see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from transforms.errors import ContentError
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import Clock, Cue, read_rows
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.prose.lines import seconds

_STAMP = r"\[(\d{1,3}:\d{2}(?:\.\d{1,3})?)\]"
_LINE = re.compile(rf"\s*((?:{_STAMP}\s*)+)(.*)", re.ASCII)
_TAG = re.compile(r"\s*\[([A-Za-z#]{1,12}):(.*)\]\s*")
_KEPT = {"ti": "title", "al": "show", "ar": "author", "la": "language", "by": "credit", "au": "author"}
_HUNDREDTHS = re.compile(
    rf"^\s*\[\d{{1,3}}:\d\d\.\d{{1,3}}\]|^\s*\[(?:{'|'.join(_KEPT)}|length|offset|re|ve):", re.ASCII
)


def fits(text: Text) -> bool:
    """Check for lines most of which begin with minutes, seconds and their hundredths, or a tag of its own."""
    lines = [line for line in text.lines[:200] if line.strip()]
    return len(lines) > 1 and sum(_HUNDREDTHS.match(line) is not None for line in lines) >= 0.8 * len(lines)


def parse(text: Text) -> Draft:
    """Read the lines in the order of their times; each lasts until the next one.

    Raises:
        ContentError: no line has a time.
    """
    clock = Clock()
    tags = list(_tags(text))
    offset = next((piece.text for piece in tags if piece.name == "offset"), "0")
    cues = sorted(_cues(text, clock, _offset(offset)), key=lambda cue: cue.start_time or 0.0)
    if not any(cue.rows for cue in cues):
        msg = "no transcript found: no line of the LRC begins with a time such as [00:01.00]"
        raise ContentError(msg)
    for cue, after in pairwise(cues):
        cue.end_time = after.start_time
    return cue_draft([*tags, *(cue for cue in cues if cue.rows)], clock, grammar=text.grammar)


def _offset(offset: str) -> float:
    """Read what all times are to be moved by: milliseconds, forwards where the words come too late."""
    return int(offset) / 1000 if re.fullmatch(r"[+-]?\d{1,6}", offset, re.ASCII) else 0.0


def _tags(text: Text) -> Iterator[Piece]:
    for number, line in enumerate(text.lines, start=1):
        if line.strip() and not _LINE.match(line):
            match = _TAG.fullmatch(line)
            if match and match[2].strip():
                name = match[1].casefold()
                yield Piece(number, "metadata", match[2].strip(), _KEPT.get(name, name))
            else:
                yield Piece(number, "dropped", line.strip(), "text without a time")


def _cues(text: Text, clock: Clock, offset: float) -> Iterator[Cue]:
    for number, line in enumerate(text.lines, start=1):
        if match := _LINE.match(line):
            for stamp in re.findall(_STAMP, match[1]):
                start = clock.moment(seconds(stamp))
                start = None if start is None else max(0.0, round(start - offset, 3))
                yield Cue(number, start, None, read_rows([(number, match[3])]) if match[3].strip() else [])


FORMAT = Format("lrc", "LRC lyrics", example_of(__doc__), fits, parse)
