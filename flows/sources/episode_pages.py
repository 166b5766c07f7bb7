"""The web page of an episode → its audio, through its feed, its own markup or its player."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flows.http import fetch
from flows.http.reach import Reach
from flows.locations import locate, shown_address
from flows.sources import youtube
from flows.sources.feed_pages import read_feed
from flows.sources.found import EpisodeSource, bare_episode, fitting, newest, public_episode
from transforms.errors import ContentError, HostileError, SourceError, TurntableError
from transforms.page_links import MAX_BYTES, PageLinks, is_title_of, parse_page, same_page
from transforms.records import Episode, Feed, url_episode_id, without_query
from transforms.redaction import public_address, public_page
from transforms.video_info import WATCH, youtube_id

HTML = ("text/html", "application/xhtml+xml")
_MOST_FEEDS = 3
_MOST_PLAYERS = 3


def find_on_page(url: str, latest: int, reach: Reach) -> tuple[EpisodeSource, ...]:
    """Find the episode that a page is about, best described first: in its feed, in itself, in its player.

    A page that is the home of a show means the newest `latest` episodes of its feed.

    Raises:
        SourceError: its feeds do not have the episode.
        ContentError: nothing on it leads to audio.
        TransientError, HostileError: as `flows.http.fetch`.
    """
    page = _read(url, reach)
    feeds = list(_feeds(page, reach))
    for feed in feeds:
        if listed := _listed(feed, page):
            return (listed,)
    if alone := _alone(page):
        return (alone,)
    for feed in feeds:
        if feed.podcast.site_url and any(same_page(feed.podcast.site_url, own) for own in page.addresses):
            return newest(feed, latest)
    if played := _played(page, reach):
        return (played,)
    if feeds:
        where = shown_address(str(feeds[0].podcast.feed_url))
        msg = f"{shown_address(url)} has no audio, and its feed {where} no such episode: give the audio's address"
        raise SourceError(msg)
    msg = f"{shown_address(url)} has no audio, no feed and no player: give the address of its feed or of its audio"
    raise ContentError(msg)


def feeds_on(url: str, reach: Reach) -> tuple[str, ...]:
    """List the feeds that a page declares, unread.

    Raises:
        TurntableError: as `flows.http.fetch`.
    """
    return _read(url, reach).feeds


def _read(url: str, reach: Reach) -> PageLinks:
    body = fetch.fetch(url, reach, max_bytes=MAX_BYTES)
    return parse_page(body.data, body.url, body.charset)


def _feeds(page: PageLinks, reach: Reach) -> Iterator[Feed]:
    """Read the feeds that a page declares; one that cannot be read holds up no other."""
    for url in page.feeds[:_MOST_FEEDS]:
        try:
            yield read_feed(locate(url), reach)
        except HostileError:
            raise
        except TurntableError:
            continue


def _listed(feed: Feed, page: PageLinks) -> EpisodeSource | None:
    """Find the episode of a page in a feed: by its address, by its audio, by its title; never one of several."""
    audio = {without_query(url) for url in page.audio}
    found = fitting(
        feed,
        lambda e: any(same_page(one, own) for one in _addresses(e) for own in page.addresses),
        lambda e: without_query(e.audio_url or "") in audio,
        lambda e: is_title_of(e.title, page),
    )
    if found is None or found.private:
        return found
    return replace(found, episode=replace(found.episode, page_url=_own_address(page)))


def _addresses(episode: Episode) -> list[str]:
    guid = episode.guid if episode.guid and "://" in episode.guid else None
    return [url for url in (episode.page_url, guid) if url]


def _alone(page: PageLinks) -> EpisodeSource | None:
    """Take the audio that the page itself has, described as the page describes itself."""
    if not page.audio:
        return None
    url = page.audio[0]
    episode = replace(
        bare_episode(url_episode_id(url), public_address(url)),
        title=page.titles[0] if page.titles else None,
        description=page.description,
        published_at=page.published_at,
        language=page.language,
        page_url=_own_address(page),
        duration=page.duration,
    )
    return EpisodeSource(locate(url), None, public_episode(episode))


def _own_address(page: PageLinks) -> str:
    """Name the page as it names itself, else without what may be a secret."""
    return public_page(page.addresses[1]) if len(page.addresses) > 1 else public_address(page.addresses[0])


def _played(page: PageLinks, reach: Reach) -> EpisodeSource | None:
    """Look into the players that a page embeds: a video of YouTube, or a page with audio of its own."""
    videos = list(dict.fromkeys(name for url in page.players if (name := youtube_id(url))))
    if len(videos) == 1:
        found = youtube.video(locate(f"{WATCH}{videos[0]}"))
        return replace(found, episode=replace(found.episode, page_url=_own_address(page)))
    for url in [url for url in page.players if not youtube_id(url)][:_MOST_PLAYERS]:
        try:
            start = fetch.peek(url, reach)
            inside = _read(url, reach) if start.media_type in HTML else None
        except TurntableError:
            continue
        if inside and inside.audio:
            return _alone(replace(page, audio=inside.audio, duration=page.duration or inside.duration))
    return None
