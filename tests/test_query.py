"""People ask the snapshot: they get answers, one-line errors, and nothing but reading."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from tests.documents import EPISODE, NOON, RENDITION, published, staged
from transforms.errors import ContentError, SourceError
from warehouse import store
from warehouse.query import Table, episodes, find_episode, open_snapshot, run_sql, talk_time, turns
from warehouse.staging import write_staged

FILE = replace(
    EPISODE,
    episode_id="0a1bffff-two",
    podcast_id=None,
    guid=None,
    title="Straße nach Süden",
    published_at=None,
    duration=7.5,
)
UNTITLED = replace(EPISODE, episode_id="youtube:abc_DEF", title=None, published_at=NOON - timedelta(days=90))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes: one of a feed with two transcripts, a lone file, and one without title or turns."""
    home = tmp_path_factory.mktemp("query")
    documents = {
        "k1": staged(),
        "k2": published(1),
        "k3": staged(
            2, podcast=None, episode=FILE, transcript_id="asr-file", rendition=replace(RENDITION, flags=())
        ),
        "k4": published(3, transcript_id="vtt-x", episode=UNTITLED, turns=()),
    }
    files = {}
    for key, document in documents.items():
        files[key] = home / f"{key}.parquet"
        files[key].write_bytes(write_staged(document))
    store.load(home / "warehouse.duckdb", files, {})
    store.publish(home / "warehouse.duckdb", home / "snapshot.duckdb")
    return home / "snapshot.duckdb"


def test_episodes_newest_first(snapshot: Path):
    """One row an episode with its best transcript; a file without a date counts from when it came."""
    assert episodes(snapshot) == Table(
        (
            *("episode_id", "show", "title", "published_at", "seconds"),
            *("source", "model", "turns", "speakers", "flags"),
        ),
        [
            (FILE.episode_id, None, FILE.title, None, 10.0, "asr", "tiny.en", 2, 2, ["low_margin"]),
            (
                *(EPISODE.episode_id, "The Long Groove", EPISODE.title, EPISODE.published_at, 12.0),
                *("publisher", None, 2, 1, []),
            ),
            (
                *(UNTITLED.episode_id, "The Long Groove", None, UNTITLED.published_at, 12.0),
                *(None, None, 0, 0, []),
            ),
        ],
    )


@pytest.mark.parametrize(
    ("text", "episode"),
    [
        (EPISODE.episode_id, EPISODE),
        ("0a1b2c", EPISODE),
        ("0A1BF", FILE),
        ("why a record", EPISODE),
        (" RECORD ", EPISODE),
        ("STRASSE", FILE),
        ("latest", FILE),
        ("Latest", FILE),
        ("youtube:abc_DEF", UNTITLED),
        ("youtube:abc", UNTITLED),
    ],
)
def test_an_episode_is_found_by_what_people_type(snapshot: Path, text: str, episode: object):
    """The whole id, its first characters, a part of the title in any case, or the latest."""
    assert find_episode(snapshot, text) == getattr(episode, "episode_id", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0a1b", "2 episodes fit '0a1b': .*0a1bffff-two Straße nach Süden; 0a1b2c3d-one Why a Record Turns$"),
        ("0a1", "no episode fits '0a1': .*0a1bffff-two .*; 0a1b2c3d-one .*; youtube:abc_DEF "),
        ("", "no episode fits ''"),
        ("%", "no episode fits '%'"),
        ("' or 1=1", "no episode fits"),
        (" \n", "no episode fits ''"),
    ],
)
def test_what_fits_none_or_several_names_candidates(snapshot: Path, text: str, message: str):
    """The error is one line and says what could have been meant."""
    with pytest.raises(SourceError, match=message) as caught:
        find_episode(snapshot, text)
    assert "\n" not in str(caught.value)


def test_an_empty_warehouse_has_no_latest(tmp_path: Path):
    """Where there is no episode at all, the error says so."""
    store.load(tmp_path / "w.duckdb", {}, {})
    store.publish(tmp_path / "w.duckdb", tmp_path / "s.duckdb")
    assert episodes(tmp_path / "s.duckdb").rows == []
    with pytest.raises(SourceError, match=r"no episode fits 'latest': .* none yet"):
        find_episode(tmp_path / "s.duckdb", "latest")


def test_turns_are_those_of_the_best_transcript(snapshot: Path):
    """Who said what, when, in order; what is unknown is None."""
    assert turns(snapshot, EPISODE.episode_id) == Table(
        ("turn_index", "start_time", "end_time", "speaker", "text"),
        [(0, 0.0, 1.5, "Mara Quill", "Why turn?"), (1, None, None, None, "It must.")],
    )


def test_talk_time_counts_what_is_known(snapshot: Path):
    """Seconds and shares of those who are known; turns without times or speaker make no share."""
    columns = ("speaker", "turns", "words", "seconds", "share", "longest_turn")
    assert talk_time(snapshot, FILE.episode_id) == Table(
        columns, [("A", 1, 2, 1.5, 0.6, 1.5), ("B", 1, 2, 1.0, 0.4, 1.0)]
    )
    assert talk_time(snapshot, EPISODE.episode_id) == Table(
        columns, [("Mara Quill", 1, 2, 1.5, 1.0, 1.5), (None, 1, 2, None, None, None)]
    )


def test_best_turns_joins_all_that_is_known(snapshot: Path):
    """One row a turn with show, episode and chapter."""
    row = run_sql(snapshot, f"from best_turns where episode_id = '{EPISODE.episode_id}' limit 1")
    assert dict(zip(row.columns, row.rows[0], strict=True)) == {
        "episode_id": EPISODE.episode_id,
        "transcript_id": "vtt-1",
        "turn_index": 0,
        "podcast": "The Long Groove",
        "title": "Why a Record Turns",
        "published_at": EPISODE.published_at,
        "page_url": "https://groove.example/1",
        "chapter": None,
        "speaker": "Mara Quill",
        "start_time": 0.0,
        "end_time": 1.5,
        "time_source": "publisher",
        "text": "Why turn?",
        "word_count": 2,
        "boundary": "cue",
        "is_overlap": None,
        "speaker_margin": None,
        "mean_probability": None,
        "source": "publisher",
        "language": "en",
        "model": None,
    }


def test_chapters_do_not_double_turns():
    """A turn has the chapter of its transcript, else the given one that it starts in, and stays one row."""
    with duckdb.connect() as con:
        store.migrate(con)
        con.execute(
            "insert into transcripts by name select 't' as transcript_id, 'e' as episode_id, 'asr' as source,"
            " '1' as method_version, true as is_best, [] as flags, now() as created_at;"
            "insert into turns by name select 't' as transcript_id, 'e' as episode_id, i as turn_index,"
            " if(i = 1, 1, null) as chapter_index, 10.0 * i as start_time, 'x' as text, 1 as word_count,"
            " 'cue' as boundary from range(4) r(i);"
            "insert into chapters by name from (values ('e', null, 0, 'given 0', 0.0, 15.0, 'feed'),"
            " ('e', null, 1, 'given 1', 30.0, null, 'feed'), ('e', 't', 1, 'own 1', null, null, 'asr'))"
            " v(episode_id, transcript_id, chapter_index, title, start_time, end_time, source)"
        )
        found = con.execute("select turn_index, chapter from best_turns order by 1").fetchall()
    assert found == [(0, "given 0"), (1, "own 1"), (2, None), (3, "given 1")]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select 1 as a, 'x' as b", [(1, "x")]),
        ("from range(2);", [(0,), (1,)]),
        ("values (1)", [(1,)]),
        ("with a as (select 7) from a", [(7,)]),
        ("-- a comment\nselect 2", [(2,)]),
        ("select count(*) from (show tables) where name = 'turns'", [(1,)]),
        ("select column_name from (describe speaker_segments) limit 1", [("transcript_id",)]),
        ("select min from (summarize select 5 as a)", [("5",)]),
        ("select current_setting('TimeZone')", [("UTC",)]),
        ("select timestamptz '2026-01-01 00:00:00+00' :: varchar", [("2026-01-01 00:00:00+00",)]),
    ],
)
def test_queries_of_every_shape_are_answered(snapshot: Path, sql: str, rows: list[tuple[object, ...]]):
    """Whatever reads, reads."""
    assert run_sql(snapshot, sql).rows == rows


@pytest.mark.parametrize("sql", ["show tables", "describe best_turns", "summarize turns", "explain from turns"])
def test_queries_about_the_schema_are_answered(snapshot: Path, sql: str):
    """`show`, `describe`, `summarize` and `explain` need no wrapping."""
    assert run_sql(snapshot, sql).rows


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "-- nothing",
        "select 1; select 2",
        "select 1; drop table turns",
        "insert into turns select * from turns",
        "update turns set text = ''",
        "delete from turns",
        "drop table turns",
        "create table t (a int)",
        "create temp table t (a int)",
        "create macro m() as 1",
        "alter table turns rename to t",
        "copy turns to 'stolen.csv'",
        "copy (select 1) to 'stolen.parquet'",
        "export database 'stolen'",
        "attach 'other.duckdb'",
        "detach snapshot",
        "use memory",
        "set lock_configuration = false",
        "reset all",
        "pragma enable_profiling",
        "pragma database_size",
        "call range(3)",
        "checkpoint",
        "vacuum",
        "begin",
        "install httpfs",
        "load httpfs",
        "prepare p as select 1",
        "execute p",
        "create secret s (type s3)",
    ],
)
def test_only_one_query_and_only_reading(snapshot: Path, sql: str):
    """Each other statement is refused before it runs, in one line that says what would do."""
    with pytest.raises(ContentError, match=r"only one query at a time|the query failed") as caught:
        run_sql(snapshot, sql)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "from read_csv('/etc/passwd')",
        "from read_text('/etc/passwd')",
        "from read_blob('/proc/self/environ')",
        "from read_parquet('staged/*.parquet')",
        "from read_json('https://example.org/x.json')",
        "from '/etc/passwd'",
        "from 'https://example.org/x.parquet'",
        "from glob('/*')",
        "from sniff_csv('/etc/passwd')",
        "from parquet_metadata('/etc/passwd')",
        "from read_duckdb('/tmp/x.duckdb')",
        "select getenv('HOME')",
        "explain analyze copy (select 1) to 'stolen.csv'",
        "explain analyze insert into turns select * from turns",
        "explain analyze delete from turns",
        "explain analyze drop table turns",
        "explain analyze attach 'other.duckdb'",
    ],
)
def test_no_file_no_network_no_write_through_a_query(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
):
    """What begins as a query and would reach out fails, and leaves no file."""
    monkeypatch.chdir(tmp_path)
    before = snapshot.read_bytes()
    with pytest.raises(ContentError, match="the query failed"):
        run_sql(snapshot, sql)
    assert list(tmp_path.iterdir()) == []
    assert snapshot.read_bytes() == before


def test_the_settings_cannot_be_unlocked(snapshot: Path):
    """Not even on the open connection."""
    with open_snapshot(snapshot) as con:
        for setting in ("enable_external_access = true", "memory_limit = '100GB'", "lock_configuration = false"):
            with pytest.raises(duckdb.Error, match=r"locked|Cannot"):
                con.execute(f"set {setting}")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select txt from turns", 'the query failed: Binder Error: Referenced column "txt" not found .*"text"'),
        ("selec 1", 'the query failed: Parser Error: syntax error at or near "selec"; '),
        ("from turn", "Table with name turn does not exist! .*turns"),
        ("select cast('a' as int)", "Conversion Error"),
    ],
)
def test_wrong_sql_is_one_line_with_a_way_out(snapshot: Path, sql: str, message: str):
    """DuckDB's own words and suggestions, without the picture, and what to ask next."""
    with pytest.raises(ContentError, match=message) as caught:
        run_sql(snapshot, sql)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("`show tables` and `describe best_turns` help")


def test_without_a_snapshot_the_error_says_what_to_run(tmp_path: Path):
    """Nothing was ingested yet: that is no traceback and makes no file."""
    with pytest.raises(SourceError, match=r"nothing ingested yet .*`turntable demo` or `turntable ingest"):
        run_sql(tmp_path / "snapshot.duckdb", "select 1")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_snapshot_names_the_way_out(tmp_path: Path):
    """Bytes that are no database are an error of one line."""
    (tmp_path / "snapshot.duckdb").write_bytes(b"no database" * 999)
    with pytest.raises(ContentError, match=r"cannot be read: .*; make it anew with `turntable rebuild`"):
        episodes(tmp_path / "snapshot.duckdb")


def test_a_query_starts_at_once(snapshot: Path):
    """Python, the import and an answer together stay under a second, and load nothing heavy."""
    code = (
        "import sys; from pathlib import Path; from warehouse.query import run_sql\n"
        "assert run_sql(Path(sys.argv[1]), 'select count(*) from turns').rows == [(6,)]\n"
        "print(sorted({'pyarrow', 'pandas', 'numpy', 'torch', 'prefect'} & set(sys.modules)))"
    )
    started = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-c", code, str(snapshot)], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"
    # Alone it takes 0.2 s; the limit leaves room for a busy machine.
    assert time.perf_counter() - started < 30


def test_plain_finds_what_people_type(snapshot: Path):
    """Case, accents, curly quotes, dashes and strange spaces do not stand in the way."""
    text = "“Café”\u00a0— ÉCOLE’s  naïve… Straße"
    assert run_sql(snapshot, f"select plain('{text}')").rows == [('"cafe" - ecole\'s naive... strasse',)]
    assert run_sql(
        snapshot, "select count(*) from turns where plain(text) like '%' || plain('WHY') || '%'"
    ).rows != [(0,)]
