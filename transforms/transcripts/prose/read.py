"""Transcripts for the eye: by what the survey of the whole found out, every line gets its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from transforms.errors import ContentError
from transforms.records import Seconds
from transforms.transcripts.document import Draft, Piece
from transforms.transcripts.labels.names import is_aside
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.headings import chapter_between, chapter_of
from transforms.transcripts.prose.lines import (
    Line,
    LineLabel,
    is_of_day,
    lone_time,
    split_last_time,
    split_marks,
    time_first,
    time_last,
    times,
)
from transforms.transcripts.prose.survey import Survey

LONGEST_ASIDE = 16  # words of a line in brackets: who speaks in brackets says more
_IN_BRACKETS = re.compile(r"\[[^\[\]]+\]|\([^()]+\)|（[^（）]+）|【[^【】]+】")
ITALICS = ("em", "i", "strong em")
REPEATED_SHARE = 0.5  # of the word groups of a highlight are said again in the transcript


def read_labelled(found: Survey) -> Draft:
    """Read a text whose speakers are named: the front, the turns, what stands behind them.

    Raises:
        ContentError: nobody is named.
    """
    if not found.labels:
        msg = "no transcript found: it names nobody who speaks; leave --format out, or try --format paragraphs"
        raise ContentError(msg)
    pieces = [*_front(found), *_body(found)]
    flags = ("talk_before_labels",) if found.talk else ()
    draft = Draft(tuple(pieces), "paragraph", flags=flags, grammar=found.grammar)
    return without_times(draft) if are_of_day(found.lines, len(found.labels)) else draft


def are_of_day(lines: Sequence[Line], times: int) -> bool:
    """Check whether most times of a text are times of the day, as in a chat: no place in a recording."""
    return sum(is_of_day(line.text) for line in lines) * 2 > times


def without_times(draft: Draft) -> Draft:
    """Leave out when things were said, and flag it."""
    pieces = (replace(piece, start_time=None, end_time=None) for piece in draft.pieces)
    return replace(draft, pieces=tuple(pieces), flags=(*draft.flags, "times_of_day"))


def _front(found: Survey) -> Iterator[Piece]:
    """Sort what stands above the first turn; quotes that the transcript repeats are marked, other turns kept."""
    above = [i for i in sorted(found.labels) if i < found.first]
    if not above:
        yield from front_matter(found.lines[: found.first])
        return
    yield from front_matter(found.lines[: above[0]])
    if _is_said_again(found, above):
        for line in found.lines[above[0] : found.first]:
            yield Piece(line.number, "metadata", line.text, "highlight (said again in the transcript)")
    else:
        yield from _turns(found, above[0], found.first)


def _is_said_again(found: Survey, above: Sequence[int]) -> bool:
    """Distinguish highlights from turns: most words come again, or each quote does and they are called so."""
    said = _groups(line.text for line in found.lines[found.first :])
    own = _groups(line.text for line in found.lines[above[0] : found.first])
    if own and len(own & said) >= REPEATED_SHARE * len(own):
        return True
    called = any(furniture.HIGHLIGHTS.fullmatch(line.text) for line in found.lines[: above[0]])
    again = {label.rest for i, label in found.labels.items() if i >= found.first}
    return called and all(found.labels[i].rest in again for i in above)


def _groups(texts: Iterator[str] | Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Gather the groups of four words in a row."""
    words = re.findall(r"\w+", " ".join(texts).casefold())
    return frozenset(zip(words, words[1:], words[2:], words[3:], strict=False))


def _body(found: Survey) -> Iterator[Piece]:
    end = _tail(found)
    yield from _turns(found, found.first, end)
    for line in found.lines[end:]:
        if furniture.is_credit(line.text):
            yield Piece(line.number, "metadata", line.text, "credit")
        else:
            yield Piece(line.number, "dropped", line.text, line.noise or "behind the transcript")


def _tail(found: Survey) -> int:
    """Find the line in the last turn from which the page goes on without the transcript."""
    if not found.labels:  # read as labelled since the user says so
        return found.first
    last = max(found.labels)
    for index in range(last + 1, found.end):
        line = found.lines[index]
        if line.noise is None and (furniture.begins_tail(line.text) or _is_section(line)):
            return _before_controls(found, last, index)
    return _before_controls(found, last, found.end)


def _is_section(line: Line) -> bool:
    """Check for the heading of what a page says behind a transcript: credits, links."""
    return line.gap and furniture.section_heading(line.text)


def _before_controls(found: Survey, last: int, end: int) -> int:
    """Go back over the controls at the end; the first line of the turn is no control, whatever it says."""
    least = last + 1 if found.labels[last].rest else last + 2
    while end > least and furniture.noise(found.lines[end - 1].text):
        end -= 1
    aside = end
    while aside > least and _is_emphasised(found.lines[aside - 1]):
        aside -= 1
    return end if any(map(_is_emphasised, found.lines[found.first : aside])) else aside


def _is_emphasised(line: Line) -> bool:
    """Check for a line in italics as a whole: below a transcript pages say so who made it."""
    return any(x.mark in ITALICS and not x.begin and x.end >= len(line.text.rstrip()) for x in line.spans)


def _turns(found: Survey, begin: int, end: int) -> Iterator[Piece]:
    """Yield the lines of the transcript as pieces, each of its kind."""
    turns = _Turns(found)
    for index in range(begin, end):
        yield from turns.read(index)


class _Turns:
    """Who speaks, whether a turn has begun and nothing was said in it, and the time that waits for its words."""

    def __init__(self, found: Survey) -> None:
        self.found = found
        self.speaker: str | None = None
        self.opens = False
        self.pending: tuple[Seconds | None, Seconds | None] | None = None

    def read(self, index: int) -> Iterator[Piece]:
        """Yield a line: its label, its times and what is said, or what stands beside the turns."""
        line = self.found.lines[index]
        label = self.found.labels.get(index) or _of_nobody(self.found, index, opens=self.opens)
        if label is None and (aside := _beside(self.found, index, opens=self.opens)):
            yield aside
            self._wait(index)
        elif label is not None and _is_event(self.found, index, label):
            yield Piece(line.number, "event", line.text, start_time=label.start_time, end_time=label.end_time)
        else:
            yield from self._say(index, label)

    def _wait(self, index: int) -> None:
        """Keep a time that stands alone for the words of the turn that has begun, or that the next line begins."""
        alone = lone_time(self.found.lines[index].text)
        if alone and (self.opens or self.found.labels.get(index + 1)):
            self.pending = alone

    def _say(self, index: int, label: LineLabel | None) -> Iterator[Piece]:
        """Yield a line of a turn."""
        line, text = self.found.lines[index], self.found.lines[index].text
        if label is not None:
            self.speaker, self.opens, text = label.raw or None, True, label.rest
            self.pending = (label.start_time, label.end_time) if label.is_sure else self.pending
            yield from _head(line, label)
        elif self.opens and self.pending is None and (stamped := time_first(text)):
            yield Piece(line.number, "metadata", text.removesuffix(stamped[2]).strip(), "time")
            self.pending, text = stamped[:2], stamped[2]
        text, marks, own = _without_times(self.found, index, text)
        self.pending = own or self.pending
        yield from (Piece(line.number, "metadata", mark, "time") for mark in marks)
        if text:
            start, stop = self.pending or (None, None)
            yield Piece(line.number, "speech", text, None, self.speaker, self.opens, start, stop)
            self.opens, self.pending = False, None


def _of_nobody(found: Survey, index: int, *, opens: bool) -> LineLabel | None:
    """Return an empty label where somebody asks who is not named; below a name alone its owner does."""
    return LineLabel("", "", None, None, found.lines[index].text) if index in found.asked and not opens else None


def _head(line: Line, label: LineLabel) -> Iterator[Piece]:
    """Yield what stands before the words of a line, if anything does."""
    head = line.text[: len(line.text) - len(label.rest)] if label.rest else line.text
    if head.strip():
        yield Piece(line.number, "label", head.strip(), label.name)


def _without_times(
    found: Survey, index: int, text: str
) -> tuple[str, tuple[str, ...], tuple[Seconds, Seconds | None] | None]:
    """Take the times out of what is said: those in brackets, and the one of its turn behind a first line."""
    if index in found.times_behind and (split := split_last_time(text)):
        text, marks = split_marks(split[0])
        return text, (*marks, split[1]), times(split[1])
    return *split_marks(text), None


def _is_event(found: Survey, index: int, label: LineLabel) -> bool:
    """Check for `Break: [18:49] to [20:01]` where words stand behind names: a time, and nothing that is said."""
    form = found.grammar.form if found.grammar else None
    inline = form is not None and not form.alone
    return inline and label.is_sure and not label.rest and (index + 1 in found.labels or index + 1 >= found.end)


def _beside(found: Survey, index: int, *, opens: bool) -> Piece | None:
    """Take what stands between the turns and is not said: controls, times, chapters; `None` for speech.

    `opens`: a name alone stood above, so what comes is what its owner says.
    """
    line = found.lines[index]
    if reason := line.noise or _control(line.text):
        return Piece(line.number, "dropped", line.text, reason)
    if lone_time(line.text):
        return Piece(line.number, "metadata", line.text, "time")
    if _is_aside(found, line.text):
        return Piece(line.number, "event", line.text)
    if opens:
        return None
    if index in found.headings:
        return chapter_of(line) or Piece(line.number, "chapter", line.text)
    return chapter_between(line, stamped=found.is_stamped)


def _is_aside(found: Survey, text: str) -> bool:
    """Check for `[Muzyka]`: a line in brackets is heard or seen, not said, unless speakers stand in such."""
    form = found.grammar.form if found.grammar else None
    aside = is_aside(text) or (_IN_BRACKETS.fullmatch(text) is not None and text.count(" ") < LONGEST_ASIDE)
    return aside and (form is None or form.core.bracket != text[0])


def _control(text: str) -> str | None:
    """Drop what a page puts between the turns; short words that people say too are kept."""
    reason = furniture.noise(text)
    wordless = not any(c.isalnum() for c in text)
    return reason if reason and (wordless or len(text.split()) > 1) and not lone_time(text) else None


# What stands above a transcript: its title, links, chapters and credits are kept, a page's controls dropped.


LONGEST_EPISODE_TITLE = 30  # words
_COLUMN = re.compile(r"[^\d.!?]{1,30}")
_CELL = re.compile(r"th|(?:.*>)?t[dh]\d*")


def front_matter(lines: Sequence[Line]) -> Iterator[Piece]:
    """Sort the lines above a transcript by what they are."""
    front, row = _Front(), _header_row(lines)
    for line in lines[:row]:
        yield from front.sort(line, is_last=line is lines[-1])
    yield from (Piece(line.number, "metadata", line.text, "header") for line in lines[row:])


def _header_row(lines: Sequence[Line]) -> int:
    """Find where the row begins that heads the columns of a table: several short cells above the first label."""
    begin = len(lines)
    while begin and _CELL.fullmatch(lines[begin - 1].mark) and _COLUMN.fullmatch(lines[begin - 1].text):
        begin -= 1
    return begin if len(lines) - begin > 1 else len(lines)


class _Front:
    """What the lines so far have said: the part they are in, and whether the title is known."""

    def __init__(self) -> None:
        self.sponsored = self.titled = self.headed = self.behind_title = self.spoken = False

    def sort(self, line: Line, *, is_last: bool) -> Iterator[Piece]:
        reason = line.noise or furniture.noise(line.text)
        if reason:
            yield Piece(line.number, "dropped", line.text, reason)
        elif line.mark == "header" and not furniture.key_value(line.text):
            yield Piece(line.number, "metadata", line.text, "header")
        elif heading := self._heading(line, is_last=is_last):
            yield heading
        elif chapter := chapter_of(line):
            yield chapter
        elif pair := furniture.key_value(line.text):
            self.titled = self.titled or pair[0] == "title"
            yield Piece(line.number, "label", line.text.removesuffix(pair[1]), None)
            yield Piece(line.number, "metadata", pair[1], pair[0])
        elif self.sponsored:
            yield Piece(line.number, "dropped", line.text, "sponsor")
        else:
            yield Piece(line.number, "metadata", line.text, self._name(line.text))

    def _heading(self, line: Line, *, is_last: bool) -> Piece | None:
        """Take the heading of a part of the page, or its title."""
        if furniture.TRANSCRIPT.fullmatch(line.text):
            self.sponsored, self.spoken = False, True
            return Piece(line.number, "metadata", line.text, "heading")
        if furniture.SPONSORS.fullmatch(line.text):
            self.sponsored = True
            return Piece(line.number, "dropped", line.text, "sponsor")
        if furniture.section_heading(line.text) or furniture.HIGHLIGHTS.fullmatch(line.text):
            self.sponsored = False
            return Piece(line.number, "metadata", line.text, "heading")
        if line.heading and (not self.titled or (line.mark == "h1" and not self.headed)):
            self.headed = True
            self.titled = self.behind_title = True
            return Piece(line.number, "metadata", line.text, "title")
        timed = time_first(line.text) or time_last(line.text)
        if line.heading and not (timed or self.spoken or is_last):
            return Piece(line.number, "metadata", line.text, "heading")
        return None

    def _name(self, text: str) -> str:
        if furniture.is_credit(text):
            return "credit"
        if furniture.is_date(text):
            return "published"
        if re.fullmatch(r"https?://\S+", text):
            return "url"
        if not self.titled and len(text.split()) <= LONGEST_EPISODE_TITLE:
            self.titled = self.behind_title = True
            return "title"
        behind, self.behind_title = self.behind_title, False
        return "subtitle" if behind else "description"
