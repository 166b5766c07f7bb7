"""Forgetting a person: everything that is made of a voice is erased, whether voices are compared or not.

What stays is what people wrote: names in published texts, and those that a user gave (`turntable name`). The audio
stays, too. That somebody is forgotten is kept as an id, so that no new voiceprint is made of who bears the name.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.artifacts import Store
from flows.episode.later_stages.align_stage import tell_persons
from flows.episode.later_stages.decoded import Decoded
from flows.episode.later_stages.told import VOICES, find_base
from flows.loader import load_and_publish
from flows.settings import Settings
from flows.upkeep.rebuild import rebuild
from flows.voices import decisions
from flows.voices.decisions import Decisions, read_decisions
from flows.voices.persons import begins_id, several
from flows.voices.printing import STAGE, erase, silence
from flows.voices.recognizing import named_as
from transforms.errors import SourceError
from transforms.voices.person import name_key, speaker_id
from transforms.voices.voice_matching import VoiceKey
from warehouse import query, spare
from warehouse.query import HeardVoice


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: voiceprints, and other artifacts; and what the warehouse lost, which should be nothing."""

    voiceprints: int
    artifacts: int
    lost: tuple[str, ...]


def forget(settings: Settings, text: str) -> Erased:
    """Erase all that was made of the voices of a person: artifacts, warehouse, snapshot. Again, it goes on.

    Raises:
        SourceError: nobody is called so.
    """
    store, heard = Store(settings.home), query.heard_voices(settings.snapshot)
    said = read_decisions(store)
    ids = _meant(heard, said, text)
    voices = {(one.transcript_id, one.label) for one in heard if ids & _ids(one, said)}
    for person in sorted(ids - said.forgotten.keys()):
        # by a hash of what he was called, too: of the names that a user gave nothing else is kept
        decisions.decide(store, "forget", person=person, called=speaker_id(text), voices=sorted(map(list, voices)))
    voices |= {voice for person in ids for voice in said.forgotten.get(person, ())}
    transcripts = {transcript_id for transcript_id, _ in voices}
    decoded = Decoded(store)
    for episode_id in sorted({one.episode_id for one in heard if one.transcript_id in transcripts}):
        tell_persons(settings, episode_id, {}, ids, decoded)
    load_and_publish(settings, vectors=False)
    n_prints = silence(store, {one: _labels(voices, one) for one in transcripts})
    folders = {*_diarizations(settings, store, heard, transcripts), *_said(store, ids)}
    for folder in folders:
        store.delete(folder)
    for set_aside in [path for stage in (STAGE, "diarize") for path in store.damaged.glob(f"{stage}*")]:
        shutil.rmtree(set_aside)
    store.sweep(older_than=0.0)
    lost = rebuild(settings)
    spare.place(settings.snapshot).unlink(missing_ok=True)  # the snapshot that this one replaced
    return Erased(n_prints, len(folders), lost)


def remember(settings: Settings, text: str) -> str:
    """Let a person be known again who was forgotten, by name, by what he was called then, or by id; a line.

    Raises:
        SourceError: nobody of that name was forgotten.
    """
    store, wanted = Store(settings.home), speaker_id(text)
    sayings = [one for one in decisions.standing(store, "forget") if _is_of(one.parameters, wanted, text)]
    if not sayings:
        msg = f"nobody called {text!r} was forgotten: say the name that was said then, or that of the transcripts"
        raise SourceError(msg)
    for saying in sayings:
        decisions.undo(store, saying)
    for transcript_id in sorted({one for saying in sayings for one, _ in saying.parameters["voices"]}):
        erase(store, transcript_id)  # those without the person
    return f"{text} may be known again: `turntable speakers on` makes the voiceprints"


def _is_of(said: Mapping[str, Any], wanted: str | None, text: str) -> bool:
    is_called = wanted is not None and wanted in (said["person"], said.get("called"))
    return is_called or begins_id(text, said["person"])


def _meant(heard: list[HeardVoice], said: Decisions, text: str) -> set[str]:
    """Return the ids of the person whom a user means: those of all who were made one with him.

    Raises:
        SourceError: nobody is called so, or several are.
    """
    wanted = speaker_id(text)
    known = {who for one in heard for who in _ids(one, said)} | said.forgotten.keys() | said.merged.keys()
    before = {said.person(wanted)} if wanted in known else set[str]()
    called = {said.person(who) for who in _bearers(heard, said, text)} | (before - said.names.keys())
    persons = called or before or {said.person(who) for who in known if begins_id(text, who)}
    if not persons:
        msg = f"no voice is known as {text!r}: `turntable speakers` lists who is"
        raise SourceError(msg)
    if len(persons) > 1:
        raise several(text, persons)
    return persons | {who for who in said.merged if said.person(who) in persons}


def _bearers(heard: list[HeardVoice], said: Decisions, name: str) -> set[str]:
    """Return who is called so, by transcripts or by a user."""
    key = name_key(name)
    named = {one.speaker_id for one in heard if one.speaker_name and name_key(one.speaker_name) == key}
    renamed = {who for who, new in said.names.items() if name_key(new) == key}
    return {who for who in named if who} | renamed


def _ids(one: HeardVoice, said: Decisions) -> set[str]:
    """Return the persons that a label is said to be: by its name, and by its voice."""
    return {
        who for said_id in (named_as(one), one.speaker_id) if said_id for who in (said_id, said.person(said_id))
    }


def _labels(voices: Collection[VoiceKey], transcript_id: str) -> frozenset[str]:
    return frozenset(label for one, label in voices if one == transcript_id)


def _diarizations(
    settings: Settings, store: Store, heard: list[HeardVoice], transcripts: Collection[str]
) -> Iterator[Path]:
    """Name the folders of the diarizations of transcripts: they keep how each voice of theirs sounds."""
    episodes = {one.transcript_id: one.episode_id for one in heard}
    made_of: set[str] = set()
    for transcript_id in episodes.keys() & set(transcripts):
        newest = query.newest_documents(settings.snapshot, episodes[transcript_id])
        base = find_base(store, newest.get(transcript_id))
        made_of |= {sha for name, sha in (base.manifest.inputs if base else {}).items() if name.startswith("d")}
    for stage in ("diarize", "diarize-part"):
        for manifest in store.manifests(stage):
            if manifest.sha256 in made_of or manifest.inputs.get("samples") in made_of:
                yield store.folder(manifest.stage, manifest.key)


def _said(store: Store, ids: Collection[str]) -> Iterator[Path]:
    """Name the folders of what was said of persons: by users, and by documents that newer ones have replaced."""
    for manifest in (one for person in ids for one in decisions.about(store, person)):
        yield store.folder(manifest.stage, manifest.key)
    for manifest in store.manifests("stage"):
        if not {one["speaker_id"] for one in (manifest.parameters.get(VOICES) or {}).values()}.isdisjoint(ids):
            yield store.folder(manifest.stage, manifest.key)
