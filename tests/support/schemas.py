"""Warehouses as earlier versions left them: of any schema that there was."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse import store
from warehouse.connection import quoted

MIGRATIONS = sorted(store.MIGRATIONS.glob("*.sql"))
NAMES = "create table schema_migrations (name varchar primary key, applied_at timestamptz)"


def make_empty(con: duckdb.DuckDBPyConnection, newest: int) -> None:
    """Make the tables of a schema in the open database: all migrations up to a number, and no views."""
    con.execute(NAMES)
    for path in MIGRATIONS[:newest]:
        con.execute(path.read_text(encoding="utf-8"))
        con.execute("insert into schema_migrations values (?, now())", [path.name])


def make_older(warehouse: Path, newest: int) -> None:
    """Put in the place of a warehouse one of an older schema, with the rows that it has room for."""
    older = warehouse.with_name("older.duckdb")
    with duckdb.connect() as con:
        con.execute(f"attach {quoted(warehouse)} as now (read_only)")
        con.execute(f"attach {quoted(older)} as older (storage_version 'v1.5.0'); use older")
        make_empty(con, newest)
        columns = (
            "select table_name, column_name from duckdb_columns() where database_name = '{}' and not internal"
        )
        shared = con.execute(
            f"with shared as ({columns.format('now')} intersect {columns.format('older')}) "
            "select table_name, string_agg(column_name) from shared group by 1"
        ).fetchall()
        for table, names in shared:
            if table != "schema_migrations":
                con.execute(f"insert into {table} by name select {names} from now.{table}")
    older.replace(warehouse)
