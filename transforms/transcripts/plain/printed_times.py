"""Lines with a stretch of time in brackets, as Whisper and its kin print them while they work.

Example:

    [0.00 --> 2.50] Why does a record turn?
    [2.50 --> 4.00] Because it is round.
    [4.00 --> 4.50] I see.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.errors import ContentError
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import Clock, Cue, Item, read_rows
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.prose.lines import time_last
from transforms.transcripts.prose.shared_survey import shape_of, survey_of
from transforms.transcripts.tables.columns import moment

_TIME = r"\d{1,7}(?::\d{1,2}){0,2}(?:[.,]\d{1,6})?"
_LINE = re.compile(rf"\s*[\[(<]\s*({_TIME})s?\s*(?:-+>|→|–|—|-|to)\s*({_TIME})s?\s*[\])>]:?\s*(.*)", re.ASCII)
_ARROW = re.compile(r"-+>|→")
# A name in bold or italics, or with a dash before it and a tab behind it.
_MARKED = re.compile(r"\s*(?:(\*{1,3}|_{2})(?=\S)[^\n]{1,80}?\1|[-–—]\s[^\t\n]{1,80}\t)")
SHARE = 0.5
MOSTLY = 0.9  # of the lines with a stretch
FEWEST_HEADINGS = 2


def fits(text: Text) -> bool:
    """Check for lines most of which begin so; clocks without fractions may begin prose, seconds may not.

    Where names are marked up behind the times, it is Markdown; where they stand behind clocks in paragraphs of
    their own, as no recogniser prints them, it is a text for the eye, which may have headings.
    """
    lines = [line for line in text.lines[:400] if line.strip()]
    found = [match for line in lines if (match := _LINE.match(line)) and match[3].strip()]
    sure = any("." in match[1] or _ARROW.search(match[0]) for match in found)
    marked = sum(_MARKED.match(match[3]) is not None for match in found)
    if not sure or len(found) < SHARE * len(lines) or marked >= SHARE * len(found):
        return False
    for_the_eye = _have_clocks(found) and (_are_apart(text.lines[:400]) or _has_headings(lines))
    named = shape_of(text) in ("stamped", "blocks")
    return not (named and (for_the_eye or _names_without_marks(text, len(found))))


def _names_without_marks(text: Text, lines: int) -> bool:
    """Check for names behind most stretches that no colon and no bracket sets off: in captions those are words."""
    found = survey_of(text)
    core = found.grammar.form.core if found.grammar and found.grammar.form else None
    bare = core is not None and not (core.bracket or core.end.strip())
    return bare and len(found.labels) >= MOSTLY * min(lines, len(text.lines))


def _have_clocks(found: Sequence[re.Match[str]]) -> bool:
    """Check for minutes in most stretches, not seconds alone."""
    return sum(":" in match[1] for match in found) * 2 > len(found)


def _are_apart(lines: Sequence[str]) -> bool:
    """Check for empty lines between most of them."""
    return sum(not line.strip() for line in lines) > 0.4 * len(lines)


def _has_headings(lines: Sequence[str]) -> bool:
    """Check for lines that end with a time and begin with none: `Audience questions [1:06]`."""
    return sum(not _LINE.match(line) and time_last(line) is not None for line in lines) >= FEWEST_HEADINGS


def parse(text: Text) -> Draft:
    """Read what stands behind each stretch; a line without one goes on with the last.

    Raises:
        ContentError: no line begins so.
    """
    clock = Clock()
    items: list[Item] = []
    for number, line in enumerate(text.lines, start=1):
        last = items[-1] if items else None
        if match := _LINE.match(line):
            start, end = (moment(value, 1.0, clock) for value in match.groups()[:2])
            items.append(Cue(number, start, end, read_rows([(number, match[3])])))
        elif line.strip() and isinstance(last, Cue):
            last.rows += read_rows([(number, line)])
        elif line.strip():
            items.append(Piece(number, "metadata", " ".join(line.split()), "header"))
    if not any(isinstance(item, Cue) and item.rows for item in items):
        msg = "no transcript found: no line begins with a stretch of time such as [0.00 --> 2.50]"
        raise ContentError(msg)
    return cue_draft(items, clock, grammar=text.grammar)


FORMAT = Format("prints", "lines with [start --> end], as Whisper prints them", example_of(__doc__), fits, parse)
