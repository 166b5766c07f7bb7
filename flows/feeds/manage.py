"""What a person does with subscriptions and with the episodes that wait. No Prefect."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from flows.feeds.pending import PendingEpisode, PendingQueue, may_run, retried
from flows.feeds.poll import LARGE_PATIENCE, FeedResult, load_found, poll_feed
from flows.feeds.subscriptions import Backfill, Subscription, Subscriptions, feed_id, new_subscription
from flows.home.locks import all_held, held, is_held
from flows.locations import Location, keeping_private
from flows.settings import Options, Settings
from flows.sources.episodes import feed_behind
from flows.threads import each
from transforms.choice import choose
from transforms.errors import ErrorClass, SourceError, TransientError, TurntableError, one_line
from transforms.feed.opml import Outline, is_opml, read_opml, write_opml
from transforms.redaction import is_private, public_address
from transforms.text import counted
from warehouse import query

# The files of locks whose names are ids of episodes, and not those of feeds, audio or commands.
_EPISODE_LOCK = re.compile(r"(?P<youtube>youtube-.+)|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

COLUMNS = (
    "feed_id",
    "title",
    "state",
    "polled_at",
    "new_at",
    "next_at",
    "failures",
    "error",
    "tags",
    "private",
    "url",
)
STATUS = (
    "state",
    "episode_id",
    "title",
    "show",
    "since",
    "stage",
    "error_class",
    "attempts",
    "next_try_at",
    "message",
)
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one address that somebody wants to subscribe to."""

    feed_id: str
    line: str
    refused: bool = False


def add_feeds(
    settings: Settings,
    sources: Sequence[Location],
    tags: tuple[str, ...],
    options: Options,
    backfill: Backfill,
    private: bool | None = None,
    listed: Sequence[Outline] = (),
) -> tuple[Added, ...]:
    """Subscribe to addresses and to the feeds of OPML files and of other lists, and ask each for the first time.

    `private` says whether nobody else may know the addresses; `None` leaves that to them. A single address that
    leads to no feed is not kept, and holds up none beside it. What a list has is kept: feeds come back.

    Raises:
        SourceError: the only source is a file that is not there, or an address where no feed is.
        ContentError: it is an OPML file that lists no feed.
    """
    found, refused = _outlines_of(settings, sources, private, is_lone=len(sources) == 1 and not listed)
    now, wanted = datetime.now(UTC), {}
    for outline, is_listed in (*((outline, True) for outline in listed), *found):
        subscription = new_subscription(
            outline.url,
            now,
            title=outline.title,
            tags=tuple(dict.fromkeys((*tags, *outline.folders))),
            options=options,
            backfill=backfill,
            private=private,
        )
        wanted[subscription.feed_id] = (subscription, is_listed)
    subscriptions = Subscriptions(settings.home)
    new = [s for s, _ in wanted.values() if subscriptions.get(s.feed_id) is None]
    if private is not None:
        _mark(settings, [s for s, _ in wanted.values() if s not in new], private)
    results = _keep_and_poll(settings, new, now)
    added = (_added(subscriptions, s, results, kept=is_listed) for s, is_listed in wanted.values())
    return (*added, *refused)


def _outlines_of(
    settings: Settings, sources: Sequence[Location], private: bool | None, *, is_lone: bool
) -> tuple[list[tuple[Outline, bool]], list[Added]]:
    """List the feeds behind sources, and whether a list names them; and what the sources are that lead to none.

    Raises:
        TurntableError: a lone source leads to no feed.
    """
    outlines: list[tuple[Outline, bool]] = []
    refused = []
    for source in sources:
        try:
            with keeping_private(is_private(source.address) if private is None else private):
                outlines += _outlines(source, settings)
        except TurntableError as error:
            if is_lone:
                raise
            refused.append(Added(feed_id(source.address), f"not subscribed: {one_line(error)}", refused=True))
    return outlines, refused


def _keep_and_poll(settings: Settings, new: Sequence[Subscription], now: datetime) -> dict[str, FeedResult | None]:
    """Keep subscriptions, ask each feed for the first time, and load what was found; the answers by feed."""
    subscriptions = Subscriptions(settings.home)
    for subscription in new:
        subscriptions.put(subscription)
    looks = each(new, lambda s: poll_feed(settings, s.feed_id), at_once=_AT_ONCE, patience=LARGE_PATIENCE)
    results = {s.feed_id: result for s, result in looks}
    subscriptions.note_poll_times({feed_id: now for feed_id, result in results.items() if result is not None})
    load_found(settings)
    return results


def _mark(settings: Settings, chosen: Sequence[Subscription], private: bool) -> None:
    """Note of feeds that were there before whether they are private from now on."""
    subscriptions = Subscriptions(settings.home)
    for subscription in chosen:
        with held(settings.home, f"feed-{subscription.feed_id}", wait=5.0):
            if seen := subscriptions.get(subscription.feed_id):
                subscriptions.put(replace(seen, marked=private))


def _outlines(source: Location, settings: Settings) -> Iterator[tuple[Outline, bool]]:
    """List the feeds that a user names, and whether a list of others names them."""
    if source.is_url:
        yield Outline(feed_behind(source, settings.reach), None), False
        return
    try:
        data = source.path.read_bytes()
    except OSError as error:
        msg = f"{source.public}: neither an address as https://example.org/feed.xml nor an OPML file"
        raise SourceError(msg) from error
    if not is_opml(data):
        msg = f"{source.public} is no OPML file: subscribe to a feed by its address"
        raise SourceError(msg)
    yield from ((outline, True) for outline in read_opml(data, source.public))


def _added(
    subscriptions: Subscriptions, asked: Subscription, results: dict[str, FeedResult | None], *, kept: bool
) -> Added:
    """Return what became of a subscription; one that leads to no feed is taken back."""
    now = subscriptions.get(asked.feed_id) or asked
    if asked.feed_id not in results:
        return Added(asked.feed_id, f"{now.name}: subscribed before{', private' if now.is_private else ''}")
    look = results[asked.feed_id]
    if look is None or look.news not in ("failed", "paused"):
        n_pending, found = (look.waiting, look.found) if look else (0, 0)
        how = "subscribed as private" if now.is_private else "subscribed"
        return Added(asked.feed_id, f"{now.name}: {how}, {n_pending} of {counted(found, 'episode')} to be heard")
    if kept or look.error_class == TransientError.error_class:
        return Added(asked.feed_id, f"{now.name}: subscribed, but not read yet ({look.message})")
    subscriptions.remove(asked.feed_id)
    return Added(asked.feed_id, f"not subscribed: {look.message}", refused=True)


def as_opml(settings: Settings, tag: str | None) -> str:
    """Write the subscriptions as OPML, tags as folders; the addresses are as they are, with their secrets."""
    chosen = _tagged(settings, tag)
    return write_opml(Outline(s.url, s.title, s.tags) for s in chosen)


def listed(settings: Settings, tag: str | None) -> list[tuple[Any, ...]]:
    """Return how each subscription is: the rows of `COLUMNS`."""
    times = Subscriptions(settings.home).poll_times()
    return [
        (
            s.feed_id,
            s.name,
            _state(s),
            _at(max(filter(None, (times.get(s.feed_id), s.poll.polled_at)), default=None)),
            _at(s.poll.new_at),
            _at(s.poll.next_at),
            s.poll.failures,
            s.poll.error,
            list(s.tags),
            s.is_private,
            s.shown_url,
        )
        for s in _tagged(settings, tag)
    ]


def _tagged(settings: Settings, tag: str | None) -> list[Subscription]:
    return [s for s in Subscriptions(settings.home).all() if tag is None or tag in s.tags]


def _state(subscription: Subscription) -> str:
    """Return how a subscription is: new, good, failing or paused."""
    poll = subscription.poll
    if poll.paused:
        return "paused"
    if poll.failures:
        return "failing"
    return "good" if poll.polled_at else "new"


def remove(settings: Settings, name: str) -> str:
    """End a subscription with its pending episodes, or let one episode wait no more; say which that was.

    Raises:
        SourceError: nothing is called so, or several things.
        TransientError: it is being worked on.
    """
    queue, subscriptions = PendingQueue(settings.home), Subscriptions(settings.home)
    feed = subscriptions.at(name)
    if feed is None:
        known = [*subscriptions.named(), *queue.named()]
        way_out = "`turntable feeds` and `turntable status` list them; give an id or a piece of a title"
        try:
            chosen = choose(public_address(name), known, "feed or waiting episode", way_out).id
        except SourceError:
            if _drop(settings, name):
                return f"{name}: it is not missed any more"
            raise
        if pending := queue.get(chosen):
            queue.remove(chosen)
            _drop(settings, chosen)
            return f"{pending.name}: it waits no more"
        feed = subscriptions.get(chosen) or subscriptions.find(name)
    with held(settings.home, f"feed-{feed.feed_id}", wait=5.0) as mine:
        if not mine:
            msg = f"{feed.name} is being read: run the same command again"
            raise TransientError(msg)
        subscriptions.remove(feed.feed_id)
    left = [w for w in queue.all() if w.feed_id == feed.feed_id]
    for pending in left:
        queue.remove(pending.episode.episode_id)
    return f"{feed.name}: not subscribed any more, {counted(len(left), 'waiting episode')} dropped"


def _drop(settings: Settings, episode_id: str) -> bool:
    """Remember that a person lets an episode go unheard: it is not missing. False where no feed has it."""
    dropped = False
    subscriptions = Subscriptions(settings.home)
    for feed in subscriptions.all():
        with held(settings.home, f"feed-{feed.feed_id}", wait=5.0) as mine:
            remembered = subscriptions.remembered(feed.feed_id) if mine else None
            if remembered and episode_id in {known.episode_id for known in remembered.known}:
                unwanted = (*remembered.dropped, episode_id)
                subscriptions.remember(feed.feed_id, replace(remembered, dropped=unwanted))
                dropped = True
    return dropped


def standing(settings: Settings) -> list[tuple[Any, ...]]:
    """Return how each episode stands that has no transcript yet: the rows of `STATUS`, those that run first."""
    order = ("running", "waiting", "failed", "quarantined")
    waiting = list(PendingQueue(settings.home).all())
    rows = [_row(settings, pending) for pending in waiting]
    rows += _at_work(settings, {pending.episode.episode_id for pending in waiting})
    return sorted(rows, key=lambda row: order.index(row[0]))


def _at_work(settings: Settings, waiting: Collection[str]) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each episode that somebody works on and that does not wait, as one that a person named.

    Before it is in the warehouse, nothing but its id is known of it here.
    """
    for name, since in all_held(settings.home):
        found = _EPISODE_LOCK.fullmatch(name)
        episode_id = name.replace("-", ":", 1) if found and found["youtube"] else name
        if found and episode_id not in waiting:
            known = query.stored_episode(settings.snapshot, episode_id)
            title = known.title if known else None
            yield ("running", episode_id, title, None, _at(since), None, None, 0, None, None)


def _row(settings: Settings, pending: PendingEpisode) -> tuple[Any, ...]:
    episode = pending.episode
    return (
        "running" if is_held(settings.home, episode.episode_id) else pending.state,
        episode.episode_id,
        pending.public_episode.title,
        pending.public_podcast and pending.public_podcast.title,
        _at(pending.since),
        pending.stage,
        pending.error_class,
        pending.attempts,
        _at(pending.next_try_at),
        pending.message,
    )


def retry(settings: Settings, name: str | None, kind: ErrorClass | None) -> tuple[PendingEpisode, ...]:
    """Let one episode, all of a class, or all that failed be tried again at once.

    Raises:
        SourceError: no waiting episode is called so.
    """
    queue = PendingQueue(settings.home)
    chosen = [queue.find(name)] if name is not None else [w for w in queue.all() if _failed_so(w, kind)]
    return tuple(_changed(settings, pending, retried(pending)) for pending in chosen)


def _failed_so(pending: PendingEpisode, kind: ErrorClass | None) -> bool:
    return pending.error_class is not None if kind is None else pending.error_class == kind


def quarantine(settings: Settings, name: str, reason: str | None) -> PendingEpisode:
    """Let an episode not be tried again by itself.

    Raises:
        SourceError: no waiting episode is called so.
        TransientError: it is being worked on.
    """
    pending = PendingQueue(settings.home).find(name)
    said = reason or pending.message or "set aside by hand"
    return _changed(settings, pending, replace(pending, quarantined=True, next_try_at=None, message=said))


def _changed(settings: Settings, before: PendingEpisode, after: PendingEpisode) -> PendingEpisode:
    """Write an episode down anew, unless it is being worked on."""
    with held(settings.home, before.episode.episode_id, wait=1.0) as mine:
        if not mine:
            msg = f"{before.name} is being worked on: wait until that is done"
            raise TransientError(msg)
        if PendingQueue(settings.home).get(before.episode.episode_id) is not None:
            PendingQueue(settings.home).put(after)
    return after


def due(settings: Settings) -> list[PendingEpisode]:
    """List the episodes that may be tried now."""
    now = datetime.now(UTC)
    return [w for w in PendingQueue(settings.home).all() if may_run(w, now)]


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if moment else None
