"""Which of two transcripts, or models, is better by the same published texts, and whether that may be chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

SURE = 2.0  # standard deviations by which the errors of the two differ


@dataclass(frozen=True, slots=True)
class Judged:
    """How wrong one transcript was by one text, where the two go together; `None` where nothing tells.

    `newest` is larger for what was made later: of several transcripts of one model the newest counts.
    """

    transcript_id: str
    reference_id: str
    episode_id: str
    model: str | None
    newest: float
    words: int
    errors: int
    cp_words: int
    cp_errors: int | None
    names: int
    names_wrong: int
    speech_seconds: float | None
    voice_error_seconds: float | None
    lost_words: int
    made_up_words: int | None

    def is_of(self, name: str) -> bool:
        """Check whether this is the model of that name, or the transcript whose id begins so."""
        return name == self.model or (len(name) >= 4 and self.transcript_id.startswith(name))


@dataclass(frozen=True, slots=True)
class Score:
    """How wrong one side was over all its texts: shares from 0, `None` where nothing tells."""

    name: str
    episodes: int
    words: int
    wer: float | None
    cpwer: float | None
    name_error: float | None
    der: float | None
    lost_words: int
    made_up_words: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides on the same texts: the better one, by which figure, and whether more than chance says so."""

    scores: tuple[Score, Score]
    recommended: str
    metric: str
    is_sure: bool


def score(name: str, judged: Iterable[Judged]) -> Score:
    """Add up how wrong one side was."""
    every = list(judged)
    named = [one for one in every if one.cp_errors is not None]
    return Score(
        name=name,
        episodes=len({one.episode_id for one in every}),
        words=_total(every, "words"),
        wer=_rate(every, "errors", "words"),
        cpwer=_rate(named, "cp_errors", "cp_words"),
        name_error=_rate(every, "names_wrong", "names"),
        der=_rate(every, "voice_error_seconds", "speech_seconds"),
        lost_words=_total(every, "lost_words"),
        made_up_words=_total(every, "made_up_words"),
    )


def compare(judged: Sequence[Judged], name: str, other: str) -> Comparison | None:
    """Compare two models or transcripts on the texts that judge both; `None` where there are none.

    By words with their speakers where all texts name these, else by words alone. The errors of the two are taken
    as drawn by chance, each by itself: as both stumble over the same words, that doubts rather too much.
    """
    mine, theirs = _by_text(judged, name), _by_text(judged, other)
    both = sorted(mine.keys() & theirs.keys())
    if not both:
        return None
    sides = [mine[text] for text in both], [theirs[text] for text in both]
    has_speakers = all(one.cp_errors is not None for side in sides for one in side)
    errors = [sum((one.cp_errors or 0) if has_speakers else one.errors for one in side) for side in sides]
    better = name if errors[0] <= errors[1] else other
    is_sure = abs(errors[0] - errors[1]) > SURE * sqrt(sum(errors))
    scores = score(name, sides[0]), score(other, sides[1])
    return Comparison(scores, better, "cpwer" if has_speakers else "wer", is_sure)


def _by_text(judged: Iterable[Judged], name: str) -> dict[str, Judged]:
    """Return what counts of a side, by the text that judges it."""
    return {one.reference_id: one for one in sorted(judged, key=lambda one: one.newest) if one.is_of(name)}


def _rate(judged: Sequence[Judged], errors: str, of: str) -> float | None:
    total = _total(judged, of)
    return round(_total(judged, errors) / total, 4) if total else None


def _total(judged: Sequence[Judged], figure: str) -> Any:
    """Add up a figure of `Judged`; `None` counts nothing."""
    return sum(getattr(one, figure) or 0 for one in judged)
