"""The page of what a search found, for `turntable ui`, whose search is that of the warehouse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from transforms.pages.templates import clock, document, hundredths
from transforms.records import Seconds
from transforms.text import counted, visible

MOST = 50  # places that a search shows

_FORM = Markup(
    '<form class="find" role="search" action="{}" method="get"><label for="asked">Words that are said</label>'
    '<input id="asked" name="q" type="search" placeholder="Words that are said" value="{}" autocomplete="off" '
    'spellcheck="false">{}<button>Search</button></form>'
)
_SHOW = Markup('<input type="hidden" name="show" value="{}">')
_QUOTES = re.compile('["“”„‟«»]')  # as in search.sql
_BETWEEN = re.compile(r"(?<=\w)\*(\s+)\*(?=\w)")
_FOUND = re.compile(r"\*(\S(?:[^*]*\S)?)\*")


@dataclass(frozen=True, slots=True)
class Place:
    """A turn that was found; `href` is the page of its episode, `snippet` has what was found between asterisks."""

    href: str
    episode: str | None
    show: str | None
    speaker: str | None
    turn: int
    start_time: Seconds | None
    snippet: str


def search_form(action: str, asked: str = "", show: str | None = None) -> Markup:
    """Write the form of a search, in one show or in all."""
    return _FORM.format(action, visible(asked), _SHOW.format(show) if show else "")


def found_page(asked: str, show: str | None, places: Sequence[Place], state: str | None, home: str) -> str:
    """Write what a search found; `state` says why it could not be asked."""
    return document(
        "found.html",
        f"{visible(asked)} – search" if asked else "Search",
        forms="'self'",
        home=home,
        search=search_form("search", asked, show),
        state=state or (_counted(places) if asked else ""),
        places=[_shown(place, asked) for place in places],
    )


def _counted(places: Sequence[Place]) -> str:
    return f"The {MOST} best places" if len(places) == MOST else counted(len(places), "place")


def _shown(place: Place, asked: str) -> dict[str, object]:
    facts = [
        place.show and visible(place.show),
        visible(place.speaker) if place.speaker else "Unknown speaker",
        None if place.start_time is None else clock(place.start_time),
    ]
    where = f"turn={place.turn}" if place.start_time is None else f"t={hundredths(place.start_time)}"
    snippet = visible(place.snippet)
    if _QUOTES.search(asked):  # words of a phrase are marked one by one, and are one thing to find
        snippet = _BETWEEN.sub(r"\1", snippet)
    pieces = list(_pieces(snippet))
    words = _found_as(piece for piece, is_found in pieces if is_found)
    return {
        "href": f"{place.href}#{where}" + (f"&q={quote(words)}" if words else ""),
        "title": visible(place.episode or "Episode without a title"),
        "facts": [fact for fact in facts if fact],
        "pieces": pieces,
    }


def _found_as(pieces: Iterable[str]) -> str:
    """Write what the page of the episode is to find: what was found, what is several words in quotes.

    >>> _found_as(["must", "Must", "a record"])
    'must "a record"'
    """
    said = {piece.casefold(): piece for piece in reversed(list(pieces))}
    words = [piece if piece.isalnum() else f'"{piece.replace(chr(34), " ")}"' for piece in reversed(said.values())]
    return " ".join(words)


def _pieces(snippet: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a snippet, and whether each was found.

    >>> list(_pieces("so *a record* turns"))
    [('so ', False), ('a record', True), (' turns', False)]
    """
    for number, piece in enumerate(_FOUND.split(snippet)):
        if piece:
            yield piece, number % 2 == 1
