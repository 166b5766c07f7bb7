"""The id of a home: made once, kept when it is moved, another one for a copy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.home import home_id, home_tag
from tests.conftest import ROOT, environment


def test_a_home_has_one_id_whoever_asks_first(tmp_path: Path) -> None:
    """Six processes at once, in a home that is not there yet."""
    home = tmp_path / "new" / "home"
    env = environment(None, {"TURNTABLE_HOME": str(home)})
    asked = [sys.executable, "-m", "flows.home"]
    many = [subprocess.Popen(asked, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    said = {one.communicate(timeout=120)[0].strip() for one in many}

    assert said == {home_id(home)}
    assert home_tag(home) == f"turntable-{home_id(home)}"
    assert (home / "home.json").stat().st_mode & 0o077 == 0


def test_a_moved_home_keeps_its_id_and_a_copy_beside_it_does_not(tmp_path: Path) -> None:
    """Also where it is reached by a link, as a mount shows it."""
    first = tmp_path / "first"
    known = home_id(first)
    moved = first.rename(tmp_path / "moved")
    assert home_id(moved) == known

    copy = Path(shutil.copytree(moved, tmp_path / "copy"))
    assert home_id(copy) != known
    assert home_id(copy) == home_id(copy)
    assert home_id(moved) == known
    (tmp_path / "link").symlink_to(moved)
    assert home_id(tmp_path / "link") == known


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "../../x", "path": "/"}', '{"id": 3, "path": null}'])
def test_a_damaged_id_is_made_anew(tmp_path: Path, text: str) -> None:
    """A file that was cut stops nothing."""
    (tmp_path / "home.json").write_text(text)

    made = home_id(tmp_path)

    assert len(made) == 8
    assert home_id(tmp_path) == made


def test_the_automations_that_people_read_are_those_that_are_made(tmp_path: Path) -> None:
    """`examples/automations.yaml` is current: `python -m flows.deployments --yaml` writes it."""
    from flows.deployments import as_yaml

    (tmp_path / "home.json").write_text(f'{{"id": "3f2a9c1b", "path": "{tmp_path}"}}')
    written = (ROOT / "examples" / "automations.yaml").read_text(encoding="utf-8")

    assert "".join(line for line in written.splitlines(keepends=True) if line[0] != "#") == as_yaml(tmp_path)
