"""Every way in which a line could open a turn: where the label would stand, its time, the words behind it.

What a label says does not matter here, only how it could be set off: by a colon, brackets, marks such as bold, a
time, a dash, or the end of its line. Which way is the document's, `choose` finds out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transforms.records import Seconds
from transforms.transcripts.names import clean, fold, is_sound
from transforms.transcripts.prose.lines import CLOCK, WRAPPED, Line, Span, times

LONGEST_LABEL = 80  # characters
LONGEST_HEAD = 130  # characters in which a label ends
MOST_WORDS = 12  # of a label
LONGEST_ROLE = 30  # characters

_RANGE = rf"{CLOCK}(?:\s*(?:-->|->|→|–|—|-|to)\s*{CLOCK})?"
_TIME = rf"(?:{WRAPPED}|{_RANGE}(?![\d%\w]|:\d))"
# What may stand before a label: marks of lists and quotes, numbers, times.
_BEFORE = re.compile(rf"\s+|(?P<bullet>>>+|[-*•‣>–—|](?=\s|$))|(?P<number>\d{{1,4}}[.)](?=\s))|(?P<time>{_TIME})[:：|,\]]?")
_BEHIND = re.compile(rf"\s*(?:(?P<time>{_TIME})|(?P<mark>[:：|>–—~=\-]+(?=\s|$)|[:：]))")
_FIRST_TIME = re.compile(rf"\s*{WRAPPED}|(?<=\s){_RANGE}(?![\d%\w]|:\d)")
_LAST_TIME = re.compile(rf"[\s,|@•·–—-]*(?:(?<![\w.]){_TIME}|{WRAPPED})\s*$")
_COLON = re.compile(r"[:：]")
_CLOCK_COLON = re.compile(r"(?<=\d):(?=\d)")
_COLON_INSIDE = re.compile(r"[:：]\s|：")
_DASH = re.compile(r"\s+(?:[-–—|~»>=]|--)\s+|\t\s*|\s{2,}|>\s+")
_CAPITALS = re.compile(r"([^\W\d_a-zà-ÿ][^.a-zà-ÿ:\[\](){}]{1,40})\.\s+(?=\S)")
_ROLE = re.compile(r"\s*(?:,\s*[^:：,.()\[\]\d]{1,40}|\([^():：]{1,40}\)|\[[^\[\]:：]{1,40}\])(?=\s*[:：])")
_BRACKETS = {"[": "]", "(": ")", "<": ">", "{": "}", "【": "】", "«": "»", "「": "」", "（": "）", "〈": "〉", "《": "》"}
_URL = re.compile(r"(?:https?|ftp|mailto|www)$|//", re.IGNORECASE)
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
        behind = " [T]" if self.time == "behind" else ""
        inside = f"{label}{behind}{core.end if core.end in ':：.' else ''}"
        marks = _SHOWN_MARKS.get(core.mark, f"<{core.mark}>" if core.mark else "")
        shown = f"{marks}{inside}{marks[::-1] if '<' not in marks else f'</{core.mark}>'}"
        end = "" if core.end in (":", "：", ".", "") else f" {core.end}"
        before = ("[T] " if self.time == "before" else "") + (f"{core.bullet} " if core.bullet else "")
        block = f"<{core.block}> " if core.block not in ("", "p") else ""
        return f"{block}{before}{shown}{end}{'⏎' if self.alone else ' R'}"


_SHOWN_MARKS = {"strong": "**", "em": "*", "strong em": "***", "code": "`"}


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


class _Reader:
    """One line: what stands before the label is read once, then each end is tried."""

    def __init__(self, line: Line, index: int) -> None:
        self.line, self.index, self.text = line, index, line.text
        self.at, self.bullet, self.stamp = 0, "", ""
        self._skip_before()
        self.span = self._span()

    def _skip_before(self) -> None:
        """Pass over marks of lists, numbers and times in front of the label."""
        while self.at < LONGEST_HEAD and (match := _BEFORE.match(self.text, self.at)):
            if match["time"] and self.stamp:
                break
            self.stamp = self.stamp or match["time"] or ""
            if match["bullet"] and (not self.stamp or match["bullet"] in "|>" or match["bullet"].startswith(">>")):
                self.bullet = self.bullet or match["bullet"][:2]
            elif match["number"]:
                self.bullet = self.bullet or "1."
            self.at = match.end()

    def _span(self) -> Span | None:
        """Return the marked stretch that the label begins in; two that touch are one."""
        mine = [x for x in self.line.spans if x.begin <= self.at < x.end and not self.text[x.begin : self.at].strip("-–—•>| ").strip(self.stamp)]
        if not mine:
            return None
        first = min(mine, key=lambda x: (_rank(x.mark), x.end))
        end = first.end
        for other in self.line.spans:
            if other.mark == first.mark and end <= other.begin <= end + 1:
                end = other.end
        return Span(first.begin, end, first.mark)

    def candidates(self) -> Iterator[Candidate]:
        text, at = self.text, self.at
        if at >= len(text):
            return
        if close := _BRACKETS.get(text[at]):
            end = _closing(text, at, close)
            if end > 0:
                yield from self._made(at + 1, end, end + 1, text[at])
                return
        seen: set[tuple[int, bool]] = set()
        for end in self._ends():
            for made in self._made(at, end, end, ""):
                key = (len(made.raw), made.form.alone)
                if key not in seen:
                    seen.add(key)
                    yield made

    def _ends(self) -> Iterator[int]:
        """Yield where a label may end, the surest first."""
        text, at = self.text, self.at
        limit = min(len(text), at + LONGEST_HEAD)
        if self.span and self.span.end - at <= LONGEST_HEAD and text[at : self.span.end].strip():
            yield self.span.end
        colon = next((m.start() for m in _COLON.finditer(text, at, limit) if not _CLOCK_COLON.match(text, m.start())), None)
        if colon is not None:
            yield colon
        if time := _FIRST_TIME.search(text, at, limit):
            yield time.start()
        if dash := _DASH.search(text, at, limit):
            if colon is None or dash.start() < colon:
                yield dash.start()
        if capitals := _CAPITALS.match(text, at, limit):
            yield capitals.end(1)
        if len(text) - at <= LONGEST_LABEL + 20:
            yield len(text)

    def _made(self, begin: int, end: int, behind: int, bracket: str) -> Iterator[Candidate]:
        """Yield the candidate whose label stands in `begin:end`; what sets it off begins at `behind`."""
        text = self.text
        if self.span and end == self.span.end and (role := _ROLE.match(text, end)):
            end = behind = role.end()
        raw = text[begin:end].rstrip()
        stamp, where = self.stamp, "before" if self.stamp else ""
        mark, inner = "", ""
        while raw and (raw[-1] in ":：" or (last := _LAST_TIME.search(raw))):
            if raw[-1] in ":：":
                inner, raw = raw[-1], raw[:-1].rstrip()
            elif not stamp or where == "behind":
                stamp, where, raw = last[0], "behind", raw[: last.start()].rstrip()
            else:
                raw = raw[: last.start()].rstrip()
        if where == "behind" or (self.span and end == self.span.end):
            bare = raw.rstrip("–—-|,; ")
            inner = inner or (raw[len(bare) :].strip()[:1] if where != "behind" else "")
            raw = bare
        if not _may_be_label(raw) or (not (self.span or bracket) and _COLON_INSIDE.search(raw)):
            return
        closing = inner
        while behind < len(text) and (match := _BEHIND.match(text, behind)):
            if match["time"]:
                if stamp:
                    break
                stamp, where = match["time"], "behind"
                closing = closing if closing in (":", "：") else ""  # a dash before a time is the time's
            elif not closing or match["mark"][0] in ":：":
                closing = closing or match["mark"]
            elif where != "behind":
                break
            behind = match.end()
        if self.bullet == "|":
            closing = "|" if closing in ("", "|") else closing
        rest = text[behind:].strip()
        if closing == "" and bracket == "" and end < len(text) and text[end] == "." and raw.isupper():
            closing, rest = ".", rest.lstrip(". ")
        elif closing == "" and rest and end < len(text):
            gap = text[end:behind + 2]
            closing = "\t" if "\t" in gap else "  " if gap.startswith("  ") and not stamp else ""
        if self.bullet == "|":
            rest = rest.rstrip("| ")
        if closing in (":", "：") and (rest.startswith("//") or _URL.search(raw)):
            return
        if self.span and begin < self.span.end <= max(behind, end) + 1:
            mark = self.span.mark
        closing = ":" if closing == "：" else closing
        loose = rest and where == "behind" and not closing and stamp.strip()[0].isdigit()  # it was 10:30 when
        if loose or not (closing or bracket or mark or stamp or not rest):
            return
        if (bracket or not (rest or stamp)) and is_sound(f"[{raw.strip('[]()')}]"):
            return
        core = Core("" if mark and (rest or closing) else self.line.mark, self.bullet, mark, bracket, closing)
        start, stop = times(stamp) if stamp else (None, None)
        yield Candidate(self.index, Form(core, where, not rest), raw, _name(raw), start, stop, rest)



def _name(raw: str) -> str:
    """Return the label folded and without its role; what goes on for long behind a comma is a sentence."""
    name, role = clean(raw)
    return fold(name) if name and (role is None or len(role) <= LONGEST_ROLE) else fold(raw)


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
    return not raw.startswith(("http://", "https://", "www."))
