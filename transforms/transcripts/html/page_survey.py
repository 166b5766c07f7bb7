"""The survey of a page: its labels, with what its elements say of their times, and its marked headings."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from transforms.transcripts.grammar.candidates import Core
from transforms.transcripts.html.html_blocks import HtmlBlock
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.headings import is_title
from transforms.transcripts.prose.lines import Labels, LineLabel, lone_time
from transforms.transcripts.prose.survey import Survey, survey


@dataclass(frozen=True)
class MarkedSurvey(Survey):
    """What a page tells of its labels that marks them up: it marks its headings, too."""

    @cached_property
    def headings(self) -> frozenset[int]:
        """No line is a heading only by where it stands."""
        return frozenset()


def page_survey(blocks: Sequence[HtmlBlock], forced: Core | None = None) -> Survey:
    """Find out who is named on a page in which form, and where the transcript begins and ends."""
    found = survey(blocks, forced)
    form = found.grammar.form if found.grammar else None
    if not found.labels or form is None:
        return found
    labels = {i: _with_time(label, i, blocks) for i, label in found.labels.items()}
    if not (form.core.mark or form.core.block not in ("", "p", "div", "body")):
        return replace(found, labels=labels)
    lines = tuple(_with_headings(blocks, labels))
    first = found.first if found.talk else _first(lines, labels)
    return MarkedSurvey(lines, found.family, labels, first, found.end, found.grammar, found.talk)


def _with_headings(blocks: Sequence[HtmlBlock], labels: Labels) -> Iterator[HtmlBlock]:
    """Take for a heading what is bold, alone, and right above a label; what is a label is none."""
    for i, block in enumerate(blocks):
        bold = any(x.mark == "strong" and not x.begin and x.end == len(block.text) for x in block.spans)
        heading = bold and i not in labels and i + 1 in labels and is_title(block.text)
        yield replace(block, heading=(block.heading or heading) and i not in labels)


def _with_time(label: LineLabel, index: int, blocks: Sequence[HtmlBlock]) -> LineLabel:
    """Take the time that the element of what is said states."""
    if label.start_time is not None:
        return label
    said = blocks[index + 1 : index + 2] if not label.rest else ()
    time = next((block.time for block in (blocks[index], *said) if block.time is not None), None)
    return label if time is None else replace(label, start_time=time)


def _first(lines: Sequence[HtmlBlock], labels: Labels) -> int:
    """Find where the transcript begins: at the first label behind the last heading that says so.

    The heading of the first chapter, or the time of the first label, may stand between.
    """
    order = sorted(labels)
    first, called = order[0], -1
    for index, line in enumerate(lines[: order[len(order) // 2]]):
        if furniture.TRANSCRIPT.fullmatch(line.text):
            first, called = order[bisect(order, index)], index
    above = lines[first - 1] if first else None
    if above is None:
        return first
    chapter = -1 < called < first - 1 and above.heading
    return first - 1 if chapter or lone_time(above.text) else first
