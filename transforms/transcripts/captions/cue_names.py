"""Names in front of the text of cues, where no markup says who speaks: `Ann: Hi.`, `[Ann] Hi.`, `(Ann) Hi.`.

What sets a name off is found out from the whole file, as in any text for the eye. A file is looked at in two ways:
in paragraphs, each from one label to the next, and cue by cue, which tells how many cues do without a label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from transforms.text import ends_sentence
from transforms.transcripts.grammar.candidates import SMALL_STOP, Candidate, Core, candidates
from transforms.transcripts.grammar.choose import OFTEN, SURE, Grammar, accepted, choose, how_likely
from transforms.transcripts.grammar.looks import has_marks, is_full_name
from transforms.transcripts.grammar.ways import Document, Occurrences
from transforms.transcripts.labels.names import is_sound
from transforms.transcripts.prose.lines import Line

FEWEST_TEXTS = 4  # below that it proves nothing
A_FEW = 3  # texts that all have a label are worth a flag
BEGINNING = 3  # texts, among which a file with names has the first one
VERY_SURE = 0.9  # it may have none there
WORTH_A_FLAG = 0.3  # is likely enough to say that there may be names
RECURRING = 0.25  # is likely enough where each name comes back
MOST = 0.5
EVERY = 0.9  # of the texts have a label: then it is one, whatever it says
FEWEST_SURE, MOSTLY_SURE = 8, 0.5  # of what recurs stands behind whole sentences: names do
SEVERAL = 2  # speakers
TWICE = 2
MOSTLY_ENDED = 0.8  # of what stands before a label is a whole sentence

_BREAKS_OFF = ("-", "–", "—", ":", ",", "]", ")", "♪")
_NO_MARKS = ("", "  ", "\t", SMALL_STOP)  # set no name off in a caption: what is said has them
_NOTES = ("♪", "♫", "♬")
_IN_BRACKETS = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|【[^【】]*】|（[^（）]*）")
_FIRST_BRACKETS = re.compile(rf"(?:{_IN_BRACKETS.pattern})\s*[^\W\d_]")

_WORTH_A_FLAG = Grammar({}, None, WORTH_A_FLAG, None, 0.0, (), WORTH_A_FLAG)

Key = tuple[Core, str]  # how a label is set off, and the name in it
Openings = Mapping[Key, Candidate]


@dataclass(frozen=True)
class Named:
    """Each text with the name in front of it, `None` where none stands there, and the grammar that says so.

    `grammar` is `None` where nothing says that anybody is named.
    """

    texts: list[tuple[str | None, str]]
    grammar: Grammar | None


def named_cues(texts: Sequence[str]) -> list[tuple[str | None, str]]:
    """Split the name from each text that has one.

    >>> named_cues(["Ann: Hi.", "Well.", "Rule one: listen.", "Bo: Why?"])
    [('Ann', 'Hi.'), (None, 'Well.'), (None, 'Rule one: listen.'), ('Bo', 'Why?')]
    >>> named_cues(["[Ann] Hi.", "[Bo] No.", "[Laughs] Yes.", "[Ann] Why?"])
    [('Ann', 'Hi.'), ('Bo', 'No.'), (None, '[Laughs] Yes.'), ('Ann', 'Why?')]
    """
    return find_names(texts).texts


def find_names(texts: Sequence[str], forced: Core | None = None) -> Named:
    """Split the name from each text that has one, by one grammar; `forced` is the one that the user says."""
    opened, ended = _all_openings(texts)
    nobody = Named([(None, text) for text in texts], None)
    if not any(opened):
        return replace(nobody, grammar=_WORTH_A_FLAG) if _first_comes_back(texts) else nobody
    spoken = _Texts(texts, opened, ended=ended)
    grammar = choose(spoken.paragraphs, replace(forced, bullet="")) if forced else spoken.grammar()
    if grammar is None and _first_comes_back(texts):
        grammar = _WORTH_A_FLAG
    return Named(list(spoken.split(grammar)), grammar) if grammar else nobody


def _first_comes_back(texts: Sequence[str]) -> bool:
    """Check for what could be a name in front of the first text and comes back: often, or twice beside another."""
    counts = Counter(key for text in texts for key, one in openings(text).items() if not is_sound(f"[{one.raw}]"))
    mine = openings(next((text for text in texts if not is_heard(text)), ""))
    again = max((counts[key] for key, one in mine.items() if one.rest), default=0)
    others = sum(count > 1 and key[0].bracket != "" for key, count in counts.items() if key not in mine)
    return again >= (TWICE if others else OFTEN)


def looked_at(texts: Sequence[str]) -> Iterator[Document]:
    """Yield the texts in each way in which a grammar is looked for: in paragraphs, and cue by cue."""
    opened, ended = _all_openings(texts)
    if any(opened):
        spoken = _Texts(texts, opened, ended=ended)
        yield from (spoken.paragraphs, *map(Document, spoken.cues))


def openings(text: str) -> dict[Key, Candidate]:
    """Return the ways in which a text could open with a name, set off by more than a space; sounds have none."""
    if is_heard(text):
        return {}
    return {
        (one.form.core, one.name): one
        for one in candidates(Line(0, text), 0)
        if (one.form.core.bracket or one.form.core.end not in _NO_MARKS) and text.endswith(one.rest)
    }


def is_heard(text: str) -> bool:
    """Check for a sound or a song: what stands in brackets as a whole, or behind a note of music."""
    return text.startswith(_NOTES) or _IN_BRACKETS.fullmatch(text) is not None


def is_label(text: str) -> bool:
    """Check for a text that may be a name alone, set off by brackets or a colon."""
    return _IN_BRACKETS.fullmatch(text) is not None or any(not one.rest for one in openings(text).values())


def is_finished(text: str) -> bool:
    """Check whether a sentence is not to go on behind a text: it ended, or was broken off."""
    return not text or ends_sentence(text) or text.endswith(_BREAKS_OFF)


def _all_openings(texts: Sequence[str]) -> tuple[list[Openings], bool]:
    """Find out where a name could stand, and whether sentences end before names.

    In such a file a name stands within a sentence only where it stands elsewhere more often: what cues are cut at,
    as in `and / then we started over: new records`, is none. What sets off a label in every text is not asked for
    that: it needs no sentence before it.
    """
    found = [openings(text) for text in texts]
    ended = [is_finished(before) for before in ["", *texts][: len(texts)]]
    counted = _Counted.of(found, ended)
    behind = [end for mine, end in zip(found, ended, strict=True) if mine]
    if sum(behind) < MOSTLY_ENDED * len(behind) and not counted.are_many:
        return _without_clauses(found, ended), False
    always = set[Core].intersection(*({core for core, _ in mine} for mine in found)) if found else set[Core]()
    return [
        {key: one for key, one in mine.items() if key[0] in always or counted.is_often_begun(key)}
        for mine in found
    ], True


@dataclass(frozen=True)
class _Counted:
    """How often each opening stands in a file, and how often behind a whole sentence.

    `are_many`: many of those that recur stand behind whole sentences, as names do.
    """

    counts: Counter[Key]
    begins: Counter[Key]
    are_many: bool

    @classmethod
    def of(cls, found: Sequence[Openings], ended: Sequence[bool]) -> _Counted:
        """Count the openings of texts; `ended`: a whole sentence stands above the text."""
        # A name that the next cue says again stands there once: the sentence goes on behind it.
        new = [mine.keys() - before.keys() for before, mine in zip([{}, *found], found, strict=False)]
        counts = Counter(key for keys in new for key in keys)
        begins = Counter(key for keys, end in zip(new, ended, strict=True) if end for key in keys)
        recurring = {key: count for key, count in counts.items() if count > 1}
        named = sum(count for key, count in recurring.items() if begins[key] >= MOSTLY_ENDED * count)
        return cls(counts, begins, named >= max(FEWEST_SURE, MOSTLY_SURE * sum(recurring.values())))

    def is_often_begun(self, key: Key) -> bool:
        """Check for what stands behind a whole sentence as often as within one, or ever, if there are not many."""
        return self.begins[key] * 2 >= self.counts[key] or (self.begins[key] > 0 and not self.are_many)


def _without_clauses(found: list[dict[Key, Candidate]], ended: Sequence[bool]) -> list[Openings]:
    """Leave out what stands once, begins small within a sentence, as most names do not: `said: I see`."""
    counts = Counter(key for mine in found for key in mine)
    large = sum(one.raw[:1].isupper() for mine in found for key, one in mine.items() if counts[key] > 1)
    recurring = sum(count for count in counts.values() if count > 1)
    if large < MOSTLY_ENDED * recurring:
        return list(found)
    return [
        {key: one for key, one in mine.items() if end or counts[key] > 1 or not one.raw[:1].islower()}
        for mine, end in zip(found, ended, strict=True)
    ]


def _both(one: float, other: float) -> float:
    """Combine two probabilities of the same thing: the mean of their log-odds."""
    odds = sqrt(one * other) / max(sqrt((1 - one) * (1 - other)), 1e-9)
    return odds / (1 + odds)


class _Texts:
    """Texts in the ways to look at them: in paragraphs, and cue by cue.

    `owner` says in which paragraph each text stands. Cues are looked at with and without a name that only says
    once more who goes on.
    """

    def __init__(self, texts: Sequence[str], opened: Sequence[Openings], *, ended: bool) -> None:
        self.texts, self.opened, self.owner = texts, opened, list[int]()
        paragraphs: list[list[str]] = []
        cues: list[str] = []
        once: list[str] = []
        current: Openings = {}
        for text, mine in zip(texts, opened, strict=True):
            again = next((one.rest for key, one in mine.items() if key in current), None)
            begins = again is None and (bool(mine) or not paragraphs)
            shown = _large(text, mine) if begins and not ended else text
            if begins:
                current = mine
                paragraphs.append([])
            paragraphs[-1].append(shown if again is None else again)
            self.owner.append(len(paragraphs) - 1)
            cues.append(shown)
            once.append(shown if again is None else again)
        self.paragraphs = Document(_lines(map(" ".join, paragraphs), ended=ended))
        self.cues = [_lines(many, ended=ended) for many in ([cues] if cues == once else [cues, once])]

    def grammar(self) -> Grammar | None:
        """Find how names are set off: by what the whole file proves, else by what comes back in brackets."""
        proved = self._proved()
        return proved if proved and proved.labels else self._in_brackets() or proved

    def _in_brackets(self) -> Grammar | None:
        """Find several names that come back in brackets, as sounds seldom do; unsure, so that it is flagged.

        Full names are read, anything else is only worth a flag, and so are brackets in front of most texts. `None`
        where there are none such.
        """
        found = next(filter(None, map(_named_in_brackets, self.paragraphs.ways)), None)
        if found:
            return found
        in_front = sum(_FIRST_BRACKETS.match(text) is not None for text in self.texts)
        if in_front > max(A_FEW, MOST * len(self.texts)):  # no sounds: `[Music] So it is.` in every cue
            return _WORTH_A_FLAG
        return None

    def _proved(self) -> Grammar | None:
        """Find the grammar of the paragraphs, as likely as both ways say; `None` where none is likely."""
        found = choose(self.paragraphs)
        every = self._core_of_all(found)
        if every:
            return self._named_in_all(every, _both(found.probability, self._by_cues(every)))
        if found.form is None:
            return found if all(self.opened) and len(self.texts) >= A_FEW else None
        if self._is_chance(found.form.core, found):
            return None
        likely = _both(found.probability, self._by_cues(found.form.core))
        if likely < self._least(found):
            return replace(found, probability=likely).declined() if likely >= WORTH_A_FLAG else None
        return replace(found, probability=likely, confidence=likely * found.confidence / found.probability)

    def _by_cues(self, core: Core) -> float:
        """Return how likely it is, cue by cue, that names are set off so."""
        return max(how_likely(lines, core) for lines in self.cues)

    def _named_in_all(self, every: Core, likely: float) -> Grammar:
        """Return the grammar of a file in which nearly every text has a label: in all of them, each is a name."""
        found = choose(self.paragraphs, every)
        if all(any(_is_as(every, core) for core, _ in mine) for mine in self.opened):
            named = {one.line: one for one in self._whole(every).found}
            found = replace(found, labels=named, doubted=(), confidence=1.0)
        return replace(found, probability=likely, confidence=likely * found.confidence)

    def _is_chance(self, core: Core, found: Grammar) -> bool:
        """Check for one name alone: `[Phone ringing]` now and then is a sound, `Star Wars: A New Hope` a title."""
        names = {one.name for one in found.labels.values()}
        texts = sum((core, name) in mine for name in names for mine in self.opened)
        in_brackets = core.bracket != "" and core.end != ":"
        return len(names) == 1 and (in_brackets or (texts == 1 and len(self.texts) >= FEWEST_TEXTS))

    def _core_of_all(self, found: Grammar) -> Core | None:
        """Find what sets a label off in nearly every text: all are names, if it is likely or most of them are."""
        cores = [{core for core, _ in mine} for mine in self.opened]
        core, _ = Counter(core for mine in cores for core in mine).most_common(1)[0]
        count = sum(any(_is_as(core, other) for other in mine) for mine in cores)
        if found.form and found.form.core == core and count >= max(FEWEST_TEXTS, EVERY * len(self.texts)):
            return core
        set_off = count == len(self.texts) and (core.bracket or core.end == ":")
        return core if set_off and _are_names(self._whole(core)) else None

    def _whole(self, core: Core) -> Occurrences:
        return next(whole for whole in self.paragraphs.ways if whole.core == core)

    def _least(self, grammar: Grammar) -> float:
        """Say how likely a grammar must be: more where the file begins without a name, less where all recur."""
        spoken = [owner for owner, text in zip(self.owner, self.texts, strict=True) if not is_heard(text)]
        if not any(owner in grammar.labels for owner in spoken[:BEGINNING]):
            return VERY_SURE
        counts = Counter(key for mine in self.opened for key in mine)
        recur = all(counts[one.form.core, one.name] > 1 for one in grammar.labels.values())
        return RECURRING if recur else SURE

    def split(self, grammar: Grammar) -> Iterable[tuple[str | None, str]]:
        """Yield each text without the name that the grammar sees in front of it, and that."""
        for text, mine, owner in zip(self.texts, self.opened, self.owner, strict=True):
            label = grammar.labels.get(owner)
            one = mine.get((label.form.core, label.name)) if label else None
            # A cue has its own time: one that stands in its text is said.
            yield (one.raw, one.rest) if one and one.start_time is None else (None, text)


def _are_names(whole: Occurrences) -> bool:
    """Check that labels are full names, or most of them accepted."""
    if all(is_full_name(one.raw) and not has_marks(one.raw) for one in whole.found):
        return True
    return len(accepted(whole).kept) >= MOST * len(whole.found)


def _named_in_brackets(whole: Occurrences) -> Grammar | None:
    """Read one way to mark labels as names in brackets that come back; `None` where they are no such."""
    names = [one for one in whole.found if one.form.core.bracket and not is_sound(f"[{one.raw}]")]
    counts = Counter(one.name for one in names)
    full = sum(is_full_name(one.raw) for one in names) > MOST * len(names)
    often = [one for one in names if counts[one.name] >= (TWICE if full else OFTEN)]
    if len({one.name for one in often}) < SEVERAL or len(often) < MOSTLY_ENDED * len(names):
        return None
    form = Counter(one.form for one in often).most_common(1)[0][0]
    worth_a_flag = Grammar({}, None, WORTH_A_FLAG, form, WORTH_A_FLAG, (), WORTH_A_FLAG)
    return replace(worth_a_flag, labels={one.line: one for one in names}, form=form) if full else worth_a_flag


def _is_as(core: Core, other: Core) -> bool:
    """Check whether a label is set off by a core, with or without brackets around it: `<NA>: What?`."""
    return core in (other, other.without_bracket)


def _lines(texts: Iterable[str], *, ended: bool) -> list[Line]:
    """Make a line of each text; where sentences have no end, each line is one."""
    return [Line(n, text if ended or ends_sentence(text) else f"{text}.") for n, text in enumerate(texts)]


def _large(text: str, mine: Openings) -> str:
    """Begin what is said behind a name with a capital, as sentences do that have marks."""
    rest = min((one.rest for one in mine.values()), key=len, default=text)
    return text[: len(text) - len(rest)] + rest[:1].upper() + rest[1:]
