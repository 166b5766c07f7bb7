"""How a home is sound again: what is damaged is set aside, what is known of it written anew, the rest told."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

from flows.artifacts import STAGE_RUN, Artifact, Store, stage_key
from flows.feeds.pending import PendingQueue
from flows.feeds.poll import keep_found
from flows.feeds.subscriptions import Subscriptions
from flows.home import clock, forgotten, private
from flows.home.inventory import misplaced
from flows.home.permissions import close, share
from flows.loader import FAILURE, clear, damage, documents, load, set_aside
from flows.locations import locate
from flows.settings import Settings
from flows.upkeep import forget
from flows.upkeep.remedies import remedy, transcript_command
from flows.upkeep.verify import damaged_artifacts
from flows.voices import switch
from transforms.errors import ContentError, SourceError
from warehouse import store as warehouse_store
from warehouse.loading.load import BUGS
from warehouse.soundness import laws
from warehouse.soundness.laws import Contents, ShownTranscript


def rebuild(settings: Settings, *, deep: bool = False) -> tuple[str, ...]:
    """Make the warehouse anew from the artifacts, and publish it; damaged files of the home are set aside.

    `deep` hashes every artifact; without it, only those that the warehouse is made of.

    Gives a line for each transcript that the old warehouse had and the new one lacks: how to get it again.
    """
    store = Store(settings.home)
    clear_way(settings.home)
    close(settings.home)
    forget.finish(settings)
    before = _held(settings, store)
    for folder, cause in list(damaged_artifacts(store, deep=deep)):
        store.set_aside(folder, cause, remedy(folder))
    _read_private_files(settings, store)
    clear(settings)
    if before is not None:
        _restore(store, before)
    kept = _keep(settings, store)
    done = warehouse_store.rebuild(settings.warehouse, documents(store), store.all_failures(), damage)
    if set_aside(store, done):
        load(settings)
    warehouse_store.publish(settings.warehouse, settings.snapshot, whole=True)
    share(settings.home, settings.snapshot, settings.snapshot_gid)
    lost = _lost(store, before)
    if not lost and kept is not None and before is not None:
        kept.unlink()
    return (*lost, *([f"the warehouse as it was lies at {kept}"] if lost and kept else []))


def clear_way(home: Path) -> None:
    """Set aside what is of the wrong kind; until then nobody can work here."""
    for path, cause in misplaced(home):
        Store(home).set_aside(path, cause, "a new one is made where it is needed")


def _held(settings: Settings, store: Store) -> Contents | None:
    """Read what the warehouse held, else what the snapshot shows; `None` where neither can be read."""
    with store.scratch() as folder:
        with suppress(ContentError, SourceError):
            return laws.contents(laws.look(settings.warehouse, settings.snapshot, folder).warehouse)
        with suppress(ContentError, *BUGS):
            return laws.contents(settings.snapshot) if settings.snapshot.is_file() else None
    return None


def _read_private_files(settings: Settings, store: Store) -> None:
    """Read each once: the damaged ones are set aside by that."""
    for path in store.all_failures().values():
        private.read(path, STAGE_RUN, settings.home, lambda: FAILURE)
    newest = "what is published tells when the newest document was staged"
    private.read(settings.home / "clock.json", clock.NEWEST, settings.home, lambda: newest)
    switch.read(settings.home)
    forgotten.read(settings.home)
    subscriptions = Subscriptions(settings.home)
    list(PendingQueue(settings.home).all())
    list(subscriptions.all())
    subscriptions.poll_times()
    for path in sorted(subscriptions.folder.glob("[!.]*.episodes.json")):
        subscriptions.remembered(path.name.removesuffix(".episodes.json"))


def _restore(store: Store, before: Contents) -> None:
    """Write anew what the old warehouse knows whole: failures, and what polls found."""
    kept = store.all_failures()
    for run_id, run in before.failures.items():
        if run_id not in kept:
            store.keep_failure(run_id, run)
    staged = documents(store)
    for one in before.found:
        if one.staged_key not in staged:
            keep_found(store, one.podcast, one.episodes, one.staged_at)


def _keep(settings: Settings, store: Store) -> Path | None:
    """Link the old warehouse under another name, so that it is still there where the new one lacks something."""
    if not settings.warehouse.exists():
        return None
    store.damaged.mkdir(parents=True, exist_ok=True)
    place = store.damaged / f"warehouse-{uuid.uuid4().hex[:8]}.duckdb"
    os.link(settings.warehouse, place)
    return place


def _lost(store: Store, before: Contents | None) -> tuple[str, ...]:
    """Say of each transcript that is gone what it was, and how to get it again."""
    if before is None:
        return ()
    there = documents(store).keys()
    return tuple(
        f"lost: {one.title or one.origin or one.episode_id}: `{_command(store, one)}`"
        for one in before.transcripts
        if one.staged_key not in there
    )


def _command(store: Store, lost: ShownTranscript) -> str:
    """Return the command that makes a transcript again; where its file is gone, from the copy that was kept."""
    origin = lost.origin
    if origin is not None and not locate(origin).is_url and not Path(origin).exists():
        copy = _copy(store, lost)
        origin = str(copy.path) if copy else origin
    return transcript_command(store.home, lost.source, origin, lost.episode_id)


def _copy(store: Store, lost: ShownTranscript) -> Artifact | None:
    """Find the bytes that a transcript was made of."""
    if lost.document_sha256 is not None:
        return store.find("read", stage_key("read", "copy-1", {"text": lost.document_sha256}, {}))
    return store.of_payload("fetch", lost.rendition_id)
