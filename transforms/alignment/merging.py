"""The best of a published text and of what was heard of the same audio, as one transcript.

    words that were said, as published → runs in order of time ← what was heard where nothing was written

Text that was not said is left out. What was heard and not written, an ad or an intro, is turns of its own, never a
part of somebody's published turn. Each turn and each word says whose it is.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from transforms.alignment import LEAST_UNWRITTEN, Alignment
from transforms.alignment.naming import Naming
from transforms.records import Seconds
from transforms.text import join_words

METHOD = "merged-1"

# What was heard and not written is worth turns of its own from here on: less are fillers that somebody took out.
LEAST_HEARD: Seconds = 5.0
LEAST_HEARD_WORDS = 5
# Text that has no time was said all the same where there is room for it, and little else was heard there.
FASTEST: Seconds = 0.2  # a word
LONGEST_PAUSE: Seconds = 5.0  # around a turn of a few words that nobody understood
MOST_ELSE = 0.3  # words heard for each that is written

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Run:
    """Words of one turn that stand together: when they begin, whose they are, and whether they are all of it."""

    start: Seconds
    turn: Row
    words: tuple[Row, ...]
    source: str
    is_whole: bool


def merge(text: Row, alignment: Alignment, heard: Row, named: Mapping[str, Naming]) -> Row | None:
    """Merge a published text with what was heard of it; `None` where that is the text as it is.

    Args:
        text: staged, on the clock of what was heard, with all its names.
        alignment: of its words with those of `heard`.
        heard: a staged transcript of our own, with the names of its voices.
        named: the speakers of the text that voices of `heard` are.
    """
    unsaid = _unsaid(alignment, heard)
    added = [gap for gap in alignment.gaps if _is_worth(gap, alignment)]
    if not alignment.is_match or not (unsaid or added):
        return None
    inserted = (run for gap in added for run in _heard(heard, gap.first_word, gap.word_count))
    runs = sorted([*_written(text, unsaid), *inserted], key=lambda run: run.start)
    return _assembled(text, heard, list(_joined(runs)), named)


def withdrawn(heard: Row) -> Row:
    """Write a merged transcript of which nothing is left, as its text is of another episode by now."""
    lists = {name: () for name, value in heard.items() if isinstance(value, list | tuple)}
    told = {**heard["transcript"], "source": "merged", "method_version": METHOD, "flags": ["withdrawn"]}
    return {**heard, **lists, "podcast": None, "given_chapters": None, "transcript": told}


def _unsaid(alignment: Alignment, heard: Row) -> set[int]:
    """Return the places of the words of the text that were not said."""
    starts = sorted(word["start_time"] for word in heard["words"] if word["start_time"] is not None)
    return {
        place
        for gap in alignment.gaps
        if gap.kind == "text" and not _has_room(gap.start_time, gap.end_time, gap.word_count, starts)
        for place in range(gap.first_word, gap.first_word + gap.word_count)
    }


def _has_room(start: Seconds | None, end: Seconds | None, n_words: int, starts: Sequence[Seconds]) -> bool:
    """Check whether words may have been said between two moments, though they were not understood."""
    if start is None or end is None or end - start < FASTEST * n_words:
        return False
    n_heard = bisect.bisect_left(starts, end - 0.01) - bisect.bisect_left(starts, start - 0.01)
    return n_heard <= MOST_ELSE * n_words


def _is_worth(gap: Any, alignment: Alignment) -> bool:
    """Check whether what was heard in a gap is taken, and not text that is kept there instead."""
    if gap.kind != "audio" or gap.word_count < LEAST_HEARD_WORDS or gap.end_time - gap.start_time < LEAST_HEARD:
        return False
    return not any(
        one.kind == "text"
        and one.start_time is not None
        and one.end_time is not None
        and one.start_time <= gap.start_time + 0.01
        and gap.end_time <= one.end_time + 0.01
        and gap.word_count <= MOST_ELSE * one.word_count
        and one.end_time - one.start_time >= FASTEST * one.word_count
        for one in alignment.gaps
    )


def _written(text: Row, unsaid: set[int]) -> Iterator[_Run]:
    """Yield the said words of a text in runs, each of one turn, in which time goes on."""
    turns = {turn["turn_index"]: turn for turn in text["turns"]}
    said = [word for place, word in enumerate(text["words"]) if place not in unsaid]
    runs = [
        (turns[index], run)
        for index, inside in groupby(said, key=lambda word: word["turn_index"])
        for run in _forward(list(inside))
    ]
    starts = [_start(run) for _, run in runs]
    now: Seconds = 0.0
    for number, ((turn, run), start) in enumerate(zip(runs, starts, strict=True)):
        if start is None and not _is_between(now, starts[number + 1 : number + 2]):
            continue
        now = now if start is None else start
        yield _Run(now, turn, tuple(run), text["transcript"]["source"], len(run) == turn["word_count"])
        now = max((word["end_time"] for word in run if word["end_time"] is not None), default=now)


def _start(words: Sequence[Row]) -> Seconds | None:
    return next((word["start_time"] for word in words if word["start_time"] is not None), None)


def _is_between(before: Seconds, after: Sequence[Seconds | None]) -> bool:
    """Check whether a turn without a time stands between two that follow each other: else nobody knows of it."""
    return any(start is not None and 0 <= start - before <= LONGEST_PAUSE for start in after)


def _forward(words: Sequence[Row]) -> Iterator[list[Row]]:
    """Part words where time goes back, or on by so much that something else may have been said meanwhile."""
    run: list[Row] = []
    since: Seconds | None = None
    until: Seconds = 0.0
    for word in words:
        start = word["start_time"]
        if start is not None:
            if since is not None and (start < since or start - until >= LEAST_UNWRITTEN):
                yield run
                run = []
            since, until = start, word["end_time"] or start
        run.append(word)
    yield run


def _joined(runs: Sequence[_Run]) -> Iterator[_Run]:
    """Join runs of a turn that nothing stands between."""
    before: _Run | None = None
    for run in runs:
        if before is None:
            before = run
        elif before.turn is run.turn and before.words[-1]["word_index"] + 1 == run.words[0]["word_index"]:
            words = before.words + run.words
            before = replace(before, words=words, is_whole=len(words) == run.turn["word_count"])
        else:
            yield before
            before = run
    if before is not None:
        yield before


def _heard(heard: Row, first: int, n_words: int) -> Iterator[_Run]:
    """Yield words that were heard, in runs of one turn each."""
    turns = {turn["turn_index"]: turn for turn in heard["turns"]}
    words = [word for word in heard["words"][first : first + n_words] if word["start_time"] is not None]
    for index, inside in groupby(words, key=lambda word: word["turn_index"]):
        run = tuple(inside)
        yield _Run(run[0]["start_time"], turns[index], run, "asr", len(run) == turns[index]["word_count"])


def _assembled(text: Row, heard: Row, runs: Sequence[_Run], named: Mapping[str, Naming]) -> Row:
    """Write runs as one transcript."""
    turns: list[Row] = []
    words: list[Row] = []
    new: dict[int, int] = {}  # turn of the text → its first turn here
    longest, language = heard["rendition"]["decoded_seconds"], heard["transcript"]["language"]
    chapter = None
    for run in runs:
        turn = _turn(run, len(turns), longest, language)
        if run.source == "asr":
            turn |= {"chapter_index": chapter, **_speaker(run.turn, text, named)}
        else:
            chapter = turn["chapter_index"]
            new.setdefault(run.turn["turn_index"], len(turns))
        for word in run.words:
            words.append(_word(word, len(words), turn))
        turns.append(turn)
    events = [{**event, "turn_index": new.get(event["turn_index"])} for event in text["events"]]
    kept = {name: text[name] for name in ("chapters", "speakers")}
    transcript = _transcript(text["transcript"], heard["transcript"])
    made = {"transcript": transcript, "turns": turns, "words": words, "events": events}
    return {**withdrawn(heard), **kept, **made}


def _turn(run: _Run, index: int, longest: Seconds, language: str | None) -> Row:
    """Return the row of a run: as its turn is where that is whole, else with the times and text of its words."""
    turn = {**run.turn, "turn_index": index, "word_count": len(run.words), "text_source": run.source}
    if not run.is_whole:
        text = join_words((word["word"] for word in run.words), language if run.source == "asr" else None)
        turn |= {"text": text, **_times(run.words)}
    for name in ("start_time", "end_time"):
        turn[name] = None if turn[name] is None else min(turn[name], longest)
    return turn


def _times(words: Sequence[Row]) -> Row:
    """Return from when to when words were said, and how that is known; all `None` where no word has a time."""
    known = [word for word in words if word["start_time"] is not None]
    if not known:
        return dict.fromkeys(("start_time", "end_time", "time_source"))
    sources = {known[0]["time_source"], known[-1]["time_source"]}
    return {
        "start_time": known[0]["start_time"],
        "end_time": max(word["end_time"] or word["start_time"] for word in known),
        "time_source": sources.pop() if len(sources) == 1 else "interpolated",
    }


def _speaker(turn: Row, text: Row, named: Mapping[str, Naming]) -> Row:
    """Return who is heard, as the text calls them where it does."""
    naming = named.get(turn["speaker_label"])
    if naming is None:
        return {}
    name = next((one["speaker_name"] for one in text["turns"] if one["speaker_label"] == naming.speaker), None)
    if name is None or turn["name_source"] == "user":
        return {}
    return {
        "speaker_label": naming.speaker,
        "speaker_name": name,
        "name_source": "aligned",
        "name_confidence": naming.confidence,
    }


def _word(word: Row, index: int, turn: Row) -> Row:
    return {
        **word,
        "word_index": index,
        "turn_index": turn["turn_index"],
        "speaker_label": turn["speaker_label"],
        "text_source": turn["text_source"],
    }


def _transcript(text: Row, heard: Row) -> Row:
    """Describe the transcript; who it is of, and its id, is for whoever stages it."""
    return {
        **text,
        "rendition_id": heard["rendition_id"],
        "source": "merged",
        "format": None,
        "language": text["language"] or heard["language"],
        "model": heard["model"],
        "method_version": METHOD,
        "document_sha256": None,
        "linked_by": None,
        "flags": [flag for flag in text["flags"] if flag != "partial_text"],
        "created_at": heard["created_at"],  # of two of one text that counts which was heard last
        "is_pinned": None,
    }
