"""The views and macros say what is so, on real rows; their names and types are a promise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT, ask, rows_of
from tests.support.documents import EPISODE, RENDITION, publish, stage_run, staged
from transforms.records import Person, Podcast, Speaker, SpeakerSegment, Turn, Word
from warehouse.loading.staging import Staged
from warehouse.store import migrate

PROMISED = ROOT / "tests" / "data" / "views.txt"
SHOW = Podcast("show-1", "The Long Groove", "Mara Quill", "https://groove.example/feed.xml", None, "en")


def turn(index: int, speaker: str | None, start: float | None, end: float | None, text: str, **more: Any) -> Turn:
    """A turn that begins where the words before it end."""
    boundary = "speaker" if speaker else "sentence"
    return Turn(
        index, speaker, start, end, text, more.pop("first", 0), len(text.split()), boundary, *[None] * 3, **more
    )


def named(index: int, name: str, start: float | None, end: float | None, text: str) -> Turn:
    """A turn of a person."""
    return turn(index, name, start, end, text, speaker_name=name, name_source="publisher")


def heard() -> Staged:
    """Two voices that we heard: a question, an answer that begins too early, a pause in it, a yes."""
    words = (
        Word("What", 0.0, 0.5, 0.9, "A", 1.0),
        Word("turns?", 0.5, 3.0, 0.4, "A", 1.0),
        Word("Records", 2.0, 3.5, 0.9, "B", 1.0),
        Word("do.", 7.5, 8.0, 0.9, "B", 1.0),
        Word("Yes.", 9.0, 9.5, 0.9, "A", 1.0),
        Word("Hm.", 12.0, 12.5, 0.2, None, None),
    )
    turns = (
        turn(0, "A", 0.0, 3.0, "What turns?"),
        turn(1, "B", 2.0, 8.0, "Records do.", first=2),
        turn(2, "A", 9.0, 9.5, "Yes.", first=4),
        turn(3, None, 12.0, 12.5, "Hm.", first=5),
    )
    voices = (SpeakerSegment(0.0, 3.0, "A"), SpeakerSegment(2.0, 8.0, "B"), SpeakerSegment(4.0, 4.5, "A"))
    file = replace(RENDITION, decoded_seconds=20.0, header_seconds=20.0)
    runs = (stage_run("transcribe", model="tiny.en", seconds=10.0), stage_run("decode", seconds=0.0))
    return staged(rendition=file, words=words, turns=turns, speaker_segments=voices, stage_runs=runs)


def written() -> Staged:
    """A text of another episode: its times are whole seconds, some unknown; a monologue, and unknown speakers."""
    long = " ".join(["word"] * 150)
    turns = (
        named(0, "Mara Quill", 0.0, 10.0, "Welcome. Who are you?"),
        named(1, "Ben Okafor", 8.0, 20.0, "A maker of needles."),
        named(2, "Mara Quill", None, None, "And then?"),
        named(3, "Ben Okafor", None, None, long),
        named(4, "Mara Quill", 100.0, 130.0, "I tell a story."),
        named(5, "Mara Quill", 130.0, 165.0, "It goes on."),
        turn(6, None, 170.0, 171.0, "Really?"),
        turn(7, None, 171.0, 172.0, "Really."),
    )
    people = (
        Speaker("Mara Quill", "Mara Quill", "Host and producer", ("MARA",)),
        Speaker("Ben Okafor", "Ben Okafor", None, ("BEN",)),
    )
    episode = replace(
        EPISODE,
        episode_id="two",
        guid="two",
        title="The needle",
        published_at=datetime(2026, 4, 8, tzinfo=UTC),
        persons=(Person("Ben Okafor", "guest"),),
    )
    return staged(
        1, episode=episode, rendition=None, transcript_id="txt-2", source="publisher", format="dialogue",
        model=None, flags=(), parse_coverage=1.0, words=(), speaker_segments=(), turns=turns, speakers=people,
        stage_runs=(stage_run("parse", episode_id="two"),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both episodes."""
    folder = tmp_path_factory.mktemp("views")
    publish(folder, heard(), written())
    return folder


def found(home: Path, sql: str) -> list[tuple[Any, ...]]:
    return rows_of(home / "turntable.duckdb", sql)


def promised() -> Iterator[str]:
    """Each column of a view or of the answer of a macro, and what macros are given."""
    with duckdb.connect() as con:
        migrate(con)
        for view, column, kind in con.execute(
            "select view_name, column_name, lower(data_type) from duckdb_columns() c "
            "join duckdb_views() v on v.view_name = c.table_name where not v.internal "
            "order by view_name, column_index"
        ).fetchall():
            yield f"{view}.{column} {kind}"
        for name, given, kind in con.execute(
            "select function_name, parameters, function_type from duckdb_functions() "
            "where not internal and not starts_with(function_name, 'digest_of_') order by 1"
        ).fetchall():
            yield f"{name}({', '.join(given)})"
            if kind == "table_macro":
                for column, of, *_ in con.execute(f"describe from {name}('word')").fetchall():
                    yield f"{name}().{column} {of.lower()}"


def test_names_and_types_are_a_promise() -> None:
    """What queries of others rest on: who changes it changes tests/data/views.txt and the changelog."""
    assert "\n".join([*promised(), ""]) == PROMISED.read_text(encoding="utf-8")


def test_views_use_nothing_that_a_tool_of_yesterday_lacks() -> None:
    """DuckDB 1.5 reads the snapshot, too: there `if` is no function."""
    sql = (ROOT / "warehouse" / "views.sql").read_text() + (
        ROOT / "warehouse" / "search" / "search.sql"
    ).read_text()
    assert re.findall(r"\bif\(", sql) == []


def test_each_view_and_macro_says_what_it_is() -> None:
    """And each column of each view."""
    with duckdb.connect() as con:
        migrate(con)
        silent = con.execute(
            "select view_name from duckdb_views() where not internal and comment is null union all "
            "select function_name from duckdb_functions() where not internal and comment is null "
            "and not starts_with(function_name, 'digest_of_') union all "
            "select table_name || '.' || column_name from duckdb_columns() where not internal and comment is null"
        ).fetchall()
    assert silent == []


def test_talk_time_is_speech_without_pauses(home: Path) -> None:
    """Words a minute are of the words that have times; who is unknown has no share."""
    assert found(
        home, "select speaker, words, seconds, words_a_minute, podcast, title from talk_time order by all"
    ) == [
        ("A", 3, 3.5, 60 * 3 / 3.5, "The Long Groove", "Why a Record Turns"),
        ("B", 2, 2.0, 60.0, "The Long Groove", "Why a Record Turns"),
        ("Ben Okafor", 154, 12.0, 20.0, "The Long Groove", "The needle"),
        ("Mara Quill", 13, 75.0, 60 * 11 / 75.0, "The Long Groove", "The needle"),
        (None, 1, 0.5, 120.0, "The Long Groove", "Why a Record Turns"),
        (None, 2, 2.0, 60.0, "The Long Groove", "The needle"),
    ]


def test_exchanges_are_a_turn_and_who_answers(home: Path) -> None:
    """A gap is NULL where a time is unknown, and negative where both speak; unknown speakers stay unknown."""
    sql = "select turn_index, speaker, is_question, answered_by, answer, gap from exchanges where episode_id = "
    assert found(home, f"{sql} '{EPISODE.episode_id}' order by turn_index") == [
        (0, "A", True, "B", "Records do.", -1.0),
        (1, "B", False, "A", "Yes.", 1.0),
        (2, "A", False, None, "Hm.", 2.5),
    ]
    assert [(row[0], row[2], row[3], row[5]) for row in found(home, f"{sql} 'two' order by turn_index")] == [
        (0, True, "Ben Okafor", -2.0),
        (1, False, "Mara Quill", None),
        (2, True, "Ben Okafor", None),
        (3, False, "Mara Quill", None),
        (5, False, None, 5.0),
    ]


@pytest.mark.parametrize(
    ("text", "language", "asks"),
    [
        ("Why?", None, True),
        ("Why?”", "en", True),
        ("「なぜですか？」", "ja", True),
        ("لماذا؟", "ar", True),
        ("Γιατί;", "el-GR", True),
        ("First; second;", "en", False),
        ("Why? I wonder.", "en", False),
    ],
)
def test_a_question_ends_with_a_mark_of_any_script(
    home: Path, text: str, language: str | None, asks: bool
) -> None:
    with duckdb.connect(str(home / "turntable.duckdb"), read_only=True) as con:
        assert con.execute("select is_question(?, ?)", [text, language]).fetchone() == (asks,)


def test_overlaps_come_from_the_voices_else_from_the_turns(home: Path) -> None:
    """A yes within what the other says is an overlap, and no interruption."""
    sql = "select title, speaker, other_speaker, start_time, seconds, goes_on from speaker_overlaps order by 1, 4"
    assert found(home, sql) == [
        ("The needle", "Ben Okafor", "Mara Quill", 8.0, 2.0, True),
        ("Why a Record Turns", "B", "A", 2.0, 1.0, True),
        ("Why a Record Turns", "A", "B", 4.0, 0.5, False),
    ]
    sql = "select speaker, interrupted, start_time, seconds, turn_index, text from interruptions order by 1"
    assert found(home, sql) == [
        ("B", "A", 2.0, 1.0, 1, "Records do."),
        ("Ben Okafor", "Mara Quill", 8.0, 2.0, 1, "A maker of needles."),
    ]


def test_silences_lie_between_known_times(home: Path) -> None:
    """Within a turn, too; where somebody may have spoken at an unknown time, there is none."""
    sql = (
        "select title, start_time, end_time, after_speaker, before_speaker, after_turn, before_turn from silences"
    )
    assert found(home, f"{sql} order by 1, 2") == [
        ("The needle", 165.0, 170.0, "Mara Quill", None, 5, 6),
        ("Why a Record Turns", 3.5, 7.5, "B", "B", 1, 1),
        ("Why a Record Turns", 9.5, 12.0, "A", None, 2, 3),
    ]


def test_silences_take_the_times_that_are_known(tmp_path: Path) -> None:
    """Those of the words where a turn has none or no end, those of the turn where no word has any."""
    words = (
        *(Word(text, None, None, None, "A", 1.0) for text in ("One", "two.", "I", "was", "not")),
        Word("heard.", 6.1, 6.9, None, "B", 1.0),
        Word("On.", 30.0, 30.5, None, "A", 1.0),
    )
    turns = (
        turn(0, "A", 0.0, 1.0, "One", first=0),
        turn(1, "B", 5.0, 6.0, "two.", first=1),
        turn(2, "B", None, None, "I was not heard.", first=2),
        turn(3, "A", 11.0, 12.0, "", first=6),
        turn(4, "B", None, None, "", first=6),  # at an unknown time, without words
        turn(5, "A", 20.0, 21.0, "", first=6),
        turn(6, "A", 30.0, None, "On.", first=6),
        turn(7, "B", 40.0, 41.0, "", first=7),
    )
    publish(tmp_path, staged(words=words, turns=turns, speaker_segments=()))

    sql = "select start_time, end_time, after_turn, before_turn from silences order by 1"
    assert found(tmp_path, sql) == [
        (1.0, 5.0, 0, 1),
        (6.9, 11.0, 2, 3),
        (21.0, 30.0, 5, 6),
        (30.5, 40.0, 6, 7),
    ]


def test_monologues_go_over_turns(home: Path) -> None:
    """Where the times are unknown, by their words; short ones and unknown speakers are none."""
    sql = "select speaker, first_turn, last_turn, start_time, seconds, words from monologues order by first_turn"
    assert found(home, sql) == [
        ("Ben Okafor", 3, 3, None, None, 150),
        ("Mara Quill", 4, 5, 100.0, 65.0, 7),
    ]


def test_pairs_count_answers_and_interruptions(home: Path) -> None:
    """Each way by itself."""
    sql = """
        select speaker, other_speaker, answers, to_questions, median_gap, interruptions
        from speaker_pairs order by all
    """
    assert found(home, sql) == [
        ("A", "B", 1, 0, 1.0, 0),
        ("B", "A", 1, 1, -1.0, 1),
        ("Ben Okafor", "Mara Quill", 2, 2, -2.0, 1),
        ("Mara Quill", "Ben Okafor", 2, 0, None, 0),
    ]


def test_guests_are_people_and_no_labels(home: Path) -> None:
    """With what the text, else the feed, calls them."""
    sql = "select podcast, speaker, episodes, of_episodes, words, role from guests order by speaker"
    assert found(home, sql) == [
        ("The Long Groove", "Ben Okafor", 1, 2, 154, "guest"),
        ("The Long Groove", "Mara Quill", 1, 2, 13, "Host and producer"),
    ]


def test_quality_is_what_is_known_of_a_transcript(home: Path) -> None:
    """What does not apply is NULL."""
    sql = """
        select title, words, unattributed_share, untimed_share, low_probability_share, parse_coverage, wer
        from transcript_quality order by 1
    """
    assert found(home, sql) == [
        ("The needle", 169, 2 / 169, 152 / 169, None, 1.0, None),
        ("Why a Record Turns", 6, 1 / 6, 0.0, 2 / 6, None, None),
    ]


def test_processing_compares_work_with_audio(home: Path) -> None:
    """No number where there is no audio or no time; what failed is not in it."""
    sql = "select stage, model, seconds, audio_seconds, times_real_time from processing order by 1"
    assert found(home, sql) == [
        ("decode", None, 0.0, 20.0, None),
        ("parse", None, 1.5, None, None),
        ("transcribe", "tiny.en", 10.0, 20.0, 2.0),
    ]


def test_sporc_has_null_for_its_sentinels(home: Path) -> None:
    """And the roles that it knows."""
    sql = """
        select speaker, turn_count, token_count, duration, inferred_speaker_name, inferred_speaker_role
        from sporc_turns where turn_count in (0, 6, 3) order by episode_id, turn_count
    """
    assert found(home, sql) == [
        (["A"], 0, 2, 3.0, None, None),
        ([], 3, 1, 0.5, None, None),
        (["Mara Quill"], 0, 4, 10.0, "Mara Quill", "host"),
        (["Ben Okafor"], 3, 150, None, "Ben Okafor", None),
        ([], 6, 1, 1.0, None, None),
    ]
    sql = """
        select ep_title, duration_seconds, host_predicted_names, guest_predicted_names, num_main_speakers,
            episode_date, overlap_prop_duration, total_sp_labels
        from sporc_episodes order by 1
    """
    assert found(home, sql) == [
        ("The needle", 12.0, [], ["Ben Okafor"], 2, "1775606400000", None, None),
        ("Why a Record Turns", 20.0, ["Mara Quill"], [], 2, "1775023200000", 1.5 / 20, 2),
    ]


def test_seglst_is_what_evaluation_tools_read(home: Path) -> None:
    """One segment a turn, as JSON."""
    assert ask(home, "from seglst where session_id = 'two' limit 2") == [
        {"session_id": "two", "speaker": "Mara Quill", "start_time": 0.0, "end_time": 10.0,
         "words": "Welcome. Who are you?"},
        {"session_id": "two", "speaker": "Ben Okafor", "start_time": 8.0, "end_time": 20.0,
         "words": "A maker of needles."},
    ]  # fmt: skip


def test_views_are_made_anew_only_where_they_differ(tmp_path: Path) -> None:
    """As after an upgrade; else a load leaves them alone."""
    with duckdb.connect(str(tmp_path / "w.duckdb")) as con:
        migrate(con)
        con.execute("create or replace view seglst as select 1 as one")
        migrate(con)
        assert con.execute("from seglst").fetchall() == [(1,)]
        con.execute("create or replace macro digest_of_views() as 'of an older one'")
        migrate(con)
        assert con.execute("from seglst").fetchall() == []
