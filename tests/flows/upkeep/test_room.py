"""A home does not grow for ever: audio and samples of finished episodes are freed, and nothing is made twice."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.artifacts import Made, Store
from flows.engines.shared_engine import EngineClient, SharedEngine
from flows.episode import pipeline, stages
from flows.episode.later_stages.decoded import Decoded
from flows.feeds.pending import PendingEpisode, PendingQueue
from flows.locations import at_path
from flows.payloads import TRANSCRIPTION, read_samples
from flows.published.import_texts import reparse_texts
from flows.settings import Options, Settings
from flows.sources.episodes import find_named
from flows.sources.found import bare_episode
from flows.upkeep import room
from flows.upkeep.rebuild import rebuild
from flows.upkeep.room import Limits
from flows.upkeep.verify import verify
from tests.conftest import command, only, rows_of
from tests.support.homes import hear, ingest_file, make_audio, publish
from transforms.records import file_episode_id
from warehouse import spare

pytestmark = pytest.mark.system  # whole homes are written: a second each

AT_ONCE = Limits(timedelta(0), timedelta(0))
NEVER = Limits(timedelta.max, timedelta.max)


@pytest.fixture
def heard(tmp_path: Path) -> tuple[Settings, Path]:
    """A home that heard one file, and the file."""
    settings = Settings(home=tmp_path / "home")
    audio = make_audio(tmp_path / "groove.wav")
    ingest_file(settings, audio)
    return settings, audio


def kinds(found: tuple[room.Freeable, ...]) -> list[str]:
    """What goes, in order."""
    return [one.what for one in found]


def rows(settings: Settings) -> list[Any]:
    """What the snapshot says of episode and turns."""
    return [
        rows_of(settings.snapshot, f"from {table} order by all") for table in ("turns", "words", "transcripts")
    ]


def manifests(settings: Settings) -> dict[str, float]:
    """When each finished stage began, by key."""
    store = Store(settings.home)
    every = (one for stage in store.artifacts.iterdir() for one in store.manifests(stage.name))
    return {one.key: one.started_at.timestamp() for one in every}


def test_what_is_freed_is_made_again_by_nobody(heard: tuple[Settings, Path]) -> None:
    """Neither by `ingest`, `reparse`, `rebuild` nor `verify`: the hashes are there."""
    settings, audio = heard
    before, made = rows(settings), manifests(settings)
    freed = room.carry_out(settings, room.find(settings, AT_ONCE))
    assert kinds(freed) == ["samples", "audio"]
    assert not list(settings.home.glob("artifacts/fetch/*/*/payload.*"))
    assert not list(settings.home.glob("artifacts/decode/*/*/payload.*"))

    assert verify(settings, deep=True) == ()
    rebuild(settings, deep=True)
    reparse_texts(settings)
    ingest_file(settings, audio)

    assert (rows(settings), manifests(settings)) == (before, made)
    assert room.find(settings, AT_ONCE) == ()
    assert not list(settings.home.glob("damaged/*"))


def test_who_needs_it_after_all_has_it_again(
    heard: tuple[Settings, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another model decodes anew; where the audio is freed too, that is brought again first."""
    settings, audio = heard
    store = Store(settings.home)
    room.carry_out(settings, room.find(settings, AT_ONCE))
    known = only(list(store.manifests("transcribe")))
    said = TRANSCRIPTION.validate_json((store.folder("transcribe", known.key) / known.payload).read_bytes())

    def transcribe(client: EngineClient, decoded: Any, *_: Any) -> Any:
        assert len(read_samples(decoded[0])) == 32_000
        made = Made(TRANSCRIPTION.dump_json(said), model="another", facts={"language": "en"})
        inputs = {"samples": decoded[0].sha256}
        recipe = {"method": "made-2", "suffix": ".json", "inputs": inputs, "parameters": {}}
        return (client.engine.store.make("transcribe", lambda _: made, **recipe),)

    monkeypatch.setattr(EngineClient, "transcribe", transcribe)
    (found,) = find_named(at_path(audio), 1, settings.reach).episodes
    options = pipeline.Options(diarize=False)
    outcome = pipeline.process_episode(found, options, settings, EngineClient(SharedEngine(settings)))

    assert outcome is not None
    assert {"fetch", "decode", "transcribe"} <= set(outcome.computed)
    assert rows_of(settings.snapshot, "select model from transcripts order by 1") == [("another",), (None,)]
    assert verify(settings) == ()


def test_a_file_that_is_nowhere_else_is_kept(heard: tuple[Settings, Path]) -> None:
    """The copy of a recording that its owner deleted is the only one; its samples can be made of it."""
    settings, audio = heard
    audio.unlink()
    assert kinds(room.find(settings, AT_ONCE)) == ["samples"]


def test_what_is_young_or_not_finished_is_kept(heard: tuple[Settings, Path], tmp_path: Path) -> None:
    """Until it is small enough, the oldest goes first, samples before audio."""
    settings, _ = heard
    assert room.find(settings, room.limits_of(settings)) == ()
    hear(settings, make_audio(tmp_path / "under way.wav", seed=5))  # staged, and not loaded yet
    assert kinds(room.find(settings, AT_ONCE)) == ["samples", "audio"]
    assert room.staying(settings) > 0
    publish(settings)
    found = room.find(settings, Limits(timedelta.max, timedelta.max, most=200_000))
    assert kinds(found) == ["samples"]
    found = room.find(settings, Limits(timedelta.max, timedelta.max, most=0))
    assert kinds(found) == ["samples", "samples", "audio", "audio"]


def test_what_nothing_is_made_of_goes(heard: tuple[Settings, Path]) -> None:
    """Parts of stages that are done, what failed, a spare that cannot be used; not what somebody works on now."""
    settings, _ = heard
    store = Store(settings.home)
    decoded = only(list(store.manifests("decode")))
    inputs = {"samples": decoded.sha256}
    store.make("diarize-part", lambda _: Made(b"x"), method="m", suffix=".npy", inputs=inputs, parameters={})
    shutil.copy(settings.snapshot, spare.place(settings.snapshot))
    assert kinds(room.find(settings, NEVER)) == ["spare"]
    later = decoded.started_at + timedelta(days=8)

    room.carry_out(settings, room.find(settings, NEVER, later))

    assert list(store.manifests("diarize-part")) == []
    assert not spare.place(settings.snapshot).exists()
    assert room.find(settings, NEVER, later) == ()


def test_days_without_end_are_days(heard: tuple[Settings, Path]) -> None:
    """`--keep-audio inf` keeps it for ever."""
    done = command(heard[0].home, "gc", "--keep-audio", "inf", "--keep-samples", "1e12", "--dry-run")
    assert done.returncode == 0, done.stderr


def test_audio_of_a_killed_ingest_goes(heard: tuple[Settings, Path], tmp_path: Path) -> None:
    """After two days, with its samples; while its episode waits it stays."""
    settings, _ = heard
    store, audio = Store(settings.home), make_audio(tmp_path / "half heard.wav", seed=23)
    fetched = stages.fetch(store, at_path(audio), settings, lambda _: None)
    decoded = stages.decode(store, fetched, "it")
    later = decoded.manifest.started_at + timedelta(days=2, minutes=1)
    assert room.find(settings, NEVER, later - timedelta(days=1)) == ()
    episode = bare_episode(file_episode_id(fetched.sha256), None)
    pending = PendingEpisode(str(audio), None, episode, Options(), None, later)
    PendingQueue(settings.home).put(pending)
    assert room.find(settings, NEVER, later) == ()
    PendingQueue(settings.home).remove(episode.episode_id)

    room.carry_out(settings, room.find(settings, NEVER, later))

    assert not fetched.path.exists()
    assert not decoded.path.exists()
    assert verify(settings) == ()


def test_it_is_done_once_a_day(heard: tuple[Settings, Path]) -> None:
    """By itself, as the settings say; on a machine that only stages never."""
    settings = heard[0].model_copy(update={"keep_samples": 0.0})
    assert room.free_daily(settings) is None
    looked = settings.home / "locks" / "gc.looked"
    os.utime(looked, (0, 0))
    assert room.free_daily(settings.model_copy(update={"load": "elsewhere"})) is None
    assert room.free_daily(settings) == "0.1 MB of finished episodes were freed, as `turntable gc` does once a day"
    assert room.free_daily(settings) is None


def test_alignment_goes_without_samples(heard: tuple[Settings, Path]) -> None:
    """Words end as they were recognised then."""
    settings, _ = heard
    store = Store(settings.home)
    document = only(list(store.manifests("stage")))
    assert len(Decoded(store).of(document)) == 1
    room.carry_out(settings, room.find(settings, AT_ONCE))
    assert Decoded(store).of(document) == ()


@pytest.mark.system
def test_the_commands_say_what_goes_and_what_there_is(heard: tuple[Settings, Path]) -> None:
    """In bytes, and for scripts; a dry run frees nothing."""
    settings, _ = heard
    for flags, is_there in ((["--dry-run"], True), ([], False)):
        told = command(settings.home, "gc", "--keep-samples", "0", "--json", *flags)
        assert [(one["what"], one["files"]) for one in json.loads(told.stdout)["freed"]] == [("samples", 1)]
        assert bool(list(settings.home.glob("artifacts/decode/*/*/payload.npy"))) == is_there
    held = {
        one["what"]: one["bytes"]
        for one in json.loads(command(settings.home, "status", "--room", "--json").stdout)
    }
    assert held["audio"] > 60_000 > held["samples"]
    assert "the home holds" in command(settings.home, "status").stderr
    for size in ("much", "20", "1.5"):
        assert command(settings.home, "gc", "--to", size, check=False).returncode == 2
