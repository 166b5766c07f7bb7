"""Lists of feeds as other programs write and read them: OPML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from transforms.errors import ContentError
from transforms.safe_xml import SAFE_AND_LENIENT

_MAX_BYTES = 20_000_000
_BARE = re.compile(rb"&(?!#?\w{1,32};)")


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed in a list: its address, its title, and the folders that it lies in."""

    url: str
    title: str | None
    folders: tuple[str, ...] = ()


def is_opml(head: bytes) -> bool:
    """Check from the beginning of a document whether it is a list of feeds.

    >>> is_opml(b'<?xml version="1.0"?><opml version="2.0">'), is_opml(b"<rss>")
    (True, False)
    """
    return b"<opml" in head[:4096].lower()


def read_opml(data: bytes, name: str) -> tuple[Outline, ...]:
    """Read the feeds of a list, each once; `name` is what messages call it.

    Raises:
        ContentError: it is no OPML, or there is no feed in it.
    """
    parser = etree.XMLParser(**SAFE_AND_LENIENT)
    try:
        # recovery would drop a bare ampersand out of an address, and what follows up to the next sign
        root = etree.fromstring(_BARE.sub(b"&amp;", data[:_MAX_BYTES]), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    found = {outline.url: outline for outline in _outlines(root)} if root is not None else {}
    if not found:
        msg = f"{name}: no feed is listed there; check that it is an OPML file"
        raise ContentError(msg)
    return tuple(found.values())


def _outlines(parent: Any, folders: tuple[str, ...] = ()) -> Iterator[Outline]:
    left = [(parent, folders)]
    while left:
        here, inside = left.pop()
        for child in here.iterchildren("outline", "body", "head"):
            name = (child.get("title") or child.get("text") or "").strip()
            url = (child.get("xmlUrl") or child.get("xmlurl") or "").strip()
            if url:
                yield Outline(url, name or None, inside)
            left.append((child, (*inside, name) if name and not url else inside))


def write_opml(feeds: Iterable[Outline]) -> str:
    """Write a list of feeds; one that lies in folders is listed in the first of them."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Turntable"
    body = etree.SubElement(root, "body")
    folders: dict[str, Any] = {}
    for feed in feeds:
        parent = body
        for folder in feed.folders[:1]:
            if folder not in folders:
                folders[folder] = etree.SubElement(body, "outline", text=folder, title=folder)
            parent = folders[folder]
        title = feed.title or feed.url
        etree.SubElement(parent, "outline", type="rss", text=title, title=title, xmlUrl=feed.url)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written.decode()
