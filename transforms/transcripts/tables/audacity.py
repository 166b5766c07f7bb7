"""Labels of Audacity: start, end and text, with tabs between them, in seconds.

Spec: https://manual.audacityteam.org/man/importing_and_exporting_labels.html
"""

from __future__ import annotations

import re

from transforms.errors import ContentError
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import Clock, Cue, Item, read_rows
from transforms.transcripts.document import Draft, Format, Piece, Text
from transforms.transcripts.labels.names import is_generic, is_nobody

_LABEL = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?)\t(\d{1,9}(?:[.,]\d{1,9})?)\t(.*)", re.ASCII)
_FREQUENCIES = re.compile(r"\\\t[-\d.,]+\t[-\d.,]+\s*")


def fits(text: Text) -> bool:
    """Check for lines all of which are such labels, or the frequencies of one."""
    lines = [line for line in text.lines[:100] if line.strip()]
    found = [_LABEL.fullmatch(line) for line in lines if not _FREQUENCIES.fullmatch(line)]
    return bool(found) and all(found) and any(match and match[3].strip() for match in found)


def parse(text: Text) -> Draft:
    """Read each label as what is said in it.

    Raises:
        ContentError: no line is a label, or they say who speaks and not what.
    """
    clock = Clock()
    items: list[Item] = []
    for number, line in enumerate(text.lines, start=1):
        if match := _LABEL.fullmatch(line):
            start, end = (clock.moment(value.replace(",", ".")) for value in match.groups()[:2])
            if match[3].strip():
                items.append(Cue(number, start, end, read_rows([(number, match[3])])))
        elif line.strip():
            items.append(Piece(number, "dropped", " ".join(line.split()), "frequencies"))
    shown = [row.text for item in items if isinstance(item, Cue) for row in item.rows]
    if not shown or all(is_generic(row) or is_nobody(row) for row in shown):
        msg = "no transcript found: the labels hold no words; give a transcript that says what is said"
        raise ContentError(msg)
    return cue_draft(items, clock, grammar=text.grammar)


# Not in the docstring, as the examples of other formats: since 3.13 Python turns the tabs there into spaces.
_EXAMPLE = """\
0.500000\t2.500000\tAnn Lee: Why does a record turn?
2.500000\t4.000000\tBo Chan: It must.
4.000000\t4.500000\tAnn Lee: I see."""

FORMAT = Format("audacity", "labels of Audacity", _EXAMPLE, fits, parse)
