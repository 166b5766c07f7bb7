"""Names that one process at a time holds, such as an episode while it is worked on: files that nobody reads."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from flows.artifacts import Store
from flows.home.permissions import close
from transforms.errors import TransientError
from transforms.records import Seconds
from transforms.sealed import is_no_file

LONGEST_HELD = timedelta(days=7)  # there is a file of each episode that ever was; few are of today


@contextmanager
def held(home: Path, name: str, *, wait: Seconds = 0.0) -> Iterator[bool]:
    """Hold a name against other processes and threads; lends False where another one goes on holding it.

    The lock of a process that died is free.
    """
    close(home)
    path = _path(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_no_file(path):  # nobody can hold that, and nothing is lost with it
        Store(home).set_aside(path, "it is no file", "a new one is made where it is needed")
    lock = FileLock(path, thread_local=False)  # one thread may take what another one gives back
    try:
        lock.acquire(timeout=wait, poll_interval=0.02)
    except Timeout:
        yield False
        return
    try:
        with suppress(OSError):
            os.utime(path)  # since when it is held
        yield True
    finally:
        lock.release()


@contextmanager
def alone(home: Path, command: str, wait: Seconds = 0.0) -> Iterator[None]:
    """Let one process at a time run a command in a home, or say that another one is at it.

    Raises:
        TransientError: another one goes on with it.
    """
    with held(home, command, wait=wait) as mine:
        if not mine:
            msg = f"another `turntable {command}` is at work in {home}: run the same command again when it is done"
            raise TransientError(msg)
        yield


def is_held(home: Path, name: str) -> bool:
    """Check whether somebody holds a name now; nothing is written for that."""
    try:
        descriptor = os.open(_path(home, name), os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def all_held(home: Path) -> Iterator[tuple[str, datetime]]:
    """Yield the names that somebody holds now, as their files are called, and since when."""
    for path in sorted((home / "locks").glob("*.lock")):
        with suppress(FileNotFoundError):
            since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if datetime.now(UTC) - since < LONGEST_HELD and is_held(home, path.stem):
                yield path.stem, since


def _path(home: Path, name: str) -> Path:
    return home / "locks" / f"{name.replace(':', '-')}.lock"
