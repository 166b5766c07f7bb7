"""Many episodes at once, for somebody who waits: each goes through its own pipeline, all share one engine.

Some are brought and decoded ahead of the engine, and whichever is there first is transcribed first: nobody waits
behind a slow download. An episode alone is a batch of one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from flows.allowed_files import check_left
from flows.engines.shared_engine import EngineClient, SharedEngine
from flows.episode.lookup import look_up
from flows.episode.pipeline import Outcome, process_episode
from flows.feeds.manage import due
from flows.feeds.outcomes import note_failed
from flows.feeds.pending import PendingEpisode
from flows.feeds.subscriptions import find_known, is_known_private
from flows.home import clock
from flows.home.locks import held, is_held
from flows.locations import Location, keeping_private
from flows.progress import REPORTER, Recorded, Reporter, since
from flows.published.import_texts import Imported, RefusedText, import_texts
from flows.published.linking import Hints
from flows.runs import StageFailed, record
from flows.settings import Options, Said, Settings
from flows.sources import folders
from flows.sources.episodes import Named
from flows.sources.folders import LeftOut
from flows.sources.found import EpisodeSource
from flows.stopping import working_on
from flows.threads import start_thread
from transforms.errors import HostileError, SourceError
from transforms.records import Seconds

AHEAD = 6  # episodes that are brought or ready; a host is asked more slowly than that (`flows.http.rate_limit`)
SLOW: Seconds = 60.0  # a download that takes longer gives its place to the next
MOST = 64  # episodes at once, those that the engine has included

Process = Callable[[EpisodeSource, Options, Settings, EngineClient], Outcome | None]
Ingested = Outcome | Imported | RefusedText | LeftOut | Exception
Result = Outcome | Exception | None  # `None`: another process works on it


class Bring(Protocol):
    """Imports texts, here or as a run; `strays` lay in a folder."""

    def __call__(
        self, locations: Sequence[Location], hints: Hints, settings: Settings, *, strays: bool = False
    ) -> tuple[Imported | RefusedText, ...]:
        """Import them all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An episode, and how it is to be heard."""

    found: EpisodeSource
    options: Options


def ingest_locations(
    locations: Sequence[Location],
    latest: int,
    options: Options,
    settings: Settings,
    process: Process = process_episode,
    bring: Bring = import_texts,
) -> Iterator[tuple[Location, Ingested]]:
    """Ingest every episode and every text behind paths or URLs; one that fails holds up none.

    Texts come first: a folder may say by them what its audio is called.

    Yields:
        The location, and what became of each as it is done: an episode, a text, an error, what was left out.

    Raises:
        SourceError: the user says what one episode is called, and there are more.
    """
    named: list[tuple[Location, Named]] = []
    for location, there in _look_up_each(locations, latest, settings):
        if isinstance(there, Exception):
            yield location, there
        else:
            named.append((location, there))
    check_said(options.said, [one for _, one in named])
    enough: set[Path | None] = set()
    for source, text in _bring_texts(named, options, settings, bring):
        if isinstance(text, Imported) and _is_enough(text, options):
            enough.add(folders.audio_beside(Path(text.source)))
        yield source, text
    found = [(source, one) for source, some in named for one in some.episodes if one.location.path not in enough]
    yield from ((source, left_out) for source, some in named for left_out in some.left_out)
    wanted = [Wanted(one, options) for _, one in found]
    for number, outcome in process_batch(wanted, settings, process):
        if outcome is not None:
            yield found[number][0], outcome


def _look_up_each(
    locations: Sequence[Location], latest: int, settings: Settings
) -> Iterator[tuple[Location, Named | Exception]]:
    """Yield what is behind each path or URL, or why it cannot be told; that is written down."""
    for location in locations:
        started_at, private = datetime.now(UTC), is_known_private(settings.home, location.address)
        with keeping_private(private):
            shown = location.shown
        try:
            with working_on("find", shown, settings), keeping_private(private):
                found = look_up(location, latest, settings)
        except Exception as error:
            record(StageFailed("find", started_at, error), shown, None, settings)
            yield location, error
        else:
            yield location, found


def check_said(said: Said, named: Sequence[Named]) -> None:
    """Check that what the user says is said of one episode, and of none that a feed describes.

    Raises:
        SourceError: it is not.
    """
    if said == Said():
        return
    episodes = [one for some in named for one in some.episodes]
    if any(one.podcast is not None or one.episode.guid for one in episodes):
        msg = "--show, --title, --date and --url are for files and for addresses of audio: a feed says it itself"
        raise SourceError(msg)
    audio = {one.location.path for one in episodes}
    alone = [text for some in named for text in some.texts if folders.audio_beside(text.path) not in audio]
    number = len(audio) + len(set(alone))
    if number > 1 and (said.title or said.url):
        way_out = "name one file, or give --show alone"
        msg = f"--title and --url are for one episode, and there may be {number}: {way_out}"
        raise SourceError(msg)


def _bring_texts(
    named: Sequence[tuple[Location, Named]], options: Options, settings: Settings, bring: Bring
) -> Iterator[tuple[Location, Ingested]]:
    """Import the texts that a user named, and those that lie in folders: what is none of them is left out."""
    if options.policy == "audio-only":
        left_out = (
            (source, LeftOut(one.public, Path(one.public).suffix.lower()))
            for source, some in named
            for one in some.texts
        )
        yield from left_out
        return
    hints = Hints(**asdict(options.said))
    for strays in (False, True):
        texts = {text: source for source, some in named for text in some.texts if strays is (text != source)}
        source_of = {text.public: source for text, source in texts.items()}
        for one in bring(list(texts), hints, settings, strays=strays) if texts else ():
            told = one.left_out if isinstance(one, RefusedText) and one.stray else one
            yield source_of[one.source], told


def _is_enough(text: Imported, options: Options) -> bool:
    """Check whether the audio that a text lies beside need not be heard."""
    is_whole = options.policy == "text-only" or (text.has_names and text.has_times)
    return text.linked_by == "beside" and is_whole and options.policy in ("text-only", "transcript-first")


def ingest_pending(
    settings: Settings, process: Process = process_episode
) -> Iterator[tuple[PendingEpisode, Outcome | Exception | None]]:
    """Ingest every episode that waits and may be tried now, but for those that another process works on."""
    pending: list[PendingEpisode] = []
    wanted: list[Wanted] = []
    for one in due(settings):
        if is_held(settings.home, one.episode.episode_id):
            continue
        found = find_known(settings.home, one.episode.episode_id)
        if found is None:
            continue
        if error := _refused(one, found, settings):
            yield one, error
            continue
        pending.append(one)
        wanted.append(Wanted(found, one.options))
    for number, outcome in process_batch(wanted, settings, process):
        yield pending[number], outcome


def _refused(pending: PendingEpisode, found: EpisodeSource, settings: Settings) -> HostileError | None:
    """Return why what a request left behind is not heard; it is noted as failed. `None` where nothing is wrong."""
    if not pending.confined:
        return None
    began, options = datetime.now(UTC), pending.options
    try:
        check_left(found.location, (options.model, options.diarization_model), settings)
    except HostileError as error:
        record(StageFailed("find", began, error), found.source, found.episode.episode_id, settings)
        with held(settings.home, found.episode.episode_id) as mine:
            if mine:
                note_failed(settings, found, options, "find", error)
        return error
    return None


def process_batch(
    wanted: Sequence[Wanted], settings: Settings, process: Process = process_episode
) -> Iterator[tuple[int, Result]]:
    """Process episodes side by side, and yield the number of each and what became of it as it is done.

    Who waits is told of each episode by itself, when it is done; of one that is alone, at once.
    """
    batch = _Batch(wanted, settings, process)
    while (done := batch.next_done()) is not None:
        if isinstance(done.reporter, Recorded):
            done.reporter.tell(REPORTER.get())
        yield done.number, done.result


@dataclass(frozen=True, slots=True)
class _Running:
    """An episode that a thread works on."""

    number: int
    client: EngineClient
    reporter: Reporter
    began: float  # on the clock

    def keeps_place(self) -> bool:
        """Check whether it is being brought or ready, and not slow."""
        return not self.client.is_released and time.monotonic() - self.began < SLOW


@dataclass(frozen=True, slots=True)
class _Done:
    number: int
    reporter: Reporter
    result: Result


class _Batch:
    """Starts an episode whenever there is a place, and waits for those that are under way."""

    def __init__(self, wanted: Sequence[Wanted], settings: Settings, process: Process) -> None:
        self.wanted, self.settings, self.process = wanted, settings, process
        self.engine = SharedEngine(settings, len(wanted))
        self.left = deque(range(len(wanted)))
        self.running: dict[
            str, _Running
        ] = {}  # by the ids of their episodes: what is there twice comes after itself
        self.done: deque[_Done] = deque()
        self.began, self.since = time.monotonic(), clock.now(settings.home)
        self.n_done = 0

    def next_done(self) -> _Done | None:
        """Wait for the next episode, and say meanwhile how far all of them are; `None` when there is none left."""
        with self.engine.changed:
            while self.left or self.running or self.done:
                while (number := self._startable()) is not None:
                    self._start(number)
                if self.engine.changed.wait_for(lambda: self.done or self._startable() is not None, timeout=1.0):
                    if self.done:
                        self.n_done += 1
                        return self.done.popleft()
                elif len(self.wanted) > 1:
                    took = time.monotonic() - self.began
                    REPORTER.get().hear(self.n_done, len(self.wanted), self.engine.seconds, took)
        return None

    def _startable(self) -> int | None:
        """Choose the next episode; `None` where there is no place, or none that does not run already."""
        if len(self.running) == MOST or sum(one.keeps_place() for one in self.running.values()) >= AHEAD:
            return None
        return next((n for n in self.left if self._id(n) not in self.running), None)

    def _id(self, number: int) -> str:
        return self.wanted[number].found.episode.episode_id

    def _start(self, number: int) -> None:
        reporter = Recorded() if len(self.wanted) > 1 else REPORTER.get()
        one = _Running(number, EngineClient(self.engine), reporter, time.monotonic())
        self.left.remove(number)
        self.running[self._id(number)] = one
        start_thread(lambda: self._run(one))

    def _run(self, one: _Running) -> None:
        """Process an episode, in a thread of its own."""
        REPORTER.set(one.reporter)
        wanted = self.wanted[one.number]
        found, episode = wanted.found, wanted.found.episode
        one.reporter.start(episode.title or found.source)
        result: Result
        try:
            with since(self.since), working_on("ingest", found.source, self.settings, episode.episode_id):
                result = self.process(found, wanted.options, self.settings, one.client)
        except BaseException as error:  # it was written down; Prefect's own are no exceptions
            result = error if isinstance(error, Exception) else RuntimeError(repr(error))
        one.client.release()
        with self.engine.changed:
            del self.running[episode.episode_id]
            self.done.append(_Done(one.number, one.reporter, result))
            self.engine.changed.notify_all()
