"""The process that keeps the models: the same answers, once loaded, and what happens when somebody dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import pytest

from flows.artifacts import Artifact, Store
from flows.engines import diarizing, model_server, transcribing
from flows.episode import stages
from flows.locations import at_path
from flows.payloads import TRANSCRIPTION
from flows.settings import Options, Settings
from tests.conftest import ROOT
from tests.support.words import difference
from transforms.errors import Interrupted, SourceError

pytestmark = pytest.mark.system


def nothing(_: object) -> None:
    """Hear, and say nothing."""


@pytest.fixture
def settings(models: Path, tmp_path: Path) -> Settings:
    """A home of its own."""
    return Settings(home=tmp_path / "home", models=models, device="cpu")


@pytest.fixture(scope="module")
def served() -> Iterator[None]:
    """A server for the tests that want one, as a worker has it."""
    with model_server.keeping_models():
        yield


@pytest.fixture
def decoded(settings: Settings, clip: Path) -> Artifact:
    """The decoded clip."""
    store = Store(settings.home)
    return stages.decode(store, stages.fetch(store, at_path(clip), settings, nothing), clip.name)


def asked(settings: Settings, **more: Any) -> Options:
    """Quick to hear."""
    return Options(**{"model": "tiny.en", "language": "en", "quality": "fast", **more}).filled(settings)


def servers() -> list[int]:
    """The processes that serve models at the address of this test."""
    address = os.environ[model_server.VARIABLE]
    found = subprocess.run(["pgrep", "-f", address], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def test_runs_get_what_they_would_have_found_themselves(
    settings: Settings, decoded: Artifact, served: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two after each other, from one process; progress and lines come along."""
    here = tuple(
        transcribing.transcribe(
            Store(settings.home / "here"), [decoded], asked(settings), settings, nothing, nothing
        )
    )
    monkeypatch.setattr(transcribing, "transcribe", None)  # whoever works, it is not this process
    monkeypatch.setattr(diarizing, "diarize", None)
    told: list[float] = []
    there = model_server.transcribe([decoded], asked(settings), settings, told.append, nothing)
    first = servers()
    who = model_server.diarize(decoded, asked(settings), settings, told.append, nothing)

    assert there[0].path.is_relative_to(settings.home)
    found = [TRANSCRIPTION.validate_json(one.path.read_bytes()).words for one in (*here, *there)]
    assert difference(*found) < 0.03  # each process multiplies with a library of its own
    assert who[0].manifest.facts["speakers"] == 2
    assert max(told) == pytest.approx(19.0, abs=0.1)
    assert len(first) == 1
    assert servers() == first


def test_errors_come_back_as_they_are(settings: Settings, decoded: Artifact, served: None) -> None:
    """What the user can understand keeps its class; what nobody expected is one line."""
    with pytest.raises(SourceError, match="'xx' is no language"):
        model_server.transcribe(
            [decoded], asked(settings, model="base", language="xx"), settings, nothing, nothing
        )
    with pytest.raises(RuntimeError, match="AttributeError"):
        model_server.transcribe(["no artifact"], asked(settings), settings, nothing, nothing)  # type: ignore[list-item]

    assert model_server.diarize(decoded, asked(settings), settings, nothing, nothing)


def test_a_run_that_is_stopped_ends_its_work_there(settings: Settings, decoded: Artifact, served: None) -> None:
    """Nothing is kept of it, and the next one asks for the same."""

    def stop(_: float) -> None:
        msg = "stopped"
        raise Interrupted(msg)

    with pytest.raises(Interrupted):
        model_server.diarize(decoded, asked(settings), settings, stop, nothing)
    time.sleep(3.0)  # as long as all of it would take
    assert not list(settings.home.glob("artifacts/diarize/*/*/manifest.json"))

    (artifact,) = model_server.diarize(decoded, asked(settings), settings, nothing, nothing)
    assert artifact.manifest.facts["speakers"] == 2


def test_a_server_that_dies_is_started_again(settings: Settings, decoded: Artifact, served: None) -> None:
    """The run goes on with models of its own; the next one meets a new process."""
    model_server.diarize(decoded, asked(settings), settings, nothing, nothing)
    (first,) = servers()
    killed: list[float] = []
    said: list[str] = []

    def kill(seconds: float) -> None:
        if not killed:
            os.kill(first, signal.SIGKILL)
        killed.append(seconds)

    (artifact,) = model_server.diarize(decoded, asked(settings, quality="accurate"), settings, kill, said.append)

    assert artifact.manifest.facts["speakers"] == 2
    assert said == ["diarize: the process that keeps the models is gone: going on without it"]
    deadline = time.monotonic() + 30
    while first in servers() or not servers():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_server_without_work_gives_the_memory_back(
    settings: Settings, decoded: Artifact, tmp_path: Path
) -> None:
    """It ends, and not before it had work."""
    address = str(tmp_path / "s")
    program = f"from flows.engines.model_server import _Server; _Server(0.5).listen({address!r})"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        while not Path(address).exists():
            time.sleep(0.05)
        time.sleep(1.5)
        assert process.poll() is None
        with Client(address) as server:
            server.send(("diarize", (decoded, asked(settings), settings)))
            while (got := server.recv())[0] in ("progress", "line"):
                pass
        assert got[0] == "done"
        assert process.wait(20) == 0
    finally:
        process.kill()


def test_work_that_hangs_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    """It keeps its cores no longer; as long as somebody waits, it may take its time."""
    address = str(tmp_path / "s")
    program = f"""
import time
from flows.engines import model_server
model_server.WORK["diarize"] = lambda *_: time.sleep(60)
model_server._Server(idle_seconds=60, stuck_seconds=0.5).listen({address!r})
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        while not Path(address).exists():
            time.sleep(0.05)
        with Client(address) as server:
            server.send(("diarize", ()))
            time.sleep(2.0)
            assert process.poll() is None
        _, said = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "work that nobody waits for does not end" in said
    finally:
        process.kill()


def test_a_command_finds_the_server_and_its_status_is_kept(tmp_path: Path) -> None:
    """What a worker of a work pool is started with; nothing stays behind."""
    program = f"import os; print(os.environ[{model_server.VARIABLE!r}]); raise SystemExit(3)"
    run = subprocess.run(
        [sys.executable, "-m", "flows.engines.model_server", sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert run.returncode == 3
    assert not Path(run.stdout.strip()).parent.exists()


def test_nothing_stays_behind_a_parent_that_is_killed() -> None:
    """Neither the server nor its folder."""
    program = """
import os, time
from flows.engines import model_server
with model_server.keeping_models():
    address = os.environ[model_server.VARIABLE]
    model_server._connected(address)
    print(address, flush=True)
    time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    address = Path(parent.stdout.readline().strip())
    assert address.is_socket()
    parent.kill()
    parent.wait()

    deadline = time.monotonic() + 10
    while address.parent.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not address.parent.exists()


def test_a_server_that_never_starts_is_said(
    settings: Settings, decoded: Artifact, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the work is done without it."""
    monkeypatch.setenv(model_server.VARIABLE, str(tmp_path / "nobody"))
    monkeypatch.setattr(model_server, "START_SECONDS", 0.2)
    said: list[str] = []

    (artifact,) = model_server.diarize(decoded, asked(settings), settings, nothing, said.append)

    assert artifact.manifest.facts["speakers"] == 2
    assert said == ["diarize: the process that keeps the models is gone: going on without it"]
