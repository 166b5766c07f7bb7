"""The folder where everything is kept: whether it can be used, said before any work is done."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from transforms.errors import SourceError, TransientError


def check_usable(home: Path) -> None:
    """Check that a home can be made, written to and locked.

    Raises:
        SourceError: it cannot; the message has the system's own reason.
        TransientError: its disk is full.
    """
    try:
        scratch = home / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            (Path(folder) / "probe").write_bytes(bytes(4096))  # a full disk still makes names
            FileLock(Path(folder) / "lock").acquire(timeout=0).lock.release()
    except (OSError, NotImplementedError) as error:  # the latter is filelock's, for a file system without locks
        raise _unusable(home, error) from error


def check_readable(home: Path) -> None:
    """Check that a home, if it is there, is a folder that can be read.

    Raises:
        SourceError: it is not.
    """
    try:
        with suppress(FileNotFoundError), os.scandir(home):
            pass
    except OSError as error:
        raise _unusable(home, error) from error


def _unusable(home: Path, error: Exception) -> SourceError | TransientError:
    cause = (getattr(error, "strerror", None) or str(error)).lower()
    way_out = "give another folder by --home or TURNTABLE_HOME"
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return TransientError(f"{home} cannot be used ({cause}): free some, or {way_out}")
    return SourceError(f"{home} cannot be used ({cause}): {way_out}")
