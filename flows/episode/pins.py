"""Which transcripts a user wants to be read, whatever else there is: each pin an artifact, the newest counts."""

from __future__ import annotations

from flows.artifacts import Artifact, Store
from flows.episode.sayings import keep_saying, newest_sayings

METHOD = "pin-1"
_ABOUT = ("transcript_id",)


def keep_pin(store: Store, transcript_id: str, *, is_pinned: bool) -> Artifact:
    """Keep that a user pins a transcript, or takes that back."""
    said = {"transcript_id": transcript_id, "is_pinned": is_pinned}
    return keep_saying(store, "pin", METHOD, said, _ABOUT)


def pins(store: Store) -> frozenset[str]:
    """Return the transcripts that are pinned."""
    newest = newest_sayings(store, "pin", _ABOUT)
    return frozenset(name for (name,), one in newest.items() if one.parameters["is_pinned"])
