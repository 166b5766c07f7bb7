"""Words of two channels, one person each → the words of a conversation, with speakers and overlaps.

Nobody has to tell voices apart where each has a channel of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from transforms.records import Diarization, Seconds, SpeakerSegment, Word
from transforms.speech.diarize import in_order_of_speaking

METHOD = "channels-2"

PAUSE: Seconds = 1.0  # a longer one ends an utterance, and lets the other one's turn come in between


def converse(channels: Sequence[Sequence[Word]]) -> tuple[tuple[Word, ...], Diarization]:
    """Put the words of several channels in the order of a conversation, each channel one speaker.

    Args:
        channels: the words of each, in order of time; those without times are left out.

    Returns:
        The words, utterance by utterance in order of their starts: what somebody says while another one speaks
        stands behind it, and is not mixed into it. And who spoke when, overlaps kept; `exclusive` is empty, for
        every word has its speaker already.
    """
    spoken = sorted(
        (utterance for n, words in enumerate(channels) for utterance in _utterances(words, str(n))),
        key=lambda utterance: utterance[0].start_time or 0.0,
    )
    segments = [_segment(utterance) for utterance in spoken]
    names = in_order_of_speaking(segments)
    words = tuple(replace(word, speaker=names[str(word.speaker)]) for utterance in spoken for word in utterance)
    named = tuple(replace(segment, speaker=names[segment.speaker]) for segment in segments)
    return words, Diarization(segments=named, exclusive=(), voices={})


def _utterances(words: Sequence[Word], speaker: str) -> Iterator[list[Word]]:
    """Split the words of one channel at its pauses."""
    utterance: list[Word] = []
    until = 0.0
    for word in words:
        if word.start_time is None or word.end_time is None:
            continue
        if utterance and word.start_time - until > PAUSE:
            yield utterance
            utterance = []
        utterance.append(replace(word, speaker=speaker))
        until = word.end_time
    if utterance:
        yield utterance


def _segment(utterance: Sequence[Word]) -> SpeakerSegment:
    first, last = utterance[0], utterance[-1]
    return SpeakerSegment(first.start_time or 0.0, last.end_time or 0.0, str(first.speaker))
