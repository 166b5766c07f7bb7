"""Decoded audio → words: of one recording, or of many that share one engine."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from flows.artifacts import Artifact, Made, Recipe, Store, stage_key
from flows.engines import model_loading
from flows.engines.devices import ladder
from flows.engines.fetch_weights import get_weights
from flows.payloads import TRANSCRIPTION, read_json, read_samples
from flows.progress import Advance, Say
from flows.settings import Options, Settings, quality_of
from transforms.audio.decoding import SAMPLE_RATE
from transforms.errors import Interrupted
from transforms.records import Seconds
from transforms.speech import transcribe as engine
from transforms.speech import windows
from transforms.speech.checks import Transcription
from transforms.speech.device import Device, cpu_threads
from transforms.speech.models import Model

END: Literal["end"] = "end"
_Next = tuple[str, Transcription] | Literal["end"] | None  # `None`: nothing is at hand


def transcribe(
    store: Store,
    decoded: Sequence[Artifact],
    options: Options,
    settings: Settings,
    on_progress: Advance,
    say: Say,
    part_seconds: Seconds = windows.PART_SECONDS,
) -> tuple[Artifact, ...]:
    """Recognise the words of one recording, or of each of its channels; payload: a `Transcription` as JSON.

    The options are filled.
    """
    transcriber = Transcriber(store, options, settings, say, part_seconds)
    requests = [TranscribeRequest(one, options) for one in decoded]
    heard: dict[int, Artifact] = {}
    for request, result in transcriber.run(requests, on_progress):
        if isinstance(result, Exception):
            raise result
        heard[id(request)] = result
    return tuple(heard[id(request)] for request in requests)


@dataclass(frozen=True, slots=True)
class TranscribeRequest:
    """Decoded audio whose words are wanted; of the options, model, device and quality are the same for all."""

    decoded: Artifact
    options: Options


@dataclass(slots=True)
class _Recording:
    """A request on its way through the engine; `done` are the parts that are heard, by their first sample."""

    request: TranscribeRequest
    recipe: Recipe
    spans: tuple[tuple[int, int], ...]
    started_at: datetime
    done: dict[int, Artifact] = field(default_factory=dict)
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a recording: a span of its samples."""

    recording: _Recording
    first: int
    last: int

    @property
    def stage(self) -> str:
        """The stage that hearing it is."""
        return "transcribe" if len(self.recording.spans) == 1 else "transcribe-part"

    @property
    def seconds(self) -> Seconds:
        """How long it lasts."""
        return (self.last - self.first) / SAMPLE_RATE

    @property
    def recipe(self) -> Recipe:
        """What its key is made of."""
        recipe = self.recording.recipe
        if len(self.recording.spans) == 1:
            return recipe
        return {**recipe, "parameters": {**recipe["parameters"], "samples": [self.first, self.last]}}


class Transcriber:
    """The stage `transcribe` of any number of recordings: one recogniser, whose batches they share.

    Each part of a recording is kept as soon as it is heard, and what is kept is not heard again. A device that
    fails costs what is under way, which is heard again on the next one.
    """

    def __init__(
        self,
        store: Store,
        options: Options,
        settings: Settings,
        say: Say,
        part_seconds: Seconds = windows.PART_SECONDS,
    ) -> None:
        self.store, self.options, self.settings, self.say = store, options, settings, say
        self.part_seconds = part_seconds
        self.model: Model = model_loading.asr_model(options, settings, say)
        self.numbers = itertools.count()
        self.underway: dict[str, _Part] = {}  # by the keys of their jobs
        self.finished: deque[tuple[TranscribeRequest, Artifact | Exception]] = deque()
        self.running: tuple[Device, Iterator[tuple[str, Transcription] | None]] | None = None
        self.before: Seconds = 0.0  # audio that is done, but not by the engine that runs
        self.heard: Seconds = 0.0  # audio that was heard here, since `began` on the clock
        self.began = 0.0

    def run(
        self, requests: Iterable[TranscribeRequest | None], on_progress: Advance = lambda _: None
    ) -> Iterator[tuple[TranscribeRequest, Artifact | Exception]]:
        """Transcribe; each is given as soon as it is done, an error where the engine broke down over it.

        Args:
            requests: taken as the engine comes to them, perhaps in a thread of its own; `None` where the next one
                is not there yet.
            on_progress: told how many seconds of audio of all requests are done.

        Raises:
            Interrupted: `on_progress` did.
        """
        waiting = self._parts(requests)
        for first in waiting:
            if first is not None:  # else there is nothing to load a model for
                yield from self._hear(itertools.chain([first], waiting), on_progress)
            yield from self._given_out()
        yield from self._given_out()

    def _given_out(self) -> Iterator[tuple[TranscribeRequest, Artifact | Exception]]:
        while self.finished:
            yield self.finished.popleft()

    def _hear(
        self, waiting: Iterator[_Part | None], on_progress: Advance
    ) -> Iterator[tuple[TranscribeRequest, Artifact | Exception]]:
        token = model_loading.hub_token(self.settings)
        folder = get_weights(self.model, self.settings.models, token=token, say=self.say)
        steps = model_loading.DeviceFallback(
            "transcribe",
            model_loading.recognizer,
            *ladder(self.options.device, folder, self.settings.engine),
            self.say,
        )
        self.began = time.monotonic()
        while True:
            try:
                result, device = steps.run(lambda device: self._next(device, folder, waiting, on_progress))
            except Interrupted:
                raise
            except Exception as error:
                if not self.underway:
                    raise
                self._give_up(error)
            else:
                if result == END:
                    return
                if result is not None:
                    key, heard = result
                    self._keep(self.underway.pop(key), heard, device, steps.lines)
            yield from self._given_out()

    def _parts(self, requests: Iterable[TranscribeRequest | None]) -> Iterator[_Part | None]:
        """Yield the parts of the requests that are not kept yet."""
        for request in requests:
            if request is None:
                yield None
                continue
            try:
                missing = self._missing(request)
            except Exception as error:  # its own: the others go on
                self.finished.append((request, error))
            else:
                yield from missing

    def _missing(self, request: TranscribeRequest) -> list[_Part]:
        recipe = self._recipe(request)
        whole = self.store.find("transcribe", stage_key("transcribe", **recipe))
        if whole is not None:
            self.finished.append((request, whole))
            return []
        spans = windows.cut_parts(read_samples(request.decoded), self.part_seconds)
        recording = _Recording(request, recipe, spans, datetime.now(UTC))
        missing = [part for part in (_Part(recording, *span) for span in spans) if not self._is_kept(part)]
        if not missing:
            self._join(recording)
        return missing

    def _recipe(self, request: TranscribeRequest) -> Recipe:
        hotwords = request.options.hotwords
        return {
            "method": engine.METHOD,
            "inputs": {"samples": request.decoded.sha256},
            "parameters": {
                "model": self.model.identity,
                "language": request.options.language,
                "quality": quality_of(self.options),
                **({"hotwords": hotwords} if hotwords else {}),
            },
        }

    def _is_kept(self, part: _Part) -> bool:
        kept = self.store.find(part.stage, stage_key(part.stage, **part.recipe))
        if kept is not None:
            part.recording.done[part.first] = kept
            self.before += part.seconds
        return kept is not None

    def _next(self, device: Device, folder: Path, waiting: Iterator[_Part | None], on_progress: Advance) -> _Next:
        """Return the next part that is heard, by the key of its job; `END` when there is none left."""
        if self.running is None or self.running[0] != device:
            self.running = None  # lets go of a recogniser that failed, before another one is loaded
            before, heard_before = self.before, self.heard

            def told(seconds: Seconds) -> None:
                self.heard = heard_before + seconds
                on_progress(before + seconds)

            heard = engine.transcribe_as_they_come(
                self._jobs(waiting),
                model_loading.recognizer(
                    folder, device.name, device.compute_type, cpu_threads(), device.batch_size, device.engine
                ),
                quality=quality_of(self.options),
                on_progress=told,
            )
            self.running = device, iter(heard)
        return next(self.running[1], END)

    def _jobs(self, waiting: Iterator[_Part | None]) -> Iterator[engine.TranscribeJob | None]:
        """Yield what the engine before had under way, then what waits."""
        yield from [_job(key, part) for key, part in self.underway.items()]
        for part in waiting:
            if part is None:
                yield None
            elif not part.recording.has_failed:
                key = str(next(self.numbers))
                self.underway[key] = part
                yield _job(key, part)

    def _give_up(self, error: Exception) -> None:
        """Let the recordings go that were under way when the engine broke down: one of them is to blame."""
        self.running = None
        for part in self.underway.values():
            if not part.recording.has_failed:
                part.recording.has_failed = True
                self.finished.append((part.recording.request, error))
        self.underway.clear()

    def _keep(self, part: _Part, heard: Transcription, device: Device, warnings: list[str]) -> None:
        """Write a part down, and the whole where it was the last one; it took its share of the time of all."""
        self.before += part.seconds
        took = (time.monotonic() - self.began) * part.seconds / max(self.heard, part.seconds, 1e-3)
        made = replace(
            self._made(heard),
            device=str(device),
            warnings=tuple(warnings),
            started_at=datetime.now(UTC) - timedelta(seconds=took),
            seconds=took,
        )
        kept = self.store.make(part.stage, lambda _: made, suffix=".json", **part.recipe)
        recording = part.recording
        recording.done[part.first] = kept
        if part.stage == "transcribe":
            self.finished.append((recording.request, kept))
        elif len(recording.done) == len(recording.spans):
            self._join(recording)

    def _join(self, recording: _Recording) -> None:
        """Make one transcription of all parts of a recording."""
        kept = [(first, recording.done[first]) for first, _ in recording.spans]
        whole = windows.join([(first / SAMPLE_RATE, read_json(TRANSCRIPTION, part)) for first, part in kept])
        manifests = [part.manifest for _, part in kept]
        made = replace(
            self._made(whole),
            device=manifests[-1].device,
            warnings=tuple(dict.fromkeys(line for manifest in manifests for line in manifest.warnings)),
            started_at=recording.started_at,
            seconds=sum(manifest.seconds for manifest in manifests),
        )
        artifact = self.store.make("transcribe", lambda _: made, suffix=".json", **recording.recipe)
        self.finished.append((recording.request, artifact))

    def _made(self, heard: Transcription) -> Made:
        return Made(
            TRANSCRIPTION.dump_json(heard),
            model=self.model.name,
            flags=heard.flags,
            facts={"language": heard.language, "language_probability": heard.language_probability},
        )


def _job(key: str, part: _Part) -> engine.TranscribeJob:
    options = part.recording.request.options
    samples = read_samples(part.recording.request.decoded)[part.first : part.last]
    return engine.TranscribeJob(key, samples, options.language, options.hotwords)
