"""The conductor: one episode and many, here and as runs of Prefect, give the same; nobody needs a server."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from prefect import flow

import flows.serve.ingest_flow
from flows import runs
from flows.engines.shared_engine import EngineClient
from flows.episode import batch
from flows.episode.batch import Process, Wanted, ingest_locations, process_batch
from flows.episode.pipeline import Outcome, process_episode
from flows.locations import at_path, locate
from flows.runs import attempt
from flows.serve.ingest_flow import ingest_as_run
from flows.serve.prefect_ui import prefect_runs
from flows.settings import Options, Settings
from flows.sources.found import EpisodeSource, bare_episode
from flows.threads import start_thread
from tests.conftest import ROOT, environment, rows_of, write_wav
from tests.support.feeds import item, publisher
from tests.support.words import plain_text
from transforms.errors import Interrupted, SourceError, TransientError

pytestmark = pytest.mark.system

RATE = 16_000
STAGES = """
    select e.title, r.stage, r.status, r.error_class, r.method, r.model
    from stage_runs r left join episodes e using (episode_id) order by all
"""
TRANSCRIPTS = """
    select e.title, t.source, t.model, t.language, t.flags, t.is_best
    from transcripts t join episodes e using (episode_id) order by all
"""
TURNS = "select title, speaker, boundary, is_overlap, text from best_turns order by title, turn_index"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory, demo_samples: np.ndarray) -> Path:
    """Two people, one person, silence, and what is no audio."""
    folder = tmp_path_factory.mktemp("recordings")
    write_wav(folder / "two people.wav", demo_samples[: 19 * RATE])
    write_wav(folder / "one person.wav", demo_samples[2 * RATE : 10 * RATE])
    write_wav(folder / "silence.wav", np.zeros(3 * RATE, np.float32))
    (folder / "no audio.mp3").write_bytes(b"<!doctype html><html><body>404</body></html>" * 50)
    return folder


def ingest(home: Path, models: Path, sources: list[Path], process: Process = process_episode) -> Counter[type]:
    """Ingest sources at once; what kinds of outcomes there are."""
    asked = Options(model="tiny.en", language="en", quality="fast", device="cpu")
    settings = Settings(home=home, models=models)
    done = ingest_locations([at_path(path) for path in sources], 1, asked, settings, process)
    return Counter(type(outcome) for _, outcome in done)


def contents(home: Path) -> tuple[Any, str]:
    """What a home holds but for times; and what is said in it."""
    stages, transcripts, turns = (rows_of(home / "turntable.duckdb", sql) for sql in (STAGES, TRANSCRIPTS, TURNS))
    said = " ".join(text for *_, text in turns)
    return (stages, transcripts, [turn[:-1] for turn in turns]), plain_text(said)


def test_one_by_one_together_and_as_runs_of_prefect_the_rows_are_the_same(
    models: Path, recordings: Path, prefect_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One who fails is one in each of them."""
    sources = sorted(recordings.iterdir())
    monkeypatch.setenv("TURNTABLE_HOME", str(tmp_path / "runs"))
    monkeypatch.setenv("TURNTABLE_MODELS", str(models))

    monkeypatch.setattr(flows.serve.ingest_flow, "SharedEngine", None)  # runs of a batch share that of the batch

    alone = sum((ingest(tmp_path / "alone", models, [path]) for path in sources), Counter[type]())
    together = ingest(tmp_path / "together", models, [recordings])
    as_runs = ingest(tmp_path / "runs", models, [recordings], ingest_as_run)

    assert alone == together == as_runs
    assert together[Outcome] == 3
    rows, said = contents(tmp_path / "alone")
    for home in ("together", "runs"):
        other_rows, other_said = contents(tmp_path / home)
        assert other_rows == rows
        assert jiwer.wer(said, other_said) < 0.03  # batches differ in the last bit of a network
    assert "dust with me" in said


WITHOUT_PREFECT = """
import sys
sys.modules["prefect"] = None  # whoever imports it fails
from flows.cli import app
home, text, audio, feed = sys.argv[1:]
for command in (
    ("import", text),
    ("reparse",),
    ("ingest", audio, "--model", "tiny.en", "--no-diarize"),
    ("add", feed, "--text-only"),
    ("poll", "--ingest"),
):
    app(["--home", home, *command], standalone_mode=False)
"""


def test_commands_need_no_server_and_no_prefect(models: Path, recordings: Path, tmp_path: Path) -> None:
    """They do their work themselves; an episode without a transcript is one that fails, as everywhere."""
    text, home = tmp_path / "talk.txt", tmp_path / "home"
    text.write_text("Ann Lee: Why does a record turn?\nBob Ray: It must, or nobody hears it.\n")
    with publisher() as told:
        arguments = [str(home), str(text), str(recordings / "one person.wav"), told.publish("/feed", [item(1)])]
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_PREFECT, *arguments],
            cwd=ROOT,
            env=environment(None, {"TURNTABLE_ALLOW": "127.0.0.1", "TURNTABLE_MODELS": str(models)}),
            capture_output=True,
            text=True,
        )

    assert done.returncode == 0, done.stderr
    assert "no transcript is offered" in done.stderr
    found = rows_of(home / "turntable.duckdb", "select source, count(*) from transcripts group by 1 order by 1")
    assert found == [("asr", 1), ("publisher", 1)]


@flow(name="attempts")
def attempts_as_tasks(work: Callable[[], None]) -> None:
    """Attempt something as a task."""
    with prefect_runs.as_tasks():
        attempt("attempt", work)


@pytest.mark.parametrize("way", ["here", "as a task"])
@pytest.mark.parametrize(
    ("error", "times"), [(TransientError("busy"), 3), (Interrupted("stopped"), 1), (SourceError("gone"), 1)]
)
def test_only_what_time_may_heal_is_tried_again(
    error: Exception, times: int, way: str, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same rule in both."""
    monkeypatch.setattr(runs, "RETRY_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(prefect_runs, "RETRY_SECONDS", (0.0, 0.0))
    tried: list[Exception] = []

    def work() -> None:
        tried.append(error)
        raise error

    with pytest.raises(type(error), match=str(error)):
        attempts_as_tasks(work) if way == "as a task" else attempt("attempt", work)

    assert len(tried) == times


# --- many at once


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set at the end: what waits for it never ends as long as the test runs."""
    event = threading.Event()
    yield event
    event.set()


def wanted(*numbers: int) -> list[Wanted]:
    """Episodes that nothing is known of."""
    return [
        Wanted(EpisodeSource(locate(str(n)), None, bare_episode(f"episode-{n}", None)), Options()) for n in numbers
    ]


def outcome_of(found: EpisodeSource) -> Outcome:
    """What becomes of an episode that is nothing but a name."""
    return Outcome(found.source, found.episode.episode_id, "", None, 0, (), ())


def test_what_is_ready_first_comes_first(
    over: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of six, two at a time: four that never end give their places to those behind, and hold up none."""
    monkeypatch.setattr(batch, "AHEAD", 2)
    monkeypatch.setattr(batch, "SLOW", 0.05)

    def process(found: EpisodeSource, _: Options, __: Settings, ___: EngineClient) -> Outcome:
        if int(found.source) < 4:
            over.wait(60)
        return outcome_of(found)

    came = process_batch(wanted(*range(6)), Settings(home=tmp_path), process)
    first = [next(came)[0], next(came)[0]]
    over.set()

    assert sorted(first) == [4, 5]
    assert sorted(number for number, _ in came) == [0, 1, 2, 3]


def test_so_many_are_brought_ahead_and_no_more(
    over: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the engine has one, the next is brought."""
    monkeypatch.setattr(batch, "AHEAD", 2)
    started, clients = threading.Semaphore(0), list[EngineClient]()

    def process(found: EpisodeSource, _: Options, __: Settings, client: EngineClient) -> Outcome:
        clients.append(client)
        started.release()
        over.wait(60)
        return outcome_of(found)

    done = start_thread(lambda: list(process_batch(wanted(1, 2, 3, 4), Settings(home=tmp_path), process)))
    assert all(started.acquire(timeout=60) for _ in range(2))
    assert not started.acquire(timeout=0.5)
    clients[0].release()
    assert started.acquire(timeout=60)
    assert not started.acquire(timeout=0.5)
    over.set()

    assert len(done.result(timeout=60)) == 4


def test_the_same_episode_twice_is_processed_one_after_the_other(tmp_path: Path) -> None:
    """Else the second would find it held."""
    running, most = Counter[str](), Counter[str]()

    def process(found: EpisodeSource, _: Options, __: Settings, ___: EngineClient) -> Outcome:
        name = found.episode.episode_id
        running[name] += 1
        most[name] = max(most[name], running[name])
        threading.Event().wait(0.05)
        running[name] -= 1
        return outcome_of(found)

    done = list(process_batch(wanted(1, 1, 2, 1), Settings(home=tmp_path), process))

    assert sorted(number for number, _ in done) == [0, 1, 2, 3]
    assert set(most.values()) == {1}
