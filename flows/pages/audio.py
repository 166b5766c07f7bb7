"""Where a page finds the audio of its episode."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from transforms.pages.content import EpisodeContent
from transforms.pages.episode_page import PageAudio
from transforms.redaction import is_masked


def audio_for(content: EpisodeContent, folder: Path) -> PageAudio | None:
    """Return where a page in a folder finds the audio: on this machine, else where it is offered.

    What lies inside the folder is named from there, so that both can be moved together.
    """
    path = local_audio(content)
    if path is not None:
        inside = path.is_relative_to(folder.resolve())
        url = quote(os.path.relpath(path, folder.resolve())) if inside else path.as_uri()
        return PageAudio(url, path.name, is_remote=False)
    offered = public_audio(content)
    return PageAudio(offered, urlsplit(offered).hostname or "", is_remote=True) if offered else None


def local_audio(content: EpisodeContent) -> Path | None:
    """Return the file of the audio on this machine; `None` where there is none any more."""
    path = Path(content.audio_path) if content.audio_path else None
    return path.resolve() if path is not None and path.is_file() else None


def public_audio(content: EpisodeContent) -> str | None:
    """Return where the audio is offered; `None` where nobody knows, or only who has a secret may hear it."""
    url = content.audio_url
    return url if url and url.startswith(("https://", "http://")) and not is_masked(url) else None
