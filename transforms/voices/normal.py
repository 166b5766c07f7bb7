"""What is usual for a voice: its scores with others, against which one with a person is judged.

Two strangers on one telephone line are more alike than two in one room: what counts is how far a score stands out
of those with the voices that are most alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.voices.calibration import Calibration

Array = NDArray[Any]

MOST_OTHERS = 2_000  # voices that each one is compared with
ALIKE = 0.2  # share of them that is most like it: the rest says nothing about its line
ROWS = 1_000  # voices that are compared at once
LEFT_OUT = -2.0  # less than any cosine


def usual(vectors: Array, calibration: Calibration) -> Array:
    """Return the mean score of each voice, (voices, 192), with the others that are most like it: (voices,).

    Others are those that cannot be the same person. Where there are few, strangers as they were when this was
    calibrated count beside them.
    """
    cohort = vectors[:: max(1, -(-len(vectors) // MOST_OTHERS))]
    blocks = (vectors[n : n + ROWS] @ cohort.T for n in range(0, len(vectors), ROWS))
    return np.concatenate([_mean_of_alike(scores, calibration) for scores in blocks])


def _mean_of_alike(scores: Array, calibration: Calibration) -> Array:
    """Return the mean of the highest fifth of the scores of each voice, (voices, others)."""
    is_other = scores < calibration.least_score
    n_alike = np.ceil(is_other.sum(axis=1) * ALIKE)
    highest = -np.sort(-np.where(is_other, scores, LEFT_OUT), axis=1)
    total = np.where(np.arange(scores.shape[1]) < n_alike[:, None], highest, 0.0).sum(axis=1)
    prior = calibration.prior
    return np.asarray((prior * calibration.alike_mean + total) / (prior + n_alike), np.float32)
