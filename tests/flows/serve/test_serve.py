"""`turntable serve`, end to end: a real feed, a real Prefect server, real kills; nobody does anything."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from pytest_httpserver import HTTPServer

from flows.feeds.subscriptions import Subscriptions, new_subscription
from flows.home.folder import home_id
from flows.settings import Options
from tests.chaos.web import attack_server
from tests.conftest import ROOT, ask, command, free_port, only, rows_of, write_wav
from tests.support.serving import VARIABLES, Serving, are_gone, serving

pytestmark = pytest.mark.system

EVERY = 30.0  # seconds from one poll to the next
OFTEN = ("--every", str(EVERY / 60))


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


def wait_until(holds: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def loaded(home: Path) -> list[str]:
    """The titles of the episodes whose turns are in the snapshot."""
    if not (home / "turntable.duckdb").exists():
        return []
    found = rows_of(home / "turntable.duckdb", "select distinct title from best_turns order by title")
    return [title for (title,) in found]


def finished(home: Path, stage: str) -> int:
    """How often a stage is done."""
    return len(list(home.glob(f"artifacts/{stage}/*/*/manifest.json")))


def test_what_is_published_is_in_the_warehouse_with_nobody_doing_anything(
    publisher: Publisher, tmp_path: Path
) -> None:
    """The feed's new episode, a request by POST and files in a watched folder; Ctrl-C ends it all."""
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    inbox.mkdir()
    with serving(home, free_port(), "--watch", str(inbox), *OFTEN) as served:
        served.until(served.is_ready)
        (inbox / "talk.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann>A watched folder it is.</v>\n")
        published = publisher.publish("second")
        served.until(lambda: bool(served.events("podcast.episode.discovered")))
        event = only(served.events("podcast.episode.discovered"))
        requested = {
            "id": "7d5a1d0e-5a44-4b8e-8a53-3b2f6f2f9f10",
            "occurred": "2026-11-21T06:00:00Z",
            "event": "podcast.episode.requested",
            "resource": {"prefect.resource.id": f"turntable.request.{home_id(home)}"},
            "payload": {"url": publisher.server.url_for("/first.wav")},
        }
        served.post("events", [requested])
        served.until(lambda: len(served.events("podcast.episode.loaded")) == 2)
        served.until(lambda: b"talk.vtt: 1 turn\n" in served.log.read_bytes())
        names = {
            run["name"]
            for run in served.post("flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})
        }
        keys = {page["key"] for page in served.post("artifacts/latest/filter", {})}
        children = served.group()
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(20) == 0

    assert datetime.fromisoformat(event["occurred"]).timestamp() - published <= EVERY + 15
    assert event["payload"]["title"] == "The second one"
    said = [line for line in served.log.read_text().splitlines() if not line.startswith("  ")]
    assert {line.partition(" ")[0] for line in said} == {"turntable:"}
    assert any(re.fullmatch(r"turntable: The second one: \d+ turns? in 6 s", line) for line in said)
    assert "Beginning flow run" in (home / "prefect" / "runs.log").read_text()
    assert {re.sub(r" \d\d:\d\d$|.*/", "", name) for name in names} == {
        "poll",
        "The second one",
        "first.wav",
        "talk.vtt",
    }
    assert any(re.fullmatch("the-second-one-[0-9a-f]{8}", key) for key in keys)
    rows = ask(home, "select distinct podcast, title from best_turns order by all")
    assert [(row["podcast"], row["title"]) for row in rows if row["podcast"]] == [("Parts", "The second one")]
    assert len(rows) == 3
    assert len(children) >= 2
    wait_until(lambda: are_gone(children))
    command(home, "verify")


def test_after_any_kill_nothing_is_lost_and_nothing_doubled(publisher: Publisher, tmp_path: Path) -> None:
    """Kill -9 at the start of a run and in its load; what the one process started dies with it, the next goes on.

    Kills between the stages of a run stand in tests/flows/episode/test_ingest.py and tests/benchmarks/kills.py.
    """
    home, port = tmp_path / "home", free_port()

    def running(served: Serving) -> bool:
        return any(home.glob("waiting/*.json")) and any("prefect.engine" in _command(p) for p in served.group())

    points: dict[str, Callable[[Serving], bool]] = {
        "run-started": running,
        "loading": lambda _: finished(home, "stage") >= 1 and any(home.glob("warehouse/*.wal")),
    }
    for point, is_there in points.items():
        publisher.publish(point)
        with serving(home, port, *OFTEN) as served:
            served.until(lambda: is_there(served), 240, every=0.02)  # noqa: B023 - called before the next round
            children = served.group()
            served.process.kill()
        wait_until(lambda: are_gone(children))  # noqa: B023

    with serving(home, port, *OFTEN) as served:
        served.until(lambda: len(loaded(home)) == len(points), 240)
        served.until(lambda: not any(home.glob("waiting/*.json")))
        served.process.terminate()
        assert served.process.wait(20) == 0
    command(home, "verify")
    assert loaded(home) == sorted(f"The {point} one" for point in points)
    assert ask(home, "select count(*) as n, count(distinct episode_id) as e from transcripts") == [
        {"n": len(points), "e": len(points)}
    ]


def test_a_closed_terminal_ends_it_all(tmp_path: Path) -> None:
    """SIGHUP at the first start of all: nothing runs on, and the next command finds no server that is gone."""
    with serving(tmp_path / "home", free_port(), is_first=True) as served:
        served.until((tmp_path / "home" / "prefect" / "api").exists)
        children = served.group()
        served.process.send_signal(signal.SIGHUP)
        assert served.process.wait(60) == 0
    assert children
    wait_until(lambda: are_gone(children))
    assert not (tmp_path / "home" / "prefect" / "api").exists()


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
    said = command(tmp_path, "serve", "--podping", "wss://example.org/", check=False)
    assert said.stderr.startswith("turntable: --podping or TURNTABLE_PODPING: a URL of scheme 'wss' cannot be")
    assert said.stderr.count("\n") == 1
    said = command(tmp_path, "request", "https://example.org/1.mp3", check=False)
    assert said.stderr.startswith(f"turntable: nobody serves {tmp_path}: start `turntable serve`")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A home that is served, with a watched folder `inbox` beside it, for tests that leave nothing in it."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "inbox").mkdir()
    with serving(folder / "home", free_port(), "--watch", str(folder / "inbox")) as one:
        one.until(one.is_ready)
        yield one


def test_notify_finds_the_server_of_its_home(served: Serving) -> None:
    """Without anything set; what it sends, tests/flows/serve/test_notifying.py says."""
    assert command(served.home, "notify", "--list").stderr.startswith("turntable: nobody is told yet")


def test_the_secret_is_where_its_owner_finds_it_and_nowhere_else(served: Serving) -> None:
    """Readable by nobody else, on no command line and in no log; what the UI reads names the right address."""
    path, secret = served.home / "prefect" / "auth", served.auth[1]
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    logs = (served.log, *(served.home / "prefect").glob("*.log"))
    said = "".join(log.read_text() for log in logs)

    assert path.stat().st_mode & 0o077 == 0
    assert len(secret) >= 32
    assert "flows.serve.gate" in lines
    assert secret not in lines
    assert str(path) in said
    assert secret not in said
    settings = httpx2.get(f"{served.api.removesuffix('/api')}/ui-settings", timeout=60).json()
    assert (settings["api_url"], settings["auth"]) == (served.api, "BASIC")


def test_web_pages_and_strangers_get_nothing(served: Serving, tmp_path: Path) -> None:
    """The short form of `make chaos ONLY=web`: each attack is refused, the owner gets in, nothing was done."""
    figure = attack_server(served, tmp_path / "canary", short=True)

    assert figure.got_through == ()
    assert figure.tried >= 60


def test_a_request_names_no_file_that_nobody_watches(served: Serving, tmp_path: Path) -> None:
    """By the command, a link in the watched folder, an episode that brings its own address: nothing is opened."""
    secret = tmp_path / "secret.vtt"
    secret.write_text("WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann>The word is swordfish.</v>\n")
    link = served.home.parent / "inbox" / "link.vtt"
    link.symlink_to(secret)  # the watcher asks for it
    for path in (secret, tmp_path / "no"):
        command(served.home, "request", str(path))
    other = command(served.home, "request", "x", api=served.api, check=False, PREFECT_API_AUTH_STRING="a:b")
    assert "set PREFECT_API_AUTH_STRING to its password" in other.stderr
    hearing = only(d for d in served.post("deployments/filter", {}) if d["name"].startswith("on-discovery"))
    known = {"location": "https://example.org/1.mp3", "offered": "{}"}
    served.post(f"deployments/{hearing['id']}/create_flow_run", {"parameters": known})

    def ended() -> list[dict[str, Any]]:
        runs = served.post("flow_runs/filter", {})
        return [run for run in runs if run["state_type"] == "FAILED" and not run["auto_scheduled"]]

    served.until(lambda: len(ended()) == 4)
    said = {re.sub(f"'({secret}|{tmp_path}/no|{link})'", "X", run["state"]["message"]) for run in ended()}
    assert len(said) == 2, said  # whether it is there or not, the answer is the same
    assert all("HostileError" in line and "a request" in line for line in said)
    log = served.log.read_text()  # a refusal is a line or two; how it came about stands elsewhere
    assert "a request" in log
    assert "Traceback" not in log
    kept = served.home / "prefect" / "runs.log"
    assert "Traceback" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    assert not list(served.home.glob("artifacts/*"))
    assert not list(served.home.glob("failures/*"))


def test_one_machine_and_several_run_the_same(tmp_path: Path) -> None:
    """The deployments of `prefect.yaml` are those of `turntable serve`: flows, triggers, parameters."""
    import yaml
    from prefect.flows import load_flow_from_entrypoint

    from flows.serve.deployments import deployments

    written = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    text = yaml.safe_load(written.replace("{{ $TURNTABLE_HOME_ID }}", home_id(tmp_path)))
    several = {
        (load_flow_from_entrypoint(d["entrypoint"]).name, d["name"], *d["tags"]): [
            (t["match"], set(t["expect"]), t["parameters"]) for t in d.get("triggers", [])
        ]
        for d in text["deployments"]
    }
    one: Any = {
        (d.flow_name, d.name, *d.tags): [(t.match.model_dump(), t.expect, t.parameters) for t in d.triggers]  # type: ignore[union-attr]
        for d in deployments(timedelta(minutes=15), tmp_path)
    }
    assert one == several


def test_what_earlier_versions_left_is_taken_over(prefect_server: str, tmp_path: Path) -> None:
    """Their deployments and automations are removed, what was asked of them is asked again, others' stay."""
    from prefect.client.orchestration import get_client
    from prefect.states import Scheduled

    from flows.serve.deployments import OLD_AUTOMATIONS, automations, deployments, take_over
    from flows.serve.entrypoints import ingest_url

    with get_client(sync_client=True) as client:
        flow = client.create_flow(ingest_url)
        entry: Any = {"flow_id": flow, "name": "on-demand", "enforce_parameter_schema": False}
        old = client.create_deployment(
            **entry, tags=["turntable"], entrypoint="flows.serve.entrypoints.ingest_url"
        )
        foreign = client.create_deployment(**{**entry, "name": "loader"}, tags=["nightly"], entrypoint="flows.x.y")
        asked = {"url": "https://example.org/asked-before.mp3"}
        client.create_flow_run_from_deployment(old, parameters=asked, state=Scheduled())
        client.create_automation(automations(tmp_path)[0].model_copy(update={"name": OLD_AUTOMATIONS[0]}))
    ours: Any = [d.apply() for d in deployments(timedelta(hours=1), tmp_path) if d.name.startswith("on-demand")]

    take_over(tmp_path)
    take_over(tmp_path)  # as at every start

    with get_client(sync_client=True) as client:
        left = {d.id for d in client.read_deployments(limit=200)}
        assert old not in left
        assert {foreign, *ours} <= left
        assert not any(client.read_automations_by_name(name) for name in OLD_AUTOMATIONS)
        moved = [run for run in client.read_flow_runs(limit=200) if run.parameters.get("url") == asked["url"]]
        assert [run.deployment_id in ours for run in moved] == [True]
