"""The warehouse is what its files say: whatever the order, the repeats, the crashes and the damage."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import new_warehouses
from tests.support.documents import (
    EPISODE,
    NOON,
    PODCAST,
    RENDITION,
    SEGMENTS,
    TURNS,
    empty_warehouse,
    published,
    stage_run,
    staged,
)
from transforms.errors import ContentError, SourceError, TransientError
from transforms.records import Chapter, StageRun, Turn
from warehouse import store
from warehouse.loading.load import Load, Loaded, RefusedFile
from warehouse.loading.staging import Given, Staged, write_staged
from warehouse.soundness import laws

TABLES = [
    *("podcasts", "episodes", "renditions", "transcripts", "turns", "words", "speaker_segments"),
    *("chapters", "sections", "events", "transcript_speakers", "stage_runs", "load_log", "discoveries"),
]

# Names, comments, keys and checks of a warehouse, and how it is stored.
SCHEMA = [
    "select table_name, comment from duckdb_tables() order by all",
    "select view_name, comment from duckdb_views() where not internal order by all",
    "select table_name, column_name, comment from duckdb_columns() where not internal order by all",
    "select table_name, constraint_text from duckdb_constraints() order by all",
    "select tags from duckdb_databases() where not internal",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "it's home"  # a quotation mark, as paths may have


@pytest.fixture
def warehouse(home: Path) -> Path:
    return empty_warehouse(home / "warehouse.duckdb")


def write(home: Path, documents: Mapping[str, Staged]) -> dict[str, Path]:
    """Write documents as files under their keys."""
    folder = home / "staged"
    folder.mkdir(parents=True, exist_ok=True)
    files = {key: folder / f"{key}.parquet" for key in documents}
    for key, path in files.items():
        path.write_bytes(write_staged(documents[key]))
    return files


def write_failure(home: Path, key: str, run: StageRun) -> dict[str, Path]:
    """Write one failure as a file under its key."""
    path = home / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**asdict(run), "started_at": run.started_at.isoformat()}))
    return {key: path}


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        return con.execute(sql).fetchall()


def content(database: Path) -> dict[str, list[str]]:
    """All rows of all tables, but for when they were loaded."""
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        every = "select columns(lambda c: c <> 'loaded_at') from "
        return {table: sorted(map(str, con.execute(every + table).fetchall())) for table in TABLES}


def edit(database: Path, *statements: str) -> None:
    with duckdb.connect(str(database)) as con:
        for statement in statements:
            con.execute(statement)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """A sound warehouse, to be copied before anything is done to it, and its file."""
    home = tmp_path_factory.mktemp("sound")
    files = write(home, {"k1": staged()})
    store.load(home / "warehouse.duckdb", files, {})
    assert laws.verify(home / "warehouse.duckdb", files, {}) == ()
    return home / "warehouse.duckdb", files


@pytest.fixture
def loaded(sound: tuple[Path, dict[str, Path]], home: Path, warehouse: Path) -> dict[str, Path]:
    """The file of a document that is loaded already."""
    whole, files = sound
    shutil.copytree(files["k1"].parent, home / "staged")
    shutil.copy(whole, warehouse)
    return {"k1": home / "staged" / "k1.parquet"}


# --- load


def test_a_document_becomes_rows(home: Path, warehouse: Path):
    """Every table gets its rows, whole values compared."""
    done = store.load(warehouse, write(home, {"k1": staged()}), {})
    assert done == Load((Loaded("k1", "asr-1", EPISODE.episode_id, 2, 4),))
    episode_id = EPISODE.episode_id
    assert rows(warehouse, "from podcasts") == [(*asdict(PODCAST).values(), NOON)]
    ((*episode, links, persons, updated_at, published_text, audio_path),) = rows(warehouse, "from episodes")
    assert episode == [
        episode_id, "show-1", "groove-1", "Why a Record Turns", "Mara asks Idris.", EPISODE.published_at,
        1, 1.0, "en", "https://groove.example/1", "https://groove.example/1.ogg", 12.0, "feed",
    ]  # fmt: skip
    assert links == [asdict(link) for link in EPISODE.transcripts]
    assert (persons, updated_at, published_text) == ([{"name": "Mara Quill", "role": "host"}], NOON, None)
    assert audio_path is None
    assert rows(warehouse, "from renditions") == [
        ("5ha", episode_id, RENDITION.url, "audio/ogg", 12.0, 10.0, 2, ["short_audio"], NOON)
    ]
    assert rows(warehouse, "from transcripts") == [
        (
            "asr-1",
            episode_id,
            "5ha",
            "asr",
            None,
            None,
            "en",
            "tiny.en",
            "1",
            None,
            True,
            ["low_margin"],
            NOON,
            *[None] * 6,
        )
    ]
    nothing = (None, None, None)
    assert rows(warehouse, "from turns order by all") == [
        (
            "asr-1",
            episode_id,
            0,
            "A",
            *nothing,
            0.0,
            1.5,
            "asr",
            "Why turn?",
            2,
            None,
            "speaker",
            False,
            1.0,
            0.85,
            *[None] * 3,
            True,
        ),
        (
            "asr-1",
            episode_id,
            1,
            "B",
            *nothing,
            2.0,
            3.0,
            "asr",
            "It must.",
            2,
            None,
            "speaker",
            False,
            0.5,
            0.8,
            *[None] * 3,
            False,
        ),
    ]
    assert rows(warehouse, "from words order by all") == [
        ("asr-1", 0, 0, "Why", 0.0, 0.5, "asr", 0.9, "A", 1.0, None, None),
        ("asr-1", 1, 0, "turn?", 0.5, 1.5, "asr", 0.8, "A", 1.0, None, None),
        ("asr-1", 2, 1, "It", 2.0, 2.5, "asr", 0.7, "B", 0.5, None, None),
        ("asr-1", 3, 1, "must.", 2.5, 3.0, "asr", 0.9, "B", 0.5, None, None),
    ]
    assert rows(warehouse, "from speaker_segments order by all") == [
        ("asr-1", 0, "A", 0.0, 1.75),
        ("asr-1", 1, "B", 1.5, 3.0),
    ]
    runs = rows(warehouse, "select * exclude (run_id) from stage_runs order by stage")
    assert runs == [
        tuple({**asdict(run), "flags": []}.values())
        for run in (stage_run("fetch"), stage_run("transcribe", model="tiny.en"))
    ]
    assert rows(warehouse, "select * exclude (loaded_at, text_md5, has_chapters, described_at) from load_log") == [
        ("k1", "asr-1", episode_id, "show-1", "5ha", 2, 4, NOON)
    ]


def test_a_failure_becomes_a_stage_run(home: Path, warehouse: Path):
    """A failed stage is a row that says why, under the key of its file; twice loaded it is one row."""
    run = stage_run(status="failed", key=None, episode_id=None, error_class="source", message="gone; go away")
    failures = write_failure(home, "f1", run)
    assert store.load(warehouse, {}, failures) == Load()
    store.load(warehouse, {}, failures)
    assert rows(warehouse, "from stage_runs") == [("f1", *{**asdict(run), "flags": []}.values())]
    assert laws.verify(warehouse, {}, failures) == ()


def test_loading_again_changes_nothing(home: Path, warehouse: Path):
    """A key that was loaded is done: no row more, none less, none new."""
    files = write(home, {"k1": staged(), "k2": published(1)})
    store.load(warehouse, files, {})
    before = {table: rows(warehouse, f"from {table} order by all") for table in TABLES}
    assert store.load(warehouse, files, {}) == Load()
    assert {table: rows(warehouse, f"from {table} order by all") for table in TABLES} == before


def test_a_newer_document_replaces_the_transcript_and_what_is_known(home: Path, warehouse: Path):
    """The same transcript staged again: its old rows are gone, the episode is told anew."""
    renamed = replace(EPISODE, title="Why It Turns")
    newer = staged(5, episode=renamed, turns=TURNS[:1], words=staged().words[:2], speaker_segments=SEGMENTS[:1])
    files = write(home, {"k1": staged(), "k2": newer})
    store.load(warehouse, files, {})
    assert rows(warehouse, "select title, updated_at from episodes") == [
        ("Why It Turns", NOON + timedelta(minutes=5))
    ]
    counts = "select (from (select count(*) from {})) "
    assert [rows(warehouse, counts.format(t))[0][0] for t in ("turns", "words", "speaker_segments")] == [
        1,
        2,
        1,
    ]
    assert laws.verify(warehouse, files, {}) == ()


def test_an_older_document_that_comes_late_changes_nothing(home: Path, warehouse: Path):
    """What was staged later wins, even where it was loaded first; the late one is logged all the same."""
    newer = write(home, {"k2": staged(5, episode=replace(EPISODE, title="New"), turns=(), words=())})
    store.load(warehouse, newer, {})
    store.load(warehouse, write(home, {"k1": staged()}), {})
    assert rows(warehouse, "select title from episodes") == [("New",)]
    assert rows(warehouse, "from turns") == []
    assert rows(warehouse, "select staged_key from load_log order by 1") == [("k1",), ("k2",)]


def test_a_transcript_that_moves_leaves_its_old_episode(home: Path, warehouse: Path):
    """Linked to another episode, it is counted there, and the old episode has another best one."""
    other = replace(EPISODE, episode_id="other")
    files = write(home, {"k1": published(), "k2": staged(1), "k3": published(2, episode=other)})
    store.load(warehouse, files, {})
    assert rows(warehouse, "select episode_id, transcript_id, is_best from transcripts order by 1") == [
        (EPISODE.episode_id, "asr-1", True),
        ("other", "vtt-1", True),
    ]
    assert laws.verify(warehouse, files, {}) == ()


def test_chapters_of_an_episode_are_those_of_the_newest_document_that_has_any_say(home: Path, warehouse: Path):
    """A document whose maker did not look for chapters leaves them; one that found none takes them away."""
    chapters = Given("podcast:chapters", (Chapter(0, "Welcome", 0.0, 19.0), Chapter(1, "Dust", 19.0, None)))
    told = "select chapter_index, title, source from chapters where transcript_id is null order by 1"
    files = write(home, {"k1": staged(1, given=chapters), "k2": published(2)})

    store.load(warehouse, {"k2": files["k2"]}, {})
    store.load(warehouse, files, {})
    assert rows(warehouse, told) == [(0, "Welcome", "podcast:chapters"), (1, "Dust", "podcast:chapters")]

    files |= write(home, {"k3": staged(3, given=Given(None, ()))})
    store.load(warehouse, files, {})
    assert rows(warehouse, told) == []
    assert laws.verify(warehouse, files, {}) == ()


def unlabelled(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return tuple(replace(turn, speaker=None) for turn in turns)


HOUR = timedelta(hours=1)
BEST_FIRST = (
    published(transcript_id="p-new", created_at=NOON + HOUR),
    published(transcript_id="p-old-a"),
    published(transcript_id="p-old-b"),
    published(transcript_id="p-no-speakers", created_at=NOON + 2 * HOUR, turns=unlabelled(published().turns)),
    staged(transcript_id="asr"),
    staged(transcript_id="asr-no-speakers", created_at=NOON + HOUR, turns=unlabelled(TURNS)),
    published(transcript_id="captions", source="captions", created_at=NOON + HOUR),
    staged(transcript_id="asr-empty", turns=(), words=(), created_at=NOON + 2 * HOUR),
)
SUMMARY = published(transcript_id="p-empty", turns=(), created_at=NOON + HOUR)


def test_the_best_transcript_follows_the_rule(home: Path, warehouse: Path):
    """Of each tail of the list from best to worst, the first is best, whichever come together and first.

    Each tail is what there is of one episode.
    """
    batches: tuple[dict[str, Staged], dict[str, Staged]] = ({}, {})
    for best in range(len(BEST_FIRST)):
        tail = [
            replace(
                one, transcript_id=f"{best} {one.transcript_id}", episode=replace(EPISODE, episode_id=str(best))
            )
            for one in (*BEST_FIRST[best:], SUMMARY)
        ]
        for number, one in enumerate(random.Random(best).sample(tail, len(tail))):
            batches[number % 2][one.transcript_id] = one
    for batch in batches:
        store.load(warehouse, write(home, batch), {})
    chosen = rows(warehouse, "select transcript_id from transcripts where is_best order by episode_id")
    assert chosen == [(f"{best} {one.transcript_id}",) for best, one in enumerate(BEST_FIRST)]


def test_a_summary_is_never_best(home: Path, warehouse: Path):
    """An episode of which there is only a page without turns has no best transcript, and that is sound."""
    files = write(home, {"s": SUMMARY})
    store.load(warehouse, files, {})
    assert rows(warehouse, "select transcript_id, is_best from transcripts") == [("p-empty", False)]
    assert laws.verify(warehouse, files, {}) == ()


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[dict[str, Staged], list[list[str]]]:
    """Some documents that share episodes, transcripts and moments, and two ways to deliver them."""
    documents = {}
    for number in range(draw(st.integers(1, 4))):
        episode = replace(EPISODE, episode_id=draw(st.sampled_from("ef")), title=f"title {number}")
        rendition = replace(RENDITION, url=f"https://{number}.example") if draw(st.booleans()) else None
        make = draw(st.sampled_from([staged, published]))
        named = Chapter(0, f"chapter {number}", 0.0, None)
        documents[f"k{number}"] = make(
            draw(st.integers(0, 2)),
            transcript_id=draw(st.sampled_from("tu")),
            episode=episode,
            podcast=replace(PODCAST, author=f"author {number}") if draw(st.booleans()) else None,
            rendition=rendition,
            given=draw(st.sampled_from([None, Given(None, ()), Given("notes", (named,))])),
            stage_runs=(stage_run(started_at=NOON + timedelta(seconds=number)),),
        )
    keys = st.lists(st.sampled_from(sorted(documents)), max_size=3)
    return documents, [draw(keys), draw(keys)]


@pytest.mark.system  # it takes long
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(delivery=deliveries())
def test_order_and_repeats_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, delivery: tuple[dict[str, Staged], list[list[str]]]
):
    """Any deliveries of the same documents, one by one or together, give the same warehouse."""
    documents, orders = delivery
    folder = tmp_path_factory.mktemp("orders")
    files = write(folder, documents)
    for number, order in enumerate(orders):
        for key in order:
            store.load(folder / f"{number}.duckdb", {key: files[key]}, {})
        store.load(folder / f"{number}.duckdb", files, {})
    assert content(folder / "0.duckdb") == content(folder / "1.duckdb")
    assert laws.verify(folder / "0.duckdb", files, {}) == ()


# --- damage


def test_one_damaged_file_does_not_hold_up_the_others(home: Path, warehouse: Path):
    """The sound documents and failures are loaded; what cannot be is told with its cause."""
    files = write(home, {"a": staged(), "b": published(), "c": staged(transcript_id="asr-2")})
    files["a"].write_bytes(files["a"].read_bytes()[:-100])
    failures = {
        **write_failure(home, "f0", stage_run(status="failed")),
        **{"f1": home / "missing.json"},
    }
    done = store.load(warehouse, files, failures)
    assert [(one.key, one.path) for one in done.refused] == [("a", files["a"]), ("f1", home / "missing.json")]
    assert "magic bytes" in done.refused[0].cause
    assert rows(warehouse, "select staged_key from load_log order by 1") == [("b",), ("c",)]
    assert rows(warehouse, "select run_id from stage_runs where status = 'failed'") == [("f0",)]
    checks = [problem.check for problem in laws.verify(warehouse, files, failures)]
    assert checks == ["file is damaged", "file is damaged", "staged document is not loaded"]


def test_what_is_not_as_it_was_written_is_not_read(home: Path, warehouse: Path):
    """A document that a check finds damaged is refused with what the check says, when loaded and when rebuilt."""
    files = write(home, {"a": staged(), "b": published()})

    def check(path: Path) -> str | None:
        return "a bit flipped" if path == files["a"] else None

    for use in (store.load, store.rebuild):
        done = use(warehouse, files, {}, check)
        assert done.refused == (RefusedFile("a", files["a"], "a bit flipped"),)
        assert rows(warehouse, "select staged_key from load_log") == [("b",)]


def test_a_damaged_failure_file_is_named(home: Path, warehouse: Path):
    """Whatever its bytes, it is refused, and no row."""
    home.mkdir(exist_ok=True)
    failures = {}
    for number, data in enumerate((b"", b"null", b"[]", b"{", b'{"stage": "fetch"}', b"\xff\x00", b"7")):
        failures[f"f{number}"] = home / f"f{number}.json"
        failures[f"f{number}"].write_bytes(data)
    done = store.load(warehouse, {}, failures)
    assert {one.key: one.path for one in done.refused} == failures
    assert rows(warehouse, "from stage_runs") == []


def test_files_of_a_newer_version_are_read_as_far_as_they_are_known(
    sound: tuple[Path, dict[str, Path]], home: Path, warehouse: Path
):
    """Columns and fields that nobody knows are left; what is known is loaded whole."""
    known, files = sound
    home.mkdir(exist_ok=True)
    newer = home / "newer.parquet"
    with duckdb.connect() as con:
        con.execute(
            f"""copy (
                select * replace (
                    struct_insert(episode, mood := 'glad') as episode,
                    [struct_insert(t, pitch := 1.5, more := {{'a': [1]}}) for t in turns] as turns,
                    [struct_insert(w, tone := 7) for w in words] as words
                ), {{'x': 1}} as hologram
                from '{str(files["k1"]).replace("'", "''")}'
            ) to '{str(newer).replace("'", "''")}' (format parquet)"""
        )
    run = json.loads(write_failure(home, "f1", stage_run(status="failed"))["f1"].read_text())
    (home / "f1.json").write_text(json.dumps({**run, "machine": "m7", "more": {"a": 1}}))

    assert store.load(warehouse, {"k1": newer}, {"f1": home / "f1.json"}).refused == ()

    old = content(known)
    assert {**content(warehouse), "stage_runs": None} == {**old, "stage_runs": None}
    assert rows(warehouse, "select run_id from stage_runs where status = 'failed'") == [("f1",)]


def test_damaged_documents_do_not_bring_down_the_loader(home: Path, warehouse: Path):
    """Cut or flipped at twenty places, each file is loaded or named; a sound one is loaded after."""
    whole = write_staged(staged())
    dice = random.Random(7)
    home.mkdir(exist_ok=True)
    files = {f"k{number}": home / f"k{number}.parquet" for number in range(20)}
    for path in files.values():
        data = bytearray(whole)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        path.write_bytes(data if dice.random() < 0.7 else data[: dice.randrange(len(data))])
    done = store.load(warehouse, files, {})
    assert len(done.refused) >= 7
    assert len(done.refused) + len(done.loaded) == 20
    sound = write(home, {"sound": staged(60, transcript_id="sound")})
    assert [loaded.staged_key for loaded in store.load(warehouse, sound, {}).loaded] == ["sound"]


def test_a_document_that_breaks_a_law_is_refused_whole(home: Path, warehouse: Path):
    """A turn that ends before it starts breaks a CHECK: nothing of its document stays."""
    backwards = staged(turns=(replace(TURNS[0], start_time=9.0), TURNS[1]))
    (refused,) = store.load(warehouse, write(home, {"k1": backwards}), {}).refused
    assert "CHECK constraint" in refused.cause
    assert all(not found for found in content(warehouse).values())


def test_no_time_outside_the_laws_gets_in(home: Path, warehouse: Path):
    """Negative, backwards, endless or not a number: refused for turns, words and segments alike."""
    wrong: dict[str, Staged] = {}
    for start, end in ((-1.0, 1.0), (2.0, 1.0), (0.0, float("nan")), (0.0, float("inf"))):
        turn, word, segment = (
            replace(one[0], start_time=start, end_time=end) for one in (TURNS, staged().words, SEGMENTS)
        )
        for name, one in (("turns", turn), ("words", word), ("speaker_segments", segment)):
            wrong[f"{name} {start} {end}"] = staged(**{name: (one,)})
    refused = store.load(warehouse, write(home, wrong), {}).refused
    assert {one.key for one in refused} == set(wrong)
    assert all("CHECK constraint" in one.cause for one in refused)


@pytest.mark.parametrize("data", [b"", b"not a database" * 1000])
def test_a_damaged_warehouse_names_the_way_out(home: Path, warehouse: Path, data: bytes):
    """It is not overwritten silently: the error says `turntable rebuild`, and that works."""
    files = write(home, {"k1": staged()})
    warehouse.write_bytes(data)
    for use in (
        lambda: store.load(warehouse, files, {}),
        lambda: laws.verify(warehouse, files, {}),
        lambda: store.publish(warehouse, home / "snapshot.duckdb"),
    ):
        with pytest.raises(ContentError, match=r"warehouse\.duckdb is damaged: .* `turntable rebuild`"):
            use()
    store.rebuild(warehouse, files, {})
    assert laws.verify(warehouse, files, {}) == ()


@pytest.mark.system  # it takes long
def test_flipped_pages_are_an_error_or_found_by_verify(loaded: dict[str, Path], warehouse: Path):
    """A bit flipped in the file is never a traceback of DuckDB's, and a rebuild heals it."""
    whole, dice = warehouse.read_bytes(), random.Random(3)
    said = set()
    for _ in range(12):
        data = bytearray(whole)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        warehouse.write_bytes(data)
        try:
            laws.verify(warehouse, loaded, {})
        except ContentError as error:
            said.add(str(error).partition(" is damaged: ")[0])
    assert said == {str(warehouse)}
    store.rebuild(warehouse, loaded, {})
    assert laws.verify(warehouse, loaded, {}) == ()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        duckdb.IOException('IO Error: Could not write file "x": No space left on device'),
    ],
)
def test_a_full_disk_is_transient(error: Exception):
    """Whether DuckDB or the system says it, the way out is to free some space."""
    with pytest.raises(TransientError, match="no space left on the disk of x; free some and run it again"):
        raise store._translated(error, Path("x"))


# --- locks and crashes


def test_a_held_lock_is_waited_for_then_transient(home: Path, warehouse: Path, monkeypatch: pytest.MonkeyPatch):
    """A load waits for the one before; after the limit it says who holds it up."""
    files = write(home, {"k1": staged()})
    with FileLock(f"{warehouse}.lock"):
        monkeypatch.setattr(store, "LOCK_SECONDS", 0.1)
        with pytest.raises(TransientError, match="held by another process"):
            store.load(warehouse, files, {})
    monkeypatch.setattr(store, "LOCK_SECONDS", 30.0)
    lock = FileLock(f"{warehouse}.lock", thread_local=False)
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    assert len(store.load(warehouse, files, {}).loaded) == 1


def run(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.system
def test_a_warehouse_open_elsewhere_is_transient(loaded: dict[str, Path], warehouse: Path):
    """Somebody opened the file itself with another tool: that is said, and nothing breaks."""
    holder = run(
        "import duckdb, sys\ncon = duckdb.connect(sys.argv[1])\nprint('open', flush=True)\nsys.stdin.readline()",
        warehouse,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(TransientError, match="open in another program"):
            store.load(warehouse, {}, {})
    finally:
        holder.kill()
        holder.wait()


LOAD_FOREVER = """
import sys
from pathlib import Path
from warehouse import store
from warehouse.loading import load
load.MOST_DOCUMENTS = 2
home = Path(sys.argv[1])
files = {path.stem: path for path in (home / "staged").iterdir()}
print("go", flush=True)
store.load(home / "warehouse.duckdb", files, {})
store.publish(home / "warehouse.duckdb", home / "snapshot.duckdb")
"""


@pytest.mark.system
def test_a_killed_load_loses_and_doubles_nothing(home: Path, warehouse: Path):
    """Killed at random moments, the load goes on where it was, and ends equal to one that was not killed."""
    files = write(home, {f"k{n:02}": staged(n, transcript_id=f"t{n % 15}") for n in range(20)})
    dice = random.Random(5)
    killed = 0
    for _ in range(5):
        process = run(LOAD_FOREVER, home)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(dice.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() != 0
        if warehouse.exists():
            store.load(warehouse, {}, {})  # it opens, whatever is missing
    assert killed > 0
    store.load(warehouse, files, {})
    store.publish(warehouse, home / "snapshot.duckdb")
    assert laws.verify(warehouse, files, {}) == ()
    assert sorted(path.name for path in home.iterdir()) == [
        "snapshot.duckdb", "staged", "warehouse.duckdb", "warehouse.duckdb.lock",
    ]  # fmt: skip


# --- migrate, publish, rebuild


def test_migrate_twice_is_migrate_once():
    """A warehouse of the newest schema stays as it is; every table and column says what it holds."""
    with duckdb.connect() as con:
        store.migrate(con)
        store.migrate(con)
        assert con.execute("select name from schema_migrations").fetchall() == [
            ("0001_initial.sql",),
            ("0002_published.sql",),
            ("0003_best.sql",),
            ("0004_chapters.sql",),
            ("0005_discovered.sql",),
            ("0006_feed_order.sql",),
            ("0007_one_row.sql",),
            ("0008_confidence.sql",),
            ("0009_aligned.sql",),
            ("0010_told.sql",),
            ("0011_voices.sql",),
            ("0012_search.sql",),
            ("0013_no_keys.sql",),
            ("0014_archives.sql",),
            ("0015_passages.sql",),
            ("0016_derived.sql",),
        ]
        assert con.execute("select table_name from duckdb_tables() where comment is null").fetchall() == []
        assert (
            con.execute(
                "select table_name, column_name from duckdb_columns() where not internal and comment is null"
            ).fetchall()
            == []
        )


def test_a_new_home_begins_with_what_the_tests_begin_with(home: Path, warehouse: Path, monkeypatch: Any):
    """A load that makes its warehouse makes the tables, views, macros and comments of which tests have a copy."""
    files, new = write(home, {"k": staged()}), home / "new.duckdb"
    store.load(warehouse, files, {})
    monkeypatch.setattr(store, "opened", new_warehouses.opened_as_it_is)
    store.load(new, files, {})
    assert content(new) == content(warehouse)
    for what in (
        *SCHEMA,
        "select function_name, macro_definition, comment from duckdb_functions() where not internal order by all",
    ):
        assert rows(new, what) == rows(warehouse, what) != []


def test_a_newer_warehouse_is_not_touched():
    """An older Turntable says so, and does not write into what it does not know."""
    with duckdb.connect() as con:
        store.migrate(con)
        con.execute("insert into schema_migrations values ('9999_future.sql', now())")
        with pytest.raises(ContentError, match=r"9999_future\.sql of a newer Turntable: upgrade"):
            store.migrate(con)


def test_the_snapshot_is_the_warehouse(home: Path, warehouse: Path):
    """Same rows, same comments on tables, views and columns, same keys and checks, same storage version."""
    files = write(home, {"k1": staged(), "k2": published(1)})
    snapshot = home / "deep" / "snapshot.duckdb"
    store.load(warehouse, files, {})
    store.publish(warehouse, snapshot)
    assert content(snapshot) == content(warehouse)
    for what in SCHEMA:
        assert rows(snapshot, what) == rows(warehouse, what)
    assert rows(snapshot, "select tags['storage_version'] from duckdb_databases() where not internal") == [
        ("v1.5.0+",)
    ]
    assert rows(snapshot, "select count(*) from best_turns") == [(2,)]


def test_readers_keep_their_snapshot_and_new_ones_see_the_new(
    loaded: dict[str, Path], home: Path, warehouse: Path
):
    """Publishing under an open reader disturbs nobody, and what a killed process left is swept."""
    snapshot = home / "snapshot.duckdb"
    store.publish(warehouse, snapshot)
    leftover = home / ".snapshot.duckdb.dead.tmp"
    leftover.write_bytes(b"half")
    reader = run(
        "import duckdb, sys\n"
        "con = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print('open', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(con.execute('select count(*) from turns').fetchone()[0])",
        snapshot,
    )
    assert reader.stdout is not None
    reader.stdout.readline()
    store.load(warehouse, write(home, {"k2": published(1)}), {})
    store.publish(warehouse, snapshot)
    assert rows(snapshot, "select count(*) from turns") == [(4,)]
    assert reader.communicate()[0] == "2\n"
    assert not leftover.exists()


def test_deleted_words_are_not_in_the_snapshot(home: Path, warehouse: Path):
    """What a newer document took back is in no byte of what people read."""
    snapshot = home / "snapshot.duckdb"
    secret = replace(TURNS[0], text="xyzzy the secret word plugh")
    store.load(warehouse, write(home, {"k1": staged(turns=(secret, TURNS[1]))}), {})
    store.load(warehouse, write(home, {"k2": staged(1)}), {})
    store.publish(warehouse, snapshot)
    assert b"secret word plugh" not in snapshot.read_bytes()


def test_rebuild_makes_the_same_warehouse(loaded: dict[str, Path], home: Path, warehouse: Path):
    """From nothing, over a damaged log and over a changed one: always what the files say."""
    files = loaded | write(home, {"k2": published(1)})
    failures = write_failure(home, "f1", stage_run(status="failed"))
    store.load(warehouse, files, failures)
    before = content(warehouse)
    edit(warehouse, "delete from turns")
    Path(f"{warehouse}.wal").write_bytes(b"not a log")
    store.rebuild(warehouse, files, failures)
    assert content(warehouse) == before
    warehouse.unlink()
    store.rebuild(warehouse, files, failures)
    assert content(warehouse) == before


REBUILD_WITH_LITTLE_ROOM = """
import resource, sys
from pathlib import Path
from warehouse import store
home = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000,) * 2)
store.rebuild(home / "warehouse.duckdb", {"k1": home / "staged" / "k1.parquet"}, {})
"""


@pytest.mark.system
def test_a_disk_that_is_full_when_a_rebuilt_warehouse_is_closed_leaves_the_old_one(
    loaded: dict[str, Path], home: Path, warehouse: Path
):
    """Its rows were in a log then, and an empty file took the place of the warehouse."""
    before = content(warehouse)
    arguments = [sys.executable, "-c", REBUILD_WITH_LITTLE_ROOM, str(home)]
    process = subprocess.run(arguments, capture_output=True, text=True)
    assert "TransientError" in process.stderr
    assert "cannot be written" in process.stderr
    assert content(warehouse) == before
    assert sorted(path.name for path in home.iterdir()) == ["staged", "warehouse.duckdb", "warehouse.duckdb.lock"]


def test_rebuild_leaves_out_a_damaged_file_and_says_so(home: Path, warehouse: Path):
    """What else there is, is there."""
    files = write(home, {"k1": staged(), "k2": published(1)})
    store.load(warehouse, files, {})
    files["k2"].write_bytes(b"")
    assert [one.key for one in store.rebuild(warehouse, files, {}).refused] == ["k2"]
    assert rows(warehouse, "select staged_key from load_log") == [("k1",)]


def test_without_a_warehouse_the_error_says_what_to_run(warehouse: Path):
    """Nothing was ingested: that is said, and no empty file is made."""
    warehouse.unlink()
    with pytest.raises(SourceError, match="run `turntable ingest"):
        store.publish(warehouse, warehouse.with_name("snapshot.duckdb"))
    with pytest.raises(SourceError, match="run `turntable ingest"):
        laws.verify(warehouse, {}, {})
    assert not warehouse.exists()


# --- verify

VIOLATIONS = {
    "turn without its load or transcript": "delete from transcripts",
    "transcript without its load or episode": "delete from episodes",
    "load without its transcript": "delete from transcripts",
    "turns or words differ from what was loaded": "update turns set text = 'No' where turn_index = 1",
    "gap in the turns": "delete from turns where turn_index = 0",
    "not exactly one best transcript": "update transcripts set is_best = false",
    "best transcript without turns": "update transcripts set source = 'publisher'; delete from turns",
    "turn outside the audio": "update turns set end_time = 10.6 where turn_index = 1",
    "published word outside the audio": "update transcripts set aligned_to = transcript_id where source = 'asr'; "
    "update words set time_source = 'aligned', end_time = 10.6 where word_index = 3",
    "word in no turn": "update words set turn_index = null where word_index = 0",
    "word count of a turn is wrong": "update turns set word_count = 3 where turn_index = 1",
    "short audio without a flag": "update renditions set flags = []",
    "stage run twice": "insert into stage_runs from stage_runs limit 1",
    "done stage run twice": "insert into stage_runs select * replace ('x' as run_id) from stage_runs limit 1",
    "schema is not the newest": "delete from schema_migrations",
}
DIFFERENCES = {
    "staged document is not loaded": "delete from load_log",
    "loaded document has no file": "insert into load_log select * replace ('x' as staged_key) from load_log",
    "warehouse differs from its files": "update podcasts set title = 'Mine'",
}


@pytest.mark.parametrize(("check", "violation"), VIOLATIONS.items(), ids=list(VIOLATIONS))
def test_each_violation_is_found(loaded: dict[str, Path], warehouse: Path, check: str, violation: str):
    """Each law, broken by one statement, is named; the sound warehouse breaks none."""
    edit(warehouse, violation)
    assert check in {problem.check for problem in laws.broken_laws(warehouse)}


@pytest.mark.parametrize(("check", "violation"), DIFFERENCES.items(), ids=list(DIFFERENCES))
def test_verify_finds_each_difference(loaded: dict[str, Path], warehouse: Path, check: str, violation: str):
    """What is not as the files say is named, beside the laws that are broken."""
    edit(warehouse, violation, "update transcripts set is_best = false")
    found = {problem.check for problem in laws.verify(warehouse, loaded, {})}
    assert found >= {check, "not exactly one best transcript"}


def test_verify_looks_at_nothing_but_the_newest_schema(loaded: dict[str, Path], warehouse: Path):
    """An older one is not compared with what the files make today."""
    edit(warehouse, "delete from schema_migrations")
    assert [problem.check for problem in laws.verify(warehouse, loaded, {})] == ["schema is not the newest"]


def test_verify_leaves_nothing_behind(loaded: dict[str, Path], home: Path, warehouse: Path):
    """The warehouse that it builds for comparison is gone after."""
    before = warehouse.read_bytes()
    laws.verify(warehouse, loaded, {})
    assert warehouse.read_bytes() == before
    assert sorted(path.name for path in home.iterdir()) == [
        "staged",
        "warehouse.duckdb",
        "warehouse.duckdb.lock",
    ]


def test_a_snapshot_that_lags_behind_is_told_from_one_that_does_not(
    loaded: dict[str, Path], home: Path, warehouse: Path
):
    """After a load, after a failure, and when it is missing or damaged, it is to be published again."""
    snapshot = home / "snapshot.duckdb"
    seen = []

    seen.append(store.is_published(warehouse, snapshot))
    store.publish(warehouse, snapshot)
    seen.append(store.is_published(warehouse, snapshot))
    store.load(warehouse, loaded, {})
    seen.append(store.is_published(warehouse, snapshot))
    store.load(warehouse, loaded, write_failure(home, "f1", stage_run("decode", status="failed")))
    seen.append(store.is_published(warehouse, snapshot))
    snapshot.write_bytes(b"no database")
    seen.append(store.is_published(warehouse, snapshot))

    assert seen == [False, True, True, False, False]
