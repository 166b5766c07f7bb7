"""What a run found: rows of a table, written to disk after each step, whatever became of that step."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

LEAST_SECONDS = 5.0  # a step is not begun with less


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one thing found; `right` is `None` where nothing can be wrong, `share` is that of the roofline."""

    part: str
    what: str
    value: float | str
    unit: str = ""
    share: float | None = None
    right: bool | None = None
    note: str = ""


@dataclass(slots=True)
class Report:
    """Keep the rows so far; `facts` are what later steps want to know, `until` is when no step begins any more."""

    path: Path
    until: float
    rows: list[Row] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def step(self, part: str, what: str, work: Callable[[], Iterable[Row]]) -> None:
        """Do one step and keep what it finds; its failure is a row, and so is that there was no time for it."""
        began = time.monotonic()
        if self.until - began < LEAST_SECONDS:
            return self.add(Row(part, what, "left out", note="no time left"))
        try:
            for row in work():
                self.add(row)
        except Exception as error:
            line = (str(error).strip().splitlines() or [""])[0][:160]
            self.facts.setdefault("tracebacks", {})[f"{part}: {what}"] = traceback.format_exc()
            self.add(Row(part, what, "failed", right=False, note=f"{type(error).__name__}: {line}"))
        self.facts.setdefault("seconds", {})[f"{part}: {what}"] = round(time.monotonic() - began, 2)
        return self.save()

    def add(self, row: Row) -> None:
        """Keep a row, print it and write all of them down."""
        self.rows.append(row)
        print(line_of(row), flush=True)
        self.save()

    def save(self) -> None:
        """Write everything to disk, so that what ends the process costs nothing that was found."""
        whole = {"facts": self.facts, "rows": [asdict(row) for row in self.rows]}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(whole, indent=1, default=str))
        part.replace(self.path)

    @property
    def is_right(self) -> bool:
        """Return whether nothing was wrong."""
        return all(row.right is not False for row in self.rows)


def read_report(path: Path, until: float) -> Report:
    """Read what was found so far, to go on with it; nothing yet where there is no file."""
    if not path.exists():
        return Report(path, until)
    found = json.loads(path.read_text())
    return Report(path, until, [Row(**row) for row in found["rows"]], found["facts"])


def line_of(row: Row) -> str:
    """Write a row of the Markdown table."""
    value = f"{row.value:,.4g}" if isinstance(row.value, float) else str(row.value)
    share = "" if row.share is None else f"{row.share:.0%}"
    right = {True: "right", False: "**wrong**", None: ""}[row.right]
    return f"| {row.part} | {row.what} | {value} {row.unit} | {share} | {right} | {row.note} |"


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Write the whole table."""
    yield "| part | what | found | share of the roofline | | |"
    yield "|---|---|---|---|---|---|"
    yield from map(line_of, rows)
