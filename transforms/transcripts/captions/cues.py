"""What the formats of captions share: cues, their rows and stretches of text, and a clock that checks times."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import unescape

from transforms.languages import language_tag
from transforms.records import Seconds
from transforms.times import CLOCK, clock_seconds, parse_clock, parse_seconds
from transforms.transcripts.document import Piece
from transforms.transcripts.labels.names import clean, likeness

# Cues that touch are rounded differently by many writers.
OVERLAP_SECONDS = 0.05
# Nobody speaks for thirty years: a larger number is a date or garbage.
LATEST_SECONDS = 1e9


@dataclass(slots=True)
class Chunk:
    """A stretch of text with its times: a word with the space before it, or a part of one."""

    text: str
    start_time: Seconds | None = None
    end_time: Seconds | None = None
    probability: float | None = None


@dataclass(slots=True)
class Row:
    """A line of a cue without its tags; `voice` is the speaker that markup names, `chunks` its times."""

    line: int
    text: str
    voice: str | None = None
    chunks: tuple[Chunk, ...] = ()


@dataclass(slots=True)
class Cue:
    """What is shown at once; `repeated` are the rows that were in sight before."""

    line: int
    start_time: Seconds | None
    end_time: Seconds | None
    rows: list[Row]
    repeated: list[Row] = field(default_factory=list)


Item = Cue | Piece


class Clock:
    """Reads times in the order of the file, and keeps in `flags` what is wrong with them."""

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self._start: Seconds | None = None
        self._end: Seconds | None = None

    def moment(self, value: object, scale: float = 1.0) -> Seconds | None:
        """Read one time: a number or a text, in units of `scale` seconds; nothing is no time."""
        if value is None or value == "":
            return None
        seconds = parse_seconds(value)
        if seconds is None or not 0 <= seconds * scale < LATEST_SECONDS:
            self.flags.add("bad_time")
            return None
        return round(seconds * scale, 3)

    def span(
        self, start: object, end: object, scale: float = 1.0, *, overlaps: bool = True
    ) -> tuple[Seconds | None, Seconds | None]:
        """Read the times of the next cue; with `overlaps` it should not start before the last one ends."""
        return self.check(self.moment(start, scale), self.moment(end, scale), overlaps=overlaps)

    def check(
        self, start: Seconds | None, end: Seconds | None, *, overlaps: bool = True
    ) -> tuple[Seconds | None, Seconds | None]:
        """Compare the times of the next cue with each other and with the cue before."""
        if (start or 0) >= LATEST_SECONDS or (end or 0) >= LATEST_SECONDS:
            start, end = self.moment(start), self.moment(end)
        if start is not None and end is not None and end < start:
            self.flags.add("end_before_start")
            end = None
        if start is not None:
            if self._start is not None and start < self._start:
                self.flags.add("times_backwards")
            elif overlaps and self._end is not None and self._end - start >= OVERLAP_SECONDS - 1e-6:
                self.flags.add("overlapping_cues")
            self._start, self._end = start, end
        return start, end


# Lines of captions → cues: where one begins and ends, its times, the comments between them.


# What word processors and web pages make of an arrow; YouTube's own format has a comma.
ARROW = r"(?:-{1,3} ?>|[–—]>|→|-{1,2}&gt;|,(?=\d+:\d\d:\d\d\.\d{3}[ \t]*$))"
_TIMING = re.compile(rf"[ \t]*{CLOCK}[ \t]*{ARROW}[ \t]*{CLOCK}(?![\d:.,])(.*)", re.ASCII)
_ARROWS = re.compile(r"[->–—]>|→|-&gt;|- >|\d,\d+:\d\d:")
_LANGUAGE = re.compile(r"language: ?([A-Za-z]{2,3}(?:-\w{2,8})*)", re.IGNORECASE)
_CUT_OFF = re.compile(r"(?:\d+:)*\d*[\d:.,\s>-]*", re.ASCII)
_SETTING = re.compile(r"[A-Za-z]\w*:\S+")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_COUNT = re.compile(r"\d+\s*[-–—:.)]?\s+")
# Webex: 1 "Ann Lee" (1234567)
_SPEAKER_IDENTIFIER = re.compile(r"\d+ \"([^\"]+)\" \(\d+\)")
_COMMENT = re.compile(r"(NOTE|STYLE|REGION)(?:\s|$)")


@dataclass(slots=True)
class CueBlock:
    """The lines of a cue as they stand: the places of its first line, of its times, and of the line behind it."""

    first: int
    at: int
    stop: int


def read_cues(lines: Sequence[str], first: int, clock: Clock, *, comments: bool) -> tuple[int, list[Item]]:
    """Read the cues behind the line `first`; give also the place where the first one begins.

    With `comments` there may be NOTE, STYLE and REGION blocks, and any line above the times is an identifier.
    """
    blocks = _blocks(lines, first, identifiers=comments)
    if not blocks:
        return len(lines), []
    rest = _cut_off(lines, blocks[-1])
    identifiers = [_identifier(lines, block) for block in blocks]
    voices = _voices(identifiers)
    items: list[Item] = []
    for block, identifier in zip(blocks, identifiers, strict=True):
        read = _read_block(lines, block, clock, comments=comments)
        if identifier:
            items.append(_named(identifier, block.first + 1, read, voices))
        items += read
    return blocks[0].first, [*items, *rest]


def _cut_off(lines: Sequence[str], last: CueBlock) -> list[Piece]:
    """Take the number, and what there is of the times, off the end of a file that breaks off behind them."""
    number = lines[last.first].strip()
    end = [index for index in range(max(last.at + 1, len(lines) - 10), last.stop) if lines[index].strip()][-2:]
    while end and not (number.isdecimal() and lines[end[0]].strip() == str(int(number) + 1)):
        end = end[1:]
    if not end or lines[end[0] - 1].strip() or not all(_CUT_OFF.fullmatch(lines[index]) for index in end):
        return []
    last.stop = end[0]
    return [Piece(index + 1, "dropped", lines[index].strip(), name="cue without text") for index in end]


def _voices(identifiers: Sequence[str]) -> dict[str, str]:
    """Return which identifiers name a speaker: alone or behind a number, in front of most cues, repeatedly."""
    names = {name: _COUNT.sub("", name) for name in set(identifiers) if name}
    likely = {name: voice for name, voice in names.items() if likeness(clean(voice)[0])}
    counts = Counter(likely[name] for name in identifiers if name in likely)
    if counts.total() * 2 <= len(identifiers) or (counts.total() > 4 and len(counts) * 2 > counts.total()):
        return {}
    return likely


def _named(name: str, line: int, items: Sequence[Item], voices: dict[str, str]) -> Piece:
    """Set the voice of a cue to what its identifier names; return the identifier as a piece."""
    match = _SPEAKER_IDENTIFIER.fullmatch(name)
    if voice := match[1] if match else voices.get(name):
        cue = next(item for item in items if isinstance(item, Cue))
        cue.rows = [replace(row, voice=row.voice or voice) for row in cue.rows]
    return Piece(line, "label", name, name="cue identifier")


def _blocks(lines: Sequence[str], first: int, *, identifiers: bool) -> list[CueBlock]:
    blocks: list[CueBlock] = []
    number, name = 0, ""
    floor = first
    for at in range(first, len(lines)):
        if not _ARROWS.search(lines[at]) or not _is_timing(lines, at, floor):
            continue
        start = _block_start(lines, at, floor, number, name if identifiers else None)
        if start < at:
            name = lines[start].strip()
            number = int(name) if _NUMBER.fullmatch(name) else number
        if blocks:
            blocks[-1].stop = start
        blocks.append(CueBlock(start, at, len(lines)))
        floor = at + 1
    return blocks


def _is_timing(lines: Sequence[str], at: int, floor: int) -> bool:
    line = lines[at]
    if _TIMING.match(line):
        return True
    begin, arrow, end = line.partition("-->")
    if not arrow:
        return False
    if re.match(r"[-+]?\d{1,9}:", begin.strip()) or re.match(r"[-+]?\d{1,9}:", end.strip()):
        return True
    above = lines[at - 1].strip() if at > floor else begin
    return len(begin.split()) == 1 and (not above or _NUMBER.fullmatch(above) is not None)


def _block_start(lines: Sequence[str], at: int, floor: int, number: int, name: str | None) -> int:
    """Find the line where a cue begins: its times, or the identifier above; `name` is the last identifier."""
    if at - 1 < floor:
        return at
    above = lines[at - 1].strip()
    follows = str(number + 1)
    if not above:
        return at - 2 if at - 2 >= floor and lines[at - 2].strip() == follows else at
    alone = (at - 2 < 0 or not lines[at - 2].strip()) and (at - 2 >= floor or at - 1 == 0)
    if _NUMBER.fullmatch(above):
        return at - 1 if alone or above == follows else at
    if name is None or _COMMENT.match(above):
        return at
    return at - 1 if alone or _alike(above, name) else at


def _alike(above: str, name: str) -> bool:
    return any(c.isdigit() for c in name) and re.sub(r"\d+", "0", above) == re.sub(r"\d+", "0", name)


def _identifier(lines: Sequence[str], block: CueBlock) -> str:
    """Return the identifier of a cue, unless it only counts."""
    name = " ".join(lines[block.first].split()) if block.first < block.at else ""
    return "" if _NUMBER.fullmatch(name) else name


def _read_block(lines: Sequence[str], block: CueBlock, clock: Clock, *, comments: bool) -> list[Item]:
    cue, items = _read_times(lines[block.at], block.at + 1, clock)
    body, others = _body(lines, block.at + 1, block.stop, comments=comments)
    cue.rows = read_rows(body)
    return [*items, cue, *others]


def are_settings(text: str) -> bool:
    """Check for nothing but the settings of a cue behind its times.

    >>> are_settings(" align:start line:0"), are_settings(""), are_settings(" Ann:")
    (True, True, False)
    """
    return all(map(_SETTING.fullmatch, text.split()))


def _read_times(text: str, line: int, clock: Clock) -> tuple[Cue, list[Item]]:
    match = _TIMING.match(text)
    if not match:
        clock.flags.add("bad_time")
        return Cue(line, None, None, []), [Piece(line, "dropped", " ".join(text.split()), name="unreadable times")]
    *times, settings = match.groups()
    cue = Cue(line, clock_seconds(*times[:4]), clock_seconds(*times[4:]), [])
    if are_settings(settings):
        return cue, []
    return cue, [Piece(line, "dropped", " ".join(settings.split()), name="cue settings")]


def _body(
    lines: Sequence[str], start: int, stop: int, *, comments: bool
) -> tuple[list[tuple[int, str]], list[Piece]]:
    """Sort the lines behind the times into text and comments."""
    body: list[tuple[int, str]] = []
    others: list[Piece] = []
    index, blank = start, False
    while index < stop:
        line = lines[index]
        if not line.strip():
            blank = True
        elif comments and blank and _COMMENT.match(line):
            piece, index = read_comment(lines, index, stop)
            others.append(piece)
            continue
        else:
            body.append((index + 1, line))
            blank = False
        index += 1
    return body, others


def is_comment(line: str) -> bool:
    """Check whether a line begins a NOTE, STYLE or REGION block."""
    return _COMMENT.match(line) is not None


def read_comment(lines: Sequence[str], start: int, stop: int) -> tuple[Piece, int]:
    """Read a block up to its blank line: a note is kept as metadata, style and region are dropped."""
    end = next((index for index in range(start, stop) if not lines[index].strip()), stop)
    kind, *words = " ".join(lines[start:end]).split()
    if kind == "NOTE":
        return _note(start + 1, " ".join(words)), end
    return Piece(start + 1, "dropped", " ".join([kind, *words]), name=kind.lower()), end


def _note(line: int, text: str) -> Piece:
    """Keep a note; Teams and Stream write the language into one."""
    match = _LANGUAGE.fullmatch(text)
    if match:
        return Piece(line, "metadata", language_tag(match[1]), name="language")
    return Piece(line, "metadata", text, name="note")


# The text of a cue with its markup → rows: without tags, with the voices and times that tags give.


# Some writers escape what is escaped already: `&amp;#39;`.
_ENTITY = re.compile(
    r"&(?:amp;(?=(?:#\d{1,7}|amp|quot|apos|nbsp|lt|gt);))*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});"
)
_TOKEN = re.compile(r"<(/?)([A-Za-z]*)([^<>]*)>|\{(?:\\[^{}\n]*|/?[biu])\}|\n|[^<{\n]+|[<{]")
_TAG = re.compile(r"a|b|big|br|c|center|div|em|font|i|lang|p|rp|rt|ruby|s|small|span|strong|su[bp]|tt|u|v")
_STYLES = frozenset(("<c>", "</c>", "<i>", "</i>", "<b>", "</b>"))
# What a web form escaped before it reached the file; a colon behind the name is that of a label.
_ESCAPED_VOICE = re.compile(r"&lt;(/?v(?:[.\s][^&<>]{0,80})?)&gt;[ \t]*:?")
_BOLD = re.compile(r"\*\*(?=\S)([^*]+)(?<=\S)\*\*")  # of Markdown: **Ann:** Hi.
_VOICE = re.compile(r"(?:\.\S*)?\s*(.*)", re.DOTALL)


def read_rows(body: Sequence[tuple[int, str]]) -> list[Row]:
    """Read the text lines of a cue: without tags, with the voices and word times that tags give."""
    if any("**" in text for _, text in body):
        body = [(line, _BOLD.sub(r"\1", text)) for line, text in body]
    if any("&lt;" in text for _, text in body):
        body = [(line, _ESCAPED_VOICE.sub(r"<\1>", text)) for line, text in body]
    for _, text in body:
        if "<" in text or "&" in text or "{" in text:
            return _Payload(body).rows()
    return [Row(line, " ".join(text.split())) for line, text in body if text.strip()]


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
        if not name and ":" in rest and (time := parse_clock(rest)) is not None:  # <3> is a heart
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
        """Distinguish a tag from a comparison: `1 < 2 and 3 > 2` has no name."""
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
