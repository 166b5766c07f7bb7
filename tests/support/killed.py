"""A process that polls once and is killed at a named point.

A point is `before` or `after`, and what happens there: the renaming of the n-th file whose path holds a word
(`before:waiting/:2`), or a call of a function (`after:warehouse.store:load`). Killed means SIGKILL: nothing is
cleaned up, no `finally` runs.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.settings import Settings
from warehouse import store
from warehouse.loading import load

CALLS = {
    "the load": ("flows.loader", "load"),
    "a transaction": ("warehouse.loading.load", "_load_documents"),
    "the publishing": ("flows.loader", "publish"),
    "an event": ("tests.support.killed", "emit"),
}


def emit(waiting: Any) -> None:
    """Say on standard output that an episode waits."""
    print(waiting.episode.episode_id, flush=True)


def die() -> None:
    """End at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_call(when: str, module: str, name: str) -> None:
    """Die before or after the first call of a function."""
    home = importlib.import_module(module)
    real: Callable[..., Any] = getattr(home, name)

    def call(*arguments: Any, **more: Any) -> Any:
        if when == "before":
            die()
        result = real(*arguments, **more)
        die()
        return result

    setattr(home, name, call)


def at_rename(when: str, word: str, number: int) -> None:
    """Die before or after the n-th renaming to a path that holds the word."""
    real, left = Path.replace, [number]

    def replace(self: Path, target: Path) -> Path:
        left[0] -= word in str(target)
        is_it = word in str(target) and left[0] == 0
        if is_it and when == "before":
            die()
        result = real(self, target)
        if is_it:
            die()
        return result

    Path.replace = replace  # type: ignore[method-assign]


def at_change(when: str, number: int) -> None:
    """Die before or after the n-th renaming, deletion (of a file, of a folder with all in it) or transaction."""
    left = [number]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def change(*arguments: Any, **more: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and when == "before":
                die()
            result = real(*arguments, **more)
            if left[0] == 0:
                die()
            return result

        return change

    Path.replace = counted(Path.replace)  # type: ignore[method-assign]
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]
    shutil.rmtree = counted(shutil.rmtree)  # type: ignore[assignment]

    @contextmanager
    def transaction(con: load.Connection) -> Iterator[None]:
        con.begin()
        try:
            yield
        except BaseException:
            con.rollback()
            raise
        commit(con)

    commit = counted(lambda con: con.commit())
    load.transaction = store.transaction = transaction  # type: ignore[attr-defined]


def main(home: str, when: str, what: str) -> None:
    """Poll the feeds of a home once; come to the end only if the point is never reached."""
    if what in CALLS:
        at_call(when, *CALLS[what])
    else:
        word, _, number = what.partition(" ")
        at_rename(when, word, int(number or 1))
    from flows.feeds.poll import poll

    here = sys.modules["tests.support.killed"]
    poll(Settings(home=Path(home), allow=("127.0.0.1",)), None, here.emit)
