"""A home is saved as one file and comes back equal; what is not whole never fills a home."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import resource
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from flows.artifacts import Store
from flows.feeds.pending import PendingQueue
from flows.feeds.subscriptions import Subscriptions
from flows.home import forgotten
from flows.home.locks import held
from flows.settings import Settings
from flows.upkeep.backup import HEAD, INDEX, Backup, back_up, restore
from flows.upkeep.verify import verify
from tests.conftest import command, rows_of
from tests.support import warm
from tests.support.feeds import publisher
from tests.support.homes import import_text, make_home, publish
from transforms.errors import ContentError, SourceError, TransientError
from warehouse.soundness.laws import REBUILD

pytestmark = pytest.mark.system  # whole homes are written: a second each


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a home with a bit of everything, a backup of it and one with audio."""
    with publisher() as host:
        folder = tmp_path_factory.mktemp("made")
        settings = make_home(folder, host)
        back_up(settings, folder / "small.tar.gz")
        back_up(settings, folder / "large.tar.gz", audio=True)
        yield folder


def brought_back(source: Path, folder: Path) -> tuple[Settings, Backup]:
    """A new home that is filled from a backup."""
    settings = Settings(home=folder / "new")
    return settings, restore(settings, source)


def rows(settings: Settings) -> list[object]:
    """All that the snapshot shows."""
    tables = [t for (t,) in rows_of(settings.snapshot, "select table_name from duckdb_tables() order by all")]
    left_out = "c not in ('loaded_at', 'applied_at')"
    return [
        rows_of(settings.snapshot, f"select columns(lambda c: {left_out}) from {t} order by all") for t in tables
    ]


@pytest.mark.parametrize("name", ["small.tar.gz", "large.tar.gz"])
def test_a_home_comes_back_equal(made: Path, tmp_path: Path, name: str) -> None:
    """Row by row, with what waits and what is subscribed; `verify` has nothing to say, audio or not."""
    before = Settings(home=made / "home")

    settings, done = brought_back(made / name, tmp_path)

    assert (done.lines, verify(settings, deep=True)) == ((), ())
    assert rows(settings) == rows(before)
    assert list(PendingQueue(settings.home).all()) == list(PendingQueue(before.home).all())
    assert list(Subscriptions(settings.home).all()) == list(Subscriptions(before.home).all())
    audio = bool(list(settings.home.glob("artifacts/fetch/*/*/payload.*")))
    assert audio == (name == "large.tar.gz")
    assert {path.stat().st_mode & 0o077 for path in settings.home.rglob("*")} == {0}
    assert (made / name).stat().st_mode & 0o077 == 0


def test_while_others_load_it_is_whole(made: Path, tmp_path: Path) -> None:
    """Whatever is staged meanwhile is in it as a whole, or not at all."""
    shutil.copytree(made / "home", tmp_path / "home")
    settings, stop = Settings(home=tmp_path / "home"), Event()

    def go_on() -> None:
        for n in range(200):
            if stop.is_set():
                return
            text = tmp_path / f"more {n}.txt"
            text.write_text(
                f"More number {n}\n\nAnn Lee: What of number {n}?\nBob Ray: Nobody knows number {n}.\n"
            )
            import_text(settings, text)
            publish(settings)

    writer = Thread(target=go_on)
    writer.start()
    try:
        saved = [back_up(settings, tmp_path / f"{n}.tar.gz").path for n in range(3)]
    finally:
        stop.set()
        writer.join()

    for n, path in enumerate(saved):
        again, done = brought_back(path, tmp_path / str(n))
        assert (done.lines, verify(again, deep=True)) == ((), ())
    assert len(Store(again.home).all("stage")) >= 4


def entries(path: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    """What lies in an archive."""
    with tarfile.open(path) as archive:
        return [(one, stream.read()) for one in archive if (stream := archive.extractfile(one))]


def archive_of(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """Write an archive."""
    with tarfile.open(path, "w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def test_what_is_not_whole_fills_no_home(made: Path, tmp_path: Path) -> None:
    """Cut, flipped, of something else, with a path that leads out of it: one line, and the home is as it was."""
    data, every = (made / "small.tar.gz").read_bytes(), entries(made / "small.tar.gz")
    bad = {"cut": data[: len(data) // 2], "late": data[:-400], "text": b"no archive", "none": gzip.compress(b"")}
    bad["flipped"] = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
    whole = (made / "small.tar.gz").read_bytes()
    bad |= {"rubbish": whole + b"rubbish", "checksum": whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]}
    files = [tmp_path / name for name in bad]
    for file, content in zip(files, bad.values(), strict=True):
        file.write_bytes(content)
    outside, link = tarfile.TarInfo("artifacts/../../outside"), tarfile.TarInfo("artifacts/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    ends = [one for one in every if one[0].name == INDEX]
    files += [
        archive_of(tmp_path / "outside", [*every[:3], (outside, b"x")]),
        archive_of(tmp_path / "link", [*every[:3], (link, b"")]),
        archive_of(tmp_path / "strange", [*every[:3], (tarfile.TarInfo("warehouse/warehouse.duckdb"), b"x")]),
        archive_of(tmp_path / "missing", [one for n, one in enumerate(every) if n != 5]),
        archive_of(tmp_path / "changed", [*every[:5], (every[5][0], b"x" * every[5][0].size), *every[6:]]),
        archive_of(tmp_path / "more", [*every, (tarfile.TarInfo("feeds/x.json"), b"x")]),
        archive_of(tmp_path / "list", [*every[:-1], (ends[0][0], b"[]")]),
        archive_of(tmp_path / "deep", [*every[:-1], (ends[0][0], b"[" * 100_000)]),
        archive_of(tmp_path / "head", [(tarfile.TarInfo(HEAD), b"[" * 100_000)]),
        archive_of(tmp_path / "newer", [(tarfile.TarInfo(HEAD), b'{"version": 2}'), *ends]),
    ]
    settings = Settings(home=tmp_path / "new")
    for file in files:
        with pytest.raises(ContentError, match="cannot be restored: ") as caught:
            restore(settings, file)
        assert "\n" not in str(caught.value)
        assert {path.name for path in settings.home.iterdir()} == set(), file.name
    assert not (tmp_path / "outside.txt").exists()
    assert not (tmp_path.parent / "outside").exists()


def test_a_home_that_has_something_is_left_alone(made: Path, tmp_path: Path) -> None:
    """Nothing is mixed; a restore that was cut off is begun anew."""
    settings = Settings(home=tmp_path / "new")
    settings.home.mkdir()
    (settings.home / "feeds").mkdir()
    with pytest.raises(SourceError, match=r"is not empty \(feeds\)"):
        restore(settings, made / "small.tar.gz")
    (settings.home / "scratch" / "restoring" / "artifacts").mkdir(parents=True)
    restore(settings, made / "small.tar.gz")
    assert verify(settings) == ()


def test_a_backup_takes_the_place_of_backups_alone(made: Path, tmp_path: Path) -> None:
    """Not of a file that is something else; it says what is damaged, and what nobody else may read."""
    settings = Settings(home=made / "home")
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(SourceError, match="is there and is no backup"):
        back_up(settings, tmp_path / "thesis.txt")
    with pytest.raises(SourceError, match="lies in the home"):
        back_up(settings, settings.home / "x.tar.gz")
    with pytest.raises(SourceError, match="there is nothing to back up"):
        back_up(Settings(home=tmp_path / "none"), tmp_path / "x.tar.gz")
    shutil.copy(made / "small.tar.gz", tmp_path / "again.tar.gz")
    assert back_up(settings, tmp_path / "again.tar.gz").files > 20
    assert back_up(settings, tmp_path).path.name.startswith("turntable-20")


def test_what_is_half_forgotten_is_not_saved(made: Path, tmp_path: Path) -> None:
    """Nor while it is being forgotten; a backup of before that has it comes back, and it is finished."""
    shutil.copytree(made / "home", tmp_path / "home")
    settings = Settings(home=tmp_path / "home")
    with held(settings.home, "forget"), pytest.raises(SourceError, match="half forgotten"):
        back_up(settings, tmp_path / "b.tar.gz")
    forgotten.note(settings.home, {"nobody": forgotten.Forgotten("episode", datetime.now(UTC))})
    with pytest.raises(SourceError, match=r"half forgotten.*`turntable forget` first"):
        back_up(settings, tmp_path / "b.tar.gz")
    assert not list(tmp_path.glob("*.tar.gz"))

    every = entries(made / "small.tar.gz")
    (info, index), note = every[-1], (settings.home / "forgotten.json").read_bytes()
    known = json.loads(index) | {"forgotten.json": hashlib.sha256(note).hexdigest()}
    more = [(tarfile.TarInfo("forgotten.json"), note), (info, json.dumps(known).encode())]
    again, _ = brought_back(archive_of(tmp_path / "old.tar.gz", [*every[:-1], *more]), tmp_path)
    assert (forgotten.unfinished(again.home), verify(again)) == ({}, ())


def test_what_is_no_file_is_named(made: Path, tmp_path: Path) -> None:
    """A pipe in the place of the backup, or in the home: neither is waited for."""
    shutil.copytree(made / "home", tmp_path / "home")
    settings = Settings(home=tmp_path / "home")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match=r"pipe is no file"):
        back_up(settings, tmp_path / "pipe")
    payload = next(settings.home.glob("artifacts/parse/*/*/payload.json"))
    payload.unlink()
    os.mkfifo(payload)
    with pytest.raises(SourceError, match=r"payload\.json cannot be read \(it is no regular file\)"):
        back_up(settings, tmp_path / "b.tar.gz")
    assert not list(tmp_path.glob("*b.tar.gz*"))


def test_one_restore_at_a_time(made: Path, tmp_path: Path) -> None:
    """The other one is told, and takes nothing away."""
    settings = Settings(home=tmp_path / "new")
    with held(settings.home, "restore"):
        begun = settings.home / "scratch" / "restoring" / "feeds"
        begun.mkdir(parents=True)
        with pytest.raises(TransientError, match="another `turntable restore` is at work"):
            restore(settings, made / "small.tar.gz")
        assert begun.is_dir()


def with_little_room(home: str, source: str) -> None:
    """Restore where no file may have more than a megabyte: enough for what is unpacked, and for no warehouse."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    try:
        restore(Settings(home=Path(home)), Path(source))
    except TransientError as error:
        print(error)


@pytest.mark.system
def test_a_home_without_room_for_its_warehouse_is_left_empty(made: Path, tmp_path: Path) -> None:
    """It says so in one line, and the same command fills it once there is room."""
    said = warm.run(with_little_room, str(tmp_path / "new"), str(made / "small.tar.gz")).stdout

    assert "cannot be written" in said
    assert said.count("\n") == 1
    assert [path for path in (tmp_path / "new").rglob("*") if path.is_file()] == []
    assert brought_back(made / "small.tar.gz", tmp_path)[1].lines == ()


@pytest.mark.system
def test_the_commands_say_what_is_saved(made: Path, tmp_path: Path) -> None:
    """Also that it holds secrets, and that something of it is damaged."""
    shutil.copytree(made / "home", tmp_path / "home")
    home = tmp_path / "home"
    Subscriptions(home).put(replace(next(Subscriptions(home).all()), marked=True))
    told = command(home, "backup", str(tmp_path / "b.tar.gz"))
    assert "it holds the addresses of 1 private feed, with their secrets" in told.stderr
    new = json.loads(command(tmp_path / "new", "restore", str(tmp_path / "b.tar.gz"), "--json").stdout)
    assert new["files"] > 20
    payload = next(home.glob("artifacts/parse/*/*/payload.json"))
    payload.write_bytes(payload.read_bytes()[:-1])
    told = command(home, "backup", str(tmp_path / "b.tar.gz"), check=False)
    assert (told.returncode, REBUILD in told.stderr) == (1, True)
