"""What of a page's tree is not its text: navigation, forms, comments, what is folded away, the small reading aids.

An element in which most of the page stands is its text whatever it is called: many a page is one form, and many a
transcript is folded away or stands in a box named after the player.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from lxml import etree

from transforms.transcripts.lines import time_first

MOST_OF_PAGE = 0.5  # of the characters
LONGEST_BUTTON = 60  # characters; what is longer is text that can be clicked

AID = "reading aid or note mark"  # stands within the words and breaks no line
WORDLESS = frozenset("script style head title".split())
_NAVIGATION = frozenset("nav footer aside dialog menu".split())
_FORMS = frozenset("form select datalist fieldset".split())
_INSTEAD = frozenset("noscript template svg object canvas iframe audio video".split())
_BOXES = frozenset("div section article main details".split())
_READING_AIDS = frozenset(("rt", "rp"))
_ROLES = frozenset("navigation banner contentinfo search dialog alertdialog tooltip menu".split())

_BOX = re.compile(
    r"(?<![a-z])(?:cookies?|consent|gdpr|respond|related|recommend(?:ed|ations?)|sidebar|newsletter|sign-?up|"
    r"subscribe|subscription|share|sharing|sharedaddy|social|breadcrumbs?|promos?|promotions?|advert\w*|ad-slot|popup|"
    r"modal|pagination|menu|navbar|sr-only|screen-reader-text|visually-hidden|skip-link|tooltip)(?![a-z])",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"(?<![a-z])(?:comments?|commentlist|disqus(?:_thread)?)(?![a-z])", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"transcript", re.IGNORECASE)
_LABEL = re.compile(r"(?<![a-z])(?:speaker|name|time|timestamp)(?![a-z])", re.IGNORECASE)
_NOTE_MARK = re.compile(r"\[?(?:\d{1,3}|[a-z*†‡])\]?", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


class Asides:
    """Tells the elements of one page that are not its text; an element is asked for by its place among all."""

    def __init__(self, body: Any) -> None:
        self.sizes: list[int] = []
        self._has_main: list[bool] = []
        open_: list[int] = []
        for event, node in etree.iterwalk(body, events=("start", "end")):
            if event == "start":
                open_.append(len(self.sizes))
                self.sizes.append(0 if node.tag in WORDLESS else len((node.text or "").strip()))
                self._has_main.append(node.tag in ("h1", "main"))
            elif len(open_) > 1:
                done = open_.pop()
                self.sizes[open_[-1]] += self.sizes[done] + len((node.tail or "").strip())
                self._has_main[open_[-1]] |= self._has_main[done]

    def reason(self, node: Any, tag: str, place: int) -> str | None:
        """Say why an element is not the page's text; `None` where it is."""
        if not place:
            return None
        if tag in _READING_AIDS or (tag == "sup" and _is_note_mark(node)):
            return AID
        if tag == "template":
            return "not shown"
        names = f"{node.get('class') or ''} {node.get('id') or ''}" if node.keys() else ""
        if names and _COMMENTS.search(names):
            return None if self._has_main[place] else "comments"
        reason = self._by_tag(node, tag, place, names) or (_by_attributes(node, names) if names else None)
        return None if reason is None or self._is_text(place) else reason

    def _is_text(self, place: int) -> bool:
        return self._has_main[place] or self.sizes[place] > MOST_OF_PAGE * max(self.sizes[0], 1)

    def _by_tag(self, node: Any, tag: str, place: int, names: str) -> str | None:
        if tag in _NAVIGATION:
            return "navigation"
        if tag in _FORMS:
            return "form"
        if tag == "thead":
            return "head of a table"
        if tag in _INSTEAD:
            return "shown instead"
        if tag == "button" and self.sizes[place] <= LONGEST_BUTTON and not _LABEL.search(names):
            return None if time_first("".join(node.itertext()).strip()) else "button"
        return None


def _is_note_mark(node: Any) -> bool:
    """Tell the number of a footnote: a raised link."""
    text = "".join(islice(node.itertext(), 5)).strip()
    return node.find(".//a") is not None and _NOTE_MARK.fullmatch(text) is not None


def is_transcript(node: Any, tag: str) -> bool:
    """Tell an element that is called a transcript; the whole page and single words are not meant."""
    if tag not in _BOXES:
        return False
    return _TRANSCRIPT.search(f"{node.get('class') or ''} {node.get('id') or ''}") is not None


def _by_attributes(node: Any, names: str) -> str | None:
    if _TRANSCRIPT.search(names):
        return None
    if node.get("hidden") is not None or _HIDDEN.search(node.get("style") or ""):
        return "not shown"
    return "navigation" if node.get("role") in _ROLES or _BOX.search(names) else None
