"""How far the long stages are: bars on a terminal, lines elsewhere; and how they are stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from transforms.errors import Interrupted
from transforms.records import Seconds

Advance = Callable[[Seconds], None]


class Reporter(Protocol):
    """Who shows the progress of one episode's stages; times are seconds of audio."""

    def advance(self, stage: str, done: Seconds, total: Seconds | None) -> None:
        """Show that a stage has come that far."""

    def finish(self, stage: str, total: Seconds | None, took: Seconds, *, computed: bool) -> None:
        """Show that a stage is done; `computed` is False where it was done before."""

    def start(self, name: str) -> None:
        """Show that an episode begins."""

    def begin(self, stage: str, total: Seconds | None) -> None:
        """Show that a stage begins."""

    def say(self, line: str) -> None:
        """Show one line."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


class Silent:
    """Shows nothing: a worker's runs are read in the Prefect UI."""

    def advance(self, stage: str, done: Seconds, total: Seconds | None) -> None:
        """Do nothing."""

    def finish(self, stage: str, total: Seconds | None, took: Seconds, *, computed: bool) -> None:
        """Do nothing."""

    def start(self, name: str) -> None:
        """Do nothing."""

    def begin(self, stage: str, total: Seconds | None) -> None:
        """Do nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


# Prefect copies the context into the threads of its tasks, so what the command sets is seen by all stages.
REPORTER: ContextVar[Reporter] = ContextVar("reporter", default=Silent())  # noqa: B039 - it has no state
STOP: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


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
    """Give a stage what it calls with the seconds of audio that are done."""
    reporter, stop = REPORTER.get(), STOP.get()

    def advance(done: Seconds) -> None:
        if stop is not None and stop.is_set():
            msg = f"{stage} was interrupted: run the same command to go on"
            raise Interrupted(msg)
        reporter.advance(stage, done, total)

    return advance


def throttled(call: Advance, every: Seconds = 5.0) -> Advance:
    """Pass on at most one call in so many seconds of the clock."""
    last = -every

    def advance(done: Seconds) -> None:
        nonlocal last
        if time.monotonic() - last >= every:
            last = time.monotonic()
            call(done)

    return advance
