"""Feed bytes → Feed: RSS 2.0 and Atom, with the tags of Podcasting 2.0.

lxml reads it: a repaired UTF-8 text, in which nothing is left to expand, and whose tags are made to fit where they
do not. Whoever wrote the feed may wish us harm, so sizes are limited before a parser sees it, and a URL leads only
where such a feed may point.
"""

from __future__ import annotations

from transforms.feed.dates import believed
from transforms.feed.parse import newest_first, open_feed, parse_feed
from transforms.feed.values import plain_text, resolve_url
from transforms.feed.xml import is_feed, not_a_feed

__all__ = [
    "believed",
    "is_feed",
    "newest_first",
    "not_a_feed",
    "open_feed",
    "parse_feed",
    "plain_text",
    "resolve_url",
]
