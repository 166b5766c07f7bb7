"""The log of the runs, as the terminal of `turntable serve` shows it: one line a record, and words alone.

Prefect's own handler draws with Rich, which makes `12💯33` of a time, and forty lines of a refusal. Here a record
is one line, and the traceback of an error goes to `$TURNTABLE_HOME/prefect/runs.log`. Prefect imports this.
"""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from transforms.text import visible

SETTING = "PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS"
HANDLER = {SETTING: "flows.log_lines.LogLines"}
WHOLE = "flows.log_lines.WholeLogLines"
MOST_BYTES = 20_000_000


class LogLines(logging.StreamHandler[TextIO]):
    """Takes the place of Prefect's handler for the console; `styles` are of that one."""

    def __init__(self, stream: TextIO | None = None, styles: Mapping[str, str] | None = None) -> None:
        super().__init__(stream)
        del styles

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one line."""
        if record.exc_info or record.exc_text:
            with suppress(OSError, KeyError):  # a full disk loses a traceback, not the line
                _keep(super().format(record))
            record = copy.copy(record)  # others, such as Prefect's own log of the run, want it whole
            record.exc_info = record.exc_text = record.stack_info = None
        return visible(super().format(record), keep="\t")


class WholeLogLines(LogLines):
    """The same with tracebacks, for who asks for them."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record and its traceback."""
        return visible(logging.StreamHandler.format(self, record), keep="\n\t")


def rotated(path: Path) -> Path:
    """Give a log to append to, and set it aside where it is long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def _keep(text: str) -> None:
    path = rotated(Path(os.environ["TURNTABLE_HOME"], "prefect", "runs.log"))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w", errors="replace") as log:
        log.write(f"{text}\n")
