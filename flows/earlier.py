"""What earlier versions left on a Prefect server: deployments and automations that were those of every home."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType

from flows.home import TAG, named

ON_DEMAND = "on-demand"
NAMES = ("scheduled", "on-discovery", ON_DEMAND, "loader")
AUTOMATIONS = (
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
        for name in AUTOMATIONS:
            for automation in client.read_automations_by_name(name):
                client.delete_automation(automation.id)
        tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
        for old in client.read_deployments(deployment_filter=tagged):
            if old.name in NAMES and old.tags == [TAG] and (old.entrypoint or "").startswith("flows."):
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
