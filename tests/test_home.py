"""A home that cannot be used is one line, whatever is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.home import check_readable, check_usable
from tests.conftest import command
from transforms.errors import SourceError

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
        with pytest.raises(SourceError, match="cannot be used .*--home or TURNTABLE_HOME") as caught:
            check(tmp_path / name)

        assert str(tmp_path / name) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """It may be read, and not written to."""
    home = tmp_path / "home"
    home.mkdir()
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    home.chmod(0o555)
    with nobody():
        check_readable(home)
        with pytest.raises(SourceError, match="permission denied"):
            check_usable(home)


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
