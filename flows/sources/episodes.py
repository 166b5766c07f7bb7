"""What a user names → the episodes behind it: an audio file, a folder, an audio URL, a feed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from flows.sources import http
from flows.sources.feeds import read_feed
from transforms.audio import KNOWN, SUFFIXES
from transforms.errors import ContentError, SourceError
from transforms.feed import is_feed
from transforms.records import Episode, Podcast, file_episode_id, url_episode_id, without_query
from transforms.speech.models import sha256

KNOWN_BY_ID = "episode:"  # before the id of an episode that a subscription or the warehouse knows


@dataclass(frozen=True, slots=True)
class Found:
    """One episode to ingest: where its audio lies, and what its feed says of it."""

    location: str
    podcast: Podcast | None
    episode: Episode


def find_episodes(location: str, latest: int, allow: tuple[str, ...] = ()) -> tuple[Found, ...]:
    """Find the episodes that a path or a URL means; of a feed, the newest `latest` ones.

    Raises:
        SourceError: nothing is there, or nothing that has audio.
        TransientError, ContentError, HostileError: as `flows.sources.http` and `transforms.feed` say.
    """
    if location.startswith(KNOWN_BY_ID):
        return (_known(location.removeprefix(KNOWN_BY_ID)),)
    if "://" in location:
        return _behind_url(location, latest, allow)
    if not location:
        msg = "an empty name: give a file, a folder, an audio URL or a feed URL"
        raise SourceError(msg)
    path = Path(location).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if not path.is_file():
        msg = f"no such file or folder: {path}"
        raise SourceError(msg)
    with path.open("rb") as file:
        head = file.read(4096)
    return _in_feed(str(path), latest, allow) if is_feed(head) else (_file(path),)


def _known(episode_id: str) -> Found:
    from flows.settings import Settings
    from flows.subscriptions import find_known

    found = find_known(Settings().home, episode_id)
    if found is None:
        msg = f"no episode {episode_id} waits or is known: `turntable status` and `turntable episodes` list them"
        raise SourceError(msg)
    return found


def _behind_url(url: str, latest: int, allow: tuple[str, ...]) -> tuple[Found, ...]:
    if urlsplit(url).path.lower().endswith(tuple(SUFFIXES)):
        return (_url(url),)
    start = http.peek(url, allow=allow)
    if is_feed(start.data):
        return _in_feed(url, latest, allow)
    if start.media_type in ("text/html", "application/xhtml+xml"):
        msg = f"{without_query(url)} is a web page: give the address of its feed or of its audio"
        raise ContentError(msg)
    return (_url(url),)


def _in_feed(location: str, latest: int, allow: tuple[str, ...]) -> tuple[Found, ...]:
    feed = read_feed(location, allow=allow)
    found = tuple(
        Found(episode.audio_url, public_podcast(feed.podcast), public_episode(episode))
        for episode in feed.episodes[:latest]
        if episode.audio_url is not None
    )
    if not found:
        msg = f"{without_query(location)} has no episode with audio"
        raise SourceError(msg)
    return found


def public_podcast(podcast: Podcast) -> Podcast:
    """Drop what may be a subscriber's secret from a show: it goes to pages and tables that others read."""
    return replace(podcast, feed_url=_public(podcast.feed_url))


def public_episode(episode: Episode) -> Episode:
    """Drop what may be a subscriber's secret from an episode; its page is public as it is."""
    links = tuple(replace(link, url=without_query(link.url)) for link in episode.transcripts)
    return replace(
        episode,
        audio_url=_public(episode.audio_url),
        chapters_url=_public(episode.chapters_url),
        transcripts=links,
        audio_links=tuple(replace(link, url=without_query(link.url)) for link in episode.audio_links),
    )


def _public(url: str | None) -> str | None:
    return url if url is None else without_query(url)


def _in_folder(folder: Path) -> tuple[Found, ...]:
    inside = ((path, path.relative_to(folder).parts) for path in folder.rglob("*"))
    seen = (path for path, parts in inside if not any(part.startswith(".") for part in parts))
    paths = sorted(path for path in seen if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        msg = f"no audio in {folder}: it holds no {KNOWN} file"
        raise SourceError(msg)
    return tuple(_file(path) for path in paths)


def _file(path: Path) -> Found:
    return Found(str(path), None, bare_episode(file_episode_id(sha256(path)), None))


def _url(url: str) -> Found:
    return Found(url, None, bare_episode(url_episode_id(url), without_query(url)))


def bare_episode(episode_id: str, audio_url: str | None) -> Episode:
    """An episode of which nothing is known but its audio."""
    return Episode(
        episode_id=episode_id,
        podcast_id=None,
        guid=None,
        title=None,
        description=None,
        published_at=None,
        season=None,
        episode_number=None,
        language=None,
        page_url=None,
        audio_url=audio_url,
        duration=None,
        chapters_url=None,
        transcripts=(),
        persons=(),
    )
