"""Every way in which a line could open a turn: where the label would stand, its time, the words behind it.

What a label says does not matter here, only how it could be set off: by a colon, brackets, marks such as bold, a
time, a dash, or the end of its line. Which way is the document's, `choose` finds out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.records import Seconds
from transforms.transcripts.grammar.looks import is_full_name
from transforms.transcripts.labels.names import clean, fold, is_sound, is_uncased
from transforms.transcripts.prose.lines import CLOCK, WRAPPED, Line, Span, times

LONGEST_LABEL = 80  # characters
LONGEST_HEAD = 130  # characters in which a label ends
MOST_WORDS = 12  # of a label
LONGEST_ROLE = 30  # characters

_RANGE = rf"{CLOCK}(?:\s*(?:-->|->|→|–|—|-|to)\s*{CLOCK})?"
_SECONDS = r"\d{1,6}\.\d{1,3}s?"
_TIME = rf"(?:{WRAPPED}|{_SECONDS}\s*(?:-->|->|→)\s*{_SECONDS}(?![\d\w])|{_RANGE}(?![\d%\w]|:\d))"
# What may stand before a label: marks of lists and quotes, numbers, times, and what begins bold that nothing ends.
_BEFORE = re.compile(
    rf"\s+|(?P<open>^(?:\*\*|__)(?=[^\s*_]))|(?P<bullet>>>+|[-*•‣>–—|](?=\s|$))|(?P<number>\d{{1,4}}[.)](?=\s))|(?P<time>{_TIME})[:：|｜,\]]?"
)
# A bare time that a stop or a comma ends is said: `Ben: 10:30. I was early.`
_BEHIND = re.compile(rf"\s*(?:(?:,\s+)?(?P<time>{_TIME}(?![.,!?]))|(?P<mark>[:：;|>–—~=→/·•\-]+(?=\s|$)|[:：]))")
_DIGIT_OF_TIME = re.compile(r"\d[:.m]")  # in every time, and quick to look for
_FIRST_TIME = re.compile(rf"\s*{WRAPPED}|(?<=\s){_RANGE}(?![\d%\w]|:\d)")
_LAST_TIME = re.compile(rf"[\s,|@•·–—-]*(?:(?<![\w.:]){_RANGE}(?![\d%\w]|:\d)|{WRAPPED})\s*$")
_JOINTS = "–—-|｜,;@·• "  # between a label and its time
_COLON = re.compile(r"[:：]")
_CLOCK_COLON = re.compile(r"(?<=\d):(?=\d)")
_COLON_INSIDE = re.compile(r"[:：]\s|：")
_DASH = re.compile(r"\s+(?:[-–—|~»>=→/·•]|--|[=-]>)\s+|\t\s*|\s{2,}|\u3000|[>;]\s+")
_SENTENCE = re.compile(r",.*[^\W\d_]{4}[.?!…。।؟]$")  # `Ann Lee, of course.` is said, not a role
_STOP_DASH = re.compile(r"\.\s?[-–—]\s+")  # `P.- ¿Qué es?`
_ENDING_DASH = re.compile(r"\s[-–—|>]$")
# `COLM ST. CLAIR. So it is.`: a stop behind one to three capitals is theirs, where a name in capitals goes on.
_CAPITAL = r"[^\W\d_a-zà-ÿ]"
_TITLE = rf"(?:[^\W\d_]{{1,4}}\.\s|{_CAPITAL}[a-zà-ÿ]{{2,}}\s)"  # `Mr. TALLOW. I yield.`, `The CHAIRMAN. Order.`
_FIRST_TITLE = re.compile(_TITLE)
_SHORT = "|".join(rf"(?<=\b{_CAPITAL * n})" for n in (1, 2, 3))
_CAPITALS = re.compile(
    rf"({_TITLE}?{_CAPITAL}(?:[^.a-zà-ÿ:\[\](){{}}]|(?:{_SHORT})\.(?=\s{_CAPITAL}[^a-zà-ÿ.]*\.\s)){{1,40}})\.\s+(?=\S)"
)
# `Mr. McCRAE. I yield.`, `Ms. ODELL of Utah. No.`, `The SPEAKER pro tempore. Order.`
_LARGE_WORD = rf"{_CAPITAL}(?:[a-zà-ÿ]{{1,3}}|['’])?{_CAPITAL}(?:{_CAPITAL}|['’-])*"
_TITLED_NAME = (
    rf"(?:{_TITLE}){{1,2}}(?:{_CAPITAL}\.\s)*{_LARGE_WORD}(?:\s{_LARGE_WORD})*(?:\s[^\W\d_]{{2,12}}){{0,3}}"
)
_IS_TITLED = re.compile(_TITLED_NAME)
_TITLED = re.compile(rf"({_TITLED_NAME})\.\s+(?=\S)")
# `M. le président. La séance est ouverte.`: behind a short title the name, or what somebody is, in small letters.
# Short sentences that come back have none (`So it is.`, `Das Haus war leer.`, `No. We did.`). One has a stop and
# small letters behind it, or is an abbreviation (a stop, or no vowel) before what begins and ends with a capital.
# Only `Mme la ministre.` has neither.
_ABBREVIATED = rf"{_CAPITAL}(?:[a-zà-ÿ]{{0,3}}\.|[b-df-hj-np-tv-xz]{{1,3}})(?=\s{_CAPITAL})"
_SMALL_WORD = r"\s[^\W\d_][\w'’-]*"
_SMALL_TITLED = re.compile(
    rf"((?:{_CAPITAL}[a-zà-ÿ]{{0,3}}\.(?=\s[a-zà-ÿ])|M(?:m|ll)es?)(?:{_SMALL_WORD}){{1,4}}"
    rf"|{_ABBREVIATED}(?:{_SMALL_WORD}){{0,3}}\s{_CAPITAL}[\w'’-]*)\.\s+(?=\S)"
)
SMALL_STOP = ". "  # ends it: not what ends a name in capitals
_LETTER = re.compile(r"([^\W\d_a-z]\d{0,2})[.)]\s+(?=\S)")  # `Q. Why?`, `A) So it is.`
_ROLE = re.compile(r"\s*(?:,\s*[^:：,.()\[\]\d]{1,40}|\([^():：]{1,40}\)|\[[^\[\]:：]{1,40}\])(?=\s*[:：])")
_BRACKETS = {
    "[": "]",
    "(": ")",
    "<": ">",
    "{": "}",
    "【": "】",
    "«": "»",
    "「": "」",
    "（": "）",
    "〈": "〉",
    "《": "》",
}
_URL = re.compile(r"(?:https?|ftp|mailto|www)$|//", re.IGNORECASE)
_ENTITY = re.compile(r"&\w+$")  # what is left of `&amp;`
_DATE = re.compile(r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:\d{4}|\d\d))(?!\w)")  # `12/04/2021`
_PLACE = re.compile(r"(?<=[a-gi-z])\d+$")  # the place of an element among its like, not the level of a heading
_SEMANTIC = frozenset(("strong", "cite", "u", "em", "code"))


@dataclass(frozen=True, slots=True)
class Core:
    """What all labels of a grammar share: how the label itself is set off.

    `block` is the kind of block that the label has for itself, `bullet` the mark of a list or quote before it,
    `mark` how the label is marked up, `bracket` what it stands in, `end` the mark behind it.
    """

    block: str
    bullet: str
    mark: str
    bracket: str
    end: str

    def covers(self, other: Core) -> bool:
        """Check whether labels that are set off as `other` are set off so; no block means any but a heading.

        A stop means one behind capitals or not.
        """
        mine, its = self._place, other._place
        any_block = not mine[0] and re.fullmatch(r"h[1-6]", its[0]) is None
        alike = (self.mark, self.bracket) == (other.mark, other.bracket)
        ends_alike = self.end == other.end or (self.end, other.end) == (".", SMALL_STOP)
        return alike and ends_alike and (mine == its or (any_block and mine[1] == its[1]))

    @property
    def without_bracket(self) -> Core:
        """The same without what the label stands in."""
        return replace(self, bracket="")

    @property
    def is_bare(self) -> bool:
        """Whether nothing but the end of its line sets a label off."""
        return not (self.bullet or self.mark or self.bracket or self.end)

    @property
    def _place(self) -> tuple[str, str]:
        """The block and the mark of a list: a paragraph is no block, and `>` before a line is a quote."""
        return ("", ">") if self.block == "blockquote" else ("" if self.block == "p" else self.block, self.bullet)


@dataclass(frozen=True, slots=True)
class Form:
    """A core with what may differ within one grammar: where a time stands, whether words follow on the line."""

    core: Core
    time: str
    alone: bool

    @property
    def template(self) -> str:
        """Write the form as people do: L is the label, T the time, R the words, ⏎ the end of the line."""
        core = self.core
        label = f"{core.bracket}L{_BRACKETS.get(core.bracket, '')}"
        mark = core.mark.replace(">", "/")
        behind = " [T]" if self.time == "behind" else ""
        closing = core.end.rstrip() if core.end in _CLOSING else ""
        inside = f"{label}{closing}" if mark else f"{label}{behind}{closing}"
        opens = _SHOWN_MARKS.get(mark, f"<{mark}>" if mark else "")
        shown = f"{opens}{inside}{_SHOWN_MARKS.get(mark, f'</{mark}>')}{behind}" if mark else inside
        end = "" if core.end in _CLOSING else f" {_SHOWN_SPACES.get(core.end, core.end)}"
        before = ("[T] " if self.time == "before" else "") + (f"{core.bullet} " if core.bullet else "")
        block = _shown_block(core.block)
        return f"{block}{before}{shown}{end}{'⏎' if self.alone else ' R'}"


_CLOSING = ("", ":", "：", ".", SMALL_STOP, ".-", ";", ")")  # stand right behind the label
_SHOWN_MARKS = {"strong": "**", "em": "*", "strong em": "***", "code": "`"}
_SHOWN_SPACES = {"\t": "⇥", "  ": "␣␣"}


def _shown_block(block: str) -> str:
    """Write the kind of block that a label has for itself: `### ` for a heading, `<tr/td1> ` for a cell."""
    if re.fullmatch(r"h[1-6]", block):
        return f"{'#' * int(block[1])} "
    return f"<{block.replace('>', '/')}> " if block not in ("", "p") else ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read a line: `raw` is the label as written, `name` folded, `rest` what would be said."""

    line: int
    form: Form
    raw: str
    name: str
    start_time: Seconds | None
    end_time: Seconds | None
    rest: str


def candidates(line: Line, index: int) -> tuple[Candidate, ...]:
    """Return the ways in which a line could open a turn; at most one for each way to end a label."""
    if line.noise is not None or not line.text or line.mark == "header":
        return ()
    return tuple(_Reader(line, index).candidates())


def without_end(line: Line, index: int, heads: Sequence[str]) -> Candidate | None:
    """Return the label with which a line begins beside a time, where what ends labels was forgotten.

    `heads` are the labels of the document as they are written, the longest first. `None` where no time, or none of
    them, stands there.

    >>> without_end(Line(0, "[0:07] Ann Lee We began in May."), 0, ("Ann Lee", "Ann")).rest
    'We began in May.'
    >>> without_end(Line(0, "Ann Lee – 0:07 We began in May."), 0, ("Ann Lee", "Ann")).rest
    'We began in May.'
    """
    reader = _Reader(line, index)
    text = next((head for head in heads if reader.text.startswith(f"{head} ", reader.at)), None)
    if text is None:
        return None
    head = _Head(text, reader.stamp, "before" if reader.stamp else "", "")
    behind = reader.set_off(head, reader.at + len(text))
    if not head.stamp:
        return None
    form = Form(Core(line.mark, reader.bullet, "", "", ""), head.where, alone=False)
    return Candidate(index, form, text, _name(text), *times(head.stamp), reader.text[behind:].strip())


class _Reader:
    """One line: what stands before the label is read once, then each end is tried."""

    def __init__(self, line: Line, index: int) -> None:
        self.line, self.index, self.text = line, index, line.text
        self.at, self.bullet, self.stamp, self.open = 0, "", "", ""
        self._skip_before()
        self.span = self._span()

    def _skip_before(self) -> None:
        """Pass over marks of lists, numbers and times in front of the label."""
        while self.at < LONGEST_HEAD and (match := _BEFORE.match(self.text, self.at)):
            if match["time"] and self.stamp:
                break
            self.stamp = self.stamp or match["time"] or ""
            self.open = self.open or ("strong" if match["open"] else "")
            if match["bullet"] and (not self.stamp or match["bullet"] in "|>" or match["bullet"].startswith(">>")):
                self.bullet = self.bullet or match["bullet"][:2]
            elif match["number"]:
                self.bullet = self.bullet or "1."
            self.at = match.end()

    def _span(self) -> Span | None:
        """Return the marked stretch that the label begins in; two that touch are one."""
        if not self.line.spans:
            return None
        mine = [
            x
            for x in self.line.spans
            if x.begin <= self.at < x.end and not self.text[x.begin : self.at].strip("-–—•>| ").strip(self.stamp)
        ]
        if not mine:
            return None
        first = min(mine, key=lambda x: (_rank(x.mark), x.end))
        end = first.end
        for other in self.line.spans:
            ended = self.text[first.begin : end].rstrip().endswith((":", "："))
            if other.mark == first.mark and end <= other.begin <= end + 1 and not ended:
                end = other.end
        return Span(first.begin, end, first.mark)

    def candidates(self) -> Iterator[Candidate]:
        """Yield a candidate for each way to end the label; a label in brackets has one."""
        text, at = self.text, self.at
        if at >= len(text):
            return
        close = _BRACKETS.get(text[at])
        if close and (end := _closing(text, at, close)) > 0:
            found = self._read(at + 1, end, end + 1, text[at])
            yield from [found] if found else []
            return
        seen: set[tuple[int, bool]] = set()
        for end in self._ends():
            found = self._read(at, end, end, "")
            if found and (key := (len(found.raw), found.form.alone)) not in seen:
                seen.add(key)
                yield found

    def _ends(self) -> Iterator[int]:
        """Yield where a label may end, the surest first."""
        text, at = self.text, self.at
        limit = min(len(text), at + LONGEST_HEAD)
        if self.span and self.span.end - at <= LONGEST_HEAD and text[at : self.span.end].strip():
            yield self.span.end
        colons = (m.start() for m in _COLON.finditer(text, at, limit) if not _CLOCK_COLON.match(text, m.start()))
        colon = next(colons, limit)
        if colon < limit:
            yield colon
        if _DIGIT_OF_TIME.search(text, at, limit) and (time := _FIRST_TIME.search(text, at, limit)):
            yield time.start()
        if (
            (dash := _DASH.search(text, at, limit))
            and dash.start() < colon
            and not _is_open(text[at : dash.start()])
        ):
            yield dash.start()
        yield from self._stops(colon, limit)
        if len(text) - at <= LONGEST_LABEL + 20:
            yield len(text)

    def _stops(self, colon: int, limit: int) -> Iterator[int]:
        """Yield where a stop may end the label: with a dash, behind capitals, behind one letter."""
        text, at = self.text, self.at
        if stop := _STOP_DASH.search(text, at, limit):
            yield stop.start()
        capitals = _TITLED.match(text, at, limit) or _CAPITALS.match(text, at, limit)
        if capitals and _is_large(capitals[1]) and not text[at:colon].isupper():
            yield capitals.end(1)
        elif small := _SMALL_TITLED.match(text, at, limit):
            yield small.end(1)
        if not self.span and (letter := _LETTER.match(text, at)):
            yield letter.end(1)

    def _read(self, begin: int, end: int, behind: int, bracket: str) -> Candidate | None:
        """Read the label in `begin:end`, and what sets it off from `behind` on; `None` where it can be none."""
        text = self.text
        if self.span and end == self.span.end and (role := _ROLE.match(text, end)):
            end = behind = role.end()
        head = self._head(text[begin:end].rstrip(), marked=self.span is not None and end == self.span.end)
        if self._goes_on(head, bracket) or not _may_be_label(head.raw):
            return None
        if dash := _STOP_DASH.match(text, end):
            head.end, behind = head.end or ".-", dash.end()
        behind = self.set_off(head, behind)
        rest = self._words(head, end, behind, bracket)
        mark = self.span.mark if self.span and begin < self.span.end <= max(behind, end) + 1 else self.open
        if _is_none(head, rest, bracket=bracket, mark=mark or ("heading" if self.line.heading else "")):
            return None
        form = Form(self._core(head, rest, bracket, mark), head.where, not rest)
        start, stop = times(head.stamp) if head.stamp else (None, None)
        return Candidate(self.index, form, head.raw, _name(head.raw), start, stop, rest)

    def _goes_on(self, head: _Head, bracket: str) -> bool:
        """Check for a colon inside, or a next cell: of `0:35 | Ann | Why not? 3:1` what is said has a time."""
        inside = not (self.span or bracket) and _COLON_INSIDE.search(head.raw) is not None
        return inside or (self.bullet == "|" and "|" in head.raw)

    def _words(self, head: _Head, end: int, behind: int, bracket: str) -> str:
        """Return what is said behind a label, and take off its end what is not the name's."""
        rest = self.text[behind:].strip()
        if head.where == "behind":
            head.raw = head.raw.rstrip(_JOINTS)  # what stands before a time is the time's
        if not head.end and not bracket:
            rest = self._loose_end(head, end, behind, rest)
        if self.bullet == "|":
            head.end, rest = head.end or "|", rest.rstrip("| ")
        return rest

    def _core(self, head: _Head, rest: str, bracket: str, mark: str) -> Core:
        """Return the marks of a label.

        What is marked is the same wherever it stands; a line that is bold as a whole depends on its block.
        """
        whole = "strong" in mark and not (rest or head.end)
        block = _PLACE.sub("", self.line.mark) if whole else "" if mark else self.line.mark
        return Core(block, self.bullet, mark, bracket, ":" if head.end == "：" else head.end)

    def _head(self, raw: str, *, marked: bool) -> _Head:
        """Take times and marks off the end of a label."""
        head = _Head(raw, self.stamp, "before" if self.stamp else "", "")
        while head.take_mark(dashes=marked) or head.take_time():
            pass
        if head.where == "behind" or marked or _ENDING_DASH.search(head.raw):
            bare = head.raw.rstrip(_JOINTS)
            if head.where != "behind":
                head.end = head.end or head.raw[len(bare) :].strip()[:1]
            head.raw = bare
        return head

    def set_off(self, head: _Head, behind: int) -> int:
        """Take the times and marks behind a label; return where the words begin."""
        while behind < len(self.text) and (match := _BEHIND.match(self.text, behind)):
            if match["time"]:
                if head.stamp:
                    break
                head.stamp, head.where = match["time"], "behind"
                head.end = head.end if head.end in (":", "：") else ""  # a dash before a time is the time's
            elif not head.end or match["mark"][0] in ":：":
                head.end = head.end or match["mark"]
            elif head.where != "behind":
                break
            behind = match.end()
        return behind

    def _loose_end(self, head: _Head, end: int, behind: int, rest: str) -> str:
        """Tell a stop behind capitals, a tab or a wide gap from no end at all; return the words without it."""
        stop = self.text[end : end + 1]
        if stop == "." or (stop == ")" and _is_large(head.raw)):
            head.end = stop if _is_large(head.raw) else SMALL_STOP
            return rest.lstrip(".) ")
        gap = self.text[end : behind + 2] if rest else ""
        head.end = "\t" if "\t" in gap else "  " if gap.startswith(("  ", "\u3000")) and not head.stamp else ""
        return rest


@dataclass(slots=True)
class _Head:
    """A label while it is read: `where` its time `stamp` stands, and the mark at its `end`."""

    raw: str
    stamp: str
    where: str
    end: str

    def take_mark(self, *, dashes: bool) -> bool:
        """Take a colon off its end, or a dash where those end it, too; return whether one stood there."""
        last = self.raw[-1:]
        if last in (":", "："):
            self.end = last
        elif dashes and _ENDING_DASH.search(self.raw):
            self.end = self.end or last
        else:
            return False
        self.raw = self.raw[:-1].rstrip()
        return True

    def take_time(self) -> bool:
        """Take a time off its end; return whether one stood there."""
        last = _LAST_TIME.search(self.raw) if _DIGIT_OF_TIME.search(self.raw) else None
        if last is None:
            return False
        if not self.stamp or self.where == "behind":
            self.stamp, self.where = last[0], "behind"
        self.raw = self.raw[: last.start()].rstrip()
        return True


def _is_none(head: _Head, rest: str, *, bracket: str, mark: str) -> bool:
    """Check for what is no label: a greeting, an address, a sound, a clock in a sentence, words not set off."""
    if head.raw.endswith(",") and not (rest or mark or bracket or head.stamp):  # Dear Ann,
        return True
    if head.end in (":", "：") and (rest.startswith("//") or _URL.search(head.raw)):
        return True
    if _in_sentence(head, rest, is_set_off=bool(head.end or bracket or mark)):
        return True
    alone = (bracket and head.end != ":") or not (rest or head.stamp or mark)
    sound = bool(alone) and is_sound(f"[{head.raw.strip('[]()')}]")
    return sound and not (is_full_name(head.raw) and not bracket)  # Music Lund


def _in_sentence(head: _Head, rest: str, *, is_set_off: bool) -> bool:
    """Check for words that go on behind a label, or a clock in it, that nothing sets off."""
    if not rest:
        return False
    if is_set_off:
        return False
    return head.where != "behind" or head.stamp.strip()[0].isdigit()


def _is_open(text: str) -> bool:
    """Check for a bracket that is not closed: a dash behind it is within it, as in `Ann [0:01 - 0:05]:`."""
    return any(text.count(a) > text.count(b) for a, b in _BRACKETS.items())


def is_titled(raw: str) -> bool:
    """Check for a name in capitals between a title and what its owner stands for.

    >>> is_titled("Ms. ODELL of Utah"), is_titled("The Acting CHAIR"), is_titled("Mr. Dodd")
    (True, True, False)
    """
    return _IS_TITLED.fullmatch(raw) is not None


def _is_large(raw: str) -> bool:
    """Check for capitals, or a few words of a script without them."""
    if is_titled(raw):
        return True
    name = _FIRST_TITLE.sub("", raw, count=1)
    return name.isupper() or (is_uncased(name) and name.count(" ") < 3)


def _name(raw: str) -> str:
    """Return the label folded and without its role; what goes on for long behind a comma is a sentence."""
    name, role = clean(raw)
    said = role is not None and (len(role) > LONGEST_ROLE or _SENTENCE.search(raw))
    return fold(name) if name and not said else fold(raw)


def _closing(text: str, at: int, close: str) -> int:
    """Find the bracket that closes the one at `at`, -1 without one."""
    depth = 0
    for i in range(at, min(len(text), at + LONGEST_LABEL + 2)):
        depth += (text[i] == text[at]) - (text[i] == close)
        if not depth:
            return i
    return -1


def _rank(mark: str) -> int:
    """Order marks by how much they say: strong before a class before a place."""
    return 0 if mark in _SEMANTIC else 1 if "." in mark else 2


def _may_be_label(raw: str) -> bool:
    """Check that text is short, says something, and is neither an address nor a sound."""
    if not raw or len(raw) > LONGEST_LABEL or raw.count(" ") >= MOST_WORDS:
        return False
    if not (any(c.isalnum() for c in raw) or ord(max(raw)) > 0x2100):
        return False
    return not (raw.startswith(("http://", "https://", "www.")) or _ENTITY.search(raw) or _DATE.match(raw))
