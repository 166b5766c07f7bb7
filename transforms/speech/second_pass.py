"""The second pass: what is done about the windows of a recording that fail their checks.

    with time stamps, in batches → each alone: sequentially → without repetitions → in pieces of ten seconds

faster-whisper's batched mode is fast but keeps whatever comes out: it has no fallback and none of Whisper's
checks, so a window may lose half a minute of speech without a word (SYSTRAN/faster-whisper#1179). Here each window
is checked, also against the speech that the voice activity detector found (`checks`). What fails goes on to the
next step, until an answer passes, and the best one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from transforms.audio.decoding import SAMPLE_RATE, as_float32
from transforms.records import Seconds, Segment, Word
from transforms.speech.checks import LOG_PROBABILITY, NO_SPEECH_PROBABILITY, DecodedWindow
from transforms.speech.windows import PIECE_SECONDS, Span, cut_windows, meet, uncovered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.speech.whisper.recognizer import Recognizer

# Where the text of a window is wrong, it is decoded without writing so many tokens in a row twice, and with at
# least so many hypotheses, whatever the quality.
NO_REPEAT = 3
BEST_BEAMS = 5
HOTWORD_TOKENS = 120  # of the 223 that Whisper's prompt has room for
LONGEST_WORD: Seconds = 5.0  # what lasts longer swallowed a pause


T = TypeVar("T")


def decode_again(
    items: Sequence[T],
    windows: Sequence[DecodedWindow],
    stamped: Callable[[list[T]], list[DecodedWindow]],
    alone: Callable[[list[tuple[T, DecodedWindow]]], list[DecodedWindow]],
) -> list[DecodedWindow]:
    """Decode the windows that failed once more: with time stamps, which lose fewer words, then each alone.

    Args:
        items: whose windows they are; only `stamped` and `alone` look into them.
        windows: what came of each at first.
        stamped: decodes some in batches, with time stamps.
        alone: decodes each by itself, as `Recording.again` does.
    """
    best = list(windows)
    failed = [n for n, window in enumerate(best) if window.failures]
    if not failed:
        return best
    for n, window in zip(failed, stamped([items[n] for n in failed]), strict=True):
        best[n] = min(best[n], window, key=DecodedWindow.badness)
    failed = [n for n in failed if best[n].failures]
    for n, window in zip(failed, alone([(items[n], best[n]) for n in failed]), strict=True):
        best[n] = replace(window, spoken=best[n].spoken)
    return best


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording: its samples, int16 or float32 mono 16 kHz, and the spans where somebody speaks in it."""

    samples: NDArray[Any]
    recognizer: Recognizer
    language: str
    beam_size: int
    speech: Sequence[Span]
    hint: str | None

    def cut(self, span: Span) -> NDArray[np.float32]:
        """Return the samples of a span: float32."""
        start, end = span
        return as_float32(self.samples[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)])

    def sequential(self, span: Span, no_repeat: int = 0) -> DecodedWindow:
        """Decode one span as Whisper goes through an episode: with time stamps, and silence skipped.

        As many tokens as `no_repeat` says are not written twice; 0 lets them be.
        """
        segments, _ = self.recognizer.transcribe(
            self.cut(span),
            language=self.language,
            beam_size=self.beam_size,
            temperature=0.0,
            no_repeat_ngram_size=no_repeat,
            log_prob_threshold=LOG_PROBABILITY,
            no_speech_threshold=NO_SPEECH_PROBABILITY,
            condition_on_previous_text=False,
            word_timestamps=True,
            hallucination_silence_threshold=2.0,
            hotwords=self.hint,
        )
        return self.window(span, list(segments), "sequential")

    def guarded(self, span: Span) -> DecodedWindow:
        """Decode one span, and again without repetitions if any check but that of uncovered speech failed.

        Whisper draws samples then, at rising temperatures. CTranslate2 cannot draw the same ones again: each of
        its threads goes on where its last draw ended, so the same sound had other words each time. It also took
        minutes: five for 20 s of English that was taken for Japanese.
        """
        first = self.sequential(span)
        if set(first.failures) <= {"uncovered_speech"}:
            return first
        careful = replace(self, beam_size=max(self.beam_size, BEST_BEAMS))
        return min(first, careful.sequential(span, NO_REPEAT), key=DecodedWindow.badness)

    def pieces(self, span: Span) -> DecodedWindow:
        """Decode the speech of one span in pieces of at most ten seconds."""
        within = [
            (max(start, span[0]), min(end, span[1])) for start, end in self.speech if meet((start, end), span)
        ]
        spans = cut_windows(within, PIECE_SECONDS, span[1])
        parts = [self.guarded(part) for part in spans]
        segments = tuple(segment for part in parts if not part.is_silent for segment in part.segments)
        return _window(
            span,
            segments,
            self,
            avg_logprob=min((part.avg_logprob for part in parts), default=0.0),
            no_speech_prob=max((part.no_speech_prob for part in parts), default=0.0),
            compression_ratio=max((part.compression_ratio for part in parts), default=0.0),
            decoding="pieces",
        )

    def again(self, first: DecodedWindow) -> DecodedWindow:
        """Decode a window that failed once more, by itself, and keep the best answer."""
        span = (first.start_time, first.end_time)
        best = first
        # Where only words are missing, pieces find them: with time stamps it was decoded before, and without
        # repetitions helps against what is wrong with a text.
        passes = (self.pieces,) if first.failures == ("uncovered_speech",) else (self.guarded, self.pieces)
        for decode in passes:
            best = min(best, decode(span), key=DecodedWindow.badness)
            if not best.failures:
                break
        return best

    def window(self, span: Span, segments: Sequence[Any], decoding: str) -> DecodedWindow:
        """Turn faster-whisper's segments, whose times count from the start of the span, into a checked window."""
        return _window(
            span,
            tuple(_segment(segment, span) for segment in segments),
            self,
            avg_logprob=min((s.avg_logprob for s in segments), default=0.0),
            no_speech_prob=max((s.no_speech_prob for s in segments), default=0.0),
            compression_ratio=max((s.compression_ratio for s in segments), default=0.0),
            decoding=decoding,
        )


def _window(
    span: Span,
    segments: tuple[Segment, ...],
    recording: Recording,
    *,
    avg_logprob: float,
    no_speech_prob: float,
    compression_ratio: float,
    decoding: str,
) -> DecodedWindow:
    words = [(w.start_time, w.end_time) for s in segments for w in s.words if w.start_time is not None]
    holes = list(uncovered(recording.speech, [(start, end or start) for start, end in words], span))
    speech_seconds = sum(
        min(end, span[1]) - max(start, span[0]) for start, end in recording.speech if meet((start, end), span)
    )
    return DecodedWindow(
        start_time=round(span[0], 3),
        end_time=round(span[1], 3),
        segments=segments,
        avg_logprob=round(float(avg_logprob), 4),
        no_speech_prob=round(float(no_speech_prob), 4),
        compression_ratio=round(float(compression_ratio), 3),
        coverage=round(1 - sum(end - start for start, end in holes) / speech_seconds, 3)
        if speech_seconds
        else 1.0,
        longest_hole=round(max((end - start for start, end in holes), default=0.0), 3),
        decoding=decoding,
        language=recording.language,
    )


def _segment(segment: Any, span: Span) -> Segment:
    """Copy a faster-whisper segment, its times within the window and in order."""
    words = []
    offset = earliest = span[0]
    for word in segment.words or ():
        start = min(max(float(word.start) + offset, earliest), span[1])
        end = min(max(float(word.end) + offset, start), span[1], start + LONGEST_WORD)
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
