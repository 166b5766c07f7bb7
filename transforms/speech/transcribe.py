"""Samples → words with times, with faster-whisper.

faster-whisper's batched mode is fast but keeps whatever comes out: it has no temperature fallback and none of
Whisper's checks, so a window may lose half a minute of speech without a word (SYSTRAN/faster-whisper#1179).
Here each window is checked against the speech that the voice activity detector heard, and decoded again, first
by the guarded sequential mode, then in smaller pieces, where it fails.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from transforms.audio import SAMPLE_RATE
from transforms.errors import SourceError
from transforms.records import Seconds, Segment, Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from numpy.typing import NDArray

METHOD = "windows-1"

WINDOW_SECONDS = 29.5  # Whisper hears 30 s; the rest is room for rounding
PIECE_SECONDS = 10.0  # the pieces of a window that failed twice
PAD_SECONDS = 0.2  # kept on both sides of speech, so that no first or last sound is lost
LONGEST_SILENCE = 3.0  # a longer one ends the window: Whisper invents text in silence
CUT_WITHIN = 8.0  # a full window is cut at its longest silence in its last seconds

# Whisper's own limits (https://arxiv.org/abs/2212.04356, section 4.5).
COMPRESSION_RATIO = 2.4
LOG_PROBABILITY = -1.0
NO_SPEECH_PROBABILITY = 0.6
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# Ours: words must cover this share of the speech that was heard, but for holes shorter than that.
COVERAGE = 0.85
LONGEST_HOLE = 1.5
WORD_SLACK = 0.15  # word times are that exact
HOTWORD_TOKENS = 120  # of the 223 that Whisper's prompt has room for
REPEATS = 4  # a run of words said that often in a row is a loop

Span = tuple[Seconds, Seconds]
Progress = Callable[[Seconds], None]


@dataclass(frozen=True, slots=True)
class Window:
    """What became of one window of audio.

    `coverage` is the share of the heard speech that has words. `decoding` says which pass it is from: `batched`,
    `sequential` or `pieces`.
    """

    start_time: Seconds
    end_time: Seconds
    segments: tuple[Segment, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    coverage: float
    longest_hole: Seconds
    decoding: str

    @property
    def words(self) -> tuple[Word, ...]:
        """All words of the window, in order."""
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def failures(self) -> tuple[str, ...]:
        """The checks that it fails, each by its name."""
        loop = is_loop([word.word for word in self.words])
        checks = {
            "compression_ratio": self.compression_ratio > COMPRESSION_RATIO,
            "avg_logprob": self.avg_logprob < LOG_PROBABILITY,
            "uncovered_speech": self.coverage < COVERAGE or self.longest_hole > LONGEST_HOLE,
            "repetition": loop,
        }
        return tuple(name for name, failed in checks.items() if failed)

    @property
    def is_silent(self) -> bool:
        """Whether Whisper itself doubts that anybody speaks: its words are not to be kept."""
        return self.no_speech_prob > NO_SPEECH_PROBABILITY and self.avg_logprob < LOG_PROBABILITY


@dataclass(frozen=True, slots=True)
class Transcription:
    """What was said: the windows in order of time, the language and how sure that is (0 to 1)."""

    windows: tuple[Window, ...]
    language: str | None
    language_probability: float | None
    speech_seconds: Seconds

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, in order."""
        return tuple(word for window in self.windows for word in window.words)

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader must know: `no_speech`, and the checks that failed to the end."""
        failures = {failure for window in self.windows for failure in window.failures}
        return (*([] if self.words else ["no_speech"]), *sorted(failures))


def transcribe(
    samples: NDArray[np.float32],
    recognizer: WhisperModel,
    *,
    language: str | None = None,
    hotwords: Sequence[str] = (),
    batch_size: int = 8,
    beam_size: int = 5,
    on_progress: Progress = lambda _: None,
) -> Transcription:
    """Recognise speech.

    Args:
        samples: float32 mono, shape (n_samples,), 16 kHz, -1 to 1.
        recognizer: a loaded Whisper model.
        language: ISO 639-1 code; `None` means that up to three windows vote.
        hotwords: names that may be said, the surest first; those that fit into the budget are hinted at.
        batch_size: windows that are decoded together.
        beam_size: hypotheses that the decoder keeps.
        on_progress: told how many seconds of audio are done.

    Raises:
        SourceError: the model does not know the language.
    """
    if language is not None and language not in recognizer.supported_languages:
        known = ", ".join(sorted(recognizer.supported_languages))
        msg = f"{language!r} is no language of this model: take one of {known}"
        raise SourceError(msg)
    speech = find_speech(samples)
    spans = cut_windows(speech, WINDOW_SECONDS, len(samples) / SAMPLE_RATE)
    if not spans:
        on_progress(len(samples) / SAMPLE_RATE)
        return Transcription((), language, None, 0.0)
    probability: float | None = None
    if language is None:
        language, probability = vote_language(samples, spans, recognizer)
    hint = within_budget(hotwords, lambda text: len(recognizer.hf_tokenizer.encode(text).ids))
    decoder = _Decoder(samples, recognizer, language, batch_size, beam_size, speech, hint)
    windows: list[Window] = []
    for window in decoder.batched(spans):
        good = window if not window.failures else decoder.again(window)
        windows.append(replace(good, segments=()) if good.is_silent else good)
        on_progress(window.end_time)
    on_progress(len(samples) / SAMPLE_RATE)
    return Transcription(tuple(windows), language, probability, sum(end - start for start, end in speech))


@dataclass(frozen=True, slots=True)
class _Decoder:
    """One episode on its way through Whisper, and the speech that was heard in it."""

    samples: NDArray[np.float32]
    recognizer: WhisperModel
    language: str
    batch_size: int
    beam_size: int
    speech: Sequence[Span]
    hint: str | None

    def batched(self, spans: Sequence[Span]) -> Iterable[Window]:
        """Decode spans of at most 30 s together; one window each, as they are done."""
        from faster_whisper import BatchedInferencePipeline

        segments, _ = BatchedInferencePipeline(self.recognizer).transcribe(
            self.samples,
            clip_timestamps=[{"start": start, "end": end} for start, end in spans],
            language=self.language,
            batch_size=self.batch_size,
            beam_size=self.beam_size,
            word_timestamps=True,
            hotwords=self.hint,
        )
        # A segment names its window by `seek`, the start of the window in hundredths of a second.
        seeks = {int(int(start * SAMPLE_RATE) / SAMPLE_RATE * 100): n for n, (start, _) in enumerate(spans)}
        ready = 0
        for n, group in itertools.groupby(segments, key=lambda segment: seeks[segment.seek]):
            heard = list(group)
            yield from (self.window(span, [], "batched") for span in spans[ready:n])
            yield self.window(spans[n], heard, "batched")
            ready = n + 1
        yield from (self.window(span, [], "batched") for span in spans[ready:])

    def sequential(self, span: Span) -> Window:
        """Decode one span with Whisper's own guards: rising temperatures, skipped silence."""
        start, end = span
        segments, _ = self.recognizer.transcribe(
            self.samples[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)],
            language=self.language,
            beam_size=self.beam_size,
            temperature=TEMPERATURES,
            compression_ratio_threshold=COMPRESSION_RATIO,
            log_prob_threshold=LOG_PROBABILITY,
            no_speech_threshold=NO_SPEECH_PROBABILITY,
            condition_on_previous_text=False,
            word_timestamps=True,
            hallucination_silence_threshold=2.0,
            hotwords=self.hint,
        )
        return self.window(span, list(segments), "sequential", offset=start)

    def pieces(self, span: Span) -> Window:
        """Decode the speech of one span in pieces of at most ten seconds."""
        within = [
            (max(start, span[0]), min(end, span[1])) for start, end in self.speech if _meet((start, end), span)
        ]
        spans = cut_windows(within, PIECE_SECONDS, span[1])
        parts = [self.sequential(part) for part in spans]
        segments = tuple(segment for part in parts if not part.is_silent for segment in part.segments)
        return _window(
            span,
            segments,
            self.speech,
            avg_logprob=min((part.avg_logprob for part in parts), default=0.0),
            no_speech_prob=max((part.no_speech_prob for part in parts), default=0.0),
            compression_ratio=max((part.compression_ratio for part in parts), default=0.0),
            decoding="pieces",
        )

    def again(self, first: Window) -> Window:
        """Decode a window that failed once more, and keep the best answer."""
        span = (first.start_time, first.end_time)
        best = first
        for decode in (self.sequential, self.pieces):
            best = min(best, decode(span), key=_badness)
            if not best.failures:
                break
        return best

    def window(self, span: Span, segments: Sequence[Any], decoding: str, offset: Seconds = 0.0) -> Window:
        """Turn faster-whisper's segments, whose times lack `offset`, into a checked window."""
        return _window(
            span,
            tuple(_segment(segment, offset, span) for segment in segments),
            self.speech,
            avg_logprob=min((s.avg_logprob for s in segments), default=0.0),
            no_speech_prob=max((s.no_speech_prob for s in segments), default=0.0),
            compression_ratio=max((s.compression_ratio for s in segments), default=0.0),
            decoding=decoding,
        )


def _window(
    span: Span,
    segments: tuple[Segment, ...],
    speech: Sequence[Span],
    *,
    avg_logprob: float,
    no_speech_prob: float,
    compression_ratio: float,
    decoding: str,
) -> Window:
    words = [(w.start_time, w.end_time) for s in segments for w in s.words if w.start_time is not None]
    holes = list(uncovered(speech, [(start, end or start) for start, end in words], span))
    heard = sum(min(end, span[1]) - max(start, span[0]) for start, end in speech if _meet((start, end), span))
    return Window(
        start_time=round(span[0], 3),
        end_time=round(span[1], 3),
        segments=segments,
        avg_logprob=round(float(avg_logprob), 4),
        no_speech_prob=round(float(no_speech_prob), 4),
        compression_ratio=round(float(compression_ratio), 3),
        coverage=round(1 - sum(end - start for start, end in holes) / heard, 3) if heard else 1.0,
        longest_hole=round(max((end - start for start, end in holes), default=0.0), 3),
        decoding=decoding,
    )


def _segment(segment: Any, offset: Seconds, span: Span) -> Segment:
    """Copy a faster-whisper segment, its times within the window and in order."""
    words = []
    earliest = span[0]
    for word in segment.words or ():
        start = min(max(float(word.start) + offset, earliest), span[1])
        end = min(max(float(word.end) + offset, start), span[1])
        earliest = start
        words.append(
            Word(
                word.word.strip(),
                round(start, 3),
                round(end, 3),
                round(float(word.probability), 4),
                None,
                None,
            )
        )
    kept = tuple(word for word in words if word.word)
    return Segment(
        start_time=kept[0].start_time if kept else round(min(float(segment.start) + offset, span[1]), 3),
        end_time=kept[-1].end_time if kept else round(min(float(segment.end) + offset, span[1]), 3),
        text=segment.text.strip(),
        speaker=None,
        words=kept,
    )


def _badness(window: Window) -> tuple[int, float]:
    """Order the answers for one window: fewer failed checks first, then less speech without words."""
    return len(window.failures) + 2 * window.is_silent, -window.coverage


def within_budget(hotwords: Sequence[str], count: Callable[[str], int]) -> str | None:
    """Join the first names that `count` finds to be at most 120 tokens together; `None` where there are none.

    >>> within_budget(["Idris Vane", "Mara Quill"], len), within_budget(["x" * 121, "Bo"], len)
    ('Idris Vane, Mara Quill', None)
    """
    kept: list[str] = []
    for name in hotwords:
        if count(", ".join([*kept, name])) > HOTWORD_TOKENS:
            break
        kept.append(name)
    return ", ".join(kept) or None


def find_speech(samples: NDArray[np.float32]) -> tuple[Span, ...]:
    """Hear where somebody speaks (Silero VAD, as faster-whisper brings it); none longer than 28 s."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        min_silence_duration_ms=160,
        speech_pad_ms=0,
        max_speech_duration_s=WINDOW_SECONDS - 2 * PAD_SECONDS - 1,
    )
    stamps = get_speech_timestamps(samples, options)
    return tuple((stamp["start"] / SAMPLE_RATE, stamp["end"] / SAMPLE_RATE) for stamp in stamps)


def cut_windows(speech: Sequence[Span], longest: Seconds, duration: Seconds) -> tuple[Span, ...]:
    """Pack stretches of speech into windows that are cut in silence, and fill them well.

    Each stretch lies in exactly one window; windows do not overlap and are at most `longest` seconds (a single
    stretch that is longer stays whole); their edges lie in the silences, at most 0.2 s from the speech.

    >>> cut_windows([(1.0, 3.0), (3.5, 9.0), (9.2, 12.0), (20.0, 21.0)], 10.0, 60.0)
    ((0.8, 9.1), (9.1, 12.2), (19.8, 21.2))
    """
    groups: list[tuple[int, int]] = []
    first = 0
    while first < len(speech):
        last = _last_of_window(speech, first, longest)
        groups.append((first, last))
        first = last + 1
    return tuple(_edges(speech, first, last, duration) for first, last in groups)


def _last_of_window(speech: Sequence[Span], first: int, longest: Seconds) -> int:
    """Find the last stretch of the window that begins with the stretch `first`."""
    last = first
    while last + 1 < len(speech) and _silence(speech, last) < LONGEST_SILENCE:
        if speech[last + 1][1] - speech[first][0] + 2 * PAD_SECONDS > longest:
            cuts = [
                n for n in range(first, last + 1) if speech[last][1] - speech[n][1] <= min(CUT_WITHIN, longest / 2)
            ]
            return max(cuts, key=lambda n: (_silence(speech, n), n))
        last += 1
    return last


def _silence(speech: Sequence[Span], n: int) -> Seconds:
    """How long the silence behind a stretch of speech is, in seconds."""
    return speech[n + 1][0] - speech[n][1]


def _edges(speech: Sequence[Span], first: int, last: int, duration: Seconds) -> Span:
    """Pad a window by 0.2 s, but not past the middle of the silence to its neighbour."""
    before = _silence(speech, first - 1) / 2 if first else speech[0][0]
    after = _silence(speech, last) / 2 if last + 1 < len(speech) else duration - speech[last][1]
    start = speech[first][0] - min(PAD_SECONDS, max(before, 0.0))
    end = speech[last][1] + min(PAD_SECONDS, max(after, 0.0))
    return round(start, 3), round(min(end, duration), 3)


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def uncovered(speech: Iterable[Span], words: Iterable[Span], span: Span) -> Iterable[Span]:
    """List the parts of the speech within a span that no word covers, give or take 0.15 s.

    >>> list(uncovered([(0.0, 4.0)], [(0.5, 1.0), (3.0, 4.0)], (0.0, 10.0)))
    [(0.0, 0.35), (1.15, 2.85)]
    """
    covered = sorted((start - WORD_SLACK, end + WORD_SLACK) for start, end in words)
    for start, end in speech:
        at, stop = max(start, span[0]), min(end, span[1])
        for first, last in covered:
            if last <= at:
                continue
            if first >= stop:
                break
            if first > at:
                yield at, first
            at = last
        if at < stop:
            yield at, stop


def is_loop(words: Sequence[str]) -> bool:
    """Tell whether one to eight words are said four times in a row.

    >>> is_loop("no no no no".split()), is_loop("it is what it is".split())
    (True, False)
    """
    plain = [word.casefold().strip(".,!?…-") for word in words]
    for n in range(1, 9):
        for i in range(len(plain) - n * REPEATS + 1):
            if plain[i : i + n * (REPEATS - 1)] == plain[i + n : i + n * REPEATS]:
                return True
    return False


def vote_language(
    samples: NDArray[np.float32], spans: Sequence[Span], recognizer: WhisperModel
) -> tuple[str, float]:
    """Let the longest window of each third of the episode vote on the language; the mean probability wins."""
    if not recognizer.model.is_multilingual:
        return "en", 1.0
    thirds = np.array_split(np.arange(len(spans)), min(3, len(spans)))
    chosen = [max((spans[n] for n in third), key=lambda span: span[1] - span[0]) for third in thirds]
    votes: dict[str, list[float]] = {}
    for start, end in chosen:
        clip = samples[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
        for name, probability in recognizer.detect_language(clip)[2]:
            votes.setdefault(name, []).append(probability)
    winner = max(votes, key=lambda name: statistics.fmean(votes[name]))
    return winner, round(statistics.fmean(votes[winner]), 4)
