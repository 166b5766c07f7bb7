"""Labels that a page marks up: names in bold, in headings, in cells or elements of their own.

What is made the same way means the same: where most of what is made one way are names that come again, the others
are names too, though they stand once; and what looks like a label but is not made like that is none.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from transforms.transcripts.html.html_blocks import LONGEST_LEAD, HtmlBlock
from transforms.transcripts.names import clean, fold, is_generic, likeness
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.headings import is_title
from transforms.transcripts.prose.lines import (
    WRAPPED,
    Form,
    Labels,
    LineLabel,
    lone_time,
    time_first,
    time_last,
    times,
)
from transforms.transcripts.prose.survey import Survey, is_value

SPEAKING_SHARE = 0.1  # of the blocks open a turn; of headings there are fewer
NAMES_SHARE = 0.7  # of what is made the same way look like names
AGAIN_SHARE = 0.5  # of those are names that come again
APART_SHARE = 0.7  # of the names in front of text have a colon or a time behind them
OFTEN_SHARE = 0.8  # of the names without either come again
OPENS_SHARE = 0.7  # of the names on lines of their own have text below them
AGREES_SHARE = 0.7  # of the labels found without the markup are among them

_SAYS_SPEAKER = re.compile(r"(?<![a-z])(?:speaker|name|cite|host|guest|td)(?![a-z])", re.IGNORECASE)
_SEMANTIC = frozenset(("strong", "cite", "u", "em"))
_COLONS = ":："
_COLON_FIRST = re.compile(r"\s*[:：]\s*|\s*[-–—|]\s+|\s+")
_WRAPPED_FIRST = re.compile(rf"({WRAPPED})[\s:：\-–—]*")
_ROLE_FIRST = re.compile(r"\s*(?:,\s*[^:：,.]{1,40}|\([^():：]{1,40}\)|\[[^\[\]:：]{1,40}\])(?=\s*[:：])")
_ODD_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3}")


@dataclass(frozen=True)
class MarkedSurvey(Survey):
    """What a page tells of its labels that marks them up: it marks its headings, too."""

    @cached_property
    def headings(self) -> frozenset[int]:
        """No line is a heading only by where it stands."""
        return frozenset()


@dataclass(slots=True)
class _Alike:
    """What one document marks in one way, by the index of its blocks."""

    mark: str
    labels: Labels = field(default_factory=dict)
    others: list[int] = field(default_factory=list)
    apart: int = 0

    @property
    def counts(self) -> Counter[str]:
        """How often each name comes."""
        return Counter(fold(label.name) for label in self.labels.values())


def mark_labels(found: Survey, blocks: Sequence[HtmlBlock]) -> Survey:
    """Correct what the text alone tells of the labels by how the page marks them up."""
    alike = _alike(blocks[: found.end])
    groups = [group for group in alike if _are_names(group, blocks, found)]
    found = _without_titles(found, blocks)
    if not groups:
        return found
    best = max(groups, key=lambda group: len(group.labels))
    labels = dict(best.labels)
    for group in groups:
        if _lies_within(group, best):
            labels = {**group.labels, **labels}
    agreed = sum(i in labels for i in found.labels)
    if agreed < (1 - AGREES_SHARE) * len(found.labels) and len(found.labels) > len(labels):
        return found
    labels = _without_headings(_without_header(labels), blocks)
    labels |= _unmarked(found, labels, agreed)
    lines = tuple(_with_headings(blocks, labels, alike))
    labels = {i: _with_time(label, i, blocks) for i, label in sorted(labels.items())}
    own = sum(not label.rest for label in labels.values()) * 2 > len(labels)
    return MarkedSurvey(lines, "own" if own else "inline", labels, _first(lines, labels), found.end)


def _without_titles(found: Survey, blocks: Sequence[HtmlBlock]) -> Survey:
    """Leave out `Rome: a history`: what says more than a name in a heading is a title."""
    labels = {i: label for i, label in found.labels.items() if not (label.rest and blocks[i].heading)}
    if not labels:
        return replace(found, family=None, labels={})
    return replace(found, labels=labels, first=_first(blocks, labels))


def _alike(blocks: Sequence[HtmlBlock]) -> list[_Alike]:
    """Sort the stretches that may be labels by how they are marked."""
    groups: dict[str, _Alike] = {}
    for index, block in enumerate(blocks):
        for mark, label, apart in _offers(block):
            group = groups.setdefault(mark, _Alike(mark))
            if label is None:
                group.others.append(index)
            else:
                group.labels[index] = label
                group.apart += apart
    return list(groups.values())


def _offers(block: HtmlBlock) -> Iterator[tuple[str, LineLabel | None, bool]]:
    """Yield what may be a label in a block: what is marked at its beginning, and the whole block."""
    if stretch := _lead(block):
        begin, end, mark = stretch
        label, apart = _label(block.text[:begin], block.text[begin:end], block.text[end:])
        alone = label is None and end == len(block.text)
        alone = alone or (label is not None and label.form in ("bare", "timed"))
        yield f"={mark}" if alone else mark, label, apart
    if not lone_time(block.text):
        label, apart = _label("", block.text, "")
        yield f"={block.mark}", label, apart


def _lead(block: HtmlBlock) -> tuple[int, int, str] | None:
    """Find the marked stretch that a block begins with, behind a time; two that touch are one."""
    kept = [x for x in block.spans if _has_letters(block.text[x.begin : x.end])]
    first = min((x.begin for x in kept), default=0)
    before = block.text[:first].strip(" -–—•>")
    if not kept or first > LONGEST_LEAD or (before and not lone_time(before)):
        return None
    start = min((x for x in kept if x.begin == first), key=lambda x: (_rank(x.mark), x.end))
    end = start.end
    for other in block.spans:
        if other.mark == start.mark and end <= other.begin <= end + 1:
            end = other.end
    return first, end, start.mark


def _rank(mark: str) -> int:
    if mark in _SEMANTIC or _SAYS_SPEAKER.search(mark):
        return 0
    return 1 if "." in mark else 2


def _has_letters(text: str) -> bool:
    return lone_time(text) is None and any(c.isalpha() for c in text)


def _label(before: str, head: str, rest: str) -> tuple[LineLabel | None, bool]:
    """Read a label of a marked stretch, and tell whether a colon or a time sets it apart from what follows."""
    if len(head) > LONGEST_LEAD:
        return None, False
    start, end = lone_time(before.strip(" -–—•>")) or (None, None)
    head = head.strip()
    if last := time_last(head):
        start, head = last
    elif first := time_first(head):
        start, end, head = first
    if role := _ROLE_FIRST.match(rest):
        head, rest = head + role[0], rest[role.end() :]
    colon = head.endswith(tuple(_COLONS)) or rest.lstrip().startswith(tuple(_COLONS))
    rest = rest[match.end() :] if (match := _COLON_FIRST.match(rest)) else rest
    if alone := lone_time(rest):
        (start, end), rest = alone, ""
    elif wrapped := _WRAPPED_FIRST.match(rest):
        (start, end), rest = times(wrapped[1]), rest[wrapped.end() :]
    name = clean(head)[0]
    apart = colon or start is not None
    if not _may_name(name, head.strip(f" {_COLONS}"), apart=apart):
        return None, False
    form: Form = "inline" if rest else "timed" if start is not None else "colon" if colon else "bare"
    return LineLabel(form, head.strip(), name, start, end, rest), apart


@lru_cache(maxsize=4096)
def _may_name(name: str, raw: str, *, apart: bool) -> bool:
    """Check whether marked text may be a name; one that begins like a sentence may, too."""
    if "," in raw and not apart and likeness(name) == 1 and not raw.isupper():
        return False
    if not name or furniture.noise(raw) or furniture.TRANSCRIPT.fullmatch(raw):
        return False
    if is_generic(name):
        return True
    if furniture.section_heading(raw) or furniture.begins_tail(raw):
        return False
    capitals = len(name.split()) > 1 and all(not token[0].islower() for token in name.split())
    return likeness(name) > 0 or (_ODD_NAME.fullmatch(name) is not None and (capitals or apart))


def _are_names(group: _Alike, blocks: Sequence[HtmlBlock], found: Survey) -> bool:
    """Judge whether what is marked in one way are the speakers' names."""
    labels, counts = group.labels, group.counts
    if len(labels) < 2:
        return False
    first, last = min(labels), max(labels)
    others = sum(first < i < last for i in group.others)
    again = sum(count for count in counts.values() if count > 1)
    known = sum(i in found.labels for i in labels)
    inline = [i for i, label in labels.items() if label.rest]
    alone = [i for i, label in labels.items() if not label.rest]
    opens = sum(i + 1 < len(blocks) and i + 1 not in labels for i in alone)
    return (
        len(labels) >= NAMES_SHARE * (len(labels) + others)
        and (
            again >= AGAIN_SHARE * len(labels)
            or known >= AGREES_SHARE * len(labels)
            or (len(labels) > 2 and not others and _stand_below_heading(labels, blocks))
        )
        and (group.apart >= APART_SHARE * len(inline) or _says_speaker(group, others))
        and opens >= OPENS_SHARE * len(alone)
    )


def _says_speaker(group: _Alike, others: int) -> bool:
    """Check for names that nothing sets apart: their element is called so, or is all theirs and most recur."""
    if _SAYS_SPEAKER.search(group.mark):
        return True
    often = [count for count in group.counts.values() if count > 1]
    return not others and len(often) > 1 and sum(often) >= OFTEN_SHARE * len(group.labels)


def _stand_below_heading(labels: Labels, blocks: Sequence[HtmlBlock]) -> bool:
    """Check for full names, or names with times, below a heading that says that what follows is the transcript."""
    full = all(
        likeness(label.name) == 2 or label.is_sure or any(lone_time(x.text) for x in blocks[i + 1 : i + 2])
        for i, label in labels.items()
    )
    called = any(furniture.TRANSCRIPT.fullmatch(block.text) for block in blocks[: min(labels)])
    return full and called and len(labels) >= SPEAKING_SHARE * (len(blocks) - min(labels))


def _lies_within(group: _Alike, best: _Alike) -> bool:
    first, last = min(best.labels), max(best.labels)
    return sum(first - 2 <= i <= last + 2 for i in group.labels) >= NAMES_SHARE * len(group.labels)


def _without_header(labels: Labels) -> Labels:
    """Leave out `Host: Ann Lee`, which says who somebody is, where it stands outside of the conversation."""
    counts = Counter(fold(label.name) for label in labels.values())
    again = [i for i, label in labels.items() if counts[fold(label.name)] > 1]
    first, last = min(again, default=0), max(again, default=len(labels))

    def says_who(index: int, label: LineLabel) -> bool:
        outside = not first <= index <= last and counts[fold(label.name)] == 1
        known = furniture.key_value(f"{label.name}: {label.rest}") or is_generic(label.name)
        return bool(outside and known and label.rest and is_value(label.rest))

    return {i: label for i, label in labels.items() if not says_who(i, label)}


def _without_headings(labels: Labels, blocks: Sequence[HtmlBlock]) -> Labels:
    """Leave out what stands once, alone, and right above a label: a heading that could be a name."""
    counts = Counter(fold(label.name) for label in labels.values())
    return {
        i: label
        for i, label in labels.items()
        if label.rest or i + 1 not in labels or counts[fold(label.name)] > 1 or blocks[i].mark == "data-speaker"
    }


def _unmarked(found: Survey, labels: Labels, agreed: int) -> Labels:
    """Return the labels without the mark that are labels all the same: of known names, or of a mixed page."""
    names = {fold(label.name) for label in labels.values()}
    mixed = agreed < 0.9 * len(found.labels)
    return {
        i: label
        for i, label in found.labels.items()
        if i not in labels
        and not found.lines[i].heading
        and (fold(label.name) in names or (mixed and label.form != "bare" and likeness(label.name) == 2))
    }


def _with_headings(blocks: Sequence[HtmlBlock], labels: Labels, alike: list[_Alike]) -> Iterator[HtmlBlock]:
    """Take for a heading what is bold, alone, and right above a label."""
    bold = {i for group in alike if group.mark == "=strong" for i in (*group.labels, *group.others)}
    for i, block in enumerate(blocks):
        heading = i in bold and i not in labels and i + 1 in labels and is_title(block.text)
        yield replace(block, heading=True) if heading else block


def _with_time(label: LineLabel, index: int, blocks: Sequence[HtmlBlock]) -> LineLabel:
    """Take the time that the element of what is said states."""
    if label.start_time is not None:
        return label
    said = blocks[index + 1 : index + 2] if not label.rest else ()
    time = next((block.time for block in (blocks[index], *said) if block.time is not None), None)
    return label if time is None else replace(label, start_time=time)


def _first(lines: Sequence[HtmlBlock], labels: Labels) -> int:
    """Find where the transcript begins: at the first label behind the last heading that says so."""
    order = sorted(labels)
    first = order[0]
    for index, line in enumerate(lines[: order[len(order) // 2]]):
        if furniture.TRANSCRIPT.fullmatch(line.text):
            first = order[bisect(order, index)]
    return first - 1 if first and lone_time(lines[first - 1].text) else first
