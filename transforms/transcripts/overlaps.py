"""Whether somebody else speaks meanwhile, by the times that a published text gives."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from transforms.records import Seconds, Speaker, SpeakerSegment, Turn
from transforms.speech.attribute import overlap_seconds
from transforms.transcripts.document import Piece
from transforms.turns import OVERLAP_SECONDS, shared


def with_overlaps(
    turns: Sequence[Turn], pieces: Sequence[Piece], speakers: Mapping[str, Speaker]
) -> tuple[Turn, ...]:
    """Say of each turn with both times whether another named speaker is heard in it, as for recognised turns.

    Where some speech has no name or no times, only what overlaps is known, not what does not.
    """
    speech = [piece for piece in pieces if piece.kind == "speech"]
    voices = _voices(speech, speakers)
    if not voices:
        return tuple(turns)
    whole = all(p.speaker and p.start_time is not None and p.end_time is not None for p in speech)
    stretches = overlap_seconds(voices)
    starts, ends = [since for since, _ in stretches], [until for _, until in stretches]

    def judged(turn: Turn) -> Turn:
        start, end = turn.start_time, turn.end_time
        if turn.speaker is None or turn.time_source == "chapter" or start is None or end is None:
            return turn
        near = stretches[bisect.bisect_right(ends, start) : bisect.bisect_left(starts, end)]
        overlaps = shared(start, end, near) >= OVERLAP_SECONDS
        return replace(turn, is_overlap=overlaps if overlaps or whole else None)

    return tuple(map(judged, turns))


def _voices(speech: Sequence[Piece], speakers: Mapping[str, Speaker]) -> list[SpeakerSegment]:
    """List when each speaker is heard: pieces that touch are one."""
    of: defaultdict[str, list[tuple[Seconds, Seconds]]] = defaultdict(list)
    for piece in speech:
        start, end = piece.start_time, piece.end_time
        if piece.speaker and start is not None and end is not None and start <= end:
            of[speakers[piece.speaker].label].append((start, end))
    voices = []
    for label, spans in of.items():
        spans.sort()
        since, until = spans[0]
        for start, end in spans[1:]:
            if start > until:
                voices.append(SpeakerSegment(since, until, label))
                since = start
            until = max(until, end)
        voices.append(SpeakerSegment(since, until, label))
    return voices
