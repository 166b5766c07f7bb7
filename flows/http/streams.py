"""Live streams: how they are known before hours went by, and refused, for they have no end."""

from __future__ import annotations

import re

import httpx2

from flows.http.addresses import shown
from flows.http.body import content_length, media_type
from transforms.errors import ContentError
from transforms.records import Seconds

_HEADERS = ("icy-", "ice-")  # of Shoutcast and Icecast, also behind other servers
_SERVERS = re.compile(r"icecast|shoutcast|steamcast|\bnsv\b", re.IGNORECASE)
_PLAYLISTS = re.compile(
    r"(audio|video|application)/((x-|vnd\.apple\.)?mpegurl|x-scpls|pls\+xml|xspf\+xml|dash\+xml)"
)
_SLACK: Seconds = 900.0
_MULTIPLE = 3  # a server that sends more slowly than a third of the pace at which people listen


def check_recording(target: httpx2.URL, response: httpx2.Response) -> None:
    """Refuse what its server says is a live stream; a file on such a server has a length and a version.

    Raises:
        ContentError: it is one.
    """
    is_live = any(name.lower().startswith(_HEADERS) for name in response.headers) or _SERVERS.search(
        response.headers.get("Server", "")
    )
    is_file = content_length(response) is not None and (
        response.headers.get("Accept-Ranges") == "bytes"
        or {"etag", "last-modified"} & set(response.headers.keys())
    )
    if is_live and not is_file:
        raise live_stream(target)


def check_no_playlist(target: httpx2.URL, response: httpx2.Response, head: bytes | bytearray) -> None:
    """Refuse a list of pieces or stations that says what it is; some servers call their sound so, too.

    Raises:
        ContentError: it is one.
    """
    if _PLAYLISTS.fullmatch(media_type(response) or "") and head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (
        b"#",
        b"[",
        b"<",
    ):
        msg = f"{shown(target)}: a playlist, as live streams have, and no sound; give the address of a recording"
        raise ContentError(msg)


def live_stream(target: httpx2.URL) -> ContentError:
    """Say that an address is one of a live stream."""
    return ContentError(f"{shown(target)}: a live stream, which has no end; give the address of a recording")


def patience_without_length(longest: Seconds, expected: Seconds | None) -> Seconds:
    """Return how long a body without a length may take to come, where its sound should last so long.

    >>> patience_without_length(10_800, 3_600), patience_without_length(10_800, None)
    (10800, 3600.0)
    """
    return min(longest, _SLACK + _MULTIPLE * expected) if expected else longest / _MULTIPLE
