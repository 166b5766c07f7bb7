"""How a table fits a screen: columns where there is room, else text under text, else one field a line.

Nothing is cut in the middle of a word that fits a line; widths are counted in cells, of which CJK and emoji take
two. A pipe has no width: each row is one line, and whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, chop_cells

from transforms.text import visible
from warehouse.answers.table import Table

GAP = "  "
RIGID = 12  # cells: columns up to this width keep it, as ids, dates and states do
BESIDE = 24  # cells that a text wants, to stand beside another one
LEAST = 16  # cells in which words can be read
MOST_PADDED = 100  # cells: a title of thousands would make each line of a pipe as long
EXCERPT = 73  # words and spaces, as search.sql cuts what it finds

# Between the characters of Chinese and Japanese a line may end, but not before what closes.
_IDEOGRAPH = "\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff65"
_CLOSING = "、。，．！？：；」』）】〉》ー…"
_WORD = re.compile(rf"\s+|[{_IDEOGRAPH}][{_CLOSING}]*|[^\s{_IDEOGRAPH}]+")
_PIECE = re.compile(rf"[^\s/{_IDEOGRAPH}]*/+|{_WORD.pattern}")  # an address may end a line after a slash


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as text: its names and cells, each with what stands under each other; numbers go to the right."""

    names: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    is_number: bool = False

    @property
    def width(self) -> int:
        return max(cell_len(text) for lines in (self.names, *self.cells) for text in lines)

    @property
    def is_text(self) -> bool:
        return not self.is_number and self.width > RIGID


Drawn = tuple[list[str], list[str]]  # the lines of the header, and those of the rows


def draw(table: Table, width: int | None, most: int | None = None) -> Drawn:
    """Return the lines of a table.

    `width` is in cells, `None` where there is no limit. `most` lines of a text are shown in a list, which puts its
    texts under each other before it gives up columns; `None` shows all.
    """
    columns = [_column(table, n) for n in range(len(table.columns))]
    if width is None:
        return _whole(columns)
    if _total(columns) <= width:
        return _grid(columns, [column.width for column in columns], None)
    if widths := _beside(columns, width, BESIDE if most else LEAST):
        return _grid(columns, widths, most)
    stacked = _stacked(columns) if most else columns
    if widths := _beside(stacked, width, LEAST):
        return _grid(stacked, widths, most)
    return _cards(columns, width, most)


def wrap(text: str, width: int, most: int | None = None, *, whole: bool = False) -> list[str]:
    """Break a text into lines at words; `most` of them, with an ellipsis where that is not all.

    A word that is wider than a line is broken, but for `whole`: an address that is to be copied is not.

    >>> wrap("why a record turns", 9), wrap("why a record turns", 9, 1), wrap("レコードは回る。", 6)
    (['why a', 'record', 'turns'], ['why a…'], ['レコー', 'ドは回', 'る。'])
    """
    lines, line, used = list[str](), "", 0
    for piece in (_WORD if whole else _PIECE).findall(text):
        took = cell_len(piece)
        if used + took > width:
            if line:
                lines.append(line.rstrip())
            *full, line = [""] if piece.isspace() else [piece] if whole else chop_cells(piece, width)
            lines += full
            used = cell_len(line)
        else:
            line, used = line + piece, used + took
    lines.append(line.rstrip())
    return lines if most is None or len(lines) <= most else [*lines[: most - 1], _ended(lines[most - 1], width)]


def excerpt(text: str, *, end: bool = False) -> str:
    """Cut a text to its beginning, or its `end`, as long as a search shows what it finds.

    >>> excerpt("a short turn"), len(excerpt("long " * 500)), excerpt("so it ends " * 500, end=True)[:7]
    ('a short turn', 185, '…so it ')
    """
    pieces = _WORD.findall(text)
    if len(pieces) <= EXCERPT:
        return text
    cut = "".join(pieces[-EXCERPT:] if end else pieces[:EXCERPT]).strip()
    return f"…{cut}" if end else f"{cut}…"


def _ended(line: str, width: int) -> str:
    """End a line with an ellipsis, at a word if there is more than one."""
    while cell_len(line) >= width:
        before = line.rpartition(" ")[0]
        line = before or chop_cells(line, width - 1)[0]
    return f"{line}…"


def _column(table: Table, n: int) -> _Column:
    values = [row[n] for row in table.rows]
    numbers = any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return _Column((visible(table.columns[n]),), tuple((visible(_cell(value)),) for value in values), numbers)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _total(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + len(GAP) * (len(columns) - 1)


def _beside(columns: Sequence[_Column], width: int, least: int) -> list[int]:
    """Return the widths of columns beside each other, where each text gets its `least` or all; else nothing."""
    texts = sorted((column.width, n) for n, column in enumerate(columns) if column.is_text)
    widths = [column.width for column in columns]
    room = width - _total(columns) + sum(natural for natural, _ in texts)
    for left, (natural, n) in zip(range(len(texts), 0, -1), texts, strict=True):
        widths[n] = min(natural, room // left)  # what a narrow one leaves is for the wider ones
        if widths[n] < min(natural, least):
            return []
        room -= widths[n]
    return widths if room >= 0 else []


def _stacked(columns: Sequence[_Column]) -> list[_Column]:
    """Put all texts under each other, in the place of the first."""
    texts = [column for column in columns if column.is_text]
    if not texts:
        return list(columns)
    names = _under(column.names[0] for column in texts)
    cells = tuple(_under(text for (text,) in row) for row in zip(*(column.cells for column in texts), strict=True))
    merged = _Column(names, cells)
    return [merged if column is texts[0] else column for column in columns if column not in texts[1:]]


def _under(texts: Iterable[str]) -> tuple[str, ...]:
    """Put texts under the first, a little to the right; what is empty takes no line."""
    first, *others = texts
    return first, *(f"{GAP}{text}" for text in others if text)


def _grid(columns: Sequence[_Column], widths: Sequence[int], most: int | None) -> Drawn:
    rows = zip(*(column.cells for column in columns), strict=True)
    header = _row([column.names for column in columns], columns, widths, None)
    return header, [line for row in rows for line in _row(row, columns, widths, most)]


def _whole(columns: Sequence[_Column]) -> Drawn:
    """Write each row in one line, nothing cut; what is longer than others moves what follows it."""
    widths = [min(column.width, MOST_PADDED) for column in columns]

    def line(texts: Iterable[str]) -> str:
        padded = (_padded(text, c, w) for text, c, w in zip(texts, columns, widths, strict=True))
        return GAP.join(padded).rstrip()

    rows = zip(*(column.cells for column in columns), strict=True)
    return [line(column.names[0] for column in columns)], [line(text for (text,) in row) for row in rows]


def _row(
    cells: Iterable[Sequence[str]], columns: Sequence[_Column], widths: Sequence[int], most: int | None
) -> list[str]:
    broken = [
        [line for text in cell for line in _lines(text, width, most)]
        for cell, width in zip(cells, widths, strict=True)
    ]
    height = max(map(len, broken), default=0)
    lines = []
    for n in range(height):
        shown = [cell[n] if n < len(cell) else "" for cell in broken]
        padded = [_padded(text, c, w) for text, c, w in zip(shown, columns, widths, strict=True)]
        lines.append(GAP.join(padded).rstrip())
    return lines


def _lines(text: str, width: int, most: int | None) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    indent = GAP if text.startswith(GAP) else ""
    return [indent + line for line in wrap(text.removeprefix(indent), width - len(indent), most)]


def _padded(text: str, column: _Column, width: int) -> str:
    space = " " * (width - cell_len(text))
    return space + text if column.is_number else text + space


def _cards(columns: Sequence[_Column], width: int, most: int | None) -> Drawn:
    """Write each row as a block, one field a line, without a header; a list leaves out what is empty."""
    names = max(cell_len(column.names[0]) for column in columns)
    indent = names + len(GAP) if width - names - len(GAP) >= LEAST else len(GAP)
    lines = list[str]()
    for row in zip(*(column.cells for column in columns), strict=True):
        for column, (text, *_) in zip(columns, row, strict=True):
            name = column.names[0]
            shown = wrap(text, max(width - indent, 2), most) if text or most is None else []
            if shown and indent <= names:  # no room beside the name
                lines.append(name)
                lines += [GAP + line for line in shown]
            elif shown:
                lines.append((name + " " * (indent - cell_len(name)) + shown[0]).rstrip())
                lines += [" " * indent + line for line in shown[1:]]
        lines.append("")
    return [], lines[:-1]
