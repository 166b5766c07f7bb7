"""The frozen records that travel between the stages, and the rules of identity.

One name per thing, from parser to column. Every field is always there, `None` where unknown; nothing
is edited in place. Times are seconds from the start of the audio.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

Seconds = float


class _InUtc:
    """Check a moment where a record is read from outside; pydantic is not loaded for that."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(in_utc, handler(source))


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC: only what has a zone can be compared with others.

    Raises:
        ValueError: it has no zone, or is beyond the calendar in UTC.

    >>> in_utc(datetime.fromisoformat("2026-10-05T08:00:00+02:00"))
    datetime.datetime(2026, 10, 5, 6, 0, tzinfo=datetime.timezone.utc)
    """
    if moment.tzinfo is None:
        msg = "a time without a zone"
        raise ValueError(msg)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # the last hours of the year 9999, somewhere in the west
        msg = "a time beyond the calendar"
        raise ValueError(msg) from error


Moment = Annotated[datetime, _InUtc()]
Quality = Literal["fast", "accurate"]
Channels = Literal["mix", "split"]
TranscriptSource = Literal["asr", "publisher", "captions"]

# The namespace that the Podcasting 2.0 specification gives for `podcast:guid`
# (https://podcasting2.org/docs/podcast-namespace/tags/guid).
PODCAST_NAMESPACE = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")


@dataclass(frozen=True, slots=True)
class TranscriptLink:
    """One `podcast:transcript` tag: a text that the publisher offers."""

    url: str
    media_type: str | None
    language: str | None
    rel: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """One `podcast:person` tag: somebody who may be heard; a candidate, never a proof.

    `role` is what the tag says that they do, else their group, such as `writing`.
    """

    name: str
    role: str | None


@dataclass(frozen=True, slots=True)
class AudioLink:
    """One audio file that a feed offers: an enclosure, or an address of a `podcast:alternateEnclosure`.

    `bitrate` in bits a second and `size` in bytes are claims; `integrity` is a hash as browsers write it,
    `sha384-…`.
    """

    url: str
    media_type: str | None
    bitrate: float | None
    size: int | None
    language: str | None
    integrity: str | None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of an episode; times that nobody gave are `None`."""

    chapter_index: int
    title: str
    start_time: Seconds | None
    end_time: Seconds | None


@dataclass(frozen=True, slots=True)
class Podcast:
    """A show, as its feed describes it."""

    podcast_id: str
    title: str | None
    author: str | None
    feed_url: str | None
    site_url: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode; `duration` is what the feed claims, in seconds.

    `audio_links` are all its audio files, that of `audio_url` first; `chapters` those in the feed itself.
    `published_text` is the date as the feed writes it, also where nobody can believe it. `audio_path` is where its
    audio lies on this machine, where it was ingested from a file.
    """

    episode_id: str
    podcast_id: str | None
    guid: str | None
    title: str | None
    description: str | None
    published_at: Moment | None
    season: int | None
    episode_number: float | None
    language: str | None
    page_url: str | None
    audio_url: str | None
    duration: Seconds | None
    chapters_url: str | None
    transcripts: tuple[TranscriptLink, ...]
    persons: tuple[Person, ...]
    audio_links: tuple[AudioLink, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    published_text: str | None = None
    audio_path: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A show and its episodes, newest first; those without audio are left out.

    `new_feed_url` is where the publisher wants to be asked from now on. `next_url` and `prev_archive_url`
    lead to older episodes that are not in here (RFC 5005). `update_every` is how often asking is worth it.
    """

    podcast: Podcast
    episodes: tuple[Episode, ...]
    new_feed_url: str | None = None
    next_url: str | None = None
    prev_archive_url: str | None = None
    update_every: Seconds | None = None


@dataclass(frozen=True, slots=True)
class Rendition:
    """One audio file; `rendition_id` is the sha256 of its bytes."""

    rendition_id: str
    url: str | None
    media_type: str | None
    header_seconds: Seconds | None
    decoded_seconds: Seconds
    bad_packets: int
    flags: tuple[str, ...]
    fetched_at: Moment


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised or published word; `speaker_margin` is how far its speaker leads, 0 to 1."""

    word: str
    start_time: Seconds | None
    end_time: Seconds | None
    probability: float | None
    speaker: str | None
    speaker_margin: float | None


@dataclass(frozen=True, slots=True)
class Segment:
    """An ASR segment or a caption cue."""

    start_time: Seconds | None
    end_time: Seconds | None
    text: str
    speaker: str | None
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class SpeakerSegment:
    """A stretch of speech of one speaker, as one RTTM line."""

    start_time: Seconds
    end_time: Seconds
    speaker: str


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who spoke when.

    `segments` keeps overlapping speech; `exclusive` has at most one speaker at any time and is the one to give
    words to. `voices` has one embedding per speaker, not normalised. `flags` has `speakers_ignored` where the
    number of speakers that was asked for cuts one voice in two, or joins two clear ones.
    """

    segments: tuple[SpeakerSegment, ...]
    exclusive: tuple[SpeakerSegment, ...]
    voices: Mapping[str, tuple[float, ...]]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker of one document: the name shown, and every way in which the text writes it.

    `name` is `None` where the text only numbers its speakers or calls them by what they do; `role` is what it says
    of them, such as `host`.
    """

    label: str
    name: str | None
    role: str | None
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """A maximal run of one known speaker, or one sentence, cue or paragraph where none is known.

    `boundary` says which: `speaker`, `sentence`, `cue` or `paragraph`. `first_word` and `word_count`
    point into the words that the turns were made of. The last four are known only of published texts:
    `time_source` is `publisher`, `asr` where the text itself came out of a recogniser, or `chapter` where the turn
    took the time of the chapter that it opens; `warehouse.loading.staging` says it of turns out of audio.
    """

    turn_index: int
    speaker: str | None
    start_time: Seconds | None
    end_time: Seconds | None
    text: str
    first_word: int
    word_count: int
    boundary: str
    is_overlap: bool | None
    speaker_margin: float | None
    mean_probability: float | None
    speaker_name: str | None = None
    name_source: str | None = None
    chapter_index: int | None = None
    time_source: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a page that summarises an episode; `heading` is `None` where it has none."""

    section_index: int
    heading: str | None
    text: str


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """Something heard that is no word, such as `[laughter]`; `turn_index` is the turn it is in or behind."""

    event_index: int
    turn_index: int | None
    event: str
    start_time: Seconds | None


@dataclass(frozen=True, slots=True)
class StageRun:
    """One finished or failed stage of one episode: a row of `stage_runs`."""

    source: str
    episode_id: str | None
    stage: str
    key: str | None
    status: Literal["done", "failed"]
    error_class: str | None
    message: str | None
    method: str | None
    model: str | None
    device: str | None
    parameters: str | None
    flags: tuple[str, ...]
    started_at: Moment
    seconds: float


def time_source(source: TranscriptSource) -> str:
    """Name who gave the times of a transcript: `asr`, else `publisher`, whose captions are, too."""
    return "asr" if source == "asr" else "publisher"


def podcast_id(feed_url: str, guid: str | None = None) -> str:
    """Name a show: its `podcast:guid`, else the UUIDv5 of its feed URL.

    Scheme and trailing slashes do not count, as the specification says.

    >>> podcast_id("https://mp3s.nashownotes.com/pc20rss.xml")
    '917393e3-1b1e-5cef-ace4-edaa54e1f810'
    """
    if guid:
        return guid.strip().lower()
    return str(uuid.uuid5(PODCAST_NAMESPACE, feed_url.partition("://")[2].rstrip("/") or feed_url))


def feed_episode_id(podcast: str, guid: str | None, audio_url: str | None) -> str:
    """Name an episode of a feed: by its guid, else by its enclosure's URL without the query.

    Raises:
        ValueError: the item has neither.
    """
    name = guid or (audio_url and without_query(audio_url))
    if not name:
        msg = "an episode needs a guid or an enclosure"
        raise ValueError(msg)
    return str(uuid.uuid5(_of_show(podcast), name))


@lru_cache(256)  # of ten thousand episodes it is the same
def _of_show(podcast: str) -> uuid.UUID:
    return uuid.uuid5(PODCAST_NAMESPACE, podcast)


def twin_episode_id(episode: Episode, *more: str | None) -> str:
    """Name an episode whose guid others have, too: by its guid, its audio and what else tells it apart."""
    names = (episode.guid, without_query(episode.audio_url or ""), *more)
    return str(uuid.uuid5(_of_show(episode.podcast_id or ""), "\n".join(n or "" for n in names)))


def url_episode_id(url: str) -> str:
    """Name an episode known only by the URL of its audio; the query does not count."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, without_query(url)))


def file_episode_id(sha256: str) -> str:
    """Name an episode known only as a file, by the sha256 of its bytes (hexadecimal)."""
    return str(uuid.uuid5(PODCAST_NAMESPACE, f"sha256:{sha256}"))


def without_query(url: str) -> str:
    """Drop what changes from download to download, and what must not be kept: user, query, fragment.

    >>> without_query("https://ann:secret@cdn.example/1.mp3?token=abc#t=5")
    'https://cdn.example/1.mp3'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
