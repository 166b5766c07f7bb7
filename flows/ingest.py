"""The flow `ingest_episode`: one episode, its stages in order, nothing else.

    text, chapters → fetch → decode → transcribe ∥ diarize → attribute → turns → stage → load → publish

What the publisher offers comes first, and a failure there stops nothing; `Options.policy` says whether the audio
follows.
Each stage leaves an artifact; a run that dies is taken up again where it ended, and a second run finds everything
done. Prefect gives the schedule, the retries and the page to look at; it is never the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import SecretStr

from flows import attempts, clock, published, stages, tasks, texts
from flows.artifacts import Artifact
from flows.locations import KNOWN_BY_ID, keeping_private, public_source
from flows.locks import held
from flows.lookup import look_up
from flows.markdown import table, words
from flows.met import meet_again
from flows.naming import name_of, page_key
from flows.options import Options
from flows.progress import SINCE, stoppable
from flows.reach import check, check_models, confine, is_requested
from flows.settings import Settings
from flows.sources import youtube
from flows.sources.found import Found, unsealed
from flows.staged import transcript_id
from flows.stages import Heard
from flows.steps import StageFailed, record, run_step, say
from flows.stopping import note_run
from flows.texts import Text
from flows.waiting import Waiters
from transforms.errors import HostileError, ResourceError, SourceError, TransientError, forget_frames, one_line
from transforms.records import Episode, Podcast, Seconds
from transforms.text import counted
from warehouse import query

MOST_STARTS = 3  # of a run whose process died

# transcribe and diarize run side by side
TWO_THREADS: TaskRunner[PrefectFuture[Any]] = cast(
    "TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=2)
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one episode; `computed` names the stages that were not done before.

    `text` is the format of the transcript that its publisher offers; `seconds` of an episode whose audio was left
    alone is what the publisher says, `None` where nothing.
    """

    source: str
    episode_id: str
    transcript_id: str
    seconds: Seconds | None
    turns: int
    flags: tuple[str, ...]
    computed: tuple[str, ...]
    text: str | None = None
    heard: bool = True


def _run_name() -> str:
    """Call a run what people call the episode."""
    given = flow_run.parameters
    location, episode = given["location"], given.get("episode")
    if isinstance(location, SecretStr):
        location = location.get_secret_value()
    if isinstance(episode, Episode):
        return episode.title or Found(location, None, episode, private=given.get("private", False)).source
    return name_of(location, Settings().home)


@flow(name="ingest-episode", flow_run_name=_run_name, task_runner=TWO_THREADS, persist_result=False)
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
        offered: what the publisher offers beside the audio, sealed by `Offered.sealed`; `None` means what the
            episode says.
        private: no address of it may be kept with what comes from it.

    Raises:
        TurntableError: whatever went wrong, after it was written down.
    """
    note_run(flow_run.id)
    settings = Settings()
    location = location.get_secret_value() if isinstance(location, SecretStr) else location
    by_event = location.startswith(KNOWN_BY_ID)
    _check_request(location, (podcast, episode, offered), options, settings)
    secrets = unsealed(offered) if offered else None
    given = Found(location, podcast, episode, secrets, private) if episode else None
    source = given.source if given else public_source(location)
    try:
        with keeping_private(private):
            found = run_step("find", _find, location, given, settings)
    except StageFailed as failed:
        record(failed, source, episode.episode_id if episode else None, settings)
        raise failed.error from None
    with keeping_private(found.private, found.offers.secrets):
        outcome = _ingest(found, options, settings, by_event=by_event)
    if outcome is not None:
        _write_page(outcome)
    return outcome


def _ingest(found: Found, options: Options | None, settings: Settings, *, by_event: bool) -> Outcome | None:
    """Claim an episode that was found, hear it, and note what became of it."""
    source, episode = found.source, found.episode
    with _claimed(settings, episode, source, by_event=by_event) as mine:
        if not mine:
            return None
        options = options or attempts.options_of(settings, episode.episode_id)
        if by_event and options is None:  # an event that came twice, or late
            say(f"{source} does not wait any more: it was heard, or removed")
            return None
        options = (options or Options()).filled(settings)
        try:
            run_step("start", check_starts, source)
            outcome = _run_stages(found, source, options.informed(found.podcast, episode), settings)
        except StageFailed as failed:
            record(failed, source, episode.episode_id, settings)
            _note(attempts.note_failed, settings, found, options, failed.stage, failed.error)
            forget_frames(failed.error)
            raise failed.error from None
        facts = outcome.transcript_id, outcome.turns, outcome.seconds
        _note(attempts.note_loaded, settings, episode, *facts, is_new=bool(outcome.computed))
    return outcome


def _check_request(location: str, known: tuple[object, ...], options: Options | None, settings: Settings) -> None:
    """Check what a server asks for, before anything is opened.

    Raises:
        HostileError: it names a file that nobody watches or allowed, or says itself what only feeds can say.
    """
    if not is_requested():
        return
    if any(one is not None for one in known):  # these hold addresses of their own, which are believed
        msg = (
            f"{public_source(location)!r}: a request names a location and options, never podcast, episode, offered"
        )
        raise HostileError(msg)
    check_named(location, (options.model, options.diarization_model) if options else (), settings)


def check_named(location: str, models: tuple[str, ...], settings: Settings) -> None:
    """Check what a request names, and keep this process to what it may name.

    Only an episode that a person named at a terminal, by what nobody else wrote, may lie anywhere.

    Raises:
        HostileError: it names a file that nobody watches or allowed, or a folder as a model.
    """
    check_models(models)
    waiting = None
    if location.startswith(KNOWN_BY_ID):
        waiting = Waiters(settings.home).get(location.removeprefix(KNOWN_BY_ID))
    if waiting is not None and waiting.feed_id is None and not waiting.confined:
        return
    confine(settings)
    if waiting is not None and waiting.confined:
        check_models((waiting.options.model, waiting.options.diarization_model))
    if not location.startswith(KNOWN_BY_ID):
        check(location)


def _find(location: str, given: Found | None, settings: Settings) -> Found:
    """Find the episode of a location; of a video that was only listed, what its own page says too."""
    if given is None:
        found = look_up(location, 1, settings)
        if len(found) != 1:
            msg = f"{public_source(location)} means {len(found)} episodes: name one, or use `turntable ingest`"
            raise SourceError(msg)
        return found[0]
    meet_again("find")
    return youtube.complete(given)


def check_starts(source: str) -> None:
    """Refuse what brought down the process of every run before: it would do so for ever.

    Raises:
        ResourceError: it did.
    """
    if (flow_run.run_count or 0) > MOST_STARTS:
        msg = f"{source}: {MOST_STARTS} runs of it died with their process: give the machine more memory"
        raise ResourceError(msg)


def _run_stages(found: Found, source: str, options: Options, settings: Settings) -> Outcome:
    """Bring what the publisher offers, then the audio, as the policy says."""
    began = clock.now(settings.home)
    listed = texts.bring_list(found, settings)
    text = None
    if options.policy != "audio-only":
        text = texts.bring_text(found, listed, options, settings)
    if options.policy in ("audio-first", "audio-only"):
        return _hear(found, source, options, settings, listed, text)
    if text is not None and (options.policy == "text-only" or text.replaces_audio(found.episode)):
        return _only_text(found, source, settings, text, began)
    if options.policy == "text-only":
        none = SourceError(f"{source}: no transcript is offered that we read; hear it without --text-only")
        stage_name = "text"
        raise StageFailed(stage_name, began, none)
    return _hear(found, source, options, settings, listed, text)


def _only_text(found: Found, source: str, settings: Settings, text: Text, began: datetime) -> Outcome:
    """Load a published transcript, and leave the audio alone."""
    _load_and_publish(settings)
    return Outcome(
        source=source,
        episode_id=found.episode.episode_id,
        transcript_id=published.document_id(text.text),
        seconds=found.episode.duration or text.seconds,
        turns=text.turns,
        flags=text.staged.manifest.flags if text.staged else (),
        computed=text.computed_since(began),
        text=text.format,
        heard=False,
    )


def _load_and_publish(settings: Settings) -> None:
    try:
        run_step("load", tasks.load, settings)
    finally:  # one damaged document of another episode holds up nobody's rows
        run_step("publish", tasks.publish, settings)


def _hear(
    found: Found, source: str, options: Options, settings: Settings, listed: Artifact | None, text: Text | None
) -> Outcome:
    """Run the stages of the audio in their order; what two of them do not share runs side by side."""
    began = SINCE.get() or clock.now(settings.home)
    run_step("decode", stages.check_audio, found.location, source)
    fetched = run_step("fetch", tasks.fetch, found, settings)
    decoded = run_step("decode", tasks.decode, fetched, source, options, settings)
    hear = _hear_mixed if len(decoded) == 1 else _hear_channels
    heard = hear(fetched, decoded, options, settings)
    turned = run_step("turns", tasks.turns, heard, settings)
    chosen = texts.bring_chapters(found, listed, fetched, settings)
    staged = run_step("stage", tasks.stage, found, source, heard, turned, chosen, settings)
    _load_and_publish(settings)
    return Outcome(
        source=source,
        episode_id=found.episode.episode_id,
        transcript_id=transcript_id(found.episode, turned),
        seconds=stages.seconds_of(decoded[0]),
        turns=int(turned.manifest.facts["turns"]),
        flags=staged.manifest.flags,
        computed=tuple(
            dict.fromkeys(
                a.manifest.stage for a in (*heard.artifacts, turned, staged) if a.manifest.started_at >= began
            )
        ),
        text=text.format if text else None,
    )


def _hear_mixed(fetched: Artifact, decoded: tuple[Artifact, ...], options: Options, settings: Settings) -> Heard:
    """Hear words and speakers side by side, and bring them together."""
    with stoppable() as stop:
        try:
            words = tasks.transcribe.submit(decoded, options, settings)
            who = tasks.diarize.submit(decoded[0], options, settings) if options.diarize else None
            transcribed = run_step("transcribe", words.result)
            diarized = run_step("diarize", who.result) if who else None
        except BaseException:
            stop.set()  # the other one has nothing left to work for
            raise
    attributed = run_step("attribute", tasks.attribute, transcribed[0], diarized, settings) if diarized else None
    return Heard(fetched, decoded, transcribed, diarized, attributed)


def _hear_channels(
    fetched: Artifact, decoded: tuple[Artifact, ...], options: Options, settings: Settings
) -> Heard:
    """Hear the words of each channel: who speaks is known, so nothing runs beside it."""
    transcribed = run_step("transcribe", tasks.transcribe, decoded, replace(options, diarize=False), settings)
    diarized = run_step("diarize", tasks.diarize_channels, transcribed, settings)
    attributed = run_step("attribute", tasks.attribute_channels, transcribed, settings)
    return Heard(fetched, decoded, transcribed, diarized, attributed)


def _note(note: Callable[..., None], *facts: Any, **more: Any) -> None:
    """Note what became of an episode; that it cannot be noted breaks nothing, for the next poll looks anew."""
    try:
        note(*facts, **more)
    except OSError as error:
        say(f"what became of the episode could not be noted ({one_line(error)})")


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
            say(str(busy))
        yield mine


def _write_page(outcome: Outcome) -> None:
    """Leave a page in the Prefect UI that a person can read."""
    settings, rows = Settings(), list[str]()
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
