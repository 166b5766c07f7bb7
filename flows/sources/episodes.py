"""What a user names → the episodes behind it.

An audio file, a folder, an audio URL, a feed, a web page, a video or channel of YouTube, a link into a directory.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flows.allowed_files import check
from flows.http import fetch
from flows.locations import is_url, shown_address
from flows.sources import directories, pages, youtube
from flows.sources.directories import feed_of, is_directory
from flows.sources.feed_pages import read_feed
from flows.sources.found import EpisodeSource, bare_episode
from flows.sources.pages import HTML, feeds_on
from transforms.audio.container import KNOWN, SUFFIXES
from transforms.errors import SourceError, TransientError
from transforms.feed import is_feed
from transforms.hashes import sha256
from transforms.records import file_episode_id, url_episode_id
from transforms.redaction import public_address
from transforms.video_info import is_youtube


def find_episodes(location: str, latest: int, allow: tuple[str, ...] = ()) -> tuple[EpisodeSource, ...]:
    """Find the episodes that a path or a URL means; of a feed, the newest `latest` ones.

    Raises:
        SourceError: nothing is there, or nothing that has audio.
        ContentError: a page that leads to no audio, or a feed that is none.
        TransientError, HostileError: as `flows.http.fetch` and `flows.allowed_files` say.
    """
    if is_url(location):
        return _behind_url(location, latest, allow)
    if not location:
        msg = "an empty name: give a file, a folder, an audio URL or a feed URL"
        raise SourceError(msg)
    check(location)
    path = Path(location).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if not path.is_file():
        msg = f"no such file or folder: {path}"
        raise SourceError(msg)
    with path.open("rb") as file:
        head = file.read(4096)
    return _in_feed(str(path), latest, allow) if is_feed(head) else (_file(path),)


def _behind_url(url: str, latest: int, allow: tuple[str, ...]) -> tuple[EpisodeSource, ...]:
    if is_youtube(url):
        return youtube.find_videos(url, latest)
    if directories.is_directory(url):
        return directories.find_listed(url, latest, allow)
    if urlsplit(url).path.lower().endswith(tuple(SUFFIXES)):
        return (_url(url),)
    start = fetch.peek(url, allow=allow)
    if is_feed(start.data):
        return _in_feed(url, latest, allow)
    if start.media_type in pages.HTML:
        return pages.find_on_page(url, latest, allow)
    return (_url(url),)


def _in_feed(location: str, latest: int, allow: tuple[str, ...]) -> tuple[EpisodeSource, ...]:
    found = directories.newest(read_feed(location, allow=allow), latest)
    if not found:
        msg = f"{shown_address(location) if is_url(location) else location} has no episode with audio"
        raise SourceError(msg)
    return found


def _in_folder(folder: Path) -> tuple[EpisodeSource, ...]:
    inside = ((path, path.relative_to(folder).parts) for path in folder.rglob("*"))
    seen = (path for path, parts in inside if not any(part.startswith(".") for part in parts))
    paths = sorted(path for path in seen if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        msg = f"no audio in {folder}: it holds no {KNOWN} file"
        raise SourceError(msg)
    return tuple(_file(path) for path in paths)


def _file(path: Path) -> EpisodeSource:
    check(path)  # a link in a folder may lead anywhere
    return EpisodeSource(str(path), None, bare_episode(file_episode_id(sha256(path)), None))


def _url(url: str) -> EpisodeSource:
    return EpisodeSource(url, None, bare_episode(url_episode_id(url), public_address(url)))


# The feed behind what a user names: a web page, a link into a directory, a channel; or a feed itself.


def feed_behind(url: str, allow: tuple[str, ...] = ()) -> str:
    """Return the address of the feed that a user means; what does not answer now is taken for a feed.

    Raises:
        SourceError: nothing is there, a page that declares no feed, or a directory that has none.
        ContentError, HostileError: as `flows.http.fetch` says.
    """
    if is_youtube(url):
        return url
    if is_directory(url):
        return feed_of(url, allow)
    try:
        start = fetch.peek(url, allow=allow)
    except TransientError:
        return url  # the poll that follows may be luckier
    if is_feed(start.data) or start.media_type not in HTML:
        return url
    feeds = feeds_on(url, allow)
    if not feeds:
        msg = f"{shown_address(url)} is a web page that declares no feed: give the address of the feed"
        raise SourceError(msg)
    return feeds[0]
