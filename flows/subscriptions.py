"""What the user subscribed to, and how far each feed was read: two private files a feed.

    $TURNTABLE_HOME/feeds/<feed_id>.json            what was asked for, and how the polls went
                          <feed_id>.episodes.json   the episodes that are known, to find the new ones

The episodes are written first: if a crash comes between, the feed is read once more and nothing is new in it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from flows.options import Options
from flows.waiting import write_private
from transforms.errors import ErrorClass, SourceError
from transforms.identity import Known
from transforms.records import PODCAST_NAMESPACE, without_query

Backfill = int | Literal["all"]

INTERVAL = timedelta(minutes=15)  # from one look at a feed to the next
LONGEST_REST = timedelta(days=1)  # of a feed that fails again and again


@dataclass(frozen=True, slots=True)
class Poll:
    """How the polls of a feed went; `None` where it did not happen. `paused` says why it is not asked any more."""

    etag: str | None = None
    last_modified: str | None = None
    polled_at: datetime | None = None
    changed_at: datetime | None = None
    new_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    error_class: ErrorClass | None = None
    error: str | None = None
    paused: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed that is asked again and again; `url` may hold a secret, and moves when the publisher says so.

    `backfill` is how many of the episodes that are there already are heard too.
    """

    feed_id: str
    url: str
    title: str | None
    tags: tuple[str, ...]
    options: Options
    backfill: Backfill
    added_at: datetime
    poll: Poll = field(default_factory=Poll)


@dataclass(frozen=True, slots=True)
class Remembered:
    """The episodes of a feed that are known, and by which other ids some of them went."""

    known: tuple[Known, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)


_SUBSCRIPTION = TypeAdapter(Subscription)
_REMEMBERED = TypeAdapter(Remembered)


def feed_id(url: str) -> str:
    """Name a feed by the address that it was first known by, without scheme and trailing slashes.

    >>> feed_id("https://example.org/feed/") == feed_id("http://example.org/feed")
    True
    """
    return str(uuid.uuid5(PODCAST_NAMESPACE, url.partition("://")[2].rstrip("/") or url))


class Subscriptions:
    """The subscriptions of one home."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "feeds"

    def all(self) -> Iterator[Subscription]:
        """Read them all, in the order in which they were added."""
        paths = (path for path in self.folder.glob("[!.]*.json") if not path.name.endswith(".episodes.json"))
        yield from sorted(map(_read, paths), key=lambda s: (s.added_at, s.feed_id))

    def get(self, feed_id: str) -> Subscription | None:
        """Read one; `None` where there is none of this id."""
        path = self.folder / f"{feed_id}.json"
        return _read(path) if path.is_file() else None

    def find(self, name: str) -> Subscription:
        """Find one by its address, its id or the beginning of it, or a piece of its title.

        Raises:
            SourceError: none or several are meant.
        """
        everything = tuple(self.all())
        for fits in (_has_address, _has_id, _has_title):
            found = [s for s in everything if fits(s, name)]
            if len(found) == 1:
                return found[0]
            if found:
                titles = ", ".join(f"{s.feed_id[:8]} {s.title or without_query(s.url)}" for s in found[:5])
                msg = f"{name!r} means {len(found)} feeds: {titles}; give the beginning of an id"
                raise SourceError(msg)
        shown = without_query(name) if "://" in name else name
        msg = f"no feed is called {shown!r}: `turntable feeds` lists them"
        raise SourceError(msg)

    def put(self, subscription: Subscription) -> None:
        """Write one down, in place of what was there."""
        write_private(self.folder / f"{subscription.feed_id}.json", _SUBSCRIPTION.dump_json(subscription, indent=1))

    def remembered(self, feed_id: str) -> Remembered:
        """Read which episodes of a feed are known; none before its first poll."""
        path = self._episodes(feed_id)
        return _REMEMBERED.validate_json(path.read_bytes()) if path.is_file() else Remembered()

    def remember(self, feed_id: str, remembered: Remembered) -> None:
        """Write down which episodes of a feed are known."""
        write_private(self._episodes(feed_id), _REMEMBERED.dump_json(remembered))

    def remove(self, feed_id: str) -> None:
        """Forget a feed; what was heard of it stays."""
        (self.folder / f"{feed_id}.json").unlink(missing_ok=True)
        self._episodes(feed_id).unlink(missing_ok=True)

    def _episodes(self, feed_id: str) -> Path:
        return self.folder / f"{feed_id}.episodes.json"


def _read(path: Path) -> Subscription:
    return _SUBSCRIPTION.validate_json(path.read_bytes())


def _has_address(subscription: Subscription, name: str) -> bool:
    return "://" in name and (subscription.url == name or subscription.feed_id == feed_id(name))


def _has_id(subscription: Subscription, name: str) -> bool:
    return len(name) >= 4 and subscription.feed_id.startswith(name.lower())


def _has_title(subscription: Subscription, name: str) -> bool:
    return "://" not in name and name.casefold() in (subscription.title or "").casefold()


def is_due(subscription: Subscription, now: datetime) -> bool:
    """Tell whether a feed has to be asked."""
    poll = subscription.poll
    return poll.paused is None and (poll.next_at is None or poll.next_at <= now)


def rested(poll: Poll, error: str, kind: ErrorClass, now: datetime, retry_after: float | None) -> Poll:
    """Note a poll that failed: the next one comes later each time, and not before the server wants it."""
    rest = min(INTERVAL * 2**poll.failures, LONGEST_REST)
    rest = max(rest, timedelta(seconds=retry_after or 0))
    return replace(
        poll, polled_at=now, failures=poll.failures + 1, error_class=kind, error=error, next_at=now + rest
    )


def host_of(subscription: Subscription) -> str:
    """Name where a feed lies, without what may be secret."""
    return urlsplit(subscription.url).hostname or subscription.url
