"""Who may be heard in an episode, by what is known of it: persons of its feed, names in its title and notes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from transforms.introductions.people import is_name, is_same, name_at
from transforms.transcripts.names import clean

LONGEST_NOTES = 5_000  # characters that are looked through
MOST_CANDIDATES = 60

_TAG = re.compile(r"<[^<>]{0,2000}>")


def candidates(persons: Iterable[str], titles: Iterable[str | None]) -> tuple[str, ...]:
    """Return the full names of those who may be heard, those of `podcast:person` first, each once.

    `titles` are titles, authors and notes, as text or HTML. A name that is only a mark, or a role, is none.

    >>> candidates(["Sam Okafor", "—"], ["Heat, with Lena Brandt", "<p>Sam Okafor talks to Hugh Castle.</p>"])
    ('Sam Okafor', 'Lena Brandt', 'Hugh Castle')
    """
    found: list[str] = []
    for name in (*(clean(person)[0] for person in persons), *(n for title in titles for n in _names(title or ""))):
        if len(found) < MOST_CANDIDATES and is_name(name) and not any(is_same(name, one) for one in found):
            found.append(name)
    return tuple(found)


def _names(text: str) -> Iterator[str]:
    """Yield what may be a full name in a text."""
    words = html.unescape(_TAG.sub(" , ", text[:LONGEST_NOTES])).split()
    place = 0
    while place < len(words):
        name = name_at(words, place)
        if name and len(name.tokens) > 1 and not name.is_possessive:
            yield name.text
        place = max(name.end if name else 0, place + 1)
