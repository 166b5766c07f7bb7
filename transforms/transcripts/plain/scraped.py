"""A scraped page: a header of keys, a line that says where the transcript begins, paragraphs.

Example:

    Why A Record Turns
    read summary →TITLE: Why a record turns CHANNEL: The Long Groove URL: https://youtu.be/abcdefghijk
    ---TRANSCRIPT---
    Why does a record turn?
    Because it is round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from transforms.transcripts.document import Draft, Format, Kind, Piece, Text, example_of
from transforms.transcripts.grammar.choose import SURE
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.headings import chapter_of
from transforms.transcripts.prose.lines import Line, numbered, tidy
from transforms.transcripts.prose.read import read_labelled
from transforms.transcripts.prose.shared_survey import declined
from transforms.transcripts.prose.survey import survey

LEAST_SPOKEN = 60  # characters of a paragraph that is surely said
_GAP = r"[^\S\n]*"  # a gap over empty lines would be looked for from each of them anew
_RULE = re.compile(
    rf"^{_GAP}[-=—*#]{{2,}}{_GAP}(?:FULL )?TRANSCRIPT{_GAP}[-=—*#]{{2,}}{_GAP}$", re.MULTILINE | re.IGNORECASE
)
_KEY = re.compile(
    r"(?<![\w:])(TITLE|CHANNEL|SHOW|PODCAST|URL|DATE|PUBLISHED|LANGUAGE|DURATION|VIDEO ID|AUTHOR|DESCRIPTION):\s*"
)


def fits(text: Text) -> bool:
    """Check for the ruled line, or a header with title and channel."""
    return _RULE.search(text.text[:20_000]) is not None or {"TITLE", "CHANNEL"} <= set(_KEY.findall(text.head))


def parse(text: Text) -> Draft:
    """Read header and body; a body that names its speakers is read as such."""
    rule = next((n for n, line in enumerate(text.lines, 1) if _RULE.match(line)), None)
    start = rule or max((n for n, line in enumerate(text.lines[:60], 1) if _KEY.search(line)), default=0)
    front = [piece for n, line in enumerate(text.lines[:start], 1) for piece in _header(n, tidy(line))]
    body = list(numbered(text.lines[start:], start + 1))
    found = survey(body, text.grammar)
    sure = found.grammar is not None and found.grammar.probability >= SURE
    if found.family is not None and (text.grammar or (sure and len(found.labels) >= 0.2 * len(found.lines))):
        draft = read_labelled(found)
        return replace(draft, pieces=(*front, *draft.pieces))
    return Draft((*front, *paragraphs(body)), "paragraph", grammar=declined(found))


def paragraphs(lines: list[Line]) -> Iterator[Piece]:
    """Take each line for a paragraph of nobody, up to where the page goes on without the transcript."""
    kept = [(line, text) for line in lines if (text := tidy(line.text))]
    tails = [furniture.begins_tail(text) for _, text in kept]
    long = (i for i, (_, text) in enumerate(kept) if len(text) > LEAST_SPOKEN and not tails[i])
    spoken = max(long, default=-1)
    begun = max((i + 1 for i, (_, text) in enumerate(kept[:3]) if furniture.is_about_transcript(text)), default=0)
    for i, (line, text) in enumerate(kept):
        reason = line.noise or ("behind the transcript" if i > spoken and tails[i] else None)
        if reason:
            yield Piece(line.number, "dropped", text, reason)
        elif i < begun:
            yield Piece(line.number, "metadata", text, "credit")
        else:
            yield _paragraph(line, text)


def _paragraph(line: Line, text: str) -> Piece:
    """Read a line that is shown as a chapter or as speech."""
    kind: Kind = "chapter" if line.heading else "speech"
    return chapter_of(replace(line, text=text), spoken=not line.heading) or Piece(line.number, kind, text)


def _header(number: int, line: str) -> Iterator[Piece]:
    """Split a line of the header at its keys; what stands before the first is the page's own."""
    parts = _KEY.split(line)
    if before := parts[0].strip(" -–—|"):
        if _RULE.match(line):
            yield Piece(number, "label", before)
        elif furniture.noise(before):
            yield Piece(number, "dropped", before, "share link")
        else:
            yield Piece(number, "metadata", before, "heading")
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        pair = furniture.key_value(f"{key.capitalize()}: {value}")
        yield Piece(number, "label", f"{key}:")
        yield Piece(number, "metadata", value.strip(), pair[0] if pair else key.lower())


FORMAT = Format("scraped", "a scraped page with TITLE: and CHANNEL:", example_of(__doc__), fits, parse)
