"""The text of a cue with its markup → rows: without tags, with the voices and times that tags give."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from transforms.records import Seconds
from transforms.times import parse_clock
from transforms.transcripts.cues import Chunk, Row

# Some writers escape what is escaped already: `&amp;#39;`.
_ENTITY = re.compile(
    r"&(?:amp;(?=(?:#\d{1,7}|amp|quot|apos|nbsp|lt|gt);))*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});"
)
_TOKEN = re.compile(r"<(/?)([A-Za-z]*)([^<>]*)>|\{(?:\\[^{}\n]*|/?[biu])\}|\n|[^<{\n]+|[<{]")
_TAG = re.compile(r"a|b|big|br|c|center|div|em|font|i|lang|p|rp|rt|ruby|s|small|span|strong|su[bp]|tt|u|v")
_STYLES = frozenset(("<c>", "</c>", "<i>", "</i>", "<b>", "</b>"))
# What a web form escaped before it reached the file; a colon behind the name is that of a label.
_ESCAPED_VOICE = re.compile(r"&lt;(/?v(?:[.\s][^&<>]{0,80})?)&gt;[ \t]*:?")
_VOICE = re.compile(r"(?:\.\S*)?\s*(.*)", re.DOTALL)


def read_rows(body: Sequence[tuple[int, str]]) -> list[Row]:
    """Read the text lines of a cue: without tags, with the voices and word times that tags give."""
    if any("&lt;" in text for _, text in body):
        body = [(line, _ESCAPED_VOICE.sub(r"<\1>", text)) for line, text in body]
    for _, text in body:
        if "<" in text or "&" in text or "{" in text:
            return _Payload(body).rows()
    return [Row(line, " ".join(text.split())) for line, text in body]


def resolve(text: str) -> str:
    """Resolve the entities of HTML that end in a semicolon.

    >>> resolve("R&amp;B &lt;3 &copy")
    'R&B <3 &copy'
    >>> resolve("it&amp;#39;s")
    "it's"
    """
    return _ENTITY.sub(lambda match: unescape(f"&{match[1]};"), text) if "&" in text else text


class _Payload:
    """The text of a cue with its markup, read once from left to right."""

    def __init__(self, body: Sequence[tuple[int, str]]) -> None:
        self._lines = [line for line, _ in body]
        self._text = "\n".join(text for _, text in body)
        self._rows: list[tuple[int, str | None, list[Chunk]]] = []
        self._voice: str | None = None
        self._stamp: Seconds | None = None
        self._stamped = False
        self._in_ruby = False
        self._is_reading = False
        self._at = 0

    def rows(self) -> list[Row]:
        for match in _TOKEN.finditer(self._text):
            part = match[0]
            if part == "\n":
                self._at += 1
                self._rows.append((self._line(), self._voice, []))
            elif match[2] is not None:
                self._tag(match)
            elif (part[0] != "{" or part == "{") and not self._is_reading:
                self._say(part)
        return [row for parts in self._rows if (row := self._row(*parts)).text]

    def _line(self) -> int:
        return self._lines[min(self._at, len(self._lines) - 1)]

    def _row(self, line: int, voice: str | None, chunks: list[Chunk]) -> Row:
        text = " ".join("".join(chunk.text for chunk in chunks).split())
        return Row(line, text, voice, tuple(chunks) if self._stamped and text else ())

    def _say(self, text: str) -> None:
        if not self._rows or self._rows[-1][:2] != (self._line(), self._voice):
            self._rows.append((self._line(), self._voice, []))
        if text.isspace():
            self._rows[-1][2].append(Chunk(text))
            return
        self._rows[-1][2].append(Chunk(resolve(text), self._stamp))
        self._stamp = None

    def _tag(self, match: re.Match[str]) -> None:
        if match[0] in _STYLES:
            return
        name, rest = match[2].lower(), match[3]
        if not name and (time := parse_clock(rest)) is not None:
            self._stamp, self._stamped = time, True
        elif not self._is_tag(name, rest):
            self._say(match[0])
        elif name == "v":
            self._voice = None if match[1] else self._named(rest)
        elif name == "br":
            self._say(" ")
        elif name in ("ruby", "rt", "rp"):
            self._ruby(name, closes=bool(match[1]))
        # A tag may be written over two lines.
        self._at += match[0].count("\n")

    @staticmethod
    def _is_tag(name: str, rest: str) -> bool:
        """Tell a tag from a comparison: `1 < 2 and 3 > 2` has no name."""
        return (_TAG.fullmatch(name) is not None and rest[:1] in ("", *" \t\n./")) if name else not rest.strip()

    def _ruby(self, name: str, *, closes: bool) -> None:
        """Leave out how a word is read: it stands above the word, and is said once."""
        if name == "ruby":
            self._in_ruby, self._is_reading = not closes, False
        else:
            self._is_reading = self._in_ruby and not closes

    def _named(self, rest: str) -> str | None:
        match = _VOICE.match(rest)
        return " ".join(resolve(match[1]).split()) or None if match else None
