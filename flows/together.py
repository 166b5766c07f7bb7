"""Many episodes heard together: brought and decoded ahead, transcribed in shared batches, diarized beside.

Whichever is there first is heard first: nobody waits behind a slow download. All that comes of it are artifacts,
which the flow of each episode then finds done, and errors of those who were asked for something, which it meets
again without asking anew (`flows.met`). So nothing here has to be right about an episode that cannot be heard: its
flow writes down why.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from flows import diarizing, stages
from flows.artifacts import Artifact, Store
from flows.locations import keeping_private
from flows.locks import held
from flows.met import Met
from flows.options import Options, quality_of
from flows.progress import REPORTER
from flows.settings import Settings
from flows.sources import youtube
from flows.sources.found import Found
from flows.steps import say
from flows.threads import as_ready
from flows.transcribing import Task, Transcriber
from transforms.errors import Interrupted, one_line
from transforms.records import Seconds
from transforms.speech.device import cpu_threads

CORES_OF_A_DECODER = 4  # one core decodes 600 × real time, and the others have the models to run
PATIENCE: Seconds = 10.0  # for what is under way, once nobody waits for it
AHEAD = 6  # episodes that are brought or ready; a host is asked more slowly than that (`flows.sources.manners`)
SLOW: Seconds = 60.0  # a download that takes longer gives its place to the next
MOST_SLOW = 64
PAUSE: Seconds = 2.0  # without an episode: then what is at hand is heard, and does not wait for a full batch


@dataclass(frozen=True, slots=True)
class Wanted:
    """An episode, and how it is to be heard."""

    found: Found
    options: Options


@dataclass(frozen=True, slots=True)
class _Claimed:
    """An episode that this process holds; `decoded` is empty where it could not be brought, and `met` says why."""

    number: int
    wanted: Wanted
    decoded: tuple[Artifact, ...] = ()
    met: Met = field(default_factory=dict)
    claim: ExitStack = field(default_factory=ExitStack)

    @property
    def is_diarized(self) -> bool:
        """Whether voices are to be told apart; two channels tell them apart."""
        return self.wanted.options.diarize and len(self.decoded) == 1


def hear_together(wanted: Sequence[Wanted], settings: Settings) -> Iterator[tuple[int, Found, Met]]:
    """Hear episodes, and give each by its number when all is heard that can be: now its flow is short.

    Some are given as they are: those of whose audio nothing is asked yet, that another process holds, that could
    not be heard, and all but the first of those that are the same. What was met on the way is given too.
    """
    audio = [(number, one) for number, one in enumerate(wanted) if _wants_audio(one.options)]
    if len(wanted) == 1:
        audio = []
    late = [one for one in enumerate(wanted) if one[1].options.policy == "transcript-first"]
    left = dict(enumerate(wanted))
    for number in [number for number in left if number not in dict(audio) and number not in dict(late)]:
        yield number, left.pop(number).found, {}
    for one in _heard(audio, settings) if audio else ():
        del left[one.number]
        one.claim.close()  # its flow takes it over
        yield one.number, one.wanted.found, one.met
    for number, other in left.items():
        yield number, other.found, {}


def _heard(audio: Sequence[tuple[int, Wanted]], settings: Settings) -> Iterator[_Claimed]:
    """Hear the audio of episodes in a thread beside."""
    group = _Group(audio, settings)
    thread = threading.Thread(target=copy_context().run, args=(group.hear,), daemon=True)
    thread.start()
    try:
        while (one := group.wait()) is not None:
            yield one
    finally:
        group.stop.set()
        thread.join(PATIENCE)


def _engine(options: Options, settings: Settings) -> tuple[str, ...]:
    """Name what episodes must have in common to share batches."""
    filled = options.filled(settings)
    return filled.model, filled.device, quality_of(filled)


def _wants_audio(options: Options) -> bool:
    """Tell whether the audio is heard whatever the publisher offers."""
    return options.policy in ("audio-first", "audio-only")


class _Group:
    """Episodes on their way through the engines, those of one engine together."""

    def __init__(self, numbered: Sequence[tuple[int, Wanted]], settings: Settings) -> None:
        first_of = {one.found.episode.episode_id: number for number, one in reversed(numbered)}
        self.numbered = [item for item in numbered if item[0] == first_of[item[1].found.episode.episode_id]]
        self.settings, self.store = settings, Store(settings.home)
        self.ready: queue.SimpleQueue[_Claimed | None] = queue.SimpleQueue()
        self.stop = threading.Event()
        self.decoding = threading.Semaphore(max(1, cpu_threads() // CORES_OF_A_DECODER))
        self.brought = as_ready(self.numbered, self._bring, ahead=AHEAD, most=MOST_SLOW, patience=SLOW, wait=PAUSE)
        self.aside: deque[_Claimed] = deque()  # decoded, and not given to an engine yet
        self.underway: dict[int, _Claimed] = {}  # by the tasks that were made of them
        self.began = time.monotonic()
        self.n_ready, self.seconds, self.before = 0, 0.0, 0.0

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
        try:
            with ThreadPoolExecutor(max_workers=1) as beside:
                while self._await_one():
                    self._hear_alike(self.aside[0].wanted.options, beside)
                    self.before = self.seconds
        except Interrupted:
            pass  # nobody waits any more
        except Exception as error:
            say(f"the episodes cannot be heard together ({one_line(error)}): each is heard by itself")
            self.stop.set()
            self.aside.extend(one for one in self.brought if one is not None)
        finally:
            for one in {one.number: one for one in (*self.underway.values(), *self.aside)}.values():
                self.ready.put(one)
            self.ready.put(None)

    def _await_one(self) -> bool:
        """Wait until an episode can be heard; False where there is none left."""
        while not self.aside:
            try:
                one = next(self.brought)
            except StopIteration:
                return False
            self._put_aside(one)
            self._check(0.0)
        return True

    def _put_aside(self, one: _Claimed | None) -> None:
        """Keep an episode for its engine; one that cannot be heard goes to its flow at once."""
        if one is not None and one.decoded:
            self.aside.append(one)
        elif one is not None:
            self.ready.put(one)

    def _hear_alike(self, options: Options, beside: ThreadPoolExecutor) -> None:
        """Hear the episodes that can share an engine, until all are done or those of other engines wait longer."""
        transcriber = Transcriber(self.store, options.filled(self.settings), self.settings, say)
        for task, result in transcriber.run(self._tasks(_engine(options, self.settings)), self._advance):
            one = self.underway.pop(id(task))
            if any(other is one for other in self.underway.values()):
                continue  # its other channel is on its way
            if isinstance(result, Exception) or not one.is_diarized:
                self.ready.put(one)
            else:
                beside.submit(copy_context().run, self._diarize, one, task)

    def _tasks(self, engine: tuple[str, ...]) -> Iterator[Task | None]:
        while True:
            fitting = [one for one in self.aside if _engine(one.wanted.options, self.settings) == engine]
            for one in fitting:
                self.aside.remove(one)
                options = self._informed(one.wanted)
                tasks = [Task(decoded, options) for decoded in one.decoded]
                self.underway.update(
                    {id(task): one for task in tasks}
                )  # all at once: the first may be done at once
                yield from tasks
            if fitting:
                continue
            try:
                one_more = next(self.brought)
            except StopIteration:
                return
            if one_more is None and self.aside:
                return  # what is at hand is for other engines
            self._put_aside(one_more)
            if one_more is None:
                yield None

    def _bring(self, numbered: tuple[int, Wanted]) -> _Claimed:
        """Claim, fetch and decode an episode."""
        number, wanted = numbered
        one = _Claimed(number, wanted)
        if self.stop.is_set() or not one.claim.enter_context(
            held(self.settings.home, wanted.found.episode.episode_id)
        ):
            return one
        step = "find"
        try:
            with keeping_private(wanted.found.private, wanted.found.offers.secrets):
                found = youtube.complete(wanted.found)
                step = "decode"
                stages.check_audio(found.location, found.source)
                step = "fetch"
                expected = stages.promised_seconds(found)
                fetched = stages.fetch(self.store, found.location, self.settings, self._check, expected)
                step, channels = "decode", wanted.options.channels
                with self.decoding:
                    decoded = stages.decode_asked(self.store, fetched, found.source, channels, lambda _: None)
        except Exception as error:  # its flow writes it down
            if self.stop.is_set():  # and nobody else will
                one.claim.close()
            return replace(one, met={step: error})
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
        self.seconds = self.before + seconds
        self._check(seconds)

    def _check(self, _: Seconds) -> None:
        if self.stop.is_set():
            msg = "interrupted: run the same command to go on"
            raise Interrupted(msg)
