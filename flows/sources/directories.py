"""Links into directories of podcasts → the feed that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flows.http import fetch
from flows.http.reach import Reach
from flows.locations import locate, shown_address
from flows.sources.feed_pages import read_feed
from flows.sources.found import EpisodeSource, fitting, newest
from transforms.errors import ContentError, SourceError
from transforms.records import Feed, without_query
from transforms.redaction import public_page
from transforms.text import fold_title, visible

# https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI
APPLE_LOOKUP = "https://itunes.apple.com/lookup"
_APPLE_LISTS = 200  # the most episodes that it gives
_APPLE_SHOWS = 50

_APPLE = re.compile(r"(?:podcasts|itunes)\.apple\.com$", re.IGNORECASE)
_APPLE_PATH = re.compile(r"(?:/(?P<country>[a-z]{2}))?/podcast/(?:.*/)?id(?P<show>\d{1,20})/?$")
_PODCAST_INDEX = re.compile(r"(?:www\.)?podcastindex\.org$", re.IGNORECASE)


def is_directory(url: str) -> bool:
    """Check for a link into a directory that we know.

    >>> is_directory("https://podcasts.apple.com/us/podcast/x/id1?i=2"), is_directory("https://example.org/")
    (True, False)
    """
    host = urlsplit(url).hostname or ""
    return bool(_APPLE.search(host) or _PODCAST_INDEX.match(host))


def find_listed(url: str, latest: int, reach: Reach, *, lookup: str = APPLE_LOOKUP) -> tuple[EpisodeSource, ...]:
    """Find what a link into a directory means: one episode, or the newest ones of a show.

    Raises:
        SourceError: the directory has no feed for it, or wants a key.
        TransientError, ContentError, HostileError: as `flows.http.fetch` and `transforms.feed` say.
    """
    _check_key(url)
    show, episode, country = _apple_ids(url)
    feed_url, listed = _ask_apple(show, episode, country, reach, lookup)
    feed = read_feed(locate(feed_url), reach)
    if episode is None:
        return newest(feed, latest)
    found = _listed(feed, listed) if listed else None
    if found is None:
        cause = (
            "its feed does not have it" if listed else f"it is not among the newest {_APPLE_LISTS} of Apple's list"
        )
        msg = f"{public_page(url)}: {cause}; find it with `turntable ingest {shown_address(feed_url)} --latest N`"
        raise SourceError(msg)
    return (found,)


def feed_of(url: str, reach: Reach, *, lookup: str = APPLE_LOOKUP) -> str:
    """Return the address of the feed of the show that a link into a directory names.

    Raises:
        SourceError: the directory has no feed for it, or wants a key.
        TransientError, ContentError, HostileError: as `flows.http.fetch` says.
    """
    _check_key(url)
    show, _, country = _apple_ids(url)
    return _ask_apple(show, None, country, reach, lookup)[0]


def feed_called(name: str, reach: Reach, directory: str) -> str:
    """Return the address of the feed of the one show that a name means, by the search of a directory as Apple's.

    One that is called so counts before others whose names have more in them.

    Raises:
        SourceError: no show or several are called so; the message names up to five.
        TransientError, ContentError, HostileError: as `flows.http.fetch` says.
    """
    found = _search(name, reach, directory)
    folded = fold_title(name)
    words = set(folded.split())
    fit = [url for url, result in found.items() if words and words <= set(_title(result).split())]
    meant = [url for url in fit if _title(found[url]) == folded] or fit
    if len(meant) == 1:
        return meant[0]
    if not found:
        what = f"neither an OPML file nor a show that {_called(directory)} knows"
        msg = f"{visible(name)}: {what}: give the address of its feed"
        raise SourceError(msg)
    several = "; ".join(_described(found[url], url) for url in (meant or list(found))[:5])
    cause = "several shows are called so" if fit else "no show is called so"
    msg = f"{visible(name)}: {cause}: `turntable add` the address of one, such as {several}"
    raise SourceError(msg)


def _search(name: str, reach: Reach, directory: str) -> dict[str, dict[str, Any]]:
    """Return what a directory finds by a name, by the addresses of the feeds."""
    asked = urlencode({"media": "podcast", "entity": "podcast", "limit": str(_APPLE_SHOWS), "term": name})
    results = _results(fetch.fetch(f"{directory.rstrip('/')}/search?{asked}", reach).data, _called(directory))
    return {url: result for result in results if isinstance(url := result.get("feedUrl"), str)}


def _called(directory: str) -> str:
    host = urlsplit(directory).hostname or ""
    return "Apple Podcasts" if host.endswith("apple.com") else visible(host)


def _title(result: dict[str, Any]) -> str:
    title = result.get("collectionName")
    return fold_title(title) if isinstance(title, str) else ""


def _described(result: dict[str, Any], url: str) -> str:
    """Write a show for people: its title, who makes it, and where its feed lies."""
    title, author = (str(result.get(key) or "").strip()[:100] for key in ("collectionName", "artistName"))
    return visible(f"{title}{f' by {author}' if author else ''}: {shown_address(url)}")


def _check_key(url: str) -> None:
    if _PODCAST_INDEX.match(urlsplit(url).hostname or ""):
        msg = (
            f"{shown_address(url)}: Podcast Index answers only to those with a key; open it and copy its RSS link"
        )
        raise SourceError(msg)


def _apple_ids(url: str) -> tuple[str, str | None, str | None]:
    """Read an Apple link: the show, the episode if one is named, and the country."""
    parts = urlsplit(url)
    path = _APPLE_PATH.search(parts.path)
    if path is None:
        msg = f"{public_page(url)} names no show of Apple Podcasts: give a link such as https://podcasts.apple.com/…/id123?i=456"
        raise SourceError(msg)
    episode = next(iter(parse_qs(parts.query).get("i", [])), None)
    return path["show"], episode if episode and episode.isdigit() else None, path["country"]


def _ask_apple(
    show: str, episode: str | None, country: str | None, reach: Reach, lookup: str
) -> tuple[str, dict[str, Any] | None]:
    """Ask for the feed of a show and, if one is named, what Apple lists of an episode."""
    asked = {"id": show, "entity": "podcastEpisode" if episode else "podcast", "limit": str(_APPLE_LISTS)}
    body = fetch.fetch(f"{lookup}?{urlencode(asked | ({'country': country} if country else {}))}", reach)
    results = list(_results(body.data))
    feeds = [result["feedUrl"] for result in results if isinstance(result.get("feedUrl"), str)]
    if not feeds:
        msg = f"Apple Podcasts names no feed for the show {show}: give the address of its feed or of its web page"
        raise SourceError(msg)
    listed = [result for result in results if episode and str(result.get("trackId")) == episode]
    return feeds[0], listed[0] if listed else None


def _results(data: bytes, directory: str = "Apple Podcasts") -> Iterator[dict[str, Any]]:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError) as error:
        msg = f"{directory} gave no JSON: try again later, or give the address of the feed"
        raise ContentError(msg) from error
    results = answer.get("results") if isinstance(answer, dict) else None
    return (result for result in results or () if isinstance(result, dict))


def _listed(feed: Feed, listed: dict[str, Any]) -> EpisodeSource | None:
    """Find what Apple lists in the feed: by guid, by the address of the audio, by its title."""
    guid, url, title = (listed.get(key) for key in ("episodeGuid", "episodeUrl", "trackName"))
    audio = without_query(url) if isinstance(url, str) else None
    folded = fold_title(title) if isinstance(title, str) else ""
    return fitting(
        feed,
        lambda e: bool(guid) and e.guid == guid,
        lambda e: bool(audio) and without_query(e.audio_url or "") == audio,
        lambda e: bool(folded) and fold_title(e.title or "") == folded,
    )
