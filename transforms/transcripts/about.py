"""What a page's head says of the episode: its title, show, address, date, language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from transforms.transcripts.document import Piece

_META = {
    "og:title": "title", "twitter:title": "title", "og:site_name": "show", "og:url": "url",
    "article:published_time": "published", "datepublished": "published", "date": "published",
    "og:description": "description", "description": "description", "author": "author", "og:locale": "language",
}  # fmt: skip
_EPISODES = frozenset(("PodcastEpisode", "RadioEpisode", "Episode", "VideoObject", "AudioObject"))
_ARTICLES = frozenset(("Article", "NewsArticle", "BlogPosting", "WebPage"))
_LINKED = {
    "name": "title",
    "headline": "title",
    "url": "url",
    "datePublished": "published",
    "inLanguage": "language",
}
DEEPEST = 6  # levels of the linked data that are looked through


def read_head(root: Any) -> Iterator[Piece]:
    """Give the metadata, what says it most plainly first; the same text is given once."""
    seen: set[tuple[str, str]] = set()
    for name, value in (*_linked(root), *_meta(root)):
        text = " ".join(value.split())
        if text and (name, text) not in seen:
            seen.add((name, text))
            yield Piece(1, "metadata", text, name)


def _meta(root: Any) -> Iterator[tuple[str, str]]:
    for meta in root.iter("meta"):
        key = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        if name := _META.get(key.strip().casefold()):
            yield name, meta.get("content") or ""
    for link in root.iter("link"):
        if (link.get("rel") or "").casefold() == "canonical":
            yield "url", link.get("href") or ""
    yield "language", root.get("lang") or ""
    yield "title", root.findtext("head/title") or root.findtext(".//title") or ""


def _linked(root: Any) -> Iterator[tuple[str, str]]:
    """Read the linked data (JSON-LD) of an episode, or without one of an article."""
    things = [thing for script in root.iter("script") for thing in _things(script)]
    for kinds in (_EPISODES, _ARTICLES):
        for thing in things:
            if _kinds(thing) & kinds:
                yield from ((_LINKED[key], value) for key, value in thing.items() if _is_known(key, value))
                series = thing.get("partOfSeries")
                if isinstance(series, dict) and isinstance(series.get("name"), str):
                    yield "show", series["name"]
                return


def _is_known(key: str, value: object) -> bool:
    return key in _LINKED and isinstance(value, str)


def _kinds(thing: dict[str, Any]) -> set[str]:
    kinds = thing.get("@type")
    return {kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)}


def _things(script: Any) -> Iterator[dict[str, Any]]:
    if (script.get("type") or "").casefold() != "application/ld+json":
        return
    try:
        open_: list[tuple[Any, int]] = [(json.loads(script.text or ""), 0)]
    except (ValueError, RecursionError):
        return
    while open_:
        thing, depth = open_.pop(0)
        if isinstance(thing, list) and depth < DEEPEST:
            open_ += [(item, depth + 1) for item in thing]
        elif isinstance(thing, dict):
            yield thing
            open_.append((thing.get("@graph"), depth + 1))
