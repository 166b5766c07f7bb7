"""Vectors of what is said, made where they lack: the warehouse is held only to read texts and to write vectors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from warehouse import store
from warehouse.connection import transaction
from warehouse.search import passages

AT_ONCE = 20  # transcripts: what a killed process has to make once more

Embed = Callable[[Sequence[str]], Sequence[Sequence[int]]]  # texts → vectors as `passages.vector` has them


def embed_passages(warehouse: Path, embed: Embed) -> Iterator[tuple[int, int]]:
    """Make the vectors that lack; yield of how many transcripts they are made, and of how many they lacked.

    Raises:
        SourceError: there is no warehouse yet.
        ContentError: the warehouse is damaged.
        TransientError: another process holds it, or the disk is full.
    """
    store.require(warehouse)
    tried = set[str]()
    n_made = 0
    while lacking := _lacking(warehouse, tried):  # others load meanwhile, and leave theirs to this process
        tried |= {*lacking}
        for start in range(0, len(lacking), AT_ONCE):
            made = _embed(warehouse, lacking[start : start + AT_ONCE], embed)
            n_made += made
            if made:  # not where there is nothing but blanks
                yield n_made, n_made + max(0, len(lacking) - start - AT_ONCE)


def _lacking(warehouse: Path, tried: Collection[str]) -> list[str]:
    """List the transcripts without vectors, but for those that were tried; it reads all that is said."""
    with store.standing_still(warehouse), store.opened(warehouse, read_only=True) as con:
        return [name for name in passages.lacking(con) if name not in tried]


def _embed(warehouse: Path, transcripts: Sequence[str], embed: Embed) -> int:
    """Make the vectors of some transcripts, and return of how many."""
    with store.standing_still(warehouse), store.opened(warehouse, read_only=True) as con:
        texts = passages.passages_of(con, transcripts)
    made = [(name, md5, said, embed([one.text for one in said])) for name, md5, said in texts if said]
    if made:
        with store.locked(warehouse), store.opened(warehouse) as con, transaction(con):
            passages.delete_others(con)
            for name, md5, said, vectors in made:
                passages.write(con, name, md5, said, vectors)
    return len(made)
