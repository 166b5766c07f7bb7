"""A staged document is one row whose fields are the columns of the tables."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.documents import EPISODE, NOON, published, stage_run, staged
from transforms.records import (
    Chapter,
    Episode,
    Person,
    Podcast,
    Rendition,
    Section,
    SoundEvent,
    Speaker,
    SpeakerSegment,
    StageRun,
    TranscriptLink,
    Turn,
    Word,
)
from warehouse.loading.staging import NOT_STORED, Staged, schema, write_staged


def read(document: Staged) -> dict[str, Any]:
    """Read the one row back, with a library that is not DuckDB."""
    (row,) = pq.read_table(io.BytesIO(write_staged(document))).to_pylist()
    return row


def test_every_field_is_there_under_the_name_of_its_column():
    """The whole document of a recognised transcript reads back value by value."""
    row = read(staged())
    run_ids = [run.pop("run_id") for run in row["stage_runs"]]
    assert len(set(run_ids)) == 2
    assert row == {
        "staged_at": NOON,
        "feed_index": None,
        "podcast": {
            "podcast_id": "show-1",
            "title": "The Long Groove",
            "author": "Mara Quill",
            "feed_url": "https://groove.example/feed.xml",
            "site_url": "https://groove.example/",
            "language": "en",
        },
        "episode": {
            "episode_id": "0a1b2c3d-one",
            "podcast_id": "show-1",
            "guid": "groove-1",
            "title": "Why a Record Turns",
            "description": "Mara asks Idris.",
            "published_at": EPISODE.published_at,
            "season": 1,
            "episode_number": 1.0,
            "language": "en",
            "page_url": "https://groove.example/1",
            "audio_url": "https://groove.example/1.ogg",
            "audio_path": None,
            "duration": 12.0,
            "linked_by": "feed",
            "published_text": None,
            "transcripts": [
                {
                    "url": "https://groove.example/1.vtt",
                    "media_type": "text/vtt",
                    "language": "en",
                    "rel": None,
                }
            ],
            "persons": [{"name": "Mara Quill", "role": "host"}],
        },
        "rendition": {
            "rendition_id": "5ha",
            "url": "https://groove.example/1.ogg",
            "media_type": "audio/ogg",
            "header_seconds": 12.0,
            "decoded_seconds": 10.0,
            "bad_packets": 2,
            "flags": ["short_audio"],
            "fetched_at": NOON,
        },
        "transcript": {
            "transcript_id": "asr-1",
            "episode_id": "0a1b2c3d-one",
            "rendition_id": "5ha",
            "source": "asr",
            "format": None,
            "origin": None,
            "language": "en",
            "model": "tiny.en",
            "method_version": "1",
            "parse_coverage": None,
            "parse_confidence": None,
            "aligned_to": None,
            "aligned_share": None,
            "is_pinned": None,
            "flags": ["low_margin"],
            "created_at": NOON,
            "linked_by": None,
            "document_sha256": None,
        },
        "chapters": [],
        "given_chapters": None,
        "sections": [],
        "events": [],
        "speakers": [],
        "turns": [
            turn(0, "A", 0.0, 1.5, "asr", "Why turn?", 1.0, 0.85),
            turn(1, "B", 2.0, 3.0, "asr", "It must.", 0.5, 0.8),
        ],
        "words": [
            word(0, 0, "Why", 0.0, 0.5, "asr", 0.9, "A", 1.0),
            word(1, 0, "turn?", 0.5, 1.5, "asr", 0.8, "A", 1.0),
            word(2, 1, "It", 2.0, 2.5, "asr", 0.7, "B", 0.5),
            word(3, 1, "must.", 2.5, 3.0, "asr", 0.9, "B", 0.5),
        ],
        "speaker_segments": [
            {"segment_index": 0, "speaker_label": "A", "start_time": 0.0, "end_time": 1.75},
            {"segment_index": 1, "speaker_label": "B", "start_time": 1.5, "end_time": 3.0},
        ],
        "stage_runs": [run_row("fetch", None), run_row("transcribe", "tiny.en")],
        "described_at": None,
        "gaps": [],
        "evals": [],
        "name_evidence": [],
        "voices": [],
    }


UNNAMED = dict.fromkeys(
    ("speaker_id", "speaker_name", "name_source", "name_confidence", "chapter_index", "text_source")
)


def turn(*values: object) -> dict[str, Any]:
    names = "turn_index speaker_label start_time end_time time_source text speaker_margin mean_probability"
    row = dict(zip(names.split(), values, strict=True))
    return {**row, "word_count": 2, "boundary": "speaker", "is_overlap": False, **UNNAMED}


def word(*values: object) -> dict[str, Any]:
    names = "word_index turn_index word start_time end_time time_source probability speaker_label"
    row = dict(zip([*names.split(), "speaker_margin"], values, strict=True))
    return {**row, "time_confidence": None, "text_source": None}


def run_row(stage: str, model: str | None) -> dict[str, Any]:
    return {
        "source": "https://groove.example/feed.xml",
        "episode_id": "0a1b2c3d-one",
        "stage": stage,
        "key": f"key-of-{stage}",
        "status": "done",
        "error_class": None,
        "message": None,
        "method": f"{stage} 1",
        "model": model,
        "device": "cpu",
        "parameters": "{}",
        "flags": [],
        "started_at": NOON,
        "seconds": 1.5,
    }


def test_what_is_unknown_stays_unknown():
    """No show, no audio, no times: the structs are NULL, and a turn without times has no time source."""
    row = read(published(podcast=None))
    assert (row["podcast"], row["rendition"], row["transcript"]["rendition_id"]) == (None, None, None)
    assert [one["time_source"] for one in row["turns"]] == ["publisher", None]
    assert (row["words"], row["speaker_segments"]) == ([], [])


@pytest.mark.parametrize(
    ("episode", "linked_by"),
    [
        (EPISODE, "feed"),
        (replace(EPISODE, podcast_id=None), "url"),
        (replace(EPISODE, podcast_id=None, audio_url=None), "file"),
    ],
)
def test_the_way_an_episode_is_known_is_kept(episode: Episode, linked_by: str):
    """An episode of a show comes from a feed, one with only a URL from there, another from a file."""
    assert read(staged(episode=episode))["episode"]["linked_by"] == linked_by


def test_equal_documents_give_equal_bytes():
    """The bytes can be content-addressed: nothing of the moment or the machine gets in."""
    assert write_staged(staged()) == write_staged(staged())
    assert write_staged(staged()) != write_staged(staged(minutes=1))


def test_schema_does_not_depend_on_the_values():
    """A document of Nones and empty lists has the same types as a full one."""
    full, bare = (
        pq.read_schema(io.BytesIO(write_staged(document)))
        for document in (
            staged(),
            published(podcast=None, turns=(), stage_runs=(), episode=replace(EPISODE, persons=())),
        )
    )
    assert full == bare


# Each record, where it is staged, and which of its fields go by another name there, or (`None`) are not stored.
LABELLED = {"speaker": "speaker_label"}
RECORDS: list[tuple[type, str, dict[str, str | None]]] = [
    (Podcast, "podcast", {}),
    (Episode, "episode", dict.fromkeys(NOT_STORED)),
    (TranscriptLink, "episode.transcripts", {}),
    (Person, "episode.persons", {}),
    (Rendition, "rendition", {}),
    (Turn, "turns", {**LABELLED, "first_word": None}),
    (Word, "words", LABELLED),
    (SpeakerSegment, "speaker_segments", LABELLED),
    (Chapter, "chapters", {}),
    (Chapter, "given_chapters", {}),
    (Section, "sections", {}),
    (SoundEvent, "events", {}),
    (Speaker, "speakers", {"label": "speaker_label", "name": "speaker_name"}),
    (StageRun, "stage_runs", {}),
]


def staged_fields(place: str) -> set[str]:
    """Name the fields that the schema has in a place, as `episode.persons`."""
    kind = pa.struct(list(schema()))
    for name in filter(None, place.split(".")):
        kind = kind.field(name).type
        kind = kind.value_type if pa.types.is_list(kind) else kind
    return {field.name for field in kind}


@pytest.mark.parametrize(("record", "place", "renamed"), RECORDS, ids=[f"{r.__name__}-{p}" for r, p, _ in RECORDS])
def test_the_schema_has_every_field_of_a_record(record: type, place: str, renamed: dict[str, str | None]):
    """Arrow drops a field that the schema does not name, without a word."""
    stored = {renamed.get(field.name, field.name) for field in fields(record)} - {None}
    assert stored <= staged_fields(place)


def test_the_schema_has_every_field_of_a_document():
    """Of itself, or of its transcript; how an episode is known is a field of the episode."""
    renamed = {"given": "given_chapters", "known_by": "linked_by"}
    stored = {renamed.get(field.name, field.name) for field in fields(Staged)}
    assert stored <= staged_fields("") | staged_fields("transcript") | staged_fields("episode")


def test_done_runs_have_one_id_and_failed_ones_one_each():
    """A done stage counts once whenever it ran; each failure counts by itself."""
    later = NOON.replace(hour=13)
    runs = (
        stage_run(),
        stage_run(started_at=later, seconds=9.0),
        stage_run(status="failed"),
        stage_run(status="failed", started_at=later),
    )
    ids = [run["run_id"] for run in read(staged(stage_runs=runs))["stage_runs"]]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@given(counts=st.lists(st.integers(0, 5), max_size=8), texts=st.text(max_size=5))
def test_each_word_is_in_the_turn_that_counts_it(counts: list[int], texts: str):
    """Turns that share out the words leave none without a turn, whatever the text."""
    turns, first = [], 0
    for index, count in enumerate(counts):
        turns.append(Turn(index, None, None, None, texts, first, count, "cue", None, None, None))
        first += count
    words = tuple(Word(texts, None, None, None, None, None) for _ in range(first))
    row = read(staged(turns=tuple(turns), words=words))
    expected = [index for index, count in enumerate(counts) for _ in range(count)]
    assert [one["turn_index"] for one in row["words"]] == expected


def test_a_word_in_no_turn_has_no_turn():
    """It is not given to a neighbour: `verify` is to find it."""
    document = staged()
    row = read(replace(document, turns=document.turns[:1]))
    assert [one["turn_index"] for one in row["words"]] == [0, 0, None, None]


@pytest.mark.system
def test_writing_does_not_import_pandas():
    """Which pyarrow would, for 0.3 s of each command; who wants it afterwards has it."""
    code = (
        "import sys; from tests.support.documents import staged; "
        "from warehouse.loading.staging import write_staged; "
        "write_staged(staged()); assert 'pandas' not in sys.modules; import pandas"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
