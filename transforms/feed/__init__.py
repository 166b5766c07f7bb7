"""Feed bytes → Feed: RSS 2.0 and Atom, with the tags of Podcasting 2.0.

feedparser reads what every feed has, and forgives much. lxml reads what feedparser drops: repeated
`podcast:*` tags, and the text of those with attributes. Both get the same repaired UTF-8 text, in which
nothing is left to expand. Whoever wrote the feed may wish us harm, so sizes are limited before
feedparser sees it, and a URL leads only where such a feed may point.
"""

from __future__ import annotations

from transforms.feed.document import is_feed, not_a_feed
from transforms.feed.parse import newest_first, open_feed, parse_feed
from transforms.feed.values import plain_text, resolve_url

__all__ = [
    "is_feed",
    "newest_first",
    "not_a_feed",
    "open_feed",
    "parse_feed",
    "plain_text",
    "resolve_url",
]
