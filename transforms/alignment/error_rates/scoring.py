"""How often a recogniser was wrong, by a published text: over all of it, and where the two go together.

Publishers edit, leave out and put in, so the first figure is as much about them as about the recogniser.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from transforms.alignment.matching import Pair

LONGEST_DIFFERENCE = 25  # units between two that match: more is no error, but an edit or an ad


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Errors in units, which are words but for numbers and scripts without spaces.

    `errors` are those over all `words` between the first and the last that both have. The rest is of the stretches
    where both go together: `aligned_words` of the text, and what was heard as another word, not at all, or beside
    it.
    """

    words: int
    errors: int
    aligned_words: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def rate(self) -> float | None:
        """The word error rate from the first to the last that both have; `None` of nothing."""
        return round(self.errors / self.words, 4) if self.words else None

    @property
    def aligned_rate(self) -> float | None:
        """The word error rate where both go together; `None` where they never do."""
        wrong = self.substitutions + self.deletions + self.insertions
        return round(wrong / self.aligned_words, 4) if self.aligned_words else None


def word_errors(text: Sequence[Hashable], heard: Sequence[Hashable], pairs: Sequence[Pair]) -> WordErrors:
    """Count the errors of what was heard; `pairs` are in the order of the text.

    >>> word_errors("a b c d".split(), "a x c d e".split(), [(0, 0), (2, 2), (3, 3)])
    WordErrors(words=4, errors=1, aligned_words=4, substitutions=1, deletions=0, insertions=0)
    """
    if not pairs:
        return WordErrors(0, 0, 0, 0, 0, 0)
    aligned, replaced, lost, added = len(pairs), 0, 0, 0
    for (before, heard_before), (after, heard_after) in pairwise(pairs):
        n_text, n_heard = after - before - 1, heard_after - heard_before - 1
        if 0 <= n_heard <= LONGEST_DIFFERENCE and n_text <= LONGEST_DIFFERENCE:
            both = min(n_text, n_heard)
            aligned, replaced, lost, added = (
                aligned + n_text,
                replaced + both,
                lost + n_text - both,
                added + n_heard - both,
            )
    mine, theirs = _between(text, [one for one, _ in pairs]), _between(heard, [other for _, other in pairs])
    return WordErrors(len(mine), Levenshtein.distance(mine, theirs), aligned, replaced, lost, added)


def _between(units: Sequence[Hashable], places: Sequence[int]) -> Sequence[Hashable]:
    return units[min(places) : max(places) + 1]
