"""Which transcripts a user wants to be read, whatever else there is: each pin an artifact, the newest counts."""

from __future__ import annotations

import json

from flows.artifacts import Artifact, Made, Manifest, Store

METHOD = "pin-1"


def keep_pin(store: Store, transcript_id: str, *, is_pinned: bool) -> Artifact:
    """Keep that a user pins a transcript, or takes that back."""
    before = _newest(store).get(transcript_id)
    said = {"transcript_id": transcript_id, "is_pinned": is_pinned}
    return store.make(
        "pin",
        lambda _: Made(json.dumps(said).encode()),
        method=METHOD,
        suffix=".json",
        inputs={},
        parameters={**said, "after": before.key if before else None},
    )


def pins(store: Store) -> frozenset[str]:
    """Return the transcripts that are pinned."""
    return frozenset(name for name, one in _newest(store).items() if one.parameters["is_pinned"])


def _newest(store: Store) -> dict[str, Manifest]:
    """Return the newest pin of each transcript: the one that no other came after."""
    kept = list(store.manifests("pin"))
    followed = {one.parameters["after"] for one in kept}
    in_order = sorted(kept, key=lambda one: one.started_at)
    return {one.parameters["transcript_id"]: one for one in in_order if one.key not in followed}
