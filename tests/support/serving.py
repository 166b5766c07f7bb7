"""A `turntable serve` that runs, for those who attack it and those who wait for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from filelock import FileLock

from tests.conftest import environment, turntable

# Minutes from one poll to the next: each is a process, which costs seconds of a core. The first one comes soon.
SELDOM = "15"
VARIABLES = {
    "TURNTABLE_ALLOW": "127.0.0.1",
    "TURNTABLE_MODEL": "tiny.en",
    "TURNTABLE_QUALITY": "fast",
    "TURNTABLE_DEVICE": "cpu",
    # Who waits for a run of the same deployment looks again after half a minute, if nobody says otherwise.
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
}


class Serving:
    """A `turntable serve` that runs."""

    def __init__(self, home: Path, port: int, *arguments: str, api: str | None = None, **variables: str) -> None:
        self.home, self.port, self.api = home, port, api or f"http://127.0.0.1:{port}/api"
        self.log = home.parent / f"{home.name}.log"
        self.read = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                turntable(home, "serve", "--port", str(port), "--every", SELDOM, "--no-ui", *arguments),
                env=environment(api, {**VARIABLES, **variables}),
                stdout=log,
                stderr=log,
            )

    @property
    def auth(self) -> tuple[str, str]:
        """What the server of this home asks for."""
        user, _, password = (self.home / "prefect" / "auth").read_text().partition(":")
        return user, password

    def is_up(self) -> bool:
        """Check whether its server answers."""
        return answers(self.api)

    def is_ready(self) -> bool:
        """Check whether this start has said so."""
        return b"turntable: ready" in self.log.read_bytes()[self.read :]

    def post(self, path: str, body: Any) -> Any:
        """Ask its server, as one who may; what it answers."""
        deadline = time.monotonic() + 60
        while True:
            answer = httpx2.post(f"{self.api}/{path}", json=body, auth=self.auth, timeout=60)
            if (
                answer.status_code < 500 or time.monotonic() > deadline
            ):  # SQLite is busy: Prefect's client waits too
                break
            time.sleep(0.5)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of a name."""
        return list(self.post("events/filter", {"filter": {"event": {"name": [name]}}})["events"])

    def group(self) -> list[int]:
        """The processes that it started, and those that these started."""
        rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        parents = {int(pid): int(parent) for pid, parent in (row.split() for row in rows.splitlines())}
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found[1:]

    def until(self, holds: Callable[[], bool], seconds: float = 180, every: float = 0.2) -> None:
        """Wait until something holds; look every so many seconds."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(every)


@contextmanager
def serving(
    home: Path, port: int, *arguments: str, api: str | None = None, is_first: bool = False, **variables: str
) -> Iterator[Serving]:
    """Serve, at its own server or at that of `api`, and leave nothing behind; a first start makes its database."""
    if api is None and not is_first:
        put_database(home / "prefect" / "prefect.db")
    one = Serving(home, port, *arguments, api=api, **variables)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()


def answers(api: str) -> bool:
    """Check whether a Prefect server answers."""
    try:
        return httpx2.get(f"{api}/health", timeout=2).status_code == 200
    except httpx2.HTTPError:
        return False


def put_database(path: Path) -> None:
    """Put the database that the first start of a Prefect server makes where it is looked for.

    That takes ten seconds of a core, so it is made once for an environment.
    """
    made = Path(sys.prefix) / f"prefect-of-the-tests-{version('prefect')}.db"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            with TemporaryDirectory() as home:
                upgrade = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
                subprocess.run(upgrade, env=os.environ | {"PREFECT_HOME": home}, check=True, capture_output=True)
                shutil.copyfile(Path(home, "prefect.db"), f"{made}.new")
            Path(f"{made}.new").replace(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        shutil.copyfile(made, path)


def are_gone(pids: list[int]) -> bool:
    """Check whether no such process lives."""
    return not any(Path(f"/proc/{pid}/cmdline").is_file() and _lives(pid) for pid in pids)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
