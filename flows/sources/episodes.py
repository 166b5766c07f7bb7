"""What a user names → the episodes behind it.

An audio file, a folder, an audio URL, a feed, a web page, a video or channel of YouTube, a link into a directory.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flows.locations import is_url, shown_address
from flows.reach import check
from flows.sources import directories, http, pages, youtube
from flows.sources.feeds import read_feed
from flows.sources.found import Found, bare_episode
from transforms.container import KNOWN, SUFFIXES
from transforms.errors import SourceError
from transforms.feed import is_feed
from transforms.hashes import sha256
from transforms.records import file_episode_id, url_episode_id
from transforms.redaction import public_address
from transforms.youtube import is_youtube


def find_episodes(location: str, latest: int, allow: tuple[str, ...] = ()) -> tuple[Found, ...]:
    """Find the episodes that a path or a URL means; of a feed, the newest `latest` ones.

    Raises:
        SourceError: nothing is there, or nothing that has audio.
        ContentError: a page that leads to no audio, or a feed that is none.
        TransientError, HostileError: as `flows.sources.http` and `flows.reach` say.
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


def _behind_url(url: str, latest: int, allow: tuple[str, ...]) -> tuple[Found, ...]:
    if is_youtube(url):
        return youtube.find_videos(url, latest)
    if directories.is_directory(url):
        return directories.find_listed(url, latest, allow)
    if urlsplit(url).path.lower().endswith(tuple(SUFFIXES)):
        return (_url(url),)
    start = http.peek(url, allow=allow)
    if is_feed(start.data):
        return _in_feed(url, latest, allow)
    if start.media_type in pages.HTML:
        return pages.find_on_page(url, latest, allow)
    return (_url(url),)


def _in_feed(location: str, latest: int, allow: tuple[str, ...]) -> tuple[Found, ...]:
    found = directories.newest(read_feed(location, allow=allow), latest)
    if not found:
        msg = f"{shown_address(location) if is_url(location) else location} has no episode with audio"
        raise SourceError(msg)
    return found


def _in_folder(folder: Path) -> tuple[Found, ...]:
    inside = ((path, path.relative_to(folder).parts) for path in folder.rglob("*"))
    seen = (path for path, parts in inside if not any(part.startswith(".") for part in parts))
    paths = sorted(path for path in seen if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        msg = f"no audio in {folder}: it holds no {KNOWN} file"
        raise SourceError(msg)
    return tuple(_file(path) for path in paths)


def _file(path: Path) -> Found:
    check(path)  # a link in a folder may lead anywhere
    return Found(str(path), None, bare_episode(file_episode_id(sha256(path)), None))


def _url(url: str) -> Found:
    return Found(url, None, bare_episode(url_episode_id(url), public_address(url)))
