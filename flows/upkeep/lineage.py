"""Which artifacts are made of which: what a transcript rests on, and what rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from flows.artifacts import Manifest, Store

DOCUMENTS = ("stage", "discover")  # what the warehouse is made of
SAYINGS = ("name", "pin", "person")  # of users


class Lineage:
    """The manifests of a home, read once; a damaged one is left out."""

    def __init__(self, store: Store) -> None:
        self._store = store
        stages = sorted(path.name for path in store.artifacts.iterdir()) if store.artifacts.is_dir() else []
        self.manifests = tuple(one for stage in stages for one in store.manifests(stage))

    @cached_property
    def documents(self) -> Mapping[str, Manifest]:
        """What the warehouse is made of, by key."""
        return {one.key: one for one in self.manifests if one.stage in DOCUMENTS}

    @cached_property
    def _by_payload(self) -> Mapping[str, Sequence[Manifest]]:
        """The artifacts with the same payload: many an episode has no chapters."""
        found: dict[str, list[Manifest]] = {}
        for one in self.manifests:
            found.setdefault(one.sha256, []).append(one)
        return found

    def behind(self, roots: Iterable[Manifest]) -> dict[str, Manifest]:
        """Return what some artifacts are made of, directly or not, by key."""
        return {one.key: one for root in roots for one in self._behind(root)}

    def _behind(self, root: Manifest) -> list[Manifest]:
        known = set(root.inputs.values())
        todo, found = list(known), dict[str, Manifest]()
        while todo:
            every = self._by_payload.get(todo.pop(), ())
            for one in every:
                made_of = set(one.inputs.values())
                is_it = len(every) == 1 or not made_of or not known.isdisjoint(made_of)
                if is_it and one.key not in found:
                    found[one.key] = one
                    todo += made_of - known
                    known |= made_of
        return list(found.values())

    def made_with(self, roots: Iterable[Manifest], kept: Mapping[str, Manifest]) -> dict[str, Manifest]:
        """Return some artifacts and what is made with them, directly or not, but for what is `kept`; by key."""
        shared = {one.sha256 for one in kept.values()}
        found = {one.key: one for one in roots if one.key not in kept}
        news = list(found.values())
        while news:
            reached = {one.sha256 for one in news} - shared
            news = [
                one
                for one in self.manifests
                if one.key not in found and one.key not in kept and not reached.isdisjoint(one.inputs.values())
            ]
            found |= {one.key: one for one in news}
        return found

    def folder(self, one: Manifest) -> Path:
        """Return where an artifact lies."""
        return self._store.folder(one.stage, one.key)
