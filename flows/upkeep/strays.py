"""Audio that belongs to no transcript and to nothing that waits, such as of an ingest that was killed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from flows.artifacts import Artifact, Manifest, Store
from flows.feeds.pending import PendingQueue
from flows.published.beside import tags_of_audio
from flows.upkeep.lineage import Lineage
from transforms.choice import Named
from transforms.records import file_episode_id


class Strays:
    """The fetched audio of a home that nothing but its manifest knows."""

    def __init__(self, store: Store, lineage: Lineage) -> None:
        self._store = store
        self._lineage = lineage

    @cached_property
    def audio(self) -> Mapping[str, Manifest]:
        """What was fetched and nothing is made of, by the id of its episode; of an address, by its key."""
        known = self._lineage.behind(self._lineage.documents.values()).keys() | self.of_waiting
        fetched = (one for one in self._lineage.manifests if one.stage == "fetch")
        return {name_of(one): one for one in fetched if one.key not in known}

    @cached_property
    def of_waiting(self) -> frozenset[str]:
        """The keys of audio and samples of episodes that wait, and of what is made with them."""
        every = tuple(PendingQueue(self._store.home).all())
        links = {link.url for one in every for link in one.episode.audio_links}
        addresses = {*links, *(one.location for one in every)}
        ids = {one.episode.episode_id for one in every}
        return frozenset(self._lineage.made_with(fetched_for(self._lineage, addresses, ids), {}))

    def named(self) -> Iterator[Named]:
        """Yield what a user can mean: by title or name, by where it came from, by the hash of the file."""
        for name, one in self.audio.items():
            url = one.facts.get("url") or one.parameters.get("url")
            places = (one.sha256, one.parameters.get("url"), url, f"/{one.facts.get('name')}")
            yield Named(name, self.title(one), frozenset(str(place) for place in places if place))

    def title(self, one: Manifest) -> str | None:
        """Return what its tags call it, else its file or the end of its address; `None` where nobody knows."""
        folder = self._lineage.folder(one)
        title = tags_of_audio(Artifact(folder / one.payload, one)).title
        url = one.parameters.get("url") or one.facts.get("url") or ""
        return title or one.facts.get("name") or url.rpartition("/")[2] or None


def name_of(fetched: Manifest) -> str:
    """Return the id of the episode of a file or a video; audio of an address alone goes by its key."""
    if fetched.method == "copy-1":
        return file_episode_id(fetched.sha256)
    video = fetched.parameters.get("video")
    return f"youtube:{video}" if video else fetched.key


def fetched_for(lineage: Lineage, addresses: Collection[str], ids: Collection[str]) -> Iterator[Manifest]:
    """Yield what was fetched from some addresses, or for some episodes, and may be in no transcript yet."""
    hashes = {hashlib.sha256(one.encode()).hexdigest() for one in addresses}
    for one in lineage.manifests:
        if one.stage in ("fetch", "read") and (
            one.parameters.get("url_sha256") in hashes
            or one.facts.get("url") in addresses
            or (one.stage == "fetch" and name_of(one) in ids)
        ):
            yield one
