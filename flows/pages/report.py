"""Pages written to a folder: one of an episode, or those of a show or of all with their episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from flows.artifacts import writing
from flows.pages.audio_links import audio_for
from flows.pages.library import Library
from transforms.errors import SourceError
from transforms.pages.episode_page import PageLinks, episode_page
from transforms.pages.page_content import ShowContent, ShowEpisode, Spoken
from transforms.pages.page_names import page_of
from transforms.pages.show_page import ShowLink, all_page, show_page
from warehouse.content.episode_content import read_episode
from warehouse.content.show_content import read_said, read_show, shows

INDEX = "index.html"
MOST_WORDS = (
    4_000_000  # that a page searches: 400 hours, some ten megabytes; the pages of the shows search them all
)


def write_episode(library: Library, episode_id: str, folder: Path, show: str | None = None) -> Path:
    """Write the page of an episode to a folder, and return where it lies; `show` is the page of its show there.

    Raises:
        SourceError: there is no such episode, or the folder cannot be written to.
        ContentError: the snapshot is damaged.
    """
    content = read_episode(library.snapshot, episode_id)
    path = folder / page_of(episode_id)
    _write(path, episode_page(content, audio_for(content, folder, library), PageLinks(show=show)))
    return path


def write_show(
    library: Library, podcast_id: str, folder: Path, tell: Callable[[str], None], home: str | None = None
) -> Path:
    """Write the pages of a show and of all its episodes, and return where that of the show lies.

    `home` is the page of all shows there; `tell` hears how far it is.

    Raises:
        SourceError: there is no such show, or the folder cannot be written to.
        ContentError: the snapshot is damaged.
    """
    content = read_show(library.snapshot, podcast_id)
    path = folder / f"show-{page_of(podcast_id)}"
    _write(path, show_page(content, page_of, _said(library.snapshot, content), home))
    _write_episodes(library, content.episodes, folder, tell, path.name)
    return path


def write_all(library: Library, folder: Path, tell: Callable[[str], None]) -> Path:
    """Write the pages of all shows and episodes, and return where the first one lies.

    Raises:
        SourceError: nothing was ingested yet, or the folder cannot be written to.
        ContentError: the snapshot is damaged.
    """
    snapshot = library.snapshot
    content = read_show(snapshot, None)
    path = folder / INDEX
    _write(path, all_page(content, page_of, _said(snapshot, content), list(show_links(snapshot, content))))
    for podcast_id in shows(snapshot):
        write_show(library, podcast_id, folder, tell, INDEX)
    _write_episodes(library, [one for one in content.episodes if one.podcast_id is None], folder, tell, INDEX)
    return path


def show_links(snapshot: Path, content: ShowContent) -> Iterator[ShowLink]:
    """Yield the shows that there are, by title; `content` is all episodes."""
    for podcast_id, title in shows(snapshot).items():
        count = sum(one.podcast_id == podcast_id for one in content.episodes)
        yield ShowLink(title or "Show without a title", f"show-{page_of(podcast_id)}", count)


def _said(snapshot: Path, content: ShowContent) -> Spoken:
    """Read what a page searches; nothing where that is more than a page should carry."""
    words = sum(talk.words for episode in content.episodes for talk in episode.talk)
    return read_said(snapshot, content.episodes) if words <= MOST_WORDS else Spoken()


def _write_episodes(
    library: Library, episodes: Iterable[ShowEpisode], folder: Path, tell: Callable[[str], None], show: str
) -> None:
    told = [one for one in episodes if one.has_page]
    for number, episode in enumerate(told, start=1):
        write_episode(library, episode.episode_id, folder, show)
        if number % 25 == 0:
            tell(f"  {number} of {len(told)} episodes")


def _write(path: Path, page: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path) as temporary:
            temporary.write_text(page, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror}): choose another folder with --out"
        raise SourceError(msg) from error
