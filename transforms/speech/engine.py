"""Many recordings → words, through one recogniser whose batches they share.

    speech → windows → spectrograms → batches of like length → checks → second pass

A recording is looked at when there is room for its windows, and given as soon as its last one is done; its samples
are read window by window. Windows share a batch if they share language and hint, whatever recording they are of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from transforms.audio import SAMPLE_RATE
from transforms.errors import SourceError
from transforms.records import Quality, Seconds
from transforms.speech.checks import Transcription, Window
from transforms.speech.episode import Episode, vote_language, within_budget
from transforms.speech.mel import log_mel
from transforms.speech.vad import find_speech
from transforms.speech.windows import WINDOW_SECONDS, Span, cut_windows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.speech.recognizer import Recognizer

BEAMS: dict[Quality, int] = {"fast": 1, "accurate": 5}
BATCHES_AHEAD = 4  # whose windows are sorted by length: the longest of a batch says how long it takes

Progress = Callable[[Seconds], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One recording: int16 or float32 mono 16 kHz, shape (n_samples,), which may be mapped from a file.

    `language` is an ISO 639-1 code, `None` means that up to three windows vote; of `hotwords`, names that may be
    said, the surest first, those are hinted at that fit.
    """

    key: str
    samples: NDArray[Any]
    language: str | None = None
    hotwords: tuple[str, ...] = ()


@dataclass(slots=True)
class _Underway:
    """A recording whose windows are in the engine; `done` are those that came out, by their number."""

    job: Job
    episode: Episode
    spans: tuple[Span, ...]
    language: str | None
    probability: float | None
    done: dict[int, Window] = field(default_factory=dict)

    @property
    def seconds(self) -> Seconds:
        """How long it lasts."""
        return len(self.job.samples) / SAMPLE_RATE

    @property
    def group(self) -> tuple[str, str | None]:
        """What windows must have in common to share a batch."""
        return self.episode.language, self.episode.hint

    def finished(self) -> Transcription:
        """Say what was said, when all windows came out."""
        windows = tuple(self.done[n] for n in range(len(self.spans)))
        heard = sum(end - start for start, end in self.episode.speech)
        return Transcription(windows, self.language, self.probability, heard)


_Item = tuple[_Underway, int]  # a window: whose it is, and its number there


def transcribe_many(
    jobs: Iterable[Job],
    recognizer: Recognizer,
    *,
    quality: Quality = "accurate",
    on_progress: Progress = lambda _: None,
) -> Iterator[tuple[str, Transcription]]:
    """Recognise the speech of recordings; each is given, by its key, as soon as it is done.

    `on_progress` is told how many seconds of audio are done, of all together.

    Raises:
        SourceError: the model does not know a language.
    """
    engine = _Engine(recognizer, quality, on_progress)
    for job in jobs:
        yield from engine.add(job)
        while engine.is_full:
            yield from engine.work()
    while engine.waiting:
        yield from engine.work()


class _Engine:
    """The windows that wait, in the order in which they came."""

    def __init__(self, recognizer: Recognizer, quality: Quality, on_progress: Progress) -> None:
        self.recognizer, self.beam_size, self.on_progress = recognizer, BEAMS[quality], on_progress
        self.waiting: list[_Item] = []
        self.seconds: Seconds = 0.0

    @property
    def is_full(self) -> bool:
        """Whether the next batches are as good as they can be."""
        return len(self.waiting) >= BATCHES_AHEAD * self.recognizer.batch_size

    def add(self, job: Job) -> Iterator[tuple[str, Transcription]]:
        """Hear where somebody speaks in a recording, and let its windows wait; one without speech is done."""
        recording = self._underway(job)
        self.waiting += [(recording, n) for n in range(len(recording.spans))]
        if not recording.spans:
            self._advance(recording.seconds)
            yield job.key, recording.finished()

    def _underway(self, job: Job) -> _Underway:
        known = self.recognizer.supported_languages
        if job.language is not None and job.language not in known:
            msg = f"{job.language!r} is no language of this model: take one of {', '.join(sorted(known))}"
            raise SourceError(msg)
        speech = find_speech(job.samples)
        spans = cut_windows(speech, WINDOW_SECONDS, len(job.samples) / SAMPLE_RATE)
        language, probability = job.language, None
        if language is None and spans:
            language, probability = vote_language(job.samples, spans, self.recognizer)
        hint = within_budget(job.hotwords, self.recognizer.count_tokens)
        episode = Episode(job.samples, self.recognizer, language or "en", self.beam_size, speech, hint)
        return _Underway(job, episode, spans, language, probability)

    def work(self) -> Iterator[tuple[str, Transcription]]:
        """Decode the windows that wait longest, together with others that can share their batches."""
        group = self.waiting[0][0].group
        most = BATCHES_AHEAD * self.recognizer.batch_size
        chosen = [item for item in self.waiting if item[0].group == group][:most]
        taken = set(map(_name, chosen))
        self.waiting = [item for item in self.waiting if _name(item) not in taken]
        chosen.sort(key=_seconds, reverse=True)
        n_batches = -(-len(chosen) // self.recognizer.batch_size)
        batches = [
            chosen[len(chosen) * n // n_batches : len(chosen) * (n + 1) // n_batches] for n in range(n_batches)
        ]
        for batch, windows in zip(batches, self._first_pass(batches), strict=True):
            yield from self._finish(batch, windows)

    def _first_pass(self, batches: list[list[_Item]]) -> Iterator[list[Window]]:
        """Decode batches; on a GPU two at a time, so that one is encoded while another one is written."""
        if self.recognizer.n_workers == 1:
            yield from (self._heard(batch, self.beam_size, "batched") for batch in batches)
            return
        with ThreadPoolExecutor(self.recognizer.n_workers) as pool:
            yield from pool.map(lambda batch: self._heard(batch, self.beam_size, "batched"), batches)

    def _finish(self, batch: list[_Item], windows: list[Window]) -> Iterator[tuple[str, Transcription]]:
        """Decode what failed once more, and give the recordings that are complete with these windows."""
        failed = [n for n, window in enumerate(windows) if window.failures]
        if failed and self.beam_size < BEAMS["accurate"]:
            again = self._heard([batch[n] for n in failed], BEAMS["accurate"], "beam")
            for n, window in zip(failed, again, strict=True):
                windows[n] = min(windows[n], window, key=Window.badness)
        for (recording, n), window in zip(batch, windows, strict=True):
            best = recording.episode.again(window) if window.failures else window
            recording.done[n] = replace(best, segments=()) if best.is_silent else best
            start, end = recording.spans[n]
            self._advance(end - start)
            if len(recording.done) == len(recording.spans):
                self._advance(recording.seconds - sum(end - start for start, end in recording.spans))
                yield recording.job.key, recording.finished()

    def _heard(self, batch: list[_Item], beam_size: int, decoding: str) -> list[Window]:
        spans = [recording.spans[n] for recording, n in batch]
        clips = [recording.episode.cut(span) for (recording, _), span in zip(batch, spans, strict=True)]
        language, hint = batch[0][0].group
        features = log_mel(clips, self.recognizer.n_mels)
        lengths = [end - start for start, end in spans]
        heard = self.recognizer.batches().decode(features, lengths, language, hint, beam_size)
        return [
            recording.episode.window(span, segments, decoding)
            for (recording, _), span, segments in zip(batch, spans, heard, strict=True)
        ]

    def _advance(self, seconds: Seconds) -> None:
        self.seconds += seconds
        self.on_progress(self.seconds)


def _name(item: _Item) -> tuple[str, int]:
    return item[0].job.key, item[1]


def _seconds(item: _Item) -> Seconds:
    start, end = item[0].spans[item[1]]
    return end - start
