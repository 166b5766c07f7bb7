"""The HTML transcript of Podcasting 2.0: a speaker in `cite`, a time in `time`, the words in `p`.

Spec: https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md#html

Example:

    <cite>Ann Lee:</cite>
    <time>0:00</time>
    <p>Why does a record turn?</p>
    <cite>Bo Chan:</cite>
    <time>0:02</time>
    <p>It must.</p>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import lxml.etree
import lxml.html

from transforms.errors import ContentError
from transforms.records import Seconds
from transforms.times import parse_iso
from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.html.html_blocks import HEADINGS
from transforms.transcripts.shared.json_text import string

_CITED = re.compile(
    r"<cite(?:\s[^<>]*)?>(?:[^<]|<(?!/?cite)){0,300}</cite>"
    r"(?:\s|<br ?/?>|<time(?:\s[^<>]*)?>[^<]*</time>)*<p[\s>]",
    re.IGNORECASE,
)
_WHOLE = HEADINGS | {"cite", "time", "p", "title"}
_NOT_SHOWN = frozenset(("script", "style", "template", "noscript"))


_PAGE = re.compile(r"<(?:nav|footer|aside|header|main|article|section|form|table|ul|ol|script)\b", re.IGNORECASE)


def fits(text: Text) -> bool:
    """Check for a text where a `cite` stands in front of a `p`; in a whole page that is the page's to sort out."""
    return "<cite" in text.text.lower() and not _PAGE.search(text.text) and _CITED.search(text.text) is not None


def parse(text: Text) -> Draft:
    """Read the speakers, times and words in their order; a speaker holds until the next one.

    Raises:
        ContentError: it is no HTML, or nobody says anything.
    """
    reader = _Reader()
    for tag, line, content, when in _elements(_root(text.text)):
        reader.read(tag, line, content, when)
    if not any(piece.kind == "speech" for piece in reader.pieces):
        msg = "the HTML has no paragraph of speech: no p stands behind a cite"
        raise ContentError(msg)
    return Draft(tuple(reader.pieces), "paragraph", flags=tuple(sorted(reader.clock.flags)))


def _root(text: str) -> Any:
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        return lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError) as error:
        msg = f"the HTML cannot be read: {' '.join(str(error).split()) or 'it is empty'}"
        raise ContentError(msg) from error


def _elements(root: Any) -> Iterator[tuple[str, int, str, str]]:
    """Yield the elements that are read whole, and the text between them, in order, with a stated time."""
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        element, is_tail = stack.pop()
        line = element.sourceline or 1
        if is_tail:
            yield "", line, string(element.tail), ""
            continue
        stack.append((element, True))
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _WHOLE:
            yield tag, line, string(_content(element)), element.get("datetime") or ""
        elif tag not in _NOT_SHOWN:
            yield "", line, string(element.text), ""
            stack += [(child, False) for child in reversed(element)]


def _content(element: Any) -> str:
    for br in element.iter("br"):
        br.tail = f" {br.tail or ''}"
    return str(element.text_content())


class _Reader:
    """Who speaks and when, while the elements pass by."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.clock = Clock()
        self._speaker: str | None = None
        self._opens = False
        self._time: Seconds | None = None

    def read(self, tag: str, line: int, text: str, when: str) -> None:
        if tag == "cite":
            self._speaker = text.rstrip(" :：") or None
            self._opens = self._speaker is not None
        elif tag == "time":
            self._time = self._moment(when or text)
        if not text:
            return
        if tag == "p":
            self._say(line, text)
        elif tag in ("cite", "time"):
            self.pieces.append(Piece(line, "label", text))
        elif tag in HEADINGS:
            self.pieces.append(Piece(line, "chapter", text))
        elif tag == "title":
            self.pieces.append(Piece(line, "metadata", text, name="title"))
        else:
            self.pieces.append(Piece(line, "dropped", text, name="text outside of a paragraph"))

    def _say(self, line: int, text: str) -> None:
        start, _ = self.clock.check(self._time, None)
        self.pieces.append(Piece(line, "speech", text, speaker=self._speaker, opens=self._opens, start_time=start))
        self._opens, self._time = False, None

    def _moment(self, when: str) -> Seconds | None:
        """Read `0:12`, `1:02:03` or the duration `PT12S`."""
        duration = parse_iso(when)
        return self.clock.moment(when.strip("()[] \t\n") if duration is None else duration)


FORMAT = Format("podcast_html", "HTML transcript of Podcasting 2.0", example_of(__doc__), fits, parse)
