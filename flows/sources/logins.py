"""The user and password that open a feed open what else lies on its server: audio, transcripts, chapters."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from transforms.records import Episode


def with_login(episode: Episode, feed_url: str) -> Episode:
    """Give the addresses of an episode that are on the server of its feed the user and password of that.

    Those that have their own keep it; no other server, and no other scheme, hears of it.
    """
    login, has_login, _ = urlsplit(feed_url).netloc.rpartition("@")
    if not has_login:
        return episode

    def admitted(url: str) -> str:
        return _admitted(url, login) if _server(url) == _server(feed_url) is not None else url

    return replace(
        episode,
        audio_url=episode.audio_url and admitted(episode.audio_url),
        audio_links=tuple(replace(link, url=admitted(link.url)) for link in episode.audio_links),
        chapters_url=episode.chapters_url and admitted(episode.chapters_url),
        transcripts=tuple(replace(link, url=admitted(link.url)) for link in episode.transcripts),
    )


def _admitted(url: str, login: str) -> str:
    """Write a login into an address without one.

    >>> _admitted("https://example.org/1.mp3", "ann:x"), _admitted("https://bo@example.org/1.mp3", "ann:x")
    ('https://ann:x@example.org/1.mp3', 'https://bo@example.org/1.mp3')
    """
    parts = urlsplit(url)
    return url if "@" in parts.netloc else urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))


def _server(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port; `None` where they cannot be read."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower(), 0)
    except ValueError:
        return None
    return (parts.scheme.lower(), parts.hostname.lower(), port) if parts.hostname else None
