"""What the JSON of speech services shares: words and marks in a list, utterances with words, channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from transforms.errors import ContentError
from transforms.records import Seconds
from transforms.transcripts.captions.cue_speakers import glue, is_unspaced
from transforms.transcripts.captions.cues import Chunk, Clock
from transforms.transcripts.document import Draft, Piece
from transforms.transcripts.shared import json_text

MILLISECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Item:
    """A word or a mark, who says it, and its place in the list from 1.

    `to_last` and `to_next`: no space stands between it and what comes before or behind.
    """

    line: int
    chunk: Chunk
    speaker: str | None
    to_last: bool = False
    to_next: bool = False


def first(value: object) -> dict[str, Any]:
    """Return the first object of a list, an empty one where there is none."""
    found = json_text.first_objects(value, 1)
    return found[0] if found else {}


def inner(value: object, *names: str) -> dict[str, Any]:
    """Return the object at a path of objects, an empty one where there is none.

    >>> inner({"a": {"b": {"c": 1}}}, "a", "b"), inner({"a": 3}, "a", "b")
    ({'c': 1}, {})
    """
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def spoken(items: Iterable[Item]) -> list[json_text.Spoken]:
    """Make words of items: a mark goes with the word that it is attached to, and has that word's speaker."""
    groups: list[list[Item]] = []
    for item in items:
        if groups and (item.to_last or groups[-1][-1].to_next):
            groups[-1].append(item)
        else:
            groups.append([item])
    return [one for group in groups for one in _one(group)]


def _one(group: Sequence[Item]) -> list[json_text.Spoken]:
    said = [item for item in group if any(c.isalnum() for c in item.chunk.text)] or list(group)
    start = next((item.chunk.start_time for item in said if item.chunk.start_time is not None), None)
    end = next((item.chunk.end_time for item in reversed(said) if item.chunk.end_time is not None), None)
    chances = [item.chunk.probability for item in said if item.chunk.probability is not None]
    text = "".join(item.chunk.text.strip() for item in group)
    words = glue([Chunk(text, start, end, min(chances) if chances else None)])
    return [json_text.Spoken(group[0].line, said[0].speaker, word) for word in words]


def draft(
    channels: Sequence[Sequence[Item]],
    clock: Clock,
    *,
    about: Iterable[Piece] = (),
    beside: Iterable[Piece] = (),
    language: str | None = None,
) -> Draft:
    """Make a draft of what was said on each channel; `beside` are pieces of one channel that are no speech."""
    pieces: list[Piece] = []
    flags = set(clock.flags)
    for items in channels:
        own = Clock()  # each channel begins at zero again
        pieces += json_text.join(spoken(items), own, language)
        flags |= own.flags
    boundary = json_text.boundary_of(pieces)
    if len([items for items in channels if items]) > 1:
        pieces = in_time([*pieces, *beside])
    else:
        pieces = sorted([*pieces, *beside], key=lambda piece: piece.line)
    return Draft((*about, *pieces), boundary, "asr", tuple(sorted(flags)))


def in_time(pieces: Iterable[Piece]) -> list[Piece]:
    """Put what several people say at once in the order of its times; what has none stays in its place."""
    timed: list[tuple[Seconds, Piece]] = []
    last = 0.0
    for piece in pieces:
        last = last if piece.start_time is None else piece.start_time
        timed.append((last, piece))
    return [piece for _, piece in sorted(timed, key=lambda pair: pair[0])]


def utterance(
    line: int,
    speaker: str | None,
    text: str,
    span: tuple[Seconds | None, Seconds | None],
    chunks: Sequence[Chunk] = (),
    language: str | None = None,
) -> Piece:
    """Make a piece of what somebody says at once; its words are kept where they are those of the text."""
    words = json_text.words_of(chunks, language)
    words = words if json_text.matches(words, text) else ()
    if words:
        text = json_text.text_of(words, language)
        first_start, last_end = json_text.span_of(words)
        span = (first_start if span[0] is None else span[0], last_end if span[1] is None else span[1])
    return Piece(line, "speech", text, None, speaker, speaker is not None, *span, words)


def number_of_channel(value: object, channels: int) -> str | None:
    """Name a channel where there are several."""
    return f"Channel {json_text.string(value)}" if channels > 1 and json_text.string(value) else None


def text_alone(service: str, *texts: object) -> list[Piece]:
    """Return the text of a document without words.

    Raises:
        ContentError: there is none.
    """
    pieces = [Piece(1, "speech", text) for value in texts if (text := json_text.string(value))]
    if not pieces:
        msg = f"no transcript found: the {service} JSON has no words and no text"
        raise ContentError(msg)
    return pieces


def with_text(read: Draft, service: str, *texts: object) -> Draft:
    """Return the draft, or where nobody says anything in it the text that stands beside.

    Raises:
        ContentError: there is no text either.
    """
    if any(piece.kind == "speech" for piece in read.pieces):
        return read
    return replace(read, pieces=(*read.pieces, *text_alone(service, *texts)), boundary="paragraph")


def goes_on(text: str) -> bool:
    """Check whether a word without a space before it continues the last one: not in scripts without spaces."""
    return not is_unspaced(text)
