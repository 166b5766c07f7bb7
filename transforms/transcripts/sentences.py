"""Words with times → pieces: a speaker's sentences, or what is said between pauses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transforms.records import Word
from transforms.text import ends_sentence
from transforms.transcripts import segments
from transforms.transcripts.cue_words import is_punctuated
from transforms.transcripts.cues import Clock
from transforms.transcripts.document import Boundary, Piece

# Without punctuation a longer silence ends a piece.
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word, who says it, and the line or segment that it stands in."""

    line: int
    speaker: str | None
    word: Word


def join(spoken: Sequence[Spoken], clock: Clock, language: str | None = None) -> list[Piece]:
    """Join words to pieces: a speaker's sentence, or without punctuation what is said between pauses."""
    punctuated = is_punctuated(item.word.word for item in spoken)
    pieces: list[Piece] = []
    run: list[Spoken] = []
    for item in spoken:
        if run and _ends(run[-1], item, punctuated=punctuated):
            pieces.append(_sentence(run, clock, language, opens=_opens(run, pieces)))
            run = []
        run.append(item)
    if run:
        pieces.append(_sentence(run, clock, language, opens=_opens(run, pieces)))
    return pieces


def _ends(last: Spoken, item: Spoken, *, punctuated: bool) -> bool:
    if last.speaker != item.speaker:
        return True
    if punctuated:
        return ends_sentence(last.word.word)
    start, end = item.word.start_time, last.word.end_time
    return start is not None and end is not None and start - end > PAUSE_SECONDS


def _opens(run: Sequence[Spoken], pieces: Sequence[Piece]) -> bool:
    speaker = run[0].speaker
    return speaker is not None and (not pieces or pieces[-1].speaker != speaker)


def _sentence(run: Sequence[Spoken], clock: Clock, language: str | None, *, opens: bool) -> Piece:
    words = tuple(item.word for item in run)
    start, end = clock.check(*segments.span_of(words))
    return Piece(
        run[0].line,
        "speech",
        segments.text_of(words, language),
        speaker=run[0].speaker,
        opens=opens,
        start_time=start,
        end_time=end,
        words=words,
    )


def boundary_of(pieces: Iterable[Piece]) -> Boundary:
    """Name what a piece is that was joined from words: a sentence, if the words have marks."""
    return "sentence" if is_punctuated(word.word for piece in pieces for word in piece.words) else "cue"
