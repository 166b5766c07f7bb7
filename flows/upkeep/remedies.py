"""How to get again what was lost, as commands that the user can type."""

from __future__ import annotations

import shlex
from pathlib import Path

from flows.artifacts import Damaged, Manifest, read_manifest
from flows.feeds.subscriptions import find_known
from flows.locations import KNOWN_BY_ID, locate
from flows.payloads import is_merged, is_text

AGAIN = "ingest or import again what it came from"


def remedy(folder: Path) -> str:
    """Return how a finished stage is made again, as far as its manifest tells."""
    if folder.parent.parent.name not in ("stage", "discover"):
        return "what needs it makes it again"
    try:
        manifest = read_manifest(folder)
    except Damaged:
        return AGAIN
    if manifest.stage == "discover":
        return "`turntable rebuild` writes again what was found"
    return f"`{command(folder.parents[3], manifest)}`"


def command(home: Path, manifest: Manifest) -> str:
    """Return the command that stages a transcript again."""
    given = manifest.parameters
    episode = given.get("episode") or {}
    if is_merged(manifest):
        return transcript_command(home, "merged", None, None)
    if is_text(manifest):
        return transcript_command(home, "publisher", given.get("origin"), episode.get("episode_id"))
    return transcript_command(home, "asr", given.get("source"), episode.get("episode_id"))


def transcript_command(home: Path, source: str, origin: str | None, episode_id: str | None) -> str:
    """Return the command that makes a transcript again: by its episode where that is known, else by its origin.

    A text that was imported is known by its origin alone.
    """
    if source == "merged":
        return "turntable reparse"
    if source == "asr" and episode_id and find_known(home, episode_id):
        return f"turntable ingest {KNOWN_BY_ID}{episode_id}"
    place = origin if origin and locate(origin).is_url else shlex.quote(origin or "FILE")
    return f"turntable {'ingest' if source == 'asr' else 'import'} {place}"
