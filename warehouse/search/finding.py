"""The turns that a search finds, with what was said before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from transforms.errors import SourceError
from warehouse.answers.table import Table
from warehouse.search.passages import count_lacking, cut
from warehouse.snapshot import reading

MOST_WORDS = 100  # as search() in search.sql has it
_FUSED = 60  # reciprocal ranks: what is first counts little more than what is second (Cormack et al., 2009)
_RANKED = 50  # of each, at least
_Turn = tuple[str, int]  # of a transcript
_Found = tuple[tuple[str, ...], list[Any]]  # the names of columns, and rows
_CONTEXT = ("turn_index", "speaker", "start_time", "text")


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and in which turns: `None` is all of them; `context` is how many around each to give.

    `vector` is that of the query, as `passages.vector` has them, where other words for it are looked for, too.
    """

    query: str
    speaker: str | None = None
    show: str | None = None
    since: datetime | None = None
    context: int = 0
    most: int = 20
    vector: Sequence[int] | None = None


def search(snapshot: Path, asked: Search) -> Table:
    """List the turns that a search finds, best first; `before` and `after` are the turns around each.

    `unsaid` are the words of the search that nobody says: the nearest were looked for instead.

    Raises:
        SourceError: there is no word in it, or too many; or there is no snapshot yet.
        ContentError: the snapshot is damaged.
    """
    with reading(snapshot, "searched") as con:
        _check_words(con, asked.query)
        columns, found = _by_words(con, asked) if asked.vector is None else _fused(con, asked)
        around = _around(con, [row[-2:] for row in found], asked.context)
        unsaid = _unsaid(con, asked.query)
    return Table((*columns, "before", "after", "unsaid"), [(*row, *around[row[-2:]], unsaid) for row in found])


def _by_words(con: duckdb.DuckDBPyConnection, asked: Search) -> _Found:
    return _ask(con, "search($query, {})", asked, query=asked.query)


def _fused(con: duckdb.DuckDBPyConnection, asked: Search) -> _Found:
    """Find by words and by vector, and rank by both: by the sum of the reciprocal ranks."""
    more = replace(asked, most=max(asked.most, _RANKED))
    columns, said = _by_words(con, more)
    names, meant = _ask(con, "nearest($vector, {})", more, vector=list(asked.vector or ()))
    rows = {row[-2:]: dict(zip(columns, row, strict=True)) for row in said}
    for row in meant:
        near = dict(zip(names, row, strict=True))
        turn = near["transcript_id"], near["turn_index"]
        if turn not in rows:
            rows[turn] = near | {"snippet": near["passage_index"]}
    scores = dict.fromkeys(rows, 0.0)
    for ranked in (_with_every_word(con, more.query, list(rows)[: len(said)]), [row[-3:-1] for row in meant]):
        for rank, turn in enumerate(ranked, 1):
            scores[turn] += 1 / (_FUSED + rank)
    best = sorted(scores, key=lambda turn: -scores[turn])[: asked.most]  # of equals what search() has first
    snippets = _snippets(con, {turn: rows[turn]["snippet"] for turn in best})
    shown = [rows[turn] | {"score": round(scores[turn], 4), "snippet": snippets[turn]} for turn in best]
    return columns, [tuple(one[name] for name in columns) for one in shown]


def _with_every_word(con: duckdb.DuckDBPyConnection, query: str, turns: Sequence[_Turn]) -> list[_Turn]:
    """Choose the turns that have all words of a search, in any form: that one has a few of many tells nothing."""
    found = con.execute(
        """
        with terms as materialized (from search_terms($query)),
        said as (
            select transcript_id, turn_index, words_of(text) as words
            from turns join (select unnest($transcripts) as transcript_id, unnest($turns) as turn_index)
                using (transcript_id, turn_index)
        )
        select transcript_id, turn_index
        from said join terms on list_contains(words, word)
        group by all
        having count(distinct (part_index, place)) = (select count(distinct (part_index, place)) from terms)
        """,
        {"query": query, "transcripts": [name for name, _ in turns], "turns": [index for _, index in turns]},
    ).fetchall()
    return [turn for turn in turns if turn in set(found)]


def _snippets(con: duckdb.DuckDBPyConnection, shown: Mapping[_Turn, str | int]) -> dict[_Turn, str]:
    """Write out the passages among some snippets, which are given by their places in their transcripts."""
    transcripts = list({transcript for (transcript, _), one in shown.items() if isinstance(one, int)})
    texts = {transcript: list(cut(turns)) for transcript, turns in _turns_of(con, transcripts)}
    return {turn: texts[turn[0]][one].text if isinstance(one, int) else one for turn, one in shown.items()}


def _turns_of(
    con: duckdb.DuckDBPyConnection, transcripts: Sequence[str]
) -> list[tuple[str, list[tuple[int, str]]]]:
    sql = (
        "select transcript_id, list((turn_index, text) order by turn_index) from turns "
        "where transcript_id in (select unnest(?)) group by 1"
    )
    return con.execute(sql, [transcripts]).fetchall()


def _ask(con: duckdb.DuckDBPyConnection, macro: str, asked: Search, **given: object) -> _Found:
    """Ask a macro for turns; its last columns name them."""
    con.execute(
        f"from {macro}".format("speaker := $speaker, podcast := $podcast, since := $since, most := $most"),
        {**given, "speaker": asked.speaker, "podcast": asked.show, "since": asked.since, "most": asked.most},
    )
    return tuple(name for name, *_ in con.description or ()), con.fetchall()


def vectors_lacking(snapshot: Path) -> tuple[int, int]:
    """Return how many best transcripts have no vectors, and how many there are.

    Raises:
        SourceError: there is no snapshot yet.
        ContentError: the snapshot is damaged.
    """
    with reading(snapshot) as con:
        return count_lacking(con)


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
