"""Episodes and shows are forgotten: nothing is left in any file of the home, and nothing brings them back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from flows.artifacts import Made, Store
from flows.commands.keeping import _going
from flows.episode import stages
from flows.feeds.manage import add_feeds
from flows.feeds.pending import PendingQueue
from flows.feeds.poll import poll
from flows.feeds.subscriptions import Subscriptions
from flows.home import forgotten
from flows.home.locks import held
from flows.locations import at_path, locate
from flows.published.import_texts import import_texts
from flows.published.linking import Hints
from flows.settings import Options, Settings
from flows.upkeep import forget as forgetting
from flows.upkeep import run_history
from flows.upkeep import verify as verifying
from flows.upkeep.forget import Erased, find, forget, look
from flows.upkeep.rebuild import rebuild
from flows.upkeep.verify import verify
from tests.conftest import command, write_wav
from tests.support.documents import publish, staged
from tests.support.feeds import Publisher, item, publisher
from tests.support.homes import ingest_file, make_audio, make_home
from transforms.errors import SourceError, TransientError
from transforms.records import Word, file_episode_id
from warehouse import query

pytestmark = pytest.mark.system  # whole homes are written: a second each

RARE = "Quixotrope"
TALK = (
    "Ann Lee: What is a {rare}, and who keeps one at home?\nBob Ray: Nobody who has heard of the {rare} says so.\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Publisher]]:
    """A home with a bit of everything, and an episode whose text, title and audio are found nowhere else."""
    with publisher() as host:
        folder = tmp_path_factory.mktemp("made")
        settings = make_home(folder, host)
        text = folder / f"{RARE} at large.txt"
        text.write_text(TALK.format(rare=RARE))
        import_texts([at_path(text)], Hints(), settings)
        words = tuple(Word(w, n / 4, n / 4 + 0.2, 0.9, None, None) for n, w in enumerate((RARE, "turns", "it")))
        ingest_file(settings, make_audio(folder / f"{RARE}.wav", seed=7), words=words)
        yield folder, host


@pytest.fixture
def home(made: tuple[Path, Publisher], tmp_path: Path) -> Settings:
    """A copy of that home."""
    shutil.copytree(made[0] / "home", tmp_path / "home")
    return Settings(home=tmp_path / "home", allow=("127.0.0.1",))


def erase(settings: Settings, name: str) -> Erased:
    """Forget what is called so."""
    return forget(settings, find(settings, name))


def files_with(home: Path, text: str) -> set[str]:
    """The files of a home that hold a text, in their names or their bytes, Parquet unpacked."""
    found = set()
    for path in home.rglob("*"):
        packed = path.is_file() and path.suffix == ".parquet"
        inside = str(pq.read_table(path).to_pylist()).encode() if packed else b""
        raw = path.read_bytes() if path.is_file() else b""
        if text.encode() in inside + raw or text in path.name:
            found.add(str(path.relative_to(home)))
    return found


def others(settings: Settings, *words: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the snapshot in which none of some words stands, by table, but for when and by what it came."""
    with duckdb.connect(str(settings.snapshot), read_only=True) as con:
        tables = [name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()]
        left_out = "c not in ('loaded_at', 'applied_at', 'staged_key')"
        rows = {
            t: con.execute(f"select columns(lambda c: {left_out}) from {t} order by all").fetchall()
            for t in tables
        }
    return {t: [row for row in every if not any(word in str(row) for word in words)] for t, every in rows.items()}


def test_nothing_is_left_of_an_episode_and_the_others_are_as_they_were(home: Settings) -> None:
    """Not in artifacts, rows, search, the file of the warehouse, the spare, what was set aside, or Prefect's."""
    spare = home.home / ".turntable.duckdb.spare"
    shutil.copy(home.snapshot, spare)
    (home.home / "damaged").mkdir(exist_ok=True)
    shutil.copy(home.warehouse, home.home / "damaged" / "warehouse-1.duckdb")
    (home.home / "prefect").mkdir()
    (home.home / "prefect" / "prefect.db").write_text(f"a run called {RARE}")
    kept = query.kept_of(home.snapshot, find(home, f"{RARE} at large").episodes)
    names = (RARE, *kept.transcripts, *find(home, f"{RARE} at large").episodes, RARE.lower())
    heard = find(home, f"{RARE}.wav")
    names += (*heard.episodes, *query.kept_of(home.snapshot, heard.episodes).transcripts)
    before = others(home, *names)
    assert {"turntable.duckdb", "warehouse/warehouse.duckdb", spare.name} <= files_with(home.home, RARE)

    told = erase(home, f"{RARE} at large"), erase(home, f"{RARE}.wav")

    assert [(one.transcripts, one.turns > 0, one.artifacts > 0, one.left) for one in told] == [
        (1, True, True, (forgetting.YOURS,))
    ] * 2
    assert files_with(home.home, RARE) == files_with(home.home, RARE.lower()) == set()
    after = others(home, *names)
    assert set(after.pop("search_words")) < set(before.pop("search_words"))  # some words only they had
    assert after == before
    assert verify(home, deep=True) == ()
    rebuild(home)
    assert files_with(home.home, RARE) == set()


def test_what_others_are_made_of_stays(home: Settings, tmp_path: Path) -> None:
    """The same audio is in two episodes of feeds: one of them is forgotten, the other keeps its audio."""
    audio = make_audio(tmp_path / "shared.wav", seed=11)
    store, first = Store(home.home), ingest_file(home, audio)
    sha256 = query.kept_of(home.snapshot, [first.episode.episode_id]).files
    text = tmp_path / "shared words.txt"
    text.write_text(TALK.format(rare="plinth"))
    import_texts([at_path(text)], Hints(show="Elsewhere", title="Shared words"), home)

    erase(home, "Shared words")

    assert query.kept_of(home.snapshot, [first.episode.episode_id]).files == sha256
    assert {one.sha256 for one in store.manifests("fetch")} >= sha256
    assert verify(home, deep=True) == ()


def test_no_poll_brings_it_back(made: tuple[Path, Publisher], home: Settings) -> None:
    """Neither as it was, nor under another guid, nor with another title; other episodes come in as ever."""
    host = made[1]
    waiting = next(one for one in PendingQueue(home.home).all() if one.name == "Part 2")
    erase(home, "Part 2")
    assert sorted(one.name for one in PendingQueue(home.home).all()) == ["Part 1", "Part 9"]

    for items in ([item(3), item(2), item(1)], [item(3), item(2, guid="another"), item(1)]):
        host.publish("/one", items)
        poll(home)

    names = [one.name for one in PendingQueue(home.home).all()]
    assert sorted(names) == ["Part 1", "Part 3", "Part 9"]
    assert files_with(home.home, "Part 2") == set() == files_with(home.home, waiting.location)
    assert query.stored_episode(home.snapshot, waiting.episode.episode_id) is None
    assert verify(home) == ()


def test_who_asks_for_it_has_it_again(home: Settings, made: tuple[Path, Publisher]) -> None:
    """It is an episode as any other then."""
    wanted = find(home, f"{RARE} at large")
    forget(home, wanted)
    assert forgotten.is_file(home.home, made[0] / f"{RARE} at large.txt")

    import_texts([at_path(made[0] / f"{RARE} at large.txt")], Hints(), home)

    assert wanted.episodes[0] not in forgotten.read(home.home)
    assert not forgotten.is_file(home.home, made[0] / f"{RARE} at large.txt")
    assert query.kept_of(home.snapshot, wanted.episodes).turns == 2


def test_a_show_goes_with_its_subscription(home: Settings, made: tuple[Path, Publisher]) -> None:
    """What waits of it too; who subscribes again gets it again."""
    erase(home, "The Other Side")

    assert files_with(home.home, "The Other Side") == set() == files_with(home.home, "Part 9")
    assert [one.name for one in Subscriptions(home.home).all()] == ["The Long Groove"]
    add_feeds(home, [locate(made[1].url + "/two")], (), Options(), "all")
    assert "Part 9" in {one.name for one in PendingQueue(home.home).all()}


class Killed(BaseException):
    """What ends a process in the middle."""


CUTS = ("_leave_queue", "_leave_feeds", "_erase_copies", "documents", "publish")


@pytest.mark.parametrize("step", CUTS)
def test_what_is_cut_off_is_finished(home: Settings, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the next call, and by a rebuild; until then `verify` says so."""
    heal = rebuild if step == "documents" else forgetting.finish
    monkeypatch.setattr(verifying, "PAUSE", 0.0)
    wanted = find(home, f"{RARE} at large")

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(forgetting, step, die)
        with pytest.raises(Killed):
            forget(home, wanted)
    assert ("forgetting is not finished", "turntable forget") in {(p.check, p.advice) for p in verify(home)}

    done = heal(home)

    assert heal is rebuild or [one.finished for one in done] == [True]
    assert verify(home) == ()
    assert files_with(home.home, f"{RARE} at large") == set()


def test_what_is_worked_on_is_left_alone(home: Settings) -> None:
    """Nothing of it is touched."""
    wanted = find(home, f"{RARE} at large")
    with held(home.home, wanted.episodes[0]), pytest.raises(TransientError, match="being worked on"):
        forget(home, wanted)
    assert forgotten.read(home.home) == {}


def test_of_several_none_is_taken(home: Settings) -> None:
    """A piece that several have names none."""
    with pytest.raises(
        SourceError, match=r"3 episodes or shows fit 'Talk number', \w{8} Talk number .*: `turntable"
    ):
        find(home, "Talk number")
    with pytest.raises(SourceError, match="no episode or show fits"):
        find(home, "nobody's")


def test_what_goes_is_told_with_its_show_and_its_day(tmp_path: Path) -> None:
    """Titles alone part no two episodes."""
    publish(tmp_path, staged())
    settings = Settings(home=tmp_path)
    assert "  Why a Record Turns (The Long Groove, 2026-04-01)" in _going(
        look(settings, find(settings, "0a1b2c3d"))
    )


@pytest.mark.system
def test_the_command_asks_once_and_says_what_goes(home: Settings) -> None:
    """Without a terminal it takes a word for it; a dry run changes nothing."""
    refused = command(home.home, "forget", f"{RARE} at large", check=False)
    assert refused.returncode == 1
    assert "goes for good: 1 transcript, 2 turns" in refused.stderr
    assert "`turntable forget … --yes` says that it is wanted" in refused.stderr
    shown = json.loads(command(home.home, "forget", f"{RARE} at large", "--dry-run", "--json").stdout)
    assert [(one["episodes"], one["transcripts"]) for one in shown] == [([f"{RARE} at large"], 1)]
    assert RARE in str(others(home))

    told = command(home.home, "forget", f"{RARE} at large", "--yes").stdout

    assert told.startswith(f"{RARE} at large: forgotten, with 1 transcript, 2 turns")
    assert command(home.home, "forget").stdout == "nothing was left half forgotten\n"


def test_who_is_told_lives_on(tmp_path: Path) -> None:
    """The runs go with every byte, blocks and automations stay; a database that is held is named."""
    database = tmp_path / "prefect" / "prefect.db"
    database.parent.mkdir()
    with closing(sqlite3.connect(database, isolation_level=None)) as con:
        con.execute("pragma journal_mode = wal")
        for table in ("flow_run", "log", "automation", "block_document", "configuration"):
            con.execute(f"create table {table} (name text)")
            con.execute(f"insert into {table} values ('{RARE} of {table}')")
        con.execute("begin immediate")
        with pytest.raises(TransientError, match=r"cannot be changed .*locked.*stop what uses it"):
            run_history.erase(tmp_path)
        con.execute("rollback")

    run_history.erase(tmp_path)

    assert files_with(tmp_path, f"{RARE} of flow_run") == files_with(tmp_path, f"{RARE} of log") == set()
    with closing(sqlite3.connect(database)) as con:
        for table in ("automation", "block_document", "configuration"):
            assert con.execute(f"select name from {table}").fetchall() == [(f"{RARE} of {table}",)]
        assert con.execute("select count(*) from flow_run").fetchall() == [(0,)]


@pytest.mark.parametrize("by", ["path", "name", "title", "id"])
def test_audio_of_a_killed_ingest_is_found(home: Settings, tmp_path: Path, by: str) -> None:
    """By its bytes where the file is there, by its name, by what its tags call it; all that is made of it goes."""
    audio, store = tmp_path / "half heard.wav", Store(home.home)
    write_wav(audio, np.random.default_rng(23).normal(0, 0.1, 16_000))
    fetched = stages.fetch(store, at_path(audio), home, lambda _: None)
    decoded = stages.decode(store, fetched, "it")
    name = file_episode_id(fetched.sha256)
    said = {"path": str(audio), "name": "half heard.wav", "title": "half hea", "id": name}[by]

    wanted = find(home, said, fetched.sha256 if by == "path" else None)
    told = forget(home, wanted)

    assert (told.episodes, told.artifacts) == (("half heard.wav",), 2)
    assert not fetched.path.exists()
    assert not decoded.path.exists()
    assert forgotten.is_file(home.home, audio)
    assert verify(home) == ()


def test_audio_that_came_from_an_address_is_found_by_it(home: Settings) -> None:
    """While its episode waits it is that of the episode."""
    (waiting,) = (one for one in PendingQueue(home.home).all() if one.name == "Part 2")
    kept = []
    for url in (waiting.location, "https://cdn.example/killed.mp3"):
        parameters = {"url": url, "url_sha256": hashlib.sha256(url.encode()).hexdigest()}
        made = Made(url.encode())
        kept.append(
            Store(home.home).make(
                "fetch",
                lambda _, made=made: made,
                method="http-1",
                suffix=".bin",
                inputs={},
                parameters=parameters,
            )
        )
    assert find(home, waiting.location).episodes == (waiting.episode.episode_id,)

    assert erase(home, "https://cdn.example/killed.mp3").artifacts == 1
    assert [one.path.exists() for one in kept] == [True, False]
    assert waiting.location in {one.location for one in PendingQueue(home.home).all()}


def test_one_at_a_time(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the other, and says so where that takes too long; nothing is touched."""
    monkeypatch.setattr(forgetting, "WAIT", 0.1)
    wanted = find(home, f"{RARE} at large")
    with held(home.home, "forget"), pytest.raises(TransientError, match="another `turntable forget` is at work"):
        forget(home, wanted)
    assert forgotten.read(home.home) == {}


def test_a_folder_that_cannot_be_written_is_named(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is erased; root may write everywhere, so the answer of the system is given here."""
    wanted = find(home, f"{RARE} at large")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SourceError, match="warehouse cannot be written: mend"):
        forget(home, wanted)
    assert forgotten.read(home.home) == {}
