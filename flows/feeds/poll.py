"""One look at the subscribed feeds: what is new is written down before it is remembered as read.

    ask → read → compare → pending episodes → artifact → episodes of the feed → state of the feed

A crash between two of these costs one more look: each step is done again and finds what it would write. After all
feeds the artifacts are loaded, and events say which episodes wait. No Prefect.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from flows.artifacts import Made, Store
from flows.feeds.events import FeedGone, try_to_send
from flows.feeds.pending import PendingEpisode, PendingQueue, emitted, moved, needs_event
from flows.feeds.subscriptions import (
    Backfill,
    PollState,
    SeenEpisodes,
    Subscription,
    Subscriptions,
    is_due,
    rested,
)
from flows.home import clock, forgotten
from flows.home.locks import held, is_held
from flows.http import fetch
from flows.http.reach import Reach
from flows.loader import load_and_publish
from flows.locations import Location, keeping_private, locate
from flows.progress import REPORTER
from flows.settings import Settings
from flows.sources import youtube
from flows.sources.feed_pages import MAX_BYTES, is_reading_large, parse_safely, read_feed
from flows.sources.found import addresses_of, bare_episode, known_secrets, public_episode, public_podcast
from flows.threads import each
from transforms.errors import Gone, HostileError, TransientError, TurntableError, error_class, one_line
from transforms.feed.identity import Difference, EpisodeKey, compare, corrected, known_of, settled
from transforms.records import Episode, Feed, Podcast, Seconds
from warehouse import query
from warehouse.loading.staging import write_discovered

METHOD = "discover-3"
AT_ONCE = 32  # feeds; a host is asked more slowly than that (`flows.http.rate_limit`)
PATIENCE: Seconds = 90.0  # with one feed; whoever takes longer goes on alone, and the poll goes on without it
LARGE_PATIENCE: Seconds = 600.0  # with those of some 100,000 episodes, which take minutes to read

News = Literal["new", "changed", "unchanged", "failed", "paused", "slow", "busy"]
Emit = Callable[[PendingEpisode], None]

_FOUND = TypeAdapter(tuple[Podcast, tuple[Episode, ...]])


@dataclass(frozen=True, slots=True)
class FeedResult:
    """What a look at one feed brought: `found` new episodes, `waiting` of them to be heard."""

    feed_id: str
    name: str
    news: News
    found: int = 0
    waiting: int = 0
    error_class: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class PollSummary:
    """What a poll of all feeds brought, and how many events said that an episode waits.

    `problem` is why what was found is not to be seen yet; the next poll loads it.
    """

    feeds: tuple[FeedResult, ...]
    emitted: int
    seconds: Seconds
    problem: str | None = None

    def count(self, news: News) -> int:
        """Count the feeds of which there are such news."""
        return sum(feed.news == news for feed in self.feeds)

    @property
    def found(self) -> int:
        """How many episodes are new."""
        return sum(feed.found for feed in self.feeds)


def poll(settings: Settings, feeds: Sequence[str] | None = None, emit: Emit | None = None) -> PollSummary:
    """Ask every feed that is due, or those that are named; then load what was found, and say who waits.

    Without `emit`, nobody is there to hear events: the episodes wait all the same.

    Raises:
        SourceError: no feed is called so.
    """
    began = datetime.now(UTC)
    subscriptions = Subscriptions(settings.home)
    list(PendingQueue(settings.home).all())  # those whose file is damaged are found anew by this very look
    chosen = (
        [s for s in subscriptions.all() if is_due(s, began)] if feeds is None else _named(subscriptions, feeds)
    )
    polled = tuple(_each_feed(settings, chosen))
    asked = {one.feed_id: began for one in polled if one.news not in ("busy", "slow")}
    subscriptions.note_poll_times(asked)
    problems, announced = _let_out(settings, emit)
    if _await_large(settings, [one.feed_id for one in polled if one.news == "slow"]):
        more = _let_out(settings, emit)
        problems, announced = problems + more[0], announced + more[1]
    seconds = round((datetime.now(UTC) - began).total_seconds(), 3)
    return PollSummary(polled, announced, seconds, "; ".join(dict.fromkeys(problems)) or None)


def _let_out(settings: Settings, emit: Emit | None) -> tuple[list[str], int]:
    """Load what was found, and say who waits: what went wrong with that, and how many events there were."""
    problems, announced = [], 0
    try:
        load_found(settings)
    except TurntableError as error:
        problems.append(one_line(error))
    try:
        announced = announce(settings, emit) if emit else 0
    except Exception as error:  # whatever a server that is not well does to its client
        problems.append(f"no event could be sent ({one_line(error)}): the next poll sends them")
    return problems, announced


def _await_large(settings: Settings, slow: Sequence[str]) -> bool:
    """Wait for very large feeds to be read, now that nobody else waits with them; tell whether there was one."""
    if not slow or not is_reading_large():
        return False
    until = time.monotonic() + LARGE_PATIENCE
    while is_reading_large() and time.monotonic() < until:
        time.sleep(0.2)
    until = time.monotonic() + PATIENCE  # until it is written down, too
    while any(is_held(settings.home, f"feed-{one}") for one in slow) and time.monotonic() < until:
        time.sleep(0.2)
    return True


def _named(subscriptions: Subscriptions, names: Sequence[str]) -> list[Subscription]:
    found = {s.feed_id: s for s in map(subscriptions.find, names)}
    return list(found.values())


def _each_feed(settings: Settings, chosen: Sequence[Subscription]) -> Iterator[FeedResult]:
    looks = each(chosen, lambda s: poll_feed(settings, s.feed_id), at_once=AT_ONCE, patience=PATIENCE)
    line = f"it takes more than {PATIENCE:.0f} s: it goes on alone"
    for done, (subscription, polled) in enumerate(looks, 1):
        REPORTER.get().count("feeds", done, len(chosen))
        yield polled or FeedResult(subscription.feed_id, subscription.name, "slow", message=line)


def poll_feed(settings: Settings, feed_id: str) -> FeedResult:
    """Ask one feed; whatever goes wrong with it is written down with it."""
    subscriptions = Subscriptions(settings.home)
    with held(settings.home, f"feed-{feed_id}") as mine:
        subscription = subscriptions.get(feed_id)
        if not mine or subscription is None:
            return FeedResult(feed_id, subscription.name if subscription else feed_id, "busy")
        try:
            with keeping_private(subscription.is_private):
                return _look(settings, subscriptions, subscription)
        except Exception as error:
            return _note_failure(subscriptions, subscription, error)


@dataclass(frozen=True, slots=True)
class _News:
    """What a feed says that was not `known` before: episodes to transcribe, and those whose title or time changed.

    The episodes of `feed` have the ids that they go by here; `aliases` are other ids of some.
    """

    feed: Feed
    known: SeenEpisodes
    difference: Difference
    aliases: Mapping[str, str]
    to_transcribe: tuple[Episode, ...]
    mended: tuple[Episode, ...]


def _look(settings: Settings, subscriptions: Subscriptions, subscription: Subscription) -> FeedResult:
    now = datetime.now(UTC)
    remembered = subscriptions.remembered(subscription.feed_id)
    before, lost = _without_lost(settings, remembered)
    if before is None or lost:  # without what is known, a feed that did not change would tell nothing
        subscription = replace(
            subscription, poll=replace(subscription.poll, etag=None, last_modified=None, sha256=None)
        )
    answer = ask(settings, subscription)
    if isinstance(answer, UnchangedFeed):
        _note_unchanged(subscriptions, subscription, answer.url, now)
        return FeedResult(subscription.feed_id, subscription.name, "unchanged")
    news = _compare(settings, subscription, answer.feed, before)
    fresh = news.to_transcribe
    _add_pending(settings, replace(subscription, url=answer.url), answer.feed.podcast, fresh, now)
    _refresh(settings, news.feed, news.aliases)
    _recover(settings, subscription, lost, now)
    podcast = _keep_news(settings, subscription, answer.url, news)
    _remember(subscriptions, subscription.feed_id, remembered, news)
    subscriptions.put(_after(subscription, answer, now, has_new=bool(fresh)))
    return FeedResult(
        subscription.feed_id,
        podcast.title or subscription.name,
        "new" if fresh else "changed",
        len({e.episode_id for e in (*news.difference.new, *fresh)}),
        waiting=len(fresh),
    )


def _compare(settings: Settings, subscription: Subscription, feed: Feed, before: SeenEpisodes | None) -> _News:
    """Tell what is new in a feed from what is known of it; `before` is `None` where that was lost, or at first."""
    if before is None and subscription.poll.changed_at is not None:
        before = _recalled(settings, subscription, feed)
    known = before or SeenEpisodes()
    feed = replace(feed, episodes=forgotten.remaining(settings.home, feed.episodes, known.aliases))
    feed = replace(feed, episodes=settled(known.known, feed.episodes, known.aliases))
    difference = _renamed(compare(known.known, feed.episodes, known.aliases), known.aliases)
    aliases = {**known.aliases, **difference.aliases}
    mended = corrected(known.known, [_called(e, aliases) for e in feed.episodes])
    wanted = difference.new if before is not None else backfill(settings, subscription, feed)
    wanted = forgotten.remaining(settings.home, wanted, known.aliases)  # it may be of other pages
    with_audio = tuple(e for e in wanted if e.audio_url is not None)
    return _News(feed, known, difference, aliases, with_audio, mended)


def _keep_news(settings: Settings, subscription: Subscription, url: str, news: _News) -> Podcast:
    """Keep what is new or corrected, without secrets, for the loader; return the show as others may see it."""
    private = replace(subscription, url=url).is_private
    podcast, fresh, mended = news.feed.podcast, news.to_transcribe, news.mended
    more = subscription.url, subscription.first_url, podcast.site_url
    addresses = chain.from_iterable(map(addresses_of, fresh))
    podcast = public_podcast(replace(podcast, feed_url=url), *more, *addresses, private=private)
    stored = query.stored_episodes(settings.snapshot, [e.episode_id for e in mended]) if mended else {}
    told = (*fresh, *(replace(e, audio_path=stored[e.episode_id]) for e in mended if e.episode_id in stored))
    if told:
        public = tuple(public_episode(one, url, *more, private=private) for one in told)
        keep_found(Store(settings.home), podcast, public, clock.stamp(settings.home))
    return podcast


def _without_lost(
    settings: Settings, remembered: SeenEpisodes | None
) -> tuple[SeenEpisodes | None, tuple[EpisodeKey, ...]]:
    """Part what is remembered from the episodes whose file was damaged while they waited: they are found anew."""
    if remembered is None:
        return None, ()
    lost = PendingQueue(settings.home).are_lost(known.episode_id for known in remembered.known)
    kept = tuple(known for known in remembered.known if known.episode_id not in lost)
    return replace(remembered, known=kept), tuple(k for k in remembered.known if k.episode_id in lost)


def _renamed(difference: Difference, aliases: Mapping[str, str]) -> Difference:
    """Call an episode that is found anew by the name that it went by before."""
    return Difference(tuple(_called(e, aliases) for e in difference.new), difference.aliases)


def _called(episode: Episode, aliases: Mapping[str, str]) -> Episode:
    name = aliases.get(episode.episode_id)
    return episode if name is None else replace(episode, episode_id=name)


def _recalled(settings: Settings, subscription: Subscription, feed: Feed) -> SeenEpisodes:
    """Return which episodes of a feed are known, where that was lost: those found before, and what is as old.

    An episode without a date is taken for known: better one that nobody hears by itself than a whole archive.
    """
    before = query.discovered_episodes(settings.snapshot, subscription.podcast_id or subscription.feed_id)
    read_at = subscription.poll.changed_at
    assert read_at is not None, "a feed that was never read has nothing to recall"
    dates = [date for date in before.values() if date is not None and date <= read_at]  # some lie in the future
    newest = max(dates, default=read_at)
    known = [
        e for e in feed.episodes if e.episode_id in before or e.published_at is None or e.published_at <= newest
    ]
    return SeenEpisodes(tuple(map(known_of, known)))


def _recover(settings: Settings, subscription: Subscription, lost: Sequence[EpisodeKey], now: datetime) -> None:
    """Let an episode wait again that its feed does not list any more, by what is remembered of it."""
    queue = PendingQueue(settings.home)
    still = queue.are_lost(known.episode_id for known in lost)
    for known in lost:
        if known.episode_id in still and known.audio_url is not None:
            episode = query.stored_episode(settings.snapshot, known.episode_id)
            episode = episode or replace(bare_episode(known.episode_id, None), title=known.title)
            queue.put(_as_pending(subscription, known.audio_url, None, episode, now))


def _add_pending(
    settings: Settings, subscription: Subscription, podcast: Podcast, episodes: Sequence[Episode], now: datetime
) -> None:
    """Write down each episode that is to be heard, unless it waits already; the queue has them in this order."""
    queue = PendingQueue(settings.home)
    for index, episode in enumerate(episodes):
        assert episode.audio_url is not None, "an episode without audio cannot be heard"
        if queue.get(episode.episode_id) is None:
            since = now + timedelta(microseconds=index)
            queue.put(_as_pending(subscription, episode.audio_url, podcast, episode, since))


def _as_pending(
    subscription: Subscription, location: str, podcast: Podcast | None, episode: Episode, now: datetime
) -> PendingEpisode:
    """Return an episode of a feed as one that waits: heard and kept private as its feed is."""
    return PendingEpisode(
        location=location,
        podcast=podcast,
        episode=episode,
        options=subscription.options,
        feed_id=subscription.feed_id,
        since=now,
        private=subscription.is_private,
        secrets=known_secrets(subscription.url, subscription.first_url, private=subscription.is_private),
    )


def _refresh(settings: Settings, feed: Feed, aliases: Mapping[str, str]) -> None:
    """Tell those who wait what their feed says now; what failed of its source may come from a new place."""
    queue = PendingQueue(settings.home)
    named = {aliases.get(e.episode_id, e.episode_id): e for e in feed.episodes}
    for episode_id in queue.among(named):
        episode, seen = named[episode_id], queue.get(episode_id)
        if seen is None or episode.audio_url is None or _says_the_same(seen, episode):
            continue
        with held(settings.home, episode_id) as mine:
            pending = queue.get(episode_id) if mine else None
            if pending is not None and episode.audio_url is not None:
                queue.put(moved(pending, episode.audio_url, replace(episode, episode_id=episode_id)))


def _says_the_same(pending: PendingEpisode, episode: Episode) -> bool:
    before = pending.episode
    said = (before.title, before.published_at, pending.location)
    return said == (episode.title, episode.published_at, episode.audio_url)


def keep_found(store: Store, podcast: Podcast, episodes: tuple[Episode, ...], now: datetime) -> None:
    """Keep what a poll found, without secrets, as an artifact of stage `discover`; the loader makes rows of it.

    `now` is when it was found, and decides whether what it says is newer than what others say.
    """
    content = hashlib.sha256(_FOUND.dump_json((podcast, episodes))).hexdigest()

    def compute(_: Path) -> Made:
        payload = write_discovered(now, podcast, episodes)
        return Made(payload, facts={"podcast_id": podcast.podcast_id, "episodes": len(episodes)})

    store.make("discover", compute, method=METHOD, suffix=".parquet", inputs={"found": content}, parameters={})


def _remember(subscriptions: Subscriptions, feed_id: str, remembered: SeenEpisodes | None, news: _News) -> None:
    """Write down what is known of a feed now, if that is more than is written."""
    known, difference = news.known, news.difference
    found = {e.episode_id: known_of(e) for e in (*difference.new, *news.mended, *news.to_transcribe)}
    written = {k.episode_id: k for k in remembered.known} if remembered else {}
    is_known = found.items() <= written.items()
    if remembered is not None and is_known and not difference.aliases:
        return
    kept = {k.episode_id: k for k in (*written.values(), *known.known)}
    together = tuple({**kept, **found}.values())
    subscriptions.remember(feed_id, replace(known, known=together, aliases=news.aliases))


def _after(subscription: Subscription, answer: FeedResponse, now: datetime, *, has_new: bool) -> Subscription:
    poll = PollState(
        etag=answer.etag,
        last_modified=answer.last_modified,
        sha256=answer.sha256,
        polled_at=now,
        changed_at=now,
        new_at=now if has_new else subscription.poll.new_at,
    )
    podcast = answer.feed.podcast
    return replace(
        subscription,
        url=answer.url,
        podcast_id=subscription.podcast_id or podcast.podcast_id,
        title=podcast.title or subscription.title,
        poll=poll,
    )


def _note_unchanged(subscriptions: Subscriptions, subscription: Subscription, url: str, now: datetime) -> None:
    """Write nothing, unless the feed moved or is well again."""
    before = subscription.poll
    well = replace(before, failures=0, error_class=None, error=None, next_at=None, paused=None)
    if well != before or url != subscription.url:
        subscriptions.put(replace(subscription, url=url, poll=replace(well, polled_at=now)))


def _note_failure(subscriptions: Subscriptions, subscription: Subscription, error: Exception) -> FeedResult:
    """Write down why a feed could not be read; one that is gone or does harm is not asked again by itself."""
    line, kind, now = one_line(error), error_class(error), datetime.now(UTC)
    retry_after = error.retry_after if isinstance(error, TransientError) else None
    poll = rested(subscription.poll, line, kind, now, retry_after)
    stops = isinstance(error, Gone | HostileError)
    if stops:
        poll = replace(poll, paused=line, next_at=None)
    subscriptions.put(replace(subscription, poll=poll))
    if stops:
        try_to_send(FeedGone(subscription.feed_id, subscription.name, line, now), subscriptions.home)
    return FeedResult(
        subscription.feed_id, subscription.name, "paused" if stops else "failed", error_class=kind, message=line
    )


def load_found(settings: Settings) -> None:
    """Load and publish what polls found, if there is anything that the snapshot does not show."""
    found = Store(settings.home).all("discover")
    if found.keys() <= query.discovered(settings.snapshot):
        return
    load_and_publish(settings)


def announce(settings: Settings, emit: Emit) -> int:
    """Say of each episode that it waits: for the first time, or again where that seems lost; how many that were.

    An episode that somebody works on is left alone. The event comes first: said twice, it does no harm.
    """
    queue, count = PendingQueue(settings.home), 0
    for seen in queue.all():
        if not needs_event(seen, datetime.now(UTC)):
            continue
        with held(settings.home, seen.episode.episode_id) as mine:
            pending = queue.get(seen.episode.episode_id) if mine else None
            if pending is None or not needs_event(pending, datetime.now(UTC)):
                continue
            said = emitted(pending, datetime.now(UTC))
            emit(said)
            queue.put(said)
            count += 1
    return count


# One subscribed feed, asked whether it is as it was: by validators, by its hash, by the ids of its episodes.


SILENCE: Seconds = 20.0  # of a server


@dataclass(frozen=True, slots=True)
class FeedResponse:
    """A feed that is not as it was, and by what to ask for it the next time."""

    feed: Feed
    url: str
    etag: str | None
    last_modified: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class UnchangedFeed:
    """A feed that is as it was; its address may be a new one."""

    url: str


def ask(settings: Settings, subscription: Subscription) -> FeedResponse | UnchangedFeed:
    """Ask for a feed."""
    poll, location = subscription.poll, locate(subscription.url)
    if location.is_youtube:
        return _ask_channel(subscription, location)
    reach = replace(settings.reach, idle_timeout=SILENCE)
    got = fetch.fetch_if_changed(subscription.url, reach, poll.etag, poll.last_modified, max_bytes=MAX_BYTES)
    url = got.moved_to or subscription.url
    answer = None if isinstance(got, fetch.Unchanged) else _read(subscription, got, url)
    if answer is None:
        return UnchangedFeed(url)
    following = answer.feed.new_feed_url
    if following and following not in (url, subscription.url):
        try:
            return _moved(reach, subscription, following) or answer
        except TurntableError:  # the publisher names an address that does not answer: the old one does
            return answer
    return answer


def _ask_channel(subscription: Subscription, location: Location) -> FeedResponse | UnchangedFeed:
    """List a channel or a playlist of YouTube, which has no feed that says more; the ids tell what is new."""
    feed = youtube.listing(location)
    digest = hashlib.sha256(" ".join(e.episode_id for e in feed.episodes).encode()).hexdigest()
    if digest == subscription.poll.sha256:
        return UnchangedFeed(subscription.url)
    return FeedResponse(feed, subscription.url, None, None, digest)


def _moved(reach: Reach, subscription: Subscription, url: str) -> FeedResponse | None:
    """Read a feed where its publisher says that it lies now."""
    got = fetch.fetch_if_changed(url, reach, max_bytes=MAX_BYTES)
    return _read(subscription, got, got.moved_to or url) if isinstance(got, fetch.Changed) else None


def _read(subscription: Subscription, got: fetch.Changed, url: str) -> FeedResponse | None:
    """Read a feed under the name that it is known by; `None` where it is byte by byte what it was."""
    digest = hashlib.sha256(got.body.data).hexdigest()
    if digest == subscription.poll.sha256 and url == subscription.url:
        return None
    body = got.body
    feed = parse_safely(
        body.data, subscription.first_url, base=body.url, show=subscription.podcast_id, charset=body.charset
    )
    return FeedResponse(feed, url, got.etag, got.last_modified, digest)


def backfill(settings: Settings, subscription: Subscription, feed: Feed) -> Sequence[Episode]:
    """Choose what is heard of the episodes that were there before the subscription, older pages included."""
    wanted = subscription.backfill
    episodes = feed.episodes
    if _wants_more(wanted, len(episodes)) and (feed.next_url or feed.prev_archive_url):
        episodes = _whole(settings, subscription, feed).episodes
    return episodes if wanted == "all" else episodes[:wanted]


def _wants_more(wanted: Backfill, there: int) -> bool:
    return wanted == "all" or wanted > there


def _whole(settings: Settings, subscription: Subscription, feed: Feed) -> Feed:
    """Read all the pages of a feed; their episodes get the names that those of the first page have."""
    whole = read_feed(locate(subscription.url), settings.reach, pages=500)
    if whole.podcast.podcast_id == feed.podcast.podcast_id:
        return whole
    return feed
