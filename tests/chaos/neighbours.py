"""What others have on the same Prefect server: flows of their own, deployments of our names, a second home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from flows.home.folder import home_id, home_tag, named
from tests.chaos.figure import Figure
from tests.conftest import ROOT, environment, free_port
from tests.support.serving import Serving, answers, put_database, serving

AUTH = "turntable:of-the-chaos"
VARIABLES = {"PREFECT_API_AUTH_STRING": AUTH}
RESTARTS = 120.0  # seconds from one kill of our home to the next
# A healthy flow of somebody else, as Prefect runs it: 180 s between two signs of life.
FOREIGN = """
import sys, time
from prefect import flow
@flow(name="foreign-work", persist_result=False)
def work(seconds: float = 3600):
    time.sleep(seconds)
if __name__ == "__main__":
    work.serve(name="on-demand", parameters={"seconds": float(sys.argv[1])})
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server that is nobody's home; `log` is what it said."""

    api: str
    log: Path

    def post(self, path: str, body: Any, method: str = "POST") -> Any:
        """Ask it; a busy database is asked again."""
        user, _, password = AUTH.partition(":")
        for _ in range(60):
            answer = httpx2.request(method, f"{self.api}/{path}", json=body, auth=(user, password), timeout=300)
            if answer.status_code < 500:  # its SQLite gives 500 and 503 on a machine that is too busy
                break
            time.sleep(1)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def state(self, run: str) -> tuple[str, str]:
        """Return the name and the id of the state of a run."""
        known = self.post(f"flow_runs/{run}", None, "GET")["state"]
        return known["name"], known["id"]

    def history(self, run: str) -> list[str]:
        """Return the names of all states that a run had."""
        known = self.post(f"flow_run_states/?flow_run_id={run}", None, "GET")
        return [state["name"] for state in sorted(known, key=lambda state: state["timestamp"])]


def run(*, short: bool) -> Iterator[Figure]:
    """Let our home work, die and come back beside neighbours, and see that it touches none of them."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        here = Path(folder)
        server = stack.enter_context(_server(here, short=short))
        ours, theirs = here / "ours", here / "theirs"
        if short:
            _register(server, theirs)
        else:
            second = stack.enter_context(serving(theirs, free_port(), api=server.api, **VARIABLES))
            second.until(second.is_ready, 400)
        real = None if short else stack.enter_context(_foreign(here, server))
        quiet = _neighbours(server, theirs)
        began, deployments = time.monotonic(), _deployments(server, ours)
        before = {what: server.state(one) for what, one in quiet.items()}
        stack.enter_context(_living(server, [one for what, one in quiet.items() if "second home" in what]))
        own, ended, deaths = _beside(server, ours, quiet, short=short)
        got = [
            f"{what}: {' → '.join(server.history(one))}"
            for what, one in quiet.items()
            if server.state(one) != before[what]
        ]
        now = _deployments(server, ours)
        got += [f"the deployment {name} was changed" for name in deployments if now.get(name) != deployments[name]]
        got += _events(server, ours, theirs)
        if real is not None and (states := server.history(real))[-1] != "Running":
            got.append(f"a real foreign run: {' → '.join(states)}")
        got += _judged(server, ended)
        if server.history(own)[1:4] != ["Running", "Crashed", "AwaitingRetry"]:
            got.append(f"our own silent run does not go on: {' → '.join(server.history(own))}")
        count = len(quiet) + len(deployments) + len(ended) + 4 + (real is not None)
    yield Figure(
        "neighbours on the same Prefect server",
        count,
        tuple(got),
        20,
        f"{time.monotonic() - began:.0f} s, our home killed {deaths} times",
    )


def _register(server: Server, home: Path) -> None:
    """Put on a server what a home that is served has there."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    from flows.serve.deployments import deployments, ensure_automations

    with temporary_settings({PREFECT_API_URL: server.api, PREFECT_API_AUTH_STRING: AUTH}):
        ensure_automations(home)
        for deployment in deployments(timedelta(hours=1), home):
            deployment.apply()


@contextmanager
def _server(folder: Path, *, short: bool) -> Iterator[Server]:
    """Start a Prefect server; in the short form it looks for silence each second."""
    port, log = free_port(), folder / "server.log"
    put_database(folder / "prefect" / "prefect.db")
    quick = {
        "PREFECT_SERVER_EVENTS_EXPIRED_BUCKET_BUFFER": "PT1S",
        "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1S",
    }
    own = {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_API_AUTH_STRING": AUTH}
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--names", f"127.0.0.1:{port}"]
    env = environment(None, {**own, "PREFECT_SERVER_UI_ENABLED": "false", **(quick if short else {})})
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.serve.gate", *arguments], env=env, cwd=ROOT, stdout=out, stderr=out
        )
    server = Server(f"http://127.0.0.1:{port}/api", log)
    try:
        _until(lambda: answers(server.api), f"the server does not start: {log}")
        yield server
    finally:
        process.kill()
        process.wait()


def _until(holds: Callable[[], bool], otherwise: str, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)


@contextmanager
def _foreign(folder: Path, server: Server) -> Iterator[str]:
    """Let somebody else serve a deployment called as ours, with a long run that says little; lends its id."""
    script = folder / "foreign.py"
    script.write_text(FOREIGN)
    env = environment(server.api, {"PREFECT_API_AUTH_STRING": AUTH, "PREFECT_HOME": str(folder / "foreign")})
    env.pop("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", None)
    process = subprocess.Popen([sys.executable, str(script), "3600"], env=env, cwd=folder, start_new_session=True)
    try:
        named_so = {"flows": {"name": {"any_": ["foreign-work"]}}}
        _until(lambda: bool(server.post("deployments/filter", named_so)), "no foreign deployment")
        one = server.post("deployments/filter", named_so)[0]["id"]
        asked = str(server.post(f"deployments/{one}/create_flow_run", {})["id"])
        _until(lambda: server.state(asked)[0] == "Running", "the foreign run does not start")
        yield asked
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _neighbours(server: Server, theirs: Path) -> dict[str, str]:
    """Make runs that are none of ours: each lives, or has crashed, and gives one sign of life at most."""
    flow = server.post("flows/", {"name": "foreign"})["id"]
    made: dict[str, str] = {}
    for tags in ([], ["nightly"], ["turntable"], ["turntable-00000000", "turntable"]):
        body = {"flow_id": flow, "tags": tags, "state": {"type": "RUNNING", "name": "Running"}}
        made[f"a foreign run with the tags {tags}"] = _beat(
            server, str(server.post("flow_runs/", body)["id"]), tags
        )
    for name in ("on-demand", "on-discovery", "loader", "on-demand-00000000"):
        for state in ("RUNNING", "PENDING", "CRASHED"):
            tags = ["nightly"] if name == "on-demand" else ["turntable", "nightly"]
            body = {"name": name, "flow_id": flow, "tags": tags, "entrypoint": "their.py:flow"}
            deployment = str(server.post("deployments/", body)["id"])
            made[f"a run of the foreign {name}, {state}"] = _made(server, deployment, state, tags)
    mine = [d for d in server.post("deployments/filter", {}) if home_tag(theirs) in d["tags"]]
    for one in mine:  # their own automations look after these: they give signs of life all the time
        made[f"a run of the second home's {one['name']}"] = _made(server, one["id"], "RUNNING", one["tags"])
    return made


def _made(server: Server, deployment: str, state: str, tags: list[str], *, beats: bool = True) -> str:
    """Make a run of a deployment that is in a state at once, and says that it lives if it does."""
    asked = {"state": {"type": "PENDING", "name": "Pending"}, "enforce_parameter_schema": False}
    one = str(server.post(f"deployments/{deployment}/create_flow_run", asked)["id"])
    if state != "PENDING":
        wanted = {"state": {"type": state, "name": state.title()}, "force": True}
        server.post(f"flow_runs/{one}/set_state", wanted)
    return _beat(server, one, tags, deployment) if state == "RUNNING" and beats else one


def _beat(
    server: Server, run: str, tags: list[str], deployment: str | None = None, at: datetime | None = None
) -> str:
    """Send a sign of life of a run, as Prefect's engine does; return the run."""
    related = [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in tags]
    if deployment:
        of = {"prefect.resource.id": f"prefect.deployment.{deployment}", "prefect.resource.role": "deployment"}
        related.append(of)
    resource = {"prefect.resource.id": f"prefect.flow-run.{run}"}
    _send(server, "prefect.flow-run.heartbeat", resource, related, at or datetime.now(UTC))
    return run


def _send(
    server: Server, name: str, resource: dict[str, str], related: list[Any], at: datetime, **payload: str
) -> None:
    event = {
        "id": str(uuid.uuid4()),
        "occurred": at.isoformat(),
        "event": name,
        "resource": resource,
        "related": related,
        "payload": payload,
    }
    server.post("events", [event])


def _deployments(server: Server, ours: Path) -> dict[str, Any]:
    """Return what others have, by name: what our home may not change."""
    known = server.post("deployments/filter", {})
    told = ("id", "tags", "pull_steps", "schedules", "paused", "entrypoint")
    return {
        f"{d['flow_id']}/{d['name']}": {key: d[key] for key in told}
        for d in known
        if home_tag(ours) not in d["tags"]
    }


def _silent(server: Server, ours: Path) -> str:
    """Make a run of ours whose process is gone: the automations are there if it goes on."""
    demand = _deployment(server, ours, "url")
    return _made(server, demand["id"], "RUNNING", demand["tags"])


def _ended(server: Server, ours: Path, count: int) -> dict[str, bool]:
    """Make runs of ours that end within a second, as the loader's do; of some, signs of life come in late.

    Return of each whether it said after its end that it lives, by a clock that is ahead: then the automation may
    fire, and the server refuses.
    """
    loader = _deployment(server, ours, None)
    made: dict[str, bool] = {}
    for number in range(count):
        one = _made(server, loader["id"], "RUNNING", loader["tags"], beats=number % 3 != 1)
        before = datetime.now(UTC)
        ends = {"state": {"type": "COMPLETED", "name": "Completed"}, "force": True}
        server.post(f"flow_runs/{one}/set_state", ends)
        if number % 3 == 1:  # said in time, and heard after the end
            _beat(server, one, loader["tags"], loader["id"], before)
        if number % 3 == 2:
            _beat(server, one, loader["tags"], loader["id"])
        made[one] = number % 3 == 2
    return made


def _judged(server: Server, ended: dict[str, bool]) -> Iterator[str]:
    """Look which runs that had ended the automations took for dead."""
    fired = server.post("events/filter", {"filter": {"event": {"name": ["prefect.automation.triggered"]}}})[
        "events"
    ]
    for one, is_late in ended.items():
        if server.state(one)[0] != "Completed":
            yield f"a run of ours that had ended: {' → '.join(server.history(one))}"
        if not is_late and any(one in str(event["payload"].get("triggering_labels")) for event in fired):
            yield f"an automation fired on {one}, which had ended"


def _deployment(server: Server, ours: Path, parameter: str | None) -> Any:
    """Return the deployment of our home that takes such a parameter, or none at all."""
    found = server.post("deployments/filter", {"deployments": {"tags": {"all_": [home_tag(ours)]}}})
    takes = {d["id"]: d["parameter_openapi_schema"]["properties"] for d in found}
    return next(d for d in found if (parameter in takes[d["id"]] if parameter else not takes[d["id"]]))


def _beside(server: Server, ours: Path, quiet: dict[str, str], *, short: bool) -> tuple[str, dict[str, bool], int]:
    """Serve our home while the second one's runs live, and kill it.

    Return its silent run, its runs that ended within a second, and how often it died.
    """
    until, deaths, own, ended = time.monotonic() + (0 if short else 600), 0, None, {}
    while deaths == 0 or time.monotonic() < until:
        with serving(ours, free_port(), api=server.api, **VARIABLES) as one:
            if not _starts(one):
                continue  # Prefect's SQLite was too busy for a moment: serve again, as it says
            if own is None:
                if short:
                    _hasten(server, ours)
                    for run in quiet.values():  # from now on, ten seconds of silence are too long
                        _keep_alive(server, run)
                ended = _ended(server, ours, 6 if short else 30)
                own = _silent(server, ours)
            end = time.monotonic() + RESTARTS
            while time.monotonic() < end and not (short and "AwaitingRetry" in server.history(own)):
                time.sleep(1)
            one.process.kill()
        deaths += 1
    assert own
    return own, ended, deaths


def _starts(one: Serving) -> bool:
    """Wait until a home is served; False where that came down."""
    while one.process.poll() is None:
        if one.is_ready():
            return True
        time.sleep(0.5)
    return False


def _hasten(server: Server, home: Path) -> None:
    """Let the automations of a home take a run for dead after ten seconds, the least that Prefect takes."""
    for one in server.post("automations/filter", {}):
        if one["name"].startswith(home_tag(home)) and one["trigger"].get("posture") == "Proactive":
            one["trigger"]["within"] = 10
            kept = {k: v for k, v in one.items() if k not in ("id", "created", "updated")}
            server.post(f"automations/{one['id']}", kept, "PUT")


@contextmanager
def _living(server: Server, runs: list[str]) -> Iterator[None]:
    """Let runs say all the time that they live, as their own home's automations want it."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(10):
            for run in runs:
                _keep_alive(server, run)

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _keep_alive(server: Server, run: str) -> None:
    known = server.post(f"flow_runs/{run}", None, "GET")
    if known["state"]["type"] == "RUNNING":
        _beat(server, run, known["tags"], known["deployment_id"])


def _events(server: Server, ours: Path, theirs: Path) -> Iterator[str]:
    """Send what our home announces, and look who hears it."""
    for home, other in ((ours, theirs), (theirs, ours)):
        known = str(uuid.uuid4())
        resource = {"prefect.resource.id": f"turntable.episode.{known}", "turntable.home": home_id(home)}
        _send(server, "podcast.episode.discovered", resource, [], datetime.now(UTC), episode_id=known)
        url = f"https://example.org/{known}"
        asked = {"prefect.resource.id": f"turntable.request.{home_id(home)}"}
        _send(server, "podcast.episode.requested", asked, [], datetime.now(UTC), url=url)

        def heard(*marks: str) -> set[str]:
            runs = server.post("flow_runs/filter", {"sort": "EXPECTED_START_TIME_DESC"})
            return {tag for run in runs if run["parameters"].get(marks[0]) == marks[1] for tag in run["tags"]}

        for mark in (("location", f"episode:{known}"), ("url", url)):
            try:
                _until(lambda mark=mark: bool(heard(*mark)), "nobody heard it", 60)  # type: ignore[misc]
            except AssertionError:
                yield f"{named('nobody', home)} heard {mark}"
            if home_tag(other) in heard(*mark):
                yield f"{home_tag(other)} heard {mark} of {home_tag(home)}"
