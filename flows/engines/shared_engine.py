"""The engine that the episodes of this process share: their words in common batches, their voices in turn.

An episode asks for its words through a client, and waits; the engine takes what is asked for as it comes, and
goes on with what is at hand while nobody asks. An episode alone is a batch of one. Where another process keeps
the models (`flows.engines.model_server`), that one works, for one episode after the other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Literal

from flows.artifacts import Artifact, Store
from flows.engines import diarizing, model_server
from flows.engines.transcribing import Transcriber, TranscribeRequest
from flows.progress import STOP, Advance
from flows.runs import say
from flows.settings import Options, Settings, quality_of
from flows.threads import start_thread
from transforms.errors import Interrupted, SourceError, TransientError
from transforms.records import Seconds
from transforms.speech.device import cpu_threads

CORES_OF_A_DECODER = 4  # one core decodes 600 × real time, and the others have the models to run
PAUSE: Seconds = 2.0  # without an episode: then what is at hand is transcribed, and does not wait for a full batch

NONE_YET: Literal["none yet"] = "none yet"


@dataclass(slots=True, eq=False)
class _Episode:
    """An episode whose words are wanted; `alone` where the batch that it was in broke down."""

    client: EngineClient
    options: Options
    requests: tuple[TranscribeRequest, ...]
    on_progress: Advance
    stop: threading.Event | None
    context: Context = field(default_factory=copy_context)
    answer: Future[tuple[Artifact, ...]] = field(default_factory=Future)
    done: dict[int, Artifact] = field(default_factory=dict)  # by the requests
    alone: bool = False

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.stop is not None and self.stop.is_set()

    def fits(self, other: _Episode) -> bool:
        """Check whether it can share batches with another one."""
        kinds = {(one.options.model, one.options.device, quality_of(one.options)) for one in (self, other)}
        return len(kinds) == 1 and not self.alone and not other.alone

    def tell(self, seconds: Seconds) -> None:
        """Tell who waits how far it is, in the context of who asked."""
        self.context.run(self.on_progress, seconds)


class SharedEngine:
    """Transcribes for so many clients; `seconds` of audio are done."""

    def __init__(self, settings: Settings, n_clients: int = 1) -> None:
        self.settings, self.store = settings, Store(settings.home)
        self.decoding = threading.Semaphore(max(1, cpu_threads() // CORES_OF_A_DECODER))
        self.diarizing = threading.Lock()
        self.transcribing = threading.Lock()
        self.changed = threading.Condition()  # of all that follows
        self.n_expected = n_clients  # those who may still ask for the first time
        self.pending: deque[_Episode] = deque()
        self.under_way: dict[int, _Episode] = {}  # by the requests
        self.taken: list[_Episode] = []  # by the transcriber that runs
        self.is_working = False
        self.context = copy_context()  # what it says is about no episode in particular
        self.seconds: Seconds = 0.0
        self.before: Seconds = 0.0

    def ask(self, episode: _Episode) -> None:
        """Take an episode; it is answered by a thread that there is while there are any."""
        with self.changed:
            self.pending.append(episode)
            self.changed.notify_all()
            if not self.is_working:
                self.is_working = True
                self.context.run(start_thread, self._work)

    def _work(self) -> None:
        while (first := self._first()) is not None:
            try:
                self._transcribe(first)
            except BaseException as error:  # of all: the models are not to be had, or nobody waits any more
                for episode in dict.fromkeys(list(self.under_way.values())):
                    self._fail(episode, error)
            self.before = self.seconds

    def _first(self) -> _Episode | None:
        """Wait for the next episode; `None` where none will come."""
        with self.changed:
            self.changed.wait_for(lambda: self.pending or not self.n_expected)
            self.taken = []
            if self.pending:
                return self._take(self.pending[0])
            self.is_working = False
            return None

    def _transcribe(self, first: _Episode) -> None:
        """Transcribe an episode, and those that fit to it while they come."""
        transcriber = Transcriber(self.store, first.options, self.settings, say)
        for request, result in transcriber.run(self._requests(first), self._advance):
            episode = self.under_way.pop(id(request), None)
            if episode is None:  # its other channel failed
                continue
            if isinstance(result, Exception):
                self._fail(episode, result)
                continue
            episode.done[id(request)] = result
            if len(episode.done) == len(episode.requests):
                episode.answer.set_result(tuple(episode.done[id(one)] for one in episode.requests))

    def _requests(self, first: _Episode) -> Iterator[TranscribeRequest | None]:
        yield from first.requests
        while (following := self._next(first)) is not None:
            if following == NONE_YET:
                yield None
            else:
                yield from following.requests

    def _next(self, first: _Episode) -> _Episode | Literal["none yet"] | None:
        """Take the next episode that fits; `None` where none will come, or others have waited long enough."""

        def fitting() -> _Episode | None:
            return next((one for one in self.pending if one.fits(first)), None)

        with self.changed:
            self.changed.wait_for(lambda: fitting() or first.alone or not self.n_expected, PAUSE)
            following = fitting()
            if following is not None:
                return self._take(following)
            return NONE_YET if self.n_expected and not self.pending and not first.alone else None

    def _take(self, episode: _Episode) -> _Episode:
        self.pending.remove(episode)
        self.taken.append(episode)
        episode.done.clear()
        self.under_way |= {id(request): episode for request in episode.requests}
        episode.client.release()
        return episode

    def _fail(self, episode: _Episode, error: BaseException) -> None:
        """Answer with an error; where others may be to blame, the episode gets a transcriber of its own."""
        for request in episode.requests:
            self.under_way.pop(id(request), None)
        if len(self.taken) == 1 or isinstance(error, SourceError | TransientError):
            episode.answer.set_exception(error)
            return
        episode.alone = True
        with self.changed:
            self.pending.append(episode)

    def _advance(self, seconds: Seconds) -> None:
        """Note and tell how far it is; end the work if nobody waits for it."""
        self.seconds = self.before + seconds
        under_way = list(self.under_way.values())  # others are taken meanwhile
        if len(self.taken) == 1:
            self.taken[0].tell(seconds)
        elif under_way and all(episode.is_given_up for episode in under_way):
            msg = "transcribe was interrupted: run the same command to go on"
            raise Interrupted(msg)


class EngineClient:
    """What one episode asks the engine for; once it was served, or is closed, nobody waits for its first word."""

    def __init__(self, engine: SharedEngine) -> None:
        self.engine = engine
        self.is_released = False

    def release(self) -> None:
        """Let the engine expect this client no more."""
        with self.engine.changed:
            self.engine.n_expected -= not self.is_released
            self.is_released = True
            self.engine.changed.notify_all()

    def transcribe(
        self, decoded: tuple[Artifact, ...], options: Options, on_progress: Advance
    ) -> tuple[Artifact, ...]:
        """Recognise the words, of each channel by itself; the options are filled."""
        if model_server.is_set():
            with self.engine.transcribing:
                self.release()
                return model_server.transcribe(decoded, options, self.engine.settings, on_progress, say)
        requests = tuple(TranscribeRequest(one, options) for one in decoded)
        episode = _Episode(self, options, requests, on_progress, STOP.get())
        self.engine.ask(episode)
        return episode.answer.result()

    def diarize(self, decoded: Artifact, options: Options, on_progress: Advance) -> Artifact:
        """Find who spoke when; the options are filled."""
        settings, store = self.engine.settings, self.engine.store
        with self.engine.diarizing:
            if model_server.is_set():
                return model_server.diarize(decoded, options, settings, on_progress, say)[0]
            return diarizing.diarize(store, decoded, options, settings, on_progress, say)


# For what cannot be handed over: the parameters of a Prefect flow can be read by all.
CLIENT: ContextVar[EngineClient | None] = ContextVar("client", default=None)
