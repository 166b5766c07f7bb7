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
from collections import Counter
from dataclasses import replace
from functools import lru_cache

from transforms.transcripts.document import Draft, Format, Text, example_of
from transforms.transcripts.names import clean, likeness
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.lines import Line, numbered
from transforms.transcripts.prose.read import read_labelled
from transforms.transcripts.prose.survey import Survey, survey

_BOLD_LABEL = re.compile(
    r"^\s*(?:[-*>]\s+)?(?:\\?\[[\d:.]+\\?\](?:\([^()\s]*\))?\s*)?(?:\*{1,2}|_{1,2})[^*_\n]{1,80}(?:\*{1,2}|_{1,2})",
    re.MULTILINE,
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+\S", re.MULTILINE)
_HEADING_MARKS = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_EMPHASIS = re.compile(r"(\*{1,3}|(?<!\w)_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~>|:<])")


def fits(text: Text) -> bool:
    """Check whether names stand in bold or in headings, twice at least."""
    if len(_BOLD_LABEL.findall(text.text)) < 2 and len(_HEADING.findall(text.text)) < 2:
        return False
    return _survey(text).family is not None


def parse(text: Text) -> Draft:
    """Read the text without its marks."""
    return read_labelled(_survey(text))


def plain(line: str) -> str:
    r"""Take the marks of Markdown away.

    >>> plain(r"**Ann:** \[01:10\] *so* [here](https://example.org)")
    'Ann: [01:10] so here'
    """
    if "](" in line:
        line = _LINK.sub(lambda match: _shown(match[1]), line)
    if "\\" in line:
        line = _ESCAPE.sub(lambda match: match[1], line)
    if "*" in line or "_" in line:
        for _ in range(2):
            line = _EMPHASIS.sub(r"\2", line)
    return re.sub(r"^\s{0,3}>\s?", "", line)


def _shown(label: str) -> str:
    """Keep a link's text; one that is a time keeps its brackets."""
    bare = label.strip("\\()[] ")
    return f"[{bare}]" if re.fullmatch(r"[\d:.]+", bare) else label


@lru_cache(maxsize=2)
def _survey(text: Text) -> Survey:
    lines, levels = [], {}
    for line in numbered(text.lines):
        heading = _HEADING_MARKS.match(line.text)
        if heading:
            levels[line.number] = len(heading[1])
        shown = plain(heading[2] if heading else line.text)
        lines.append(Line(line.number, shown, heading is not None, None, line.gap))
    return _with_first_heading(survey(_headings_that_name(lines, levels)), levels)


def _with_first_heading(found: Survey, levels: dict[int, int]) -> Survey:
    """Count the heading above the first label to the transcript where later ones are of its level."""
    above = found.lines[found.first - 1] if found.first else None
    if above is None or not above.heading or furniture.TRANSCRIPT.fullmatch(above.text):
        return found
    later = {levels.get(line.number) for line in found.lines[found.first : found.end] if line.heading}
    return replace(found, first=found.first - 1) if levels[above.number] in later else found


def _headings_that_name(lines: list[Line], levels: dict[int, int]) -> list[Line]:
    """Take a heading that comes again and again for a label, and with it all of its level if they may be names."""
    counts = Counter(line.text for line in lines if line.heading)
    mine = Counter(levels[line.number] for line in lines if line.heading and counts[line.text] > 1)
    level = max(mine, key=mine.__getitem__, default=0)
    once = [x for x in lines if x.heading and counts[x.text] == 1 and levels[x.number] == level]
    named = {x.number for x in once} if all(likeness(clean(x.text)[0]) for x in once) else set()
    return [
        replace(x, heading=False) if x.heading and (counts[x.text] > 1 or x.number in named) else x for x in lines
    ]


FORMAT = Format("markdown", "Markdown with bold names", example_of(__doc__), fits, parse)
