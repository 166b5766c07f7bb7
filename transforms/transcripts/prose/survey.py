"""Who is named in which form: what the whole of a text tells before its lines are read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import Literal

from transforms.transcripts.document import Piece
from transforms.transcripts.grammar.candidates import Candidate, Core, candidates
from transforms.transcripts.grammar.choose import Grammar, choose
from transforms.transcripts.labels.names import clean, fold, likeness
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.headings import chapter_of, in_place, may_be_title
from transforms.transcripts.prose.layout import laid_out, unwrap
from transforms.transcripts.prose.lines import (
    UNDERLINE,
    Labels,
    Line,
    LineLabel,
    lone_time,
    split_last_time,
    tidy,
    times,
)
from transforms.transcripts.prose.questions import asked_by_nobody

Family = Literal["inline", "own"]

WORDS_OF_TALK = 150  # in paragraphs above the first label: what sums an episode up is shorter
WORDS_BELOW_HEADING = 40
WORDS_OF_PARTS = 25  # below headings that are made as the one above the first label
LEAST_OF_PARAGRAPH = 60  # characters
FEWEST_TITLES = 2  # with times, one below the other, are a table of contents
IN_TABLE_AND_TEXT = 2  # times a title may look like a label
TIMES_BEHIND = 0.3  # of the turns end their first line with a time: then it is theirs, not said
FEWEST_LISTED = 3  # names line below line
FEWEST_BEHIND, MOSTLY_BEHIND = 3, 0.9  # names below what they said
_OPEN_END = re.compile(r"[\w,%°$€£]$")


@dataclass(frozen=True)
class Survey:
    """What the whole document tells of its labels.

    `labels` are keyed by the index of their line; the transcript is `lines[first:end]`; `headings` are the indices
    of the lines in it that are headings though no mark says so. `talk`: it begins with paragraphs of nobody.
    """

    lines: tuple[Line, ...]
    family: Family | None
    labels: Labels
    first: int
    end: int
    grammar: Grammar | None = None
    talk: bool = False

    @property
    def timed(self) -> int:
        """How many labels carry a time."""
        return sum(label.is_sure for label in self.labels.values())

    @cached_property
    def headings(self) -> frozenset[int]:
        """The lines that are headings by where they stand."""
        bare = {i for i, label in self.labels.items() if not label.rest}
        return in_place(
            self.lines, frozenset(self.labels), frozenset(bare), self.first, self.end, stamped=self.is_stamped
        )

    @cached_property
    def asked(self) -> frozenset[int]:
        """The lines that open what somebody says who is not named: questions in bold, or behind a dash."""
        return asked_by_nobody(self.lines, self.labels, self.first, self.end)

    @cached_property
    def is_stamped(self) -> bool:
        """Whether most labels have a time in front of them."""
        named = self.grammar.labels.values() if self.grammar else ()
        return sum(one.form.time == "before" for one in named) * 2 > len(named)

    @cached_property
    def times_behind(self) -> frozenset[int]:
        """The lines that end with the time of their turn, `Ann: So it is. 0:12`: the first ones of many turns."""
        if self.timed * 2 > len(self.labels):
            return frozenset()
        said = [i if label.rest else i + 1 for i, label in sorted(self.labels.items())]
        ends = {
            i: split
            for i in said
            if i < len(self.lines) and (split := split_last_time(self.lines[i].text)) is not None
        }
        starts = [times(stamp)[0] for _, stamp in ends.values()]
        many = len(ends) >= max(2, TIMES_BEHIND * len(said))
        return frozenset(ends) if many and starts == sorted(starts) else frozenset()


def survey(lines: Sequence[Line], forced: Core | None = None) -> Survey:
    """Find out who is named in which form, and where the transcript begins and ends."""
    whole, grammar, end = _chosen(lines, forced)
    labels = {i: label_of(one) for i, one in grammar.labels.items() if not _is_byline(whole, i, one)}
    labels = _without_contents(whole, _without_header(whole, labels))
    if not labels:
        return Survey(whole, None, {}, 0, end, grammar)
    labels, end = _without_list_below(whole, labels, end)
    alone = sum(not label.rest for label in labels.values()) * 2 > len(labels)
    first = _transcript_start(whole, labels)
    if first - 1 in asked_by_nobody(whole, labels, 0, end):
        first -= 1
    if (talk := talk_start(whole, labels, first)) is not None:
        return Survey(whole, "own" if alone else "inline", labels, talk, end, grammar, talk=True)
    found = Survey(whole, "own" if alone else "inline", labels, first, end, grammar)
    above = _above_rule(whole, found.first)
    if above > 0 and found.headings and _is_untimed_title(whole[above]):
        return replace(found, first=above)
    return found


def _chosen(lines: Sequence[Line], forced: Core | None) -> tuple[tuple[Line, ...], Grammar, int]:
    """Find the lines of a text before it was broken to a width, its grammar, and where comments begin."""
    kept = _without_keys(_tidied(lines))
    whole = unwrap(kept, _may_open)
    grammar = choose(whole, forced)
    if len(whole) < len(kept):
        opening = {whole[i].number for i in grammar.labels}
        whole = unwrap(kept, lambda _, line: line.number in opening)
        grammar = choose(whole, forced)
    if forced is None and _stand_behind(whole, grammar.labels):
        whole = _in_front(whole, grammar.labels)
        grammar = choose(whole)
    end = _end(whole, grammar.labels)
    if end < len(whole):
        grammar = choose(whole[:end], forced)
    return whole, grammar if forced else _unforced(whole, grammar), end


def _unforced(lines: Sequence[Line], grammar: Grammar) -> Grammar:
    """Decline what proves nothing; where nobody is named, look for who is named in a part of the lines."""
    if len(lines) > 1 and _is_one_colon(grammar):
        grammar = grammar.declined()
    return grammar if grammar.labels else _below_heading(lines) or _between_questions(lines) or grammar


def _stand_behind(lines: Sequence[Line], labels: Mapping[int, Candidate]) -> bool:
    """Check for names right below what they said, an empty line behind them: `So it is.⏎— Ann Lee`."""
    last = len(lines) - 1
    behind = sum(
        one.form.alone and i > 0 and not lines[i].gap and i - 1 not in labels and (i == last or lines[i + 1].gap)
        for i, one in labels.items()
    )
    return len(labels) >= FEWEST_BEHIND and behind >= MOSTLY_BEHIND * len(labels)


def _in_front(lines: Sequence[Line], labels: Mapping[int, Candidate]) -> tuple[Line, ...]:
    """Put each name in front of what it stands below, the first in front of the lines without a gap."""
    moved: list[Line] = []
    open_: list[Line] = []
    for i, line in enumerate(lines):
        if i not in labels:
            open_.append(line)
            continue
        begin = 0
        if i == min(labels):
            begin = max(n for n, above in enumerate(open_) if n == 0 or above.gap)
        moved += [
            *open_[:begin],
            replace(line, gap=True),
            *(replace(x, gap=n > 0 and x.gap) for n, x in enumerate(open_[begin:])),
        ]
        open_ = []
    return (*moved, *open_)


def _below_heading(lines: Sequence[Line]) -> Grammar | None:
    """Find the grammar of what stands below the heading Transcript: a page may say more above it than below."""
    begin = _heading(lines) + 1
    return _choose_among(lines, range(begin, len(lines))) if begin else None


def _between_questions(lines: Sequence[Line]) -> Grammar | None:
    """Find the grammar of what stands between the questions of somebody who is not named."""
    asked = asked_by_nobody(lines, {}, 0, len(lines))
    found = _choose_among(lines, [i for i in range(len(lines)) if i not in asked]) if asked else None
    return found if found and len(found.labels) * 2 >= len(asked) else None


def _choose_among(lines: Sequence[Line], places: Sequence[int]) -> Grammar | None:
    """Find the grammar of some of the lines, with the places of all; `None` where nobody is named there."""
    found = choose([lines[i] for i in places])
    if not found.labels:
        return None
    labels = {places[i]: replace(one, line=places[one.line]) for i, one in found.labels.items()}
    doubted = tuple(replace(one, line=places[one.line]) for one in found.doubted)
    return replace(found, labels=labels, doubted=doubted)


def _is_one_colon(grammar: Grammar) -> bool:
    """Check for a single label that only a colon or the end of its line sets off: it proves nothing."""
    core = grammar.form.core if grammar.form else None
    timed = any(one.start_time is not None for one in grammar.labels.values())
    return core is not None and len(grammar.labels) == 1 and not (timed or core.mark or core.bracket or core.block)


def tidied(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Leave out empty lines, and join those that were broken to a width."""
    return unwrap(_without_keys(_tidied(lines)), _may_open)


def _tidied(lines: Sequence[Line]) -> list[Line]:
    shown = ((line, tidy(line.text)) for line in laid_out(lines))
    return [x if x.spans or text == x.text else replace(x, text=text) for x, text in shown if text]


def _without_keys(lines: list[Line]) -> list[Line]:
    """Mark the header above the heading of the transcript: who is named there does not speak there."""
    begun = _heading(lines)
    return [
        replace(line, mark="header") if i < begun and furniture.key_value(line.text) else line
        for i, line in enumerate(lines)
    ]


def _heading(lines: Sequence[Line]) -> int:
    """Return the index of the last heading Transcript in the first half of a text; -1 without one."""
    half = lines[: len(lines) // 2 + 1]
    return max((i for i, line in enumerate(half) if furniture.TRANSCRIPT.fullmatch(line.text)), default=-1)


def label_of(one: Candidate) -> LineLabel:
    """Make a line's label of what the grammar says of it."""
    return LineLabel(one.raw, clean(one.raw)[0], one.start_time, one.end_time, one.rest)


def _is_byline(lines: Sequence[Line], index: int, label: Candidate) -> bool:
    """Check for a name that stands alone above a date, a control of the page or the heading of the transcript."""
    if label.rest or index + 1 >= len(lines):
        return False
    below = lines[index + 1]
    named = (
        furniture.TRANSCRIPT.fullmatch(below.text)
        or furniture.is_date(below.text)
        or furniture.section_heading(below.text)
    )
    control = furniture.noise(below.text) is not None and " " in below.text
    return (
        bool(named)
        or (control and not lone_time(below.text))
        or furniture.TRANSCRIPT.fullmatch(label.raw) is not None
    )


def _is_untimed_title(line: Line) -> bool:
    """Check whether a line above the first label may be the first of the text's unmarked headings."""
    return (
        line.gap
        and not line.heading
        and not line.noise
        and may_be_title(line.text)
        and not furniture.TRANSCRIPT.fullmatch(line.text)
        and not furniture.section_heading(line.text)
        and furniture.key_value(line.text) is None
        and not lone_time(line.text)
    )


def is_value(text: str) -> bool:
    """Check whether text is what stands behind the key of a header, names or a date, and no speech.

    >>> is_value("Ann Lee and Bob Ray"), is_value("4 May"), is_value("So why does it turn?")
    (True, True, False)
    """
    return furniture.is_date(text) or is_list_of_names(text)


def is_list_of_names(text: str) -> bool:
    """Distinguish names with commas from speech.

    >>> is_list_of_names("Ann Lee and Bob Ray"), is_list_of_names("So why does it turn?")
    (True, False)
    """
    names = re.split(r",\s*|\s+(?:and|&|und|et|y)\s+", text)
    return all(likeness(clean(name)[0]) for name in names if name)


def _may_open(before: Line, line: Line) -> bool:
    """Check whether a line may begin with a label: something sets it off, and the line above is finished."""
    return _OPEN_END.search(before.text) is None and any(
        one.form.core.end or one.form.core.bracket or one.start_time is not None for one in candidates(line, 0)
    )


def _end(lines: Sequence[Line], found: Mapping[int, Candidate]) -> int:
    """Find where the comments of readers begin: behind the transcript, and nobody of it speaks there often."""
    for i, line in enumerate(lines):
        if not furniture.begins_comments(line.text):
            continue
        before = Counter(fold(label.name) for at, label in found.items() if at < i)
        known = {name for name, count in before.items() if count > 1} or set(before)
        behind = sum(fold(label.name) in known for at, label in found.items() if at > i)
        if sum(before[name] for name in known) >= max(2, 4 * behind) and not any(
            furniture.TRANSCRIPT.fullmatch(later.text) for later in lines[i:]
        ):
            return i
    return len(lines)


def _without_header(lines: Sequence[Line], labels: Labels) -> Labels:
    """Leave out `Host: Ann Lee` of a header: it says who somebody is, not what somebody said."""
    counts = Counter(fold(label.name) for label in labels.values())
    once = {i for i, label in labels.items() if counts[fold(label.name)] == 1}
    keys = {i for i, label in labels.items() if furniture.key_value(f"{label.name}: x")}
    values = {i for i in keys if _has_value(lines, i, labels[i])}
    top = set(takewhile((keys & once).__contains__, sorted(labels)))
    begun = _begun(lines, labels)
    # Above the heading Transcript: what is made as a header is, and titles that look like a name alone.
    above = (top | values | _names_alone_above(labels, begun)) & set(range(begun))
    header = above | (values & once) | (top if 1 < len(top) < len(labels) else set())
    return {i: label for i, label in labels.items() if i not in header}


def _names_alone_above(labels: Labels, begun: int) -> set[int]:
    """Find what looks like a name alone above a line, and stands nowhere below."""
    below = {fold(label.name) for i, label in labels.items() if i >= begun}
    bare = {i: fold(label.name) for i, label in labels.items() if not (label.rest or label.is_sure)}
    return {i for i, name in bare.items() if name not in below}


def _has_value(lines: Sequence[Line], index: int, label: LineLabel) -> bool:
    """Check for names, a date or a time behind a key: on its line, or on the next."""
    if label.rest or furniture.key_value(lines[index].text):
        return is_value(label.rest)
    return index + 1 < len(lines) and is_value(lines[index + 1].text)


def _begun(lines: Sequence[Line], labels: Labels) -> int:
    """Return where the heading `Transcript` stands above half of the labels or more; -1 for nowhere."""
    half = sorted(labels)[len(labels) // 2] if labels else 0
    return max((i for i in range(half) if furniture.TRANSCRIPT.fullmatch(lines[i].text)), default=-1)


def _without_contents(lines: Sequence[Line], labels: Labels) -> Labels:
    """Leave out what stands in a table of contents, what stands above it, and the headings that it lists.

    `Introduction` alone above a name, or `Growing up in Lisbon` above what sums the episode up, look as names do.
    """
    titles, end = _contents(lines, labels)
    kept = {i: label for i, label in labels.items() if i >= end and fold(label.raw) not in titles}
    return kept if 2 * len(kept) > len(labels) else labels


def _without_list_below(lines: Sequence[Line], labels: Labels, end: int) -> tuple[Labels, int]:
    """Leave out who is listed below the last turn; give also where the transcript ends then."""
    order = sorted(labels)
    alone = [not labels[i].rest for i in order]
    at = len(order) - 1
    while at > 0 and alone[at] and alone[at - 1] and order[at - 1] + 1 == order[at]:
        at -= 1
    if len(order) - at < FEWEST_LISTED or at == 0:
        return labels, end
    begin = order[at] - (1 if lines[order[at] - 1].heading else 0)
    return {i: label for i, label in labels.items() if i < begin}, min(end, begin)


def _contents(lines: Sequence[Line], labels: Labels) -> tuple[set[str], int]:
    """Return the titles of a table of contents, and where it ends: titles with rising times, line below line.

    The last of them must not look like a label: a heading above the first name with its time is no table.
    """
    counts = Counter(fold(label.name) for label in labels.values())
    half = sorted(labels)[len(labels) // 2] if labels else 0
    table: list[Piece] = []
    titles: set[str] = set()
    end = 0
    for i, line in enumerate(lines[:half]):
        if i in labels and counts[fold(labels[i].name)] > IN_TABLE_AND_TEXT:
            break  # somebody speaks
        chapter = chapter_of(line)
        if chapter is None or chapter.start_time is None:
            table = []
            continue
        rising = table and (table[-1].start_time or 0.0) <= chapter.start_time
        table = [*table, chapter] if rising else [chapter]
        if len(table) - (i in labels) >= FEWEST_TITLES:
            titles, end = {fold(other.text) for other in table}, i + 1
    return titles, end


def _transcript_start(lines: Sequence[Line], labels: Labels) -> int:
    """Find where the transcript begins: behind the last heading that says so and has most labels behind it."""
    order = sorted(labels)
    first, above = _with_time(lines, order[0]), -1
    for index, line in enumerate(lines):
        if furniture.TRANSCRIPT.fullmatch(line.text):
            behind = [i for i in order if i > index]
            if len(behind) >= 0.5 * len(order):
                first, above = _with_time(lines, behind[0]), index
    heading = _above_rule(lines, first)
    return heading if _is_first_heading(lines, above, heading) else first


def _above_rule(lines: Sequence[Line], index: int) -> int:
    """Return the line above, the rule under a heading left out."""
    above = index - 1
    while above > 0 and lines[above].noise == UNDERLINE:
        above -= 1
    return above


def talk_start(lines: Sequence[Line], labels: Labels, first: int) -> int | None:
    """Find the talk that stands above the first label, such as a lecture before its questions; `None` without one.

    It is what stands below a heading Transcript, or enough paragraphs that a recording may hold before the time of
    the first label.
    """
    earliest = min(labels)
    above = min(first, earliest)
    if (parts := _parts_above(lines, earliest)) is not None:
        return parts
    called = max((i for i in range(above) if furniture.TRANSCRIPT.fullmatch(lines[i].text)), default=None)
    begin = 0 if called is None else called + 1
    spoken = [i for i in range(begin, above) if _is_paragraph(lines[i])]
    words = sum(_words(lines[i].text) for i in spoken)
    starts = labels[earliest].start_time
    if words < (WORDS_OF_TALK if called is None else WORDS_BELOW_HEADING) or (
        starts is not None and starts < words / 4
    ):
        return None
    if called is not None:
        return begin
    start = spoken[0]
    return start - 1 if start > 1 and lines[start - 1].heading else start


def _parts_above(lines: Sequence[Line], label: int) -> int | None:
    """Find the first of the headings with paragraphs that are marked as the heading above the first label is."""
    below = next((i for i in range(label - 1, max(label - 3, -1), -1) if lines[i].heading), None)
    if below is None or not lines[below].mark:
        return None
    alike = [i for i in range(below) if lines[i].heading and lines[i].mark == lines[below].mark]
    if not alike or _are_called(lines, alike, below):
        return None
    words = sum(_words(line.text) for line in lines[alike[0] : below] if _is_paragraph(line))
    return alike[0] if words >= WORDS_OF_PARTS else None


def _are_called(lines: Sequence[Line], headings: Sequence[int], end: int) -> bool:
    """Check for headings of parts of the page, or of the transcript, from the first of them to a line."""
    beside = any(furniture.section_heading(lines[i].text) for i in headings)
    return beside or any(furniture.TRANSCRIPT.fullmatch(x.text) for x in lines[headings[0] : end + 1])


def _words(text: str) -> int:
    """Count words; a script without spaces has one in twelve characters at least."""
    return max(len(text.split()), len(text) // 12)


def _is_paragraph(line: Line) -> bool:
    """Check for text of some length that reads as speech: no credit, no header, no address."""
    long = len(line.text) >= LEAST_OF_PARAGRAPH or (
        len(line.text) >= LEAST_OF_PARAGRAPH // 3 and not line.text.isascii()
    )
    beside = furniture.is_credit(line.text) or furniture.key_value(line.text) or furniture.begins_tail(line.text)
    return long and not (beside or line.noise or line.heading or "http" in line.text)


def _is_first_heading(lines: Sequence[Line], transcript: int, index: int) -> bool:
    """Check for the heading of the first chapter: right below that of the transcript, or below the title.

    Where the headings of later chapters are made alike, it is no title.
    """
    if index <= transcript or lines[index].noise or not may_be_title(lines[index].text):
        return False
    if furniture.section_heading(lines[index].text):
        return False
    if transcript >= 0:
        return all(furniture.is_credit(x.text) or x.noise for x in lines[transcript + 1 : index])
    mine = lines[index]
    alike = any(x.heading and x.mark == mine.mark for x in lines[index + 1 :])
    return mine.heading and (alike or any(x.heading for x in lines[:index]))


def _with_time(lines: Sequence[Line], index: int) -> int:
    """Begin at the time that stands on a line of its own before the first label."""
    return index - 1 if index and lone_time(lines[index - 1].text) else index
