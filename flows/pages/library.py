"""What pages are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flows.artifacts import Store


@dataclass(frozen=True)
class Library:
    """The snapshot, and the home that keeps the audio."""

    snapshot: Path
    home: Path

    @cached_property
    def audio(self) -> Mapping[str, Path]:
        """The audio files that the home keeps, by their sha256, as they were when they were asked for first."""
        store = Store(self.home)
        folders, manifests = store.all("fetch"), store.manifests("fetch")
        return {one.sha256: folders[one.key] / one.payload for one in manifests if one.key in folders}
