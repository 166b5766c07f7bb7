"""A saved page of any of the text shapes: its blocks become lines, its navigation is set apart.

Example:

    <html><head><title>Why a record turns</title></head><body><nav>Home</nav>
    <p><b>Ann Lee:</b> Why does a record turn?</p>
    <p><b>Bob Ray:</b> Because it is round.</p></body></html>
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from transforms.errors import ContentError
from transforms.transcripts import paragraphs, summary, timed
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.lines import Line
from transforms.transcripts.prose import read_labelled
from transforms.transcripts.survey import survey

_NOISE = frozenset(
    "script style noscript template svg nav footer aside form button iframe select object canvas".split()
)
_BLOCKS = frozenset(
    "address article blockquote body br dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 header hr html li main ol p "
    "pre section table tbody td th tr ul".split()
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_META = {"og:title": "title", "og:site_name": "show", "og:url": "url", "article:published_time": "published"}
_SIDE = re.compile(
    r"\b(?:cookie|comments?|related|sidebar|newsletter|share|social|breadcrumbs?|promo)\b", re.IGNORECASE
)


def fits(text: Text) -> bool:
    """Tell a page by its first tags."""
    return (
        re.match(
            r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|article|div|p|main|section)\b",
            text.head,
            re.I | re.S,
        )
        is not None
    )


def parse(text: Text) -> Draft:
    """Read the page's lines in the shape that they have."""
    root = etree.HTML(text.text, etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True))
    if root is None:
        msg = "no transcript found: the page is empty; try --format with another page"
        raise ContentError(msg)
    head = tuple(_head(root))
    lines = list(_lines(root))
    found = survey(lines)
    plain = Text("\n".join("" if line.noise else line.text for line in lines))
    if found.family is not None:
        draft = read_labelled(found)
    elif summary.fits(plain):
        draft = summary.parse(plain)
    elif timed.fit_lines([line for line in lines if not line.noise]):
        draft = timed.parse_lines(lines)
    elif paragraphs.fit_lines(lines):
        draft = paragraphs.parse_lines(lines)
    else:
        msg = "no transcript found: the page names no speakers and has no heading Transcript; try --format paragraphs"
        raise ContentError(msg)
    return Draft((*head, *draft.pieces), draft.boundary, draft.source, draft.flags)


def _head(root: etree._Element) -> Iterator[Piece]:
    for meta in root.iter("meta"):
        name = _META.get(meta.get("property") or meta.get("name") or "")
        if name and meta.get("content"):
            yield Piece(1, "metadata", " ".join(meta.get("content").split()), name)
    if language := (root.get("lang") or "").strip():
        yield Piece(1, "metadata", language, "language")
    title = root.findtext(".//title")
    if title and title.strip():
        yield Piece(1, "metadata", " ".join(title.split()), "title")


def _lines(root: etree._Element) -> Iterator[Line]:
    """Walk the page once: a block ends a line; what stands in navigation and the like is noise."""
    parts: list[str] = []
    number, heading = 1, False
    noise: list[etree._Element] = []
    body = root.find("body")
    for event, node in etree.iterwalk(body if body is not None else root, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if tag in _BLOCKS and parts:
            text = " ".join("".join(parts).split())
            if text:
                yield Line(number, text, heading, "navigation" if noise else None)
                number += 1
            parts = []
        if event == "start":
            heading = tag in _HEADINGS
            if tag in _NOISE or _SIDE.search(f"{node.get('class') or ''} {node.get('id') or ''}"):
                noise.append(node)
            if node.text and tag not in ("script", "style", "template"):
                parts.append(node.text)
        else:
            if noise and noise[-1] is node:
                if parts and "".join(parts).strip():
                    yield Line(number, " ".join("".join(parts).split()), False, "navigation")
                    number += 1
                parts = []
                noise.pop()
            heading = heading and tag not in _HEADINGS
            if node.tail:
                parts.append(node.tail)
    if text := " ".join("".join(parts).split()):
        yield Line(number, text)


FORMAT = Format("webpage", "a saved web page of a text", example_of(__doc__), fits, parse)
