"""What a publisher offers beside the audio of an episode: its transcript and its chapters.

A transcript is looked for in its best format; whatever goes wrong is written down and never stops the audio.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from flows.artifacts import Artifact, Store
from flows.episode.later_stages import chapter_stage
from flows.locations import Location, locate
from flows.published import text_stages
from flows.published.linking import EpisodeIndex, Hints, Link
from flows.published.text_stages import Parsed, StoredText, TextContext
from flows.runs import StageFailed, attempt, record, say
from flows.settings import Options, Settings
from flows.sources.found import EpisodeSource
from transforms.chapters import parse_json
from transforms.errors import ContentError, one_line
from transforms.languages import primary_language
from transforms.records import Episode, Seconds, TranscriptLink
from transforms.redaction import public_address
from transforms.transcripts.assemble import Published
from transforms.video_info import AUTOMATIC

_MOST_TRIED = 4
# Best first: words and speakers, voices, lines, markup, bare text.
_FORMATS = (("json",), ("vtt",), ("srt", "subrip"), ("html",), ("plain", "txt"))
_WHOLE = 0.7  # share of the episode's length that its last time reaches
_FEWEST_WORDS = 200  # of a page that is taken for a transcript
_PAGE = "text/html"

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class PublisherText:
    """A transcript that the publisher offers, parsed; `staged` is `None` until it is chosen."""

    link: TranscriptLink
    place: Location
    text: Artifact
    parsed: Parsed
    format: str
    turns: int
    seconds: Seconds | None
    has_names: bool
    has_times: bool
    staged: Artifact | None = None

    @property
    def worth(self) -> tuple[bool, bool, bool]:
        """Sort key: what one would rather have."""
        return self.turns > 0, self.has_names, self.has_times

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The finished stages of it, in order."""
        every = (self.text, self.parsed.artifact, self.staged)
        return tuple(artifact for artifact in every if artifact is not None)

    def replaces_audio(self, episode: Episode) -> bool:
        """Check whether nothing is missing that the audio could give: names, times, the whole length."""
        is_whole = episode.duration is None or (self.seconds or 0.0) >= _WHOLE * episode.duration
        return self.has_names and self.has_times and is_whole


def bring_text(
    found: EpisodeSource, listed: Artifact | None, options: Options, settings: Settings
) -> PublisherText | None:
    """Bring the best transcript that the publisher offers for an episode, staged with its chapters.

    `None` where there is none to be had.
    """
    best: PublisherText | None = None
    for link in candidates(found, options):
        place = locate(link.url)
        text = _attempt("text", found, place, settings, partial(_read, link, place, settings))
        if text is not None and (best is None or text.worth > best.worth):
            best = text
        if best is not None and all(best.worth):
            break
    best = best or _page(found, settings)
    if best is None:
        return None
    chapters = bring_chapters(found, listed, None, settings)
    staged = _attempt("stage", found, best.place, settings, partial(_stage, best, found, chapters, settings))
    return replace(best, staged=staged) if staged else None


def _stage(text: PublisherText, found: EpisodeSource, chapters: Artifact | None, settings: Settings) -> Artifact:
    """Put what the warehouse needs of a text into one file."""
    link, origin = Link(found.episode, found.podcast, "feed"), origin_of(text, found)
    flags = ("automatic_captions",) if text.link.rel == AUTOMATIC else ()
    kept, beside = StoredText(text.text, None), TextContext(chapters, flags)
    parsed = replace(text.parsed, published=found.public(text.parsed.published))
    return attempt(
        "stage-text",
        lambda: text_stages.stage(
            Store(settings.home), kept, parsed, link, origin, Hints(), EpisodeIndex(()), beside
        ),
    )


def bring_list(found: EpisodeSource, settings: Settings) -> Artifact | None:
    """Bring the list of chapters that the publisher keeps beside the episode; `None` where there is none."""
    if not found.extras.chapters_url:
        return None
    place = locate(found.extras.chapters_url)
    return _attempt("chapters", found, place, settings, partial(_list, place, settings))


def _list(place: Location, settings: Settings) -> Artifact:
    listed = _bring(place, settings)
    try:
        parse_json(listed.path.read_bytes())
    except ContentError as error:
        msg = f"{place.shown}: {one_line(error)}"
        raise ContentError(msg) from error
    return listed


def bring_chapters(
    found: EpisodeSource, listed: Artifact | None, audio: Artifact | None, settings: Settings
) -> Artifact | None:
    """Choose the chapters of an episode, among those in its audio file too where that is there."""
    work = partial(chapter_stage.choose, Store(settings.home), found, listed, audio)
    return _attempt("chapters", found, found.location, settings, lambda: attempt("chapters", work))


def candidates(found: EpisodeSource, options: Options) -> tuple[TranscriptLink, ...]:
    """Put the offered texts in order, the best first; of several languages only the one that is spoken.

    What a machine heard is left out unless somebody asks for it; the recogniser here hears as well.
    """
    links = [link for link in found.extras.transcripts if options.auto_captions or link.rel != AUTOMATIC]
    show = found.podcast.language if found.podcast else None
    spoken = options.language or found.episode.language or show
    if spoken:
        mine = primary_language(spoken)
        links = [
            link for link in links if link.language is None or primary_language(link.language) == mine
        ] or links
    ranked = sorted(enumerate(links), key=lambda one: (one[1].rel == AUTOMATIC, _rank(one[1]), one[0]))
    return tuple(link for _, link in ranked)[:_MOST_TRIED]


def _rank(link: TranscriptLink) -> int:
    """Return the place of a format among the others, by its media type, else by the end of its address."""
    suffix = public_address(link.url).rpartition(".")[2].lower()
    kinds = ((link.media_type or "").rpartition("/")[2].lower(), suffix)
    places = (n for kind in kinds for n, marks in enumerate(_FORMATS) if any(mark in kind for mark in marks))
    return next(places, len(_FORMATS))


def _bring(location: Location, settings: Settings) -> Artifact:
    """Bring a published text into the store."""
    return attempt("read", partial(text_stages.read, Store(settings.home), location, settings))


def _read(link: TranscriptLink, place: Location, settings: Settings) -> PublisherText:
    text = _bring(place, settings)
    try:
        parsed = attempt("parse", partial(text_stages.parse, Store(settings.home), text, Hints()))
    except ContentError as error:
        msg = f"{place.shown}: {one_line(error)}"
        raise ContentError(msg) from error
    return _told(link, place, text, parsed)


def _told(link: TranscriptLink, place: Location, text: Artifact, parsed: Parsed) -> PublisherText:
    """Look what a text has: names, times, how far it goes."""
    said = parsed.published
    turns = said.turns
    times = [time for turn in turns for time in (turn.start_time, turn.end_time) if time is not None]
    return PublisherText(
        link=link,
        place=place,
        text=text,
        parsed=parsed,
        format=said.format,
        turns=len(turns),
        seconds=max(times, default=None),
        has_names=said.has_names,
        has_times=said.has_times,
    )


def _page(found: EpisodeSource, settings: Settings) -> PublisherText | None:
    """Look for a transcript on the page of an episode from the web: only what names those who speak is one."""
    page = locate(found.extras.page_url or found.episode.page_url or "")
    if not found.location.is_url or not page.is_web or page.kind == "video":
        return None
    try:
        text = _read(TranscriptLink(page.address, _PAGE, None, None), page, settings)
    except ContentError:  # a page need not hold one
        return None
    except Exception as error:
        _write_down("read", found, page, settings, datetime.now(UTC), error)
        return None
    return text if text.has_names and _is_conversation(text.parsed.published) else None


def _is_conversation(published: Published) -> bool:
    """Check whether a text names two who speak, and is longer than a summary."""
    speakers = {turn.speaker_name for turn in published.turns if turn.speaker_name}
    return len(speakers) >= 2 and sum(turn.word_count for turn in published.turns) >= _FEWEST_WORDS


def origin_of(text: PublisherText, found: EpisodeSource) -> str:
    """Return where a text came from; captions have no lasting address, private ones none to be told."""
    episode = found.episode
    if found.private:
        return found.source
    if episode.episode_id.startswith("youtube:") and text.link.rel:
        return episode.page_url or text.place.public
    return text.place.public


def _attempt(
    name: str, found: EpisodeSource, where: Location, settings: Settings, work: Callable[[], R]
) -> R | None:
    """Do what the audio does not depend on: an error is told and written down, and gives `None`."""
    started_at = datetime.now(UTC)
    try:
        return work()
    except Exception as error:
        _write_down(name, found, where, settings, started_at, error)
        return None


def _write_down(
    name: str, found: EpisodeSource, where: Location, settings: Settings, started_at: datetime, error: Exception
) -> None:
    failed = StageFailed(name, started_at, error)
    record(
        failed,
        found.source if found.private else where.public,
        found.episode.episode_id,
        settings,
        load=False,
    )
    what = "chapters are" if name == "chapters" else "text is"
    say(f"the publisher's {what} left out: {one_line(error)}")
