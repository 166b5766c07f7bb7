"""Kill `turntable serve` at a named point: Python imports this at its start where PYTHONPATH names this folder.

The file that KILL_AT names holds a point, or nothing yet. A point is `before` or `after`, and what happens there:
the renaming to the n-th path of this process that holds a word (`before stage/ 2`), or a call (`after the load`).
The first process that comes there empties the file and kills with -9 the `serve` above it, then itself.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

CALLS = {
    "flows.episode.pipeline": {"check_starts": "the start"},
    "flows.feeds.poll": {"announce": "the announcing"},
    "flows.loader": {"load": "the load", "publish": "the publishing"},
    "warehouse.loading.load": {"_load_documents": "a transaction"},
    "flows.feeds.outcomes": {"note_loaded": "the note", "try_to_send": "the event"},
}
KILL_AT = Path(os.environ.get("KILL_AT", os.devnull))


def die_at(when: str, what: str) -> None:
    """Die if this is the point."""
    if KILL_AT.read_text() == f"{when} {what}":
        KILL_AT.write_text("")
        os.kill(_serving(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def _serving() -> int:
    """Find the `serve` above this process."""
    pid = os.getpid()
    while pid > 1:
        if b"\0serve\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    raise LookupError


def _around(what: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*arguments: Any, **more: Any) -> Any:
        die_at("before", what)
        result = call(*arguments, **more)
        die_at("after", what)
        return result

    return watched


class _Watcher(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Wraps the functions of a module when that is imported, before anybody takes them from it."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name not in CALLS:
            return None
        others = (f.find_spec(name, path, target) for f in sys.meta_path if f is not self)
        spec = next(s for s in others if s)
        self.loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, _: Any) -> Any:
        return None

    def exec_module(self, module: Any) -> None:
        self.loader.exec_module(module)
        for name, what in CALLS[module.__name__].items():
            setattr(module, name, _around(what, getattr(module, name)))


def _watch_renames() -> None:
    real: Callable[[Path, Path], Path] = Path.replace
    seen: Counter[str] = Counter()

    def replace(self: Path, target: Path) -> Path:
        _when, _, what = KILL_AT.read_text().partition(" ")
        word, _, number = what.rpartition(" ")
        is_it = bool(word) and word in str(target)
        seen[word] += is_it
        is_it = is_it and number == str(seen[word])
        if is_it:
            die_at("before", what)
        result = real(self, target)
        if is_it:
            die_at("after", what)
        return result

    Path.replace = replace  # type: ignore[method-assign,assignment]


if "prefect.engine" in sys.orig_argv:
    sys.meta_path.insert(0, _Watcher())
    _watch_renames()
