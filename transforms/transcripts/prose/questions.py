"""Questions of somebody who is not named: lines that are set off as a whole, in bold or behind a dash."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.text import CLOSING_MARKS, QUESTION_MARKS
from transforms.transcripts.labels.names import fold
from transforms.transcripts.prose.lines import Labels, Line

FEWEST_ASKED = 2  # questions of nobody between the turns of others
_WEIGHTS = ("strong", "em", "strong em", "em strong")
_DASHED = re.compile(r"\s*[―—–]{1,2}\s?[^\s―—–-]")


def asked_by_nobody(lines: Sequence[Line], labels: Labels, first: int, end: int) -> frozenset[int]:
    """Find the lines between labels that are set off as a whole, most of which ask: `**And then?**`, `――いつ？`.

    Where two or more are named, such lines head the parts of what they say.
    """
    if len({fold(label.name) for label in labels.values()}) > 1:
        return frozenset()
    inside = [i for i in range(first, end) if i not in labels and not lines[i].noise]
    for is_apart, is_asked in ((is_set_off, asks), (is_dashed, asks), (is_dashed, _is_dashed_twice)):
        found = [i for i in inside if is_apart(lines[i])]
        asked = sum(is_asked(lines[i]) for i in found)
        if asked >= FEWEST_ASKED and asked * 2 >= len(found):
            return frozenset(found)
    return frozenset()


def asks(line: Line) -> bool:
    """Check for a line that ends with a question mark, quoted or not."""
    return line.text.rstrip(CLOSING_MARKS + " ").endswith(QUESTION_MARKS)


def _is_dashed_twice(line: Line) -> bool:
    """Check for `――いつですか。`: so Japanese prints a question, whatever ends it."""
    return line.text.lstrip().startswith(("――", "——"))


def is_set_off(line: Line) -> bool:
    """Check for a line that is bold or in italics as a whole."""
    return any(x.mark in _WEIGHTS and not x.begin and x.end >= len(line.text.rstrip()) for x in line.spans)


def is_dashed(line: Line) -> bool:
    """Check for a paragraph behind a dash: `— Et après ?`."""
    return _DASHED.match(line.text) is not None
