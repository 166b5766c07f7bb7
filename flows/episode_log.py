"""The log of `turntable serve`: what became of each episode, in a line; the log of the runs is in a file.

A run tells by printing a line that begins as ours do. What else it prints, Prefect's log above all, is for who
looks for a reason: `$TURNTABLE_HOME/prefect/runs.log`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from transforms.text import visible

SERVED = "TURNTABLE_SERVED"  # set where `turntable serve` listens
OURS = "turntable: "
MOST_BYTES = 20_000_000


def tell(line: str) -> None:
    """Print what became of something, if `turntable serve` listens."""
    if os.environ.get(SERVED):
        print(f"{OURS}{visible(line)}", flush=True)


def show(lines: Iterable[bytes], log: Path) -> None:
    """Print the lines of a part that are ours, titles and file names shown and never obeyed; a log gets all."""
    for line in lines:
        with suppress(OSError), rotated(log).open("ab") as rest:  # a full disk stops nobody
            rest.write(line)
        text = visible(line.decode(errors="replace").rstrip("\r\n"), keep="\t")
        if text.startswith(OURS):
            with suppress(OSError):  # nor does a terminal that is gone
                print(text, flush=True)


def rotated(log: Path) -> Path:
    """Return a log that can be written to; one that is long is set aside."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.is_file() and log.stat().st_size > MOST_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log
