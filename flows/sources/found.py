"""What a search for episodes finds, and what of it may be shown."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pydantic import SecretStr, TypeAdapter

from flows.locations import KNOWN_BY_ID, Location, is_kept_private, locate
from transforms.records import PODCAST_NAMESPACE, AudioLink, Chapter, Episode, Feed, Podcast, TranscriptLink
from transforms.redaction import (
    is_private,
    parts_of,
    private_address,
    public_address,
    public_page,
    public_record,
    public_text,
    secrets_of,
)
from transforms.text import fold_title
from transforms.tokens import is_secret

_HASH = "sha256:"
T = TypeVar("T")
L = TypeVar("L", AudioLink, TranscriptLink)


@dataclass(frozen=True, slots=True)
class PublisherExtras:
    """What the publisher offers beside the audio; the addresses are as they are to be fetched, with their secrets.

    `chapters` are those that came with the description of the episode, `chapters_source` says from where;
    `integrity` is what its audio was promised to be, `others` is where other audio of it lies, `secrets` are those
    of all its addresses and of its feed's.
    """

    transcripts: tuple[TranscriptLink, ...] = ()
    chapters_url: str | None = None
    chapters: tuple[Chapter, ...] = ()
    chapters_source: str = "feed"
    page_url: str | None = None
    integrity: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def sealed(self) -> SecretStr:
        """Write it as a text that nobody shows: the parameters of a run can be read by all, in any other form."""
        return SecretStr(TypeAdapter(PublisherExtras).dump_json(self).decode())


def unsealed(text: SecretStr) -> PublisherExtras:
    """Read what `PublisherExtras.sealed` wrote."""
    return TypeAdapter(PublisherExtras).validate_json(text.get_secret_value())


@dataclass(frozen=True, slots=True)
class EpisodeSource:
    """One episode to ingest: where its audio lies, and what its feed says of it.

    `podcast` and `episode` are public; `known_extras` is `None` where the episode itself says all that is offered.
    Of a `private` one no address is kept with what comes from it.
    """

    location: Location
    podcast: Podcast | None
    episode: Episode
    known_extras: PublisherExtras | None = None
    private: bool = False

    @property
    def source(self) -> str:
        """Name where it comes from, for pages and tables that others read."""
        return f"{KNOWN_BY_ID}{self.episode.episode_id}" if self.private else self.location.public

    @property
    def extras(self) -> PublisherExtras:
        """What the publisher offers beside the audio, wherever it is said."""
        return self.known_extras or extras_of(self.episode)

    def public(self, record: T) -> T:
        """Write what comes with the episode, as its publisher wrote it, without the secrets of its addresses."""
        if not (self.private or self.extras.secrets):
            return record
        write = private_address if self.private else str  # what is public stays word by word, but for the secrets
        return public_record(record, partial(public_text, secrets=self.extras.secrets, write=write))


def extras_of(
    episode: Episode, *more: str | None, private: bool = False, secrets: Iterable[str] = ()
) -> PublisherExtras:
    """Take from an episode, as its feed has it, what the publisher offers beside the audio.

    `more` and `secrets` are as for `public_episode`.
    """
    audio = public_address(episode.audio_url or "")
    promises = (link.integrity for link in episode.audio_links if public_address(link.url) == audio)
    return PublisherExtras(
        episode.transcripts,
        episode.chapters_url,
        episode.chapters,
        page_url=episode.page_url,
        integrity=tuple(filter(None, promises)),
        secrets=known_secrets(*more, *addresses_of(episode), private=private, secrets=secrets),
        others=tuple(link.url for link in episode.audio_links if link.url != episode.audio_url),
    )


def found_in_feed(podcast: Podcast, episode: Episode) -> EpisodeSource | None:
    """Make an episode of a feed ready to ingest; `None` where it has no audio."""
    if episode.audio_url is None:
        return None
    private = is_kept_private() or is_private(podcast.feed_url or "")
    return EpisodeSource(
        locate(episode.audio_url),
        public_podcast(podcast, *addresses_of(episode), private=private),
        public_episode(episode, podcast.feed_url, podcast.site_url, private=private),
        extras_of(episode, podcast.feed_url, podcast.site_url, private=private),
        private,
    )


def newest(feed: Feed, latest: int) -> tuple[EpisodeSource, ...]:
    """Take the newest episodes of a feed that have audio."""
    return tuple(one for e in feed.episodes[:latest] if (one := found_in_feed(feed.podcast, e)))


def fitting(feed: Feed, *ways: Callable[[Episode], bool]) -> EpisodeSource | None:
    """Find an episode in its feed by the first way in which exactly one fits; `None` where it has no audio."""
    for fits in ways:
        found = [episode for episode in feed.episodes if fits(episode)]
        if len(found) == 1:
            return found_in_feed(feed.podcast, found[0])
    return None


def addresses_of(episode: Episode) -> tuple[str, ...]:
    """List every address of an episode, with its secrets."""
    offered = [link.url for link in episode.transcripts] + [link.url for link in episode.audio_links]
    return tuple(filter(None, (episode.audio_url, episode.page_url, episode.chapters_url, *offered)))


def public_podcast(
    podcast: Podcast, *more: str | None, private: bool = False, secrets: Iterable[str] = ()
) -> Podcast:
    """Drop what may be a subscriber's secret from a show: it goes to pages and tables that others read.

    Of a private one only its names are left. `more` are addresses whose secrets nothing may hold either,
    `secrets` such secrets.
    """
    known = known_secrets(podcast.feed_url, podcast.site_url, *more, private=private, secrets=secrets)
    named = public_record(replace(podcast, feed_url=None, site_url=None), _writing(known, private=private), _IDS)
    if private:
        return named
    return replace(
        named, feed_url=podcast.feed_url and public_address(podcast.feed_url), site_url=_page(podcast.site_url)
    )


def public_episode(
    episode: Episode, *more: str | None, private: bool = False, secrets: Iterable[str] = ()
) -> Episode:
    """Drop what may be a subscriber's secret from an episode: it goes to pages and tables that others read.

    Of a private one no address and no description is left, and of its guid a hash. `more` are the addresses of
    its feed, whose secrets nothing may hold either, `secrets` such secrets.
    """
    known = known_secrets(*more, *addresses_of(episode), private=private, secrets=secrets)
    bare = bare_episode(episode.episode_id, None)
    dropped = {name: getattr(bare, name) for name in _OF_ADDRESSES}
    write = _writing(known, private=private)
    named = public_record(replace(episode, guid=None, **dropped), write, _IDS)
    if private:
        return replace(named, guid=_hashed(episode.guid or episode.audio_url))
    lone = bool(known) and is_secret(episode.guid or "")  # who has an address of his own may have a guid, too
    return replace(
        named,
        guid=_hashed(episode.guid) if lone else episode.guid and write(episode.guid),
        description=episode.description and write(episode.description),
        page_url=_page(episode.page_url),
        audio_url=_address(episode.audio_url),
        chapters_url=_address(episode.chapters_url),
        transcripts=_elsewhere(episode.transcripts, write),
        audio_links=_elsewhere(episode.audio_links, write),
    )


# What may hold a secret of a private episode, in whatever form.
_OF_ADDRESSES = ("description", "page_url", "audio_url", "chapters_url", "transcripts", "audio_links")


_IDS = frozenset(("episode_id", "podcast_id"))


def known_secrets(*addresses: str | None, private: bool, secrets: Iterable[str] = ()) -> tuple[str, ...]:
    """List the secrets of addresses, and those that are known already."""
    found = parts_of if private else secrets_of
    return tuple(sorted({*secrets, *(secret for address in addresses if address for secret in found(address))}))


def _writing(secrets: Iterable[str], *, private: bool) -> Callable[[str], str]:
    return partial(public_text, secrets=secrets, write=private_address if private else public_page)


def _elsewhere(links: tuple[L, ...], write: Callable[[str], str]) -> tuple[L, ...]:
    """Write the links that others can open, without their secrets."""
    found = ((link, _address(link.url)) for link in links)
    return tuple(replace(public_record(link, write), url=url) for link, url in found if url is not None)


def _address(url: str | None) -> str | None:
    """Write an address; a path, as of what lies beside a feed on this machine, is none."""
    return public_address(url) if url and locate(url).is_url else None


def _page(url: str | None) -> str | None:
    return public_page(url) if url and locate(url).is_url else None


def _hashed(text: str | None) -> str | None:
    """Write a hash of what may hold a secret, once."""
    if text is None or text.startswith(_HASH):
        return text
    return _HASH + hashlib.sha256(text.encode()).hexdigest()


def bare_episode(episode_id: str, audio_url: str | None) -> Episode:
    """An episode of which nothing is known but its audio."""
    return Episode(
        episode_id=episode_id,
        podcast_id=None,
        guid=None,
        title=None,
        description=None,
        published_at=None,
        season=None,
        episode_number=None,
        language=None,
        page_url=None,
        audio_url=audio_url,
        duration=None,
        chapters_url=None,
        transcripts=(),
        persons=(),
    )


def lone_show(name: str, author: str | None = None) -> Podcast:
    """Make the show of an episode that no feed vouches for: named by its title."""
    return Podcast(str(uuid.uuid5(PODCAST_NAMESPACE, f"show:{fold_title(name)}")), name, author, None, None, None)
