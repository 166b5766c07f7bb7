"""One line of a text for the eye, or one block of a page: its text, its marks, the times in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transforms.records import Seconds
from transforms.text import INVISIBLE
from transforms.times import parse_clock
from transforms.transcripts.labels.names import LONGEST_NAME

LONGEST_STAMP = 120  # characters, with the address of a link
# Small letters may be a word, as in `10:30 am Anfang`.
_HALF_OF_DAY = r"(?:\s?(?:[AP]M|[ap]\.m\.)(?!\w)|[ap]m(?!\w)|\s[ap]m(?=\s*(?:$|[\])|,:–—-])))"
CLOCK = (
    rf"(?:\d{{1,3}}:[0-5]?\d(?::[0-5]\d)?(?:[.,]\d{{1,3}}|[:;]\d\d|{_HALF_OF_DAY})?"
    r"|(?:\d{1,2}h ?)?\d{1,3}m ?[0-5]?\ds(?!\w))"
)
_BETWEEN = r"\s*(?:-->|->|→|–|—|-|to)\s*"
_RANGE = rf"{CLOCK}(?:{_BETWEEN}{CLOCK})?"
# A time as texts mark it; behind a Markdown link's text stands its address.
_SECONDS = r"\d{1,6}\.\d{1,3}s?"
_DATE = r"\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4},?\s+"
_IN_BRACKETS = (
    rf"\[{_DATE}{CLOCK}\]",
    rf"\[{CLOCK}\]{_BETWEEN}\[{CLOCK}\]",
    rf"[\[(<{{【（«〈“]{_SECONDS}\s*(?:-->|->|→|–|-)\s*{_SECONDS}[\])>}}】）»〉”]",
    rf"\[\(?{_RANGE}\)?\](?:\([^()\s]*\))?",
    rf"[(<{{【（«〈“]{_RANGE}[)>}}】）»〉”]",
)
WRAPPED = f"(?:{'|'.join(_IN_BRACKETS)})"
STAMP = rf"(?:{WRAPPED}|{_RANGE}(?![\d%]|:\d))"
_CLOCKS = re.compile(CLOCK)
_DIGIT_OF_CLOCK = re.compile(r"\d(?:[:m]|\.\d+s?\s*[-–→])")  # in every time, and quick to look for
_STAMP_FIRST = re.compile(rf"\s*({STAMP})(?=$|[\s:：|,\-–—\]])\s*[:：|,\-–—]*\s*")
_STAMP_LAST = re.compile(rf"(?:^|(?<=\s)|(?<=[^\s\w]))\s*[|,\-–—@•·]?\s*({STAMP})\s*[:：]?\s*$")
_OF_DAY = re.compile(rf"\d:[0-5]\d(?::[0-5]\d)?{_HALF_OF_DAY}|\[{_DATE}{CLOCK}")
_RANGE_OF_SECONDS = re.compile(rf"\s*{_SECONDS}\s*(?:-->|->|→)\s*{_SECONDS}\s*")  # alone: in a cell of a table
_MARK = re.compile(rf"\s*({WRAPPED})")
UNDERLINE = "underline"  # why a line is dropped
_UNDERLINE = re.compile(r"={3,}|-{3,}|~{3,}")


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
    `gap`: an empty line stands above it. `mark` says what kind of block it is, `spans` what is marked in its text, `indent` how
    many characters of white space stand before it.
    """

    number: int
    text: str
    heading: bool = False
    noise: str | None = None
    gap: bool = True
    mark: str = ""
    spans: tuple[Span, ...] = ()
    indent: int = 0


@dataclass(frozen=True, slots=True)
class LineLabel:
    """A speaker's label in front of text; `name` is cleaned, `raw` as written, `rest` what follows."""

    raw: str
    name: str
    start_time: Seconds | None
    end_time: Seconds | None
    rest: str

    @property
    def is_sure(self) -> bool:
        """Whether a time makes it more than a word with a colon."""
        return self.start_time is not None


Labels = dict[int, LineLabel]  # by the index of their line


def seconds(clock: str) -> Seconds:
    """Read a clock as seconds; two parts are minutes and seconds; frames, a fourth part, are left out.

    >>> seconds("1:02:03.5"), seconds("75:30"), seconds("0h01m44s"), seconds("00:01:02:15")
    (3723.5, 4530.0, 104.0, 62.0)
    >>> seconds("1:02 PM"), seconds("12:00:05am")
    (46920.0, 5.0)
    """
    if half := re.search(r"\s?([ap])\.?m\.?$", clock, re.IGNORECASE):
        hour, *rest = clock[: half.start()].split(":")
        return (int(hour) % 12 + 12 * (half[1] in "pP")) * 3600 + seconds(":".join((*rest, "0")[:2]))
    clock = clock.rstrip("s").replace(" ", "").replace("h", ":").replace("m", ":")
    whole = clock.partition(";")[0].split(":")[:3]
    return parse_clock(":".join(whole)) or 0.0


def is_of_day(text: str) -> bool:
    """Check for a time of the day in the head of a line: it does not say when in a recording that is.

    >>> is_of_day("Ann Lee 10:32 AM"), is_of_day("Ann Lee 10:32"), is_of_day("10:30 am Anfang")
    (True, False, False)
    """
    return _OF_DAY.search(text[:LONGEST_STAMP]) is not None


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
        noise = UNDERLINE if lines and lines[-1].heading and not gap else None
        mark = ("h1" if below.strip()[0] == "=" else "h2") if heading else ""  # as Markdown has it
        lines.append(Line(first + index, text, heading, noise, gap, mark=mark))
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
    return INVISIBLE.sub("", text).strip()


def lone_time(text: str) -> tuple[Seconds, Seconds | None] | None:
    """Read a line that is only a time.

    >>> lone_time("0:12"), lone_time("[00:01:02]"), lone_time("0:12 Hello.")
    ((12.0, None), (62.0, None), None)
    >>> lone_time("9.71 --> 11.60"), lone_time("9.71 - 11.60")
    ((9.71, 11.6), None)
    """
    if _RANGE_OF_SECONDS.fullmatch(text):
        return times(text)
    match = _STAMP_FIRST.match(text)
    return times(match[1]) if match and match.end() == len(text) else None


def time_first(text: str) -> tuple[Seconds, Seconds | None, str] | None:
    """Split a line into the time that it begins with and the rest.

    >>> time_first("(00:16:57) - Plan for AGI"), time_first("At 10:30 we met")
    ((1017.0, None, 'Plan for AGI'), None)
    """
    match = _STAMP_FIRST.match(text)
    return (*times(match[1]), text[match.end() :].strip()) if match else None


def split_last_time(text: str) -> tuple[str, str] | None:
    """Split a line into what is said and the time, as written, that it ends with.

    >>> split_last_time("So it is. 0:12 - 0:15"), split_last_time("0:12")
    (('So it is.', '0:12 - 0:15'), None)
    """
    match = _stamp_last(text)
    said = text[: match.start()].strip() if match else ""
    return (said, match[1]) if match and said else None


def time_last(text: str) -> tuple[Seconds, str] | None:
    """Split a line into the text and the time that it ends with.

    >>> time_last("The road ahead [00:16:57]"), time_last("We met at 10:30.")
    ((1017.0, 'The road ahead'), None)
    """
    split = split_last_time(text)
    return (times(split[1])[0], split[0]) if split else None


def _stamp_last(text: str) -> re.Match[str] | None:
    """Search the end of a line, where alone a last time can stand, for one."""
    begin = max(0, len(text) - LONGEST_STAMP)
    return _STAMP_LAST.search(text, begin) if _DIGIT_OF_CLOCK.search(text, begin) else None


def split_marks(text: str) -> tuple[str, tuple[str, ...]]:
    """Take the bracketed times out of running text.

    >>> split_marks("So [01:23] we went. (02:00)")
    ('So we went.', ('[01:23]', '(02:00)'))
    """
    if not _DIGIT_OF_CLOCK.search(text):
        return text, ()
    marks = tuple(match[1] for match in _MARK.finditer(text))
    return (_MARK.sub("", text).strip() if marks else text), marks
