"""What the loader derives once for the views is what the turns, words and voices say when they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.support.documents import EPISODE, empty_warehouse, staged
from tests.support.schemas import make_older
from transforms.records import SpeakerSegment, Turn, Word
from warehouse import store
from warehouse.loading.staging import write_staged
from warehouse.soundness.laws import verify

PLAIN = ROOT / "tests" / "data" / "plain_views.sql"
VIEWS = (
    *("talk_time", "exchanges", "speaker_overlaps", "interruptions", "silences", "monologues", "speaker_pairs"),
    "guests",
)
HEALTH = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
NAMES = {"A": "Mara Quill", "B": None, "C": "Idris Vane"}
# A turn: who (nobody, a label, one with a name), quarters of a second behind the last start, its length (it may
# be unknown), how many words it has, and whether a pause is among them.
said = st.tuples(
    st.sampled_from([None, "A", "B", "C"]),
    st.integers(0, 12),
    st.none() | st.integers(1, 300),
    st.sampled_from([0, 1, 3, 160]),
    st.booleans(),
)


def document(
    minutes: int, name: int, clock: int | None, turns: Sequence[tuple[str | None, int, int | None, int, bool]]
) -> bytes:
    """A transcript of one of two episodes, with words where it was heard; else on the clock of another."""
    at, made, words = 0.0, [], []
    for index, (speaker, behind, length, count, pauses) in enumerate(turns):
        at += behind / 4
        end = None if length is None else at + length / 4
        text = " ".join(["word"] * count) + ("?" if pauses else "")
        person = speaker and NAMES[speaker]
        made.append(
            Turn(
                index, speaker, None if end is None else at, end, text, len(words), count, "speaker", *[None] * 3,
                speaker_name=person, name_source="publisher" if person else None,
            )
        )  # fmt: skip
        times = [at + (2 if pauses and 2 * n >= count else 0) + n / 4 for n in range(count)]
        words += [Word("word", one, one + 0.25, None, speaker, None) for one in times]
    voices = [
        SpeakerSegment(one.start_time, one.end_time, one.speaker) for one in made if one.speaker and one.end_time
    ]
    is_heard = name % 2 == 0
    made_of = staged(
        minutes,
        episode=replace(EPISODE, episode_id=f"episode-{name // 4}", title=f"Talk {name // 4}"),
        rendition=None,
        transcript_id=f"transcript-{name}",
        source="asr" if is_heard else "publisher",
        turns=tuple(made),
        words=tuple(words) if is_heard else (),
        speaker_segments=tuple(voices) if is_heard else (),
        stage_runs=(),
    )
    table = pq.read_table(pa.BufferReader(write_staged(made_of)))
    if clock is not None and not is_heard:
        told = table["transcript"].to_pylist()
        told[0]["aligned_to"] = f"transcript-{name // 4 * 4 + 2 * clock}"
        place = table.schema.get_field_index("transcript")
        table = table.set_column(place, table.schema.field(place), pa.array(told, table.schema.field(place).type))
    file = pa.BufferOutputStream()
    pq.write_table(table, file)
    return file.getvalue().to_pybytes()


documents = st.builds(
    document,
    minutes=st.integers(0, 30),
    name=st.integers(0, 7),
    clock=st.none() | st.integers(0, 1),
    turns=st.lists(said, max_size=12),
)


def answers(warehouse: Path) -> dict[str, tuple[list[object], list[object]]]:
    """Ask each view, and the plain SQL that says the same."""
    with store.opened(warehouse, read_only=True) as con:
        derived = {name: rows(con, f"warehouse.main.{name}") for name in VIEWS}
        con.execute(PLAIN.read_text(encoding="utf-8"))
        return {name: (derived[name], rows(con, f"temp.{name}")) for name in VIEWS}


def rows(con: duckdb.DuckDBPyConnection, name: str) -> list[object]:
    """The rows of a view, in their order."""
    return con.execute(f"from {name} order by all").fetchall()


@pytest.mark.system  # whole warehouses are made
@settings(max_examples=6, suppress_health_check=HEALTH, deadline=None)
@given(st.lists(st.lists(documents, min_size=1, max_size=3), min_size=1, max_size=3))
def test_what_is_derived_is_what_the_turns_say(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[bytes]]
) -> None:
    """Of transcripts that come, come again and are on the clock of others; and in an older warehouse."""
    folder = tmp_path_factory.mktemp("home")
    warehouse = empty_warehouse(folder / "warehouse.duckdb")
    files: dict[str, Path] = {}
    for number, come in enumerate(rounds):
        for index, one in enumerate(come):
            path = files[f"{number}-{index}"] = folder / f"{number}-{index}.parquet"
            path.write_bytes(one)
        store.load(warehouse, files, {})
    loaded = answers(warehouse)
    for name, (derived, plain) in loaded.items():
        assert derived == plain, name
    assert verify(warehouse, files, {}) == ()
    make_older(warehouse, 15)
    store.upgrade(warehouse)
    assert answers(warehouse) == loaded
