"""The flow `ingest_episode`: one episode as a run of Prefect, which gives the schedule, the retries and the pages.

What is done with the episode stands in `flows.episode.pipeline`, which knows nothing of Prefect. What came of it
is in the artifacts of the home; what Prefect says of a run is never the truth.
"""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import flow_run
from pydantic import SecretStr

from flows.allowed_files import check, check_models, confine, is_requested
from flows.engines.shared_engine import CLIENT, EngineClient, SharedEngine
from flows.episode.pipeline import Outcome, process_episode, resolve_episode
from flows.episode_log import telling_refusals
from flows.feeds.pending import PendingQueue
from flows.locations import Location, keeping_private
from flows.serve.prefect_ui.markdown_pages import table, words
from flows.serve.prefect_ui.prefect_runs import as_tasks
from flows.serve.prefect_ui.run_names import name_of, page_key
from flows.serve.prefect_ui.run_parameters import unveiled, veiled
from flows.settings import Options, Settings
from flows.sources.found import EpisodeSource, unsealed
from transforms.errors import HostileError
from transforms.records import Episode, Podcast
from transforms.text import counted
from warehouse import query


def _run_name() -> str:
    """Call a run what people call the episode."""
    given = flow_run.parameters
    place, episode = unveiled(given["location"]), given.get("episode")
    if isinstance(episode, Episode):
        return episode.title or EpisodeSource(place, None, episode, private=given.get("private", False)).source
    return name_of(place, Settings().home)


@flow(name="ingest-episode", flow_run_name=_run_name, persist_result=False)
def ingest_episode(
    location: str | SecretStr,
    podcast: Podcast | None = None,
    episode: Episode | None = None,
    options: Options | None = None,
    offered: SecretStr | None = None,
    *,
    private: bool = False,
) -> Outcome | None:
    """Turn one episode into speaker turns in the warehouse.

    One that an event named gives `None` where another process works on it, or where it does not wait any more.

    Args:
        location: a path or an http(s) URL of its audio, a secret one is not shown in the run's parameters; or
            `episode:` and the id of one that waits.
        podcast: its show, where it is known.
        episode: what is known of it; `None` means nothing but its audio.
        options: how to hear it; `None` leaves everything to the settings.
        offered: what the publisher offers beside the audio, sealed by `PublisherExtras.sealed`; `None` means what
            the episode says.
        private: no address of it may be kept with what comes from it.

    Raises:
        TurntableError: whatever went wrong, after it was written down.
    """
    settings = Settings()
    place = unveiled(location)
    with as_tasks(), keeping_private(private):
        with telling_refusals():
            _check_request(place, (podcast, episode, offered), options, settings)
        if episode is None:
            found = resolve_episode(place, settings)
        else:
            found = EpisodeSource(place, podcast, episode, unsealed(offered) if offered else None, private)
        client = CLIENT.get() or EngineClient(SharedEngine(settings))
        outcome = process_episode(found, options, settings, client, by_event=place.kind == "episode")
    if outcome is not None:
        _write_page(outcome, settings)
    return outcome


def ingest_as_run(
    found: EpisodeSource,
    options: Options | None,
    settings: Settings,  # noqa: ARG001 - the run reads its own
    client: EngineClient,
) -> Outcome | None:
    """Process an episode as `process_episode` does, as a run whose parameters hold no secret."""
    shown = veiled(found.location, private=found.private)
    offered = found.known_extras.sealed() if found.known_extras else None
    token = CLIENT.set(client)
    try:
        return ingest_episode(shown, found.podcast, found.episode, options, offered, private=found.private)
    finally:
        CLIENT.reset(token)


def _check_request(
    location: Location, known: tuple[object, ...], options: Options | None, settings: Settings
) -> None:
    """Check what a server asks for, before anything is opened.

    Raises:
        HostileError: it names a file that nobody watches or allowed, or says itself what only feeds can say.
    """
    if not is_requested():
        return
    if any(one is not None for one in known):  # these hold addresses of their own, which are believed
        msg = f"{location.public!r}: a request names a location and options, never podcast, episode, offered"
        raise HostileError(msg)
    check_named(location, (options.model, options.diarization_model) if options else (), settings)


def check_named(location: Location, models: tuple[str, ...], settings: Settings) -> None:
    """Check what a request names, and keep this process to what it may name.

    Only an episode that a person named at a terminal, by what nobody else wrote, may lie anywhere.

    Raises:
        HostileError: it names a file that nobody watches or allowed, or a folder as a model.
    """
    check_models(models)
    pending = None
    if location.kind == "episode":
        pending = PendingQueue(settings.home).get(location.name)
    if pending is not None and pending.feed_id is None and not pending.confined:
        return
    confine(settings)
    if pending is not None and pending.confined:
        check_models((pending.options.model, pending.options.diarization_model))
    if location.kind != "episode":
        check(location)


def _write_page(outcome: Outcome, settings: Settings) -> None:
    """Leave a page in the Prefect UI that a person can read."""
    rows = list[str]()
    title = flow_run.name or outcome.source
    if settings.load == "inline":
        talk_time = query.talk_time(settings.snapshot, outcome.episode_id)
        rows = list(table(talk_time.columns, talk_time.rows))
    lines = [
        f"# {words(title)}",
        "",
        words(outcome.source),
        "",
        f"{counted(outcome.turns, 'turn')} in {outcome.seconds or 0:.0f} s of audio. "
        f"Transcript of the publisher: {outcome.text or 'none'}. Flags: {', '.join(outcome.flags) or 'none'}. "
        f"Computed now: {', '.join(outcome.computed) or 'nothing, all was done before'}.",
        "",
        *rows,
    ]
    key = page_key(title, outcome.episode_id)
    create_markdown_artifact("\n".join(lines), key=key, description=title)
