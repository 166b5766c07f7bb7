"""What others can hang their automations on: an episode was found, its turns are there, it failed.

    event     podcast.episode.discovered | podcast.episode.loaded | podcast.episode.failed
    resource  turntable.episode.<episode_id>, named by its title, with the label turntable.home: the id of the home
    payload   episode_id, podcast_id, title, url (of the audio, without secrets);
              loaded: transcript_id, turns, seconds; failed: stage, error_class, message, quarantined

An event is at most a reason to look: it may be lost, or come twice. The files in `waiting` are what counts. The
same cause in the same home gives the same id, by which a server knows an event that was sent twice.

    event     podcast.episode.requested, which others send
    resource  turntable.request.<id of the home>
    payload   url
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.access import has_server
from flows.home.folder import LABEL, home_id
from transforms.records import PODCAST_NAMESPACE, Episode
from transforms.redaction import public_address

DISCOVERED = "podcast.episode.discovered"
LOADED = "podcast.episode.loaded"
FAILED = "podcast.episode.failed"


@dataclass(frozen=True, slots=True)
class EpisodeEvent:
    """One event, ready to send; `cause` tells it from others of its kind about the same episode."""

    name: str
    episode: Episode
    cause: str
    payload: Mapping[str, Any]

    def event_id(self, home: str) -> uuid.UUID:
        """Name it by its cause, and the id of the home in which that was."""
        return uuid.uuid5(PODCAST_NAMESPACE, f"{home}:{self.name}:{self.episode.episode_id}:{self.cause}")

    def body(self, home: str) -> dict[str, Any]:
        """Write it as Prefect's API takes it; `home` is the id of the home that it is from."""
        episode = self.episode
        url = public_address(episode.audio_url) if episode.audio_url else None
        resource = {"prefect.resource.id": f"turntable.episode.{episode.episode_id}", LABEL: home}
        if episode.title:
            resource["prefect.resource.name"] = episode.title
        known = {"episode_id": episode.episode_id, "podcast_id": episode.podcast_id}
        return {
            "id": str(self.event_id(home)),
            "occurred": datetime.now(UTC).isoformat(),
            "event": self.name,
            "resource": resource,
            "payload": {**known, "title": episode.title, "url": url, **self.payload},
        }


def requests_to(home: Path) -> str:
    """Return the resource of an event that asks a home to hear something."""
    return f"turntable.request.{home_id(home)}"


@contextmanager
def sending(home: Path) -> Iterator[Callable[[EpisodeEvent], None]]:
    """Lend what sends an event, and comes back when the server has it or raises whatever Prefect's client does."""
    from prefect.client.orchestration import get_client

    ours = home_id(home)
    with get_client(sync_client=True) as client:

        def send(event: EpisodeEvent) -> None:
            client.request("POST", "/events", json=[event.body(ours)])

        yield send


def try_to_send(event: EpisodeEvent, home: Path) -> None:
    """Send an event if there is a server and it answers: nothing that counts hangs on it."""
    with suppress(Exception):
        if has_server():
            with sending(home) as send:
                send(event)
