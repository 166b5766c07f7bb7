"""How to get again what was lost, as commands that the user can type."""

from __future__ import annotations

import shlex
from pathlib import Path

from flows.artifacts import Damaged, Manifest, read_manifest
from flows.locations import is_url

AGAIN = "ingest or import again what it came from"


def remedy(folder: Path) -> str:
    """Say how a finished stage is made again, as far as its manifest tells."""
    if folder.parent.parent.name not in ("stage", "discover"):
        return "what needs it makes it again"
    try:
        manifest = read_manifest(folder)
    except Damaged:
        return AGAIN
    if manifest.stage == "discover":
        return "`turntable rebuild` writes again what was found"
    return f"`{command(manifest)}`"


def command(manifest: Manifest) -> str:
    """Give the command that stages a transcript again."""
    given = manifest.parameters
    episode = given.get("episode") or {}
    if manifest.method.startswith("published-"):
        linked_by = given.get("linked_by")
        return transcript_command("publisher", given.get("origin"), episode.get("episode_id"), linked_by)
    return transcript_command("asr", given.get("source"), episode.get("episode_id"), _linked_by(episode))


def transcript_command(source: str, origin: str | None, episode_id: str | None, linked_by: str | None) -> str:
    """Give the command that makes a transcript again: by its feed where that knows it, else from its origin."""
    if linked_by in ("feed", "youtube") and episode_id:
        return f"turntable ingest episode:{episode_id}"
    place = origin if origin and is_url(origin) else shlex.quote(origin or "FILE")
    return f"turntable {'ingest' if source == 'asr' else 'import'} {place}"


def _linked_by(episode: dict[str, str | None]) -> str | None:
    return "feed" if episode.get("podcast_id") and episode.get("guid") else None
