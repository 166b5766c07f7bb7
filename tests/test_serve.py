"""`turntable serve`, end to end: a real feed, a real Prefect server, real kills; nobody does anything."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from pytest_httpserver import HTTPServer

from flows.options import Options
from flows.subscriptions import Subscriptions, new_subscription
from tests.conftest import ROOT, ask, command, environment, free_port, only, turntable, write_wav

EVERY = 12.0  # seconds from one poll to the next
VARIABLES = {"TURNTABLE_ALLOW": "127.0.0.1", "TURNTABLE_MODEL": "tiny.en", "TURNTABLE_DEVICE": "cpu"}


class Publisher:
    """A feed that grows while it is polled; each episode has audio of its own."""

    def __init__(self, server: HTTPServer, samples: np.ndarray, folder: Path) -> None:
        self.server, self.samples, self.folder = server, samples, folder
        self.items: list[str] = []
        self.publish("first")

    @property
    def url(self) -> str:
        """Where the feed lies."""
        return self.server.url_for("/feed.xml")

    def publish(self, guid: str) -> float:
        """Add an episode of some seconds, and say when."""
        path = self.folder / f"{guid}.wav"
        write_wav(path, self.samples[: (6 * 16_000) + 800 * len(self.items)])
        self.server.expect_request(f"/{guid}.wav").respond_with_data(path.read_bytes(), content_type="audio/wav")
        self.items.insert(
            0,
            f"<item><title>The {guid} one</title><guid>{guid}</guid>"
            f"<enclosure url='{self.server.url_for(f'/{guid}.wav')}' type='audio/wav' length='1'/></item>",
        )
        self.server.expect_request("/feed.xml").respond_with_handler(self._answer)
        return time.time()

    def _answer(self, _request: Any) -> Any:
        from werkzeug import Response

        text = f"<rss version='2.0'><channel><title>Parts</title>{''.join(self.items)}</channel></rss>"
        return Response(text, content_type="application/rss+xml")


@pytest.fixture
def publisher(httpserver: HTTPServer, demo_samples: np.ndarray, tmp_path: Path, models: Path) -> Publisher:
    """A publisher with one old episode, to which the home is subscribed."""
    one = Publisher(httpserver, demo_samples, tmp_path)
    subscription = new_subscription(one.url, datetime.now(UTC), options=Options(diarize=False), backfill=0)
    Subscriptions(tmp_path / "home").put(subscription)
    command(tmp_path / "home", "poll", **VARIABLES)  # what is there is old
    return one


class Serving:
    """A `turntable serve` that runs."""

    def __init__(self, home: Path, port: int, *arguments: str) -> None:
        self.home, self.api = home, f"http://127.0.0.1:{port}/api"
        self.log = home.parent / "serve.log"
        every = str(EVERY / 60)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                turntable(home, "serve", "--port", str(port), "--every", every, "--no-ui", *arguments),
                env=environment(None, VARIABLES),
                stdout=log,
                stderr=log,
            )

    def is_up(self) -> bool:
        """Tell whether its server answers."""
        try:
            return httpx2.get(f"{self.api}/health", timeout=2).status_code == 200
        except httpx2.HTTPError:
            return False

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of a name."""
        answer = httpx2.post(f"{self.api}/events/filter", json={"filter": {"event": {"name": [name]}}}, timeout=9)
        return list(answer.json()["events"])

    def group(self) -> list[int]:
        """The processes that it started, and those that these started."""
        rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        parents = {int(pid): int(parent) for pid, parent in (row.split() for row in rows.splitlines())}
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found[1:]

    def until(self, holds: Callable[[], bool], seconds: float = 180) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)


@contextmanager
def serving(home: Path, port: int, *arguments: str) -> Iterator[Serving]:
    """Serve, and leave nothing behind."""
    one = Serving(home, port, *arguments)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()


def are_gone(pids: list[int]) -> bool:
    """Tell whether no such process lives."""
    return not any(Path(f"/proc/{pid}/cmdline").is_file() and _lives(pid) for pid in pids)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def loaded(home: Path) -> list[str]:
    """The titles of the episodes whose turns are in the snapshot."""
    if not (home / "turntable.duckdb").exists():
        return []
    return [row["title"] for row in ask(home, "select distinct title from best_turns order by title")]


def finished(home: Path, stage: str) -> int:
    """How often a stage is done."""
    return len(list(home.glob(f"artifacts/{stage}/*/*/manifest.json")))


def test_what_is_published_is_in_the_warehouse_with_nobody_doing_anything(
    publisher: Publisher, tmp_path: Path
) -> None:
    """The feed's new episode, a request by POST and files in a watched folder; Ctrl-C ends it all."""
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    inbox.mkdir()
    with serving(home, free_port(), "--watch", str(inbox)) as served:
        served.until(lambda: "turntable: ready" in served.log.read_text())
        (inbox / "talk.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann>A watched folder it is.</v>\n")
        published = publisher.publish("second")
        served.until(lambda: bool(served.events("podcast.episode.discovered")))
        event = only(served.events("podcast.episode.discovered"))
        served.until(lambda: bool(served.events("podcast.episode.loaded")))
        requested = {
            "id": "7d5a1d0e-5a44-4b8e-8a53-3b2f6f2f9f10",
            "occurred": "2026-11-21T06:00:00Z",
            "event": "podcast.episode.requested",
            "resource": {"prefect.resource.id": "turntable.request"},
            "payload": {"url": publisher.server.url_for("/first.wav")},
        }
        assert httpx2.post(f"{served.api}/events", json=[requested], timeout=60).status_code == 204
        served.until(lambda: len(served.events("podcast.episode.loaded")) == 2)
        children = served.group()
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(20) == 0

    assert datetime.fromisoformat(event["occurred"]).timestamp() - published <= EVERY + 15
    assert event["payload"]["title"] == "The second one"
    rows = ask(home, "select distinct podcast, title from best_turns order by all")
    assert [(row["podcast"], row["title"]) for row in rows if row["podcast"]] == [("Parts", "The second one")]
    assert len(rows) == 3
    assert len(children) >= 2
    wait_until(lambda: are_gone(children))
    command(home, "verify")


def test_after_any_kill_nothing_is_lost_and_nothing_doubled(publisher: Publisher, tmp_path: Path) -> None:
    """Kill -9 of the one process, at five points; what it started dies with it, the next start goes on."""
    home, port = tmp_path / "home", free_port()

    def running(served: Serving) -> bool:
        return any(home.glob("waiting/*.json")) and any("prefect.engine" in _command(p) for p in served.group())

    points: dict[str, Callable[[Serving], bool]] = {
        "server-up": lambda served: served.is_up(),
        "run-started": running,
        "fetched": lambda _: finished(home, "fetch") >= 2,
        "staged": lambda _: finished(home, "stage") >= 3,
        "loading": lambda _: finished(home, "stage") >= 4 and any(home.glob("warehouse/*.wal")),
    }
    for point, is_there in points.items():
        publisher.publish(point)
        with serving(home, port) as served:
            served.until(lambda: is_there(served), 240)  # noqa: B023 - called before the next round
            children = served.group()
            served.process.kill()
        wait_until(lambda: are_gone(children))  # noqa: B023

    with serving(home, port) as served:
        served.until(lambda: len(loaded(home)) == len(points), 240)
        served.until(lambda: not any(home.glob("waiting/*.json")))
        served.process.terminate()
        assert served.process.wait(20) == 0
    command(home, "verify")
    assert loaded(home) == sorted(f"The {point} one" for point in points)
    assert ask(home, "select count(*) as n, count(distinct episode_id) as e from transcripts") == [
        {"n": len(points), "e": len(points)}
    ]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_what_cannot_be_served_is_said_in_a_line(tmp_path: Path) -> None:
    """A port that is taken, and a folder that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = command(tmp_path, "serve", "--port", port, check=False)
    assert said.returncode == 1
    assert (
        said.stderr
        == f"turntable: port {port} is taken: give another --port, or set PREFECT_API_URL to the server there\n"
    )
    said = command(tmp_path, "serve", "--watch", str(tmp_path / "no"), check=False)
    assert said.stderr == f"turntable: no such folder to watch: {tmp_path / 'no'}\n"


def test_one_machine_and_several_run_the_same() -> None:
    """The deployments of `prefect.yaml` are those of `turntable serve`: flows, triggers, parameters."""
    import yaml
    from prefect.flows import load_flow_from_entrypoint

    from flows.deployments import deployments

    text = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    several = {
        (load_flow_from_entrypoint(d["entrypoint"]).name, d["name"]): [
            (t["match"], set(t["expect"]), t["parameters"]) for t in d.get("triggers", [])
        ]
        for d in text["deployments"]
    }
    one: Any = {
        (d.flow_name, d.name): [(t.match.model_dump(), t.expect, t.parameters) for t in d.triggers]  # type: ignore[union-attr]
        for d in deployments(timedelta(minutes=15))
    }
    assert one == several
