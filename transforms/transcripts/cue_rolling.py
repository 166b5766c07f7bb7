"""Captions that roll: each row comes again as the next one appears below it, and is said once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from transforms.transcripts.cues import Cue

# A line that rolls up stays in sight; one that comes back later is said again.
ROLLING_GAP_SECONDS = 1.0


def rolls(cues: Sequence[Cue]) -> bool:
    """Tell whether most cues of several rows begin with the row that was last in sight."""
    taller = [(before, cue) for before, cue in pairwise(cues) if len(cue.rows) > 1]
    # A whole cue that comes again, such as a chorus, is not pushed up by anything new.
    rolling = sum(0 < _repeated(before, cue) < len(cue.rows) for before, cue in taller)
    # Once may be chance, unless a machine wrote the times of the words.
    least = 1 if any(row.chunks for cue in cues for row in cue.rows) else 2
    return rolling >= least and rolling * 2 > len(taller)


def _repeated(before: Cue, cue: Cue) -> int:
    """Count the first rows of a cue that were the last ones of the cue before."""
    if before.end_time is not None and cue.start_time is not None:
        gap = cue.start_time - before.end_time
        if gap > ROLLING_GAP_SECONDS:
            return 0
    shown = [row.text for row in before.rows]
    rows = [row.text for row in cue.rows[:8]]
    for count in range(min(len(shown), len(rows)), 0, -1):
        if shown[-count:] == rows[:count]:
            return count
    return 0


def unroll(cues: Sequence[Cue]) -> None:
    """Set aside the rows of each cue that were in sight before."""
    counts = [0, *(_repeated(before, cue) for before, cue in pairwise(cues))]
    for cue, count in zip(cues, counts, strict=True):
        cue.repeated, cue.rows = cue.rows[:count], cue.rows[count:]
