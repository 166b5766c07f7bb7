"""What others can hang their automations on: an episode was found, its turns are there, it failed; a feed is gone.

    event     podcast.episode.discovered | podcast.episode.loaded | podcast.episode.failed | .quarantined
    resource  turntable.episode.<episode_id>, named by its title, with the label turntable.home: the id of the home
    payload   episode_id, podcast_id, title (else the file or host of its address), url (of the audio)
              and page_url, without secrets;
              loaded: transcript_id, turns, seconds, transcript_page (null where it is published nowhere);
              failed, quarantined: stage, error_class, message, quarantined

    event     podcast.feed.gone
    resource  turntable.feed.<feed_id>, named by its title, with the same label
    payload   feed_id, title, message

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
from urllib.parse import unquote, urlsplit

from flows.access import has_server
from flows.home.folder import LABEL, home_id
from flows.settings import Settings
from transforms.pages.page_names import page_of
from transforms.records import PODCAST_NAMESPACE, Episode, Seconds
from transforms.redaction import public_address, public_page

DISCOVERED = "podcast.episode.discovered"
LOADED = "podcast.episode.loaded"
FAILED = "podcast.episode.failed"
QUARANTINED = "podcast.episode.quarantined"  # of those that failed
GONE = "podcast.feed.gone"


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
        known = {
            "episode_id": episode.episode_id,
            "podcast_id": episode.podcast_id,
            "title": _title(episode),
            "url": public_address(episode.audio_url) if episode.audio_url else None,
            "page_url": public_page(episode.page_url) if episode.page_url else None,
        }
        resource = _resource(f"turntable.episode.{episode.episode_id}", known["title"], home)
        return _body(self.event_id(home), self.name, resource, {**known, **self.payload})


@dataclass(frozen=True, slots=True)
class FeedGone:
    """A feed that is not asked any more, ready to send; `title` and `message` hold no secret."""

    feed_id: str
    title: str
    message: str
    at: datetime

    def body(self, home: str) -> dict[str, Any]:
        """Write it as Prefect's API takes it; `home` is the id of the home that it is from."""
        event_id = uuid.uuid5(PODCAST_NAMESPACE, f"{home}:{GONE}:{self.feed_id}:{self.at.isoformat()}")
        payload = {"feed_id": self.feed_id, "title": self.title, "message": self.message}
        return _body(event_id, GONE, _resource(f"turntable.feed.{self.feed_id}", self.title, home), payload)


def _title(episode: Episode) -> str | None:
    """Return the title; of what has none, as a lone address that failed, its file, else its host."""
    place = urlsplit(public_address(episode.audio_url or "") or episode.audio_path or "")
    return episode.title or unquote(place.path).rstrip("/").rpartition("/")[2] or place.hostname


def _resource(name: str, title: str | None, home: str) -> dict[str, str]:
    return {"prefect.resource.id": name, LABEL: home} | ({"prefect.resource.name": title} if title else {})


def _body(
    event_id: uuid.UUID, name: str, resource: Mapping[str, str], payload: Mapping[str, Any]
) -> dict[str, Any]:
    occurred = datetime.now(UTC).isoformat()
    return {"id": str(event_id), "occurred": occurred, "event": name, "resource": resource, "payload": payload}


def loaded(
    settings: Settings, episode: Episode, transcript_id: str, turns: int, seconds: Seconds | None
) -> EpisodeEvent:
    """Say that the turns of an episode are in the warehouse; `seconds` is how long it is, where that is known."""
    base = settings.pages_url
    page = f"{base.rstrip('/')}/{page_of(episode.episode_id)}" if base else None
    facts = {"transcript_id": transcript_id, "turns": turns, "seconds": seconds, "transcript_page": page}
    return EpisodeEvent(LOADED, episode, transcript_id, facts)


def requests_to(home: Path) -> str:
    """Return the resource of an event that asks a home to hear something."""
    return f"turntable.request.{home_id(home)}"


@contextmanager
def sending(home: Path) -> Iterator[Callable[[EpisodeEvent | FeedGone], None]]:
    """Lend what sends an event, and comes back when the server has it or raises whatever Prefect's client does."""
    from prefect.client.orchestration import get_client

    ours = home_id(home)
    with get_client(sync_client=True) as client:

        def send(event: EpisodeEvent | FeedGone) -> None:
            client.request("POST", "/events", json=[event.body(ours)])

        yield send


def try_to_send(event: EpisodeEvent | FeedGone, home: Path) -> None:
    """Send an event if there is a server and it answers: nothing that counts hangs on it."""
    with suppress(Exception):
        if has_server():
            with sending(home) as send:
                send(event)
