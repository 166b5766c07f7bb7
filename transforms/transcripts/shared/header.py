"""The header of YAML or TOML that site generators put above a text: title, show, date, language, guests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from transforms.languages import language_tag
from transforms.text import fold_title
from transforms.transcripts.document import Piece, Text

MOST_LINES = 300
LONGEST = 64_000  # characters
LONGEST_VALUE = 4_000
_KEY = re.compile(r"[\w \"'.-]{1,40}\s*[:=]")
_LINE = re.compile(r"([^\W\d_][\w .-]{0,40}?)\s*[:=]\s*(.*)")
_RULES = {"---": ("---", "..."), "+++": ("+++",)}
# As the generators and the languages of the shows spell them, without accents, spaces and marks.
_NAMES = {
    "title": (
        "title titel titre titulo titolo tittel otsikko tytuł заголовок название episodetitle episodetitel "
        "folgentitel titelderfolge titredelepisode titulodelepisodio titulodelcapitulo titulodoepisodio "
        "titolodellepisodio titolodellapuntata titelvandeaflevering"
    ),
    "show": (
        "show podcast series serie sendung emission emissao programa programma programme trasmissione uitzending "
        "reeks showtitle podcasttitle podcastname showname sendungstitel nomdupodcast nombredelpodcast "
        "nomedopodcast nomedelpodcast подкаст"
    ),
    "published": (
        "date datum fecha data dato published publishedat publishdate publishedon pubdate pubdatetime releasedate "
        "released airdate veroffentlicht veroffentlichtam veroffentlichungsdatum erschienen erschienenam "
        "erscheinungsdatum sendedatum publicado publicadoel publicadoem publie publiele datedepublication "
        "fechadepublicacion datadepublicacao datadipubblicazione pubblicato pubblicatoil publicatiedatum "
        "gepubliceerd gepubliceerdop uitzenddatum created дата"
    ),
    "language": "language lang sprache langue idioma lingua taal sprak jezyk locale язык",
    "guest": (
        "guest guests gast gaste gastin gastinnen gasten invite invites invitee invitees invitado invitados "
        "invitada invitadas convidado convidados convidada convidadas ospite ospiti gosc гость гости"
    ),
    "host": (
        "host hosts moderation moderator moderatoren moderatorin gastgeber animateur animatrice presentateur "
        "presentatrice presentador presentadora apresentador apresentadora conduttore conduttrice presentator "
        "ведущий"
    ),
    "speakers": (
        "speaker speakers participants participant sprecher sprecherinnen teilnehmer personen people personas "
        "pessoas persone intervenants participantes partecipanti sprekers deelnemers"
    ),
    "url": (
        "url link permalink canonical canonicalurl source sourceurl episodeurl pageurl website webseite "
        "adresse adres lien enlace ligacao endereco direccion indirizzo collegamento pagina sitio sito siteweb"
    ),
    "author": "author authors autor autorin autoren autora auteur autore autrice",
    "description": (
        "description summary subtitle excerpt beschreibung descripcion descricao descrizione beschrijving"
    ),
    "duration": "duration length dauer duree duracion duracao durata duur",
}
_KNOWN = {spelling: name for name, spellings in _NAMES.items() for spelling in spellings.split()}
_OTHERS = frozenset(
    "layout tags categories category slug draft id guid type image cover audio media number episode season "
    "transcript transcriptby weight aliases".split()
)


# Where some generators keep what others keep at the top.
_WITHIN = frozenset("episode folge params extra meta metadata".split())


def split_header(text: Text) -> tuple[tuple[Piece, ...], Text]:
    """Read the header of a text, and leave its lines empty, so that all others keep their numbers."""
    end, rule = _end(text)
    if not end:
        return (), text
    lines = text.lines[: end - 1]
    first = next(n for n, line in enumerate(lines, 1) if line.strip()) + 1  # some write blank lines above the rule
    inside = lines[first - 1 :]
    values = _values("\n".join(inside), rule)
    pieces = tuple(_pieces(values, inside, first) if values is not None else _lines(inside, first))
    rest = "\n".join([*("" for _ in range(end)), *text.lines[end:]])
    return pieces, replace(text, text=rest)


def _end(text: Text) -> tuple[int, str]:
    """Count the lines of a header between two rules at the very top, 0 without one."""
    blank = next((n for n, line in enumerate(text.lines[:MOST_LINES]) if line.strip()), 0)
    top = text.lines[blank : blank + MOST_LINES]
    rule = top[0].strip()
    if rule not in _RULES or len(top) < 3:
        return 0, rule
    end = next((n for n, line in enumerate(top[1:], 2) if line.strip() in _RULES[rule]), 0)
    inside = [line for line in top[1 : max(end - 1, 1)] if line.strip()]
    return (blank + end if _are_fields(inside) else 0), rule


def _are_fields(lines: Sequence[str]) -> bool:
    """Check for lines of a header, with a key that headers have: between rules there may be speech, too."""
    keys = {_fold(match[1]) for line in lines if (match := _LINE.match(line))}
    known = any(key in _KNOWN or key in _OTHERS or key in _WITHIN for key in keys)
    return known and (lines[0].startswith(("#", "[")) or _KEY.match(lines[0]) is not None)


def _fold(key: str) -> str:
    """Bring a key to the form in which the spellings of it are equal.

    >>> _fold("Date de publication"), _fold("Gäste"), _fold("published_at")
    ('datedepublication', 'gaste', 'publishedat')
    """
    return "".join(fold_title(key).replace("_", "").split())


def _values(shown: str, rule: str) -> dict[Any, Any] | None:
    """Parse the header; `None` where it is not sound: many a title has a colon."""
    import tomllib

    import yaml

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


def _pieces(values: dict[Any, Any], lines: tuple[str, ...], first: int) -> Iterator[Piece]:
    """Name each value as the warehouse calls it; what it does not know keeps its key."""
    at, keys = first, dict[str, int]()
    for number, line in enumerate(lines, first):
        if match := _LINE.match(line.strip()):
            keys.setdefault(_fold(match[1]), number)
    for key, value in values.items():
        at = keys.get(_fold(str(key)), at)
        if isinstance(value, dict) and _fold(str(key)) in _WITHIN:
            yield Piece(at, "label", f"{key}:")
            yield from _pieces(value, lines, first)
            continue
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


def _lines(lines: tuple[str, ...], first: int) -> Iterator[Piece]:
    """Read what is no sound YAML line by line."""
    for number, line in enumerate(lines, first):
        match = _LINE.match(line)
        shown = (match[2] if match else line).strip().strip("\"'-[] ")
        if match:
            yield Piece(number, "label", f"{match[1].strip()}:")
        if shown:
            name = _KNOWN.get(_fold(match[1]), match[1].strip()) if match else "header"
            yield _piece(name, shown, number)
