"""The store: done is done, damage is seen, nothing half-written counts."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.artifacts import Artifact, Made, Store, stage_key, writing
from transforms.errors import SourceError
from transforms.records import StageRun


class Counter:
    """A stage that counts how often it is computed."""

    def __init__(self, payload: bytes = b"made") -> None:
        self.calls, self.payload = 0, payload

    def __call__(self, scratch: Path) -> Made:
        """Make the payload, as a file in the scratch folder."""
        self.calls += 1
        (scratch / "made").write_bytes(self.payload)
        return Made(scratch / "made", model="m", flags=("odd",), facts={"seconds": 1.5})


def make(store: Store, compute: Any, **parameters: Any) -> Artifact:
    """Make the one stage of these tests."""
    return store.make("toy", compute, method="toy-1", suffix=".bin", inputs={"x": "1"}, parameters=parameters)


def test_a_finished_stage_is_not_computed_again(tmp_path: Path) -> None:
    """The second call, in another store of the same home, reads what the first one made."""
    compute = Counter()
    first = make(Store(tmp_path), compute)
    second = make(Store(tmp_path), compute)

    assert compute.calls == 1
    assert first == second
    assert second.path.read_bytes() == b"made"
    assert second.manifest.facts == {"seconds": 1.5}
    assert second.manifest.flags == ("odd",)


def test_other_parameters_make_another_artifact(tmp_path: Path) -> None:
    """Both stay."""
    store, compute = Store(tmp_path), Counter()
    base = make(store, compute, model="base").manifest.key
    small = make(store, compute, model="small").manifest.key

    assert compute.calls == 2
    assert store.all("toy").keys() == {base, small}
    assert store.all("toy", {base}).keys() == {small}


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete", "manifest"])
def test_a_damaged_artifact_is_moved_aside_and_made_again(damage: str, tmp_path: Path) -> None:
    """What does not match its manifest is kept for a look, and does not count."""
    store, compute = Store(tmp_path), Counter()
    artifact = make(store, compute)
    manifest = artifact.path.parent / "manifest.json"
    match damage:
        case "flip":
            artifact.path.write_bytes(b"mAde")
        case "truncate":
            artifact.path.write_bytes(b"ma")
        case "delete":
            artifact.path.unlink()
        case "manifest":
            manifest.write_bytes(manifest.read_bytes()[:-20])

    again = make(store, compute)

    assert compute.calls == 2
    assert again.path.read_bytes() == b"made"
    assert len(list(store.damaged.iterdir())) == 1


def test_a_stage_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """No payload, no manifest, no scratch."""

    def fail(scratch: Path) -> Made:
        (scratch / "half").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    store = Store(tmp_path)
    with pytest.raises(OSError, match="No space"):
        make(store, fail)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert store.all("toy") == {}


def test_a_payload_without_a_manifest_is_not_done(tmp_path: Path) -> None:
    """So it looks after kill -9 in an earlier version, or where somebody deleted it."""
    store, compute = Store(tmp_path), Counter()
    artifact = make(store, compute)
    (artifact.path.parent / "manifest.json").unlink()

    make(store, compute)

    assert compute.calls == 2
    assert not store.damaged.exists()
    assert store.all_failures() == {}


def test_another_process_may_be_faster(tmp_path: Path) -> None:
    """Who comes second returns what the first one made."""
    store = Store(tmp_path)

    def slow(_: Path) -> Made:
        make(store, Counter())
        return Made(b"made later")

    assert make(store, slow).path.read_bytes() == b"made"
    assert not store.damaged.exists()


def test_scratch_of_dead_processes_is_swept_after_a_day(tmp_path: Path) -> None:
    """A young one may belong to somebody."""
    old, young = tmp_path / "scratch" / "old", tmp_path / "scratch" / "young"
    old.mkdir(parents=True)
    young.mkdir()
    os.utime(old, (time.time() - 90_000,) * 2)

    make(Store(tmp_path), Counter())

    assert (old.exists(), young.exists()) == (False, True)


def test_writing_never_shows_half_a_file(tmp_path: Path) -> None:
    """A failure leaves the old file as it was."""
    path = tmp_path / "a"
    path.write_text("old")

    def fail() -> None:
        with writing(path) as temporary:
            temporary.write_text("ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert path.read_text() == "old"
    assert [path] == list(tmp_path.iterdir())


def test_what_is_no_file_makes_room_for_a_payload(tmp_path: Path) -> None:
    """A folder in its place is set aside with a row; the stage is made all the same."""
    store, named = Store(tmp_path), {"inputs": {}, "parameters": {}}
    key = stage_key("toy", "1", {}, {})
    (tmp_path / "artifacts" / "toy" / key[:2] / key / "payload.bin").mkdir(parents=True)

    made = store.make("toy", lambda _: Made(b"x"), method="1", suffix=".bin", **named)

    assert made.path.read_bytes() == b"x"
    assert len(store.all_failures()) == 1


def test_what_cannot_be_moved_out_of_the_way_is_named(tmp_path: Path) -> None:
    """Here `damaged` is no folder: the error says in a line what lies where the stage is to go."""
    store = Store(tmp_path)
    folder = store.folder("toy", stage_key("toy", "1", {}, {}))
    (folder / "payload.bin").mkdir(parents=True)
    store.damaged.touch()

    with pytest.raises(SourceError) as caught:
        store.make("toy", lambda _: Made(b"x"), method="1", suffix=".bin", inputs={}, parameters={})

    assert str(caught.value).startswith(f"{folder} is in the way (")
    assert "\n" not in str(caught.value)
    assert (folder / "payload.bin").is_dir()


def test_failures_are_kept_one_by_one(tmp_path: Path) -> None:
    """Each gets a file that holds the row."""
    run = StageRun(
        "a.mp3",
        None,
        "decode",
        None,
        "failed",
        "content",
        "no",
        None,
        None,
        None,
        None,
        (),
        datetime.now(UTC),
        0.1,
    )
    store = Store(tmp_path)
    store.record_failure(run)
    store.record_failure(run)

    assert len(store.all_failures()) == 2


values = st.none() | st.booleans() | st.integers() | st.text()


@given(st.dictionaries(st.text(), values), st.dictionaries(st.text(), values))
def test_keys_differ_where_parameters_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    """And are the same whatever the order."""
    key = stage_key("s", "m-1", {"a": "1"}, one)

    assert key == stage_key("s", "m-1", {"a": "1"}, dict(reversed(one.items())))
    assert (key == stage_key("s", "m-1", {"a": "1"}, other)) == (
        repr(sorted(one.items())) == repr(sorted(other.items()))
    )
    assert key != stage_key("s", "m-2", {"a": "1"}, one)
