"""Listening to podpings beside the polls: a feed that one names is asked at once, in a run of its own."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import NoReturn

from prefect.deployments import run_deployment

from flows.episode_log import tell
from flows.feeds.podping import Listener
from flows.home.folder import named
from flows.serve.deployments import PODPING
from flows.settings import Settings
from transforms.errors import one_line
from transforms.records import Seconds

LOOK_EVERY: Seconds = 15.0  # five blocks
LONGEST_REST: Seconds = 900.0


def listen(node: str, settings: Settings) -> NoReturn:
    """Listen for ever: whatever the node does, this process only waits a while longer until the next look."""
    listener = Listener(node, settings, partial(ask_feeds, settings.home))
    failures = 0
    while True:
        try:
            listener.look()
        except Exception as error:
            failures += 1
            if failures == 1:
                tell(f"podping: {one_line(error)}: trying again; the polls go on")
        else:
            if failures:
                tell("podping: listening again")
            failures = 0
        time.sleep(rest(failures))


def rest(failures: int) -> Seconds:
    """Return how long to wait for the next look, after so many failed ones.

    >>> [rest(n) for n in (0, 1, 2, 100)]
    [15.0, 30.0, 60.0, 900.0]
    """
    return min(LOOK_EVERY * (1 << min(failures, 10)), LONGEST_REST)


def ask_feeds(home: Path, feeds: list[str]) -> None:
    """Ask for a run that polls some feeds; by their ids, for their addresses may hold a secret."""
    name = f"poll-feeds/{named(PODPING, home)}"
    run_deployment(name, parameters={"feeds": feeds}, timeout=0, as_subflow=False)
