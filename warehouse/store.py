"""The one place that writes the warehouse: open, migrate, load, publish the snapshot, rebuild.

The warehouse is a projection of staged documents and failure files: what it holds depends on them
alone, not on the order or the number of times in which they came.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import duckdb
from filelock import FileLock, Timeout

from transforms.errors import ContentError, ResourceError, SourceError, TransientError, TurntableError
from transforms.sealed import is_no_file
from warehouse import spare
from warehouse.connection import Connection, quoted, rows, transaction
from warehouse.loading.load import (
    BUGS,
    DERIVE,
    Check,
    Find,
    Load,
    believe,
    derive_everything,
    load_new,
)
from warehouse.search import passages
from warehouse.search.index import index_everything
from warehouse.snapshot import holder

MIGRATIONS = Path(__file__).with_name("migrations")
VIEWS = tuple(Path(__file__).parent / name for name in ("views.sql", "search/search.sql"))
LOCK_SECONDS = 60.0
MEMORY = "600MB"  # of what DuckDB counts, however large the warehouse is; what needs more goes to the disk
THREADS = 4
# What DuckDB 1.5 can read: the tools of those who query may be older than ours.
STORAGE_VERSION = "v1.5.0"
# An episode that all its transcripts left → the one that has the newest of them.
MOVED = """
select l.episode_id as before, arg_max(t.episode_id, (l.staged_at, l.staged_key)) as episode_id
from {0}.load_log l join {0}.transcripts t using (transcript_id)
where l.episode_id not in (select episode_id from {0}.transcripts)
    and l.episode_id not in (select episode_id from {0}.discoveries)
group by 1
"""
# What nobody needs any more is deleted in the snapshot alone: what the warehouse held would depend on the order in
# which documents came.
_LEFT = f"""
update snapshot.stage_runs set episode_id = moved.episode_id
from ({MOVED.format("snapshot")}) moved where stage_runs.episode_id = moved.before;
delete from snapshot.episodes where episode_id not in (select episode_id from snapshot.transcripts)
    and episode_id not in (select episode_id from snapshot.discoveries);
delete from snapshot.podcasts where podcast_id not in
    (select podcast_id from snapshot.episodes where podcast_id is not null);
delete from snapshot.renditions where episode_id not in (select episode_id from snapshot.transcripts);
delete from snapshot.chapters where episode_id not in (select episode_id from snapshot.transcripts)
"""  # noqa: S608


def migrate(con: Connection) -> None:
    """Bring a warehouse to the newest schema: each new migration in one transaction; views and search.

    Raises:
        ContentError: a newer Turntable made it.
    """
    con.execute(
        "create table if not exists schema_migrations (name varchar primary key, applied_at timestamptz);"
        "comment on table schema_migrations is 'Migrations that were applied.';"
        "comment on column schema_migrations.name is 'File name of the migration';"
        "comment on column schema_migrations.applied_at is 'When it was applied, UTC'"
    )
    migrations = sorted(MIGRATIONS.glob("*.sql"))
    applied = {name for (name,) in rows(con, "select name from schema_migrations")}
    if unknown := applied - {path.name for path in migrations}:
        msg = f"the warehouse has {max(unknown)} of a newer Turntable: upgrade, or run `turntable rebuild`"
        raise ContentError(msg)
    new = [path for path in migrations if path.name not in applied]
    for path in new:
        with transaction(con):
            con.execute(path.read_text(encoding="utf-8"))
            con.execute("insert into schema_migrations values (?, now())", [path.name])
    views = "\n".join(path.read_text(encoding="utf-8") for path in VIEWS)
    _make_views(con, views)
    _derive(con, views)
    if not rows(con, "from search_index limit 1"):  # of one that had none yet
        with transaction(con):
            index_everything(con)


def _make_views(con: Connection, text: str) -> None:
    """Make the views and macros, where those that are there are not these: it takes as long as a small load."""
    if not _was_made_by(con, "digest_of_views", text):
        with transaction(con):
            con.execute(f"{text}; {_noted('digest_of_views', text)}")


def _derive(con: Connection, views: str) -> None:
    """Derive what the views need of each transcript, where what is there was derived otherwise."""
    text = DERIVE.read_text(encoding="utf-8") + views  # whose macros say what is a question
    if not _was_made_by(con, "digest_of_derived", text):
        with transaction(con):
            derive_everything(con)
            con.execute(_noted("digest_of_derived", text))


def _was_made_by(con: Connection, name: str, text: str) -> bool:
    with suppress(duckdb.CatalogException):
        return rows(con, f"select {name}()") == [(_digest(text),)]
    return False


def _noted(name: str, text: str) -> str:
    return f"create or replace macro {name}() as '{_digest(text)}'"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_older(con: Connection) -> bool:
    """Check whether a warehouse, or its snapshot, lacks a migration of ours: an older Turntable made it."""
    applied = {name for (name,) in rows(con, "select name from schema_migrations")}
    return not {path.name for path in MIGRATIONS.glob("*.sql")} <= applied


def upgrade(warehouse: Path) -> None:
    """Bring a warehouse that is there to the newest schema.

    Raises:
        ContentError: it is damaged, or a newer Turntable made it.
        TransientError: another process holds it, or the disk is full.
    """
    with locked(warehouse), opened(warehouse) as con:
        migrate(con)


def load(
    warehouse: Path, staged: Mapping[str, Path] | Find, failures: Mapping[str, Path], check: Check = believe
) -> Load:
    """Load the staged documents and failures that the warehouse has not seen, each whole or not at all.

    Keys name the files; a key that was loaded is not read again, and `staged` may be asked for all but those.
    Makes the warehouse where there is none. What `check` finds damaged, and what cannot be read, is refused and
    told; every other file is loaded.

    Raises:
        ContentError: the warehouse is damaged, or a newer Turntable made it.
        TransientError: another process holds the warehouse, or the disk is full.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with locked(warehouse), opened(warehouse) as con:
        migrate(con)
        return load_new(con, staged, failures, check)


def publish(warehouse: Path, snapshot: Path, *, whole: bool = False, keep_from: int = spare.LARGE) -> None:
    """Replace the snapshot, which people read, by a copy of the warehouse as it is now.

    Of a snapshot of `keep_from` bytes or more only what changed is written, as `warehouse.spare` says, unless the
    `whole` is asked for. Rows are copied then, not the file: a file keeps the bytes of what was deleted. Who has
    the old snapshot open goes on reading it. An episode that all its transcripts left, and a show without
    episodes, stay behind in the warehouse; what was run for it counts as run for the one that has them now.

    Raises:
        SourceError: there is no warehouse yet.
        ContentError: the warehouse is damaged.
        TransientError: another process holds the warehouse, or the disk is full.
    """
    require(warehouse)
    snapshot.parent.mkdir(parents=True, exist_ok=True)
    with locked(warehouse), new_file(snapshot) as fresh:
        if whole or not _brought_up_to_date(warehouse, spare.place(snapshot), fresh):
            spare.place(snapshot).unlink(missing_ok=True)
            fresh.unlink(missing_ok=True)
            _copied_whole(warehouse, fresh)
        if fresh.stat().st_size >= keep_from:  # a smaller one is not kept, and need not be known again
            spare.mark_as_ours(fresh)
        # A program that has the old one open for writing keeps its changes there: no part of the new one.
        Path(f"{snapshot}.wal").unlink(missing_ok=True)
        with spare.kept(snapshot, fresh.with_name(f"{fresh.name}.old"), keep_from):
            _swap(fresh, snapshot)


def _copied_whole(warehouse: Path, fresh: Path) -> None:
    with explained(warehouse), _connected(fresh) as con:
        con.execute(f"attach {quoted(warehouse)} as warehouse (read_only)")
        con.execute(f"attach {quoted(fresh)} as snapshot (storage_version '{STORAGE_VERSION}')")
        con.execute("copy from database warehouse to snapshot (schema)")
        for table in spare.tables(con):
            con.execute(
                f"insert into snapshot.{table} by name select * from warehouse.{table} {spare.order_of(table)}"  # noqa: S608
            )
        con.execute(_LEFT)
        con.execute("detach snapshot")


def _brought_up_to_date(warehouse: Path, before: Path, fresh: Path) -> bool:
    """Make the next snapshot of the one before the last; False where there is none that can be used."""
    if not spare.is_ours(before):
        return False
    before.replace(fresh)
    try:
        with _connected(fresh) as con:
            con.execute(f"attach {quoted(warehouse)} as warehouse (read_only)")
            con.execute(f"attach {quoted(fresh)} as snapshot")  # not if another process has it open
            with transaction(con):
                done = spare.bring_up_to_date(con, _LEFT)
            con.execute("detach snapshot")
            return done
    except duckdb.Error:  # whatever is wrong with it: a whole copy needs nothing of it
        return False


def is_published(warehouse: Path, snapshot: Path) -> bool:
    """Check whether the snapshot can be read and holds every load, failure and vector that the warehouse holds.

    Raises:
        SourceError: there is no warehouse yet.
        ContentError: the warehouse is damaged.
        TransientError: another process holds the warehouse.
    """
    require(warehouse)
    state = (
        "select (select count(*) from {0}.load_log), (select max(loaded_at) from {0}.load_log), "
        "(select count(*) from {0}.stage_runs), "
        "(select count(*) from {0}.discoveries), (select max(loaded_at) from {0}.discoveries), "
        "(select count(*) from {0}.schema_migrations)"
    )
    with locked(warehouse), explained(warehouse), duckdb.connect() as con:
        con.execute(f"attach {quoted(warehouse)} as warehouse (read_only)")
        mine = rows(con, state.format("warehouse")), passages.count(con, "warehouse")
        try:
            con.execute(f"attach {quoted(snapshot)} as snapshot (read_only)")
            return mine == (rows(con, state.format("snapshot")), passages.count(con, "snapshot"))
        except duckdb.Error:
            return False


def rebuild(
    warehouse: Path, staged: Mapping[str, Path], failures: Mapping[str, Path], check: Check = believe
) -> Load:
    """Make the warehouse anew from all its files but those that are refused; it is swapped in when it is whole.

    Equal row by row to what loads made, but for `loaded_at` and `applied_at`.

    Raises:
        TransientError: another process holds the warehouse, or the disk is full.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with locked(warehouse), new_file(warehouse) as fresh:
        with opened(fresh) as con:
            migrate(con)
            done = load_new(con, staged, failures, check)
            _take_over_vectors(con, warehouse)
            # Who closes a file is not told of a full disk: the rows would stay in a log that is left behind.
            con.execute("checkpoint")
        # The log of the old file must not be replayed into the new one.
        for log in warehouse.parent.glob(f"{warehouse.name}.wal*"):
            log.unlink()
        _swap(fresh, warehouse)
    return done


def _take_over_vectors(con: Connection, warehouse: Path) -> None:
    """Take the vectors of the old warehouse, which are dear, where they are of what is in the new one."""
    with suppress(duckdb.Error):  # it is damaged, or there is none: they are made anew
        con.execute(f"attach {quoted(warehouse)} as before (read_only)")
        passages.take_over(con)
        con.execute("detach before")


def require(warehouse: Path) -> None:
    """Complain where there is no warehouse.

    Raises:
        SourceError: there is none.
        ContentError: what is there is no file.
    """
    if not warehouse.exists():
        msg = f"there is no warehouse at {warehouse}: run `turntable ingest …` first"
        raise SourceError(msg)
    check_file(warehouse)


@contextmanager
def locked(warehouse: Path) -> Iterator[None]:
    """Hold the lock beside the warehouse: one writer at a time, on this machine.

    Raises:
        TransientError: another process holds it, or it cannot be made.
    """
    lock = FileLock(f"{warehouse}.lock", timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise _held_by_another(warehouse) from error
    except OSError as error:
        way_out = (
            "`turntable rebuild` sets aside what is no file" if is_no_file(Path(lock.lock_file)) else "mend that"
        )
        msg = f"{lock.lock_file} cannot be locked ({(error.strerror or str(error)).lower()}): {way_out}"
        raise TransientError(msg) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def standing_still(warehouse: Path) -> Iterator[None]:
    """Keep writers away while a warehouse is read; also where the reader may not write.

    Raises:
        TransientError: a writer went on for too long.
    """
    path = f"{warehouse}.lock"
    with ExitStack() as stack:
        with suppress(OSError):  # no lock, and no right to make one: nobody writes, or nobody who knows us
            descriptor = _opened_to_share(path)
            stack.callback(os.close, descriptor)
            until = time.monotonic() + LOCK_SECONDS
            while not _shared(descriptor):
                if time.monotonic() > until:
                    raise _held_by_another(warehouse)
                time.sleep(0.02)
        yield


def _opened_to_share(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NONBLOCK, 0o600)
    except OSError:  # a folder that we may not write to; the lock may be there all the same
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)


def _shared(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held_by_another(warehouse: Path) -> TransientError:
    return TransientError(f"{warehouse} was held by another process for {LOCK_SECONDS:.0f} s; run it again later")


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> Iterator[Connection]:
    """Open a warehouse by attaching it: `duckdb.connect(path)` cannot replay the log of a killed writer.

    It replays before its built-in functions are there, which our checks and views call
    ("required extension 'core_functions'", DuckDB 2.0.0).
    """
    check_file(path)
    how = "read_only" if read_only else f"storage_version '{STORAGE_VERSION}'"
    with explained(path), _connected(path) as con:
        con.execute(f"attach {quoted(path)} as warehouse ({how}); use warehouse")
        yield con


def _connected(path: Path) -> Connection:
    """Connect to no file yet, for work on one: what does not fit into the memory goes to the disk beside it."""
    spilled = path.with_name(f".{path.name.lstrip('.')}.spilled.tmp")  # swept with other leftovers
    threads = min(THREADS, os.cpu_count() or 1)
    return duckdb.connect(config={"memory_limit": MEMORY, "threads": threads, "temp_directory": str(spilled)})


def check_file(path: Path) -> None:
    """Check that what lies in the place of a database is a file: a pipe would keep its reader for ever.

    Raises:
        ContentError: it is none.
    """
    if is_no_file(path):
        msg = f"{path} is damaged: it is no file; make it anew with `turntable rebuild`"
        raise ContentError(msg)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the machine or the file does to us into an error that names the way out; bugs pass."""
    try:
        yield
    except BUGS:
        raise
    except (duckdb.Error, OSError) as error:
        raise _translated(error, path) from error


def _translated(error: Exception, path: Path) -> TurntableError:
    cause = str(error).partition("\n")[0]
    if "No space left" in str(error):
        return TransientError(f"no space left on the disk of {path}; free some and run it again")
    if program := holder(error):
        return TransientError(f"{path} is open in {program}: close it there and run it again; the data is fine")
    if isinstance(error, duckdb.OutOfMemoryException):
        return ResourceError(f"too little memory to work on {path}: {cause}; close other programs")
    if isinstance(error, OSError) or "Could not write" in cause:
        return TransientError(f"{path} cannot be written: {cause}; check the disk and run it again")
    if "database file with version number" in cause:
        return ContentError(
            f"{path} was made by a newer Turntable: upgrade, or make it anew with `turntable rebuild`"
        )
    return ContentError(f"{path} is damaged: {cause}; make it anew with `turntable rebuild`")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Name a new file beside `path`, in its folder; sweep it after, and what a killed process left before."""
    _sweep(path)
    try:
        yield path.parent / f".{path.name}.{uuid4().hex}.tmp"
    finally:
        _sweep(path)


def _sweep(path: Path) -> None:
    for leftover in path.parent.glob(f".{path.name}.*.tmp*"):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)


def _swap(fresh: Path, path: Path) -> None:
    """Put a finished file in the place of another; after a power cut it is the one or the other."""
    if path.exists():  # a group that may read the one may read the other from its first moment
        before = path.stat()
        with suppress(PermissionError):
            os.chown(fresh, -1, before.st_gid)
            fresh.chmod(before.st_mode & 0o640)
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or which files a folder has, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
