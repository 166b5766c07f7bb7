"""The template language: `**L:** R`, as a person writes it, read as the core of a grammar.

L stands for the label, T for the time, R for what is said, ⏎ for the end of the line, ⇥ for a tab, ␣ for a space
where two set a label off. A page's elements are in angle brackets: `<div.name> L⏎`, `<span.who>L</span.who> R`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from transforms.errors import SourceError
from transforms.transcripts.grammar.candidates import Candidate, Core, candidates
from transforms.transcripts.prose.lines import Line, Span
from transforms.transcripts.prose.marks import marked_lines

# In capitals, since a stop can only end such a label: `ANN LEE. Why?`; a bracket one of a letter: `Q) Why?`
_LABELS = ("ANN LEE", "Q")
_EXAMPLES = {"T": "00:12", "R": "Why does a record turn?"}
_HOLDER = re.compile(r"(?<![^\W\d_])[LTR](?![^\W\d_])")
_SHOWN = str.maketrans({"⇥": "\t", "␣": " "})
_BLOCK = re.compile(r"<([a-z][^<>\s]*)>\s+")
_ELEMENT = re.compile(r"<([a-z][^<>\s]*)>(.*?)</\1>")


def parse_template(template: str) -> Core:
    """Read a template such as `**L:** R`, `[T] **L**: R` or `L (T)⏎`.

    Raises:
        SourceError: it has no label, or nothing sets the label off.
    """
    begin = re.split(r"⏎|\\n|\n", template, maxsplit=1)[0].translate(_SHOWN).strip()
    fitting = next(filter(None, (_fitting(begin, label) for label in _LABELS)), None)
    if not fitting:
        msg = (
            f"--grammar {template!r} does not say how a label is set off: write L for it, T for a time, "
            "R for what is said and ⏎ for the end of the line, as in '**L:** R', '[T] L: R' or 'L (T)⏎'"
        )
        raise SourceError(msg)
    return fitting[0].form.core


def _fitting(begin: str, label: str) -> list[Candidate]:
    """Return the ways to read a line of the template that find the label and the words in it."""
    holders = set(_HOLDER.findall(begin))
    if "L" not in holders:
        return []
    examples = {**_EXAMPLES, "L": label}
    shown = _HOLDER.sub(lambda match: examples[match[0]], begin)
    said = examples["R"] if "R" in holders else ""
    return [one for one in candidates(_line(shown), 0) if one.raw == label and one.rest == said]


def _line(shown: str) -> Line:
    """Read the example as Markdown, and the elements of a page in it as the reader of pages does."""
    block = _BLOCK.match(shown)
    text = shown[block.end() :] if block else shown
    if element := _ELEMENT.search(text):
        span = Span(element.start(), element.start() + len(element[2]), element[1].replace("/", ">"))
        line = Line(1, text[: element.start()] + element[2] + text[element.end() :], spans=(span,))
    else:
        line = marked_lines([text])[0]
    return replace(line, mark=block[1].replace("/", ">")) if block else line
