"""The tags of a show and of an item, by name: their own, those of Podcasting 2.0, Podlove's chapters, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from lxml import etree

from transforms.feed.values import folded, media_type, number, whole_number
from transforms.records import AudioLink, Chapter, Person, Seconds, TranscriptLink
from transforms.times import parse_clock

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
    """Name the persons of a channel or an item; without a role one is a host, as the specification says."""
    named = [(folded(tag.text), folded(tag.get("role"))) for tag in podcast_tags(parent, "person")]
    return tuple(dict.fromkeys(Person(name, (role or "host").lower()) for name, role in named if name))


def author(channel: Tags) -> str | None:
    """Name who makes the show: the text of an author tag, or the name in it, as Atom has it."""
    for tag in children(channel, "author"):
        name = folded(tag.text) or child_text(tags_of(tag), "name")
        if name:
            return name
    return None


def alternates(item: Tags, resolve: Resolve) -> Iterator[AudioLink]:
    """Give the other audio files of an item, one for each address of a `podcast:alternateEnclosure`.

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
    """Give the chapters that Podlove's `psc:chapters` holds, those without a title left out."""
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
    """Give the URL of another page of a feed: `next` or `prev-archive` of RFC 5005."""
    links = (tag for tag in children(channel, "link") if folded(tag.get("rel")) == relation)
    return next((target for tag in links if (target := resolve(tag, tag.get("href")))), None)


def new_feed_url(channel: Tags, resolve: Resolve) -> str | None:
    """Give where the publisher says that the feed lives from now on, `itunes:new-feed-url`."""
    tags = (tag for tag in children(channel, "new-feed-url") if folded(tag.text))
    return next((resolve(tag, folded(tag.text)) for tag in tags), None)


def update_every(channel: Tags) -> Seconds | None:
    """Give how often the publisher says that it is worth asking: RSS's `ttl`, or `sy:updatePeriod`."""
    minutes = number(child_text(channel, "ttl"))
    if minutes:
        return minutes * 60
    period = _PERIODS.get((child_text(channel, "updatePeriod") or "").lower())
    return period / (number(child_text(channel, "updateFrequency")) or 1.0) if period else None


def channel_of(root: Any) -> Any:
    """Give what describes the show: the channel of RSS, the root of Atom."""
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
    """Give the children with such a name, of whatever namespace, those of the feed's own format first."""
    found = [tag for name in names for tag in parent.get(name.lower(), ())]
    return sorted(found, key=lambda tag: _is_foreign(tag.tag)) if len(found) > 1 else found


@lru_cache(4096)
def _is_foreign(tag: str) -> bool:
    """Tell whether a tag comes from an extension, such as that of iTunes."""
    namespace = tag[1:].partition("}")[0] if tag.startswith("{") else tag.rpartition(":")[0]
    return bool(namespace) and _OWN.search(namespace) is None


def podcast_tags(parent: Tags, name: str) -> list[Any]:
    """Give the `podcast:name` children; the namespace may be an old one, or never declared."""
    return [tag for tag in parent.get(name.lower(), ()) if _is_podcast(tag.tag)]


@lru_cache(4096)
def _is_podcast(tag: str) -> bool:
    return tag.startswith("podcast:") or _PODCAST.match(tag) is not None


def child_text(parent: Tags, *names: str) -> str | None:
    """Give the first text in a child with such a name, of whatever namespace."""
    return next((text for tag in children(parent, *names) if (text := folded(tag.text))), None)


def tag_text(item: Tags, name: str) -> str | None:
    """Give the first text in a `podcast:name` child."""
    return next((text for tag in podcast_tags(item, name) if (text := folded(tag.text))), None)
