"""Where an export of many files lies: a folder of this machine, or whatever else has the same verbs."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from warehouse.store import sync


class Place(Protocol):
    """What holds files by names with slashes; each is there whole, or as it was. All of it raises OSError."""

    def __str__(self) -> str:
        """Return how messages call it."""
        ...

    def is_empty(self) -> bool:
        """Check whether nothing is in it, or it is not there yet."""
        ...

    def files(self) -> set[str]:
        """Name all that is in it."""
        ...

    def read(self, name: str) -> bytes | None:
        """Read a file; `None` where there is none."""
        ...

    def writing(self, name: str) -> AbstractContextManager[Path]:
        """Lend a path on this machine; what was written there is the file once all went well."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there, and what is empty without it."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine."""

    path: Path

    def __str__(self) -> str:
        """Return its path."""
        return str(self.path)

    def is_empty(self) -> bool:
        """Check whether nothing is in it, or it is not there yet."""
        return not self.path.exists() or not any(self.path.iterdir())

    def files(self) -> set[str]:
        """Name all that is in it."""
        return {
            (Path(folder) / name).relative_to(self.path).as_posix()
            for folder, _, names in os.walk(self.path)
            for name in names
        }

    def read(self, name: str) -> bytes | None:
        """Read a file; `None` where there is none."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Lend a name beside the file, whose place that takes once it is on the disk."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"_{uuid.uuid4().hex[:8]}.tmp")  # engines overlook names that begin so
        try:
            yield fresh
            sync(fresh)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a file, and the folders that are empty then."""
        path = self.path / name
        path.unlink(missing_ok=True)
        with suppress(OSError):
            for folder in path.relative_to(self.path).parents[:-1]:
                (self.path / folder).rmdir()
