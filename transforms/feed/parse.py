"""A safe text and its tree → the records of a show and its episodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from lxml import etree

from transforms.charsets import decode
from transforms.feed.dates import parse_date
from transforms.feed.identity import told_apart
from transforms.feed.sound import by_sound
from transforms.feed.values import (
    folded,
    looks_like_html,
    media_type,
    number,
    plain_text,
    resolver,
    show_guid,
    whole_number,
)
from transforms.feed.xml import not_a_feed, opened, repaired
from transforms.records import (
    AudioLink,
    Chapter,
    Episode,
    Feed,
    Person,
    Podcast,
    Seconds,
    TranscriptLink,
    feed_episode_id,
    podcast_id,
)
from transforms.times import parse_clock, parse_duration

MOST_OF_AN_EMPTY_SHOW = 1_000_000  # characters; one without episodes yet is short and well-formed, and has a title

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RDF_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"
# https://web.resource.org/rss/1.0/modules/, mod_enclosure
_ENC_TYPE = "{http://purl.oclc.org/net/rss_2.0/enc#}type"
# When it came out; where only its last change is known, that.
_DATES = ("pubDate", "published", "issued", "created", "updated", "modified", "date")


def parse_feed(
    data: bytes, url: str, *, base: str | None = None, show: str | None = None, charset: str | None = None
) -> Feed:
    """Read a feed and its episodes, newest first.

    `url` names the feed: an http(s) URL, or a local path or file URL. Relative URLs are resolved
    against `base`, which is where the bytes came from after redirects, `url` if None. A remote feed may
    name http(s) URLs only; a local one also files in its own folder, which become paths.

    `show` is the id of the show where it is known from another page of the same feed, `charset` is what the server
    says.

    Items without audio are left out. An unknown value is None; a publication date is in UTC.

    Raises:
        ContentError: not a feed, or one made to choke a parser.

    Specs: https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287,
    https://podcasting2.org/docs/podcast-namespace
    """
    feed, episodes = open_feed(data, url, base=base, show=show, charset=charset)
    return replace(feed, episodes=newest_first(told_apart(episodes)))


def open_feed(
    data: bytes, url: str, *, base: str | None = None, show: str | None = None, charset: str | None = None
) -> tuple[Feed, Iterator[Episode]]:
    """Read what a feed says of its show, and its episodes one after the other, as they stand there.

    Memory holds one item at a time, however many there are. Ids are not unique where guids are not.

    Raises:
        ContentError: as `parse_feed`; also while the episodes are read.
    """
    text = repaired(decode(data, charset), url)
    document = opened(text, url)
    channel = channel_of(document.root)
    about = tags_of(channel)
    title = _title(about)
    is_show = title and document.is_sound and len(text) <= MOST_OF_AN_EMPTY_SHOW
    if not document.has_items and not is_show:
        raise not_a_feed(url, "it has no items")
    resolve = resolver(base or url)
    guid = show_guid(next((tag.text for tag in podcast_tags(about, "guid")), None))
    podcast = Podcast(
        podcast_id=show or podcast_id(url, guid),
        title=title,
        author=author(about),
        feed_url=url,
        site_url=_page(about, None, resolve),
        language=child_text(about, "language") or folded(channel.get(_XML_LANG)),
    )
    feed = Feed(
        podcast=podcast,
        episodes=(),
        new_feed_url=new_feed_url(about, resolve),
        next_url=page_link(about, "next", resolve),
        prev_archive_url=page_link(about, "prev-archive", resolve),
        update_every=update_every(about),
    )
    hosts = persons(about)
    found = (_episode(item, podcast.podcast_id, hosts, resolve) for item in document.items)
    return feed, (episode for episode in found if episode)


def newest_first(episodes: Iterable[Episode]) -> tuple[Episode, ...]:
    """Sort episodes by when they came out, undated ones last; else they stay in the order of the feed."""
    return tuple(sorted(episodes, key=_age))


def _episode(item: Any, show: str, hosts: tuple[Person, ...], resolve: Resolve) -> Episode | None:
    """Build an episode of the show with the id `show`; None where the item has no audio."""
    tags = tags_of(item)
    audio = _audio(tags, resolve)
    if not audio:
        return None
    guid = child_text(tags, "guid", "id") or folded(item.get(_RDF_ABOUT))
    chapters = next(iter(podcast_tags(tags, "chapters")), None)
    published_at, published_text = _published(tags)
    return Episode(
        episode_id=feed_episode_id(show, guid, audio[0].url),
        podcast_id=show,
        guid=guid,
        title=_title(tags),
        description=plain_text(_description(tags)),
        published_at=published_at,
        season=whole_number(tag_text(tags, "season") or child_text(tags, "season")),
        episode_number=number(tag_text(tags, "episode") or child_text(tags, "episode")),
        language=child_text(tags, "language"),
        page_url=_page(tags, guid, resolve),
        audio_url=audio[0].url,
        duration=parse_duration(child_text(tags, "duration")),
        chapters_url=resolve(chapters, chapters.get("url")) if chapters is not None else None,
        transcripts=transcripts(tags, resolve),
        persons=persons(tags) or hosts,
        audio_links=audio,
        chapters=inline_chapters(tags),
        published_text=published_text,
    )


def _title(tags: Tags) -> str | None:
    """Return the title of a show or an item; that of RSS should be plain, and is not always."""
    return next((title for tag in children(tags, "title") if (title := _plain_title(tag))), None)


def _plain_title(tag: Any) -> str | None:
    text, kind = _markup(tag), (tag.get("type") or "").lower()
    is_html = "html" in kind if kind or _is_atom(tag) else looks_like_html(text)
    return plain_text(text) if is_html or len(tag) else folded(text)


def _is_atom(tag: Any) -> bool:
    return str(tag.tag).startswith(("{http://www.w3.org/2005/Atom}", "{http://purl.org/atom"))


def _markup(tag: Any) -> str:
    """Return the text of a tag; what other tags are in it comes as they are written."""
    if not len(tag):
        return tag.text or ""
    inside = (etree.tostring(child, encoding="unicode") for child in tag)
    return "".join((escape(tag.text or "", quote=False), *inside))


def _description(tags: Tags) -> str | None:
    texts = map(_markup, (*children(tags, "description", "summary"), *children(tags, "encoded", "content")))
    return next((text for text in texts if text.strip()), None)


def _page(tags: Tags, guid: str | None, resolve: Resolve) -> str | None:
    """Return the page of a show or an item; a guid is one where nothing else is, if it is an address."""
    for tag in children(tags, "link"):
        target = resolve(
            tag, folded(tag.text) or (tag.get("href") if tag.get("rel", "alternate") == "alternate" else None)
        )
        if target:
            return target
    for tag in children(tags, "guid"):
        if (tag.get("isPermaLink") or "true").strip().lower() == "true" and "://" in (guid or ""):
            return resolve(tag, guid)
    return None


def _audio(tags: Tags, resolve: Resolve) -> tuple[AudioLink, ...]:
    """Return every audio file of an item, the likeliest first: enclosures that may be sound, then alternates.

    Media RSS counts where it says that it is audio. An enclosure that is also described as an alternate is there
    once, with what the alternate says.
    """
    named = [(tag, tag.get("url") or tag.get(_RDF_RESOURCE)) for tag in children(tags, "enclosure")]
    named += [(tag, tag.get("href")) for tag in children(tags, "link") if folded(tag.get("rel")) == "enclosure"]
    named += [(tag, tag.get("url")) for tag in _media(tags)]
    offered = [_enclosure(tag, target) for tag, url in named if (target := resolve(tag, url))]
    links: dict[str, AudioLink] = {}
    for link in by_sound(offered):
        links.setdefault(link.url, link)
    links |= {link.url: link for link in alternates(tags, resolve)}
    return tuple(links.values())


def _media(tags: Tags) -> Iterator[Any]:
    """Yield each `media:content` that is audio, in groups too; the most are pictures.

    Spec: https://www.rssboard.org/media-rss
    """
    grouped = (tag for group in children(tags, "group") for tag in children(tags_of(group), "content"))
    for tag in (*children(tags, "content"), *grouped):
        if "audio" in (tag.get("medium"), (media_type(tag.get("type")) or "").partition("/")[0]):
            yield tag


def _enclosure(tag: Any, target: str) -> AudioLink:
    return AudioLink(
        url=target,
        media_type=media_type(tag.get("type") or tag.get(_ENC_TYPE)),
        bitrate=None,
        size=whole_number(tag.get("length") or tag.get("fileSize")) or None,
        language=None,
        integrity=None,
    )


def _published(tags: Tags) -> tuple[datetime | None, str | None]:
    """Return when an item came out, None where it does not say so or nobody can believe it, and how it says so."""
    first: str | None = None
    for name in _DATES:
        if text := child_text(tags, name):
            if date := parse_date(text):
                return date, text
            first = first or text
    return None, first


def _age(episode: Episode) -> float:
    """Sort key: newest first, undated last."""
    return -episode.published_at.timestamp() if episode.published_at else float("inf")


# The tags of a show and of an item, by name: their own, those of Podcasting 2.0, Podlove's chapters, links.


Resolve = Callable[[Any, str | None], str | None]  # a reference that stands in a tag
Tags = Mapping[str, Sequence[Any]]

# https://github.com/Podcastindex-org/podcast-namespace, and the addresses that it had before.
_PODCAST = re.compile(
    r"{https?://(podcastindex\.org/namespace/1\.0|github\.com/[^{}]*/podcast-namespace/)", re.IGNORECASE
)
# The namespaces of Atom and of the kinds of RSS that have one.
_OWN = re.compile(r"w3\.org/2005/Atom|purl\.org/(atom|rss|net/rss)|netscape\.com|userland\.com", re.IGNORECASE)
# https://podlove.org/simple-chapters
_PSC = re.compile(r"({https?://podlove\.org/simple-chapters/?}|psc:)chapters?", re.IGNORECASE)
# https://podcasting2.org/docs/podcast-namespace/tags/integrity
_SRI = re.compile(r"sha(256|384|512)-[A-Za-z0-9+/]{40,100}={0,2}")
# https://web.resource.org/rss/1.0/modules/syndication/
_PERIODS = {
    "hourly": 3_600.0,
    "daily": 86_400.0,
    "weekly": 604_800.0,
    "monthly": 2_592_000.0,
    "yearly": 31_536_000.0,
}


def transcripts(item: Tags, resolve: Resolve) -> tuple[TranscriptLink, ...]:
    """Name every text that the publisher offers, in the order of the feed."""
    return tuple(
        TranscriptLink(
            url=target,
            media_type=media_type(tag.get("type")),
            language=folded(tag.get("language")),
            rel=folded(tag.get("rel")),
        )
        for tag in podcast_tags(item, "transcript")
        if (target := resolve(tag, tag.get("url")))
    )


def persons(parent: Tags) -> tuple[Person, ...]:
    """Name the persons of a channel or an item.

    Who has no role is a host, as the specification says, but not outside of the group that is heard.
    """
    named = [(folded(tag.text), _role(tag)) for tag in podcast_tags(parent, "person")]
    return tuple(dict.fromkeys(Person(name, role) for name, role in named if name))


def _role(tag: Any) -> str:
    role, group = (str(folded(tag.get(name)) or "").lower() for name in ("role", "group"))
    return role or (group if group not in ("", "cast") else "host")


def author(channel: Tags) -> str | None:
    """Name who makes the show: the text of an author tag, or the name in it, as Atom has it."""
    for tag in children(channel, "author"):
        name = folded(tag.text) or child_text(tags_of(tag), "name")
        if name:
            return name
    return None


def alternates(item: Tags, resolve: Resolve) -> Iterator[AudioLink]:
    """Yield the other audio files of an item, one for each address of a `podcast:alternateEnclosure`.

    Video is left out, and so are playlists and what is not reached by http.
    """
    for tag in podcast_tags(item, "alternateEnclosure"):
        for source in podcast_tags(tags_of(tag), "source"):
            kind = media_type(source.get("contentType")) or media_type(tag.get("type")) or ""
            target = resolve(source, source.get("uri"))
            if target and kind.startswith("audio/") and "mpegurl" not in kind:
                yield AudioLink(
                    url=target,
                    media_type=kind,
                    bitrate=number(tag.get("bitrate")) or None,
                    size=whole_number(tag.get("length")) or None,
                    language=folded(tag.get("lang")),
                    integrity=_integrity(tag),
                )


def _integrity(tag: Any) -> str | None:
    for child in podcast_tags(tags_of(tag), "integrity"):
        value = folded(child.get("value")) or ""
        if (folded(child.get("type")) or "").lower() == "sri" and _SRI.fullmatch(value):
            return value
    return None


def inline_chapters(item: Tags) -> tuple[Chapter, ...]:
    """Return the chapters that Podlove's `psc:chapters` holds, those without a title left out."""
    boxes = [tag for tag in item.get("chapters", ()) if _is_psc(tag)]
    marks = [mark for box in boxes[:1] for mark in box.iterchildren() if _is_psc(mark)]
    titled = [(title, mark) for mark in marks if (title := folded(mark.get("title")))]
    return tuple(
        Chapter(chapter_index=index, title=title, start_time=parse_clock(mark.get("start")), end_time=None)
        for index, (title, mark) in enumerate(titled)
    )


def _is_psc(element: Any) -> bool:
    return isinstance(element.tag, str) and _PSC.fullmatch(element.tag) is not None


def page_link(channel: Tags, relation: str, resolve: Resolve) -> str | None:
    """Return the URL of another page of a feed: `next` or `prev-archive` of RFC 5005."""
    links = (tag for tag in children(channel, "link") if folded(tag.get("rel")) == relation)
    return next((target for tag in links if (target := resolve(tag, tag.get("href")))), None)


def new_feed_url(channel: Tags, resolve: Resolve) -> str | None:
    """Return where the publisher says that the feed lives from now on, `itunes:new-feed-url`."""
    tags = (tag for tag in children(channel, "new-feed-url") if folded(tag.text))
    return next((resolve(tag, folded(tag.text)) for tag in tags), None)


def update_every(channel: Tags) -> Seconds | None:
    """Return how often the publisher says that it is worth asking: RSS's `ttl`, or `sy:updatePeriod`."""
    minutes = number(child_text(channel, "ttl"))
    if minutes:
        return minutes * 60
    period = _PERIODS.get((child_text(channel, "updatePeriod") or "").lower())
    return period / (number(child_text(channel, "updateFrequency")) or 1.0) if period else None


def channel_of(root: Any) -> Any:
    """Return what describes the show: the channel of RSS, the root of Atom."""
    return next(root.iter("{*}channel"), root)


def tags_of(parent: Any) -> Tags:
    """Sort the children of an element by their names, without namespace and in small letters."""
    named: dict[str, list[Any]] = {}
    for child in parent.iterchildren(etree.Element):
        named.setdefault(_name(child.tag), []).append(child)
    return named


@lru_cache(4096)
def _name(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()  # a prefix that was never declared stays in the tag


def children(parent: Tags, *names: str) -> list[Any]:
    """Return the children with such a name, of whatever namespace, those of the feed's own format first."""
    found = [tag for name in names for tag in parent.get(name.lower(), ())]
    return sorted(found, key=lambda tag: _is_foreign(tag.tag)) if len(found) > 1 else found


@lru_cache(4096)
def _is_foreign(tag: str) -> bool:
    """Check whether a tag comes from an extension, such as that of iTunes."""
    namespace = tag[1:].partition("}")[0] if tag.startswith("{") else tag.rpartition(":")[0]
    return bool(namespace) and _OWN.search(namespace) is None


def podcast_tags(parent: Tags, name: str) -> list[Any]:
    """Return the `podcast:name` children; the namespace may be an old one, or never declared."""
    return [tag for tag in parent.get(name.lower(), ()) if _is_podcast(tag.tag)]


@lru_cache(4096)
def _is_podcast(tag: str) -> bool:
    return tag.startswith("podcast:") or _PODCAST.match(tag) is not None


def child_text(parent: Tags, *names: str) -> str | None:
    """Return the first text in a child with such a name, of whatever namespace."""
    return next((text for tag in children(parent, *names) if (text := folded(tag.text))), None)


def tag_text(item: Tags, name: str) -> str | None:
    """Return the first text in a `podcast:name` child."""
    return next((text for tag in podcast_tags(item, name) if (text := folded(tag.text))), None)
