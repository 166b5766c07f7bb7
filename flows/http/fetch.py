"""Bytes from outside: the one guarded HTTP client, which everything that is fetched goes through.

Somebody else wrote each URL that comes here, so it may point into our own network, at an endless body
or at a bomb. Every address that a name resolves to is judged, and the connection goes to that very
address, so that a second look-up cannot answer differently (`addresses`, `request`). Redirects are followed here
and judged again (`redirects`), and no host is asked more often than is polite (`rate_limit`). Bytes, time and
decompression are capped (`body`). No message holds a query, a user or a password.

Proxies of the environment are not asked. One that is set with TURNTABLE_PROXY connects for us and looks
names up itself, so that there only the text of an address can be judged: the proxy must refuse names
that lead into its own network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.http import request
from flows.http.addresses import is_public, parsed
from flows.http.body import check_not_empty, chunks, media_type
from flows.http.download import Download, download
from flows.http.reach import Reach
from flows.http.redirects import OpenedUrl, opened
from flows.http.streams import check_no_playlist

__all__ = [
    "Body",
    "Changed",
    "Download",
    "Unchanged",
    "download",
    "fetch",
    "fetch_if_changed",
    "is_public",
    "peek",
    "post",
]

_MAX_BYTES = 20_000_000
_VALIDATOR = re.compile(r"[\x20-\x7e]{1,512}")


@dataclass(frozen=True, slots=True)
class Body:
    """What a URL gave, decompressed; `url` is the last one after redirects, its query included."""

    data: bytes
    url: str
    media_type: str | None
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A document that is new to us, with what to name it by when asking again.

    `moved_to` is its URL where every redirect to it was a permanent one, query and password included;
    None where there was none, or only for now.
    """

    body: Body
    etag: str | None
    last_modified: str | None
    moved_to: str | None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The document is still what it was; the fields are as in `Changed`."""

    etag: str | None
    last_modified: str | None
    moved_to: str | None


def fetch(url: str, reach: Reach, *, max_bytes: int = _MAX_BYTES) -> Body:
    """Fetch a document into memory; `max_bytes` counts decompressed bytes.

    Raises:
        TransientError: a timeout, a cut body, 5xx, 408, 425 or 429; trying again later may work.
        Gone: the server says that it is gone for good.
        SourceError: the server does not give it.
        HostileError: a private address, a port or redirect that we refuse, or a decompression bomb.
        ContentError: more than `max_bytes`, an unreadable compression, or a live stream.
    """
    with opened(url, reach, {"Accept-Encoding": "gzip"}) as answer:
        return _whole(answer, max_bytes, reach)


def post(url: str, reach: Reach, json: bytes, *, max_bytes: int = _MAX_BYTES) -> Body:
    """Post JSON and read the answer into memory; a redirect is refused, for it would take along what was sent.

    Raises:
        TurntableError: as `fetch`.
    """
    target = parsed(url)
    headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
    with request.answer(target, reach, headers, json) as response:
        request.check_status(target, response, ())
        return _whole(OpenedUrl(target, response, None), max_bytes, reach)


def fetch_if_changed(
    url: str,
    reach: Reach,
    etag: str | None = None,
    last_modified: str | None = None,
    *,
    max_bytes: int = _MAX_BYTES,
) -> Changed | Unchanged:
    """Fetch a document unless it is still the one that `etag` or `last_modified` name.

    Both are what an earlier call gave. Keep them only once everything in the document is kept: whatever
    is lost after that is not sent again. Spec: https://www.rfc-editor.org/rfc/rfc9110#section-13.1

    Raises:
        TurntableError: as `fetch`.
    """
    asked = {name: value for name, value in _conditions(etag, last_modified) if value}
    headers = {"Accept-Encoding": "gzip", **asked}
    with opened(url, reach, headers, accept=(304,) if asked else ()) as answer:
        tag, date = (_validator(answer.response.headers.get(name)) for name in ("ETag", "Last-Modified"))
        if answer.response.status_code == 304:
            return Unchanged(tag or etag, date or last_modified, answer.moved_to)
        return Changed(_whole(answer, max_bytes, reach), tag, date, answer.moved_to)


def peek(url: str, reach: Reach, *, n_bytes: int = 4096) -> Body:
    """Fetch only the first `n_bytes`, then hang up: enough to tell what a URL leads to.

    Raises:
        TurntableError: as `fetch`.
    """
    data = bytearray()
    with opened(url, reach, {"Accept-Encoding": "identity"}) as answer:
        for chunk in chunks(answer.target, answer.response, None, reach.idle_timeout):
            data += chunk
            if len(data) >= n_bytes:
                break
        check_not_empty(answer.target, len(data))
        check_no_playlist(answer.target, answer.response, data)
        return Body(bytes(data[:n_bytes]), str(answer.target), media_type(answer.response))


def _whole(answer: OpenedUrl, max_bytes: int, reach: Reach) -> Body:
    data = b"".join(chunks(answer.target, answer.response, max_bytes, reach.idle_timeout))
    check_not_empty(answer.target, len(data))
    return Body(data, str(answer.target), media_type(answer.response), answer.response.charset_encoding)


def _conditions(etag: str | None, last_modified: str | None) -> tuple[tuple[str, str | None], ...]:
    return ("If-None-Match", _validator(etag)), ("If-Modified-Since", _validator(last_modified))


def _validator(value: str | None) -> str | None:
    """Return what names a version, unless it could not be sent back as it came."""
    text = (value or "").strip()
    return text if _VALIDATOR.fullmatch(text) else None
