"""Who may be heard in an episode, as its publisher says: names for the recogniser, bounds for the diarization."""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.records import Episode, Podcast

_MOST_NAMES = 30
_NOTES = 4_000  # characters; further down are links and sponsors
_WORD = r"(?:[A-ZÀ-ÖØ-Þ][\w'’\-]*[a-zà-ÿ][\w'’\-]*|[A-Z]\.)"
_PARTICLE = r"(?:de|da|del|della|der|den|di|du|la|le|van|von|bin|al|ter)"
_NO_NAME = r"(?!(?:The|A|An|My|Our|Your|How|Why|What|When|Where|Who|Episode|Part|Season|Der|Die|Das|La|Le|El)\b)"
_NAME = rf"{_NO_NAME}{_WORD}(?:\s+(?:{_PARTICLE}\s+){{0,2}}{_WORD}){{1,3}}"
_CUE = (
    r"(?:with|w/|feat\.?|featuring|ft\.?|guests?(?:\s+is|\s+are|:)?|hosts?(?:\s+is|\s+are|:)?|hosted\s+by|joined\s+by|"
    r"interview(?:s|ing)?|talks?\s+(?:to|with)|speaks?\s+(?:to|with)|welcomes?|by|mit|gast:?|avec|con|invitad[oa]:?)"
)
_NAMED = re.compile(rf"(?<!\w)(?i:{_CUE})\s+({_NAME}(?:(?:,\s*|,?\s+(?:and|&|und|et|y)\s+){_NAME}){{0,5}})")
_HEADED = re.compile(rf"^(?:[#\w.]{{0,8}}\d[\s:.–—|-]*)?({_NAME})\s*(?::|\s[–—|-]\s|\s+(?:on|about|über)\s)")
_JOINT = re.compile(r",\s*|,?\s+(?:and|&|und|et|y)\s+")
_NOT_HEARD = ("editor", "producer", "engineer", "composer", "designer", "writer", "artwork", "theme", "sponsor")
_MAY_BE_MORE = 3  # a clip, an advertisement, a caller


def names(podcast: Podcast | None, episode: Episode) -> tuple[str, ...]:
    """Name whom the publisher names, the surest first: in tags, in the title, in the notes."""
    tagged = [person.name for person in episode.persons if not _is_silent(person.role)]
    author = [podcast.author] if podcast and podcast.author and re.fullmatch(_NAME, podcast.author) else []
    found = [*tagged, *_titled(episode.title or ""), *_noted((episode.description or "")[:_NOTES]), *author]
    return tuple(dict.fromkeys(" ".join(name.split()) for name in found))[:_MOST_NAMES]


def bounds(episode: Episode) -> tuple[int, int] | None:
    """Give the fewest and the most people that can be heard; `None` where the publisher does not name them all.

    Only who names both who asks and who answers is taken to name them all. Then there are two at least, and, with
    room for clips and callers, not many more than were named.
    """
    roles: dict[str, str] = {}
    for person in episode.persons:
        if not _is_silent(person.role):
            roles.setdefault(person.name, (person.role or "host").lower())
    hosts = sum("host" in role for role in roles.values())
    guests = sum("guest" in role for role in roles.values())
    return (2, len(roles) + _MAY_BE_MORE) if hosts and guests else None


def _is_silent(role: str | None) -> bool:
    return any(word in (role or "").lower() for word in _NOT_HEARD)


def _titled(title: str) -> Iterator[str]:
    if match := _HEADED.match(title):
        yield match[1]
    yield from _noted(title)


def _noted(text: str) -> Iterator[str]:
    for match in _NAMED.finditer(text):
        yield from (name for name in _JOINT.split(match[1]) if name)
