"""Which flows are there to be run, when, and by which event; the same list for one machine and for several.

On one machine `flows.runner` serves them; on several, `prefect.yaml` says the same for a work pool (a test holds
the two together). The automations watch over both.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.schedules import Interval
from prefect.types.entrypoint import EntrypointType

from flows.discover import poll_feeds
from flows.import_text import import_transcript
from flows.ingest import ingest_episode
from flows.load_staged import load_staged
from flows.on_demand import ingest_url

# Runs say this often that they live; one that says nothing for three times as long is taken for dead.
HEARTBEAT_SECONDS = 30  # the least that Prefect takes
SILENCE = timedelta(seconds=3 * HEARTBEAT_SECONDS)
START_TIME = timedelta(minutes=5)  # from being taken to running
WAITED_FOR = ("on-discovery", "on-demand")  # polls and loads come again by themselves

EPISODES: Any = {"prefect.resource.id": "turntable.episode.*"}
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


def deployments(every: timedelta) -> tuple[RunnerDeployment, ...]:
    """Say what one machine serves; feeds are polled `every` so often, for the first time in some seconds."""
    soon = datetime.now(UTC) + timedelta(seconds=5)
    discovered: Any = DeploymentEventTrigger(
        match=EPISODES,
        expect={"podcast.episode.discovered"},
        for_each={"prefect.resource.id"},
        parameters={"location": "episode:{{ event.payload.episode_id }}"},
    )
    requested: Any = DeploymentEventTrigger(
        match={"prefect.resource.id": "turntable.*"},
        expect={"podcast.episode.requested"},
        parameters={"url": "{{ event.payload.url }}"},
    )
    return (
        _made(
            poll_feeds,
            "scheduled",
            "Ask the feeds for new episodes.",
            schedule=Interval(every, anchor_date=soon),
            concurrency_limit=ONE_SKIPS,
        ),
        _made(
            ingest_episode,
            "on-discovery",
            "Hear an episode that a poll found.",
            triggers=[discovered],
            concurrency_limit=ONE_WAITS,  # the models take every core, or the whole GPU
        ),
        _made(
            ingest_url,
            "on-demand",
            "Hear what you ask for; it does not wait behind the episodes that polls found.",
            triggers=[requested],
            concurrency_limit=ONE_WAITS,
        ),
        _made(import_transcript, "on-demand", "Import a published transcript.", concurrency_limit=ONE_WAITS),
        _made(
            load_staged,
            "loader",
            "Load what was staged; on one machine each run does that itself.",
            concurrency_limit=ONE_SKIPS,
        ),
    )


def _made(flow: Flow[..., Any], name: str, about: str, **rest: Any) -> RunnerDeployment:
    made = flow.to_deployment(
        name, description=about, entrypoint_type=EntrypointType.MODULE_PATH, tags=["turntable"], **rest
    )
    return cast("RunnerDeployment", made)  # a coroutine only where an event loop runs


def automations() -> tuple[AutomationCore, ...]:
    """Say who looks after runs whose process is gone."""
    return (
        AutomationCore(
            name="turntable: a silent run has crashed",
            description="A run that gave no sign of life for 90 s lost its process.",
            trigger=_silent("heartbeat", ("heartbeat", *_END_STATES), SILENCE),
            actions=[_to(StateType.CRASHED, "Crashed", "it gave no sign of life for 90 s")],
        ),
        AutomationCore(
            name="turntable: a run that does not start has crashed",
            description="Whoever took it died before it gave a sign of life.",
            trigger=_silent("Pending", (*_END_STATES, *_STARTED_OR_BACK), START_TIME),
            actions=[_to(StateType.CRASHED, "Crashed", "it was taken and did not start for 5 minutes")],
        ),
        AutomationCore(
            name="turntable: a crashed run goes on",
            description="What was finished of it is kept; the next process goes on behind that.",
            trigger=_crashed(),
            actions=[_to(StateType.SCHEDULED, "AwaitingRetry", "its process died; another one goes on")],
        ),
    )


def _to(state: StateType, name: str, message: str) -> ChangeFlowRunState:
    return ChangeFlowRunState(state=state, name=name, message=message, force=False)


def _silent(after: str, expected: Iterable[str], within: timedelta) -> EventTrigger:
    """Fire when none of the expected events of a run follows another one in time."""
    return EventTrigger(
        after={f"prefect.flow-run.{after}"},
        expect={f"prefect.flow-run.{event}" for event in expected},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _crashed() -> EventTrigger:
    """Fire when a run that somebody waits for has crashed."""
    return EventTrigger(
        expect={"prefect.flow-run.Crashed"},
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related={"prefect.resource.role": "deployment", "prefect.resource.name": list(WAITED_FOR)},
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )


def ensure_automations() -> None:
    """Create the automations, or bring those that are there to what they are today."""
    with get_client(sync_client=True) as client:
        for wanted in automations():
            known: list[Automation] = client.read_automations_by_name(wanted.name)
            if known:
                client.update_automation(known[0].id, wanted)
            else:
                client.create_automation(wanted)
            for double in known[1:]:
                client.delete_automation(double.id)


if __name__ == "__main__":  # python -m flows.deployments: after `prefect deploy --all`, once a server
    ensure_automations()
