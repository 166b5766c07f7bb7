"""What is to be exported: one episode, those of a show, or what a query names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transforms.choice import Named, choose
from transforms.errors import ContentError, SourceError
from transforms.records import Seconds
from warehouse.answers.sql import answer
from warehouse.connection import quoted
from warehouse.export.outgoing import ADDRESSES
from warehouse.snapshot import open_snapshot

_SHOWS = """
    select list(podcast_id order by podcast_id), any_value(title), list(feed_url) || list(site_url)
    from podcasts group by coalesce(title, podcast_id) order by 2
"""
# A path would tell others of this machine.
_COLUMNS = f"select * exclude (audio_path) replace ({ADDRESSES}) from best_turns"  # noqa: S608 - names of columns
_ORDER = "order by published_at, episode_id, turn_index"


@dataclass(frozen=True, slots=True)
class Selected:
    """A transcript of an episode, the best where `transcript_id` is `None`; of its turns all or `turn_indexes`."""

    episode_id: str
    transcript_id: str | None = None
    turn_indexes: frozenset[int] | None = None


def of_show(snapshot: Path, show: str) -> list[Selected]:
    """Return the episodes of the show that a user means which have a transcript, oldest first.

    Shows of one name are one: a feed that moved, and a folder of its texts.

    Raises:
        SourceError: no show or several are called so, or none of its episodes has a transcript.
    """
    with open_snapshot(snapshot) as con:
        shows = con.execute(_SHOWS).fetchall()
        known = [Named(ids[0], title, frozenset(filter(None, ids + places))) for ids, title, places in shows]
        chosen = choose(show, known, "show", "give a piece of a title", show).id
        found = con.execute(
            "select distinct episode_id, published_at from episodes join transcripts using (episode_id) "
            "where list_contains(?, podcast_id) and is_best order by published_at, episode_id",
            [next(ids for ids, *_ in shows if ids[0] == chosen)],
        ).fetchall()
    if not found:
        msg = f"{show}: no episode of it has a transcript yet; `turntable status` lists what waits"
        raise SourceError(msg)
    return [Selected(name) for name, _ in found]


def of_query(snapshot: Path, query: str, *, seconds: Seconds) -> list[Selected]:
    """Return what the rows of a query name: `episode_id`, also `turn_index`, `transcript_id`; in their order.

    Raises:
        SourceError: they name no episode.
        ContentError: it is no query, or names something that is no turn.
        ResourceError: it takes more time or memory than it gets.
    """
    # One row is one line.
    lines = b"".join(answer(snapshot, query, "jsonl", seconds=seconds)).splitlines()
    chosen: dict[tuple[str, str | None], set[int] | None] = {}
    for row in map(json.loads, lines):
        if not isinstance(row.get("episode_id"), str):
            msg = "the query names no episodes: select episode_id, and turn_index where you want some turns only"
            raise SourceError(msg)
        _add(chosen, row)
    if not chosen:
        msg = "the query finds nothing, so there is nothing to export"
        raise SourceError(msg)
    return [Selected(*key, None if only is None else frozenset(only)) for key, only in chosen.items()]


def _add(chosen: dict[tuple[str, str | None], set[int] | None], row: dict[str, Any]) -> None:
    key, index = (row["episode_id"], row.get("transcript_id")), row.get("turn_index")
    if "turn_index" not in row:
        chosen[key] = None
    elif not isinstance(index, int):
        msg = f"turn_index of the query is {index!r}: select it as it is in best_turns"
        raise ContentError(msg)
    elif (only := chosen.setdefault(key, set())) is not None:
        only.add(index)


def rows_of(selected: Sequence[Selected]) -> str:
    """Write the query for all turns of the best transcripts of some episodes."""
    return f"{_COLUMNS} where episode_id in ({', '.join(quoted(one.episode_id) for one in selected)}) {_ORDER}"
