"""What `turntable serve` says of what runs below it, and what runs and pages are called."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flows import episode_log
from flows.feeds import outcomes
from flows.feeds.pending import PendingEpisode, PendingQueue
from flows.locations import locate
from flows.serve.prefect_ui.run_names import name_of
from flows.settings import Options, Settings
from flows.sources.found import EpisodeSource
from tests.support.documents import EPISODE, NOON, publish, staged
from transforms.errors import SourceError, TransientError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home in which one episode waits and one was heard."""
    publish(tmp_path, staged())
    waits = replace(EPISODE, episode_id="youtube:abc", title="Why a Needle Hops")
    PendingQueue(tmp_path).put(PendingEpisode("https://x.example/1.mp3", None, waits, Options(), None, NOON))
    return Settings(home=tmp_path)


def test_only_what_became_of_things_is_shown_and_the_rest_is_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long log is set aside; a title gives no commands and makes no lines of its own."""
    log = tmp_path / "prefect" / "runs.log"
    monkeypatch.setattr(episode_log, "MOST_BYTES", 60)
    lines = [
        b"10:00 | INFO | Flow run 'x' - Beginning\n",
        b"turntable: Open \x1b[2Jquestions: 28 turns in 170 s\n",
    ]

    episode_log.show(lines * 2, log)

    shown = "turntable: Open ␛[2Jquestions: 28 turns in 170 s\n"
    assert capsys.readouterr().out == shown * 2
    assert log.with_suffix(".log.1").read_bytes() + log.read_bytes() == b"".join(lines * 2)


def test_an_episode_is_told_by_its_title(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many turns, of how long; what failed, why, and when it is tried again; nothing where nobody serves."""
    found = EpisodeSource(locate("https://x.example/1.mp3"), None, replace(EPISODE, title="Open\nquestions"))
    outcomes.note_loaded(settings, found.episode, "an-id", "t", 1, 170.2, is_new=True)
    assert capsys.readouterr().out == ""
    monkeypatch.setenv(episode_log.SERVED, "1")

    outcomes.note_loaded(settings, found.episode, "an-id", "t", 1, 170.2, is_new=True)
    outcomes.note_loaded(settings, found.episode, "an-id", "t", 28, None, is_new=False)
    outcomes.note_failed(settings, found, Options(), "fetch", TransientError("503"))
    outcomes.note_failed(settings, found, Options(), "decode", SourceError("404"))

    loaded, again, failed, _ = capsys.readouterr().out.splitlines()
    assert loaded == "turntable: Open␊questions: 1 turn in 170 s"
    assert again == "turntable: Open␊questions: 28 turns, as before"
    assert failed.startswith("turntable: Open␊questions: fetch failed: 503; again at ")


def test_a_run_is_called_by_the_title_of_its_episode(settings: Settings) -> None:
    """Whether it waits or was heard; else by where it lies."""
    assert name_of(locate("episode:youtube:abc"), settings.home) == "Why a Needle Hops"
    assert name_of(locate(f"episode:{EPISODE.episode_id}"), settings.home) == EPISODE.title
    assert name_of(locate("episode:nobody"), settings.home) == "episode:nobody"
    assert (
        name_of(locate("https://ann:secret@x.example/1.mp3?token=y"), settings.home) == "https://x.example/1.mp3"
    )


def test_a_run_that_waits_has_the_name_that_it_will_have(settings: Settings, prefect_server: str) -> None:
    """In a long queue, too; a poll is called by when it comes. One that was named is left alone."""
    from prefect.client.orchestration import get_client

    from flows.serve.deployments import deployments
    from flows.serve.runner import name_waiting

    assert prefect_server
    poll, hear, *_ = (one.apply() for one in deployments(timedelta(hours=1), settings.home)[:2])
    with get_client(sync_client=True) as client:
        waits = client.create_flow_run_from_deployment(hear, parameters={"location": "episode:youtube:abc"})
        polls = client.create_flow_run_from_deployment(poll)
        named = name_waiting(settings.home, set())
        names = [client.read_flow_run(run.id).name for run in (waits, polls)]
        client.update_flow_run(waits.id, name="by hand")
        name_waiting(settings.home, named)
        kept = client.read_flow_run(waits.id).name
        for run in (waits, polls):
            client.delete_flow_run(run.id)

    assert {waits.id, polls.id} <= named
    assert names[0] == "Why a Needle Hops"
    assert re.fullmatch(r"poll \d\d:\d\d", names[1])
    assert kept == "by hand"
