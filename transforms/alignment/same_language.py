"""Whether two texts are in one language: the words that one uses all the time are common in the other, too.

No list of words and no model: what is frequent in what was heard is its grammar, whatever the language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

MOST_USED = 30  # units, a third and more of any talk
FEWEST = 60  # units of each side, before they tell
# How often the other side uses them, for each time that this one does: 0.54 to 1.01 among five English talks and
# pages on different subjects, 0 in German beside them.
LEAST_SHARED = 0.3


def is_same_language(text: Sequence[str], heard: Sequence[str]) -> bool | None:
    """Check whether the units of two texts are of one language; `None` where they are too few to tell.

    >>> is_same_language(["the", "and", "of", "it"] * 20, ["the", "of", "a", "is"] * 20)
    True
    >>> is_same_language(["der", "und", "von", "es"] * 20, ["the", "of", "a", "is"] * 20)
    False
    """
    if min(len(text), len(heard)) < FEWEST:
        return None
    used = {unit for unit, _ in Counter(heard).most_common(MOST_USED)}
    mine, theirs = (sum(unit in used for unit in side) / len(side) for side in (text, heard))
    return mine >= LEAST_SHARED * theirs
