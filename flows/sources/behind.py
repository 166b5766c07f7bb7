"""The feed behind what a user names: a web page, a link into a directory, a channel; or a feed itself."""

from __future__ import annotations

from flows.locations import shown_address
from flows.sources import http
from flows.sources.directories import feed_of, is_directory
from flows.sources.pages import HTML, feeds_on
from transforms.errors import SourceError, TransientError
from transforms.feed import is_feed
from transforms.youtube import is_youtube


def feed_behind(url: str, allow: tuple[str, ...] = ()) -> str:
    """Give the address of the feed that a user means; what does not answer now is taken for a feed.

    Raises:
        SourceError: nothing is there, a page that declares no feed, or a directory that has none.
        ContentError, HostileError: as `flows.sources.http` says.
    """
    if is_youtube(url):
        return url
    if is_directory(url):
        return feed_of(url, allow)
    try:
        start = http.peek(url, allow=allow)
    except TransientError:
        return url  # the poll that follows may be luckier
    if is_feed(start.data) or start.media_type not in HTML:
        return url
    feeds = feeds_on(url, allow)
    if not feeds:
        msg = f"{shown_address(url)} is a web page that declares no feed: give the address of the feed"
        raise SourceError(msg)
    return feeds[0]
