"""Chapters of one audio file of an episode on the clock of another one, which has other ads.

A feed gives chapters once, and not again for each file. They count as those of the file that was heard first with
them, unless the feed says that the episode lasts as long as the other one.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Any

from transforms.alignment import Alignment
from transforms.records import Seconds

Row = dict[str, Any]

OF_A_FILE = "file"  # the source of chapters that stand in the audio file, and are right there


def moved_chapters(given: list[Row] | None, heard: Row, other: Row, alignment: Alignment) -> list[Row] | None:
    """Put the chapters that a feed gives on the clock of what was heard; as they are where nothing says otherwise.

    Args:
        given: the chapters, as a staged document has them.
        heard: the document on whose clock they are wanted.
        other: the document of the audio file that was heard first.
        alignment: of the words of `other` with those of `heard`.
    """
    if not given or given != other["given_chapters"] or given[0]["source"] == OF_A_FILE or not alignment.is_match:
        return given
    until, until_other = (row["rendition"]["decoded_seconds"] for row in (heard, other))
    lasts = heard["episode"]["duration"]
    if lasts is not None and abs(lasts - until) < abs(lasts - until_other):
        return given
    knots = [
        (word["start_time"], found.start_time)
        for word, found in zip(other["words"], alignment.words, strict=True)
        if found.time_source == "aligned" and found.start_time is not None
    ]
    return [
        {**chapter, **{name: _moved(chapter[name], knots, until) for name in ("start_time", "end_time")}}
        for chapter in given
    ]


def _moved(seconds: Seconds | None, knots: Sequence[tuple[Seconds, Seconds]], until: Seconds) -> Seconds | None:
    """Move a time as far as the first word from there on, or the last word."""
    if seconds is None:
        return None
    at = min(bisect.bisect_left(knots, (seconds,)), len(knots) - 1)
    here, there = knots[at]
    return round(min(max(seconds + there - here, 0.0), until), 3)
