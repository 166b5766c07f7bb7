"""What people see in the Prefect UI in the place of ids and of the names that Prefect makes up."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

from flows.feeds.pending import PendingQueue
from flows.home.inventory import snapshot_of
from flows.locations import Location
from transforms.choice import short_id
from warehouse import query

LONGEST_KEY = 60  # characters of a title in the key of a page


def name_of(location: Location, home: Path) -> str:
    """Return what people call a location: the title of an episode that is named by its id, else where it lies."""
    if location.kind != "episode":
        return location.public
    if pending := PendingQueue(home).get(location.name):
        return pending.name
    known = query.stored_episode(snapshot_of(home), location.name)
    return known.title if known and known.title else location.public


def timed(verb: str, moment: datetime | None = None) -> str:
    """Name a run that has no title by what it does and the time of day: now, or that of `moment`."""
    return f"{verb} {(moment or datetime.now(UTC)).astimezone():%H:%M}"


def page_key(title: str, episode_id: str) -> str:
    """Return the key of an episode's page: its title in the letters that a key may have, and enough of its id.

    >>> page_key("Why a Record Turns – für Änne!", "0a1b2c3d-1111-5222-8333-444455556666")
    'why-a-record-turns-fur-anne-0a1b2c3d'
    >>> page_key("日本", "youtube:a_B")
    'episode-a-b'
    """
    words = re.findall(
        "[a-z0-9]+", unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    )
    slug = "-".join(words)[:LONGEST_KEY].strip("-") or "episode"
    return f"{slug}-{re.sub('[^a-z0-9]+', '-', short_id(episode_id).lower()).strip('-')}"
