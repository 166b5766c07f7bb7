"""Whether voices are kept and compared across episodes: off until a person switches it on, and when that was.

    $TURNTABLE_HOME/speakers.json      {"on_since": "2026-11-30T10:00:00Z", "unnamed_since": null}

Voiceprints are biometric data in many laws, so none is made before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from flows.home import private
from transforms.records import Moment


@dataclass(frozen=True, slots=True)
class Switch:
    """Since when voices are kept and compared, and since when those that nobody named, too; `None` is off."""

    on_since: Moment | None = None
    unnamed_since: Moment | None = None

    @property
    def is_on(self) -> bool:
        """Whether voices are kept and compared."""
        return self.on_since is not None


SWITCH = TypeAdapter(Switch)


def read(home: Path) -> Switch:
    """Read the switch; where it is damaged, it is off."""
    way_out = "it is off now: `turntable speakers on` switches it on"
    return private.read(_path(home), SWITCH, home, lambda: way_out) or Switch()


def turn_on(home: Path, *, unnamed: bool) -> Switch:
    """Switch on, and write down when; what was on stays on since then."""
    now, before = datetime.now(UTC), read(home)
    switch = replace(before, on_since=before.on_since or now)
    if unnamed:
        switch = replace(switch, unnamed_since=before.unnamed_since or now)
    private.write(_path(home), SWITCH, switch)
    return switch


def turn_off(home: Path, *, only_unnamed: bool) -> Switch:
    """Switch off all of it, or only the comparison of voices that nobody named."""
    switch = replace(read(home), unnamed_since=None) if only_unnamed else Switch()
    private.write(_path(home), SWITCH, switch)
    return switch


def _path(home: Path) -> Path:
    return home / "speakers.json"
