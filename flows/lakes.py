"""Databases that users name for an export: a file of DuckDB, a lake, one of MotherDuck.

duckdb:FILE                          a file of DuckDB
ducklake:FILE, ducklake:sqlite:FILE  a lake whose catalog is such a file, or one of SQLite
ducklake:postgres:dbname=…           a lake whose catalog is in PostgreSQL
md:DATABASE                          a database of MotherDuck
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from flows import object_storage, paths
from transforms.errors import SourceError
from transforms.sealed import is_no_file
from warehouse.connection import quoted
from warehouse.export.targets import CATALOG, Target
from warehouse.store import STORAGE_VERSION

WAY_OUT = "give duckdb:FILE, ducklake:FILE, ducklake:sqlite:FILE, ducklake:postgres:dbname=… or md:DATABASE"
_SECRET = re.compile(r"password|passwd|secret|token|://[^/]*@", re.IGNORECASE)
_EXTENSIONS = {
    "": ("ducklake",),
    "sqlite": ("ducklake", "sqlite_scanner"),
    "postgres": ("ducklake", "postgres_scanner"),
}


def find_target(named: str, data_path: str | None = None, own: Collection[Path] = ()) -> Target:
    """Return the database that a user named; nothing is asked yet. A lake keeps its files in `data_path`.

    `own` are the databases of the home, which nothing is written to.

    Raises:
        SourceError: it is no such name, a secret stands in it, a token is missing, or it is one of the home.
    """
    kind, _, rest = named.partition(":")
    if kind == "ducklake" and rest:
        return _find_lake(rest, data_path, own)
    if data_path is not None:
        msg = "--data-path says where a lake keeps its files: leave it out, or give --to ducklake:…"
        raise SourceError(msg)
    if kind == "duckdb" and rest and "://" not in rest:
        file = _file(rest, own)
        how = "" if file.exists() else f" (storage_version '{STORAGE_VERSION}')"
        return Target(f"duckdb:{file}", f"attach {quoted(str(file))} as {CATALOG}{how}")
    if kind == "md" and re.fullmatch(r"[A-Za-z_]\w*", rest, re.ASCII):
        return _find_motherduck(rest)
    msg = f"{'this' if _SECRET.search(named) else repr(named)} names no database: {WAY_OUT}"
    raise SourceError(msg)


def _find_motherduck(database: str) -> Target:
    if not (os.environ.get("motherduck_token") or os.environ.get("MOTHERDUCK_TOKEN")):  # noqa: SIM112 - its own
        msg = f"md:{database} wants a token: set MOTHERDUCK_TOKEN to one of yours"  # it would open a browser
        raise SourceError(msg)
    return Target(f"md:{database}", f"attach 'md:{database}'", ("motherduck",), database)  # it takes no other name


def _find_lake(rest: str, data_path: str | None, own: Collection[Path]) -> Target:
    backend, colon, where = rest.partition(":")
    if not colon or backend not in _EXTENSIONS:
        backend, where = "", rest
    if not where or (backend != "postgres" and re.match(r"\w+:", where)):  # as `mysql:`
        msg = f"{'this' if _SECRET.search(rest) else repr(rest)} is no catalog of a lake: {WAY_OUT}"
        raise SourceError(msg)
    files = data_path and _files(data_path)
    if backend == "postgres":
        if _SECRET.search(where):
            msg = "a password in the name of a catalog can be read by others: leave it to PGPASSWORD or ~/.pgpass"
            raise SourceError(msg)
    else:
        file = _file(where, own)
        where = str(file)
        files = files or (None if file.exists() else f"{file}.files")  # the catalog knows it from then on
    named = ":".join(part for part in ("ducklake", backend, where) if part)
    attach = f"attach {quoted(named)} as {CATALOG}" + (f" (data_path {quoted(files)})" if files else "")
    if files and files.startswith(object_storage.SCHEME):
        return Target(named, f"{_key()}; {attach}", (*_EXTENSIONS[backend], "httpfs", "aws"))
    return Target(named, attach, _EXTENSIONS[backend])


def _file(named: str, own: Collection[Path]) -> Path:
    """Return the file that a user named, there or not.

    Raises:
        SourceError: something else lies there, or it is a database of the home.
    """
    file = paths.absolute(named)
    if is_no_file(file):
        msg = f"{file} is no file, nor leads to one: give another name"
        raise SourceError(msg)
    if file.exists() and any(one.exists() and file.samefile(one) for one in own):
        msg = f"{file} is a database of this home: give another file"
        raise SourceError(msg)
    return file


def _files(data_path: str) -> str:
    is_address = "://" in data_path or data_path.lower().startswith("s3:/")
    if is_address:
        return f"{object_storage.SCHEME}{object_storage.root_of(data_path)}"
    return str(paths.absolute(data_path))


def _key() -> str:
    """Write what lets DuckDB into a storage: by what `AWS_*`, `~/.aws` or the machine says, held for this time."""
    settings = {"region": object_storage.region()}
    if endpoint := object_storage.find_endpoint():
        scheme, host = endpoint
        settings |= {"endpoint": host, "url_style": "path", "use_ssl": str(scheme == "https").lower()}
        settings["region"] = settings["region"] or "us-east-1"
    given = "".join(f", {name} {quoted(value)}" for name, value in settings.items() if value)
    return f"create secret (type s3, provider credential_chain{given})"
