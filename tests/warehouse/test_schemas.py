"""A warehouse of every schema that there was opens in this one: migrated, sound, asked, and loaded into."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT
from tests.support.documents import staged
from tests.support.schemas import MIGRATIONS, make_empty
from transforms.records import Turn
from warehouse import store
from warehouse.loading.staging import write_staged
from warehouse.soundness import laws

pytestmark = pytest.mark.system  # whole homes are written: a second each

# What loaders wrote, by the number of the schema that first had room for it.
ROWS = ROOT / "tests" / "data" / "schemas"


@pytest.mark.parametrize("newest", range(1, len(MIGRATIONS) + 1))
def test_a_warehouse_of_every_schema_opens_in_this_one(tmp_path: Path, newest: int) -> None:
    """Its rows are all there, the laws hold, every view answers, and a newer document replaces an old one."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse), config={"storage_compatibility_version": "v1.5.0"}) as con:
        make_empty(con, newest)
        for path in sorted(ROWS.glob("*.sql")):
            if int(path.stem) <= newest:
                con.execute(path.read_text(encoding="utf-8"))
        before = counts(con)

    store.upgrade(warehouse)

    assert laws.broken_laws(warehouse) == ()
    with duckdb.connect(str(warehouse), read_only=True) as con:
        after = counts(con)
        derived = {table for table in after if table.startswith("derived_")}
        kept = {table: count for table, count in before.items() if table not in derived}
        assert {table: after[table] for table in kept} == {**kept, "schema_migrations": len(MIGRATIONS)}
        assert after["derived_talk"]
        assert after["derived_pairs"]
        views = con.execute("select view_name from duckdb_views() where not internal").fetchall()
        for (view,) in views:
            con.execute(f"from {view}").fetchall()
        assert len(views) > 10
        assert con.execute("select distinct transcript_id from best_turns").fetchall() == [("vtt",)]
        found = con.execute("select title, start_time from search('needle')").fetchall()
        assert found == [("Why a Record Turns", 0.0)]

    newer = tmp_path / "newer.parquet"
    newer.write_bytes(
        write_staged(staged(turns=(Turn(0, "A", 0, 1, "New words.", 0, 4, "speaker", False, 1, 1),)))
    )
    assert [one.transcript_id for one in store.load(warehouse, {"newer": newer}, {}).loaded] == ["asr-1"]
    assert laws.broken_laws(warehouse) == ()


def counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many rows each table has."""
    tables = con.execute("select table_name from duckdb_tables() where not internal").fetchall()
    return {table: con.execute(f"select count(*) from {table}").fetchall()[0][0] for (table,) in tables}
