"""The survey of a plain text, made once for all the shapes that ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from transforms.transcripts.document import Draft, Text
from transforms.transcripts.grammar.choose import SURE, Grammar
from transforms.transcripts.prose.lines import Line, lone_time, time_first
from transforms.transcripts.prose.marks import marked_lines
from transforms.transcripts.prose.read import are_of_day, read_labelled
from transforms.transcripts.prose.survey import Survey, survey

LEAST_TIMED = 3
TIMED_SHARE = 0.4  # of the lines
ALONE_SHARE = 0.15  # of them, where each time has a line of its own


@lru_cache(maxsize=2)
def plain_lines(text: Text) -> tuple[Line, ...]:
    """Number the lines of a text from 1, the marks of Markdown taken away."""
    return marked_lines(text.lines)


@lru_cache(maxsize=2)
def survey_of(text: Text) -> Survey:
    """Find out who is named in which form."""
    return survey(plain_lines(text), text.grammar)


def declined(found: Survey) -> Grammar | None:
    """Return the grammar of a text that is read as one that names nobody."""
    return found.grammar and found.grammar.declined()


def shape_of(text: Text) -> str | None:
    """Name the shape of a text that names its speakers; `None` where nobody is named.

    In lines of which most have a time of their own, names must be sure: a row may begin with a word and a colon.
    Names in brackets are, but in a chat.
    """
    found = survey_of(text)
    unsure = text.grammar is None and (found.grammar is None or found.grammar.probability < SURE)
    return None if unsure and has_times(found.lines) and not _are_in_brackets(found) else shape(found)


def _are_in_brackets(found: Survey) -> bool:
    form = found.grammar.form if found.grammar else None
    return form is not None and form.core.bracket != "" and not are_of_day(found.lines, len(found.labels))


def has_times(lines: Sequence[Line]) -> bool:
    """Check for lines of which many begin with a time, or are one; times alone that rise have paragraphs below."""
    timed = sum(time_first(line.text) is not None for line in lines)
    alone = [stamp[0] for line in lines if (stamp := lone_time(line.text))]
    share = ALONE_SHARE if len(alone) == timed and alone == sorted(alone) else TIMED_SHARE
    return timed >= LEAST_TIMED and timed >= share * len(lines)


def shape(found: Survey) -> str | None:
    """Name the shape by where most labels stand and whether they carry times."""
    if found.family is None:
        return None
    alone = sum(not label.rest for label in found.labels.values())
    if alone * 2 > len(found.labels):
        return "blocks" if found.timed * 2 >= len(found.labels) else "post"
    return "stamped" if found.timed * 2 >= len(found.labels) else "labelled"


def parse_labelled(text: Text) -> Draft:
    """Read a text that names its speakers, in whatever form."""
    return read_labelled(survey_of(text))
