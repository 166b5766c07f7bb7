"""When an episode came out: the dates that feeds write, believed within reason."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from transforms.records import Episode

# The first letters of the months, without accents, in the languages whose programs write them into feeds.
_MONTHS = {
    start: number
    for number, starts in enumerate(
        (
            "jan gen ene",
            "feb fev",
            "mar mrt maer",
            "apr avr abr",
            "may mai mag mei maj",
            "jun giu juin",
            "jul lug juil",
            "aug ago aou",
            "sep set",
            "oct okt ott out",
            "nov",
            "dec dez dic",
        ),
        1,
    )
    for start in starts.split()
}
# Minutes east of Greenwich. RFC 822 gives the American ones and UT; of names that are used twice the more usual
# one counts (BST: British, IST: Indian). https://www.rfc-editor.org/rfc/rfc2822#section-4.3
_ZONES = {
    name: minutes
    for minutes, names in (
        (-600, "HST"),
        (-540, "AKST"),
        (-480, "PST AKDT"),
        (-420, "MST PDT"),
        (-360, "CST MDT"),
        (-300, "EST CDT"),
        (-240, "EDT AST"),
        (-210, "NST"),
        (-180, "ADT BRT ART"),
        (-150, "NDT"),
        (0, "UT UTC GMT Z WET"),
        (60, "BST CET MET MEZ WEST WAT"),
        (120, "CEST MEST MESZ EET SAST CAT"),
        (180, "EEST MSK EAT TRT"),
        (240, "GST"),
        (300, "PKT"),
        (330, "IST"),
        (420, "ICT WIB"),
        (480, "AWST SGT HKT PHT"),
        (540, "JST KST"),
        (570, "ACST"),
        (600, "AEST"),
        (630, "ACDT"),
        (660, "AEDT"),
        (720, "NZST"),
        (780, "NZDT"),
    )
    for name in names.split()
}
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?(?:\s*(?P<half>[ap])\.?m\.?\b)?"
_PLACE = r"[A-Z][a-z]+/[A-Za-z_/]{2,40}"
_ZONE = rf"(?P<zone>{_PLACE}|[A-Za-z]{{1,5}}(?![A-Za-z])(?:[+-]\d{{1,2}}(?::?\d\d)?)?|[+-]\d{{1,4}}(?::?\d\d)?)"
_DAY_NAME = r"(?:[^\W\d_]{2,12}\.?,?\s+)?"
_YEAR = r"(?P<year>\d{4}|\d\d)(?!\d)"
_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?,?"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        # Tue, 23 Nov 2021 15:38:00 PST
        rf"{_DAY_NAME}(?P<day>\d{{1,2}})\.?[\s-]+{_MONTH}[\s-]*{_YEAR},?(?:\s+{_CLOCK}\s*{_ZONE}?.*)?",
        # Nov 23, 2021 15:38 EST
        rf"{_DAY_NAME}{_MONTH}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}}),?(?:\s+{_CLOCK}\s*{_ZONE}?.*)?",
        # Tue Nov 23 15:38:00 PST 2021
        rf"{_DAY_NAME}{_MONTH}\s+(?P<day>\d{{1,2}})\s+{_CLOCK}\s*{_ZONE}?\s+(?P<year>\d{{4}})",
        # 2021-11-23T15:38:00-08:00
        rf"(?P<year>\d{{4}})(?P<dash>[-/.]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)(?:[T\s]\s*{_CLOCK}\s*{_ZONE}?.*)?",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?"
        + _ZONE
        + "?",
        r"(?P<year>\d{4})[-/](?P<month>\d\d?)[-/](?P<day>\d\d?)(?:\s+" + _CLOCK + r"\s*" + _ZONE + r"?.*)?",
    )
)
_FARTHEST_WEST, _FARTHEST_EAST = -12 * 60, 14 * 60
_FARTHEST_AHEAD = timedelta(days=31)  # who announces an episode with its audio does so for some weeks


def parse_date(text: str | None) -> datetime | None:
    """Read a date of RFC 822 or ISO 8601, or one near to them, in UTC; None where it cannot be believed.

    That is one that no calendar has, an hour or an offset that no clock has, a month that no language names so, a
    year before 1900, and the first second of 1970, by which some programs write that they do not know. Without a
    zone it is in UTC, and so it is with a zone of another name, as RFC 2822 says.

    >>> parse_date("Tue, 23 Nov 2021 15:38:00 PST")
    datetime.datetime(2021, 11, 23, 23, 38, tzinfo=datetime.timezone.utc)
    >>> parse_date("Wed, 27 May 2020 34:50:00 -0400"), parse_date("Fri, 11 Mar 2022 08:30:00 -9900")
    (None, None)
    """
    written = " ".join((text or "")[:100].split())
    found = next((match for shape in _SHAPES if (match := shape.fullmatch(written))), None)
    if found is None:
        return None
    parts = {name: value for name, value in found.groupdict().items() if value}
    month, offset = _month(parts["month"]), _offset(parts.get("zone"))
    hour = _hour(int(parts.get("hour", 0)), parts.get("half"))
    if month is None or offset is None:
        return None
    clock = hour, int(parts.get("minute", 0)), int(parts.get("second", 0))
    try:
        moment = datetime(_year(parts["year"]), month, int(parts["day"]), *clock, tzinfo=offset).astimezone(UTC)
    except (ValueError, OverflowError):  # 31 February, 34 o'clock, the year 10000
        return None
    return moment if moment.year >= 1900 and moment.timestamp() else None


def believed(episode: Episode, now: datetime) -> Episode:
    """Drop a date that lies further ahead than an episode is announced; how it was written stays."""
    if episode.published_at is None or episode.published_at - now <= _FARTHEST_AHEAD:
        return episode
    return replace(episode, published_at=None)


def _month(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    plain = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return _MONTHS.get(plain[:4]) or _MONTHS.get(plain[:3])


def _year(text: str) -> int:
    """Read a year; of two digits, as RFC 2822 says."""
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 50 else 1900)


def _hour(hour: int, half: str | None) -> int:
    if half is None or not 1 <= hour <= 12:
        return hour
    return hour % 12 + (12 if half in "pP" else 0)


def _offset(zone: str | None) -> tzinfo | None:
    """Read a zone, a name or an offset or both (`GMT+2`), or a place; None where no clock on earth goes so."""
    if zone and "/" in zone:  # America/New_York
        try:
            return ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # America/Argentina is a folder of them
            return None
    found = re.fullmatch(r"([A-Za-z]*)(?:([+-])(\d{1,2})(?::?(\d\d))?)?", zone or "")
    if found is None:  # +100: three digits
        return None
    name, sign, hours, minutes = found.groups()
    if sign is None:
        return timezone(timedelta(minutes=_ZONES.get(name.upper(), 0)))
    ahead = (int(hours) * 60 + int(minutes or 0)) * (1 if sign == "+" else -1)
    if int(minutes or 0) > 59 or not _FARTHEST_WEST <= ahead <= _FARTHEST_EAST:
        return None
    return timezone(timedelta(minutes=ahead))
