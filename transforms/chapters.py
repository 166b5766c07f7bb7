"""The chapters of an episode, from whoever names them: a JSON file, the audio file, the show notes.

Chapters are in order, begin at different times and do not overlap: one ends where the next begins, at the latest.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from transforms.audio import container, id3
from transforms.errors import ContentError
from transforms.records import Chapter, Seconds
from transforms.times import parse_seconds
from transforms.transcripts.prose.lines import STAMP, time_first, time_last, times

METHOD = "chapters-11"

_MOST = 2_000
_MAX_SECONDS = 24 * 3600.0
_FEWEST_LINES = 3  # with times that rise: fewer may be anything
_LONGEST_TITLE = 25  # words; what is longer is a sentence of the notes
_LONGEST_LAST = 10  # words behind the last time, where nothing says where its title ends
_BULLET = re.compile(r"^\s*(?:[-*•‣▶►➤👉⏱️🕐]+\s*|\d{1,3}[.)]\s+)")
_STAMPS = re.compile(rf"(?:(?<=\s)|^){STAMP}(?=\s|$)")
_EDGES = " \t-–—:|•*·.,"


def parse_json(data: bytes) -> tuple[Chapter, ...]:
    """Read a JSON file of chapters, without those that have no title or are kept out of lists (`"toc": false`).

    Raises:
        ContentError: it is none.

    Spec: https://github.com/Podcastindex-org/podcast-namespace/blob/main/chapters/jsonChapters.md
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        msg = "the chapters are no JSON: the publisher has to repair them"
        raise ContentError(msg) from error
    listed = document.get("chapters") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        msg = "the JSON has no list of chapters: the publisher has to repair it"
        raise ContentError(msg)
    found = [_chapter(one) for one in listed[:_MOST] if isinstance(one, dict) and one.get("toc") is not False]
    return settled(chapter for chapter in found if chapter)


def _chapter(one: dict[str, Any]) -> Chapter | None:
    title, start = one.get("title"), _seconds(one.get("startTime"))
    name = " ".join(title.split()) if isinstance(title, str) else ""
    return Chapter(0, name, start, _seconds(one.get("endTime"))) if name and start is not None else None


def _seconds(value: Any) -> Seconds | None:
    """Parse a time within an episode."""
    seconds = parse_seconds(value)
    return round(seconds, 3) if seconds is not None and 0 <= seconds <= _MAX_SECONDS else None


def from_file(path: Path) -> tuple[Chapter, ...]:
    """Read the chapters that an audio file holds (ID3 CHAP, MP4, Matroska, Ogg); none where it cannot be read.

    Raises:
        HostileError: a playlist that would make the reader open other files.
    """
    try:
        with container.opened(path, path.name) as box:
            zero = container.zero(box)
            listed = [_of_file(one, zero) for one in box.chapters()[:_MOST]]
    except (ContentError, UnicodeDecodeError):
        return ()
    tagged = itertools.islice(id3.chapters(path), _MOST)
    named = [_named(title, start / 1000, end / 1000) for title, start, end in tagged]
    return settled(chapter for chapter in (named or listed) if chapter)


def _of_file(one: Any, zero: Seconds) -> Chapter | None:
    """Copy a chapter of FFmpeg's, its times from the start of the audio."""
    start, end = (float(one[name] * one["time_base"]) - zero for name in ("start", "end"))
    return _named(str(one["metadata"].get("title", "")), start, end)


def _named(title: str, start: Seconds, end: Seconds) -> Chapter | None:
    name, begins = " ".join(title.split()), _seconds(start)
    return Chapter(0, name, begins, _seconds(end)) if name and begins is not None else None


def from_notes(notes: str | None, duration: Seconds | None = None) -> tuple[Chapter, ...]:
    r"""Read the lines of show notes that begin or end with a time; none where they are no list of chapters.

    >>> [(c.title, c.start_time) for c in from_notes("Hi!\n00:00 Intro\n01:30 - Dust\n(1:00:05) Needles\nBye")]
    [('Intro', 0.0), ('Dust', 90.0), ('Needles', 3605.0)]
    >>> from_notes("Live at 20:00 on Monday, and at 21:30 on Friday.")
    ()
    >>> from_notes("9:00 AM Opening\\n9:30 AM Dust\\n10:15 AM Needles")
    ()
    """
    text = notes or ""
    listed = [found for line in text.split("\n") if (found := _line(line))]
    if not _is_list(listed):
        listed = list(_inline(text))
    if not _is_list(listed) or (duration and any(start > duration for start, _ in listed)):
        return ()
    # A line without a title has a time where the chapter before it ends.
    chapters = [Chapter(n, title, start, None) for n, (start, title) in enumerate(listed)]
    return tuple(
        replace(chapter, chapter_index=n)
        for n, chapter in enumerate(one for one in settled(chapters) if one.title)
    )


def _line(line: str) -> tuple[Seconds, str] | None:
    """Split a line of a list into its time and its title."""
    bare = _BULLET.sub("", line)
    if first := time_first(bare):
        start, _, title = first
    elif last := time_last(bare):
        start, title = last
    else:
        return None
    title = title.strip(_EDGES)
    return (start, title) if title and len(title.split()) <= _LONGEST_TITLE else None


def _inline(text: str) -> Iterator[tuple[Seconds, str]]:
    """Cut notes whose lines were joined at their times; the last title is kept only where it is short."""
    found = list(_STAMPS.finditer(text))[:_MOST]
    for n, match in enumerate(found):
        is_last = n + 1 == len(found)
        title = text[match.end() : None if is_last else found[n + 1].start()].strip(_EDGES)
        words = len(title.split())
        if not title or words > _LONGEST_TITLE or "\n" in title:
            title = "" if is_last else "\0"
        yield times(match[0])[0], "" if is_last and words > _LONGEST_LAST else title


def _is_list(listed: list[tuple[Seconds, str]]) -> bool:
    starts = [start for start, _ in listed]
    rises = all(one < other for one, other in itertools.pairwise(starts))
    whole = all(title != "\0" for _, title in listed)
    return len(listed) >= _FEWEST_LINES and rises and whole and starts[0] < 600


def settled(chapters: Iterable[Chapter]) -> tuple[Chapter, ...]:
    """Put chapters in order; of two with one start the first counts; an end lies at most at the next start.

    >>> one, two = Chapter(0, "B", 60.0, None), Chapter(1, "A", 0.0, 90.0)
    >>> [(c.chapter_index, c.title, c.start_time, c.end_time) for c in settled([one, two])]
    [(0, 'A', 0.0, 60.0), (1, 'B', 60.0, None)]
    """
    by_start: dict[Seconds, Chapter] = {}
    for chapter in chapters:
        if chapter.start_time is not None:
            by_start.setdefault(chapter.start_time, chapter)
    starts = sorted(by_start)
    return tuple(
        replace(by_start[start], chapter_index=n, end_time=_end(by_start[start], behind))
        for n, (start, behind) in enumerate(itertools.zip_longest(starts, starts[1:]))
    )


def _end(chapter: Chapter, behind: Seconds | None) -> Seconds | None:
    start, end = chapter.start_time or 0.0, chapter.end_time
    if end is None or end <= start:
        return behind
    return end if behind is None else min(end, behind)
