"""The ways in which a document could mark its labels, with what many measures ask of its lines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from transforms.transcripts.grammar.candidates import Candidate, Core, candidates
from transforms.transcripts.labels.names import fold, short_forms
from transforms.transcripts.prose import furniture
from transforms.transcripts.prose.lines import Line, lone_time

MOST_TOKENS = 5  # of a name that may be shortened

_WORD = re.compile(r"\w+")
_SMALL = re.compile(r"(?<![\w.@#])[^\W\d_A-Z]{2,}(?!\w)")
_INNER_COLON = re.compile(r"[.?!…。！？,，;—–] ?([^.?!…。！？,，;:：]{1,60})[:：]")
_WITHIN = re.compile(r"(?:(?<=[^\W\d_] )|(?<=[^\W\d_], ))[^\W\d_][\w'’-]+")
_HEADING = re.compile(r"h[1-6]")


class Document:
    """The lines of a document with what many measures ask for; `lines` are tidied and not empty."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.alone = [lone_time(line.text) is not None for line in lines]
        counts = [
            0 if line.noise or alone else _words(line.text) for line, alone in zip(lines, self.alone, strict=True)
        ]
        self.words_until = [0, *accumulate(counts)]
        self._looked_at, self._first_lines = 0, dict[str, int]()
        self.candidates = [candidates(line, i) for i, line in enumerate(lines)]
        self.stamped = [
            alone or any(x.start_time is not None for x in found)
            for found, alone in zip(self.candidates, self.alone, strict=True)
        ]

    @cached_property
    def small_words(self) -> frozenset[str]:
        """The words that the text writes small: seldom names."""
        written = {word for line in self.lines for word in line.text.split()}
        return frozenset(_SMALL.findall(" ".join(written)))

    @cached_property
    def called(self) -> int | None:
        """The index of the first heading that says Transcript; `None` without one."""
        return next((i for i, line in enumerate(self.lines) if furniture.TRANSCRIPT.fullmatch(line.text)), None)

    def first_lines(self, end: int) -> dict[str, int]:
        """Return where each word of the lines before `end` stands first; what was looked at is not read again."""
        for i in range(self._looked_at, end):
            for word in _WORD.findall(fold(self.lines[i].text)):
                self._first_lines.setdefault(word, i)
        self._looked_at = max(self._looked_at, end)
        return self._first_lines

    @cached_property
    def called_names(self) -> frozenset[str]:
        """The words that begin large within a sentence: who is spoken to, or of."""
        found = (word for line in self.lines for word in _WITHIN.findall(line.text))
        return frozenset(fold(word) for word in found if word[0].isupper())

    @cached_property
    def phrases(self) -> frozenset[str]:
        """What stands before a colon within a line: no label."""
        texts = [line.text for line in self.lines]
        colons = [max(text.rfind(":"), text.rfind("：")) for text in texts]
        return frozenset(
            fold(match[1].strip())
            for text, last in zip(texts, colons, strict=True)
            for match in _INNER_COLON.finditer(text, 0, last + 1)
        )

    @cached_property
    def ways(self) -> list[Occurrences]:
        """Every way to mark labels: the candidates of a core, one a line; those with and without times apart."""
        found: defaultdict[Core, dict[int, Candidate]] = defaultdict(dict)
        for line in self.candidates:
            for one in line:
                found[one.form.core].setdefault(one.line, one)
        for core in found:
            bare = core.without_bracket
            if core.bracket and len(found.get(bare, ())) > len(found[core]):
                # `[Unknown]: What is it?` among `Ann: …`: set off as the others are, and by brackets, too
                found[bare] = dict(sorted({**found[core], **found[bare]}.items()))
        ways = []
        for core, by_line in found.items():
            mine = tuple(by_line.values())
            timed = tuple(one for one in mine if one.start_time is not None)
            if timed and len(timed) < len(mine):
                of_time = Occurrences(self, core, timed)
                ways.append(Occurrences(self, core, mine, of_time))
                ways.append(of_time)
                ways.append(Occurrences(self, core, tuple(one for one in mine if one.start_time is None)))
            else:
                ways.append(Occurrences(self, core, mine))
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
    """The lines that would open turns in one way, in order; `timed`: those with a time, where some have none."""

    document: Document
    core: Core
    found: tuple[Candidate, ...]
    timed: Occurrences | None = None

    @cached_property
    def persons(self) -> dict[str, str]:
        """Each label with the one short form of it that stands here, too: `Ann Lee` once, then `Ann`."""
        names = {one.name for one in self.found}
        return {name: _short_form(name, names) for name in names}

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each person is named."""
        return Counter(self.persons[one.name] for one in self.found)

    def count(self, name: str) -> int:
        """How often a label, or the person of it, stands."""
        return self.counts[self.persons[name]]

    def listed(self, name: str) -> float:
        """Which share of the words of a name stands above the heading Transcript, or above all labels."""
        document = self.document
        end = self.found[0].line if document.called is None else document.called
        first, mine = document.first_lines(end), _WORD.findall(name)
        return sum(first.get(word, end) < end for word in mine) / len(mine) if mine else 0.0

    def called(self, name: str) -> float:
        """Which share of the words of a name begins large within a sentence elsewhere."""
        mine = _WORD.findall(name)
        return sum(word in self.document.called_names for word in mine) / len(mine) if mine else 0.0

    @cached_property
    def behind(self) -> list[int]:
        """The number of words behind each label up to the next."""
        ends = [*(one.line for one in self.found[1:]), len(self.document.lines)]
        return [
            _words(x.rest) + self.document.words_between(x.line + 1, end)
            for x, end in zip(self.found, ends, strict=True)
        ]

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
        return bool(core.bracket or core.mark or self.is_heading or is_element(core.block) or core.bullet == "|")

    @property
    def is_heading(self) -> bool:
        """Whether the labels are headings."""
        return is_heading(self.core.block)

    def recurring(self) -> Occurrences:
        """Keep the labels that stand more than once, if there are any."""
        kept = tuple(one for one in self.found if self.count(one.name) > 1)
        return Occurrences(self.document, self.core, kept) if kept else self


def _short_form(name: str, names: set[str]) -> str:
    """Return the one short form of a name that is a label too, else the name itself."""
    if not 0 < name.count(" ") < MOST_TOKENS:
        return name
    short = [form for form in short_forms(name) if form in names and form != name]
    return short[0] if len(short) == 1 else name


def is_heading(block: str) -> bool:
    """Check for the block of a heading."""
    return _HEADING.fullmatch(block) is not None


def is_element(block: str) -> bool:
    """Check for an element that is more than a paragraph or a box: a cell, a term, a class."""
    return "." in block or block in ("dt", "cite", "th", "td") or block.startswith("td>")


def _words(text: str) -> int:
    """Count words; scripts without spaces have one in two characters or so."""
    spaced = text.count(" ") + 1
    return spaced if text.isascii() or spaced * 7 > len(text) else max(spaced, len(text) // 2) if text else 0
