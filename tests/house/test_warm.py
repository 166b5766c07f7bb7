"""Processes that are forked from one that has imported much: they are as new ones would be."""

from __future__ import annotations

import os
import signal
import sys
from importlib.util import find_spec

import pytest

from tests.support.warm import IMPORTED, Started, run


def test_what_is_imported_is_there() -> None:
    """A module that was renamed would be imported by each command again, and nobody would see it."""
    assert [name for name in IMPORTED if find_spec(name) is None] == []


def report() -> None:
    """Tell about this process, on both outputs, and end as a command does that failed."""
    print(
        os.environ["TURNTABLE_HOME"], os.getsid(0) == os.getpid(), "torch" in sys.modules, "prefect" in sys.modules
    )
    print("no", file=sys.stderr)
    raise SystemExit(3)


@pytest.mark.system
def test_its_environment_output_and_exit_code_are_its_own() -> None:
    """It leads a session, torch is there, Prefect is not."""
    done = run(report, environment={**os.environ, "TURNTABLE_HOME": "/nowhere"})

    assert (done.stdout, done.stderr, done.returncode) == ("/nowhere True True False\n", "no\n", 3)
    assert "TURNTABLE_HOME" not in os.environ


@pytest.mark.system
def test_it_can_be_killed() -> None:
    """As any process."""
    process = Started(signal.pause, environment=os.environ)
    process.send_signal(signal.SIGKILL)

    assert process.wait(60) == -signal.SIGKILL
