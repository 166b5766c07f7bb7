"""One episode, one row: whatever it came as, and in whatever order."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.episode.batch import check_said
from flows.episode.joining import join_staged
from flows.http.reach import Reach
from flows.loader import load_and_publish
from flows.locations import at_path, locate
from flows.published.import_texts import import_texts
from flows.published.linking import Hints, checked
from flows.settings import Said, Settings
from flows.sources.episodes import Named, find_named
from flows.sources.folders import audio_beside, told_left_out
from flows.upkeep.rebuild import rebuild
from flows.upkeep.verify import verify
from tests.conftest import encode, only, rows_of
from tests.support.documents import empty_warehouse
from tests.support.feeds import Page, Publisher, publisher
from tests.support.homes import ingest, ingest_file, make_audio
from transforms.errors import SourceError

VTT = """WEBVTT

00:00:00.000 --> 00:00:01.000
<v Ann Lee>Why does it turn?

00:00:01.000 --> 00:00:02.000
<v Bob Ray>It must.
"""
EPISODES = "select title, linked_by, audio_path, audio_url from episodes order by title"
# All that a reader can count; what ran is a log, and has a row for each time.
COUNTS = """
    select (select count(*) from episodes), (select count(*) from transcripts), (select count(*) from turns),
        (select count(*) from renditions), (select count(*) from podcasts)
"""
RUNS_OF_NOBODY = "select stage from stage_runs where episode_id not in (select episode_id from episodes)"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of a user whose local server may be asked."""
    settings = Settings(home=tmp_path / "home", allow=("127.0.0.1",))
    empty_warehouse(settings.warehouse)
    return settings


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Two seconds of audio in a folder of its own."""
    (tmp_path / "talks").mkdir()
    return make_audio(tmp_path / "talks" / "talk.wav")


def feed_of(told: Publisher, path: Path, persons: str = "") -> str:
    """Offer a file as the only item of a feed, and give the address of the feed."""
    told.pages["/audio/1.wav"] = Page(path.read_bytes(), headers={"Content-Type": "audio/wav"})
    enclosure = f"<enclosure url='{told.url}/audio/1.wav' type='audio/wav' length='1'/>"
    item = f"<item><title>Why a record turns</title><guid>one</guid>{persons}{enclosure}</item>"
    return told.publish("/feed.xml", [item])


def rows(settings: Settings, sql: str = EPISODES) -> list[Any]:
    """What the snapshot says."""
    return rows_of(settings.snapshot, sql)


def import_(settings: Settings, *paths: Path, **hints: str) -> Any:
    """Import texts as `turntable import` does."""
    return import_texts([at_path(path) for path in paths], Hints(**hints), settings)


@pytest.mark.system
def test_a_copy_and_a_rename_add_no_row_and_rename_nothing(settings: Settings, talk: Path) -> None:
    """The first name stays; the row says where the audio lies, also when it was moved."""
    ingest_file(settings, talk)
    before = rows(settings), rows(settings, COUNTS), rows(settings, "from load_log")
    copy = talk.with_name("copy of it.wav")
    shutil.copyfile(talk, copy)

    for path in (copy, talk):
        ingest_file(settings, path)
        assert (rows(settings), rows(settings, COUNTS), rows(settings, "from load_log")) == before

    talk.unlink()
    ingest_file(settings, copy)
    assert rows(settings) == [("talk", "file", str(copy), None)]
    assert rows(settings, COUNTS) == before[1]
    assert only(rows(settings, "select distinct audio_path from best_turns")) == (str(copy),)


@pytest.mark.system
@pytest.mark.parametrize("order", list(itertools.permutations(("file", "url", "feed"))), ids="-".join)
def test_file_url_and_feed_item_of_the_same_bytes_are_one_episode(
    order: tuple[str, ...], settings: Settings, talk: Path
) -> None:
    """In every order: what the feed says of it wins, and the files of the home say the same."""
    with publisher() as told:
        feed = feed_of(told, talk)
        for way in order:
            location = {"file": str(talk), "url": f"{told.url}/audio/1.wav", "feed": feed}[way]
            ingest(settings, only(find_named(locate(location), 1, settings.reach).episodes))

        assert rows(settings) == [("Why a record turns", "feed", str(talk), f"{told.url}/audio/1.wav")]
        assert rows(settings, COUNTS) == [(1, 1, 2, 1, 1)]
        told_rows = rows(settings, "select * exclude (updated_at) from episodes")
        assert not verify(settings)
        assert rows(settings, RUNS_OF_NOBODY) == []
        rebuild(settings)
        assert rows(settings, "select * exclude (updated_at) from episodes") == told_rows
        assert rows(settings, COUNTS) == [(1, 1, 2, 1, 1)]


@pytest.mark.system
@pytest.mark.parametrize("order", [("file", "feed"), ("feed", "file"), ("file", "url")], ids="-".join)
def test_the_loader_joins_what_workers_heard(order: tuple[str, ...], settings: Settings, talk: Path) -> None:
    """They know no other episodes: one row once all is loaded, and nothing left to do the next time."""
    worker = settings.model_copy(update={"load": "elsewhere"})
    with publisher() as told:
        feed = feed_of(told, talk)
        for way in order:
            location = {"file": str(talk), "url": f"{told.url}/audio/1.wav", "feed": feed}[way]
            ingest(worker, only(find_named(locate(location), 1, settings.reach).episodes))
        load_and_publish(settings)
        assert len(rows(settings)) == 2

        assert join_staged(settings) == 1
        load_and_publish(settings)

        title, known_by = ("Why a record turns", "feed") if "feed" in order else ("talk", "file")
        assert rows(settings) == [(title, known_by, str(talk), f"{told.url}/audio/1.wav")]
    assert rows(settings, "select count(*), count(distinct episode_id) from transcripts") == [(2, 1)]
    assert rows(settings, RUNS_OF_NOBODY) == []
    assert join_staged(settings) == 0
    assert not verify(settings)


@pytest.mark.system
def test_two_items_of_feeds_stay_two_episodes(settings: Settings, talk: Path) -> None:
    """A rerun has a title and a date of its own, also where its audio is the same."""
    with publisher() as told:
        feed_of(told, talk)
        enclosure = f"<enclosure url='{told.url}/audio/1.wav' type='audio/wav' length='1'/>"
        items = [f"<item><title>{name}</title><guid>{name}</guid>{enclosure}</item>" for name in ("New", "Rerun")]
        for found in find_named(locate(told.publish("/two.xml", items)), 2, settings.reach).episodes:
            ingest(settings, found)

    assert [title for title, *_ in rows(settings)] == ["New", "Rerun"]


@pytest.mark.system
@pytest.mark.parametrize("order", list(itertools.permutations(("audio", "text", "feed"))), ids="-".join)
def test_a_text_beside_the_audio_is_of_its_episode(order: tuple[str, ...], settings: Settings, talk: Path) -> None:
    """Given one by one, in every order, also where the feed is found last; and the roles of the feed arrive."""
    text = talk.with_suffix(".vtt")
    text.write_text(VTT)
    with publisher() as told:
        feed = feed_of(told, talk, "<podcast:person role='guest'>Bob Ray</podcast:person>")
        ways: dict[str, Callable[[], object]] = {
            "audio": lambda: ingest_file(settings, talk),
            "text": lambda: import_(settings, text),
            "feed": lambda: ingest(settings, only(find_named(locate(feed), 1, settings.reach).episodes)),
        }
        for way in order:
            ways[way]()
        if order[-1] == "text":
            ways["audio"]()

    assert [title for title, *_ in rows(settings)] == ["Why a record turns"]
    found = rows(settings, "select source, linked_by, is_best from transcripts order by source")
    assert found == [("asr", None, False), ("publisher", "beside", True)]
    roles = rows(settings, "select speaker_name, role from transcript_speakers order by all")
    assert roles == [("Ann Lee", None), ("Bob Ray", "guest")]
    assert not verify(settings)


@pytest.mark.system
def test_a_text_that_came_before_its_audio_moves_to_it(settings: Settings, talk: Path, tmp_path: Path) -> None:
    """As where files arrive one after the other in a watched folder."""
    text, later = talk.with_suffix(".srt"), tmp_path / "later.wav"
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\nAnn Lee: Why?\n")
    shutil.move(talk, later)
    import_(settings, text)
    assert rows(settings, "select linked_by from transcripts") == [("file",)]

    shutil.move(later, talk)
    ingest_file(settings, talk)

    assert rows(settings) == [("talk", "file", str(talk), None)]
    assert rows(settings, "select count(*), count(distinct episode_id) from transcripts") == [(2, 1)]
    assert not any(one.is_new for one in import_(settings, text))
    assert not verify(settings)


@pytest.mark.parametrize(
    ("name", "is_beside"),
    [
        ("talk.vtt", True),
        ("Talk.SRT", True),
        ("talk.wav.json", True),
        ("talk.pt-BR.vtt", True),
        ("talk.docx", True),
        ("talk 2.vtt", False),
        ("talk.part.vtt", False),
        (".talk.vtt", False),
        ("other/talk.vtt", False),
    ],
)
def test_which_names_lie_side_by_side(name: str, is_beside: bool, talk: Path) -> None:
    """The name of the audio, with a language or its ending behind it, in its folder."""
    (talk.parent / "other").mkdir()
    assert audio_beside(talk.parent / name) == (talk if is_beside else None)


@pytest.mark.system
def test_two_texts_beside_one_audio_are_two_transcripts(settings: Settings, talk: Path) -> None:
    """Of one episode; the one that names its speakers is best."""
    talk.with_suffix(".vtt").write_text(VTT)
    talk.with_suffix(".txt").write_text(
        "Transcript\n\n[00:00] Why does it turn?\n[00:01] It must.\n[00:02] I see.\n"
    )
    import_(settings, talk.parent)
    ingest_file(settings, talk)

    found = rows(settings, "select format, is_best from transcripts order by format nulls last")
    assert [name for name, _ in found] == ["timed", "vtt", None]
    assert [name for name, is_best in found if is_best] == ["vtt"]
    assert len(rows(settings)) == 1


@pytest.mark.system
@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        ("talk.vtt", VTT.replace("00:00:02.000", "01:20:00.000"), "goes on until 4800 s"),
        ("talk.md", "---\ntitle: Cleaning day\ndate: 2026-03-01\n---\n\nAnn: Yes.\n\nBob: No.\n", "is called"),
    ],
    ids=["longer", "another title"],
)
def test_a_text_of_another_episode_that_shares_the_name(
    name: str, text: str, cause: str, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is an episode of its own, and a line says why and what to do; also when the audio is heard later."""
    from flows.progress import REPORTER, Lines

    audio = tmp_path / "talk.mp3"
    encode(audio, np.random.default_rng(1).normal(0, 0.1, 32_000), "libmp3lame", title="Why a record turns")
    (tmp_path / name).write_text(text)
    token = REPORTER.set(Lines())
    import_(settings, tmp_path / name)
    REPORTER.reset(token)
    ingest_file(settings, audio)

    assert cause in capsys.readouterr().err
    assert len(rows(settings)) == 2


@pytest.mark.system
def test_what_the_user_says_wins_over_tags_and_these_over_names(settings: Settings, tmp_path: Path) -> None:
    """Title, show, date and page; and a copy without a word takes nothing back."""
    audio = tmp_path / "rec 0042.mp3"
    noise = np.random.default_rng(1).normal(0, 0.1, 32_000)
    encode(audio, noise, "libmp3lame", title="Dust", album="The Long Groove", artist="Mara", date="2026-10-05")
    sql = """
        select e.title, p.title, p.author, published_at::date::varchar, page_url
        from episodes e left join podcasts p using (podcast_id)
    """

    ingest_file(settings, audio)
    assert rows(settings, sql) == [("Dust", "The Long Groove", "Mara", "2026-10-05", None)]
    ingest_file(settings, audio, Said("Needles", "Belts", "https://example.org/1", "1 March 2026"))
    said = [("Belts", "Needles", None, "2026-03-01", "https://example.org/1")]
    assert rows(settings, sql) == said
    ingest_file(settings, audio)
    assert rows(settings, sql) == said
    assert not verify(settings)


@pytest.mark.system
@pytest.mark.parametrize("first", ["audio", "text"])
def test_a_header_tells_of_the_audio_beside_its_text(first: str, settings: Settings, talk: Path) -> None:
    """A title and a date are better than the name of a file, in either order; what the user says is better."""
    text = talk.with_suffix(".md")
    text.write_text("---\ntitel: Staub\ndatum: 5. März 2026\nsendung: Rille\n---\n\nAnn: Ja.\n\nBob: Nein.\n")
    ways = [lambda: ingest_file(settings, talk), lambda: import_(settings, text)]
    for way in ways if first == "audio" else reversed(ways):
        way()

    sql = "select e.title, p.title, published_at::date::varchar from episodes e join podcasts p using (podcast_id)"
    assert rows(settings, sql) == [("Staub", "Rille", "2026-03-05")]
    import_(settings, text, title="Dust")
    ingest_file(settings, talk)
    assert rows(settings, sql) == [("Dust", "Rille", "2026-03-05")]


@pytest.mark.system
def test_a_file_that_the_user_calls_as_an_episode_of_a_feed_is_that(settings: Settings, talk: Path) -> None:
    """`--show` and `--title` mean the same for audio as for texts."""
    with publisher() as told:
        found = only(find_named(locate(feed_of(told, talk)), 1, settings.reach).episodes)
        ingest(settings, found)
    other = make_audio(talk.with_name("with other advertisements.wav"), seed=2)
    ingest_file(settings, other, Said(show="the long groove", title="Why a Record Turns"))

    assert [title for title, *_ in rows(settings)] == ["Why a record turns"]
    assert rows(settings, "select count(*) from renditions") == [(2,)]


@pytest.mark.system
def test_recorders_that_write_one_title_into_all_files_join_none(settings: Settings, tmp_path: Path) -> None:
    """Tags are believed where a feed has the same, never between files."""
    for number in (1, 2):
        noise = np.random.default_rng(number).normal(0, 0.1, 32_000)
        encode(tmp_path / f"{number}.mp3", noise, "libmp3lame", title="Recording", album="Voice recorder")
        ingest_file(settings, tmp_path / f"{number}.mp3")

    assert len(rows(settings)) == 2


def test_what_the_user_says_is_said_of_one_episode(talk: Path) -> None:
    """Side by side is one; a folder of several, and an episode of a feed, are refused in a line."""
    talk.with_suffix(".vtt").write_text(VTT)
    check_said(Said(title="Belts"), [find_named(at_path(talk.parent), 1, Reach())])
    make_audio(talk.with_name("other.wav"), seed=2)
    check_said(Said(show="Needles"), [find_named(at_path(talk.parent), 1, Reach())])
    with pytest.raises(SourceError, match="for one episode, and there may be 2"):
        check_said(Said(title="Belts"), [find_named(at_path(talk.parent), 1, Reach())])
    with publisher() as told:
        found = find_named(locate(feed_of(told, talk)), 1, Reach(("127.0.0.1",))).episodes
    with pytest.raises(SourceError, match="a feed says it itself"):
        check_said(Said(title="Belts"), [Named(found)])


def test_what_an_import_says_of_a_date_is_checked(settings: Settings) -> None:
    """Also where no command line does it, as in a form."""
    with pytest.raises(SourceError, match="'1/2/2026' is no date, or can be read in two ways"):
        checked(Hints(date="1/2/2026"), settings.snapshot)


def test_a_folder_says_what_it_left_out(tmp_path: Path) -> None:
    """Links in circles are not followed, what cannot be read is named, hidden files are nobody's business."""
    make_audio(tmp_path / "talk.wav")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "talk.vtt").write_text(VTT)
    (tmp_path / "deep" / "again").symlink_to(tmp_path)
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for name in ("cover.JPG", "back.jpg", "LICENSE", ".DS_Store"):
        (tmp_path / name).write_bytes(b"x")
    named = find_named(at_path(tmp_path), 1, Reach())

    assert [one.location.path.name for one in named.episodes] == ["talk.wav"]
    assert [one.path.name for one in named.texts] == ["talk.vtt"]
    assert told_left_out(named.left_out) == (
        "left out 5 files: 2 .jpg, 1 link to a folder, 1 link to nowhere, 1 without an ending"
    )


@pytest.mark.parametrize(("names", "said"), [((), "it is empty"), (("a.jpg",), "there is only 1 .jpg")])
def test_a_folder_with_nothing_to_take_is_refused_in_a_line(
    names: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    """It says what it saw."""
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(SourceError, match=said):
        find_named(at_path(tmp_path), 1, Reach())


@pytest.mark.system
def test_a_home_that_heard_file_and_url_apart_is_mended_by_hearing_one_again(
    settings: Settings, talk: Path
) -> None:
    """An older Turntable made two rows of them."""
    from flows.sources.found import EpisodeSource
    from tests.support.homes import hear, publish

    hear(settings, talk)
    with publisher() as told:
        found = only(find_named(locate(feed_of(told, talk)), 1, settings.reach).episodes)
        publish(settings)
        alone = replace(found.episode, episode_id="an-old-id")
        ingest(settings, EpisodeSource(found.location, found.podcast, alone, found.known_extras))

    assert [title for title, *_ in rows(settings)] == ["Why a record turns"]
