"""How long a poll of many feeds takes, against a server on this machine: `python tests/benchmarks/polls.py`.

Prints the first poll, in which every feed is read; one in which none changed; and one in which each has an episode
more. Then how long the same takes with one server that does not answer.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from flows.feeds.pending import PendingQueue
from flows.feeds.poll import poll
from flows.feeds.subscriptions import Subscriptions, new_subscription
from flows.settings import Options, Settings
from flows.upkeep import verify
from tests.support.documents import NOON
from tests.support.feeds import Publisher, item, publisher


def main() -> None:
    """Measure, and print one line each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--feeds", type=int, default=500)
    arguments.add_argument("--items", type=int, default=100)
    given = arguments.parse_args()
    with publisher() as host, tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), allow=("127.0.0.1",))
        _publish(host, given.feeds, given.items)
        for n in range(given.feeds):
            subscription = new_subscription(f"{host.url}/{n}", NOON, options=Options(), backfill=1)
            Subscriptions(settings.home).put(subscription)
        _measure("first", settings)
        _measure("unchanged", settings)
        _publish(host, given.feeds, given.items + 1)
        _measure("one more each", settings)
        host.pages["/0"].delay = 15.0
        _measure("one is silent for 15 s", settings)
        _measure("announced", settings, events=True)
        waiting = sum(1 for _ in PendingQueue(settings.home).all())
        print(f"{waiting} episodes wait; verify finds {len(verify.verify(settings))} problems")


def _publish(host: Publisher, feeds: int, items: int) -> None:
    for n in range(feeds):
        host.publish(f"/{n}", [item(i, guid=f"{n}-{i}") for i in range(items, 0, -1)], title=f"Show {n}")


def _measure(name: str, settings: Settings, *, events: bool = False) -> None:
    began, worked = time.monotonic(), _processor_seconds()
    summary = poll(settings, None, (lambda _: None) if events else None)
    counts = {news: summary.count(news) for news in ("new", "changed", "unchanged", "failed", "slow")}
    told = ", ".join(f"{count} {news}" for news, count in counts.items() if count)
    seconds = time.monotonic() - began
    spent = f"{seconds:.1f} s, {_processor_seconds() - worked:.1f} s of processor time"
    print(f"{name}: {spent}, {len(summary.feeds)} feeds: {told}; {summary.emitted} events")
    for line in sorted({feed.message for feed in summary.feeds if feed.message})[:5]:
        print(f"  {line}")


def _processor_seconds() -> float:
    """Return what this process and those that it started have worked."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
