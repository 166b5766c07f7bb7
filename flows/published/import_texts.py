"""Published texts, each read, parsed, linked and staged; then loaded together. No Prefect."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from flows.artifacts import Artifact, Manifest, Store
from flows.feeds.subscriptions import find_known
from flows.home import clock, forgotten
from flows.loader import load_and_publish, ready_snapshot
from flows.locations import Location, locate, redact
from flows.progress import REPORTER, throttled
from flows.published import text_stages
from flows.published.beside import AudioBeside, contradiction, find_audio
from flows.published.linking import AskedEpisodes, EpisodeIndex, Hints, Link, checked, said_of
from flows.published.text_files import find_texts
from flows.published.text_stages import Parsed, StoredText
from flows.runs import RUN, StageFailed, attempt, record
from flows.settings import Settings
from flows.sources.folders import LeftOut, is_caption, is_seldom
from transforms.errors import (
    ContentError,
    HostileError,
    ResourceError,
    SourceError,
    TransientError,
    TurntableError,
    error_class,
    one_line,
)
from transforms.transcripts.assemble import Published
from warehouse import query

FEW = 20  # texts for whose episodes the snapshot is asked one by one: of more it is read once
CLASSES = (TransientError, SourceError, ContentError, HostileError, ResourceError)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one text; `is_new` is False where it was imported before, or came out as before.

    `has_names` and `has_times` say whether they are there for nearly all of it.
    """

    source: str
    episode_id: str
    transcript_id: str
    format: str
    linked_by: str
    turns: int
    speakers: int
    chapters: int
    sections: int
    parse_coverage: float
    parse_confidence: float | None
    flags: tuple[str, ...]
    is_new: bool
    has_names: bool = False
    has_times: bool = False


@dataclass(frozen=True, slots=True)
class RefusedText:
    """A text that could not be imported, and why; a `stray` one lay in a folder, and nobody called it a text."""

    source: str
    error_class: str
    message: str
    stray: bool = False

    @property
    def left_out(self) -> LeftOut:
        """Say of a stray one that it was left out."""
        return LeftOut(self.source, f"{Path(self.source).suffix.lower()} without a transcript")


Result = Imported | RefusedText


@dataclass(frozen=True, slots=True)
class ImportContext:
    """What all texts of one import share.

    `before` gives the newest staging of a text, `None` where it was never staged.
    `strays` are those that lay in a folder and need not be transcripts.
    """

    store: Store
    settings: Settings
    hints: Hints
    known: EpisodeIndex
    before: Callable[[Artifact], Manifest | None]
    strays: frozenset[Location] = frozenset()


def import_texts(
    locations: Sequence[Location], hints: Hints, settings: Settings, *, strays: bool = False
) -> tuple[Result, ...]:
    """Turn published texts into speaker turns in the warehouse; one that fails holds up none.

    `strays` says that they were found in a folder: what is no transcript there is nothing that failed.

    Raises:
        SourceError: there is no such format, or no such episode.
        TransientError: the warehouse cannot be loaded; what was staged is loaded the next time.
    """
    ready_snapshot(settings)
    hints = checked(hints, settings.snapshot)
    texts: list[Location] = []
    refused: list[Result] = []
    for location in locations:
        started_at = clock.now(settings.home)
        try:
            texts += find_texts(location)
        except (TurntableError, OSError) as error:
            refused.append(_refused("find", location.public, started_at, error, settings))
    found = (text for text in texts if strays or (text not in locations and is_seldom(text.path)))
    job = replace(_job(hints, settings, len(texts)), strays=frozenset(found))
    staged = attempt("texts", lambda: tuple(_counted(texts, partial(import_one, job))), retries=False)
    attempt("load", partial(load_and_publish, settings))
    for episode_id in _episodes_of(staged):
        forgotten.recall(settings.home, episode_id)
    _align(_episodes_of(staged), settings)
    return (*refused, *staged)


def reparse_texts(settings: Settings) -> tuple[Result, ...]:
    """Read every kept text with the parsers of today, and stage anew what that changes.

    A text moves to its episode if that is known by now. What was heard is told of anew, with a text or without.
    """
    ready_snapshot(settings)
    kept = text_stages.kept_texts(Store(settings.home))
    job = _job(Hints(), settings, len(kept))
    staged = attempt("texts", lambda: tuple(_counted(kept, partial(_reparse_one, job))), retries=False)
    attempt("load", partial(load_and_publish, settings))
    _align(_episodes_of(staged) | query.heard_episodes(settings.snapshot), settings)
    return staged


def _episodes_of(staged: Sequence[Result]) -> set[str]:
    return {one.episode_id for one in staged if isinstance(one, Imported)}


def _align(episodes: set[str], settings: Settings) -> None:
    """Align the texts of episodes with what was heard of them, and load what comes out."""
    wanted = query.episodes_to_align(settings.snapshot, episodes)
    if not wanted:
        return
    from flows.episode.later_stages.align_stage import align_episodes
    from flows.voices.recognizing import recognize

    if attempt("align", partial(align_episodes, settings, wanted)):
        attempt("load", partial(load_and_publish, settings))
        recognize(settings)


def _job(hints: Hints, settings: Settings, texts: int) -> ImportContext:
    store, snapshot = Store(settings.home), settings.snapshot
    if texts <= FEW:
        before = partial(text_stages.newest_stage, store, snapshot)
        return ImportContext(store, settings, hints, AskedEpisodes(snapshot), before)
    every = cache(partial(text_stages.newest_stages, store))
    known = EpisodeIndex(query.known_episodes(snapshot))
    return ImportContext(store, settings, hints, known, lambda text: every().get(text.sha256))


def import_one(job: ImportContext, location: Location) -> Result:
    """Read, parse, link and stage one text."""
    source, started_at = location.public, clock.now(job.settings.home)
    step = "read"
    try:
        text = text_stages.read(job.store, location, job.settings)
        is_new = text.manifest.started_at >= started_at
        kept = StoredText(text, None if is_new else job.before(text))
        step = "parse"
        parsed = text_stages.parse(job.store, text, job.hints)
        step = "stage"
        hints = _hints(job.hints, kept)
        audio = _audio_beside(location, parsed.published, hints)
        linked = text_stages.link(kept, parsed.published, location, hints, job.known, audio)
        origin = source
        if kept.before is not None and text_stages.link_of(kept.before) == linked:
            origin = kept.before.parameters["origin"]  # the same text from elsewhere is nothing new
        staged = text_stages.stage(job.store, kept, parsed, linked, origin, hints, job.known)
    except Exception as error:
        if location in job.strays and isinstance(error, ContentError) and not is_caption(location.address):
            return RefusedText(source, error.error_class, one_line(error), stray=True)
        return _refused(step, source, started_at, error, job.settings)
    return _imported(source, text, parsed, linked, is_new=staged.manifest.started_at >= started_at)


def _reparse_one(job: ImportContext, kept: StoredText) -> Result:
    assert kept.before is not None, "a kept text was staged"
    given, started_at = kept.before.parameters, clock.now(job.settings.home)
    origin, hints, place = given["origin"], Hints(**given["hints"]), locate(given["origin"])
    step = "parse"
    try:
        parsed = text_stages.parse(job.store, kept.text, hints)
        parsed = parsed_again(job.settings.home, parsed, place)
        step = "stage"
        audio = _audio_beside(place, parsed.published, hints)
        linked = text_stages.link(kept, parsed.published, place, hints, job.known, audio)
        beside = text_stages.beside_of(job.store, kept.before)
        staged = text_stages.stage(job.store, kept, parsed, linked, origin, hints, job.known, beside)
    except Exception as error:
        return _refused(step, origin, started_at, error, job.settings)
    return _imported(origin, kept.text, parsed, linked, is_new=text_stages.differs(job.store, kept.before, staged))


def _hints(now: Hints, kept: StoredText) -> Hints:
    """Return what the user says of a text; who says nothing this time takes nothing back."""
    if kept.before is None or replace(now, format=None, grammar=None) != Hints():
        return now
    return replace(Hints(**kept.before.parameters["hints"]), format=now.format, grammar=now.grammar)


def _audio_beside(location: Location, published: Published, hints: Hints) -> AudioBeside | None:
    """Find the audio that a text lies beside, unless something speaks against that: then a line says so."""
    audio = find_audio(location)
    said = said_of(published, "", location, hints)
    problem = contradiction(audio.tags, said, published) if audio else None
    if audio and problem:
        line = f"it lies beside {audio.path.name} but is taken for another episode: {problem}"
        REPORTER.get().say(f"{location.public}: {line}; `turntable import --episode ID` brings them together")
    return None if problem else audio


def parsed_again(home: Path, parsed: Parsed, origin: Location) -> Parsed:
    """Take the secrets out of a text that came with a private episode, as when it was staged first."""
    found = find_known(home, origin.name) if origin.kind == "episode" else None
    return replace(parsed, published=found.public(parsed.published)) if found else parsed


def _refused(step: str, source: str, started_at: datetime, error: Exception, settings: Settings) -> RefusedText:
    """Write down a text that failed, say so, and go on.

    Raises:
        TransientError: the disk is full; every other text would fail as well.
    """
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        raise TransientError(one_line(error)) from error
    redact(error)
    kind, line = error_class(error), one_line(error)
    if source not in line:
        line = f"{source}: {line}"
    shown = next((known(line) for known in CLASSES if known.error_class == kind), error)
    record(StageFailed(step, started_at, shown), source, None, settings, load=False)
    REPORTER.get().say(f"turntable: {line}")
    if kind == "bug":
        RUN.get().log(f"a text on which no parser should fail: {line}", error)
    return RefusedText(source, kind, line)


def _imported(source: str, text: Artifact, parsed: Parsed, linked: Link, *, is_new: bool) -> Imported:
    done = parsed.published
    return Imported(
        source=source,
        episode_id=linked.episode.episode_id,
        transcript_id=text_stages.document_id(text),
        format=done.format,
        linked_by=linked.linked_by,
        turns=len(done.turns),
        speakers=len(done.speakers),
        chapters=len(done.chapters),
        sections=len(done.sections),
        parse_coverage=done.parse_coverage,
        parse_confidence=done.parse_confidence,
        flags=done.flags,
        is_new=is_new,
        has_names=done.has_names,
        has_times=done.has_times,
    )


def _counted(items: Sequence[T], work: Callable[[T], Result]) -> Iterator[Result]:
    """Do the work on each, and show how far it is: to who waits, and on a page of the run."""
    if not items:
        return
    to_page = RUN.get().show("texts", "share of the texts that were read")
    now_and_then = throttled(to_page)
    for done, item in enumerate(items, 1):
        yield work(item)
        REPORTER.get().count("texts", done, len(items))
        now_and_then(100 * done / len(items))
    to_page(100.0)
