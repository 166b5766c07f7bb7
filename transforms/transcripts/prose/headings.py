"""Headings: with a time, marked as such, or only by where they stand between the turns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.transcripts.document import Piece
from transforms.transcripts.names import fold, is_uncased
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.lines import LONGEST_STAMP, Line, is_of_day, lone_time, time_first, time_last

LONGEST_TITLE = 18  # words
SURE_HEADINGS = 5  # with times: then a question with one is a heading too
LONGEST_QUESTION = 7  # words of a heading that asks
LONGEST_BARE_TITLE = 90  # characters
ONE_WORD_TITLES = frozenset(
    "introduction intro outro conclusion conclusions preview prologue epilogue opening closing teaser interview "
    "q&a einleitung einführung abschied schluss fazit introducción conclusión introdução conclusão вступление "
    "введение заключение".split()
)
_SENTENCE_END = re.compile(r"[.!,;:…。，、।॥۔։።]['\"”“’)\]]*$")
_SOUND_LAST = re.compile(r"\s*(?:[\[(][^\[\]()]{1,40}[\])]|[♪♫]+)$")
_ENDED = re.compile(r"[.?!…”“\"'’»)\]\-–—♪。！？」』؟۔।॥։።]$")
_ASKS_OR_QUOTES = re.compile(r"[?!\"”“’'»)\]！？؟]$")
# Words of one who talks to another; a heading that asks does without them.
_TALK = re.compile(
    r"\b(?:you|your|yours|i|we|our|us|me|my|it|that|this|he|she|they|them|him|her|so|and|but|then|there|right|really|"
    r"ok|okay|yeah|i'm|it's|that's|what's)\b",
    re.IGNORECASE,
)

_NAMED_BEFORE = re.compile(r"\b(?:the|still)\b")
_ENGLISH = re.compile(r"\b(?:the|and)\b", re.IGNORECASE)


def is_title(text: str) -> bool:
    """Distinguish a heading from a sentence: short, begun large, without the mark that ends a sentence.

    >>> is_title("Plan for AGI"), is_title("and so we went"), is_title("We went.")
    (True, False, False)
    """
    words = text.split()
    first = next((c for c in text if c.isalnum()), "") if re.search(r"[^\W\d_]", text) else ""
    ended = _SENTENCE_END.search(_SOUND_LAST.sub("", text))
    return bool(first) and len(words) <= LONGEST_TITLE and not first.islower() and not ended and "://" not in text


def chapter_of(line: Line, *, spoken: bool = False) -> Piece | None:
    """Read a heading with its time, or what is marked as a heading; `None` for all else.

    `spoken`: the line stands between turns, where a question with a time may also be what somebody asks.
    """
    if not line.heading and furniture.key_value(line.text):  # Recorded: at 10:30
        return None
    if first := time_first(line.text):
        start, _, title = first
        if title and is_title(title) and not (spoken and _is_asked(title)):
            return Piece(line.number, "chapter", title.strip(" -–—:|"), start_time=start)
        return None
    if last := time_last(line.text):
        start, title = last
        said = is_of_day(line.text[-LONGEST_STAMP:])  # `Never walk the coast before 7:45 p.m.`
        if is_title(title) and not said and not (spoken and _is_asked(title)):
            return Piece(line.number, "chapter", title.strip(" -–—:|"), start_time=start)
    return Piece(line.number, "chapter", line.text) if line.heading else None


def chapter_between(line: Line, *, stamped: bool) -> Piece | None:
    """Read a heading between turns; `stamped`: those begin with a time, and so does what is asked within one."""
    found = chapter_of(line, spoken=True)
    within = stamped and not (line.heading or line.spans) and time_first(line.text)
    return None if found and within and _asks(found.text) else found


def in_place(
    lines: Sequence[Line], labels: frozenset[int], bare: frozenset[int], first: int, end: int, *, stamped: bool
) -> frozenset[int]:
    """Find the lines that are headings by their place: alone, a label behind them, a finished sentence before.

    `labels` are the indices of lines with a label, `bare` those with nothing but a label; `stamped`: labels begin
    with a time. Where headings carry times, a line without one is none, unless the list of chapters above has it.
    """
    listed = {fold(title) for line in lines[:first] if (title := _listed(line))}
    body = [
        i
        for i in range(first, end)
        if not (i in labels or lines[i].noise or lone_time(lines[i].text) or _above(lines, i, first) in bare)
    ]
    plain = [i for i in body if chapter_between(lines[i], stamped=stamped) is None]
    again = {i for i in plain if (i == first or fold(lines[i].text) in listed) and may_be_title(lines[i].text)}
    apart = sum(lines[i].gap for i in labels) * 2 > len(labels)
    if len(body) - len(plain) >= 2:
        timed = [i for i in plain if chapter_of(lines[i])]
        placed = [i for i in timed if _is_placed(lines, i, labels, bare, first, end, apart=apart)]
        marked = any(lines[i].heading for i in body)  # then what has no mark is none
        many = len(body) - len(plain) >= SURE_HEADINGS
        asked = {i for i in placed if many and not marked and ". " not in lines[i].text}
        return frozenset(again | asked)
    placed = [i for i in plain if _is_placed(lines, i, labels, bare, first, end, apart=apart)]
    sure = {i for i in placed if not _asks(lines[i].text)}
    words = {
        i
        for i in sure
        if " " in lines[i].text or fold(lines[i].text) in ONE_WORD_TITLES or is_uncased(lines[i].text)
    }
    if words and apart:
        words = {i for i in sure if not _TALK.fullmatch(lines[i].text)}
    asked = {i for i in placed if i not in sure and _may_head(lines[i].text)}
    english = any(_ENGLISH.search(line.text) for line in lines[first : first + 40])
    if not english or any(lines[i].heading for i in body) or (len(placed) < len(plain) and not words):
        asked = set()  # in turns with paragraphs of their own a question may be one; in other languages, always
    return frozenset(_alike(lines, again | words | asked))


def _alike(lines: Sequence[Line], found: set[int]) -> set[int]:
    """Keep those in capitals, where most are."""
    capitals = {i for i in found if lines[i].text.isupper()}
    return capitals if len(capitals) * 2 > len(found) else found


def _above(lines: Sequence[Line], index: int, first: int) -> int:
    """Return the line above, times that stand alone left out."""
    above = index - 1
    while above > first and lone_time(lines[above].text):
        above -= 1
    return above


def _is_asked(title: str) -> bool:
    return _asks(title) and not _may_ask(title.replace(":", ","))


def _may_head(text: str) -> bool:
    """Check for a question that may be a heading without a mark: short, and about nothing named before."""
    return 1 < len(text.split()) <= LONGEST_QUESTION and _may_ask(text) and not _NAMED_BEFORE.search(text)


def _asks(text: str) -> bool:
    """Check for a question or a quote, a sound behind it or not; a number there counts titles that are alike."""
    said = _SOUND_LAST.sub("", text) or text
    return _ASKS_OR_QUOTES.search(re.sub(r"\s*\(\d{1,3}\)$", "", said)) is not None


def states(text: str) -> bool:
    """Check for two words or more that neither ask nor quote."""
    return " " in text and not _asks(text)


def _may_ask(text: str) -> bool:
    """Distinguish the question of a heading from one that somebody is asked."""
    inner = re.search(r"[:.?!…](?=.*\w)", text)
    return not (inner or _TALK.search(text))


def _is_finished(text: str) -> bool:
    """Check that no sentence goes on behind a text: it has ended, or an address ends it."""
    return _ENDED.search(text) is not None or "://" in text.rpartition(" ")[2]


def _listed(line: Line) -> str | None:
    chapter = chapter_of(line)
    return chapter.text if chapter else None if _asks(line.text) else line.text


def may_be_title(text: str) -> bool:
    """Check whether text may be a heading, and is no control of a page."""
    return is_title(text) and furniture.noise(text) is None


def _is_placed(
    lines: Sequence[Line],
    index: int,
    labels: frozenset[int],
    bare: frozenset[int],
    first: int,
    end: int,
    *,
    apart: bool,
) -> bool:
    line = lines[index]
    behind = index + 1
    while behind < end and lone_time(lines[behind].text):
        behind += 1
    if behind not in labels or not may_be_title(line.text) or len(line.text) > LONGEST_BARE_TITLE:
        return False
    above = _above(lines, index, first)
    if index > first and (above in bare or not _is_finished(lines[above].text)):
        return False
    if apart:
        return line.gap and lines[index + 1].gap
    return ":" not in line.text or chapter_of(line) is not None
