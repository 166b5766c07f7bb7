"""A disk that fills at each step of each work: one clear line, nothing half-written; with room again all is well.

The home lies on a small disk of its own, in memory, which a ballast fills but for so many bytes. Mounting that
takes root: elsewhere nothing is tried.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.feeds.poll import poll
from flows.feeds.subscriptions import Subscriptions
from flows.home.folder import check_usable
from flows.published.import_texts import import_texts
from flows.published.linking import Hints
from flows.settings import Settings
from flows.upkeep import backup, verify
from tests.chaos import kills
from tests.chaos.damage import differs, told
from tests.chaos.figure import Figure
from tests.support import warm
from tests.support.feeds import item, publisher
from tests.support.homes import TALK, at_path, import_text, make_audio, make_home, publish
from transforms.errors import TurntableError, one_line

SIZE = 120  # MB
FREE = (0, 20_000, 200_000, 1_000_000, 3_000_000, 6_000_000, 9_000_000, 13_000_000)
WANTED = 96
REFUSED, BROKEN = 3, 4


def _import(settings: Settings, folder: Path) -> None:
    """Import a text as the command does."""
    import_texts([at_path(folder / "talk 0.txt")], Hints(), settings)


def _restore(settings: Settings, folder: Path) -> None:
    """Fill another home on the same disk from a backup, where that was not done."""
    other = Settings(home=settings.home.parent / "restored")
    if not other.snapshot.exists():
        backup.restore(other, folder / "saved.tar.gz")
    verify.LOOKS = 1
    assert verify.verify(other) == ()


OF_HOME = ("load", "publish", "migrate", "compaction", "rebuild", "poll", "forget", "gc")
WORKS = {**{name: kills.WORKS[name] for name in OF_HOME}, "import": _import}
# what these write lies beside the home
BESIDE = {**{name: kills.WORKS[name] for name in ("backup", "export")}, "restore": _restore}


def can_mount() -> bool:
    """Check whether this user may mount a disk of memory."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with _disk(Path(folder)):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


def run(*, short: bool) -> Iterator[Figure]:
    """Fill the disk, try, make room, try again."""
    if not can_mount():
        yield Figure("disk full: not tried, mounting takes root", 0, ())
        return
    works = {**WORKS, **BESIDE}
    chosen, free = (("import", "backup"), FREE[1:2]) if short else (tuple(works), FREE)
    wrong: list[str] = []
    tried = 0
    with tempfile.TemporaryDirectory() as made, publisher() as host:
        folder = Path(made)
        settings = make_home(folder, host)
        make_audio(folder / "another.wav", seed=2)
        (folder / "talk 0.txt").write_text(TALK.format(title="Talk number 3 of many"))
        import_text(settings, folder / "talk 0.txt")
        backup.back_up(settings, folder / "saved.tar.gz")
        host.publish("/one", [item(4), item(3), item(2), item(1)])
        for name in chosen:
            with _home(folder, name) as home:
                assert _start(_all, folder, home, name)[0] == 0
                expected = told(Settings(home=home))
            for room in free:
                tried += 1
                wrong += [f"{name} with {room} bytes: {line}" for line in _wrong(folder, name, room, expected)]
    yield Figure(f"disk full in {', '.join(chosen)}", tried, tuple(wrong), WANTED)


def _wrong(folder: Path, name: str, room: int, expected: dict[str, list[str]]) -> Iterator[str]:
    """Do a work on a disk that is nearly full, again where there is room, and say what is wrong."""
    with _home(folder, name) as home:
        ballast = home.parent / "ballast"
        _fill(ballast, room)
        code, line = _start(_once, folder, home, name)
        if code not in (0, REFUSED) or "\n" in line:
            yield f"it ended with {code}: {line}"
        if code == REFUSED and not any(word in line.lower() for word in ("space", "disk", "full")):
            yield f"it says: {line}"
        if code == REFUSED and (left := [*home.parent.glob("saved*"), *home.parent.glob("restored/*")]):
            yield f"it left {left}"
        ballast.unlink()
        code, line = _start(_all, folder, home, name)
        if code != 0:
            yield f"with room again it ended with {code}: {line}"
            return
        verify.LOOKS = 1
        settings = Settings(home=home)
        yield from map(str, verify.verify(settings))
        after = told(settings)
        if lost := differs(expected, after) or differs(after, expected):
            yield f"lost or doubled: {lost}"


def _fill(ballast: Path, room: int) -> None:
    free = shutil.disk_usage(ballast.parent).free
    with ballast.open("wb") as file:
        for _ in range(max(0, free - room) // 65_536):
            file.write(bytes(65_536))


@contextmanager
def _home(folder: Path, name: str) -> Iterator[Path]:
    """Lend a copy of the home, for a work, on a disk of its own."""
    with tempfile.TemporaryDirectory() as made, _disk(Path(made)) as disk:
        shutil.copytree(folder / "home", disk / "home")
        kills.prepare(Settings(home=disk / "home"), name)
        yield disk / "home"


@contextmanager
def _disk(place: Path) -> Iterator[Path]:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", str(place)], check=True, capture_output=True
    )
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _start(work: object, folder: Path, home: Path, name: str) -> tuple[int, str]:
    """Do something in a process of its own; its exit code, and the line that it refused with."""
    said = folder / "said"
    said.write_text("")
    process = warm.context().Process(target=work, args=(folder, home, name, said))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode, said.read_text()


def _once(folder: Path, home: Path, name: str, said: Path) -> None:
    settings = Settings(home=home, allow=("127.0.0.1",))
    try:
        if name not in BESIDE:
            check_usable(home)  # as every command does that writes
        {**WORKS, **BESIDE}[name](settings, folder)
    except TurntableError as error:
        said.write_text(str(error))
        raise SystemExit(REFUSED) from None
    except BaseException as error:
        said.write_text(f"{one_line(error)}\n{traceback.format_exc()}")
        raise SystemExit(BROKEN) from None


def _all(folder: Path, home: Path, name: str, said: Path) -> None:
    """Do a work whole, and what comes next anyway: a poll, of feeds that rest too, and a load."""
    _once(folder, home, name, said)
    settings = Settings(home=home, allow=("127.0.0.1",))
    poll(settings, [feed.feed_id for feed in Subscriptions(home).all()])
    publish(settings)
