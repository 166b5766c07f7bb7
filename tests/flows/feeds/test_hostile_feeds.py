"""Every odd or hostile feed ends in a result or an error of ours, within 10 s and 512 MB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.support.hostile_feeds import FEEDS


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    """How each went, measured in a process of its own that may take no more."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile_feeds"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["name"]: row for row in rows}


def test_there_are_many_feeds() -> None:
    """There are more than the 60 that were asked for."""
    assert len(FEEDS) >= 60


@pytest.mark.system
@pytest.mark.parametrize("name", FEEDS)
def test_hostile_feeds(name: str, measured: dict[str, Any]) -> None:
    """A feed gives its episodes, whose addresses are of the web and whose texts hold nothing of this machine."""
    row, expected = measured[name], FEEDS[name][1]

    assert row["seconds"] <= 10
    assert row["megabytes"] <= 512
    outcome = row["outcome"]
    if expected is None:
        assert isinstance(outcome, str)
        assert outcome.startswith("https://feeds.example/show/feed.xml is not a feed: ")
        assert len(outcome.splitlines()) == 1
    else:
        assert outcome["episodes"] == expected
        assert set(outcome["schemes"]) <= {"http", "https"}
        assert outcome["leaks"] == []
