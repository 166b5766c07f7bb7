"""The warehouse in a database of others: it is what the snapshot shows, and only news is written.

DuckLake is tried where its extension is (`pip install 'turntable[lake]'`), a file of DuckDB everywhere.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.lakes import find_target
from tests.conftest import command
from tests.support.documents import EPISODE, publish, published, staged
from tests.support.object_storage import storage
from tests.warehouse.export.test_partitions import FIRST, shown, talk
from transforms.errors import SourceError, TransientError, TurntableError
from warehouse.export import databases
from warehouse.export.databases import Written, export_database
from warehouse.export.outgoing import TABLES
from warehouse.export.targets import attach

HAS_LAKE = duckdb.__version__ == "1.5.5" and find_spec("duckdb_extension_ducklake") is not None
IN_LAKE = pytest.mark.skipif(not HAS_LAKE, reason="needs pip install 'turntable[lake]'")
KINDS = [
    "duckdb:{}/x.duckdb",
    pytest.param("ducklake:{}/meta.ducklake", marks=IN_LAKE),
    pytest.param("ducklake:sqlite:{}/meta.sqlite", marks=IN_LAKE),
]


def brought(snapshot: Path, named: str, data_path: str | None = None) -> Written:
    """What became of the episodes."""
    return export_database(snapshot, find_target(named, data_path), lambda _done, _total: None)


def held(named: str, sql: str, data_path: str | None = None) -> list[tuple[Any, ...]]:
    """What a database says, to who opens it as we do."""
    target = find_target(named, data_path)
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        attach(con, target)
        con.execute(f"use {target.catalog}")
        return con.execute(sql).fetchall()


def refused(snapshot: Path, named: str, data_path: str | None = None) -> str:
    """What is said, in one line, where nothing is written."""
    with pytest.raises(TurntableError) as caught:
        brought(snapshot, named, data_path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_what_is_shown_and_only_news_is_written(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each table row by row; a newer text and a new episode come, what is gone goes, tables of others stay."""
    monkeypatch.setattr(databases, "AT_ONCE", 3)  # of four
    named = kind.format(tmp_path)
    first = publish(tmp_path / "one", *FIRST)
    assert brought(first, named) == Written(4, 0, 0)
    for table in TABLES:
        assert held(named, f"from {table} order by all") == shown(first, table)
    assert held(named, "from words")
    said = held(named, "select comment from duckdb_columns() where table_name = 'words' and column_name = 'word'")
    assert said[0][0]
    held(named, "create table of_others as select 1 as one")
    assert brought(publish(tmp_path / "two", *FIRST), named) == Written(0, 4, 0)

    newer = published(
        90, transcript_id="transcript-1", episode=FIRST[0].episode, podcast=FIRST[0].podcast, rendition=None
    )
    later = publish(tmp_path / "three", *FIRST[:2], newer, FIRST[3], talk(5, "show-1", 2024))
    assert brought(later, named) == Written(2, 2, 1)
    for table in TABLES:
        assert held(named, f"from {table} order by all") == shown(later, table)
    assert held(named, "from of_others") == [(1,)]

    held(named, "drop table words")
    assert brought(later, named) == Written(4, 0, 0)
    assert held(named, "from words order by all") == shown(later, "words")


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_it_is_written_or_nothing(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stops it in the midst finds what was there before."""
    monkeypatch.setattr(databases, "AT_ONCE", 1)
    named = kind.format(tmp_path)
    brought(publish(tmp_path / "one", *FIRST), named)
    before = {table: held(named, f"from {table} order by all") for table in (*TABLES, "_turntable")}
    later = publish(tmp_path / "two", *FIRST[:2], talk(5, "show-1", 2024), talk(6, "show-1", 2024))

    def stop(done: int, _total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_database(later, find_target(named), stop)
    assert {table: held(named, f"from {table} order by all") for table in before} == before


@pytest.mark.parametrize("kind", KINDS)
def test_tables_that_somebody_changed_are_made_anew(kind: str, tmp_path: Path) -> None:
    """No message that comes again each time; and all is written where `_turntable` is emptied."""
    named, snapshot = kind.format(tmp_path), publish(tmp_path / "one", *FIRST)
    brought(snapshot, named)
    held(named, "alter table chapters drop column title")
    assert brought(snapshot, named) == Written(4, 0, 0)
    held(named, "delete from words")
    held(named, "delete from _turntable")
    assert brought(snapshot, named) == Written(4, 0, 0)
    for table in TABLES:
        assert held(named, f"from {table} order by all") == shown(snapshot, table)


def test_no_path_of_this_machine_leaves_it(tmp_path: Path) -> None:
    """As none leaves it in Parquet."""
    lone = replace(EPISODE, audio_path="/home/ann/1.ogg", audio_url="/home/ann/1.ogg")
    snapshot = publish(tmp_path / "home", staged(episode=lone), published(origin="/home/ann/1.vtt", episode=lone))
    brought(snapshot, f"duckdb:{tmp_path}/x.duckdb")
    assert "/home/ann" not in str([held(f"duckdb:{tmp_path}/x.duckdb", f"from {table}") for table in TABLES])


@pytest.mark.parametrize(
    "theirs",
    [
        "create table Words as select 'mine' as word",
        "create view words as select 'mine' as word",
        "create table words as select 'mine' as word; create table _turntable (k varchar)",
        "create table words as select 'mine' as word; create table _TURNTABLE (k varchar, v varchar)",
    ],
    ids=["in capitals", "a view", "another state of one column", "another state of two"],
)
def test_what_others_have_by_such_a_name_stays(theirs: str, tmp_path: Path) -> None:
    """Names are the same in whatever case, and a table called `_turntable` may be of somebody else."""
    snapshot, named = publish(tmp_path / "home", FIRST[0]), f"duckdb:{tmp_path}/other.duckdb"
    held(named, theirs)
    assert "that is not of an export: give a database without one" in refused(snapshot, named)
    assert held(named, "from words") == [("mine",)]


def test_what_is_no_file_of_the_user_is_refused(tmp_path: Path) -> None:
    """A pipe would be waited for, an address is no path, and the databases of the home are its own."""
    snapshot = publish(tmp_path / "home", FIRST[0])
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(snapshot)
    for kind in ("duckdb", "ducklake"):
        for name in ("pipe", "home"):
            with pytest.raises(SourceError, match="is no file, nor leads to one"):
                find_target(f"{kind}:{tmp_path}/{name}")
        for own in (snapshot, tmp_path / "link"):
            with pytest.raises(SourceError, match="is a database of this home"):
                find_target(f"{kind}:{own}", own=(tmp_path / "none", snapshot))
    with pytest.raises(SourceError, match="this names no database") as caught:
        find_target("duckdb:https://ann:secret@host.example/x.duckdb")
    assert "secret" not in str(caught.value)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """One that has a table of such a name, and what is none; the snapshot itself, too."""
    snapshot = publish(tmp_path / "home", FIRST[0])
    other = f"duckdb:{tmp_path}/other.duckdb"
    held(other, "create table words as select 'mine' as word")
    assert "has a table words that is not of an export" in refused(snapshot, other)
    assert held(other, "from words") == [("mine",)]
    before = snapshot.read_bytes()
    assert refused(snapshot, f"duckdb:{snapshot}")
    assert snapshot.read_bytes() == before
    (tmp_path / "letter.txt").write_text("Dear Ann, " * 500)
    assert "letter.txt cannot be written (" in refused(snapshot, f"duckdb:{tmp_path}/letter.txt")
    assert "No such file or directory" in refused(snapshot, f"duckdb:{tmp_path}/nowhere/x.duckdb")
    with pytest.raises(SourceError, match="nothing ingested yet"):
        brought(tmp_path / "none.duckdb", other)


@pytest.fixture
def holding() -> Iterator[Any]:
    """Another program that does something with a file, and holds it until the end."""
    started: list[subprocess.Popen[str]] = []

    def hold(program: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{program}; print(flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()

    yield hold
    for process in started:
        process.communicate("\n")


@pytest.mark.system
def test_a_database_that_is_held_is_told(tmp_path: Path, holding: Any) -> None:
    """By its program, and that it is worth another try."""
    snapshot = publish(tmp_path / "home", FIRST[0])
    file = tmp_path / "x.duckdb"
    holding(f"import duckdb; con = duckdb.connect({str(file)!r})")
    with pytest.raises(TransientError, match=r"x\.duckdb is open in another program \(.*PID \d+\)"):
        brought(snapshot, f"duckdb:{file}")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("lake", "'lake' names no database: give duckdb:FILE"),
        ("duckdb:", "'duckdb:' names no database"),
        ("ducklake:", "'ducklake:' names no database"),
        ("ducklake:mysql:db=lake", "is no catalog of a lake"),
        ("postgres:dbname=x password=hunter2", "this names no database"),
        ("ducklake:postgres:dbname=x password=hunter2", "can be read by others: leave it to PGPASSWORD"),
        ("ducklake:postgres:postgresql://ann:hunter2@db/x", "can be read by others"),
        ("ducklake:mysql:password=hunter2", "this is no catalog"),
        ("md:x?motherduck_token=hunter2", "this names no database"),
        ("md:talks", "md:talks wants a token: set MOTHERDUCK_TOKEN"),
    ],
)
def test_what_names_no_database_is_refused(named: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, in which no secret is said again."""
    for name in ("MOTHERDUCK_TOKEN", "motherduck_token"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SourceError) as caught:
        find_target(named)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_only_a_lake_has_a_data_path(tmp_path: Path) -> None:
    """And that is a folder, or one in a bucket."""
    with pytest.raises(SourceError, match="leave it out"):
        find_target(f"duckdb:{tmp_path}/x", "data")
    with pytest.raises(SourceError, match="no place for an export"):
        find_target(f"ducklake:{tmp_path}/x", "gs://bucket/lake")


@pytest.mark.skipif(HAS_LAKE, reason="the extension is there")
def test_who_lacks_the_extension_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is fetched, and nothing made."""
    monkeypatch.setenv("HOME", str(tmp_path))  # where DuckDB keeps extensions
    said = refused(publish(tmp_path / "home", FIRST[0]), f"ducklake:{tmp_path}/meta.ducklake")
    assert f"that is not there for v{duckdb.__version__}: pip install 'turntable[lake]'" in said
    assert {path.name for path in tmp_path.iterdir()} <= {"home", ".duckdb"}


@IN_LAKE
def test_a_lake_says_what_is_wrong_with_it(tmp_path: Path, holding: Any) -> None:
    """Another version, other files, a catalog that another program writes, a server that does not answer."""
    snapshot, catalog = publish(tmp_path / "home", FIRST[0]), tmp_path / "meta.sqlite"
    named = f"ducklake:sqlite:{catalog}"
    brought(snapshot, named)
    assert "keeps its files elsewhere" in refused(snapshot, named, str(tmp_path / "other"))
    version = "update ducklake_metadata set value = '{}' where key = 'version'"
    for value, told in (
        ("0.3", "is of another version of DuckLake (DuckLake catalog version mismatch"),
        ("1.0", ""),
    ):
        with sqlite3.connect(catalog) as con:
            con.execute(version.format(value))
        con.close()
        assert not told or told in refused(snapshot, named)
    exclusive = "isolation_level=None).execute('begin exclusive')"
    holding(f"import sqlite3; held = sqlite3.connect({str(catalog)!r}, {exclusive}")
    later = publish(tmp_path / "later", *FIRST[:2])
    assert "is written by another program" in refused(later, named)
    nobody = "ducklake:postgres:dbname=lake host=127.0.0.1 port=1"
    assert "Connection refused" in refused(snapshot, nobody, str(tmp_path / "data"))
    gone = publish(tmp_path / "gone", FIRST[0])
    assert "No such file or directory" in refused(gone, f"ducklake:{tmp_path}/nowhere/x.ducklake")


@IN_LAKE
def test_a_lake_keeps_its_files_in_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the keys of the environment, which stand in no catalog."""
    snapshot, named = publish(tmp_path / "home", *FIRST), f"ducklake:{tmp_path}/meta.ducklake"
    with storage("the-key") as bucket:
        told = {"AWS_ENDPOINT_URL": bucket.url, "AWS_ACCESS_KEY_ID": "the-key", "AWS_SECRET_ACCESS_KEY": "no-word"}
        for name, value in {**told, "AWS_EC2_METADATA_DISABLED": "true"}.items():
            monkeypatch.setenv(name, value)
        assert brought(snapshot, named, "s3://bucket/lake") == Written(4, 0, 0)
        assert held(named, "from words order by all", "s3://bucket/lake") == shown(snapshot, "words")
        assert any(name.startswith("lake/main/words/") for name in bucket.puts)
        assert b"no-word" not in (tmp_path / "meta.ducklake").read_bytes()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another-key")
        said = refused(snapshot, f"ducklake:{tmp_path}/other.ducklake", "s3://bucket/other")
        assert "cannot be written (" in said
        assert "no-word" not in said


@pytest.mark.system
def test_the_command_counts(tmp_path: Path) -> None:
    """Episodes that were written, and those that were not; a place and another one are refused."""
    publish(tmp_path / "home", *FIRST)
    file = tmp_path / "x.duckdb"
    told = command(tmp_path / "home", "export", "--to", f"duckdb:{file}")
    assert told.stdout == f"duckdb:{file}: 4 episodes written, 0 as before, 0 removed\n"
    both = command(tmp_path / "home", "export", "--to", f"duckdb:{file}", "--out", "x", check=False)
    assert both.returncode == 2
    assert os.access(file, os.R_OK)
