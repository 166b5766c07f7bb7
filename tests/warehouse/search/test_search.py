"""Search finds what people type, in any language, and what it looks in follows what is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ask, command, rows_of
from tests.support.documents import EPISODE, publish, published, staged
from transforms.errors import ContentError, SourceError
from transforms.records import Turn
from warehouse import store
from warehouse.answers.sql import answer
from warehouse.connection import rows
from warehouse.loading.staging import Staged, write_staged
from warehouse.search.finding import Search, search
from warehouse.soundness.laws import verify

TALKS: dict[str, tuple[str | None, list[str]]] = {
    "Laws": (
        "en",
        [
            "Welcome back. Today we ask about the scaling laws, and who broke them.",
            "Nobody broke the law of scaling; engines were running, and one engine ran.",
            "He said that café owners play records at noon. Naïve, I know.",
            "Don't forget: a long groove, a long groove, a long groove!",
        ],
    ),
    "Nadel": ("de", ["Die Häuser am Fluß sind alt.", "Das Haus steht noch, und die Straße auch."]),
    "Informação": ("pt-BR", ["A informação chegou.", "As informações são boas."]),
    "針": ("ja", ["機械学習の話をします。", "学習する機械です。かぎが落ちた。"]),
    "바늘": ("ko", ["학교에서 배운다."]),
    "Игла": ("ru", ["Ещё один новый дом.", "В новых домах тепло, и ёлка стоит."]),
    "เข็ม": ("th", ["วันนี้เราเรียนภาษาไทย"]),
    # Nothing says in which language this is but its words.
    "Unnamed": (
        None,
        ["The thing that you have is what we were after, and it was not for the records of this house."],
    ),
}


def talk(number: int, title: str, language: str | None, texts: list[str], **more: Any) -> Staged:
    """A text of one episode, a turn for each second."""
    names = [None if number == 7 else ("Ann Lee", "Bo Ruiz")[i % 2] for i in range(len(texts))]
    turns = tuple(
        Turn(
            *(i, name, float(i), i + 1.0, text, 0, len(text.split()), "speaker", None, None, None, name),
            name and "publisher",
        )
        for i, (name, text) in enumerate(zip(names, texts, strict=True))
    )
    episode = replace(
        EPISODE, episode_id=f"e{number}", guid=f"g{number}", title=title,
        published_at=datetime(2026, 1 + number, 5, tzinfo=UTC), audio_url=f"https://groove.example/{number}.mp3",
    )  # fmt: skip
    return published(number, episode=episode, transcript_id=f"t{number}", language=language, turns=turns, **more)


def talks() -> list[Staged]:
    """All of them."""
    return [talk(n, title, language, texts) for n, (title, (language, texts)) in enumerate(TALKS.items())]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One episode in each language."""
    folder = tmp_path_factory.mktemp("search")
    publish(folder, *talks())
    return folder


def found(home: Path, query: str, **limits: Any) -> list[tuple[str, int]]:
    """Titles and turns, best first."""
    table = search(home / "turntable.duckdb", Search(query, **limits))
    at = [table.columns.index(name) for name in ("title", "turn_index")]
    return [(row[at[0]], row[at[1]]) for row in table.rows]


@pytest.mark.parametrize(
    ("query", "turns"),
    [
        ("broke", [("Laws", 0), ("Laws", 1)]),
        ("BROKE!", [("Laws", 0), ("Laws", 1)]),
        ("scaling nobody", [("Laws", 1)]),
        ('"scaling laws"', [("Laws", 0)]),
        ("“Scaling Laws”", [("Laws", 0)]),
        ('"law of scal*"', [("Laws", 1)]),
        ("law*", [("Laws", 0), ("Laws", 1)]),
        ("cafe", [("Laws", 2)]),
        ("Café", [("Laws", 2)]),
        ("naive", [("Laws", 2)]),
        ("don't", [("Laws", 3)]),
        ("don’t forget", [("Laws", 3)]),
        ("forget nobodyhere", [("Laws", 3)]),
        ('forget "nobody here"', []),
        ("house", [("Unnamed", 0)]),
        ("strasse", [("Nadel", 1)]),
        ("Fluss", [("Nadel", 0)]),
        ("机械", []),
    ],
)
def test_words_phrases_and_beginnings(home: Path, query: str, turns: list[tuple[str, int]]) -> None:
    """In any case, with any accents and quotes; a phrase must be there, of other words as many as can be."""
    assert sorted(found(home, query)) == turns


@pytest.mark.parametrize(
    ("query", "turns"),
    [
        ("law", [("Laws", 0), ("Laws", 1)]),
        ("engine", [("Laws", 1)]),
        ("runs", [("Laws", 1)]),
        ("record", [("Laws", 2), ("Unnamed", 0)]),
        ("Hauses", [("Nadel", 0), ("Nadel", 1)]),
        ("informacao", [("Informação", 0), ("Informação", 1)]),
        ("новая", [("Игла", 0), ("Игла", 1)]),
        ("дома", [("Игла", 0), ("Игла", 1)]),
        ("елка", [("Игла", 1)]),
    ],
)
def test_a_word_is_found_in_its_other_forms(home: Path, query: str, turns: list[tuple[str, int]]) -> None:
    """By the language of the transcript; where nothing names that, its commonest words do."""
    assert sorted(found(home, query)) == turns


@pytest.mark.parametrize(
    ("query", "turns"),
    [
        ("機械学習", [("針", 0)]),
        ("学習", [("針", 0), ("針", 1)]),
        ("習学", []),
        ("かき", []),
        ("학교", [("바늘", 0)]),
        ("ภาษา", [("เข็ม", 0)]),
        ("話", [("針", 0)]),
    ],
)
def test_languages_without_spaces_are_read_by_letters(
    home: Path, query: str, turns: list[tuple[str, int]]
) -> None:
    """Letters in a row are a phrase; a mark that makes another letter is none of an accent."""
    assert sorted(found(home, query)) == turns


@pytest.mark.parametrize("query", ["scalling", "scalnig", "welcme", "Engnie"])
def test_a_slip_is_forgiven(home: Path, query: str) -> None:
    """Where nobody says the word as it is written, which is said, too."""
    assert {title for title, _ in found(home, query)} == {"Laws"}
    assert found(home, f'"{query}"') == []
    table = search(home / "turntable.duckdb", Search(f"broke {query}"))
    assert {tuple(row[table.columns.index("unsaid")]) for row in table.rows} == {(query.lower(),)}


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A snapshot whose words may be changed."""
    with duckdb.connect(str(publish(tmp_path_factory.mktemp("vocabulary"), staged(1)))) as con:
        yield con


def slipped(word: str, at: int) -> list[str]:
    """A word with two letters swapped at some place, one left out, one more, and another one."""
    head, one, two, tail = word[:at], word[at : at + 1], word[at + 1 : at + 2], word[at + 2 :]
    return [head + two + one + tail, head + two + tail, head + one + one + two + tail, head + "z" + two + tail]


@settings(max_examples=25)
@given(st.data())
def test_slips_are_found_wherever_they_are(vocabulary: duckdb.DuckDBPyConnection, data: st.DataObject) -> None:
    """Few words are compared letter by letter, and none is missed."""
    letters = data.draw(st.sampled_from(["abcd", "абвг", "aéio"]))
    asked = data.draw(st.text(letters, min_size=4, max_size=13))
    once = [near for at in range(len(asked)) for near in slipped(asked, at)]
    twice = [near for word in once[::3] for at in range(0, len(word), 2) for near in slipped(word, at)]
    vocabulary.execute("delete from search_words")
    vocabulary.execute(
        "insert into search_words select '', word, folded(word), folded(word) "
        "from (select distinct unnest(?) as word) where folded(word) <> folded(?)",
        [[*once, *twice], asked],
    )
    found = vocabulary.execute("select word from search_terms(?) where weight = 0.5", [asked]).fetchall()
    wanted = vocabulary.execute(
        """
        select word from search_words
        where damerau_levenshtein(term, folded($1)) <= case when length(folded($1)) > 7 then 2 else 1 end
        """,
        [asked],
    ).fetchall()
    assert sorted(found) == sorted(wanted)
    assert wanted


def test_a_slip_comes_before_a_word_that_begins_so(tmp_path: Path) -> None:
    """Who misspells `needle` means no `need`; without such a word it is the nearest."""
    publish(tmp_path, talk(0, "Needles", "en", ["Nobody asked for a needle.", "They need one, and need it now."]))
    assert found(tmp_path, "needlle") == [("Needles", 0)]
    assert found(tmp_path, "needings") == [("Needles", 1)]


def test_the_best_comes_first(home: Path) -> None:
    """Who says it more, in fewer words, before who says it once."""
    assert found(home, "long groove")[0] == ("Laws", 3)
    assert found(home, "law")[0] == ("Laws", 1)
    scores = [row[0] for row in search(home / "turntable.duckdb", Search("the")).rows]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) > 2


def test_limits_say_who_where_and_when(home: Path) -> None:
    """Names and shows by a piece; only so many."""
    assert found(home, "records", speaker="lee") == [("Laws", 2)]
    assert found(home, "records", speaker="ruiz") == []
    (bo,) = rows_of(home / "turntable.duckdb", "select count(*) from turns where speaker_name = 'Bo Ruiz'")
    assert rows_of(home / "turntable.duckdb", "select count(*) from spoken_by('bo ru')") == [bo]
    assert found(home, "records", show="long GROOVE", since=datetime(2026, 2, 1, tzinfo=UTC)) == [("Unnamed", 0)]
    assert found(home, "records", show="another") == []
    assert len(found(home, "records", most=1)) == 1


def test_a_hit_shows_where_it_is(home: Path) -> None:
    """The show, the time, what was hit, a link that opens the audio there, and what was said around it."""
    table = search(home / "turntable.duckdb", Search("engines", context=1))
    (row,) = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert (row["podcast"], row["speaker"], row["start_time"]) == ("The Long Groove", "Bo Ruiz", 1.0)
    assert row["snippet"] == "Nobody broke the law of scaling; *engines* were running, and one *engine* ran."
    assert row["link"] == "https://groove.example/0.mp3#t=1"
    assert [said["text"][:7] for said in (*row["before"], *row["after"])] == ["Welcome", "He said"]


@pytest.mark.parametrize(
    ("audio", "path", "page", "at", "link"),
    [
        ("https://a.example/1.mp3?x=1#old", None, None, 61.9, "https://a.example/1.mp3?x=1#t=61"),
        (None, None, "https://www.youtube.com/watch?v=abc", 61.9, "https://www.youtube.com/watch?v=abc&t=61s"),
        (None, None, "https://youtu.be/abc", 61.9, "https://youtu.be/abc?t=61s"),
        (None, "/home/ann/my talk.mp3", None, 61.9, "file:///home/ann/my%20talk.mp3#t=61"),
        ("/home/ann/1.mp3", None, None, 61.9, None),
        ("https://a.example/1.mp3", None, None, None, "https://a.example/1.mp3"),
        (None, None, "https://a.example/1", 61.9, None),
    ],
)
def test_a_link_opens_the_audio_there(
    home: Path, audio: str | None, path: str | None, page: str | None, at: float | None, link: str | None
) -> None:
    with duckdb.connect(str(home / "turntable.duckdb"), read_only=True) as con:
        assert con.execute("select audio_link(?, ?, ?, ?)", [audio, path, page, at]).fetchone() == (link,)


def test_a_long_turn_is_cut_around_the_hit(tmp_path: Path) -> None:
    """Also where that is far behind; and a phrase is looked for as one."""
    text = f"{'needle word ' * 300}the needle point {'word ' * 300}"
    snapshot = publish(tmp_path, talk(1, "Long", "en", [text]))
    ((snippet, score),) = rows_of(snapshot, "select snippet, score from search('\"needle point\"')")
    assert "the *needle* *point* word" in snippet
    assert snippet.startswith("…")
    assert snippet.endswith("…")
    assert len(snippet) < 400
    assert score > 0


def test_what_is_found_are_best_turns(home: Path) -> None:
    """Search knows no other turns, and calls them as the view does."""
    same = """
        select count(*) filter (where b.text = s.text and b.speaker is not distinct from s.speaker
            and b.title = s.title and b.start_time = s.start_time), count(*)
        from search('the or and', most := 100) s left join best_turns b using (transcript_id, turn_index)
    """
    ((equal, all_of_them),) = rows_of(home / "turntable.duckdb", same)
    assert equal == all_of_them > 0


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "there is no word in ''"),
        ('"', "there is no word"),
        ("?!*", "there is no word"),
        ("a " * 10_000, "a search has 100 words at most, this one 10000: leave some out"),
    ],
)
def test_what_is_no_search_is_one_line(home: Path, query: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        search(home / "turntable.duckdb", Search(query))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "'; drop table turns; --",
        '"scaling laws',
        'laws" "',
        "laws\x00",
        "x" * 100_000,
        "%",
        "$1 $query",
        "*",
        'laws*"*',
    ],
)
def test_strange_searches_are_only_searches(home: Path, query: str) -> None:
    """What is found is what has their words; nothing breaks."""
    with duckdb.connect(str(home / "turntable.duckdb"), read_only=True) as con:
        titles = {title for (title,) in con.execute("select title from search(?)", [query]).fetchall()}
        assert ("Laws" in titles) == ("laws" in query)


def test_sql_searches_within_its_limits(home: Path) -> None:
    """As any other query: read only, in a process of its own; too many words are an error of one line."""
    asked = "select title, snippet from search('cafe', speaker := 'ann', podcast := 'groove', most := 3)"
    assert json.loads(b"".join(answer(home / "turntable.duckdb", asked, "json", seconds=60))) == [
        {"title": "Laws", "snippet": "He said that *café* owners play records at noon. Naïve, I know."}
    ]
    many = " ".join(f"w{n}" for n in range(120))
    for words in (many, f'"{many}"'):
        with pytest.raises(ContentError, match="search for 100 words at most") as caught:
            b"".join(answer(home / "turntable.duckdb", f"from search('{words}')", "json", seconds=60))
        assert "\n" not in str(caught.value)

    with pytest.raises(ContentError, match="most is how many turns to find: 0 or more") as caught:
        b"".join(answer(home / "turntable.duckdb", "from search('cafe', most := -1)", "json", seconds=60))
    assert "\n" not in str(caught.value)


def test_a_term_is_counted_where_it_is_said(home: Path) -> None:
    """Its words in a row; each speaker's first time; by month, those in which nobody says it too."""
    sql = "select title, speaker, mentions from mentions('Long groove')"
    assert rows_of(home / "turntable.duckdb", sql) == [("Laws", "Bo Ruiz", 3)]
    sql = "select speaker, title, turn_index from first_mentions('record*')"
    assert rows_of(home / "turntable.duckdb", sql) == [("Ann Lee", "Laws", 2), (None, "Unnamed", 0)]
    months = ask(home, "from keyword_timeline('record*')")
    assert [(m["month"], m["mentions"], m["episodes"], m["of_episodes"]) for m in months] == [
        (f"2026-0{n + 1}-01", 1 if n in (0, 7) else 0, 1 if n in (0, 7) else 0, 1) for n in range(8)
    ]


def write(home: Path, **documents: Staged) -> dict[str, Path]:
    files = {}
    for key, document in documents.items():
        files[key] = home / f"{key}.parquet"
        files[key].write_bytes(write_staged(document))
    return files


def test_the_index_follows_what_is_loaded(tmp_path: Path) -> None:
    """A newer version of a text takes the words of the older one away, but what others have; as a rebuild does."""
    warehouse = tmp_path / "warehouse.duckdb"
    first = write(tmp_path, a=talk(1, "One", "en", ["Groove records."]), b=talk(2, "Two", "en", ["Records!"]))
    newer = replace(talk(1, "One", "en", ["The needle."]), staged_at=datetime(2026, 7, 1, tzinfo=UTC))
    store.load(warehouse, first, {})
    store.load(warehouse, files := first | write(tmp_path, c=newer), {})

    assert verify(warehouse, files, {}) == ()
    with store.opened(warehouse, read_only=True) as con:
        words = rows(con, "select word, stem from search_words order by all")
        index = rows(con, "select transcript_id, word from search_index order by all")
    assert words == [("needle", "needl"), ("records", "record"), ("the", "the")]
    assert index == [("t1", "needle"), ("t1", "the"), ("t2", "records")]


def test_an_older_warehouse_gets_an_index(tmp_path: Path) -> None:
    """At its first load, or when somebody asks; it is the same as if it had always been there."""
    warehouse = tmp_path / "warehouse.duckdb"
    store.load(warehouse, files := write(tmp_path, a=staged(), b=talk(2, "Two", None, ["Records!"])), {})
    with store.opened(warehouse) as con:
        con.execute("drop table search_index; drop table search_words")
        con.execute("delete from schema_migrations where name = '0012_search.sql'")
    store.upgrade(warehouse)

    assert verify(warehouse, files, {}) == ()


@pytest.mark.system
def test_the_command_prints_hits_and_what_is_around_them(home: Path) -> None:
    """For people and for scripts; nothing found is no failure, a wrong date and no words are one line."""
    printed = command(home, "search", "engine", "running", "--context", "1", "--since", "2026-01-01").stdout
    begins = [line.split()[0] for line in printed.splitlines()]
    assert begins == ["The", "0:00", "0:01", "0:02", "https://groove.example/0.mp3#t=1"]
    assert "*engines* were *running*, and one *engine* ran." in printed
    told = json.loads(command(home, "search", '"law of"', "--show", "groove", "--speaker", "bo", "--json").stdout)
    assert [(hit["title"], hit["turn_index"], hit["before"]) for hit in told] == [("Laws", 1, [])]
    assert command(home, "search", "nobodysaysthis").stdout == "(nothing found)\n"
    for wrong in (["?"], ["a", "--since", "soon"]):
        refused = command(home, "search", *wrong, check=False)
        assert refused.returncode != 0
        assert "Traceback" not in refused.stderr
