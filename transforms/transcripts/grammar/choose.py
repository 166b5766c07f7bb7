"""The one grammar of a document: the way to mark labels that the whole of it proves, and the labels in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest

from transforms.text import ends_sentence
from transforms.transcripts.grammar import score
from transforms.transcripts.grammar.candidates import LONGEST_LABEL, Candidate, Core, Form, is_titled, without_end
from transforms.transcripts.grammar.form_features import of_form
from transforms.transcripts.grammar.label_features import Usual, of_label
from transforms.transcripts.grammar.looks import has_marks, is_full_name
from transforms.transcripts.grammar.ways import Document, Occurrences, is_element, is_heading
from transforms.transcripts.labels.names import fold, is_sound, short_forms
from transforms.transcripts.prose.lines import Line
from transforms.transcripts.prose.questions import FEWEST_ASKED, asks, is_set_off

LIKELY_MARKED = 0.1  # a form with marks or brackets is the document's from here on
LIKELY_NAMED = 0.02  # so is a form in which each line begins with a label and a colon, and most labels are names
FEWEST_ONCE = 5  # labels of which each stands once: headings are like that
MUCH = 0.1  # of the words
NEARLY_ALL = 0.8  # of the labels are one's: what stands between them may be words that he says
FEWEST_LISTED = 4  # labels of which each stands once: so do the authors of quotes and letters
MOSTLY_NAMED = 0.75  # of the labels are full names there
LIKELY = 0.5  # any other form: who gives a text says that somebody speaks
SURE = 0.5  # a label is one from here on
SURE_KIN = 0.5  # of the labels of a second form are names of the first
DOUBTED_ONCE = 0.1  # a label that stands once in a strong form is none below this
UNSURE = 0.15  # a label more likely than this, and less than its opposite, may be one or not
SURE_ONCE = 0.97  # a label that stands once and is set off weakly may be none below this: `First: the motor.`
UNLIKE = 0.4  # at most: a label that always stands alone, where words stand behind the others
MOST_LABELS = 1000  # of one form are judged, those that stand oftenest: no episode has more than 500 speakers
LEAST_PART = 0.25  # of the words are a part of their own, such as a second document in the file
SURE_PART = 0.95
LEAST_TITLED, SURE_TITLED = 0.05, 0.8  # the same, where it has a title of its own
FEWEST_OF_PART = 4  # labels
FEWEST_HEADED = 3  # parts that one person begins
DOUBTFUL = 0.85  # is left of the confidence where something speaks against a reading
LONGEST_LETTER = 2  # characters of a label such as `Q` or `A1`
OFTEN = 3  # a label that stands so often in a strong form is one, whatever it says


@dataclass(frozen=True)
class Grammar:
    """How a document marks who speaks; `labels` by the index of their line, none where nobody is named.

    `form` is the form that stands oftenest, `runner_up` the next that does not go with it; `probability` and
    `next_probability` say how likely each is. `doubted` are the labels that were judged to be none.
    `confidence` is the probability times the share of words that would stay where they are if every unsure label
    were judged the other way.
    """

    labels: dict[int, Candidate]
    form: Form | None
    probability: float
    runner_up: Form | None
    next_probability: float
    doubted: tuple[Candidate, ...] = ()
    confidence: float = 0.0

    def declined(self) -> Grammar:
        """Return the grammar of a document that is read as one that names nobody: what it had is the runner-up."""
        form, likely = (self.form, self.probability) if self.form else (self.runner_up, self.next_probability)
        return Grammar({}, None, likely, form, likely, confidence=1 - likely)


def choose(lines: Sequence[Line] | Document, forced: Core | None = None) -> Grammar:
    """Find the grammar of a document's lines; `forced` is the core that the user says it has.

    Of another core nothing is a label then, and the user's word makes it sure: only its labels are judged, and
    whether somebody else speaks who is named otherwise (`_has_others`), not how many are named how often.
    """
    document = lines if isinstance(lines, Document) else Document(lines)
    # Of ways that are about as likely, the one with more labels: those with a time and those without are one.
    ways = sorted(
        (way for whole in document.ways for way in _way(whole, forced)),
        key=lambda way: (-round(way.probability, 2), -len(way.kept)),
    )
    best = _best(ways, forced)
    if best is None:
        form, likely = (ways[0].form, ways[0].probability) if ways else (None, 0.0)
        return Grammar({}, None, likely, form, likely, confidence=1 - likely)
    others = [way for way in ways if way is not best]
    labels, is_parted = _labels(document, best, others, forced)
    rival = next((other for other in others if not _is_kin(other, labels)), None)
    unusual = forced is None and (is_parted or _is_unusual(labels))
    doubted = unusual or _has_others(document, best, labels, rival)
    trust = (DOUBTFUL if doubted else 1.0) * (best.probability if forced is None else 1.0)
    return Grammar(
        labels,
        best.form,
        best.probability,
        rival.form if rival else None,
        rival.probability if rival else 0.0,
        best.doubted,
        trust * (1 - _unsure_share(document, best, labels)),
    )


def _best(ways: Sequence[Way], forced: Core | None) -> Way | None:
    """Return the way that a document is read; `None` where none is likely, or none is what the user says."""
    if forced is None:
        return next((way for way in ways if way.is_likely), None)
    meant = [way for way in ways if forced.covers(way.form.core)]
    return next((way for way in meant if way.is_likely), meant[0] if meant else None)


def _labels(
    document: Document, best: Way, others: Sequence[Way], forced: Core | None
) -> tuple[dict[int, Candidate], bool]:
    """Return the labels in the order of their lines: those of the best way, of its kin, and what they tell of.

    Return, too, whether a part may have others that are not sure enough.
    """
    is_parted = False
    labels = {one.line: one for one in best.kept}
    for other in others:
        meant = forced is None or forced.covers(other.form.core)
        if meant and other.is_likely and _is_kin(other, labels):
            labels = {**_of_kin(other, labels), **labels}
    labels |= _known(document, labels)
    labels |= _beside_letters(document, labels)
    if forced is None:
        of_part, is_parted = _of_other_part(document, labels)
        labels = _with_words(document, labels | of_part)
    return dict(sorted(labels.items())), is_parted


def _with_words(document: Document, labels: dict[int, Candidate]) -> dict[int, Candidate]:
    """Leave out what stands once and has no words behind it.

    Below a name alone it is what its owner says, also to another one (`Ann, thank you.`); with a time where those
    who come back have none, or have it elsewhere, it heads a chapter.
    """
    answers, standing = _always_below(labels), _Standing.of(document, labels)
    return {i: one for i, one in labels.items() if one.name not in answers and standing.is_kept(i, one)}


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where labels stand, and how often: `written` as they are, `counts` each name.

    `time` is where the times of those who come back stand; `timed_below`: nearly all have one below them.
    """

    document: Document
    labels: dict[int, Candidate]
    written: Counter[str]
    counts: Counter[str]
    time: str | None
    timed_below: bool

    @classmethod
    def of(cls, document: Document, labels: dict[int, Candidate]) -> _Standing:
        """Look at where the labels of a document stand."""
        written = Counter(one.raw for one in labels.values())
        counts = Counter(one.name for one in labels.values())
        usual = Counter(one.form.time for one in labels.values() if written[one.raw] > 1).most_common(1)
        below = sum(_is_timed_below(document, i) for i in labels) >= NEARLY_ALL * len(labels)
        return cls(document, labels, written, counts, usual[0][0] if usual else None, below)

    def is_kept(self, i: int, one: Candidate) -> bool:
        """Check that a label is neither a sound nor a title, and that words stand behind it or its like."""
        has_words = _has_words(self.document, self.labels, i)
        if (self._is_heard(one) and not has_words) or self._is_title(i, one):
            return False
        if self.written[one.raw] > 1:
            return True
        below = one.start_time is None and i - 1 in self.labels and self.labels[i - 1].form.alone
        if below and one.form.alone and "," in one.raw and ends_sentence(one.raw):
            return False
        return has_words or not ((below and self.counts[one.name] == 1) or self._heads(one))

    def _is_heard(self, one: Candidate) -> bool:
        return one.start_time is None and is_sound(f"[{one.raw}]")

    def _is_title(self, i: int, one: Candidate) -> bool:
        """Check for the one that has no time below it, where the others have one."""
        once = self.timed_below and self.counts[one.name] == 1 and one.start_time is None
        return once and not _is_timed_below(self.document, i)

    def _heads(self, one: Candidate) -> bool:
        return self.time is not None and one.form.time not in ("", self.time) and not one.form.core.end


def _is_timed_below(document: Document, index: int) -> bool:
    """Check for a time alone below a line."""
    return index + 1 < len(document.lines) and document.alone[index + 1]


def _always_below(labels: dict[int, Candidate]) -> set[str]:
    """Return what comes back right below names of its form, all alone: their owners say it, as `Why not`."""
    above = {
        i: labels[i - 1].name
        for i, one in labels.items()
        if one.form.alone and i - 1 in labels and labels[i - 1].form == one.form
    }
    names = {one.name for i, one in labels.items() if i not in above}
    below = Counter(labels[i].name for i, name in above.items() if name in names or name == labels[i].name)
    counts = Counter(one.name for one in labels.values())
    return {name for name, count in below.items() if count == counts[name] > 1}


def _has_words(document: Document, labels: dict[int, Candidate], index: int) -> bool:
    """Check for words behind a label, on its line or below it."""
    return not labels[index].form.alone or not (index + 1 in labels or index + 1 == len(document.lines))


def _is_unusual(labels: dict[int, Candidate]) -> bool:
    """Check for one who is named again and again, and nearly nobody else, or many of whom each is named once.

    Are the answers somebody's? Is it a list? Who gives the grammar has answered that.
    """
    counts = Counter(one.name for one in labels.values())
    is_list = len(counts) == len(labels) >= FEWEST_LISTED and counts.keys().isdisjoint(
        form for name in counts for form in short_forms(name) if form != name
    )
    return is_list or (len(labels) > 1 and max(counts.values()) >= NEARLY_ALL * len(labels))


def _has_others(document: Document, best: Way, labels: dict[int, Candidate], rival: Way | None) -> bool:
    """Check for what speaks for others than those who are named, or for turns elsewhere.

    Known names with a colon within what is said: do turns begin there? Another form that is likely, too: who is
    right? And all that `_is_doubtful` asks.
    """
    inside = not document.phrases.isdisjoint(one.name for one in labels.values())
    other = rival is not None and rival.probability >= LIKELY and len(rival.kept) >= OFTEN
    return inside or other or _is_doubtful(document, best, labels)


def _is_doubtful(document: Document, best: Way, labels: dict[int, Candidate]) -> bool:
    """Check for lines within turns of which somebody else may be the speaker.

    Whole lines that are marked as labels are, or questions that are set off: who asks? Lines that go on and begin
    as labels do, and no others: do they? Lines that come back, each above what is said: are they names?
    """
    return (
        _much_is_doubted(document, best, labels)
        or _doubted_first(document, best, labels)
        or _runs_on(labels)
        or _marked_inside(document, labels)
        or _asked_inside(document, labels)
        or _only_doubted(document, best, labels)
        or _heads_inside(document, labels)
    )


def _much_is_doubted(document: Document, best: Way, labels: dict[int, Candidate]) -> bool:
    """Check whether much is said behind a word or two that come back, set off as labels, and judged to be none."""
    short = (one.name for one in best.doubted if one.name.count(" ") < 2 and one.name not in document.phrases)
    counts = Counter(short)
    inside = (one for one in best.doubted if not one.form.core.is_bare and min(labels) < one.line)
    doubted = {one.line for one in inside if counts[one.name] > 1} - labels.keys()
    order = sorted({*labels, *doubted})
    ends = zip(order, [*order[1:], len(document.lines)], strict=True)
    words = sum(document.words_between(begin, end) for begin, end in ends if begin in doubted)
    return words > MUCH * document.words


def _runs_on(labels: dict[int, Candidate]) -> bool:
    """Check for a label that is another one and a word more, `Ruth So:`, below that: was it `Ruth: So: …`?"""
    first: dict[str, int] = {}
    for i, one in labels.items():
        first.setdefault(one.name, i)
    counts = Counter(one.name for one in labels.values())
    begun = {name: name.rpartition(" ")[0] for name in first}
    return any(counts[known] > OFTEN and first[known] < first[name] for name, known in begun.items() if known)


def _doubted_first(document: Document, best: Way, labels: dict[int, Candidate]) -> bool:
    """Check for what opens the text set off as labels are, without small letters: a title, or who speaks first."""
    begin = next(i for i, line in enumerate(document.lines) if i in labels or not (line.heading or line.noise))
    return any(
        one.line == begin and one.raw == one.raw.upper() and ends_sentence(one.rest)
        for one in best.doubted
        if begin not in labels
    )


def _heads_inside(document: Document, labels: dict[int, Candidate]) -> bool:
    """Check for lines within turns, below a gap and above what is said: one that comes back, or full names."""
    lines = document.lines
    heads = Counter(
        lines[i].text
        for i in range(min(labels), len(lines) - 1)
        if not {i, i + 1} & labels.keys()
        and lines[i].gap
        and not (lines[i + 1].gap or lines[i].noise or ends_sentence(lines[i].text))
        and any(one.form.alone for one in document.candidates[i])
    )
    return max(heads.values(), default=0) > 1 or sum(map(is_full_name, heads)) > 1


def _asked_inside(document: Document, labels: dict[int, Candidate]) -> bool:
    """Check for questions within turns that are bold or in italics as a whole: who asks is often named once."""
    lines = (document.lines[i] for i in range(min(labels), len(document.lines)) if i not in labels)
    return sum(is_set_off(line) and asks(line) for line in lines) >= FEWEST_ASKED


def _only_doubted(document: Document, best: Way, labels: dict[int, Candidate]) -> bool:
    """Check whether each line opens a turn but those whose labels are doubted, as `Guest (off mic): No.`."""
    inside = range(min(labels), max(labels) + 1)
    goes_on = {i for i in inside if i not in labels and not (document.alone[i] or document.lines[i].noise)}
    doubted = {one.line for one in best.doubted if not one.form.alone}  # a short line alone may be what is said
    return bool(goes_on) and goes_on <= doubted and len(labels) >= FEWEST_ONCE


def _marked_inside(document: Document, labels: dict[int, Candidate]) -> bool:
    """Check for whole lines within turns that are marked as the labels are: `**And did you stay?**`."""
    mark = _usual_mark(labels)
    lines = range(min(labels), len(document.lines)) if mark else ()
    inside = (
        any(one.form.core.mark == mark and not (one.rest or one.form.core.end) for one in document.candidates[i])
        for i in lines
        if i not in labels
    )
    return sum(inside) >= OFTEN


def _usual_mark(labels: dict[int, Candidate]) -> str:
    """Return how most labels are marked up."""
    return Counter(one.form.core.mark for one in labels.values()).most_common(1)[0][0]


def how_likely(lines: Sequence[Line], core: Core) -> float:
    """Return how likely it is that a document of these lines sets its labels off so."""
    document = Document(lines)
    mine = (way.probability for whole in document.ways if whole.core == core for way in _way(whole, None))
    return max(mine, default=0.0)


@dataclass(frozen=True)
class Way:
    """One way to mark labels, the labels in it that are judged to be some, and how likely it is the document's."""

    kept: tuple[Candidate, ...]
    doubted: tuple[Candidate, ...]
    unsure: frozenset[str]
    probability: float
    least: float

    @property
    def is_likely(self) -> bool:
        """Whether it may be the document's: what sets labels off strongly, or names people, needs less."""
        return self.probability >= self.least

    @property
    def form(self) -> Form:
        """The form that stands oftenest."""
        return Counter(one.form for one in self.kept).most_common(1)[0][0]


def _way(whole: Occurrences, forced: Core | None) -> Iterator[Way]:
    """Yield a way to mark labels with its probability, or only who lectures in it; nothing where nobody does."""
    given = forced if forced and not forced.is_bare else None  # any short line may be a name alone
    judged = accepted(whole, is_given=given is not None and given.covers(whole.core))
    found = _judged_way(whole, judged, judged.kept, forced) if judged.kept else None
    lecturer = _lecturer(whole)
    # Where others speak as often, one who begins each part asks them.
    if lecturer and not (found and found.is_likely and len(found.kept) >= 2 * len(lecturer)):
        found = _judged_way(whole, judged, lecturer, forced)
        found = replace(found, probability=max(found.probability, SURE_PART * (found.probability > 0)))
    if found:
        yield found


def _judged_way(whole: Occurrences, judged: Accepted, kept: tuple[Candidate, ...], forced: Core | None) -> Way:
    """Return a way with the labels that are `kept`, and how likely it is."""
    measured = replace(whole, found=kept) if whole.is_weak else whole
    lines = {one.line for one in kept}
    doubted = tuple(one for one in whole.found if one.line not in lines)
    refuted = forced is None and _is_refuted(measured, kept)
    likely = 0.0 if refuted else score.of_form(of_form(measured, judged.likely))
    return Way(kept, doubted, judged.unsure, likely, _least(whole, kept))


def _is_refuted(measured: Occurrences, kept: Sequence[Candidate]) -> bool:
    """Check for most labels with no words behind them, or which are sentences, as `Jistě.`."""
    is_silent = sum(not words for words in measured.behind) * 2 > len(kept)
    return is_silent or (measured.core.is_bare and sum(map(_is_sentence, kept)) * 2 > len(kept))


def _lecturer(whole: Occurrences) -> tuple[Candidate, ...]:
    """Return the labels of one who alone stands first below headings, each or nearly: who lectures is named anew.

    Without a mark the name must be spoken, too (`I'm Ann Lee`), or stand above, of a full name a part.
    """
    marked, persons = whole.is_marked, whole.persons
    headed = Counter(persons[x.name] for x in whole.found if _is_headed(whole.document, x.line, marked=marked))
    who = [one for one, count in headed.items() if count >= max(FEWEST_HEADED, whole.counts[one] - 1)]
    mine = tuple(x for x in whole.found if persons[x.name] in who)
    others = {x.line for x in whole.found} - {x.line for x in mine}
    listed = sum(x.line + 1 in others for x in mine) * 2 > len(mine)  # a header, as of a mail: From, To
    if len(who) != 1 or listed:
        return ()
    return mine if (not others if marked else _is_spoken_of(whole, mine)) else ()


def _is_spoken_of(whole: Occurrences, mine: Sequence[Candidate]) -> bool:
    """Check for a name that is spoken, or stands above all labels; of a full name a part is enough."""
    said = max(max(whole.called(one.name), whole.listed(one.name)) for one in mine)
    known = said == 1 or (said > 0 and is_full_name(mine[0].raw) == 1)
    return known and not has_marks(mine[0].raw)


def _is_headed(document: Document, index: int, *, marked: bool) -> bool:
    """Check for a heading above a line; where labels have no mark, headings need none: a short line is one."""
    shown = (i for i in range(index - 1, -1, -1) if not (document.lines[i].noise or document.alone[i]))
    above = next((document.lines[i] for i in shown), None)
    if above is None or above.heading:
        return above is not None
    ended = ends_sentence(above.text) or above.text.endswith((":", ","))
    return not (marked or ended) and len(above.text) <= LONGEST_LABEL


def _is_sentence(one: Candidate) -> bool:
    """Check for a line that ends as a sentence does; plays set names so, in capitals (`HAMLET.`)."""
    return one.form.alone and ends_sentence(one.raw) and not one.raw.isupper()


def _least(whole: Occurrences, kept: Sequence[Candidate]) -> float:
    """Say how likely a form must be, by what sets its labels off and whether each line has a full name."""
    if whole.is_marked:
        comes_back = len(kept) < FEWEST_ONCE or any(whole.count(one.name) > 1 for one in kept)
        return LIKELY_MARKED if comes_back else LIKELY
    below = len(whole.document.lines) - kept[0].line
    all_labelled = whole.core.end == ":" and len(kept) == below > 1
    return LIKELY_NAMED if all_labelled and _are_mostly_names(kept) else LIKELY


def _are_mostly_names(kept: Sequence[Candidate]) -> bool:
    """Check that most labels are full names; a bibliography has them with a year: `Ann Lee (1963):`."""
    named = sum(is_full_name(one.raw) for one in kept)
    return named >= MOSTLY_NAMED * len(kept) and not any(c.isdigit() for one in kept for c in one.raw)


@dataclass(frozen=True)
class Accepted:
    """What of a form are labels, which names are unsure, how likely each name looks like a label."""

    kept: tuple[Candidate, ...]
    unsure: frozenset[str]
    likely: Mapping[str, float]


def accepted(whole: Occurrences, *, is_given: bool = False) -> Accepted:
    """Judge each label once: all its occurrences are labels, or none.

    `is_given`: the user says that labels are set off so, which makes it a strong form.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(whole.found):
        places[one.name].append(i)
    oftenest = (
        places if len(places) <= MOST_LABELS else nlargest(MOST_LABELS, places, key=lambda x: len(places[x]))
    )
    usual = Usual(whole)
    looks = {name: score.of_label(of_label(name, places[name], usual)) for name in oftenest}
    likely = {name: _likely(looks[name], places[name], usual, is_given=is_given) for name in oftenest}
    if whole.timed:
        likely |= dict.fromkeys(_proved_by_time(whole, whole.timed), 1.0)
    # What is marked as labels are and does not look like one may open the talk, and all that it says is lost then.
    least = 0.0 if whole.is_marked else UNSURE
    unsure = frozenset(
        name
        for name, p in likely.items()
        if least <= p < SURE
        or UNSURE < p < (SURE_ONCE if whole.is_weak and len(places[name]) == 1 else 1 - UNSURE)
    )
    return Accepted(tuple(one for one in whole.found if likely.get(one.name, 0.0) >= SURE), unsure, looks)


def _proved_by_time(whole: Occurrences, timed: Occurrences) -> set[str]:
    """Return the names of which a time makes labels, where most of those with times stand without one, too."""
    sure = {one.name for one in accepted(timed).kept}
    untimed = {one.name for one in whole.found if one.start_time is None}
    return sure if len(sure & untimed) > SURE_KIN * len(sure) else set()


def _likely(looks: float, mine: Sequence[int], usual: Usual, *, is_given: bool) -> float:
    """Return how likely a label is one: in a strong form it needs little, and what comes back there is one.

    `looks`: how likely its measures make it.
    """
    strong = is_given or _is_strong(mine, usual)
    if strong and len(mine) >= OFTEN:
        return 1.0
    first, marked = usual.seen.found[mine[0]], usual.seen.is_marked
    sentence = first.form.alone and ends_sentence(first.raw) and not (is_given or marked)
    if len(mine) == 1 and (sentence or (not strong and has_marks(first.raw))):
        return 0.0  # a sentence, alone or ended by a colon
    if not strong:
        return _weakly(looks, mine, usual)
    return max(looks, SURE) if looks >= DOUBTED_ONCE or _is_proved(first, marked=marked) else looks


def _is_proved(one: Candidate, *, marked: bool) -> bool:
    """Check for a time in a marked form, a title before capitals, or `>>`: that is a label, whatever it is."""
    return (marked and one.start_time is not None) or is_titled(one.raw) or _is_chevron(one)


def _is_chevron(one: Candidate) -> bool:
    """Check for `>> Ann:`, as captions begin turns."""
    return one.form.core.bullet == ">>" and one.form.core.end != ""


def _weakly(looks: float, mine: Sequence[int], usual: Usual) -> float:
    """Return how likely a label is one that is set off weakly, as `looks` says but for what its form says."""
    if is_titled(usual.seen.found[mine[0]].raw):
        return max(looks, 1 - UNSURE)
    # `Dear Ann:` stands alone among others with words
    return min(looks, UNLIKE) if _is_unlike(mine, usual) else looks


def _is_strong(mine: Sequence[int], usual: Usual) -> bool:
    """Check for labels in brackets, behind `>>`, in a marked form, or in one that labels alone have."""
    found = [usual.seen.found[i] for i in mine]
    if all(one.form.core.bracket or _is_chevron(one) for one in found):
        return True
    usually = any((one.form.time, one.form.alone) == usual.template for one in found)
    return not usual.seen.is_weak and (usual.seen.is_marked or (usually and not usual.goes_on))


def _is_unlike(mine: Sequence[int], usual: Usual) -> bool:
    """Check for a label that comes back, is related to none, and stands alone where words stand behind most."""
    found = [usual.seen.found[i] for i in mine]
    alone = not usual.template[1] and all(one.form.alone for one in found)
    return alone and len(found) > 1 and not usual.is_related(found[0].name)


def _unsure_share(document: Document, best: Way, labels: dict[int, Candidate]) -> float:
    """Return the share of words that would be somebody else's if the unsure labels were judged the other way."""
    order = sorted({*labels, *(one.line for one in best.doubted if one.name in best.unsure)})
    ends = dict(zip(order, [*order[1:], len(document.lines)], strict=True))
    unsure = [one.line for one in (*best.kept, *best.doubted) if one.name in best.unsure]
    moved = sum(document.words_between(line, ends.get(line, line + 1)) for line in unsure)
    return min(1.0, moved / max(document.words, 1))


def _of_other_part(document: Document, labels: dict[int, Candidate]) -> tuple[dict[int, Candidate], bool]:
    """Find the labels above or below all of these, where much stands there and surely marks them otherwise.

    Where the title of another document parts it from the rest, less is enough. Return, too, whether there may be
    some that are not sure enough.
    """
    found: dict[int, Candidate] = {}
    unsure = False
    first, last = min(labels), max(labels)
    for begin, end in ((0, first), (last + 1, len(document.lines))):
        share = document.words_between(begin, end) / max(document.words, 1)
        if share < LEAST_TITLED:
            continue
        part = choose(document.lines[begin:end])
        if len(part.labels) < FEWEST_OF_PART:
            continue
        between = (begin + max(part.labels) + 1, first) if not begin else (begin, begin + min(part.labels))
        titled = any(line.mark == "h1" for line in document.lines[slice(*between)])
        if part.probability >= (SURE_TITLED if titled else SURE_PART) and (titled or share >= LEAST_PART):
            found |= {begin + i: replace(one, line=begin + i) for i, one in part.labels.items()}
        else:
            unsure = unsure or part.probability >= SURE_TITLED
    return found, unsure


def _is_kin(other: Way, labels: dict[int, Candidate]) -> bool:
    """Check whether another form names mostly the same: then both are one grammar."""
    names = {one.name for one in labels.values()}
    mine = [one for one in other.kept if one.line not in labels]
    return not mine or sum(one.name in names for one in mine) >= SURE_KIN * len(mine)


def _of_kin(other: Way, labels: dict[int, Candidate]) -> dict[int, Candidate]:
    """Take the labels of a second form of the grammar: names of the first, and what comes back in it."""
    names = {one.name for one in labels.values()}
    counts = Counter(one.name for one in other.kept)
    return {one.line: one for one in other.kept if one.name in names or counts[one.name] > 1}


@dataclass(frozen=True, slots=True)
class _Named:
    """What the labels tell of others: who comes back (`known`) or has a `short` form, and what labels look like.

    `written` are the labels as they are written, of who stands once no sentences; `usual` is whether most stand
    alone, and have a time.
    """

    document: Document
    labels: dict[int, Candidate]
    counts: Counter[str]
    known: frozenset[str]
    short: frozenset[str]
    written: frozenset[str]
    mark: str
    block: str
    bracket: str
    usual: tuple[bool, bool]
    are_alone: bool
    first: int
    last: int

    @classmethod
    def by(cls, document: Document, labels: dict[int, Candidate]) -> _Named:
        """Look at the labels of a document."""
        found = labels.values()
        counts = Counter(one.name for one in found)
        known = frozenset(name for name, count in counts.items() if count > 1)
        forms = Counter(form for name in counts if " " in name for form in short_forms(name))
        short = frozenset(form for form, owners in forms.items() if owners == 1 and len(form) > 2)
        written = frozenset(one.raw for one in found if one.name in known or not ends_sentence(one.raw))
        usual = Counter((one.form.alone, one.start_time is not None) for one in found).most_common(1)[0][0]
        alone = sum(one.form.alone for one in found) * 2 > len(labels)
        mark, first, last = _usual_mark(labels), min(labels), max(labels)
        block = Counter(one.form.core.block for one in found).most_common(1)[0][0]
        bracket = Counter(one.form.core.bracket for one in found).most_common(1)[0][0]
        own = block if is_heading(block) or is_element(block) else ""
        return cls(document, labels, counts, known, short, written, mark, own, bracket, usual, alone, first, last)

    def names(self, i: int, one: Candidate) -> bool:
        """Check whether a candidate is one of these whose mark is damaged, or the full name of one."""
        if not self._is_set_off(one):
            return False
        as_usual = (one.form.alone, one.start_time is not None) == self.usual
        return self._is_again(i, one) or (as_usual and _is_full(one, self.known, self.document, self.labels))

    def _is_set_off(self, one: Candidate) -> bool:
        core = one.form.core
        if core.end == ":" or core.bracket or one.start_time is not None or self._is_marked(one):
            return True
        return self.are_alone and one.form.alone and (one.raw in self.written or fold(one.raw) in self.known)

    def _is_marked(self, one: Candidate) -> bool:
        return one.form.core.mark == self.mark != "" or one.form.core.block == self.block != ""

    def _is_again(self, i: int, one: Candidate) -> bool:
        has_more = one.form.alone and i + 1 < len(self.document.lines)
        inside = self.first <= i and (i <= self.last or has_more)
        marked = self._is_marked(one) or one.form.core.bracket == self.bracket != ""
        alone = self.are_alone and one.form.alone and one.raw in self.written
        if (inside or marked) and (one.name in self.known or one.name in self.short or alone):
            return True
        return marked and one.name in self.counts


def _known(document: Document, labels: dict[int, Candidate]) -> dict[int, Candidate]:
    """Find the labels whose marks are damaged, and full names that stand once before they are shortened."""
    named = _Named.by(document, labels)
    heads = sorted({one.raw for one in labels.values()}, key=len, reverse=True)
    timed = sum(one.start_time is not None for one in labels.values()) * 2 > len(labels)
    found: dict[int, Candidate] = {}
    for i, line in enumerate(document.candidates):
        if i in labels:
            continue
        one = next((one for one in line if named.names(i, one)), None)
        if one is None and timed:
            one = without_end(document.lines[i], i, heads)
        if one:
            found[i] = one
    return found


def _beside_letters(document: Document, labels: dict[int, Candidate]) -> dict[int, Candidate]:
    """Find names in capitals with a colon among labels of a letter: `THE WITNESS: …` among `Q.` and `A.`."""
    if any(len(one.name) > LONGEST_LETTER for one in labels.values()):
        return {}
    found = {
        one.line: one
        for i in range(len(document.lines))
        if i not in labels
        for one in document.candidates[i]
        if one.form.core.end == ":"
        and one.raw.isupper()
        and len(one.name) > LONGEST_LETTER + 1
        and not one.start_time
    }
    first = min(labels)
    while first - 1 in found:  # who greets before the first question
        first -= 1
    return {i: one for i, one in found.items() if i >= first}


def _is_full(one: Candidate, known: frozenset[str], document: Document, labels: dict[int, Candidate]) -> bool:
    """Check for the full name of one who is called by the initials or a part of it from then on."""
    tokens = one.name.split()
    below = one.line + 1
    if (
        not 2 <= len(tokens) <= 5
        or not all(map(_is_word, tokens))
        or (not one.rest and (below >= len(document.lines) or below in labels))
    ):
        return False
    return one.name not in known and len(known & short_forms(one.name)) == 1


def _is_word(token: str) -> bool:
    return all(c.isalpha() or c in "'’-." for c in token)
