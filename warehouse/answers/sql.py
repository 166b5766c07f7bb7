"""One SQL query of anybody, answered by a process of its own within limits of time, memory and files."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from transforms.errors import ContentError, ResourceError, SourceError, TransientError, TurntableError
from transforms.records import Seconds
from warehouse.answers.table import Table

Form = Literal["json", "jsonl", "csv", "csv-safe", "screen", "arrow"]

_PIECE = 1 << 16
_SCREEN = 10_000_000  # bytes: more is nothing for a screen
_COMMAND = (sys.executable, "-P", "-m", "warehouse.answers.sandbox")
_KINDS: dict[str, type[TurntableError]] = {
    kind.error_class: kind for kind in (SourceError, ContentError, ResourceError, TransientError)
}


def answer(
    snapshot: Path, sql: str, form: Form, *, seconds: Seconds, limit: int | None = None, reader: int | None = None
) -> Iterator[bytes]:
    """Yield the answer to one query, piece by piece as it comes, at most `limit` rows of it.

    `show`, `describe`, `summarize`, `values`, `from`, `with`, `pivot` and `explain` are queries. `seconds` is how
    long we wait for it in all, not what the reader takes; `reader` is a descriptor whose end ends the query too.
    `screen` is for `read_screen`, `arrow` a stream of Arrow's.

    Raises:
        SourceError: there is no snapshot yet.
        ContentError: the SQL is wrong, is not one query, or asks for more than reading.
        ResourceError: it takes more time or memory than it gets.
        TransientError: another program holds the snapshot for writing.
        BrokenPipeError: the reader is gone.
    """
    request = {"snapshot": str(snapshot), "sql": sql, "form": form, "limit": limit, "seconds": seconds}
    with subprocess.Popen(  # noqa: S603 - our own module
        _COMMAND,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # what it did not take is not tried again when the pipe is closed
        start_new_session=True,  # Ctrl-C is ours to pass on
    ) as child:
        try:
            assert child.stdin is not None
            with suppress(BrokenPipeError):  # what it has to say about that comes below
                child.stdin.write(json.dumps(request).encode() + b"\n")
            yield from _pieces(child, seconds, reader)
            _check(child, seconds)
        finally:
            child.kill()


def read_screen(pieces: Iterator[bytes], most: int) -> tuple[Table, bool]:
    """Read the answer in the form `screen`: up to `most` rows and so much text, and whether that is all.

    Raises:
        ContentError: one row is more than that.
    """
    rows: list[tuple[object, ...]] = []
    taken, is_whole = 0, True
    for line in _lines(pieces):
        if len(rows) > most or taken > _SCREEN:  # the first of them are the names
            is_whole = False
            break
        rows.append(tuple(json.loads(line)))
        taken += len(line)
    names, *cells = rows
    return Table(tuple(map(str, names)), cells), is_whole


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > _SCREEN:
            msg = "a row is too long for a screen: name fewer columns, or take --csv or --json"
            raise ContentError(msg)


def _environment() -> dict[str, str]:
    """Return the environment of the process: the way to our modules, and none of our secrets."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PYTHONHOME") if name in os.environ}
    own = str(Path(__file__).parents[2])
    return kept | {"PYTHONPATH": os.pathsep.join([own, *filter(None, sys.path)])}


def _pieces(child: subprocess.Popen[bytes], seconds: Seconds, reader: int | None) -> Iterator[bytes]:
    assert child.stdout is not None
    answers = child.stdout.fileno()
    poller = select.poll()
    poller.register(answers, select.POLLIN)
    if reader is not None:
        poller.register(reader, 0)  # only whether it is gone
    left = seconds
    while True:
        began = time.monotonic()
        events = dict(poller.poll(max(left, 0) * 1000))
        left -= time.monotonic() - began
        if reader in events and answers not in events:
            raise BrokenPipeError
        if not events or left <= 0:
            raise _late(seconds)
        piece = os.read(answers, _PIECE)
        if not piece:
            return
        yield piece


def _check(child: subprocess.Popen[bytes], seconds: Seconds) -> None:
    """Raise what the process says went wrong, or what its end says."""
    assert child.stderr is not None
    said = child.stderr.read()
    code = child.wait()
    if code == 0:
        return
    if code == -signal.SIGXCPU:
        raise _late(seconds)
    with suppress(ValueError, KeyError):
        told = json.loads(said.splitlines()[-1] if said else b"")
        raise _KINDS[told["error_class"]](told["message"])
    msg = "the query broke the process that answered it, for lack of memory most likely: ask for less at once"
    raise ResourceError(msg)


def _late(seconds: Seconds) -> ResourceError:
    return ResourceError(f"the query was stopped after {seconds:g} s: narrow it, or give it more with --timeout")
