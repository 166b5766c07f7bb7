"""Prove the form for several machines: PostgreSQL, a Prefect server, two workers, a loader; one worker is killed.

    python tests/benchmarks/cluster.py [--n 200] [--seconds 2.5]

A feed with n short episodes is published by a local server; a poll emits an event each, a trigger makes runs of
them on queue `cpu`. Two workers, one run at a time each, fetch, decode and transcribe (tiny.en, no diarization)
and stage; the loader loads. When half is staged, one worker and all that it started are killed with -9 and stay
dead. At the end each episode must be loaded once, and `turntable verify` must print no row. All processes share
this machine; nothing is mocked. Debian: apt-get install postgresql.
"""

from __future__ import annotations

import argparse
import http.server
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from flows.feeds.subscriptions import Subscriptions, new_subscription  # noqa: E402
from flows.home.folder import home_id, home_tag, named  # noqa: E402
from flows.settings import Options  # noqa: E402
from tests.conftest import ask, free_port, turntable, write_wav  # noqa: E402
from transforms.audio.decoding import decode  # noqa: E402

PREFECT = [sys.executable, "-m", "prefect"]
USER, PASSWORD = "turntable", "of-the-cluster"


def main() -> None:
    """Build the cluster, kill a part of it, and print what came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2.5)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    folder.chmod(0o755)
    cluster = Cluster(folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    try:
        cluster.start()
        subscribe(cluster.home, publish(folder / "web", given.n, given.seconds))
        run(cluster, given.n)
    finally:
        cluster.end()
        print(f"logs and data: {folder}")


class Cluster:
    """The processes of several machines, on one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.database, self.port = free_port(), free_port()
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            "PREFECT_WORKER_QUERY_SECONDS": "2",  # ten would be most of the time of a run as short as these
            "PREFECT_API_AUTH_STRING": f"{USER}:{PASSWORD}",
            "PREFECT_SERVER_API_AUTH_STRING": f"{USER}:{PASSWORD}",
            "PREFECT_SERVER_UI_ENABLED": "false",
            "TURNTABLE_QUEUE": "cpu",
            "TURNTABLE_HOME_ID": home_id(self.home),
            "TURNTABLE_HOME": str(self.home),
            "TURNTABLE_ALLOW": "127.0.0.1",
            "TURNTABLE_DEVICE": "cpu",
        }

    def start(self) -> None:
        """Start the database, the server and the loader; the workers come later."""
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL does not run as root
        data = self.folder / "postgresql"
        data.mkdir()
        if user:
            shutil.chown(data, user)
        setup: list[str] = [str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "prefect"]
        subprocess.run(setup, user=user, check=True, capture_output=True, cwd="/")
        server = [str(binaries / "postgres"), "-D", str(data), "-p", str(self.database), "-k", str(data)]
        self.launch("postgresql", server, user=user)
        until(lambda: answers(self.database))
        url = f"postgresql+asyncpg://prefect@127.0.0.1:{self.database}/postgres"
        here = ["--host", "127.0.0.1", "--port", str(self.port), "--names", f"127.0.0.1:{self.port}"]
        command = [sys.executable, "-m", "flows.serve.gate", *here]
        self.launch("server", command, PREFECT_API_DATABASE_CONNECTION_URL=url)
        until(self.is_up)
        self.prefect("work-pool", "create", home_tag(self.home), "--type", "process")
        self.prefect("work-queue", "create", "load", "--pool", home_tag(self.home), "--limit", "1")
        self.prefect("--no-prompt", "deploy", "--all")
        subprocess.run(
            [sys.executable, "-m", "flows.serve.deployments"], env=self.environment, check=True, cwd=ROOT
        )
        self.worker("loader", "load", TURNTABLE_LOAD="inline")

    def worker(self, name: str, queue: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker, as another machine would."""
        command = [
            *PREFECT,
            "worker",
            "start",
            "--pool",
            home_tag(self.home),
            "--work-queue",
            queue,
            "--limit",
            "1",
        ]
        return self.launch(name, [*command, "--name", name], **{"TURNTABLE_LOAD": "elsewhere", **variables})

    def launch(self, name: str, command: list[str], user: str | None = None, **variables: str) -> Any:
        """Start a process with a log of its own."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env={**self.environment, **variables},
                stdout=log,
                stderr=log,
                cwd="/" if user else ROOT,
                user=user,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def prefect(self, *arguments: str) -> None:
        """Run a command of Prefect."""
        done = subprocess.run(
            [*PREFECT, *arguments], env=self.environment, capture_output=True, text=True, cwd=ROOT
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def is_up(self) -> bool:
        """Check whether the server answers."""
        try:
            return httpx2.get(f"{self.api}/health", timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False

    def staged(self) -> int:
        """Count the episodes that are staged."""
        return len(list(self.home.glob("artifacts/stage/*/*/manifest.json")))

    def states(self) -> Counter[str]:
        """Count the runs of episodes by state."""
        seen: Counter[str] = Counter()
        body: dict[str, Any] = {"flows": {"name": {"any_": ["ingest-episode"]}}, "limit": 200}
        while True:
            asked, auth = {**body, "offset": seen.total()}, (USER, PASSWORD)
            rows = httpx2.post(f"{self.api}/flow_runs/filter", json=asked, auth=auth, timeout=60).json()
            seen.update(f"{row['state_name']} (started {row['run_count']} times)" for row in rows)
            if len(rows) < 200:
                return seen

    def end(self) -> None:
        """End everything, the database last and in peace."""
        for process in reversed(self.processes):
            kill(process, signal.SIGKILL if process is not self.processes[0] else signal.SIGINT)
        for process in self.processes:
            process.wait(60)


def run(cluster: Cluster, n: int) -> None:
    """Let two workers work, kill one in the middle, and check what came out."""
    began = time.monotonic()
    doomed = cluster.worker("worker-1", "cpu")
    cluster.worker("worker-2", "cpu")
    cluster.prefect(
        "deployment", "run", named("poll-feeds/scheduled", cluster.home)
    )  # the first one by schedule is minutes away
    until(lambda: cluster.staged() >= n // 2, 7200)
    until(lambda: cluster.states()["Running (started 1 times)"] == 2)  # each worker is in the middle of one
    at_kill = time.monotonic()
    kill(doomed, signal.SIGKILL)
    print(f"{cluster.staged()} of {n} staged after {at_kill - began:.0f} s: worker-1 is killed", flush=True)
    until(lambda: cluster.staged() >= n, 7200)
    staged = time.monotonic()
    until(lambda: count(cluster) >= n, 300)
    until(lambda: set(cluster.states()) <= {"Completed (started 1 times)", "Completed (started 2 times)"}, 900)
    ended = time.monotonic()
    verified = subprocess.run(
        turntable(cluster.home, "verify"), env=cluster.environment, capture_output=True, text=True
    )
    rows = ask(
        cluster.home,
        "select count(*) as transcripts, count(distinct episode_id) as episodes from transcripts",
    )
    waiting = len(list(cluster.home.glob("waiting/*.json")))
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, all processes on it")
    print(f"all staged {staged - began:.0f} s after the start, loaded and published {ended - staged:.0f} s later")
    print(f"in the warehouse: {rows}; still waiting: {waiting}")
    print(f"runs of ingest-episode: {dict(cluster.states())}")
    print(f"verify: exit code {verified.returncode}, {verified.stdout.strip()} {verified.stderr.strip()}")
    assert rows == [{"transcripts": n, "episodes": n}]
    assert waiting == 0
    assert verified.returncode == 0


def count(cluster: Cluster) -> int:
    """Count the episodes in the snapshot that were heard."""
    if not (cluster.home / "turntable.duckdb").exists():
        return 0
    return int(ask(cluster.home, "select count(distinct episode_id) as n from transcripts")[0]["n"])


def publish(folder: Path, n: int, seconds: float) -> str:
    """Publish n pieces of the demo episode as a feed, and name its address."""
    folder.mkdir()
    samples = decode(ROOT / "flows" / "demo" / "why-a-record-turns.ogg").samples.astype(np.float32) / 32768
    hop = (len(samples) - int(seconds * 16_000)) // n
    port = free_port()
    items = ""
    for k in range(n):
        write_wav(folder / f"{k}.wav", samples[k * hop : k * hop + int(seconds * 16_000)])
        url = f"http://127.0.0.1:{port}/{k}.wav"
        items += f"<item><title>Piece {k}</title><guid>{k}</guid><enclosure url='{url}' type='audio/wav'/></item>"
    feed = f"<rss version='2.0'><channel><title>Pieces</title>{items}</channel></rss>"
    (folder / "feed.xml").write_text(feed, encoding="utf-8")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{port}/feed.xml"


def subscribe(home: Path, url: str) -> None:
    """Subscribe to all episodes, to be heard in the quickest way."""
    options = Options(model="tiny.en", language="en", diarize=False)
    Subscriptions(home).put(new_subscription(url, datetime.now(UTC), options=options, backfill="all"))


def kill(process: subprocess.Popen[bytes], number: int) -> None:
    """Signal a process and all that it started."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(pid): int(parent) for pid, parent in (row.split() for row in rows.splitlines())}
    found = [process.pid]
    if number == signal.SIGKILL:
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
    for pid in found:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def answers(port: int) -> bool:
    """Check whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(holds: Callable[[], bool], seconds: float = 180) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            sys.exit("this took too long: the logs say why")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
