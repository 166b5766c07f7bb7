"""Asked to stop, a command ends in seconds at whatever it is, says so, and leaves no process behind."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from filelock import FileLock
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from flows.settings import Settings
from flows.stopping import if_stopped, stoppable, working_on
from tests.conftest import DEMO_AUDIO, ask, command, environment
from tests.support.warm import Started, patient

pytestmark = pytest.mark.system

LINE = "turntable: interrupted: run the same command to go on"
SOON = 130.0  # more than `patient` gives the rows and the server on a busy machine


@pytest.fixture
def silent(httpserver: HTTPServer) -> Iterator[threading.Event]:
    """A host that takes each request for audio, says nothing, and tells when it was asked."""
    asked, over = threading.Event(), threading.Event()

    def wait(_: Request) -> Response:
        asked.set()
        over.wait(120)
        return Response(b"")

    for path in ("/slow.mp3", "/slower.mp3", "/slow"):
        httpserver.expect_request(path).respond_with_handler(wait)
    yield asked
    over.set()


def start(home: Path, *arguments: str, api: str | None = None) -> Started:
    """Start a command as a process manager does: in a session of its own."""
    surroundings = environment(api, {"TURNTABLE_ALLOW": "localhost"})
    return Started(patient, "--home", str(home), *arguments, environment=surroundings)


def children(process: Started) -> dict[int, str]:
    """What a process started: the command line of each by its id."""
    found: dict[int, str] = {}
    for path in Path(f"/proc/{process.pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            for child in path.read_text().split():
                with suppress(OSError):  # the child has
                    found[int(child)] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
    return found


def wait_until(holds: Callable[[], bool], process: Started, *, may_end: bool = False) -> None:
    """Wait for a moment in the life of a process."""
    until = time.monotonic() + 200
    while not holds() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert holds() if may_end else process.poll() is None, process.communicate()[1]


def stopped(process: Started, number: signal.Signals) -> str:
    """Ask a process to stop; what it said. It has to be gone soon, with all that it started."""
    started = children(process)
    process.send_signal(number)
    said = process.communicate(timeout=SOON)[1]
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    until = time.monotonic() + 10
    while any(is_alive(child) for child in started) and time.monotonic() < until:
        time.sleep(0.05)
    assert [name for child, name in started.items() if is_alive(child)] == []
    return said


def catches(process: Started, number: signal.Signals) -> bool:
    """Check whether a process has a handler of its own for a signal."""
    (mask,) = re.findall(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
    return bool(int(mask, 16) >> (number - 1) & 1)


def is_alive(process_id: int) -> bool:
    """Check whether a process runs; one that nobody waits for yet does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:  # not there, or gone between the opening and the reading
        return False


@pytest.mark.parametrize(
    ("moment", "number", "stage"),
    [
        ("a look at what a URL is", signal.SIGHUP, "find"),
        ("audio is downloaded", signal.SIGTERM, "ingest"),
    ],
    ids=["look", "download"],
)
def test_an_ingest_is_stopped_while(
    moment: str,
    number: signal.Signals,
    stage: str,
    silent: threading.Event,
    httpserver: HTTPServer,
    tmp_path: Path,
) -> None:
    """Without a server."""
    url = httpserver.url_for("/slow" if stage == "find" else "/slow.mp3")
    process = start(tmp_path, "ingest", url)
    wait_until(silent.is_set, process)

    said = stopped(process, number)

    assert said.splitlines()[-1] == LINE
    rows = ask(tmp_path, "select stage, source, error_class, message from stage_runs")
    message = LINE.removeprefix("turntable: ")
    assert rows == [{"stage": stage, "source": url, "error_class": "transient", "message": message}]


@stoppable
def wait_unkindly(home: Path) -> None:
    """Be at work, and let who is told of the end be broken."""

    def broken(_: str) -> None:
        msg = "nobody is there"
        raise RuntimeError(msg)

    with working_on("find", "somewhere", Settings(home=home)):
        if_stopped(broken)
        (home / "at work").touch()
        time.sleep(200)


def test_what_goes_wrong_at_the_end_is_said(tmp_path: Path) -> None:
    """The row is there, whoever else could not be told."""
    process = Started(wait_unkindly, tmp_path, environment=environment(None))
    wait_until((tmp_path / "at work").exists, process)

    said = stopped(process, signal.SIGTERM)

    broken = "turntable: not all that was stopped could be written down: RuntimeError('nobody is there')"
    assert said.splitlines()[-2:] == [LINE, broken]
    assert [row["stage"] for row in ask(tmp_path, "select stage from stage_runs")] == ["find"]


def test_runs_of_a_server_are_stopped_and_it_is_told(
    silent: threading.Event, httpserver: HTTPServer, prefect_server: str, tmp_path: Path
) -> None:
    """Prefect's own handler would wait for minutes; each episode that is under way gets its row."""
    urls = [httpserver.url_for("/slow.mp3"), httpserver.url_for("/slower.mp3")]
    process = start(tmp_path, "ingest", *urls, api=prefect_server)
    wait_until(silent.is_set, process)
    wait_until(lambda: n_runs(prefect_server, "Running") == 2, process)

    said = stopped(process, signal.SIGTERM)

    assert said.splitlines()[-1] == LINE
    assert n_runs(prefect_server, "Crashed") == 2
    rows = ask(tmp_path, "select stage, error_class from stage_runs")
    assert rows == [{"stage": "ingest", "error_class": "transient"}] * 2


def n_runs(api: str, state: str) -> int:
    """Count the runs of a server that are in a state and bring the silent host's audio."""
    wanted = {"flow_runs": {"state": {"name": {"any_": [state]}}, "name": {"like_": "/slow"}}}
    return int(httpx2.post(f"{api}/flow_runs/count", json=wanted, timeout=60).json())


def test_an_ingest_is_stopped_while_a_model_is_loaded(models: Path, tmp_path: Path) -> None:
    """Native code must not hold up the signal; a minute and a half is not heard before that comes."""
    process = start(tmp_path, "ingest", str(DEMO_AUDIO), "--model", "base", "--no-diarize")
    wait_until(lambda: "decode" in process.err.read_text(), process)

    said = stopped(process, signal.SIGTERM)

    assert said.splitlines()[-1] == LINE
    assert [row["stage"] for row in ask(tmp_path, "select stage from stage_runs where status = 'failed'")] == [
        "ingest"
    ]


def test_who_asks_twice_waits_for_nothing(silent: threading.Event, httpserver: HTTPServer, tmp_path: Path) -> None:
    """The warehouse is held by somebody else, so that the row would have to wait; it is kept for the next load."""
    url = httpserver.url_for("/slow")
    (tmp_path / "warehouse").mkdir()
    with FileLock(tmp_path / "warehouse" / "warehouse.duckdb.lock"):
        process = start(tmp_path, "ingest", url)
        wait_until(silent.is_set, process)
        process.send_signal(signal.SIGINT)
        wait_until(
            lambda: any(tmp_path.glob("failures/*.json")), process, may_end=True
        )  # at the lock, in a second
        stopped(process, signal.SIGINT)

    command(tmp_path, "rebuild")
    assert ask(tmp_path, "select stage, source from stage_runs") == [{"stage": "find", "source": url}]


def test_a_rebuild_that_waits_is_stopped(tmp_path: Path) -> None:
    """Without a row: nothing of an episode was being done."""
    (tmp_path / "warehouse").mkdir()
    with FileLock(tmp_path / "warehouse" / "warehouse.duckdb.lock"):
        process = start(tmp_path, "rebuild")
        wait_until(lambda: catches(process, signal.SIGTERM), process)

        assert stopped(process, signal.SIGTERM) == LINE + "\n"
