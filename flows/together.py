"""Many episodes heard together: decoded ahead, transcribed in shared batches, diarized beside.

All that comes of it are artifacts, which the flow of each episode then finds done. So nothing here has to be right
about an episode that cannot be heard: its flow meets the same error, and writes it down.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flows import diarizing, stages
from flows.artifacts import Artifact, Store
from flows.locations import public_source
from flows.locks import held
from flows.options import Options, quality_of
from flows.progress import REPORTER
from flows.settings import Settings
from flows.sources import youtube
from flows.sources.found import Found
from flows.steps import say
from flows.transcribing import Task, Transcriber
from transforms.errors import Interrupted
from transforms.records import Seconds
from transforms.speech.device import cpu_threads

T = TypeVar("T")
R = TypeVar("R")

CORES_OF_A_DECODER = 4  # one core decodes 600 × real time, and the others have the models to run
PATIENCE: Seconds = 10.0  # for what is under way, once nobody waits for it


@dataclass(frozen=True, slots=True)
class Wanted:
    """An episode, and how it is to be heard."""

    found: Found
    options: Options


@dataclass(frozen=True, slots=True)
class _Claimed:
    """An episode that this process holds; `decoded` is empty where its audio could not be brought."""

    number: int
    wanted: Wanted
    decoded: tuple[Artifact, ...] = ()
    claim: ExitStack = field(default_factory=ExitStack)

    @property
    def is_diarized(self) -> bool:
        """Whether voices are to be told apart; two channels tell them apart."""
        return self.wanted.options.diarize and len(self.decoded) == 1


def hear_together(wanted: Sequence[Wanted], settings: Settings) -> Iterator[tuple[int, Found]]:
    """Hear episodes, and give each by its number when all is heard that can be: now its flow is short.

    Some are given as they are: those of whose audio nothing is asked yet, that another process holds, that could
    not be heard, and all but the first of those that are the same.
    """
    for _, group in itertools.groupby(enumerate(wanted), key=lambda item: _engine(item[1].options, settings)):
        numbered = list(group)
        if len(numbered) == 1:
            yield numbered[0][0], numbered[0][1].found
        else:
            yield from _hear_group(numbered, settings)


def _engine(options: Options, settings: Settings) -> tuple[str, ...]:
    """Name what episodes must have in common to share batches."""
    filled = options.filled(settings)
    return filled.model, filled.device, quality_of(filled)


def _hear_group(numbered: Sequence[tuple[int, Wanted]], settings: Settings) -> Iterator[tuple[int, Found]]:
    left = dict(numbered)
    group = _Group([item for item in numbered if _wants_audio(item[1].options)], settings)
    thread = threading.Thread(target=copy_context().run, args=(group.hear,), daemon=True)
    thread.start()
    try:
        for number in [number for number, one in numbered if not _wants_audio(one.options)]:
            yield number, left.pop(number).found
        while (one := group.wait()) is not None:
            del left[one.number]
            one.claim.close()  # its flow takes it over
            yield one.number, one.wanted.found
        for number, wanted in left.items():
            yield number, wanted.found
    finally:
        group.stop.set()
        thread.join(PATIENCE)


def _wants_audio(options: Options) -> bool:
    """Tell whether the audio is heard whatever the publisher offers."""
    return options.policy in ("audio-first", "audio-only")


class _Group:
    """Episodes that share one engine, on their way through it."""

    def __init__(self, numbered: Sequence[tuple[int, Wanted]], settings: Settings) -> None:
        first_of = {one.found.episode.episode_id: number for number, one in reversed(numbered)}
        self.numbered = [item for item in numbered if item[0] == first_of[item[1].found.episode.episode_id]]
        self.settings, self.store = settings, Store(settings.home)
        self.ready: queue.SimpleQueue[_Claimed | None] = queue.SimpleQueue()
        self.stop = threading.Event()
        self.began = time.monotonic()
        self.n_ready, self.seconds = 0, 0.0

    def wait(self) -> _Claimed | None:
        """Wait for the next episode, and say meanwhile how far all of them are; `None` when there is none left."""
        while True:
            try:
                one = self.ready.get(timeout=1.0)
            except queue.Empty:
                took = time.monotonic() - self.began
                REPORTER.get().hear(self.n_ready, len(self.numbered), self.seconds, took)
                continue
            self.n_ready += one is not None
            return one

    def hear(self) -> None:
        """Bring, decode, transcribe and diarize; the work of one thread and its helpers."""
        underway: dict[int, _Claimed] = {}
        try:
            options = self.numbered[0][1].options.filled(self.settings)
            transcriber = Transcriber(self.store, options, self.settings, say)
            with ThreadPoolExecutor(max_workers=1) as beside:
                for task, result in transcriber.run(self._tasks(underway), self._advance):
                    one = underway.pop(id(task))
                    if any(other is one for other in underway.values()):
                        continue  # its other channel is on its way
                    if isinstance(result, Exception) or not one.is_diarized:
                        self.ready.put(one)
                    else:
                        beside.submit(copy_context().run, self._diarize, one, task)
        except Interrupted:
            pass  # nobody waits any more
        except Exception as error:
            say(f"the episodes cannot be heard together ({error}): each is heard by itself")
        finally:
            for one in underway.values():
                self.ready.put(one)
            self.ready.put(None)

    def _tasks(self, underway: dict[int, _Claimed]) -> Iterator[Task]:
        workers = max(1, cpu_threads() // CORES_OF_A_DECODER)
        for one in _ahead(self._bring, self.numbered, workers):
            if not one.decoded:
                self.ready.put(one)
                continue
            options = self._informed(one.wanted)
            tasks = [Task(decoded, options) for decoded in one.decoded]
            underway.update({id(task): one for task in tasks})  # all at once: the first may be done at once
            yield from tasks

    def _bring(self, numbered: tuple[int, Wanted]) -> _Claimed:
        """Claim, fetch and decode an episode."""
        number, wanted = numbered
        one = _Claimed(number, wanted)
        found = wanted.found
        if self.stop.is_set() or not one.claim.enter_context(held(self.settings.home, found.episode.episode_id)):
            return one
        try:
            found = youtube.complete(found)
            source = public_source(found.location)
            fetched = stages.fetch(self.store, found.location, self.settings, self._check)
            decoded = stages.decode_asked(self.store, fetched, source, wanted.options.channels, lambda _: None)
        except Exception:  # its flow says why
            return one
        return replace(one, wanted=replace(wanted, found=found), decoded=decoded)

    def _informed(self, wanted: Wanted) -> Options:
        return wanted.options.filled(self.settings).informed(wanted.found.podcast, wanted.found.episode)

    def _diarize(self, one: _Claimed, task: Task) -> None:
        try:
            diarizing.diarize(self.store, task.decoded, task.options, self.settings, self._check, say)
        except Exception:  # its flow says why
            return
        finally:
            self.ready.put(one)

    def _advance(self, seconds: Seconds) -> None:
        self.seconds = seconds
        self._check(seconds)

    def _check(self, _: Seconds) -> None:
        if self.stop.is_set():
            msg = "interrupted: run the same command to go on"
            raise Interrupted(msg)


def _ahead(work: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """Do the work on each item, so many ahead of who takes what comes of it; in order."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(copy_context().run, work, item))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
