"""Private files of a home: small, for their owner only, written whole or not at all, read back or set aside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from flows.artifacts import Store, writing
from transforms.sealed import cause_of, is_damage, read_sealed, seal

T = TypeVar("T")


def write(path: Path, kind: TypeAdapter[T], value: T) -> None:
    """Replace a file by a value that can tell whether it is as it was written."""
    write_bytes(path, seal(kind, value, path.stem))


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file at once or not at all, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_bytes(data)


def read(path: Path, kind: TypeAdapter[T], home: Path, way_out: Callable[[], str]) -> T | None:
    """Read a file back; `None` where there is none, or where it is damaged and was set aside.

    `way_out` says what helps then.
    """
    try:
        return read_sealed(kind, path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        if not is_damage(error):
            raise
        Store(home).set_aside(path, cause_of(error), way_out())
        return None


def damage(path: Path, kind: TypeAdapter[T]) -> str | None:
    """Return why a file cannot be read, and leave it where it is; `None` where it can."""
    try:
        read_sealed(kind, path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        if not is_damage(error):
            raise
        return cause_of(error)
    return None
