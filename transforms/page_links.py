"""A web page → where its episode can be heard: audio, feeds, players, and what the page says of it.

Pages name their audio in many ways, often several at once: JSON-LD of schema.org, OpenGraph, `<audio>`, links to
the file. Whoever wrote the page may wish us harm: its size is limited, nothing of it is fetched or run here, and
each address is one of the web or is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from transforms.audio.container import SUFFIXES
from transforms.charsets import decode
from transforms.errors import ContentError
from transforms.feed import plain_text, resolve_url
from transforms.records import Seconds
from transforms.redaction import public_address
from transforms.text import fold_title
from transforms.times import parse_duration

MAX_BYTES = 8_000_000
_MAX_LD = 2_000_000
_MAX_OBJECTS = 5_000
_EPISODES = {"PodcastEpisode", "RadioEpisode", "Episode", "NewsArticle", "Article", "BlogPosting"}
_SOUNDS = {"AudioObject", "MediaObject"}
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/rdf+xml")
_NOT_EPISODES = re.compile(r"\bcomments?\b", re.IGNORECASE)  # the feed of a page's comments
_TITLE_CUT = re.compile(r"\s+[|–—·•]\s+|\s+-\s+|\s*[»«]\s*")


@dataclass(frozen=True, slots=True)
class PageLinks:
    """What a page says of its episode; each list is best first and holds web addresses only.

    `titles` are all names that the page gives itself, the most trustworthy first; `addresses` are its own.
    """

    titles: tuple[str, ...]
    addresses: tuple[str, ...]
    show: str | None
    description: str | None
    published_at: datetime | None
    duration: Seconds | None
    language: str | None
    audio: tuple[str, ...]
    feeds: tuple[str, ...]
    players: tuple[str, ...]


def parse_page(data: bytes, url: str, charset: str | None = None) -> PageLinks:
    """Read a page that came from `url`; `charset` is what its server says.

    Raises:
        ContentError: it is empty, or too large for a page.
    """
    root = _tree(data, url, charset)
    base = next((_text(tag.get("href")) for tag in root.iter("base")), None)
    resolve = partial(resolve_url, base=resolve_url(base, base=url) or url)
    meta = _meta(root)
    spoken = _spoken(_objects(root))
    titles = [spoken.get("name"), *meta.get("og:title", ()), *_inner(root, "h1"), *_inner(root, "title")]
    links = [*_links(root, "canonical"), *meta.get("og:url", ()), spoken.get("url")]
    dates = [spoken.get("published"), *meta.get("article:published_time", ())]
    notes = [spoken.get("description"), *meta.get("og:description", ()), *meta.get("description", ())]
    return PageLinks(
        titles=_unique(titles),
        addresses=_unique([url, *(resolve(link) for link in links)]),
        show=spoken.get("show") or next(iter(meta.get("og:site_name", ())), None),
        description=next((text for note in notes if (text := plain_text(note))), None),
        published_at=next((moment for date in dates if (moment := parse_date(date))), None),
        duration=parse_duration(spoken.get("duration")),
        language=_text(root.get("lang")),
        audio=_unique(resolve(link) for link in [spoken.get("audio"), *_audio(root, meta)]),
        feeds=_unique(resolve(link) for link in _feeds(root)),
        players=_unique(resolve(link) for link in _players(root, meta)),
    )


def is_title_of(title: str | None, page: PageLinks) -> bool:
    """Check whether a page is called like an episode, alone or with the name of the show beside it.

    >>> page = PageLinks(("Dust | The Long Groove",), (), None, None, None, None, None, (), (), ())
    >>> is_title_of("Dust", page), is_title_of("Groove", page)
    (True, False)
    """
    wanted = fold_title(title or "")
    names = [part for name in page.titles for part in (name, *_TITLE_CUT.split(name))]
    return bool(wanted) and wanted in {fold_title(name) for name in names}


def same_page(one: str, other: str) -> bool:
    """Check whether two addresses are of one page: scheme, `www.`, fragment and the last slash do not count.

    >>> same_page("http://www.example.org/1/", "https://example.org/1#notes")
    True
    >>> same_page("https://example.org/?p=1", "https://example.org/?p=2")
    False
    """
    return _bare(one) == _bare(other)


def _bare(url: str) -> tuple[str, str, frozenset[str]]:
    parts = urlsplit(url)
    query = frozenset(p for p in parts.query.split("&") if p and not p.startswith(("utm_", "fbclid=", "ref=")))
    host = parts.netloc.rpartition("@")[2].lower().removeprefix("www.")
    return host, parts.path.rstrip("/"), query


def parse_date(text: str | None) -> datetime | None:
    """Read an ISO 8601 date in UTC; None where it is none.

    >>> parse_date("2026-10-05T08:00:00+02:00")
    datetime.datetime(2026, 10, 5, 6, 0, tzinfo=datetime.timezone.utc)
    """
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat((text or "").strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return None


def _tree(data: bytes, url: str, charset: str | None) -> Any:
    if len(data) > MAX_BYTES or not data.strip():
        cause = "is an empty page" if len(data) <= MAX_BYTES else f"is larger than the {MAX_BYTES} bytes of a page"
        msg = f"{public_address(url)} {cause}: give the address of its feed or of its audio"
        raise ContentError(msg)
    parser = etree.HTMLParser(
        encoding="utf-8",
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=True,
    )
    with suppress(etree.XMLSyntaxError, LookupError):
        root = etree.fromstring(decode(data, charset).encode(), parser)
        if root is not None:
            return root
    msg = f"{public_address(url)} is no page that we can read: give the address of its feed or of its audio"
    raise ContentError(msg)


def _meta(root: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tag in root.iter("meta"):
        name = (tag.get("property") or tag.get("name") or "").strip().lower()
        if name and (text := _text(tag.get("content"))):
            found.setdefault(name, []).append(text)
    return found


def _links(root: Any, rel: str) -> Iterator[str | None]:
    return (tag.get("href") for tag in root.iter("link") if rel in (tag.get("rel") or "").lower().split())


def _feeds(root: Any) -> Iterator[str | None]:
    """List the feeds that a page declares, or links to under their type."""
    for tag in root.iter("link", "a"):
        is_alternate = tag.tag == "a" or "alternate" in (tag.get("rel") or "").lower().split()
        kind = (tag.get("type") or "").partition(";")[0].strip().lower()
        named = f"{tag.get('title') or ''} {tag.get('href') or ''}"
        if is_alternate and kind in _FEED_TYPES and not _NOT_EPISODES.search(named):
            yield tag.get("href")


def _audio(root: Any, meta: dict[str, list[str]]) -> Iterator[str | None]:
    for tag in root.iter("audio"):
        yield tag.get("src")
        yield from (source.get("src") for source in tag.iter("source"))
    yield from (
        link for name in ("og:audio:secure_url", "og:audio:url", "og:audio") for link in meta.get(name, ())
    )
    yield from (link for link in meta.get("twitter:player:stream", ()) if _is_audio(link))
    yield from (tag.get("href") for tag in root.iter("a") if _is_audio(tag.get("href")))


def _players(root: Any, meta: dict[str, list[str]]) -> Iterator[str | None]:
    yield from (tag.get("src") or tag.get("data-src") for tag in root.iter("iframe"))
    yield from (link for name in ("twitter:player", "og:video:url", "og:video") for link in meta.get(name, ()))


def _is_audio(link: str | None) -> bool:
    with suppress(ValueError):
        return urlsplit((link or "").strip()).path.lower().endswith(tuple(SUFFIXES))
    return False


def _objects(root: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of the page's JSON-LD, the outer ones first."""
    waiting = list(_documents(root))
    seen = 0
    while waiting and seen < _MAX_OBJECTS:
        seen += 1
        value = waiting.pop(0)
        if isinstance(value, dict):
            yield value
            waiting.extend(part for part in value.values() if isinstance(part, (dict, list)))
        elif isinstance(value, list):
            waiting.extend(part for part in value if isinstance(part, (dict, list)))


def _documents(root: Any) -> Iterator[Any]:
    """Yield what each script of JSON-LD holds; one that is too long or no JSON is left out."""
    for tag in root.iter("script"):
        text = (tag.text or "").strip()
        if (tag.get("type") or "").strip().lower() == "application/ld+json" and len(text) <= _MAX_LD:
            with suppress(ValueError, RecursionError):
                yield json.loads(text, strict=False)


def _spoken(objects: Iterator[dict[str, Any]]) -> dict[str, str]:
    """Choose the object of the episode, and the sound in it; an episode of a list of others does not count."""
    every = list(objects)
    whole = _episode(every)
    sound = _sound(whole, every)
    series = _first(whole.get("partOfSeries"))
    found = {
        "name": _string(whole.get("name")) or _string(whole.get("headline")),
        "url": _string(whole.get("url")),
        "description": _string(whole.get("description")),
        "published": _string(whole.get("datePublished")),
        "show": _string(series.get("name")),
        "audio": _address(sound),
        "duration": _string(whole.get("duration")) or _string(whole.get("timeRequired")) or _length(sound),
    }
    return {name: text for name, text in found.items() if text}


def _episode(every: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the object of the one episode that a page is about; empty where it names none, or several."""
    episodes = [one for one in every if _kinds(one) & _EPISODES]
    best = [one for one in episodes if "PodcastEpisode" in _kinds(one)] or episodes
    return best[0] if len({_string(one.get("url") or one.get("name")) for one in best}) == 1 else {}


def _sound(episode: dict[str, Any], every: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the sound within an episode, else the only one of the page; empty where there is none."""
    sounds = [one for one in every if _kinds(one) & _SOUNDS]
    only = sounds[0] if len({_address(one) for one in sounds}) == 1 else {}
    return _first(episode.get("associatedMedia") or episode.get("audio")) or only


def _kinds(one: dict[str, Any]) -> set[str]:
    kind = one.get("@type")
    names = kind if isinstance(kind, list) else [kind]
    return {name.rpartition("/")[2] for name in names if isinstance(name, str)}


def _first(value: Any) -> dict[str, Any]:
    """Take an object, or the first one of a list; an address alone counts as one."""
    value = value[0] if isinstance(value, list) and value else value
    return {"contentUrl": value} if isinstance(value, str) else value if isinstance(value, dict) else {}


def _address(sound: dict[str, Any]) -> str | None:
    url = _string(sound.get("url"))
    return _string(sound.get("contentUrl")) or (url if _is_audio(url) else None)


def _length(sound: dict[str, Any]) -> str | None:
    return _string(sound.get("duration"))


def _string(value: Any) -> str | None:
    return _text(value) if isinstance(value, str) else None


def _inner(root: Any, name: str) -> Iterator[str | None]:
    return (_text("".join(tag.itertext())) for tag in root.iter(name))


def _text(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


def _unique(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
