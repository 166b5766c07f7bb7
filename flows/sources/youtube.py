"""Videos, channels and playlists of YouTube, through yt-dlp with one fixed set of options.

yt-dlp has no guard of its own, and a long history of options that run programs, write files or follow any address
(https://github.com/yt-dlp/yt-dlp/security/advisories). So it is let near addresses of YouTube only, with the
extractors of YouTube only, and with nothing of the user's: no settings, plugins, cookies, passwords or programs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flows.locations import Location, locate
from flows.sources.found import EpisodeSource, PublisherExtras
from transforms.errors import ContentError, SourceError, TransientError, TurntableError
from transforms.records import Feed
from transforms.redaction import public_address
from transforms.video_info import (
    WATCH,
    Info,
    to_chapters,
    to_episode,
    to_error,
    to_feed,
    to_podcast,
)

MAX_BYTES = 4_000_000_000
# Whole names of extractors; a name that is not here, such as `generic`, is never tried.
EXTRACTORS = ("youtube", "youtube:tab", "youtube:playlist")


def video(location: Location) -> EpisodeSource:
    """Describe a video; its extras also list the captions that a machine made, for those who ask for them.

    Raises:
        SourceError: it is private, removed, locked, or not of YouTube.
        TransientError: the network, a limit, or a live stream that has not ended.
    """
    watch = _watch(location)
    info = _info(watch, {})
    if info.get("live_status") in ("is_live", "is_upcoming", "post_live"):
        msg = f"{watch}: it is live or not yet shown; try again when it is over"
        raise TransientError(msg, retry_after=3600.0)
    podcast, episode = to_podcast(info), to_episode(info)
    extras = PublisherExtras(to_episode(info, automatic=True).transcripts, None, to_chapters(info), "youtube")
    links = tuple(replace(link, url=public_address(link.url)) for link in episode.transcripts)
    return EpisodeSource(locate(watch), podcast, replace(episode, transcripts=links), extras)


def listing(location: Location, latest: int = 50) -> Feed:
    """List the newest videos of a channel or a playlist, without asking for each of them.

    A flat listing knows ids and titles, seldom dates: `video` tells the rest.

    Raises:
        SourceError, TransientError: as `video`.
        ContentError: nothing is listed.
    """
    address = _channel(location)
    info = _info(
        address,
        {
            "extract_flat": "in_playlist",
            "lazy_playlist": True,
            "playlist_items": f"1:{latest}",
            "noplaylist": False,
        },
    )
    return to_feed({**info, "entries": list(info.get("entries") or ())}, address)


def find_videos(location: Location, latest: int) -> tuple[EpisodeSource, ...]:
    """Find the video that an address means, or the newest ones of a channel or a playlist.

    Raises:
        TurntableError: as `video` and `listing`.
    """
    if location.kind == "video":
        return (video(location),)
    feed = listing(location, latest)
    return tuple(EpisodeSource(locate(str(one.audio_url)), feed.podcast, one) for one in feed.episodes[:latest])


def complete(found: EpisodeSource) -> EpisodeSource:
    """Return a video that was only listed with what its own page says; it stays in the show that it was listed in.

    What is no such video is given back as it is.
    """
    if found.known_extras is not None or not found.location.is_youtube:
        return found
    whole = video(found.location)
    if found.podcast is None:
        return replace(whole, private=found.private)
    episode = replace(whole.episode, podcast_id=found.podcast.podcast_id)
    return replace(whole, podcast=found.podcast, episode=episode, private=found.private)


def download(
    location: Location, path: Path, on_progress: Callable[[float], None], max_bytes: int = MAX_BYTES
) -> None:
    """Bring the sound of a video to `path`, as it is offered; its container decides what it is.

    Raises:
        SourceError, TransientError: as `video`.
        ContentError: it has no sound, or more than `max_bytes`.
    """
    folder = path.parent / "yt-dlp"
    folder.mkdir()

    def tell(state: dict[str, Any]) -> None:
        on_progress(float(state.get("downloaded_bytes") or 0))

    _info(
        _watch(location),
        {
            "paths": {"home": str(folder), "temp": str(folder)},
            "outtmpl": {"default": "audio.%(ext)s"},
            "max_filesize": max_bytes,
            "progress_hooks": [tell],
        },
        download=True,
    )
    made = [file for file in folder.iterdir() if file.is_file() and not file.is_symlink()]
    if len(made) != 1:
        msg = f"{location.public}: no sound of at most {max_bytes} bytes came; look whether the video plays"
        raise ContentError(msg)
    made[0].replace(path)


def options(more: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the one set of options; `more` are those of a task, and never come from outside."""
    return {
        "allowed_extractors": [f"^{name}$" for name in EXTRACTORS],
        # no HLS or DASH manifests: those are followed to any address, some by other programs
        "format": "bestaudio[protocol^=http]/best[protocol^=http]",
        "noplaylist": True,
        "restrictfilenames": True,
        "quiet": True,
        "noprogress": True,
        "no_color": True,
        "logger": _Quiet(),
        "cachedir": False,
        "fixup": "never",
        "overwrites": True,
        "updatetime": False,
        "socket_timeout": 30,
        "retries": 3,
        "extractor_retries": 2,
        "proxy": "",  # whatever the environment says: proxies are named in our settings only
        "js_runtimes": {"deno": {}, "node": {}},
        **(more or {}),
    }


class _Quiet:
    """Takes what yt-dlp says; what matters comes as an exception, and its lines hold signed addresses."""

    def debug(self, line: str) -> None:
        """Drop it."""

    warning = error = info = debug


def _watch(location: Location) -> str:
    """Return the address of a video as we write it, so that nothing but its id goes to yt-dlp."""
    if location.kind != "video":
        msg = f"{location.public} is no video of YouTube: give an address such as {WATCH}…"
        raise SourceError(msg)
    return location.public


def _channel(location: Location) -> str:
    """Write the address of a channel or playlist anew; the videos of a channel stand on a page of their own."""
    if not location.is_youtube:
        msg = f"{location.public} is no channel or playlist of YouTube"
        raise SourceError(msg)
    parts = urlsplit(location.address)
    lists = [part for part in parts.query.split("&") if part.startswith("list=")]
    if lists:
        return f"https://www.youtube.com/playlist?{lists[0]}"
    path = parts.path.rstrip("/")
    is_channel = path.startswith(("/@", "/channel/", "/c/", "/user/"))
    has_tab = path.count("/") > (1 if path.startswith("/@") else 2)
    return (
        f"https://www.youtube.com{path}/videos" if is_channel and not has_tab else f"https://www.youtube.com{path}"
    )


def _info(url: str, more: dict[str, Any], *, download: bool = False) -> Info:
    with _translated(url), _downloader(more) as youtube:
        info = youtube.extract_info(url, download=download)
        if not isinstance(info, dict):
            msg = f"{url}: YouTube describes nothing there; check the address"
            raise SourceError(msg)
        return info


def _downloader(more: dict[str, Any]) -> Any:
    """Open yt-dlp without plugins: it would import them from the user's folders."""
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    import yt_dlp
    from yt_dlp import globals as settings_of_yt_dlp

    settings_of_yt_dlp.plugin_dirs.value = []
    return yt_dlp.YoutubeDL(options(more))


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Turn what yt-dlp raises into our classes."""
    from yt_dlp.networking.exceptions import RequestError
    from yt_dlp.utils import YoutubeDLError

    try:
        yield
    except TurntableError:
        raise
    except (YoutubeDLError, RequestError) as error:
        raise to_error(str(error), public_address(url)) from error
