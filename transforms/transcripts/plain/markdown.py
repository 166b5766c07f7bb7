r"""Markdown whose labels are bold or headings.

Emphasis, links and escapes are taken away, as a reader would not see them; headings that are no labels are
chapters.

Example:

    ## The groove

    **Ann Lee:** \[01:10\] Why does a record turn?

    **Bob Ray:** Because it is *round*.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from transforms.transcripts.document import Draft, Format, Text, example_of
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.read import read_labelled
from transforms.transcripts.prose.shared_survey import survey_of
from transforms.transcripts.prose.survey import Survey

_MARKED = re.compile(
    r"^[\W\d]{0,60}?(?:(\*{1,3}|_{1,3}|`)(?=\S)(?:(?!\1)[^\n]){1,80}\1|\\[\[\]()*_#.])", re.MULTILINE
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+\S", re.MULTILINE)


def fits(text: Text) -> bool:
    """Check whether names stand in bold or in headings, twice at least."""
    if len(_MARKED.findall(text.text)) < 2 and len(_HEADING.findall(text.text)) < 2:
        return False
    return _survey(text).family is not None


def parse(text: Text) -> Draft:
    """Read the text without its marks."""
    return read_labelled(_survey(text))


@lru_cache(maxsize=2)
def _survey(text: Text) -> Survey:
    found = survey_of(text)
    levels = {line.number: int(line.mark[1:]) for line in found.lines if line.mark[1:].isdecimal()}
    return _with_first_heading(_named_by_headings(found), levels)


def _named_by_headings(found: Survey) -> Survey:
    """Count headings that are labels to the labels, not to the chapters."""
    lines = tuple(replace(x, heading=False) if i in found.labels else x for i, x in enumerate(found.lines))
    return replace(found, lines=lines)


def _with_first_heading(found: Survey, levels: dict[int, int]) -> Survey:
    """Count the heading above the first label to the transcript where later ones are of its level."""
    above = found.lines[found.first - 1] if found.first else None
    if above is None or not above.heading or furniture.TRANSCRIPT.fullmatch(above.text):
        return found
    later = {levels.get(line.number) for line in found.lines[found.first : found.end] if line.heading}
    return replace(found, first=found.first - 1) if levels[above.number] in later else found


FORMAT = Format("markdown", "Markdown with bold names", example_of(__doc__), fits, parse)
