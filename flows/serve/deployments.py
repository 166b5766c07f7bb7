"""Which flows are there to be run, when, and by which event; the same list for one machine and for several.

On one machine `flows.serve.runner` serves them; on several, `prefect.yaml` says the same for a work pool (a test
holds the two together). The automations watch over both. All of it belongs to one home, and its names and tags say
so.

    python -m flows.serve.deployments          after `prefect deploy --all`: makes the automations, takes over from
                                               earlier versions
    python -m flows.serve.deployments --yaml   prints the automations, for people who want to read them
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.schedules import Interval
from prefect.types.entrypoint import EntrypointType

from flows.feeds.events import requests_to
from flows.home.folder import LABEL, TAG, home_id, home_tag, named
from flows.serve.entrypoints import ingest_url, load_staged, poll_feeds
from flows.serve.import_flow import import_transcript
from flows.serve.ingest_flow import ingest_episode
from flows.settings import Settings

# Runs say this often that they live; one that says nothing for three times as long is taken for dead.
HEARTBEAT_SECONDS = 30  # the least that Prefect takes
SILENCE = timedelta(seconds=3 * HEARTBEAT_SECONDS)
START_TIME = timedelta(minutes=5)  # from being taken to running
WAITED_FOR = ("on-discovery", "on-demand")  # polls and loads come again by themselves
PODPING = "podping"

_END_STATES = ("Completed", "Failed", "Cancelled", "Crashed")
_STARTED_OR_BACK = (
    "Running",
    "Retrying",
    "AwaitingConcurrencySlot",
    "AwaitingRetry",
    "Scheduled",
    "Late",
    "Stale",
)

ONE_SKIPS = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
ONE_WAITS = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)


def deployments(every: timedelta, home: Path) -> tuple[RunnerDeployment, ...]:
    """Return what one machine serves; feeds are polled `every` so often, for the first time in some seconds."""
    soon = datetime.now(UTC) + timedelta(seconds=5)
    episodes: Any = {"prefect.resource.id": "turntable.episode.*", LABEL: home_id(home)}
    discovered: Any = DeploymentEventTrigger(
        match=episodes,
        expect={"podcast.episode.discovered"},
        for_each={"prefect.resource.id"},
        parameters={"location": "episode:{{ event.payload.episode_id }}"},
    )
    requested: Any = DeploymentEventTrigger(
        match={"prefect.resource.id": requests_to(home)},
        expect={"podcast.episode.requested"},
        parameters={"url": "{{ event.payload.url }}"},
    )
    return (
        _made(
            poll_feeds,
            "scheduled",
            "Ask the feeds for new episodes.",
            home,
            schedule=Interval(every, anchor_date=soon),
            concurrency_limit=ONE_SKIPS,
        ),
        _made(
            ingest_episode,
            "on-discovery",
            "Hear an episode that a poll found.",
            home,
            triggers=[discovered],
            concurrency_limit=ONE_WAITS,  # the models take every core, or the whole GPU
        ),
        _made(
            ingest_url,
            "on-demand",
            "Hear what you ask for; it does not wait behind the episodes that polls found.",
            home,
            triggers=[requested],
            concurrency_limit=ONE_WAITS,
        ),
        _made(import_transcript, "on-demand", "Import a published transcript.", home, concurrency_limit=ONE_WAITS),
        _made(
            load_staged,
            "loader",
            "Load what was staged; on one machine each run does that itself.",
            home,
            concurrency_limit=ONE_SKIPS,
        ),
    )


def on_podping(home: Path) -> RunnerDeployment:
    """Return what is served beside them where podpings are listened to (`flows.serve.listening`)."""
    about = "Ask the feeds that podpings name."
    return _made(poll_feeds, PODPING, about, home, concurrency_limit=ONE_WAITS)


def _made(flow: Flow[..., Any], name: str, about: str, home: Path, **rest: Any) -> RunnerDeployment:
    made = flow.to_deployment(
        named(name, home),
        description=about,
        entrypoint_type=EntrypointType.MODULE_PATH,
        tags=[TAG, home_tag(home)],
        **rest,
    )
    return cast("RunnerDeployment", made)  # a coroutine only where an event loop runs


def automations(home: Path) -> tuple[AutomationCore, ...]:
    """List the automations that look after the runs of a home whose process is gone."""
    return (
        AutomationCore(
            name=f"{home_tag(home)}: a silent run has crashed",
            description="A run that gave no sign of life for 90 s lost its process.",
            trigger=_silent(home, "heartbeat", ("heartbeat", *_END_STATES), SILENCE),
            actions=[_to(StateType.CRASHED, "Crashed", "it gave no sign of life for 90 s")],
        ),
        AutomationCore(
            name=f"{home_tag(home)}: a run that does not start has crashed",
            description="Whoever took it died before it gave a sign of life.",
            trigger=_silent(home, "Pending", (*_END_STATES, *_STARTED_OR_BACK), START_TIME),
            actions=[_to(StateType.CRASHED, "Crashed", "it was taken and did not start for 5 minutes")],
        ),
        AutomationCore(
            name=f"{home_tag(home)}: a crashed run goes on",
            description="What was finished of it is kept; the next process goes on behind that.",
            trigger=_crashed(home),
            actions=[_to(StateType.SCHEDULED, "AwaitingRetry", "its process died; another one goes on")],
        ),
    )


def _to(state: StateType, name: str, message: str) -> ChangeFlowRunState:
    # Never by force: a run may say that it lives while its end is on its way, and what comes after the end is no
    # longer followed by one. The automation then fires 90 s later, and the server refuses: an end stands.
    return ChangeFlowRunState(state=state, name=name, message=message, force=False)


def _silent(home: Path, after: str, expected: Iterable[str], within: timedelta) -> EventTrigger:
    """Fire when none of the expected events of a run follows another one in time."""
    return EventTrigger(
        after={f"prefect.flow-run.{after}"},
        expect={f"prefect.flow-run.{event}" for event in expected},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related=_ours(home),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _crashed(home: Path) -> EventTrigger:
    """Fire when a run that somebody waits for has crashed."""
    names = [named(name, home) for name in WAITED_FOR]
    return EventTrigger(
        expect={"prefect.flow-run.Crashed"},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related=[*_ours(home), {"prefect.resource.role": "deployment", "prefect.resource.name": names}],
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )


def _ours(home: Path) -> list[Any]:
    """Match the runs of a home: each of these tags has to be among those of the run.

    The events of a state carry its deployment and its tags, heartbeats only the tags.
    """
    return [{"prefect.resource.id": f"prefect.tag.{tag}"} for tag in (TAG, home_tag(home))]


def ensure_automations(home: Path) -> None:
    """Create the automations of a home, or bring those that are there to what they are today."""
    with get_client(sync_client=True) as client:
        for wanted in automations(home):
            known: list[Automation] = client.read_automations_by_name(wanted.name)
            if known:
                client.update_automation(known[0].id, wanted)
            else:
                client.create_automation(wanted)
            for double in known[1:]:
                client.delete_automation(double.id)


def as_yaml(home: Path) -> str:
    """Write the automations of a home for people to read."""
    import yaml

    plain = [one.model_dump(mode="json", exclude_none=True) for one in automations(home)]
    text: str = yaml.safe_dump([_sorted(one) for one in plain], sort_keys=False, allow_unicode=True, width=110)
    return text


def _sorted(value: Any) -> Any:
    """Put sets, which come in any order, in one."""
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in value.items()}
    return sorted(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value


# What earlier versions left on a Prefect server: deployments and automations that were those of every home.


ON_DEMAND = "on-demand"
OLD_NAMES = ("scheduled", "on-discovery", ON_DEMAND, "loader")
OLD_AUTOMATIONS = (
    "turntable: a silent run has crashed",  # of any flow of the server
    "turntable: a run that does not start has crashed",
    "turntable: a crashed run goes on",
)
OPEN = FlowRunFilterState(
    type=FlowRunFilterStateType(any_=[StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING])
)


def take_over(home: Path) -> None:
    """Remove what earlier versions left; what somebody asked them for goes to the deployments of this home.

    Episodes that polls found are announced again by themselves.
    """
    with get_client(sync_client=True) as client:
        for name in OLD_AUTOMATIONS:
            for automation in client.read_automations_by_name(name):
                client.delete_automation(automation.id)
        tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
        for old in client.read_deployments(deployment_filter=tagged):
            if old.name in OLD_NAMES and old.tags == [TAG] and (old.entrypoint or "").startswith("flows."):
                if old.name == ON_DEMAND:
                    _ask_again(client, old.id, f"{client.read_flow(old.flow_id).name}/{named(ON_DEMAND, home)}")
                client.delete_resource_owned_automations(f"prefect.deployment.{old.id}")
                client.delete_deployment(old.id)


def _ask_again(client: SyncPrefectClient, old: UUID, new: str) -> None:
    """Give the runs that have not ended to another deployment."""
    of_old = DeploymentFilter(id=DeploymentFilterId(any_=[old]))
    runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(state=OPEN), deployment_filter=of_old)
    if runs:
        ours = client.read_deployment_by_name(new).id
        for run in runs:
            client.create_flow_run_from_deployment(
                ours, parameters=run.parameters, idempotency_key=f"again-{run.id}"
            )


if __name__ == "__main__":
    where = Settings().home
    if sys.argv[1:] == ["--yaml"]:
        print(as_yaml(where), end="")
    else:
        ensure_automations(where)
        take_over(where)
