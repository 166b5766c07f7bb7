"""Many readers beside one writer: each sees whole episodes only, goes forward only, and nobody meets an error.

    python tests/benchmarks/readers.py [--seconds 600] [--readers 16]

The writer loads new episodes, and newer documents of those that are there, and publishes each time, without a
rest. Each reader is a process that opens the snapshot, every second one as any DuckDB does. It asks whether the
laws of `verify.sql` hold, what the turns say (each names its version), and one question of the docs. One look in
five keeps it open for seconds, and must find it as it was. At the end the warehouse is compared with its files.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[2])  # in this folder `warehouse` is another file

import duckdb  # noqa: E402

from tests.support.documents import EPISODE, RENDITION, WORDS, stage_run, staged  # noqa: E402
from transforms.records import Turn, Word  # noqa: E402
from warehouse import spare, store  # noqa: E402
from warehouse.loading.staging import Staged, write_staged  # noqa: E402
from warehouse.snapshot import open_snapshot  # noqa: E402
from warehouse.soundness import laws  # noqa: E402

EPISODES = 200  # after so many the writer only replaces what is there
TURNS = 40
REST = 5.0  # seconds at most between two looks
WHOLE = 10  # one in so many publishings copies the whole, as small snapshots always are
LAWS = laws.LAWS.read_text(encoding="utf-8")
# Every turn of a transcript is of the version that its load brought.
MIXED = f"""
select transcript_id, list(distinct split_part(text, ' ', 1)) as versions from turns group by 1
having len(versions) > 1 or count(*) <> {TURNS}
"""
SEEN = "select count(*), max(staged_at), (select count(*) from turns), (select count(*) from words) from load_log"
QUESTIONS = (
    "from talk_time order by all limit 20",
    "from search('needle')",
    "select count(*) from best_turns",
    "from processing order by all limit 20",
)


@dataclass(slots=True)
class Told:
    """What one reader says at its end."""

    opened: int = 0
    seen: set[int] = field(default_factory=set)  # states of the snapshot, by how many loads it had
    errors: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def document(number: int, version: int) -> Staged:
    """Return one version of a transcript: each of its turns and words says which."""
    name = f"{number:04}"
    said = (f"v{version}", "the", "needle", f"turns{number}")
    turns = tuple(
        Turn(n, "AB"[n % 2], 4.0 * n, 4.0 * n + 3, " ".join(said), 4 * n, 4, "speaker", False, 1.0, 0.9)
        for n in range(TURNS)
    )
    words = tuple(
        Word(one, 4.0 * n + m / 2, 4.0 * n + m / 2 + 0.4, 0.9, "AB"[n % 2], 1.0)
        for n in range(TURNS)
        for m, one in enumerate(said)
    )
    assert len(words) == TURNS * len(WORDS)
    return staged(
        version / 60,
        transcript_id=f"transcript-{name}",
        episode=replace(EPISODE, episode_id=f"episode-{name}", guid=name, title=f"Episode {name}", duration=None),
        rendition=replace(
            RENDITION, rendition_id=f"audio-{name}", header_seconds=4.0 * TURNS, decoded_seconds=4.0 * TURNS
        ),
        turns=turns,
        words=words,
        speaker_segments=(),
        stage_runs=(stage_run(key=f"key-{name}-{version}", episode_id=f"episode-{name}"),),
    )


def read(snapshot: Path, number: int, over: Event, told: Queue[Told]) -> None:
    """Look at the snapshot again and again, and say at the end what was seen."""
    mine, dice, before = Told(), random.Random(number), (0,)
    while not over.is_set():
        began = time.perf_counter()
        try:
            con = open_snapshot(snapshot) if number % 2 else duckdb.connect(str(snapshot), read_only=True)
            with con:
                mine.opened += 1
                now = con.execute(SEEN).fetchone() or (0,)
                mine.seen.add(now[0])
                mine.errors.update(_wrong(con, dice, before, now))
                before = now
                mine.seconds.append(time.perf_counter() - began)
                if dice.random() < 0.2:
                    over.wait(dice.uniform(0, 5))
                    if con.execute(SEEN).fetchone() != now:
                        mine.errors["a snapshot changed under its reader"] += 1
        except Exception as error:
            mine.errors[f"{type(error).__name__}: {error}"] += 1
        over.wait(dice.uniform(0, REST))
    told.put(mine)


def _wrong(
    con: duckdb.DuckDBPyConnection, dice: random.Random, before: tuple[int, ...], now: tuple[int, ...]
) -> Iterator[str]:
    """Name what no reader may see."""
    if now[0] < before[0]:
        yield f"it went back from {before[0]} loads to {now[0]}"
    yield from (f"law broken: {problem}" for problem, _ in con.execute(LAWS).fetchall())
    yield from (f"half an episode: {name} {versions}" for name, versions in con.execute(MIXED).fetchall())
    con.execute(dice.choice(QUESTIONS)).fetchall()


def write(folder: Path, seconds: float) -> tuple[dict[str, Path], Counter[str], list[float]]:
    """Load and publish for so long; the files, how often what was done, and the seconds of each turn of it."""
    warehouse, snapshot = folder / "warehouse.duckdb", folder / "turntable.duckdb"
    files: dict[str, Path] = {}
    done: Counter[str] = Counter()
    took: list[float] = []
    dice, until, version = random.Random(19), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        began = time.perf_counter()
        new: dict[str, Path] = {}
        for _ in range(dice.choice((1, 1, 1, 3))):
            version += 1
            number = version if version <= EPISODES else dice.randrange(EPISODES)
            key = f"{version:06}"
            new[key] = folder / f"{key}.parquet"
            new[key].write_bytes(write_staged(document(number, version)))
        files |= new
        done["documents"] += len(store.load(warehouse, new, {}).loaded)
        is_whole = len(took) % WHOLE == 0
        had = spare.place(snapshot).exists() and not is_whole
        store.publish(warehouse, snapshot, whole=is_whole, keep_from=0)
        done["publishings with a spare" if had else "whole publishings"] += 1
        took.append(time.perf_counter() - began)
    return files, done, took


def at(values: list[float], share: float) -> float:
    """Return the value that a share of all does not exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def main() -> None:
    """Let them read and write, and print what each says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--readers", type=int, default=16)
    given = parser.parse_args()
    processes = get_context("spawn")
    over, told = processes.Event(), processes.Queue()
    with tempfile.TemporaryDirectory(prefix="readers-") as made:
        folder = Path(made)
        warehouse, snapshot = folder / "warehouse.duckdb", folder / "turntable.duckdb"
        store.load(warehouse, {}, {})
        store.publish(warehouse, snapshot)
        readers = [processes.Process(target=read, args=(snapshot, n, over, told)) for n in range(given.readers)]
        for reader in readers:
            reader.start()
        files, done, took = write(folder, given.seconds)
        over.set()
        said = [told.get(timeout=120) for _ in readers]
        for reader in readers:
            reader.join()
        problems = laws.verify(warehouse, files, {})
    errors = sum((one.errors for one in said), Counter[str]())
    seconds = [one for reader in said for one in reader.seconds]
    print(f"writer: {dict(done)}; load and publish p50 {at(took, 0.5):.2f} s, p95 {at(took, 0.95):.2f} s")
    print(
        f"{given.readers} readers: opened it {sum(one.opened for one in said)} times, saw "
        f"{len(set[int]().union(*(one.seen for one in said)))} states of it; a look p50 {at(seconds, 0.5):.2f} s, "
        f"p95 {at(seconds, 0.95):.2f} s"
    )
    print(f"errors: {sum(errors.values())} {dict(errors.most_common(3))}")
    print(f"verify: {len(problems)} problems {problems[:1]}")
    sys.exit(1 if errors or problems else 0)


if __name__ == "__main__":
    main()
