r"""ASS and SSA subtitles: dialogue lines with the name of who speaks.

Spec: http://www.tcax.org/docs/ass-specs.htm

Example:

    [Script Info]
    Title: Why a record turns

    [Events]
    Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
    Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ann Lee,0,0,0,,Why does\Na record turn?
    Dialogue: 0,0:00:02.50,0:00:04.00,Default,Bo Chan,0,0,0,,{\i1}It must.{\i0}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.errors import ContentError
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import Clock, Cue, Item, read_rows
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of

_SECTION = re.compile(r"\s*\[(.+)\]\s*")
_EVENT = re.compile(r"\s*(Dialogue|Comment):\s*(.*)", re.IGNORECASE)
_FORMAT = re.compile(r"\s*Format:\s*(.*)", re.IGNORECASE)
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}.*?(?:\{[^{}]*\\p0[^{}]*\}|$)")
_OVERRIDE = re.compile(r"\{[^{}]*\}")
_BREAK = re.compile(r"\\[Nn]")
_USUAL = "layer start end style name marginl marginr marginv effect text".split()
_KEPT = {"title": "title", "original script": "credit", "language": "language"}


def fits(text: Text) -> bool:
    """Check for the first section of a script, or dialogue lines with their times."""
    return text.head[:40].casefold().startswith("[script info]") or (
        re.search(r"^Dialogue:[^,\n]*,\d+:\d\d:\d\d[.:]\d\d,\d+:\d\d:\d\d[.:]\d\d,", text.head, re.MULTILINE)
        is not None
    )


def parse(text: Text) -> Draft:
    """Read the dialogue; styles and comments are dropped.

    Raises:
        ContentError: there is none.
    """
    clock = Clock()
    items = list(_items(text, clock))
    cues = [item for item in items if isinstance(item, Cue)]
    if not cues:
        msg = "no transcript found: the subtitles have no line that begins with Dialogue:"
        raise ContentError(msg)
    # Editors sort the lines by style or layer; they are shown in the order of their times.
    cues.sort(key=lambda cue: cue.start_time or 0.0)
    return cue_draft(
        [*(item for item in items if not isinstance(item, Cue)), *cues],
        clock,
        overlaps=False,
        grammar=text.grammar,
    )


def _items(text: Text, clock: Clock) -> Iterator[Item]:
    section, names = "", _USUAL
    for number, line in enumerate(text.lines, start=1):
        if not line.strip():
            continue
        if match := _SECTION.fullmatch(line):
            section = match[1].casefold()
        elif match := _EVENT.match(line):
            yield _event(number, match[1].casefold() == "comment", match[2], names, clock)
        elif section == "events" and (match := _FORMAT.match(line)):
            names = [name.strip().casefold() for name in match[1].split(",")]
        else:
            yield _note(number, " ".join(line.split()), section)


def _event(number: int, is_comment: bool, values: str, names: list[str], clock: Clock) -> Item:
    fields = dict(zip(names, values.split(",", len(names) - 1), strict=False))
    shown = _OVERRIDE.sub("", _DRAWING.sub("", fields.get("text", ""))).replace("\\h", " ")
    if is_comment or not shown.strip():
        return Piece(number, "dropped", " ".join(values.split()), name="style")
    start, end = (clock.moment(fields.get(name, "").strip()) for name in ("start", "end"))
    cue = Cue(number, start, end, read_rows([(number, row) for row in _BREAK.split(shown)]))
    voice = " ".join(fields.get("name", fields.get("actor", "")).split()) or None
    for row in cue.rows:
        row.voice = row.voice or voice
    return cue


def _note(number: int, line: str, section: str) -> Piece:
    key, colon, value = line.partition(":")
    kept = _KEPT.get(key.strip().casefold()) if colon and section == "script info" else None
    if kept and value.strip():
        return Piece(number, "metadata", value.strip(), kept)
    return Piece(number, "dropped", line, name="style")


FORMAT = Format("ass", "ASS and SSA subtitles", example_of(__doc__), fits, parse)
