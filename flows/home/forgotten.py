"""What a person wants forgotten: episodes and shows, by ids and hashes alone, for nothing else of them is kept.

    $TURNTABLE_HOME/forgotten.json

It is written before anything is erased, so that what was cut off is known to be unfinished; and it stays, so that
no poll and no watched folder brings back what nobody asks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from flows.home import private
from flows.home.locks import held
from transforms.records import Episode, Moment, without_query


@dataclass(frozen=True, slots=True)
class Forgotten:
    """An episode or a show that is forgotten; `is_erased` says whether all of it is gone.

    `files` are the sha256 of its audio and its texts, `marks` what tells the episode in its feed under another id.
    """

    kind: Literal["episode", "show"]
    at: Moment
    files: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    is_erased: bool = False


FORGOTTEN = TypeAdapter(dict[str, Forgotten])


def read(home: Path) -> Mapping[str, Forgotten]:
    """Read what is forgotten, by id."""
    way_out = "polls and watched folders may find again what was forgotten: forget it once more then"
    return private.read(_path(home), FORGOTTEN, home, lambda: way_out) or {}


def note(home: Path, news: Mapping[str, Forgotten]) -> None:
    """Write down what is to be forgotten, or that it is."""
    _write(home, lambda known: {**known, **news})


def recall(home: Path, episode_id: str) -> None:
    """Let an episode be known again: somebody asked for it."""
    if episode_id in read(home):
        _write(home, lambda known: {name: one for name, one in known.items() if name != episode_id})


def unfinished(home: Path) -> Mapping[str, Forgotten]:
    """Return what was to be forgotten and is not erased yet."""
    return {name: one for name, one in read(home).items() if not one.is_erased}


def remaining(home: Path, episodes: Iterable[Episode], aliases: Mapping[str, str]) -> tuple[Episode, ...]:
    """Return the episodes of a feed that nobody wants forgotten; `aliases` are other ids of some."""
    known = {name: one for name, one in read(home).items() if one.kind == "episode"}
    marks = {mark for one in known.values() for mark in one.marks}
    return tuple(
        one
        for one in episodes
        if not known
        or (aliases.get(one.episode_id, one.episode_id) not in known and marks.isdisjoint(marks_of(one)))
    )


def is_file(home: Path, path: Path) -> bool:
    """Check whether a file has the bytes of something that is forgotten; it is read where anything is."""
    files = {sha256 for one in read(home).values() for sha256 in one.files}
    if not files:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() in files


def marks_of(episode: Episode) -> Iterator[str]:
    """Yield hashes by which an episode is known when its publisher changes its id: when it was, and what or where.

    Without a time there is none: bulletins replace each other at one address.
    """
    if episode.published_at is not None:
        for what in (episode.title, episode.audio_url and without_query(episode.audio_url)):
            if what:
                yield hashlib.sha256(f"{episode.published_at.timestamp()} {what}".encode()).hexdigest()


def erased(one: Forgotten) -> Forgotten:
    """Note that nothing is left of it."""
    return replace(one, is_erased=True)


def _write(home: Path, change: Callable[[Mapping[str, Forgotten]], dict[str, Forgotten]]) -> None:
    with held(home, "forgotten", wait=10.0):
        private.write(_path(home), FORGOTTEN, change(read(home)))


def _path(home: Path) -> Path:
    return home / "forgotten.json"
