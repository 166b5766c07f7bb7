"""Where something comes from: a path or an address, and what of it may be shown."""

from __future__ import annotations

from transforms.records import without_query
from transforms.youtube import WATCH, is_youtube, youtube_id


def is_url(location: str) -> bool:
    """Tell a URL of any scheme from a path.

    >>> is_url("https://example.org/1.mp3"), is_url("a/b.mp3"), is_url("C:/b.mp3")
    (True, False, False)
    """
    return "://" in location


def public_source(location: str) -> str:
    r"""Name where something came from, without what may be a secret and with characters that can be printed.

    >>> public_source("https://ann:s3cret@example.org/1?token=x"), public_source("caf\udce9.txt")
    ('https://example.org/1', 'caf?.txt')
    """
    if is_youtube(location) and (video := youtube_id(location)):
        return f"{WATCH}{video}"
    shown = without_query(location) if is_url(location) else location
    return shown.encode("utf-8", "replace").decode()
