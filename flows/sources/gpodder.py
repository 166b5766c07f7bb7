"""Subscriptions that a gpodder.net server keeps: gpodder.net itself, oPodSync and others that speak its API.

API: https://gpoddernet.readthedocs.io/en/latest/api/
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from flows.http import fetch
from flows.http.reach import Reach
from flows.locations import shown_address
from transforms.errors import ContentError, LoginError, SourceError
from transforms.feed.opml import Outline

_MOST_DEVICES = 100


def subscribed(url: str, reach: Reach) -> tuple[Outline, ...]:
    """List the feeds that a user has on all devices, each once; `url` has user and password in it.

    Raises:
        SourceError: there is no user in the address, the server does not let them in, or nothing is subscribed.
        TransientError, ContentError, HostileError: as `flows.http.fetch` says, or it is no such server.
    """
    parts = urlsplit(url)
    if not parts.username:
        msg = f"{shown_address(url)}: it needs a user: give it as https://USER@{parts.hostname or 'gpodder.net'}"
        raise SourceError(msg)
    base = urlunsplit(parts._replace(path=parts.path.rstrip("/"), query="", fragment=""))
    user = quote(unquote(parts.username), safe="")
    devices = _asked(f"{base}/api/2/devices/{user}.json", reach)
    names = [one["id"] for one in devices if isinstance(one, dict) and isinstance(one.get("id"), str)]
    lists = [
        _asked(f"{base}/subscriptions/{user}/{quote(name, safe='')}.json", reach) for name in names[:_MOST_DEVICES]
    ]
    feeds = dict.fromkeys(filter(None, (_address(one) for listed in lists for one in listed)))
    if not feeds:
        msg = f"{shown_address(url)}: nothing is subscribed there on any device"
        raise SourceError(msg)
    return tuple(Outline(feed, None) for feed in feeds)


def _asked(url: str, reach: Reach) -> list[Any]:
    try:
        answer = json.loads(fetch.fetch(url, reach).data)
    except LoginError as error:
        msg = f"{shown_address(url)}: wrong user or password: give those that you have on that server"
        raise LoginError(msg) from error
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, list):
        msg = f"{shown_address(url)}: no list, as a gpodder server gives: check the address of the server"
        raise ContentError(msg)
    return answer


def _address(one: object) -> str | None:
    """Return the address of a feed; the list has addresses, or objects with them."""
    url = one.get("url") if isinstance(one, dict) else one
    return url if isinstance(url, str) and url.startswith(("http://", "https://")) else None
