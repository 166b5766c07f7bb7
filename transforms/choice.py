"""Which one does the user mean? One answer, for episodes, feeds and whatever else people name."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from transforms.errors import SourceError
from transforms.text import INVISIBLE, fold_title

FEWEST = 4  # characters of an id: fewer are too easily a piece of another
MOST_NAMED = 5  # of those that may be meant
LONGEST_NAME = 60  # characters of a title in a message


@dataclass(frozen=True, slots=True)
class Named:
    """What can be meant: its id, its title, and the paths and addresses that it came by.

    `about` is what parts it from others of its title, as its show and its day.
    """

    id: str
    title: str | None
    places: frozenset[str] = frozenset()
    about: str = ""


def choose(text: str, known: Sequence[Named], what: str, way_out: str, place: str | None = None) -> Named:
    """Return the one that a user means by `text`.

    That is, whichever comes first: its whole id; the path or address that it came by (`place` is that of `text`,
    whole); its exact title; the end of that path or address; the beginning of its id, or a piece of its title.
    What came by the same path twice is the one that `known` has first. `what` is what they are called, `way_out`
    what to do where none or several fit.

    Raises:
        SourceError: none or several fit; the message names up to five.
    """
    wanted = text.strip()
    found = _fitting(wanted, known, place or wanted) if wanted else []
    if len(found) == 1:
        return found[0]
    if not found:
        names = "; ".join(f"{short_id(one.id)} {_shortened(one.title)}" for one in known[:MOST_NAMED])
        msg = f"no {what} fits {wanted!r}: {way_out}, such as of {names or 'none yet'}"
        raise SourceError(msg)
    names = "; ".join(map(_told_apart, found[:MOST_NAMED]))
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    msg = f"{len(found)} {what.replace(' or ', 's or ')}s fit {wanted!r}, {names}{more}: {way_out}"
    raise SourceError(msg)


def shown_about(show: str | None, day: datetime | None) -> str:
    """Write what parts an episode from others of its title: its show and its day, where they are known."""
    parts = (_shortened(show) if show else "", f"{day.astimezone(UTC):%Y-%m-%d}" if day else "")
    return ", ".join(filter(None, parts))


def _told_apart(one: Named) -> str:
    about = f" ({one.about})" if one.about else ""
    return f"{short_id(one.id)} {_shortened(one.title)}{about}"


def short_id(name: str) -> str:
    """Return as much of an id as a person needs to name it.

    >>> short_id("0a1b2c3d-1111-5222-8333-444455556666"), short_id("youtube:dQw4w9WgXcQ")
    ('0a1b2c3d', 'dQw4w9Wg')
    """
    return name.rpartition(":")[2][:8]


def _fitting(wanted: str, known: Sequence[Named], place: str) -> Sequence[Named]:
    """Return those that fit best."""
    by_id = [one for one in known if one.id == wanted]
    came_so = [one for one in known if place in one.places]
    if "://" not in place:
        came_so = came_so[:1]  # a file that changed is another episode, and the older one gone
    if by_id or came_so:
        return by_id or came_so
    by_title = ([one for one in known if fits(one)] for fits in _ways(wanted))
    return next(filter(None, by_title), ())


def _ways(wanted: str) -> tuple[Callable[[Named], bool], ...]:
    """Return how one may be meant whose id or place is not given whole, the surest first."""
    title, words = _plain(wanted), fold_title(wanted)
    end = "/" + wanted.removeprefix("./")
    return (
        lambda one: one.title == wanted,
        lambda one: _plain(one.title or "") == title,
        lambda one: any(place.endswith(end) for place in one.places),
        lambda one: _begins(one.id, wanted) or title in _plain(one.title or ""),
        lambda one: bool(words) and words in fold_title(one.title or ""),
    )


def _begins(name: str, wanted: str) -> bool:
    short = name.rpartition(":")[2]  # of `youtube:dQw4w9WgXcQ`
    return len(wanted) >= FEWEST and any(one.startswith((wanted, wanted.lower())) for one in (name, short))


def _plain(title: str) -> str:
    """Bring a title to the form in which case, spaces and what nobody sees make no difference."""
    return " ".join(INVISIBLE.sub("", unicodedata.normalize("NFC", title)).casefold().split())


def _shortened(title: str | None) -> str:
    if title is None:
        return "(no title)"
    return title if len(title) <= LONGEST_NAME else title[: LONGEST_NAME - 1] + "…"
