"""Many recordings → words, through one recogniser whose batches they share.

    speech → windows → spectrograms → batches of like length → checks → second pass

A recording is looked at when there is room for its windows, and given as soon as its last one is done; its samples
are read window by window. Windows share a batch if they share language and hint, whatever recording they are of.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from transforms.audio.decoding import SAMPLE_RATE
from transforms.errors import SourceError
from transforms.records import Quality, Seconds
from transforms.speech.checks import DecodedWindow, Transcription
from transforms.speech.device import side_by_side
from transforms.speech.second_pass import Recording, decode_again, within_budget
from transforms.speech.windows import WINDOW_SECONDS, Span, cut_windows, find_speech

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from transforms.speech.whisper.recognizer import Recognizer

METHOD = "windows-5"
BEAMS: dict[Quality, int] = {"fast": 1, "accurate": 5}
FEWEST_OF_EACH = 4  # windows that make a batch worth a worker of its own
BATCHES_AHEAD = 4  # whose windows are sorted by length: the longest of a batch says how long it takes
WINDOWS_AHEAD = 64  # at the most, or a batch for each worker: what is done is given when all of them are

LOOKED_AT = {"cpu": 0, "cuda": 1}  # recordings in which speech is found beside: a GPU is not to wait for that

Progress = Callable[[Seconds], None]
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class TranscribeJob:
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
    """A recording whose windows are in the engine; what it knows of them is by the number of the window.

    `switched` holds those that were decoded in the language of the recording, and wait for their own.
    """

    job: TranscribeJob
    recording: Recording
    spans: tuple[Span, ...]
    language: str | None = None
    probability: float | None = None
    encoded: dict[int, Tensor] = field(default_factory=dict)
    switched: dict[int, DecodedWindow] = field(default_factory=dict)
    done: dict[int, DecodedWindow] = field(default_factory=dict)

    @property
    def seconds(self) -> Seconds:
        """How long it lasts."""
        return len(self.job.samples) / SAMPLE_RATE

    def language_of(self, n: int) -> str:
        """The language in which to decode a window."""
        return (self.switched[n].spoken if n in self.switched else None) or self.recording.language

    def finished(self) -> Transcription:
        """Return what was said, when all windows came out."""
        windows = tuple(self.done[n] for n in range(len(self.spans)))
        speech_seconds = sum(end - start for start, end in self.recording.speech)
        return Transcription(windows, self.language, self.probability, speech_seconds)


_Item = tuple[_Underway, int]  # a window: whose it is, and its number there


def transcribe_many(
    jobs: Iterable[TranscribeJob],
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
    for done in transcribe_as_they_come(jobs, recognizer, quality=quality, on_progress=on_progress):
        if done is not None:
            yield done


def transcribe_as_they_come(
    jobs: Iterable[TranscribeJob | None],
    recognizer: Recognizer,
    *,
    quality: Quality = "accurate",
    on_progress: Progress = lambda _: None,
) -> Iterator[tuple[str, Transcription] | None]:
    """Do what `transcribe_many` does; `None` among the jobs says that the next one is not there yet.

    Then what is there does not wait for it to fill a batch, and `None` is given when all of it is done.

    Raises:
        SourceError: the model does not know a language.
    """
    engine = _Engine(recognizer, quality, on_progress)
    for job in jobs:
        if job is not None:
            engine.look(job)
        yield from engine.add(0 if job is None else engine.n_looked_at)
        while engine.is_full or (job is None and engine.waiting):
            yield from engine.work()
        if job is None:
            yield None
    yield from engine.add(0)
    while engine.waiting:
        yield from engine.work()


class _Engine:
    """The windows that wait, in the order in which they came."""

    def __init__(self, recognizer: Recognizer, quality: Quality, on_progress: Progress) -> None:
        self.recognizer, self.beam_size, self.on_progress = recognizer, BEAMS[quality], on_progress
        self.waiting: list[_Item] = []
        self.looked_at: deque[tuple[TranscribeJob, Future[tuple[Span, ...]]]] = deque()
        self.n_looked_at = LOOKED_AT[recognizer.model.device]
        self.looking = ThreadPoolExecutor(1)
        self.seconds: Seconds = 0.0

    @property
    def n_ahead(self) -> int:
        """How many windows are sorted into batches together."""
        size = self.recognizer.batch_size
        return min(BATCHES_AHEAD * size, max(WINDOWS_AHEAD, self.recognizer.n_workers * size))

    @property
    def is_full(self) -> bool:
        """Whether the next batches are as good as they can be."""
        return len(self.waiting) >= self.n_ahead

    def look(self, job: TranscribeJob) -> None:
        """Begin to find where somebody speaks in a recording: beside what the GPU does, or at once."""
        known = self.recognizer.supported_languages
        if job.language is not None and job.language not in known:
            msg = f"{job.language!r} is no language of this model: take one of {', '.join(sorted(known))}"
            raise SourceError(msg)
        found: Future[tuple[Span, ...]] = Future()
        if self.n_looked_at:
            found = self.looking.submit(find_speech, job.samples)
        else:
            found.set_result(find_speech(job.samples))
        self.looked_at.append((job, found))

    def add(self, but: int) -> Iterator[tuple[str, Transcription]]:
        """Let the windows of the recordings wait, but of so many of the last; one without speech is done."""
        while len(self.looked_at) > but:
            job, speech = self.looked_at.popleft()
            underway = self._underway(job, speech.result())
            self.waiting += [(underway, n) for n in range(len(underway.spans))]
            if not underway.spans:
                self._advance(underway.seconds)
                yield job.key, underway.finished()

    def _underway(self, job: TranscribeJob, speech: tuple[Span, ...]) -> _Underway:
        spans = cut_windows(speech, WINDOW_SECONDS, len(job.samples) / SAMPLE_RATE)
        hint = within_budget(job.hotwords, self.recognizer.count_tokens)
        recording = Recording(job.samples, self.recognizer, job.language or "en", self.beam_size, speech, hint)
        underway = _Underway(job, recording, spans, job.language)
        if job.language is None and spans:
            self._vote(underway)
        return underway

    def _vote(self, underway: _Underway) -> None:
        """Find out the language; what the windows that vote are encoded to is kept for when they are decoded."""
        import torch

        if self.recognizer.model.is_multilingual:
            encoded = self._each(self._encoded, [[(underway, n)] for n in voters(underway.spans)])
            underway.language, underway.probability = likeliest_language(
                self.recognizer.languages(torch.cat(encoded))
            )
        else:
            underway.language, underway.probability = "en", 1.0
        underway.recording = replace(underway.recording, language=underway.language)

    def work(self) -> Iterator[tuple[str, Transcription]]:
        """Decode the windows that wait longest, together with others that can share their batches."""
        group = _group(self.waiting[0])
        chosen = [item for item in self.waiting if _group(item) == group][: self.n_ahead]
        taken = set(map(_name, chosen))
        self.waiting = [item for item in self.waiting if _name(item) not in taken]
        chosen.sort(key=_seconds, reverse=True)
        windows = list(chain.from_iterable(self._each(self._decode, self._batches(chosen, FEWEST_OF_EACH))))
        kept = [pair for pair in zip(chosen, windows, strict=True) if not self._switch(*pair)]
        chosen, windows = [item for item, _ in kept], [window for _, window in kept]
        windows = decode_again(chosen, windows, self._stamped, self._alone)
        yield from self._finish(chosen, windows)

    def _switch(self, item: _Item, window: DecodedWindow) -> bool:
        """Let a window wait for its own language, where nobody has said which one is spoken."""
        underway, n = item
        if underway.job.language is not None or window.spoken is None or n in underway.switched:
            return False
        underway.switched[n] = window
        self.waiting.append(item)
        return True

    def _batches(self, items: list[_Item], fewest: int) -> list[list[_Item]]:
        """Share windows out evenly; two workers are worth it where each has `fewest`."""
        n_workers = min(self.recognizer.n_workers, max(len(items) // fewest, 1))
        n = max(-(-len(items) // self.recognizer.batch_size), n_workers)
        return [items[len(items) * k // n : len(items) * (k + 1) // n] for k in range(n)]

    def _stamped(self, items: list[_Item]) -> list[DecodedWindow]:
        """Decode windows in batches, with time stamps."""
        batches = self._batches(items, 1)
        return list(chain.from_iterable(self._each(partial(self._decode, stamped=True), batches)))

    def _alone(self, items: list[tuple[_Item, DecodedWindow]]) -> list[DecodedWindow]:
        """Decode windows that failed, each by itself."""
        return self._each(lambda one: _recording(one[0]).again(one[1]), items)

    def _each(self, work: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Do some work for each item, on every core: several at a time, which keeps the cores busier than one."""
        recognizer = self.recognizer
        most, device = recognizer.n_workers, recognizer.model.device
        done = []
        for one in side_by_side(work, items, recognizer.n_threads, most=most, device=device):
            done.append(one)
            self._advance(0.0)  # whoever waits no longer can say so after each batch
        return done

    def _finish(self, batch: list[_Item], windows: list[DecodedWindow]) -> Iterator[tuple[str, Transcription]]:
        """Yield the recordings that are complete with these windows."""
        for (underway, n), window in zip(batch, windows, strict=True):
            # the surer one, where it was decoded in two languages
            best = max(underway.switched.pop(n, window), window, key=lambda one: one.avg_logprob)
            underway.done[n] = replace(best, segments=()) if best.is_silent else best
            del underway.encoded[n]
            start, end = underway.spans[n]
            self._advance(end - start)
            if len(underway.done) == len(underway.spans):
                self._advance(underway.seconds - sum(end - start for start, end in underway.spans))
                yield underway.job.key, underway.finished()

    def _decode(self, batch: list[_Item], *, stamped: bool = False) -> list[DecodedWindow]:
        spans = [underway.spans[n] for underway, n in batch]
        language, hint = _group(batch[0])
        lengths = [end - start for start, end in spans]
        decoder = self.recognizer.batches()
        decoded = decoder.decode(self._encoded(batch), lengths, language, hint, self.beam_size, stamped=stamped)
        return [
            replace(
                _recording(item).window(span, segments, "stamped" if stamped else "batched"),
                spoken=surely_other(language, spoken),
            )
            for item, span, segments, spoken in zip(batch, spans, decoded, decoder.spoken, strict=True)
        ]

    def _encoded(self, batch: list[_Item]) -> Tensor:
        """Encode windows, (windows, 1500, dimension), but those only that were not encoded before."""
        import torch

        new = [(underway, n) for underway, n in batch if n not in underway.encoded]
        if new:
            clips = [underway.recording.cut(underway.spans[n]) for underway, n in new]
            encoded = self.recognizer.encode_clips(clips)
            for (underway, n), window in zip(new, encoded, strict=True):
                underway.encoded[n] = window
        return torch.stack([underway.encoded[n] for underway, n in batch])

    def _advance(self, seconds: Seconds) -> None:
        self.seconds += seconds
        self.on_progress(self.seconds)


def _group(item: _Item) -> tuple[str, str | None]:
    """What windows must have in common to share a batch: the language, and what is hinted at."""
    underway, n = item
    return underway.language_of(n), underway.recording.hint


def _recording(item: _Item) -> Recording:
    """The recording of a window, in the language of the window."""
    underway, n = item
    return replace(underway.recording, language=underway.language_of(n))


def _name(item: _Item) -> tuple[str, int]:
    return item[0].job.key, item[1]


def _seconds(item: _Item) -> Seconds:
    start, end = item[0].spans[item[1]]
    return end - start


# Which language a recording is in: some of its windows vote, and each may turn out to be in another one.


N_VOTERS = 3
SURE = 0.9  # the probability from which on a window is in another language


def voters(spans: Sequence[Span]) -> tuple[int, ...]:
    """Choose the windows that vote, by their number: the longest of each third.

    >>> voters([(0, 9), (10, 30), (30, 31), (40, 55), (60, 61)]), voters([(0, 5)]), voters([])
    ((1, 3, 4), (0,), ())
    """
    n = len(spans)
    parts = min(N_VOTERS, n)
    thirds = [range(-(-n * part // parts), -(-n * (part + 1) // parts)) for part in range(parts)]
    return tuple(max(third, key=lambda number: spans[number][1] - spans[number][0]) for third in thirds)


def likeliest_language(votes: Sequence[Mapping[str, float]]) -> tuple[str, float]:
    """Choose the language that windows hold for the likeliest, by its mean probability; return that, too.

    >>> likeliest_language([{"en": 0.9, "de": 0.1}, {"en": 0.3, "de": 0.7}])
    ('en', 0.6)
    """
    means = {name: statistics.fmean(vote.get(name, 0.0) for vote in votes) for name in votes[0]}
    winner = max(means, key=lambda name: means[name])
    return winner, round(means[winner], 4)


def surely_other(language: str, spoken: tuple[str, float] | None) -> str | None:
    """Name the language that is spoken, if it is surely not the one that was expected.

    >>> surely_other("en", ("de", 0.97)), surely_other("en", ("de", 0.6)), surely_other("en", ("en", 0.99))
    ('de', None, None)
    """
    return spoken[0] if spoken is not None and spoken[0] != language and spoken[1] >= SURE else None


# Samples → words with times: one recording through the engine.


def transcribe(
    samples: NDArray[Any],
    recognizer: Recognizer,
    *,
    language: str | None = None,
    hotwords: Sequence[str] = (),
    quality: Quality = "accurate",
    on_progress: Progress = lambda _: None,
) -> Transcription:
    """Recognise speech.

    Args:
        samples: int16, or float32 from -1 to 1; mono, shape (n_samples,), 16 kHz.
        recognizer: a loaded Whisper model.
        language: ISO 639-1 code; `None` means that up to three windows vote.
        hotwords: names that may be said, the surest first; those that fit into the budget are hinted at.
        quality: `fast` takes the likeliest word, `accurate` keeps five hypotheses.
        on_progress: told how many seconds of audio are done.

    Raises:
        SourceError: the model does not know the language.
    """
    job = TranscribeJob("", samples, language, tuple(hotwords))
    ((_, transcription),) = transcribe_many([job], recognizer, quality=quality, on_progress=on_progress)
    on_progress(len(samples) / SAMPLE_RATE)
    return transcription
