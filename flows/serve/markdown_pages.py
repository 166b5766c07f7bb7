"""Pages in the Prefect UI: what strangers wrote stands there as words, never as a link, an image or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from transforms.text import visible

MOST_ROWS = 500  # of a table that a person reads
# All that CommonMark, its tables and links, HTML and what makes links of bare addresses go by.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>()#+!|&~:@^$\"'=]|\.(?=[^\W\d])")


def words(value: object) -> str:
    r"""Write a value as words in Markdown; `None` is nothing.

    >>> words("<b>[x](https://host.example)|\n")
    '&#60;b&#62;&#91;x&#93;&#40;https&#58;//host&#46;example&#41;&#124;␊'
    """
    return "" if value is None else _MARKUP.sub(lambda found: f"&#{ord(found[0])};", visible(str(value)))


def table(names: Sequence[str], rows: Sequence[Iterable[object]]) -> Iterator[str]:
    """Write a table line by line, as many rows as a person reads."""
    yield _row(names)
    yield f"|{'---|' * len(names)}"
    yield from map(_row, rows[:MOST_ROWS])
    if len(rows) > MOST_ROWS:
        yield f"\nand {len(rows) - MOST_ROWS} more"


def cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write a row of a table artifact, whose cells are shown as they are."""
    return {name: visible(cell) if isinstance(cell, str) else cell for name, cell in row.items()}


def _row(values: Iterable[object]) -> str:
    return f"| {' | '.join(map(words, values))} |"
