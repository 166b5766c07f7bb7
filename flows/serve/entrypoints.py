"""The flows `poll_feeds`, `ingest_url` and `load_staged`: what a timer, a person and workers ask of a server.

Those of one episode and of one text are in `flows.serve.ingest_flow` and `flows.serve.import_flow`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal

from prefect import flow, get_run_logger, tags
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from pydantic import AfterValidator, Field

from flows.access import has_server
from flows.allowed_files import is_requested
from flows.episode.batch import ingest_locations
from flows.episode.joining import join_staged
from flows.episode.later_stages.align_stage import align_known
from flows.episode.pipeline import Outcome, check_starts
from flows.episode_log import tell, telling_refusals
from flows.feeds import events
from flows.feeds.pending import PendingEpisode
from flows.feeds.poll import PollSummary, poll
from flows.home.folder import TAG
from flows.loader import load_and_publish
from flows.locations import locate
from flows.serve.ingest_flow import check_named, ingest_as_run
from flows.serve.prefect_ui.markdown_pages import MOST_ROWS, cells, poll_page
from flows.serve.prefect_ui.prefect_runs import as_tasks
from flows.serve.prefect_ui.run_names import name_of, timed
from flows.serve.prefect_ui.run_parameters import Address, unveiled
from flows.settings import Options, Settings
from flows.upkeep.room import free_daily
from flows.voices.recognizing import recognize
from transforms.errors import SourceError
from transforms.records import Channels, Quality
from transforms.speech.models import ASR_NAMES
from transforms.speech.whisper import whisper_languages
from transforms.text import counted
from warehouse import query
from warehouse.loading.load import Loaded

# Subscribed feeds → new episodes → rows, and an event for each that waits to be heard.


_ORDER = ("paused", "failed", "slow", "new", "changed", "busy", "unchanged")


@flow(name="poll-feeds", flow_run_name=lambda: timed("poll"), persist_result=False)
def poll_feeds(
    feeds: Annotated[
        list[str] | None,
        Field(
            description="Only these, due or not: addresses, ids or pieces of titles, as `turntable feeds` shows "
            "them. Without any, all that are due."
        ),
    ] = None,
) -> PollSummary:
    """Look for new episodes in the subscribed feeds.

    Each new episode becomes a row and an event `podcast.episode.discovered`, which starts a run of
    `ingest-episode`. Episodes whose event was lost, and failed ones that have rested, get another one.

    Raises:
        SourceError: no feed is called so.
    """
    settings = Settings()
    with as_tasks():
        summary = _poll(settings, feeds)
    for feed in summary.feeds:
        if feed.message:
            get_run_logger().warning("%s: %s", feed.name, feed.message)
    if summary.problem:
        get_run_logger().warning(summary.problem)
    _tell_found(summary)
    _write_poll_page(summary)
    if freed := free_daily(settings):
        tell(freed)
    return summary


def _poll(settings: Settings, feeds: Sequence[str] | None) -> PollSummary:
    if not has_server():  # one that Prefect starts for this flow hears nobody
        return poll(settings, feeds)
    with events.sending(settings.home) as send:
        return poll(settings, feeds, lambda pending: send(discovered(pending)))


def _tell_found(summary: PollSummary) -> None:
    """Tell of the feeds that have news, or could not be read."""
    for feed in summary.feeds:
        if feed.message:
            tell(f"{feed.name}: {feed.message}")
        elif feed.found:
            tell(f"{feed.name}: {counted(feed.found, 'new episode')}, {feed.waiting} to be heard")
    if summary.problem:
        tell(summary.problem)


def discovered(pending: PendingEpisode) -> events.EpisodeEvent:
    """Say that an episode waits."""
    return events.EpisodeEvent(
        events.DISCOVERED, pending.public_episode, str(pending.emits), {"feed_id": pending.feed_id}
    )


def _write_poll_page(summary: PollSummary) -> None:
    """Leave a page and a table in the Prefect UI: what is new, what failed and why."""
    feeds = sorted(summary.feeds, key=lambda feed: (_ORDER.index(feed.news), feed.name.casefold()))
    create_markdown_artifact(
        "\n".join(poll_page(summary, feeds)), key="poll", description="What the last poll found"
    )
    create_table_artifact([cells(asdict(feed)) for feed in feeds[:MOST_ROWS]] or [{}], key="poll-feeds")


# What a person asks for by a form, a command or a call: one URL, simple parameters, no waiting at a terminal.


# The schemas are what Prefect's API checks: what does not fit never becomes a run.
Language = Annotated[
    str,
    AfterValidator(whisper_languages.spoken_language),
    Field(json_schema_extra={"enum": [*whisper_languages.CODES, *whisper_languages.ENGLISH_NAMES]}),
]
ModelName = Annotated[str, Field(json_schema_extra={"enum": ["auto", *ASR_NAMES]})]


def _request_name() -> str:
    """Call a run what it was asked for."""
    from prefect.runtime import flow_run

    return name_of(unveiled(flow_run.parameters["url"]), Settings().home)


def _tags() -> list[str]:
    """Return the tags by which the automations know this run, for the runs that it makes."""
    from prefect.runtime import flow_run

    return [tag for tag in flow_run.tags or () if tag.startswith(TAG)]


@flow(name="ingest-episode", flow_run_name=_request_name, persist_result=False)
def ingest_url(
    url: Address,
    latest: Annotated[int, Field(ge=1)] = 1,
    language: Language | None = None,
    speakers: Annotated[int | None, Field(ge=1)] = None,
    diarize: bool = True,
    model: ModelName = "auto",
    device: Literal["auto", "cuda", "cpu"] = "auto",
    quality: Quality | None = None,
    channels: Channels = "mix",
) -> list[dict[str, Any]]:
    """Turn episodes into speaker turns in the warehouse.

    Args:
        url: an audio file, a feed, an episode, or a path on the machine that works, in a folder that is watched
            or allowed. Everybody who sees this server's UI sees it: give `turntable add` what holds a secret.
        latest: how many episodes of a feed, newest first.
        language: as en, de or German; without it, the audio decides.
        speakers: how many people speak, where that is known.
        diarize: find out who speaks.
        model: a name of `turntable models`; auto takes the best that the machine has.
        device: where to compute.
        quality: fast or accurate; without it, what this machine is set to.
        channels: split where each of two channels has one person.

    Raises:
        HostileError: it names a file that nobody watches or allowed.
        TurntableError: an episode failed; each was written down.
    """
    settings, location = Settings(), locate(url)
    if is_requested():
        with telling_refusals():
            check_named(location, (model,), settings)
    options = Options(
        model=model,
        language=language,
        device=device,
        diarize=diarize,
        speakers=(speakers, speakers) if speakers else None,
        quality=quality,
        channels=channels,
    )
    with as_tasks(), tags(*_tags()):
        check_starts(location.public)
        outcomes = [one for _, one in ingest_locations([location], latest, options, settings, ingest_as_run)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if failed:
        raise failed[0]  # each was written down; the run has to show that one failed
    return [{"episode_id": o.episode_id, "turns": o.turns} for o in outcomes if isinstance(o, Outcome)]


# The flow `load_staged`: the one writer of the warehouse, where several machines stage.


@flow(name="load-staged", flow_run_name=lambda: timed("load"), persist_result=False)
def load_staged() -> int:
    """Load what workers staged, make one episode of the same audio, replace the snapshot; how many documents came.

    Raises:
        SourceError: this machine is told to leave the warehouse alone.
        ContentError: a staged file is damaged; every other one is loaded first.
    """
    settings = Settings()
    if settings.load == "elsewhere":
        msg = "TURNTABLE_LOAD=elsewhere is set here: run load-staged where the warehouse lies (queue `load`)"
        raise SourceError(msg)
    loaded = load_and_publish(settings)
    if join_staged(settings) + len(align_known(settings, {one.episode_id for one in loaded})):
        load_and_publish(settings)
    if loaded:
        recognize(settings)
    _tell_loaded(loaded, settings)
    return len(loaded)


def _tell_loaded(loaded: tuple[Loaded, ...], settings: Settings) -> None:
    """Send the events that workers could not send: they only staged."""
    found = query.known_by_id(settings.snapshot, [one.episode_id for one in loaded]) if loaded else ()
    known = {one.episode.episode_id: one.episode for one in found}
    for one in loaded:
        if episode := known.get(one.episode_id):
            event = events.loaded(settings, episode, one.transcript_id, one.turns, episode.duration)
            events.try_to_send(event, settings.home)
