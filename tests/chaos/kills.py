"""`kill -9` over load, publish, migrate, rebuild, poll, run and all that keeps a home: again, and nothing is lost.

Each kill is of a process of its own, before or after every renaming that the work does (of what keeps a home or
writes the warehouse every deletion and transaction, too), and at random moments.
After each the work is done again; `verify` must find nothing, and the home must say what it says where nobody was
killed.
"""

from __future__ import annotations

import random
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import duckdb

from flows import loader
from flows.feeds.poll import poll
from flows.settings import Settings
from flows.upkeep import backup, forget, rebuild, room, verify
from tests.chaos.damage import differs, told
from tests.chaos.figure import Figure
from tests.support import warm
from tests.support.feeds import item, publisher
from tests.support.homes import TALK, hear, import_text, make_audio, make_home, publish
from tests.support.killed import at_change, at_rename
from tests.support.schemas import make_older
from transforms.errors import SourceError
from warehouse import store as warehouse_store
from warehouse.export.partitions import export_partitions
from warehouse.export.places import Folder

WANTED = 200


def _run(settings: Settings, folder: Path) -> None:
    """Hear a file and import a text, stage by stage, and load them."""
    hear(settings, folder / "another.wav")
    import_text(settings, folder / "talk 0.txt")
    publish(settings)


def _migrate(settings: Settings, _: Path) -> None:
    """Bring a home of an older version to the schema of today, if it is of one."""
    loader.upgrade(settings)


def _compact(settings: Settings, _: Path) -> None:
    """Load, bring the spare up to date, and then leave no byte in the snapshot that was there before."""
    loader.load(settings)
    for _ in range(3):  # the first is marked, the second keeps it, the third writes into it
        warehouse_store.publish(settings.warehouse, settings.snapshot, keep_from=0)
    loader.publish(settings, whole=True)


def _forget(settings: Settings, _: Path) -> None:
    """Forget an episode that was loaded, and one that waits, as far as they are there."""
    forget.finish(settings)
    for name in ("talk 1", "Part 2"):
        with suppress(SourceError):
            forget.forget(settings, forget.find(settings, name))


def _gc(settings: Settings, _: Path) -> None:
    """Free all that can be freed."""
    room.carry_out(settings, room.find(settings, room.Limits(timedelta(0), timedelta(0))))


def _back_up(settings: Settings, _: Path) -> None:
    """Save the home beside it, and try what was saved where it was killed before."""
    place = settings.home.parent / "saved.tar.gz"
    backup.back_up(settings, place, audio=True)
    with tempfile.TemporaryDirectory() as folder:
        backup.restore(Settings(home=Path(folder) / "home"), place)
    assert {path.name for path in place.parent.glob("*saved*")} == {"saved.tar.gz"}


def _restore(settings: Settings, _: Path) -> None:
    """Fill another home from a backup, where that was not done."""
    place, other = settings.home.parent / "saved.tar.gz", Settings(home=settings.home.parent / "restored")
    if not place.exists():
        backup.back_up(settings, place)
    if (other.home / "scratch" / "restoring").is_dir() or not other.snapshot.exists():
        backup.restore(other, place)
    verify.LOOKS = 1
    assert verify.verify(other) == ()


def _export(settings: Settings, _: Path) -> None:
    """Write the warehouse as Parquet; what is there then has every row once."""
    folder = settings.home.parent / "lake"
    publish(settings)
    assert list(export_partitions(settings.snapshot, Folder(folder)))
    with duckdb.connect(str(settings.snapshot), read_only=True) as con:
        rows = con.execute(f"select count(*) from read_parquet('{folder}/turns/*/*/*.parquet')").fetchone()
        assert rows == con.execute("select count(*) from turns").fetchone()


Work = Callable[[Settings, Path], object]
WORKS: dict[str, Work] = {
    "load": lambda settings, _: loader.load(settings),
    "publish": lambda settings, _: publish(settings),
    "migrate": _migrate,
    "compaction": _compact,
    "rebuild": lambda settings, _: rebuild.rebuild(settings),
    "poll": lambda settings, _: poll(settings),
    "run": _run,
    "forget": _forget,
    "gc": _gc,
    "backup": _back_up,
    "restore": _restore,
    "export": _export,
}
WRITING = ("load", "publish", "migrate", "compaction")
KEEPING = ("forget", "gc", "backup", "restore", "export")
OLDER = 5  # the schema of the home that is migrated

# A poll, a load and a publishing that are killed: flows/feeds/test_killed_polls.py,
# warehouse/test_store.py.
SHORT = ("rebuild", "run", "forget", "restore", "migrate")


def run(*, short: bool) -> Iterator[Figure]:
    """Kill at every renaming of each work, the rest at random moments; in the short form, a few."""
    with tempfile.TemporaryDirectory() as made, publisher() as host:
        folder = Path(made)
        settings = make_home(folder, host)
        make_audio(folder / "another.wav", seed=2)
        for number in range(3, 6):
            text = folder / f"talk {number}.txt"
            text.write_text(TALK.format(title=f"Talk number {number} of many"))
            import_text(settings, text)  # staged, and not loaded yet
        host.publish("/one", [item(4), item(3), item(2), item(1)])
        wrong: list[str] = []
        tried = 0
        for name in WORKS:
            for when, number in _points(name, short=short):
                killed, line = _kill(folder, name, (when, number), _undisturbed(folder, name))
                if not killed:  # it renames no more
                    break
                tried += 1
                wrong += [f"{when} renaming {number} of {name}: {line}"] if line else []
        dice = random.Random(7)
        while tried < (0 if short else WANTED):
            name = dice.choice(list(WORKS))
            moment = dice.random()
            killed, line = _kill(folder, name, moment, _undisturbed(folder, name))
            tried += killed
            wrong += [f"{name} at {moment:.2f} s: {line}"] if line else []
    yield Figure(f"kill -9 of {', '.join(WORKS)}", tried, tuple(wrong), WANTED)


def _points(name: str, *, short: bool) -> Iterator[tuple[str, int]]:
    if short:
        if name in SHORT:
            yield ("after", 12 if name in (*WRITING, *KEEPING) else 1)
        return
    for number in range(1, 1_000):
        yield ("before", number)
        yield ("after", number)


_EXPECTED: dict[str, dict[str, list[str]]] = {}


def _undisturbed(folder: Path, name: str) -> dict[str, list[str]]:
    """Return what a home says after a work that nobody kills."""
    if name not in _EXPECTED:
        with _copy(folder, name) as home:
            assert _start(_all, folder, home, name, None) == 0
            _EXPECTED[name] = told(Settings(home=home))
    return _EXPECTED[name]


def _kill(
    folder: Path, name: str, at: tuple[str, int] | float, expected: dict[str, list[str]]
) -> tuple[bool, str | None]:
    """Kill a work, do it again, and say what is wrong then; False where it ended before."""
    with _copy(folder, name) as home:
        if isinstance(at, tuple):
            code = _start(_once, folder, home, name, at)
        else:
            code = _start(_once, folder, home, name, None, after=at)
        if code == 0:
            return False, None
        if code != -signal.SIGKILL:
            return True, f"it ended with {code}"
        if (code := _start(_all, folder, home, name, None)) != 0:
            return True, f"the next one ended with {code}"
        settings = Settings(home=home)
        verify.LOOKS = 1
        if problems := verify.verify(settings):
            return True, f"verify: {problems}"
        after = told(settings)
        lost, doubled = differs(expected, after), differs(after, expected)
        return True, (f"lost {lost}" if lost else None) or (f"doubled {doubled}" if doubled else None)


@contextmanager
def _copy(folder: Path, name: str) -> Iterator[Path]:
    """Lend a copy of the home that was made, for a work."""
    with tempfile.TemporaryDirectory() as made:
        settings = Settings(home=Path(made) / "home")
        shutil.copytree(folder / "home", settings.home)
        prepare(settings, name)
        yield settings.home


def prepare(settings: Settings, name: str) -> None:
    """Make a home what a work begins with: what is migrated is of an older version."""
    if name == "migrate":
        make_older(settings.warehouse, OLDER)
        shutil.copy(settings.warehouse, settings.snapshot)


def _start(
    work: Callable[..., None],
    folder: Path,
    home: Path,
    name: str,
    point: tuple[str, int] | None,
    after: float | None = None,
) -> int:
    """Do something in a process of its own, killed after so many seconds if it is to be; its exit code."""
    process = warm.context().Process(target=work, args=(folder, home, name, point))
    process.start()
    if after is not None:
        process.join(after)
        if process.is_alive():
            process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _once(folder: Path, home: Path, name: str, point: tuple[str, int] | None) -> None:
    """Do a work, and die at the point if it comes there."""
    if point is not None and name in (*WRITING, *KEEPING):
        at_change(*point)
    elif point is not None:
        at_rename(point[0], "", point[1])
    WORKS[name](Settings(home=home, allow=("127.0.0.1",)), folder)


def _all(folder: Path, home: Path, name: str, _: object) -> None:
    """Do a work whole, and what comes next anyway: a poll, a load."""
    settings = Settings(home=home, allow=("127.0.0.1",))
    WORKS[name](settings, folder)
    poll(settings)
    publish(settings)
