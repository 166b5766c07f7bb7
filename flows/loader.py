"""What a home staged → its warehouse, and the snapshot that people read; what is damaged is set aside first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

import duckdb

from flows.artifacts import Damaged, Store, read
from flows.home.permissions import close, share
from flows.settings import Settings
from flows.upkeep.remedies import remedy
from flows.vectors import make_vectors
from transforms.errors import ContentError, TransientError
from transforms.sealed import is_no_file
from warehouse import store as warehouse_store
from warehouse.loading.load import Find, Load, Loaded
from warehouse.snapshot import open_snapshot

# Every block of what work asks: a snapshot that was cut off opens all the same.
READ = "select (select max(hash(e)) from episodes e), (select max(hash(p)) from podcasts p)"
FAILURE = "it told of a stage that failed, and nothing else hangs on it"


def load(settings: Settings) -> tuple[Loaded, ...]:
    """Load every staged document and every failure that the warehouse has not seen; nothing on a mere worker.

    What is damaged is set aside with a row that names it, and concerns nobody else.

    Raises:
        TransientError: the warehouse is damaged or held: no fault of the episode that meets it.
    """
    if settings.load == "elsewhere":
        return ()
    close(settings.home)
    store = Store(settings.home)
    done = _load(settings, partial(documents, store), store)
    if set_aside(store, done):
        _load(settings, {}, store)
    return done.loaded


def _load(settings: Settings, staged: Mapping[str, Path] | Find, store: Store) -> Load:
    try:
        return warehouse_store.load(settings.warehouse, staged, store.all_failures(), damage)
    except ContentError as error:
        raise TransientError(str(error)) from error


def set_aside(store: Store, done: Load) -> bool:
    """Move away what could not be loaded, each with a row that says how to get it again; whether there was any."""
    for one in done.refused:
        if one.path.parent == store.failures:
            store.set_aside(one.path, one.cause, FAILURE)
        else:
            store.set_aside(one.path.parent, one.cause, remedy(one.path.parent))
    return bool(done.refused)


def damage(payload: Path) -> str | None:
    """Say in what a staged document is not as it was written; `None` where it is."""
    try:
        read(payload.parent)
    except Damaged as damaged:
        return str(damaged)
    return None


def publish(settings: Settings, *, anew: bool = False, whole: bool = False) -> None:
    """Replace the snapshot that people read by what the warehouse holds now, unless it is the same.

    `anew` replaces it all the same; of a `whole` one nothing is left of what was there before.
    """
    if settings.load == "elsewhere":
        return
    clear(settings)
    if anew or whole or not warehouse_store.is_published(settings.warehouse, settings.snapshot):
        warehouse_store.publish(settings.warehouse, settings.snapshot, whole=whole)
    share(settings.home, settings.snapshot, settings.snapshot_gid)


def load_and_publish(settings: Settings, *, vectors: bool = True) -> tuple[Loaded, ...]:
    """Load what the warehouse has not seen, and publish it: one damaged document holds up nobody's rows.

    `vectors` are made behind that, which may take long.
    """
    loaded: tuple[Loaded, ...] = ()
    try:
        loaded = load(settings)
    finally:
        publish(settings, anew=bool(loaded))
    if vectors:
        publish_vectors(settings)
    return loaded


def publish_vectors(settings: Settings) -> None:
    """Make the vectors that lack, and publish what there is: what was loaded can be read meanwhile."""
    make_vectors(settings)
    if settings.semantic:  # those, too, that a process made which was killed before it published them
        publish(settings)


def ready_snapshot(settings: Settings) -> None:
    """Replace a snapshot that cannot be read, that another program holds, or that an older Turntable made.

    An import looks into it first. Whoever holds the old one goes on with that; nobody waits for him.
    """
    if not _has_snapshot(settings):
        return
    try:
        with open_snapshot(settings.snapshot) as con:
            con.execute(READ)
            is_older = warehouse_store.is_older(con)
    except (ContentError, TransientError, duckdb.Error):
        publish(settings, whole=True)
        upgrade(settings)
    else:
        if is_older:
            _upgrade(settings)


def upgrade(settings: Settings) -> None:
    """Bring the warehouse and the snapshot of an older Turntable to the schema of today.

    A snapshot that another program holds for writing is replaced: that program goes on with its own, and nobody
    else waits for it.

    Raises:
        ContentError: one of them is damaged.
        TransientError: another process holds the warehouse, or the disk is full.
    """
    if not _has_snapshot(settings):
        return
    try:
        with open_snapshot(settings.snapshot) as con:
            is_older = warehouse_store.is_older(con)
    except TransientError:
        publish(settings)
        return
    except duckdb.Error:  # it is none of ours, or cut off: who asks it will say so
        return
    if is_older:
        _upgrade(settings)


def _upgrade(settings: Settings) -> None:
    warehouse_store.upgrade(settings.warehouse)
    publish(settings)


def _has_snapshot(settings: Settings) -> bool:
    """Check whether this machine has a warehouse that was published: a mere worker leaves it alone."""
    return settings.load != "elsewhere" and settings.snapshot.exists() and settings.warehouse.exists()


def clear(settings: Settings) -> None:
    """Set aside what is no file in the place of the snapshot or its log: no file could replace a folder."""
    for path in (settings.snapshot, Path(f"{settings.snapshot}.wal")):
        if is_no_file(path):
            Store(settings.home).set_aside(path, "it is no file", "the snapshot is published anew")


def documents(store: Store, but: Collection[str] = ()) -> Mapping[str, Path]:
    """List what the warehouse is made of: transcripts of episodes, and what polls found; `but` for some keys."""
    folders = {**store.all("stage", but), **store.all("discover", but)}
    return {key: folder / "payload.parquet" for key, folder in folders.items()}
