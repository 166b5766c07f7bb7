"""The history of runs that Prefect keeps in a home: erased, while who is told of episodes lives on.

Runs, logs, events and pages have titles. Blocks and automations are what `turntable notify` made, and what a user
made for himself: they stay, with the key that opens the blocks.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from transforms.errors import TransientError

DATABASE = "prefect.db"
LETS_IN = ("auth", "api")
STAYS = (
    "alembic_version",
    "automation",
    "automation_related_resource",
    "block_document",
    "block_document_reference",
    "block_schema",
    "block_schema_reference",
    "block_type",
    "configuration",  # the key that the blocks are encrypted with
    "variable",
)


def erase(home: Path) -> None:
    """Erase the history of Prefect's runs; blocks, automations and what lets into it stay.

    Raises:
        TransientError: another process holds the database.
    """
    folder = home / "prefect"
    database = folder / DATABASE
    is_kept = database.is_file() and _empty(database)
    for path in folder.glob("*"):
        if path.name in LETS_IN or (is_kept and path == database):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _empty(database: Path) -> bool:
    """Delete all rows but those that stay, and their bytes; whether it is a database that can be read."""
    try:
        with closing(sqlite3.connect(database, timeout=5.0, isolation_level=None)) as con:
            con.execute("pragma secure_delete = on")
            names = [name for (name,) in con.execute("select name from sqlite_master where type = 'table'")]
            con.execute("begin immediate")
            for name in names:
                if name not in STAYS and not name.startswith("sqlite_"):
                    con.execute(f'delete from "{name}"')  # noqa: S608 - a name of the database's own
            con.execute("commit")
            con.execute("vacuum")
            con.execute("pragma wal_checkpoint(truncate)")
    except sqlite3.OperationalError as error:
        msg = f"{database} cannot be changed ({error}): stop what uses it, and run `turntable forget`"
        raise TransientError(msg) from error
    except sqlite3.DatabaseError:  # it is none, or damaged: nobody can read who was told
        return False
    return True
