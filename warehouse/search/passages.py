"""Passages of the best transcripts as vectors, for a search by meaning: kept current for those that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

import duckdb

METHOD = "multilingual-e5-small-q4-1"  # the model, and how what is said is cut into passages
LENGTH = 400  # letters, some 80 words: of more, a vector says what it is about, and not what is said
SHORT = 30  # letters that mean little without what is said next, as a question or a yes
_BEST = (
    "from transcripts t where t.is_best "
    "and exists (from turns s where s.transcript_id = t.transcript_id and trim(s.text) <> '')"
)
# Whatever was loaded since: a published text keeps its id when it is read anew.
_TEXT = "md5(string_agg(text, chr(10) order by turn_index))"

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Passage:
    """What is said in one turn, or in some in a row, and the turn that says most of it."""

    turn_index: int
    text: str


def cut(turns: Iterable[tuple[int, str]]) -> Iterator[Passage]:
    """Cut turns into passages: short ones go with the next, long ones are cut between words.

    >>> [passage.turn_index for passage in cut([(0, "Why?"), (1, "a belt " * 90), (2, "So.")])]
    [1, 1, 2]
    """
    pieces = ((index, piece) for index, text in turns for piece in _pieces(text.strip()))
    together: list[tuple[int, str]] = []
    for one in pieces:
        if sum(len(text) for _, text in together) >= SHORT:
            yield _joined(together)
            together = []
        together.append(one)
    if together:
        yield _joined(together)


def _pieces(text: str) -> list[str]:
    return wrap(text, LENGTH) if len(text) > LENGTH else [text] if text else []


def _joined(pieces: Sequence[tuple[int, str]]) -> Passage:
    index, _ = max(pieces, key=lambda piece: len(piece[1]))
    return Passage(index, " ".join(text for _, text in pieces))


def count_lacking(con: Connection) -> tuple[int, int]:
    """Return of how many best transcripts there are no vectors of today's method, and how many there are."""
    ((every,),) = con.execute(f"select count(*) {_BEST}").fetchall()
    return len(lacking(con)), every


def count(con: Connection, database: str) -> int:
    """Count the vectors of an attached database; one of an older schema has none."""
    try:
        ((found,),) = con.execute(f"select count(*) from {database}.passages").fetchall()  # noqa: S608
    except duckdb.CatalogException:
        return 0
    return int(found)


def lacking(con: Connection) -> list[str]:
    """List the best transcripts without vectors of today's method, the newest first."""
    known = "select transcript_id from passages where method = ?"
    sql = (
        f"select transcript_id {_BEST} and transcript_id not in ({known}) order by created_at desc, transcript_id"
    )
    return [name for (name,) in con.execute(sql, [METHOD]).fetchall()]


def passages_of(con: Connection, transcripts: Sequence[str]) -> list[tuple[str, str, list[Passage]]]:
    """Return transcripts with the MD5 of their texts and their passages."""
    found = con.execute(
        """
        select transcript_id, md5(string_agg(text, chr(10) order by turn_index) over (partition by transcript_id)),
            turn_index, text
        from turns where transcript_id in (select unnest(?)) order by transcript_id, turn_index
        """,
        [transcripts],
    ).fetchall()
    return [(*name, list(cut(row[2:] for row in rows))) for name, rows in groupby(found, lambda row: row[:2])]


def delete_others(con: Connection) -> None:
    """Delete the vectors of other methods: they cannot be compared with those of today."""
    con.execute("delete from passages where method <> ?", [METHOD])


def write(
    con: Connection,
    transcript_id: str,
    text_md5: str,
    passages: Sequence[Passage],
    vectors: Sequence[Sequence[int]],
) -> None:
    """Write the vectors of a transcript, unless it says something else by now."""
    con.execute("delete from passages where transcript_id = ?", [transcript_id])
    con.execute(
        f"""
        insert into passages
        select
            t.transcript_id, unnest(range($count)), unnest($turns), $text_md5, $method,
            unnest($vectors::tinyint[384][])
        {_BEST} and t.transcript_id = $transcript_id
            and $text_md5 = (select {_TEXT} from turns where transcript_id = $transcript_id)
        """,  # noqa: S608
        {
            "count": len(passages),
            "turns": [one.turn_index for one in passages],
            "vectors": vectors,
            "transcript_id": transcript_id,
            "text_md5": text_md5,
            "method": METHOD,
        },
    )


def take_over(con: Connection) -> None:
    """Take from the database `before` the vectors of the open warehouse that are as they would be made.

    One that is damaged, or of an older schema, has none.
    """
    con.execute(
        f"""
        insert into passages select p.* from before.passages p
        where p.method = ? and p.transcript_id in (select transcript_id {_BEST})
            and (p.transcript_id, p.text_md5) in (
                select (transcript_id, {_TEXT}) from turns
                where transcript_id in (select transcript_id from before.passages) group by transcript_id
            )
        """,  # noqa: S608
        [METHOD],
    )
