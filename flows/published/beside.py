"""The audio that a text lies beside: which episode it is, and whether the text can be of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from flows.allowed_files import check
from flows.artifacts import FREED, Artifact, is_freed
from flows.locations import Location, at_path
from flows.published.linking import EpisodeIndex, Link, TextEvidence, by_text, linked
from flows.settings import Said
from flows.sources import folders
from flows.sources.description import by_name, by_place, by_tags, by_user, described, without_name
from flows.sources.found import bare_episode
from transforms.audio.tags import Tags, read_tags
from transforms.errors import ContentError, HostileError
from transforms.records import Seconds, file_episode_id
from transforms.text import fold_title
from transforms.transcripts.assemble import Published

LONGER = 1.1  # times the length of the audio that a text of it may go on for, and a minute
A_MINUTE: Seconds = 60.0

TAGS = TypeAdapter(Tags)


@dataclass(frozen=True, slots=True)
class AudioBeside:
    """An audio file that a text lies beside, the hash of its bytes, and its tags."""

    path: Path
    sha256: str
    tags: Tags


def find_audio(location: Location) -> AudioBeside | None:
    """Find the audio that a text lies beside; `None` where there is none that can be read."""
    path = folders.audio_beside(location.path) if location.kind == "path" else None
    if path is None:
        return None
    try:
        check(path)
        return AudioBeside(path, folders.hash_of(path), tags_of(path))
    except (OSError, HostileError):
        return None


def tags_of(path: Path) -> Tags:
    """Read the tags of an audio file; what is no audio has none."""
    try:
        return read_tags(path, path.name)
    except (ContentError, HostileError):
        return Tags()


def tags_of_audio(fetched: Artifact) -> Tags:
    """Read the tags of fetched audio; of audio that was freed those that were noted then."""
    if not is_freed(fetched):
        return tags_of(fetched.path)
    try:
        return TAGS.validate_json((fetched.path.parent / FREED).read_bytes())
    except (OSError, ValueError):
        return Tags()


def link_beside(audio: AudioBeside, said: TextEvidence, user: Said, known: EpisodeIndex) -> Link:
    """Link a text to the episode of the audio beside it: as that is known, else as it will be when it is heard."""
    there = known.of_audio(audio.sha256)
    if there is not None and there.is_published:
        return linked(there, "beside")
    episode = there.episode if there else bare_episode(file_episode_id(audio.sha256), None)
    place = at_path(audio.path).public
    named = described(
        episode.episode_id,
        by_user(user),
        without_name(episode, place),
        by_tags(audio.tags),
        by_text(said),
        by_name(place),
        by_place(place),
    )
    return Link(named.episode, named.podcast, "beside", there.linked_by if there and there.has_audio else None)


def contradiction(tags: Tags, said: TextEvidence, published: Published) -> str | None:
    """Say why a text cannot be of the audio that it lies beside; `None` where nothing speaks against it.

    It goes on after the audio has ended, or it has a header that gives it a title which shares no word with that
    of the audio's tags. A title that a text only begins with may be anything.
    """
    return _by_length(tags, published) or _by_title(tags, said, published)


def _by_length(tags: Tags, published: Published) -> str | None:
    times = [time for turn in published.turns for time in (turn.start_time, turn.end_time) if time is not None]
    last = max(times, default=0.0)
    if tags.seconds and last > LONGER * tags.seconds + A_MINUTE:
        return f"it goes on until {last:.0f} s, and the audio ends at {tags.seconds:.0f} s"
    return None


def _by_title(tags: Tags, said: TextEvidence, published: Published) -> str | None:
    if said.title and tags.title and any(published.known(name) for name in ("show", "published", "url")):
        mine, theirs = (set(fold_title(title).split()) for title in (said.title, tags.title))
        if mine and theirs and not mine & theirs:
            return f"it is called {said.title!r}, and the audio {tags.title!r}"
    return None
