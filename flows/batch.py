"""Many episodes, for somebody who waits at a terminal and may not want to."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from prefect.context import FlowRunContext
from prefect.settings import PREFECT_API_URL
from pydantic import SecretStr

from flows.ingest import Outcome, ingest_episode
from flows.locations import public_source
from flows.locks import is_held
from flows.options import Options
from flows.progress import REPORTER, since
from flows.settings import Settings
from flows.sources.episodes import find_episodes
from flows.sources.found import Found
from flows.steps import StageFailed, record
from flows.subscribing import due
from flows.subscriptions import find_known
from flows.together import Wanted, hear_together
from flows.waiting import Waiting
from transforms.errors import Interrupted
from warehouse import store


def ingest_location(
    location: str, latest: int, options: Options, settings: Settings
) -> Iterator[Outcome | Exception]:
    """Ingest every episode behind a path or a URL, as `ingest_locations` does."""
    for _, outcome in ingest_locations([location], latest, options, settings):
        yield outcome


def ingest_locations(
    locations: Sequence[str], latest: int, options: Options, settings: Settings
) -> Iterator[tuple[str, Outcome | Exception]]:
    """Ingest every episode behind paths or URLs, all heard together; one that fails holds up none.

    Yields:
        The location, and what became of each episode as it is done, an error where it failed.
    """
    found: list[tuple[str, Found]] = []
    for location in locations:
        started_at = datetime.now(UTC)
        try:
            found += [(location, one) for one in find_episodes(location, latest, settings.allow)]
        except Exception as error:
            record(StageFailed("find", started_at, error), public_source(location), None, settings)
            yield location, error
    wanted = [Wanted(one, options) for _, one in found]
    for number, outcome in _ingest(wanted, settings):
        if outcome is not None:
            yield found[number][0], outcome


def ingest_waiting(settings: Settings) -> Iterator[tuple[Waiting, Outcome | Exception | None]]:
    """Ingest every episode that waits and may be tried now; one that another process works on gives `None`."""
    waiting: list[Waiting] = []
    wanted: list[Wanted] = []
    for one in due(settings):
        if is_held(settings.home, one.episode.episode_id):
            continue
        found = find_known(settings.home, one.episode.episode_id)
        if found is not None:
            waiting.append(one)
            wanted.append(Wanted(found, one.options))
    for number, outcome in _ingest(wanted, settings):
        yield waiting[number], outcome


def _ingest(wanted: Sequence[Wanted], settings: Settings) -> Iterator[tuple[int, Outcome | Exception | None]]:
    """Hear episodes together and run the flow of each; its number, and what became of it."""
    began = datetime.now(UTC)
    heard = hear_together(wanted, settings)
    has_flow = FlowRunContext.get() is not None
    while True:
        with interruptible("hear", "several episodes", None, settings, has_flow=has_flow):
            number, found = next(heard, (None, None))
        if number is None or found is None:
            return
        with since(began):
            outcome = _run_flow(found, wanted[number].options, settings)
        yield number, outcome


def _run_flow(one: Found, options: Options, settings: Settings) -> Outcome | Exception | None:
    REPORTER.get().start(one.episode.title or public_source(one.location))
    try:
        with interruptible("ingest", public_source(one.location), one.episode.episode_id, settings):
            # what a subscriber's URL holds behind its path stays out of Prefect's database
            public = one.location == public_source(one.location)
            shown = one.location if public else SecretStr(one.location)
            offered = one.offered.sealed() if one.offered else None
            return ingest_episode(shown, one.podcast, one.episode, options, offered)
    except Exception as error:  # the flow wrote it down
        return error


@contextmanager
def interruptible(
    stage: str, source: str, episode_id: str | None, settings: Settings, *, has_flow: bool = True
) -> Iterator[None]:
    """End the process at once on Ctrl-C or a request to stop, with a row that says so.

    A terminal sends Ctrl-C to Prefect's own server too, and the way out through Prefect would wait a minute for a
    server that is gone. Leaving at once is safe: only whole artifacts count, and the next run goes on behind them.
    Of a flow with a server elsewhere Prefect's own way out is the better one, for that server has to know.
    """
    if (has_flow and PREFECT_API_URL.value()) or threading.current_thread() is not threading.main_thread():
        yield
        return
    started_at = datetime.now(UTC)

    def stop(_signal: int, _frame: object) -> None:
        for number in caught:
            signal.signal(number, signal.SIG_IGN)
        store.LOCK_SECONDS = 1.0  # a stage of this very process may hold the warehouse
        interrupted = Interrupted("interrupted: run the same command to go on")
        record(StageFailed(stage, started_at, interrupted), source, episode_id, settings)
        if "prefect.server.api.server" in sys.modules:
            from prefect.server.api.server import SubprocessASGIServer

            SubprocessASGIServer().stop()  # the one that this process started, if it did
        REPORTER.get().close()
        print(f"turntable: {interrupted}", file=sys.stderr, flush=True)
        os._exit(130)

    caught = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in caught.items():
            signal.signal(number, handler)
