"""Which episode a published text belongs to: what it says of itself against what the warehouse knows."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from flows.locations import Location
from flows.settings import Said
from flows.sources.description import Description, by_name, by_user, described
from flows.sources.found import bare_episode, lone_show
from transforms.errors import SourceError
from transforms.records import (
    PODCAST_NAMESPACE,
    Episode,
    Podcast,
    file_episode_id,
    url_episode_id,
)
from transforms.redaction import public_address, public_page
from transforms.text import fold_title
from transforms.transcripts.assemble import Published
from transforms.transcripts.formats import FORMATS
from transforms.transcripts.grammar.candidates import Core
from transforms.transcripts.grammar.template import parse_template
from transforms.video_info import youtube_id
from transforms.written_dates import parse_date
from warehouse import query
from warehouse.query import KnownEpisode

FEWEST_WORDS = 3  # of a title that can tell an episode without its show


@dataclass(frozen=True, slots=True)
class Hints(Said):
    """What the user says of a text and its episode; `None` leaves it to the text."""

    episode: Annotated[
        str | None, Field(description="The episode: its id, a piece of its title, or `latest`.")
    ] = None
    format: Annotated[
        str | None, Field(description="A name of `turntable formats`; without it, the content decides.")
    ] = None
    grammar: Annotated[
        str | None, Field(description="How it marks who speaks, as `**L:** R`; without it, the content decides.")
    ] = None


def checked(hints: Hints, snapshot: Path) -> Hints:
    """Name the format and the episode that the user means, once for all texts.

    Raises:
        SourceError: there is no such format or date, the grammar is none, or there is no or more than one such
            episode.
    """
    if hints.date is not None and parse_date(hints.date) is None:
        msg = f"{hints.date!r} is no date, or can be read in two ways: give one as 2026-10-05"
        raise SourceError(msg)
    hints = replace(hints, url=hints.url and public_page(hints.url))
    core_of(hints)
    if hints.format is not None and hints.format not in FORMATS:
        msg = f"there is no format {hints.format!r}: choose one of {', '.join(FORMATS)}"
        raise SourceError(msg)
    if hints.episode is None:
        return hints
    return replace(hints, episode=query.find_episode(snapshot, hints.episode))


def core_of(hints: Hints) -> Core | None:
    """Read the grammar that the user gives; `None` leaves it to the text.

    Raises:
        SourceError: it is no template.
    """
    return None if hints.grammar is None else parse_template(hints.grammar)


@dataclass(frozen=True, slots=True)
class Link:
    """The episode of a text, and how it was found; `podcast` is given only where it is new.

    `known_by` is how the episode itself is known, `None` where nothing but texts vouches for it.
    """

    episode: Episode
    podcast: Podcast | None
    linked_by: str
    known_by: str | None = None


@dataclass(frozen=True, slots=True)
class TextEvidence:
    """What a text, its address and the user say of its episode."""

    title: str | None
    show: str | None
    url: str | None
    language: str | None
    published_at: datetime | None
    origin: str
    sha256: str

    @property
    def video(self) -> str | None:
        """The id of the video that its page is on YouTube; `None` where it is none."""
        return youtube_id(self.url)

    @property
    def page(self) -> str | None:
        """The address of its page, as it may be shown; `None` where that is unknown, or a video."""
        return public_address(self.url) if self.url and not self.video else None


def said_of(published: Published, sha256: str, origin: Location, hints: Hints) -> TextEvidence:
    """Gather what is said of a text's episode; the user's word comes first."""
    url = hints.url or published.known("url") or (origin.public if origin.is_url else None)
    return TextEvidence(
        title=hints.title or published.known("title"),
        show=hints.show or published.known("show"),
        url=public_page(url) if url else None,
        language=published.known("language"),
        published_at=parse_date(hints.date) or parse_date(published.known("published")),
        origin=origin.public,
        sha256=sha256,
    )


class EpisodeIndex:
    """The episodes of the warehouse, ready to be looked up by what a text says."""

    def __init__(self, episodes: Iterable[KnownEpisode]) -> None:
        self._by_id: dict[str, KnownEpisode] = {}
        self._by_url: defaultdict[str, list[KnownEpisode]] = defaultdict(list)
        self._by_video: defaultdict[str, list[KnownEpisode]] = defaultdict(list)
        self._by_title: defaultdict[str, list[KnownEpisode]] = defaultdict(list)
        self._by_audio: dict[str, KnownEpisode] = {}
        for known in episodes:
            episode = known.episode
            self._by_id[episode.episode_id] = known
            for audio in known.renditions:
                self._by_audio.setdefault(audio, known)
            for url in _addresses(episode):
                self._by_url[url].append(known)
            videos = {youtube_id(episode.page_url), _video_of(episode.episode_id)} - {None}
            for video in videos:
                self._by_video[str(video)].append(known)
            if title := fold_title(episode.title or ""):
                self._by_title[title].append(known)

    def get(self, episode_id: str) -> KnownEpisode | None:
        """Return an episode as it is known now."""
        return self._by_id.get(episode_id)

    def of_audio(self, sha256: str) -> KnownEpisode | None:
        """Return the episode that some audio is, by the hash of its bytes; `None` where it is a new one."""
        return self._by_audio.get(sha256) or self._by_id.get(file_episode_id(sha256))

    def has_audio(self, episode_id: str) -> bool:
        """Check whether more than texts vouches for an episode: a feed or a recording."""
        known = self.get(episode_id)
        return known is not None and known.has_audio

    def find(self, said: TextEvidence, *, only_with_audio: bool = False) -> Link | None:
        """Find the one episode that fits: by URL, YouTube id, show and title, or title.

        An episode that has audio comes before one that only other texts know; where more than one fits, none does.
        """
        ways = self._ways(said)
        for with_audio in (True,) if only_with_audio else (True, False):
            for how, fitting in ways:
                found = [known for known in fitting if known.has_audio or not with_audio]
                if len(found) == 1:
                    return linked(found[0], how)
        return None

    def _ways(self, said: TextEvidence) -> tuple[tuple[str, list[KnownEpisode]], ...]:
        show, title = fold_title(said.show or ""), fold_title(said.title or "")
        titled = self._by_title.get(title, [])
        telling = len(title.split()) >= FEWEST_WORDS
        return (
            ("url", self._by_url.get(said.page, []) if said.page else []),
            ("youtube", self._by_video.get(said.video, []) if said.video else []),
            ("show_title", [k for k in titled if show and fold_title(k.show or "") == show]),
            ("title", [k for k in titled if telling and not (show and k.show)]),
        )


class AskedEpisodes(EpisodeIndex):
    """The same, asked of the snapshot one by one: for few texts it reads no other episodes than may be meant."""

    def __init__(self, snapshot: Path) -> None:
        super().__init__(())
        self._snapshot = snapshot

    def get(self, episode_id: str) -> KnownEpisode | None:
        """Return an episode as it is known now."""
        return query.known_episode(self._snapshot, episode_id)

    def of_audio(self, sha256: str) -> KnownEpisode | None:
        """Return the episode that some audio is, by the hash of its bytes; `None` where it is a new one."""
        heard = query.episodes_of_audio(self._snapshot, sha256)
        return heard[0] if heard else self.get(file_episode_id(sha256))

    def find(self, said: TextEvidence, *, only_with_audio: bool = False) -> Link | None:
        """Find the one episode that fits, as `EpisodeIndex` does."""
        words = fold_title(said.title or "").split()
        pieces = _pieces(said.page) if said.page else []
        if said.page and not pieces:
            known = query.known_episodes(self._snapshot)
        else:
            known = query.episodes_like(self._snapshot, pieces, said.video, words)
        return EpisodeIndex(known).find(said, only_with_audio=only_with_audio)


def _pieces(address: str) -> list[str]:
    """Return the pieces of a public address that every address which becomes it has; none where unknown."""
    if "://" not in address:
        return []
    parts = urlsplit(address)
    return [piece for piece in (*parts.path.split("/"), *parts.netloc.split(".")) if piece and "~" not in piece]


def linked(known: KnownEpisode, how: str) -> Link:
    """Link a text to an episode as it is known."""
    return Link(known.episode, None, how, known.linked_by if known.has_audio else None)


def as_said(link: Link, user: Said, known: EpisodeIndex) -> Link:
    """Let an episode that nobody published be called as the user says; all else that is known of it stays."""
    there = known.get(link.episode.episode_id)
    if there is None or there.is_published:
        return link
    said = (by_user(user), Description(there.episode), Description(link.episode, link.podcast))
    named = described(there.episode.episode_id, *said)
    return replace(link, episode=named.episode, podcast=named.podcast)


def new_link(said: TextEvidence) -> Link:
    """Make the episode of a text that fits none: named by what is surest of it."""
    show, title = fold_title(said.show or ""), fold_title(said.title or "")
    if said.video:
        episode_id, how = f"youtube:{said.video}", "youtube"
    elif title and (show or len(title.split()) >= FEWEST_WORDS):
        episode_id = str(uuid.uuid5(PODCAST_NAMESPACE, f"title:{show}:{title}"))
        how = "show_title" if show else "title"
    elif said.url:
        episode_id, how = url_episode_id(said.url), "url"
    else:
        episode_id, how = file_episode_id(said.sha256), "file"
    named = described(episode_id, by_text(said), by_name(said.origin))
    return Link(named.episode, named.podcast, how)


def by_text(said: TextEvidence) -> Description:
    """Write what a text and the user say of the text's episode."""
    podcast = lone_show(said.show) if said.show else None
    return Description(
        replace(
            bare_episode("", None),
            podcast_id=podcast.podcast_id if podcast else None,
            title=said.title,
            language=said.language,
            published_at=said.published_at,
            page_url=said.url,
        ),
        podcast,
    )


def _video_of(episode_id: str) -> str | None:
    kind, _, video = episode_id.partition(":")
    return video if kind == "youtube" else None


def _addresses(episode: Episode) -> set[str]:
    own = {public_address(url) for url in (episode.page_url, episode.audio_url) if url}
    return own | {link.url for link in episode.transcripts}
