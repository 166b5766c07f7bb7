"""What every step of a flow has in common: tried again, shown, told apart by name, written down when it fails."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from prefect import Task, get_run_logger, task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import MissingContextError

from flows import load as loader
from flows.artifacts import Artifact, Store
from flows.locations import redact, redacted_errors
from flows.progress import REPORTER, Advance, advancing, throttled, work_began
from flows.settings import Settings
from transforms.errors import Interrupted, TransientError, TurntableError, error_class, one_line
from transforms.records import Seconds, StageRun

RETRY_SECONDS: list[float] = [2, 10]

P = ParamSpec("P")
R = TypeVar("R")


class StageFailed(Exception):
    """The error of a stage, with the name of the stage and when it began."""

    def __init__(self, stage: str, started_at: datetime, error: BaseException) -> None:
        super().__init__(str(error))
        self.stage, self.started_at, self.error = stage, started_at, error


def _is_transient(_task: Any, _run: Any, state: Any) -> bool:
    """Retry what time may heal, and nothing else; an interrupted stage was ended on purpose."""
    try:
        state.result()
    except Interrupted:
        return False
    except TransientError:
        return True
    except BaseException:  # every other class waits for somebody
        return False
    return False


def stage_task(name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a Prefect task of a stage, tried again where time may heal."""
    made = task(
        name=name,
        retries=len(RETRY_SECONDS),
        retry_delay_seconds=RETRY_SECONDS,
        retry_condition_fn=_is_transient,
        persist_result=False,  # the artifacts are the record; Prefect's would be pickles
    )
    return lambda work: made(redacted_errors()(work))  # Prefect logs what a task raises


def run_step(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """Run one stage, and tell an error which stage it is from."""
    started_at = datetime.now(UTC)
    try:
        return work(*arguments)
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
        try:
            loader.load(settings)
        finally:
            loader.publish(settings)
    except (OSError, TurntableError) as error:
        say(f"the failure is kept, and becomes a row with the next load ({one_line(error)})")


def say(line: str) -> None:
    """Tell the user, on the terminal and in the run's log."""
    REPORTER.get().say(line)
    with suppress(MissingContextError):  # outside a run the terminal is enough
        get_run_logger().warning(line)


def shown(
    name: str, total: Seconds | None, work: Callable[[Advance], tuple[Artifact, ...]]
) -> tuple[Artifact, ...]:
    """Do a stage's work, its progress on the terminal and, for the long ones, in the Prefect UI."""
    began, clock = work_began(), time.monotonic()
    REPORTER.get().begin(name, total)
    show = advancing(name, total)
    page = create_progress_artifact(0.0, key=name, description=f"{name}, share of the audio") if total else None
    to_page = throttled(lambda done: _update_page(page, done, total))

    def advance(done: Seconds) -> None:
        show(done)
        to_page(done)

    artifacts = work(advance)
    _update_page(page, total, total)
    computed = any(artifact.manifest.started_at >= began for artifact in artifacts)
    took = max(time.monotonic() - clock, sum(artifact.manifest.seconds for artifact in artifacts))
    REPORTER.get().finish(name, total, took, computed=computed)
    return artifacts


def _update_page(page: Any, done: Seconds | None, total: Seconds | None) -> None:
    if page is not None and done is not None and total:
        update_progress_artifact(page, min(100.0, round(100 * done / total, 1)))
