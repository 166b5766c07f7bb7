"""A made-up document and its truth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """What somebody says at once: `speaker` is `None` where the document names nobody, `start_time` in seconds."""

    speaker: str | None
    text: str
    start_time: float | None


@dataclass(frozen=True)
class Document:
    """A document and what is said in it.

    template  the form of its turns; hold out by this, never by document
    kind      "txt", "md", "html", "docx", "vtt", "srt"
    said      in order; () for what is no transcript
    chapters  titles and their times in seconds
    title     `None` where the document has none, or where it is not to be judged
    odd       what in it is a trap
    written   every form in which labels write a person → the name in `said`
    optional  texts that may be read as speech or not: notes, lines of links
    parts     what the template is made of, to count failures by; `form` is the same in plain text and Markdown:
              hold out by it where one kind should say nothing about another
    """

    name: str
    template: str
    kind: str
    data: bytes
    said: tuple[Said, ...]
    chapters: tuple[tuple[str, float | None], ...] = ()
    title: str | None = None
    odd: frozenset[str] = frozenset()
    written: tuple[tuple[str, str], ...] = ()
    optional: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
