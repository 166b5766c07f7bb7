"""What a search for episodes finds, and what of it may be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import SecretStr, TypeAdapter

from transforms.records import Chapter, Episode, Podcast, TranscriptLink, without_query


@dataclass(frozen=True, slots=True)
class Offered:
    """What the publisher offers beside the audio; the addresses are as they are to be fetched, with their secrets.

    `chapters` are those that came with the description of the episode, `chapters_source` says from where.
    """

    transcripts: tuple[TranscriptLink, ...] = ()
    chapters_url: str | None = None
    chapters: tuple[Chapter, ...] = ()
    chapters_source: str = "feed"

    def sealed(self) -> SecretStr:
        """Write it as a text that nobody shows: the parameters of a run can be read by all, in any other form."""
        return SecretStr(TypeAdapter(Offered).dump_json(self).decode())


def unsealed(text: SecretStr) -> Offered:
    """Read what `Offered.sealed` wrote."""
    return TypeAdapter(Offered).validate_json(text.get_secret_value())


@dataclass(frozen=True, slots=True)
class Found:
    """One episode to ingest: where its audio lies, and what its feed says of it.

    `podcast` and `episode` are public; `offered` is `None` where the episode itself says all that is offered.
    """

    location: str
    podcast: Podcast | None
    episode: Episode
    offered: Offered | None = None

    @property
    def offers(self) -> Offered:
        """What is offered, wherever it is said."""
        return self.offered or Offered(self.episode.transcripts, self.episode.chapters_url)


def offered_with(episode: Episode) -> Offered:
    """Take from an episode, as its feed has it, what the publisher offers beside the audio."""
    return Offered(episode.transcripts, episode.chapters_url, episode.chapters)


def found_in_feed(podcast: Podcast, episode: Episode) -> Found | None:
    """Make an episode of a feed ready to ingest; `None` where it has no audio."""
    if episode.audio_url is None:
        return None
    return Found(episode.audio_url, public_podcast(podcast), public_episode(episode), offered_with(episode))


def public_podcast(podcast: Podcast) -> Podcast:
    """Drop what may be a subscriber's secret from a show: it goes to pages and tables that others read."""
    return replace(podcast, feed_url=_public(podcast.feed_url))


def public_episode(episode: Episode) -> Episode:
    """Drop what may be a subscriber's secret from an episode; its page is public as it is."""
    links = tuple(replace(link, url=without_query(link.url)) for link in episode.transcripts)
    return replace(
        episode,
        audio_url=_public(episode.audio_url),
        chapters_url=_public(episode.chapters_url),
        transcripts=links,
        audio_links=tuple(replace(link, url=without_query(link.url)) for link in episode.audio_links),
    )


def _public(url: str | None) -> str | None:
    return url if url is None else without_query(url)


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
