"""`turntable import`: published texts in the warehouse, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ask, command

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


def test_import(texts: Path, tmp_path: Path, prefect_server: str) -> None:
    """A folder is linked by title; a second time changes nothing; a changed text is another version."""
    home = tmp_path / "home"
    first = json.loads(command(home, "import", str(texts), "--json", api=prefect_server).stdout)["imported"]

    assert [(one["format"], one["turns"], one["linked_by"]) for one in first] == [
        ("labelled", 3, "title"),
        ("summary", 0, "title"),
    ]
    assert len({one["episode_id"] for one in first}) == 1
    assert [row["speaker"] for row in ask(home, "from best_turns")] == ["Ann Lee", "Bob Ray", "Ann Lee"]
    assert len(ask(home, "from sections")) == 4

    again = json.loads(command(home, "import", str(texts), "--json", api=prefect_server).stdout)["imported"]
    assert [one["is_new"] for one in again] == [False, False]
    assert len(ask(home, "from load_log")) == 2

    (texts / "one.txt").write_text(TEXT + "Bob Ray: So do I.\n")
    command(home, "import", str(texts / "one.txt"), api=prefect_server)
    assert len(ask(home, "from transcripts where format = 'labelled'")) == 2
    assert len(ask(home, "from best_turns")) == 4
    assert "agree" in command(home, "verify").stdout
    assert "0 texts" in command(home, "reparse", api=prefect_server).stdout


def test_a_bad_text_is_one_line_and_holds_up_none(texts: Path, tmp_path: Path, prefect_server: str) -> None:
    """The good ones are loaded, the bad one has a row."""
    home = tmp_path / "home"
    (texts / "bad.txt").write_bytes(b"PK\x03\x04")
    result = command(home, "import", str(texts), api=prefect_server, check=False)

    assert result.returncode == 1
    assert "zip archive" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(ask(home, "from turns")) == 3
    assert [row["status"] for row in ask(home, "from stage_runs where status = 'failed'")] == ["failed"]


def test_explain_and_formats(texts: Path, tmp_path: Path) -> None:
    """`--explain` shows what becomes of each line and imports nothing; `formats` lists what there is."""
    rows = json.loads(command(tmp_path, "import", "--explain", str(texts / "one.txt"), "--json").stdout)

    assert [row["became"] for row in rows][:2] == ["metadata", "metadata"]
    assert {row["line"] for row in rows} == {1, 2, 3, 4, 5}
    assert not (tmp_path / "turntable.duckdb").exists()
    assert len(json.loads(command(tmp_path, "formats", "--json").stdout)) >= 20
