"""The warehouse as Parquet by show and year: it is what the snapshot shows, and only news is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pytest

from flows.object_storage import find_bucket
from tests.conftest import command
from tests.support.documents import EPISODE, PODCAST, TURNS, publish, published, staged
from tests.support.object_storage import Storage, storage
from transforms.errors import SourceError, TransientError
from transforms.records import TranscriptLink
from warehouse.export.outgoing import TABLES
from warehouse.export.partitions import NOT_KNOWN, export_partitions
from warehouse.export.places import Folder
from warehouse.loading.staging import Staged


def talk(number: int, show: str | None, year: int | None, text: str = "Why turn?") -> Staged:
    """A transcript of an episode of a show, published in a year."""
    at = datetime(year, 6, 1, tzinfo=UTC) if year else None
    name = f"episode-{number}"
    return staged(
        number,
        transcript_id=f"transcript-{number}",
        episode=replace(EPISODE, episode_id=name, podcast_id=show, published_at=at, title=f"Talk {number}"),
        podcast=replace(PODCAST, podcast_id=show) if show else None,
        stage_runs=(),
        turns=(replace(TURNS[0], text=text), TURNS[1]),
    )


FIRST = (talk(1, "show-1", 2025), talk(2, "show-1", 2026), talk(3, "show/../2", 2026), talk(4, None, None))


def news(snapshot: Path, folder: Path) -> dict[str, str]:
    """What became of each partition."""
    return {one.name: one.news for one in export_partitions(snapshot, Folder(folder))}


def exported(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table, as who reads folders of Hive has them."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        files = f"read_parquet('{folder}/{table}/*/*/data.parquet', hive_partitioning = false)"
        return con.execute(f"from {files} order by all").fetchall()


def shown(snapshot: Path, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table of the snapshot."""
    with duckdb.connect(str(snapshot), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        return con.execute(f"from {table} order by all").fetchall()


def test_what_is_exported_is_what_is_shown(tmp_path: Path) -> None:
    """Each table row by row; the name of a show is a folder and no way out of it."""
    snapshot = publish(tmp_path / "home", *FIRST)
    assert set(news(snapshot, tmp_path / "lake")) == {
        "podcast=show-1/year=2025",
        "podcast=show-1/year=2026",
        "podcast=show%2F..%2F2/year=2026",
        f"podcast={NOT_KNOWN}/year={NOT_KNOWN}",
    }
    for table in TABLES:
        assert exported(tmp_path / "lake", table) == shown(snapshot, table)
    assert exported(tmp_path / "lake", "words")
    assert {path.name for path in tmp_path.iterdir()} == {"home", "lake"}
    found = ds.dataset(tmp_path / "lake" / "turns", partitioning="hive").to_table(filter=ds.field("year") == 2025)
    assert set(found["podcast"].to_pylist()) == {"show-1"}


def test_no_path_of_this_machine_leaves_it(tmp_path: Path) -> None:
    """Neither of audio nor of a text, also where an earlier version took a path for an address."""
    here = TranscriptLink("/home/ann/1.vtt", "text/vtt", "en", None)
    lone = replace(EPISODE, audio_path="/home/ann/1.ogg", audio_url="/home/ann/1.ogg", transcripts=(here,))
    snapshot = publish(tmp_path / "home", staged(episode=lone), published(origin="/home/ann/1.vtt", episode=lone))
    news(snapshot, tmp_path / "lake")
    assert "/home/ann" in str([shown(snapshot, table) for table in TABLES])
    assert "/home/ann" not in str([exported(tmp_path / "lake", table) for table in TABLES])


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    """A newer text, a new episode; a show that is gone goes; what others deleted is written anew."""
    folder = tmp_path / "lake"
    news(publish(tmp_path / "one", *FIRST), folder)
    again = publish(tmp_path / "two", *FIRST)
    assert set(news(again, folder).values()) == {"unchanged"}

    newer = published(
        90, transcript_id="transcript-1", episode=FIRST[0].episode, podcast=FIRST[0].podcast, rendition=None
    )
    later = publish(tmp_path / "three", *FIRST[:2], newer, FIRST[3], talk(5, "show-1", 2024))
    assert news(later, folder) == {
        "podcast=show-1/year=2024": "written",
        "podcast=show-1/year=2025": "written",
        "podcast=show-1/year=2026": "unchanged",
        f"podcast={NOT_KNOWN}/year={NOT_KNOWN}": "unchanged",
        "podcast=show%2F..%2F2/year=2026": "removed",
    }
    assert not list(folder.glob("*/podcast=show%2F..%2F2"))
    for table in TABLES:
        assert exported(folder, table) == shown(later, table)

    (folder / "words" / "podcast=show-1" / "year=2024" / "data.parquet").unlink()
    assert [name for name, what in news(later, folder).items() if what == "written"] == [
        "podcast=show-1/year=2024"
    ]
    (folder / "_turntable.json").write_text("{")
    assert set(news(later, folder).values()) == {"written"}


def test_what_is_no_export_is_left_alone(tmp_path: Path) -> None:
    """A folder with other things, a file, a place that cannot be written."""
    snapshot = publish(tmp_path / "home", FIRST[0])
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"x")
    for place in (tmp_path / "photos", tmp_path / "photos" / "a.jpg"):
        with pytest.raises((SourceError, TransientError), match=r"something else|cannot be written") as caught:
            news(snapshot, place)
        assert "\n" not in str(caught.value)
    assert (tmp_path / "photos" / "a.jpg").read_bytes() == b"x"
    with pytest.raises(SourceError, match="nothing ingested yet"):
        news(tmp_path / "none.duckdb", tmp_path / "lake")


@pytest.mark.system
def test_the_command_counts(tmp_path: Path) -> None:
    """Partitions that were written, and those that were not."""
    publish(tmp_path / "home", *FIRST)
    told = command(tmp_path / "home", "export", "--parquet", str(tmp_path / "lake"))
    assert told.stdout == f"{tmp_path}/lake: 4 partitions written, 0 as before, 0 removed\n"
    assert command(tmp_path / "home", "export", check=False).returncode == 2


# --- on object storage


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Storage]:
    """An empty bucket, and an environment that names it."""
    with storage("the-key") as made:
        told = {"AWS_ENDPOINT_URL": made.url, "AWS_ACCESS_KEY_ID": "the-key", "AWS_SECRET_ACCESS_KEY": "no-word"}
        for name, value in {**told, "AWS_EC2_METADATA_DISABLED": "true"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        yield made


def test_a_bucket_holds_what_a_folder_holds(bucket: Storage, tmp_path: Path) -> None:
    """The same bytes under the same names; only news is put, what is gone goes, what others deleted comes back."""
    place = find_bucket("s3://bucket/my/lake/")
    snapshot = publish(tmp_path / "one", *FIRST)
    list(export_partitions(snapshot, place))
    news(snapshot, tmp_path / "lake")

    def below(folder: Path) -> dict[str, bytes]:
        return {
            f"my/lake/{path.relative_to(folder)}": path.read_bytes()
            for path in folder.rglob("*.*")
            if path.is_file()
        }

    assert bucket.objects == below(tmp_path / "lake")

    bucket.puts.clear()
    del bucket.objects["my/lake/words/podcast=show-1/year=2025/data.parquet"]
    later = publish(tmp_path / "two", *FIRST[:2])
    told = {one.name: one.news for one in export_partitions(later, place)}
    news(later, tmp_path / "lake")
    assert sorted(told.values()) == ["removed", "removed", "unchanged", "written"]
    assert {name for name in bucket.puts if name.endswith(".parquet")} == {
        f"my/lake/{table}/podcast=show-1/year=2025/data.parquet" for table in TABLES
    }
    held = {name: data for name, data in bucket.objects.items() if not name.endswith("/")}  # marks of folders
    assert held.keys() == below(tmp_path / "lake").keys()


def test_a_bucket_that_cannot_be_written_is_told_in_one_line(
    bucket: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds something else, is not there, does not let us in; no key is in what is said."""
    snapshot = publish(tmp_path / "home", FIRST[0])
    bucket.objects["photos/a.jpg"] = b"x"

    def refused(address: str) -> str:
        with pytest.raises((SourceError, TransientError)) as caught:
            list(export_partitions(snapshot, find_bucket(address)))
        said = str(caught.value)
        assert "\n" not in said
        assert "the-key" not in said
        assert "no-word" not in said
        return said

    assert "s3://bucket/photos holds something else" in refused("s3://bucket/photos")
    assert "bucket does not exist" in refused("s3://nowhere/lake")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another-key")
    assert refused("s3://bucket/lake").startswith("s3://bucket/lake cannot be written (")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1")
    assert "AWS_ENDPOINT_URL is no address" in refused("s3://bucket/lake")
    for wrong in ("s3://bucket", "s3:///lake", "s3://bucket/../lake", "gs://bucket/lake"):
        assert "give a folder, or s3://bucket/folder" in refused(wrong)
    for wrong in ("bucket:80", "my bucket", "b", "bücket", "the-key:no-word@bucket", "arn:aws:s3:::bucket"):
        assert "give a folder, or s3://bucket/folder" in refused(f"s3://{wrong}/lake")
    assert bucket.puts == []


@pytest.mark.system
def test_the_command_takes_a_bucket(bucket: Storage, tmp_path: Path) -> None:
    """It is named by its address; the keys are those of the environment."""
    publish(tmp_path / "home", *FIRST)
    told = command(tmp_path / "home", "export", "--parquet", "s3://bucket/lake", **{
        name: value for name, value in os.environ.items() if name.startswith("AWS_")
    })  # fmt: skip
    assert told.stdout == "s3://bucket/lake: 4 partitions written, 0 as before, 0 removed\n"
    assert len(bucket.objects) == 4 * len(TABLES) + 1
