"""The flow `import_transcript`: published texts, each read, parsed, linked and staged; then loaded together."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from prefect import flow, get_run_logger, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.runtime import flow_run
from pydantic import Field, SecretStr

from flows import clock, published
from flows import load as loader
from flows.artifacts import Artifact, Manifest, Store
from flows.linking import Hints, Known, Link, checked
from flows.locations import ADDRESS_OR_PATH, KNOWN_BY_ID, public_source, redact
from flows.markdown import MOST_ROWS, cells, table
from flows.naming import timed
from flows.progress import REPORTER, throttled
from flows.published import Kept, Parsed
from flows.reach import check, confine
from flows.settings import Settings
from flows.sources.texts import find_texts
from flows.steps import StageFailed, record
from flows.stopping import note_run
from flows.subscriptions import find_known
from flows.telling import tell
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
from transforms.text import counted
from warehouse import query

# The schema is what Prefect's API checks: what does not fit never becomes a run.
Location = Annotated[str, Field(pattern=ADDRESS_OR_PATH)]
SecretLocation = Annotated[SecretStr, Field(json_schema_extra={"pattern": ADDRESS_OR_PATH})]

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


@task(name="texts", persist_result=False)
def stage_texts(locations: tuple[str, ...], hints: Hints, settings: Settings) -> tuple[Result, ...]:
    """Read, parse, link and stage each text; one that fails holds up none."""
    job = _job(hints, settings)
    return tuple(_counted(locations, lambda location: _import_one(job, location)))


@task(name="texts-again", persist_result=False)
def stage_again(settings: Settings) -> tuple[Result, ...]:
    """Parse each kept text as it is done today, link it by what is known today, and stage it if that is news."""
    job = _job(Hints(), settings)
    return tuple(_counted(published.kept_texts(job.store), lambda kept: _reparse_one(job, kept)))


@task(name="load", persist_result=False)
def load(settings: Settings) -> None:
    """Load what was staged, and replace the snapshot."""
    try:
        loader.load(settings)
    finally:
        loader.publish(settings)


def _run_name() -> str:
    """Call a run what it imports."""
    given = flow_run.parameters["locations"]
    names = [public_source(g if isinstance(g, str) else g.get_secret_value()) for g in given[:1]]
    return " ".join([*names, *([f"and {len(given) - 1} more"] if len(given) > 1 else [])]) or "nothing"


@flow(name="import-transcript", flow_run_name=_run_name, persist_result=False)
def import_transcript(
    locations: list[Location | SecretLocation], hints: Hints | None = None
) -> tuple[Result, ...]:
    """Turn published texts into speaker turns in the warehouse.

    Args:
        locations: files, folders of files, or URLs; a secret one is not shown in the run's parameters.
        hints: what you say of all of them; `None` leaves everything to the texts.

    Raises:
        SourceError: there is no such format, or no such episode.
        HostileError: a server asks for a file that nobody watches or allowed.
        ContentError, TransientError: the warehouse cannot be loaded; what was staged is loaded the next time.
    """
    note_run(flow_run.id)
    settings = Settings()
    named = [given if isinstance(given, str) else given.get_secret_value() for given in locations]
    confine(settings)
    for location in named:
        check(location)
    loader.ready_snapshot(settings)
    hints = checked(hints or Hints(), settings.snapshot)
    texts: list[str] = []
    refused: list[Result] = []
    for location in named:
        started_at = clock.now(settings.home)
        try:
            texts += find_texts(location)
        except (TurntableError, OSError) as error:
            refused.append(_refused("find", public_source(location), started_at, error, settings))
    results = (*refused, *stage_texts(tuple(texts), hints, settings))
    load(settings)
    for one in results:
        tell(f"{one.source}: {counted(one.turns, 'turn')}" if isinstance(one, Imported) else one.message)
    _write_page(results, "import")
    return results


@flow(name="reparse", flow_run_name=lambda: timed("reparse"), persist_result=False)
def reparse() -> tuple[Result, ...]:
    """Read every kept text again with the parsers of today, and move it to its episode if that is known by now."""
    note_run(flow_run.id)
    settings = Settings()
    loader.ready_snapshot(settings)
    results = stage_again(settings)
    load(settings)
    _write_page(results, "reparse")
    return results


def _job(hints: Hints, settings: Settings) -> Job:
    store = Store(settings.home)
    known = Known(query.known_episodes(settings.snapshot))
    return Job(store, settings, hints, known, published.newest_stages(store))


def _import_one(job: Job, location: str) -> Result:
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
        get_run_logger().error("a text on which no parser should fail: %s", line, exc_info=error)
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
    """Do the work on each, and show how far it is: to who waits, and in the Prefect UI."""
    if not items:
        return
    page: Any = create_progress_artifact(0.0, key="texts", description="share of the texts that were read")

    def show(done: float) -> None:
        update_progress_artifact(page, round(100 * done / len(items), 1))

    to_page = throttled(show)
    for done, item in enumerate(items, 1):
        yield work(item)
        REPORTER.get().count("texts", done, len(items))
        to_page(done)
    update_progress_artifact(page, 100.0)


def _write_page(results: Sequence[Result], key: str) -> None:
    """Leave a page and a table in the Prefect UI: what came out, and what was refused and why."""
    imported = [one for one in results if isinstance(one, Imported)]
    refused = [one for one in results if isinstance(one, Refused)]
    formats = Counter(one.format for one in imported).most_common()
    lines = [
        f"# {len(imported)} texts imported, {len(refused)} refused",
        f"{sum(one.is_new for one in imported)} of them are new, with {sum(one.turns for one in imported)} turns "
        f"and {sum(one.sections for one in imported)} sections, of "
        f"{len({one.episode_id for one in imported})} episodes. "
        f"Formats: {', '.join(f'{name} {count}' for name, count in formats) or 'none'}.",
        *(["", "## Refused", "", *_markdown(refused)] if refused else []),
        *(["", "## Imported", "", *_markdown(imported)] if imported else []),
    ]
    create_markdown_artifact("\n".join(lines), key=key, description="What became of each text")
    everyone: list[Result] = [*refused, *imported]
    create_table_artifact([cells(_row(one)) for one in everyone[:MOST_ROWS]], key=f"{key}-texts")


def _markdown(results: Sequence[Result]) -> Iterator[str]:
    """Write results of one kind as a table."""
    rows = [_row(one) for one in results]
    return table(tuple(rows[0]), [tuple(row.values()) for row in rows])


def _row(result: Result) -> dict[str, Any]:
    return {name: ", ".join(v) if isinstance(v, tuple) else v for name, v in asdict(result).items()}
