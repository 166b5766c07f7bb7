"""What a user says about persons: who is one, who is not, what one is called, who is forgotten.

Each saying is an artifact, and none is ever changed: undoing is another one. A person is named by `speaker_id`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.artifacts import Artifact, Made, Manifest, Store
from transforms.voices.voice_matching import VoiceKey

METHOD = "person-1"
STAGE = "person"


@dataclass(frozen=True, slots=True)
class Decisions:
    """What holds of all that was said.

    `merged` says of persons whom they are part of, `apart` whom voices are not, `names` what persons are called,
    `forgotten` who is not to be known, with the voices that were theirs.
    """

    merged: Mapping[str, str]
    apart: Mapping[VoiceKey, frozenset[str]]
    names: Mapping[str, str]
    forgotten: Mapping[str, frozenset[VoiceKey]]

    def person(self, speaker_id: str) -> str:
        """Return the person that somebody is part of; himself, where he was never merged."""
        seen = {speaker_id}
        while (into := self.merged.get(speaker_id)) and into not in seen:
            speaker_id = into
            seen.add(into)
        return speaker_id


def decide(store: Store, kind: str, evidence: Mapping[str, Any] | None = None, **said: Any) -> Artifact:
    """Keep what a user says; `evidence` is what was known then."""
    newest = _in_order(store)[-1:]
    parameters = {"kind": kind, **said, "after": newest[0].key if newest else None}
    payload = json.dumps({**parameters, "evidence": evidence or {}}).encode()
    return store.make(
        STAGE, lambda _: Made(payload), method=METHOD, suffix=".json", inputs={}, parameters=parameters
    )


def last(store: Store, kind: str, **said: Any) -> Manifest | None:
    """Return the newest saying of a kind that holds still, with these words; `None` where there is none."""
    return next(
        (
            one
            for one in reversed(_that_hold(store))
            if one.parameters["kind"] == kind
            and all(one.parameters[name] == value for name, value in said.items())
        ),
        None,
    )


def standing(store: Store, kind: str) -> list[Manifest]:
    """List the sayings of a kind that hold still."""
    return [one for one in _that_hold(store) if one.parameters["kind"] == kind]


def undo(store: Store, saying: Manifest) -> None:
    """Take back what was said."""
    decide(store, "undo", of=saying.key)


def read_decisions(store: Store) -> Decisions:
    """Read what holds of all that was said; of two sayings about the same the later counts."""
    merged: dict[str, str] = {}
    apart: dict[VoiceKey, set[str]] = {}
    names: dict[str, str] = {}
    forgotten: dict[str, frozenset[VoiceKey]] = {}
    for one in _that_hold(store):
        match dict(one.parameters):
            case {"kind": "merge", "person": person, "into": into}:
                merged[person] = into
            case {"kind": "split", "person": person, "transcript_id": transcript_id, "label": label}:
                apart.setdefault((transcript_id, label), set()).add(person)
            case {"kind": "rename", "person": person, "name": name}:
                names[person] = name
            case {"kind": "forget", "person": person, "voices": voices}:
                forgotten[person] = frozenset((one, label) for one, label in voices)
    return Decisions(merged, {key: frozenset(who) for key, who in apart.items()}, names, forgotten)


def about(store: Store, person: str) -> list[Manifest]:
    """List the sayings that name a person, but for that he is forgotten."""
    found = [
        one for one in _in_order(store) if person in (one.parameters.get("person"), one.parameters.get("into"))
    ]
    keys = {one.key for one in found if one.parameters["kind"] != "forget"}
    return [one for one in _in_order(store) if one.key in keys or one.parameters.get("of") in keys]


def _that_hold(store: Store) -> list[Manifest]:
    """List the sayings that were not taken back."""
    every = _in_order(store)
    undone = {one.parameters["of"] for one in every if one.parameters["kind"] == "undo"}
    return [one for one in every if one.parameters["kind"] != "undo" and one.key not in undone]


def _in_order(store: Store) -> list[Manifest]:
    return sorted(store.manifests(STAGE), key=lambda one: one.started_at)
