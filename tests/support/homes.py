"""A small home with a bit of everything, made by the real stages: what tests of damage start from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from flows import loader
from flows.artifacts import Artifact, Made, Store
from flows.engines.shared_engine import EngineClient, SharedEngine
from flows.episode import extras, stages
from flows.episode.joining import Joined
from flows.episode.pipeline import Work, stage_and_load
from flows.episode.stages import Processed
from flows.feeds.manage import add_feeds
from flows.feeds.pending import PendingQueue, failed
from flows.locations import Location, at_path, locate
from flows.payloads import DIARIZATION, TRANSCRIPTION
from flows.published import text_stages
from flows.published.import_texts import ImportContext, import_one
from flows.published.linking import AskedEpisodes, Hints
from flows.runs import StageFailed, record
from flows.settings import Options, Said, Settings
from flows.sources.episodes import find_named
from flows.sources.found import EpisodeSource, PublisherExtras, bare_episode
from tests.conftest import write_wav
from tests.support.feeds import Publisher, item
from transforms.errors import TransientError
from transforms.hashes import sha256
from transforms.records import Diarization, Segment, SpeakerSegment, Word, file_episode_id
from transforms.speech.checks import DecodedWindow, Transcription

TALK = "{title}\n\nAnn Lee: Why does a record turn, {title}?\nBob Ray: It must, or nobody hears {title}.\n"
WORDS = ("Why", "does", "it", "turn?", "It", "must.")


def make_home(folder: Path, publisher: Publisher) -> Settings:
    """Make a home at `folder/home`: a heard file, three texts, two feeds with three that wait, two failures."""
    settings = Settings(home=folder / "home", allow=("127.0.0.1",))
    store = Store(settings.home)
    hear(settings, make_audio(folder / "groove.wav"))
    for number in range(3):
        text = folder / f"talk {number}.txt"
        text.write_text(TALK.format(title=f"Talk number {number} of many"))
        import_text(settings, text)
    feeds = [publisher.publish("/one", [item(2), item(1)]), publisher.publish("/two", [item(9)], "The Other Side")]
    add_feeds(settings, [locate(feed) for feed in feeds], ("music",), Options(language="en"), "all")
    (first, *_) = PendingQueue(settings.home).all()
    PendingQueue(settings.home).put(failed(first, "fetch", TransientError("no answer"), datetime.now(UTC)))
    for stage in ("fetch", "decode"):
        error = StageFailed(stage, datetime.now(UTC), TransientError(f"{stage} failed"))
        record(error, "https://cdn.example/show/1.mp3", first.episode.episode_id, settings, load=False)
    publish(settings)
    assert len(store.all("stage")) == 4
    return settings


def make_audio(path: Path, seed: int = 1) -> Path:
    """Write two seconds of noise."""
    write_wav(path, np.random.default_rng(seed).normal(0, 0.1, 32_000))
    return path


def publish(settings: Settings) -> None:
    """Load and publish, as every run does at its end."""
    loader.load(settings)
    loader.publish(settings)


def import_text(settings: Settings, path: Path, hints: Hints | None = None) -> None:
    """Import one text, as `turntable import` does, and do not load it."""
    loader.ready_snapshot(settings)
    store = Store(settings.home)
    known, before = AskedEpisodes(settings.snapshot), partial(text_stages.newest_stage, store, settings.snapshot)
    job = ImportContext(store, settings, hints or Hints(), known, before)
    import_one(job, at_path(path))


def ingest(
    settings: Settings,
    found: EpisodeSource,
    said: Said | None = None,
    words: tuple[Word, ...] | None = None,
    segments: tuple[SpeakerSegment, ...] | None = None,
    model: str | None = None,
) -> Joined:
    """Ingest an episode as `turntable ingest` does, but with words that nobody recognised, as if a model had."""
    store = Store(settings.home)
    heard = heard_as(store, settings, found.location, segments or SPEAKERS, words or FEW, model)
    work = Work(found, Options(said=said or Said()), settings, EngineClient(SharedEngine(settings)))
    text = extras.bring_text(found, None, Options(), settings)
    chosen = extras.bring_chapters(found, None, None, settings) if found.extras.chapters else None
    return stage_and_load(work, heard, stages.make_turns(store, heard), chosen, text)[0]


def ingest_file(
    settings: Settings,
    path: Path,
    said: Said | None = None,
    words: tuple[Word, ...] | None = None,
    segments: tuple[SpeakerSegment, ...] | None = None,
    known_extras: PublisherExtras | None = None,
) -> Joined:
    """Ingest one audio file so; `known_extras` are what a publisher offers beside it."""
    (found,) = find_named(at_path(path), 1, settings.reach).episodes
    return ingest(settings, replace(found, known_extras=known_extras), said, words, segments)


FEW = tuple(Word(word, n / 4, n / 4 + 0.2, 0.9, None, None) for n, word in enumerate(WORDS))
SPEAKERS = (SpeakerSegment(0.0, 1.0, "SPEAKER_00"), SpeakerSegment(1.0, 2.0, "SPEAKER_01"))


def hear(settings: Settings, path: Path) -> None:
    """Ingest one audio file, as `turntable ingest` does, but with words that nobody recognised."""
    store = Store(settings.home)
    heard = heard_as(store, settings, at_path(path), SPEAKERS)
    episode = bare_episode(file_episode_id(sha256(path)), None)
    stages.stage(store, None, episode, str(path), heard, stages.make_turns(store, heard))


def heard_as(
    store: Store,
    settings: Settings,
    location: Location,
    segments: tuple[SpeakerSegment, ...],
    words: tuple[Word, ...] = FEW,
    model: str | None = None,
) -> Processed:
    """Make all stages of some audio up to its words, four of them a second, with these speakers."""
    fetched = stages.fetch(store, location, settings, lambda _: None)
    decoded = (stages.decode(store, fetched, "audio"),)
    segment = Segment(0.0, 2.0, " ".join(word.word for word in words), None, words)
    said = Transcription(
        (DecodedWindow(0.0, 2.0, (segment,), -0.1, 0.0, 1.0, 1.0, 0.0, "batched"),), "en", 0.99, 2.0
    )
    voices = {one.speaker: (float(n), 1.0) for n, one in enumerate(segments)}
    who = Diarization(segments, segments, voices)
    transcribed = (
        _made(
            store,
            "transcribe",
            decoded[0],
            lambda _: Made(TRANSCRIPTION.dump_json(said), model=model, facts={"language": "en"}),
            " ".join(word.word for word in words),
        ),
    )
    diarized = _made(store, "diarize", decoded[0], lambda _: Made(DIARIZATION.dump_json(who)))
    return Processed(fetched, decoded, transcribed, diarized, stages.attribute(store, transcribed[0], diarized))


def _made(
    store: Store, stage: str, decoded: Artifact, compute: Callable[[Path], Made], text: str | None = None
) -> Artifact:
    inputs, parameters = {"samples": decoded.sha256}, {"text": text} if text else {}
    return store.make(stage, compute, method="made-1", suffix=".json", inputs=inputs, parameters=parameters)
