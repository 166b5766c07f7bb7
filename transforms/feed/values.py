"""What feeds write in their own ways: texts with markup, durations, numbers, addresses."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from functools import lru_cache
from html.entities import html5
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from lxml import etree

from transforms.text import INVISIBLE

# What XML forbids.
NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# Thousands of attributes in one tag take the HTML parser minutes; text needs none.
_HTML_TAG = re.compile(r"""<(/?[a-zA-Z][a-zA-Z0-9]{0,20}+)(?!>)(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>?""")
# As most addresses are: without a fragment, and with nothing that is dropped when they are taken apart.
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/[!$-.0->@-Z_a-z~/]*(?:\?[!$-Z_a-z~]+)?", re.ASCII)
_BLOCKS = (
    "address",
    "blockquote",
    "br",
    "div",
    "dd",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "p",
    "tr",
)
_KNOWN_TAGS = frozenset(
    (
        *_BLOCKS,
        *(
            "a abbr acronym article aside audio b big caption center cite code col del dfn dl em fieldset "
            "figcaption figure font footer header i img ins kbd label ol pre q s samp section small source span "
            "strike strong sub sup table tbody td tfoot th thead time tt u ul var video wbr"
        ).split(),
    )
)


def plain_text(markup: str | None) -> str | None:
    """Strip HTML and fold white space; None where nothing is left.

    >>> plain_text("<p>Dust &amp; <b>grooves</b>.</p><p>Needles.</p>")
    'Dust & grooves. Needles.'
    """
    source = NOT_TEXT.sub("", markup or "")
    if "<" not in source and "&" not in source:
        return folded(source)
    source = _HTML_TAG.sub(r"<\1>", source)
    if not source.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    tree = etree.fromstring(f"<div>{source}</div>".encode(), parser)
    etree.strip_elements(tree, "script", "style", with_tail=False)
    return folded("".join(_pieces(tree)))


def looks_like_html(text: str) -> bool:
    """Check whether a text that should be plain has markup: it ends a tag or names a character, and all are known.

    >>> looks_like_html("if a < b then AT&T"), looks_like_html("It&#039;s"), looks_like_html("<b>Bold</b>")
    (False, True, True)
    """
    if "&" not in text and "</" not in text:
        return False
    if not re.search(r"</\w+>|&#?\w+;", text):
        return False
    tags, names = re.findall(r"</?(\w+)", text), re.findall(r"&(\w+);", text)
    return all(tag.lower() in _KNOWN_TAGS for tag in tags) and all(f"{name};" in html5 for name in names)


def _pieces(tree: Any) -> Iterator[str]:
    """Yield the texts in a tree, with a space around each block."""
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if element.tag in _BLOCKS:
            yield " "
        yield (element.text if event == "start" else element.tail) or ""


def resolve_url(reference: str | None, *, base: str) -> str | None:
    """Make a reference in a feed absolute; None where such a feed may not point there.

    >>> resolve_url("1.mp3", base="https://example.com/show/feed.xml")
    'https://example.com/show/1.mp3'
    >>> resolve_url("1.mp3", base="shows/feed.xml")
    'shows/1.mp3'
    >>> resolve_url("../secret", base="shows/feed.xml"), resolve_url("file:///etc/passwd", base="https://a.b/")
    (None, None)
    """
    text = NOT_TEXT.sub("", reference or "").strip()
    try:
        if base.startswith(("http://", "https://")) or urlsplit(base).scheme in ("http", "https"):
            whole = text if text.startswith(("http://", "https://")) and "/." not in text else urljoin(base, text)
            return _web_url(whole) if text else None
        return _web_url(text) or _neighbour(text, base)
    except ValueError:  # such as "http://["
        return None


def resolver(base: str) -> Callable[[Any, str | None], str | None]:
    """Make what resolves a reference in a tag: against the `xml:base` of what it stands in, and against `base`."""

    @lru_cache(256)  # an address stands in several tags of an item
    def whole(reference: str) -> str | None:
        return resolve_url(reference, base=base)

    def resolve(tag: Any, reference: str | None) -> str | None:
        if reference and tag.base is None:
            return whole(reference)
        return resolve_url(reference, base=_base_of(tag, base)) if reference else None

    return resolve


def _base_of(tag: Any, base: str) -> str:
    """Return the address that the references in a tag are relative to; no feed makes one of the web a path."""
    try:
        own = tag.base
        joined = urljoin(base, own) if own else base
        return joined if urlsplit(joined).scheme in ("http", "https") else base
    except ValueError:  # such as "http://["
        return base


def _web_url(text: str) -> str | None:
    if _PLAIN_URL.fullmatch(text):  # as the most are; it is what taking it apart would give
        return text
    parts = urlsplit(text)
    return urlunsplit(parts) if parts.scheme in ("http", "https") and parts.hostname else None


def _neighbour(text: str, base: str) -> str | None:
    """Return the path of a file in the folder of the feed at `base`, or below it."""
    parts = urlsplit(text)
    path = PurePosixPath(unquote(parts.path))
    if parts.scheme or parts.netloc or path.is_absolute() or ".." in path.parts or "\0" in str(path):
        return None
    feed = unquote(urlsplit(base).path) if base.startswith("file:") else base
    return str(PurePosixPath(feed).parent / path) if path.parts else None


def folded(text: str | None) -> str | None:
    r"""Put a text on one line, without what nobody sees; None where nothing is left.

    >>> folded(" Dust\u00a0and\n gro\u200boves ")
    'Dust and grooves'
    """
    if not text or text.isprintable():  # the most are, and need no second look
        return " ".join((text or "").split()) or None
    return " ".join(INVISIBLE.sub("", NOT_TEXT.sub("", text)).split()) or None


def media_type(text: str | None) -> str | None:
    """Read a media type, without its parameters."""
    return folded((text or "").partition(";")[0].lower())


def whole_number(text: str | None) -> int | None:
    """Read a number of digits; None where it is none."""
    found = re.fullmatch(r"\s*(\d{1,9})\s*", text or "", re.ASCII)
    return int(found[1]) if found else None


def number(text: str | None) -> float | None:
    """Read a number with or without a fraction; None where it is none."""
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*", text or "", re.ASCII)
    return float(found[1]) if found else None


def show_guid(text: str | None) -> str | None:
    """Read a `podcast:guid`; None where it is no UUID, and so cannot name a show."""
    try:
        return str(uuid.UUID((text or "").strip()))
    except ValueError:
        return None
