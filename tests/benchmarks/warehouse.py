"""Time the warehouse as it grows: bulk loads, one more episode, publishing, the queries of the docs, search.

    python tests/benchmarks/warehouse.py [--sizes 100 1000] [--turns 500] [--words 12] [--no-words] [--folder DIR]

The words are those of the golden transcripts, as often as there, with a tail of rare ones; an hour is 500 turns of
12 words. Seconds are those of the processor, so that other work on the machine counts little, but for `wall`.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import hashlib
import json
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[2])  # in this folder `warehouse` is this file

import duckdb  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from tests.support.pages import PAGES, ROOT  # noqa: E402
from transforms.records import Episode, Podcast, StageRun, Turn, Word  # noqa: E402
from warehouse import store  # noqa: E402
from warehouse.loading import load  # noqa: E402
from warehouse.loading.staging import Staged, run_row, schema, write_staged  # noqa: E402
from warehouse.snapshot import open_snapshot  # noqa: E402

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEMPLATES = 40  # the texts come again, under other names
SHOWS = 50
STAGES = ("fetch", "decode", "transcribe", "diarize", "attribute", "turns", "chapters", "align")
SEARCHES = (
    *("needle", "record player", '"a new belt"', "recor*", "museum", "thirty minutes", "nobdy", "what happened"),
    *("diamonds", "the sound of rubber", '"thank you"', "compromise", "engineers", "listen again", "nineteen"),
)
MORE = 5  # episodes that come one by one
PAGES_OF_SQL = ("docs/sql.md", "docs/questions.md")


def spoken_words(seed: int) -> Callable[[], str]:
    """Return what gives one word after the other, as often as people say them; one in thirty is rare."""
    texts = (path.read_text(errors="ignore") for path in sorted((ROOT / "tests" / "golden").rglob("*.*")))
    counts = collections.Counter(re.findall(r"[^\W\d_]{1,15}", " ".join(texts)))
    words, weights, chance = list(counts), list(counts.values()), random.Random(seed)
    said: list[str] = []

    def word() -> str:
        if not said:
            said.extend(chance.choices(words, weights, k=10_000))
        one = said.pop()
        return one + chance.choice(words[500:]).lower() if chance.random() < 0.03 else one

    return word


def template(number: int, turns: int, words: int, *, with_words: bool) -> pa.Table:
    """Make a staged document of an hour, without the names of its episode."""
    word = spoken_words(number)
    texts = [[word() for _ in range(words)] for _ in range(turns)]
    people = [f"Person {number % 7}", f"Person {number % 11 + 7}"]
    said = tuple(
        Turn(
            *(
                i,
                people[i % 2],
                round(7.2 * i, 2),
                round(7.2 * i + 6, 2),
                " ".join(text),
                words * i,
                words,
                "speaker",
                None,
                None,
                None,
            ),
            *(people[i % 2], "publisher"),
        )
        for i, text in enumerate(texts)
    )
    spoken = tuple(
        Word(one, round(7.2 * i + n / 2, 2), round(7.2 * i + n / 2 + 0.4, 2), None, people[i % 2], None)
        for i, text in enumerate(texts)
        for n, one in enumerate(text)
        if with_words
    )
    nothing: dict[str, Any] = dict.fromkeys(Episode.__dataclass_fields__)
    episode = Episode(
        **(nothing | {"episode_id": "", "transcripts": (), "persons": (), "audio_links": (), "chapters": ()})
    )
    document = Staged(
        staged_at=NOON, podcast=Podcast("", "", None, None, None, "en"), episode=episode, rendition=None,
        transcript_id="", source="publisher", format="vtt", origin=None, language="en", model=None,
        method_version="1", parse_coverage=1.0, flags=(), created_at=NOON, turns=said, words=spoken,
        speaker_segments=(), stage_runs=(),
    )  # fmt: skip
    return pq.read_table(pa.BufferReader(write_staged(document)))


def runs(episode_id: str, at: datetime) -> list[dict[str, Any]]:
    """Make the rows of the stages that an episode went through."""
    return [
        run_row(
            StageRun(
                f"https://example.org/{episode_id}.mp3", episode_id, stage,
                hashlib.sha256(f"{episode_id} {stage}".encode()).hexdigest(), "done", None, None, f"{stage}-3",
                "large-v3-turbo", "cuda", '{"beam_size": 5, "compute_type": "float16", "language": null}',
                (), at, 12.5,
            )
        )
        for stage in STAGES
    ]  # fmt: skip


def write_episode(path: Path, number: int, table: pa.Table) -> None:
    """Write a document of one episode."""
    (row,) = table.select(["podcast", "episode", "transcript", "stage_runs", "staged_at"]).to_pylist()
    show = number % SHOWS
    row["staged_at"] = NOON + timedelta(seconds=number)
    row["podcast"] |= {"podcast_id": f"show-{show}", "title": f"Show {show}"}
    row["episode"] |= {
        "episode_id": f"episode-{number}", "podcast_id": f"show-{show}", "guid": str(number),
        "title": f"Episode {number}", "published_at": NOON - timedelta(days=number % 4000),
        "audio_url": f"https://example.org/{number}.mp3",
    }  # fmt: skip
    row["transcript"] |= {
        "transcript_id": f"{random.Random(number).getrandbits(128):032x}",
        "episode_id": f"episode-{number}",
    }
    row["stage_runs"] = runs(f"episode-{number}", row["staged_at"])
    changed = pa.Table.from_pylist([row], schema=pa.schema([schema().field(name) for name in row]))
    for name in row:
        table = table.set_column(table.schema.get_field_index(name), schema().field(name), changed[name])
    pq.write_table(table, path, compression="zstd")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of the processor that some work takes, and those of the wall."""
    wall, used = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - used, time.perf_counter() - wall


def queries(name: str) -> Iterator[str]:
    """Yield the queries of a page."""
    (page,) = (page for page in PAGES if page.name == name)
    yield from (block.text for block in page.blocks() if block.language == "sql")


def answered(snapshot: Path, asked: list[tuple[str, list[str]]]) -> list[tuple[float, float]]:
    """Time queries, each as the second of two; one that does not fit into the memory of a query is told."""
    times = []
    with open_snapshot(snapshot) as con:
        for sql, given in asked:
            try:
                con.execute(sql, given).fetchall()
                times.append(timed(lambda sql=sql, given=given: con.execute(sql, given).fetchall()))  # type: ignore[misc]
            except duckdb.OutOfMemoryException:
                print(f"too much for a query: {' '.join(sql.split())}")
    return times


def is_whole(path: Path) -> None:
    """Read and hash a document, as the loader of a home does before it believes it."""
    hashlib.sha256(path.read_bytes()).hexdigest()


def as_json(warehouse: Path, episodes: int = 20) -> float:
    """Return how many bytes an episode takes whose rows are written as JSON and packed by gzip, one file each."""
    tables = ("episodes", "transcripts", "turns", "stage_runs", "load_log")
    with duckdb.connect(str(warehouse), read_only=True) as con:
        ids = con.execute("select episode_id, transcript_id from transcripts limit ?", [episodes]).fetchall()
        size = 0
        for episode_id, transcript_id in ids:
            asked = [(f"from {table} where episode_id = ?", episode_id) for table in tables]
            asked.append(("select * exclude (transcript_id) from words where transcript_id = ?", transcript_id))
            rows = []
            for sql, name in asked:
                found = con.execute(sql, [name])
                columns = [column for column, *_ in found.description or ()]
                rows.append([dict(zip(columns, row, strict=True)) for row in found.fetchall()])
            known = [[{k: v for k, v in row.items() if v is not None} for row in one] for one in rows]
            size += len(gzip.compress(json.dumps(known, default=str).encode()))
    return size / len(ids)


def at(values: list[float], share: float) -> float:
    """Return the value that a share of all does not exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def grow(folder: Path, sizes: list[int], make: Callable[[int], Path]) -> None:
    """Load up to each size, then some more one by one, and print what that takes."""
    warehouse, snapshot = folder / "warehouse.duckdb", folder / "turntable.duckdb"
    print(
        "episodes | bulk: turns a s, wall | whole publish s, wall | one more s, wall | its publish s, wall "
        "| docs p50/p95 s, wall | questions p50/p95 s, wall | search p50/p95 s, wall | MB | of JSON.gz | memory MB"
    )
    done = 0
    for size in sizes:
        files = {f"{n:06}": make(n) for n in range(done, size)}
        bulk, turns = load_all(warehouse, files)
        first = timed(lambda: store.publish(warehouse, snapshot, whole=True))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3  # of loads and publishing
        more, published = [], []
        for n in range(size, size + MORE + 1):
            more.append(load_all(warehouse, {f"{n:06}": make(n)})[0])
            published.append(timed(lambda: store.publish(warehouse, snapshot)))
        docs, questions = (answered(snapshot, [(sql, []) for sql in queries(page)]) for page in PAGES_OF_SQL)
        found = answered(snapshot, [("from search(?)", [query]) for query in SEARCHES])
        cells = [
            *(size, ", ".join(f"{turns / seconds:,.0f}" for seconds in bulk), shown([first], 0.5)),
            *(shown(times[1:], 0.5) for times in (more, published)),  # the first copies all once more
            *(shown(times, 0.5, 0.95) for times in (docs, questions, found)),
            f"{snapshot.stat().st_size / 1e6:.0f}",
            f"{snapshot.stat().st_size / (size + MORE + 1) / as_json(snapshot):.2f}",
            f"{memory:.0f}",
        ]
        print(" | ".join(map(str, cells)), flush=True)
        done = size + MORE + 1


def load_all(warehouse: Path, files: dict[str, Path]) -> tuple[tuple[float, float], int]:
    """Load documents; the seconds of the processor and of the wall, and the turns."""
    done: list[load.Load] = []
    times = timed(lambda: done.append(store.load(warehouse, files, {}, is_whole)))
    return times, sum(one.turns for one in done[0].loaded)


def shown(times: list[tuple[float, float]], *shares: float) -> str:
    """Write what shares of some times do not exceed, of the processor and of the wall."""
    return ", ".join("/".join(f"{at([one[i] for one in times], s):.3f}" for s in shares) for i in (0, 1))


def main() -> None:
    """Make the documents, and grow a warehouse of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--words", type=int, default=12, help="of a turn")
    parser.add_argument("--no-words", action="store_true", help="no row for each word")
    parser.add_argument("--folder", type=Path, help="where the documents and the warehouse are kept")
    given = parser.parse_args()
    tables = [
        template(n, given.turns, given.words, with_words=not given.no_words)
        for n in range(min(TEMPLATES, given.sizes[-1]))
    ]
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)

        def make(number: int) -> Path:
            path = folder / f"{number:06}.parquet"
            if not path.exists():
                write_episode(path, number, tables[number % len(tables)])
            return path

        print(
            f"{given.turns} turns of {given.words} words, {load.MOST_DOCUMENTS} documents at once, "
            f"DuckDB {duckdb.__version__}"
        )
        grow(folder, sorted(given.sizes), make)
        write_episode(folder / "long.parquet", 99_999, template(1, 6000, given.words, with_words=True))
        took, _ = load_all(folder / "warehouse.duckdb", {"long": folder / "long.parquet"})
        print(f"an episode of twelve hours: {shown([took], 0.5)} s")


if __name__ == "__main__":
    main()
