"""The key of an artifact sees the code that made it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.house.methods import ROOT, Method, found, record, recorded, stale

# A stage as ours are: `flows` makes the artifact, `transforms` says how, tables and limits stand elsewhere.
HOUSE = {
    "flows/episode/stages.py": """
from transforms import hear

def make(store, samples):
    return store.make("hear", lambda: hear.hear(samples), method=hear.METHOD, facts=_facts(samples))

def _facts(samples):
    return {"n": len(samples)}

def show(samples):
    print(samples)
""",
    "transforms/__init__.py": "",
    "transforms/hear.py": """
from typing import TYPE_CHECKING

from transforms import tables
from transforms.limits import loudest as most

if TYPE_CHECKING:
    from transforms.model import Model

METHOD = "hear-1"

def hear(samples, model: Model, step=2):
    # what is passed in decides as well
    from transforms import late

    return [{**tables.WORDS, "late": late.last(s)} for s in model.run(samples)[::step] if s < most()]
""",
    "transforms/limits.py": "LIMIT = 0.5\n\ndef loudest():\n    \"\"\"Return the limit.\"\"\"\n    return LIMIT\n",
    "transforms/late.py": "def last(s, *, by=None, to=1):\n    return f'{s!r:>{to}}'\n",
    "transforms/model.py": "class Model:\n    def run(self, samples):\n        return sorted(samples)\n",
    "transforms/tables.py": "WORDS = {}\nWORDS.update(yes=True)\nOTHER = 1\n",
    "warehouse/__init__.py": "",
}  # fmt: skip


def build(root: Path, changes: Mapping[str, tuple[str, str]] | None = None) -> Method:
    """Write the house with one text of each named file replaced, and return its one method."""
    for name, text in HOUSE.items():
        old, new = (changes or {}).get(name, ("", ""))
        assert old in text
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(old, new, 1) if old else text)
    (method,) = found(root).values()
    return method


def test_no_method_stands_for_other_code_than_was_recorded() -> None:
    """A changed parser or threshold cannot keep an old name: artifacts of before would pass for its results."""
    assert stale(found(), recorded()) == {}


def test_every_stage_has_a_method_that_is_recorded() -> None:
    """A literal has no digest; bytes that are kept as they came need none."""
    kept_as_they_came = {"copy-1", "http-1", "yt-dlp-1"}
    trees = [ast.parse(path.read_text()) for path in (ROOT / "flows").rglob("*.py") if "bench" not in path.parts]
    literal = {
        keyword.value.value
        for tree in trees
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "method" and isinstance(keyword.value, ast.Constant) and keyword.value.value is not None
    }
    assert literal == kept_as_they_came


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("flows/episode/stages.py", "len(samples)}", "len(samples) + 1}"),  # a helper of the stage in flows
        ("transforms/hear.py", "step=2", "step=3"),
        ("transforms/hear.py", '{**tables.WORDS, "late": late.last(s)}', '{"late": tables.WORDS, **late.last(s)}'),
        ("transforms/limits.py", "0.5", "0.6"),  # a limit behind a function that was imported by another name
        ("transforms/late.py", "!r", "!s"),
        ("transforms/late.py", ">", "<"),
        ("transforms/late.py", "by=None, to=1", "by=1, to=None"),
        ("transforms/model.py", "sorted", "list"),  # known to the type checker alone
        ("transforms/tables.py", "yes=True", "yes=False"),  # a statement that defines nothing
    ],
)
def test_a_change_of_what_decides_changes_the_digest(name: str, old: str, new: str, tmp_path: Path) -> None:
    """However the code is reached: through modules, names, tables, defaults or what is passed in."""
    assert build(tmp_path / "before").digest != build(tmp_path / "after", {name: (old, new)}).digest


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("transforms/hear.py", "# what is passed in decides as well", "# another reason"),
        ("transforms/limits.py", "Return the limit.", "Say what is loudest."),
        ("transforms/model.py", "        return sorted", '        """Sort."""\n        return sorted'),
        ("transforms/hear.py", "    # what", "    import re\n    # what"),
        ("transforms/limits.py", "    return LIMIT", "    return (\n        LIMIT\n    )"),
        ("transforms/hear.py", '"hear-1"', '"hear-2"'),
        ("flows/episode/stages.py", "print(samples)", "print(samples, len(samples))"),  # not of the stage
        ("transforms/tables.py", "OTHER = 1", "OTHER = 2"),  # not used
    ],
)
def test_what_decides_nothing_does_not_change_the_digest(name: str, old: str, new: str, tmp_path: Path) -> None:
    """Comments, docstrings, layout, and what stands beside."""
    assert build(tmp_path / "before").digest == build(tmp_path / "after", {name: (old, new)}).digest


def test_a_definition_may_move(tmp_path: Path) -> None:
    """To another module, imported from there: its results are the same."""
    limit, rest = HOUSE["transforms/limits.py"].split("\n", 1)
    before, after = build(tmp_path), tmp_path / "transforms" / "limits.py"
    after.write_text(f"from transforms.tables import LIMIT\n{rest}")
    (tmp_path / "transforms" / "tables.py").write_text(f"{HOUSE['transforms/tables.py']}{limit}\n")
    assert list(found(tmp_path).values()) == [before]


def test_a_change_is_recorded_only_where_that_is_asked_for(tmp_path: Path) -> None:
    """A method that was bumped is; under the old name only by its own name, with a line that says how."""
    table = tmp_path / "methods.json"
    before = {"a": Method("a-1", "0"), "b": Method("b-1", "0")}
    record(before, [], table)
    assert stale(before, recorded(table)) == {}

    now = {"a": Method("a-1", "1"), "b": Method("b-2", "1")}
    assert "changed under the name a-1: bump it, or" in stale(now, recorded(table))["a"]
    record(now, [], table)
    assert recorded(table) == {"a": before["a"], "b": now["b"]}
    assert list(stale(now, recorded(table))) == ["a"]
    record(now, ["a"], table)
    assert recorded(table) == now

    assert list(stale({**now, "a": replace(now["a"], method="a-2")}, recorded(table))) == ["a"]
    assert list(stale({"a": now["a"]}, recorded(table))) == ["b"]
