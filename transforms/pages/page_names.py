"""What the page of an episode or a show is called."""

from __future__ import annotations


def page_of(name: str) -> str:
    """Return the name of a page: no title or address becomes a path.

    >>> page_of("youtube:dQw4w9WgXcQ"), page_of("../x")
    ('youtube-dQw4w9WgXcQ.html', '---x.html')
    """
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name) + ".html"
