"""Voices of episodes → persons: whose voice each one is, by those that somebody named.

A match needs a score and a lead: the score is the cosine with the best exemplar of a person, also less what is
usual for both (adaptive score normalisation, https://arxiv.org/abs/2203.15106), and the lead is over the second
best *person*, on the average of all exemplars. It has to be mutual, and no two labels of a transcript are
one person. What was matched is no exemplar: one mistake would bring the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from transforms.voices.agreement import largest_group
from transforms.voices.calibration import CALIBRATION, Calibration
from transforms.voices.normal import usual

VoiceKey = tuple[str, str]  # transcript, label
Reason = Literal["far", "close", "rival"]
Array = NDArray[Any]

NOBODY = -2.0  # less than any cosine
ROWS = 1_000  # voices that are compared at once
NOT_SPLIT: Mapping[VoiceKey, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Voices:
    """Voices that have a print: the labels of transcript after transcript, and how they sound.

    `vectors` are float32 (voices, 192), of length 1.
    """

    keys: Sequence[VoiceKey]
    vectors: Array


@dataclass(frozen=True, slots=True)
class Match:
    """Whose voice one is: the cosine with the exemplar that is most `like` it, the lead over the next person."""

    person: str
    score: float
    margin: float
    like: VoiceKey
    confidence: float


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a voice matched nobody, and who came closest.

    `far`: it is like nobody, and `needed` is the score that would do; `close`: a second person, `other`, is as
    close; `rival`: another label of its transcript, `other`, is as much like the person.
    """

    reason: Reason
    person: str
    score: float
    other: str | None = None
    needed: float | None = None


@dataclass(frozen=True, slots=True)
class _Profiles:
    """The exemplars of persons, person after person: their places among the voices, and where each person begins.

    `vectors` are theirs, and `usual` is what is usual for each person: (persons,).
    """

    persons: Mapping[str, int]
    members: NDArray[np.intp]
    starts: NDArray[np.intp]
    counts: NDArray[np.intp]
    vectors: Array
    usual: Array


@dataclass(frozen=True, slots=True)
class _Compared:
    """Voices that nobody named, by their places, against persons: arrays (voices, persons).

    `best` is the cosine with the best exemplar, `normal` the same less what is usual, `average` the cosine with
    all exemplars; the first and the last are `NOBODY` for a person that the voice cannot be.
    """

    places: Sequence[int]
    best: Array
    normal: Array
    average: Array


def match(
    voices: Voices,
    named: Mapping[VoiceKey, str],
    apart: Mapping[VoiceKey, frozenset[str]] = NOT_SPLIT,
    calibration: Calibration = CALIBRATION,
) -> dict[VoiceKey, Match | Miss]:
    """Find whose voices they are that nobody named.

    `named` are the persons of voices that somebody named: their exemplars. `apart` says who a voice is not.
    """
    places: dict[str, list[int]] = {}
    for place, key in enumerate(voices.keys):
        if key in named:
            places.setdefault(named[key], []).append(place)
    decided: dict[VoiceKey, Match | Miss] = {}
    if places:
        norm = usual(voices.vectors, calibration)
        profiles = _profiles(voices, places, norm)
        not_these = _not_these(voices.keys, named, apart)
        for block in _blocks(voices.keys, named):
            compared = _compare(block, voices, profiles, norm, not_these)
            decided.update(_decide(compared, voices, profiles, calibration))
    return decided


def strange_voices(
    voices: Voices, named: Mapping[VoiceKey, str], calibration: Calibration = CALIBRATION
) -> frozenset[VoiceKey]:
    """Return the voices that do not sound like the most of those that bear the same name.

    Of two groups of one size, nobody can tell which is the person: all are strange.
    """
    places: dict[str, list[int]] = {}
    for place, key in enumerate(voices.keys):
        if key in named:
            places.setdefault(named[key], []).append(place)
    return frozenset(
        voices.keys[place]
        for own in places.values()
        for place in np.array(own)[~largest_group(voices.vectors[own], calibration.least_alike)]
    )


def _profiles(voices: Voices, exemplars: Mapping[str, list[int]], norm: Array) -> _Profiles:
    members = np.array([n for own in exemplars.values() for n in own], np.intp)
    counts = np.array([len(own) for own in exemplars.values()], np.intp)
    starts = np.cumsum(counts) - counts
    persons = {who: n for n, who in enumerate(exemplars)}
    of_persons = np.add.reduceat(norm[members], starts) / counts
    return _Profiles(persons, members, starts, counts, voices.vectors[members], of_persons)


def _not_these(
    keys: Sequence[VoiceKey], named: Mapping[VoiceKey, str], apart: Mapping[VoiceKey, frozenset[str]]
) -> Mapping[VoiceKey, frozenset[str]]:
    """Return who voices cannot be: persons of other labels of the transcript, and whom they were split from."""
    there: dict[str, set[str]] = {}
    for key in keys:
        if key in named:
            there.setdefault(key[0], set()).add(named[key])
    return {key: frozenset(there.get(key[0], ())) | apart.get(key, frozenset()) for key in keys}


def _blocks(keys: Sequence[VoiceKey], named: Mapping[VoiceKey, str]) -> Iterator[list[int]]:
    """Yield the places of voices that nobody named, some whole transcripts at once."""
    block: list[int] = []
    for _, group in groupby(enumerate(keys), key=lambda one: one[1][0]):
        block += [place for place, key in group if key not in named]
        if len(block) >= ROWS:
            yield block
            block = []
    if block:
        yield block


def _compare(
    places: list[int],
    voices: Voices,
    profiles: _Profiles,
    norm: Array,
    not_these: Mapping[VoiceKey, frozenset[str]],
) -> _Compared:
    """Compare voices with all persons but those who they cannot be."""
    scores = voices.vectors[places] @ profiles.vectors.T
    best = np.maximum.reduceat(scores, profiles.starts, axis=1)
    average = np.add.reduceat(scores, profiles.starts, axis=1) / profiles.counts
    normal = best - (norm[places][:, None] + profiles.usual) / 2
    for row, place in enumerate(places):
        out = [profiles.persons[who] for who in not_these[voices.keys[place]] if who in profiles.persons]
        best[row, out] = average[row, out] = NOBODY
    return _Compared(places, best, normal, average)


def _decide(
    compared: _Compared, voices: Voices, profiles: _Profiles, calibration: Calibration
) -> Iterator[tuple[VoiceKey, Match | Miss]]:
    """Yield of each voice whose it is, or why it is nobody's."""
    persons = list(profiles.persons)
    keys = [voices.keys[place] for place in compared.places]
    for _, group in groupby(range(len(keys)), key=lambda row: keys[row][0]):
        rows = list(group)
        for row in rows:
            first = int(compared.best[row].argmax())
            who, score, normal = persons[first], float(compared.best[row, first]), compared.normal[row, first]
            second, lead = _lead(compared.average[row], first, calibration)
            rival = _rival(compared.best[rows], rows.index(row), first, calibration)
            if score == NOBODY:
                continue
            if score < calibration.least_score or normal < calibration.least_normal:
                needed = max(calibration.least_score, score - float(normal) + calibration.least_normal)
                yield keys[row], Miss("far", who, round(score, 3), needed=round(needed, 3))
            elif lead < calibration.least_margin:
                yield keys[row], Miss("close", who, round(score, 3), persons[second])
            elif rival is not None:
                yield keys[row], Miss("rival", who, round(score, 3), keys[rows[rival]][1])
            else:
                like = _most_like(voices, compared.places[row], profiles, first)
                sure = calibration.confidence(float(normal), lead)
                yield keys[row], Match(who, round(score, 3), round(lead, 3), like, sure)


def _lead(average: Array, first: int, calibration: Calibration) -> tuple[int, float]:
    """Return the place of the second best person, and the lead over him, or over any stranger."""
    rest = average.copy()
    rest[first] = NOBODY
    second = int(rest.argmax())
    return second, float(average[first] - max(rest[second], calibration.alike_mean))


def _rival(scores: Array, own: int, person: int, calibration: Calibration) -> int | None:
    """Return which other label of a transcript may as well be a person; scores are (labels, persons).

    One that is more like him, or as much and like nobody more.
    """
    rest = np.where(
        scores.argmax(axis=1) == person, scores[:, person] + calibration.least_margin, scores[:, person]
    )
    rest[own] = NOBODY
    other = int(rest.argmax())
    return other if rest[other] > scores[own, person] else None


def _most_like(voices: Voices, place: int, profiles: _Profiles, person: int) -> VoiceKey:
    """Return which exemplar of a person a voice is most like."""
    start = profiles.starts[person]
    own = slice(start, start + profiles.counts[person])
    scores = profiles.vectors[own] @ voices.vectors[place]
    return voices.keys[int(profiles.members[own][scores.argmax()])]
