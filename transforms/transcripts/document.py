"""The hub: what every parser of published text hands over, and what becomes of it.

A parser turns a `Text` into a `Draft`: the pieces of the input in their order, each with its kind. Nothing is
left out: what is no speech is a chapter, an event, a section, metadata, or dropped with a reason. `assemble` makes
turns of the pieces, the same way for all formats.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from transforms.records import Seconds, TranscriptSource, Word
from transforms.transcripts.grammar.candidates import Core
from transforms.transcripts.grammar.choose import Grammar

Kind = Literal["speech", "label", "chapter", "event", "section", "metadata", "dropped"]
# Why something is dropped that nobody said: how captions look, what they show twice, what a program writes beside.
NO_SPEECH = frozenset(
    ("style", "region", "repeated by the rolling captions", "frequencies", "control of the meeting", "translation")
)
Boundary = Literal["sentence", "cue", "paragraph"]

AS_PARAGRAPHS = "try `turntable import --format paragraphs`"  # advice: it takes every text


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the input; the pieces of a line hold all of its words.

    - `speech`: words of `speaker` as the text names it (`None`: nobody is named). Pieces of one speaker in a row
      are one turn; `opens` says that a name stands right before it. `words` are its words one by one, where
      the format gives their times.
    - `label`: what stands in front of speech: the name, the time, the number of the cue.
    - `chapter`: a heading; `text` is its title.
    - `event`: heard, but no words: `[laughter]`.
    - `section`: text of a summary page; `name` is its heading, `text` what it says, without the heading.
    - `metadata`: kept beside the turns; `name` says what it is, such as `title`.
    - `dropped`: `name` is the reason.

    What is dropped for one of the reasons in `NO_SPEECH` never was speech: it does not count as lost.

    `line` is its line in the input, from 1; for JSON the place of its segment in the list, from 1.
    """

    line: int
    kind: Kind
    text: str
    name: str | None = None
    speaker: str | None = None
    opens: bool = False
    start_time: Seconds | None = None
    end_time: Seconds | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a parser read. `boundary` says what one row is where nobody is named.

    Metadata that the warehouse knows: `title`, `show`, `url`, `language` (BCP 47), `published` (ISO 8601), `model`
    (that recognised the words). `grammar` is how a text for the eye marks who speaks, `None` for other formats.
    """

    pieces: tuple[Piece, ...]
    boundary: Boundary
    source: TranscriptSource = "publisher"
    flags: tuple[str, ...] = ()
    grammar: Grammar | None = None


@dataclass(frozen=True)
class Text:
    """A document as text: NFC, lines ended by a line feed; `media_type` is what a server called it.

    `flags` says what is odd about its bytes. `grammar` is how it marks who speaks, if the user says so; `None`
    leaves that to the document.
    """

    text: str
    media_type: str | None = None
    flags: tuple[str, ...] = ()
    grammar: Core | None = None

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends; the number of the first is 1."""
        return tuple(self.text.split("\n"))

    @cached_property
    def head(self) -> str:
        """The first 4,000 characters without the white space before them, for a quick look."""
        return self.text[:8_000].lstrip()[:4_000]

    @cached_property
    def json(self) -> Any:
        """The document as JSON, a list of its lines where each is an object, or `None` where it is none."""
        if not self.head.startswith(("{", "[")):
            return None
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            pass
        try:
            return [json.loads(line) for line in self.lines if line.strip()] if self._are_objects else None
        except (ValueError, RecursionError):
            return None

    @property
    def _are_objects(self) -> bool:
        first, second, *_ = (*self.head.split("\n", 2), "")
        return all(line.startswith("{") and line.rstrip().endswith("}") for line in (first, second))


@dataclass(frozen=True, slots=True)
class Format:
    """A shape of published text: how it is called, known and read.

    `fits` looks only as far as it must; `parse` reads a text that fits, or that the user says is of this format.
    It raises `ContentError` where it cannot.
    """

    name: str
    about: str
    example: str
    fits: Callable[[Text], bool]
    parse: Callable[[Text], Draft]


def example_of(docstring: str | None) -> str:
    r"""Take the indented block behind `Example:` from a module's docstring.

    >>> example_of("A format.\n\nExample:\n\n    00:01 Hello.\n    00:02 Bye.\n\nMore.")
    '00:01 Hello.\n00:02 Bye.'
    """
    block = (docstring or "").partition("Example:\n\n")[2]
    lines = []
    for line in block.split("\n"):
        if line and not line.startswith("    "):
            break
        lines.append(line[4:])
    return "\n".join(lines).strip("\n")
