"""Transcripts for the eye: who is named in which form is found out first, then every line gets its kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from transforms.transcripts import page
from transforms.transcripts.document import Draft, Piece
from transforms.transcripts.lines import (
    Label,
    Line,
    find_label,
    lone_time,
    split_marks,
    tidy,
    time_first,
    time_last,
)
from transforms.transcripts.names import clean, fold, is_generic, likeness

Family = Literal["inline", "own"]

LONGEST_TITLE = 18  # words
REPEATED_SHARE = 0.5  # of the word groups of a highlight are said again in the transcript
ONE_WORD_TITLES = frozenset(("introduction", "intro", "outro", "conclusion", "preview", "prologue", "epilogue"))
_SENTENCE_END = re.compile(r"[.!,;:…。，]['\"”’)\]]*$")


@dataclass(frozen=True)
class Survey:
    """What the whole document tells of its labels; `starts` are the indices of the lines with one."""

    lines: tuple[Line, ...]
    family: Family | None
    names: frozenset[str]
    labels: dict[int, Label]
    first: int

    @property
    def timed(self) -> int:
        """How many labels carry a time."""
        return sum(label.is_sure for label in self.labels.values())

    @cached_property
    def has_timed_headings(self) -> bool:
        """Whether headings are marked by times; a short line without one is none then."""
        heads = (line for i, line in enumerate(self.lines) if i not in self.labels and i >= self.first)
        return sum(chapter_of(line) is not None for line in heads) >= 2

    @cached_property
    def listed(self) -> frozenset[str]:
        """The titles of the chapters that are listed above."""
        above = (chapter_of(line) for line in self.lines[: self.first])
        return frozenset(fold(chapter.text) for chapter in above if chapter)


def survey(lines: Sequence[Line]) -> Survey:
    """Find out who is named in which form, and where the transcript begins."""
    kept = tuple(Line(line.number, text, line.heading, line.noise) for line in lines if (text := tidy(line.text)))
    found = {
        index: label
        for index, line in enumerate(kept)
        if line.noise is None and (label := find_label(line.text)) is not None
    }
    lower = _lower_words(kept)
    inline = _inline_names(found, len(kept), lower)
    own = _own_names(kept, found, lower)
    by_inline = {i: label for i, label in found.items() if _is_inline(label) and fold(label.name) in inline}
    by_own = {
        i: label
        for i, label in found.items()
        if fold(label.name) in own
        and (label.form != "inline" or not label.dashed)
        and _opens_text(kept, found, i, own)
    }
    only_own = sum(label.form != "inline" for label in by_own.values())
    family: Family | None = "own" if only_own > len(by_inline) else "inline" if by_inline else None
    if family is None and only_own:
        family = "own"
    labels = _without_header(by_own if family == "own" else by_inline)
    names = own if family == "own" else inline
    first = _transcript_start(kept, labels) if labels else 0
    return Survey(kept, family, frozenset(names), labels, first)


def _without_header(labels: dict[int, Label]) -> dict[int, Label]:
    """Leave out `Host: Ann Lee` of a header: it says who somebody is, not what somebody said."""
    counts = Counter(fold(label.name) for label in labels.values())
    return {
        i: x
        for i, x in labels.items()
        if not (counts[fold(x.name)] == 1 and page.key_value(f"{x.name}: {x.rest}") and is_list_of_names(x.rest))
    }


def is_list_of_names(text: str) -> bool:
    """Tell names with commas from speech.

    >>> is_list_of_names("Ann Lee and Bob Ray"), is_list_of_names("So why does it turn?")
    (True, False)
    """
    names = re.split(r",\s*|\s+(?:and|&|und|et|y)\s+", text)
    return all(likeness(clean(name)[0]) for name in names if name)


def _is_inline(label: Label) -> bool:
    return label.form in ("inline", "colon")


def _lower_words(lines: Sequence[Line]) -> frozenset[str]:
    """The words that the text writes small: no names."""
    return frozenset(re.findall(r"(?<![\w.])[a-zà-ÿ]{2,}(?!\w)", " ".join(line.text for line in lines)))


def _inline_names(found: dict[int, Label], lines: int, lower: frozenset[str]) -> set[str]:
    """Choose the names of `Name: text`: repeated, with a time, or where most lines have one."""
    candidates = [label for label in found.values() if _is_inline(label)]
    counts = Counter(fold(label.name) for label in candidates if not label.dashed)
    counts += Counter({n: c for n, c in Counter(fold(x.name) for x in candidates if x.dashed).items() if c >= 3})
    sure = {fold(label.name) for label in candidates if label.is_sure}
    shown = {fold(label.name): label.name for label in candidates}
    usual = sum(counts.values()) >= 0.4 * max(lines, 1)
    chosen = set()
    top = max(counts.values(), default=0)
    for name, count in counts.items():
        if not re.search("[^\\W\\d_]", name) or (name.upper() == name.lower() and count < max(2, 0.2 * top)):
            continue  # scripts without capitals: only how often it comes tells a name
        strong = likeness(shown[name]) == 2
        plain = all(token in lower for token in name.split()) and not is_generic(shown[name])
        if (
            name in sure
            or (count >= 2 and (strong or not plain or count >= 4))
            or (count == 1 and not plain and (strong or usual))
        ):
            chosen.add(name)
    total = sum(counts[name] for name in chosen)
    if total < 2 and not (total == 1 and lines <= 3):
        return set()
    if max((counts[name] for name in chosen), default=0) == 1 and not usual and not sure:
        return set()
    return chosen


def _own_names(lines: Sequence[Line], found: dict[int, Label], lower: frozenset[str]) -> set[str]:
    """Choose the names that stand on lines of their own: repeated, or in a text where such lines take turns."""
    candidates = {i: label for i, label in found.items() if label.form != "inline"}
    for i, line in enumerate(lines):  # a show that writes its names small
        if (
            i not in found
            and line.noise is None
            and re.fullmatch(r"(?:[a-zà-ÿ’'.-]+ ){0,3}[a-zà-ÿ’'-]+(?: \([^()]*\))?", line.text)
        ):
            candidates[i] = Label("bare", line.text, clean(line.text)[0], None, None, "")
    candidates = {
        i: x
        for i, x in candidates.items()
        if page.noise(x.raw) is None and (is_generic(x.name) or not page.section_heading(x.raw))
    }
    counts = Counter(fold(label.name) for i, label in candidates.items() if i + 1 not in candidates)
    chosen = set()
    for name, count in counts.items():
        mine = [label for label in candidates.values() if fold(label.name) == name]
        plain = all(token in lower for token in name.split()) and not is_generic(mine[0].name)
        strong = likeness(mine[0].name) == 2
        known = strong or any(x.form != "bare" for x in mine)
        if count >= 3 or (count == 2 and known and not plain):
            chosen.add(name)
    if not chosen and len(counts) >= 2 and len(candidates) >= 0.4 * len(lines):
        chosen = {fold(x.name) for x in candidates.values() if likeness(x.name) == 2 or x.form != "bare"}
    if chosen:
        short = sum(" " not in name for name in chosen) * 2 >= len(chosen)
        parts = {token for name in chosen for token in name.split()}
        region = [i for i, label in candidates.items() if fold(label.name) in chosen]
        for i, label in candidates.items():
            plain = any(token in lower for token in fold(label.name).split()) and not is_generic(label.name)
            fits = label.form != "bare" or (likeness(label.name) == 2 and len(label.name.split()) <= 4)
            fits = fits or (
                " " not in label.name and (short or fold(label.name) in parts or counts[fold(label.name)] > 1)
            )
            if min(region) < i and fits and not plain and not lines[i].heading:
                chosen.add(fold(label.name))
    for i, label in candidates.items():
        if fold(label.name) in chosen:
            found[i] = label
    return chosen


def _opens_text(lines: Sequence[Line], found: dict[int, Label], index: int, names: set[str]) -> bool:
    """Tell a label from a heading: text follows it, not the next label."""
    if found[index].rest:
        return True
    if index + 1 >= len(lines):
        return True
    after = found.get(index + 1)
    return (
        after is None or after.form == "inline" or fold(after.name) not in names or after.name == found[index].name
    )


def _transcript_start(lines: Sequence[Line], labels: dict[int, Label]) -> int:
    """Find where the transcript begins: behind the last heading that says so and has most labels behind it."""
    order = sorted(labels)
    first = _with_time(lines, order[0])
    for index, line in enumerate(lines):
        if page.TRANSCRIPT.fullmatch(line.text):
            behind = sum(i > index for i in order)
            if behind >= 0.5 * len(order):
                first = _with_time(lines, next(i for i in order if i > index))
    return first


def _with_time(lines: Sequence[Line], index: int) -> int:
    """Begin at the time that stands on a line of its own before the first label."""
    return index - 1 if index and lone_time(lines[index - 1].text) else index


def read_labelled(found: Survey) -> Draft:
    """Read a text whose speakers are named: the front, the turns, what stands behind them."""
    pieces = [*_front(found), *_body(found)]
    return Draft(tuple(pieces), "paragraph")


def front_matter(lines: Sequence[Line]) -> Iterator[Piece]:
    """Sort the lines above a transcript: title, links, chapters and credits are kept, the page's controls dropped."""
    part, titled, behind_title, spoken = "", False, False, False
    for line in lines:
        text = line.text
        if line.noise or (reason := page.noise(text)):
            yield Piece(line.number, "dropped", text, line.noise or reason)
        elif page.TRANSCRIPT.fullmatch(text):
            part, spoken = "", True
            yield Piece(line.number, "metadata", text, "heading")
        elif page.SPONSORS.fullmatch(text):
            part = "sponsor"
            yield Piece(line.number, "dropped", text, "sponsor")
        elif page.section_heading(text) or page.HIGHLIGHTS.fullmatch(text):
            part = "notes"
            yield Piece(line.number, "metadata", text, "heading")
        elif line.heading and not titled:
            titled = behind_title = True
            yield Piece(line.number, "metadata", text, "title")
        elif (
            line.heading and not time_first(text) and not time_last(text) and not spoken and line is not lines[-1]
        ):
            yield Piece(line.number, "metadata", text, "heading")
        elif chapter := chapter_of(line):
            yield chapter
        elif pair := page.key_value(text):
            titled = titled or pair[0] == "title"
            yield Piece(line.number, "label", text.removesuffix(pair[1]), None)
            yield Piece(line.number, "metadata", pair[1], pair[0])
        elif part == "sponsor":
            yield Piece(line.number, "dropped", text, "sponsor")
        elif page.is_credit(text):
            yield Piece(line.number, "metadata", text, "credit")
        elif re.fullmatch(r"https?://\S+", text):
            yield Piece(line.number, "metadata", text, "url")
        elif not titled and len(text.split()) <= 30:
            titled = behind_title = True
            yield Piece(line.number, "metadata", text, "title")
        else:
            yield Piece(line.number, "metadata", text, "subtitle" if behind_title else "description")
            behind_title = False


def chapter_of(line: Line) -> Piece | None:
    """Read a heading with its time, or what is marked as a heading; `None` for all else."""
    if first := time_first(line.text):
        start, _, title = first
        if title and is_title(title):
            return Piece(line.number, "chapter", title.strip(" -–—:|"), start_time=start)
        return None
    if last := time_last(line.text):
        start, title = last
        if is_title(title):
            return Piece(line.number, "chapter", title.strip(" -–—:|"), start_time=start)
    return Piece(line.number, "chapter", line.text) if line.heading else None


def is_title(text: str) -> bool:
    """Tell a heading from a sentence: short, begun large, without the mark that ends a sentence.

    >>> is_title("Plan for AGI"), is_title("and so we went"), is_title("We went.")
    (True, False, False)
    """
    words = text.split()
    first = next((c for c in text if c.isalnum()), "")
    return bool(words) and len(words) <= LONGEST_TITLE and not first.islower() and not _SENTENCE_END.search(text)


def _front(found: Survey) -> Iterator[Piece]:
    """Sort what stands above the first turn; quotes that the transcript repeats are marked, other turns are turns."""
    above = [i for i in sorted(found.labels) if i < found.first]
    if not above:
        yield from front_matter(found.lines[: found.first])
        return
    said = _groups(line.text for line in found.lines[found.first :])
    quotes = [line.text for line in found.lines[above[0] : found.first]]
    own = _groups(quotes)
    repeated = len(own & said) >= REPEATED_SHARE * max(len(own), 1)
    yield from front_matter(found.lines[: above[0]])
    if repeated:
        for line in found.lines[above[0] : found.first]:
            yield Piece(line.number, "metadata", line.text, "highlight (said again in the transcript)")
    else:
        yield from _turns(found, above[0], found.first)


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
    last = max(found.labels)
    for index in range(last + 1, len(found.lines)):
        line = found.lines[index]
        if line.noise is None and page.begins_tail(line.text):
            return index
    return len(found.lines)


def _turns(found: Survey, begin: int, end: int) -> Iterator[Piece]:
    """Give every line of the transcript its kind."""
    speaker: str | None = None
    opens, pending = False, None
    for index in range(begin, end):
        line = found.lines[index]
        label = found.labels.get(index)
        if label is not None:
            speaker, opens = label.raw, True
            pending = (label.start_time, label.end_time) if label.is_sure else pending
            head = line.text[: len(line.text) - len(label.rest)] if label.rest else line.text
            yield Piece(line.number, "label", head.strip(), label.name)
            text = label.rest
        elif reason := line.noise or _control(line.text):
            yield Piece(line.number, "dropped", line.text, reason)
            continue
        elif alone := lone_time(line.text):
            pending = alone if opens or found.labels.get(index + 1) else pending
            yield Piece(line.number, "metadata", line.text, "time")
            continue
        elif chapter := (chapter_of(line) or _heading(found, index, end)):
            yield chapter
            continue
        else:
            text = line.text
        text, marks = split_marks(text)
        yield from (Piece(line.number, "metadata", mark, "time") for mark in marks)
        if text:
            start, stop = pending or (None, None)
            yield Piece(line.number, "speech", text, None, speaker, opens, start, stop)
            opens, pending = False, None


def _control(text: str) -> str | None:
    """Drop what a page puts between the turns; short words that people say too are kept."""
    reason = page.noise(text)
    wordless = not any(c.isalnum() for c in text)
    return reason if reason and (wordless or len(text.split()) > 1) and not lone_time(text) else None


def _heading(found: Survey, index: int, end: int) -> Piece | None:
    """Take a short line for a heading where a label follows and a sentence ended before."""
    line = found.lines[index]
    if fold(line.text) in found.listed:
        return Piece(line.number, "chapter", line.text)
    before = found.labels.get(index - 1)
    if (
        found.has_timed_headings
        or index + 1 >= end
        or index + 1 not in found.labels
        or (before and not before.rest)
    ):
        return None
    if is_title(line.text) and (" " in line.text or fold(line.text) in ONE_WORD_TITLES) and len(line.text) <= 90:
        ended = re.search(r"[.?!…”“\"'’)\]]$", found.lines[index - 1].text)
        if ended and line.text[0].isupper() and line.text[-1] not in "?!\"”’'»)]" and ":" not in line.text:
            return Piece(line.number, "chapter", line.text)
    return None
