"""The same work on many things at once, without waiting behind those that take long."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from typing import Generic, TypeVar

from transforms.records import Seconds

T = TypeVar("T")
R = TypeVar("R")


def each(
    items: Iterable[T], work: Callable[[T], R], *, at_once: int, patience: Seconds
) -> Iterator[tuple[T, R | None]]:
    """Do the work on each item, so many at once, and give what came out as it comes.

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


def as_ready(
    items: Iterable[T], work: Callable[[T], R], *, ahead: int, most: int, patience: Seconds, wait: Seconds
) -> Iterator[R | None]:
    """Do the work on each item ahead of who takes what comes of it, and give it when it is ready, in any order.

    So many are `ahead`, under way or ready. One that takes longer than `patience` gives its place to the next,
    until `most` are under way. `None` is given where nothing got ready for `wait`. The work must not raise.
    """
    work_ahead = _WorkAhead(items, work, patience)
    while True:
        while work_ahead.n_places_taken < ahead and len(work_ahead.running) < most and work_ahead.start():
            pass
        if not work_ahead.running:
            return
        yield work_ahead.take(wait)


class _WorkAhead(Generic[T, R]):
    """Work in threads; what of it is done and was not taken is still among what runs, by its number."""

    def __init__(self, items: Iterable[T], work: Callable[[T], R], patience: Seconds) -> None:
        self.left, self.work, self.patience = enumerate(items), work, patience
        self.done: queue.SimpleQueue[tuple[int, R]] = queue.SimpleQueue()
        self.running: dict[int, float] = {}  # since when

    @property
    def n_places_taken(self) -> int:
        """How many are under way or ready, but for those that take long."""
        young = sum(time.monotonic() - began < self.patience for began in self.running.values())
        return max(young, self.done.qsize())

    def start(self) -> bool:
        """Start on the next item; False where there is none left."""
        following = next(self.left, None)
        if following is not None:
            self.running[following[0]] = time.monotonic()
            threading.Thread(target=copy_context().run, args=(self._run, *following), daemon=True).start()
        return following is not None

    def _run(self, number: int, item: T) -> None:
        self.done.put((number, self.work(item)))

    def take(self, wait: Seconds) -> R | None:
        """Take what is ready first; `None` where nothing is for so long."""
        try:
            number, result = self.done.get(timeout=wait)
        except queue.Empty:
            return None
        del self.running[number]
        return result
