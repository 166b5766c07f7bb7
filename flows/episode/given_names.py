"""What a user calls a voice of a transcript: each naming an artifact, and the newest of a label counts."""

from __future__ import annotations

from flows.artifacts import Artifact, Store
from flows.episode.sayings import keep_saying, newest_sayings
from transforms.errors import ContentError

METHOD = "name-1"
LONGEST_NAME = 200
_ABOUT = ("transcript_id", "speaker_label")

Names = dict[str, dict[str, str]]  # transcript → label → name


def check_name(name: str) -> None:
    """Check that somebody can be called so.

    Raises:
        ContentError: it has no letter, or is longer than a name.
    """
    if not (any(map(str.isalnum, name)) and len(name) <= LONGEST_NAME):
        shown = name if len(name) <= LONGEST_NAME else f"{name[:40]}…"
        msg = f"{shown!r} is no name: give one with letters, and of at most {LONGEST_NAME} characters"
        raise ContentError(msg)


def give_name(store: Store, transcript_id: str, label: str, name: str | None) -> Artifact:
    """Keep what a user calls a voice; `None` takes back what it was called before."""
    said = {"transcript_id": transcript_id, "speaker_label": label, "speaker_name": name}
    return keep_saying(store, "name", METHOD, said, _ABOUT)


def given_names(store: Store) -> Names:
    """Return what users call voices, by transcript and label."""
    names: Names = {}
    for (transcript_id, label), manifest in newest_sayings(store, "name", _ABOUT).items():
        if manifest.parameters["speaker_name"] is not None:
            names.setdefault(transcript_id, {})[label] = manifest.parameters["speaker_name"]
    return names
