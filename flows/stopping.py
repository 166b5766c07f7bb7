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
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

from flows.progress import REPORTER, Reporter
from transforms.errors import Interrupted
from transforms.records import Seconds

P = ParamSpec("P")
R = TypeVar("R")

STDERR = 2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST: Seconds = 15.0  # the row and the server may take; then the process ends without
ANSWER: Seconds = 3.0  # within which a server has to hear that a run is over


@dataclass(slots=True)
class _Work:
    """What this process is at; `run_id` is that of its flow, `None` before it has one."""

    stage: str
    source: str
    episode_id: str | None
    started_at: datetime
    run_id: str | None = None


_AT: list[_Work] = []  # the innermost last


@contextmanager
def working_on(stage: str, source: str, episode_id: str | None = None) -> Iterator[None]:
    """Say what is worked on: if somebody stops this process meanwhile, a row says so of it."""
    work = _Work(stage, source, episode_id, datetime.now(UTC))
    _AT.append(work)
    try:
        yield
    finally:
        _AT.remove(work)


def note_run(run_id: str | None) -> None:
    """Note the run of what is worked on: its server is told when it is over."""
    if _AT:
        _AT[-1].run_id = run_id


def stoppable(command: Callable[P, R]) -> Callable[P, R]:
    """Make a command that ends in seconds when it is asked to: a line, a row, exit code 128 + the signal."""

    @functools.wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> R:
        context, done = copy_context(), Future[R]()

        def work() -> None:
            try:
                done.set_result(command(*arguments, **options))
            except BaseException as error:  # of whatever kind: who waits raises it again
                done.set_exception(error)

        _catch(context)
        threading.Thread(target=context.run, args=(work,), daemon=True).start()
        return done.result()

    return run


def _catch(context: Context) -> None:
    """Catch signals until this process ends: its last work may be to end a server."""

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
    """Prints lines to where they went so far; what the work says from now on, without its server, is not."""

    def __init__(self) -> None:
        self.output = os.dup(STDERR)
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)

    def say(self, line: str) -> None:
        """Print one line, unless the terminal is what is gone."""
        with suppress(OSError):
            os.write(self.output, f"{line}\n".encode(errors="replace"))


def _leave(reporter: Reporter) -> None:
    """Say so, write down what was being done, and end the server that was started for it."""
    with suppress(OSError):
        reporter.close()
    last = _LastLines()
    REPORTER.set(last)
    interrupted = Interrupted("interrupted: run the same command to go on")
    last.say(f"turntable: {interrupted}")
    for work in _AT[-1:]:
        _write_down(work, interrupted)
        if work.run_id is not None:
            _tell_server(work.run_id, str(interrupted))
    _end_server()
    _end_children()


def _write_down(work: _Work, interrupted: Interrupted) -> None:
    from flows.settings import Settings
    from flows.steps import StageFailed, record
    from warehouse import store

    store.LOCK_SECONDS = 1.0  # a stage of this very process may hold the warehouse
    record(StageFailed(work.stage, work.started_at, interrupted), work.source, work.episode_id, Settings())


def _tell_server(run_id: str, message: str) -> None:
    """Tell a server elsewhere that a run is over; the one that we started ends with us."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL
    from prefect.states import Crashed

    if PREFECT_API_URL.value():
        with suppress(Exception), get_client(sync_client=True, httpx_settings={"timeout": ANSWER}) as client:
            client.set_flow_run_state(UUID(run_id), Crashed(message=message), force=True)


def _end_server() -> None:
    """End Prefect's temporary server, if there is one or the work is about to start it."""
    if "prefect.server.api.server" not in sys.modules:
        return
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer()
    is_coming, server.running = server.running, True  # then nobody starts it any more
    until = time.monotonic() + (2.0 if is_coming else 0.1)
    while server.server_process is None and time.monotonic() < until:
        time.sleep(0.01)
    server.stop()


def _end_children() -> None:
    """Kill what else was started: the parser of a large feed, a system that is measured; nobody waits for it."""
    for children in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                os.kill(int(child), signal.SIGKILL)
