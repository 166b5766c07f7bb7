"""`turntable import`: published texts in the warehouse, as a user runs it."""

from __future__ import annotations

import html
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from flows.settings import Settings
from tests.conftest import ask, command, started
from tests.support.documents import EPISODE
from tests.support.homes import import_text, publish
from tests.support.schemas import make_older
from transforms import transcripts
from transforms.transcripts.assemble import Published

pytestmark = pytest.mark.system

TEXT = "Why a record turns round\nTranscript\nAnn Lee: Why?\nBob Ray: It is round.\nAnn Lee: I see.\n"
SUMMARY = """Why a record turns round
Key takeaways
A record turns because it is round.
Table of contents
• The shape • The motor
The shape
The talk begins with the shape of a record, which is round.
The motor
It goes on to the motor.
"""


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with a transcript, and a summary of the same episode."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "one.txt").write_text(TEXT)
    (folder / "two.txt").write_text(SUMMARY)
    return folder


HOLD = """
import sys, duckdb
con = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_tool_that_holds_the_snapshot_holds_up_no_import(texts: Path, tmp_path: Path) -> None:
    """The held file is replaced first, so the second text still finds the episode of the first."""
    home = tmp_path / "home"
    command(home, "import", str(texts / "one.txt"))
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home / "turntable.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as tool:
        assert tool.stdout
        assert tool.stdout.readline() == "held\n"
        command(home, "import", str(texts / "two.txt"))
        tool.communicate()

    assert ask(home, "select count(distinct episode_id) as n from transcripts") == [{"n": 1}]


def test_import(texts: Path, tmp_path: Path) -> None:
    """A folder is linked by title; a second time changes nothing; a changed text is another version."""
    home = tmp_path / "home"
    first = json.loads(command(home, "import", str(texts), "--json").stdout)["imported"]

    assert [(one["format"], one["turns"], one["linked_by"]) for one in first] == [
        ("labelled", 3, "title"),
        ("summary", 0, "title"),
    ]
    assert len({one["episode_id"] for one in first}) == 1
    assert [row["speaker"] for row in ask(home, "from best_turns")] == ["Ann Lee", "Bob Ray", "Ann Lee"]
    assert len(ask(home, "from sections")) == 4

    again = json.loads(command(home, "import", str(texts), "--json").stdout)["imported"]
    assert [one["is_new"] for one in again] == [False, False]
    assert len(ask(home, "from load_log")) == 2

    (texts / "one.txt").write_text(TEXT + "Bob Ray: So do I.\n")
    command(home, "import", str(texts / "one.txt"))
    assert len(ask(home, "from transcripts where format = 'labelled'")) == 2
    assert len(ask(home, "from best_turns")) == 4
    assert "agree" in command(home, "verify").stdout
    assert "0 texts" in command(home, "reparse").stdout


def test_a_bad_text_is_one_line_and_holds_up_none(texts: Path, tmp_path: Path) -> None:
    """The good ones are loaded, the bad one has a row."""
    home = tmp_path / "home"
    (texts / "bad.txt").write_bytes(b"PK\x03\x04")
    result = command(home, "import", str(texts), check=False)

    assert result.returncode == 1
    assert "zip archive" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(ask(home, "from turns")) == 3
    assert [row["status"] for row in ask(home, "from stage_runs where status = 'failed'")] == ["failed"]


def test_explain_and_formats(texts: Path, tmp_path: Path) -> None:
    """`--explain` shows how each text is read and imports nothing; `formats` lists what there is."""
    (one, two) = json.loads(command(tmp_path, "import", "--explain", str(texts), "--json").stdout)

    assert [block["became"] for block in one["blocks"]][:2] == ["metadata", "metadata"]
    assert {block["line"] for block in one["blocks"]} == {1, 2, 3, 4, 5}
    assert (one["grammar"]["template"], one["grammar"]["labels"], one["grammar"]["people"]) == ("L: R", 3, 2)
    assert (two["format"], two["grammar"]) == ("summary", None)
    shown = command(tmp_path, "import", "--explain", str(texts), "--grammar", "L: R", check=False)
    assert "two.txt: --grammar: no speaker is set off as 'L: R' in it; " in shown.stderr
    assert "L: R (as you say, " in shown.stdout
    assert shown.returncode == 1
    assert not (tmp_path / "turntable.duckdb").exists()
    assert len(json.loads(command(tmp_path, "formats", "--json").stdout)) >= 20


def put_recorded(home: Path, **changes: object) -> None:
    """Stage and load an episode as its feed and its audio give it."""
    from datetime import UTC, datetime

    from flows import loader
    from flows.artifacts import Made, Store
    from flows.settings import Settings
    from tests.support.documents import staged
    from warehouse.loading.staging import write_staged

    document = staged(staged_at=datetime.now(UTC), **changes)
    Store(home).make("stage", lambda _: Made(write_staged(document)), method="staged-1", suffix=".parquet",
                     inputs={"words": document.transcript_id}, parameters={})  # fmt: skip
    loader.load(Settings(home=home))
    loader.publish(Settings(home=home))


def test_a_text_moves_to_its_episode_when_that_is_known(texts: Path, tmp_path: Path) -> None:
    """Imported before the feed, by title; afterwards `reparse` moves it, and nothing is left where it was."""
    home = tmp_path / "home"
    command(home, "import", str(texts / "one.txt"), "--title", EPISODE.title or "")
    (before,) = ask(home, "select episode_id, linked_by from episodes")
    put_recorded(home)
    assert len(ask(home, "from episodes")) == 2

    assert "1 text came" in command(home, "reparse").stdout
    assert ask(home, "select episode_id from episodes") == [{"episode_id": EPISODE.episode_id}]
    assert ask(home, "select source, linked_by, is_best from transcripts order by source") == [
        {"source": "asr", "linked_by": None, "is_best": False},
        {"source": "publisher", "linked_by": "title", "is_best": True},
    ]
    assert before["episode_id"] not in json.dumps(ask(home, "from turns"), default=str)
    assert ask(home, "select guid, linked_by from episodes") == [{"guid": EPISODE.guid, "linked_by": "feed"}]
    assert "0 texts" in command(home, "reparse").stdout
    assert "agree" in command(home, "verify").stdout


def test_a_text_goes_where_the_user_says_and_back(texts: Path, tmp_path: Path) -> None:
    """`--episode` one, then the other, then the first again: the last word counts, and counts once."""
    home = tmp_path / "home"
    put_recorded(home)
    put_recorded(
        home, episode=replace(EPISODE, episode_id="another-one", guid="2", title="Another"), transcript_id="2"
    )
    for episode in (EPISODE.episode_id, "another-one", EPISODE.episode_id):
        arguments = ("import", str(texts / "one.txt"), "--episode", episode)
        command(home, *arguments)
        assert ask(home, "select episode_id, linked_by from transcripts where source = 'publisher'") == [
            {"episode_id": episode, "linked_by": "episode"}
        ]
        assert ask(home, "select distinct episode_id from turns where speaker_name = 'Ann Lee'") == [
            {"episode_id": episode}
        ]
    assert "imported before" in command(home, *arguments).stderr
    assert "0 texts" in command(home, "reparse").stdout
    assert len(ask(home, "from episodes")) == 2
    assert "agree" in command(home, "verify").stdout


def test_reparse_on_a_home_of_an_older_parser(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the older method read otherwise changes place, what it read alike stays, and nothing is doubled."""
    settings, read = Settings(home=tmp_path / "home"), transcripts.read

    def read_as_before(data: bytes, **options: Any) -> Published:
        found = read(data, **options)
        turns = tuple(replace(turn, speaker=None, speaker_name=None) for turn in found.turns[:-1])
        return replace(found, turns=turns, speakers=())

    with monkeypatch.context() as older:
        older.setattr(transcripts, "METHOD", "transcripts-0")
        older.setattr(transcripts, "read", read_as_before)
        for text in sorted(texts.iterdir()):
            import_text(settings, text)
        publish(settings)
    home = settings.home
    stay = "select transcript_id, episode_id, format, created_at from transcripts order by all"
    before = ask(home, stay)
    assert {row["method_version"] for row in ask(home, "from transcripts")} == {"parse:transcripts-0"}
    assert [row["speaker"] for row in ask(home, "from best_turns")] == [None, None]

    assert command(home, "reparse").stdout == "1 text came out anew; 0 of 2 with a flag\n"
    assert ask(home, stay) == before
    methods = ask(home, "select format, method_version from transcripts order by all")
    assert [row["method_version"] for row in methods] == [f"parse:{transcripts.METHOD}", "parse:transcripts-0"]
    assert [row["speaker"] for row in ask(home, "from best_turns")] == ["Ann Lee", "Bob Ray", "Ann Lee"]
    counts = "select (select count(*) from turns) as turns, (select count(*) from sections) as sections"
    assert ask(home, counts) == [{"turns": 3, "sections": 4}]
    assert "0 texts" in command(home, "reparse").stdout
    assert "agree" in command(home, "verify").stdout


def test_the_page_of_an_import(texts: Path, tmp_path: Path, prefect_server: str) -> None:
    """A person finds in the Prefect UI what came out and what was refused; the parameters are described."""
    (texts / "bad|one.txt").write_bytes(b"PK\x03\x04")
    command(tmp_path / "home", "import", str(texts), api=prefect_server, check=False)
    found = httpx2.post(
        f"{prefect_server}/artifacts/filter",
        json={"artifacts": {"key": {"any_": ["import", "import-texts"]}}, "sort": "UPDATED_DESC"},
        timeout=60,
    ).json()
    newest = {artifact["key"]: artifact["data"] for artifact in reversed(found)}
    assert newest["import"].startswith(
        "# 2 texts imported, 1 refused\n2 of them are new, with 3 turns and 4 sections"
    )
    assert "bad|one.txt" in html.unescape(newest["import"])
    assert "zip archive" in newest["import"]
    assert len(json.loads(newest["import-texts"])) == 3

    from flows.serve.import_flow import import_transcript

    schema = import_transcript.parameters.model_dump()
    assert "files, folders of files, or URLs" in json.dumps(schema)
    assert "Name of the show." in json.dumps(schema)


def test_ctrl_c_ends_an_import_at_once(tmp_path: Path) -> None:
    """One line, a row that says so, and the same command goes on behind what was done."""
    folder, home = tmp_path / "many", tmp_path / "home"
    folder.mkdir()
    for number in range(40):
        lines = f"Ann Lee: Why {number}?\nBob Ray: It is round.\n" * 200
        (folder / f"{number}.txt").write_text(f"Talk number {number} of many\n\n{lines}")
    process = started(home, "import", str(folder))
    while not list(home.glob("artifacts/stage/*/*/manifest.json")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert said == "turntable: interrupted: run the same command to go on\n"
    command(home, "import", str(folder))
    assert len(ask(home, "from transcripts")) == 40
    assert [row["stage"] for row in ask(home, "from stage_runs where status = 'failed'")] == ["import"]
    assert "agree" in command(home, "verify").stdout


def test_a_home_of_an_older_schema_is_brought_up(texts: Path, tmp_path: Path) -> None:
    """The snapshot is asked before anything is loaded: a column that it lacks stops no command."""
    settings = Settings(home=tmp_path / "home")
    first, *_ = sorted(texts.iterdir())
    import_text(settings, first)
    publish(settings)
    for database in (settings.warehouse, settings.snapshot):
        make_older(database, 5)

    assert command(settings.home, "episodes", "--json").returncode == 0
    assert ask(settings.home, "select published_text from episodes")
    command(settings.home, "import", str(texts))
    assert len(ask(settings.home, "select parse_confidence from transcripts")) == 2
    assert "agree" in command(settings.home, "verify").stdout
