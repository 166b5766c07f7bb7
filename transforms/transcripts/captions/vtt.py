"""WebVTT: captions of the web, with voices, comments and word times.

Spec: https://www.w3.org/TR/webvtt1/

Example:

    WEBVTT
    Kind: captions

    NOTE Checked by ear

    1
    00:00:00.000 --> 00:00:02.500
    <v Ann Lee>Why does a record turn?

    00:00:02.500 --> 00:00:04.000 align:start
    <v Bo Chan>It must.</v>
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.errors import ContentError
from transforms.languages import language_tag
from transforms.records import TranscriptSource
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import Clock, Cue, is_comment, read_comment, read_cues
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of

_TIMES = re.compile(r"[ \t]*(?:\d+:)?\d+:\d+\.\d+[ \t]*-->[ \t]*(?:\d+:)?\d+:\d+\.\d+(?!\d)", re.ASCII)
_HEADER = re.compile(r"([A-Za-z][A-Za-z-]{0,40})[ \t]*[:=][ \t]*(.*)")


def fits(text: Text) -> bool:
    """Check for a text that says so, or begins with the times of a cue, with points and without a number above."""
    if text.head[:6].upper() == "WEBVTT":
        return True
    first, _, rest = text.head.partition("\n")
    if _TIMES.match(first):
        return _is_timing(first)
    return not first.strip().isdigit() and _TIMES.match(rest) is not None and _is_timing(rest.partition("\n")[0])


def _is_timing(line: str) -> bool:
    """Check that nothing but the settings of the cue stands behind its times."""
    behind = line[match.end() :] if (match := _TIMES.match(line)) else line
    return all(":" in word for word in behind.split())


def parse(text: Text) -> Draft:
    """Read the cues and everything between them.

    Raises:
        ContentError: there is no cue.
    """
    clock = Clock()
    top = next((index for index, line in enumerate(text.lines) if line.strip()), 0)
    headed = text.head[:6].upper() == "WEBVTT"
    begin, items = read_cues(text.lines, top + headed, clock, comments=True)
    if not any(isinstance(item, Cue) for item in items):
        msg = "the WebVTT has no cue: no line reads like 00:00.000 --> 00:01.000"
        raise ContentError(msg)
    header = _header(text.lines, top, begin) if headed else _loose(text.lines, top, begin)
    return cue_draft([*header, *items], clock, source=_source(header), grammar=text.grammar)


def _source(header: Sequence[Piece]) -> TranscriptSource | None:
    is_captions = any(piece.name == "kind" and piece.text.casefold() == "captions" for piece in header)
    return "captions" if is_captions else None


def _header(lines: Sequence[str], top: int, stop: int) -> list[Piece]:
    """Read the first block, whose lines are metadata, and the comments behind it."""
    pieces = []
    if title := lines[top].strip()[6:].strip(" \t-–—"):
        pieces.append(Piece(top + 1, "metadata", " ".join(title.split()), name="header"))
    index = top + 1
    while index < stop and lines[index].strip() and not is_comment(lines[index]):
        match = _HEADER.match(lines[index].strip())
        name, value = (match[1].lower(), match[2]) if match else ("header", lines[index])
        if value := " ".join(value.split()):
            value = language_tag(value) if name == "language" else value
            pieces.append(Piece(index + 1, "metadata", value, name=name))
        index += 1
    return pieces + _loose(lines, index, stop)


def _loose(lines: Sequence[str], index: int, stop: int) -> list[Piece]:
    """Read what stands between the header and the first cue: comments, and text that no player shows."""
    pieces = []
    while index < stop:
        line = lines[index]
        if is_comment(line):
            piece, index = read_comment(lines, index, stop)
            pieces.append(piece)
            continue
        if line.strip():
            pieces.append(Piece(index + 1, "dropped", " ".join(line.split()), name="text outside of a cue"))
        index += 1
    return pieces


FORMAT = Format("vtt", "WebVTT captions", example_of(__doc__), fits, parse)
