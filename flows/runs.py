"""How the stages of some work are run: tried again, shown, told apart by name, written down when they fail.

A `Run` carries them out. The one here does so in this process, and nobody looks at its pages; that of
`flows.serve.prefect_ui.prefect_runs` makes Prefect tasks of the same stages. Whoever has work asks `RUN`,
and knows nothing of Prefect. How often a stage is tried again, and after how long, stands here for both
(`RETRY_SECONDS`); when an episode or a feed is, in `flows.feeds`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from flows.artifacts import Artifact, Store
from flows.loader import load_and_publish
from flows.locations import redact, redacted_errors
from flows.progress import REPORTER, Advance, advancing, began, throttled
from flows.settings import Settings
from transforms.errors import Interrupted, TransientError, TurntableError, error_class, one_line
from transforms.records import Seconds, StageRun

RETRY_SECONDS = (2.0, 10.0)

R = TypeVar("R")


class Run:
    """Carries out the stages of some work here; `n_starts` counts the processes that were at it."""

    n_starts = 1

    def stage(self, name: str, work: Callable[[], R], *, retries: bool) -> R:  # noqa: ARG002 - for pages
        """Carry out a stage, again where time may heal; one that was interrupted was ended on purpose."""
        for rest in RETRY_SECONDS if retries else ():
            try:
                return work()
            except Interrupted:
                raise
            except TransientError:
                time.sleep(rest)
        return work()

    def log(self, line: str, bug: BaseException | None = None) -> None:
        """Write a line to the log of the run, and where a bug is from."""

    def show(self, name: str, about: str) -> Callable[[float], None]:  # noqa: ARG002 - for pages
        """Lend what shows on a page how many percent of something are done."""
        return lambda _: None


RUN: ContextVar[Run] = ContextVar("run", default=Run())  # noqa: B039 - it has no state


class StageFailed(Exception):
    """The error of a stage, with the name of the stage and when it began."""

    def __init__(self, stage: str, started_at: datetime, error: BaseException) -> None:
        super().__init__(str(error))
        self.stage, self.started_at, self.error = stage, started_at, error


def attempt(name: str, work: Callable[[], R], *, retries: bool = True) -> R:
    """Carry out a stage as the run has it, again where time may heal; no error that leaves it holds a secret."""
    return RUN.get().stage(name, redacted_errors()(work), retries=retries)  # Prefect logs what a task raises


def run_stage(name: str, work: Callable[[], R]) -> R:
    """Carry out a stage, again where time may heal, and tell an error which stage it is from."""
    return run_once(name, partial(attempt, name, work))


def run_once(name: str, work: Callable[[], R]) -> R:
    """Do what belongs to a stage but is no task of its own, once; tell an error which stage it is from."""
    started_at = datetime.now(UTC)
    try:
        return work()
    except Exception as error:
        redact(error)
        raise StageFailed(name, started_at, error) from error


def record(
    failed: StageFailed,
    source: str,
    episode_id: str | None,
    settings: Settings,
    *,
    load: bool = True,
    run_id: str | None = None,
) -> None:
    """Write down a stage that failed, as an artifact and, if the warehouse can be written, as a row.

    `load` is False where a load follows anyway; `run_id` names the row where the same failure is to be one row.
    """
    run = StageRun(
        source=source,
        episode_id=episode_id,
        stage=failed.stage,
        key=None,
        status="failed",
        error_class=error_class(failed.error),
        message=one_line(failed.error),
        method=None,
        model=None,
        device=None,
        parameters=None,
        flags=(),
        started_at=failed.started_at,
        seconds=round((datetime.now(UTC) - failed.started_at).total_seconds(), 3),
    )
    try:
        Store(settings.home).keep_failure(run_id or uuid.uuid4().hex, run)
    except OSError as error:
        # A full disk takes no row either; the reason for the first error matters more.
        say(f"the failure could not be written down ({one_line(error)})")
        return
    if not load:
        return
    try:
        load_and_publish(settings, vectors=False)
    except (OSError, TurntableError) as error:
        say(f"the failure is kept, and becomes a row with the next load ({one_line(error)})")


def say(line: str) -> None:
    """Tell the user, on the terminal and in the run's log."""
    REPORTER.get().say(line)
    RUN.get().log(line)


def is_computed(artifact: Artifact) -> bool:
    """Check whether an artifact was made by the work on this episode, and not before it."""
    moment = began()
    return moment is not None and artifact.manifest.started_at >= moment


def shown(
    name: str, total: Seconds | None, work: Callable[[Advance], tuple[Artifact, ...]]
) -> tuple[Artifact, ...]:
    """Do a stage's work, its progress on the terminal and, for the long ones, on a page of the run."""
    REPORTER.get().begin(name, total)
    show = advancing(name, total)
    to_page = RUN.get().show(name, f"{name}, share of the audio") if total else None
    now_and_then = throttled(to_page) if to_page else None

    def advance(done: Seconds) -> None:
        show(done)
        if now_and_then and total:
            now_and_then(min(100.0, 100 * done / total))

    artifacts = work(advance)
    if to_page:
        to_page(100.0)
    computed = any(map(is_computed, artifacts))
    took = sum(artifact.manifest.seconds for artifact in artifacts)  # not the time that others had the models
    REPORTER.get().finish(name, total, took, computed=computed)
    return artifacts
