"""What was heard, against the truth: WER, cpWER and DER.

The libraries that count are those of the `test` extra; without them every function here raises `SourceError`
with the command that installs them.

WER    word error rate in order of time, speakers ignored (Whisper's English normalizer)
cpWER  the same with each speaker's words together, best mapping of speakers (meeteval)
DER    diarization error rate, no collar, overlaps scored (pyannote.metrics)
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transforms.errors import ContentError, SourceError
from transforms.records import Seconds, SpeakerSegment

LIBRARIES = ("jiwer", "meeteval", "pyannote.metrics", "whisper_normalizer")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said: by whom (`""` where nobody knows), when, and the text."""

    speaker: str
    start_time: Seconds
    end_time: Seconds
    text: str


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors and what they are a share of, so that those of several episodes add up.

    Counted in words, or in seconds of speech.
    """

    errors: float
    total: float

    @property
    def rate(self) -> float:
        """The error rate, 0 to 1 and more; of nothing it is 0."""
        return self.errors / self.total if self.total else 0.0


def pooled(parts: Iterable[Errors]) -> Errors:
    """Add the errors of several episodes.

    >>> pooled([Errors(1, 10), Errors(3, 30)]).rate
    0.1
    """
    listed = list(parts)
    return Errors(sum(part.errors for part in listed), sum(part.total for part in listed))


def require_libraries() -> None:
    """Check that what counts the errors is installed.

    Raises:
        SourceError: a library is missing.
    """
    for name in LIBRARIES:
        try:
            found = importlib.util.find_spec(name)
        except ModuleNotFoundError:  # not even the package around it
            found = None
        if found is None:
            msg = f"{name} is missing, which counts errors: pip install 'turntable[test]'"
            raise SourceError(msg)


def read_stm(path: Path) -> tuple[Utterance, ...]:
    """Read who said what from an STM file (NIST), in order of time.

    Raises:
        ContentError: a line is not STM.
    """
    said = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith(";;"):
            continue
        fields = line.split(maxsplit=5)
        try:
            said.append(Utterance(fields[2], float(fields[3]), float(fields[4]), "".join(fields[5:])))
        except (IndexError, ValueError) as error:
            msg = f"{path.name}, line {number} is not STM: it wants `NAME 1 SPEAKER START END TEXT`"
            raise ContentError(msg) from error
    return tuple(sorted(said, key=lambda one: one.start_time))


def read_rttm(path: Path) -> tuple[SpeakerSegment, ...]:
    """Read who spoke when from an RTTM file (NIST), in order of time.

    Raises:
        ContentError: a line is not RTTM.
    """
    spoken = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split()
        if not fields or fields[0] != "SPEAKER":
            continue
        try:
            start, duration = float(fields[3]), float(fields[4])
            spoken.append(SpeakerSegment(start, start + duration, fields[7]))
        except (IndexError, ValueError) as error:
            msg = f"{path.name}, line {number} is not RTTM: it wants `SPEAKER NAME 1 START SECONDS … LABEL`"
            raise ContentError(msg) from error
    return tuple(sorted(spoken, key=lambda one: (one.start_time, one.end_time)))


def word_errors(truth: Sequence[Utterance], heard: Sequence[Utterance]) -> tuple[Errors, Errors]:
    """Count WER and cpWER.

    Raises:
        SourceError: the libraries that count are missing.
    """
    require_libraries()
    import jiwer
    import meeteval

    true, ours = _plain(truth), _plain(heard)
    said, got = (" ".join(str(row["words"]) for row in rows) for rows in (true, ours))
    n_words = len(said.split())
    if not said or not got:  # meeteval wants words on both sides
        wrong = Errors(n_words + len(got.split()), n_words)
        return wrong, wrong
    counted = jiwer.process_words(said, got)
    wer = Errors(counted.substitutions + counted.deletions + counted.insertions, n_words)
    cpwer = meeteval.wer.cpwer(meeteval.io.SegLST(true), meeteval.io.SegLST(ours))["x"]
    return wer, Errors(cpwer.errors, cpwer.length)


def _plain(said: Sequence[Utterance]) -> list[dict[str, str | float]]:
    """Write utterances as meeteval reads them, in order of time, their words normalized; silent ones left out."""
    from whisper_normalizer.english import EnglishTextNormalizer

    normal = EnglishTextNormalizer()
    rows: list[dict[str, str | float]] = []
    for one in sorted(said, key=lambda one: one.start_time):
        words = normal(one.text.replace("’", "'"))  # the normalizer knows only the straight apostrophe
        if words:
            rows.append(
                {
                    "session_id": "x",
                    "speaker": one.speaker,
                    "start_time": one.start_time,
                    "end_time": one.end_time,
                    "words": words,
                }
            )
    return rows


def diarization_errors(truth: Sequence[SpeakerSegment], heard: Sequence[SpeakerSegment]) -> Errors:
    """Count the seconds that were given to the wrong speaker, missed or invented.

    Raises:
        SourceError: the libraries that count are missing.
    """
    require_libraries()
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    def annotation(segments: Sequence[SpeakerSegment]) -> Annotation:
        made = Annotation()
        for n, one in enumerate(segments):
            made[Segment(one.start_time, one.end_time), n] = one.speaker
        return made

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that no map of what is scored is given: all of it is
        parts = DiarizationErrorRate()(annotation(truth), annotation(heard), detailed=True)
    wrong = parts["confusion"] + parts["missed detection"] + parts["false alarm"]
    return Errors(float(wrong), float(parts["total"]))
