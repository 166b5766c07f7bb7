"""What a request that came over a server may name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows import allowed_files
from flows.allowed_files import AllowedFolders, check, check_models
from flows.artifacts import Store
from flows.episode import stages
from flows.episode.batch import ingest_pending
from flows.feeds import outcomes
from flows.feeds.pending import PendingEpisode, PendingQueue, retried
from flows.feeds.poll import announce
from flows.http.reach import Reach
from flows.locations import at_path, locate
from flows.published.text_files import find_texts, read_text
from flows.settings import Options, Settings
from flows.sources.episodes import find_named
from flows.sources.feed_pages import read_feed
from flows.sources.found import EpisodeSource, bare_episode
from transforms.errors import HostileError, TransientError


def check_named(*arguments: Any) -> None:
    """Check what a request names, as its flow does; Prefect is imported where it is needed, not by each worker."""
    from flows.serve.ingest_flow import check_named

    check_named(*arguments)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is watched, in a process that is at a request; a home and a secret lie beside it."""
    folder = tmp_path / "watched"
    for path in (folder / "inside", tmp_path / "home", tmp_path / "watched-not"):
        path.mkdir(parents=True)
    for path in (tmp_path / "secret.vtt", folder / "talk.vtt", tmp_path / "home" / "auth"):
        path.write_text("WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann>The word is swordfish.</v>\n")
    (folder / "out").symlink_to(tmp_path)
    (folder / "link.vtt").symlink_to(tmp_path / "secret.vtt")
    (folder / "home").symlink_to(tmp_path / "home")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(allowed_files, "_allowed", AllowedFolders((str(folder),), str(tmp_path / "home")))
    return folder


OUTSIDE = (
    "/etc/hostname",
    "/no/such/file",
    "../secret.vtt",
    "{watched}/../secret.vtt",
    "{watched}/out/secret.vtt",
    "{watched}/inside/../../secret.vtt",
    "{watched}/link.vtt",
    "{watched}/home/auth",
    "{watched}-not",
    "{watched}/../home",
    "~/x.vtt",
    "~root/x.vtt",
    "/proc/self/root/etc/hostname",
    "/proc/self/environ",
    "/proc/self/fd/0",
    "/dev/stdin",
    "/",
    "//etc/hostname",
    "{watched}/talk.vtt\0/../../secret.vtt",
    "file:///etc/hostname",
    "FILE:///etc/hostname",
    "file://{watched}/talk.vtt",
    "ftp://127.0.0.1/x",
    "concat:///etc/hostname",
    "data://text/plain,x",
    "episode:/../../../../etc/hostname",
)


@pytest.mark.parametrize("location", OUTSIDE)
def test_nothing_outside_is_opened_and_the_answer_does_not_say_what_is_there(watched: Path, location: str) -> None:
    """Links, dots, homes, descriptors, null bytes and other schemes: one line, the same for each."""
    named = locate(location.replace("{watched}", str(watched)))

    for opens in (check, find_texts, lambda one: read_text(one, Reach())):
        with pytest.raises(HostileError, match="a request may name no file outside") as refused:
            opens(named)
        assert "swordfish" not in str(refused.value)
        assert "\n" not in str(refused.value)


def test_what_is_watched_and_what_is_on_the_web_may_be_named(watched: Path) -> None:
    """Also where it is not there, which is said then."""
    for location in (
        "talk.vtt",
        f"{watched}/talk.vtt",
        f"{watched}/inside/../no.vtt",
        "~nobody-of-that-name/x.vtt",
        "https://example.org/1.mp3",
    ):
        check(locate(location))
    assert read_text(at_path(watched / "talk.vtt"), Reach())[0].startswith(b"WEBVTT")


@pytest.mark.parametrize("opens", [find_named, read_feed])
def test_a_feed_or_folder_that_may_be_named_leads_nowhere_else(
    watched: Path, opens: Callable[..., object]
) -> None:
    """A link among the audio of a folder; a feed on the disk whose older page lies elsewhere."""
    audio = watched / "inside" / "a.wav"
    audio.symlink_to("/etc/hostname")
    with pytest.raises(HostileError):
        find_named(at_path(watched / "inside"), 1, Reach())
    outside = watched.parent / "old.xml"
    outside.write_text("<rss version='2.0'><channel><title>Old</title></channel></rss>")
    with pytest.raises(HostileError):
        opens(at_path(outside), *((1,) if opens is find_named else ()), Reach())


def test_a_person_may_name_anything(watched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits at the machine could read it anyway."""
    monkeypatch.setattr(allowed_files, "_allowed", None)

    assert b"swordfish" in read_text(at_path(watched / "link.vtt"), Reach())[0]


@pytest.mark.parametrize("name", ["/models/mine", "mine", "../x", "base/..", "~", "https://evil.example/x", ""])
def test_a_request_names_models_by_their_names(name: str) -> None:
    """A folder may hold anything, and a stranger may have filled it."""
    check_models(("auto", "base", "embedded", "large-v3-turbo"))
    with pytest.raises(HostileError, match="turntable models"):
        check_models((name,))


def test_an_id_is_no_path(tmp_path: Path) -> None:
    """`episode:` with a path behind it reads no other file."""
    (tmp_path / "x.json").write_text("{}")

    assert PendingQueue(tmp_path / "home").get("../../x") is None


def test_the_setting_names_several_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """As PATH does."""
    monkeypatch.setenv("TURNTABLE_FOLDERS", os.pathsep.join(("/srv/audio", "", "/srv/texts, old")))

    assert Settings().folders == (Path("/srv/audio"), Path("/srv/texts, old"))


# --- what waits: named by a person, by a request, or by a file that nobody vouches for


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home in a process whose run is of a deployment; `watched` may be named."""
    monkeypatch.setattr(allowed_files, "is_requested", lambda: True)
    monkeypatch.setattr(allowed_files, "_allowed", None)
    (tmp_path / "watched").mkdir()
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    return Settings(home=tmp_path / "home", folders=(tmp_path / "watched",))


def wait(
    settings: Settings, location: str, options: Options | None = None, *, sealed: bool = True
) -> PendingEpisode:
    """Let an episode wait, in a file that has a digest or none."""
    waiters = PendingQueue(settings.home)
    waiting = PendingEpisode(
        location, None, bare_episode("an-id", None), options or Options(), feed_id=None, since=datetime.now(UTC)
    )
    waiters.put(waiting)
    if not sealed:
        path = settings.home / "waiting" / "an-id.json"
        path.write_text(json.dumps({k: v for k, v in json.loads(path.read_bytes()).items() if k != "digest"}))
    return waiting


@pytest.mark.parametrize("was_announced", [False, True])
def test_a_file_that_nobody_sealed_names_what_a_request_may(asked: Settings, was_announced: bool) -> None:
    """Also after an event said that the episode is there, which writes its file anew."""
    secret = asked.home.parent / "secret.wav"
    wait(asked, str(secret), sealed=False)
    if was_announced:
        assert announce(asked, lambda _: None) == 1
    check_named(locate("episode:an-id"), (), asked)

    with pytest.raises(HostileError, match="a request may name no file outside"):
        stages.fetch(Store(asked.home), at_path(secret), asked, lambda _: None)
    wait(asked, "https://example.org/1.mp3", Options(model=str(asked.home.parent)), sealed=False)
    with pytest.raises(HostileError, match="turntable models"):
        check_named(locate("episode:an-id"), (), asked)


def test_what_only_a_feed_or_nobody_knows_names_what_a_request_may(asked: Settings) -> None:
    """Feeds are written by strangers, and their memory may be by nobody."""
    check_named(locate("episode:another-id"), (), asked)

    with pytest.raises(HostileError):
        check(asked.home.parent / "secret.wav")


def test_what_a_person_named_goes_on(asked: Settings) -> None:
    """An event takes up what failed at a terminal, wherever it lies and whatever folder its model is."""
    wait(asked, str(asked.home.parent / "secret.wav"), Options(model="/models/mine"))
    check_named(locate("episode:an-id"), (), asked)

    check(asked.home.parent / "secret.wav")


def test_what_a_request_left_is_kept_to_it_whoever_takes_it_up(asked: Settings) -> None:
    """A file that was watched becomes a link: neither an event nor `poll --ingest` follows it."""
    path = asked.home.parent / "watched" / "talk.wav"
    path.write_bytes(b"RIFF")
    check_named(at_path(path), (), asked)
    found = EpisodeSource(at_path(path), None, bare_episode("an-id", None))
    outcomes.note_failed(asked, found, Options(), "fetch", TransientError("a disk that is busy"))
    waiters = PendingQueue(asked.home)
    waiters.put(retried(next(waiters.all())))
    path.unlink()
    path.symlink_to(asked.home.parent / "secret.wav")

    ((_, outcome),) = ingest_pending(asked)

    assert isinstance(outcome, HostileError)
    assert next(waiters.all()).quarantined
