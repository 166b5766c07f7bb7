"""Which known episode some audio is: by its bytes, by what the user says of it, by the texts that lie beside it.

One episode is one row, whatever it came as and in whatever order: a file, its copy, an address, an item of a feed.
What a feed or a site of videos names keeps its name, and takes in what came without one; else the first stays. Two
items of feeds are two episodes, also where their audio is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from flows.allowed_files import check
from flows.artifacts import Artifact, Made, Store
from flows.episode.later_stages.told import base_of
from flows.home import clock
from flows.locations import Location, at_path
from flows.published import text_stages
from flows.published.beside import contradiction, tags_of_audio
from flows.published.linking import AskedEpisodes, Hints, TextEvidence, said_of
from flows.runs import say
from flows.settings import Said, Settings
from flows.sources import folders
from flows.sources.description import Description, by_name, by_tags, by_user, described, without_name
from flows.sources.found import EpisodeSource
from transforms.audio.tags import Tags
from transforms.errors import HostileError, TurntableError
from transforms.records import Episode, Podcast
from warehouse import query
from warehouse.loading.staging import NOT_STORED, write_moved
from warehouse.query import KnownEpisode


@dataclass(frozen=True, slots=True)
class Joined:
    """The episode that some audio is, as it is to be staged.

    `podcast` is given only where it is news; `known` is the episode as the warehouse has it, `None` where it is
    new. `others` are the ids of those that turned out to be the same: what they have moves here.
    """

    episode: Episode
    podcast: Podcast | None
    known_by: str | None
    known: KnownEpisode | None
    others: tuple[str, ...]


def join(found: EpisodeSource, fetched: Artifact, said: Said, settings: Settings) -> Joined:
    """Find the episode that some audio is. What a feed says of it wins, then what the user says, then its tags."""
    tags, own_id = tags_of_audio(fetched), found.episode.episode_id
    own = query.known_episode(settings.snapshot, own_id)
    same = query.episodes_of_audio(settings.snapshot, fetched.sha256)
    texts = tuple(_known_beside(found, tags, settings))
    if _is_published(found, own):
        known, news = own, [Description(found.episode, found.podcast)]
    else:
        known = _choose(own, same, said, tags, settings)
        news = [_news(found, said, tags, known, texts), *([Description(known.episode)] if known else [])]
    episode_id = known.episode.episode_id if known else own_id
    whole = described(episode_id, *news, by_tags(Tags(title=tags.title)), by_name(found.source))
    every = [one for one in (own, *same, *(known for _, known in texts)) if one]
    path = _path(found, [one.episode.audio_path for one in ([known] if known else []) + every])
    lone = [one.episode.episode_id for one in every if not one.is_published]
    episode = replace(whole.episode, audio_path=path)
    return Joined(
        episode=episode,
        podcast=whole.podcast,
        known_by=_known_by(found, known, episode),
        known=known,
        others=tuple(dict.fromkeys(name for name in lone if name != episode_id)),
    )


def _is_published(found: EpisodeSource, own: KnownEpisode | None) -> bool:
    """Check whether a feed or a site of videos names an episode."""
    is_named = found.podcast is not None or found.episode.guid is not None
    return is_named or found.episode.episode_id.startswith("youtube:") or bool(own and own.is_published)


def _choose(
    own: KnownEpisode | None, same: Sequence[KnownEpisode], said: Said, tags: Tags, settings: Settings
) -> KnownEpisode | None:
    """Choose the known episode that some audio is which nobody published; `None` where it is a new one."""
    if same and same[0].is_published:
        return same[0]
    named = _named(said, tags, settings)
    if named is not None:
        return named
    if own is not None and own.renditions and own not in same:
        return own
    return next(iter(same), own)


def _named(said: Said, tags: Tags, settings: Settings) -> KnownEpisode | None:
    """Find the one episode that the user or the tags name by its page, or by show and title.

    Tags find only what is published: many a recorder writes the same ones into all its files.
    """
    title, show = said.title or tags.title, said.show or tags.show
    if not (said.url or (title and show)):
        return None
    named = TextEvidence(title, show, said.url, None, None, "", "")
    known = AskedEpisodes(settings.snapshot)
    link = known.find(named)
    one = known.get(link.episode.episode_id) if link and link.linked_by != "title" else None
    is_sure = bool(said.url or (said.title and said.show))
    return one if one and (is_sure or one.is_published) else None


def _news(
    found: EpisodeSource,
    said: Said,
    tags: Tags,
    known: KnownEpisode | None,
    texts: Sequence[tuple[Path, KnownEpisode]],
) -> Description:
    """Write what is said of an episode that nobody published, or that somebody did under another name."""
    if known is not None and known.is_published:
        if said != Said():
            where = known.show or "its site"
            say(f"{found.source} is {known.episode.title!r} of {where}: what that says of it stands")
        return Description(known.episode)
    name = known.episode.episode_id if known else found.episode.episode_id
    return described(
        name,
        by_user(said),
        *([without_name(known.episode, found.source)] if known else []),
        without_name(found.episode, found.source),
        by_tags(tags),
        *(without_name(one.episode, str(path)) for path, one in texts),
    )


def _known_by(found: EpisodeSource, known: KnownEpisode | None, episode: Episode) -> str | None:
    """Say how an episode is known; `None` where what its feed says tells."""
    if _is_published(found, None):
        return None
    if known is not None and known.is_published:
        return known.linked_by if known.linked_by in ("feed", "youtube") else "feed"
    return "url" if episode.audio_url else "file"


def _path(found: EpisodeSource, known: Sequence[str | None]) -> str | None:
    """Say where audio lies here: where it was first, as long as it is there."""
    here = None if found.location.is_url else at_path(found.location.path).public
    before = [path for path in known if path]
    return next((path for path in before if Path(path).is_file()), here or next(iter(before), None))


def _known_beside(found: EpisodeSource, tags: Tags, settings: Settings) -> Iterator[tuple[Path, KnownEpisode]]:
    """Find the episodes that only texts vouch for which lie beside some audio and may be of it."""
    if found.location.is_url:
        return
    hashes: dict[str, Path] = {}
    for path in folders.texts_beside(found.location.path):
        with suppress(OSError, HostileError):
            check(path)
            hashes[folders.hash_of(path)] = path
    for sha256, known in query.episodes_of_texts(settings.snapshot, list(hashes)) if hashes else ():
        if not _contradicts(sha256, at_path(hashes[sha256]), tags, settings):
            yield hashes[sha256], known


def _contradicts(sha256: str, origin: Location, tags: Tags, settings: Settings) -> bool:
    """Check whether a text that was imported says that it is of other audio."""
    store = Store(settings.home)
    text = text_stages.find_text(store, sha256)
    try:
        published = text_stages.parse(store, text, Hints()).published if text else None
    except TurntableError:  # it was read as the user said
        return False
    said = said_of(published, sha256, origin, Hints()) if published else None
    return bool(published and said and contradiction(tags, said, published))


# The same again, and under another name.


@dataclass(frozen=True, slots=True)
class Before:
    """The same transcript as it was staged last: its id, and the document, under whichever episode that was."""

    transcript_id: str
    document: Artifact

    def says(self, joined: Joined, inputs: Mapping[str, str]) -> bool:
        """Check whether nothing of what is to be staged is news."""
        manifest, known = self.document.manifest, joined.known
        return (
            known is not None
            and _stored(known.episode) == _stored(joined.episode)
            and (joined.podcast is None or joined.podcast.title == known.show)
            and manifest.inputs == inputs
            and manifest.parameters["episode"]["episode_id"] == joined.episode.episode_id
        )


def staged_before(joined: Joined, inputs: Mapping[str, str], settings: Settings) -> Before | None:
    """Find what was staged of the same audio with the same words and speakers; `None` where that is new."""
    store, wanted = Store(settings.home), _without_chapters(inputs)
    for episode_id in (joined.episode.episode_id, *joined.others):
        for name, key in query.newest_documents(settings.snapshot, episode_id).items():
            document = _first(store, key)
            if document is not None and _without_chapters(document.manifest.inputs) == wanted:
                return Before(name, document)
    return None


def _first(store: Store, key: str) -> Artifact | None:
    """Find a staged document as it was before others told of it; `None` where it is lost."""
    document = store.find("stage", key)
    return base_of(store, document) if document else None


def _without_chapters(inputs: Mapping[str, str]) -> dict[str, str]:
    """Name what the words and speakers of a transcript are made of: chapters come from elsewhere."""
    return {name: sha256 for name, sha256 in inputs.items() if name != "chapters"}


def source_of(found: EpisodeSource, before: Before | None) -> str:
    """Say where some audio came from: from where it came first, unless that was a file which is gone."""
    first = before.document.manifest.parameters.get("source") if before else None
    if not isinstance(first, str) or (first.startswith("/") and not Path(first).is_file()):
        return found.source
    return first


def _stored(episode: Episode) -> dict[str, Any]:
    return {name: value for name, value in asdict(episode).items() if name not in NOT_STORED}


def move(joined: Joined, settings: Settings) -> int:
    """Stage what the other episodes have as transcripts of this one; how many there were."""
    store, moved = Store(settings.home), 0
    keys = (query.newest_documents(settings.snapshot, one).values() for one in joined.others)
    for key in chain.from_iterable(keys):
        document = _first(store, key)
        if document is not None:
            _move(store, document, joined)
            moved += 1
    return moved


def join_staged(settings: Settings) -> int:
    """Make one episode of those that workers staged of the same audio; how many transcripts moved.

    A worker knows no other episodes. What a feed or a site names keeps its name, else the first stays.
    """
    joined = (_same(query.episodes_of_audio(settings.snapshot, s)) for s in query.shared_audio(settings.snapshot))
    return sum(move(one, settings) for one in joined)


def _same(episodes: Sequence[KnownEpisode]) -> Joined:
    known, *more = episodes
    lone = [one.episode for one in more if not one.is_published]
    said = [] if known.is_published else [_unnamed(one) for one in (known.episode, *lone)]
    whole = described(known.episode.episode_id, *said, Description(known.episode)).episode
    paths = [path for one in (known.episode, *lone) if (path := one.audio_path)]
    path = next((path for path in paths if Path(path).is_file()), next(iter(paths), None))
    return Joined(replace(whole, audio_path=path), None, None, known, tuple(one.episode_id for one in lone))


def _unnamed(episode: Episode) -> Description:
    return without_name(episode, episode.audio_path or episode.audio_url or "")


def _move(store: Store, document: Artifact, joined: Joined) -> None:
    before = document.manifest
    known_by = joined.known_by or (joined.known.linked_by if joined.known else "feed")

    def compute(_: Path) -> Made:
        cast = partial(text_stages.with_roles, persons=joined.episode.persons)
        moved = write_moved(document.path.read_bytes(), clock.stamp(store.home), joined.episode, known_by, cast)
        return Made(moved, flags=before.flags)

    news = {"episode": asdict(joined.episode), "podcast": None, "known_by": known_by, "replaces": before.key}
    store.make(
        "stage",
        compute,
        method=before.method,
        suffix=".parquet",
        inputs=before.inputs,
        parameters={**before.parameters, **news},
    )
