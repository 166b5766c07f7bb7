"""Staged documents for the tests of the warehouse: small, whole, and told apart by their arguments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support import new_warehouses
from transforms.records import (
    Episode,
    Person,
    Podcast,
    Rendition,
    SpeakerSegment,
    StageRun,
    TranscriptLink,
    Turn,
    Word,
)
from warehouse import store
from warehouse.loading.staging import Staged, write_staged

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

PODCAST = Podcast(
    podcast_id="show-1",
    title="The Long Groove",
    author="Mara Quill",
    feed_url="https://groove.example/feed.xml",
    site_url="https://groove.example/",
    language="en",
)
EPISODE = Episode(
    episode_id="0a1b2c3d-one",
    podcast_id="show-1",
    guid="groove-1",
    title="Why a Record Turns",
    description="Mara asks Idris.",
    published_at=datetime(2026, 4, 1, 6, tzinfo=UTC),
    season=1,
    episode_number=1.0,
    language="en",
    page_url="https://groove.example/1",
    audio_url="https://groove.example/1.ogg",
    duration=12.0,
    chapters_url="https://groove.example/1.json",
    transcripts=(TranscriptLink("https://groove.example/1.vtt", "text/vtt", "en", None),),
    persons=(Person("Mara Quill", "host"),),
)
RENDITION = Rendition(
    rendition_id="5ha",
    url="https://groove.example/1.ogg",
    media_type="audio/ogg",
    header_seconds=12.0,
    decoded_seconds=10.0,
    bad_packets=2,
    flags=("short_audio",),
    fetched_at=NOON,
)
WORDS = (
    Word("Why", 0.0, 0.5, 0.9, "A", 1.0),
    Word("turn?", 0.5, 1.5, 0.8, "A", 1.0),
    Word("It", 2.0, 2.5, 0.7, "B", 0.5),
    Word("must.", 2.5, 3.0, 0.9, "B", 0.5),
)
TURNS = (
    Turn(0, "A", 0.0, 1.5, "Why turn?", 0, 2, "speaker", False, 1.0, 0.85),
    Turn(1, "B", 2.0, 3.0, "It must.", 2, 2, "speaker", False, 0.5, 0.8),
)
SEGMENTS = (SpeakerSegment(0.0, 1.75, "A"), SpeakerSegment(1.5, 3.0, "B"))


def stage_run(stage: str = "fetch", **changes: Any) -> StageRun:
    """A done run of a stage of the episode."""
    run = StageRun(
        source="https://groove.example/feed.xml",
        episode_id=EPISODE.episode_id,
        stage=stage,
        key=f"key-of-{stage}",
        status="done",
        error_class=None,
        message=None,
        method=f"{stage} 1",
        model=None,
        device="cpu",
        parameters="{}",
        flags=(),
        started_at=NOON,
        seconds=1.5,
    )
    return replace(run, **changes)


def staged(minutes: float = 0, **changes: Any) -> Staged:
    """A document that was staged so many minutes after noon: by default a recognised transcript."""
    document = Staged(
        staged_at=NOON + timedelta(minutes=minutes),
        podcast=PODCAST,
        episode=EPISODE,
        rendition=RENDITION,
        transcript_id="asr-1",
        source="asr",
        format=None,
        origin=None,
        language="en",
        model="tiny.en",
        method_version="1",
        parse_coverage=None,
        flags=("low_margin",),
        created_at=NOON,
        turns=TURNS,
        words=WORDS,
        speaker_segments=SEGMENTS,
        stage_runs=(stage_run("fetch"), stage_run("transcribe", model="tiny.en")),
    )
    return replace(document, **changes)


def published(minutes: float = 0, **changes: Any) -> Staged:
    """A document with what the publisher wrote of the same episode: no words, no times for one turn."""
    document = staged(
        minutes,
        rendition=None,
        transcript_id="vtt-1",
        source="publisher",
        format="vtt",
        origin="https://groove.example/1.vtt",
        model=None,
        parse_coverage=1.0,
        flags=(),
        turns=(
            Turn(0, "Mara Quill", 0.0, 1.5, "Why turn?", 0, 2, "cue", None, None, None),
            Turn(1, None, None, None, "It must.", 2, 2, "cue", None, None, None),
        ),
        words=(),
        speaker_segments=(),
        stage_runs=(stage_run("parse"),),
    )
    return replace(document, **changes)


def empty_warehouse(path: Path) -> Path:
    """Put a warehouse without rows where one is wanted: a load need not make it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(new_warehouses.empty())
    return path


def publish(home: Path, *documents: Staged) -> Path:
    """Load documents into the warehouse of a home, and give its snapshot."""
    home.mkdir(exist_ok=True)
    files = {}
    for number, document in enumerate(documents):
        files[f"k{number}"] = home / f"k{number}.parquet"
        files[f"k{number}"].write_bytes(write_staged(document))
    warehouse, snapshot = empty_warehouse(home / "warehouse" / "warehouse.duckdb"), home / "turntable.duckdb"
    store.load(warehouse, files, {})
    store.publish(warehouse, snapshot)
    return snapshot
