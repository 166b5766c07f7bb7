"""Prefect's log in plain lines, for `$TURNTABLE_HOME/prefect/runs.log` and for `turntable --debug`.

Prefect's own handler draws with Rich, which makes `12💯33` of a time. Prefect imports this one by its name.
"""

from __future__ import annotations

import copy
import logging
import textwrap
from collections.abc import Mapping
from typing import TextIO

from transforms.text import visible

HANDLER = {"PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS": "flows.serve.prefect_ui.log_lines.LogLines"}


class LogLines(logging.StreamHandler[TextIO]):
    """Takes the place of Prefect's handler for the console; `styles` are of that one."""

    def __init__(self, stream: TextIO | None = None, styles: Mapping[str, str] | None = None) -> None:
        super().__init__(stream)
        del styles

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one line, and the traceback of an error below it."""
        bare = copy.copy(record)  # others, such as Prefect's own log of the run, want it whole
        bare.exc_info = bare.exc_text = bare.stack_info = None
        line = visible(super().format(bare), keep="\t")
        if not record.exc_info:
            return line
        traceback = (self.formatter or logging.Formatter()).formatException(record.exc_info)
        # Indented: what an error quotes is no line of ours, which `flows.episode_log` would show.
        return line + "\n" + textwrap.indent(visible(traceback, keep="\n\t"), "    ")
