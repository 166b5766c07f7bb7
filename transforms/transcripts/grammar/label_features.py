"""What can be measured of one label over a whole document: is it one of those who speak?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log

from transforms.text import SENTENCE_ENDS, ends_sentence
from transforms.transcripts.grammar.candidates import Candidate
from transforms.transcripts.grammar.looks import (
    has_capitals,
    has_marks,
    is_address,
    is_full_name,
    is_furniture,
    is_small,
    share,
    small_tokens,
)
from transforms.transcripts.grammar.ways import MOST_TOKENS, Occurrences
from transforms.transcripts.labels.names import clean, is_generic, is_uncased, short_forms
from transforms.transcripts.prose import furniture

MANY = 40  # as of forms
FEWEST_GOING_ON = 3  # lines


@dataclass(frozen=True)
class Usual:
    """What most labels of a grammar are like, and where those stand that come back."""

    seen: Occurrences

    @cached_property
    def recurring(self) -> list[Candidate]:
        """The labels that come back and are no controls of a page, all of them where none does."""
        found = self.seen.recurring().found
        return [one for one in found if not (one.form.alone and is_furniture(one.raw))] or list(found)

    @cached_property
    def lines(self) -> list[int]:
        """The indices of their lines."""
        return [one.line for one in self.recurring]

    @cached_property
    def template(self) -> tuple[str, bool]:
        """The form that stands oftenest."""
        return Counter((one.form.time, one.form.alone) for one in self.recurring).most_common(1)[0][0]

    @cached_property
    def gap(self) -> bool:
        """Whether most stand behind an empty line."""
        return sum(self.seen.document.lines[i].gap for i in self.lines) * 2 > len(self.lines)

    @cached_property
    def capitals(self) -> bool:
        """Whether most are written in capitals."""
        return sum(one.raw.isupper() for one in self.recurring) * 2 > len(self.recurring)

    @cached_property
    def length(self) -> float:
        """How many words they have on average."""
        return sum(one.raw.count(" ") + 1 for one in self.recurring) / len(self.recurring)

    @cached_property
    def small(self) -> float:
        """Which share of the tokens of those that come back begins small."""
        return sum(small_tokens(one.raw) for one in self.recurring) / len(self.recurring)

    @cached_property
    def short(self) -> frozenset[str]:
        """The short forms of all labels of two to five words."""
        names = (name for name in self.seen.persons if 0 < name.count(" ") < MOST_TOKENS)
        return frozenset(short for name in names for short in short_forms(name))

    def is_related(self, name: str) -> bool:
        """Check whether another label is a part of this one, or the other way round: `Ann Lee`, `Ann`, `AL`."""
        return name in self.short or self.seen.persons[name] != name

    @cached_property
    def uncased(self) -> float:
        """Which share of the labels that come back is of a script without capitals."""
        return share([is_uncased(one.raw) for one in self.recurring])

    @cached_property
    def full_names(self) -> float:
        """Which share of the labels that come back is of full names."""
        return share([is_full_name(one.raw) for one in self.recurring])

    @cached_property
    def generic(self) -> float:
        """Which share of the labels that come back names no person: Speaker 1, Host."""
        return share([is_generic(one.raw) for one in self.recurring])

    @cached_property
    def repeats(self) -> float:
        """How often one that comes back stands twice in a row: seldom, where each turn has one label."""
        names = [one.name for one in self.recurring]
        return share([a == b for a, b in pairwise(names)])

    @cached_property
    def every_line(self) -> float:
        """Which share of the lines from the first to the last is set off so: in a tight text, each turn."""
        found, document = self.seen.found, self.seen.document
        inside = range(found[0].line, found[-1].line + 1)
        spoken = sum(not (document.lines[i].noise or document.alone[i]) for i in inside)
        return len(found) / max(spoken, 1)

    @cached_property
    def goes_on(self) -> bool:
        """Whether lines with a time and no label go on what somebody says: then a time makes no label."""
        found, document = self.seen.found, self.seen.document
        mine = {one.line for one in found}
        inside = range(found[0].line, found[-1].line + 1)
        others = sum(document.stamped[i] and not document.alone[i] and i not in mine for i in inside)
        return others >= FEWEST_GOING_ON

    @cached_property
    def known(self) -> float:
        """Which share of all occurrences is of labels that come back."""
        return sum(self.seen.count(one.name) > 1 for one in self.seen.found) / len(self.seen.found)

    @cached_property
    def once(self) -> float:
        """Which share of the labels stands once."""
        return sum(count == 1 for count in self.seen.counts.values()) / len(self.seen.counts)

    @cached_property
    def most(self) -> int:
        """How often the most frequent one stands."""
        return max(self.seen.counts.values())


def of_label(name: str, mine: Sequence[int], usual: Usual) -> dict[str, float]:
    """Measure one label: `mine` are the places of its occurrences among those of the grammar."""
    single = {"bias": 1.0, **_counts(name, mine, usual), **_place(mine, usual), **_looks(name, mine, usual)}
    once, strong = single["once"], single["strong"]
    return single | {
        "strong_once": strong * once,
        "once_small": once * single["small_tokens"],
        "once_related": once * single["related"],
        "once_full_name": once * single["full_name"],
        "once_words": once * single["words"],
        "once_called": once * single["called"],
        "once_listed": once * single["listed"],
        "title_above": once * single["before_first"] * single["all_alone"] * (1 - single["related"]),
        "strong_small": strong * single["small_tokens"],
        "strong_unlike": strong * (1 - single["usual_form"]),
        "weak_unlike": (1 - strong) * (1 - single["usual_form"]),
    }


def _counts(name: str, mine: Sequence[int], usual: Usual) -> dict[str, float]:
    """Measure how often a label stands, and whether it takes turns with others."""
    seen, count = usual.seen, len(mine)
    n, once = len(seen.found), float(len(mine) == 1)
    beside = [seen.found[j].name for i in mine for j in (i - 1, i + 1) if 0 <= j < n]
    # Who asks in between stands between turns of one speaker; a phrase within a turn stands between two speakers.
    between = share([0 < i < n - 1 and seen.found[i - 1].name == seen.found[i + 1].name for i in mine])
    return {
        "between_same": between,
        "between_same_surely": between * (1 - usual.repeats) * usual.known,
        "between_others": share([0 < i < n - 1 for i in mine]) - between,
        "repeats": usual.repeats,
        "log_count": log(min(count, MANY)),
        "share": count / n,
        "share_of_top": count / usual.most,
        "once": once,
        "once_log_n": once * log(min(n, MANY)),
        "once_share": once * usual.once,
        "known_share": usual.known,
        "alternates": share([other != name for other in beside]) if beside else 0.5,
        "related": float(usual.is_related(name)),
        "every_line": usual.every_line,
        "once_every_line": once * usual.every_line,
        "log_n": log(min(n, MANY)) / 2,
        "log_distinct": log(min(len(seen.counts), MANY)) / 2,
    }


def _place(mine: Sequence[int], usual: Usual) -> dict[str, float]:
    """Tell where a label stands, and whether it is set off as most are."""
    seen, lines = usual.seen, usual.seen.document.lines
    found = [seen.found[i] for i in mine]
    return {
        "strong": float(not seen.is_weak),
        "all_alone": share([one.form.alone for one in found]),
        "colon": float(seen.core.end == ":"),
        "own_bracket": share([one.form.core.bracket != seen.core.bracket for one in found]),
        "usual_form": share([(one.form.time, one.form.alone) == usual.template for one in found]),
        "usual_gap": share([lines[one.line].gap == usual.gap for one in found]),
        "usual_time": share([(one.start_time is not None) == (usual.template[0] != "") for one in found]),
        **_lines_of(found, usual),
    }


def _lines_of(found: Sequence[Candidate], usual: Usual) -> dict[str, float]:
    """Tell between which others a label stands, and below what."""
    document, first, last = usual.seen.document, usual.lines[0], usual.lines[-1]
    above = [document.lines[one.line - 1].text if one.line else "" for one in found]
    return {
        "between": share([first <= one.line <= last for one in found]),
        "before_first": share([one.line < first for one in found]),
        "below_called": share([document.called is not None and one.line == document.called + 1 for one in found]),
        "title_line": share([one.line < 3 for one in found]),
        "after_sentence": share([not text or ends_sentence(text) for text in above]),
    }


def _looks(name: str, mine: Sequence[int], usual: Usual) -> dict[str, float]:
    """Measure the shape of a label, and what begins behind it."""
    seen, document = usual.seen, usual.seen.document
    found, texts, raw = [seen.found[i] for i in mine], [seen.texts[i] for i in mine], seen.found[mine[0]].raw
    words, small, once = raw.count(" ") + 1, small_tokens(raw), len(mine) == 1
    return {
        "words": min(words, 8) / 4,
        "length": log(len(raw)) / 2,
        "usual_length": -min(abs(words - usual.length), 5.0) / 2,
        "capital": float(not raw[:1].islower()),
        "same_capitals": float(raw.isupper() == usual.capitals),
        "full_name": is_full_name(raw),
        "small_words": float(is_small(raw, document.small_words)),
        "small_tokens": small,
        "unlike_small": abs(small - usual.small),
        "marks": float(has_marks(raw)),
        "generic": float(is_generic(raw)),
        "usual_full_names": usual.full_names,
        "usual_generic": usual.generic,
        "uncased": usual.uncased,
        "once_uncased": usual.uncased * once,
        "called": seen.called(name),
        "role": float(clean(raw)[1] is not None),
        "listed": seen.listed(name),
        "header": float(once and furniture.key_value(f"{raw}: x") is not None),
        "furniture": share([one.form.alone and is_furniture(one.raw) for one in found]),
        "phrase": float(name in document.phrases),
        "alone_ends": share([one.form.alone and one.raw.endswith(SENTENCE_ENDS) for one in found]),
        "no_words": share([not seen.behind[i] for i in mine]),
        "words_behind": sum(log(1 + min(seen.behind[i], 400)) for i in mine) / len(mine) / 3,
        "address": share([is_address(text) for text in texts]),
        "ends_behind": share([ends_sentence(text) for text in texts]),
        "small_behind": share([text[:1].islower() for text in texts]),
        "capitals_behind": share([once and has_capitals(text) for text in texts]),
    }
