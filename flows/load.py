"""The one writer of the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flows.artifacts import Store
from flows.permissions import close, share
from flows.settings import Settings
from warehouse import store as warehouse
from warehouse.load import Loaded


def load(settings: Settings) -> tuple[Loaded, ...]:
    """Load every staged document and every failure that the warehouse has not seen; nothing on a mere worker."""
    if settings.load == "elsewhere":
        return ()
    close(settings.home)
    store = Store(settings.home)
    return warehouse.load(settings.warehouse, _documents(store), store.all_failures())


def publish(settings: Settings) -> None:
    """Replace the snapshot that people read by what the warehouse holds now, unless it is the same."""
    if settings.load == "elsewhere":
        return
    if not warehouse.is_published(settings.warehouse, settings.snapshot):
        warehouse.publish(settings.warehouse, settings.snapshot)
    share(settings.home, settings.snapshot, settings.snapshot_gid)


def rebuild(settings: Settings) -> None:
    """Make the warehouse anew from the artifacts, and publish it."""
    store = Store(settings.home)
    close(settings.home)
    warehouse.rebuild(settings.warehouse, _documents(store), store.all_failures())
    warehouse.publish(settings.warehouse, settings.snapshot)
    share(settings.home, settings.snapshot, settings.snapshot_gid)


def verify(settings: Settings) -> tuple[warehouse.Problem, ...]:
    """List what does not hold between the warehouse and the artifacts."""
    store = Store(settings.home)
    return warehouse.verify(settings.warehouse, _documents(store), store.all_failures())


def _documents(store: Store) -> Mapping[str, Path]:
    """List what the warehouse is made of: transcripts of episodes, and what polls found."""
    return {**store.all("stage"), **store.all("discover")}
