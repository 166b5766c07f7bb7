"""The header of YAML or TOML that site generators put above a text: title, show, date, language, guests."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import yaml

from transforms.languages import language_tag
from transforms.transcripts.document import Piece, Text

MOST_LINES = 300
LONGEST = 64_000  # characters
LONGEST_VALUE = 4_000
_KEY = re.compile(r"[\w \"'.-]{1,40}\s*[:=]")
_LINE = re.compile(r"([^\W\d_][\w .-]{0,40}?)\s*[:=]\s*(.*)")
_RULES = {"---": ("---", "..."), "+++": ("+++",)}
# As the generators and the languages of the shows spell them.
_NAMES = {
    "title": "title titel titre titulo título titolo tittel otsikko tytuł заголовок название episodetitle",
    "show": (
        "show podcast series serie série sendung emission émission programa programma showtitle podcasttitle "
        "podcastname showname подкаст"
    ),
    "published": (
        "date datum fecha data dato published publishedat publishdate publishedon pubdate pubdatetime releasedate "
        "released airdate veröffentlicht publicado publié created дата"
    ),
    "language": "language lang sprache langue idioma lingua taal språk język locale язык",
    "guest": (
        "guest guests gast gäste invité invités invitee invitado invitados invitada convidado convidados ospite "
        "ospiti gość гость гости"
    ),
    "host": "host hosts moderation moderator moderatoren animateur presentador apresentador conduttore ведущий",
    "speakers": "speaker speakers participants participant sprecher teilnehmer people personen personas",
    "url": "url link permalink canonical canonicalurl source sourceurl episodeurl pageurl website adresse",
    "author": "author authors autor autoren auteur autore",
    "description": "description summary subtitle excerpt beschreibung descripción descrição",
    "duration": "duration length dauer durée duración",
}
_KNOWN = {spelling: name for name, spellings in _NAMES.items() for spelling in spellings.split()}
_OTHERS = frozenset(
    "layout tags categories category slug draft id guid type image cover audio media number episode season "
    "transcript transcriptby weight aliases".split()
)


def split_header(text: Text) -> tuple[tuple[Piece, ...], Text]:
    """Read the header of a text, and leave its lines empty, so that all others keep their numbers."""
    end, rule = _end(text)
    if not end:
        return (), text
    lines = text.lines[1 : end - 1]
    values = _values("\n".join(lines), rule)
    pieces = tuple(_pieces(values, lines) if values is not None else _lines(lines))
    rest = "\n".join([*("" for _ in range(end)), *text.lines[end:]])
    return pieces, replace(text, text=rest)


def _end(text: Text) -> tuple[int, str]:
    """Count the lines of a header between two rules at the very top, 0 without one."""
    rule = text.lines[0].strip()
    top = text.lines[:MOST_LINES]
    if rule not in _RULES or len(top) < 3:
        return 0, rule
    end = next((n for n, line in enumerate(top[1:], 2) if line.strip() in _RULES[rule]), 0)
    keys = [_fold(match[1]) for line in top[1 : max(end - 1, 1)] if (match := _LINE.match(line))]
    # Between rules there may be speech, too: a header has a key that headers have.
    known = any(key in _KNOWN or key in _OTHERS for key in keys)
    return (end if (known and _KEY.match(top[1])) or (known and top[1].startswith("#")) else 0), rule


def _fold(key: str) -> str:
    return "".join(c for c in key.casefold() if c.isalnum())


def _values(shown: str, rule: str) -> dict[Any, Any] | None:
    """Parse the header; `None` where it is not sound: many a title has a colon."""
    if len(shown) > LONGEST:
        return None
    try:
        if rule == "+++":
            return tomllib.loads(shown)
        # What refers to itself would grow without end.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(shown)):
            return None
        found = yaml.safe_load(shown)
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError, OverflowError):
        return None
    return found if isinstance(found, dict) else None


def _pieces(values: dict[Any, Any], lines: tuple[str, ...]) -> Iterator[Piece]:
    """Name each value as the warehouse calls it; what it does not know keeps its key."""
    at, keys = 2, dict[str, int]()
    for number, line in enumerate(lines, start=2):
        if match := _LINE.match(line):
            keys.setdefault(_fold(match[1]), number)
    for key, value in values.items():
        at = keys.get(_fold(str(key)), at)
        name = _KNOWN.get(_fold(str(key)), str(key))
        yield Piece(at, "label", " ".join([f"{key}:", *_keys_within(value)]))
        if shown := _shown(value):
            yield _piece(name, shown, at)


def _keys_within(value: object) -> Iterator[str]:
    for inner in value if isinstance(value, list) else [value]:
        yield from (f"{key}:" for key in inner) if isinstance(inner, dict) else ()


def _piece(name: str, shown: str, line: int) -> Piece:
    shown = language_tag(shown) if name == "language" else shown
    return Piece(line, "metadata", shown[:LONGEST_VALUE], name)


def _shown(value: object, depth: int = 0) -> str:
    """Write a value as text: lists with commas, of an object its name."""
    if isinstance(value, list) and depth < 3:
        return ", ".join(shown for inner in value if (shown := _shown(inner, depth + 1)))
    if isinstance(value, dict):
        named = next((value[key] for key in ("name", "title", "url") if key in value), None)
        return _shown(named, depth + 1) if depth < 3 else ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return (
        " ".join(str(value).split())
        if isinstance(value, str | int | float) and not isinstance(value, bool)
        else ""
    )


def _lines(lines: tuple[str, ...]) -> Iterator[Piece]:
    """Read what is no sound YAML line by line."""
    for number, line in enumerate(lines, start=2):
        match = _LINE.match(line)
        shown = (match[2] if match else line).strip().strip("\"'-[] ")
        if match:
            yield Piece(number, "label", f"{match[1].strip()}:")
        if shown:
            name = _KNOWN.get(_fold(match[1]), match[1].strip()) if match else "header"
            yield _piece(name, shown, number)
