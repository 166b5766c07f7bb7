"""Transcripts for the eye: by what the survey of the whole found out, every line gets its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transforms.errors import ContentError
from transforms.records import Seconds
from transforms.transcripts import page
from transforms.transcripts.document import Draft, Piece
from transforms.transcripts.front import front_matter
from transforms.transcripts.headings import chapter_of
from transforms.transcripts.lines import lone_time, split_marks, time_first
from transforms.transcripts.survey import Survey

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
    return Draft(tuple(pieces), "paragraph")


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
    """Tell highlights from turns: most of their words come again, or each quote does and they are called so."""
    said = _groups(line.text for line in found.lines[found.first :])
    own = _groups(line.text for line in found.lines[above[0] : found.first])
    if own and len(own & said) >= REPEATED_SHARE * len(own):
        return True
    called = any(page.HIGHLIGHTS.fullmatch(line.text) for line in found.lines[: above[0]])
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
        if page.is_credit(line.text):
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
        if line.noise is None and page.begins_tail(line.text):
            return _before_controls(found, last, index)
    return _before_controls(found, last, found.end)


def _before_controls(found: Survey, last: int, end: int) -> int:
    """Go back over the controls at the end; the first line of the turn is no control, whatever it says."""
    least = last + 1 if found.labels[last].rest else last + 2
    while end > least and page.noise(found.lines[end - 1].text):
        end -= 1
    return end


def _turns(found: Survey, begin: int, end: int) -> Iterator[Piece]:
    """Give every line of the transcript its kind."""
    speaker: str | None = None
    opens = False
    pending: tuple[Seconds | None, Seconds | None] | None = None
    for index in range(begin, end):
        line = found.lines[index]
        label = found.labels.get(index)
        aside = None if label else _beside(found, index, opens=opens)
        if aside is not None:
            yield aside
            if alone := lone_time(line.text):
                pending = alone if opens or found.labels.get(index + 1) else pending
            continue
        text = line.text
        if label is not None:
            speaker, opens, text = label.raw, True, label.rest
            pending = (label.start_time, label.end_time) if label.is_sure else pending
            head = line.text[: len(line.text) - len(label.rest)] if label.rest else line.text
            yield Piece(line.number, "label", head.strip(), label.name)
        elif opens and pending is None and (stamped := time_first(text)):
            yield Piece(line.number, "metadata", text.removesuffix(stamped[2]).strip(), "time")
            pending, text = stamped[:2], stamped[2]
        text, marks = split_marks(text)
        yield from (Piece(line.number, "metadata", mark, "time") for mark in marks)
        if text:
            start, stop = pending or (None, None)
            yield Piece(line.number, "speech", text, None, speaker, opens, start, stop)
            opens, pending = False, None


def _beside(found: Survey, index: int, *, opens: bool) -> Piece | None:
    """Take what stands between the turns and is not said: controls, times, chapters; `None` for speech.

    `opens`: a name alone stood above, so what comes is what its owner says.
    """
    line = found.lines[index]
    if reason := line.noise or _control(line.text):
        return Piece(line.number, "dropped", line.text, reason)
    if lone_time(line.text):
        return Piece(line.number, "metadata", line.text, "time")
    if opens:
        return None
    if index in found.headings:
        return chapter_of(line) or Piece(line.number, "chapter", line.text)
    return chapter_of(line, spoken=True)


def _control(text: str) -> str | None:
    """Drop what a page puts between the turns; short words that people say too are kept."""
    reason = page.noise(text)
    wordless = not any(c.isalnum() for c in text)
    return reason if reason and (wordless or len(text.split()) > 1) and not lone_time(text) else None
