"""What can be measured of a way to mark labels, and of each label, over a whole document: numbers, no words.

How often labels come back and take turns says most; what a label looks like is a few small numbers among many.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from math import log

from transforms.text import ends_sentence
from transforms.transcripts.grammar.candidates import Candidate, Core, candidates
from transforms.transcripts.names import clean, fold, is_generic, short_forms
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.lines import Line, lone_time

_SMALL = re.compile(r"(?<![\w.@#])[^\W\d_A-Z]{2,}(?!\w)")
_INNER_MARKS = re.compile(r"[?!;,…\"“”«»，。！？、；《》]|[^\W\d_]{5,}\.\s")
_URL = re.compile(r"(?:https?://|www\.)\S+$")
_HEADING = re.compile(r"h[1-6]")
_INNER_COLON = re.compile(r"[.?!…。！？,，;—–] ?([^.?!…。！？,，;:：]{1,60})[:：]")
_ENDED = re.compile(r"[.?!…。！？]$")

FORM_FEATURES = (
    "bias log_n log_distinct log_recurrence recurs recurs_thrice alternates back_and_forth top_share "
    "share_of_lines share_of_words words_before nothing_behind timed rising share_of_times siblings_named "
    "label_words label_marks generic words_behind small_behind ends_behind addresses "
    "bold bracket colon heading element other_end alone bullet two_or_more log_lines even_gaps "
    "furniture phrases label_length weak_and_colon back_of_two lone_voice marked"
).split()
# Those that say most, of which each pair counts, too: few labels that alternate are more than few, or alternating.
PAIRED = "log_n recurs alternates share_of_lines words_behind ends_behind small_behind label_words siblings_named log_lines marked alone".split()
PAIRS = tuple((a, b) for i, a in enumerate(PAIRED) for b in PAIRED[i:])
LABEL_FEATURES = (
    "bias log_count share once known_share alternates small_words capital same_capitals words marks generic related "
    "header no_words words_behind address ends_behind small_behind capitals_behind usual_form usual_gap usual_time "
    "usual_length between before_first after_sentence strong strong_once colon title_line small_tokens length "
    "share_of_top once_small once_related strong_small alone_ends unlike_small strong_unlike weak_unlike furniture phrase "
    "once_log_n full_name once_full_name once_words once_share"
).split()


class Document:
    """The lines of a document with what many measures ask for; `lines` are tidied and not empty."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.alone = [lone_time(line.text) is not None for line in lines]
        counts = [0 if line.noise or alone else _words(line.text) for line, alone in zip(lines, self.alone, strict=True)]
        self.words_until = [0, *accumulate(counts)]
        self.candidates = [candidates(line, i) for i, line in enumerate(lines)]
        self.stamped = [alone or any(x.start_time is not None for x in found) for found, alone in zip(self.candidates, self.alone, strict=True)]

    @cached_property
    def small_words(self) -> frozenset[str]:
        """The words that the text writes small: seldom names."""
        return frozenset(_SMALL.findall("\n".join(line.text for line in self.lines)))

    @cached_property
    def phrases(self) -> frozenset[str]:
        """What stands before a colon within a line: no label."""
        return frozenset(fold(match[1].strip()) for line in self.lines for match in _INNER_COLON.finditer(line.text))

    @cached_property
    def ways(self) -> list[Occurrences]:
        """Every way to mark labels: all candidates of a core, one a line, and those with and without times apart."""
        found: defaultdict[Core, dict[int, Candidate]] = defaultdict(dict)
        for line in self.candidates:
            for one in line:
                found[one.form.core].setdefault(one.line, one)
        ways = []
        for core, by_line in found.items():
            mine = tuple(by_line.values())
            timed = tuple(one for one in mine if one.start_time is not None)
            ways.append(Occurrences(self, core, mine))
            if timed and len(timed) < len(mine):
                ways.append(Occurrences(self, core, timed))
                ways.append(Occurrences(self, core, tuple(one for one in mine if one.start_time is None)))
        return ways

    def words_between(self, begin: int, end: int) -> int:
        """Count the words of the lines `begin:end`."""
        return self.words_until[end] - self.words_until[begin]

    @property
    def words(self) -> int:
        """How many words there are."""
        return self.words_until[-1]


@dataclass(frozen=True)
class Occurrences:
    """The lines that would open turns in one way, in their order."""

    document: Document
    core: Core
    found: tuple[Candidate, ...]

    @cached_property
    def persons(self) -> dict[str, str]:
        """Each label with the one short form of it that stands here, too: who is called `Ann Lee` once, then `Ann`."""
        names = {one.name for one in self.found}
        return {name: _short_form(name, names) for name in names}

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each person is named."""
        return Counter(self.persons[one.name] for one in self.found)

    def count(self, name: str) -> int:
        """How often a label, or the person of it, stands."""
        return self.counts[self.persons[name]]

    @cached_property
    def behind(self) -> list[int]:
        """The number of words behind each label up to the next."""
        ends = [*(one.line for one in self.found[1:]), len(self.document.lines)]
        return [_words(x.rest) + self.document.words_between(x.line + 1, end) for x, end in zip(self.found, ends, strict=True)]

    @cached_property
    def texts(self) -> list[str]:
        """What begins right behind each label: on its line, or on the next that is no time."""
        lines, alone = self.document.lines, self.document.alone
        shown = []
        for one in self.found:
            below = one.line + 1
            while not one.rest and below < len(lines) - 1 and alone[below]:
                below += 1
            shown.append(one.rest or (lines[below].text if below < len(lines) else ""))
        return shown

    @cached_property
    def is_weak(self) -> bool:
        """Whether nothing but a colon or the end of the line sets the labels off."""
        timed = sum(one.start_time is not None for one in self.found) * 2 >= len(self.found)
        return not (self.is_marked or timed)

    @property
    def is_marked(self) -> bool:
        """Whether marks, brackets or an element of their own set the labels off, with or without times."""
        core = self.core
        own = _HEADING.fullmatch(core.block) is not None or _is_element(core.block)
        return bool(core.bracket or core.mark or own or core.bullet == "|")

    def recurring(self) -> Occurrences:
        """Keep the labels that stand more than once, if there are any."""
        kept = tuple(one for one in self.found if self.count(one.name) > 1)
        return Occurrences(self.document, self.core, kept) if kept else self


def _short_form(name: str, names: set[str]) -> str:
    short = short_forms(name) & names - {name} if 0 < name.count(" ") < 5 else frozenset()
    return next(iter(short)) if len(short) == 1 else name


def _is_element(block: str) -> bool:
    """Check for an element that is more than a paragraph or a box: a cell, a term, a class."""
    return "." in block or block in ("dt", "cite", "th", "td") or block.startswith("td>")


def _words(text: str) -> int:
    """Count words; scripts without spaces have one in two characters or so."""
    spaced = text.count(" ") + 1
    return spaced if text.isascii() or spaced * 7 > len(text) else max(spaced, len(text) // 2) if text else 0


def _share(many: Sequence[object]) -> float:
    return sum(map(bool, many)) / len(many) if many else 0.0


def of_form(seen: Occurrences) -> list[float]:
    """Measure one way to mark labels; what is only set off by a colon or a line's end, by the labels accepted."""
    single = dict(zip(FORM_FEATURES, _of_form(seen), strict=True))
    return [*single.values(), *(single[a] * single[b] for a, b in PAIRS)]


def _of_form(seen: Occurrences) -> list[float]:
    document, found, counts = seen.document, seen.found, seen.counts
    n, core, first, last = len(found), seen.core, found[0].line, found[-1].line
    names = [seen.persons[one.name] for one in found]
    inside = [i for i in range(first, last + 1) if not document.lines[i].noise and not document.alone[i]]
    times = [one.start_time for one in found if one.start_time is not None]
    stamped = sum(document.stamped)
    before = document.words_between(0, first)
    siblings = sum(document.stamped[i] for i in inside) if len(times) * 2 > n else len(inside)
    gaps = [document.lines[one.line].gap for one in found]
    texts = seen.texts
    return [
        1.0,
        log(1 + n),
        log(1 + len(counts)),
        log(n / len(counts)),
        _share([counts[name] > 1 for name in names]),
        _share([counts[name] > 2 for name in names]),
        _share([a != b for a, b in pairwise(names)]),
        _share([a == b for a, b in zip(names, names[2:], strict=False)]),
        max(counts.values()) / n,
        min(1.0, n / max(len(inside), 1)),
        sum(seen.behind) / max(document.words, 1),
        before / max(document.words, 1),
        _share([not words for words in seen.behind]),
        len(times) / n,
        _share([a <= b for a, b in pairwise(times)]),
        len(times) / stamped if stamped else 0.0,
        min(1.0, n / max(siblings, 1)),
        min(sum(one.raw.count(" ") + 1 for one in found) / n, 8.0) / 4,
        _share([has_marks(one.raw) for one in found]),
        _share([is_generic(one.raw) for one in found]),
        min(sum(log(1 + words) for words in seen.behind) / n, 6.0) / 3,
        _share([text[:1].islower() for text in texts]),
        _share([ends_sentence(text) for text in texts]),
        _share([_URL.match(text) for text in texts]),
        float("strong" in core.mark),
        float(bool(core.bracket)),
        float(core.end == ":"),
        float(_HEADING.fullmatch(core.block) is not None),
        float(_is_element(core.block) or "." in core.mark or core.mark == "cite"),
        float(core.end not in (":", "")),
        _share([one.form.alone for one in found]),
        float(core.bullet in ("-", "*", "•", "1.")),
        float(n > 1),
        log(1 + len(document.lines)) / 3,
        max(_share(gaps), 1 - _share(gaps)),
        _share([one.form.alone and is_furniture(one.raw) for one in found]),
        _share([one.name in document.phrases for one in found]),
        sum(log(len(one.raw)) for one in found) / n / 2,
        float(seen.is_weak and core.end == ":"),
        _share([a == b for a, b in zip(names, names[2:], strict=False)]) * (len(counts) < 4),
        (len(counts) == 1) * min(1.0, n / max(siblings, 1)),
        float(seen.is_marked),
    ]


@lru_cache(maxsize=16384)
def is_furniture(raw: str) -> bool:
    """Check for a control, a heading of a part of the page, or what stands behind the transcript."""
    return bool(
        furniture.noise(raw)
        or furniture.TRANSCRIPT.fullmatch(raw)
        or furniture.section_heading(raw)
        or furniture.begins_tail(raw)
        or furniture.is_date(raw)
    )


def is_full_name(raw: str) -> float:
    """Return 1 for two to four words that all begin with a capital, but for short ones between them: Ann van Lee."""
    tokens = clean(raw)[0].split()
    outer = [*tokens[:1], *tokens[-1:], *(token for token in tokens if len(token) > 3)]
    return float(1 < len(tokens) < 5 and all(token[0].isupper() for token in outer))


def has_marks(raw: str) -> bool:
    """Check for marks of a sentence within a label; a role behind a comma has none."""
    return _INNER_MARKS.search(clean(raw)[0]) is not None


def small_tokens(raw: str) -> float:
    """Return the share of the longer tokens that begin small."""
    tokens = [token for token in raw.split() if len(token) > 3 or token.islower() and " " not in raw]
    return sum(token[0].islower() for token in tokens) / len(tokens) if tokens else 0.0


def is_small(raw: str, small: frozenset[str]) -> bool:
    """Check for words that the text writes small elsewhere, too."""
    words = [word.strip(".,'’\"()[]").lower() for word in raw.split()]
    return all(word in small for word in words if len(word) > 1) and any(len(word) > 1 for word in words)


@dataclass(frozen=True)
class Usual:
    """What most labels of a grammar are like, and where those stand that come back."""

    seen: Occurrences

    @cached_property
    def recurring(self) -> list[Candidate]:
        return list(self.seen.recurring().found)

    @cached_property
    def lines(self) -> list[int]:
        return [one.line for one in self.recurring]

    @cached_property
    def template(self) -> tuple[str, bool]:
        """The form that stands oftenest."""
        return Counter((one.form.time, one.form.alone) for one in self.recurring).most_common(1)[0][0]

    @cached_property
    def gap(self) -> bool:
        return sum(self.seen.document.lines[i].gap for i in self.lines) * 2 > len(self.lines)

    @cached_property
    def capitals(self) -> bool:
        return sum(one.raw.isupper() for one in self.recurring) * 2 > len(self.recurring)

    @cached_property
    def length(self) -> float:
        return sum(one.raw.count(" ") + 1 for one in self.recurring) / len(self.recurring)

    @cached_property
    def small(self) -> float:
        """Which share of the tokens of those that come back begins small."""
        return sum(small_tokens(one.raw) for one in self.recurring) / len(self.recurring)

    @cached_property
    def short(self) -> frozenset[str]:
        """The short forms of all labels of two to five words."""
        return frozenset(x for name in self.seen.persons if 0 < name.count(" ") < 5 for x in short_forms(name))

    def is_related(self, name: str) -> bool:
        """Check whether another label is a part of this one, or the other way round: `Ann Lee`, `Ann`, `AL`."""
        return name in self.short or self.seen.persons[name] != name


def of_label(name: str, mine: Sequence[int], usual: Usual) -> list[float]:
    """Measure one label: `mine` are the places of its occurrences among those of the grammar."""
    seen, document = usual.seen, usual.seen.document
    found = [seen.found[i] for i in mine]
    texts = [seen.texts[i] for i in mine]
    lines = [document.lines[one.line] for one in found]
    n, count, raw = len(seen.found), len(found), found[0].raw
    neighbours = [seen.found[j].name for i in mine for j in (i - 1, i + 1) if 0 <= j < n]
    first, last = usual.lines[0], usual.lines[-1]
    related = usual.is_related(name)
    above = [document.lines[one.line - 1].text if one.line else "" for one in found]
    strong = not seen.is_weak
    known = sum(seen.count(one.name) > 1 for one in seen.found) / n
    once = count == 1
    return [
        1.0,
        log(count),
        count / n,
        float(once),
        known,
        _share([other != name for other in neighbours]) if neighbours else 0.5,
        float(is_small(raw, document.small_words)),
        float(not raw[:1].islower()),
        float(raw.isupper() == usual.capitals),
        min(raw.count(" ") + 1, 8) / 4,
        float(has_marks(raw)),
        float(is_generic(raw)),
        float(related),
        float(once and furniture.key_value(f"{raw}: x") is not None),
        _share([not seen.behind[i] for i in mine]),
        sum(log(1 + min(seen.behind[i], 400)) for i in mine) / count / 3,
        _share([_URL.match(text) for text in texts]),
        _share([ends_sentence(text) for text in texts]),
        _share([text[:1].islower() for text in texts]),
        _share([once and sum(word[0].isupper() for word in text.split()[1:4]) > 1 for text in texts]),
        _share([(one.form.time, one.form.alone) == usual.template for one in found]),
        _share([line.gap == usual.gap for line in lines]),
        _share([(one.start_time is not None) == (usual.template[0] != "") for one in found]),
        -min(abs(raw.count(" ") + 1 - usual.length), 5.0) / 2,
        _share([first <= one.line <= last for one in found]),
        _share([one.line < first for one in found]),
        _share([not text or ends_sentence(text) for text in above]),
        float(strong),
        float(strong and once),
        float(seen.core.end == ":"),
        _share([one.line < 3 for one in found]),
        (lower := small_tokens(raw)),
        log(len(raw)) / 2,
        count / max(seen.counts.values()),
        float(once) * lower,
        float(once and related),
        strong * lower,
        _share([one.form.alone and bool(_ENDED.search(one.raw)) for one in found]),
        abs(lower - usual.small),
        float(strong) * (unlike := _share([(one.form.time, one.form.alone) != usual.template for one in found])),
        float(not strong) * unlike,
        _share([one.form.alone and is_furniture(one.raw) for one in found]),
        float(name in document.phrases),
        once * log(n),
        (full := is_full_name(raw)),
        once * full,
        once * min(raw.count(" ") + 1, 8) / 4,
        once * sum(count == 1 for count in seen.counts.values()) / len(seen.counts),
    ]
