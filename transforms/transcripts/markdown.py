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

from transforms.transcripts.document import Draft, Format, Text, example_of
from transforms.transcripts.lines import Line
from transforms.transcripts.prose import Survey, read_labelled, survey

_BOLD_LABEL = re.compile(
    r"^\s*(?:[-*>]\s+)?(?:\\?\[[\d:.]+\\?\]\s*)?(?:\*\*|__)[^*_\n]{1,80}(?:\*\*|__)", re.MULTILINE
)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+\S", re.MULTILINE)
_HEADING_MARKS = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_EMPHASIS = re.compile(r"(\*{1,3}|(?<!\w)_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~>|:<])")


def fits(text: Text) -> bool:
    """Tell whether names stand in bold or in headings, twice at least."""
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
    line = _LINK.sub(lambda match: _shown(match[1]), line)
    line = _ESCAPE.sub(lambda match: match[1], line)
    for _ in range(2):
        line = _EMPHASIS.sub(r"\2", line)
    return re.sub(r"^\s{0,3}>\s?", "", line)


def _shown(label: str) -> str:
    """Keep a link's text; one that is a time keeps its brackets."""
    bare = label.strip("\\()[] ")
    return f"[{bare}]" if re.fullmatch(r"[\d:.]+", bare) else label


def _survey(text: Text) -> Survey:
    lines = []
    for number, line in enumerate(text.lines, 1):
        heading = _HEADING_MARKS.match(line)
        lines.append(Line(number, plain(heading[2] if heading else line), heading=heading is not None))
    return survey(_headings_that_name(lines))


def _headings_that_name(lines: list[Line]) -> list[Line]:
    """Take a heading that comes again and again for a label: a chapter has its title once."""
    counts: dict[str, int] = {}
    for line in lines:
        if line.heading:
            counts[line.text] = counts.get(line.text, 0) + 1
    return [Line(x.number, x.text, x.heading and counts[x.text] < 2) for x in lines]


FORMAT = Format("markdown", "Markdown with bold names", example_of(__doc__), fits, parse)
