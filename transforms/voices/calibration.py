"""What scores of voices mean: measured on clips of known speakers, across loudness, noise, rooms and codecs.

Thresholds of a benchmark reject most true speakers in the field, so these are our own
(tests/benchmarks/voices.py, figures in RESULTS.md). They hold for voiceprints of one METHOD alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """From where on two voiceprints are of one person; `version` names it. All are cosines or differences of such.

    `least_score` is with the best exemplar; `least_normal` is that minus what is usual for the two voices;
    `least_margin` is the lead over the second best person. `alike_mean` is usual for strangers, and counts as much
    as `prior` other voices while a warehouse has few. Voices of one name below `least_alike` are of two people.
    """

    version: str
    least_score: float
    least_normal: float
    least_margin: float
    alike_mean: float
    prior: int
    least_alike: float

    def confidence(self, normal: float, margin: float) -> float:
        """Return how sure a match is, from 0.8, at the least that counts, to 1.

        >>> CALIBRATION.confidence(0.9, 0.7), CALIBRATION.confidence(0.9, 0.2)
        (1.0, 0.93)
        """
        excess = min(normal - self.least_normal, margin - self.least_margin)
        return round(1 - 0.2 * math.exp(-max(excess, 0.0) / 0.1), 2)


# Measured on halves of 13 people's speech in seven conditions: `least_normal` loses 2.5 % of the pairs of one
# synthetic voice, and lets pass 1 of 12,740 pairs of two people, of two voices that are twins. A threshold on the
# bare cosine loses twice as many at that price; dividing by the spread of the scores, as is usual, makes it worse.
# Between a telephone line and a microphone no threshold parts people, and none is met. Whole episodes: RESULTS.md.
CALIBRATION = Calibration(
    version="voices-1",
    least_score=0.6,
    least_normal=0.5,
    least_margin=0.1,
    alike_mean=0.2,
    prior=4,
    least_alike=0.45,
)
