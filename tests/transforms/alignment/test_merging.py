"""A published text and what was heard of it as one transcript, under damage: each word once, where it was said."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

import pytest

from tests.support.alignments import Case, damaged, heard_as, some_words, spoken
from transforms.alignment import align
from transforms.alignment.merging import merge
from transforms.alignment.naming import Naming
from transforms.alignment.rows import Row, aligned

LISTS = "speaker_segments chapters sections events speakers stage_runs gaps evals name_evidence".split()


def row(transcript: Row, turns: list[Row], words: list[Row], seconds: float) -> Row:
    """Return a staged document of a transcript, with nothing else in it."""
    about = {
        "transcript_id": "t",
        "language": "en",
        "rendition_id": "r",
        "model": None,
        "flags": [],
        "format": None,
    }
    return {
        "transcript": {**about, "created_at": datetime(2026, 11, 1, tzinfo=UTC), **transcript},
        "turns": turns,
        "words": words,
        "rendition": {"decoded_seconds": seconds},
        **{name: [] for name in LISTS},
    }


def turn(index: int, speaker: str, words: list[str], start: float | None = None, end: float | None = None) -> Row:
    unknown = dict.fromkeys(("speaker_name", "name_source", "name_confidence", "chapter_index", "time_source"))
    of = {"turn_index": index, "speaker_label": speaker, "text": " ".join(words), "word_count": len(words)}
    return {**unknown, **of, "start_time": start, "end_time": end, "boundary": "speaker"}


def merged(case: Case) -> Row | None:
    """Merge a case: the text in turns of 30 words of two speakers, what was heard as one turn of a voice."""
    text = case.words
    said = [turn(n, "Ann" if n % 2 else "Bob", text[30 * n : 30 * n + 30]) for n in range((len(text) + 29) // 30)]
    heard = [
        {"word_index": n, "turn_index": 0, "word": w.word, "start_time": w.start_time, "end_time": w.end_time,
         "time_source": "asr", "speaker_label": "SPEAKER_00"}
        for n, w in enumerate(case.heard)
    ]  # fmt: skip
    mine = row(
        {"source": "asr"}, [turn(0, "SPEAKER_00", [w.word for w in case.heard], 0.0, 9.0)], heard, case.duration
    )
    found = align(text, case.heard, "en", case.duration)
    written = aligned(row({"source": "publisher"}, said, [], case.duration), "h", found, [None] * len(heard))
    return merge(written, found, mine, {"SPEAKER_00": Naming("Bob", 1.0, 9)})


@pytest.mark.parametrize("side", ["text", "heard"])
def test_every_word_is_there_once_and_in_order(side: str) -> None:
    """Of a text that has a paragraph moved, passages twice and no ad, in audio that has one."""
    case = damaged(some_words(3000, 21), some_words(1000, 22), random.Random(3), side)
    made = merged(case)
    assert made is not None
    turns, words = made["turns"], made["words"]
    assert [one["turn_index"] for one in turns] == list(range(len(turns)))
    assert [one["word_index"] for one in words] == list(range(len(words)))
    for one in turns:
        inside = [word for word in words if word["turn_index"] == one["turn_index"]]
        assert len(inside) == one["word_count"]
        assert {word["text_source"] for word in inside} == {one["text_source"]}
        assert one["text"] == " ".join(word["word"] for word in inside)
        assert one["start_time"] is None or 0 <= one["start_time"] <= one["end_time"] <= case.duration
    true = sorted((s for s in case.text if s.start_time is not None), key=lambda said: said.start_time or 0.0)
    mine = [word["word"] for word in words if word["text_source"] == "publisher"]
    same = SequenceMatcher(None, [s.word for s in true], mine, autojunk=False).ratio()
    assert same > 0.99


def test_an_ad_is_in_nobodys_published_turn() -> None:
    """It stands between two parts of the turn that it interrupts, as heard; its text is not in those."""
    case = damaged(some_words(600, 23), some_words(600, 24), random.Random(5))
    made = merged(case)
    assert made is not None
    runs = [(source, list(run)) for source, run in groupby(made["turns"], lambda one: one["text_source"])]
    ads: list[Any] = [run for source, run in runs if source == "asr"]
    assert len(ads) == 1
    ((ad,),) = ads
    assert 50 < ad["end_time"] - ad["start_time"] < 70
    assert ad["speaker_label"] == "SPEAKER_00"


def test_a_text_that_is_what_was_heard_is_left_alone() -> None:
    said = spoken(some_words(300, 25), random.Random(1))
    assert merged(Case(tuple(said), tuple(heard_as(said)), 250.0)) is None
