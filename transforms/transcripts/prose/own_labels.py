"""Who is named on lines of their own, above what is said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from transforms.records import Seconds
from transforms.text import ends_sentence
from transforms.transcripts.names import PARTICLES, clean, fold, is_generic, is_plain, likeness, short_forms
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.lines import Labels, Line, LineLabel, lone_time

OFTEN_ENOUGH = 0.12  # of the lines are names that come twice
TAKING_TURNS = 0.4  # of the lines are names where each may be heard once
_SMALL_NAME = re.compile(r"(?:[^\W\d_][\w’'.-]* ){0,3}[^\W\d_][\w’'-]*(?: \d{1,2})?(?: \([^()]*\))?")


def own_labels(lines: Sequence[Line], found: Labels, lower: frozenset[str]) -> Labels:
    """Find the labels that stand on lines of their own, and those with text behind them by the same speakers."""
    candidates = _candidates(lines, found)
    names = _names(lines, candidates, lower)
    known = found | {i: label for i, label in candidates.items() if fold(label.name) in names}
    return {
        i: label
        for i, label in known.items()
        if fold(label.name) in names
        and (label.form != "inline" or not label.dashed)
        and _opens_text(lines, known, i, names)
    }


def _candidates(lines: Sequence[Line], found: Labels) -> Labels:
    candidates = {i: label for i, label in found.items() if label.form != "inline"}
    for i, line in enumerate(lines):  # a show that writes its names small
        if i not in found and line.noise is None and line.text.islower() and _SMALL_NAME.fullmatch(line.text):
            candidates[i] = LineLabel("bare", line.text, clean(line.text)[0], None, None, "")
    starts: dict[tuple[str, Seconds | None], int] = Counter(
        (fold(x.name), x.start_time) for x in candidates.values()
    )
    forms: dict[str, Counter[str]] = {}
    for label in candidates.values():
        forms.setdefault(fold(label.name), Counter())[label.form] += 1
    listed = {
        fold(x.name)
        for i, x in candidates.items()
        if x.form == "timed"
        and any(y.form == "timed" and y.name != x.name for y in map(candidates.get, (i - 1, i + 1)) if y)
    }
    often = Counter(form for counts in forms.values() if counts.total() > 2 for form in counts.elements())
    untimed = often["timed"] < often["bare"] + often["colon"]  # then a time in front is that of a chapter
    return {
        i: x
        for i, x in candidates.items()
        if furniture.noise(x.raw) is None
        and (is_generic(x.name) or not furniture.section_heading(x.raw))
        and not (untimed and (forms[fold(x.name)].keys() == {"timed"} or fold(x.name) in listed))
        and not (x.is_sure and starts[fold(x.name), x.start_time] > 1)  # a chapter, listed above and in its place
    }


def _names(lines: Sequence[Line], candidates: Labels, lower: frozenset[str]) -> set[str]:
    """Choose the names that stand on lines of their own: repeated, or in a text where such lines take turns."""
    counts = Counter(fold(label.name) for i, label in candidates.items() if i + 1 not in candidates)
    chosen = _repeated(candidates, counts, lower, len(lines))
    begun = max((i for i, line in enumerate(lines) if furniture.TRANSCRIPT.fullmatch(line.text)), default=-1)
    lines_of_text = sum(not line.heading and not line.noise for line in lines[begun + 1 :])
    behind = {i: label for i, label in candidates.items() if i > begun}
    if not chosen and len(counts) >= 2 and len(behind) >= TAKING_TURNS * lines_of_text:
        called = begun >= 0  # then a first name that the text does not write small will do
        chosen = {
            fold(x.name)
            for x in behind.values()
            if likeness(x.name) == 2
            or x.form != "bare"
            or counts[fold(x.name)] > 1
            or (called and not is_plain(fold(x.name), x.name, lower))
        }
    sure = {i: label for i, label in candidates.items() if fold(label.name) in chosen}
    if not sure:
        return chosen
    manner = _manner(sure, counts, lower, _begun(lines, candidates, min(sure)))
    return chosen | _heard_once(lines, candidates, manner)


def _repeated(candidates: Labels, counts: Counter[str], lower: frozenset[str], n_lines: int) -> set[str]:
    """Choose who is named three times, or twice where it looks like a name or others are named twice too."""
    mine: dict[str, list[LineLabel]] = {}
    for label in candidates.values():
        mine.setdefault(fold(label.name), []).append(label)
    often = {name for name, count in counts.items() if count >= 3}
    twice = {x for x, n in counts.items() if n == 2 and not is_plain(x, mine[x][0].name, lower)}
    known = {x for x in twice if likeness(mine[x][0].name) == 2 or any(label.form != "bare" for label in mine[x])}
    chosen = often | known or (twice if len(twice) >= 3 else set())
    # headings that are listed above and stand in their places come twice, too, but few they are
    return chosen if often or sum(counts[name] for name in chosen) >= OFTEN_ENOUGH * n_lines else set()


@dataclass(frozen=True)
class _Manner:
    """How the speakers who are sure are named; who is heard once is named in the same way.

    `begun` is the index of the line from which there is speech, `usual` counts the names of all candidates.
    """

    chosen: frozenset[str]
    usual: Counter[str]
    lower: frozenset[str]
    begun: int
    timed: bool
    short: bool
    small: bool

    @cached_property
    def _parts(self) -> frozenset[str]:
        return frozenset(token for known in self.chosen for token in known.split())

    def fits(self, label: LineLabel) -> bool:
        """Check whether a label names in this way."""
        name = fold(label.name)
        if self.small and label.name.islower():
            return " " in name or is_generic(name) or name in self._parts
        if not is_generic(label.name) and self.lower & {*name.split()} - PARTICLES:
            return False
        again = self.usual[name] > 1
        if " " not in label.name and (self.short or again or name in self._parts):
            return True
        if label.form == "timed":
            return self.timed or again or (likeness(label.name) == 2 and not is_generic(label.name))
        return label.form == "colon" or (likeness(label.name) == 2 and len(name.split()) <= 4)


def _manner(sure: Labels, counts: Counter[str], lower: frozenset[str], begun: int) -> _Manner:
    chosen = frozenset(fold(label.name) for label in sure.values())
    return _Manner(
        chosen=chosen,
        usual=counts,
        lower=lower,
        begun=begun,
        timed=sum(label.form == "timed" for label in sure.values()) * 2 >= len(sure),
        short=sum(" " not in name for name in chosen) * 2 >= len(chosen),
        small=all(label.name.islower() for label in sure.values()),
    )


def _begun(lines: Sequence[Line], candidates: Labels, first: int) -> int:
    """Go back from the first who is sure to where speech begins: full names with sentences below them."""
    above = (i for i in range(first - 1, -1, -1) if furniture.TRANSCRIPT.fullmatch(lines[i].text))
    if (transcript := next(above, None)) is not None:
        return transcript
    begun = first
    for i in range(first - 1, -1, -1):
        label = candidates.get(i)
        if label and likeness(label.name) == 2 and i + 1 not in candidates:
            begun = i
        elif label or not ends_sentence(lines[i].text):
            break
    return begun


def _heard_once(lines: Sequence[Line], candidates: Labels, manner: _Manner) -> set[str]:
    """Choose who is named in the same way but once, or in full at first and by the last name from then on."""
    once = set()
    for i, label in candidates.items():
        name = fold(label.name)
        opens = manner.timed and label.form == "timed" and i + 1 not in candidates
        spoken = not lines[i].heading and (i >= manner.begun or opens)
        if manner.chosen & short_forms(name) or (spoken and manner.fits(label)):
            once.add(name)
    return once


def _opens_text(lines: Sequence[Line], found: Labels, index: int, names: set[str]) -> bool:
    """Distinguish a label from a heading: text follows it, not the next label."""
    if found[index].rest or index + 1 >= len(lines):
        return True
    behind = index + 1
    if lone_time(lines[behind].text) and found.get(behind + 1) and fold(found[behind + 1].name) in names:
        behind += 1
    after = found.get(behind)
    return (
        after is None or after.form == "inline" or fold(after.name) not in names or after.name == found[index].name
    )
