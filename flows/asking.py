"""One subscribed feed, asked whether it is as it was: by validators, by its hash, by the ids of its episodes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from flows.settings import Settings
from flows.sources import http, youtube
from flows.sources.feeds import MAX_BYTES, parse_safely, read_feed
from flows.subscriptions import Backfill, Subscription
from transforms.errors import TurntableError
from transforms.records import Episode, Feed, Seconds
from transforms.youtube import is_youtube

SILENCE: Seconds = 20.0  # of a server


@dataclass(frozen=True, slots=True)
class Answer:
    """A feed that is not as it was, and by what to ask for it the next time."""

    feed: Feed
    url: str
    etag: str | None
    last_modified: str | None
    sha256: str


def ask(settings: Settings, subscription: Subscription) -> Answer | str:
    """Ask for a feed; one that is as it was is only an address, which may be a new one."""
    poll = subscription.poll
    if is_youtube(subscription.url):
        return _ask_channel(subscription)
    got = http.fetch_if_changed(
        subscription.url,
        poll.etag,
        poll.last_modified,
        max_bytes=MAX_BYTES,
        allow=settings.allow,
        idle_timeout=SILENCE,
    )
    url = got.moved_to or subscription.url
    if isinstance(got, http.Unchanged):
        return url
    answer = _read(subscription, got, url)
    if answer is None:
        return url
    following = answer.feed.new_feed_url
    if following and following not in (url, subscription.url):
        try:
            return _moved(settings, subscription, following) or answer
        except TurntableError:  # the publisher names an address that does not answer: the old one does
            return answer
    return answer


def _ask_channel(subscription: Subscription) -> Answer | str:
    """List a channel or a playlist of YouTube, which has no feed that says more; the ids tell what is new."""
    feed = youtube.listing(subscription.url)
    digest = hashlib.sha256(" ".join(e.episode_id for e in feed.episodes).encode()).hexdigest()
    if digest == subscription.poll.sha256:
        return subscription.url
    return Answer(feed, subscription.url, None, None, digest)


def _moved(settings: Settings, subscription: Subscription, url: str) -> Answer | None:
    """Read a feed where its publisher says that it lies now."""
    got = http.fetch_if_changed(url, max_bytes=MAX_BYTES, allow=settings.allow, idle_timeout=SILENCE)
    return _read(subscription, got, got.moved_to or url) if isinstance(got, http.Changed) else None


def _read(subscription: Subscription, got: http.Changed, url: str) -> Answer | None:
    """Read a feed under the name that it is known by; `None` where it is byte by byte what it was."""
    digest = hashlib.sha256(got.body.data).hexdigest()
    if digest == subscription.poll.sha256 and url == subscription.url:
        return None
    body = got.body
    feed = parse_safely(
        body.data, subscription.first_url, base=body.url, show=subscription.podcast_id, charset=body.charset
    )
    return Answer(feed, url, got.etag, got.last_modified, digest)


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
    whole = read_feed(subscription.url, pages=500, allow=settings.allow)
    if whole.podcast.podcast_id == feed.podcast.podcast_id:
        return whole
    return feed
