"""The flow `import_transcript`: published texts, each read, parsed, linked and staged; then loaded together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from prefect import flow, task

from flows import load as loader
from flows import published
from flows.artifacts import Artifact, Manifest, Store
from flows.progress import REPORTER
from flows.published import Hints
from flows.settings import Settings
from flows.steps import StageFailed, public_source, record
from transforms.errors import ContentError, TurntableError, error_class, one_line
from transforms.records import Episode
from warehouse import query


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


@task(name="texts", persist_result=False)
def stage_texts(locations: tuple[str, ...], hints: Hints, settings: Settings) -> tuple[Imported | Refused, ...]:
    """Read, parse, link and stage each text; one that fails holds up none."""
    store = Store(settings.home)
    known = query.known_episodes(settings.snapshot)
    before = published.newest_stages(store)
    return tuple(_one(store, location, hints, settings, known, before) for location in locations)


@task(name="load", persist_result=False)
def load(settings: Settings) -> None:
    """Load what was staged, and replace the snapshot."""
    try:
        loader.load(settings)
    finally:
        loader.publish(settings)


@flow(name="import-transcript", persist_result=False)
def import_transcript(location: str, hints: Hints | None = None) -> tuple[Imported | Refused, ...]:
    """Turn published texts into speaker turns in the warehouse: a file, a folder of files, or a URL.

    Raises:
        TurntableError: nothing is at the location.
    """
    settings = Settings()
    outcomes = stage_texts(published.find_texts(location), hints or Hints(), settings)
    load(settings)
    return outcomes


def _one(
    store: Store,
    location: str,
    hints: Hints,
    settings: Settings,
    known: tuple[tuple[Episode, str | None], ...],
    before: dict[str, Manifest],
) -> Imported | Refused:
    source, started_at = public_source(location), datetime.now(UTC)
    step = "read"
    try:
        text = published.read(store, location, settings)
        step = "parse"
        parsed = published.parse(store, text, hints.format)
        step = "stage"
        staged_before = before.get(text.sha256)
        if staged_before and staged_before.parameters["hints"] == asdict(hints):
            # the same bytes, the same words about them: what it was linked to then stands
            linked, source = published.link_of(staged_before), staged_before.parameters["origin"]
        else:
            linked = published.link(published.published_of(parsed), text, location, hints, settings, known)
        staged = published.stage(store, text, parsed, linked, source, hints)
    except Exception as error:
        shown = type(error)(f"{source}: {one_line(error)}") if isinstance(error, ContentError) else error
        failed = StageFailed(step, started_at, shown)
        record(failed, source, None, settings, load=False)
        REPORTER.get().say(f"turntable: {one_line(shown)}")
        if not isinstance(error, (TurntableError, OSError)):
            raise
        return Refused(source, error_class(shown), one_line(shown))
    return _imported(source, text, parsed, linked, is_new=staged.manifest.started_at >= started_at)


def _imported(source: str, text: Artifact, parsed: Artifact, linked: published.Link, *, is_new: bool) -> Imported:
    done = published.published_of(parsed)
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


@flow(name="reparse", persist_result=False)
def reparse() -> int:
    """Read every kept text again with the parsers of today; how many came out anew."""
    settings = Settings()
    count = published.reparse(Store(settings.home))
    load(settings)
    return count
