"""Headings: with a time, marked as such, or only by where they stand between the turns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transforms.transcripts.document import Piece
from transforms.transcripts.labels.names import fold, is_uncased
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


@dataclass(frozen=True, slots=True)
class _Body:
    """The lines from `first` to `end`; `labels` are those with a label, `bare` those with nothing but a label.

    `apart`: most labels have a gap above.
    """

    lines: Sequence[Line]
    labels: frozenset[int]
    bare: frozenset[int]
    first: int
    end: int
    apart: bool

    def others(self) -> Iterator[int]:
        """Yield the lines that may be headings: no label, no time alone, not what the owner of a label says."""
        for i in range(self.first, self.end):
            line = self.lines[i]
            if not (i in self.labels or line.noise or lone_time(line.text) or self.above(i) in self.bare):
                yield i

    @property
    def ends_sentences(self) -> bool:
        """Whether what is said ends with a mark as a rule: in Thai it does not, so a heading has no less."""
        said = [
            line.text for i, line in enumerate(self.lines) if self.first <= i < self.end and i not in self.bare
        ]
        return sum(map(_is_finished, said)) * 2 > len(said)

    def above(self, index: int) -> int:
        """Return the line above, times that stand alone left out."""
        above = index - 1
        while above > self.first and lone_time(self.lines[above].text):
            above -= 1
        return above

    def is_placed(self, index: int) -> bool:
        """Check for a line that stands as headings do: a label behind it, a finished sentence before."""
        line = self.lines[index]
        behind = index + 1
        while behind < self.end and lone_time(self.lines[behind].text):
            behind += 1
        if behind not in self.labels or not may_be_title(line.text) or len(line.text) > LONGEST_BARE_TITLE:
            return False
        above = self.above(index)
        if index > self.first and (above in self.bare or not _is_finished(self.lines[above].text)):
            return False
        if self.apart:
            return line.gap and self.lines[index + 1].gap
        return ":" not in line.text or chapter_of(line) is not None


def in_place(
    lines: Sequence[Line], labels: frozenset[int], bare: frozenset[int], first: int, end: int, *, stamped: bool
) -> frozenset[int]:
    """Find the lines that are headings by their place: alone, a label behind them, a finished sentence before.

    `labels` are the indices of lines with a label, `bare` those with nothing but a label; `stamped`: labels begin
    with a time. Where headings carry times, a line without one is none, unless the list of chapters above has it.
    """
    apart = sum(lines[i].gap for i in labels) * 2 > len(labels)
    body = _Body(lines, labels, bare, first, end, apart)
    others = list(body.others())
    plain = [i for i in others if chapter_between(lines[i], stamped=stamped) is None]
    placed = [i for i in plain if body.is_placed(i)] if body.ends_sentences else []
    again = _again(body, plain)
    n_timed, marked = len(others) - len(plain), any(lines[i].heading for i in others)
    if n_timed >= 2:  # what has no mark is none, where some have one
        return frozenset(again | (_timed(body, placed) if n_timed >= SURE_HEADINGS and not marked else set()))
    stated = _stated(body, placed)
    # In turns with paragraphs of their own a question may be one.
    may_ask = not marked and (stated or len(placed) == len(plain))
    asked = _asked(body, placed) if may_ask else set()
    if len(asked) == 1 and not stated:  # one question alone is no heading: those come in numbers
        asked = set()
    return frozenset(_alike(lines, again | stated | asked))


def _again(body: _Body, plain: Iterable[int]) -> set[int]:
    """Find the first line, and those that the list of chapters above has."""
    listed = {fold(title) for line in body.lines[: body.first] if (title := _listed(line))}
    texts = ((i, body.lines[i].text) for i in plain)
    return {i for i, text in texts if (i == body.first or fold(text) in listed) and may_be_title(text)}


def _timed(body: _Body, placed: Iterable[int]) -> set[int]:
    """Find those with a time that ask."""
    return {i for i in placed if chapter_of(body.lines[i]) and ". " not in body.lines[i].text}


def _asked(body: _Body, placed: Iterable[int]) -> set[int]:
    """Find those that ask, in English: in other languages a question of somebody looks the same."""
    if not any(_ENGLISH.search(line.text) for line in body.lines[body.first : body.first + 40]):
        return set()
    return {i for i in placed if _asks(body.lines[i].text) and _may_head(body.lines[i].text)}


def _stated(body: _Body, placed: Iterable[int]) -> set[int]:
    """Find those that ask nothing."""
    texts = {i: body.lines[i].text for i in placed if not _asks(body.lines[i].text)}
    found = {i for i, text in texts.items() if " " in text or fold(text) in ONE_WORD_TITLES or is_uncased(text)}
    return {i for i, text in texts.items() if not _TALK.fullmatch(text)} if found and body.apart else found


def _alike(lines: Sequence[Line], found: set[int]) -> set[int]:
    """Keep those in capitals, where most are."""
    capitals = {i for i in found if lines[i].text.isupper()}
    return capitals if len(capitals) * 2 > len(found) else found


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
