"""Whom this machine may reach, and how: made once of the settings, and handed to whatever fetches."""

from __future__ import annotations

from dataclasses import dataclass, field

from transforms.records import Seconds


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached beside the open Internet, by which way, and how long a server may be silent.

    `allow` names hosts, addresses and networks that may be reached although they are private. `proxy` fetches for
    us, `None` where nobody does; it may hold a password.
    """

    allow: tuple[str, ...] = ()
    proxy: str | None = field(default=None, repr=False)
    idle_timeout: Seconds = 60.0
