"""Whether a home is sound: artifacts, warehouse, snapshot, private files.

Nobody waits for the check: it works on a copy of the warehouse. Others go on meanwhile, so what only one look
shows is no problem yet.
"""

from __future__ import annotations

import errno
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Set
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from flows.artifacts import STAGE_RUN, Artifact, Damaged, Freed, Store, measured, read
from flows.feeds.pending import PENDING, PendingQueue
from flows.feeds.subscriptions import POLL_TIMES, REMEMBERED, SUBSCRIPTION, SeenEpisodes, Subscriptions
from flows.home import clock, forgotten, private
from flows.home.inventory import misplaced
from flows.home.locks import is_held
from flows.loader import documents
from flows.progress import counting
from flows.settings import Settings
from flows.upkeep import looked
from flows.upkeep.looked import Looked
from flows.voices import switch
from transforms.errors import ContentError, SourceError
from transforms.records import Seconds
from warehouse import query
from warehouse.soundness import laws, recent
from warehouse.soundness.laws import REBUILD, Problem

LOOKS = 4
DAMAGED = "artifact is damaged"
VECTORS_LACK = Problem("snapshot differs from the warehouse", "passages")
PAUSE: Seconds = 1.0  # between two looks: what somebody was about to finish is done then

_Look = Callable[[], Iterator[Problem]]


def verify(settings: Settings, *, deep: bool = False) -> tuple[Problem, ...]:
    """List what is not sound, and what to do; nothing is changed, but where all is sound that is noted.

    What was sound the last time and nobody touched since is not looked at again. `deep` looks at all, hashes every
    artifact, and where nothing is damaged compares every row with those of a warehouse that is made anew.

    Raises:
        SourceError: there is nothing yet.
        TransientError: another process holds the warehouse, or the disk is full.
    """
    store = Store(settings.home)
    if in_the_way := tuple(_misplaced(settings.home)):
        return in_the_way  # until that is set aside, nobody can tell how the rest is
    _check_begun(settings, store)
    now, before = looked.now(settings), None if deep else looked.read(settings)
    looks: tuple[_Look, ...] = (
        lambda: _artifacts(store, before, deep=deep),
        lambda: _private_files(settings),
        lambda: _database(settings, store, before),
        lambda: _missing(settings),
    )
    found = [problem for look in looks for problem in _lasting(look, settings)]
    if is_held(settings.home, "vectors"):  # they are published when all are made, which may take hours
        found = [problem for problem in found if problem != VECTORS_LACK]
    if deep and not found:  # what is damaged differs too, and is healed first
        found += _seen(lambda: _compared(settings, store), settings)
    if not found and now is not None:
        looked.note(settings, now)
    return tuple(dict.fromkeys(_with_one_way_out(found) if deep else found))


def _check_begun(settings: Settings, store: Store) -> None:
    """Check that something was loaded, or is there to be loaded.

    Raises:
        SourceError: there is nothing yet.
    """
    if not settings.warehouse.exists() and not settings.snapshot.exists() and not documents(store):
        msg = f"there is no warehouse at {settings.warehouse}: run `turntable ingest …` first"
        raise SourceError(msg)


def _with_one_way_out(found: list[Problem]) -> list[Problem]:
    """Advise one command for all problems where artifacts are damaged: the rebuild that looks for those."""
    if all(problem.check != DAMAGED for problem in found):
        return found
    return [replace(p, advice=f"{REBUILD} --deep") if p.advice == REBUILD else p for p in found]


def _misplaced(home: Path) -> Iterator[Problem]:
    for path, cause in misplaced(home):
        way_out = f"bring back what it leads to, or {REBUILD}" if path.is_symlink() else REBUILD
        yield Problem("file of the wrong kind", f"{path.relative_to(home)}: {cause}", way_out)


def _lasting(look: _Look, settings: Settings) -> list[Problem]:
    """List the problems that every look shows."""
    problems = _seen(look, settings)
    for _ in range(LOOKS - 1):
        if problems:
            time.sleep(PAUSE)
            again = set(_seen(look, settings))
            problems = [problem for problem in problems if problem in again]
    return problems


def _seen(look: _Look, settings: Settings) -> list[Problem]:
    """Look once; the copy that was looked at lies elsewhere each time, and is nobody's matter."""
    places = (settings.home / "scratch", Path(tempfile.gettempdir()))
    copies = f"({'|'.join(re.escape(str(place)) for place in places)})/[^/]+/"
    return [replace(problem, detail=re.sub(copies, "", problem.detail)) for problem in look()]


def _artifacts(store: Store, before: Looked | None, *, deep: bool) -> Iterator[Problem]:
    for folder, cause in damaged_artifacts(store, before, deep=deep):
        yield Problem(DAMAGED, f"{folder.relative_to(store.home)}: {cause}")


def damaged_artifacts(store: Store, before: Looked | None = None, *, deep: bool) -> Iterator[tuple[Path, str]]:
    """Name the folders of stages that are not as they were written, and in what; `deep` hashes all payloads.

    Without it those that were touched since they were written are hashed. Those that were sound `before` and that
    nobody touched since are left out.
    """
    for folder in counting("artifacts", store.folders()):
        if before is not None and looked.is_untouched(folder, before):
            continue
        if not (folder / "manifest.json").exists():
            if any(folder.glob("payload.*")):
                yield folder, "its manifest is missing"
            continue
        how: Callable[[Path], Artifact] = read if deep or looked.is_touched(folder) else measured
        try:
            how(folder)
        except Freed:
            continue
        except Damaged as damaged:
            if folder.exists():  # it may have been set aside meanwhile
                yield folder, str(damaged)


def _private_files(settings: Settings) -> Iterator[Problem]:
    """Look at the small files of the home; any command that reads them sets the damaged ones aside."""
    home = settings.home
    episodes = set((home / "feeds").glob("[!.]*.episodes.json"))
    kinds: tuple[tuple[TypeAdapter[Any], list[Path]], ...] = (
        (PENDING, sorted((home / "waiting").glob("[!.]*.json"))),
        (SUBSCRIPTION, sorted(set((home / "feeds").glob("[!.]*.json")) - episodes)),
        (REMEMBERED, sorted(episodes)),
        (POLL_TIMES, [home / "polled.json"]),
        (clock.NEWEST, [home / "clock.json"]),
        (switch.SWITCH, [home / "speakers.json"]),
        (forgotten.FORGOTTEN, [home / "forgotten.json"]),
        (STAGE_RUN, list(Store(home).all_failures().values())),
    )
    for kind, paths in kinds:
        for path in paths:
            if cause := private.damage(path, kind):
                yield Problem("file is damaged", f"{path.relative_to(home)}: {cause}")


@contextmanager
def _scratch(store: Store) -> Iterator[Path]:
    """Lend a folder for copies: in the home, or where all programs have theirs if the home can only be read."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(store.scratch())
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="turntable-")))
        yield folder


def _database(settings: Settings, store: Store, before: Looked | None) -> Iterator[Problem]:
    """Compare the warehouse with the lists of files and with the snapshot, and look at its laws."""
    if before is not None and looked.is_same(settings, before):
        return
    recently = _recent(settings, before) if before is not None else None
    if recently is not None:
        yield from recently
        yield from _without_rows(settings, store)
        return
    staged, failures = documents(store).keys(), store.all_failures().keys()
    try:
        with _scratch(store) as folder:
            view = laws.look(settings.warehouse, settings.snapshot, folder)
            held = laws.contents(view.warehouse)
            yield from (Problem("staged document is not loaded", key) for key in sorted(staged - held.documents))
            yield from (Problem("failure is not loaded", key) for key in sorted(failures - held.failures.keys()))
            lost = held.documents - documents(store).keys()
            yield from (Problem("loaded document has no file", key) for key in sorted(lost))
            gone = held.failures.keys() - store.all_failures().keys()
            yield from (Problem("failure has no file", key) for key in sorted(gone))
            yield from laws.broken_laws(view.warehouse)
            yield from laws.unpublished(view)
    except SourceError:
        yield Problem("warehouse is missing", str(settings.warehouse))
    except ContentError as error:
        yield _unreadable(settings, error)


def _recent(settings: Settings, before: Looked) -> tuple[Problem, ...] | None:
    """List what does not hold of what was loaded since; `None` where all has to be looked at."""
    if looked.has_log(settings):
        return None
    try:
        return recent.unsound_since(settings.warehouse, settings.snapshot, before.seen)
    except (ContentError, SourceError):
        return None


def _without_rows(settings: Settings, store: Store) -> Iterator[Problem]:
    """Compare the list of what was loaded with the list of files."""
    loaded, failed = query.loaded_keys(settings.snapshot)
    staged, failures = documents(store).keys(), store.all_failures().keys()
    yield from (Problem("staged document is not loaded", key) for key in sorted(staged - loaded))
    yield from (Problem("failure is not loaded", key) for key in sorted(failures - failed))
    yield from (Problem("loaded document has no file", key) for key in sorted(loaded - documents(store).keys()))
    yield from (Problem("failure has no file", key) for key in sorted(failed - store.all_failures().keys()))


def _unreadable(settings: Settings, error: ContentError) -> Problem:
    cause = str(error).partition(": ")[2] or str(error)  # not the path of the copy that was looked at
    return Problem("warehouse is damaged", f"{settings.warehouse.relative_to(settings.home)}: {cause}")


def _compared(settings: Settings, store: Store) -> Iterator[Problem]:
    """Compare the warehouse row by row with one that is made of the same files anew."""
    try:
        with _scratch(store) as folder:
            view = laws.look(settings.warehouse, settings.snapshot, folder)
            held = laws.contents(view.warehouse)
            staged = {key: path for key, path in documents(store).items() if key in held.documents}
            failures = {key: path for key, path in store.all_failures().items() if key in held.failures}
            yield from laws.verify(view.warehouse, staged, failures)
    except ContentError as error:
        yield _unreadable(settings, error)


def _missing(settings: Settings) -> Iterator[Problem]:
    """Name what one file says that another one should tell of."""
    for name in forgotten.unfinished(settings.home):
        yield Problem("forgetting is not finished", name, "turntable forget")
    subscriptions, feeds = Subscriptions(settings.home), settings.home / "feeds"
    known = {path.name.removesuffix(".episodes.json") for path in feeds.glob("[!.]*.episodes.json")}
    subscribed = {path.stem for path in feeds.glob("[!.]*.json") if not path.name.endswith(".episodes.json")}
    for feed_id in sorted(known - subscribed):
        yield Problem("subscription is missing", feed_id, subscriptions.way_back(feed_id))
    for feed_id in sorted(subscribed - known):
        if _was_read(subscriptions, feeds / f"{feed_id}.json", feed_id):
            yield Problem("what is known of a feed is missing", feed_id, f"turntable poll {feed_id}")
    untranscribed = query.untranscribed(settings.snapshot)
    for feed_id in sorted(known) if untranscribed else ():
        if not private.damage(feeds / f"{feed_id}.episodes.json", REMEMBERED):
            remembered = subscriptions.remembered(feed_id) or SeenEpisodes()
            yield from _pending_nowhere(PendingQueue(settings.home), remembered, untranscribed)


def _was_read(subscriptions: Subscriptions, path: Path, feed_id: str) -> bool:
    """Check whether a feed was read; of a damaged subscription nobody knows, and that is another problem."""
    subscription = None if private.damage(path, SUBSCRIPTION) else subscriptions.get(feed_id)
    return subscription is not None and subscription.poll.changed_at is not None


def _pending_nowhere(queue: PendingQueue, remembered: SeenEpisodes, untranscribed: Set[str]) -> Iterator[Problem]:
    """Name the episodes of a feed that were found, have no transcript (`untranscribed`) and are not pending."""
    wanted = {known.episode_id for known in remembered.known} - set(remembered.dropped)
    marked = queue.are_lost(wanted)
    for episode_id in sorted(wanted & untranscribed):
        if not queue.holds(episode_id):
            here = f"turntable ingest episode:{episode_id}, or turntable remove {episode_id}"
            advice = "turntable poll" if episode_id in marked else here
            yield Problem("episode was found and waits nowhere", episode_id, advice)
