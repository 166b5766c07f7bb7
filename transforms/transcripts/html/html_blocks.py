"""A page's tree → its blocks of text in their order, each with how it is marked up.

A block is what a reader sees on lines of its own. What the page puts beside its text is noise, with the reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lxml import etree

from transforms.records import Seconds
from transforms.text import INVISIBLE
from transforms.transcripts.labels.names import clean, likeness
from transforms.transcripts.prose.lines import CLOCK, Line, Span, lone_time, seconds, time_first

LONGEST_LEAD = 110  # characters of a name with its time and role
MOST_LEADS = 8

_BLOCKS = frozenset(
    "address article aside blockquote body br button dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary table tbody td "
    "textarea tfoot th thead tr ul".split()
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BOLD_TAGS = frozenset(("b", "strong"))
MOST_PLACES = 5  # of elements in one that are told apart
_SAME = {"b": "strong", "i": "em"}
_NAMED = HEADINGS | frozenset("strong cite dt dd th em u time".split())
_PLACED = frozenset(("td", "div", "span", "a"))
_KEEPS_LINES = frozenset(("pre", "textarea"))
_APART = re.compile(r"(?<![a-z])(?:speaker|name|time|timestamp|stamp|author)(?![a-z])", re.IGNORECASE)
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_TIMES = ("begin", "data-start", "data-begin", "data-start-time", "data-time", "data-timestamp")
_SPEAKERS = ("data-speaker", "data-speaker-name")
_DIGITS = re.compile(r"\d+")
_SPACE = re.compile(r"\s+")
_WIDE = re.compile("[\u2003\u3000]|^\t+$")  # spaces that are meant as a gap, though a browser may not show all
_SENTENCE_END = re.compile(r"[.?!…。？！\"”’)\]]\s*$")


@dataclass(frozen=True, slots=True)
class HtmlBlock(Line):
    """A block of a page.

    `mark` tells its element and `path` the way to it; both are the same for blocks that are made the same. `spans`
    are the marked-up stretches near its beginning; `time` is what its element states as its start; `in_transcript`
    says that an element around it is called so.
    """

    path: int = 0
    time: Seconds | None = None
    in_transcript: bool = False


def read_blocks(root: Any) -> tuple[HtmlBlock, ...]:
    """Read the blocks of a page's body, numbered from 1."""
    body = root.find("body")
    return tuple(_Walk(root if body is None else body).blocks())


@dataclass(slots=True)
class _Open:
    """An element while its content passes by."""

    tag: str
    base: str
    mark: str
    block: str
    path: int
    reason: str | None
    heading: bool
    keeps_lines: bool
    in_transcript: bool
    begin: int = 0
    number: int = 0
    children: dict[str, int] = field(default_factory=dict)


class _Walk:
    """One walk through a page; text is gathered until a block begins or ends."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self._asides = Asides(body)
        self._paths: dict[tuple[int, str], int] = {}
        self._stack: list[_Open] = []
        self._aids: list[str] = []
        self._speaker: str | None = None
        self._number = 1
        self._time: Seconds | None = None
        self._parts: list[str] = []
        self._length = 0
        self._gap = False
        self._leads: list[Span] = []
        self._home: _Open | None = None

    def blocks(self) -> Iterator[HtmlBlock]:
        """Yield the blocks in their order."""
        place = 0
        for event, node in etree.iterwalk(self._body, events=("start", "end")):
            tag = node.tag if isinstance(node.tag, str) else ""
            if event == "start":
                yield from self._enter(node, tag, place)
                place += 1
            else:
                yield from self._leave(node, tag)

    def _enter(self, node: Any, tag: str, place: int) -> Iterator[HtmlBlock]:
        above = self._stack[-1] if self._stack else None
        outside = above.reason if above else None
        reason = outside or self._asides.reason(node, tag, place)
        if (
            _is_block(tag)
            or reason not in (outside, AID)
            or (tag in _BOLD_TAGS and self._opens_label(node, place))
        ):
            yield from self._flush()
        here = self._opened(node, tag, above, reason)
        self._stack.append(here)
        if not reason and node.keys():
            stated = _stated(node)
            self._time = self._time if stated is None else stated
            yield from self._named(node)
        self._gap = self._gap or _is_apart(node, tag)
        here.begin, here.number = self._length, self._number
        yield from self._add("" if tag in WORDLESS else node.text)

    def _leave(self, node: Any, tag: str) -> Iterator[HtmlBlock]:
        done = self._stack.pop()
        above = self._stack[-1] if self._stack else None
        if above is None or _is_block(tag) or done.reason not in (above.reason, AID):
            yield from self._flush()
        elif done.number == self._number and done.begin < min(self._length, LONGEST_LEAD):
            self._leads = [*self._leads[: MOST_LEADS - 1], Span(done.begin, self._length, done.mark)]
        self._gap = self._gap or _is_apart(node, tag)
        if above is not None:
            yield from self._add(node.tail)

    def _opened(self, node: Any, tag: str, above: _Open | None, reason: str | None) -> _Open:
        base, mark = _mark(node, tag, above)
        block, path = (above.block, above.path) if above else (mark, 0)
        if _is_block(tag) and tag != "br":
            block = mark
            path = self._paths.setdefault((path, "p" if tag == "p" else base), len(self._paths) + 1)
        heading = tag in HEADINGS or (above.heading if above else False)
        keeps_lines = tag in _KEEPS_LINES or (above.keeps_lines if above else False)
        in_transcript = (above.in_transcript if above else False) or is_transcript(node, tag)
        return _Open(tag, base, mark, block, path, reason, heading, keeps_lines, in_transcript)

    def _opens_label(self, node: Any, place: int) -> bool:
        """Check for a bold name with a colon behind a sentence: it opens the next turn within one paragraph."""
        if not self._length or not 0 < self._asides.sizes[place] <= LONGEST_LEAD:
            return False
        if not _SENTENCE_END.search(self._parts[-1]) or (self._length < 40 and lone_time("".join(self._parts))):
            return False
        shown = "".join(node.itertext()).strip()
        with_colon = shown.endswith((":", "：")) or (node.tail or "").lstrip().startswith((":", "："))
        return with_colon and likeness(clean(shown)[0]) > 0

    def _named(self, node: Any) -> Iterator[HtmlBlock]:
        """Show the speaker whom an attribute names, where the text beside it does not."""
        name = next((" ".join(node.get(key).split()) for key in _SPEAKERS if node.get(key)), None)
        if name is None:
            return
        shown = " ".join("".join(islice(node.itertext(), 20)).split())
        if name != self._speaker and not shown.startswith(name):
            yield from self._flush()
            yield HtmlBlock(self._number, name, mark="data-speaker", path=self._stack[-1].path)
            self._number += 1
        self._speaker = name

    def _add(self, text: str | None) -> Iterator[HtmlBlock]:
        """Take text into the open block; where a page keeps its lines, each is a block."""
        if not text:
            return
        if self._stack[-1].reason == AID:
            self._aids.append(text)
        elif self._stack[-1].keeps_lines:
            for i, line in enumerate(text.split("\n")):
                if i:
                    yield from self._flush()
                self._put(line)
        else:
            self._put(text)

    def _put(self, text: str) -> None:
        shown = INVISIBLE.sub("", _SPACE.sub(lambda space: "\t" if _WIDE.search(space[0]) else " ", text))
        last = self._parts[-1][-1] if self._parts else " "
        shown = shown.lstrip() if last == " " else shown
        if not shown:
            return
        if self._gap and last != " " and (shown[0].isalnum() or shown[0] in "(["):
            shown = f" {shown}"
        if not self._length:
            self._home = self._stack[-1]
        self._gap = False
        self._parts.append(shown)
        self._length += len(shown)

    def _flush(self) -> Iterator[HtmlBlock]:
        """End the open block."""
        text, home = "".join(self._parts).rstrip(), self._home
        spans = tuple(Span(x.begin, min(x.end, len(text)), x.mark) for x in self._leads)
        self._parts, self._leads, self._length, self._gap, self._home = [], [], 0, False, None
        if home is not None and text:
            time, self._time = (None, self._time) if home.reason else (self._time, None)
            yield HtmlBlock(
                self._number,
                text,
                heading=home.heading,
                noise=home.reason,
                mark=home.block,
                path=home.path,
                spans=spans,
                time=time,
                in_transcript=home.in_transcript,
            )
            self._number += 1
        if aids := " ".join(" ".join(self._aids).split()):
            yield HtmlBlock(self._number, aids, noise=AID)
            self._number += 1
        self._aids = []


def _is_block(tag: str) -> bool:
    return tag in _BLOCKS or "-" in tag


def _is_apart(node: Any, tag: str) -> bool:
    """Check for an element that a page sets apart by its style sheet: `Ann` and `0:12` are two words."""
    return tag in ("time", "cite") or bool((names := node.get("class")) and _APART.search(names))


def _mark(node: Any, tag: str, above: _Open | None) -> tuple[str, str]:
    """Name an element's kind, and how it is marked: by its class, or by its place in its parent."""
    tag = _SAME.get(tag, tag)
    if tag in _NAMED:
        return tag, tag
    if _BOLD.search(node.get("style") or ""):
        return tag, "strong"
    if names := (node.get("class") or "").split():
        base = f"{tag}.{_DIGITS.sub('', names[0])}"
        return base, base
    if above is None or tag not in _PLACED:
        return tag, tag
    return tag, f"{above.base}>{tag}{_place(node, tag, above)}"


def _place(node: Any, tag: str, above: _Open) -> str:
    """Return the place of an element among its like; of many that are no cells it says nothing."""
    if not above.children:
        above.children.update((f"all {x}", n) for x, n in Counter(x.tag for x in node.itersiblings()).items())
    place = above.children[tag] = above.children.get(tag, 0) + 1
    many = tag not in ("td", "th") and above.children.get(f"all {tag}", 0) >= MOST_PLACES
    return "" if many else str(min(place, MOST_PLACES))


def _stated(node: Any) -> Seconds | None:
    """Read the time at which an attribute says that an element begins: a clock, or seconds with a fraction."""
    value = next((node.get(key) for key in _TIMES if node.get(key)), "").strip()
    if re.fullmatch(CLOCK, value):
        return seconds(value)
    return float(value) if re.fullmatch(r"\d{1,6}\.\d{1,6}", value) else None


# What of a page's tree is not its text: navigation, forms, comments, what is folded away, the small reading aids.


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
        """Return why an element is not the page's text; `None` where it is."""
        if not place:
            return None
        if tag in _READING_AIDS or (tag == "sup" and _is_note_mark(node)):
            return AID
        if tag == "template":
            return "not shown"
        names = f"{node.get('class') or ''} {node.get('id') or ''}" if node.keys() else ""
        return self._by_names(node, tag, place, names)

    def _by_names(self, node: Any, tag: str, place: int, names: str) -> str | None:
        """Return why an element of these classes and this id is not the page's text; `None` where it is."""
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
    """Check for the number of a footnote: a raised link."""
    text = "".join(islice(node.itertext(), 5)).strip()
    return node.find(".//a") is not None and _NOTE_MARK.fullmatch(text) is not None


def is_transcript(node: Any, tag: str) -> bool:
    """Check for an element that is called a transcript; the whole page and single words are not meant."""
    if tag not in _BOXES:
        return False
    return _TRANSCRIPT.search(f"{node.get('class') or ''} {node.get('id') or ''}") is not None


def _by_attributes(node: Any, names: str) -> str | None:
    if _TRANSCRIPT.search(names):
        return None
    if node.get("hidden") is not None or _HIDDEN.search(node.get("style") or ""):
        return "not shown"
    return "navigation" if node.get("role") in _ROLES or _BOX.search(names) else None
