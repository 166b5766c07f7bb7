"""Times as others write them, in seconds: `1:02:03.5`, `00:00:01,500`, `PT1H2M3S`, `90`, `"90"`."""

from __future__ import annotations

import math
import re

from transforms.records import Seconds

# Hours, minutes, seconds and their fraction, which some set apart by a comma or a colon. It holds four groups.
CLOCK = r"(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9})(?:[.,:] ?(\d{1,9}))?"
LONGEST = 1e7  # seconds; a longer duration is a date or garbage

_CLOCK = re.compile(CLOCK)
_ISO = re.compile(
    r"P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?", re.IGNORECASE
)


def parse_clock(text: str | None) -> Seconds | None:
    """Parse hours, minutes and seconds, the first two where they are there; `None` where it is no such time.

    >>> parse_clock("1:02:03.5"), parse_clock("00:00:01,500"), parse_clock(" 2:03 "), parse_clock("123.5")
    (3723.5, 1.5, 123.0, 123.5)
    >>> parse_clock("-1:00"), parse_clock("1:02:03:04:05"), parse_clock("")
    (None, None, None)
    """
    match = _CLOCK.fullmatch((text or "").strip())
    return clock_seconds(*match.groups()) if match else None


def clock_seconds(hours: str | None, minutes: str | None, seconds: str, fraction: str | None) -> Seconds:
    """Add up the groups of `CLOCK`.

    >>> clock_seconds(None, "1", "2", "5")
    62.5
    """
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds)
    return (whole * 1000 + round(int(fraction) * 10 ** (3 - len(fraction)))) / 1000 if fraction else float(whole)


def parse_iso(text: str | None) -> Seconds | None:
    """Parse a duration of ISO 8601 in days, hours, minutes and seconds; `None` where it is none.

    >>> parse_iso("PT1H2M3S"), parse_iso("P1DT0.5S"), parse_iso("PT0S"), parse_iso("P"), parse_iso("1:02:03")
    (3723.0, 86400.5, 0.0, None, None)
    """
    match = _ISO.fullmatch((text or "").strip())
    if not match or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def parse_duration(text: str | None) -> Seconds | None:
    """Parse how long something lasts, of a feed or a page; `None` where it is missing, zero or senseless.

    >>> parse_duration("1:02:03"), parse_duration("25:30"), parse_duration("90.5"), parse_duration("PT30M")
    (3723.0, 1530.0, 90.5, 1800.0)
    >>> parse_duration("90 min"), parse_duration("0"), parse_duration("20261129"), parse_duration("1:2:3:4")
    (None, None, None, None)
    """
    seconds = parse_iso(text)
    if seconds is None and (text or "").count(":") < 3:  # `1:2:3:4` may be days, or frames
        seconds = parse_clock(text)
    return seconds if seconds and seconds < LONGEST else None


def parse_seconds(value: object) -> Seconds | None:
    """Parse what JSON has for a time: a number, or a clock or a number in quotes; `None` where it is neither.

    >>> parse_seconds(90), parse_seconds("90.25"), parse_seconds("1:30"), parse_seconds("-2")
    (90.0, 90.25, 90.0, -2.0)
    >>> parse_seconds(True), parse_seconds("nan"), parse_seconds("soon"), parse_seconds(None)
    (None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and (seconds := parse_clock(value)) is not None:
        return seconds
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) else None
