"""What a user names → the episodes behind it.

An audio file, a folder, an audio URL, a feed, a web page, a video or channel of YouTube, a link into a directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flows.allowed_files import check
from flows.http import fetch
from flows.http.reach import Reach
from flows.locations import Location, at_path
from flows.sources import directories, episode_pages, folders, youtube
from flows.sources.directories import feed_of, is_directory
from flows.sources.episode_pages import HTML, feeds_on
from flows.sources.feed_pages import read_feed
from flows.sources.folders import LeftOut
from flows.sources.found import EpisodeSource, bare_episode, newest
from transforms.audio.container import SUFFIXES
from transforms.errors import SourceError, TransientError
from transforms.feed import is_feed
from transforms.records import file_episode_id, url_episode_id
from transforms.redaction import public_address


@dataclass(frozen=True, slots=True)
class Named:
    """What a user names: episodes that have audio, texts, and what lies beside them and is neither."""

    episodes: tuple[EpisodeSource, ...] = ()
    texts: tuple[Location, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def find_named(location: Location, latest: int, reach: Reach) -> Named:
    """Find what a path or a URL means; of a feed, the newest `latest` episodes.

    Raises:
        SourceError: nothing is there, or nothing that can be taken.
        ContentError: a page that leads to no audio, or a feed that is none.
        TransientError, HostileError: as `flows.http.fetch` and `flows.allowed_files` say.
    """
    if location.is_url:
        return _behind(location, latest, reach)
    if not location.address:
        msg = "an empty name: give a file, a folder, an audio URL or a feed URL"
        raise SourceError(msg)
    check(location)
    path = location.path
    if path.is_dir():
        return _in_folder(path)
    if not path.is_file():
        msg = f"no such file or folder: {path}"
        raise SourceError(msg)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        msg = f"{path} cannot be read ({(error.strerror or str(error)).lower()}): check that you may read it"
        raise SourceError(msg) from error
    if is_feed(head):
        return Named(_in_feed(at_path(path), latest, reach))
    return Named(texts=(at_path(path),)) if folders.is_text(path) else Named((_file(path),))


def _behind(location: Location, latest: int, reach: Reach) -> Named:
    if urlsplit(location.address).path.lower().endswith(folders.CAPTIONS):
        return Named(texts=(location,))
    return Named(_behind_url(location, latest, reach))


def _behind_url(location: Location, latest: int, reach: Reach) -> tuple[EpisodeSource, ...]:
    if location.is_youtube:
        return youtube.find_videos(location, latest)
    url = location.address
    if directories.is_directory(url):
        return directories.find_listed(url, latest, reach)
    if urlsplit(url).path.lower().endswith(tuple(SUFFIXES)):
        return (_url(location),)
    start = fetch.peek(url, reach)
    if is_feed(start.data):
        return _in_feed(location, latest, reach)
    if start.media_type in episode_pages.HTML:
        return episode_pages.find_on_page(url, latest, reach)
    return (_url(location),)


def _in_feed(location: Location, latest: int, reach: Reach) -> tuple[EpisodeSource, ...]:
    found = newest(read_feed(location, reach), latest)
    if not found:
        msg = f"{location.shown} has no episode with audio"
        raise SourceError(msg)
    return found


def _in_folder(folder: Path) -> Named:
    inside = folders.look_in(folder)
    if not inside.audio and not inside.texts:
        raise folders.nothing_in(folder, inside.left_out)
    left_out = list(inside.left_out)
    episodes = []
    for path in inside.audio:
        try:
            episodes.append(_file(path))
        except OSError as error:
            cause = (error.strerror or str(error)).lower()
            left_out.append(folders.left(path, f"{path.suffix.lower()} that cannot be read ({cause})"))
    return Named(tuple(episodes), tuple(map(at_path, inside.texts)), tuple(left_out))


def _file(path: Path) -> EpisodeSource:
    check(path)  # a link in a folder may lead anywhere
    return EpisodeSource(at_path(path), None, bare_episode(file_episode_id(folders.hash_of(path)), None))


def _url(location: Location) -> EpisodeSource:
    url = location.address
    return EpisodeSource(location, None, bare_episode(url_episode_id(url), public_address(url)))


# The feed behind what a user names: a web page, a link into a directory, a channel; or a feed itself.


def feed_behind(location: Location, reach: Reach) -> str:
    """Return the address of the feed that a user means; what does not answer now is taken for a feed.

    Raises:
        SourceError: nothing is there, a page that declares no feed, or a directory that has none.
        ContentError, HostileError: as `flows.http.fetch` says.
    """
    url = location.address
    if location.is_youtube:
        return url
    if is_directory(url):
        return feed_of(url, reach)
    try:
        start = fetch.peek(url, reach)
    except TransientError:
        return url  # the poll that follows may be luckier
    if is_feed(start.data) or start.media_type not in HTML:
        return url
    feeds = feeds_on(url, reach)
    if not feeds:
        msg = f"{location.shown} is a web page that declares no feed: give the address of the feed"
        raise SourceError(msg)
    return feeds[0]
