"""The log of `turntable serve`: what became of each episode, in a line; the log of the runs is in a file.

A run tells by printing a line that begins as ours do. What else it prints, Prefect's log above all, is for who
looks for a reason: `$TURNTABLE_HOME/prefect/runs.log`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from transforms.errors import TurntableError, one_line
from transforms.text import visible

SERVED = "TURNTABLE_SERVED"  # set where `turntable serve` listens
OURS = "turntable: "
MOST_BYTES = 20_000_000


def tell(line: str) -> None:
    """Print what became of something, if `turntable serve` listens."""
    if os.environ.get(SERVED):
        print(f"{OURS}{visible(line)}", flush=True)


@contextmanager
def telling_refusals() -> Iterator[None]:
    """Print why a request is refused: nothing of it has a name yet under which that could be written down."""
    try:
        yield
    except TurntableError as error:
        tell(f"refused: {one_line(error)}")
        raise


def show(lines: Iterable[bytes], log: Path) -> None:
    """Print the lines of a part that are ours, titles and file names shown and never obeyed; a log gets all."""
    for line in lines:
        with suppress(OSError), os.fdopen(_for_owner(rotated(log)), "ab") as rest:  # a full disk stops nobody
            rest.write(line)
        text = visible(line.decode(errors="replace").rstrip("\r\n"), keep="\t")
        if text.startswith(OURS):
            with suppress(OSError):  # nor does a terminal that is gone
                print(text, flush=True)


def _for_owner(log: Path) -> int:
    return os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def rotated(log: Path) -> Path:
    """Return a log that can be written to; one that is long is set aside."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.is_file() and log.stat().st_size > MOST_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log
