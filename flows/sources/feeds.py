"""Feeds, from the web or from disk, page by page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter
from pydantic_core import from_json

from flows.reach import check
from flows.sources import http
from transforms.errors import ContentError, SourceError
from transforms.feed import newest_first, not_a_feed, parse_feed
from transforms.records import Episode, Feed, Seconds

_MAX_BYTES = 20_000_000
_MAX_PAGES = 500
# Whatever a megabyte holds is read in seconds; more of it is read where it can be stopped.
_SMALL = 1_000_000
_SECONDS = 9
_MEMORY = 480_000_000
_PATIENCE: Seconds = 60.0

_FEED = TypeAdapter(Feed)


def read_feed(location: str, *, pages: int = 1, allow: tuple[str, ...] = ()) -> Feed:
    """Read the feed at an http(s) URL or a local path, and the older pages that it leads to (RFC 5005).

    A remote feed keeps the name that it is known by, `location`, wherever redirects lead. Of an episode
    that is on two pages the first one counts. `next_url` is where more can be had, None where that was
    all: a page that is missing or empty leaves it, and ends the reading. `allow` is as in
    `flows.sources.http.fetch`.

    Raises:
        SourceError: the server does not give it, or there is no such file.
        ContentError: it is not a feed, or too large for one.
        TurntableError: as `flows.sources.http.fetch`.
    """
    feed = _page(location, location, allow, None)
    episodes = {episode.episode_id: episode for episode in feed.episodes}
    seen, following = {location}, _older(feed, {location})
    for _ in range(min(pages, _MAX_PAGES) - 1):
        if following is None:
            break
        seen.add(following)
        try:
            page = _page(following, location, allow, feed.podcast.podcast_id)
        except (SourceError, ContentError):
            break
        _add(episodes, page.episodes)
        following = _older(page, seen)
    return replace(feed, episodes=newest_first(episodes.values()), next_url=following, prev_archive_url=None)


def parse_safely(data: bytes, url: str, *, base: str | None = None, show: str | None = None) -> Feed:
    """Do what `parse_feed` does, within 10 s and 512 MB, whatever the bytes are.

    Raises:
        ContentError: as `parse_feed`, or it takes more than that.
    """
    if len(data) <= _SMALL:
        return parse_feed(data, url, base=base, show=show)
    names = {"url": url, "base": base, "show": show, "seconds": _SECONDS, "bytes": _MEMORY}
    try:
        child = subprocess.run(
            [sys.executable, "-m", "transforms.feed"],
            input=json.dumps(names).encode() + b"\n" + data,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(os.path.isabs, sys.path))},
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise not_a_feed(url, f"it takes more than {_SECONDS} s or {_MEMORY // 1_000_000} MB to read") from error
    answer = from_json(child.stdout)
    if "error" in answer:
        raise ContentError(answer["error"])
    return _FEED.validate_python(answer["feed"])


def _page(location: str, name: str, allow: tuple[str, ...], show: str | None) -> Feed:
    if location.lower().startswith(("http://", "https://")):
        body = http.fetch(location, max_bytes=_MAX_BYTES, allow=allow)
        return parse_safely(body.data, name, base=body.url, show=show)
    return parse_safely(_read(Path(location)), name, base=location, show=show)


def _older(feed: Feed, seen: set[str]) -> str | None:
    """Give the page behind this one that was not read yet."""
    return next((url for url in (feed.next_url, feed.prev_archive_url) if url and url not in seen), None)


def _add(episodes: dict[str, Episode], more: tuple[Episode, ...]) -> None:
    for episode in more:
        episodes.setdefault(episode.episode_id, episode)


def _read(path: Path) -> bytes:
    check(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        msg = f"{path}: no feed can be read there ({error.strerror}); check the path"
        raise SourceError(msg) from error
    if len(data) > _MAX_BYTES:
        msg = f"{path}: larger than the {_MAX_BYTES} bytes that are accepted; check that it is a feed"
        raise ContentError(msg)
    return data
