"""What stands on a page, before anybody thinks of HTML; seconds are from the start of the audio."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from transforms.records import Seconds


@dataclass(frozen=True, slots=True)
class PageWord:
    """A word; `is_measured` is false where its time only lies between those of two others, or is doubtful."""

    text: str
    start_time: Seconds | None
    end_time: Seconds | None
    probability: float | None = None
    is_measured: bool = True


@dataclass(frozen=True, slots=True)
class PageTurn:
    """A turn; `chapter` is its place among the chapters where the transcript itself has them, else `None`.

    `is_measured` is false where its times are those of other things, as of its chapter. `is_added` says that a
    merged transcript has it from the recogniser alone: said, and not written.
    """

    speaker: str | None
    start_time: Seconds | None
    end_time: Seconds | None
    text: str
    words: tuple[PageWord, ...] = ()
    chapter: int | None = None
    is_measured: bool = True
    is_overlap: bool = False
    is_added: bool = False


@dataclass(frozen=True, slots=True)
class PageChapter:
    """A chapter; `start_time` is `None` where only its place in the text is known."""

    title: str | None
    start_time: Seconds | None


@dataclass(frozen=True, slots=True)
class PageSpeaker:
    """What one speaker says in all; `None` for who is unknown. `seconds` is `None` where no turn has times."""

    name: str | None
    seconds: Seconds | None
    words: int
    turns: int


@dataclass(frozen=True, slots=True)
class PageOverlap:
    """A stretch in which two speak at once."""

    start_time: Seconds
    end_time: Seconds


@dataclass(frozen=True, slots=True)
class OtherText:
    """The words of another transcript of the same episode, and who made it: publisher or asr."""

    source: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageSection:
    """A section of a page that summarises the episode; `heading` is `None` where it has none."""

    heading: str | None
    text: str


@dataclass(frozen=True, slots=True)
class EpisodeContent:
    """An episode as its page shows it; `duration` is that of the audio, `None` where unknown.

    `rendition_id` is the sha256 of the audio that the times are of; `None` for a text that has none.
    `is_by_time` says that chapters begin where the audio is so far, not at a turn.
    """

    episode_id: str
    title: str | None
    show: str | None
    podcast_id: str | None
    published_at: datetime | None
    page_url: str | None
    audio_url: str | None
    audio_path: str | None
    rendition_id: str | None
    duration: Seconds | None
    language: str | None
    source: str | None
    model: str | None
    turns: tuple[PageTurn, ...]
    chapters: tuple[PageChapter, ...]
    is_by_time: bool
    speakers: tuple[PageSpeaker, ...]
    overlaps: tuple[PageOverlap, ...]
    other: OtherText | None = None
    sections: tuple[PageSection, ...] = ()


@dataclass(frozen=True, slots=True)
class ShowTalk:
    """How many words somebody says in an episode; `is_named` is false for a label, `speaker` is who is unknown."""

    speaker: str | None
    is_named: bool
    words: int


@dataclass(frozen=True, slots=True)
class ShowEpisode:
    """An episode as the page of its show lists it; `talk` is empty where it has no transcript yet.

    `is_summarised` says that there is something to read all the same.
    """

    episode_id: str
    title: str | None
    show: str | None
    podcast_id: str | None
    published_at: datetime | None
    duration: Seconds | None
    is_summarised: bool
    talk: tuple[ShowTalk, ...]

    @property
    def has_page(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.talk) or self.is_summarised


@dataclass(frozen=True, slots=True)
class ShowPerson:
    """Somebody who is known by name, and in how many episodes of the show; `role` is `None` where unknown."""

    name: str
    role: str | None
    episodes: int
    words: int


@dataclass(frozen=True, slots=True)
class ShowContent:
    """A show, newest episode first; without `podcast_id` it is all that there is, of all shows."""

    podcast_id: str | None
    title: str | None
    author: str | None
    site_url: str | None
    episodes: tuple[ShowEpisode, ...]
    people: tuple[ShowPerson, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A turn as a search finds it: its place in the transcript, and that of the episode on the page."""

    episode: int
    turn: int
    speaker: str | None
    start_time: Seconds | None
    text: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """All that is said in the episodes of a page; each of the `forms` is the words that have one stem."""

    turns: tuple[Said, ...] = ()
    forms: tuple[str, ...] = ()
