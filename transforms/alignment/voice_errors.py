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
    scored = _painted(judged, length) & ~_painted(
        [(t - COLLAR, t + COLLAR) for _, *ts in runs for t in ts], length
    )
    speakers, voices = sorted({who for who, *_ in runs}), sorted({one.speaker for one in segments})
    if not speakers or not scored.any():
        return VoiceErrors(0.0, 0.0)
    true = np.stack([_painted([(a, b) for who, a, b in runs if who == one], length)[scored] for one in speakers])
    heard = [
        _painted([(s.start_time, s.end_time) for s in segments if s.speaker == v], length)[scored] for v in voices
    ]
    found = np.stack(heard) if heard else np.zeros((0, true.shape[1]), bool)
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


def _painted(stretches: Sequence[tuple[Seconds, Seconds]], length: Seconds) -> NDArray[np.bool_]:
    """Return which frames lie in some stretches; shape (n_frames,)."""
    import numpy as np

    frames = np.zeros(round(length / FRAME), bool)
    for start, end in stretches:
        frames[max(round(start / FRAME), 0) : max(round(end / FRAME), 0)] = True
    return frames
