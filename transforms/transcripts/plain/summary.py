"""A page that sums an episode up: key takeaways, a table of contents, sections under headings. No transcript.

Example:

    Why a record turns
    Key takeaways
    A record turns because it is round.
    Table of contents
    • The shape • The motor
    The shape
    The talk begins with the shape of a record, which is round, and why that is so.
    The motor
    It then goes on to the motor, which turns, and how that is done.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.lines import tidy

_TAKEAWAYS = re.compile(r"(?:key )?(?:takeaways|points|insights|ideas|learnings)|tl;?dr:?", re.IGNORECASE)
_CONTENTS = re.compile(
    r"(?:table of )?contents|outline|topics|in this (?:summary|episode|article|post)|what[’']s (?:inside|covered)",
    re.IGNORECASE,
)
_PROMOTION = re.compile(
    r".*\b(?:available (?:now )?(?:in|on) the|app store|play store|subscribe to|get (?:instant )?notif|"
    r"download here|discover more|in the app|sign up)\b.*",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[•*-]|\d+[.)]")


def fits(text: Text) -> bool:
    """Check for a page with key takeaways and a table of contents."""
    lines = [tidy(line).rstrip(":") for line in text.lines]
    return any(map(_TAKEAWAYS.fullmatch, lines)) and any(map(_CONTENTS.fullmatch, lines))


def parse(text: Text) -> Draft:
    """Read title, takeaways, contents and sections."""
    lines = [(n, shown) for n, line in enumerate(text.lines, 1) if (shown := tidy(line))]
    contents: list[str] = []
    return Draft(tuple(_pieces(lines, contents)), "paragraph")


def _pieces(lines: list[tuple[int, str]], contents: list[str]) -> Iterator[Piece]:
    part, heading, titled = "front", "", False
    body: list[tuple[int, str]] = []
    for number, line in lines:
        if _PROMOTION.fullmatch(line) or furniture.noise(line):
            yield Piece(number, "dropped", line, "promotion")
        elif named := _part(line):
            part, heading = named, line.rstrip(":")
            yield Piece(number, "label", line)
        elif part == "front":
            yield Piece(number, "metadata", line, "description" if titled else "title")
            titled = True
        elif part == "takeaways":
            yield Piece(number, "section", line.lstrip("•- "), heading)
        elif part == "contents" and _ITEM.match(line):
            glued = yield from _content(number, line, heading, contents)
            part, heading = ("section", glued) if glued else (part, heading)
        elif line in contents or (part == "section" and _is_heading(line)):
            yield from _section(heading, body)
            part, heading = "section", line
            yield Piece(number, "label", line)
        else:
            part = "section"
            body.append((number, line))
    yield from _section(heading, body)


def _content(number: int, line: str, heading: str, contents: list[str]) -> Generator[Piece, None, str]:
    """Take a line of the contents; returns the heading that is stuck to it, empty without one."""
    items, glued = _items(line)
    contents.extend(items)
    yield Piece(number, "section", line.removesuffix(glued) if glued else line, heading)
    if glued:
        yield Piece(number, "label", glued)
    return glued


def _part(line: str) -> str | None:
    bare = line.rstrip(":")
    if _TAKEAWAYS.fullmatch(bare):
        return "takeaways"
    return "contents" if _CONTENTS.fullmatch(bare) else None


def _items(line: str) -> tuple[list[str], str]:
    """Split the contents; the first heading may be stuck to the last of them.

    >>> _items("• The shape • The motorThe shape")
    (['The shape', 'The motor'], 'The shape')
    """
    items = [item.strip() for item in re.split(r"[•·]|(?:^|\s)[-*]\s|\d+[.)]\s", line) if item.strip()]
    first = items[0]
    if len(items) > 1 and items[-1].endswith(first) and items[-1] != first:
        return [*items[:-1], items[-1].removesuffix(first)], first
    return items, ""


def _is_heading(line: str) -> bool:
    return len(line.split()) <= 12 and line[-1] not in ".!?:;,…"


def _section(heading: str, body: list[tuple[int, str]]) -> Iterator[Piece]:
    """Yield a section with its text, and clear the text."""
    if body:
        yield Piece(body[0][0], "section", "\n".join(line for _, line in body), heading or None)
        body.clear()


FORMAT = Format("summary", "a page that sums an episode up", example_of(__doc__), fits, parse)
