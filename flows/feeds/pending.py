"""Pending episodes: one private file each, from the poll that found them until their turns are in the warehouse.

    $TURNTABLE_HOME/waiting/<episode_id>.json

The file holds what a run needs and nobody else may read, such as an address with a subscriber's token. It is
written before the feed is remembered as read, so a crash finds the episode again; events only say that it is
there. Of a file that was damaged a mark stays, `.<episode_id>.lost`: the next poll of its feed finds the episode
anew.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import NonNegativeInt, TypeAdapter

from flows.feeds.rests import is_resting
from flows.home import private
from flows.home.inventory import snapshot_of
from flows.locations import KNOWN_BY_ID
from flows.settings import Options
from flows.sources.found import PublisherExtras, addresses_of, extras_of, public_episode, public_podcast
from transforms.choice import Named, choose, shown_about
from transforms.errors import ErrorClass, SourceError, TransientError, error_class, one_line
from transforms.records import Episode, Moment, Podcast
from transforms.redaction import public_text
from transforms.sealed import is_sealed
from warehouse import query

# How long a failed episode rests before it is tried again, by class; after the last one it is quarantined.
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RESTS: dict[ErrorClass, tuple[timedelta, ...]] = {
    "transient": (_MINUTE, 5 * _MINUTE, 20 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY),
    "source": (_HOUR, 6 * _HOUR, _DAY, 3 * _DAY),
    "resource": (_HOUR,),
    "bug": (_HOUR,),
    "content": (),
    "hostile": (),
}
LONGEST_EPISODE_REST = max(rest for rests in RESTS.values() for rest in rests)
# An event that started no run in this time is taken for lost.
LOST_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class PendingEpisode:
    """An episode that has been found and is not transcribed yet; `location` may be a secret.

    `attempts` counts the runs that failed since somebody last looked after it, `failures` those of each class;
    `failed_at` is when the last one did. `next_try_at` is `None` where nothing failed, `emitted_at` where no event
    said that it is there. It is `confined` to what a request may name where a request left it, or a file that
    nobody vouches for. `secrets` are those of addresses that do not stand here, such as of its feed.
    """

    location: str
    podcast: Podcast | None
    episode: Episode
    options: Options
    feed_id: str | None
    since: Moment
    emitted_at: Moment | None = None
    emits: NonNegativeInt = 0
    attempts: NonNegativeInt = 0
    stage: str | None = None
    error_class: ErrorClass | None = None
    message: str | None = None
    next_try_at: Moment | None = None
    quarantined: bool = False
    private: bool = False
    failed_at: Moment | None = None
    confined: bool = False
    secrets: tuple[str, ...] = ()
    failures: Mapping[ErrorClass, NonNegativeInt] = field(default_factory=dict)

    @property
    def public_episode(self) -> Episode:
        """Return the episode as others may see it."""
        return public_episode(self.episode, *self._of_show, private=self.private, secrets=self.secrets)

    @property
    def public_podcast(self) -> Podcast | None:
        """Return its show as others may see it."""
        more = addresses_of(self.episode)
        return self.podcast and public_podcast(self.podcast, *more, private=self.private, secrets=self.secrets)

    @property
    def extras(self) -> PublisherExtras:
        """Take what the publisher offers beside the audio, with the secrets of all addresses."""
        return extras_of(self.episode, *self._of_show, private=self.private, secrets=self.secrets)

    @property
    def _of_show(self) -> tuple[str | None, ...]:
        return (self.podcast.feed_url, self.podcast.site_url) if self.podcast else ()

    @property
    def name(self) -> str:
        """What people call it: its title, else its id."""
        return self.public_episode.title or self.episode.episode_id

    @property
    def state(self) -> str:
        """What people call it: waiting, failed or quarantined."""
        if self.quarantined:
            return "quarantined"
        return "failed" if self.attempts else "waiting"


PENDING = TypeAdapter(PendingEpisode)


class PendingQueue:
    """The pending episodes of one home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "waiting"

    def all(self) -> Iterator[PendingEpisode]:
        """Read them all, those who wait longest first."""
        found = filter(None, map(self._read, sorted(self.folder.glob("[!.]*.json"))))
        yield from sorted(found, key=lambda w: (w.since, w.episode.episode_id))

    def get(self, episode_id: str) -> PendingEpisode | None:
        """Read one; `None` where it is not pending."""
        return self._read(self._path(episode_id))

    def find(self, name: str) -> PendingEpisode:
        """Return the one that a user means, as `transforms.choice` says.

        Raises:
            SourceError: none or several are meant.
        """
        way_out = "`turntable status` lists them all; give an id or a piece of a title"
        chosen = self.get(choose(public_text(name), self.named(), "waiting episode", way_out).id)
        if chosen is None:
            msg = f"{name} waits no more: it was heard just now, or removed"
            raise SourceError(msg)
        return chosen

    def named(self) -> list[Named]:
        """List what a user can mean."""
        return [Named(w.episode.episode_id, w.public_episode.title, _places(w), _about(w)) for w in self.all()]

    def put(self, pending: PendingEpisode) -> None:
        """Write one down, in place of what was there."""
        path = self._path(pending.episode.episode_id)
        private.write(path, PENDING, pending)
        self._mark(path).unlink(missing_ok=True)

    def remove(self, episode_id: str) -> None:
        """Forget one that is transcribed."""
        path = self._path(episode_id)
        path.unlink(missing_ok=True)
        self._mark(path).unlink(missing_ok=True)

    def holds(self, episode_id: str) -> bool:
        """Check whether an episode is pending, without reading it."""
        return self._path(episode_id).exists()

    def among(self, episode_ids: Iterable[str]) -> list[str]:
        """Return which of some episodes are pending, in their order; of thousands, few are."""
        there = {path.name for path in self.folder.glob("[!.]*.json")}
        return [one for one in episode_ids if _name(one) in there] if there else []

    def are_lost(self, episode_ids: Iterable[str]) -> set[str]:
        """Return which of some episodes were pending in a file that was damaged, and are not again yet."""
        lost = {path.name for path in self.folder.glob(".*.lost")}
        return {one for one in episode_ids if self._mark(self._path(one)).name in lost} if lost else set()

    def _read(self, path: Path) -> PendingEpisode | None:
        def way_out() -> str:
            with suppress(OSError):  # who only looks may not write here
                self._mark(path).touch(mode=0o600)
            source = query.source_of(snapshot_of(self.home), path.stem)
            told = source is not None and not source.startswith(KNOWN_BY_ID)  # a private one has no other name
            address = f": `turntable ingest {shlex.quote(source or '')}`" if told else ""
            return (
                "the next poll of its feed finds the episode again; one that no feed brought is ingested again by "
                f"its address{address}"
            )

        found = private.read(path, PENDING, self.home, way_out)
        if found is None or found.confined or is_sealed(path):
            return found
        return replace(found, confined=True)  # it is noted with whatever is written next, which has a digest

    def _path(self, episode_id: str) -> Path:
        return self.folder / _name(episode_id)

    @staticmethod
    def _mark(path: Path) -> Path:
        return path.with_name(f".{path.stem}.lost")


def _name(episode_id: str) -> str:
    """Return the name of the file of a pending episode; a request may name any."""
    return f"{episode_id.replace(':', '-').replace('/', '-')}.json"


def _about(pending: PendingEpisode) -> str:
    show = pending.public_podcast
    return shown_about(show.title if show else None, pending.episode.published_at)


def _places(pending: PendingEpisode) -> frozenset[str]:
    episode = pending.public_episode
    return frozenset(filter(None, (episode.audio_url, episode.page_url)))


def may_run(pending: PendingEpisode, now: datetime) -> bool:
    """Check whether an episode may be tried now, whether an event said so or not."""
    rests = is_resting(pending.next_try_at, pending.failed_at, now, LONGEST_EPISODE_REST)
    return not pending.quarantined and not rests


def needs_event(pending: PendingEpisode, now: datetime) -> bool:
    """Check whether an event has to say that an episode is there: for the first time, again, or after a rest."""
    if not may_run(pending, now):
        return False
    if pending.emitted_at is None or pending.emitted_at > now:  # the clock ran ahead when it was said
        return True
    if pending.next_try_at is not None and pending.emitted_at < pending.next_try_at:
        return True
    # A long queue looks like lost events: ask less and less often, or each poll would make the queue longer.
    patience = LOST_AFTER
    for _ in range(1, min(pending.emits, 8)):
        patience *= 2
    return now - pending.emitted_at >= min(patience, _DAY)


def emitted(pending: PendingEpisode, now: datetime) -> PendingEpisode:
    """Note that an event said so."""
    return replace(pending, emitted_at=now, emits=pending.emits + 1)


def event_lost(pending: PendingEpisode) -> PendingEpisode:
    """Note that the event was lost, or that what it started is gone: the next poll says it again."""
    return replace(pending, emitted_at=None) if pending.next_try_at is None else pending


def failed(pending: PendingEpisode, stage: str, error: BaseException, now: datetime) -> PendingEpisode:
    """Note a failed run: when to try again, or that nothing but a person can help.

    Each class of failures has its own rests, and they go on where they were when another class came between.
    """
    kind = error_class(error)
    before = pending.failures.get(kind, 0)
    rest = RESTS[kind][before] if before < len(RESTS[kind]) else None
    if rest is not None and isinstance(error, TransientError) and error.retry_after:
        rest = min(max(rest, timedelta(seconds=error.retry_after)), LONGEST_EPISODE_REST)
    return replace(
        pending,
        attempts=pending.attempts + 1,
        failures={**pending.failures, kind: before + 1},
        stage=stage,
        error_class=kind,
        message=one_line(error),
        next_try_at=None if rest is None else now + rest,
        quarantined=rest is None,
        failed_at=now,
    )


def moved(pending: PendingEpisode, location: str, episode: Episode) -> PendingEpisode:
    """Note what the feed says now; an episode that failed for what was at another address gets another chance."""
    is_elsewhere = location != pending.location and pending.error_class in ("source", "content")
    again = retried(pending) if is_elsewhere else pending
    return replace(again, location=location, episode=episode)


def retried(pending: PendingEpisode) -> PendingEpisode:
    """Let somebody's repair count: everything that failed is forgotten, and the episode is due at once."""
    return replace(
        pending,
        attempts=0,
        failures={},
        stage=None,
        error_class=None,
        message=None,
        next_try_at=None,
        quarantined=False,
        failed_at=None,
        emitted_at=None,
    )
