"""`verify` looks at what changed since it looked last, and at all of that; deep it looks at everything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.artifacts import Store
from flows.settings import Settings
from flows.upkeep import looked, verify
from tests.support.homes import TALK, hear, import_text, make_audio, publish
from warehouse.soundness import laws

pytestmark = pytest.mark.system  # whole homes are written: a second each


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with two episodes that `verify` found sound; a look at everything is an error from then on."""
    settings = Settings(home=tmp_path / "home")
    hear(settings, make_audio(tmp_path / "groove.wav"))
    add(settings, tmp_path, 1)
    monkeypatch.setattr(verify, "PAUSE", 0.0)
    monkeypatch.setattr(looked, "MARGIN", 0)
    assert verify.verify(settings) == ()

    def look(*_: Any) -> None:
        pytest.fail("all of the warehouse was looked at")

    monkeypatch.setattr(laws, "look", look)
    return settings


def add(settings: Settings, folder: Path, number: int) -> None:
    """Load another text."""
    text = folder / f"talk {number}.txt"
    text.write_text(TALK.format(title=f"Talk number {number} of many"))
    import_text(settings, text)
    publish(settings)


def change(settings: Settings, sql: str) -> None:
    """Change the warehouse as no loader does."""
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute(sql)


def test_what_nobody_touched_is_not_read(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither manifests nor rows."""

    def read(*_: Any) -> None:
        pytest.fail("a manifest was read")

    monkeypatch.setattr(verify, "measured", read)
    monkeypatch.setattr(verify, "read", read)
    assert verify.verify(home) == ()


def test_what_was_loaded_since_is_looked_at(home: Settings, tmp_path: Path) -> None:
    """A broken law of a new episode, a snapshot that lacks it, and documents without a row are found."""
    add(home, tmp_path, 2)
    assert verify.verify(home) == ()
    add(home, tmp_path, 3)
    change(home, "delete from turns where text like '%number 3%' and turn_index = 0")
    assert {problem.check for problem in verify.verify(home)} == {
        "gap in the turns",
        "snapshot differs from the warehouse",
        "turns or words differ from what was loaded",
        "turns that talk_time does not know",
    }


def test_a_file_that_was_touched_is_read(home: Settings, tmp_path: Path) -> None:
    """An artifact that is damaged, and one that is gone."""
    store = Store(home.home)
    payload = next((store.artifacts / "parse").glob("*/*/payload.json"))
    payload.write_bytes(payload.read_bytes()[:-1])
    assert [problem.check for problem in verify.verify(home)] == ["artifact is damaged"]
    payload.unlink()
    assert [problem.detail.rpartition(": ")[2] for problem in verify.verify(home)] == ["its payload is missing"]


def test_other_bytes_of_the_same_length_are_found_the_first_time(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever time the file says it has."""
    monkeypatch.undo()
    monkeypatch.setattr(verify, "PAUSE", 0.0)
    (home.home / "verified.json").unlink()
    payload = next((Store(home.home).artifacts / "parse").glob("*/*/payload.json"))
    before, data = payload.stat(), payload.read_bytes()
    payload.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    os.utime(payload, ns=(before.st_atime_ns, before.st_mtime_ns))
    (found,) = verify.verify(home)
    assert found.detail.endswith("the hash of its payload is not that of the manifest")
    payload.write_bytes(data)
    assert verify.verify(home) == ()


def test_what_somebody_else_changed_is_looked_at_whole(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was loaded, and the file is another: all is looked at; what is old and rotten, deep finds."""
    change(home, "delete from words where word_index = 0")
    with pytest.raises(pytest.fail.Exception, match="all of the warehouse"):
        verify.verify(home)
    monkeypatch.undo()
    monkeypatch.setattr(verify, "PAUSE", 0.0)
    assert {"gap in the words"} <= {problem.check for problem in verify.verify(home)}
    add(home, tmp_path, 4)
    assert {"gap in the words"} <= {problem.check for problem in verify.verify(home, deep=True)}


def test_a_log_beside_the_warehouse_is_read_again(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed writer leaves it: what it says, or what damaged it, changes rows and not the file."""
    monkeypatch.undo()
    monkeypatch.setattr(verify, "LOOKS", 1)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("pragma disable_checkpoint_on_shutdown; delete from words where word_index = 0")
    assert home.warehouse.with_name("warehouse.duckdb.wal").exists()

    assert {problem.check for problem in verify.verify(home)} >= {"gap in the words"}
