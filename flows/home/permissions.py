"""Who may look into a home: its owner alone; and, where a setting says so, a group at the snapshot.

New files are the owner's by the umask that `flows` sets when it is imported, as every process of ours does. What
an older Turntable left is brought to that here, once.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path

from flows.home.inventory import OURS, SNAPSHOT
from transforms.errors import SourceError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAY_PASS = stat.S_IXGRP


@cache  # a process looks once
def close(home: Path) -> None:
    """Make a home, and close it to all but its owner; a folder that is closed is not walked again."""
    home.mkdir(parents=True, exist_ok=True)
    for name in OURS:
        path = home / name
        if path.is_dir() and _mode(path) & _OTHERS:
            for folder, _, files in os.walk(path, topdown=False):
                for file in files:
                    _close(Path(folder, file))
                _close(Path(folder))
        elif name != SNAPSHOT:
            _close(path)
    mode = _mode(home)
    if mode & _OTHERS & ~_MAY_PASS and not mode & stat.S_ISVTX and home.resolve() != Path.home():
        _close(home)  # but for what is not for us alone, such as /tmp


def share(home: Path, snapshot: Path, group: int | None) -> None:
    """Let a group read the snapshot and pass through its home, or nobody; what is so is left alone.

    Raises:
        SourceError: this user may not give a file to that group.
    """
    if group is None:
        _close(snapshot)
        if _mode(home) == 0o710:
            _close(home)
        return
    try:
        for path, mode in ((home, 0o710), (snapshot, 0o640)):
            if path.stat().st_gid != group:
                os.chown(path, -1, group)
            path.chmod(mode)
    except PermissionError as error:
        msg = f"{snapshot} cannot be given to group {group}: be a member of it, and the owner of the home"
        raise SourceError(msg) from error


def _close(path: Path) -> None:
    """Take a file or folder from all but its owner, unless it is gone, a link, or not to be changed."""
    with suppress(OSError):  # a disk that is mounted read-only refuses too
        mode = _mode(path)
        if mode & _OTHERS and not path.is_symlink():
            path.chmod(mode & ~_OTHERS)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)
