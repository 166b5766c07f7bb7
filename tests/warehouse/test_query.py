"""What the commands ask the snapshot themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.published.linking import AskedEpisodes, EpisodeIndex, TextEvidence
from tests.conftest import only
from tests.support.documents import EPISODE, NOON, PODCAST, RENDITION, publish, published, stage_run, staged
from tests.support.schemas import make_older
from transforms.errors import SourceError
from transforms.records import Episode, Word
from transforms.turns import to_turns
from warehouse import store
from warehouse.answers.table import Table
from warehouse.loading.staging import Staged, write_discovered, write_staged
from warehouse.query import episodes, find_episode, known_episodes, talk_time, turns
from warehouse.snapshot import open_snapshot
from warehouse.soundness.laws import verify

FILE = replace(
    EPISODE,
    episode_id="0a1bffff-two",
    podcast_id=None,
    guid=None,
    title="Straße nach Süden",
    published_at=None,
    duration=7.5,
)
INTERVIEW = {"origin": "/home/ann/interview.wav", "created_at": NOON + timedelta(minutes=2)}
UNTITLED = replace(EPISODE, episode_id="youtube:abc_DEF", title=None, published_at=NOON - timedelta(days=90))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes: one of a feed with two transcripts, a lone file, and one without title or turns."""
    home = tmp_path_factory.mktemp("query")
    file = replace(RENDITION, flags=())
    return publish(
        home,
        staged(),
        published(1),
        staged(2, podcast=None, episode=FILE, transcript_id="asr-file", rendition=file, **INTERVIEW),
        published(3, transcript_id="vtt-x", episode=UNTITLED, turns=()),
    )


def test_episodes_newest_first(snapshot: Path):
    """One row an episode with its best transcript; a file without a date counts from when it came."""
    assert episodes(snapshot) == Table(
        (
            *("episode_id", "show", "title", "published_at", "seconds"),
            *("source", "model", "turns", "speakers", "flags"),
        ),
        [
            (FILE.episode_id, None, FILE.title, None, 10.0, "asr", "tiny.en", 2, 2, ["low_margin"]),
            (
                *(EPISODE.episode_id, "The Long Groove", EPISODE.title, EPISODE.published_at, 12.0),
                *("publisher", None, 2, 1, []),
            ),
            (
                *(UNTITLED.episode_id, "The Long Groove", None, UNTITLED.published_at, 12.0),
                *(None, None, 0, 0, []),
            ),
        ],
    )


@pytest.mark.parametrize(
    ("text", "episode"),
    [
        (EPISODE.episode_id, EPISODE),
        ("0a1b2c", EPISODE),
        ("0A1BF", FILE),
        ("why a record", EPISODE),
        (" RECORD ", EPISODE),
        ("STRASSE", FILE),
        ("latest", FILE),
        (" Latest", FILE),
        ("why a record turns?", EPISODE),
        ("/home/ann/interview.wav", FILE),
        ("interview.wav", FILE),
        ("./ann/interview.wav", FILE),
        ("youtube:abc_DEF", UNTITLED),
        ("youtube:abc", UNTITLED),
    ],
)
def test_an_episode_is_found_by_what_people_type(snapshot: Path, text: str, episode: object):
    """The whole id, its first characters, a part of the title in any case, or the latest."""
    assert find_episode(snapshot, text) == getattr(episode, "episode_id", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0a1b", "2 episodes fit '0a1b', 0a1bffff Straße .*; 0a1b2c3d .* \\(The Long Groove, 2026-04-01\\): "),
        ("0a1", "no episode fits '0a1': .*0a1bffff .*; abc_DEF .*; 0a1b2c3d "),
        ("", "no episode fits ''"),
        ("%", "no episode fits '%'"),
        ("' or 1=1", "no episode fits"),
        (" \n", "no episode fits ''"),
    ],
)
def test_what_fits_none_or_several_names_candidates(snapshot: Path, text: str, message: str):
    """The error is one line and says what could have been meant."""
    with pytest.raises(SourceError, match=message) as caught:
        find_episode(snapshot, text)
    assert "\n" not in str(caught.value)


def test_latest_is_what_came_in_last(tmp_path: Path):
    """Whenever it was published; what says that it is from the future counts when nothing else is there."""
    late = datetime.now(UTC) + timedelta(days=1)

    def came(minutes: float, name: str, **changes: Any) -> Staged:
        when = NOON + timedelta(minutes=minutes)
        return staged(minutes, transcript_id=name, **{"created_at": when, **changes})

    old = replace(EPISODE, episode_id="old", published_at=NOON - timedelta(days=900))
    coming = replace(EPISODE, episode_id="coming", published_at=late)
    ahead = replace(EPISODE, episode_id="ahead")
    unheard = replace(EPISODE, episode_id="unheard")
    dated = (came(3, "c", episode=coming), came(4, "d", episode=ahead, created_at=late))
    nothing = published(5, transcript_id="e", episode=unheard, created_at=NOON - timedelta(days=1))
    alone, together = tmp_path / "alone", tmp_path / "together"
    for home in (alone, together):
        home.mkdir()
    assert find_episode(publish(alone, *dated), "latest") == "ahead"
    everything = publish(together, came(1, "a"), came(2, "b", episode=old), *dated, nothing)
    assert find_episode(everything, "latest") == "old"


def test_the_answer_to_a_file_that_changed_is_the_newer_one(tmp_path: Path):
    """It came by the same path; two files of one name in two folders are two, unless the path is whole."""
    one, two, other = (replace(EPISODE, episode_id=f"{name}-file", audio_url=None) for name in "abc")

    def came(minutes: float, episode: Episode, path: str) -> Staged:
        when = NOON + timedelta(minutes=minutes)
        runs = (stage_run(source=path, episode_id=episode.episode_id),)
        return staged(
            minutes,
            transcript_id=path + episode.episode_id,
            episode=episode,
            stage_runs=runs,
            origin=path,
            created_at=when,
        )

    snapshot = publish(tmp_path, came(1, one, "/a/x.wav"), came(2, two, "/a/x.wav"), came(3, other, "/b/x.wav"))
    assert find_episode(snapshot, "x.wav", "/a/x.wav") == "b-file"
    with pytest.raises(SourceError, match="3 episodes fit"):
        find_episode(snapshot, "x.wav", "/c/x.wav")


def test_an_empty_warehouse_has_no_latest(tmp_path: Path):
    """Where there is no episode at all, the error says so."""
    store.load(tmp_path / "w.duckdb", {}, {})
    store.publish(tmp_path / "w.duckdb", tmp_path / "s.duckdb")
    assert episodes(tmp_path / "s.duckdb").rows == []
    with pytest.raises(SourceError, match=r"no episode fits 'latest': .* none yet"):
        find_episode(tmp_path / "s.duckdb", "latest")


def test_turns_are_those_of_the_best_transcript(snapshot: Path):
    """Who said what, when, in order; what is unknown is None."""
    assert turns(snapshot, EPISODE.episode_id) == Table(
        ("turn_index", "start_time", "end_time", "speaker", "text"),
        [(0, 0.0, 1.5, "Mara Quill", "Why turn?"), (1, None, None, None, "It must.")],
    )


def test_talk_time_counts_what_is_known(snapshot: Path):
    """Seconds and shares of those who are known; turns without times or speaker make no share."""
    columns = ("speaker", "turns", "words", "seconds", "share", "longest_turn")
    assert talk_time(snapshot, FILE.episode_id) == Table(
        columns, [("A", 1, 2, 1.5, 0.6, 1.5), ("B", 1, 2, 1.0, 0.4, 1.0)]
    )
    assert talk_time(snapshot, EPISODE.episode_id) == Table(
        columns, [("Mara Quill", 1, 2, 1.5, 1.0, 1.5), (None, 1, 2, None, None, None)]
    )


def test_talk_time_counts_speech_and_no_pauses(tmp_path: Path):
    """Eight seconds between two words of a turn are nobody's; a breath is the speaker's."""
    said = [("Why", 0.0, 0.5, "A"), ("turn?", 1.4, 2.0, "A"), ("Well", 10.0, 10.5, "A"), ("so.", 11.0, 12.0, "B")]
    words = tuple(Word(word, start, end, 0.9, speaker, 1.0) for word, start, end, speaker in said)
    document = staged(words=words, turns=to_turns(words, "en", None))
    snapshot = publish(tmp_path, document)

    assert talk_time(snapshot, EPISODE.episode_id).rows == [
        ("A", 1, 3, 2.5, pytest.approx(2.5 / 3.5), 10.5),
        ("B", 1, 1, 1.0, pytest.approx(1 / 3.5), 1.0),
    ]


def test_a_warehouse_that_knew_no_pauses_learns_them(tmp_path: Path):
    """By its words, the same as of documents that are loaded today."""
    said = [("Why", 0.0, 0.5), ("turn?", 1.4, 2.0), ("Well", 10.1, 10.5), ("so.", 13.7, 14.0)]
    words = tuple(Word(word, start, end, 0.9, "A", 1.0) for word, start, end in said)
    document = tmp_path / "document.parquet"
    heard = replace(RENDITION, decoded_seconds=20.0)
    document.write_bytes(write_staged(staged(words=words, turns=to_turns(words, "en", None), rendition=heard)))
    warehouse = tmp_path / "warehouse.duckdb"
    store.load(warehouse, {"k": document}, {})
    make_older(warehouse, 13)
    store.upgrade(warehouse)
    with store.opened(warehouse) as con:
        assert con.execute("select pauses from turns").fetchall() == [(11.3,)]
    assert verify(warehouse, {"k": document}, {}) == ()


def test_best_turns_joins_all_that_is_known(snapshot: Path):
    """One row a turn with show, episode and chapter."""
    with open_snapshot(snapshot) as con:
        found = con.sql(f"from best_turns where episode_id = '{EPISODE.episode_id}' limit 1")
        row = dict(zip(found.columns, only(found.fetchall()), strict=True))
    assert row == {
        "episode_id": EPISODE.episode_id,
        "transcript_id": "vtt-1",
        "turn_index": 0,
        "podcast": "The Long Groove",
        "title": "Why a Record Turns",
        "published_at": EPISODE.published_at,
        "page_url": "https://groove.example/1",
        "chapter": None,
        "speaker": "Mara Quill",
        "speaker_id": None,
        "name_source": None,
        "name_confidence": None,
        "start_time": 0.0,
        "end_time": 1.5,
        "time_source": "publisher",
        "text_source": "publisher",
        "text": "Why turn?",
        "word_count": 2,
        "boundary": "cue",
        "is_overlap": None,
        "speaker_margin": None,
        "mean_probability": None,
        "source": "publisher",
        "language": "en",
        "model": None,
        "audio_url": "https://groove.example/1.ogg",
        "audio_path": None,
    }


def test_chapters_do_not_double_turns():
    """A turn has the chapter of its transcript, else the given one that it starts in, and stays one row."""
    with duckdb.connect() as con:
        store.migrate(con)
        con.execute(
            "insert into transcripts by name select 't' as transcript_id, 'e' as episode_id, 'asr' as source,"
            " '1' as method_version, true as is_best, [] as flags, now() as created_at;"
            "insert into turns by name select 't' as transcript_id, 'e' as episode_id, i as turn_index,"
            " if(i = 1, 1, null) as chapter_index, 10.0 * i as start_time, 'x' as text, 1 as word_count,"
            " 'cue' as boundary from range(4) r(i);"
            "insert into chapters by name from (values ('e', null, 0, 'given 0', 0.0, 15.0, 'feed'),"
            " ('e', null, 1, 'given 1', 30.0, null, 'feed'), ('e', 't', 1, 'own 1', null, null, 'asr'))"
            " v(episode_id, transcript_id, chapter_index, title, start_time, end_time, source)"
        )
        found = con.execute("select turn_index, chapter from best_turns order by 1").fetchall()
    assert found == [(0, "given 0"), (1, "own 1"), (2, None), (3, "given 1")]


TITLES = (
    *("Why a Record Turns, again", "WHY A RECORD TURNS – AGAIN", "Straße nach Süden", "STRASSE NACH SUEDEN"),
    *(
        "İstanbul’da bir gün",
        "ﬁrst things ﬁrst",
        "Η ζωή μας",
        "ΖΩΉΣ και ζωής τέλος",
        "Как звучит йод",
        "レコード①②",
    ),
    *(
        "ＦＵＬＬ width title here",
        "½ an hour of Ŀŉſ",
        "pod\u00adcast of the day",
        "한국어 제목 하나",
        "हिन्दी में बात",
        "…!",
    ),
)
ADDRESSES = (
    *(
        "https://groove.example/e/turns;v=1?x=2#t",
        "https://ann:pw@groove.example/private/9f3c1e7ab04d55269f3c/a.mp3",
    ),
    *("https://groove.example/", "//groove.example/e/2", "https://[broken/e", "https://groove.example/e/turns"),
    *(
        "https://youtu.be/abcdefghijk",
        "https://www.youtube.com/watch?v=abcdefghijl",
        "https://groove.example/é/%20x",
    ),
)


def test_few_texts_find_the_episodes_that_many_do(tmp_path: Path):
    """Asked one by one, the snapshot gives each text the episode that it has when all are read."""
    known = [
        replace(
            EPISODE, episode_id=f"e{n}", guid=f"g{n}", title=title, page_url=page, audio_url=page, transcripts=()
        )
        for n, (title, page) in enumerate(
            [*((title, None) for title in TITLES), *((None, page) for page in ADDRESSES), ("A lone file", None)]
        )
    ]
    found = tmp_path / "found.parquet"
    found.write_bytes(write_discovered(NOON, PODCAST, known))
    store.load(tmp_path / "w.duckdb", {"found": found}, {})
    store.publish(tmp_path / "w.duckdb", tmp_path / "s.duckdb")
    every, asked = EpisodeIndex(known_episodes(tmp_path / "s.duckdb")), AskedEpisodes(tmp_path / "s.duckdb")
    said = [
        TextEvidence(title, show, None, None, None, "", "") for title in TITLES for show in (PODCAST.title, None)
    ]
    said += [TextEvidence(title.upper(), PODCAST.title, None, None, None, "", "") for title in TITLES]
    said += [TextEvidence(None, None, page, None, None, "", "") for page in ADDRESSES]
    links = [every.find(one) for one in said]
    assert [asked.find(one) for one in said] == links
    assert sum(one is not None for one in links) > 30
    assert (asked.get("e3"), asked.get("none")) == (every.get("e3"), None)
