"""SQL that anybody wrote is answered: exactly, within its limits, and it does nothing but read."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import command, environment, only, turntable
from tests.support.documents import publish, published, staged
from transforms.errors import ContentError, ResourceError, SourceError, TransientError, TurntableError
from warehouse import store
from warehouse.answers.sandbox import written
from warehouse.answers.sql import Form, answer, read_screen
from warehouse.snapshot import open_snapshot

pytestmark = pytest.mark.system  # each statement runs in a process of its own

ENDLESS = "select sum(sin(a.range + b.range)) from range(10000000) a, range(10000000) b"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One episode with two transcripts, in a home."""
    return publish(tmp_path_factory.mktemp("sql"), staged(), published(1))


def asked(snapshot: Path, sql: str, form: str = "json", limit: int | None = None) -> str:
    """What the process would write."""
    with open_snapshot(snapshot) as con:
        return "".join(written(con, sql, form, limit))


def rows(snapshot: Path, sql: str) -> list[Any]:
    return [list(row.values()) for row in json.loads(asked(snapshot, sql))]


def through(snapshot: Path, sql: str, seconds: float = 30) -> bytes:
    """The answer of a process of its own."""
    return b"".join(answer(snapshot, sql, "json", seconds=seconds))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1 as a, 'x' as b", [[1, "x"]]),
        ("from range(2);", [[0], [1]]),
        ("select ';' -- ; one\n; -- two", [[";"]]),
        ("values (1)", [[1]]),
        ("with a as (select 7) from a", [[7]]),
        ("-- a comment\nselect 2", [[2]]),
        ("select count(*) from (show tables) where name = 'turns'", [[1]]),
        ("select column_name from (describe speaker_segments) limit 1", [["transcript_id"]]),
        ("select min from (summarize select 5 as a)", [["5"]]),
        ("pivot (select text, transcript_id as t from turns) on t using count(*) order by text limit 1", None),
        ("with p as (pivot turns on transcript_id using count(*)) select count(*) from p", None),
        ("unpivot (select 1 as a, 2 as b) on a, b", [["a", 1], ["b", 2]]),
        ("from range(5) order by range desc limit 2", [[4], [3]]),
        ("select current_setting('TimeZone')", [["UTC"]]),
        ("from range(0)", []),
    ],
)
def test_queries_of_every_shape_are_answered(snapshot: Path, sql: str, expected: list[Any] | None):
    """Whatever reads, reads; order and semicolons stay what they were."""
    found = rows(snapshot, sql)
    assert found == expected if expected is not None else found


@pytest.mark.parametrize(
    "sql",
    [
        "show tables",
        "describe best_turns",
        "summarize turns",
        "explain from turns",
        "/* why */ explain analyze select count(*) from turns",
        "explain (format json) from turns",
    ],
)
def test_queries_about_the_schema_are_answered(snapshot: Path, sql: str):
    """`show`, `describe`, `summarize` and `explain` need no wrapping."""
    assert rows(snapshot, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "-- nothing",
        "select 1; select 2",
        "select 1) , (select 2",
        "insert into turns select * from turns",
        "create temp table t (a int)",
        "copy (select 1) to 'stolen.parquet'",
        "export database 'stolen'",
        "attach 'other.duckdb'",
        "set lock_configuration = false",
        "reset all",
        "pragma enable_profiling",
        "call range(3)",
        "checkpoint",
        "begin",
        "install httpfs",
        "load httpfs",
        "prepare p as select 1",
        "create secret s (type s3)",
        "explain analyze copy (select 1) to 'stolen.csv'",
        "explain analyze insert into turns select * from turns",
        "explain analyze attach 'other.duckdb'",
        "explain /* /* */ */ analyze drop table turns",
    ],
)
def test_only_one_query_and_only_reading(snapshot: Path, sql: str):
    """Each other statement is refused before it runs."""
    with pytest.raises((ContentError, duckdb.ParserException), match=r"only one query at a time|Parser Error"):
        asked(snapshot, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "from read_csv('/etc/passwd')",
        "from read_text('{snapshot}')",
        "select size from read_blob('{snapshot}')",
        "from glob('{snapshot}*')",
        "from read_blob('{snapshot}.wal')",
        "from read_duckdb('{snapshot}', table_name = 'turns')",
        "from read_blob('/proc/self/environ')",
        "from read_json('https://example.org/x.json')",
        "from '/etc/passwd'",
        "from parquet_metadata('/etc/passwd')",
        "select getenv('HOME')",
        "from snapshot",
        "with w as (insert into turns from turns returning *) from w",
    ],
)
def test_no_file_no_network_no_write_through_a_query(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
):
    """What begins as a query and would reach out fails, for the snapshot's own file too, and leaves no file."""
    monkeypatch.chdir(tmp_path)
    before = snapshot.read_bytes()
    with pytest.raises(duckdb.Error):
        asked(snapshot, sql.format(snapshot=snapshot))
    assert list(tmp_path.iterdir()) == []
    assert snapshot.read_bytes() == before


def test_the_settings_cannot_be_unlocked(snapshot: Path):
    """Not on the open connection, nor on a second one of the same process."""
    settings = ("enable_external_access = true", "disabled_filesystems = ''", "lock_configuration = false")
    with open_snapshot(snapshot), open_snapshot(snapshot) as con:
        for setting in settings:
            with pytest.raises(duckdb.Error, match=r"locked|Cannot|cannot"):
                con.execute(f"set {setting}")
        assert only(con.execute("select current_setting('TimeZone')").fetchall()) == ("UTC",)


def test_threads_that_open_it_at_once_all_read(snapshot: Path):
    """As requests to `turntable ui` do: none finds it half locked."""

    def read_it(_: int) -> object:
        with open_snapshot(snapshot) as con:
            return con.execute("select current_setting('lock_configuration')").fetchone()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read_it, range(100))) == {(True,)}


def test_json_is_strict_and_keeps_what_it_can(snapshot: Path):
    """Each type has its form; what JSON cannot say is null or text."""
    sql = r"""
        select 'nan'::double as nan, ['infinity'::float, 1] as inf, 'NaN, -Infinity' as words,
            '{"a": NaN}'::json as j, interval '1 month 3 seconds' as i, date '2024-02-29' as d,
            time '01:02:03.5' as t, timestamptz '2024-02-29 12:00:00+02' as z,
            timestamp_ns '2024-02-29 12:00:00.123456789' as ns, 'infinity'::timestamp as forever,
            '0044-03-15 (BC)'::date as ides,
            170141183460469231731687303715884105727::hugeint as h, 1.10::decimal(18, 2) as m, 0.1::float as f,
            '\xAA\x00'::blob as b, 'f00d0000-0000-0000-0000-000000000000'::uuid as u, '101'::bit as bits,
            map {'k': [1, 2]} as map, {'a': {'b': null}} as s, [1, null] as l, union_value(k := 1) as un,
            'x' as "x", 'y' as "x", 'z' as "X"
    """

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = asked(snapshot, sql)
    assert only(json.loads(text, parse_constant=refuse)) == {
        "nan": None,
        "inf": [None, 1.0],
        "words": "NaN, -Infinity",
        "j": {"a": None},
        "i": "1 month 00:00:03",
        "d": "2024-02-29",
        "t": "01:02:03.5",
        "z": "2024-02-29T10:00:00+00:00",
        "ns": "2024-02-29T12:00:00.123456789",
        "forever": "infinity",
        "ides": "0044-03-15 (BC)",
        "h": 170141183460469231731687303715884105727,
        "m": 1.1,
        "f": 0.1,
        "b": "\\xAA\\x00",
        "u": "f00d0000-0000-0000-0000-000000000000",
        "bits": "101",
        "map": {"k": [1, 2]},
        "s": {"a": {"b": None}},
        "l": [1, None],
        "un": {"k": 1},
        "x": "x",
        "x_1": "y",
        "X_2": "z",
    }
    assert '"m": 1.10,' in text


def test_json_in_json_is_as_strict(snapshot: Path):
    """Times, 32-bit floats and decimals in lists, structs, maps and unions are written as at the top."""
    sql = """
        select [timestamp '2024-02-29 10:00:00', null] as l,
            {'z': timestamptz '2024-02-29 10:00:00+00', 'd': -.5::decimal(2,2),
                'e': [{'f': 0.1::float}, null]} as s,
            map {timestamp '2024-02-29 10:00:00': 0.1::float} as m,
            array_value(.5::decimal(3,2), 1) as a, union_value(k := 0.1::float) as u, row(1, 0.1::float) as r,
            [-'nan'::float, '-inf'] as nan, null::timestamp[] as n,
            [{'t': ['a"b', '.5', 'nan 2024-01-01 00:00:00']}] as t,
            .5::decimal(2,2) as half, [1.10::decimal(18,2)] as exact,
            {'a"b': date '2024-01-01', 'f': 1.5::float} as odd
    """
    text = asked(snapshot, sql)
    assert only(json.loads(text)) == {
        "l": ["2024-02-29T10:00:00", None],
        "s": {"z": "2024-02-29T10:00:00+00:00", "d": -0.5, "e": [{"f": 0.1}, None]},
        "m": {"2024-02-29T10:00:00": 0.1},
        "a": [0.5, 1.0],
        "u": {"k": 0.1},
        "r": [1, 0.1],
        "nan": [None, None],
        "n": None,
        "t": [{"t": ['a"b', ".5", "nan 2024-01-01 00:00:00"]}],
        "half": 0.5,
        "exact": [1.1],
        "odd": {'a"b': "2024-01-01", "f": 1.5},
    }
    assert "1.10" in text


def test_no_number_has_one_name(snapshot: Path):
    """Whatever its sign is: on a screen and in CSV."""
    sql = "select -'nan'::double as a, '-inf'::float as b, [-'nan'::double] as c, '-nan' as words"
    table, _ = read_screen(iter([asked(snapshot, sql, "screen").encode()]), 5)
    assert table.rows == [("nan", "-inf", "[nan]", "-nan")]
    assert asked(snapshot, sql, "csv-safe") == "a,b,c,words\nnan,-inf,[nan],'-nan\n"


@pytest.mark.parametrize("form", ["json", "csv", "csv-safe", "screen"])
def test_thousands_of_columns_have_an_answer(snapshot: Path, form: Form):
    """They took minutes, for each was written by rules of its own."""
    n = 4000
    sql = f"select {', '.join(f'{i} as a{i}' for i in range(n))}"
    said = b"".join(answer(snapshot, sql, form, seconds=60)).decode()
    if form == "json":
        assert list(only(json.loads(said)).values()) == list(range(n))
    elif form == "screen":
        assert read_screen(iter([said.encode()]), 5)[0].rows == [tuple(range(n))]
    else:
        assert said.splitlines()[1] == ",".join(map(str, range(n)))


def test_json_escapes_what_a_terminal_would_obey(snapshot: Path):
    """The data are exact, the text is harmless."""
    text = asked(snapshot, r"select chr(0) || chr(27) || chr(155) || chr(127) || chr(8238) || e'\n' as c")
    assert only(json.loads(text)) == {"c": "\0\x1b\x9b\x7f\u202e\n"}
    assert text.replace("\n", "").isprintable()


def test_csv_reads_back_and_tells_null_from_empty(snapshot: Path):
    """Quotes, commas and line breaks are kept; what a terminal would obey is shown."""
    sql = """select null as n, '' as e, 'a,"b"' as q, e'two\nlines' as l, chr(27) || '[31m' || chr(13) as c"""
    text = asked(snapshot, sql, "csv")
    assert text.startswith('n,e,q,l,c\n,"",')
    assert list(csv.reader(io.StringIO(text)))[1] == ["", "", 'a,"b"', "two\nlines", "␛[31m␍"]


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@a", "\t=1", "\r=1", "＝1"])
def test_csv_safe_marks_what_a_spreadsheet_would_run(snapshot: Path, text: str):
    """Text and names of columns, never numbers; without the flag, nothing is changed."""
    sql = "select '{0}' as \"{0}\", -5 as n, 'a=b' as fine".format(text.replace("'", "''"))
    shown = text.replace("\r", "␍")
    plain, safe = (
        list(
            csv.reader(io.StringIO(asked(snapshot, sql.replace('"' + text.replace("'", "''"), '"' + text), form)))
        )
        for form in ("csv", "csv-safe")
    )
    assert plain == [[shown, "n", "fine"], [shown, "-5", "a=b"]]
    assert safe == [["'" + shown, "n", "fine"], ["'" + shown, "-5", "a=b"]]


def test_a_screen_takes_so_many_rows_and_so_much_text(snapshot: Path):
    """No row more, no endless cell, and it says whether that is all."""
    form, giant = "screen", "select repeat('x', 3000000) as a"
    table, is_whole = read_screen(iter([asked(snapshot, "from range(5)", form).encode()]), 5)
    assert (table.columns, table.rows, is_whole) == (("range",), [(0,), (1,), (2,), (3,), (4,)], True)
    table, is_whole = read_screen(iter([asked(snapshot, "from range(5)", form).encode()]), 4)
    assert (len(table.rows), is_whole) == (4, False)
    table, is_whole = read_screen(iter([asked(snapshot, f"{giant}, unnest(range(200)) as b", form).encode()]), 500)
    assert table.rows[0][0].endswith("x… (3000000 characters)")
    assert (90 < len(table.rows) < 110, is_whole) == (True, False)
    wide = f"select {', '.join(f'a as a{n}' for n in range(200))} from ({giant})"
    with pytest.raises(ContentError, match="too long for a screen: name fewer columns"):
        read_screen(answer(snapshot, wide, "screen", seconds=60), 5)


def test_plain_finds_what_people_type(snapshot: Path):
    """Case, accents, curly quotes, dashes, strange spaces and what nobody sees do not stand in the way."""
    text = "“Café”\u00a0— ÉCO\u200bLE’s  naïve… Stra\u00adße"
    assert rows(snapshot, f"select plain('{text}')") == [['"cafe" - ecole\'s naive... strasse']]
    assert rows(snapshot, "select count(*) from turns where plain(text) like '%' || plain('WHY') || '%'") == [[2]]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select txt from turns", 'the query failed: Binder Error: Referenced column "txt" not found .*"text"'),
        ("selec 1", 'the query failed: Parser Error: syntax error at or near "selec"; '),
        ("select cast('a' as int)", "Conversion Error"),
        ("select '\udce9'", "the query failed: "),
    ],
)
def test_wrong_sql_is_one_line_with_a_way_out(snapshot: Path, sql: str, message: str):
    """DuckDB's own words and suggestions, without the picture, and what to ask next."""
    with pytest.raises(ContentError, match=message) as caught:
        through(snapshot, sql)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("`show tables` and `describe best_turns` help")


def test_rows_stream(snapshot: Path):
    """The first are here while the others are still made; who takes no more ends the query."""
    pieces = answer(snapshot, "select range, repeat('x', 100) from range(1000000000000)", "csv", seconds=60)
    assert next(pieces).startswith(b"range,")
    assert sum(len(next(pieces)) for _ in range(50)) > 10_000
    pieces.close()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (ENDLESS, r"stopped after 1 s: narrow it, or give it more with --timeout"),
        ("select list(range) from range(1000000000000)", "needs more than the 2 GB of memory"),
    ],
)
def test_time_and_memory_have_limits(snapshot: Path, sql: str, message: str):
    """One line says which, and nothing is left beside the snapshot."""
    before = sorted(snapshot.parent.iterdir())
    with pytest.raises(ResourceError, match=message) as caught:
        through(snapshot, sql, 1 if sql == ENDLESS else 20)
    assert "\n" not in str(caught.value)
    assert sorted(snapshot.parent.iterdir()) == before


def children(pid: int) -> list[int]:
    """The processes that answer queries of a process."""
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "warehouse.answers.sandbox" in line]


def wait_until(holds: Any) -> None:
    patience = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    return bool(
        subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    )


@pytest.mark.parametrize(
    ("how", "code"),
    [(signal.SIGKILL, -9), (signal.SIGTERM, -15), (signal.SIGINT, 130)],
    ids=["kill", "term", "int"],
)
def test_a_query_does_not_outlive_its_command(snapshot: Path, how: signal.Signals, code: int):
    """However that is ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a shell inherits none
    asking = subprocess.Popen(
        turntable(snapshot.parent, "sql", ENDLESS),
        env=environment(None),
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: children(asking.pid))
    (child,) = children(asking.pid)
    asking.send_signal(how)
    said = asking.communicate(timeout=60)[1]
    assert (asking.returncode, said) == (code, "")
    wait_until(lambda: not is_alive(child))


def test_a_reader_who_leaves_ends_the_query(snapshot: Path):
    """As `| head` does; one that waits for its first row, too."""
    for sql in ("from range(1000000000000)", ENDLESS):
        asking = subprocess.Popen(
            turntable(snapshot.parent, "sql", sql, "--json"),
            env=environment(None),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert asking.stdout is not None
        assert asking.stderr is not None
        if sql != ENDLESS:
            asking.stdout.read(5)
        else:
            wait_until(lambda: children(asking.pid))  # noqa: B023 - it is asked now
        asking.stdout.close()
        assert asking.stderr.read() == b""
        asking.wait(timeout=20)


def test_a_query_comes_from_a_file_or_the_input(snapshot: Path, tmp_path: Path):
    """With comments, a byte order mark and a semicolon; what cannot be read is one line."""
    (tmp_path / "q.sql").write_bytes("\ufeff-- how many\nselect count(*) as n from turns;\n".encode())
    (tmp_path / "bad.sql").write_bytes(b"select '\xe9'")
    home = snapshot.parent
    assert json.loads(command(home, "sql", "--file", str(tmp_path / "q.sql"), "--json").stdout) == [{"n": 4}]
    piped = subprocess.run(
        turntable(home, "sql", "-", "--csv"), env=environment(None), input=b"values (1)", capture_output=True
    )
    assert (piped.stdout, piped.stderr) == (b"col0\n1\n", b"")
    for name, cause in (("bad.sql", "no UTF-8"), ("none.sql", "No such file")):
        wrong = command(home, "sql", "--file", str(tmp_path / name), check=False)
        assert (wrong.returncode, wrong.stderr.count("\n"), cause in wrong.stderr) == (1, 1, True)


def test_the_process_gets_none_of_our_secrets(snapshot: Path, monkeypatch: pytest.MonkeyPatch):
    """Its environment is its own, and there is nothing that it could open."""
    monkeypatch.setenv("TURNTABLE_HF_TOKEN", "s3cret")
    pieces = answer(snapshot, "from range(1000000000000)", "csv", seconds=60)
    next(pieces)
    (child,) = children(os.getpid())
    if sys.platform == "linux":
        assert b"s3cret" not in Path(f"/proc/{child}/environ").read_bytes()
        limits = Path(f"/proc/{child}/limits").read_text()
        assert ["files" in line and line.split()[3] for line in limits.splitlines() if "open" in line] == ["0"]
    pieces.close()
    assert not is_alive(child)


def test_without_a_snapshot_the_error_says_what_to_run(tmp_path: Path):
    """Nothing was ingested yet: that is no traceback and makes no file."""
    with pytest.raises(SourceError, match=r"nothing ingested yet .*`turntable demo` or `turntable ingest"):
        through(tmp_path / "turntable.duckdb", "select 1")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_snapshot_names_the_way_out(tmp_path: Path):
    """Bytes that are no database are an error of one line."""
    (tmp_path / "turntable.duckdb").write_bytes(b"no database" * 999)
    with pytest.raises(ContentError, match=r"cannot be read: .*; make it anew with `turntable rebuild`"):
        open_snapshot(tmp_path / "turntable.duckdb")


HOLD = """
import sys, duckdb
con = duckdb.connect(sys.argv[1])
con.execute("create or replace table mine as select 1")
print("held", flush=True)
sys.stdin.readline()
print(con.execute("select count(*) from turns").fetchone()[0])
"""


def test_a_snapshot_that_a_tool_holds_for_writing_is_no_damage(tmp_path: Path):
    """It is told as what it is, the next load replaces it, and what the tool wrote is no part of the new one."""
    snapshot = publish(tmp_path, staged())
    warehouse = tmp_path / "warehouse" / "warehouse.duckdb"
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for path in (snapshot, warehouse)
    ]
    tool, other = holders
    assert [holder.stdout.readline() for holder in holders if holder.stdout] == ["held\n", "held\n"]
    try:
        held = rf"open for writing in another program \(.*python.*, PID {tool.pid}\): close it .* the data is fine"
        with pytest.raises(TransientError, match=held):
            through(snapshot, "select 1")
        with pytest.raises(TransientError, match=held):
            open_snapshot(snapshot)
        with pytest.raises(
            TransientError, match=rf"open in another program \(.*, PID {other.pid}\): close it there"
        ):
            store.publish(warehouse, snapshot)
        other.communicate("\n")
        assert not store.is_published(warehouse, snapshot)
        store.publish(warehouse, snapshot)
        assert rows(snapshot, "select count(*) from turns") == [[2]]
        assert tool.communicate("\n")[0] == "2\n"
    finally:
        for holder in holders:
            holder.kill()
    assert rows(snapshot, "select count(*) from turns") == [[2]]


@pytest.mark.system
def test_a_tool_that_writes_to_the_snapshot_stops_no_command(tmp_path: Path):
    """Who asks gets a snapshot of their own home anew; the tool goes on with the one it has."""
    snapshot = publish(tmp_path, staged())
    tool = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(snapshot)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert tool.stdout is not None
    try:
        assert tool.stdout.readline() == "held\n"
        assert command(tmp_path, "sql", "select count(*) as n from turns", "--csv").stdout.split() == ["n", "2"]
        assert tool.communicate("\n")[0] == "2\n"
    finally:
        tool.kill()
    assert rows(snapshot, "select count(*) from duckdb_tables() where table_name = 'mine'") == [[0]]


def test_a_log_that_a_tool_left_is_told_as_that(tmp_path: Path):
    """It is the tool's, and not of this snapshot."""
    snapshot = publish(tmp_path, staged())
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(snapshot.read_bytes())
    tool = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(copy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert tool.stdout is not None
    tool.stdout.readline()
    tool.kill()
    tool.wait()
    Path(f"{copy}.wal").rename(f"{snapshot}.wal")
    store.publish(tmp_path / "warehouse" / "warehouse.duckdb", tmp_path / "other.duckdb")
    snapshot.write_bytes((tmp_path / "other.duckdb").read_bytes())
    with pytest.raises(TurntableError, match=r"another program has in turntable.duckdb.wal: .* delete that file"):
        open_snapshot(snapshot)
