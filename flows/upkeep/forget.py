"""Forgetting episodes and shows: nothing of them is left in any file of the home, and nothing brings them back.

Noted first, erased then, noted again: what was cut off in between is finished by the next call, and `verify` says
so until then. What other episodes are made of stays, such as audio that both have.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from flows import access
from flows.artifacts import STAGE_RUN, Made, Manifest, Store
from flows.feeds.pending import PendingEpisode, PendingQueue
from flows.feeds.poll import METHOD as DISCOVERED
from flows.feeds.subscriptions import SeenEpisodes, Subscription, Subscriptions
from flows.home import forgotten
from flows.home.forgotten import Forgotten
from flows.home.locks import alone, held, is_held
from flows.loader import damage, documents, load_and_publish, publish, set_aside
from flows.progress import counting
from flows.settings import Settings
from flows.upkeep import run_history
from flows.upkeep.lineage import SAYINGS, Lineage
from flows.upkeep.strays import Strays, fetched_for, name_of
from transforms.choice import Named, choose, shown_about
from transforms.errors import SourceError, TransientError
from transforms.feed.identity import EpisodeKey
from transforms.records import Episode, Seconds, StageRun
from transforms.redaction import public_address
from transforms.sealed import read_sealed
from warehouse import query, spare
from warehouse import store as warehouse_store
from warehouse.loading.staging import without_episodes
from warehouse.query import Kept

WAY_OUT = "`turntable episodes`, `feeds` and `status` list them; give an id or a piece of a title"


YOURS = "what you wrote by `export`, `report` or `backup` may hold it still: delete it, or write it anew"
WAIT: Seconds = 60.0  # for another one: each makes the warehouse anew


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be forgotten, by ids: episodes, and the shows of which everything goes."""

    episodes: tuple[str, ...]
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erased:
    """What goes, or went: titles, the subscriptions that end, numbers, and bytes of artifacts.

    `about` says of each episode its show and its day, where they are known; `finished` that it was begun before.
    """

    episodes: tuple[str, ...]
    shows: tuple[str, ...]
    subscriptions: tuple[str, ...]
    transcripts: int
    turns: int
    waiting: int
    artifacts: int
    bytes: int
    left: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    finished: bool = False


def find(settings: Settings, text: str, place: str | None = None) -> Wanted:
    """Find the one episode or show that a user means, whether it was heard, waits, or is only subscribed to.

    Raises:
        SourceError: none or several are meant.
    """
    has_rows = settings.snapshot.exists()
    if text.strip().lower() == "latest" and has_rows:
        return Wanted((query.find_episode(settings.snapshot, text),))
    subscriptions, queue = Subscriptions(settings.home), PendingQueue(settings.home)
    subscribed = subscriptions.at(text)
    if subscribed is not None:
        return _whole_show(settings, _show_of(subscribed))
    episodes = {one.id: one for one in (query.named_episodes(settings.snapshot) if has_rows else [])}
    episodes |= {one.id: one for one in queue.named() if one.id not in episodes}
    shows = {
        _show_of(one): Named(_show_of(one), one.name, frozenset((one.shown_url,))) for one in subscriptions.all()
    }
    shows |= {one.id: one for one in query.named_shows(settings.snapshot)}
    episodes |= {one.id: one for one in _strays(settings, episodes)}
    wanted = public_address(text)
    chosen = choose(wanted, [*episodes.values(), *shows.values()], "episode or show", WAY_OUT, place).id
    return _whole_show(settings, chosen) if chosen in shows else Wanted((chosen,))


def _strays(settings: Settings, episodes: Mapping[str, Named]) -> Iterator[Named]:
    """Yield audio that no transcript is made of and that is that of no known episode."""
    store = Store(settings.home)
    places = {place for one in episodes.values() for place in one.places}
    for one in Strays(store, Lineage(store)).named():
        if one.id not in episodes and places.isdisjoint(one.places):
            yield one


def unfinished(settings: Settings) -> Iterator[Wanted]:
    """Yield what was to be forgotten before, and is not erased yet."""
    for name, one in forgotten.unfinished(settings.home).items():
        yield _whole_show(settings, name) if one.kind == "show" else Wanted((name,))


def _whole_show(settings: Settings, show: str) -> Wanted:
    waiting = [
        one.episode.episode_id
        for one in PendingQueue(settings.home).all()
        if show in (one.feed_id, one.podcast and one.podcast.podcast_id, one.episode.podcast_id)
    ]
    known = query.episodes_of_show(settings.snapshot, show)
    return Wanted(tuple(dict.fromkeys((*known, *waiting))), (show,))


def _show_of(subscription: Subscription) -> str:
    return subscription.podcast_id or subscription.feed_id


@dataclass(frozen=True)
class Going:
    """All that goes with what is to be forgotten, as it lies in the home now."""

    settings: Settings
    wanted: Wanted

    @cached_property
    def store(self) -> Store:
        """Where the artifacts lie."""
        return Store(self.settings.home)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The episodes, by id."""
        return frozenset(self.wanted.episodes)

    @cached_property
    def kept(self) -> Kept:
        """What the snapshot says of the episodes."""
        return query.kept_of(self.settings.snapshot, self.wanted.episodes)

    @cached_property
    def waiting(self) -> tuple[PendingEpisode, ...]:
        """Those of the episodes that wait."""
        return tuple(one for one in PendingQueue(self.settings.home).all() if one.episode.episode_id in self.ids)

    @cached_property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """The subscriptions of the shows: they end."""
        every = Subscriptions(self.settings.home).all()
        return tuple(one for one in every if {_show_of(one), one.feed_id} & set(self.wanted.shows))

    @cached_property
    def remembered(self) -> tuple[EpisodeKey, ...]:
        """What feeds remember of the episodes."""
        subscriptions = Subscriptions(self.settings.home)
        seen = (subscriptions.remembered(one.feed_id) for one in subscriptions.all())
        return tuple(key for one in seen if one for key in one.known if key.episode_id in self.ids)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Where anything of the episodes came from."""
        said = [one for episode in self._episodes for one in _addresses_of(episode)]
        more = (*(one.location for one in self.waiting), *(one.audio_url for one in self.remembered))
        return self.kept.origins | {one for one in (*said, *more) if one}

    @property
    def _episodes(self) -> tuple[Episode, ...]:
        return (*self.kept.episodes, *(one.episode for one in self.waiting))

    @cached_property
    def lineage(self) -> Lineage:
        """What is made of what."""
        return Lineage(self.store)

    @cached_property
    def strays(self) -> Strays:
        """Audio that no transcript is made of."""
        return Strays(self.store, self.lineage)

    @cached_property
    def files(self) -> frozenset[str]:
        """The sha256 of audio and texts, also of audio that was never heard."""
        return self.kept.files | {one.sha256 for name, one in self.strays.audio.items() if name in self.ids}

    @cached_property
    def documents(self) -> tuple[Manifest, ...]:
        """The staged transcripts of the episodes."""
        every = self.lineage.documents
        return tuple(every[key] for key in sorted(self.kept.documents & every.keys()))

    @cached_property
    def artifacts(self) -> tuple[Manifest, ...]:
        """What is made with or of these, and of nothing else; what users said of them."""
        mine = {one.key for one in self.documents}
        others = {key: one for key, one in self.lineage.documents.items() if key not in mine}
        kept = self.lineage.behind(others.values()) | others
        roots = (*self.documents, *self.lineage.behind(self.documents).values(), *self._fetched())
        found = self.lineage.made_with(roots, kept)
        found |= {one.key: one for one in self.lineage.manifests if self._is_about(one)}
        return tuple(one for one in found.values() if one.key not in mine)

    def _fetched(self) -> Iterator[Manifest]:
        """Yield what was fetched for the episodes and may be in no transcript yet."""
        return fetched_for(self.lineage, self.addresses, self.ids)

    def _is_about(self, one: Manifest) -> bool:
        is_said = one.stage in SAYINGS or one.stage == "voiceprint"
        return is_said and one.parameters.get("transcript_id") in self.kept.transcripts

    def found(self) -> Iterator[Manifest]:
        """Yield what polls found, with the episodes in it or of the shows."""
        for one in self.lineage.documents.values():
            if one.stage == "discover" and (
                one.key in self.kept.discovered or one.facts.get("podcast_id") in self.wanted.shows
            ):
                yield one

    def failures(self) -> Iterator[Path]:
        """Yield the failures that tell of the episodes."""
        for path in self.store.all_failures().values():
            run = read_sealed(STAGE_RUN, path)
            if run.episode_id in self.ids or _tells_of(run, self.addresses | self.ids):
                yield path

    def marks(self) -> dict[str, tuple[str, ...]]:
        """Return by what each episode is known in its feed, should its id change."""
        found = {one.episode_id: tuple(forgotten.marks_of(one)) for one in self._episodes}
        return {name: found.get(name, ()) for name in self.ids}

    def told(self, left: Sequence[str] = ()) -> Erased:
        """Say what goes."""
        every = (*self.documents, *self.artifacts)
        known = {one.episode_id: one for one in self._episodes}
        titles = {name_of(one): self.strays.title(one) for one in self._fetched() if one.stage == "fetch"}
        titles |= {name: one.title for name, one in known.items()}
        shows = {one.id: one.title for one in query.named_shows(self.settings.snapshot)}
        shows |= {_show_of(one): one.name for one in self.subscriptions}
        return Erased(
            episodes=tuple(titles.get(name) or name for name in self.wanted.episodes),
            shows=tuple(shows.get(name) or name for name in self.wanted.shows),
            subscriptions=tuple(one.name for one in self.subscriptions),
            transcripts=len(self.kept.transcripts),
            turns=self.kept.turns,
            waiting=len(self.waiting),
            artifacts=len(every),
            bytes=sum(one.size for one in every),
            left=tuple(left),
            about=tuple(_about(known.get(name), shows) for name in self.wanted.episodes),
        )


def _about(episode: Episode | None, shows: Mapping[str, str | None]) -> str:
    return shown_about(shows.get(episode.podcast_id or ""), episode.published_at) if episode else ""


def _addresses_of(episode: Episode) -> Iterator[str | None]:
    yield from (episode.audio_url, episode.page_url, episode.chapters_url, episode.audio_path)
    yield from (link.url for link in episode.transcripts)
    yield from (link.url for link in episode.audio_links)


def _tells_of(run: StageRun, names: Set[str]) -> bool:
    return run.source in names or any(name in (run.message or "") for name in names)


def look(settings: Settings, wanted: Wanted) -> Erased:
    """Say what would go; nothing is changed.

    Raises:
        TransientError: one of the episodes is being worked on.
    """
    _check_idle(settings, wanted)
    return Going(settings, wanted).told()


def forget(settings: Settings, wanted: Wanted) -> Erased:
    """Erase all of some episodes and shows, and note that they are not wanted. Again, it goes on.

    Raises:
        SourceError: this machine does not load the warehouse.
        TransientError: one of them is being worked on, another process forgets or holds the warehouse.
    """
    if settings.load == "elsewhere":
        msg = "this machine only stages: forget on the one that loads the warehouse"
        raise SourceError(msg)
    check_writable(settings)
    with alone(settings.home, "forget", WAIT):
        return _forget(settings, wanted)


def _forget(settings: Settings, wanted: Wanted) -> Erased:
    _check_idle(settings, wanted)
    load_and_publish(settings, vectors=False)  # what was staged and not loaded is forgotten too
    going = Going(settings, wanted)
    told, now, marks = going.told(), datetime.now(UTC), going.marks()
    files = tuple(sorted(going.files))
    before = forgotten.read(settings.home)
    news = {name: Forgotten("episode", now, files, marks[name]) for name in wanted.episodes if not wanted.shows}
    news |= {name: Forgotten("show", now, files) for name in wanted.shows}
    news = {name: _with(one, before.get(name)) for name, one in news.items()}
    forgotten.note(settings.home, news)
    _erase(going)
    is_served = access.is_served(settings.home)
    if not is_served:
        run_history.erase(settings.home)
        forgotten.note(settings.home, {name: forgotten.erased(one) for name, one in news.items()})
    return replace(told, left=tuple(_left(told, is_served=is_served)))


def finish(settings: Settings) -> tuple[Erased, ...]:
    """Finish what was cut off: nothing may be made again of what is half gone."""
    if settings.load == "elsewhere" or not any(unfinished(settings)):
        return ()
    check_writable(settings)
    with alone(settings.home, "forget", WAIT):  # another one may have finished it meanwhile
        return tuple(replace(_forget(settings, one), finished=True) for one in unfinished(settings))


def _with(one: Forgotten, before: Forgotten | None) -> Forgotten:
    """Keep what was known before it was cut off."""
    if before is None:
        return one
    return replace(one, files=one.files or before.files, marks=one.marks or before.marks)


def check_writable(settings: Settings) -> None:
    """Check that folders whose files are replaced can be written, before anything is erased.

    Raises:
        SourceError: one cannot.
    """
    for folder in (settings.warehouse.parent, settings.home / "artifacts"):
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            msg = f"{folder} cannot be written: mend its permissions or its mount, and run the same command again"
            raise SourceError(msg)


def _check_idle(settings: Settings, wanted: Wanted) -> None:
    busy = next((name for name in wanted.episodes if is_held(settings.home, name)), None)
    if busy is not None:
        msg = f"{busy} is being worked on: wait until that is done, or stop it, and run the same command again"
        raise TransientError(msg)


def _erase(going: Going) -> None:
    """Erase what goes, what tells of it last."""
    settings, store = going.settings, going.store
    failures, found = list(going.failures()), list(going.found())
    _leave_queue(settings, going)
    _leave_feeds(settings, going)
    for one in found:
        _without(store, one, going)
    for path in failures:
        path.unlink(missing_ok=True)
    for one in counting("artifacts", (*going.artifacts, *going.documents)):
        store.delete(store.folder(one.stage, one.key))
    _erase_copies(store)
    done = warehouse_store.rebuild(settings.warehouse, documents(store), store.all_failures(), damage)
    set_aside(store, done)
    publish(settings, whole=True)
    spare.place(settings.snapshot).unlink(missing_ok=True)


def _leave_queue(settings: Settings, going: Going) -> None:
    queue = PendingQueue(settings.home)
    for name in going.ids:
        queue.remove(name)


def _leave_feeds(settings: Settings, going: Going) -> None:
    """End the subscriptions of the shows, and let the other feeds remember nothing of the episodes.

    Raises:
        TransientError: a feed is being read.
    """
    subscriptions = Subscriptions(settings.home)
    ending = {one.feed_id for one in going.subscriptions}
    for feed in subscriptions.all():
        with held(settings.home, f"feed-{feed.feed_id}", wait=20.0) as mine:
            if not mine:
                msg = f"{feed.name} is being read: run the same command again"
                raise TransientError(msg)
            if feed.feed_id in ending:
                subscriptions.remove(feed.feed_id)
                continue
            seen = subscriptions.remembered(feed.feed_id)
            if seen is not None and not going.ids.isdisjoint(key.episode_id for key in seen.known):
                subscriptions.remember(feed.feed_id, _seen_without(seen, going.ids))


def _seen_without(seen: SeenEpisodes, ids: Set[str]) -> SeenEpisodes:
    """Return what is known of the episodes of a feed, but for some of them."""
    return replace(
        seen,
        known=tuple(key for key in seen.known if key.episode_id not in ids),
        aliases={name: one for name, one in seen.aliases.items() if one not in ids},
        dropped=tuple(name for name in seen.dropped if name not in ids),
    )


def _without(store: Store, found: Manifest, going: Going) -> None:
    """Keep of what a poll found the other episodes alone."""
    folder = store.folder(found.stage, found.key)
    whole = found.facts.get("podcast_id") in going.wanted.shows
    left = None if whole else without_episodes((folder / found.payload).read_bytes(), going.ids)
    if left is not None:
        store.make(
            "discover",
            lambda _: Made(left, facts={"podcast_id": found.facts.get("podcast_id")}),
            method=DISCOVERED,
            suffix=".parquet",
            inputs={"found": hashlib.sha256(left).hexdigest()},
            parameters={"instead_of": found.key},
        )
    store.delete(folder)


def _erase_copies(store: Store) -> None:
    """Erase what was set aside, of which nobody can tell whose it is, and what nobody is making any more."""
    shutil.rmtree(store.damaged, ignore_errors=True)
    store.sweep(older_than=0.0)


def _left(told: Erased, *, is_served: bool) -> Iterator[str]:
    """Say where a name may still stand that cannot be erased from here."""
    if is_served:
        yield "the pages and the log of `turntable serve` may name it still: stop it, and run `turntable forget`"
    elif access.has_server():
        yield "a Prefect server elsewhere may name it in its runs and pages: delete those there"
    if told.transcripts:
        yield YOURS
