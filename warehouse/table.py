"""A table: names of columns, and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a query: names of the columns, and the rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
