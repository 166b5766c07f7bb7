"""A run of Prefect: stages are its tasks, what is said is in its log, progress on its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from prefect import get_run_logger, task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.client.orchestration import get_client
from prefect.exceptions import MissingContextError
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from prefect.states import Crashed

from flows.runs import RETRY_SECONDS, RUN, Run
from flows.stopping import if_stopped
from transforms.errors import Interrupted, TransientError
from transforms.records import Seconds

ANSWER: Seconds = 3.0  # within which a server has to hear that a run is over

R = TypeVar("R")


class TaskRun(Run):
    """Carries out stages as tasks of the flow that runs here."""

    def __init__(self) -> None:
        self.n_starts = int(flow_run.run_count or 0)

    def stage(self, name: str, work: Callable[[], R], *, retries: bool) -> R:
        """Carry out a stage as a task, which Prefect runs again where time may heal."""

        def stage() -> R:  # without parameters: Prefect's database keeps those
            return work()

        made = task(
            name=name,
            retries=len(RETRY_SECONDS) if retries else 0,
            retry_delay_seconds=list(RETRY_SECONDS),
            retry_condition_fn=_is_transient,
            persist_result=False,  # the artifacts are the record; Prefect's would be pickles
        )
        return made(stage)()

    def log(self, line: str, bug: BaseException | None = None) -> None:
        """Write a line to the log of the task or flow, and where a bug is from."""
        with suppress(MissingContextError):  # a thread that no task started
            if bug is None:
                get_run_logger().warning(line)
            else:
                get_run_logger().error(line, exc_info=bug)

    def show(self, name: str, about: str) -> Callable[[float], None]:
        """Make a page that shows how many percent of something are done."""
        page: Any = create_progress_artifact(0.0, key=name, description=about)

        def show(percent: float) -> None:
            update_progress_artifact(page, round(percent, 1))

        return show


@contextmanager
def as_tasks() -> Iterator[None]:
    """Carry out the stages below as tasks of the flow that runs here; whoever is stopped tells its server."""
    if_stopped(partial(_tell_server, str(flow_run.id)))
    token = RUN.set(TaskRun())
    try:
        yield
    finally:
        RUN.reset(token)


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


def _tell_server(run_id: str, message: str) -> None:
    """Tell the server that a run is over."""
    if PREFECT_API_URL.value():
        with suppress(Exception), get_client(sync_client=True, httpx_settings={"timeout": ANSWER}) as client:
            client.set_flow_run_state(UUID(run_id), Crashed(message=message), force=True)
