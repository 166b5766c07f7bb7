"""Whose voice a label of the diarization is: the publisher says who spoke the words that were heard of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LEAST_WORDS = 5  # of a label that align, before it has a name
LEAST_SHARE = 0.6  # of these words that are of one speaker
LEAST_MARGIN = 0.3  # by which this share leads that of the second
# A voice that the diarization took for two: the second label is his as well, where there is no doubt.
SURE_WORDS = 30
SURE_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Naming:
    """Which speaker of a text a label is; `confidence` is the share of its `words` that the text gives to him."""

    speaker: str
    confidence: float
    words: int


def name_labels(heard: Iterable[tuple[str, str]]) -> dict[str, Naming]:
    """Give labels to speakers, in one assignment over the whole episode; without enough evidence a label has none.

    `heard` are the label and the speaker of each word that both sides have.

    >>> sorted(name_labels([("A", "Jan"), ("B", "Rob")] * 9 + [("B", "Jan"), ("C", "Rob")]).items())
    [('A', Naming(speaker='Jan', confidence=1.0, words=9)), ('B', Naming(speaker='Rob', confidence=0.9, words=10))]
    """
    counts = Counter(heard)
    labels = sorted({label for label, _ in counts})
    speakers = sorted({speaker for _, speaker in counts})
    if not labels:
        return {}
    assigned = _assigned(labels, speakers, counts)
    named = {}
    for label in labels:
        of_label = {speaker: counts[label, speaker] for speaker in speakers}
        speaker = max(of_label, key=lambda one: (of_label[one], one))
        words = sum(of_label.values())
        share, *rest = sorted((n / words for n in of_label.values()), reverse=True)
        is_clear = words >= LEAST_WORDS and share >= LEAST_SHARE and share - max(rest, default=0.0) >= LEAST_MARGIN
        is_sure = words >= SURE_WORDS and share >= SURE_SHARE
        if is_sure or (is_clear and assigned.get(label) == speaker):
            named[label] = Naming(speaker, round(share, 3), words)
    return named


def _assigned(labels: list[str], speakers: list[str], counts: Mapping[tuple[str, str], int]) -> dict[str, str]:
    """Give each label one speaker and each speaker one label, so that most words fit."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    table = np.array([[counts.get((label, speaker), 0) for speaker in speakers] for label in labels])
    rows, columns = linear_sum_assignment(table, maximize=True)
    return {labels[row]: speakers[column] for row, column in zip(rows, columns, strict=True)}


def label_errors(heard: Iterable[tuple[str, str]], named: Mapping[str, Naming]) -> tuple[int, int]:
    """Count the words of named labels, and those of them that the text gives to somebody else."""
    of_named = [(named[label].speaker, speaker) for label, speaker in heard if label in named]
    return len(of_named), sum(mine != theirs for mine, theirs in of_named)
