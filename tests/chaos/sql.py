"""Hostile SQL against the published snapshot: what gets out, what is left behind, what breaks its limits."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.figure import Figure
from tests.chaos.statements import HOGS, PLACES, REACHING, READERS
from tests.conftest import environment, turntable
from tests.support.documents import publish, published, staged
from transforms.errors import TurntableError
from warehouse.answers.sql import answer

SECRET, NAME = "the-canary-sang-7f3a", "kanarienvogel.csv"
PATIENCE = 30.0  # seconds that a busy machine takes to start and end a process
MOST_MEMORY = 500_000_000  # bytes that answers may cost the process that asked


@dataclass(frozen=True, slots=True)
class Place:
    """A home, a folder with a canary, an empty one that all is asked from, and a server that counts who comes."""

    snapshot: Path
    folder: Path
    empty: Path
    port: int
    callers: list[str]

    def names(self) -> dict[str, object]:
        """What the statements are filled with."""
        file, url = self.folder / NAME, f"http://127.0.0.1:{self.port}"
        places = {"file": file, "folder": self.folder, "new": self.folder / "stolen", "snapshot": self.snapshot}
        return {**places, "url": url, "port": self.port}

    def state(self) -> list[tuple[str, int, int]]:
        """Every file that a statement could have left or touched."""
        folders = (self.snapshot.parent, self.folder, self.empty, Path.home() / ".duckdb")
        files = [path for folder in folders if folder.exists() for path in sorted(folder.rglob("*"))]
        return [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files]


def run(*, short: bool) -> Iterator[Figure]:
    """Ask everything of a small snapshot, then for more rows than memory has room for."""
    with _place() as place, chdir(place.empty):
        reaching = [f"from {reader}('{where}')" for reader in READERS for where in PLACES] + REACHING
        chosen = [*reaching[::16], *HOGS[::16]] if short else [*reaching, *HOGS]
        seconds = 1.0 if short else 2.0
        with _peak() as peak:
            harm = [line for sql in chosen if (line := _harm(place, sql, seconds))]
        harm += [f"asked for: {sql}" for sql in _orphans()]
        if peak[0] > MOST_MEMORY:
            harm.append(f"the caller took {peak[0] / 1e6:.0f} MB")
        measured = f"caller + {peak[0] / 1e6:.0f} MB"
        yield Figure("SQL statements", len(chosen), tuple(harm), 230, measured)
        yield _streamed(place, 300_000 if short else 6_000_000)


def _harm(place: Place, sql: str, seconds: float) -> str | None:
    """Ask one statement, and say what it did that it should not."""
    reaches_out = "{" in sql and sql not in HOGS
    for name, value in place.names().items():
        sql = sql.replace(f"{{{name}}}", str(value))
    before, began = place.state(), time.monotonic()
    told = _told(place, sql, seconds, reaches_out=reaches_out)
    took = time.monotonic() - began
    found = {
        "told": told,
        f"took {took:.0f} s": took > seconds + PATIENCE,
        "left or changed a file": place.state() != before,
        "connected": bool(place.callers),
    }
    return next((f"{what}: {sql[:100]}" for what, happened in found.items() if happened), None)


def _told(place: Place, sql: str, seconds: float, *, reaches_out: bool) -> bool:
    """Ask, and tell whether what came is a secret, or anything at all where nothing should."""
    said = b""
    try:
        for piece in answer(place.snapshot, sql, "json", seconds=seconds):
            said = said[-len(NAME) :] + piece
            if reaches_out or SECRET.encode() in said or (NAME.encode() in said and NAME not in sql):
                return True
    except TurntableError as error:
        return SECRET in str(error) or "\n" in str(error)
    return False


def _orphans() -> list[str]:
    found = subprocess.run(["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [line for line in found.stdout.splitlines() if "warehouse.answers.sandbox" in line]


def _streamed(place: Place, rows: int) -> Figure:
    """Take many rows from the command as CSV and JSON, and watch its memory and the first row."""
    harm, peaks, firsts = [], [0], []
    for form in ("--csv", "--json"):
        sql = f"select range, range::varchar as words, range / 7 as part from range({rows})"
        began, lines = time.monotonic(), 0
        with subprocess.Popen(
            turntable(place.snapshot.parent, "sql", sql, form, "--timeout", "300"),
            env=environment(None),
            stdout=subprocess.PIPE,
        ) as asking:
            assert asking.stdout is not None
            while piece := os.read(asking.stdout.fileno(), 1 << 20):
                firsts += [time.monotonic() - began] if not lines else []
                lines += piece.count(b"\n")
                peaks.append(_memory(asking.pid))
        if lines != rows + (2 if form == "--json" else 1) or asking.returncode:
            harm.append(f"{form}: {lines} lines")
    harm += ["the command took too much memory"] if max(peaks) > MOST_MEMORY else []
    measured = f"{max(peaks) / 1e6:.0f} MB, first rows after {max(firsts):.1f} s"
    return Figure(f"{rows:,} rows as CSV and JSON", 2, tuple(harm), 2, measured)


def _memory(pid: int, what: str = "VmHWM") -> int:
    """Bytes of memory that a process had at most, or has."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) * 1024
    return 0


@contextmanager
def _peak() -> Iterator[list[int]]:
    """Measure how far the memory of this process goes above what it has now."""
    peak, before = [0], _memory(os.getpid(), "VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest so far
    yield peak
    peak[0] = _memory(os.getpid()) - before


@contextmanager
def _place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as temporary, socket.create_server(("127.0.0.1", 0)) as server:
        home, folder, empty = (Path(temporary, name) for name in ("home", "others", "empty"))
        for made in (home, folder, empty):
            made.mkdir()
        (folder / NAME).write_text(f"a,b\n{SECRET},1\n")
        os.environ["CANARY"] = SECRET
        callers: list[str] = []
        threading.Thread(target=_count, args=(server, callers), daemon=True).start()
        yield Place(publish(home, staged(), published(1)), folder, empty, server.getsockname()[1], callers)
        del os.environ["CANARY"]


def _count(server: socket.socket, callers: list[str]) -> None:
    with suppress(OSError):
        while True:
            connection, address = server.accept()
            connection.close()
            callers.append(str(address))
