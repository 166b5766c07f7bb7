"""Feeds, from the web or from disk, page by page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, Any

from pydantic import TypeAdapter
from pydantic_core import from_json

from flows.allowed_files import check
from flows.http import fetch
from flows.http.reach import Reach
from flows.locations import Location, locate
from flows.sources.logins import with_login
from transforms.errors import ContentError, SourceError
from transforms.feed import believed, newest_first, not_a_feed, parse_feed
from transforms.feed.identity import told_apart
from transforms.records import Episode, Feed, Seconds

MAX_BYTES = 100_000_000
_MAX_PAGES = 500
# Whatever a megabyte holds is read in seconds; more of it is read where it can be stopped.
_SMALL = 1_000_000
_SECONDS = 9
_MEMORY = 480_000_000
_LARGE = 20_000_000  # up to here that is enough
_MEMORY_A_BYTE = 10
_PATIENCE: Seconds = 1800.0  # on a very busy machine; its own time is limited

_AT_WORK: list[int] = []  # processes that read large feeds

_FEED = TypeAdapter(Feed)
_EPISODE = TypeAdapter(Episode)


def read_feed(location: Location, reach: Reach, *, pages: int = 1) -> Feed:
    """Read the feed at an http(s) URL or a local path, and the older pages that it leads to (RFC 5005).

    A remote feed keeps the name that it is known by, its address, wherever redirects lead. Of an episode
    that is on two pages the first one counts. `next_url` is where more can be had, None where that was
    all: a page that is missing or empty leaves it, and ends the reading.

    Raises:
        SourceError: the server does not give it, or there is no such file.
        ContentError: it is not a feed, or too large for one.
        TurntableError: as `flows.http.fetch.fetch`.
    """
    name = location.address
    feed = _page(location, name, reach, None)
    episodes = list(feed.episodes)
    seen, following = {name}, _older(feed, {name})
    for _ in range(min(pages, _MAX_PAGES) - 1):
        if following is None:
            break
        seen.add(following)
        try:
            page = _page(locate(following), name, reach, feed.podcast.podcast_id)
        except (SourceError, ContentError):
            break
        if not page.episodes and not _older(page, seen):
            break
        episodes += page.episodes
        following = _older(page, seen)
    return replace(feed, episodes=newest_first(told_apart(episodes)), next_url=following, prev_archive_url=None)


def parse_safely(
    data: bytes, url: str, *, base: str | None = None, show: str | None = None, charset: str | None = None
) -> Feed:
    """Do what `parse_feed` does, within 10 s and 512 MB, whatever the bytes are.

    No date counts that lies too far ahead. What lies on the server of `base` is opened with the user and password
    in that.

    A feed of more than 20 MB may take memory in proportion, and one of thousands of episodes a second for every
    few hundred that come out.

    Raises:
        ContentError: as `parse_feed`, or it takes more than that.
    """
    if len(data) <= _SMALL:
        feed = parse_feed(data, url, base=base, show=show, charset=charset)
        return replace(feed, episodes=_in_order(feed.episodes, base or url))
    most_bytes = _MEMORY + _MEMORY_A_BYTE * max(0, len(data) - _LARGE)
    names = {
        "url": url,
        "base": base,
        "show": show,
        "charset": charset,
        "seconds": _SECONDS,
        "bytes": most_bytes,
    }
    with TemporaryFile() as file:
        file.write(json.dumps(names).encode() + b"\n" + data)
        file.seek(0)
        with _parser(file) as lines:
            feed = _FEED.validate_python(_answered(next(lines, None), url))
            episodes = [_EPISODE.validate_python(_answered(line, url)) for line in lines]
    return replace(feed, episodes=_in_order(told_apart(episodes), base or url))


def _in_order(episodes: Iterable[Episode], feed_url: str) -> tuple[Episode, ...]:
    now = datetime.now(UTC)
    return newest_first(with_login(believed(episode, now), feed_url) for episode in episodes)


def is_reading_large() -> bool:
    """Check whether a feed that came long ago is still being read: that is work, and no waiting for a server."""
    return bool(_AT_WORK)


@contextmanager
def _parser(file: IO[bytes]) -> Iterator[Iterator[bytes | None]]:
    """Lend the lines that the process of the parser writes; `None` is the last one where it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-m", "transforms.feed"],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(os.path.isabs, sys.path))},
    )
    late = Timer(_PATIENCE, child.kill)
    late.start()
    _AT_WORK.append(child.pid)

    def lines() -> Iterator[bytes | None]:
        assert child.stdout is not None
        yield from child.stdout
        if child.wait():
            yield None

    try:
        yield lines()
    finally:
        _AT_WORK.remove(child.pid)
        late.cancel()
        child.kill()
        with child:  # closes its pipe, and waits
            pass


def _answered(line: bytes | None, url: str) -> Any:
    """Read a line of the parser.

    Raises:
        ContentError: the feed is none, or takes too much.
    """
    if line is None:
        raise not_a_feed(url, f"it takes more than {_SECONDS} s or {_MEMORY // 1_000_000} MB to read")
    answer = from_json(line)
    if "error" in answer:
        raise ContentError(answer["error"])
    return answer


def _page(location: Location, name: str, reach: Reach, show: str | None) -> Feed:
    if location.is_url:
        body = fetch.fetch(location.address, reach, max_bytes=MAX_BYTES)
        return parse_safely(body.data, name, base=body.url, show=show, charset=body.charset)
    return parse_safely(_read(location.path), name, base=location.address, show=show)


def _older(feed: Feed, seen: set[str]) -> str | None:
    """Return the page behind this one that was not read yet."""
    return next((url for url in (feed.next_url, feed.prev_archive_url) if url and url not in seen), None)


def _read(path: Path) -> bytes:
    check(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        msg = f"{path}: no feed can be read there ({error.strerror}); check the path"
        raise SourceError(msg) from error
    if len(data) > MAX_BYTES:
        msg = f"{path}: larger than the {MAX_BYTES} bytes that are accepted; check that it is a feed"
        raise ContentError(msg)
    return data
