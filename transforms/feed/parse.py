"""A safe text and its tree → the records of a show and its episodes."""

from __future__ import annotations

import itertools
import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from time import struct_time
from typing import Any

import feedparser

from transforms.charsets import decode
from transforms.feed.document import cut, not_a_feed, repaired, tree_of
from transforms.feed.tags import (
    Resolve,
    alternates,
    author,
    channel_of,
    child_text,
    inline_chapters,
    new_feed_url,
    page_link,
    persons,
    podcast_tags,
    tag_text,
    transcripts,
    update_every,
)
from transforms.feed.values import (
    folded,
    media_type,
    number,
    plain_text,
    resolve_url,
    show_guid,
    whole_number,
)
from transforms.records import AudioLink, Episode, Feed, Person, Podcast, feed_episode_id, podcast_id
from transforms.times import parse_duration

MOST_ITEMS = 500  # of one document that a parser has to hold
MOST_OF_AN_EMPTY_SHOW = 1_000_000  # characters; one without episodes yet is short and well-formed, and has a title

# feedparser takes quadratic time for these, or keeps its own `links` under that name; we need none of them.
_UNWANTED_TAG = re.compile(
    r"</?(?:[\w-]{1,40}:)?(?:author|category|contributor|creator|email|keywords|links|managingEditor|owner"
    r"|publisher|subject|webMaster)\b[^<>]*>",
    re.IGNORECASE,
)


# feedparser takes the month of today for one that it does not find.
_YEAR_FIRST = re.compile(r"\s*\d{4}")
_WHOLE_DATE = re.compile(r"\s*\d{4}(-?\d\d-?\d\d(?!\d)|/\d\d?/\d\d?(?!\d))")


def parse_feed(data: bytes, url: str, *, base: str | None = None, show: str | None = None) -> Feed:
    """Read a feed and its episodes, newest first.

    `url` names the feed: an http(s) URL, or a local path or file URL. Relative URLs are resolved
    against `base`, which is where the bytes came from after redirects, `url` if None. A remote feed may
    name http(s) URLs only; a local one also files in its own folder, which become paths.

    `show` is the id of the show where it is known from another page of the same feed.

    Items without audio are left out. An unknown value is None; a publication date is in UTC.

    Raises:
        ContentError: not a feed, or one made to choke a parser.

    Specs: https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287,
    https://podcasting2.org/docs/podcast-namespace
    """
    feed, episodes = open_feed(data, url, base=base, show=show)
    return replace(feed, episodes=newest_first(episodes))


def open_feed(
    data: bytes, url: str, *, base: str | None = None, show: str | None = None
) -> tuple[Feed, Iterator[Episode]]:
    """Read what a feed says of its show, and its episodes one after the other, each id once.

    Memory holds some hundred items at a time, however many there are.

    Raises:
        ContentError: as `parse_feed`; also while the episodes are read.
    """
    pieces = cut(repaired(decode(data), url), url, MOST_ITEMS)
    head, more = next(pieces), next(pieces, None)
    parsed, root = _parsed(head, url)
    is_show = parsed.feed.get("title") and not parsed.bozo and len(head) <= MOST_OF_AN_EMPTY_SHOW
    if more is None and not parsed.entries and not is_show:
        raise not_a_feed(url, "it has no items")
    resolve = partial(resolve_url, base=base or url)
    channel = channel_of(root)
    podcast = _podcast(parsed.feed, channel, url, resolve, show)
    feed = Feed(
        podcast=podcast,
        episodes=(),
        new_feed_url=new_feed_url(channel, resolve),
        next_url=page_link(channel, "next", resolve),
        prev_archive_url=page_link(channel, "prev-archive", resolve),
        update_every=update_every(channel),
    )
    hosts = persons(channel)
    rest = itertools.chain([more] if more else [], pieces)
    whole = itertools.chain([(parsed, root)], (_parsed(piece, url) for piece in rest))
    return feed, _episodes(whole, podcast.podcast_id, hosts, resolve)


def _parsed(text: str, url: str) -> tuple[Any, Any]:
    """Read a document with both parsers.

    Raises:
        ContentError: one of them fails over it.
    """
    root = tree_of(text, url)
    stripped = _UNWANTED_TAG.sub(" ", text).encode()
    try:
        parsed = feedparser.parse(BytesIO(stripped), resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:  # it has handlers for many dialects, some with bugs
        raise not_a_feed(url, "the parser fails over it") from error
    return parsed, root


def _episodes(
    pieces: Iterable[tuple[Any, Any]], show: str, hosts: tuple[Person, ...], resolve: Resolve
) -> Iterator[Episode]:
    seen: set[str] = set()
    for parsed, root in pieces:
        for entry, item in _items(parsed.entries, root):
            episode = _episode(entry, item, show, hosts, resolve)
            if episode and episode.episode_id not in seen:  # of two with one id the upper one is newer
                seen.add(episode.episode_id)
                yield episode


def newest_first(episodes: Iterable[Episode]) -> tuple[Episode, ...]:
    """Sort episodes by when they came out, undated ones last."""
    return tuple(sorted(episodes, key=_age))


def _items(entries: list[Any], root: Any) -> Iterator[tuple[Any, Any]]:
    """Pair feedparser's entries with lxml's items: by order where both saw as many, else by guid.

    The second is None where there is no such item.
    """
    items = list(root.iter("{*}item", "{*}entry"))
    if len(items) == len(entries):
        yield from zip(entries, items, strict=True)
        return
    by_guid = {child_text(item, "guid", "id"): item for item in reversed(items)}
    for entry in entries:
        guid = folded(_value(entry, "id"))
        yield entry, by_guid.get(guid) if guid else None


def _podcast(feed: Any, channel: Any, url: str, resolve: Resolve, show: str | None) -> Podcast:
    guid = show_guid(next((element.text for element in podcast_tags(channel, "guid")), None))
    return Podcast(
        podcast_id=show or podcast_id(url, guid),
        title=_title(feed),
        author=author(channel),
        feed_url=url,
        site_url=resolve(_value(feed, "link")),
        language=folded(_value(feed, "language")),
    )


def _episode(entry: Any, item: Any, show: str, hosts: tuple[Person, ...], resolve: Resolve) -> Episode | None:
    """Build an episode of the show with the id `show`; None where the item has no audio."""
    audio = _audio(entry, item, resolve)
    if not audio:
        return None
    guid = folded(_value(entry, "id"))
    chapters = next(iter(podcast_tags(item, "chapters")), None)
    return Episode(
        episode_id=feed_episode_id(show, guid, audio[0].url),
        podcast_id=show,
        guid=guid,
        title=_title(entry),
        description=plain_text(_markup(entry)),
        published_at=_published_at(entry),
        season=whole_number(tag_text(item, "season") or _value(entry, "itunes_season")),
        episode_number=number(tag_text(item, "episode") or _value(entry, "itunes_episode")),
        language=folded(_value(entry, "language")),
        page_url=_page(entry, resolve),
        audio_url=audio[0].url,
        duration=parse_duration(_value(entry, "itunes_duration")),
        chapters_url=resolve(chapters.get("url")) if chapters is not None else None,
        transcripts=transcripts(item, resolve),
        persons=persons(item) or hosts,
        audio_links=audio,
        chapters=inline_chapters(item),
    )


def _value(node: Any, key: str) -> str | None:
    """Give a text that feedparser found.

    Of a tag that it does not know it keeps the text or the attributes, under the name of the tag, and
    that may be one of its own names: hence the look at types, here and below.
    """
    value = node.get(key)
    return value if isinstance(value, str) else None


def _dicts(values: Any) -> list[Any]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _title(node: Any) -> str | None:
    text, detail = _value(node, "title"), node.get("title_detail")
    is_html = isinstance(detail, dict) and detail.get("type") == "text/html"
    return plain_text(text) if is_html else folded(text)


def _page(entry: Any, resolve: Resolve) -> str | None:
    """Give the page of an entry; feedparser calls a guid a link, which it need not be."""
    link = _value(entry, "link")
    return None if link == _value(entry, "id") and "://" not in (link or "") else resolve(link)


def _audio(entry: Any, item: Any, resolve: Resolve) -> tuple[AudioLink, ...]:
    """Give every audio file of an item: enclosures that say so, those that are no pictures, alternates.

    An enclosure that is also described as an alternate is there once, with what the alternate says.
    """
    found = [
        _enclosure(link, target)
        for link in _dicts(entry.get("links"))
        if link.get("rel") == "enclosure" and (target := resolve(_value(link, "href")))
    ]
    sound = [link for link in found if (link.media_type or "").startswith("audio/")]
    other = [link for link in found if not (link.media_type or "").startswith(("audio/", "image/", "text/"))]
    links: dict[str, AudioLink] = {}
    for link in (*sound, *other):
        links.setdefault(link.url, link)
    links |= {link.url: link for link in alternates(item, resolve)}
    return tuple(links.values())


def _enclosure(link: Any, target: str) -> AudioLink:
    return AudioLink(
        url=target,
        media_type=media_type(_value(link, "type")),
        bitrate=None,
        size=whole_number(_value(link, "length")) or None,
        language=None,
        integrity=None,
    )


def _markup(entry: Any) -> str | None:
    texts = [_value(entry, "summary"), *(_value(content, "value") for content in _dicts(entry.get("content")))]
    return next((text for text in texts if text and text.strip()), None)


def _published_at(entry: Any) -> datetime | None:
    """Give when an entry came out; in Atom, where only its last change is known, that.

    The first second of 1970 is how some programs write that they do not know, and what seems to lie
    before 1900 is a number read as a year. A year without month and day tells too little.
    """
    # dict's own get, because feedparser's gives one for the other, with a warning
    name = "published" if dict.get(entry, "published_parsed") else "updated"
    moment, text = dict.get(entry, f"{name}_parsed"), str(dict.get(entry, name))
    if not isinstance(moment, struct_time) or moment.tm_year < 1900:
        return None
    if _YEAR_FIRST.match(text) and not _WHOLE_DATE.match(text):
        return None
    try:
        seconds = timegm(moment)
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):  # the year 10000
        return None


def _age(episode: Episode) -> float:
    """Sort key: newest first, undated last."""
    return -episode.published_at.timestamp() if episode.published_at else float("inf")
