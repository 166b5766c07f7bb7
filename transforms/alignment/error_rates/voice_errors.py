"""How wrong a diarization was, by the speakers of a published text at the times at which its words were heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.records import Seconds, SpeakerSegment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FRAME: Seconds = 0.01
PAUSE: Seconds = 0.5  # of one speaker, that is still speech: words are shorter than what a diarization hears
COLLAR: Seconds = 0.25  # on both sides of where somebody begins or ends, which is not judged


@dataclass(frozen=True, slots=True)
class VoiceErrors:
    """Seconds of speech by the text, and those that were missed, heard in silence, or given to somebody else."""

    speech: Seconds
    errors: Seconds

    @property
    def rate(self) -> float | None:
        """The diarization error rate; `None` of nothing."""
        return round(self.errors / self.speech, 4) if self.speech else None


def voice_errors(
    said: Sequence[tuple[str, Seconds, Seconds]],
    judged: Sequence[tuple[Seconds, Seconds]],
    segments: Sequence[SpeakerSegment],
) -> VoiceErrors:
    """Compare who speaks when, within some stretches, with one voice a speaker.

    `said` are the words of the text: speaker, start and end, in order of time.

    >>> voice_errors([("Ann", 0.0, 2.0), ("Bob", 2.0, 4.0)], [(0.0, 4.0)], [SpeakerSegment(0.0, 4.0, "A")])
    VoiceErrors(speech=3.0, errors=1.5)
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    runs = _runs(said)
    length = max((end for *_, end in runs), default=0.0)
    edges = [(time - COLLAR, time + COLLAR) for _, *times in runs for time in times]
    scored = _painted(judged, length) & ~_painted(edges, length)
    if not scored.any():
        return VoiceErrors(0.0, 0.0)
    true = _by_name(runs, length)[:, scored]
    found = _by_name([(one.speaker, one.start_time, one.end_time) for one in segments], length)[:, scored]
    common = np.array([[(one & other).sum() for other in found] for one in true]).reshape(len(true), len(found))
    right = common[linear_sum_assignment(common, maximize=True)].sum()
    n_true, n_found = true.sum(axis=0), found.sum(axis=0)
    errors = np.maximum(n_true, n_found).sum() - right
    return VoiceErrors(round(float(n_true.sum()) * FRAME, 2), round(float(errors) * FRAME, 2))


def _runs(said: Sequence[tuple[str, Seconds, Seconds]]) -> list[tuple[str, Seconds, Seconds]]:
    """Join the words of a speaker that follow each other."""
    runs: list[tuple[str, Seconds, Seconds]] = []
    for who, start, end in said:
        if runs and runs[-1][0] == who and start - runs[-1][2] <= PAUSE:
            runs[-1] = (who, runs[-1][1], max(end, runs[-1][2]))
        else:
            runs.append((who, start, end))
    return runs


def _by_name(spoken: Sequence[tuple[str, Seconds, Seconds]], length: Seconds) -> NDArray[np.bool_]:
    """Return the frames in which each one speaks, in the order of their names; shape (n_names, n_frames)."""
    import numpy as np

    names = sorted({who for who, *_ in spoken})
    rows = [_painted([(start, end) for who, start, end in spoken if who == one], length) for one in names]
    return np.array(rows, bool).reshape(len(names), round(length / FRAME))


def _painted(stretches: Sequence[tuple[Seconds, Seconds]], length: Seconds) -> NDArray[np.bool_]:
    """Return which frames lie in some stretches; shape (n_frames,)."""
    import numpy as np

    frames = np.zeros(round(length / FRAME), bool)
    for start, end in stretches:
        frames[max(round(start / FRAME), 0) : max(round(end / FRAME), 0)] = True
    return frames
