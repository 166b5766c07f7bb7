"""The id of a home: made once, kept when it is moved, another one for a copy; and homes that cannot be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest

from flows.home.folder import check_readable, check_usable, home_id, home_tag
from tests.conftest import ROOT, command, environment
from transforms.errors import SourceError


@pytest.mark.system
def test_a_home_has_one_id_whoever_asks_first(tmp_path: Path) -> None:
    """Six processes at once, in a home that is not there yet."""
    home = tmp_path / "new" / "home"
    env = environment(None, {"TURNTABLE_HOME": str(home)})
    asked = [sys.executable, "-m", "flows.home.folder"]
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
    """`examples/automations.yaml` is current: `python -m flows.serve.deployments --yaml` writes it."""
    from flows.serve.deployments import as_yaml

    (tmp_path / "home.json").write_text(f'{{"id": "3f2a9c1b", "path": "{tmp_path}"}}')
    written = (ROOT / "examples" / "automations.yaml").read_text(encoding="utf-8")

    assert "".join(line for line in written.splitlines(keepends=True) if line[0] != "#") == as_yaml(tmp_path)


NOBODY = 65534


@contextmanager
def nobody() -> Iterator[None]:
    """Be somebody without rights: root may do everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_home_is_made_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    """Missing parents too."""
    check_usable(tmp_path / "a" / "b")

    assert list((tmp_path / "a" / "b" / "scratch").iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/home", "x" * 300, "loop", "loop/home"])
def test_what_can_be_no_folder(name: str, tmp_path: Path) -> None:
    """A file, what lies below one, a name that is too long, a link to itself: neither to write nor to read."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for check in (check_usable, check_readable):
        with pytest.raises(SourceError, match=r"cannot be used .*--home or TURNTABLE_HOME") as caught:
            check(tmp_path / name)

        assert str(tmp_path / name) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """It may be read, and not written to."""
    home = tmp_path / "home"
    home.mkdir()
    for folder in (tmp_path, *tmp_path.parents):
        if Path(gettempdir()) in folder.parents:
            folder.chmod(0o755)
    home.chmod(0o555)
    with nobody():
        check_readable(home)
        with pytest.raises(SourceError, match="permission denied"):
            check_usable(home)


@pytest.mark.system
@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "https://example.org/feed.xml"),
        ("ingest", "none.mp3"),
        ("sql", "select 1"),
        ("status",),
        ("serve",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_every_kind_of_command_says_so_in_one_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Those that write, that read and that serve; the exit code is 1."""
    (tmp_path / "file").touch()

    done = command(tmp_path / "file" / "home", *arguments, check=False)

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"turntable: {tmp_path}/file/home cannot be used (not a directory): "
        "give another folder by --home or TURNTABLE_HOME"
    ]


OURS, NEIGHBOURS = ("turntable", "turntable-3f2a9c1b"), ("turntable", "turntable-00000000")


@pytest.mark.system
@pytest.mark.parametrize(
    ("tags", "deployment", "judged"),
    [
        (OURS, "on-demand-3f2a9c1b", ["silent", "crashed"]),
        (OURS, "on-discovery-3f2a9c1b", ["silent", "crashed"]),
        (OURS, "loader-3f2a9c1b", ["silent"]),
        (OURS, None, ["silent"]),
        (OURS, "on-demand", ["silent"]),
        (NEIGHBOURS, "on-demand-00000000", []),
        (NEIGHBOURS, "on-demand-3f2a9c1b", []),
        (("turntable",), "on-demand", []),
        (("turntable-3f2a9c1b",), "on-demand-3f2a9c1b", []),
        ((), "on-demand-3f2a9c1b", []),
        ((), None, []),
    ],
)
def test_the_automations_judge_the_runs_of_this_home_alone(
    tmp_path: Path, tags: tuple[str, ...], deployment: str | None, judged: list[str]
) -> None:
    """By Prefect's own matching: each of several things that are asked for has to be among what is related."""
    from prefect.server.events.schemas.automations import Automation
    from prefect.server.events.schemas.events import ReceivedEvent

    from flows.serve.deployments import automations

    (tmp_path / "home.json").write_text(f'{{"id": "3f2a9c1b", "path": "{tmp_path}"}}')
    related = [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in tags]
    if deployment:
        of = {"prefect.resource.id": "prefect.deployment.1", "prefect.resource.name": deployment}
        related.append({**of, "prefect.resource.role": "deployment"})

    def is_covered(automation: int, event: str) -> bool:
        wanted = Automation.model_validate(automations(tmp_path)[automation].model_dump(mode="json"))
        resource = {"prefect.resource.id": "prefect.flow-run.1"}
        said = {"id": uuid.uuid4(), "occurred": "2026-11-29T12:00:00Z", "event": f"prefect.flow-run.{event}"}
        return wanted.trigger.covers_resources(
            (one := ReceivedEvent.model_validate({**said, "resource": resource, "related": related})).resource,
            one.related,
        )

    found = ["silent"] * (is_covered(0, "heartbeat") and is_covered(1, "Pending"))
    assert found + ["crashed"] * is_covered(2, "Crashed") == judged
