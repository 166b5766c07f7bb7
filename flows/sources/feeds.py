"""Feeds, from the web or from disk."""

from __future__ import annotations

from pathlib import Path

from flows.sources import http
from transforms.errors import ContentError, SourceError
from transforms.feed import parse_feed
from transforms.records import Feed

_MAX_BYTES = 20_000_000


def read_feed(location: str, *, allow: tuple[str, ...] = ()) -> Feed:
    """Read the feed at an http(s) URL or a local path.

    A remote feed keeps the name that it is known by, `location`, wherever redirects lead. `allow` is as
    in `flows.sources.http.fetch`.

    Raises:
        SourceError: the server does not give it, or there is no such file.
        ContentError: it is not a feed, or too large for one.
        TurntableError: as `flows.sources.http.fetch`.
    """
    if location.lower().startswith(("http://", "https://")):
        body = http.fetch(location, max_bytes=_MAX_BYTES, allow=allow)
        return parse_feed(body.data, location, base=body.url)
    return parse_feed(_read(Path(location)), location)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        msg = f"{path}: no feed can be read there ({error.strerror}); check the path"
        raise SourceError(msg) from error
    if len(data) > _MAX_BYTES:
        msg = f"{path}: larger than the {_MAX_BYTES} bytes that are accepted; check that it is a feed"
        raise ContentError(msg)
    return data
