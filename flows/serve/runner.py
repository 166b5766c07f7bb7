"""The process that runs what `turntable serve` serves: each run in a process of its own.

A run that ends takes its memory and its threads along, can be cancelled at any time, and takes nobody down with
it; it pays for that with a start of some seconds. The models stay loaded in another process,
`flows.engines.model_server`.

    python -m flows.child flows.serve.runner --every SECONDS [--watch FOLDER]…
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.runner import Runner
from prefect.states import AwaitingRetry, Crashed

from flows.engines.model_server import keeping_models
from flows.feeds.pending import PendingQueue, event_lost
from flows.home.folder import home_tag, named
from flows.home.locks import held
from flows.locations import KNOWN_BY_ID, locate
from flows.serve.deployments import (
    PODPING,
    WAITED_FOR,
    deployments,
    ensure_automations,
    on_podping,
    take_over,
)
from flows.serve.listening import listen
from flows.serve.prefect_ui.run_names import name_of, timed
from flows.serve.watched import watch
from flows.settings import Settings
from transforms.text import counted

QUERY_SECONDS = 3.0
VERBS = {"scheduled": "poll", PODPING: "poll", "loader": "load"}  # by the beginning of a deployment's name
NAME_EVERY = 10.0  # seconds
NAME_AHEAD = timedelta(hours=1)
PAGE = 200  # runs: the most that Prefect's API gives at once
WAITS = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED, StateType.PENDING]))
ALIVE = FlowRunFilterState(
    type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, StateType.CANCELLING])
)


def main() -> None:
    """Register what is served, and serve it until this process is killed."""
    given, settings = _arguments(), Settings()
    home = settings.home
    ensure_automations(home)
    gone_on = mark_stale(home)
    forget_lost_events(settings)
    runner = Runner(name=home_tag(home), pause_on_shutdown=False, query_seconds=QUERY_SECONDS)
    for deployment in deployments(timedelta(seconds=given.every), home):
        runner.add_deployment(deployment)
    if settings.podping:
        runner.add_deployment(on_podping(home))
        threading.Thread(target=listen, args=(settings.podping, settings), daemon=True).start()
    take_over(home)
    threading.Thread(target=name_runs, args=(home,), daemon=True).start()
    for folder in given.watch:
        threading.Thread(target=watch, args=(folder, settings), daemon=True).start()
    if gone_on:
        print(f"turntable: {counted(gone_on, 'run')} cut off last time: going on", flush=True)
    print("turntable: ready", flush=True)
    with keeping_models():
        asyncio.run(runner.start())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=float, required=True)
    parser.add_argument("--watch", type=Path, action="append", default=[])
    return parser.parse_args()


def mark_stale(home: Path) -> int:
    """Mark the runs as crashed that an earlier process of a home was at; those go on that somebody waits for.

    That process is gone, or this one would not serve. Runs of a work pool belong to workers, which may live; those
    without a deployment to who waits at a terminal.
    """
    with get_client(sync_client=True) as client:
        names = {d.id: d.name for d in _deployments(client, home) if d.work_pool_name is None}
        served = DeploymentFilter(id=DeploymentFilterId(any_=list(names)))
        stale = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=ALIVE), deployment_filter=served)
        # Not called "Crashed": after a restart the server may hold back that event for minutes, and the automation
        # that waits for it would then start a run that has ended.
        gone: State[Any] = Crashed(name="Stale", message="its process was gone at the start")
        for run in [*_children(client, [run.id for run in stale]), *stale]:
            client.set_flow_run_state(run.id, gone, force=True)
        waits = {named(name, home) for name in WAITED_FOR}
        waited_for = [run for run in stale if run.deployment_id and names[run.deployment_id] in waits]
        for run in waited_for:
            client.set_flow_run_state(run.id, AwaitingRetry(message="it goes on"), force=True)
    return len(waited_for)


def name_runs(home: Path) -> None:
    """Give runs that wait their names, for ever: until one starts it has a name that Prefect made up."""
    named: set[UUID] = set()
    while True:
        with suppress(Exception):  # the server may be busy: there is another look
            named = name_waiting(home, named)
        time.sleep(NAME_EVERY)


def name_waiting(home: Path, before: set[UUID]) -> set[UUID]:
    """Name the runs of a home that wait, but for those far ahead and those that were named `before`.

    Returns:
        The ids of all that wait and have their names.
    """
    soon = FlowRunFilterExpectedStartTime(before_=cast("Any", datetime.now(UTC) + NAME_AHEAD))
    with get_client(sync_client=True) as client:
        ours = FlowRunFilterTags(all_=[home_tag(home)])
        verbs: dict[UUID | None, str | None] = {
            one.id: VERBS.get(one.name.partition("-")[0]) for one in _deployments(client, home)
        }
        runs = list(_all_runs(client, FlowRunFilter(state=WAITS, tags=ours, expected_start_time=soon)))
        for run in runs:
            if run.id not in before and (name := _name_of(run, home, verbs.get(run.deployment_id))):
                client.update_flow_run(run.id, name=name)
    return {run.id for run in runs}


def _name_of(run: FlowRun, home: Path, verb: str | None) -> str | None:
    """Return what a run is called: by what it was asked for, or by what it does and when it comes."""
    asked = run.parameters
    location = asked.get("location") or asked.get("url") or next(iter(asked.get("locations") or ()), None)
    if isinstance(location, str):
        return name_of(locate(location), home)
    return timed(verb, run.expected_start_time) if verb else None


def _deployments(client: SyncPrefectClient, home: Path) -> list[DeploymentResponse]:
    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[home_tag(home)]))
    return client.read_deployments(deployment_filter=tagged)


def forget_lost_events(settings: Settings) -> None:
    """Let the next poll announce again who waits and has no run: a server that died took its last events along."""
    coming = FlowRunFilterStateType(
        any_=[StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED]
    )
    with get_client(sync_client=True) as client:
        ours = FlowRunFilterTags(all_=[home_tag(settings.home)])
        runs = _all_runs(client, FlowRunFilter(state=FlowRunFilterState(type=coming), tags=ours))
        asked_for = {run.parameters.get("location") for run in runs}
    queue = PendingQueue(settings.home)
    for pending in queue.all():
        if KNOWN_BY_ID + pending.episode.episode_id not in asked_for:
            with held(settings.home, pending.episode.episode_id) as mine:
                if mine and (seen := queue.get(pending.episode.episode_id)):
                    queue.put(event_lost(seen))


def _all_runs(client: SyncPrefectClient, wanted: FlowRunFilter) -> Iterator[FlowRun]:
    offset = 0
    while page := client.read_flow_runs(flow_run_filter=wanted, limit=PAGE, offset=offset):
        yield from page
        offset += len(page)


def _children(client: SyncPrefectClient, parents: list[UUID]) -> list[FlowRun]:
    if not parents:
        return []
    below = FlowRunFilter(state=ALIVE, parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=parents))
    return client.read_flow_runs(flow_run_filter=below)


if __name__ == "__main__":
    main()
