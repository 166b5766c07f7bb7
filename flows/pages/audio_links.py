"""Where a page finds the audio of its episode."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from flows.pages.library import Library
from transforms.pages.episode_page import PageAudio
from transforms.pages.page_content import EpisodeContent
from transforms.redaction import is_masked


def audio_for(content: EpisodeContent, folder: Path, library: Library) -> PageAudio | None:
    """Return where a page in a folder finds the audio: on this machine, else where it is offered.

    What lies inside the folder is named from there, so that both can be moved together. Where the file is not
    found later, as at a colleague's, one of its name beside the page is tried, and then what is offered.
    """
    path, offered = local_audio(content, library), public_audio(content)
    if path is None:
        return PageAudio(offered, urlsplit(offered).hostname or "", is_remote=True) if offered else None
    inside = path.is_relative_to(folder.resolve())
    url = quote(os.path.relpath(path, folder.resolve())) if inside else path.as_uri()
    others = [quote(path.name), *([offered] if offered else [])]
    return PageAudio(url, path.name, is_remote=False, others=tuple(one for one in others if one != url))


def local_audio(content: EpisodeContent, library: Library) -> Path | None:
    """Return the file of the audio on this machine: where it lay, else as it was kept; `None` where there is none.

    What was fetched from a feed is kept, and better than what is offered: that may have other ads by now.
    """
    named = Path(content.audio_path) if content.audio_path else None
    if named is not None and _is_there(named):
        return named.resolve()
    kept = library.audio.get(content.rendition_id or "")
    return kept.resolve() if kept is not None and _is_there(kept) else None


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that is somebody else's
        return False


def public_audio(content: EpisodeContent) -> str | None:
    """Return where the audio is offered; `None` where nobody knows, or only who has a secret may hear it."""
    url = (content.audio_url or "").strip().replace(" ", "%20")
    return url if url and url.startswith(("https://", "http://")) and not is_masked(url) else None
