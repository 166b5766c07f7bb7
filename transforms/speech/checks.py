"""What became of the windows of a recording, and the checks that they must pass: Whisper's own, and ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.records import Seconds, Segment, Word

# Whisper's own limits (https://arxiv.org/abs/2212.04356, section 4.5).
COMPRESSION_RATIO = 2.4
LOG_PROBABILITY = -1.0
NO_SPEECH_PROBABILITY = 0.6
# Ours: words must cover this share of the speech that was heard, but for holes shorter than that.
COVERAGE = 0.85
LONGEST_HOLE = 1.5
REPEATS = 4  # a run of words said that often in a row is a loop
CHARACTERS_PER_SECOND = 40.0  # nobody speaks as fast


@dataclass(frozen=True, slots=True)
class DecodedWindow:
    """What became of one window of audio.

    `coverage` is the share of the heard speech that has words. `decoding` says which pass it is from: `batched`,
    `stamped`, `sequential` or `pieces`; `language` in which language, `None` where that was not written down.
    `spoken` is the language that is surely spoken in it, where that is another one; else `None`.
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
    language: str | None = None
    spoken: str | None = None

    @property
    def words(self) -> tuple[Word, ...]:
        """All words of the window, in order."""
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def characters_per_second(self) -> float:
        """How fast its text is spoken, from the first word to the last; 0 where there is none."""
        words = self.words
        times = [time for word in words for time in (word.start_time, word.end_time) if time is not None]
        seconds = max(times) - min(times) if times else 0.0
        return sum(len(word.word) + 1 for word in words) / max(seconds, 1.0)

    @property
    def failures(self) -> tuple[str, ...]:
        """The checks that it fails, each by its name."""
        loop = is_loop([word.word for word in self.words])
        checks = {
            "compression_ratio": self.compression_ratio > COMPRESSION_RATIO,
            "avg_logprob": self.avg_logprob < LOG_PROBABILITY,
            "uncovered_speech": self.coverage < COVERAGE or self.longest_hole > LONGEST_HOLE,
            "repetition": loop,
            "characters_per_second": self.characters_per_second > CHARACTERS_PER_SECOND,
        }
        return tuple(name for name, failed in checks.items() if failed)

    def badness(self) -> tuple[int, float]:
        """Order the answers for one window: fewer failed checks first, then less speech without words.

        An answer that is silent counts as two checks more.
        """
        return len(self.failures) + 2 * self.is_silent, -self.coverage

    @property
    def is_silent(self) -> bool:
        """Whether Whisper itself doubts that anybody speaks: its words are not to be kept."""
        return self.no_speech_prob > NO_SPEECH_PROBABILITY and self.avg_logprob < LOG_PROBABILITY


@dataclass(frozen=True, slots=True)
class Transcription:
    """What was said: the windows in order of time, the language and how sure that is (0 to 1)."""

    windows: tuple[DecodedWindow, ...]
    language: str | None
    language_probability: float | None
    speech_seconds: Seconds

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, in order."""
        return tuple(word for window in self.windows for word in window.words)

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader must know: `no_speech`, and the checks that failed to the end.

        Of `several_languages` each was decoded as what it is; `other_language` was not.
        """
        failures = {failure for window in self.windows for failure in window.failures}
        if len({window.language for window in self.windows if window.words}) > 1:
            failures.add("several_languages")
        if any(window.spoken for window in self.windows):
            failures.add("other_language")
        return (*([] if self.words else ["no_speech"]), *sorted(failures))


def is_loop(words: Sequence[str]) -> bool:
    """Check whether one to eight words are said four times in a row.

    >>> is_loop("no no no no".split()), is_loop("it is what it is".split())
    (True, False)
    """
    plain = [word.casefold().strip(".,!?…-") for word in words]
    for n in range(1, 9):
        for i in range(len(plain) - n * REPEATS + 1):
            if plain[i : i + n * (REPEATS - 1)] == plain[i + n : i + n * REPEATS]:
                return True
    return False
