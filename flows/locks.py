"""Names that one process at a time holds, such as an episode while it is worked on: files that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from flows.permissions import close
from transforms.records import Seconds


@contextmanager
def held(home: Path, name: str, *, wait: Seconds = 0.0) -> Iterator[bool]:
    """Hold a name against other processes and threads; lends False where another one goes on holding it.

    The lock of a process that died is free.
    """
    close(home)
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.replace(':', '-')}.lock"
    lock = FileLock(path, thread_local=False)  # one thread may take what another one gives back
    try:
        lock.acquire(timeout=wait, poll_interval=0.02)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_held(home: Path, name: str) -> bool:
    """Tell whether somebody holds a name now."""
    if not (home / "locks" / f"{name.replace(':', '-')}.lock").exists():
        return False
    with held(home, name) as mine:
        return not mine
