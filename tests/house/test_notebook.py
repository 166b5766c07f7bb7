"""The notebook of examples/questions.py runs, on a home with texts and on one without anything to answer."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tests.support.documents import publish, published
from tests.support.pages import ROOT

pytestmark = pytest.mark.system

NOTEBOOK = ROOT / "examples" / "questions.py"
TEXTS = ROOT / "tests" / "data" / "docs" / "transcripts"


def answers(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the notebook on a home, and give its answers by their names."""
    monkeypatch.setenv("TURNTABLE_HOME", str(home))
    _, defined = runpy.run_path(str(NOTEBOOK))["app"].run()
    defined["con"].close()
    return {name: defined[name] for name in (f"q{n}" for n in range(1, 16))}


def test_the_notebook_answers_the_fifteen_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the docs, in their order; what nobody heard has no answer about hearing."""
    done = CliRunner().invoke(app, ["--home", str(tmp_path), "import", str(TEXTS), "--show", "The Long Groove"])
    assert done.exit_code == 0, done.output
    found = answers(tmp_path, monkeypatch)
    assert {name for name, answer in found.items() if answer.empty} <= {"q12", "q15"}
    assert found["q6"].iloc[0].tolist() == ["The Long Groove", "Mara Quill", 3, 3]
    assert found["q14"].iloc[0]["text"] == "Two pounds again!"
    asked = re.findall(r'shown\(\s*"(\d+\. [^"]+)"', NOTEBOOK.read_text(encoding="utf-8"))
    assert asked == re.findall(r"^## (\d+\. .+)$", (ROOT / "docs" / "questions.md").read_text(), re.MULTILINE)


def test_the_notebook_runs_where_little_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No speakers, no times, no dates: nothing is drawn of nothing."""
    publish(tmp_path, published(turns=published().turns[1:]))
    found = answers(tmp_path, monkeypatch)
    assert len(found["q1"]) == 1
    assert found["q5"].empty
