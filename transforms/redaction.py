"""Addresses and texts without their secrets: the one place that decides what of an address may be shown or kept.

    https://ann:pw@host/feed/9f3c…/rss;v=1?auth=x#y   →   https://host/feed/~5a1b2c3d/rss

User, password, parameters, query and fragment go; a part of the path that is a secret (`transforms.tokens`)
becomes a piece of its hash, so that the same address is still the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from transforms.tokens import SUFFIX, is_secret, is_secret_value

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s<>\"'`]+", re.IGNORECASE)
_TAIL = re.compile(r"[.,:;!?)\]}…]+$")  # of the sentence, not of the address in it
_MASK = re.compile(r"~[0-9a-f]{8}")
_INNER_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,6}", re.IGNORECASE)
_VIDEO_HOST = re.compile(r"(?:[\w-]+\.)?(?:youtube(?:-nocookie)?\.com|youtu\.be)", re.IGNORECASE)
_VIDEO_KEYS = frozenset(("v", "list", "channel_id"))  # they are names, not secrets
_SHORTEST = 6  # of a secret that is looked for in texts


def public_address(url: str, *, keep_query: bool = False) -> str:
    """Write an address without what may be a secret; with `keep_query` a query in which nothing is one stays.

    What is no address, such as a path on this machine, is given back as it is.

    >>> public_address("https://ann:secret@cdn.example/u/9f3c1e7ab04d5526/1.mp3;v=1?token=abc#t=5")
    'https://cdn.example/u/~c61a2fc5/1.mp3'
    """
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"  # nobody knows what is secret in it
    netloc = parts.netloc.rpartition("@")[2]
    labels = [masked(label) if is_secret(label) and len(label) >= 20 else label for label in netloc.split(".")]
    names = parts.path.split("/")
    shown = [
        masked(n) if bad else n.partition(";")[0] for n, bad in zip(names, _judged(names, netloc), strict=True)
    ]
    query = "&".join(_harmless(netloc, parts.query, keep_query=keep_query))
    return urlunsplit((parts.scheme, ".".join(labels), "/".join(shown), query, ""))


def masked(piece: str) -> str:
    """Write a piece of its hash in place of a secret; the suffix of a file stays.

    >>> masked("hunter2.mp3")
    '~f52fbd32.mp3'
    """
    name = piece.partition(";")[0]
    found = SUFFIX.search(name)
    stem = name[: found.start()] if found else name
    return f"{_hashed(stem)}{found[0] if found else ''}"


def _hashed(text: str) -> str:
    return f"~{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def public_page(url: str) -> str:
    """Write the address of a page, whose query may be its name, without what may be a secret.

    >>> public_page("https://example.org/?p=12"), public_page("https://example.org/?p=12&token=x")
    ('https://example.org/?p=12', 'https://example.org/')
    """
    return public_address(url, keep_query=True)


def is_masked(url: str) -> bool:
    """Tell whether an address lost a secret, and so leads nowhere."""
    return any(_MASK.fullmatch(SUFFIX.sub("", name)) for name in urlsplit(url).path.split("/"))


def is_private(url: str) -> bool:
    """Tell whether an address is for one subscriber alone: it holds a user, a password or another secret.

    >>> is_private("https://ann:pw@example.org/feed"), is_private("https://feeds.example.org/feed.xml?page=2")
    (True, False)
    """
    return any(True for _ in secrets_of(url))


def secrets_of(url: str) -> Iterator[str]:
    """List the secrets in an address, as they stand there; a path on this machine has none."""
    if "://" not in url:
        return
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    user = parts.netloc.rpartition("@")[0]
    yield from (part for part in user.split(":") if part)
    host = parts.netloc.rpartition("@")[2]
    yield from (label for label in host.split(".") if len(label) >= 20 and is_secret(label))
    names = parts.path.split("/")
    for name, bad in zip(names, _judged(names, host), strict=True):
        if bad:
            yield SUFFIX.sub("", name.partition(";")[0])
        yield from _values(name.partition(";")[2].replace(";", "&"))
    video = bool(_VIDEO_HOST.fullmatch(host))
    yield from (value for value in _values(parts.query) if not video)
    yield from _values(parts.fragment if "=" in parts.fragment else f"fragment={parts.fragment}")


def private_address(url: str) -> str:
    """Write of a private address nothing but its host and a piece of its hash.

    >>> private_address("https://ann:pw@host.example/feed/hunter2/rss")
    'https://host.example/~ab422830'
    """
    shown = urlsplit(public_address(url))
    if not shown.netloc or _MASK.fullmatch(shown.path.removeprefix("/")):
        return urlunsplit(shown)
    return f"{shown.scheme}://{shown.netloc}/{_hashed(url)}"


def public_text(text: str, secrets: Iterable[str] = (), write: Callable[[str], str] = public_address) -> str:
    """Write a text without the secrets of the addresses in it, each by `write`, and without those that are given.

    >>> public_text("see https://ann:pw@host.example/1?token=x, and hunter2", ["hunter2"])
    'see https://host.example/1, and ~f52fbd32'
    """
    if "://" in text:
        text = _ADDRESS.sub(lambda found: _rewritten(found[0], write), text)
    for secret in secrets:
        for form in {secret, unquote(secret)}:
            if len(form) >= _SHORTEST and form in text:
                text = text.replace(form, masked(form))
    return text


def _rewritten(found: str, write: Callable[[str], str]) -> str:
    tail = _TAIL.search(found)
    address = found[: tail.start()] if tail else found
    return write(address) + (tail[0] if tail else "")


def _judged(names: list[str], host: str) -> Iterator[bool]:
    """Tell of each part of a path whether it is a secret; addresses of trackers name the true host inside."""
    inner = [name for name in names[:-1] if _INNER_HOST.fullmatch(name)]
    host, before = (inner or [host])[-1], ""
    for name in names:
        plain = name.partition(";")[0]
        yield bool(plain) and not _MASK.fullmatch(SUFFIX.sub("", plain)) and is_secret(plain, host, before)
        before = plain


def _values(query: str) -> Iterator[str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    yield from (value for key, value in pairs if is_secret_value(key, value))


def _harmless(host: str, query: str, *, keep_query: bool) -> Iterator[str]:
    """Give what of a query may stay: the names of videos; and all of it, if nothing in it is a secret."""
    pairs = [pair for pair in query.split("&") if pair]
    if _VIDEO_HOST.fullmatch(host):
        yield from (pair for pair in pairs if pair.partition("=")[0] in _VIDEO_KEYS)
    elif keep_query and not any(_values(query)):
        yield from pairs
