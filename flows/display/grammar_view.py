"""How a text is read, at a glance: the grammar and its runner-up, then a line for each block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from flows.display.terminal import clock, print_fields, print_list
from transforms.text import counted, percent
from warehouse.answers.table import Table

if TYPE_CHECKING:
    from flows.published.explanation import Block, Explanation, GrammarFound

MOST_DOUBTED = 8  # labels that are named
NOBODY = "(nobody)"
OWN_FORM = "none needed: the format has a form of its own"


def print_explanation(told: Explanation, *, is_first: bool) -> None:
    """Print how a text is read, behind an empty line where another stands above."""
    if not is_first:
        print()
    print_fields(summary(told))
    print()
    print_list(blocks(told), "(no text)", most=1)


def summary(told: Explanation) -> Table:
    """Show the grammar, the runner-up, the doubted labels and the flags of a text, by name."""
    rows = [("text", told.source), ("format", f"{told.format}, {told.parse_coverage:.1%} of the words kept")]
    rows += _grammar(told.grammar) if told.grammar else [("grammar", OWN_FORM)]
    if told.parse_confidence is not None and told.grammar and told.grammar.template:
        rows.append(("confidence", f"{percent(told.parse_confidence)} sure who speaks"))
    if told.flags:
        rows.append(("flags", ", ".join(told.flags)))
    return Table(("", ""), rows)


def _grammar(found: GrammarFound) -> Iterator[tuple[str, str]]:
    sure = percent(found.probability)
    if found.template is None:
        yield "grammar", f"none ({sure}): nobody is named"
    else:
        said = f"as you say, {sure} by itself" if found.is_given else sure
        labels, people = counted(found.labels, "label"), counted(found.people, "speaker")
        yield "grammar", f"{found.template} ({said}): {labels} of {people} on {counted(found.lines, 'line')}"
    if found.runner_up:
        yield "runner-up", f"{found.runner_up} ({percent(found.next_probability)})"
    if found.doubted:
        named = [f"{label} {count}" for label, count in list(found.doubted.items())[:MOST_DOUBTED]]
        more = [f"{len(found.doubted) - MOST_DOUBTED} more"] if len(found.doubted) > MOST_DOUBTED else []
        yield "doubted", ", ".join([*named, *more])


def blocks(told: Explanation) -> Table:
    """Show a line for each block: a label and what it opens are one, and what nobody opens goes on."""
    rows = list(_rows(told.blocks))
    timed = any(row[3] for row in rows)
    names = ("line", "became", "of", *(("time",) if timed else ()), "text")
    return Table(names, [row if timed else (*row[:3], row[4]) for row in rows])


def _rows(pieces: Sequence[Block]) -> Iterator[tuple[int, str, str, str, str]]:
    label: Block | None = None
    before: str | None = None
    for piece in pieces:
        if piece.became == "turn":
            goes_on = label is None and bool(piece.of) and piece.of == before
            line, who = (label or piece).line, "" if goes_on else piece.of or NOBODY
            yield line, "goes on" if goes_on else "turn", who, clock(piece.start_time), piece.text
            label, before = None, piece.of
        elif not (label and (piece.became, piece.of) == ("metadata", "time")):
            yield from _alone(label)
            label = piece if piece.became == "label" else None
            yield from _alone(piece) if label is None else ()
    yield from _alone(label)


def _alone(piece: Block | None) -> Iterable[tuple[int, str, str, str, str]]:
    """Show a piece as it is."""
    if piece is None:
        return ()
    return ((piece.line, piece.became, piece.of, clock(piece.start_time), piece.text),)
