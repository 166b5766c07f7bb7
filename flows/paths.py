"""The folder that a command is started in: the paths that the user names are read from there, and nothing else.

Libraries take settings and code from wherever they are: Prefect reads `.env`, `prefect.toml` and `pyproject.toml`
and imports flows from there first, matplotlib `matplotlibrc`, pyannote `database.yml`; a library of CUDA whose
search path has an empty element loads `libcuda.so.1`. A folder that came from a stranger must decide nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

NEUTRAL = "/"  # only the machine's owner can put something there
_PATHS = ("TURNTABLE_HOME", "TURNTABLE_MODELS", "TURNTABLE_CONFIG", "PREFECT_HOME")
_NAMES = ("TURNTABLE_MODEL", "TURNTABLE_DIARIZATION_MODEL")
_start: list[Path] = []


def leave() -> None:
    """Leave the folder that the command was started in; relative paths in our variables go on meaning it."""
    try:
        _start[:] = [Path.cwd()]
    except FileNotFoundError:  # somebody removed it
        _start[:] = [Path(NEUTRAL)]
    os.environ |= {name: str(absolute(os.environ[name])) for name in _PATHS if os.environ.get(name)}
    os.environ |= {name: model(os.environ[name]) for name in _NAMES if os.environ.get(name)}
    os.chdir(NEUTRAL)


def absolute(path: str | Path) -> Path:
    """Return the whole of a path that may begin at the folder which the command was started in, or at `~`."""
    return Path(*_start[:1], expanded(path))


def expanded(path: str | Path) -> Path:
    """Return a path whose `~` is a home; `~name` of nobody is a name like any other, as in a shell."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path's own raises there


def model(name: str) -> str:
    """Return the name of a model as it is, the path of a folder whole: `base` names no folder beside you.

    >>> model("base"), model("/models/base")
    ('base', '/models/base')
    """
    is_path = (os.sep in name and "://" not in name) or name in ("~", ".", "..")
    return str(absolute(name)) if is_path else name
