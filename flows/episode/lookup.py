"""What a user means: an episode that is known here by its id, or what is behind a path or an address."""

from __future__ import annotations

from flows.feeds.subscriptions import find_known
from flows.locations import Location
from flows.settings import Settings
from flows.sources.episodes import Named, find_named
from transforms.errors import SourceError


def look_up(location: Location, latest: int, settings: Settings) -> Named:
    """Return the episodes of `episode:ID`, a path or a URL, and the texts; of a feed, the newest `latest` ones.

    Raises:
        SourceError: nobody knows that id.
        TurntableError: as `find_named`.
    """
    if location.kind != "episode":
        return find_named(location, latest, settings.reach)
    found = find_known(settings.home, location.name)
    if found is None:
        msg = (
            f"no episode {location.name} waits or is known: `turntable status` and `turntable episodes` list them"
        )
        raise SourceError(msg)
    return Named((found,))
