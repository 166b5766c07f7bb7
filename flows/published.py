"""Published texts as plain functions: bytes → artifact → parsed → linked to its episode → staged. No Prefect."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Made, Manifest, Store, stage_key
from flows.chapters import given_of
from flows.settings import Settings
from flows.sources import http
from flows.sources.found import bare_episode
from flows.stages import done_run, is_url
from transforms import transcripts
from transforms.errors import ContentError, SourceError, one_line
from transforms.records import (
    PODCAST_NAMESPACE,
    Episode,
    Podcast,
    TranscriptSource,
    file_episode_id,
    url_episode_id,
    without_query,
)
from transforms.text import fold_title
from transforms.transcripts.assemble import Published
from transforms.youtube import youtube_id
from warehouse.query import find_episode
from warehouse.staging import Staged, write_staged

METHOD = "published-1"

_PUBLISHED = TypeAdapter(Published)
_EPISODE = TypeAdapter(Episode)
_PODCAST = TypeAdapter(Podcast)


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user says of a text; `None` leaves it to the text."""

    show: str | None = None
    title: str | None = None
    url: str | None = None
    episode: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """The episode of a text, and how it was found; `podcast` is given only where it is new."""

    episode: Episode
    podcast: Podcast | None
    linked_by: str


def find_texts(location: str) -> tuple[str, ...]:
    """Name the texts behind a path or a URL: a folder means all files in it.

    Raises:
        SourceError: nothing is there.
    """
    if is_url(location):
        return (location,)
    path = Path(location).expanduser()
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        found = tuple(str(p) for p in inside if not any(x.startswith(".") for x in p.relative_to(path).parts))
        if not found:
            msg = f"no files in {path}: give a folder of transcripts"
            raise SourceError(msg)
        return found
    if not path.is_file():
        msg = f"no such file or folder: {path}"
        raise SourceError(msg)
    return (str(path),)


def read(store: Store, location: str, settings: Settings) -> Artifact:
    """Bring the bytes of a text into the store, named by what they are.

    Raises:
        TransientError, SourceError, ContentError, HostileError: as `flows.sources.http` says.
    """
    if is_url(location):
        body = http.fetch(location, allow=settings.allow)
        data, facts = body.data, {"url": without_query(location), "media_type": body.media_type}
    else:
        data, facts = Path(location).read_bytes(), {"name": Path(location).name}

    def compute(scratch: Path) -> Made:
        (scratch / "text").write_bytes(data)
        return Made(scratch / "text", facts=facts)

    return store.make("read", compute, method="copy-1", suffix=".bin", inputs={"text": _hash(data)}, parameters={})


def _hash(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def parse(store: Store, text: Artifact, format: str | None) -> Artifact:
    """Read the text as turns, chapters and sections; payload: a `Published` as JSON.

    Raises:
        ContentError, SourceError: as `transforms.transcripts.read` says.
    """

    def compute(_: Path) -> Made:
        published = transcripts.read(
            text.path.read_bytes(), format=format, media_type=text.manifest.facts.get("media_type")
        )
        return Made(_PUBLISHED.dump_json(published), flags=published.flags, facts={"turns": len(published.turns)})

    return store.make(
        "parse",
        compute,
        method=transcripts.METHOD,
        suffix=".json",
        inputs={"text": text.sha256},
        parameters={"format": format},
    )


def published_of(parsed: Artifact) -> Published:
    """Read a parsed text back."""
    return _PUBLISHED.validate_json(parsed.path.read_bytes())


def link(
    published: Published,
    text: Artifact,
    origin: str,
    hints: Hints,
    settings: Settings,
    known: tuple[tuple[Episode, str | None], ...],
) -> Link:
    """Find the episode of a text: the one given, else by URL, YouTube id, show and title, or title; else new.

    Raises:
        SourceError: no episode is called as the user says.
    """
    title = hints.title or published.known("title")
    show = hints.show or published.known("show")
    url = hints.url or published.known("url") or (without_query(origin) if is_url(origin) else None)
    wanted = find_episode(settings.snapshot, hints.episode) if hints.episode else None
    found, how = _known(known, title, show, url, wanted)
    if found is not None:
        return Link(found, None, how)
    video = youtube_id(url)
    folded = (fold_title(show or ""), fold_title(title or ""))
    if video:
        episode_id, how = f"youtube:{video}", "youtube"
    elif title and (show or len(folded[1].split()) >= 3):
        episode_id = str(uuid.uuid5(PODCAST_NAMESPACE, f"title:{folded[0]}:{folded[1]}"))
        how = "show_title" if show else "title"
    elif url:
        episode_id, how = url_episode_id(url), "url"
    else:
        episode_id, how = file_episode_id(text.sha256), "file"
    podcast = _show(show) if show else None
    episode = replace(
        bare_episode(episode_id, None),
        podcast_id=podcast.podcast_id if podcast else None,
        title=title or Path(origin).stem,
        language=published.known("language"),
        page_url=url,
    )
    return Link(episode, podcast, how)


def _show(name: str) -> Podcast:
    return Podcast(str(uuid.uuid5(PODCAST_NAMESPACE, f"show:{fold_title(name)}")), name, None, None, None, None)


def _known(
    known: tuple[tuple[Episode, str | None], ...],
    title: str | None,
    show: str | None,
    url: str | None,
    wanted: str | None,
) -> tuple[Episode | None, str]:
    """Look a text up among the episodes of the warehouse; `(None, "")` where none or more than one fits."""
    if wanted:
        return next(e for e, _ in known if e.episode_id == wanted), "episode"
    video, page = youtube_id(url), without_query(url) if url else None
    folded, folded_show = fold_title(title or ""), fold_title(show or "")
    ways = (
        ("url", [e for e, _ in known if page and not video and page in _addresses(e)]),
        ("youtube", [e for e, _ in known if video and video in (youtube_id(e.page_url), e.episode_id[8:])]),
        (
            "show_title",
            [e for e, p in known if show and folded and _named(e, folded) and fold_title(p or "") == folded_show],
        ),
        ("title", [e for e, p in known if len(folded.split()) >= 3 and _named(e, folded) and not (show and p)]),
    )
    for how, fitting in ways:
        if len(fitting) == 1:
            return fitting[0], how
    return None, ""


def _named(episode: Episode, folded: str) -> bool:
    return fold_title(episode.title or "") == folded


def _addresses(episode: Episode) -> set[str]:
    own = {without_query(url) for url in (episode.page_url, episode.audio_url) if url}
    return own | {link.url for link in episode.transcripts}


def stage(
    store: Store,
    text: Artifact,
    parsed: Artifact,
    linked: Link,
    origin: str,
    hints: Hints,
    *,
    chapters: Artifact | None = None,
    flags: tuple[str, ...] = (),
) -> Artifact:
    """Put everything that the warehouse needs of one published text into one Parquet file.

    `chapters` are those of the episode, where they are known; `flags` say what the text does not show itself.
    """

    def compute(_: Path) -> Made:
        published = published_of(parsed)
        finished = (text, parsed, *([chapters] if chapters else []))
        document = Staged(
            staged_at=datetime.now(UTC),
            podcast=linked.podcast,
            episode=linked.episode,
            rendition=None,
            transcript_id=document_id(text),
            source=cast(TranscriptSource, published.source),
            format=published.format,
            origin=origin,
            language=published.known("language"),
            model=published.known("model"),
            method_version=f"parse:{parsed.manifest.method}",
            parse_coverage=published.parse_coverage,
            flags=(*published.flags, *flags),
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
            speakers=published.speakers,
            given=given_of(chapters),
        )
        return Made(write_staged(document), flags=document.flags)

    metadata: dict[str, Any] = {"podcast": linked.podcast and asdict(linked.podcast), "origin": origin}
    metadata |= {"linked_by": linked.linked_by, "hints": asdict(hints)}
    metadata |= {"episode": asdict(linked.episode)}
    metadata |= {"flags": flags} if flags else {}
    inputs = {"text": text.sha256, "parse": parsed.sha256} | ({"chapters": chapters.sha256} if chapters else {})
    return store.make("stage", compute, method=METHOD, suffix=".parquet", inputs=inputs, parameters=metadata)


def reparse(store: Store) -> int:
    """Parse every kept text again and stage it with the link that it had; how many came out anew.

    What the parsers of today read as those of before is not done again.
    """
    anew = 0
    for document, manifest in newest_stages(store).items():
        text = store.find("read", stage_key("read", "copy-1", {"text": document}, {}))
        if text is None:
            continue
        began = datetime.now(UTC)
        parsed = parse(store, text, manifest.parameters["hints"]["format"])
        given = manifest.parameters
        hints = Hints(**given["hints"])
        chapters = store.of_payload("chapters", manifest.inputs.get("chapters"))
        flags = tuple(given.get("flags", ()))
        staged = stage(
            store, text, parsed, link_of(manifest), given["origin"], hints, chapters=chapters, flags=flags
        )
        anew += staged.manifest.started_at >= began
    return anew


def link_of(manifest: Manifest) -> Link:
    """Read back how a staged text was linked."""
    given = manifest.parameters
    podcast = _PODCAST.validate_python(given["podcast"]) if given["podcast"] else None
    return Link(_EPISODE.validate_python(given["episode"]), podcast, given["linked_by"])


def newest_stages(store: Store) -> dict[str, Manifest]:
    """Find the newest staging of each text, by the hash of its bytes."""
    newest: dict[str, Manifest] = {}
    for manifest in store.manifests("stage"):
        if manifest.method == METHOD:
            before = newest.get(manifest.inputs["text"])
            if before is None or before.started_at < manifest.started_at:
                newest[manifest.inputs["text"]] = manifest
    return newest


def document_id(text: Artifact) -> str:
    """Name a published text by its bytes: a better parser replaces its rows, a changed text is another."""
    return str(uuid.uuid5(PODCAST_NAMESPACE, f"document:{text.sha256}"))


def explained(location: str, hints: Hints, settings: Settings) -> list[tuple[int, str, str, str]]:
    """Tell of each piece of a text its line, what became of it, the detail and the words; nothing is kept.

    Raises:
        TurntableError: as `read` and `parse`.
    """
    data = http.fetch(location, allow=settings.allow).data if is_url(location) else Path(location).read_bytes()
    try:
        _, draft = transcripts.explain(data, format=hints.format)
    except ContentError as error:
        msg = f"{without_query(location) if is_url(location) else location}: {one_line(error)}"
        raise ContentError(msg) from error
    fates = {"speech": "turn", "label": "turn"}
    return [
        (piece.line, fates.get(piece.kind, piece.kind), piece.speaker or piece.name or "", piece.text)
        for piece in draft.pieces
    ]
