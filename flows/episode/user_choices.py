"""What a user decides of an episode, carried out: what a voice is called, which transcript is read."""

from __future__ import annotations

from collections.abc import Mapping

from flows.artifacts import Store
from flows.episode.given_names import check_name, give_name
from flows.episode.later_stages.align_stage import align_transcripts
from flows.episode.later_stages.decoded import Decoded
from flows.episode.later_stages.told import Document
from flows.episode.pins import keep_pin, pins
from flows.loader import load_and_publish
from flows.settings import Settings
from transforms.errors import SourceError
from transforms.voices.person import Identity
from warehouse import query


def name_voice(settings: Settings, episode_id: str, label: str, name: str | None) -> int:
    """Call a voice of an episode by a name, in all its transcripts, and load that; in how many turns it is heard.

    `None` takes back what a user called it.

    Raises:
        SourceError: the episode has no such voice.
        ContentError: the name has no letter, or is longer than a name.
    """
    if name is not None:
        check_name(name)
    voices = query.voices(settings.snapshot, episode_id)
    found = next((one for one in voices if one.label == label), None)
    if found is None:
        known = ", ".join(dict.fromkeys(one.label for one in voices)) or "none"
        msg = f"no voice of this episode is called {label!r}: its labels are {known}"
        raise SourceError(msg)
    store = Store(settings.home)
    give_name(store, found.transcript_id, label, name)

    def persons(document: Document) -> Mapping[str, Identity]:
        """Leave out whose voice it was until now."""
        is_meant = document.transcript_id == found.transcript_id
        return {one: who for one, who in document.persons.items() if one != label or not is_meant}

    if align_transcripts(store, settings, episode_id, {}, Decoded(store), persons):
        load_and_publish(settings)
    return found.turns


def pin_transcript(settings: Settings, episode_id: str, name: str | None) -> str | None:
    """Let a transcript of an episode be the one to read, whatever else there is, and load that; its source.

    It is named by its source or the beginning of its id. `None` takes back what was pinned.

    Raises:
        SourceError: the episode has no such transcript, or several.
    """
    store = Store(settings.home)
    known = {row[0]: row[1] for row in query.transcripts(settings.snapshot, episode_id).rows}
    chosen = None if name is None else _chosen(known, name)
    for transcript_id in known.keys() & (pins(store) | {chosen}):
        if (transcript_id == chosen) != (transcript_id in pins(store)):
            keep_pin(store, transcript_id, is_pinned=transcript_id == chosen)
    if align_transcripts(store, settings, episode_id, {}, Decoded(store)):
        load_and_publish(settings)
    return known[chosen] if chosen else None


def _chosen(known: Mapping[str, str], name: str) -> str:
    """Return the id of the transcript of this source, or whose id begins so; `known` are ids and sources."""
    found = [one for one, source in known.items() if source == name]
    found = found or [one for one in known if name and one.startswith(name)]
    if len(found) != 1:
        has = ", ".join(f"{source} {one[:8]}" for one, source in known.items()) or "none"
        what = "several transcripts of this episode are" if found else "no transcript of this episode is"
        msg = f"{what} {name!r}: it has {has}"
        raise SourceError(msg)
    return found[0]
