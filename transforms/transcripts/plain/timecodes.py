"""A stretch of time on a line of its own, the name below it, then the words: as Premiere and Resolve write text.

The last part of a time counts frames.

Example:

    [00:00:03:18 - 00:00:08:08]
    Ann Lee
     Why does a record turn?

    [00:00:08:10 - 00:00:15:22]
    Bob Ray
     Because it is round.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from transforms.errors import ContentError
from transforms.text import ends_sentence
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import Clock, Cue, Item, Row
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.grammar.looks import has_marks
from transforms.transcripts.labels.names import LONGEST_NAME, clean, is_nobody
from transforms.transcripts.prose.lines import times

_TIMECODE = r"\d{1,2}:\d\d:\d\d(?:[:;.,]\d{2,3})?"
_RANGE = re.compile(rf"[\[(]? ?({_TIMECODE}\s*(?:-|–|—|to)\s*{_TIMECODE}) ?[\])]?", re.ASCII)
NAMED_SHARE = 0.8  # of the blocks have a name above their words
FEW = 4  # names that need not come back


def fits(text: Text) -> bool:
    """Check for blocks below stretches of time, most of which have a name and words."""
    blocks = list(_blocks(text.lines))
    return bool(blocks) and _are_named(blocks)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    """Yield the place and text of each stretch, and the lines below it."""
    at, stretch = 0, ""
    below: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if match := _RANGE.fullmatch(line.strip()):
            if stretch:
                yield at, stretch, below
            at, stretch, below = number, match[1], []
        elif stretch and line.strip():
            below.append((number, " ".join(line.split())))
    if stretch:
        yield at, stretch, below


def _are_named(blocks: Sequence[tuple[int, str, list[tuple[int, str]]]]) -> bool:
    """Check whether most blocks begin with what may be a name, and most of these come back."""
    full = [below for _, _, below in blocks if below]
    heads = Counter(below[0][1] for below in full if len(below) > 1 and _is_name(below[0][1]))
    back = sum(count for count in heads.values() if count > 1) + sum(map(is_nobody, heads))
    few = len(heads) < FEW
    return bool(full) and heads.total() >= NAMED_SHARE * len(full) and (few or back * 2 >= heads.total())


def _is_name(text: str) -> bool:
    return len(text) <= LONGEST_NAME and not has_marks(text) and not ends_sentence(clean(text)[0])


def parse(text: Text) -> Draft:
    """Read the words of each block under the name that stands above them.

    Raises:
        ContentError: there is no such block.
    """
    clock = Clock()
    blocks = list(_blocks(text.lines))
    if not any(below for _, _, below in blocks):
        msg = "no transcript found: no line is a stretch of time such as 00:00:03:18 - 00:00:08:08"
        raise ContentError(msg)
    above = [
        Piece(number, "metadata", line.strip(), "header")
        for number, line in enumerate(text.lines[: blocks[0][0] - 1], start=1)
        if line.strip()
    ]
    items: list[Item] = [*above]
    named = _are_named(blocks)
    for at, stretch, below in blocks:
        voice = below[0][1] if named and len(below) > 1 and _is_name(below[0][1]) else None
        said = below[1:] if voice else below
        items.append(Piece(at, "label", f"{stretch} {voice or ''}".strip()))
        start, end = times(stretch)
        items.append(Cue(at, start, end, [Row(number, line, voice) for number, line in said]))
    return cue_draft(items, clock, grammar=text.grammar)


FORMAT = Format(
    "timecodes", "text of Premiere and Resolve, under times and names", example_of(__doc__), fits, parse
)
