"""TTML and DFXP: timed text in XML; Apple Podcasts writes it with speakers and word times.

Spec: https://www.w3.org/TR/ttml2/

Example:

    <tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xml:lang="en">
      <head><metadata>
        <ttm:agent type="person" xml:id="a1"><ttm:name type="full">Ann Lee</ttm:name></ttm:agent>
      </metadata></head>
      <body><div>
        <p begin="00:00:00.000" end="00:00:02.500" ttm:agent="a1">Why does a record turn?</p>
        <p begin="2.5s" dur="1500ms">It <span>must.</span></p>
      </div></body>
    </tt>
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import lxml.etree

from transforms.errors import ContentError
from transforms.languages import language_tag
from transforms.records import Seconds
from transforms.safe_xml import SAFE
from transforms.times import parse_clock
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import Chunk, Clock, Cue, Item, Row
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared.json_text import string

_ROOT = re.compile(r"(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<(?:[\w.-]+:)?tt[\s>]", re.DOTALL)
_OFFSET = re.compile(r"([+-]?\d+(?:\.\d+)?)(h|ms|m|s|f|t)?", re.ASCII)
_FRAMES = re.compile(r"(\d{1,9}:\d\d:\d\d):(\d+)(?:\.\d+)?", re.ASCII)
_NAMED_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]{2,31}\d{0,2};")
_FRAME_RATE = 30.0  # what the specification assumes
# How a word is read stands above it, and is said once.
_READINGS = ("text", "textContainer", "delimiter")
_XML = "{http://www.w3.org/XML/1998/namespace}"
# Times that writers round need not be the same.
_EARLIER_SECONDS = 0.05


def fits(text: Text) -> bool:
    """Check for a document whose root is `tt`."""
    return _ROOT.match(text.head) is not None


def parse(text: Text) -> Draft:
    """Read the paragraphs; times within them count from the start of the document, or from their paragraph.

    Raises:
        ContentError: it is broken XML, or has no paragraph.
    """
    root, above = _root(text.text)
    clock = Clock()
    reader = _Reader(root, clock, above)
    items: list[Item] = [*_metadata(root, above), *reader.items()]
    if not any(isinstance(item, Cue) for item in items):
        msg = "the TTML has no paragraph with text"
        raise ContentError(msg)
    return cue_draft(items, clock, grammar=text.grammar)


def _root(text: str) -> tuple[Any, int]:
    """Parse the document; give also the count of empty lines that XML does not allow above its declaration."""
    body = text.lstrip("\ufeff \t\r\n")
    known = _NAMED_ENTITY.sub(lambda match: _character(match[0]), body) if "&" in body else body
    parser = lxml.etree.XMLParser(encoding="utf-8", **SAFE)
    try:
        root = lxml.etree.fromstring(known.encode("utf-8", "replace"), parser)
    except (lxml.etree.LxmlError, ValueError) as error:
        msg = f"the TTML is broken XML: {' '.join(str(error).split()) or 'it is empty'}"
        raise ContentError(msg) from error
    return root, text[: len(text) - len(body)].count("\n")


def _character(entity: str) -> str:
    """Resolve an entity of HTML, which XML does not know; markup never comes of it."""
    character = unescape(entity)
    return entity if set(character) & set("<>&") else character


def _local(element: Any) -> str:
    """Return the name of an element without its namespace; a comment has none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _attribute(element: Any, name: str) -> str | None:
    """Return an attribute of any namespace: writers mix up the ones of TTML."""
    for key, value in element.attrib.items():
        if key == name or key.endswith(f"}}{name}"):
            return str(value)
    return None


def _text(element: Any) -> str:
    return string("".join(element.itertext(tag=lxml.etree.Element)))


def _metadata(root: Any, above: int) -> Iterator[Piece]:
    if language := string(root.get(f"{_XML}lang")):
        yield Piece(_line(root, above), "metadata", language_tag(language), name="language")
    for element in root.iter(lxml.etree.Element):
        name = _local(element)
        if name in ("title", "desc", "copyright") and (text := _text(element)):
            yield Piece(_line(element, above), "metadata", text, name=name)
        elif name == "agent":
            for inner in element.iterchildren(lxml.etree.Element):
                if text := _text(inner):
                    yield Piece(_line(inner, above), "metadata", text, name="agent")


def _line(element: Any, above: int) -> int:
    return (element.sourceline or 1) + above


@dataclass(frozen=True, slots=True)
class _Rates:
    """How many frames and ticks are a second."""

    frames: float
    ticks: float

    def seconds(self, value: str) -> float | str:
        """Turn a time into seconds; a clock time without frames is left as it is."""
        value = value.strip()
        if match := _OFFSET.fullmatch(value):
            units = {"h": 3600.0, "m": 60.0, "ms": 0.001, "f": 1 / self.frames, "t": 1 / self.ticks}
            return float(match[1]) * units.get(match[2] or "s", 1.0)
        if match := _FRAMES.fullmatch(value):
            return (parse_clock(match[1]) or 0.0) + int(match[2]) / self.frames
        return value


def _rates(root: Any) -> _Rates:
    frames = _number(_attribute(root, "frameRate")) or _FRAME_RATE
    parts = (_attribute(root, "frameRateMultiplier") or "").replace(":", " ").split()
    multiplier = [_number(part) for part in parts]
    if len(multiplier) == 2 and multiplier[0] and multiplier[1]:
        frames *= multiplier[0] / multiplier[1]
    ticks = _number(_attribute(root, "tickRate"))
    if ticks is None:
        ticks = frames if _attribute(root, "frameRate") else 1.0
    return _Rates(frames, ticks)


def _number(value: str | None) -> float | None:
    """Read a positive number.

    >>> _number("25"), _number("0"), _number("many")
    (25.0, None, None)
    """
    match = re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", (value or "").strip(), re.ASCII)
    return (float(match[0]) or None) if match else None


class _Reader:
    """Reads the body: paragraphs to cues, their spans to rows and words."""

    def __init__(self, root: Any, clock: Clock, above: int) -> None:
        self._root = root
        self._clock = clock
        self._above = above
        self._rates = _rates(root)
        self._agents = _agents(root)
        self._relative = False

    def items(self) -> Iterator[Item]:
        bodies = [element for element in self._root.iter(lxml.etree.Element) if _local(element) == "body"]
        self._relative = any(self._is_relative(body) for body in bodies)
        for body in bodies:
            yield from self._walk(body, 0.0, self._speaker(body, None))

    def _is_relative(self, body: Any) -> bool:
        """Check whether a span begins before its paragraph does: then it counts from there."""
        for element in body.iter(lxml.etree.Element):
            if _local(element) != "p":
                continue
            begin = self._moment(element, "begin", 0.0)
            for span in element.iterdescendants(lxml.etree.Element):
                start = self._moment(span, "begin", 0.0)
                if begin is not None and start is not None and start < begin - _EARLIER_SECONDS:
                    return True
        return False

    def _walk(self, container: Any, offset: float, speaker: str | None) -> Iterator[Item]:
        offset += self._moment(container, "begin", 0.0) or 0.0
        yield from self._outside(container, container.text)
        for child in container.iterchildren(lxml.etree.Element):
            name = _local(child)
            said_by = self._speaker(child, speaker)
            if name == "p":
                cue = self._cue(child, offset, said_by)
                if cue.rows:
                    yield cue
            elif name == "div":
                yield from self._walk(child, offset, said_by)
            yield from self._outside(child, child.tail)

    def _outside(self, element: Any, text: str | None) -> Iterator[Piece]:
        if content := string(text):
            yield Piece(_line(element, self._above), "dropped", content, name="text outside of a paragraph")

    def _moment(self, element: Any, name: str, offset: float) -> Seconds | None:
        value = element.get(name)
        if value is None or not value.strip():
            return None
        seconds = self._clock.moment(self._rates.seconds(value))
        return None if seconds is None else round(seconds + offset, 3)

    def _span(self, element: Any, offset: float) -> tuple[Seconds | None, Seconds | None]:
        start = self._moment(element, "begin", offset)
        end = self._moment(element, "end", offset)
        if end is None and (lasts := self._moment(element, "dur", 0.0)) is not None and start is not None:
            end = round(start + lasts, 3)
        return start, end

    def _speaker(self, element: Any, inherited: str | None) -> str | None:
        value = _attribute(element, "agent")
        names = [self._agents.get(agent.lstrip("#"), agent.lstrip("#")) for agent in (value or "").split()]
        return " & ".join(names) or inherited

    def _cue(self, paragraph: Any, offset: float, speaker: str | None) -> Cue:
        start, end = self._span(paragraph, offset)
        within = (start or 0.0) if self._relative else offset
        rows: list[_Part] = []
        self._spans(paragraph, within, speaker, (None, None), rows)
        times = [part.chunk for part in rows if part.chunk.text.strip()]
        if start is None and times:
            start = times[0].start_time
        if end is None and times:
            end = times[-1].end_time
        return Cue(_line(paragraph, self._above), start, end, list(_rows(rows)))

    def _spans(
        self,
        element: Any,
        offset: float,
        speaker: str | None,
        times: tuple[Seconds | None, Seconds | None],
        parts: list[_Part],
    ) -> None:
        """Collect the text of an element in order, each part with the innermost times."""
        line = _line(element, self._above)
        parts.append(_Part(line, speaker, Chunk(element.text or "", *times)))
        for child in element:
            name = _local(child)
            if name == "br":
                parts.append(_Part(line, speaker, Chunk("\n")))
            elif name == "span" and _attribute(child, "ruby") in _READINGS:
                pass
            elif name == "span":
                own = self._span(child, offset)
                is_word = _attribute(child, "unit") == "word"
                parts.append(_Part(line, speaker, Chunk(" " if is_word else "")))
                self._spans(child, offset, self._speaker(child, speaker), own if any(own) else times, parts)
            elif child.tag is lxml.etree.Entity:
                parts.append(_Part(line, speaker, Chunk(child.text or "")))
            parts.append(_Part(line, speaker, Chunk(child.tail or "")))


@dataclass(slots=True)
class _Part:
    """A stretch of text of a paragraph."""

    line: int
    speaker: str | None
    chunk: Chunk


def _agents(root: Any) -> dict[str, str]:
    """Map the identifiers of agents to their names."""
    agents = {}
    for element in root.iter(lxml.etree.Element):
        if _local(element) != "agent":
            continue
        names = [_text(inner) for inner in element.iterchildren(lxml.etree.Element) if _local(inner) == "name"]
        key = element.get(f"{_XML}id") or element.get("id")
        if key and names and names[0]:
            agents[key] = names[0]
    return agents


def _rows(parts: list[_Part]) -> Iterator[Row]:
    """Make a row of each line and speaker."""
    row: list[_Part] = []
    for part in parts:
        if row and (part.chunk.text == "\n" or (part.speaker != row[0].speaker and part.chunk.text.strip())):
            yield from _row(row)
            row = []
        if part.chunk.text != "\n" and (row or part.chunk.text.strip()):
            row.append(part)
    yield from _row(row)


def _row(parts: list[_Part]) -> Iterator[Row]:
    chunks = [part.chunk for part in parts]
    text = string("".join(chunk.text for chunk in chunks))
    if text:
        yield Row(parts[0].line, text, parts[0].speaker, tuple(chunks) if _are_words(chunks) else ())


def _are_words(chunks: list[Chunk]) -> bool:
    """Check whether the spans with times are words, and not sentences."""
    timed = [chunk.text.split() for chunk in chunks if chunk.start_time is not None and chunk.text.strip()]
    return sum(len(words) == 1 for words in timed) * 2 > len(timed)


FORMAT = Format("ttml", "TTML captions", example_of(__doc__), fits, parse)
