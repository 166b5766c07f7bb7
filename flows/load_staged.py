"""The flow `load_staged`: the one writer of the warehouse, where several machines stage."""

from __future__ import annotations

from prefect import flow

from flows import events
from flows.load import load_and_publish
from flows.naming import timed
from flows.settings import Settings
from transforms.errors import SourceError
from warehouse import query
from warehouse.load import Loaded


@flow(name="load-staged", flow_run_name=lambda: timed("load"), persist_result=False)
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
    loaded = load_and_publish(settings)
    _tell(loaded, settings)
    return len(loaded)


def _tell(loaded: tuple[Loaded, ...], settings: Settings) -> None:
    """Send the events that workers could not send: they only staged."""
    known = {k.episode.episode_id: k.episode for k in query.known_episodes(settings.snapshot)} if loaded else {}
    for one in loaded:
        if episode := known.get(one.episode_id):
            facts = {"transcript_id": one.transcript_id, "turns": one.turns, "seconds": episode.duration}
            events.try_to_send(events.Event(events.LOADED, episode, one.transcript_id, facts), settings.home)
