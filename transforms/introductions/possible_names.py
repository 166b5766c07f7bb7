"""Who may be heard in an episode, by what is known of it: persons of its feed, names in its title and notes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from transforms.introductions.spoken_names import Candidate, is_name, is_same, name_at
from transforms.transcripts.labels.names import clean

LONGEST_NOTES = 5_000  # characters that are looked through
MOST_CANDIDATES = 60

_TAG = re.compile(r"<[^<>]{0,2000}>")


def candidates(persons: Iterable[str], titles: Iterable[str | None]) -> tuple[Candidate, ...]:
    """Return the full names of those who may be heard, those of `podcast:person` first, each once.

    `titles` are titles, authors and notes, as text or HTML, which also name people who are only talked about. A
    name that is only a mark, or a role, is none.

    >>> candidates(["Sam Okafor", "—"], ["Heat", "<p>Sam Okafor talks to Hugh Castle.</p>"])
    (Candidate(name='Sam Okafor', is_announced=True), Candidate(name='Hugh Castle', is_announced=False))
    """
    found: list[Candidate] = []
    announced = (Candidate(clean(person)[0], is_announced=True) for person in persons)
    for one in (*announced, *(Candidate(name) for title in titles for name in _names(title or ""))):
        is_new = is_name(one.name) and not any(is_same(one.name, other.name) for other in found)
        if len(found) < MOST_CANDIDATES and is_new:
            found.append(one)
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
