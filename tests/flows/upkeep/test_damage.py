"""A damaged file concerns nobody else: it is set aside with one row, found by `verify`, healed by what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import TypeAdapter

from flows import loader
from flows.artifacts import Made, Store
from flows.feeds.manage import add_feeds, listed, remove, standing
from flows.feeds.pending import PendingEpisode, PendingQueue, emitted, failed, needs_event
from flows.feeds.poll import poll
from flows.feeds.subscriptions import PollState, Subscriptions, rested
from flows.feeds.subscriptions import is_due as is_feed_due
from flows.home import clock, private
from flows.home.folder import home_id
from flows.home.locks import held, is_held
from flows.locations import locate
from flows.published import text_stages
from flows.published.linking import Hints
from flows.settings import Options, Settings
from flows.upkeep import rebuild, verify
from tests.chaos.damage import differs, told
from tests.conftest import command, only, rows_of
from tests.support.feeds import Publisher, item, publisher
from tests.support.homes import import_text, make_home, publish
from tests.support.rights import read_only, without_rights
from tests.support.schemas import MIGRATIONS, make_older
from transforms.errors import TransientError
from transforms.records import StageRun
from transforms.sealed import seal, unseal
from warehouse import query, store
from warehouse.answers.sql import answer
from warehouse.soundness.laws import REBUILD

pytestmark = pytest.mark.system  # whole homes are made, broken and healed

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Publisher]]:
    """A home with a bit of everything, and its publisher."""
    with publisher() as host:
        folder = tmp_path_factory.mktemp("made")
        make_home(folder, host)
        yield folder, host


@pytest.fixture
def settings(made: tuple[Path, Publisher], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A copy of it, where nobody else is at work."""
    monkeypatch.setattr(verify, "LOOKS", 1)
    shutil.copytree(made[0] / "home", tmp_path / "home")
    return Settings(home=tmp_path / "home", allow=("127.0.0.1",))


def set_aside(settings: Settings) -> list[str]:
    """What the rows say that was set aside."""
    sql = "select message from stage_runs where stage = 'read' and status = 'failed' order by 1"
    return [message for (message,) in rows_of(settings.snapshot, sql)]


def first(settings: Settings, pattern: str) -> Path:
    return sorted(settings.home.glob(pattern))[0]


# --- one file, and the neighbours


@pytest.mark.parametrize("data", [b"", b"{", b'{"source": "x", "newfield": 1}', None])
def test_a_bad_failure_file_holds_up_nobody(settings: Settings, tmp_path: Path, data: bytes | None) -> None:
    """What comes after is loaded, the file is moved away, one row names it, also after the next load."""
    path = settings.home / "failures" / "0.json"
    path.mkdir() if data is None else path.write_bytes(data)
    text = tmp_path / "new.txt"
    text.write_text("A quite new talk\n\nAnn Lee: Is it loaded?\nBob Ray: It is.\n")
    import_text(settings, text)

    publish(settings)
    publish(settings)

    assert rows_of(settings.snapshot, "from episodes where title = 'A quite new talk'")
    line = only(set_aside(settings))
    assert line.startswith("failures/0.json is damaged: ")
    assert not path.exists()
    assert len(list((settings.home / "damaged").iterdir())) == 1


@pytest.mark.parametrize("how", ["cut", "flipped", "payload gone", "manifest cut"])
def test_a_damaged_document_that_is_not_loaded_holds_up_nobody(
    settings: Settings, tmp_path: Path, how: str
) -> None:
    """The document beside it is loaded; the row says how to get the damaged one again, and that brings it."""
    for name in ("bad", "good"):
        (tmp_path / f"{name}.txt").write_text(f"A talk that is {name}\n\nAnn Lee: Good?\nBob Ray: {name}.\n")
    before = set(settings.home.glob("artifacts/stage/*/*"))
    import_text(settings, tmp_path / "bad.txt")
    folder = only(set(settings.home.glob("artifacts/stage/*/*")) - before)
    import_text(settings, tmp_path / "good.txt")
    payload, manifest = folder / "payload.parquet", folder / "manifest.json"
    match how:
        case "cut":
            payload.write_bytes(payload.read_bytes()[:-9])
        case "flipped":
            data = bytearray(payload.read_bytes())
            data[len(data) // 2] ^= 1
            payload.write_bytes(data)
        case "payload gone":
            payload.unlink()
        case "manifest cut":
            manifest.write_bytes(manifest.read_bytes()[:-9])

    publish(settings)

    titles = "select title from episodes where title like 'A talk that is %'"
    assert rows_of(settings.snapshot, titles) == [("A talk that is good",)]
    line = only(set_aside(settings))
    assert line.startswith(f"artifacts/stage/{folder.parent.name}/{folder.name} is damaged: ")
    assert ("turntable import" in line) == (how != "manifest cut")
    import_text(settings, tmp_path / "bad.txt")
    publish(settings)
    assert len(rows_of(settings.snapshot, titles)) == 2
    assert verify.verify(settings, deep=True) == ()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"null"])
def test_a_damaged_waiting_file_is_found_again_by_the_next_poll(settings: Settings, data: bytes) -> None:
    """`status` lists the others, one row names the file, and the poll brings the episode back with its address."""
    path = first(settings, "waiting/*.json")
    everyone = {w.episode.episode_id: w.location for w in PendingQueue(settings.home).all()}
    path.write_bytes(data)

    assert {row[1] for row in standing(settings)} == everyone.keys() - {path.stem}
    assert standing(settings) == standing(settings)
    poll(settings)

    assert {w.episode.episode_id: w.location for w in PendingQueue(settings.home).all()} == everyone
    publish(settings)
    assert only(set_aside(settings)).startswith(f"waiting/{path.name} is damaged: ")
    assert [feed.waiting for feed in poll(settings).feeds] == [0, 0]


def test_the_row_of_a_damaged_waiting_file_has_its_address(settings: Settings) -> None:
    """Of an episode that no feed brought nothing else would be known."""
    tried = next(w for w in PendingQueue(settings.home).all() if w.attempts)
    (settings.home / "waiting" / f"{tried.episode.episode_id}.json").write_bytes(b"")
    list(PendingQueue(settings.home).all())
    publish(settings)

    assert only(set_aside(settings)).endswith(
        "ingested again by its address: `turntable ingest https://cdn.example/show/1.mp3`"
    )


def test_an_episode_that_its_feed_does_not_list_any_more_waits_again(
    settings: Settings, made: tuple[Path, Publisher]
) -> None:
    """It is told by what is remembered of it."""
    host = made[1]
    lost = next(w for w in PendingQueue(settings.home).all() if w.episode.title == "Part 1")
    (settings.home / "waiting" / f"{lost.episode.episode_id}.json").write_bytes(b"")
    page = host.pages["/one"]
    host.publish("/one", [item(2)])
    try:
        poll(settings)
        poll(settings)
    finally:
        host.pages["/one"] = page

    again = PendingQueue(settings.home).get(lost.episode.episode_id)
    assert again is not None
    assert (again.location, again.episode.title, again.options) == (lost.location, "Part 1", lost.options)


def test_a_damaged_subscription_is_named_and_comes_back(settings: Settings) -> None:
    """The others are polled; the row knows the show and how to subscribe again, which doubles nothing."""
    feed = Subscriptions(settings.home).find("The Long Groove")
    waiting = len(list(PendingQueue(settings.home).all()))
    (settings.home / "feeds" / f"{feed.feed_id}.json").write_bytes(b"{}")

    assert [row[1] for row in listed(settings, None)] == ["The Other Side"]
    assert [one.news for one in poll(settings).feeds] == ["unchanged"]
    publish(settings)
    line = only(set_aside(settings))
    assert f"it was The Long Groove; subscribe again with `turntable add {feed.url}`" in line
    assert "turntable add" in only(verify.verify(settings)).advice
    add_feeds(settings, [locate(feed.url)], (), Options(), "all")
    assert len(list(PendingQueue(settings.home).all())) == waiting
    assert verify.verify(settings) == ()


@pytest.mark.parametrize("how", ["deleted", "emptied"])
def test_what_was_known_of_a_feed_is_told_anew(settings: Settings, made: tuple[Path, Publisher], how: str) -> None:
    """Old episodes stay old, whether they were heard or not; what came meanwhile is new."""
    host, subscriptions = made[1], Subscriptions(settings.home)
    feed = subscriptions.find("The Long Groove")
    remove(
        settings,
        next(w for w in PendingQueue(settings.home).all() if w.episode.title == "Part 1").episode.episode_id,
    )
    path = settings.home / "feeds" / f"{feed.feed_id}.episodes.json"
    path.unlink() if how == "deleted" else path.write_bytes(b"")
    found = only(verify.verify(settings))
    assert feed.feed_id in found.detail
    assert how == "emptied" or found.advice == f"turntable poll {feed.feed_id}"
    page = host.pages["/one"]
    host.publish("/one", [item(3), item(2), item(1), item(100, day=1)])
    try:
        poll(settings)
    finally:
        host.pages["/one"] = page

    remembered = subscriptions.remembered(feed.feed_id)
    assert remembered is not None
    assert len(remembered.known) == 4
    titles = {w.episode.title for w in PendingQueue(settings.home).all() if w.feed_id == feed.feed_id}
    assert titles == {"Part 2", "Part 3"}


def test_files_of_a_newer_version_are_read(settings: Settings) -> None:
    """Fields that nobody knows are left; a class of errors or a policy that nobody knows is none."""
    waiting = next(w for w in PendingQueue(settings.home).all() if w.error_class)
    path = settings.home / "waiting" / f"{waiting.episode.episode_id}.json"
    content = json.loads(path.read_bytes())
    content.pop("digest")
    content |= {"error_class": "tired", "mood": {"a": 1}, "options": {**content["options"], "policy": "by-ear"}}
    path.write_bytes(seal(TypeAdapter(dict[str, Any]), content, path.stem))

    read = PendingQueue(settings.home).get(waiting.episode.episode_id)

    assert read == replace(waiting, error_class=None)
    assert not (settings.home / "damaged").exists()


def test_a_seal_is_bound_to_its_name() -> None:
    """What lies under another name is damage; what has no digest is of an older version."""
    kind = TypeAdapter(dict[str, int])
    data = seal(kind, {"a": 1}, "one")

    assert unseal(kind, data, "one") == {"a": 1}
    assert unseal(kind, b'{"a": 1}', "any") == {"a": 1}
    for wrong, name in ((data, "two"), (data.replace(b": 1", b": 3"), "one")):
        with pytest.raises(ValueError, match="digest"):
            unseal(kind, wrong, name)


# --- verify and rebuild


def test_a_sound_home_is_sound(settings: Settings) -> None:
    """Fast and deep; and looking changes nothing, but that it is noted."""
    before = sorted((p, p.stat().st_mtime_ns) for p in settings.home.rglob("*.*") if p.is_file())

    assert verify.verify(settings) == verify.verify(settings, deep=True) == ()
    (settings.home / "verified.json").unlink()
    assert sorted((p, p.stat().st_mtime_ns) for p in settings.home.rglob("*.*") if p.is_file()) == before


def test_a_home_of_an_older_version_is_sound(settings: Settings) -> None:
    """The command brings warehouse and snapshot to today's schema, and finds no difference between them."""
    make_older(settings.warehouse, len(MIGRATIONS) - 1)
    shutil.copy(settings.warehouse, settings.snapshot)

    found = command(settings.home, "verify")

    assert (found.returncode, found.stdout) == (0, "warehouse and artifacts agree\n")


def test_a_flip_that_reads_back_as_other_content_is_not_taken_over(settings: Settings) -> None:
    """`verify --deep` finds it, `rebuild` refuses it, names what is lost and keeps the old warehouse."""
    before = told(settings)
    payload = first(settings, "artifacts/stage/*/*/payload.parquet")
    with duckdb.connect() as con:  # well-formed, of the same size to a few bytes, and not what was staged
        con.execute(
            f"copy (select * replace (now() as staged_at) from '{payload}') to '{payload}.new' (format parquet)"
        )
    Path(f"{payload}.new").replace(payload)

    assert [(p.check, p.advice) for p in verify.verify(settings)] == [("artifact is damaged", "turntable rebuild")]
    lost = rebuild.rebuild(settings)

    assert "`turntable i" in lost[0]
    assert list((settings.home / "damaged").glob("warehouse-*.duckdb"))
    assert verify.verify(settings, deep=True) == ()
    assert differs({"episodes": before["episodes"]}, told(settings)) is not None


def test_a_lost_manifest_is_named_with_the_way_back(settings: Settings, made: tuple[Path, Publisher]) -> None:
    """The transcript is not dropped without a word; the command that is printed brings it back."""
    before = told(settings)
    key = only(
        rows_of(
            settings.snapshot,
            "select staged_key from load_log l join episodes e using (episode_id) "
            "where title = 'Talk number 0 of many'",
        )
    )[0]
    (settings.home / "artifacts" / "stage" / key[:2] / key / "manifest.json").unlink()

    assert {p.check for p in verify.verify(settings)} == {"artifact is damaged", "loaded document has no file"}
    (line, _) = rebuild.rebuild(settings)

    assert line == f"lost: Talk number 0 of many: `turntable import '{made[0] / 'talk 0.txt'}'`"
    import_text(settings, made[0] / "talk 0.txt")
    publish(settings)
    assert differs(before, told(settings)) is None
    assert verify.verify(settings, deep=True) == ()


def test_failures_and_finds_are_written_anew(settings: Settings) -> None:
    """What the old warehouse knows whole is not lost with its files."""
    before = told(settings)
    first(settings, "failures/*.json").unlink()
    first(settings, "failures/*.json").write_bytes(b"")
    shutil.rmtree(first(settings, "artifacts/discover/*/*"))

    assert {p.check for p in verify.verify(settings)} == {
        *("failure has no file", "file is damaged", "loaded document has no file")
    }
    assert rebuild.rebuild(settings) == ()
    assert verify.verify(settings, deep=True) == ()
    assert differs(before, told(settings)) is None


@pytest.mark.parametrize("how", ["deleted", "emptied", "a folder", "old", "other"])
def test_a_damaged_snapshot_is_found_and_published_anew(settings: Settings, how: str) -> None:
    """Gone, cut, of yesterday, or with other rows: `verify` names it, `rebuild` heals it."""
    before, snapshot = told(settings), settings.snapshot
    match how:
        case "deleted":
            snapshot.unlink()
        case "emptied":
            snapshot.write_bytes(b"")
        case "a folder":
            snapshot.unlink()
            snapshot.mkdir()
        case "old":
            run = StageRun("x", None, "find", None, "failed", "bug", "no", None, None, None, None, (), NOW, 0.0)
            Store(settings.home).record_failure(run)
            loader.load(settings)
        case "other":
            with duckdb.connect(str(snapshot)) as con:
                con.execute("update turns set text = 'No' where turn_index = 1")

    found = verify.verify(settings)

    assert all("turntable.duckdb" in p.detail or p.check.startswith("snapshot") for p in found)
    assert found
    assert rebuild.rebuild(settings) == ()
    assert verify.verify(settings) == ()
    assert differs(before, told(settings)) is None


def test_a_snapshot_that_was_cut_off_holds_up_no_import(settings: Settings, tmp_path: Path) -> None:
    """It opens, and only the rows behind the cut cannot be read: it is published anew before it is asked."""
    data, text = settings.snapshot.read_bytes(), tmp_path / "neighbour.txt"
    text.write_text("A neighbour of them all\n\nAnn Lee: Who lives here?\nBob Ray: Nobody knows.\n")
    for share in (0.5, 0.7, 0.9):
        settings.snapshot.write_bytes(data[: int(len(data) * share)])
        import_text(settings, text)
        loader.load_and_publish(settings)
        assert verify.verify(settings) == ()


@pytest.mark.parametrize("how", ["deleted", "emptied", "a folder"])
def test_a_damaged_warehouse_is_found_and_made_anew(settings: Settings, how: str) -> None:
    """It is no fault of the episode that meets it: that is tried again."""
    before = told(settings)
    settings.warehouse.unlink()
    if how == "emptied":
        settings.warehouse.write_bytes(b"")
    elif how == "a folder":
        settings.warehouse.mkdir()
    if how != "deleted":
        with pytest.raises(TransientError, match="turntable rebuild"):
            loader.load(settings)

    assert only({p.advice for p in verify.verify(settings)}) == "turntable rebuild"
    assert rebuild.rebuild(settings) == ()
    assert verify.verify(settings, deep=True) == ()
    assert differs(before, told(settings)) is None


def test_an_episode_that_waits_nowhere_is_named(settings: Settings) -> None:
    """Until somebody ingests it, or says that it is not wanted."""
    path = first(settings, "waiting/*.json")
    path.unlink()

    problem = only(verify.verify(settings))
    assert (problem.check, problem.detail) == ("episode was found and waits nowhere", path.stem)
    assert problem.advice == f"turntable ingest episode:{path.stem}, or turntable remove {path.stem}"
    remove(settings, path.stem)
    assert verify.verify(settings) == ()


def test_verify_does_not_take_others_at_work_for_damage(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is staged and not loaded at the first look is loaded at the next one."""
    monkeypatch.setattr(verify, "LOOKS", 4)
    (tmp_path / "new.txt").write_text("A quite new talk\n\nAnn Lee: Is it loaded?\nBob Ray: It is.\n")
    import_text(settings, tmp_path / "new.txt")
    monkeypatch.setattr(time, "sleep", lambda _: publish(settings))

    assert verify.verify(settings) == ()


# --- time


def test_a_clock_that_is_set_back_does_not_make_a_newer_parse_older(settings: Settings, tmp_path: Path) -> None:
    """What is staged later wins, and is the newest of its text, whatever the clock says."""
    ahead = datetime.now(UTC) + timedelta(days=400)
    (settings.home / "clock.json").write_bytes(seal(clock.NEWEST, {"staged_at": ahead}, "clock"))
    text = tmp_path / "talk.txt"
    text.write_text("A talk about time\n\nAnn Lee: Now?\nBob Ray: Then.\n")
    import_text(settings, text)
    before = {m.key for m in text_stages.newest_stages(Store(settings.home)).values()}
    import_text(settings, text, Hints(title="A talk about time itself"))
    publish(settings)

    newest = {m.key for m in text_stages.newest_stages(Store(settings.home)).values()} - before
    last = "select staged_key from load_log order by staged_at desc limit 1"
    assert rows_of(settings.snapshot, last) == [(only(newest),)]
    (settings.home / "clock.json").unlink()
    assert clock.now(settings.home) > ahead


def test_a_time_that_a_clock_ahead_wrote_silences_nobody(settings: Settings) -> None:
    """Feeds and episodes are due again once the clock is right."""
    now, later = datetime.now(UTC), datetime.now(UTC) + timedelta(days=2)
    (feed, _) = Subscriptions(settings.home).all()
    (one, *_) = PendingQueue(settings.home).all()
    fresh: PendingEpisode = replace(
        one, attempts=0, error_class=None, next_try_at=None, failed_at=None, emitted_at=None
    )
    error = TransientError("no answer")

    assert needs_event(failed(fresh, "fetch", error, later), now)
    assert not needs_event(failed(fresh, "fetch", error, now), now)
    assert needs_event(emitted(fresh, later), now)
    assert not needs_event(emitted(fresh, now), now)
    assert needs_event(replace(fresh, next_try_at=now + timedelta(days=400)), now)
    rests = PollState(polled_at=now, next_at=now + timedelta(hours=1))
    assert not is_feed_due(replace(feed, poll=rests), now)
    assert is_feed_due(replace(feed, poll=replace(rests, polled_at=later, next_at=later)), now)
    assert is_feed_due(replace(feed, poll=replace(rests, next_at=now + timedelta(days=400))), now)


def test_a_stage_that_lives_longer_than_a_day_keeps_its_scratch_folder(tmp_path: Path) -> None:
    """Its process holds it; another process sweeps only what nobody holds."""
    store = Store(tmp_path)
    with store.scratch() as mine:
        dead = tmp_path / "scratch" / "dead"
        dead.mkdir()
        for folder in (mine, dead):
            os.utime(folder, (time.time() - 90_000,) * 2)
        made = Store(tmp_path).make(
            "toy", lambda _: Made(b"x"), method="1", suffix=".bin", inputs={}, parameters={}
        )
        assert (mine.exists(), dead.exists(), made.path.exists()) == (True, False, True)


# --- files that nobody wrote: absurd, or of another kind


def rewrite(path: Path, change: Callable[[Any], None]) -> None:
    """Change the content of a file, and take its digest away, as who writes it by hand does."""
    content = json.loads(path.read_bytes())
    content.pop("digest", None)
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("moment", ["2026-05-01T00:00:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_cannot_be_compared_is_damage(settings: Settings, moment: str) -> None:
    """Without a zone or beyond the calendar, in files without a digest: each is named, nobody falls over it."""
    home = settings.home
    (one, other, *_) = sorted((home / "waiting").glob("*.json"))
    feeds = sorted(path for path in (home / "feeds").glob("*.json") if not path.name.endswith(".episodes.json"))
    episodes, failure = first(settings, "feeds/*.episodes.json"), first(settings, "failures/*.json")
    rewrite(one, lambda file: file.update(since=moment))
    rewrite(other, lambda file: file["episode"].update(published_at=moment))
    rewrite(feeds[0], lambda file: file["poll"].update(next_at=moment))
    rewrite(feeds[1], lambda file: file.update(added_at=moment))
    rewrite(episodes, lambda file: file["known"][0].update(published_at=moment))
    rewrite(failure, lambda file: file.update(started_at=moment))
    rewrite(home / "polled.json", lambda file: file.update(x=moment))
    rewrite(home / "clock.json", lambda file: file.update(staged_at=moment))
    damaged = (one, other, *feeds, episodes, failure, home / "polled.json", home / "clock.json")
    names = {str(path.relative_to(home)) for path in damaged}

    assert {p.detail.partition(": ")[0] for p in verify.verify(settings) if p.check == "file is damaged"} == names
    standing(settings)
    listed(settings, None)
    poll(settings)
    rebuild.rebuild(settings)

    assert {line.partition(" is damaged: ")[0] for line in set_aside(settings)} == names
    assert all("time" in line for line in set_aside(settings))


def test_numbers_that_no_count_can_be(settings: Settings) -> None:
    """Fewer than no attempts are damage; a feed that failed for months rests for a day, not for ever."""
    path = first(settings, "waiting/*.json")
    rewrite(path, lambda file: file.update(attempts=-9))

    assert PendingQueue(settings.home).get(path.stem) is None
    now = datetime.now(UTC)
    assert rested(PollState(failures=5000), "no answer", "transient", now, None).next_at == now + timedelta(days=1)


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_socket(path: Path) -> None:
    folder = os.open(path.parent, os.O_PATH)  # a socket's address may be no longer than 107 bytes
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)


def as_link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


def as_folder(path: Path) -> None:
    path.mkdir()


def as_file(path: Path) -> None:
    path.write_bytes(b"x")


def as_deep_json(path: Path) -> None:
    path.write_text('{"a":' + "[" * 100_000)


KINDS = (as_pipe, as_socket, as_link_to_nothing, as_folder, as_deep_json)
READ = (
    "waiting/*.json",
    "feeds/*.json",
    "failures/*.json",
    "clock.json",
    "polled.json",
    "artifacts/stage/*/*/manifest.json",
)


@pytest.mark.parametrize("make", KINDS)
def test_what_cannot_be_read_keeps_nobody_waiting(settings: Settings, make: Callable[[Path], None]) -> None:
    """A pipe, a socket, a link to nothing, a folder, JSON without a bottom: named, set aside, and all goes on."""
    damaged = [first(settings, pattern) for pattern in READ]
    for path in damaged:
        path.unlink()
        make(path)

    found = verify.verify(settings)
    poll(settings)
    publish(settings)
    # A poll that finds the lost episode anew stamps the clock: whether it does depends on which feed is damaged.
    is_stamped = private.damage(settings.home / "clock.json", clock.NEWEST) is None

    assert {only({p.advice for p in found if p.check in ("file is damaged", "artifact is damaged")})} == {REBUILD}
    assert sum(p.check == "file is damaged" for p in found) == len(READ) - 1
    rebuild.rebuild(settings)
    assert not any(p.check.endswith("damaged") for p in verify.verify(settings, deep=True))
    assert len(set_aside(settings)) == len(READ) - is_stamped


IN_THE_WAY = {
    as_file: ("damaged", "scratch", "locks", "feeds", "waiting", "artifacts/stage", "warehouse"),
    as_pipe: ("damaged", "scratch", "home.json", "turntable.duckdb", "warehouse/warehouse.duckdb"),
    as_socket: ("failures", "locks", "serve.lock", "turntable.duckdb.wal"),
    as_link_to_nothing: ("artifacts", "scratch", "feeds", "waiting", "home.json", "turntable.duckdb"),
    as_folder: (
        *("home.json", "turntable.duckdb", "turntable.duckdb.wal", "serve.lock", "locks/feed-x.lock"),
        *("warehouse/warehouse.duckdb", "warehouse/warehouse.duckdb.lock", "warehouse/warehouse.duckdb.wal"),
    ),
}


@pytest.mark.parametrize("make", IN_THE_WAY)
def test_what_is_of_the_wrong_kind_is_found_and_set_aside(
    settings: Settings, make: Callable[[Path], None]
) -> None:
    """`verify` names it and nothing else, `rebuild` sets it aside with one row, and the home works again."""
    for name in IN_THE_WAY[make]:
        path = settings.home / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        make(path)

    found = verify.verify(settings)
    assert {problem.check for problem in found} == {"file of the wrong kind"}
    assert sorted(problem.detail.partition(":")[0] for problem in found) == sorted(IN_THE_WAY[make])
    assert all(problem.advice.endswith(REBUILD) for problem in found)
    rebuild.rebuild(settings)

    told = [line.partition(" is damaged: it is a")[0] for line in set_aside(settings)]
    assert sorted(told) == sorted(IN_THE_WAY[make])
    assert not any(p.check == "file of the wrong kind" for p in verify.verify(settings, deep=True))
    assert home_id(settings.home)
    with held(settings.home, "feed-x") as mine:
        assert mine
    poll(settings)
    publish(settings)


def test_a_lock_that_is_a_folder_holds_up_nobody(settings: Settings) -> None:
    """There is nothing in a lock that could be lost: it is set aside by who needs it."""
    (settings.home / "locks" / "x.lock").unlink(missing_ok=True)
    (settings.home / "locks" / "x.lock").mkdir()

    assert not is_held(settings.home, "x")
    with held(settings.home, "x") as mine:
        assert mine
        assert is_held(settings.home, "x")


# --- a home that can only be read


def test_a_home_that_can_only_be_read_is_read(settings: Settings) -> None:
    """`verify`, `status`, `episodes` and `sql` write nothing, and what is damaged is found there too."""
    with held(settings.home, "x"):
        pass

    def look() -> tuple[Any, ...]:
        found = verify.verify(settings), verify.verify(settings, deep=True)
        asked = b"".join(answer(settings.snapshot, "select count(*) as n from turns", "json", seconds=30))
        return *found, len(standing(settings)), len(query.episodes(settings.snapshot).rows), asked

    before = sorted(path for path in settings.home.rglob("*"))
    with read_only(settings.home):
        (fast, deep, n_waiting, n_episodes, asked) = without_rights(look)
    assert (fast, deep, n_waiting, n_episodes) == ((), (), 3, 7)
    assert json.loads(asked)[0]["n"] > 4
    assert sorted(path for path in settings.home.rglob("*")) == before

    path = first(settings, "waiting/*.json")
    path.write_bytes(b"")
    with read_only(settings.home):
        (fast, _, n_waiting, _, _) = without_rights(look)
    assert (only(fast).detail, n_waiting) == (f"waiting/{path.name}: it is empty", 2)


def test_a_reader_without_rights_waits_for_the_writer(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of who writes counts for who may only read."""
    monkeypatch.setattr(store, "LOCK_SECONDS", 0.2)
    with (
        store.locked(settings.warehouse),
        read_only(settings.home),
        pytest.raises(AssertionError, match="was held by"),
    ):
        without_rights(lambda: verify.verify(settings))


# --- what is printed


def test_a_snapshot_that_a_tool_holds_is_not_taken_for_damage(settings: Settings) -> None:
    """Its program is named, and the rest is looked at all the same."""
    first(settings, "waiting/*.json").write_bytes(b"")
    hold = "import sys, duckdb; con = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, settings.snapshot], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as tool:
        assert tool.stdout is not None
        tool.stdout.readline()
        found = {problem.check: problem for problem in verify.verify(settings)}
        tool.kill()

    assert found.keys() == {"file is damaged", "snapshot cannot be looked at"}
    held_by = found["snapshot cannot be looked at"]
    assert f"PID {tool.pid}" in held_by.detail
    assert held_by.advice == "close it there"


def test_what_is_printed_works_as_it_is_printed(settings: Settings) -> None:
    """From what `verify` says by what `rebuild` says to a sound home: nothing but typing it."""
    sql = "select staged_key from load_log l join episodes e using (episode_id) where title like 'Talk number 1%'"
    key = only(rows_of(settings.snapshot, sql))[0]
    (settings.home / "artifacts" / "stage" / key[:2] / key / "manifest.json").unlink()
    before = {p: p.stat().st_mtime_ns for p in settings.home.glob("artifacts/stage/*/*/manifest.json")}

    found = json.loads(command(settings.home, "verify", "--json", check=False).stdout)
    (advice,) = {problem["do"] for problem in found}
    rebuilt = command(settings.home, *shlex.split(advice)[1:], check=False)
    (printed,) = re.findall(r"^turntable: lost: .*: `turntable (.+)`$", rebuilt.stderr, re.MULTILINE)
    command(settings.home, *shlex.split(printed))

    assert rebuilt.returncode == 1
    assert before.items() <= {p: p.stat().st_mtime_ns for p in before}.items()
    assert only(rows_of(settings.snapshot, sql))[0] == key
    assert verify.verify(settings, deep=True) == ()
