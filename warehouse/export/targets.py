"""A database that an export is brought to: how DuckDB opens it, what it needs for that, and what went wrong.

Nothing is fetched: an extension of DuckDB comes from a wheel of its version, or from where DuckDB keeps its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb

from transforms.errors import SourceError, TransientError, TurntableError
from warehouse.connection import quoted
from warehouse.snapshot import holder, one_line

CATALOG = "target"


@dataclass(frozen=True, slots=True)
class Target:
    """A database: what messages call it, the SQL that opens it, and what it is called in SQL from then on."""

    named: str
    opened_by: str
    extensions: tuple[str, ...] = ()
    catalog: str = CATALOG

    def __str__(self) -> str:
        """Return what messages call it."""
        return self.named

    def table(self, name: str) -> str:
        """Name a table of it in SQL."""
        return f'"{self.catalog}".main.{name}'


def attach(con: duckdb.DuckDBPyConnection, target: Target) -> None:
    """Open a target, to be written; a file or a lake that is not there yet is made.

    Raises:
        SourceError: an extension is missing, or it is a lake of another version, or of other files.
        TransientError: it does not answer, or another program holds it.
    """
    for name in target.extensions:
        _load(con, target, name)
    try:
        con.execute(target.opened_by)
    except duckdb.Error as error:
        raise explained(error, target) from error


def _load(con: duckdb.DuckDBPyConnection, target: Target, name: str) -> None:
    ((version,),) = con.execute("select library_version from pragma_version()").fetchall()
    found = find_spec(f"duckdb_extension_{name}")
    wheel = (
        Path(found.origin or "").parent / "extensions" / version / f"{name}.duckdb_extension" if found else None
    )
    try:
        con.execute(f"load {quoted(wheel)}" if wheel and wheel.is_file() else f"load {name}")
    except duckdb.Error as error:
        if "Install it first" not in str(error):  # that of MotherDuck asks its maker for the newest at once
            raise explained(error, target) from error
        extra = "motherduck" if name == "motherduck" else "lake"
        msg = (
            f"{target} needs {name}, an extension of DuckDB that is not there for {version}: "
            f"pip install 'turntable[{extra}]' brings it, with the DuckDB that it is for"
        )
        raise SourceError(msg) from error


def explained(error: duckdb.Error, target: Target) -> TurntableError:
    """Say in one line what is wrong with a target, and what to do."""
    said = re.sub(r"^(?:\w+ )+Error: ", "", one_line(error))
    said = re.sub(r'^Failed to attach DuckLake MetaData .*(?="Unable)"', "", said)  # once is enough
    if program := holder(error):
        return TransientError(f"{target} is open in {program}: close it there and run it again")
    if "database is locked" in said or "conflict" in said.lower():
        return TransientError(f"{target} is written by another program: run it again when that is done")
    if "version mismatch" in said:
        return SourceError(f"{target} is of another version of DuckLake ({said}): bring it to ours with DuckDB")
    if "data_path is not set" in said:
        return SourceError(f"there is no lake in {target} yet: say by --data-path where it is to keep its files")
    if "does not match existing data path" in said:
        return SourceError(f"{target} keeps its files elsewhere: leave --data-path out")
    return TransientError(f"{target} cannot be written ({said}): mend that, run it again")
