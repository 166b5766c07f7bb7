"""Paragraphs of nobody, under a heading that says that they are the transcript.

Example:

    Why a record turns
    Transcript
    Why does a record turn? I have asked myself that for years.
    It turns because it is round, and because it can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from transforms.transcripts.document import Draft, Format, Text, example_of
from transforms.transcripts.plain.scraped import paragraphs
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.headings import chapter_of
from transforms.transcripts.prose.lines import Line, tidy, time_first
from transforms.transcripts.prose.questions import asks, is_dashed, is_set_off
from transforms.transcripts.prose.read import front_matter
from transforms.transcripts.prose.shared_survey import declined, plain_lines, survey_of
from transforms.transcripts.prose.survey import WORDS_OF_TALK

LEAST_ASKED = 3
FEWEST_DASHES, DASHED_SHARE = 6, 0.9  # of the paragraphs: between those of a novel somebody tells
FEWEST_PARTS = 3  # under headings with times
WORDS_OF_PART = 25
TOLD_SHARE = 0.7  # of the parts have so many words


def fits(text: Text) -> bool:
    """Check for a text with such a heading and a paragraph below it, questions in bold, or headings with times."""
    lines = plain_lines(text)
    return fit_lines(lines) or asked_in_bold(lines) or bool(timed_parts(lines)) or in_dashes(lines)


def fit_lines(lines: Sequence[Line]) -> bool:
    """Check for lines with such a heading and a paragraph below it."""
    start = _start(lines)
    return start > 0 and any(len(line.text.split()) >= 8 and not line.noise for line in lines[start:])


def asked_in_bold(lines: Sequence[Line]) -> bool:
    """Check for an interview whose questions stand in bold, and nobody is named."""
    whole = list(map(is_set_off, lines))
    asked = sum(bold and asks(line) for bold, line in zip(whole, lines, strict=True))
    return asked >= LEAST_ASKED and asked * 2 >= sum(whole)


def in_dashes(lines: Sequence[Line]) -> bool:
    """Check for an interview of which each paragraph begins with a dash, and nobody is named."""
    said = [line for line in lines if tidy(line.text) and not (line.heading or line.noise)]
    dashed = sum(map(is_dashed, said))
    asked = sum(asks(line) for line in said)
    return len(said) >= FEWEST_DASHES and dashed >= DASHED_SHARE * len(said) and asked >= LEAST_ASKED


def parse(text: Text) -> Draft:
    """Read each line below the heading as a paragraph; without one, each line of the text."""
    return replace(parse_lines(plain_lines(text)), grammar=declined(survey_of(text)))


def parse_lines(lines: Sequence[Line]) -> Draft:
    """Read each line below the heading as a paragraph; without one, each line."""
    start = _start(lines)
    if not start and asked_in_bold(lines):
        start = _first_question(lines)
    elif not start and (parts := timed_parts(lines)):
        start = parts[0] if _are_few(lines[: parts[0]]) else _title(lines)
    front = [replace(x, text=text) for x in lines[:start] if (text := tidy(x.text))]
    return Draft((*front_matter(front), *paragraphs(list(lines[start:]))), "paragraph")


def _first_question(lines: Sequence[Line]) -> int:
    """Return the place of the first question in bold, if only a title and a short introduction stand above it."""
    first = next(i for i, line in enumerate(lines) if is_set_off(line) and asks(line))
    return first if _are_few(lines[:first]) else _title(lines)


def _are_few(lines: Sequence[Line]) -> bool:
    """Check for a title and a short introduction at most."""
    return sum(map(_words, lines)) < WORDS_OF_TALK


def _words(line: Line) -> int:
    return max(len(line.text.split()), len(line.text) // 12)


def _title(lines: Sequence[Line]) -> int:
    return next((i + 1 for i, line in enumerate(lines[:3]) if line.heading), 0)


def timed_parts(lines: Sequence[Line]) -> list[int]:
    """Find headings with rising times, most with paragraphs below; none where only a list is given."""
    chapters = ((i, chapter_of(line, spoken=True)) for i, line in enumerate(lines))
    timed = {i: chapter.start_time for i, chapter in chapters if chapter and chapter.start_time is not None}
    stamped = sum(time_first(line.text) is not None for line in lines)
    if not FEWEST_PARTS <= len(timed) >= stamped or any(a >= b for a, b in pairwise(timed.values())):
        return []
    order = [*timed, len(lines)]
    told = sum(sum(map(_words, lines[i + 1 : end])) >= WORDS_OF_PART for i, end in pairwise(order))
    return list(timed) if told >= TOLD_SHARE * len(timed) else []


def _start(lines: Sequence[Line]) -> int:
    """Return the place behind the last such heading, 0 without one."""
    found = [
        i + 1 for i, line in enumerate(lines) if not line.noise and furniture.TRANSCRIPT.fullmatch(tidy(line.text))
    ]
    return found[-1] if found else 0


FORMAT = Format("paragraphs", "paragraphs under the heading Transcript", example_of(__doc__), fits, parse)
