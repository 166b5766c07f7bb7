"""New warehouses as copies of one: migrations and views take 0.2 s of processor to make, a copy nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from warehouse import store
from warehouse.connection import Connection
from warehouse.soundness import laws

opened_as_it_is = store.opened
# Names the file that processes of the tests copy.
OF_ALL = "TESTS_NEW_WAREHOUSE"


@cache
def empty() -> bytes:
    """Return a warehouse without rows, as the migrations make it."""
    if made := os.environ.get(OF_ALL):
        return Path(made).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        with opened_as_it_is(path) as con:
            store.migrate(con)
        return path.read_bytes()


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> Iterator[Connection]:
    """Open a warehouse; where there is none, one that has its migrations already."""
    if not read_only and not os.path.lexists(path):
        # Whole or not at all, on a full disk and when it is killed.
        with store.explained(path), store.new_file(path) as copy:
            copy.write_bytes(empty())
            copy.replace(path)
    with opened_as_it_is(path, read_only=read_only) as con:
        yield con


def are_copies() -> None:
    """Have the loader, rebuilds and checks begin with a copy in this process."""
    store.opened = laws.opened = opened  # type: ignore[attr-defined]
