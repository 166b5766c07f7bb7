"""The one writer of the warehouse, and the flow `load_staged` that is it where several machines stage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from prefect import flow

from flows import events
from flows.artifacts import Store
from flows.settings import Settings
from transforms.errors import SourceError
from warehouse import query
from warehouse import store as warehouse
from warehouse.load import Loaded


@flow(name="load-staged", persist_result=False)
def load_staged() -> int:
    """Load what workers staged, and replace the snapshot; how many documents that were.

    Raises:
        SourceError: this machine is told to leave the warehouse alone.
        ContentError: a staged file is damaged; every other one is loaded first.
    """
    settings = Settings()
    if settings.load == "elsewhere":
        msg = "TURNTABLE_LOAD=elsewhere is set here: run load-staged where the warehouse lies (queue `load`)"
        raise SourceError(msg)
    try:
        loaded = load(settings)
    finally:  # one damaged document holds up nobody's rows
        publish(settings)
    _tell(loaded, settings)
    return len(loaded)


def _tell(loaded: tuple[Loaded, ...], settings: Settings) -> None:
    """Send the events that workers could not send: they only staged."""
    known = {k.episode.episode_id: k.episode for k in query.known_episodes(settings.snapshot)} if loaded else {}
    for one in loaded:
        if episode := known.get(one.episode_id):
            facts = {"transcript_id": one.transcript_id, "turns": one.turns, "seconds": episode.duration}
            events.try_to_send(events.Event(events.LOADED, episode, one.transcript_id, facts))


def load(settings: Settings) -> tuple[Loaded, ...]:
    """Load every staged document and every failure that the warehouse has not seen; nothing on a mere worker."""
    if settings.load == "elsewhere":
        return ()
    store = Store(settings.home)
    return warehouse.load(settings.warehouse, _documents(store), store.all_failures())


def publish(settings: Settings) -> None:
    """Replace the snapshot that people read by what the warehouse holds now, unless it is the same."""
    if settings.load == "elsewhere":
        return
    if not warehouse.is_published(settings.warehouse, settings.snapshot):
        warehouse.publish(settings.warehouse, settings.snapshot)


def rebuild(settings: Settings) -> None:
    """Make the warehouse anew from the artifacts, and publish it."""
    store = Store(settings.home)
    warehouse.rebuild(settings.warehouse, _documents(store), store.all_failures())
    warehouse.publish(settings.warehouse, settings.snapshot)


def verify(settings: Settings) -> tuple[warehouse.Problem, ...]:
    """List what does not hold between the warehouse and the artifacts."""
    store = Store(settings.home)
    return warehouse.verify(settings.warehouse, _documents(store), store.all_failures())


def _documents(store: Store) -> Mapping[str, Path]:
    """List what the warehouse is made of: transcripts of episodes, and what polls found."""
    return {**store.all("stage"), **store.all("discover")}
