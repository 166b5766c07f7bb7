"""Words and speakers → words with speakers.

Each word goes to the speaker with the largest overlap in the exclusive diarization. How far that speaker leads
the second is kept as `speaker_margin`; where the lead is too small the speaker is `None`.

Two kinds of words get theirs from beside them, and no margin: a word in a silence goes to whoever alone speaks
within `REACH` of it, and one between two words of one speaker to him, unless it is a sentence of its own.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from transforms.records import Seconds, SpeakerSegment, Word
from transforms.text import ends_sentence

METHOD = "overlap-4"

MARGIN = 0.1  # lead over the second speaker, as a share of the word's time with a speaker; below it, nobody
REACH = 0.5  # seconds: a word in a silence of the diarization belongs to who speaks that close


def attribute(words: Sequence[Word], segments: Sequence[SpeakerSegment]) -> tuple[Word, ...]:
    """Assign each word its speaker.

    Args:
        words: in order of time; words without times keep `speaker=None`.
        segments: the exclusive diarization, in order of time, without overlaps.

    Returns:
        The same words in the same order, `speaker` and `speaker_margin` set where they are known.
    """
    starts = [segment.start_time for segment in segments]
    named = [_attribute_word(word, segments, starts) for word in words]
    return tuple(smooth(named))


def _attribute_word(word: Word, segments: Sequence[SpeakerSegment], starts: Sequence[Seconds]) -> Word:
    if word.start_time is None or word.end_time is None:
        return word
    shares = _overlaps(word.start_time, word.end_time, segments, starts)
    if not shares:
        return replace(
            word, speaker=_nearest(word.start_time, word.end_time, segments, starts), speaker_margin=None
        )
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    margin = round((ranked[0][1] - second) / max(sum(shares.values()), 1e-9), 3)
    return replace(word, speaker=ranked[0][0] if margin >= MARGIN else None, speaker_margin=margin)


def _overlaps(
    start: Seconds, end: Seconds, segments: Sequence[SpeakerSegment], starts: Sequence[Seconds]
) -> dict[str, Seconds]:
    """Sum, speaker by speaker, the seconds that a stretch shares with the segments."""
    shares: dict[str, Seconds] = {}
    n = max(bisect.bisect_right(starts, start) - 1, 0)
    while n < len(segments) and segments[n].start_time < end:
        shared = min(end, segments[n].end_time) - max(start, segments[n].start_time)
        if shared > 0:
            shares[segments[n].speaker] = shares.get(segments[n].speaker, 0.0) + shared
        n += 1
    return shares


def _nearest(
    start: Seconds, end: Seconds, segments: Sequence[SpeakerSegment], starts: Sequence[Seconds]
) -> str | None:
    """Name who speaks within `REACH` of a stretch that lies in silence, if only one does."""
    n = bisect.bisect_right(starts, start)
    near = {
        segment.speaker
        for segment in segments[max(n - 1, 0) : n + 1]
        if segment.start_time - end <= REACH and start - segment.end_time <= REACH
    }
    return near.pop() if len(near) == 1 else None


def smooth(words: Sequence[Word]) -> list[Word]:
    """Give a one-word island, of another speaker or of none, to its neighbours' speaker.

    That is where both agree and it is no sentence of its own.

    A real one-word turn ("Yes.") follows the end of a sentence and ends one; a slip of the diarization stands in
    the middle of one.
    """
    smoothed = list(words)
    for n, (before, after) in enumerate(zip(words, words[2:], strict=False), start=1):
        word = words[n]
        own_sentence = ends_sentence(before.word) and ends_sentence(word.word)
        if before.speaker == after.speaker and before.speaker not in (None, word.speaker) and not own_sentence:
            smoothed[n] = replace(word, speaker=before.speaker, speaker_margin=None)
    return smoothed


def overlap_seconds(segments: Sequence[SpeakerSegment]) -> tuple[tuple[Seconds, Seconds], ...]:
    """List the stretches where two or more speak, from a diarization with overlaps, in order of time."""
    edges = sorted(
        [(segment.start_time, 1) for segment in segments] + [(segment.end_time, -1) for segment in segments]
    )
    speaking = 0
    stretches = []
    for (time, step), (until, _) in pairwise(edges):
        speaking += step
        if speaking > 1 and until > time:
            stretches.append((time, until))
    return tuple(stretches)
