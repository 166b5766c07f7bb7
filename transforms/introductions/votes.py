"""What the places that tell of somebody say of the voices, weighed: which voice is whose, or nobody's.

A name needs a sum of evidence, most of what is said of the voice, and most of what is said of the person. Who is
only talked about gets none. The weights were set by hand on a few spoken episodes; they are no probabilities.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from transforms.introductions.name_cues import Cue, Utterance
from transforms.introductions.spoken_names import Person
from transforms.records import Seconds

EvidenceKind = Literal["self", "presented", "addressed", "remaining"]

ENOUGH = 1.0  # evidence, before a voice has a name
LEAST_SHARE = 0.6  # of the evidence of a voice that is for the name, and of that of the name that is for the voice
WEIGHTS = {"self": 2.0, "presented": 0.5, "addressed": 0.6}
UNSURE = 0.5  # of the weight, where a name is said in a way that may be something else
# So many times as much counts being addressed of somebody who was presented, said who they are, or is announced.
PRESENTED_TOO = 1.0 / WEIGHTS["addressed"]
HALF = 0.5  # a greeting may be anybody's; a word or two may be an interjection
SHORT_ANSWER = 2  # words
LONGEST_WAIT: Seconds = 10.0
LEAST_WORDS = 3  # of a voice that is to have a name
LEAST_TURNS = 2  # of a voice that has one because nobody else is left
REMAINING = 0.5  # how sure that is, of the least sure of the others
PRIOR = 0.25  # evidence against, before anything is said


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that a name rests on: its turn and its words in the transcript; `weight` is what it counts."""

    kind: EvidenceKind
    speaker_label: str
    speaker_name: str
    weight: float
    turn_index: int
    first_word: int
    word_count: int
    quote: str


@dataclass(frozen=True, slots=True)
class Introduction:
    """Whose voice a label is, and how sure that is, 0 to 1."""

    speaker_label: str
    speaker_name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Vote:
    """A cue that says that a label is a person, or with a weight below zero that it is not."""

    cue: Cue
    label: str
    weight: float


def name_labels(utterances: Sequence[Utterance], cues: Sequence[Cue]) -> tuple[list[Introduction], list[Evidence]]:
    """Give names to labels where the evidence is enough and clear; each with the sentences that it rests on."""
    labels = _talkative(utterances)
    votes = [vote for cue in cues for vote in _votes(cue, utterances, cues) if vote.label in labels]
    named = _clear(votes)
    evidence = [
        _evidence(vote.cue.kind, vote.label, vote.cue, vote.weight, utterances)
        for vote in votes
        if vote.weight > 0 and named.get(vote.label, (None,))[0] == vote.cue.person
    ]
    left = _remaining(labels, named, cues, utterances)
    if left is not None:
        label, reasons = left
        named[label] = reasons[0].person, REMAINING * min(sure for _, sure in named.values())
        evidence += [_evidence("remaining", label, cue, 0.0, utterances) for cue in reasons]
    found = [Introduction(label, person.name, round(sure, 3)) for label, (person, sure) in sorted(named.items())]
    return found, evidence


def _talkative(utterances: Sequence[Utterance]) -> set[str]:
    """Return the labels that say enough to have a name."""
    said = Counter[str]()
    for one in utterances:
        said.update({one.label: len(one.words)} if one.label else {})
    return {label for label, n_words in said.items() if n_words >= LEAST_WORDS}


def _votes(cue: Cue, utterances: Sequence[Utterance], cues: Sequence[Cue]) -> Iterator[_Vote]:
    """Yield what a cue says of the voices around it."""
    speaker = utterances[cue.utterance].label
    if cue.kind == "self":
        if speaker:
            yield _Vote(cue, speaker, WEIGHTS["self"] * (1.0 if cue.is_sure else UNSURE * HALF))
        return
    if speaker:
        yield _Vote(cue, speaker, -WEIGHTS["self"] / 2)  # nobody speaks to themselves
    if cue.kind == "presented" and not cue.is_alone:
        return
    other = _neighbour(cue, utterances)
    if other is not None and other.label is not None:
        yield _Vote(cue, other.label, _weight(cue, other, utterances, cues))


def _weight(cue: Cue, other: Utterance, utterances: Sequence[Utterance], cues: Sequence[Cue]) -> float:
    """Return how much a cue says that its person is the one who speaks beside it."""
    weight = WEIGHTS[cue.kind] * (1.0 if cue.is_sure else UNSURE)
    if cue.kind == "addressed":
        weight *= PRESENTED_TOO if _is_known(cue.person, cues) else 1.0
        weight *= HALF if cue.is_greeting and _is_many(utterances) else 1.0
        weight *= HALF if len(other.words) <= SHORT_ANSWER and not cue.is_answer else 1.0
    return weight


def _is_known(person: Person, cues: Sequence[Cue]) -> bool:
    return person.is_announced or any(cue.person == person and cue.kind != "addressed" for cue in cues)


def _is_many(utterances: Sequence[Utterance]) -> bool:
    return len({one.label for one in utterances if one.label}) > 2


def _neighbour(cue: Cue, utterances: Sequence[Utterance]) -> Utterance | None:
    """Return what somebody else says next, or said before where a name stands in an answer; not much later."""
    mine = utterances[cue.utterance]
    step = -1 if cue.is_answer else 1
    place = cue.utterance + step
    while 0 <= place < len(utterances):
        other = utterances[place]
        pause = other.start_time - mine.end_time if step == 1 else mine.start_time - other.end_time
        if pause > LONGEST_WAIT:
            return None
        if other.label != mine.label:
            return other
        place += step
    return None


def _clear(votes: Sequence[_Vote]) -> dict[str, tuple[Person, float]]:
    """Return the person of each label and how sure that is, where both stand out."""
    of_label: defaultdict[str, float] = defaultdict(float)
    of_person: defaultdict[Person, float] = defaultdict(float)
    scores = {pair: score for pair, score in _sums(votes).items() if score > 0}
    for (label, person), score in scores.items():
        of_label[label] += score
        of_person[person] += score
    named = {}
    for (label, person), score in scores.items():
        share = min(score / of_label[label], score / of_person[person])
        if score >= ENOUGH and share >= LEAST_SHARE:
            named[label] = person, share * score / (score + PRIOR)
    return named


def _sums(votes: Sequence[_Vote]) -> dict[tuple[str, Person], float]:
    """Add up what says that a label is a person."""
    sums: defaultdict[tuple[str, Person], float] = defaultdict(float)
    for vote in votes:
        sums[vote.label, vote.cue.person] += vote.weight
    return sums


def _remaining(
    labels: set[str],
    named: Mapping[str, tuple[Person, float]],
    cues: Sequence[Cue],
    utterances: Sequence[Utterance],
) -> tuple[str, list[Cue]] | None:
    """Return the one voice that is left, and where the one person was presented and spoken to; else `None`.

    With one other voice alone that proves nothing: the guest may be talked to and never answer.
    """
    unnamed, awaited = labels - named.keys(), _awaited(named, cues)
    if len(unnamed) != 1 or len(awaited) != 1 or len(named) < 2:
        return None
    (label,), ((person, cue),) = unnamed, awaited.items()
    n_turns = sum(one.label == label for one in utterances)
    if n_turns < LEAST_TURNS or utterances[cue.utterance].label == label:
        return None
    return label, [cue, *(one for one in cues if one.person == person and one.kind == "addressed")]


def _awaited(named: Mapping[str, tuple[Person, float]], cues: Sequence[Cue]) -> dict[Person, Cue]:
    """Return who was presented and spoken to, and has no voice yet; with where they were presented last."""
    known = {person for person, _ in named.values()}
    spoken_to = {cue.person for cue in cues if cue.kind == "addressed"}
    return {cue.person: cue for cue in cues if cue.kind == "presented" and cue.person in spoken_to - known}


def _evidence(
    kind: EvidenceKind, label: str, cue: Cue, weight: float, utterances: Sequence[Utterance]
) -> Evidence:
    turn = utterances[cue.utterance]
    quote = " ".join(turn.words[cue.words.start : cue.words.stop])
    first = turn.first_word + cue.words.start
    return Evidence(kind, label, cue.person.name, round(weight, 3), turn.turn_index, first, len(cue.words), quote)
