"""The one grammar of a document: the way to mark labels that the whole of it proves, and the labels in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.transcripts.grammar.candidates import Candidate, Core, Form
from transforms.transcripts.grammar.features import Document, Occurrences, Usual, of_form, of_label
from transforms.transcripts.grammar.score import probability
from transforms.transcripts.names import short_forms
from transforms.transcripts.prose.lines import Line

SURE = 0.5  # a form or a label is the document's from here on
SURE_KIN = 0.5  # of the labels of a second form are names of the first
DOUBTED_ONCE = 0.05  # a label that stands once in a strong form is none below this
OFTEN = 3  # a label that stands so often in a strong form is one, whatever it says


@dataclass(frozen=True)
class Grammar:
    """How a document marks who speaks; `labels` by the index of their line, none where nobody is named.

    `form` is the form that stands oftenest, `runner_up` the next that does not go with it; `probability` and
    `next_probability` say how likely each is. `doubted` are the labels that were judged to be none.
    """

    labels: dict[int, Candidate]
    form: Form | None
    probability: float
    runner_up: Form | None
    next_probability: float
    doubted: tuple[Candidate, ...] = ()


def choose(lines: Sequence[Line], forced: Core | None = None) -> Grammar:
    """Find the grammar of a document's lines; `forced` is the core that the user says it has."""
    document = Document(lines)
    ways = sorted(_ways(document, forced), key=lambda way: -way[0])
    if not ways:
        return Grammar({}, None, 0.0, None, 0.0)
    best, whole = ways[0]
    others = ways[1:]
    if best < SURE and forced is None:
        return Grammar({}, None, best, _form(whole), best)
    labels, doubted = _labels(whole, best)
    for score, other in others:
        if score >= SURE and _is_kin(other, labels):
            more, _ = _labels(other, score)
            labels = {**{i: x for i, x in more.items() if i not in labels}, **labels}
    labels |= _known(document, labels)
    rival = next(((score, other) for score, other in others if not _is_kin(other, labels)), None)
    return Grammar(
        dict(sorted(labels.items())),
        _form(whole),
        best,
        _form(rival[1]) if rival else None,
        rival[0] if rival else 0.0,
        tuple(doubted),
    )


def _ways(document: Document, forced: Core | None) -> Iterator[tuple[float, Occurrences]]:
    """Yield each way to mark labels with its probability."""
    for core, found in document.of_core.items():
        if forced in (None, core):
            whole = Occurrences(document, core, tuple(found))
            yield probability("form", of_form(whole)), whole


def _form(whole: Occurrences) -> Form:
    """Return the form of a core that stands oftenest."""
    return Counter(one.form for one in whole.recurring().found).most_common(1)[0][0]


def _labels(whole: Occurrences, score: float) -> tuple[dict[int, Candidate], list[Candidate]]:
    """Judge each label once: all its occurrences are labels, or none; in a strong form it needs little."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(whole.found):
        places[one.name].append(i)
    usual = Usual(whole, score)
    labels: dict[int, Candidate] = {}
    doubted: list[Candidate] = []
    for name, mine in places.items():
        if _is_label(name, mine, usual):
            labels.update((whole.found[i].line, whole.found[i]) for i in mine)
        else:
            doubted += [whole.found[i] for i in mine]
    return labels, doubted


def _is_label(name: str, mine: Sequence[int], usual: Usual) -> bool:
    forms = {(usual.seen.found[i].form.time, usual.seen.found[i].form.alone) for i in mine}
    sure = not usual.seen.is_weak and usual.template in forms
    if sure and len(mine) >= OFTEN:
        return True
    return probability("label", of_label(name, mine, usual)) >= (DOUBTED_ONCE if sure else SURE)


def _is_kin(other: Occurrences, labels: dict[int, Candidate]) -> bool:
    """Check whether another form names mostly the same: then both are one grammar."""
    names = {one.name for one in labels.values()}
    mine = [one for one in other.found if one.line not in labels]
    return not mine or sum(one.name in names for one in mine) >= SURE_KIN * len(mine)


def _known(document: Document, labels: dict[int, Candidate]) -> dict[int, Candidate]:
    """Find the labels whose marks are damaged, and full names that stand once before they are shortened."""
    counts = Counter(one.name for one in labels.values())
    known = {name for name, count in counts.items() if count > 1}
    alone = sum(one.form.alone for one in labels.values()) * 2 > len(labels)
    found: dict[int, Candidate] = {}
    for i, line in enumerate(document.candidates):
        for one in line if i not in labels else ():
            set_off = one.form.core.end == ":" or one.form.core.bracket or one.start_time is not None
            if not (set_off or (alone and one.form.alone)):
                continue
            if one.name in known and min(labels) <= i <= max(labels) or _is_full(one, known, document, labels):
                found[i] = one
                break
    return found


def _is_full(one: Candidate, known: set[str], document: Document, labels: dict[int, Candidate]) -> bool:
    """Check for the full name of one who is called by the initials or a part of it from then on."""
    tokens = one.name.split()
    below = one.line + 1
    if not 2 <= len(tokens) <= 5 or not all(map(_is_word, tokens)) or (not one.rest and (below >= len(document.lines) or below in labels)):
        return False
    return len(known & short_forms(one.name)) == 1 and not any(one.name == name for name in known)


def _is_word(token: str) -> bool:
    return all(c.isalpha() or c in "'’-." for c in token)
