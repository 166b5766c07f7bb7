"""What a home holds, and how it is kept from growing for ever: audio and samples of what is finished are freed.

A payload that is freed leaves its manifest: its hash is known, so nothing that was made of it is made again. Who
needs the bytes after all, as another model does, decodes or fetches them anew. Audio that came as a file is freed
only while that file is there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

from flows.artifacts import A_DAY, Manifest, Store, free
from flows.home.locks import held
from flows.progress import counting
from flows.published.beside import TAGS, tags_of
from flows.settings import Settings
from flows.upkeep.lineage import Lineage
from flows.upkeep.strays import Strays
from transforms.errors import TurntableError
from transforms.text import sized
from warehouse import query, spare

What = Literal["samples", "audio", "unreferenced", "spare"]

OF_AUDIO: Mapping[str, What] = {"decode": "samples", "fetch": "audio"}
PARTS = ("transcribe-part", "diarize-part")  # of stages that were cut off
A_WEEK = timedelta(days=7)
TWO_DAYS = timedelta(days=2)  # longer than any episode is worked on


@dataclass(frozen=True, slots=True)
class Limits:
    """How long audio and samples of finished episodes are kept, and how many bytes of both (`None`: any)."""

    audio: timedelta
    samples: timedelta
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Freeable:
    """Something that can go: what it is, where it lies, since when, and how many bytes it has."""

    what: What
    folder: Path
    since: datetime
    bytes: int


@dataclass(frozen=True, slots=True)
class Holding:
    """How many files of one kind a home holds, and how many bytes."""

    what: str
    files: int
    bytes: int


def limits_of(settings: Settings) -> Limits:
    """Return the limits that the user set."""
    return Limits(days(settings.keep_audio), days(settings.keep_samples))


def find(settings: Settings, limits: Limits, now: datetime | None = None) -> tuple[Freeable, ...]:
    """List what can go: of finished episodes what is old enough, and the oldest until the rest is small enough."""
    home = _Home(settings)
    now = now or datetime.now(UTC)
    keeps = {"samples": limits.samples, "audio": limits.audio}
    ready = sorted(home.of_audio(), key=lambda one: (one.what != "samples", one.since))
    old = [one for one in ready if now - one.since > keeps[one.what]]
    left = sum(one.bytes for one in ready) + home.bound - sum(one.bytes for one in old)
    for one in ready:
        if limits.most is not None and left > limits.most and one not in old:
            old.append(one)
            left -= one.bytes
    return (*old, *home.unreferenced(now), *home.spare())


# Of what must stay, whatever the limits are.
STAYS = "audio and samples of episodes that are not finished, and audio that can be had nowhere else"


def staying(settings: Settings) -> int:
    """Return the bytes of audio and samples that must stay."""
    return _Home(settings).bound


def carry_out(settings: Settings, things: Iterable[Freeable]) -> tuple[Freeable, ...]:
    """Free what can go; one that is gone already is left out."""
    store = Store(settings.home)
    return tuple(one for one in counting("files", things) if _free(store, one))


def free_daily(settings: Settings) -> str | None:
    """Free what the limits of the user say, once a day, and say so; on a machine that only stages never.

    Whatever keeps us from it concerns nobody: the next day comes.
    """
    if settings.load == "elsewhere" or not settings.home.is_dir():
        return None
    try:
        freed = _free_daily(settings)
    except (OSError, TurntableError):
        return None
    size = sized(sum(one.bytes for one in freed))
    return f"{size} of finished episodes were freed, as `turntable gc` does once a day" if freed else None


def _free_daily(settings: Settings) -> tuple[Freeable, ...]:
    with held(settings.home, "gc") as mine:
        looked = settings.home / "locks" / "gc.looked"
        if not mine or (looked.exists() and time.time() - looked.stat().st_mtime < A_DAY):
            return ()
        is_first = not looked.exists()
        looked.touch(mode=0o600)
        os.utime(looked)
    if is_first:  # nothing is a day old
        return ()
    return carry_out(settings, find(settings, limits_of(settings)))


def holdings(home: Path) -> tuple[Holding, ...]:
    """Measure what a home holds, by kind, the largest first."""
    found: dict[str, list[int]] = {}
    for path, size in _files(home):
        found.setdefault(_kind(path.relative_to(home).parts), []).append(size)
    measured = (Holding(kind, len(sizes), sum(sizes)) for kind, sizes in found.items())
    return tuple(sorted(measured, key=lambda one: -one.bytes))


def days(number: float) -> timedelta:
    """Return so many days; more than there are, as `inf`, is for ever."""
    return timedelta.max if number > timedelta.max.days - 1 else timedelta(days=number)


def _kind(parts: Sequence[str]) -> str:
    if parts[0] == "artifacts" and len(parts) > 2:
        return OF_AUDIO.get(parts[1], "transcripts")
    is_warehouse = parts[0] == "warehouse" or "turntable.duckdb" in parts[0]
    return "warehouse" if is_warehouse else "damaged" if parts[0] == "damaged" else "other"


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield the files below a folder with their bytes; what is gone meanwhile is left out."""
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(path := Path(place, name))
            except OSError:
                continue
            yield path, status.st_size


@dataclass(frozen=True)
class _Home:
    settings: Settings

    @cached_property
    def store(self) -> Store:
        return Store(self.settings.home)

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(self.store)

    @cached_property
    def finished(self) -> Sequence[Manifest]:
        """The documents whose rows can be read."""
        loaded = query.loaded_documents(self.settings.snapshot)
        return [one for key, one in self.lineage.documents.items() if key in loaded]

    @cached_property
    def referenced(self) -> Set[str]:
        return self.lineage.behind(self.lineage.documents.values()).keys()

    @cached_property
    def of_finished(self) -> Set[str]:
        return self.lineage.behind(self.finished).keys()

    @cached_property
    def sources(self) -> Mapping[str, set[str]]:
        """Where audio came from, by its hash."""
        found: dict[str, set[str]] = {}
        for one in self.lineage.documents.values():
            if source := one.parameters.get("source"):
                found.setdefault(one.inputs.get("fetch", ""), set()).add(source)
        return found

    @cached_property
    def bound(self) -> int:
        """The bytes of audio and samples that stay whatever the limits are."""
        free = {one.folder for one in self.of_audio()}
        return sum(one.size for one in self._audio() if self.lineage.folder(one) not in free)

    def _audio(self) -> Iterator[Manifest]:
        """Yield the audio and samples that are there."""
        for one in self.lineage.manifests:
            if one.stage in OF_AUDIO and (self.lineage.folder(one) / one.payload).exists():
                yield one

    def of_audio(self) -> list[Freeable]:
        """List the audio and samples of finished episodes that can be had again."""
        return [
            Freeable(OF_AUDIO[one.stage], self.lineage.folder(one), one.started_at, one.size)
            for one in self._audio()
            if one.key in self.of_finished and (one.stage == "decode" or self._can_come_again(one))
        ]

    def _can_come_again(self, fetched: Manifest) -> bool:
        """Check whether audio lies where it came from; of the web nobody asks."""
        if fetched.method != "copy-1":
            return True
        return any(_has_size(Path(source), fetched.size) for source in self.sources.get(fetched.sha256, ()))

    def unreferenced(self, now: datetime) -> Iterator[Freeable]:
        """Yield what no document is made of: what failed or was cut off, and parts of what was finished since."""
        waiting = Strays(self.store, self.lineage).of_waiting
        for one in self.lineage.manifests:
            rests = A_WEEK if one.stage in PARTS else TWO_DAYS
            is_idle = one.stage in (*OF_AUDIO, *PARTS) and now - one.started_at > rests
            if is_idle and one.key not in self.referenced and one.key not in waiting:
                yield Freeable("unreferenced", self.lineage.folder(one), one.started_at, one.size)

    def spare(self) -> Iterator[Freeable]:
        """Yield the spare of the snapshot where that cannot be used any more."""
        path = spare.place(self.settings.snapshot)
        if path.is_file() and not spare.is_ours(path):
            since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield Freeable("spare", path, since, path.stat().st_size)


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.is_absolute() and path.stat().st_size == size
    except OSError:
        return False


def _free(store: Store, one: Freeable) -> bool:
    try:
        if one.what == "spare":
            one.folder.unlink()
        elif one.what == "unreferenced":
            store.delete(one.folder)
        else:
            payload = next(one.folder.glob("payload.*"))
            free(one.folder, TAGS.dump_json(tags_of(payload)) if one.what == "audio" else b"{}")
    except (OSError, StopIteration, ValueError):  # it was forgotten or set aside meanwhile
        return False
    return True
