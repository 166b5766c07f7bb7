"""Words → turns."""

from __future__ import annotations

import bisect
import itertools
import statistics
from collections.abc import Iterator, Sequence

from transforms.records import Seconds, Turn, Word
from transforms.text import ends_sentence, join_words

METHOD = "turns-5"

OVERLAP_SECONDS = 0.2  # a turn overlaps another when two voices are heard that long in it


def to_turns(
    words: Sequence[Word], language: str | None, overlaps: Sequence[tuple[Seconds, Seconds]] | None
) -> tuple[Turn, ...]:
    """Group words into turns, every word in exactly one and in order.

    A turn is a maximal run of one known speaker; where the speaker is unknown it is one sentence.

    Args:
        words: in order.
        language: how the text is joined; `None` means with spaces.
        overlaps: stretches where two or more speak; `None` means that nobody looked, and `is_overlap` is `None`.
    """
    turns = []
    first = 0
    for turn_index, run in enumerate(_runs(words)):
        turns.append(_turn(turn_index, first, run, language, overlaps))
        first += len(run)
    return tuple(turns)


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Split words where the speaker changes, and behind each sentence of nobody."""
    for speaker, group in itertools.groupby(words, key=lambda word: word.speaker):
        if speaker is not None:
            yield list(group)
            continue
        sentence: list[Word] = []
        for word in group:
            sentence.append(word)
            if ends_sentence(word.word):
                yield sentence
                sentence = []
        if sentence:
            yield sentence


def _turn(
    turn_index: int,
    first_word: int,
    words: Sequence[Word],
    language: str | None,
    overlaps: Sequence[tuple[Seconds, Seconds]] | None,
) -> Turn:
    speaker = words[0].speaker
    times = [t for word in words for t in (word.start_time, word.end_time) if t is not None]
    start, end = (min(times), max(times)) if times else (None, None)
    return Turn(
        turn_index=turn_index,
        speaker=speaker,
        start_time=start,
        end_time=end,
        text=join_words((word.word for word in words), language),
        first_word=first_word,
        word_count=len(words),
        boundary="sentence" if speaker is None else "speaker",
        is_overlap=None if overlaps is None or start is None else shared(start, end, overlaps) >= OVERLAP_SECONDS,
        speaker_margin=_mean([word.speaker_margin for word in words]),
        mean_probability=_mean([word.probability for word in words]),
    )


def shared(start: Seconds, end: Seconds | None, overlaps: Sequence[tuple[Seconds, Seconds]]) -> Seconds:
    """Sum the seconds of a stretch in which two or more speak; the overlaps are in order and do not meet.

    >>> shared(0.0, 5.0, [(4.5, 6.0), (7.0, 8.0)])
    0.5
    """
    if end is None:
        return 0.0
    seconds = 0.0
    for since, until in overlaps[bisect.bisect_right(overlaps, start, key=_end) :]:
        if since >= end:
            break
        seconds += min(end, until) - max(start, since)
    return seconds


def _end(stretch: tuple[Seconds, Seconds]) -> Seconds:
    return stretch[1]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.fmean(known), 4) if known else None
