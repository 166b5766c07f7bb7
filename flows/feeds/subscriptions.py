"""What the user subscribed to, and how far each feed was read: two private files a feed.

    $TURNTABLE_HOME/feeds/<feed_id>.json            what was asked for, and how the polls went
                          <feed_id>.episodes.json   the episodes that are known, to find the new ones
                   polled.json                      when each feed was asked last

A file that cannot be read is set aside with a row, and the others go on: `turntable add` with the address of the
feed brings the subscription back, its next look the episodes.

The episodes are written first: if a crash comes between, the feed is read once more and nothing is new in it. A
poll that finds a feed unchanged writes none of the two, only the time, once for all feeds.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import NonNegativeInt, TypeAdapter

from flows.feeds.pending import PendingQueue
from flows.feeds.rests import is_resting
from flows.home import private
from flows.home.inventory import snapshot_of
from flows.locations import locate
from flows.settings import Options
from flows.sources.found import EpisodeSource, bare_episode, extras_of, known_secrets
from transforms.choice import Named, choose
from transforms.errors import ErrorClass, SourceError
from transforms.feed.identity import EpisodeKey
from transforms.records import PODCAST_NAMESPACE, Moment
from transforms.redaction import is_masked, is_private, private_address, public_address, public_text, secrets_of
from warehouse import query

Backfill = int | Literal["all"]

INTERVAL = timedelta(minutes=15)  # from one look at a feed to the next
LONGEST_FEED_REST = timedelta(days=1)  # of a feed that fails again and again, or whose server asks for more


@dataclass(frozen=True, slots=True)
class PollState:
    """How the polls of a feed went; `None` where it did not happen. `paused` says why it is not asked any more.

    `sha256` is of the feed as it was read last: not every server can say that nothing changed.
    """

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None
    polled_at: Moment | None = None
    changed_at: Moment | None = None
    new_at: Moment | None = None
    next_at: Moment | None = None
    failures: NonNegativeInt = 0
    error_class: ErrorClass | None = None
    error: str | None = None
    paused: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed that is asked again and again; `url` may hold a secret, and moves when the publisher says so.

    `first_url` and, once it was read, `podcast_id` name the show and its episodes for good, wherever it moves.
    `backfill` is how many of the episodes that are there already are heard too. `marked` says whether it
    is private; `None` leaves that to its addresses.
    """

    feed_id: str
    first_url: str
    url: str
    podcast_id: str | None
    title: str | None
    tags: tuple[str, ...]
    options: Options
    backfill: Backfill
    added_at: Moment
    poll: PollState = field(default_factory=PollState)
    marked: bool | None = None

    @property
    def is_private(self) -> bool:
        """Check whether nobody else may know its addresses: the user says so, else its own addresses do."""
        return is_private(self.url) or is_private(self.first_url) if self.marked is None else self.marked

    @property
    def shown_url(self) -> str:
        """Where it lies, without what may be secret."""
        return private_address(self.url) if self.is_private else public_address(self.url)

    @property
    def name(self) -> str:
        """What people call it: its title, else where it lies, without what may be secret."""
        secrets = (secret for url in (self.url, self.first_url) for secret in secrets_of(url))
        return public_text(self.title, secrets) if self.title else self.shown_url


@dataclass(frozen=True, slots=True)
class SeenEpisodes:
    """The episodes of a feed that are known; the other ids of some; those that a person let go unheard."""

    known: tuple[EpisodeKey, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


SUBSCRIPTION = TypeAdapter(Subscription)
REMEMBERED = TypeAdapter(SeenEpisodes)
POLL_TIMES = TypeAdapter(dict[str, Moment])


def feed_id(url: str) -> str:
    """Name a feed by the address that it was first known by, without scheme and trailing slashes.

    >>> feed_id("https://example.org/feed/") == feed_id("http://example.org/feed")
    True
    """
    return str(uuid.uuid5(PODCAST_NAMESPACE, url.partition("://")[2].rstrip("/") or url))


class Subscriptions:
    """The subscriptions of one home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "feeds"
        self._times = home / "polled.json"

    def all(self) -> Iterator[Subscription]:
        """Read them all, in the order in which they were added."""
        paths = (path for path in self.folder.glob("[!.]*.json") if not path.name.endswith(".episodes.json"))
        found = filter(None, map(self._read, sorted(paths)))
        yield from sorted(found, key=lambda s: (s.added_at, s.feed_id))

    def get(self, feed_id: str) -> Subscription | None:
        """Read one; `None` where there is none of this id."""
        return self._read(self.folder / f"{feed_id}.json")

    def find(self, name: str) -> Subscription:
        """Return the one that a user means by its address, or as `transforms.choice` says.

        Raises:
            SourceError: none or several are meant.
        """
        way_out = "`turntable feeds` lists them all; give the beginning of an id or a piece of a title"
        chosen = self.at(name) or self.get(choose(public_address(name), self.named(), "feed", way_out).id)
        if chosen is None:
            msg = f"{public_address(name)} is not subscribed any more"
            raise SourceError(msg)
        return chosen

    def at(self, address: str) -> Subscription | None:
        """Return the one of an address, which may hold a secret; `None` where there is none."""
        if "://" not in address:
            return None
        return next((s for s in self.all() if s.url == address or s.feed_id == feed_id(address)), None)

    def named(self) -> list[Named]:
        """List what a user can mean."""
        return [Named(s.feed_id, s.name, frozenset((s.shown_url,))) for s in self.all()]

    def put(self, subscription: Subscription) -> None:
        """Write one down, in place of what was there."""
        private.write(self.folder / f"{subscription.feed_id}.json", SUBSCRIPTION, subscription)

    def remembered(self, feed_id: str) -> SeenEpisodes | None:
        """Read which episodes of a feed are known; `None` before its first poll, and where that was lost."""
        way_out = "the next look at the feed tells old from new by what was found before"
        return private.read(self._episodes(feed_id), REMEMBERED, self.home, lambda: way_out)

    def remember(self, feed_id: str, remembered: SeenEpisodes) -> None:
        """Write down which episodes of a feed are known."""
        private.write(self._episodes(feed_id), REMEMBERED, remembered)

    def remove(self, feed_id: str) -> None:
        """Forget a feed; what was heard of it stays."""
        (self.folder / f"{feed_id}.json").unlink(missing_ok=True)
        self._episodes(feed_id).unlink(missing_ok=True)

    def poll_times(self) -> Mapping[str, datetime]:
        """Read when each feed was asked last; a feed without a time was not."""
        way_out = "it only told when feeds were asked, and the next poll writes it anew"
        return private.read(self._times, POLL_TIMES, self.home, lambda: way_out) or {}

    def note_poll_times(self, times: Mapping[str, datetime]) -> None:
        """Write down when feeds were asked."""
        if times:
            private.write(self._times, POLL_TIMES, {**self.poll_times(), **times})

    def _read(self, path: Path) -> Subscription | None:
        return private.read(path, SUBSCRIPTION, self.home, lambda: self.way_back(path.stem))

    def way_back(self, feed_id: str) -> str:
        """Say of a subscription that was lost which one it was, as far as that is known, and how to come back."""
        known = tuple(k.episode_id for k in (self.remembered(feed_id) or SeenEpisodes()).known)
        title, url = query.show_of(snapshot_of(self.home), feed_id, known) or (None, None)
        which = f"it was {title or 'a show without a title'}" if title or url else "nobody knows which show it was"
        return f"{which}; subscribe again with `turntable add {url or 'URL'}`"

    def _episodes(self, feed_id: str) -> Path:
        return self.folder / f"{feed_id}.episodes.json"


def is_due(subscription: Subscription, now: datetime) -> bool:
    """Check whether a feed has to be asked."""
    poll = subscription.poll
    return poll.paused is None and not is_resting(poll.next_at, poll.polled_at, now, LONGEST_FEED_REST)


def rested(poll: PollState, error: str, kind: ErrorClass, now: datetime, retry_after: float | None) -> PollState:
    """Note a poll that failed: the next one comes later each time, and not before the server wants it.

    Whatever that wants, it is asked again after `LONGEST_FEED_REST`.
    """
    rest = INTERVAL * 2 ** min(poll.failures, 16)  # no time span holds 2**37 of them
    rest = min(max(rest, timedelta(seconds=retry_after or 0)), LONGEST_FEED_REST)
    return replace(
        poll, polled_at=now, failures=poll.failures + 1, error_class=kind, error=error, next_at=now + rest
    )


def new_subscription(
    url: str,
    now: datetime,
    *,
    title: str | None = None,
    tags: tuple[str, ...] = (),
    options: Options | None = None,
    backfill: Backfill = 1,
    private: bool | None = None,
) -> Subscription:
    """Subscribe to an address; nothing is asked yet.

    Raises:
        SourceError: it is no address of the web.
    """
    if not _is_address(url):
        msg = f"{public_address(url)!r} is no address of a feed: give one as https://example.org/feed.xml"
        raise SourceError(msg)
    return Subscription(
        feed_id=feed_id(url),
        first_url=url,
        url=url,
        podcast_id=None,
        title=title,
        tags=tags,
        options=options or Options(),
        backfill=backfill,
        added_at=now,
        marked=private,
    )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # such as "http://["
        return False


def find_known(home: Path, episode_id: str) -> EpisodeSource | None:
    """Find an episode that waits, or that a subscribed feed or the warehouse knows; `None` where none does.

    Of one that does not wait the address may be out of date: feeds put tokens into it.
    """
    pending = PendingQueue(home).get(episode_id)
    if pending is not None:
        return EpisodeSource(
            locate(pending.location),
            pending.public_podcast,
            pending.public_episode,
            pending.extras,
            pending.private,
        )
    episode = query.stored_episode(snapshot_of(home), episode_id)
    remembered, secrets, private = _remembered_location(Subscriptions(home), episode_id)
    location = remembered or (episode.audio_url if episode else None)
    if location is None or is_masked(location):
        return None
    bare = bare_episode(episode_id, None if private else public_address(location))
    extras = replace(extras_of(episode or bare), secrets=secrets)
    return EpisodeSource(locate(location), None, episode or bare, extras, private)


def is_known_private(home: Path, url: str) -> bool:
    """Check whether a user said of a feed that it is private."""
    known = Subscriptions(home).get(feed_id(url))
    return known is not None and known.is_private


def _remembered_location(
    subscriptions: Subscriptions, episode_id: str
) -> tuple[str | None, tuple[str, ...], bool]:
    """Return where the audio of an episode lay last, the secrets known of it, and whether it is private.

    `None` where no feed knows it.
    """
    for subscription in subscriptions.all():
        remembered = subscriptions.remembered(subscription.feed_id) or SeenEpisodes()
        name = remembered.aliases.get(episode_id, episode_id)
        for known in remembered.known:
            if known.episode_id == name:
                urls, private = (
                    (subscription.url, subscription.first_url, known.audio_url),
                    subscription.is_private,
                )
                return known.audio_url, known_secrets(*urls, private=private), private
    return None, (), False
