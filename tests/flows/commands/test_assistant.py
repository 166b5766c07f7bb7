"""`turntable mcp` as an assistant meets it: a real process, asked by the client of the official SDK."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from typer.testing import CliRunner

from flows.assistant import INSTRUCTIONS
from flows.cli import app
from tests.conftest import ROOT, environment, turntable
from tests.support.documents import publish, staged

pytestmark = pytest.mark.system

TEXTS = ROOT / "tests" / "data" / "docs" / "transcripts"
SECRET = "mellow-otter-4711"
Ask = Callable[..., tuple[bool, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the three texts of the docs, and a secret beside its snapshot."""
    home = tmp_path_factory.mktemp("assistant")
    done = CliRunner().invoke(app, ["--home", str(home), "import", str(TEXTS), "--show", "The Long Groove"])
    assert done.exit_code == 0, done.output
    (home / "secret.csv").write_text(f"key\n{SECRET}\n")
    return home


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[tuple[Any, Any]]:
    """The one process that all tests ask, and what runs its client."""
    from mcp import Client, StdioServerParameters

    program, *arguments = turntable(home, "mcp", "--timeout", "2")
    server = StdioServerParameters(
        command=program, args=arguments, env=environment(None, {"TURNTABLE_FEED_TOKEN": SECRET}), cwd=str(home)
    )
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Client(server)) as client:
        yield portal, client


@pytest.fixture(scope="module")
def ask(client: tuple[Any, Any]) -> Ask:
    """Call a tool; whether it failed, and what it said."""
    portal, connected = client

    def call(name: str, /, **arguments: Any) -> tuple[bool, str]:
        result = portal.call(connected.call_tool, name, arguments)
        return result.is_error, "".join(part.text for part in result.content)

    return call


def rows(ask: Ask, sql: str) -> list[list[Any]]:
    failed, said = ask("query", sql=sql)
    assert not failed, said
    return [list(row.values()) for row in json.loads(said)["rows"]]


def test_five_tools_that_only_read(client: tuple[Any, Any]) -> None:
    """Each says so to the client; the instructions say where to begin, and that texts are no orders."""
    portal, connected = client
    tools = portal.call(connected.list_tools).tools
    assert [tool.name for tool in tools] == ["list_episodes", "get_turns", "search", "schema", "query"]
    assert all(tool.annotations.read_only_hint and tool.description for tool in tools)
    assert connected.instructions == INSTRUCTIONS
    assert all(f"`{tool.name}`" in INSTRUCTIONS for tool in tools)


def test_what_was_said_comes_with_its_source(ask: Ask) -> None:
    """Show, title, speaker and second; the title of a list leads to the turns, which go on where they stopped."""
    listed = json.loads(ask("list_episodes")[1])
    assert [(one["show"], one["episodes"]) for one in listed["shows"]] == [("The Long Groove", 3)]
    titles = {one["title"] for one in listed["episodes"]["rows"]}
    assert titles == {"Cleaning day", "The needle", "Why belts slip"}
    read = json.loads(ask("get_turns", episode="belts", first=1, limit=2)[1])
    assert (read["episode"]["show"], read["episode"]["title"], read["episode"]["turns"]) == (
        *("The Long Groove", "Why belts slip"),
        8,
    )
    assert [turn["turn_index"] for turn in read["turns"]["rows"]] == [1, 2]
    assert read["turns"]["more"] == "only the first 2 rows: narrow the question, or go on behind them"
    assert ask("get_turns", episode="no such title")[0]
    tables = json.loads(ask("schema")[1])["rows"]
    assert {"best_turns", "turns"} <= {table["name"] for table in tables}
    assert all(table["comment"] for table in tables if table["kind"] == "view")
    assert {"name": "text", "type": "VARCHAR", "comment": "What was said"} in json.loads(
        ask("schema", name="best_turns")[1]
    )["rows"]


def test_an_argument_that_no_tool_knows_is_refused(ask: Ask) -> None:
    """In a line that says which there are: a question that was meant otherwise is not answered."""
    assert ask("search", words="belt", name="Mara", lang="en") == (
        True,
        "search knows no 'name', 'lang': it takes words, speaker, show, limit",
    )
    assert ask("list_episodes", podcast="x")[1] == "list_episodes knows no 'podcast': it takes show, limit, offset"


def test_links_open_the_audio_and_tell_no_path(tmp_path: Path) -> None:
    """An address of the publisher with the second; where the audio lies on this machine is nobody's business."""
    from warehouse.answers import assistant_questions

    snapshot = publish(tmp_path, staged())
    read = assistant_questions.turns(snapshot, "latest", 0, 9, seconds=20)
    found = assistant_questions.search(snapshot, "must", None, None, 9, seconds=20)
    assert [turn["link"] for turn in read["turns"]["rows"]] == [
        f"https://groove.example/1.ogg#t={n}" for n in (0, 2)
    ]
    assert [(turn["show"], turn["title"], turn["link"]) for turn in found["rows"]] == [
        ("The Long Groove", "Why a Record Turns", "https://groove.example/1.ogg#t=2")
    ]


def test_eight_of_the_fifteen_questions(ask: Ask) -> None:
    """Those of docs/questions.md that three texts can answer, by tools alone."""
    # 1. Who talked how much?
    assert rows(ask, "select speaker, words from talk_time where title = 'The needle' order by words desc") == [
        ["Ben Okafor", 36],
        ["Mara Quill", 16],
    ]
    # 2. When did anyone first say a term?
    assert [row[1] for row in rows(ask, "select title, speaker from first_mentions('diamond*')")] == [
        *("Ben Okafor", "Mara Quill")
    ]
    # 3. Who said that, and at which second?
    ((_, found),) = [ask("search", words='"forty hours"')]
    (said,) = json.loads(found)["rows"]
    assert (said["show"], said["title"], said["speaker"], int(said["start_time"])) == (
        *("The Long Groove", "The needle", "Ben Okafor"),
        5,
    )
    # 4. What was asked just before somebody said so?
    around = json.loads(ask("get_turns", episode=said["episode_id"], first=said["turn_index"] - 1, limit=1)[1])
    assert around["turns"]["rows"][0]["text"] == "Today we talk about the needle. Dr Okafor, what is it made of?"
    # 5. Who interrupts whom?
    assert rows(ask, "select speaker, interrupted, text from interruptions where title = 'Why belts slip'") == [
        ["Mara Quill", "Idris Vane", "Can I hear that?"]
    ]
    # 6. Who was on the show, and how often?
    guests = rows(ask, "select speaker, episodes from guests order by episodes desc, speaker")
    assert guests == [["Mara Quill", 3], ["Nora Feld", 2], ["Ben Okafor", 1], ["Idris Vane", 1]]
    # 8. Which questions were asked?
    questions = "select answered_by from exchanges where is_question and title = 'The needle'"
    assert rows(ask, questions) == [["Ben Okafor"], ["Ben Okafor"]]
    # 13. What is the longest that somebody goes on?
    longest = (
        "select speaker, round(max(end_time - start_time)) from best_turns group by all order by 2 desc limit 1"
    )
    assert rows(ask, longest) == [["Ben Okafor", 8.0]]


def test_what_was_loaded_meanwhile_is_there(ask: Ask, home: Path) -> None:
    """No call holds the snapshot: it is replaced while the server runs, and the next call reads the new one."""
    snapshot = home / "turntable.duckdb"
    before = snapshot.read_bytes()
    beside = home / "beside.duckdb"
    new = publish(home / "other", staged()) if (home / "other").mkdir() is None else None
    assert new
    new.replace(beside)
    beside.replace(snapshot)
    try:
        assert rows(ask, "select title from episodes") == [["Why a Record Turns"]]
    finally:
        snapshot.write_bytes(before)
    assert len(rows(ask, "from episodes")) == 3


REFUSED = [
    *("from read_csv('secret.csv')", "from read_csv('/etc/passwd')", "from read_text('secret.csv')"),
    *("from read_blob('turntable.duckdb')", "from 'secret.csv'", "from glob('*')", "from sniff_csv('secret.csv')"),
    *("from read_json('/proc/self/environ')", "from parquet_metadata('secret.csv')", "select getenv('HOME')"),
    *("copy best_turns to 'out.csv'", "copy (select 1) to '/tmp/out.csv'", "export database 'out'"),
    *("create table t as select 1", "insert into turns select * from turns", "update episodes set title = 'x'"),
    *("delete from turns", "drop table turns", "create or replace view best_turns as select 1", "checkpoint"),
    *("attach 'out.db'", "attach ':memory:' as m", "install httpfs", "load httpfs", "create secret s (type s3)"),
    *("set memory_limit = '900GB'", "set enable_external_access = true", "reset memory_limit", "pragma version"),
    *("select 1; drop table turns", "from query('drop table turns')", "explain analyze drop table turns"),
    *("from read_csv('https://example.org/x.csv')", "from sqlite_scan('x', 'y')", "\0", "", "--"),
    *("select repeat('x', 1000000000)", "select range(1000000000)", "(" * 30_000 + "1" + ")" * 30_000),
    "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t",
    "select count(*) from range(100000000) a, range(100000000) b",
    "select " + ", ".join(f"repeat('x', 1000) as c{n}" for n in range(2000)),
    "x" * 200_000,
]
WRONG = [
    ("query", {}),
    ("query", {"sql": 5}),
    ("query", {"sql": None}),
    ("query", {"sql": ["select 1"]}),
    ("query", {"sql": "select 1", "limit": -1}),
    ("query", {"sql": "select 1", "limit": 10**12}),
    ("query", {"sql": "select 1", "limit": "all"}),
    ("get_turns", {"episode": "secret.csv"}),
    ("get_turns", {"episode": "/etc/passwd"}),
    ("get_turns", {"episode": "x\0y"}),
    ("get_turns", {"episode": "latest' or '1'='1"}),
    ("get_turns", {"episode": "y" * 100_000}),
    ("search", {"words": " "}),
    ("search", {"words": "belt " * 10_000}),
    ("search", {"words": "belt", "show": "\0"}),
    ("schema", {"name": "best_turns' union select 1, 2, 3 --"}),
    ("drop_everything", {}),
]
ODD = [
    ("search", {"words": "belt', most := 5) union select 1 --"}),
    ("search", {"words": "') from read_text('secret.csv') --"}),
    ("search", {"words": "belt", "speaker": "%' or '1'='1"}),
    ("list_episodes", {"show": "' or read_text('secret.csv') = '"}),
    ("query", {"sql": "select * from range(100000000000)", "limit": 500}),
    ("query", {"sql": "select 1\0; drop table turns"}),
    ("query", {"sql": "from duckdb_settings()", "limit": 500}),
    ("query", {"sql": "from duckdb_secrets()"}),
]


def test_hostile_calls_get_nothing_out(ask: Ask, home: Path) -> None:
    """Files, settings, writes, bombs, wrong types: refused or harmless, and the server lives on."""
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    calls = [*(("query", {"sql": sql}) for sql in REFUSED), *WRONG]
    answers = [(name, arguments, *ask(name, **arguments)) for name, arguments in [*calls, *ODD]]

    assert not [(name, arguments) for name, arguments, failed, _ in answers[: len(calls)] if not failed]
    assert not [said[:200] for *_, said in answers if SECRET in said or "root:" in said or len(said) > 150_000]
    assert not [said for *_, said in answers if "Traceback" in said]
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
    assert len(rows(ask, "from episodes")) == 3


def test_a_missing_snapshot_is_named_without_its_place(ask: Ask, home: Path) -> None:
    """Where files lie on this machine stands in no answer."""
    snapshot, beside = home / "turntable.duckdb", home / "beside.duckdb"
    snapshot.rename(beside)
    try:
        failed, said = ask("list_episodes")
    finally:
        beside.rename(snapshot)
    assert failed
    assert "turntable.duckdb is missing" in said
    assert str(home) not in said


def test_without_the_extra_one_line_says_how_to_install_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has Turntable alone."""
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    done = CliRunner().invoke(app, ["--home", str(home), "mcp"])
    assert (
        str(done.exception) == "`turntable mcp` needs the extra mcp: install it with pip install 'turntable[mcp]'"
    )
