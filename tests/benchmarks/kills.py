"""`kill -9` of `turntable serve` at 38 named points: after each, the next start loses nothing and doubles nothing.

    python tests/benchmarks/kills.py [POINT…]

A local server publishes a new episode; the process that comes to the point, in the poll, the run or the load of
it, kills the whole of `serve` before or after that. The next `serve` must load the episode with nobody doing
anything, once, before another is published. At the end `turntable verify` must print no row. About 40 s a point.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from pytest_httpserver import HTTPServer

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from flows.feeds.subscriptions import Subscriptions, new_subscription  # noqa: E402
from flows.settings import Options  # noqa: E402
from tests.conftest import ask, command, free_port  # noqa: E402
from tests.flows.serve.test_serve import OFTEN, VARIABLES, Publisher, are_gone, loaded, serving, wait_until  # noqa: E402
from transforms.audio.decoding import decode  # noqa: E402

WHAT = (
    *("waiting/ 1", "discover/ 1", "discover/ 2", ".episodes.json 1", "polled.json 1", "the announcing"),
    *("the start", "fetch/ 2", "decode/ 2", "transcribe/ 2", "diarize/ 2", "attribute/ 2", "turns/ 2", "stage/ 2"),
    *("the load", "a transaction", "turntable.duckdb 1", "the note", "the event"),
)
POINTS = tuple(f"{when} {what}" for what in WHAT for when in ("before", "after"))


def main() -> None:
    """Kill and start again, point by point."""
    points = tuple(sys.argv[1:]) or POINTS
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    home, kill_at, port = folder / "home", folder / "kill-at", free_port()
    kill_at.write_text("")
    os.environ |= {"KILL_AT": str(kill_at), "PYTHONPATH": str(Path(__file__).parent / "kill_hook"), **VARIABLES}
    samples = decode(ROOT / "flows" / "demo" / "why-a-record-turns.ogg").samples.astype(np.float32) / 32768
    with HTTPServer() as server:
        publisher = Publisher(server, samples, folder)
        subscription = new_subscription(publisher.url, datetime.now(UTC), options=Options(), backfill=0)
        Subscriptions(home).put(subscription)
        command(home, "poll", **VARIABLES)  # what is there is old
        threading.excepthook = lambda _: None  # a killed client breaks its pipe to the publisher
        for number, point in enumerate(points):
            began = time.monotonic()
            with serving(home, port, *OFTEN) as served:
                served.until(lambda n=number: is_idle(home, n), 400)
                went_on = time.monotonic()
                kill_at.write_text(point)
                publisher.publish(f"{number:02}-{point}".replace("/", "").replace(" ", "-"))
                children = served.group()
                wait_until(lambda s=served: s.process.poll() is not None, 180)
            wait_until(lambda c=children: are_gone(c))
            died = time.monotonic()
            print(
                f"{point:28} went on in {went_on - began:3.0f} s, died after {died - went_on:3.0f} s", flush=True
            )
        with serving(home, port, *OFTEN) as served:
            served.until(lambda: is_idle(home, len(points)), 400)
        rows = ask(home, "select count(*) as n, count(distinct episode_id) as e from transcripts")
        said = command(home, "verify", check=False)
    print(
        f"{len(points)} kills; in the warehouse: {rows}; verify: exit code {said.returncode} {said.stdout.strip()}"
    )
    assert rows == [{"n": len(points), "e": len(points)}]
    assert said.returncode == 0


def is_idle(home: Path, n: int) -> bool:
    """Check whether n episodes are loaded and none waits."""
    return not any(home.glob("waiting/*.json")) and len(loaded(home)) == n


if __name__ == "__main__":
    main()
