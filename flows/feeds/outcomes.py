"""What a run leaves behind: an episode that waits no more, or why it still does; and an event that says so.

Nothing here may break a run: what cannot be written down is said, what cannot be sent is left.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flows.allowed_files import is_confined
from flows.episode_log import tell
from flows.feeds.events import FAILED, QUARANTINED, EpisodeEvent, loaded, try_to_send
from flows.feeds.pending import PendingEpisode, PendingQueue, failed
from flows.settings import Options, Settings
from flows.sources.found import EpisodeSource
from transforms.errors import Interrupted, error_class, one_line
from transforms.records import Episode, Seconds
from transforms.text import counted


def options_of(settings: Settings, episode_id: str) -> Options | None:
    """Return how a pending episode is to be processed; `None` where it is not pending."""
    pending = PendingQueue(settings.home).get(episode_id)
    return pending.options if pending else None


def note_loaded(
    settings: Settings,
    episode: Episode,
    episode_id: str,
    transcript_id: str,
    turns: int,
    seconds: Seconds | None,
    *,
    is_new: bool,
) -> None:
    """Note that the turns of an episode are in the warehouse; an event says so if they were not before.

    `episode_id` is what it is called there. Call it while the episode is held.
    """
    queue = PendingQueue(settings.home)
    was_pending = queue.get(episode.episode_id) is not None
    queue.remove(episode.episode_id)
    if settings.load == "inline" and (was_pending or is_new):  # elsewhere, the loader says so when it is true
        there = replace(episode, episode_id=episode_id)
        try_to_send(loaded(settings, there, transcript_id, turns, seconds), settings.home)
    length = f" in {seconds:.0f} s" if seconds is not None else ""
    tell(
        f"{episode.title or episode.episode_id}: {counted(turns, 'turn')}{length}{'' if is_new else ', as before'}"
    )


def note_failed(
    settings: Settings, found: EpisodeSource, options: Options, stage: str, error: BaseException
) -> None:
    """Note that an episode failed, and when it is tried again; one that a person stopped is left as it was.

    Call it while the episode is held.
    """
    if isinstance(error, Interrupted):
        return
    now, queue = datetime.now(UTC), PendingQueue(settings.home)
    pending = queue.get(found.episode.episode_id) or _new(found, options, now)
    pending = failed(pending, stage, error, now)
    queue.put(pending)
    facts = {
        "stage": stage,
        "error_class": error_class(error),
        "message": one_line(error),
        "quarantined": pending.quarantined,
    }
    for name in (FAILED, QUARANTINED) if pending.quarantined else (FAILED,):
        try_to_send(EpisodeEvent(name, found.episode, now.isoformat(), facts), settings.home)
    again = f"again at {pending.next_try_at:%Y-%m-%d %H:%M} UTC" if pending.next_try_at else "in quarantine"
    tell(f"{pending.name}: {stage} failed: {one_line(error)}; {again}")


def _new(found: EpisodeSource, options: Options, now: datetime) -> PendingEpisode:
    """Let an episode wait that somebody asked for by hand."""
    place = found.location
    # it was tried, so no event has to say that it is there before its rest is over
    extras = found.extras
    episode = replace(found.episode, transcripts=extras.transcripts, chapters_url=extras.chapters_url)
    return PendingEpisode(
        place.address if place.is_url else str(place.path.absolute()),
        found.podcast,
        episode,
        options,
        feed_id=None,
        since=now,
        emitted_at=now,
        private=found.private,
        confined=is_confined(),
        secrets=extras.secrets,
    )
