"""Being asked to stop: Ctrl-C, SIGTERM or a closed terminal end a command in seconds, whatever it is at.

The work goes on in a thread, and the main thread does nothing but wait, for there alone Python hears signals: no
library that spends a minute in native code holds them up, and Prefect, which puts a handler of its own in the
place of ours for the time of a flow, leaves signals alone in any other thread. Leaving at once is safe: only whole
artifacts count, and the next run goes on behind them.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flows.progress import REPORTER, Reporter
from flows.threads import start_thread
from transforms.errors import Interrupted
from transforms.records import Seconds

if TYPE_CHECKING:
    from flows.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

STDERR = 2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST: Seconds = 15.0  # the rows and the server may take; then the process ends without


@dataclass(slots=True, eq=False)
class _Work:
    """What this process is at; `tell` hears that it is over, `None` where nobody wants to."""

    stage: str
    source: str
    settings: Settings
    episode_id: str | None
    started_at: datetime
    tell: Callable[[str], None] | None = None


_AT: list[_Work] = []  # of all threads
_MINE: ContextVar[_Work | None] = ContextVar("work", default=None)


@contextmanager
def working_on(stage: str, source: str, settings: Settings, episode_id: str | None = None) -> Iterator[None]:
    """Note what is worked on below: if somebody stops this process meanwhile, a row says so of it."""
    work = _Work(stage, source, settings, episode_id, datetime.now(UTC))
    _AT.append(work)
    token = _MINE.set(work)
    try:
        yield
    finally:
        _MINE.reset(token)
        _AT.remove(work)


def if_stopped(tell: Callable[[str], None]) -> None:
    """Note who else is told if what is worked on here is stopped; it may take seconds, and must not raise."""
    if work := _MINE.get():
        work.tell = tell


def stoppable(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command that ends in seconds when it is asked to: a line, a row, exit code 128 + the signal."""

    @functools.wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        _catch(copy_context())
        return start_thread(functools.partial(command, *arguments, **options)).result()

    return run


def _catch(context: Context) -> None:
    """Catch signals until this process ends."""

    def stop(number: int, _frame: object) -> None:
        for one in SIGNALS:
            signal.signal(one, lambda *_: os._exit(128 + number))  # who asks twice waits for nothing
        late = threading.Timer(LONGEST, os._exit, (128 + number,))
        late.daemon = True
        late.start()
        try:
            _leave(context.get(REPORTER, REPORTER.get()))
        finally:
            os._exit(128 + number)

    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # `nohup` wants it ignored
            signal.signal(number, stop)


class _LastLines(Reporter):
    """Prints lines to where they went so far; what the work, which goes on, says from now on is not printed."""

    def __init__(self) -> None:
        self.output = os.dup(STDERR)
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)

    def say(self, line: str) -> None:
        """Print one line, unless the terminal is what is gone."""
        with suppress(OSError):
            os.write(self.output, f"{line}\n".encode(errors="replace"))


def _leave(reporter: Reporter) -> None:
    """Say so, write down what was being done, and tell whoever else wants to know."""
    with suppress(OSError):
        reporter.close()
    last = _LastLines()
    REPORTER.set(last)
    interrupted = Interrupted("interrupted: run the same command to go on")
    last.say(f"turntable: {interrupted}")
    under_way = list(_AT)
    try:
        _write_down(under_way, interrupted)
        for work in under_way:
            if work.tell is not None:
                work.tell(str(interrupted))
    except Exception as error:  # it ends all the same, and is not silent about it
        last.say(f"turntable: not all that was stopped could be written down: {error!r}")
    _end_children()


def _write_down(under_way: list[_Work], interrupted: Interrupted) -> None:
    """Keep a failure of each thing that was being done, then load them all."""
    from flows.runs import StageFailed, record
    from warehouse import store

    store.LOCK_SECONDS = 1.0  # a stage of this very process may hold the warehouse
    for left, work in enumerate(under_way, 1 - len(under_way)):
        failed = StageFailed(work.stage, work.started_at, interrupted)
        record(failed, work.source, work.episode_id, work.settings, load=left == 0)


def _end_children() -> None:
    """Kill what else was started: the parser of a large feed, a system that is measured; nobody waits for it."""
    for children in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            for child in children.read_text().split():
                with suppress(ProcessLookupError):  # the child has; there may be others
                    os.kill(int(child), signal.SIGKILL)
