"""Voices that nobody named, compared with each other: which of them are one person, whoever that is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.records import PODCAST_NAMESPACE
from transforms.voices.calibration import CALIBRATION, Calibration
from transforms.voices.normal import ROWS, usual
from transforms.voices.voice_matching import Match, Miss, VoiceKey, Voices

MOST_LIKE = 10  # voices of other transcripts that each one is joined with; more join nobody else
STRICTER = 0.04  # than where somebody was named: nobody has said that there is such a person

Array = NDArray[Any]
_Pair = tuple[float, int, int]  # score, and two places


def group_unnamed(
    voices: Voices,
    named: Mapping[VoiceKey, str],
    decided: Mapping[VoiceKey, Match | Miss],
    calibration: Calibration = CALIBRATION,
) -> dict[VoiceKey, Match | Miss]:
    """Join the voices that nobody named and that match no person, as far as they are one; the others stay.

    The most alike come first. Two groups are joined if they share no transcript, and on average are alike.
    """
    places = [
        n for n, key in enumerate(voices.keys) if key not in named and not isinstance(decided.get(key), Match)
    ]
    groups = {place: [place] for place in places}
    best: dict[int, tuple[float, int]] = {}
    for score, one, other in sorted(_pairs(voices, places, calibration), reverse=True):
        if groups[one] is groups[other]:
            continue
        joined = [*groups[one], *groups[other]]
        if _are_one(voices, groups[one], groups[other], calibration):
            for place in joined:
                groups[place] = joined
        for own, like in ((one, other), (other, one)):
            best.setdefault(own, (score, like))
    found = {
        voices.keys[place]: _match(voices, group, best[place], calibration)
        for place, group in groups.items()
        if len(group) > 1
    }
    return {**decided, **found}


def _pairs(voices: Voices, places: list[int], calibration: Calibration) -> Iterator[_Pair]:
    """Yield the pairs of voices that are alike enough, each voice with those that are most like it."""
    vectors = voices.vectors[places]
    norm = usual(voices.vectors, calibration)[places]
    for start in range(0, len(places), ROWS):
        scores = vectors[start : start + ROWS] @ vectors.T
        normal = scores - (norm[start : start + ROWS, None] + norm) / 2
        is_like = (scores >= calibration.least_score) & (normal >= calibration.least_normal + STRICTER)
        for row in range(len(scores)):
            scores[row, start + row] = -1.0
            like = np.flatnonzero(is_like[row])
            like = like[np.argsort(-scores[row, like], kind="stable")[: MOST_LIKE + 1]]
            for other in like[like > start + row]:
                yield float(scores[row, other]), places[start + row], places[int(other)]


def _are_one(voices: Voices, one: list[int], other: list[int], calibration: Calibration) -> bool:
    """Check whether two groups may be one person."""
    transcripts = [{voices.keys[place][0] for place in group} for group in (one, other)]
    if transcripts[0] & transcripts[1]:
        return False
    average = voices.vectors[one].mean(axis=0) @ voices.vectors[other].mean(axis=0)
    return bool(average >= calibration.least_score)


def _match(voices: Voices, group: list[int], best: tuple[float, int], calibration: Calibration) -> Match:
    """Return the person of a group, who is called by the first of its voices."""
    transcript_id, label = voices.keys[min(group)]
    person = str(uuid.uuid5(PODCAST_NAMESPACE, f"voice:{transcript_id}:{label}"))
    score = round(best[0], 3)
    lead = score - calibration.alike_mean
    return Match(person, score, round(lead, 3), voices.keys[best[1]], calibration.confidence(score, lead))
