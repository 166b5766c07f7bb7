"""Who may look into a home: its owner alone, and a group at the snapshot where a setting says so."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from flows import loader
from flows.home.permissions import close
from flows.settings import Settings
from flows.upkeep import rebuild
from tests.conftest import command


def modes(folder: Path) -> dict[str, str]:
    """The permissions of all that lies in a folder, by name."""
    return {str(p.relative_to(folder)): f"{stat.S_IMODE(p.lstat().st_mode):o}" for p in folder.rglob("*")}


@pytest.mark.system
def test_a_home_is_its_owners_alone(tmp_path: Path) -> None:
    """Folders 700, files 600: what a command writes, and what the libraries below it write."""
    home = tmp_path / "home"
    vtt = tmp_path / "1.vtt"
    vtt.write_text("WEBVTT\n\n00:00.000 --> 00:02.000\n<v Mara>Dust.\n", encoding="utf-8")
    command(home, "import", str(vtt), str(tmp_path / "missing.vtt"), check=False)

    found = modes(tmp_path)
    assert found.pop("1.vtt")
    assert {"home/turntable.duckdb", "home/warehouse/warehouse.duckdb", "home/failures"} <= found.keys()
    assert {mode for name, mode in found.items() if (tmp_path / name).is_dir()} == {"700"}
    assert {mode for name, mode in found.items() if not (tmp_path / name).is_dir()} == {"600"}


def test_an_older_home_is_closed_at_the_next_write(tmp_path: Path) -> None:
    """Only what is ours in it: somebody may keep his recordings beside."""
    inside = tmp_path / "artifacts" / "fetch" / "ab" / "payload.bin"
    own = tmp_path / "recordings" / "1.wav"
    for path in (inside, own, tmp_path / "polled.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.chmod(0o644)
    for path in (tmp_path, inside.parent, inside.parents[1], inside.parents[2], own.parent):
        path.chmod(0o755)
    (tmp_path / "artifacts" / "elsewhere").symlink_to(own)

    close(tmp_path)

    found = modes(tmp_path)
    assert {found[f"artifacts{part}"] for part in ("", "/fetch", "/fetch/ab")} == {"700"}
    assert found["artifacts/fetch/ab/payload.bin"] == found["polled.json"] == "600"
    assert (found["recordings"], found["recordings/1.wav"]) == ("755", "644")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_folder_that_is_for_all_stays_so(tmp_path: Path) -> None:
    """Whoever takes /tmp for a home does not lose it for everybody else."""
    tmp_path.chmod(0o1777)

    close(tmp_path)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_a_group_may_read_the_snapshot_and_nothing_else(tmp_path: Path) -> None:
    """The home lets it pass; without the setting both are closed again."""
    group = os.getgid()
    home = tmp_path / "home"
    shared = Settings(home=home, snapshot_group=str(group))
    loader.load(shared)
    loader.publish(shared)

    assert stat.S_IMODE(home.stat().st_mode) == 0o710
    assert stat.S_IMODE(shared.snapshot.stat().st_mode) == 0o640
    assert shared.snapshot.stat().st_gid == home.stat().st_gid == group
    assert modes(home)["warehouse"] == "700"

    rebuild.rebuild(Settings(home=home))

    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(shared.snapshot.stat().st_mode) == 0o600


def test_no_group_of_that_name() -> None:
    """It is said when the settings are read, not when a load is done."""
    with pytest.raises(ValidationError, match="no group is called nobody-here"):
        Settings(snapshot_group="nobody-here")
