"""Feed bytes → a text and a tree that no parser chokes on.

Nothing is left to expand, nothing is loaded, and sizes are limited before anything slow sees them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from io import BytesIO
from typing import Any

from lxml import etree

from transforms.charsets import decode
from transforms.errors import ContentError
from transforms.feed.values import NOT_TEXT
from transforms.redaction import public_address
from transforms.safe_xml import SAFE_AND_LENIENT

_ROOT = re.compile(r"(^|[:}])(rss|feed|rdf)$", re.IGNORECASE)
_FEED_START = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>)*+<(?:\w+:)?(?:rss|feed|rdf)\b",
    re.DOTALL | re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z))|&(?:(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{1,40}));)?",
    re.DOTALL | re.ASCII,
)
# What a server that is not well writes above the document, such as the warnings of PHP; no page, no other format.
_START = re.compile(r"(?:^|(?<=>))[ \t]*(<\?xml\s|<(?:\w+:)?(?:rss|feed|rdf)[\s>])", re.MULTILINE | re.IGNORECASE)
_SAYS_WHY = re.compile(r"\b(?:warning|notice|deprecated|error|strict standards)\b", re.IGNORECASE)
_PAGE = re.compile(r"<(?:html|!doctype|head|body|!--)|WEBVTT", re.IGNORECASE)
_MOST_ABOVE = 20_000
# One tag after the other, whatever stands between them.
_TAG = re.compile(
    r"(<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>)"
    r"""|<(/?)([A-Za-z_][\w:.-]{0,200})(?![\w:.-])((?:[^<>"']|"[^"<]*"|'[^'<]*')*+)>|<""",
    re.DOTALL | re.IGNORECASE,
)
_BARE_VALUE = re.compile(r"""("[^"]*"|'[^']*')|([\w:.-]+)\s*=\s*([^\s"'<>]+)""")
_ITEM = re.compile(r"<(?:[\w-]{1,40}:)?(?:item|entry)[\s>/]", re.IGNORECASE)
ITEMS = ("{*}item", "{*}entry", "{*}Item", "{*}ITEM")
_CDATA = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL)
_MAX_TAGS = 1_000_000  # outside of texts; so many an item where there are more
_MAX_TAGS_OF_AN_ITEM = 50
_MAX_ITEMS = 250_000
_MAX_REFERENCES = 1_000_000
_MAX_NAMESPACES = 5_000
_MAX_ATTRIBUTES = 200
_TOO_MUCH = "it is nested too deep or has too many parts"


def is_feed(head: bytes) -> bool:
    """Check from the first bytes of a document whether it is an RSS or Atom feed.

    >>> is_feed(b'<?xml version="1.0"?><!-- made by hand --><rss version="2.0">')
    True
    >>> is_feed(b"<!DOCTYPE html><html>")
    False
    """
    return _FEED_START.match(_bare(decode(head))) is not None


def not_a_feed(url: str, cause: str) -> ContentError:
    """Say that the bytes at `url` are no feed that can be read, and why."""
    return ContentError(
        f"{public_address(url)} is not a feed: {cause}; check that it is the address of an RSS feed"
    )


def _bare(text: str) -> str:
    """Drop what XML forbids, and what stands above a document."""
    text = NOT_TEXT.sub("", text).lstrip("\ufeff \t\r\n")
    if text.startswith("<?xml") or _FEED_START.match(text):
        return text
    start = _START.search(text, 0, _MOST_ABOVE)
    above = text[: start.start(1)] if start else ""
    return text[len(above) :] if _SAYS_WHY.search(above) and not _PAGE.search(above) else text


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
    text = re.sub(r"\A\s*<\?xml.*?\?>", "", _bare(text), count=1, flags=re.DOTALL)
    return _REFERENCE.sub(_reference, text.lstrip("\ufeff \t\r\n"))


def balanced(text: str) -> str:
    """Write a document whose tags do not fit together so that they do.

    What is open inside of an element ends with it, an item ends where the next one begins, an end of nothing is
    dropped, and values get the quotes that they lack.
    """
    tags, pieces, at = _Open(), list[str](), 0
    for found in _TAG.finditer(text):
        pieces.append(text[at : found.start()])
        at = found.end()
        whole, end, name, inside = found.groups()
        if name is None:
            pieces.append(whole or "&lt;")
        elif end:
            pieces += tags.close(name)
        else:
            pieces += tags.close(name) if _is_item(name) else ()
            pieces.append(f"<{name}{_BARE_VALUE.sub(_quoted, inside)}>")
            if not inside.endswith("/"):
                tags.open(name)
    return "".join((*pieces, text[at:], *tags.close(None)))


class _Open:
    """The names of the tags that are open, the innermost last."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.counts: Counter[str] = Counter()

    def open(self, name: str) -> None:
        self.names.append(name)
        self.counts[name.lower()] += 1

    def close(self, name: str | None) -> Iterator[str]:
        """Write the ends of all up to the innermost of such a name, none where there is none; of all without one.

        The first of all ends last: two documents in one file are one.
        """
        while self.names if name is None else len(self.names) > 1 and self.counts[name.lower()]:
            last = self.names.pop()
            self.counts[last.lower()] -= 1
            yield f"</{last}>"
            if name is not None and last.lower() == name.lower():
                return


def _is_item(name: str) -> bool:
    return name.rpartition(":")[2].lower() in ("item", "entry")


def _quoted(found: re.Match[str]) -> str:
    return found[1] or f'{found[2]}="{found[3]}"'


def _reference(found: re.Match[str]) -> str:
    """Write a reference as a number; one that only the feed itself could define is left as text."""
    cdata, decimal, hexadecimal, name = found.groups()
    if cdata:
        return cdata
    if decimal or hexadecimal:
        code = int(decimal or int(hexadecimal, 16))
        return "" if code > 0x10FFFF or NOT_TEXT.match(chr(code)) else f"&#{code};"
    return "".join(f"&#{ord(character)};" for character in html5.get(f"{name};", "")) or f"&amp;{found[0][1:]}"


@dataclass(frozen=True, slots=True)
class Document:
    """A feed: its root without its items, which come one after the other, each once."""

    root: Any
    items: Iterator[Any]
    has_items: bool
    is_sound: bool


def opened(text: str, url: str) -> Document:
    """Read a document; where its tags do not fit together, they are made to.

    Memory holds one item at a time.

    Raises:
        ContentError: it is no feed, or nested too deep, or has too many parts; also while the items are read.
    """
    data = text.encode()
    root, n_items, is_sound = _without_items(data, url)
    if not is_sound:
        data = balanced(text).encode()
        root, n_items, _ = _without_items(data, url)
    if not _ROOT.search(root.tag):
        raise not_a_feed(url, "it begins with no <rss> or <feed>")
    _check_attributes(root, url)
    return Document(root, _checked(_items_of(data, url), url), n_items > 0, is_sound)


def _checked(items: Iterator[Any], url: str) -> Iterator[Any]:
    for item in items:
        _check_attributes(item, url)
        yield item


def _check_attributes(root: Any, url: str) -> None:
    if any(len(element.attrib) > _MAX_ATTRIBUTES for element in root.iter(etree.Element)):
        raise not_a_feed(url, _TOO_MUCH)


def _without_items(data: bytes, url: str) -> tuple[Any, int, bool]:
    """Read a document but for its items: the root, how many items there are, and whether all is sound."""
    roots: list[Any] = []
    log: list[Any] = []
    n_items = sum(1 for _ in _items_of(data, url, roots, log))
    root = roots[0]
    for item in list(root.iter(*ITEMS)):
        if item is not root:
            item.getparent().remove(item)
    return root, n_items, all(error.domain_name == "NAMESPACE" for error in log)


def _items_of(
    data: bytes, url: str, roots: list[Any] | None = None, log: list[Any] | None = None
) -> Iterator[Any]:
    """Yield the items of a document, one after the other; each is dropped when the next one comes.

    At the end `roots` gets the root, and `log` what was wrong.
    """
    events = etree.iterparse(BytesIO(data), events=("end",), tag=ITEMS, encoding="utf-8", **SAFE_AND_LENIENT)
    before = None
    try:
        for _, item in events:
            if next(item.iterancestors(*ITEMS), None) is not None:
                continue  # an item in an item is a part of it
            if before is not None:
                before.getparent().remove(before)
            before = item
            yield item
    except etree.XMLSyntaxError as error:
        raise not_a_feed(url, "it is no XML") from error
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in events.error_log):
        raise not_a_feed(url, _TOO_MUCH)
    if events.root is None:
        raise not_a_feed(url, "it begins with no <rss> or <feed>")
    if roots is not None and log is not None:
        roots.append(events.root)
        log.extend(events.error_log)
