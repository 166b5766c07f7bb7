"""Podpings: what publishers write into the Hive blockchain when a feed of theirs changed; blocks → addresses.

A podping is an operation `custom_json`, and anybody may write one: it is at most a reason to look at a feed.

Spec: https://github.com/Podcastindex-org/podping.cloud#what-it-does, and of the blocks
https://developers.hive.io/apidefinitions/#block_api.get_block_range
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

_ID, _ID_PREFIXES = "podping", ("pp_", "pplt_")  # of version 0.x; of 1.x: pp_podcast_update; those of its tests
_LISTS = ("iris", "urls", "url")  # of version 1.x; of 0.x, many or one
_LONGEST = 2_000  # characters of an address


def addresses(blocks: object) -> Iterator[str]:
    """Yield the addresses that the podpings in some blocks name; what has another shape is passed over."""
    for block in _objects(blocks):
        for transaction in _objects(block.get("transactions")):
            for operation in _objects(transaction.get("operations")):
                if operation.get("type") == "custom_json_operation":
                    yield from _named(operation.get("value"))


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _named(operation: object) -> Iterator[str]:
    if not isinstance(operation, dict) or not _is_podping(operation.get("id")):
        return
    try:
        body = json.loads(operation.get("json", ""))
    except (TypeError, ValueError, RecursionError):
        return
    for name in _LISTS if isinstance(body, dict) else ():
        named = body.get(name)
        yield from (one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str))


def _is_podping(name: object) -> bool:
    return isinstance(name, str) and (name == _ID or name.startswith(_ID_PREFIXES))


def feed_key(address: str) -> str | None:
    """Return by what an address is compared with others that may be spelled otherwise; `None` where it is none.

    Scheme, user, password, default port, fragment and slashes at the end do not count.

    >>> feed_key("https://ann:secret@Feeds.Example.org:443/Show/#now") == feed_key("http://feeds.example.org/Show")
    True
    """
    scheme, _, rest = address.partition("://")
    if scheme.lower() not in ("http", "https") or len(address) > _LONGEST:
        return None
    place, slash, path = rest.partition("#")[0].partition("/")
    place = place.rpartition("@")[2].lower().removesuffix(":443").removesuffix(":80")
    if not path.isascii():
        path = quote(path, safe=string.punctuation)
    return f"{place}{slash}{path}".rstrip("/") or None


def feed_keys(address: str) -> set[str]:
    """Return the keys of an address with its host in ASCII and in its own letters: either may be written.

    >>> sorted(feed_keys("https://bücher.example/große.xml"))
    ['bücher.example/gro%C3%9Fe.xml', 'xn--bcher-kva.example/gro%C3%9Fe.xml']
    """
    key = feed_key(address)
    if key is None:
        return set()
    place, slash, path = key.partition("/")
    keys = {key}
    with suppress(UnicodeError):
        keys.add(place.encode("idna").decode("ascii") + slash + path)
    with suppress(UnicodeError):
        keys.add(place.encode("ascii").decode("idna") + slash + path)
    return keys
