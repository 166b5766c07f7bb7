"""Addresses and texts without their secrets: the one place that decides what of an address may be shown or kept.

    https://ann:pw@host/feed/9f3c…/rss;v=1?auth=x#y   →   https://host/feed/~5a1b2c3d/rss

User, password, parameters, query and fragment go; a part of the path that is a secret (`transforms.tokens`)
becomes a piece of its hash, so that the same address is still the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from transforms.tokens import BETWEEN_WORDS, SUFFIX, decoded, is_secret, is_secret_value

T = TypeVar("T")

# Addresses as people and programs write them: percent-encoded, with entities of HTML, as JSON has them.
_COLON = r"(?::|%(?:25)*3a|&#(?:0*58|x0*3a);|&colon;|\\u003a)"
_SLASH = r"(?:/|\\/|%(?:25)*2f|&#(?:0*47|x0*2f);|&sol;|\\u002f)"
_REST = r"[^\s<>\"'`]"
_SURE_HOST = r"www\.[\w.-]{1,250}|(?:\d{1,3}\.){3}\d{1,3}|localhost|\[[0-9a-f:.]{2,60}\]"
_MAYBE_HOST = r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}"  # as `node.js/react` too
_PORT = r"(?::\d{1,5})?"
_ADDRESS = re.compile(
    rf"[a-z][a-z0-9+.-]{{1,20}}{_COLON}{_SLASH}{{2}}{_REST}+"
    rf"|(?<![\w/\\.])(?:{_SLASH}{{2}}[^\s/\\%&?#;<>\"'`]{{1,250}}|(?P<user>[^\s/\\@<>\"'`]{{1,200}}@)?"
    rf"(?:{_SURE_HOST}|(?P<maybe>{_MAYBE_HOST})){_PORT})(?:{_SLASH}|[?#;]){_REST}*",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_RUN = re.compile(rf"{_REST}+")
_ENCODINGS = re.compile(r"%[0-9a-f]{2}|&[#\w]+;|\\[/u]", re.IGNORECASE)
_TAIL = re.compile(r"[.,:;!?)\]}…]+$")  # of the sentence, not of the address in it
_MASK = re.compile(r"~[0-9a-f]{8}")
_INNER_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,6}", re.IGNORECASE)
_VIDEO_HOST = re.compile(r"(?:[\w-]+\.)?(?:youtube(?:-nocookie)?\.com|youtu\.be)", re.IGNORECASE)
_VIDEO_KEYS = frozenset(("v", "list", "channel_id"))  # they are names, not secrets
_SHORTEST = 6  # of a secret that is looked for in texts
_AUDIO = re.compile(r"\.(?:mp[34]|m4[abv]|og[ga]|opus|wav|flac|aac|webm)$", re.IGNORECASE)
_USUAL = frozenset(
    "audio media files static assets public private member members premium patron subscriber subscribers podcast "
    "podcasts episode episodes season feed feeds show shows download downloads content uploads stream".split()
)


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
    """Check whether an address lost a secret, and so leads nowhere."""
    return any(_MASK.fullmatch(SUFFIX.sub("", name)) for name in urlsplit(url).path.split("/"))


def is_private(url: str) -> bool:
    """Check whether an address is for one subscriber alone: it holds a user, a password or another secret.

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
    user, _, host = parts.netloc.rpartition("@")
    yield from filter(None, user.split(":"))
    yield from (label for label in host.split(".") if len(label) >= 20 and is_secret(label))
    yield from _in_path(parts.path, host)
    if not _VIDEO_HOST.fullmatch(host):
        yield from _values(parts.query)
    yield from _values(parts.fragment if "=" in parts.fragment else f"fragment={parts.fragment}")


def _in_path(path: str, host: str) -> Iterator[str]:
    """List the secrets among the parts of a path, and among their parameters."""
    names = path.split("/")
    for name, is_bad in zip(names, _judged(names, host), strict=True):
        if is_bad:
            whole = SUFFIX.sub("", name.partition(";")[0])
            yield whole
            yield from (
                word for word in BETWEEN_WORDS.split(decoded(whole)) if word != whole and is_secret(word, host)
            )
        yield from _values(name.partition(";")[2].replace(";", "&"))


def parts_of(url: str) -> Iterator[str]:
    """List what of an address of a private feed may be its secret, where no judge finds one: somebody said so.

    Not what many addresses have, nor names of audio files, which are often titles.

    >>> list(parts_of("https://host.example/podcast/swordfish/Introduction.mp3"))
    ['swordfish']
    """
    if found := tuple(secrets_of(url)):
        yield from found
        return
    try:
        *folders, last = urlsplit(url).path.split("/") if "://" in url else [""]
    except ValueError:
        return
    names = folders if _AUDIO.search(last) and not is_secret(last, before="private") else [*folders, last]
    stems = (SUFFIX.sub("", name.partition(";")[0]) for name in names)
    yield from (stem for stem in stems if stem and stem.lower() not in _USUAL and not _MASK.fullmatch(stem))


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
    text = _ADDRESS.sub(lambda found: _rewritten(found, write), text)
    forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST}
    if not forms:
        return text
    wanted = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), re.IGNORECASE)

    def without(words: str) -> str:
        return wanted.sub(lambda found: masked(found[0]), words)

    def unveiled(run: re.Match[str]) -> str:
        plain = decoded(run[0])
        return without(plain) if plain != run[0] and wanted.search(plain) else run[0]

    return _RUN.sub(unveiled, without(text)) if _ENCODINGS.search(text) else without(text)


def public_record(record: T, write: Callable[[str], str], but: frozenset[str] = frozenset()) -> T:
    """Write each text in a record, and in what it holds, by `write`; the fields `but` stay."""
    return cast("T", _each_text(record, write, but))


def _each_text(value: Any, write: Callable[[str], str], but: frozenset[str]) -> Any:
    if isinstance(value, str):
        return write(value)
    if isinstance(value, tuple):
        return tuple(_each_text(one, write, but) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        kept = ((field.name, getattr(value, field.name)) for field in fields(value) if field.name not in but)
        return replace(value, **{name: _each_text(one, write, but) for name, one in kept})
    return value


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it may stand in a text."""
    plain = decoded(secret)
    yield from (secret, unquote(secret), plain, quote(plain, safe=""))


def _rewritten(found: re.Match[str], write: Callable[[str], str]) -> str:
    tail = _TAIL.search(found[0])
    address = found[0][: tail.start()] if tail else found[0]
    return _written(address, public_page if found["maybe"] else write) + (tail[0] if tail else "")


def _written(address: str, write: Callable[[str], str]) -> str:
    """Write an address that may lack a scheme or be encoded; one with nothing to hide stays as it was."""
    if _SCHEME.match(address):
        return write(address)
    plain = decoded(address)
    added = "" if _SCHEME.match(plain) else "http:" if plain.startswith("//") else "http://"
    written = write(added + plain)
    return address if written == added + plain else written.removeprefix(added)


def _judged(names: list[str], host: str) -> Iterator[bool]:
    """Yield for each part of a path whether it is a secret; addresses of trackers name the true host inside."""
    inner = [name for name in names[:-1] if _INNER_HOST.fullmatch(name)]
    host, before = (inner or [host])[-1], ""
    for name in names:
        plain = name.partition(";")[0]
        yield bool(plain) and not _MASK.fullmatch(SUFFIX.sub("", plain)) and is_secret(plain, host, before)
        before = plain


def _values(query: str) -> Iterator[str]:
    pairs = parse_qsl(query.replace("&amp;", "&"), keep_blank_values=True)
    yield from (value for key, value in pairs if is_secret_value(key, value))


def _harmless(host: str, query: str, *, keep_query: bool) -> Iterator[str]:
    """Yield what of a query may stay: the names of videos; and all of it, if nothing in it is a secret."""
    pairs = [pair for pair in query.split("&") if pair]
    if _VIDEO_HOST.fullmatch(host):
        yield from (pair for pair in pairs if pair.partition("=")[0] in _VIDEO_KEYS)
    elif keep_query and not any(_values(query)):
        yield from pairs
