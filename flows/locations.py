"""Where something comes from: a path or an address, and what of it may be shown."""

from __future__ import annotations

import re
from pathlib import Path

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


# As a JSON schema has it: forms and servers refuse what does not fit before there is a run.
ADDRESS_OR_PATH = r"^(https?://[^/?#\s]\S*|[^:]+|[^:]*:[^/].*|[^:/]*/.*)$"


def check_spelling(location: str) -> None:
    """Refuse what is spelled like an address and is none; whether something is there is another question.

    Raises:
        SourceError: a scheme that is not fetched, no host, or nothing that can be read.
    """
    from flows.sources.addresses import parsed

    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", location) and not Path(location).exists():
        parsed(location)
