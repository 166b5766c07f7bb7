"""A large snapshot is brought up to date: what comes out is what a whole copy is, and nobody is in its way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.documents import EPISODE, NOON, PODCAST, RENDITION, TURNS, published, stage_run, staged
from transforms.records import Chapter
from warehouse import spare, store
from warehouse.loading.staging import Given, Staged, write_discovered, write_staged

pytestmark = pytest.mark.system  # whole homes are written: a second each

HEALTH = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def document(minutes: int, transcript: int, episode: int, show: int | None) -> Staged:
    """A transcript of some episode of some show; the same transcript may come again, for another episode."""
    name = f"episode-{episode}"
    make = published if transcript % 2 else staged
    return make(
        minutes,
        transcript_id=f"transcript-{transcript}",
        episode=replace(EPISODE, episode_id=name, podcast_id=show and f"show-{show}", title=f"Talk {minutes}"),
        podcast=show and replace(PODCAST, podcast_id=f"show-{show}", title=f"Show {minutes}"),
        rendition=None if transcript % 2 else replace(RENDITION, rendition_id=f"audio-{transcript}"),
        stage_runs=(stage_run(key=f"key-{minutes}-{transcript}", episode_id=name),),
        turns=(replace(TURNS[0], text=f"Why, at minute{minutes}?"), TURNS[1]),
        given=Given("podcast", (Chapter(0, f"Part {minutes}", 0.0, 1.0),)) if minutes % 3 else None,
    )


documents = st.builds(
    document,
    minutes=st.integers(0, 30),
    transcript=st.integers(0, 4),
    episode=st.integers(0, 3),
    show=st.none() | st.integers(1, 2),
)
polls = st.builds(
    lambda minutes, episode: (minutes, episode), minutes=st.integers(0, 30), episode=st.integers(0, 5)
)


@pytest.mark.system  # it takes long
@settings(max_examples=6, suppress_health_check=HEALTH)
@given(st.lists(st.lists(documents | polls, min_size=1, max_size=3), min_size=3, max_size=5))
def test_what_is_brought_up_to_date_is_what_is_copied_whole(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[Staged | tuple[int, int]]]
) -> None:
    """Documents that come, come again, move and are found by polls, in any order, a snapshot behind each few."""
    folder = tmp_path_factory.mktemp("home")
    warehouse, snapshot, whole = (folder / f"{name}.duckdb" for name in ("warehouse", "snapshot", "whole"))
    files: dict[str, Path] = {}
    for few in rounds:
        for one in few:
            key = f"key-{len(files)}"
            files[key] = folder / f"{key}.parquet"
            files[key].write_bytes(as_bytes(one))
        store.load(warehouse, files, {})
        store.publish(warehouse, snapshot, keep_from=0)
    assert spare.place(snapshot).exists()
    store.publish(warehouse, whole, whole=True)
    assert contents(snapshot) == contents(whole)


def as_bytes(one: Staged | tuple[int, int]) -> bytes:
    """Write a transcript, or what a poll found, as a document."""
    if isinstance(one, Staged):
        return write_staged(one)
    minutes, episode = one
    found = replace(EPISODE, episode_id=f"episode-{episode}", podcast_id="show-1", title=f"Found {minutes}")
    return write_discovered(NOON.replace(minute=minutes), replace(PODCAST, podcast_id="show-1"), [found])


def contents(snapshot: Path) -> dict[str, list[str]]:
    """Every row of every table, sorted."""
    with duckdb.connect(str(snapshot), read_only=True) as con:
        names = [name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()]
        return {name: sorted(map(str, con.execute(f"from {name}").fetchall())) for name in names}


@pytest.fixture(autouse=True)
def small_tables_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three rows and more, new ones are looked for at the end first."""
    monkeypatch.setattr(spare, "MANY", 3)


@pytest.fixture
def twice(tmp_path: Path) -> tuple[Path, Path]:
    """A warehouse and its snapshot, published twice: the one before the last is kept."""
    warehouse, snapshot = tmp_path / "warehouse.duckdb", tmp_path / "snapshot.duckdb"
    for minutes in (0, 1):
        more(warehouse, minutes)
        store.publish(warehouse, snapshot, keep_from=0)
    return warehouse, snapshot


def more(warehouse: Path, minutes: int) -> None:
    """Load one more episode."""
    path = warehouse.with_name(f"{minutes}.parquet")
    path.write_bytes(write_staged(document(minutes, minutes, minutes, 1)))
    store.load(warehouse, {f"key-{minutes}": path}, {})


def inode(path: Path) -> int:
    """Tell files apart, whatever they are called."""
    return path.stat().st_ino


def test_two_files_change_places(twice: tuple[Path, Path]) -> None:
    warehouse, snapshot = twice
    both = {inode(snapshot), inode(spare.place(snapshot))}
    for minutes in (2, 3):
        before = inode(snapshot)
        more(warehouse, minutes)
        store.publish(warehouse, snapshot, keep_from=0)
        assert inode(snapshot) != before
        assert {inode(snapshot), inode(spare.place(snapshot))} == both
        assert len(contents(snapshot)["transcripts"]) == minutes + 1
    assert sorted(path.name for path in snapshot.parent.glob(".*")) == [".snapshot.duckdb.spare"]


def test_a_small_snapshot_is_copied_whole(twice: tuple[Path, Path]) -> None:
    warehouse, snapshot = twice
    store.publish(warehouse, snapshot, whole=True)
    store.publish(warehouse, snapshot)
    assert not spare.place(snapshot).exists()


def test_who_reads_the_one_before_the_last_goes_on_with_it(twice: tuple[Path, Path]) -> None:
    """In this process, of which no lock tells."""
    warehouse, snapshot = twice
    with duckdb.connect(str(spare.place(snapshot)), read_only=True) as reader:
        more(warehouse, 2)
        store.publish(warehouse, snapshot, keep_from=0)
        assert reader.execute("select count(*) from transcripts").fetchall() == [(1,)]
    assert len(contents(snapshot)["transcripts"]) == 3


@pytest.mark.parametrize("which", ["last", "before"])
def test_what_somebody_wrote_into_a_snapshot_comes_into_no_other(twice: tuple[Path, Path], which: str) -> None:
    warehouse, snapshot = twice
    with duckdb.connect(str(snapshot if which == "last" else spare.place(snapshot))) as con:
        con.execute("update turns set text = 'mine'; create table mine as select 1 as one")
    for minutes in (2, 3):
        more(warehouse, minutes)
        store.publish(warehouse, snapshot, keep_from=0)
        assert "mine" not in contents(snapshot)
        assert not any("mine" in row for row in contents(snapshot)["turns"])


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_one_is_not_used(twice: tuple[Path, Path], damage: bytes | None) -> None:
    warehouse, snapshot = twice
    before = spare.place(snapshot)
    before.write_bytes(before.read_bytes()[:4096] if damage is None else damage)
    spare_is_as_old = snapshot.stat().st_mtime_ns
    more(warehouse, 2)
    store.publish(warehouse, snapshot, keep_from=0)
    assert len(contents(snapshot)["transcripts"]) == 3
    assert snapshot.stat().st_mtime_ns > spare_is_as_old


def test_of_a_whole_copy_nothing_is_kept(twice: tuple[Path, Path]) -> None:
    """What has to be gone is gone from every file."""
    warehouse, snapshot = twice
    store.publish(warehouse, snapshot, whole=True)
    store.publish(warehouse, snapshot, whole=True)
    assert not spare.place(snapshot).exists()
