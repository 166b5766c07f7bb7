"""Pages written to a folder."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from flows.artifacts import writing
from transforms.errors import SourceError
from transforms.pages.content import EpisodeContent
from transforms.pages.episode_page import PageAudio, episode_page
from warehouse.pages import read_episode


def write_episode(snapshot: Path, episode_id: str, folder: Path) -> Path:
    """Write the page of an episode to a folder, and return where it lies.

    Raises:
        SourceError: there is no such episode, or the folder cannot be written to.
        ContentError: the snapshot is damaged.
    """
    content = read_episode(snapshot, episode_id)
    path = folder / f"{file_name(episode_id)}.html"
    _write(path, episode_page(content, audio_for(content, folder)))
    return path


def file_name(name: str) -> str:
    """Return a name for a file: no title or address becomes a path.

    >>> file_name("youtube:dQw4w9WgXcQ"), file_name("../x")
    ('youtube-dQw4w9WgXcQ', '---x')
    """
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)


def audio_for(content: EpisodeContent, folder: Path) -> PageAudio | None:
    """Return where a page in a folder finds the audio: on this machine, else where it is offered."""
    path = Path(content.audio_path) if content.audio_path else None
    if path is not None and path.is_file():
        inside = path.resolve().is_relative_to(folder.resolve())
        url = quote(os.path.relpath(path.resolve(), folder.resolve())) if inside else path.resolve().as_uri()
        return PageAudio(url, path.name, is_remote=False)
    if content.audio_url and content.audio_url.startswith(("https://", "http://")):
        return PageAudio(content.audio_url, urlsplit(content.audio_url).hostname or "", is_remote=True)
    return None


def _write(path: Path, page: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror}): choose another folder with --out"
        raise SourceError(msg) from error
