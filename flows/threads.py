"""The same work on many things at once, without waiting behind those that take long."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

from transforms.records import Seconds

T = TypeVar("T")
R = TypeVar("R")


def each(
    items: Iterable[T], work: Callable[[T], R], *, at_once: int, patience: Seconds
) -> Iterator[tuple[T, R | None]]:
    """Do the work on each item, so many at once, and yield what came out as it comes.

    An item that takes longer than `patience` gives `None`. Its thread goes on, and dies with the process; so the
    work has to be of a kind that may be cut off anywhere. The work must not raise.
    """
    done: queue.SimpleQueue[tuple[int, R]] = queue.SimpleQueue()

    def run(number: int, item: T) -> None:
        done.put((number, work(item)))

    left = enumerate(items)
    running: dict[int, tuple[T, float]] = {}
    while True:
        while len(running) < at_once and (following := next(left, None)) is not None:
            number, item = following
            running[number] = (item, time.monotonic() + patience)
            threading.Thread(target=run, args=following, daemon=True).start()
        if not running:
            return
        oldest = min(running, key=lambda n: running[n][1])
        try:
            number, result = done.get(timeout=max(0.0, running[oldest][1] - time.monotonic()))
        except queue.Empty:
            yield running.pop(oldest)[0], None
            continue
        if number in running:  # else it was given up on
            yield running.pop(number)[0], result


def start_thread(work: Callable[[], R]) -> Future[R]:
    """Start work in a thread of its own, which dies with the process; it is in a copy of the context here."""
    done = Future[R]()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # of whatever kind: who waits raises it again
            done.set_exception(error)

    threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()
    return done
