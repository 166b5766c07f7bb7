"""How far the long stages are: bars on a terminal, lines elsewhere; and how they are stopped."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TypeVar

from transforms.errors import Interrupted
from transforms.records import Seconds

Advance = Callable[[Seconds], None]
Say = Callable[[str], None]
T = TypeVar("T")


class Reporter:
    """What is told of the progress of one episode's stages; this one shows nothing.

    A worker needs no more: its runs are read in the Prefect UI. Times are seconds of audio.
    """

    def start(self, name: str) -> None:
        """Hear that an episode begins."""

    def begin(self, stage: str, total: Seconds | None) -> None:
        """Hear that a stage begins; of some nobody knows the length."""

    def advance(self, stage: str, done: Seconds, total: Seconds | None) -> None:
        """Hear that a stage has come that far."""

    def finish(self, stage: str, total: Seconds | None, took: Seconds, *, computed: bool) -> None:
        """Hear that a stage is done; `computed` is False where it was done before."""

    def hear(self, done: int, total: int, seconds: Seconds, took: Seconds) -> None:
        """Hear how many of many episodes are heard, how much audio that was, and how long it took."""

    def count(self, what: str, done: int, total: int) -> None:
        """Hear how many of many are done."""

    def say(self, line: str) -> None:
        """Hear one line."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


class Lines(Reporter):
    """Prints the lines for a person, and nothing else."""

    def say(self, line: str) -> None:
        """Print one line beside the answer of the command."""
        print(f"turntable: {line}", file=sys.stderr, flush=True)


class Recorded(Reporter):
    """Keeps what is told of an episode until somebody is to hear of it: several at once would mix their lines."""

    def __init__(self) -> None:
        self.told: list[Callable[[Reporter], None]] = []

    def start(self, name: str) -> None:
        """Keep that an episode begins."""
        self.told.append(lambda to: to.start(name))

    def begin(self, stage: str, total: Seconds | None) -> None:
        """Keep that a stage begins."""
        self.told.append(lambda to: to.begin(stage, total))

    def finish(self, stage: str, total: Seconds | None, took: Seconds, *, computed: bool) -> None:
        """Keep that a stage is done."""
        self.told.append(lambda to: to.finish(stage, total, took, computed=computed))

    def say(self, line: str) -> None:
        """Keep a line."""
        self.told.append(lambda to: to.say(line))

    def tell(self, to: Reporter) -> None:
        """Repeat all that was recorded."""
        for one in self.told:
            one(to)


# Threads get a copy of the context (`flows.threads.start_thread`), so what the command sets is seen by all stages.
REPORTER: ContextVar[Reporter] = ContextVar("reporter", default=Reporter())  # noqa: B039 - it has no state
STOP: ContextVar[threading.Event | None] = ContextVar("stop", default=None)
_SINCE: ContextVar[datetime | None] = ContextVar("since", default=None)


@contextmanager
def since(began: datetime) -> Iterator[None]:
    """Set when the work on the episodes below began: what they share may be older than each of them."""
    token = _SINCE.set(began)
    try:
        yield
    finally:
        _SINCE.reset(token)


def began() -> datetime | None:
    """Return since when a stage counts as computed by this work, and not before it; `None` outside of any."""
    return _SINCE.get()


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Lend an event that, once set, ends every stage below at its next step."""
    event = threading.Event()
    token = STOP.set(event)
    try:
        yield event
    finally:
        STOP.reset(token)


def advancing(stage: str, total: Seconds | None) -> Advance:
    """Return what a stage calls with the seconds of audio that are done."""
    reporter, stop = REPORTER.get(), STOP.get()

    def advance(done: Seconds) -> None:
        if stop is not None and stop.is_set():
            msg = f"{stage} was interrupted: run the same command to go on"
            raise Interrupted(msg)
        reporter.advance(stage, done, total)

    return advance


def counting(what: str, items: Iterable[T]) -> Iterator[T]:
    """Yield each of many things, and tell how many of them are done."""
    everything = tuple(items)
    for done, item in enumerate(everything, 1):
        yield item
        REPORTER.get().count(what, done, len(everything))


def throttled(call: Advance, every: Seconds = 5.0) -> Advance:
    """Pass on at most one call in so many seconds of the clock."""
    last = -every

    def advance(done: Seconds) -> None:
        nonlocal last
        if time.monotonic() - last >= every:
            last = time.monotonic()
            call(done)

    return advance
