"""What a user may do who is not root: root passes every permission, and tests are often run by root."""

from __future__ import annotations

import ctypes
import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_VERSION_3 = 0x20080522  # of capset(2), which takes two sets of three words


def without_rights(work: Callable[[], Any]) -> Any:
    """Do work in a process to which permissions apply, and return what it returned."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _drop()
            said: tuple[bool, Any] = (True, work())
        except BaseException:
            said = (False, traceback.format_exc())
        with os.fdopen(theirs, "wb") as pipe:
            pipe.write(pickle.dumps(said))
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        succeeded, answer = pickle.loads(pipe.read())
    os.waitpid(child, 0)
    assert succeeded, answer
    return answer


def _drop() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and libc.capset((ctypes.c_uint32 * 2)(_VERSION_3, 0), (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take the right to write from all that lies in a folder, for a while."""
    everything = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in everything if not path.is_symlink()}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
