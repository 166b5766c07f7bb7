"""What `search()` looks in, kept current for the transcripts that changed: words of turns, and their stems."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from transforms.languages import primary_language
from transforms.stems import COMMON, guess_language, stem
from warehouse.connection import Connection, rows, transcripts_in_batches

_AT_ONCE = 200  # transcripts: as many as a load brings in one transaction
_TELLING = sorted({word for words in COMMON.values() for word in words.split()})


def index_everything(con: Connection) -> None:
    """Index every transcript of a warehouse that had no index."""
    for ids in transcripts_in_batches(con, _AT_ONCE):
        con.execute(
            "create or replace temp table unread as select transcript_id, turn_index, text from turns "
            "where transcript_id in (select unnest(?))",
            [ids],
        )
        _index_unread(con)


def index_chosen(con: Connection) -> None:
    """Index the transcripts that a load brings in, and drop the words that left with those that it replaced."""
    con.execute(
        "create or replace temp table unread as select transcript_id, turn_index, text from spoken "
        "where filename in (select filename from chosen)"
    )
    _index_unread(con)
    _forget_words(con)


def _index_unread(con: Connection) -> None:
    """Index the turns of the temp table `unread`: whole transcripts that are not indexed."""
    con.execute(
        """
        create or replace temp table said as
        select transcript_id, word, list_sort(list(place)) as places
        from (
            select
                transcript_id, unnest(words) as word,
                (1048576 * turn_index + least(floor(log2(greatest(len(words), 1))), 15))::bigint
                    + 16 * least(unnest(range(len(words))), 65535)::bigint as place
            from (select transcript_id, turn_index, words_of(text) as words from unread)
        )
        group by all
        """
    )
    languages = dict(_languages(con))
    con.execute(
        "create or replace temp table indexed as select s.*, l.language from said s "
        "join (select unnest(?) as transcript_id, unnest(?) as language) l using (transcript_id)",
        [list(languages), list(languages.values())],
    )
    # Sorted, so that a search reads no more blocks than it needs.
    con.execute("insert into search_index by name from indexed order by word, transcript_id")
    con.execute("drop table unread; drop table said")
    _learn_words(con)


def _forget_words(con: Connection) -> None:
    """Drop the words of the temp table `leaving` that neither `indexed` nor any other transcript has."""
    gone = "(language, word) not in (select (language, word) from indexed)"
    if rows(con, f"from leaving where {gone} limit 1"):
        con.execute(
            f"""
            delete from search_words where (language, word) in (
                select (language, word) from leaving where {gone} and (language, word) not in (
                    select (language, word) from search_index where word in (select word from leaving where {gone})
                )
            )
            """  # noqa: S608
        )


def _languages(con: Connection) -> Iterator[tuple[str, str]]:
    """Yield the language of each transcript of `said`: what it says of itself, else what its words tell."""
    told = "select distinct transcript_id, t.language from said join transcripts t using (transcript_id)"
    unknown = []
    for transcript_id, language in rows(con, told):
        if language:
            yield transcript_id, primary_language(language)
        else:
            unknown.append(transcript_id)
    if not unknown:
        return
    counted = con.execute(
        """
        select
            transcript_id, sum(len(places)),
            map_from_entries(list((word, len(places))) filter (word in $telling))
        from said where transcript_id in $unknown group by transcript_id
        """,
        {"telling": _TELLING, "unknown": unknown},
    ).fetchall()
    for transcript_id, total, counts in counted:
        yield transcript_id, guess_language(counts or {}, total)


def _learn_words(con: Connection) -> None:
    """Add the words of the temp table `indexed` that are new, with their stems."""
    new = rows(
        con,
        """
        select distinct language, word from indexed i
        where not exists (from search_words w where w.language = i.language and w.word = i.word)
        order by all
        """,
    )
    for language, group in groupby(new, lambda row: row[0]):
        words = [word for _, word in group]
        con.execute(
            "insert into search_words select ?, word, folded(word), folded(stem) "
            "from (select unnest(?) as word, unnest(?) as stem)",
            [language, words, stem(words, language)],
        )
