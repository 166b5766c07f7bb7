"""What a person sees of the long lists: short ids, days, how long ago; a script gets all of it with `--json`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from transforms.choice import short_id
from transforms.text import counted, flowing
from warehouse.answers.table import Table

Row = dict[str, Any]

_PLACE_FIRST = re.compile(r"^(\S*/\S+): (.+)$", re.DOTALL)


def episodes(table: Table) -> Table:
    """Show episodes as title, show, day, turns and speakers."""
    rows = [
        (short_id(r["episode_id"]), _title(r), r["show"], _day(r["published_at"]), r["turns"], r["speakers"])
        for r in _rows(table)
    ]
    return Table(("id", "title", "show", "date", "turns", "speakers"), rows)


def pending(table: Table) -> Table:
    """Show the episodes that wait: how they stand, why they failed, and when they are tried again."""
    rows = [
        (r["state"], short_id(r["episode_id"]), _title(r), r["show"], _why(r), _again(r), _day(r["since"]))
        for r in _rows(table)
    ]
    return Table(("state", "id", "title", "show", "why", "again", "since"), rows)


def feeds(table: Table, now: datetime) -> Table:
    """Show subscriptions: how they are, when they were asked, when something new came."""
    rows = [
        (
            short_id(r["feed_id"]),
            r["title"],
            [*r["tags"], *(["private"] if r["private"] else [])],
            r["error"],
            r["state"],
            ago(r["polled_at"], now),
            ago(r["new_at"], now),
        )
        for r in _rows(table)
    ]
    return Table(("id", "title", "tags", "error", "state", "asked", "new"), rows)


def models(table: Table) -> Table:
    """Show weights: what they are for, whether they are there, what they are."""
    names = ("name", "use", "there", "licence", "about")
    return Table(names, [tuple(row[name] for name in names) for row in _rows(table)])


def found(table: Table) -> Iterator[tuple[str, Table, str]]:
    """Yield each hit of a search: its episode, the hit between the turns around it, and where it can be heard."""
    from flows.display.table_layout import excerpt  # it brings Rich, which a script does not wait for
    from flows.display.terminal import clock

    def said(row: Row, text: str) -> tuple[str, str, str]:
        return clock(row["start_time"]).rjust(7), row["speaker"] or "?", flowing(text)

    for r in _rows(table):
        episode = " · ".join(filter(None, (r["podcast"], _title(r), _day(r["published_at"]))))
        before = [said(turn, excerpt(turn["text"], end=True)) for turn in r["before"]]
        after = [said(turn, excerpt(turn["text"])) for turn in r["after"]]
        turns = [*before, said(r, r["snippet"]), *after]
        yield episode, Table(("time", "speaker", "text"), turns), r["link"] or ""


def speakers(table: Table) -> Table:
    """Show voices: whose they are, how that is known and how sure it is, where, and why."""
    names = ("speaker", "known_by", "confidence", "title", "speaker_label", "why")
    return Table(
        ("speaker", "by", "sure", "title", "voice", "why"),
        [tuple(row[name] for name in names) for row in _rows(table)],
    )


def ago(moment: str | None, now: datetime) -> str | None:
    """Write how long ago something was, in whole units.

    >>> ago("2026-04-01 06:00:00Z", datetime(2026, 4, 1, 8, 30, tzinfo=UTC)), ago(None, datetime.now(UTC))
    ('2 h ago', None)
    >>> ago("2026-04-01 06:00:00Z", datetime(2026, 4, 2, 6, tzinfo=UTC))
    '1 day ago'
    """
    if moment is None:
        return None
    seconds = (now - datetime.fromisoformat(moment)).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    return f"{seconds // 3600:.0f} h ago" if seconds < 86_400 else f"{counted(int(seconds // 86_400), 'day')} ago"


def _rows(table: Table) -> list[Row]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _title(row: Row) -> str:
    return row["title"] or "(no title)"


def _day(moment: datetime | str | None) -> str | None:
    """Return the day of a moment, in UTC."""
    if isinstance(moment, datetime):
        return f"{moment.astimezone(UTC):%Y-%m-%d}"
    return moment and moment[:10]


def _why(row: Row) -> str | None:
    """Say at which stage an episode failed, and why; a long address comes last, where a list may cut it."""
    why = row["message"] and _PLACE_FIRST.sub(r"\2 (\1)", row["message"])
    return f"{row['stage']}: {why}" if row["stage"] and why else why


def _again(row: Row) -> str | None:
    return row["next_try_at"] and f"next try {row['next_try_at'][:16]}Z"
