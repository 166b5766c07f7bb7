"""Vectors of what is said, made where they lack: the warehouse is held only to read texts and to write vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from warehouse import store
from warehouse.loading.load import transaction
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
    tried: set[str] = set()
    n_made = 0
    while True:  # others load meanwhile, and leave theirs to this process
        with store.standing_still(warehouse), store.opened(warehouse, read_only=True) as con:
            lacking = [name for name in passages.lacking(con) if name not in tried]
            texts = passages.passages_of(con, lacking[:AT_ONCE])
        if not lacking:
            return
        tried.update(lacking[:AT_ONCE])
        made = [(name, md5, said, embed([one.text for one in said])) for name, md5, said in texts if said]
        if not made:  # nothing but blanks
            continue
        with store.locked(warehouse), store.opened(warehouse) as con, transaction(con):
            passages.delete_others(con)
            for name, md5, said, vectors in made:
                passages.write(con, name, md5, said, vectors)
        n_made += len(made)
        yield n_made, n_made + max(0, len(lacking) - AT_ONCE)
