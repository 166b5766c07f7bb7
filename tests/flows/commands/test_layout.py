"""Tables on narrow screens: what a person sees of lists, answers and turns."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from flows.display import lists
from flows.display.table_layout import draw, wrap
from warehouse.answers.table import Table

ID = "0a1b2c3d-1111-5222-8333-444455556666"
COLUMNS = (
    "episode_id",
    "show",
    "title",
    "published_at",
    "seconds",
    "source",
    "model",
    "turns",
    "speakers",
    "flags",
)
LISTED = lists.episodes(
    Table(
        COLUMNS,
        [
            (
                ID,
                "The Long Groove",
                "Why a record turns",
                datetime(2026, 4, 1, tzinfo=UTC),
                95.0,
                "asr",
                "b",
                1,
                2,
                [],
            ),
            ("youtube:dQw4w9WgXcQ", None, "W" * 200, None, None, None, None, 0, 0, []),
            (
                ID[::-1],
                "\N{CJK UNIFIED IDEOGRAPH-65E5}" * 9,
                "\u65e5\u672c\u8a9e\u306e\u984c\u540d\u3002" * 9,
                None,
                1.0,
                "asr",
                "b",
                909,
                12,
                [],
            ),
        ],
    )
)


def lines(table: Table, width: int | None, most: int | None = None) -> list[str]:
    """All lines of a table."""
    header, rows = draw(table, width, most)
    return header + rows


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_a_list_fits_and_shows_everything(width: int) -> None:
    """Title, show, date, turns and speakers; short ids; what is cut ends in an ellipsis."""
    shown = lines(LISTED, width, 3)
    assert max(map(cell_len, shown)) <= width
    for piece in ("0a1b2c3d", "dQw4w9Wg", "record", "Groove", "2026-04-01", "909", "12", "\u65e5\u672c"):
        assert any(piece in line for line in shown), piece
    assert sum("WWW…" in line for line in shown) == 1


def test_a_list_on_60_columns_puts_the_show_under_the_title() -> None:
    """As a person reads it."""
    assert lines(Table(LISTED.columns, [LISTED.rows[0], ("1" * 8, "t " * 30, None, None, 0, 0)]), 60, 2) == [
        "id        title                  date        turns  speakers",
        "            show",
        "0a1b2c3d  Why a record turns     2026-04-01      1         2",
        "            The Long Groove",
        "11111111  t t t t t t t t t t t                  0         0",
        "          t t t t t t t t t t…",
    ]


def test_a_pipe_gets_a_line_a_row_whole() -> None:
    """Nothing is cut or folded."""
    shown = lines(LISTED, None, 3)
    assert len(shown) == 4
    assert "W" * 200 in shown[2]


def test_an_answer_that_no_columns_fit_is_shown_field_by_field() -> None:
    """Nothing is left out, also what is NULL."""
    table = Table(("episode_id", "title", "model", "turn_index"), [(ID, "Why a record turns", None, 3)] * 2)
    card = [f"episode_id  {ID}", "title       Why a record turns", "model", "turn_index  3"]
    assert lines(table, 50) == [*card, "", *card]


def test_numbers_stand_at_the_right() -> None:
    """And a text beside them gets the rest."""
    table = Table(("speaker", "n", "text"), [("A", 1, "one two three four five six"), (None, 20, "seven")])
    assert lines(table, 30) == [
        "speaker   n  text",
        "A         1  one two three",
        "             four five six",
        "         20  seven",
    ]


def test_an_address_in_a_message_is_never_broken() -> None:
    """It is there to be copied."""
    assert wrap("see https://x.example/a/b now", 12, whole=True) == ["see", "https://x.example/a/b", "now"]
    assert wrap("see https://x.example/a/b now", 14) == ["see https://", "x.example/a/b", "now"]


words = st.text(st.sampled_from("ab é/日。👩🚀 "), max_size=60)


@given(words, st.integers(2, 30), st.none() | st.integers(1, 3))
def test_no_line_is_too_long_and_no_word_that_fits_is_cut(text: str, width: int, most: int | None) -> None:
    """And nothing is lost where nothing was to be cut."""
    shown = wrap(text, width, most)
    assert all(cell_len(line) <= width for line in shown)
    if most is None:
        assert "".join("".join(shown).split()) == "".join(text.split())
        whole = {word for word in text.split() if word.isascii() and "/" not in word and len(word) <= width}
        assert whole <= {word for line in shown for word in line.split()} or "日" in text
    else:
        assert len(shown) <= most


@given(
    st.lists(st.tuples(words, words, st.integers(0, 10**6), st.none() | words), max_size=4),
    st.integers(12, 90) | st.none(),
    st.none() | st.integers(1, 3),
)
def test_any_table_fits(rows: list[tuple[object, ...]], width: int | None, most: int | None) -> None:
    """Whatever is in it, and however narrow it gets."""
    shown = lines(Table(("a", "second", "n", "the last"), rows), width, most)
    assert width is None or all(cell_len(line) <= width for line in shown)
    assert width is not None or len(shown) == 1 + len(rows)


def test_what_waits_says_why_and_when_it_is_tried_again() -> None:
    """At the end of a row, whole."""
    row = {
        "state": "failed",
        "episode_id": ID,
        "title": None,
        "show": "S",
        "since": "2026-04-01 06:00:00Z",
        "stage": "fetch",
        "error_class": "source",
        "attempts": 1,
        "next_try_at": "2026-04-02 06:00:00Z",
        "message": "https://cdn.example/1.mp3: 404 Not Found",
    }
    table = lists.pending(Table(tuple(row), [tuple(row.values())]))
    assert table.rows == [
        (
            "failed",
            "0a1b2c3d",
            "(no title)",
            "S",
            "fetch: 404 Not Found (https://cdn.example/1.mp3)",
            "next try 2026-04-02 06:00Z",
            "2026-04-01",
        )
    ]


def test_what_is_found_flows_and_its_neighbours_are_short() -> None:
    """Paragraphs part by a space; of the turn before, its end stands there, of the one behind, its beginning."""
    long = f"Begin {'word ' * 200}end."
    hit = {
        "podcast": "S",
        "title": "T",
        "published_at": None,
        "speaker": "A",
        "start_time": 1.0,
        "snippet": "So.\n\nWhy?",
        "link": None,
        "before": [{"speaker": "B", "start_time": 0.0, "text": long}],
        "after": [{"speaker": "B", "start_time": 2.0, "text": long}],
    }
    ((_, turns, _),) = lists.found(Table(tuple(hit), [tuple(hit.values())]))
    before, said, after = (text for *_, text in turns.rows)
    assert said == "So. Why?"
    assert (before[:2], before[-4:]) == ("…w", "end.")
    assert (after[:5], after[-1]) == ("Begin", "…")
    assert max(len(before), len(after)) < 250


def test_a_long_title_makes_its_own_line_long() -> None:
    """In a pipe nothing is cut, and the other lines are no longer than they have to be."""
    rows = [("a", "W" * 10_000, 1), ("b", "Why a record turns", 2)]
    (header,), (first, second) = draw(Table(("id", "title", "turns"), rows), None)
    assert "W" * 10_000 in first
    assert first.endswith("1")
    assert second.split() == ["b", "Why", "a", "record", "turns", "2"]
    assert len(header) == len(second) < 120
