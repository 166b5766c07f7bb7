"""What a user says of transcripts, kept: each saying an artifact, and of two about the same the later counts."""

from __future__ import annotations

import json
from typing import Any

from flows.artifacts import Artifact, Made, Manifest, Store

About = tuple[str, ...]  # the values that tell what a saying is about


def keep_saying(store: Store, stage: str, method: str, said: dict[str, Any], about: About) -> Artifact:
    """Keep a saying; `about` names the parameters that tell what it is about."""
    before = newest_sayings(store, stage, about).get(tuple(said[name] for name in about))
    return store.make(
        stage,
        lambda _: Made(json.dumps(said).encode()),
        method=method,
        suffix=".json",
        inputs={},
        parameters={**said, "after": before.key if before else None},
    )


def newest_sayings(store: Store, stage: str, about: About) -> dict[About, Manifest]:
    """Return the newest saying about each thing: the one that no other came after."""
    kept = list(store.manifests(stage))
    followed = {one.parameters["after"] for one in kept}
    in_order = sorted(kept, key=lambda one: one.started_at)
    return {tuple(one.parameters[name] for name in about): one for one in in_order if one.key not in followed}
