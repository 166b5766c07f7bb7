"""Feed bytes → a text and a tree that no parser chokes on.

Nothing is left to expand, nothing is loaded, and sizes are limited before anything slow sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from io import BytesIO
from typing import Any

from lxml import etree

from transforms.charsets import decode
from transforms.errors import ContentError
from transforms.feed.values import NOT_TEXT
from transforms.redaction import public_address

_ROOT = re.compile(r"(^|[:}])(rss|feed|rdf)$", re.IGNORECASE)
_FEED_START = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>)*+<(?:\w+:)?(?:rss|feed|rdf)\b",
    re.DOTALL | re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z))|&(?:(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{1,40}));)?",
    re.DOTALL | re.ASCII,
)
_ITEM = re.compile(r"<(?:[\w-]{1,40}:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_ITEMS = ("{*}item", "{*}entry")
_CDATA = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL)
_MAX_TAGS = 1_000_000  # outside of texts; so many an item where there are more
_MAX_TAGS_OF_AN_ITEM = 50
_MAX_ITEMS = 250_000
_MAX_REFERENCES = 1_000_000
_MAX_NAMESPACES = 5_000
_MAX_ATTRIBUTES = 200
_SAFE: dict[str, Any] = {
    "recover": True,
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
}
_TOO_MUCH = "it is nested too deep or has too many parts"


def is_feed(head: bytes) -> bool:
    """Tell from the first bytes of a document whether it is an RSS or Atom feed.

    >>> is_feed(b'<?xml version="1.0"?><!-- made by hand --><rss version="2.0">')
    True
    >>> is_feed(b"<!DOCTYPE html><html>")
    False
    """
    return _FEED_START.match(NOT_TEXT.sub("", decode(head))) is not None


def not_a_feed(url: str, cause: str) -> ContentError:
    """Say that the bytes at `url` are no feed that can be read, and why."""
    return ContentError(
        f"{public_address(url)} is not a feed: {cause}; check that it is the address of an RSS feed"
    )


def repaired(text: str, url: str) -> str:
    """Drop the declaration and what XML forbids, and leave no ampersand that needs a look-up.

    Raises:
        ContentError: it is larger in its parts than any feed is.
    """
    outside, n_texts = _CDATA.subn("", text)
    n_items = len(_ITEM.findall(outside))
    if (
        n_items > _MAX_ITEMS
        or outside.count("<") + n_texts > max(_MAX_TAGS, n_items * _MAX_TAGS_OF_AN_ITEM)
        or text.count("&") > max(_MAX_REFERENCES, n_items * _MAX_TAGS_OF_AN_ITEM)
        or outside.count("xmlns") > _MAX_NAMESPACES
    ):
        raise not_a_feed(url, _TOO_MUCH)
    text = re.sub(r"\A\s*<\?xml.*?\?>", "", NOT_TEXT.sub("", text), count=1, flags=re.DOTALL)
    return _REFERENCE.sub(_reference, text.lstrip("\ufeff \t\r\n"))


def _reference(found: re.Match[str]) -> str:
    """Write a reference as a number; one that only the feed itself could define is left as text."""
    cdata, decimal, hexadecimal, name = found.groups()
    if cdata:
        return cdata
    if decimal or hexadecimal:
        code = int(decimal or int(hexadecimal, 16))
        return "" if code > 0x10FFFF or NOT_TEXT.match(chr(code)) else f"&#{code};"
    return "".join(f"&#{ord(character)};" for character in html5.get(f"{name};", "")) or f"&amp;{found[0][1:]}"


def cut(text: str, url: str, most: int) -> Iterator[str]:
    """Cut a long document into short ones of so many items: the first has none, and describes the show.

    No parser has to hold more than one of them.

    Raises:
        ContentError: as `tree_of`.
    """
    if len(_ITEM.findall(text)) <= most:
        yield text
        return
    data = text.encode()
    head, is_sound = _without_items(data, url)
    if not is_sound:  # where tags do not fit together, each parser has its own way to go on
        yield text
        return
    del text
    yield head
    shell: tuple[str, str] | None = None
    items: list[str] = []
    for item in _items_of(data, url, []):
        shell = shell or _shell(item)
        items.append(etree.tostring(item, encoding="unicode", with_tail=False))
        if len(items) == most:
            yield "".join((shell[0], *items, shell[1]))
            items.clear()
    if shell and items:
        yield "".join((shell[0], *items, shell[1]))


def _without_items(data: bytes, url: str) -> tuple[str, bool]:
    """Write a document without its items, and tell whether it is sound."""
    root, log = None, list[Any]()
    for item in _items_of(data, url, log):
        root = root if root is not None else item.getroottree().getroot()
    if root is None:
        return "", False
    for item in list(root.iter(*_ITEMS)):
        item.getparent().remove(item)
    return etree.tostring(root, encoding="unicode"), all(error.domain_name == "NAMESPACE" for error in log)


def _items_of(data: bytes, url: str, log: list[Any]) -> Iterator[Any]:
    """Give the items of a document, one after the other; each is dropped when the next one comes.

    `log` gets what was wrong, at the end.
    """
    events = etree.iterparse(
        BytesIO(data), events=("end",), tag=_ITEMS, remove_comments=True, encoding="utf-8", **_SAFE
    )
    before = None
    try:
        for _, item in events:
            if next(item.iterancestors(*_ITEMS), None) is not None:
                continue  # an item in an item is a part of it
            if before is not None:
                before.getparent().remove(before)
            before = item
            yield item
    except etree.XMLSyntaxError as error:
        raise not_a_feed(url, "it is no XML") from error
    _check_resources(events.error_log, url)
    log.extend(events.error_log)


def _shell(item: Any) -> tuple[str, str]:
    """Write what stands around an item, as text before and behind."""
    inner: Any = etree.Comment("items")
    for outer in item.iterancestors():
        copy = etree.Element(outer.tag, outer.attrib, nsmap=outer.nsmap)
        copy.append(inner)
        inner = copy
    before, _, behind = etree.tostring(inner, encoding="unicode").partition("<!--items-->")
    return before, behind


def _check_resources(log: Any, url: str) -> None:
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in log):
        raise not_a_feed(url, _TOO_MUCH)


def tree_of(text: str, url: str) -> Any:
    """Read the document with lxml, and refuse what would hold up feedparser for minutes.

    feedparser's own quick parser stops at the first error, before which lxml has seen the same as it.
    """
    parser = etree.XMLParser(remove_comments=True, encoding="utf-8", **_SAFE)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise not_a_feed(url, "it is no XML") from error
    if root is None or not _ROOT.search(root.tag):
        raise not_a_feed(url, "it begins with no <rss> or <feed>")
    _check_resources(parser.error_log, url)
    if any(len(element.attrib) > _MAX_ATTRIBUTES for element in root.iter(etree.Element)):
        raise not_a_feed(url, _TOO_MUCH)
    return root
