"""Published texts as plain functions: bytes → artifact → parsed → linked to its episode → staged. No Prefect."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Made, Manifest, Store, stage_key
from flows.home import clock
from flows.locations import Location
from flows.payloads import done_run, given_of, is_text, read_json
from flows.published.beside import AudioBeside, link_beside
from flows.published.linking import EpisodeIndex, Hints, Link, as_said, core_of, linked, new_link, said_of
from flows.published.text_files import read_text
from flows.settings import Settings
from transforms import transcripts
from transforms.records import PODCAST_NAMESPACE, Episode, Person, Podcast, Speaker, TranscriptSource
from transforms.text import fold_title
from transforms.transcripts.assemble import Published
from warehouse import query
from warehouse.loading.staging import Staged, read_rows, write_staged

METHOD = "published-7"

_PUBLISHED = TypeAdapter(Published)
_EPISODE = TypeAdapter(Episode)
_PODCAST = TypeAdapter(Podcast)


@dataclass(frozen=True, slots=True)
class StoredText:
    """A text that was read, and its newest staging; `None` where it was never staged."""

    text: Artifact
    before: Manifest | None


@dataclass(frozen=True, slots=True)
class TextContext:
    """What else is known of a text: the chapters of its episode, and what its own words do not show."""

    chapters: Artifact | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed text: what it says, and the artifact that holds it."""

    published: Published
    artifact: Artifact


def read(store: Store, location: Location, settings: Settings) -> Artifact:
    """Bring the bytes of a text into the store, named by what they are.

    Raises:
        TurntableError: as `read_text`.
    """
    data, facts = read_text(location, settings.reach)
    inputs = {"text": hashlib.sha256(data).hexdigest()}
    return store.make(
        "read", lambda _: Made(data, facts=facts), method="copy-1", suffix=".bin", inputs=inputs, parameters={}
    )


def parse(store: Store, text: Artifact, hints: Hints) -> Parsed:
    """Read the text as turns, chapters and sections; payload: a `Published` as JSON.

    Raises:
        ContentError, SourceError: as `transforms.transcripts.read` says.
    """
    made: list[Published] = []

    def compute(_: Path) -> Made:
        published = transcripts.read(
            text.path.read_bytes(),
            format=hints.format,
            media_type=text.manifest.facts.get("media_type"),
            grammar=core_of(hints),
        )
        made.append(published)
        return Made(_PUBLISHED.dump_json(published), flags=published.flags, facts={"turns": len(published.turns)})

    artifact = store.make(
        "parse",
        compute,
        method=transcripts.METHOD,
        suffix=".json",
        inputs={"text": text.sha256},
        parameters={"format": hints.format, "grammar": hints.grammar},
    )
    return Parsed(made[0] if made else read_json(_PUBLISHED, artifact), artifact)


def link(
    kept: StoredText,
    published: Published,
    origin: Location,
    hints: Hints,
    known: EpisodeIndex,
    audio: AudioBeside | None = None,
) -> Link:
    """Find the episode of a text: the one that the user names, else one that fits, else a new one.

    What the same bytes with the same hints were linked to stands; only from an episode that nothing but texts
    vouches for a text moves on, to one with audio that fits it. `audio` is what it lies beside: surer than a
    title.
    """
    said = said_of(published, kept.text.sha256, origin, hints)
    stands = _standing(kept.before, hints)
    if stands is not None and (hints.episode or known.has_audio(stands.episode.episode_id)):
        return stands
    wanted = known.get(hints.episode) if hints.episode else None
    if wanted is not None:
        return as_said(linked(wanted, "episode"), hints, known)
    heard = known.find(said, only_with_audio=True)
    if audio is not None and (heard is None or heard.linked_by == "title"):
        if stands is not None and stands.linked_by == "beside":
            return stands
        return link_beside(audio, said, hints, known)
    if heard is None and stands is not None:
        return stands
    return as_said(heard or known.find(said) or new_link(said), hints, known)


def _standing(before: Manifest | None, hints: Hints) -> Link | None:
    """Return what a text was linked to by the same hints; `None` where it never was."""
    if before is None or Hints(**before.parameters["hints"]) != hints:
        return None
    return link_of(before)


def stage(
    store: Store,
    kept: StoredText,
    parsed: Parsed,
    linked: Link,
    origin: str,
    hints: Hints,
    known: EpisodeIndex,
    beside: TextContext | None = None,
) -> Artifact:
    """Put everything that the warehouse needs of one published text into one Parquet file.

    Its key holds the staging before it, so that a text which goes back to where it was is staged anew.
    """
    beside = beside or TextContext()
    inputs = {"text": kept.text.sha256, "parse": parsed.artifact.sha256}
    inputs |= {"chapters": beside.chapters.sha256} if beside.chapters else {}
    flags = {"flags": beside.flags} if beside.flags else {}
    if kept.before is not None:
        metadata = _metadata(linked, origin, hints, kept.before.parameters.get("replaces")) | flags
        if stage_key("stage", METHOD, inputs, metadata) != kept.before.key:
            # what is said of the episode was said then: staged today, it must not undo what came since
            now = known.get(linked.episode.episode_id)
            if now and linked == link_of(kept.before):
                linked = replace(linked, episode=now.episode)
            metadata = _metadata(linked, origin, hints, kept.before.key) | flags
    else:
        metadata = _metadata(linked, origin, hints, None) | flags

    def compute(_: Path) -> Made:
        document = _document(kept.text, parsed, linked, origin, beside, clock.stamp(store.home))
        return Made(write_staged(document), flags=document.flags)

    return store.make("stage", compute, method=METHOD, suffix=".parquet", inputs=inputs, parameters=metadata)


def _metadata(linked: Link, origin: str, hints: Hints, replaces: str | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"podcast": linked.podcast and asdict(linked.podcast), "origin": origin}
    metadata |= {"linked_by": linked.linked_by, "hints": asdict(hints), "episode": asdict(linked.episode)}
    metadata |= {"known_by": linked.known_by} if linked.known_by else {}
    return metadata | ({"replaces": replaces} if replaces else {})


def _document(
    text: Artifact, parsed: Parsed, linked: Link, origin: str, beside: TextContext, staged_at: datetime
) -> Staged:
    published = parsed.published
    finished = (text, parsed.artifact, *([beside.chapters] if beside.chapters else []))
    return Staged(
        staged_at=staged_at,
        podcast=linked.podcast,
        episode=linked.episode,
        rendition=None,
        transcript_id=document_id(text),
        source=cast(TranscriptSource, published.source),
        format=published.format,
        origin=origin,
        language=published.known("language"),
        model=published.known("model"),
        method_version=f"parse:{parsed.artifact.manifest.method}",
        parse_coverage=published.parse_coverage,
        flags=(*published.flags, *beside.flags),
        created_at=text.manifest.started_at,
        turns=published.turns,
        words=published.words,
        speaker_segments=(),
        stage_runs=tuple(done_run(a, origin, linked.episode.episode_id) for a in finished),
        linked_by=linked.linked_by,
        document_sha256=text.sha256,
        chapters=published.chapters,
        sections=published.sections,
        events=published.events,
        speakers=with_roles(published.speakers, linked.episode.persons),
        given=given_of(beside.chapters),
        known_by=linked.known_by,
        parse_confidence=published.parse_confidence,
    )


def with_roles(speakers: Iterable[Speaker], persons: Iterable[Person]) -> tuple[Speaker, ...]:
    """Give each speaker of whom the text does not say so the role that the feed gives to a person of that name.

    Who has several has the first. A name is the same without its case, marks and accents.
    """
    roles: dict[str, str | None] = {}
    for person in persons:
        roles.setdefault(fold_title(person.name), person.role)
    return tuple(
        replace(one, role=one.role or next((roles[n] for n in _names_of(one) if n in roles), None))
        for one in speakers
    )


def _names_of(speaker: Speaker) -> list[str]:
    """List what a speaker is called, the whole name first."""
    return [fold_title(name) for name in (speaker.name, speaker.label, *speaker.variants) if name]


def differs(store: Store, before: Manifest, staged: Artifact) -> bool:
    """Check whether a staging has other rows than the one before it, or belongs to another episode."""
    if staged.manifest.key == before.key:
        return False
    old = store.find("stage", before.key)
    return old is None or read_rows(old.path) != read_rows(staged.path)


def link_of(manifest: Manifest) -> Link:
    """Read back how a staged text was linked."""
    given = manifest.parameters
    podcast = _PODCAST.validate_python(given["podcast"]) if given["podcast"] else None
    episode = _EPISODE.validate_python(given["episode"])
    return Link(episode, podcast, given["linked_by"], given.get("known_by"))


def beside_of(store: Store, manifest: Manifest) -> TextContext:
    """Read back what else was known of a staged text."""
    chapters = store.of_payload("chapters", manifest.inputs.get("chapters"))
    return TextContext(chapters, tuple(manifest.parameters.get("flags", ())))


def newest_stages(store: Store) -> dict[str, Manifest]:
    """Find the newest staging of each text, by the hash of its bytes; not what else was told of it since."""
    return _newest(store.manifests("stage"))


def newest_stage(store: Store, snapshot: Path, text: Artifact) -> Manifest | None:
    """Find the newest staging of one text, among its own and those that the snapshot does not show yet."""
    own = query.documents_of(snapshot, document_id(text))
    keys = own | store.all("stage", query.loaded_documents(snapshot)).keys()
    return _newest(store.manifests("stage", sorted(keys))).get(text.sha256)


def _newest(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    newest: dict[str, Manifest] = {}
    for manifest in manifests:
        if is_text(manifest) and "base" not in manifest.parameters:
            before = newest.get(manifest.inputs["text"])
            if before is None or before.started_at < manifest.started_at:
                newest[manifest.inputs["text"]] = manifest
    return newest


def kept_texts(store: Store) -> list[StoredText]:
    """List every text that was staged and is still there."""
    found = ((find_text(store, sha256), manifest) for sha256, manifest in newest_stages(store).items())
    return [StoredText(text, manifest) for text, manifest in found if text is not None]


def find_text(store: Store, sha256: str) -> Artifact | None:
    """Find a text that was read, by the hash of its bytes; `None` where it is not kept."""
    return store.find("read", stage_key("read", "copy-1", {"text": sha256}, {}))


def document_id(text: Artifact) -> str:
    """Name a published text by its bytes: a better parser replaces its rows, a changed text is another."""
    return str(uuid.uuid5(PODCAST_NAMESPACE, f"document:{text.sha256}"))
