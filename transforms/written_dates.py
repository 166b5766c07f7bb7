"""A date as texts write it → a moment; one that could be read in two ways is none."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from transforms.feed import dates

# From 1, in English, German, Dutch, French, Spanish, Portuguese, Italian and Russian.
_MONTHS = (
    "jan january januar januari janvier enero janeiro gennaio января",
    "feb february februar februari février fevrier febrero fevereiro febbraio февраля",
    "mar march maart märz mars marzo março марта",
    "apr april avril abril aprile апреля",
    "may mai mei mayo maio maggio мая",
    "jun june juni juin junio junho giugno июня",
    "jul july juli juillet julio julho luglio июля",
    "aug august augustus août aout agosto августа",
    "sep sept september septembre septiembre setembro settembre сентября",
    "oct october oktober octobre octubre outubro ottobre октября",
    "nov november novembre noviembre novembro ноября",
    "dec december dezember décembre decembre diciembre dezembro dicembre декабря",
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NUMBERS = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.|º|er)?(?: de| of)? ([^\W\d_]+)\.?,?(?: de)? (\d{4})")
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_YEAR_LAST = re.compile(r"(?<![\d.])(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})(?!\.?\d)")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def parse_date(text: str | None) -> datetime | None:
    """Read the day, and the time where it stands beside; what is no date is `None`.

    >>> parse_date("2024-03-01").isoformat(), parse_date("25. Oktober 2021").isoformat(), parse_date("1/2/2024")
    ('2024-03-01T00:00:00+00:00', '2021-10-25T00:00:00+00:00', None)
    """
    shown = " ".join((text or "").split())
    found: datetime | None
    try:
        found = datetime.fromisoformat(shown)
    except ValueError:
        found = dates.parse_date(shown) or _written(shown.casefold())
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _written(text: str) -> datetime | None:
    if match := _NUMBERS.search(text):
        year, month, day = (int(part) for part in match.groups())
    elif (match := _DAY_FIRST.search(text)) and match[2] in _MONTH:
        year, month, day = int(match[3]), _MONTH[match[2]], int(match[1])
    elif (match := _MONTH_FIRST.search(text)) and match[1] in _MONTH:
        year, month, day = int(match[3]), _MONTH[match[1]], int(match[2])
    elif match := _YEAR_LAST.search(text):
        year, month, day = int(match[4]), *_month_and_day(int(match[1]), int(match[3]), match[2])
    else:
        return None
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _month_and_day(first: int, second: int, mark: str) -> tuple[int, int]:
    """Order the numbers of a date whose year comes last; (0, 0) where it could be read in two ways.

    Nobody writes the month before dots.
    """
    if mark == "." or first > 12:
        return second, first
    return (first, second) if second > 12 or first == second else (0, 0)
