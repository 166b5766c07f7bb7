"""The turns that a search finds, with what was said before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from transforms.errors import SourceError
from warehouse.answers.table import Table
from warehouse.snapshot import reading

MOST_WORDS = 100  # as search() in search.sql has it
_CONTEXT = ("turn_index", "speaker", "start_time", "text")


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and in which turns: `None` is all of them; `context` is how many around each to give."""

    query: str
    speaker: str | None = None
    show: str | None = None
    since: datetime | None = None
    context: int = 0
    most: int = 20


def search(snapshot: Path, asked: Search) -> Table:
    """List the turns that a search finds, best first; `before` and `after` are the turns around each.

    `unsaid` are the words of the search that nobody says: the nearest were looked for instead.

    Raises:
        SourceError: there is no word in it, or too many; or there is no snapshot yet.
        ContentError: the snapshot is damaged.
    """
    with reading(snapshot, "searched") as con:
        _check_words(con, asked.query)
        con.execute(
            "from search($query, speaker := $speaker, podcast := $podcast, since := $since, most := $most)",
            {
                "query": asked.query,
                "speaker": asked.speaker,
                "podcast": asked.show,
                "since": asked.since,
                "most": asked.most,
            },
        )
        columns = tuple(name for name, *_ in con.description or ())
        found = con.fetchall()
        around = _around(con, [row[-2:] for row in found], asked.context)
        unsaid = _unsaid(con, asked.query)
    return Table((*columns, "before", "after", "unsaid"), [(*row, *around[row[-2:]], unsaid) for row in found])


def _unsaid(con: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """Return the words of a search that stand for others, since nobody says them."""
    guessed = "select 1 from search_terms(?) group by part_index, place having max(weight) <= 0.5"
    if not con.execute(guessed, [query]).fetchone():
        return []
    ((words,),) = con.execute("select list_distinct(words_of(?))", [query]).fetchall()
    return [word for word in words if con.execute(guessed, [word]).fetchone()]


def _check_words(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """Check that a search has words, and not more than anybody looks for.

    Raises:
        SourceError: it has none, or too many.
    """
    ((words,),) = con.execute("select len(words_of(?))", [query]).fetchall()
    if not words:
        msg = f'there is no word in {query[:50]!r}: give one, a "phrase" or the beginning of one as begin*'
        raise SourceError(msg)
    if words > MOST_WORDS:
        msg = f"a search has {MOST_WORDS} words at most, this one {words}: leave some out"
        raise SourceError(msg)


def _around(
    con: duckdb.DuckDBPyConnection, turns: Sequence[tuple[str, int]], context: int
) -> dict[tuple[str, int], tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Return what was said before and after some turns, by transcript and turn."""
    steps = [step for step in range(-context, context + 1) if step]
    wanted = [(transcript, index + step) for transcript, index in turns for step in steps]
    # Found by their ids and then read by their place, as in search.sql.
    con.execute(
        """
        select transcript_id, turn_index, coalesce(speaker_name, speaker_label), start_time, text from turns
        where rowid in (
            select t.rowid from turns t
            join (select unnest($transcripts) as transcript_id, unnest($turns) as turn_index)
            using (transcript_id, turn_index)
        )
        """,
        {"transcripts": [name for name, _ in wanted], "turns": [index for _, index in wanted]},
    )
    known = {row[:2]: dict(zip(_CONTEXT, row[1:], strict=True)) for row in con.fetchall()}

    def said(transcript: str, index: int, steps: Sequence[int]) -> list[dict[str, Any]]:
        return [known[transcript, index + step] for step in steps if (transcript, index + step) in known]

    return {turn: (said(*turn, range(-context, 0)), said(*turn, range(1, context + 1))) for turn in turns}
