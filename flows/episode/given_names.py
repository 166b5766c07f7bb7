"""What a user calls a voice of a transcript: each naming an artifact, and the newest of a label counts."""

from __future__ import annotations

import json

from flows.artifacts import Artifact, Made, Manifest, Store

METHOD = "name-1"

Names = dict[str, dict[str, str]]  # transcript → label → name


def give_name(store: Store, transcript_id: str, label: str, name: str | None) -> Artifact:
    """Keep what a user calls a voice; `None` takes back what it was called before."""
    before = _newest(store).get((transcript_id, label))
    said = {"transcript_id": transcript_id, "speaker_label": label, "speaker_name": name}
    return store.make(
        "name",
        lambda _: Made(json.dumps(said).encode()),
        method=METHOD,
        suffix=".json",
        inputs={},
        parameters={**said, "after": before.key if before else None},
    )


def given_names(store: Store) -> Names:
    """Return what users call voices, by transcript and label."""
    names: Names = {}
    for (transcript_id, label), manifest in _newest(store).items():
        if manifest.parameters["speaker_name"] is not None:
            names.setdefault(transcript_id, {})[label] = manifest.parameters["speaker_name"]
    return names


def _newest(store: Store) -> dict[tuple[str, str], Manifest]:
    """Return the newest naming of each label: the one that no other came after."""
    namings = list(store.manifests("name"))
    followed = {manifest.parameters["after"] for manifest in namings}
    return {
        (one.parameters["transcript_id"], one.parameters["speaker_label"]): one
        for one in sorted(namings, key=lambda one: one.started_at)
        if one.key not in followed
    }
