"""What an episode is called, by who says it: the user before its tags, its tags before the name of its file."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

from flows.locations import kept_text
from flows.settings import Said
from flows.sources.found import bare_episode, lone_show
from transforms.audio.tags import Tags
from transforms.records import Episode, Podcast
from transforms.written_dates import parse_date


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody says of an episode, `None` where nothing; `podcast` is a show that no feed vouches for."""

    episode: Episode
    podcast: Podcast | None = None


def described(episode_id: str, *descriptions: Description) -> Description:
    """Put together what several say: of each thing, what the first says who says something."""
    layers = [one.episode for one in descriptions]
    said = {
        field.name: next((value for one in layers if (value := getattr(one, field.name)) not in (None, ())), None)
        for field in fields(Episode)
    }
    known = {name: value for name, value in said.items() if value is not None} | {"episode_id": episode_id}
    shows = {one.podcast.podcast_id: one.podcast for one in reversed(descriptions) if one.podcast}
    episode = replace(bare_episode(episode_id, None), **known)
    return Description(episode, shows.get(episode.podcast_id or ""))


def by_user(said: Said) -> Description:
    """Write what the user says."""
    return _with_show(
        replace(_NOTHING, title=said.title, page_url=said.url, published_at=parse_date(said.date)), said.show
    )


def by_tags(tags: Tags) -> Description:
    """Write what the tags of an audio file say, without what may be a secret."""
    author = tags.author and kept_text(tags.author)
    episode = replace(_NOTHING, title=tags.title and kept_text(tags.title), published_at=tags.published_at)
    return _with_show(episode, tags.show and kept_text(tags.show), author)


def by_name(source: str) -> Description:
    """Call an episode as its file is called: better than nothing; `source` is what may be shown of it."""
    return Description(replace(_NOTHING, title=Path(source).stem or source))


def by_place(path: str) -> Description:
    """Say where the audio of an episode lies on this machine."""
    return Description(replace(_NOTHING, audio_path=path))


def without_name(episode: Episode, source: str) -> Description:
    """Write what is known of an episode; that it is called as its file shows only that nobody knew a title."""
    return Description(replace(episode, title=None) if episode.title == Path(source).stem else episode)


def _with_show(episode: Episode, show: str | None, author: str | None = None) -> Description:
    podcast = lone_show(show, author) if show else None
    return Description(replace(episode, podcast_id=podcast.podcast_id if podcast else None), podcast)


_NOTHING = bare_episode("", None)
