"""Published texts, each read, parsed, linked and staged; then loaded together. No Prefect."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from flows import clock, published
from flows.artifacts import Artifact, Manifest, Store
from flows.linking import Hints, Known, Link, checked
from flows.load import load_and_publish, ready_snapshot
from flows.locations import KNOWN_BY_ID, public_source, redact
from flows.progress import REPORTER, throttled
from flows.published import Kept, Parsed
from flows.runs import RUN, StageFailed, attempt, record
from flows.settings import Settings
from flows.sources.texts import find_texts
from flows.subscriptions import find_known
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
from warehouse import query

CLASSES = (TransientError, SourceError, ContentError, HostileError, ResourceError)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one text; `is_new` is False where it was imported before."""

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
    flags: tuple[str, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A text that could not be imported, and why."""

    source: str
    error_class: str
    message: str


Result = Imported | Refused


@dataclass(frozen=True, slots=True)
class Job:
    """What all texts of one import share."""

    store: Store
    settings: Settings
    hints: Hints
    known: Known
    before: dict[str, Manifest]


def import_texts(locations: Sequence[str], hints: Hints, settings: Settings) -> tuple[Result, ...]:
    """Turn published texts into speaker turns in the warehouse; one that fails holds up none.

    Raises:
        SourceError: there is no such format, or no such episode.
        TransientError: the warehouse cannot be loaded; what was staged is loaded the next time.
    """
    ready_snapshot(settings)
    hints = checked(hints, settings.snapshot)
    texts: list[str] = []
    refused: list[Result] = []
    for location in locations:
        started_at = clock.now(settings.home)
        try:
            texts += find_texts(location)
        except (TurntableError, OSError) as error:
            refused.append(_refused("find", public_source(location), started_at, error, settings))
    job = _job(hints, settings)
    staged = attempt("texts", lambda: tuple(_counted(texts, partial(import_one, job))), retries=False)
    attempt("load", partial(load_and_publish, settings))
    return (*refused, *staged)


def reparse_texts(settings: Settings) -> tuple[Result, ...]:
    """Read every kept text with the parsers of today, and stage anew what that changes.

    A text moves to its episode if that is known by now.
    """
    ready_snapshot(settings)
    job = _job(Hints(), settings)
    kept = published.kept_texts(job.store)
    staged = attempt("texts", lambda: tuple(_counted(kept, partial(_reparse_one, job))), retries=False)
    attempt("load", partial(load_and_publish, settings))
    return staged


def _job(hints: Hints, settings: Settings) -> Job:
    store = Store(settings.home)
    known = Known(query.known_episodes(settings.snapshot))
    return Job(store, settings, hints, known, published.newest_stages(store))


def import_one(job: Job, location: str) -> Result:
    """Read, parse, link and stage one text."""
    source, started_at = public_source(location), clock.now(job.settings.home)
    step = "read"
    try:
        text = published.read(job.store, location, job.settings)
        kept = Kept(text, job.before.get(text.sha256))
        step = "parse"
        parsed = published.parse(job.store, text, job.hints.format)
        step = "stage"
        linked = published.link(kept, parsed.published, source, job.hints, job.known)
        origin = source
        if kept.before is not None and published.link_of(kept.before) == linked:
            origin = kept.before.parameters["origin"]  # the same text from elsewhere is nothing new
        staged = published.stage(job.store, kept, parsed, linked, origin, job.hints, job.known)
    except Exception as error:
        return _refused(step, source, started_at, error, job.settings)
    return _imported(source, text, parsed, linked, is_new=staged.manifest.started_at >= started_at)


def _reparse_one(job: Job, kept: Kept) -> Result:
    assert kept.before is not None, "a kept text was staged"
    given, started_at = kept.before.parameters, clock.now(job.settings.home)
    origin, hints = given["origin"], Hints(**given["hints"])
    step = "parse"
    try:
        parsed = published.parse(job.store, kept.text, hints.format)
        parsed = parsed_again(job.settings.home, parsed, origin)
        step = "stage"
        linked = published.link(kept, parsed.published, origin, hints, job.known)
        beside = published.beside_of(job.store, kept.before) if kept.before else None
        staged = published.stage(job.store, kept, parsed, linked, origin, hints, job.known, beside)
    except Exception as error:
        return _refused(step, origin, started_at, error, job.settings)
    return _imported(origin, kept.text, parsed, linked, is_new=staged.manifest.started_at >= started_at)


def parsed_again(home: Path, parsed: Parsed, origin: str) -> Parsed:
    """Take the secrets out of a text that came with a private episode, as when it was staged first."""
    found = find_known(home, origin.removeprefix(KNOWN_BY_ID)) if origin.startswith(KNOWN_BY_ID) else None
    return replace(parsed, published=found.public(parsed.published)) if found else parsed


def _refused(step: str, source: str, started_at: datetime, error: Exception, settings: Settings) -> Refused:
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
    return Refused(source, kind, line)


def _imported(source: str, text: Artifact, parsed: Parsed, linked: Link, *, is_new: bool) -> Imported:
    done = parsed.published
    return Imported(
        source=source,
        episode_id=linked.episode.episode_id,
        transcript_id=published.document_id(text),
        format=done.format,
        linked_by=linked.linked_by,
        turns=len(done.turns),
        speakers=len(done.speakers),
        chapters=len(done.chapters),
        sections=len(done.sections),
        parse_coverage=done.parse_coverage,
        flags=done.flags,
        is_new=is_new,
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
