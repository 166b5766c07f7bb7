"""Feed bytes → Feed: RSS 2.0 and Atom, with the tags of Podcasting 2.0.

feedparser reads what every feed has, and forgives much. lxml reads what feedparser drops: repeated
`podcast:*` tags, and the text of those with attributes. Both get the same repaired UTF-8 text, in which
nothing is left to expand. Whoever wrote the feed may wish us harm, so sizes are limited before
feedparser sees it, and a URL leads only where such a feed may point.
"""

from __future__ import annotations

import codecs
import re
import uuid
from calendar import timegm
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from html.entities import html5
from io import BytesIO
from pathlib import PurePosixPath
from time import struct_time
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import feedparser
from lxml import etree

from transforms.errors import ContentError
from transforms.records import (
    Episode,
    Feed,
    Person,
    Podcast,
    Seconds,
    TranscriptLink,
    feed_episode_id,
    podcast_id,
    without_query,
)

_Resolve = Callable[[str | None], str | None]

# https://github.com/Podcastindex-org/podcast-namespace, and the addresses that it had before.
_PODCAST = re.compile(
    r"{https?://(podcastindex\.org/namespace/1\.0|github\.com/[^{}]*/podcast-namespace/)", re.IGNORECASE
)
_ROOT = re.compile(r"(^|[:}])(rss|feed|rdf)$", re.IGNORECASE)
_FEED_START = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>)*+<(?:\w+:)?(?:rss|feed|rdf)\b",
    re.DOTALL | re.IGNORECASE,
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
# What a feed may declare; Python knows more, such as punycode, in which a text can hide tags.
_CHARSET = re.compile(
    r"us-ascii|ascii|utf-?(8|16|32)(-?[lb]e)?|iso-?8859-?\d+|latin-?1|(windows-?|cp)\d+|koi8-[ru]|mac-?roman"
    r"|big5|gb2312|gbk|gb18030|shift[_-]jis|euc-(jp|kr)|iso-2022-jp",
    re.IGNORECASE,
)
_BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z))|&(?:(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{1,40}));)?",
    re.DOTALL | re.ASCII,
)
# feedparser takes quadratic time for these, or keeps its own `links` under that name; we need none of them.
_UNWANTED_TAG = re.compile(
    r"</?(?:[\w-]{1,40}:)?(?:author|category|contributor|creator|email|keywords|links|managingEditor|owner"
    r"|publisher|subject|webMaster)\b[^<>]*>",
    re.IGNORECASE,
)
# Thousands of attributes in one tag take the HTML parser minutes; text needs none.
_HTML_TAG = re.compile(r"""<(/?[a-zA-Z][a-zA-Z0-9]{0,20})(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>?""")
_MAX_TAGS = 1_000_000
_MAX_NAMESPACES = 5_000
_MAX_ATTRIBUTES = 200

_BLOCKS = (
    "address",
    "blockquote",
    "br",
    "div",
    "dd",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "p",
    "tr",
)


def is_feed(head: bytes) -> bool:
    """Tell from the first bytes of a document whether it is an RSS or Atom feed.

    >>> is_feed(b'<?xml version="1.0"?><!-- made by hand --><rss version="2.0">')
    True
    >>> is_feed(b"<!DOCTYPE html><html>")
    False
    """
    return _FEED_START.match(_NOT_TEXT.sub("", _decoded(head))) is not None


def parse_feed(data: bytes, url: str, *, base: str | None = None) -> Feed:
    """Read a feed and its episodes, newest first.

    `url` names the feed: an http(s) URL, or a local path or file URL. Relative URLs are resolved
    against `base`, which is where the bytes came from after redirects, `url` if None. A remote feed may
    name http(s) URLs only; a local one also files in its own folder, which become paths.

    Items without audio are left out. An unknown value is None; a publication date is in UTC.

    Raises:
        ContentError: not a feed, a feed without items, or one made to choke a parser.

    Specs: https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287,
    https://podcasting2.org/docs/podcast-namespace
    """
    text = _repaired(_decoded(data))
    root = _tree(text, url)
    stripped = _UNWANTED_TAG.sub(" ", text).encode()
    try:
        parsed = feedparser.parse(BytesIO(stripped), resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:  # it has handlers for many dialects, some with bugs
        raise _not_a_feed(url, "the parser fails over it") from error
    if not parsed.entries:
        raise _not_a_feed(url, "it has no items")
    resolve = partial(resolve_url, base=base or url)
    podcast = _podcast(parsed.feed, root, url, resolve)
    hosts = _persons(_channel(root))
    episodes: dict[str, Episode] = {}
    for entry, item in _items(parsed.entries, root):
        episode = _episode(entry, item, podcast.podcast_id, hosts, resolve)
        if episode:
            episodes.setdefault(episode.episode_id, episode)  # of two with one id the upper one is newer
    return Feed(podcast, tuple(sorted(episodes.values(), key=_age)))


def parse_duration(text: str | None) -> Seconds | None:
    """Read an `itunes:duration`, in seconds; None where it is missing, zero or senseless.

    >>> parse_duration("1:02:03"), parse_duration("25:30"), parse_duration("90.5"), parse_duration("90 min")
    (3723.0, 1530.0, 90.5, None)
    """
    found = re.fullmatch(r"\s*(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,7}(?:\.\d{1,6})?)\s*", text or "", re.ASCII)
    if not found:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds or None


def plain_text(markup: str | None) -> str | None:
    """Strip HTML and fold white space; None where nothing is left.

    >>> plain_text("<p>Dust &amp; <b>grooves</b>.</p><p>Needles.</p>")
    'Dust & grooves. Needles.'
    """
    source = _HTML_TAG.sub(r"<\1>", _NOT_TEXT.sub("", markup or ""))
    if not source.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    tree = etree.fromstring(f"<div>{source}</div>".encode(), parser)
    etree.strip_elements(tree, "script", "style", with_tail=False)
    return _folded("".join(_pieces(tree)))


def _pieces(tree: Any) -> Iterator[str]:
    """Give the texts in a tree, with a space around each block."""
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if element.tag in _BLOCKS:
            yield " "
        yield (element.text if event == "start" else element.tail) or ""


def resolve_url(reference: str | None, *, base: str) -> str | None:
    """Make a reference in a feed absolute; None where such a feed may not point there.

    >>> resolve_url("1.mp3", base="https://example.com/show/feed.xml")
    'https://example.com/show/1.mp3'
    >>> resolve_url("1.mp3", base="shows/feed.xml")
    'shows/1.mp3'
    >>> resolve_url("../secret", base="shows/feed.xml"), resolve_url("file:///etc/passwd", base="https://a.b/")
    (None, None)
    """
    text = _NOT_TEXT.sub("", reference or "").strip()
    try:
        if urlsplit(base).scheme in ("http", "https"):
            return _web_url(urljoin(base, text)) if text else None
        return _web_url(text) or _neighbour(text, base)
    except ValueError:  # such as "http://["
        return None


def _web_url(text: str) -> str | None:
    parts = urlsplit(text)
    return urlunsplit(parts) if parts.scheme in ("http", "https") and parts.hostname else None


def _neighbour(text: str, base: str) -> str | None:
    """Give the path of a file in the folder of the feed at `base`, or below it."""
    parts = urlsplit(text)
    path = PurePosixPath(unquote(parts.path))
    if parts.scheme or parts.netloc or path.is_absolute() or ".." in path.parts or "\0" in str(path):
        return None
    feed = unquote(urlsplit(base).path) if base.startswith("file:") else base
    return str(PurePosixPath(feed).parent / path) if path.parts else None


def _not_a_feed(url: str, cause: str) -> ContentError:
    return ContentError(
        f"{without_query(url)} is not a feed: {cause}; check that it is the address of an RSS feed"
    )


def _decoded(data: bytes) -> str:
    """Decode a document by its mark, its declaration, as UTF-8, or else as what Windows wrote."""
    for mark, charset in _BOMS:
        if data.startswith(mark):
            return data.decode(charset, "replace")
    declared = _DECLARED.match(data)
    charset = declared[1].decode() if declared else "utf-8"
    for attempt in (charset if _CHARSET.fullmatch(charset) else "utf-8", "utf-8"):
        try:
            return data.decode(attempt)
        except (UnicodeError, LookupError):
            continue
    return data.decode("windows-1252", "replace")


def _repaired(text: str) -> str:
    """Drop the declaration and what XML forbids, and leave no ampersand that needs a look-up."""
    text = re.sub(r"\A\s*<\?xml.*?\?>", "", _NOT_TEXT.sub("", text), count=1, flags=re.DOTALL)
    return _REFERENCE.sub(_reference, text.lstrip("\ufeff \t\r\n"))


def _reference(found: re.Match[str]) -> str:
    """Write a reference as a number; one that only the feed itself could define is left as text."""
    cdata, decimal, hexadecimal, name = found.groups()
    if cdata:
        return cdata
    if decimal or hexadecimal:
        code = int(decimal or int(hexadecimal, 16))
        return "" if code > 0x10FFFF or _NOT_TEXT.match(chr(code)) else f"&#{code};"
    return "".join(f"&#{ord(character)};" for character in html5.get(f"{name};", "")) or f"&amp;{found[0][1:]}"


def _tree(text: str, url: str) -> Any:
    """Read the document with lxml, and refuse what would hold up feedparser for minutes.

    feedparser's own quick parser stops at the first error, before which lxml has seen the same as it.
    """
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise _not_a_feed(url, "it is no XML") from error
    if root is None or not _ROOT.search(root.tag):
        raise _not_a_feed(url, "it begins with no <rss> or <feed>")
    if (
        text.count("<") > _MAX_TAGS
        or text.count("xmlns") > _MAX_NAMESPACES
        or any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log)
        or any(len(element.attrib) > _MAX_ATTRIBUTES for element in root.iter(etree.Element))
    ):
        raise _not_a_feed(url, "it is nested too deep or has too many parts")
    return root


def _items(entries: list[Any], root: Any) -> Iterator[tuple[Any, Any]]:
    """Pair feedparser's entries with lxml's items: by order where both saw as many, else by guid.

    The second is None where there is no such item.
    """
    items = list(root.iter("{*}item", "{*}entry"))
    if len(items) == len(entries):
        yield from zip(entries, items, strict=True)
        return
    by_guid = {_child_text(item, "guid", "id"): item for item in reversed(items)}
    for entry in entries:
        guid = _folded(_value(entry, "id"))
        yield entry, by_guid.get(guid) if guid else None


def _podcast(feed: Any, root: Any, url: str, resolve: _Resolve) -> Podcast:
    channel = _channel(root)
    guid = _uuid(next((element.text for element in _podcast_tags(channel, "guid")), None))
    return Podcast(
        podcast_id=podcast_id(url, guid),
        title=_title(feed),
        author=_author(channel),
        feed_url=url,
        site_url=resolve(_value(feed, "link")),
        language=_folded(_value(feed, "language")),
    )


def _episode(entry: Any, item: Any, show: str, hosts: tuple[Person, ...], resolve: _Resolve) -> Episode | None:
    """Build an episode of the show with the id `show`; None where the item has no audio."""
    enclosure = _enclosure(entry, resolve)
    if enclosure is None:
        return None
    guid = _folded(_value(entry, "id"))
    chapters = next(iter(_podcast_tags(item, "chapters")), None)
    return Episode(
        episode_id=feed_episode_id(show, guid, enclosure),
        podcast_id=show,
        guid=guid,
        title=_title(entry),
        description=plain_text(_markup(entry)),
        published_at=_published_at(entry),
        season=_whole_number(_tag_text(item, "season") or _value(entry, "itunes_season")),
        episode_number=_number(_tag_text(item, "episode") or _value(entry, "itunes_episode")),
        language=_folded(_value(entry, "language")),
        page_url=_page(entry, resolve),
        audio_url=enclosure,
        duration=parse_duration(_value(entry, "itunes_duration")),
        chapters_url=resolve(chapters.get("url")) if chapters is not None else None,
        transcripts=_transcripts(item, resolve),
        persons=_persons(item) or hosts,
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
    return plain_text(text) if is_html else _folded(text)


def _page(entry: Any, resolve: _Resolve) -> str | None:
    """Give the page of an entry; feedparser calls a guid a link, which it need not be."""
    link = _value(entry, "link")
    return None if link == _value(entry, "id") and "://" not in (link or "") else resolve(link)


def _enclosure(entry: Any, resolve: _Resolve) -> str | None:
    """Choose the URL of the audio: the first enclosure that says so, else the first that is no picture."""
    found = [
        (_media_type(_value(link, "type")) or "", target)
        for link in _dicts(entry.get("links"))
        if link.get("rel") == "enclosure" and (target := resolve(_value(link, "href")))
    ]
    sound = [target for kind, target in found if kind.startswith("audio/")]
    other = [target for kind, target in found if not kind.startswith(("audio/", "image/", "text/"))]
    return next(iter(sound + other), None)


def _transcripts(item: Any, resolve: _Resolve) -> tuple[TranscriptLink, ...]:
    return tuple(
        TranscriptLink(
            url=target,
            media_type=_media_type(tag.get("type")),
            language=_folded(tag.get("language")),
            rel=_folded(tag.get("rel")),
        )
        for tag in _podcast_tags(item, "transcript")
        if (target := resolve(tag.get("url")))
    )


def _persons(parent: Any) -> tuple[Person, ...]:
    """Name the persons of a channel or an item; without a role one is a host, as the specification says."""
    named = [(_folded(tag.text), _folded(tag.get("role"))) for tag in _podcast_tags(parent, "person")]
    return tuple(dict.fromkeys(Person(name, (role or "host").lower()) for name, role in named if name))


def _author(channel: Any) -> str | None:
    """Name who makes the show: the text of an author tag, or the name in it, as Atom has it."""
    for tag in _children(channel, "author"):
        name = _folded(tag.text) or _child_text(tag, "name")
        if name:
            return name
    return None


def _markup(entry: Any) -> str | None:
    texts = [_value(entry, "summary"), *(_value(content, "value") for content in _dicts(entry.get("content")))]
    return next((text for text in texts if text and text.strip()), None)


def _published_at(entry: Any) -> datetime | None:
    """Give when an entry came out; in Atom, where only its last change is known, that.

    The first second of 1970 is how some programs write that they do not know, and what seems to lie
    before 1900 is a number read as a year.
    """
    # dict's own get, because feedparser's gives one for the other, with a warning
    moment = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    if not isinstance(moment, struct_time) or moment.tm_year < 1900 or not timegm(moment):
        return None
    try:
        return datetime.fromtimestamp(timegm(moment), UTC)
    except (ValueError, OverflowError, OSError):  # the year 10000
        return None


def _age(episode: Episode) -> float:
    """Sort key: newest first, undated last."""
    return -episode.published_at.timestamp() if episode.published_at else float("inf")


def _channel(root: Any) -> Any:
    return next(root.iter("{*}channel"), root)


def _children(parent: Any, *names: str) -> list[Any]:
    """Give the children with such a name, of whatever namespace, in document order."""
    return [] if parent is None else list(parent.iterchildren(*(f"{{*}}{name}" for name in names)))


def _podcast_tags(parent: Any, name: str) -> list[Any]:
    """Give the `podcast:name` children; the namespace may be an old one, or never declared."""
    if parent is None:
        return []
    undeclared = list(parent.iterchildren(f"podcast:{name}"))
    declared = _children(parent, name)
    return undeclared + [tag for tag in declared if _PODCAST.match(tag.tag)]


def _child_text(parent: Any, *names: str) -> str | None:
    return next((text for tag in _children(parent, *names) if (text := _folded(tag.text))), None)


def _tag_text(item: Any, name: str) -> str | None:
    return next((text for tag in _podcast_tags(item, name) if (text := _folded(tag.text))), None)


def _folded(text: str | None) -> str | None:
    """Put a text on one line; None where nothing is left."""
    return " ".join(_NOT_TEXT.sub("", text or "").split()) or None


def _media_type(text: str | None) -> str | None:
    return _folded((text or "").partition(";")[0].lower())


def _whole_number(text: str | None) -> int | None:
    found = re.fullmatch(r"\s*(\d{1,9})\s*", text or "", re.ASCII)
    return int(found[1]) if found else None


def _number(text: str | None) -> float | None:
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*", text or "", re.ASCII)
    return float(found[1]) if found else None


def _uuid(text: str | None) -> str | None:
    """Read a `podcast:guid`; None where it is no UUID, and so cannot name a show."""
    try:
        return str(uuid.UUID((text or "").strip()))
    except ValueError:
        return None
