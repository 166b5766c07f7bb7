"""Many episodes, for somebody who waits at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from pydantic import SecretStr

from flows import clock
from flows.attempts import note_failed
from flows.ingest import Outcome, ingest_episode
from flows.locations import keeping_private, public_source
from flows.locks import held, is_held
from flows.lookup import look_up
from flows.met import having_met
from flows.options import Options
from flows.progress import REPORTER, since
from flows.reach import check_left
from flows.settings import Settings
from flows.sources.found import Found
from flows.steps import StageFailed, record
from flows.stopping import working_on
from flows.subscribing import due
from flows.subscriptions import find_known, is_known_private
from flows.together import Wanted, hear_together
from flows.waiting import Waiting
from transforms.errors import HostileError
from transforms.redaction import private_address


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
        started_at, private = datetime.now(UTC), is_known_private(settings.home, location)
        source = private_address(location) if private else public_source(location)
        try:
            with working_on("find", source), keeping_private(private):
                found += [(location, one) for one in look_up(location, latest, settings)]
        except Exception as error:
            record(StageFailed("find", started_at, error), source, None, settings)
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
        if found is None:
            continue
        if error := _refused(one, found, settings):
            yield one, error
            continue
        waiting.append(one)
        wanted.append(Wanted(found, one.options))
    for number, outcome in _ingest(wanted, settings):
        yield waiting[number], outcome


def _refused(waiting: Waiting, found: Found, settings: Settings) -> HostileError | None:
    """Say why what a request left behind is not heard; it is noted as failed. `None` where nothing is wrong."""
    if not waiting.confined:
        return None
    began, options = datetime.now(UTC), waiting.options
    try:
        check_left(found.location, (options.model, options.diarization_model), settings)
    except HostileError as error:
        record(StageFailed("find", began, error), found.source, found.episode.episode_id, settings)
        with held(settings.home, found.episode.episode_id) as mine:
            if mine:
                note_failed(settings, found, options, "find", error)
        return error
    return None


def _ingest(wanted: Sequence[Wanted], settings: Settings) -> Iterator[tuple[int, Outcome | Exception | None]]:
    """Hear episodes together and run the flow of each; its number, and what became of it."""
    began = clock.now(settings.home)
    heard = hear_together(wanted, settings)
    while True:
        with working_on("hear", "several episodes"):
            one = next(heard, None)
        if one is None:
            return
        number, found, met = one
        with since(began), having_met(met):
            outcome = _run_flow(found, wanted[number].options)
        yield number, outcome


def _run_flow(one: Found, options: Options) -> Outcome | Exception | None:
    REPORTER.get().start(one.episode.title or one.source)
    try:
        with working_on("ingest", one.source, one.episode.episode_id):
            # what a subscriber's address holds stays out of Prefect's database
            shown = one.location if one.location == one.source else SecretStr(one.location)
            offered = one.offered.sealed() if one.offered else None
            return ingest_episode(shown, one.podcast, one.episode, options, offered, private=one.private)
    except Exception as error:  # the flow wrote it down
        return error
