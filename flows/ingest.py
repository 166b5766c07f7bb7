"""The flow `ingest_episode`: one episode, its stages in order, nothing else.

    fetch → decode → transcribe ∥ diarize → attribute → turns → stage → load → publish

Each stage leaves an artifact; a run that dies is taken up again where it ended, and a second run finds everything
done. Prefect gives the schedule, the retries and the page to look at; it is never the truth.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Task, flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.exceptions import MissingContextError
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import SecretStr

from flows import attempts, stages
from flows import load as loader
from flows.artifacts import Artifact, Store
from flows.locks import held
from flows.options import Options
from flows.progress import REPORTER, Advance, advancing, stoppable, throttled
from flows.settings import Settings
from flows.sources.episodes import KNOWN_BY_ID, Found, find_episodes
from flows.stages import Heard, public_source
from transforms.errors import Interrupted, ResourceError, TransientError, TurntableError, error_class, one_line
from transforms.records import Episode, Podcast, Seconds, StageRun
from warehouse import query

MOST_STARTS = 3  # of a run whose process died
RETRY_SECONDS: list[float] = [2, 10]

# transcribe and diarize run side by side
TWO_THREADS: TaskRunner[PrefectFuture[Any]] = cast(
    "TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=2)
)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one episode; `computed` names the stages that were not done before."""

    source: str
    episode_id: str
    transcript_id: str
    seconds: Seconds
    turns: int
    flags: tuple[str, ...]
    computed: tuple[str, ...]


class StageFailed(Exception):
    """The error of a stage, with the name of the stage and when it began."""

    def __init__(self, stage: str, started_at: datetime, error: BaseException) -> None:
        super().__init__(str(error))
        self.stage, self.started_at, self.error = stage, started_at, error


def _is_transient(_task: Any, _run: Any, state: Any) -> bool:
    """Retry what time may heal, and nothing else; an interrupted stage was ended on purpose."""
    try:
        state.result()
    except Interrupted:
        return False
    except TransientError:
        return True
    except BaseException:  # every other class waits for somebody
        return False
    return False


def _stage(name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a Prefect task of a stage, tried again where time may heal."""
    return task(
        name=name,
        retries=len(RETRY_SECONDS),
        retry_delay_seconds=RETRY_SECONDS,
        retry_condition_fn=_is_transient,
        persist_result=False,  # the artifacts are the record; Prefect's would be pickles
    )


@_stage("fetch")
def fetch(location: str, settings: Settings) -> Artifact:
    """Bring the audio into the store."""
    store = Store(settings.home)
    return _shown("fetch", None, lambda advance: stages.fetch(store, location, settings, advance))


@_stage("decode")
def decode(fetched: Artifact, name: str, settings: Settings) -> Artifact:
    """Decode the audio to samples."""
    store = Store(settings.home)
    return _shown("decode", None, lambda _: stages.decode(store, fetched, name))


@_stage("transcribe")
def transcribe(decoded: Artifact, options: Options, settings: Settings) -> Artifact:
    """Recognise the words."""
    store, seconds = Store(settings.home), stages.seconds_of(decoded)
    return _shown(
        "transcribe", seconds, lambda advance: stages.transcribe(store, decoded, options, settings, advance, _say)
    )


@_stage("diarize")
def diarize(decoded: Artifact, options: Options, settings: Settings) -> Artifact:
    """Find who spoke when."""
    store, seconds = Store(settings.home), stages.seconds_of(decoded)
    return _shown(
        "diarize", seconds, lambda advance: stages.diarize(store, decoded, options, settings, advance, _say)
    )


@_stage("attribute")
def attribute(transcribed: Artifact, diarized: Artifact, settings: Settings) -> Artifact:
    """Give each word its speaker."""
    return stages.attribute(Store(settings.home), transcribed, diarized)


@_stage("turns")
def turns(heard: Heard, settings: Settings) -> Artifact:
    """Group the words into turns."""
    return stages.make_turns(Store(settings.home), heard)


@_stage("stage")
def stage(
    podcast: Podcast | None, episode: Episode, source: str, heard: Heard, turned: Artifact, settings: Settings
) -> Artifact:
    """Put what the warehouse needs into one file."""
    return stages.stage(Store(settings.home), podcast, episode, source, heard, turned)


@_stage("load")
def load(settings: Settings) -> int:
    """Load what the warehouse has not seen; how many documents that were."""
    return len(loader.load(settings))


@_stage("publish")
def publish(settings: Settings) -> None:
    """Replace the snapshot."""
    loader.publish(settings)


def _run_name() -> str:
    """Call a run what people call the episode."""
    given = flow_run.parameters
    location, episode = given["location"], given.get("episode")
    if isinstance(location, SecretStr):
        location = location.get_secret_value()
    return (episode.title if isinstance(episode, Episode) else None) or public_source(location)


@flow(name="ingest-episode", flow_run_name=_run_name, task_runner=TWO_THREADS, persist_result=False)
def ingest_episode(
    location: str | SecretStr,
    podcast: Podcast | None = None,
    episode: Episode | None = None,
    options: Options | None = None,
) -> Outcome | None:
    """Turn one episode into speaker turns in the warehouse.

    One that an event named and another process works on gives `None`: it goes on there.

    Args:
        location: a path or an http(s) URL of its audio, a secret one is not shown in the run's parameters; or
            `episode:` and the id of one that waits.
        podcast: its show, where it is known.
        episode: what is known of it; `None` means nothing but its audio.
        options: how to hear it; `None` leaves everything to the settings.

    Raises:
        TurntableError: whatever went wrong, after it was written down.
    """
    settings = Settings()
    location = location.get_secret_value() if isinstance(location, SecretStr) else location
    by_event = location.startswith(KNOWN_BY_ID)
    if episode is None:
        (found,) = find_episodes(location, 1, settings.allow)
        location, podcast, episode = found.location, found.podcast, found.episode
    source, found = public_source(location), Found(location, podcast, episode)
    options = (options or attempts.options_of(settings, episode.episode_id) or Options()).filled(settings)
    with _claimed(settings, episode, source, by_event=by_event) as mine:
        if not mine:
            return None
        try:
            _step("start", check_starts, source)
            outcome = _run_stages(found, source, options, settings)
        except StageFailed as failed:
            record(failed, source, episode.episode_id, settings)
            _note(attempts.note_failed, settings, found, options, failed.stage, failed.error)
            _forget_frames(failed.error)
            raise failed.error from None
        facts = outcome.transcript_id, outcome.turns, outcome.seconds
        _note(attempts.note_loaded, settings, episode, *facts, is_new=bool(outcome.computed))
    _write_page(outcome)
    return outcome


def check_starts(source: str) -> None:
    """Refuse what brought down the process of every run before: it would do so for ever.

    Raises:
        ResourceError: it did.
    """
    if (flow_run.run_count or 0) > MOST_STARTS:
        msg = f"{source}: {MOST_STARTS} runs of it died with their process: give the machine more memory"
        raise ResourceError(msg)


def _forget_frames(error: BaseException) -> None:
    """Let go of what the frames of an error hold: Prefect keeps the error, and it would keep the whole audio."""
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__


def _run_stages(found: Found, source: str, options: Options, settings: Settings) -> Outcome:
    """Run the stages in their order; what two of them do not share runs side by side."""
    began = datetime.now(UTC)
    fetched = _step("fetch", fetch, found.location, settings)
    decoded = _step("decode", decode, fetched, source, settings)
    with stoppable() as stop:
        try:
            hearing = transcribe.submit(decoded, options, settings)
            telling = diarize.submit(decoded, options, settings) if options.diarize else None
            transcribed = _step("transcribe", hearing.result)
            diarized = _step("diarize", telling.result) if telling else None
        except BaseException:
            stop.set()  # the other one has nothing left to work for
            raise
    attributed = _step("attribute", attribute, transcribed, diarized, settings) if diarized else None
    heard = Heard(fetched, decoded, transcribed, diarized, attributed)
    turned = _step("turns", turns, heard, settings)
    staged = _step("stage", stage, found.podcast, found.episode, source, heard, turned, settings)
    try:
        _step("load", load, settings)
    finally:  # one damaged document of another episode holds up nobody's rows
        _step("publish", publish, settings)
    return Outcome(
        source=source,
        episode_id=found.episode.episode_id,
        transcript_id=stages.transcript_id(found.episode, turned),
        seconds=stages.seconds_of(decoded),
        turns=int(turned.manifest.facts["turns"]),
        flags=staged.manifest.flags,
        computed=tuple(
            a.manifest.stage for a in (*heard.artifacts, turned, staged) if a.manifest.started_at >= began
        ),
    )


def _step(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """Run one stage, and tell an error which stage it is from."""
    started_at = datetime.now(UTC)
    try:
        return work(*arguments)
    except Exception as error:
        raise StageFailed(name, started_at, error) from error


def _note(note: Callable[..., None], *facts: Any, **more: Any) -> None:
    """Note what became of an episode; that it cannot be noted breaks nothing, for the next poll looks anew."""
    try:
        note(*facts, **more)
    except OSError as error:
        _say(f"what became of the episode could not be noted ({one_line(error)})")


@contextmanager
def _claimed(settings: Settings, episode: Episode, source: str, *, by_event: bool) -> Iterator[bool]:
    """Hold the episode, so that no other process works on it; lends False where that is nothing to complain about.

    Raises:
        TransientError: another process holds it, and a person asked for it here.
    """
    with held(settings.home, episode.episode_id, wait=1.0) as mine:
        if not mine:
            busy = TransientError(f"{source} is being ingested by another process: it goes on there")
            if not by_event:
                record(StageFailed("claim", datetime.now(UTC), busy), source, episode.episode_id, settings)
                raise busy
            _say(str(busy))
        yield mine


def record(
    failed: StageFailed, source: str, episode_id: str | None, settings: Settings, *, load: bool = True
) -> None:
    """Write down a stage that failed, as an artifact and, if the warehouse can be written, as a row.

    `load` is False where a load follows anyway.
    """
    run = StageRun(
        source=source,
        episode_id=episode_id,
        stage=failed.stage,
        key=None,
        status="failed",
        error_class=error_class(failed.error),
        message=one_line(failed.error),
        method=None,
        model=None,
        device=None,
        parameters=None,
        flags=(),
        started_at=failed.started_at,
        seconds=round((datetime.now(UTC) - failed.started_at).total_seconds(), 3),
    )
    try:
        Store(settings.home).record_failure(run)
    except OSError as error:
        # A full disk takes no row either; the reason for the first error matters more.
        _say(f"the failure could not be written down ({one_line(error)})")
        return
    if not load:
        return
    try:
        try:
            loader.load(settings)
        finally:
            loader.publish(settings)
    except (OSError, TurntableError) as error:
        _say(f"the failure is kept, and becomes a row with the next load ({one_line(error)})")


def _say(line: str) -> None:
    """Tell the user, on the terminal and in the run's log."""
    REPORTER.get().say(line)
    with suppress(MissingContextError):  # outside a run the terminal is enough
        get_run_logger().warning(line)


def _shown(name: str, total: Seconds | None, work: Callable[[Advance], Artifact]) -> Artifact:
    """Do a stage's work, its progress on the terminal and, for the long ones, in the Prefect UI."""
    began, clock = datetime.now(UTC), time.monotonic()
    REPORTER.get().begin(name, total)
    show = advancing(name, total)
    page = create_progress_artifact(0.0, key=name, description=f"{name}, share of the audio") if total else None
    to_page = throttled(lambda done: _update_page(page, done, total))

    def advance(done: Seconds) -> None:
        show(done)
        to_page(done)

    artifact = work(advance)
    _update_page(page, total, total)
    computed = artifact.manifest.started_at >= began
    REPORTER.get().finish(name, total, time.monotonic() - clock, computed=computed)
    return artifact


def _update_page(page: Any, done: Seconds | None, total: Seconds | None) -> None:
    if page is not None and done is not None and total:
        update_progress_artifact(page, min(100.0, round(100 * done / total, 1)))


def _write_page(outcome: Outcome) -> None:
    """Leave a page in the Prefect UI that a person can read."""
    settings, rows = Settings(), list[tuple[object, ...]]()
    if settings.load == "inline":
        table = query.talk_time(settings.snapshot, outcome.episode_id)
        rows = [table.columns, tuple("---" for _ in table.columns), *table.rows]
    lines = [
        f"# {outcome.source}",
        f"{outcome.turns} turns in {outcome.seconds:.0f} s of audio. Flags: {', '.join(outcome.flags) or 'none'}. "
        f"Computed now: {', '.join(outcome.computed) or 'nothing, all was done before'}.",
        "",
        *("| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |" for row in rows),
    ]
    create_markdown_artifact("\n".join(lines), key=f"episode-{outcome.episode_id}".lower().replace(":", "-"))
