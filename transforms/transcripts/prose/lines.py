r"""One line of a prose transcript: its times, the label in front of it, its words.

Labels come in five forms; each may carry a time and a role:

    inline   Ann Lee: Hello.   [00:12] Ann Lee: Hello.   Ann Lee (00:12) Hello.   [Ann Lee] Hello.
    colon    Ann Lee:          Ann Lee (00:12):
    timed    Ann Lee (00:12)   0:12 Ann Lee              [00:00:12] - Ann Lee
    bare     Ann Lee
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from transforms.records import Seconds
from transforms.times import parse_clock
from transforms.transcripts.names import LONGEST_NAME, UNSEEN, clean, is_generic, is_sound, likeness

Form = Literal["inline", "colon", "timed", "bare"]

LIST_MARKS = frozenset("-*•‣")
LONGEST_STAMP = 120  # characters, with the address of a link
CLOCK = r"(?:\d{1,3}:[0-5]?\d(?::[0-5]\d)?(?:[.,]\d{1,3}|[:;]\d\d)?|(?:\d{1,2}h ?)?[0-5]?\dm ?[0-5]?\ds(?!\w))"
_BETWEEN = r"\s*(?:-->|->|→|–|—|-|to)\s*"
_RANGE = rf"{CLOCK}(?:{_BETWEEN}{CLOCK})?"
# A time as texts mark it; behind a Markdown link's text stands its address.
_SECONDS = r"\d{1,6}\.\d{1,3}s?"
WRAPPED = (
    rf"(?:[\[(<]{_SECONDS}\s*(?:-->|->|→|–|-)\s*{_SECONDS}[\])>]|\[\(?{_RANGE}\)?\](?:\([^()\s]*\))?|\({_RANGE}\)|<{_RANGE}>|\{{{_RANGE}\}}|【{_RANGE}】|（{_RANGE}）|«{_RANGE}»|〈{_RANGE}〉|“{_RANGE}”)"
)
STAMP = rf"(?:{WRAPPED}|{_RANGE}(?![\d%]|:\d))"
_CLOCKS = re.compile(CLOCK)
_STAMP_FIRST = re.compile(rf"\s*({STAMP})(?=$|[\s:：|,\-–—\]])\s*[:：|,\-–—]*\s*")
_STAMP_LAST = re.compile(rf"(?:^|(?<=\s)|(?<=[^\s\w]))\s*[|,\-–—@•·]?\s*({STAMP})\s*[:：]?\s*$")
_MARK = re.compile(rf"\s*({WRAPPED})")
_INLINE = re.compile(
    rf"(?P<label>[^:：\t\n]{{1,{LONGEST_NAME + 30}}}?)\s*(?P<stamp>{WRAPPED}|(?<=\s){_RANGE}(?!:?\d))?\s*(?P<colon>[:：])\s*(?P<rest>.*)$"
)
_BEHIND_TIME = re.compile(
    rf"(?P<label>[^:：\[\](){{}}<>?!\t]{{1,{LONGEST_NAME}}}?)(?P<role>\s*\([^():]{{1,40}}\))?\s*(?P<stamp>{WRAPPED})\s*[:：\-–—]?\s+(?P<rest>\S.*)$"
)
_BRACKETED = re.compile(
    r"(?:\[(?P<a>[^\[\]:]{1,60})\]|<(?P<b>[^<>:/]{1,60})>|【(?P<c>[^【】]{1,60})】)\s*[:：\-–—]?\s*(?P<rest>.*)$"
)
_DASHED = re.compile(rf"(?P<label>[^:：.?!\-–—|\t]{{1,{LONGEST_NAME}}}?)(?:\s+[—–|]\s+|\s--\s|\t+)(?P<rest>\S.*)$")
_BULLET = re.compile(r"\s*(?:[-*•‣>–—]|>>+)\s+(?=\S)|\s*>>+\s*")
_UNDERLINE = re.compile(r"={3,}|-{3,}|~{3,}")
_OPENING_QUOTES = frozenset("“„«「『״")
_INITIALS = re.compile(r"(?:[^\W\d_]\. ?){1,4}")
_URL_SCHEME = re.compile(r"(?:https?|ftp|mailto|www)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A marked stretch of a line's text: `strong` for what is bold, or the class of a page's element."""

    begin: int
    end: int
    mark: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the input, or a block of a page: `heading` where it is marked as one.

    `noise` is the reason to drop it whatever it says: it stood in the navigation, the footer, an advertisement.
    `gap`: an empty line stands above it. `mark` says what kind of block it is, `spans` what is marked in its text.
    """

    number: int
    text: str
    heading: bool = False
    noise: str | None = None
    gap: bool = True
    mark: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class LineLabel:
    """What may be a speaker's label in front of text; `name` is cleaned, `raw` as written, `rest` what follows.

    `dashed` has nothing but a dash or a tab between name and text; `listed` stands behind the mark of a list.
    """

    form: Form
    raw: str
    name: str
    start_time: Seconds | None
    end_time: Seconds | None
    rest: str
    dashed: bool = False
    listed: bool = False

    @property
    def is_inline(self) -> bool:
        """Whether a colon or the like ends it, so that text may follow on its line."""
        return self.form in ("inline", "colon")

    @property
    def is_sure(self) -> bool:
        """Whether a time makes it more than a word with a colon."""
        return self.start_time is not None


Labels = dict[int, LineLabel]  # by the index of their line


def seconds(clock: str) -> Seconds:
    """Read a clock as seconds; two parts are minutes and seconds; frames, a fourth part, are left out.

    >>> seconds("1:02:03.5"), seconds("75:30"), seconds("0h01m44s"), seconds("00:01:02:15")
    (3723.5, 4530.0, 104.0, 62.0)
    """
    clock = clock.rstrip("s").replace(" ", "").replace("h", ":").replace("m", ":")
    whole = clock.partition(";")[0].split(":")[:3]
    return parse_clock(":".join(whole)) or 0.0


def times(stamp: str) -> tuple[Seconds, Seconds | None]:
    """Read a time or a stretch of time.

    >>> times("[00:00:01.000 --> 00:00:04.500]"), times("(1:15)")
    ((1.0, 4.5), (75.0, None))
    """
    clocks = _CLOCKS.findall(stamp)
    moments = [seconds(clock) for clock in clocks] or [float(x) for x in re.findall(r"\d+\.\d+", stamp)]
    start = moments[0]
    end = moments[1] if len(moments) > 1 else None
    return start, end if end is None or end >= start else None


def numbered(texts: Sequence[str], first: int = 1) -> tuple[Line, ...]:
    """Number the lines of a text; `first` is the number of the first. A line that is underlined is a heading."""
    lines: list[Line] = []
    gap = True
    for index, text in enumerate(texts):
        below = texts[index + 1] if index + 1 < len(texts) else ""
        heading = _is_underlined(text, below, gap=gap)
        noise = "underline" if lines and lines[-1].heading and not gap else None
        lines.append(Line(first + index, text, heading, noise, gap))
        gap = not text.strip()
    return tuple(lines)


def _is_underlined(text: str, below: str, *, gap: bool) -> bool:
    """Check for a title with a rule of about its length below it; of its very length without an empty line above."""
    rule, excess = below.strip(), abs(len(below.strip()) - len(text.strip()))
    return (
        _UNDERLINE.fullmatch(rule) is not None
        and 0 < len(text.strip()) <= LONGEST_NAME + 40
        and (excess == 0 or (gap and (rule[0] == "=" or excess <= 3)))
    )


def tidy(text: str) -> str:
    """Take away what is not seen, and the white space at both ends."""
    return UNSEEN.sub("", text).strip()


def lone_time(text: str) -> tuple[Seconds, Seconds | None] | None:
    """Read a line that is only a time.

    >>> lone_time("0:12"), lone_time("[00:01:02]"), lone_time("0:12 Hello.")
    ((12.0, None), (62.0, None), None)
    """
    match = _STAMP_FIRST.match(text)
    return times(match[1]) if match and match.end() == len(text) else None


def time_first(text: str) -> tuple[Seconds, Seconds | None, str] | None:
    """Split a line into the time that it begins with and the rest.

    >>> time_first("(00:16:57) - Plan for AGI"), time_first("At 10:30 we met")
    ((1017.0, None, 'Plan for AGI'), None)
    """
    match = _STAMP_FIRST.match(text)
    return (*times(match[1]), text[match.end() :].strip()) if match else None


def time_last(text: str) -> tuple[Seconds, str] | None:
    """Split a line into the text and the time that it ends with.

    >>> time_last("The road ahead [00:16:57]"), time_last("We met at 10:30.")
    ((1017.0, 'The road ahead'), None)
    """
    match = _stamp_last(text)
    if not match or not text[: match.start()].strip():
        return None
    return times(match[1])[0], text[: match.start()].strip()


def _stamp_last(text: str) -> re.Match[str] | None:
    """Search the end of a line, where alone a last time can stand, for one."""
    return _STAMP_LAST.search(text, max(0, len(text) - LONGEST_STAMP)) if ":" in text[-LONGEST_STAMP:] else None


def split_marks(text: str) -> tuple[str, tuple[str, ...]]:
    """Take the bracketed times out of running text.

    >>> split_marks("So [01:23] we went. (02:00)")
    ('So we went.', ('[01:23]', '(02:00)'))
    """
    if ":" not in text:
        return text, ()
    marks = tuple(match[1] for match in _MARK.finditer(text))
    return (_MARK.sub("", text).strip() if marks else text), marks


@lru_cache(maxsize=8192)
def find_label(text: str) -> LineLabel | None:
    """Find what may be a label in front of a line; whether it is one, only the whole document can tell."""
    start, end, body = None, None, text
    bullet = _BULLET.match(body)
    listed = bullet is not None and bullet[0].strip()[:1] in LIST_MARKS
    if bullet:
        body = body[bullet.end() :]
    if stamped := time_first(body):
        start, end, body = stamped
        if bullet := _BULLET.match(body):
            body = body[bullet.end() :]
    if not body or body.startswith(("http://", "https://")) or is_sound(body):
        return None
    label = _inline(body) or _bracketed(body) or _timed(body) or _own_line(body, timed=start is not None)
    label = label or _dashed(body)
    if label is None:
        return None
    form: Form = "timed" if label.form == "bare" and start is not None else label.form
    if start is None:
        start, end = label.start_time, label.end_time
    return LineLabel(form, label.raw, label.name, start, end, label.rest, label.dashed, listed)


def _label(form: Form, raw: str, rest: str, stamp: str | None = None, *, dashed: bool = False) -> LineLabel | None:
    name, _ = clean(raw)
    if not likeness(name) or ("," in raw and not raw.isupper() and _is_enumeration(name, raw)):
        return None
    start, end = times(stamp) if stamp else (None, None)
    rest = rest.strip()
    if start is None and (alone := lone_time(rest)):
        (start, end), rest = alone, ""
    elif start is None and (first := _MARK.match(rest)):
        start, end = times(first[1])
        rest = rest[first.end() :].strip(" -–—:")
    if form == "inline" and not rest:
        form = "colon"
    if rest[:1] in _OPENING_QUOTES and name.upper() == name.lower():
        return None  # 他对我说：“…”: who speaks is told, not named
    return LineLabel(form, raw.strip(), name, start, end, rest, dashed)


def _is_enumeration(name: str, raw: str) -> bool:
    """Distinguish a list with commas from a name with a role: `Listeners, proteins and trains`."""
    sole = likeness(name) == 1
    return sole or (is_generic(name) and re.search(r"\b(?:and|und|et|y)\b|&", raw.partition(",")[2]) is not None)


def _inline(body: str) -> LineLabel | None:
    match = _INLINE.match(body)
    if not match or match["rest"].startswith("//") or _URL_SCHEME.search(match["label"]):
        return None
    if re.search(r"\d:\d\d(?!\d)", body[match.start("colon") - 1 : match.start("colon") + 5]):
        return None  # a clock: 10:30
    return _label("inline", match["label"], match["rest"], match["stamp"])


def _bracketed(body: str) -> LineLabel | None:
    match = _BRACKETED.match(body)
    if not match:
        return None
    raw = match["a"] or match["b"] or match["c"]
    return _label("inline" if match["rest"] else "bare", raw, match["rest"], dashed=True)


def _timed(body: str) -> LineLabel | None:
    if last := _stamp_last(body):
        before = body[: last.start()].strip()
        return _label("timed", before, "", last[1]) if before and len(before) <= LONGEST_NAME + 30 else None
    match = _BEHIND_TIME.match(body)
    return (
        _label("inline", match["label"] + (match["role"] or ""), match["rest"], match["stamp"]) if match else None
    )


def _own_line(body: str, *, timed: bool) -> LineLabel | None:
    ends = body[-1] in ".?!…" and not is_generic(body.rstrip(".")) and not _INITIALS.fullmatch(body)
    if len(body) > LONGEST_NAME + 30 or body[0] == "(" or ends:
        return None
    return _label("timed" if timed else "bare", body, "")


def _dashed(body: str) -> LineLabel | None:
    match = _DASHED.match(body)
    return _label("inline", match["label"], match["rest"], dashed=True) if match else None
