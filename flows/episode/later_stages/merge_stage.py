"""The merged transcript of an episode, staged: made anew when what it is made of has changed, else left alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.artifacts import Artifact, Made, Store
from flows.episode.later_stages.told import Document, Told, pinned
from flows.home import clock
from transforms.alignment.merging import METHOD, withdrawn
from transforms.records import PODCAST_NAMESPACE
from warehouse.loading.staging import Row, write_again


@dataclass(frozen=True, slots=True)
class Parents:
    """What a merged transcript is made of, and its id; no text where none fits any more."""

    merged_id: str
    text: Document | None
    heard: Document


def merged_id_of(heard_id: str) -> str:
    """Name the transcript that is made of one of our own and of the text that fits it best."""
    return str(uuid.uuid5(PODCAST_NAMESPACE, f"{heard_id}:merged"))


def stage_merged(
    store: Store,
    parents: Parents,
    told: Told,
    before: Artifact | None,
    compute: Callable[[], Row | None],
    is_pinned: bool,
) -> Artifact | None:
    """Stage a merged transcript, unless that stands in `before`; one that is there no more has no turns then.

    `compute` gives its rows, or `None` where there is nothing to merge.
    """
    text, heard = parents.text, parents.heard
    of = {
        "text": text.base.manifest.key if text else None,
        "told": told.parameters(heard.base),
        "pinned": is_pinned,
    }
    if before is not None and before.manifest.parameters["of"] == of:
        return None
    row = compute()
    if row is None:
        if before is None or "withdrawn" in before.manifest.flags:
            return None
        row = withdrawn(heard.row)
    episode = {"episode_id": heard.row["episode"]["episode_id"]}
    row = pinned(
        {**row, "transcript": {**row["transcript"], **episode, "transcript_id": parents.merged_id}},
        is_pinned=is_pinned,
    )

    def made(_: Path) -> Made:
        return Made(write_again(row, clock.stamp(store.home), ()), flags=tuple(row["transcript"]["flags"]))

    again = {"instead_of": before.manifest.key} if before is not None else {}
    return store.make(
        "stage",
        made,
        method=METHOD,
        suffix=".parquet",
        inputs={"heard": heard.base.sha256, **({"text": text.base.sha256} if text else {})},
        parameters={"of": of, "source": row["transcript"]["origin"], "episode": episode, **again},
    )
