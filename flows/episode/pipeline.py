"""One episode, its stages in order, nothing else. No Prefect.

    text → fetch → decode → transcribe ∥ diarize → attribute → turns → chapters → stage → align → load → voices

What the publisher offers comes first, and a failure there stops nothing; `Options.policy` says whether the audio
follows. Each stage leaves an artifact; work that dies is taken up again where it ended, and a second time finds
everything done. How a stage is run, `flows.runs` says; what episodes share, `flows.engines.shared_engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flows.artifacts import Artifact, PayloadFreed, Store
from flows.engines.shared_engine import EngineClient
from flows.episode import extras, joining, stages
from flows.episode.extras import PublisherText
from flows.episode.joining import Joined
from flows.episode.later_stages.align_stage import align_episode
from flows.episode.lookup import look_up
from flows.episode.stages import Processed
from flows.feeds import outcomes
from flows.home import clock, forgotten
from flows.home.locks import held
from flows.loader import load_and_publish
from flows.locations import Location, keeping_private
from flows.progress import began, since, stoppable
from flows.published import text_stages
from flows.runs import RUN, StageFailed, is_computed, record, run_once, run_stage, say, shown
from flows.settings import Options, Settings
from flows.sources import youtube
from flows.sources.found import EpisodeSource
from flows.threads import start_thread
from flows.voices import recognizing
from transforms.audio.container import KNOWN
from transforms.errors import ResourceError, SourceError, TransientError, forget_frames, one_line
from transforms.records import Episode, Seconds

LONGEST_JOIN: Seconds = 60.0
MOST_STARTS = 3  # of a run whose process died
MOST_FREED = 3  # payloads that an episode can need again: the samples of two channels, the audio


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
    from_audio: bool = True


@dataclass(frozen=True, slots=True)
class Work:
    """An episode that this process holds, and all that its stages need; `options` are filled."""

    found: EpisodeSource
    options: Options
    settings: Settings
    client: EngineClient

    @property
    def store(self) -> Store:
        """Where its artifacts lie."""
        return Store(self.settings.home)


def resolve_episode(location: Location, settings: Settings) -> EpisodeSource:
    """Find the one episode that a location means; where there is none, a row says why.

    Raises:
        TurntableError: it is not there, or means several.
    """

    def find() -> EpisodeSource:
        found = look_up(location, 1, settings).episodes
        if not found:
            msg = f"no audio in {location.shown}: it holds no {KNOWN} file; `turntable import` loads texts"
            raise SourceError(msg)
        if len(found) != 1:
            msg = f"{location.public} means {len(found)} episodes: name one, or use `turntable ingest`"
            raise SourceError(msg)
        return found[0]

    try:
        return run_once("find", find)
    except StageFailed as failed:
        record(failed, location.public, None, settings)
        raise failed.error from None


def process_episode(
    found: EpisodeSource,
    options: Options | None,
    settings: Settings,
    client: EngineClient,
    *,
    by_event: bool = False,
) -> Outcome | None:
    """Turn an episode into speaker turns in the warehouse, and note what became of it.

    One that an event named gives `None` where another process works on it, or where it does not wait any more.

    Raises:
        TurntableError: whatever went wrong, after it was written down.
    """
    source, episode = found.source, found.episode
    with (
        keeping_private(found.private, found.extras.secrets),
        since(began() or clock.now(settings.home)),
        _claimed(settings, episode, source, by_event=by_event) as mine,
    ):
        if not mine:
            return None
        options = options or outcomes.options_of(settings, episode.episode_id)
        if by_event and options is None:  # an event that came twice, or late
            say(f"{source} does not wait any more: it was heard, or removed")
            return None
        work = Work(found, (options or Options()).filled(settings), settings, client)
        try:
            outcome = _run_stages(work)
        except StageFailed as failed:
            record(failed, source, episode.episode_id, settings)
            _note(outcomes.note_failed, settings, found, work.options, failed.stage, failed.error)
            forget_frames(failed.error)
            raise failed.error from None
        facts = outcome.episode_id, outcome.transcript_id, outcome.turns, outcome.seconds
        _note(outcomes.note_loaded, settings, episode, *facts, is_new=bool(outcome.computed))
        _note(forgotten.recall, settings.home, outcome.episode_id)
    return outcome


def check_starts(source: str) -> None:
    """Refuse what brought down the process of every run before: it would do so for ever.

    Raises:
        ResourceError: it did.
    """
    if RUN.get().n_starts > MOST_STARTS:
        msg = f"{source}: {MOST_STARTS} runs of it died with their process: give the machine more memory"
        raise ResourceError(msg)


def _run_stages(work: Work) -> Outcome:
    """Bring what the publisher offers, then the audio, as the policy says."""
    run_once("start", partial(check_starts, work.found.source))
    found = run_once("find", partial(youtube.complete, work.found))  # of a video that was only listed
    work = replace(work, found=found, options=work.options.informed(found.episode))
    policy, settings = work.options.policy, work.settings
    listed, text = extras.bring_list(found, settings), None
    if policy != "audio-only":
        text = extras.bring_text(found, listed, work.options, settings)
    if policy in ("audio-first", "audio-only"):
        return _process_audio(work, listed, text)
    if text is not None and (policy == "text-only" or text.replaces_audio(found.episode)):
        return _load_text(work, text)
    if policy == "text-only":
        none = SourceError(f"{found.source}: no transcript is offered that we read; hear it without --text-only")
        raise StageFailed("text", datetime.now(UTC), none)  # noqa: EM101
    return _process_audio(work, listed, text)


def _load_text(work: Work, text: PublisherText) -> Outcome:
    """Load a published transcript, and leave the audio alone."""
    episode_id = work.found.episode.episode_id
    run_stage("align", partial(align_episode, work.settings, episode_id, _at_hand(text)))
    run_stage("load", partial(load_and_publish, work.settings))
    return Outcome(
        source=work.found.source,
        episode_id=episode_id,
        transcript_id=text_stages.document_id(text.text),
        seconds=work.found.episode.duration or text.seconds,
        turns=text.turns,
        flags=text.staged.manifest.flags if text.staged else (),
        computed=tuple(dict.fromkeys(a.manifest.stage for a in text.artifacts if is_computed(a))),
        text=text.format,
        from_audio=False,
    )


def _process_audio(work: Work, listed: Artifact | None, text: PublisherText | None) -> Outcome:
    """Run the stages of the audio; what was freed and is needed after all is made again."""
    for _ in range(MOST_FREED):
        try:
            return _run_audio(work, listed, text)
        except StageFailed as failed:
            if not isinstance(failed.error, PayloadFreed):
                raise
            stage = Path(failed.error.folder).parent.parent.name
            say(f"{work.found.source}: {stage} once more, for it was freed to save room")
            work.store.delete(failed.error.folder)
    return _run_audio(work, listed, text)


def _run_audio(work: Work, listed: Artifact | None, text: PublisherText | None) -> Outcome:
    """Run the stages of the audio in their order."""
    found, source, store = work.found, work.found.source, work.store
    run_once("fetch", partial(stages.check_audio, found.location, source))
    fetched = run_stage("fetch", partial(_fetch, work))
    decoded = run_stage("decode", partial(_decode, work, fetched))
    recognize = _recognize if len(decoded) == 1 else _recognize_channels
    processed = recognize(work, fetched, decoded)
    turned = run_stage("turns", partial(stages.make_turns, store, processed))
    chosen = extras.bring_chapters(found, listed, fetched, work.settings)
    joined, transcript_id, document = stage_and_load(work, processed, turned, chosen, text)
    every = (*processed.artifacts, turned, document)
    return Outcome(
        source=source,
        episode_id=joined.episode.episode_id,
        transcript_id=transcript_id,
        seconds=stages.seconds_of(decoded[0]),
        turns=int(turned.manifest.facts["turns"]),
        flags=document.manifest.flags,
        computed=tuple(dict.fromkeys(a.manifest.stage for a in every if is_computed(a))),
        text=text.format if text else None,
    )


def stage_and_load(
    work: Work,
    processed: Processed,
    turned: Artifact,
    chosen: Artifact | None,
    text: PublisherText | None = None,
) -> tuple[Joined, str, Artifact]:
    """Stage, align and load what the audio gave as the episode that it is; both, the transcript's id between.

    Who has the same bytes meanwhile waits until it is known which episode they are.
    """
    settings = work.settings
    with held(settings.home, f"audio-{processed.fetched.sha256}", wait=LONGEST_JOIN):
        joined, transcript_id, document = _stage_transcript(work, processed, turned, chosen)
        episode_id = joined.episode.episode_id
        at_hand = {transcript_id: document, **_at_hand(text)} if not joined.others else {transcript_id: document}
        run_stage("align", partial(align_episode, settings, episode_id, at_hand))
        run_once("voices", partial(recognizing.hear, settings, transcript_id, document))
        run_stage("load", partial(load_and_publish, settings))
        _load_moved(joined, settings)
    run_once("voices", partial(recognizing.recognize, settings))
    return joined, transcript_id, document


def _load_moved(joined: Joined, settings: Settings) -> None:
    """Move what other episodes have of the same audio to this one, and let its transcripts tell of each other."""
    if joined.others and joining.move(joined, settings):
        run_stage("load", partial(load_and_publish, settings))
        if run_stage("align", partial(align_episode, settings, joined.episode.episode_id, {})):
            run_stage("load", partial(load_and_publish, settings))


def _at_hand(text: PublisherText | None) -> dict[str, Artifact]:
    """Return the document of a text that was staged just now, by its transcript."""
    return {text_stages.document_id(text.text): text.staged} if text and text.staged else {}


def _stage_transcript(
    work: Work, processed: Processed, turned: Artifact, chosen: Artifact | None
) -> tuple[Joined, str, Artifact]:
    """Stage the transcript of the episode that the audio is, under its id; what brings no news is there."""
    found, settings = work.found, work.settings
    joined = joining.join(found, processed.fetched, work.options.said, settings)
    inputs = stages.inputs_of(processed, turned, chosen)
    before = joining.staged_before(joined, inputs, settings)
    transcript_id = before.transcript_id if before else stages.transcript_id(joined.episode.episode_id, turned)
    if before and before.says(joined, inputs):
        return joined, transcript_id, before.document
    document = run_stage(
        "stage",
        lambda: stages.stage(
            work.store,
            joined.podcast,
            joined.episode,
            joining.source_of(found, before),
            processed,
            turned,
            chosen,
            found.extras.integrity,
            name=transcript_id,
            known_by=joined.known_by,
        ),
    )
    return joined, transcript_id, document


def _fetch(work: Work) -> Artifact:
    return shown(
        "fetch",
        None,
        lambda advance: (stages.fetch_first(work.store, work.found, work.settings, advance),),
    )[0]


def _decode(work: Work, fetched: Artifact) -> tuple[Artifact, ...]:
    name, channels = work.found.source, work.options.channels
    with work.client.engine.decoding:
        return shown("decode", None, lambda _: stages.decode_asked(work.store, fetched, name, channels, say))


def _transcribe(work: Work, decoded: tuple[Artifact, ...], options: Options) -> tuple[Artifact, ...]:
    seconds = sum(map(stages.seconds_of, decoded))
    return shown("transcribe", seconds, partial(work.client.transcribe, decoded, options))


def _diarize(work: Work, decoded: Artifact) -> Artifact:
    seconds = stages.seconds_of(decoded)
    return shown("diarize", seconds, lambda advance: (work.client.diarize(decoded, work.options, advance),))[0]


def _recognize(work: Work, fetched: Artifact, decoded: tuple[Artifact, ...]) -> Processed:
    """Find words and speakers side by side, and bring them together."""
    with stoppable() as stop:
        try:
            speakers = None
            if work.options.diarize:
                speakers = start_thread(partial(run_stage, "diarize", partial(_diarize, work, decoded[0])))
            transcribed = run_stage("transcribe", partial(_transcribe, work, decoded, work.options))
            diarized = speakers.result() if speakers else None
        except BaseException:
            stop.set()  # the other one has nothing left to work for
            raise
    attributed = None
    if diarized is not None:
        attributed = run_stage("attribute", partial(stages.attribute, work.store, transcribed[0], diarized))
    return Processed(fetched, decoded, transcribed, diarized, attributed)


def _recognize_channels(work: Work, fetched: Artifact, decoded: tuple[Artifact, ...]) -> Processed:
    """Find the words of each channel: who speaks is known, so nothing runs beside it."""
    options = replace(work.options, diarize=False)
    transcribed = run_stage("transcribe", partial(_transcribe, work, decoded, options))
    diarized = run_stage("diarize", partial(stages.diarize_channels, work.store, transcribed))
    attributed = run_stage("attribute", partial(stages.attribute_channels, work.store, transcribed))
    return Processed(fetched, decoded, transcribed, diarized, attributed)


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
