"""Which field of a row holds the text, the speaker and the times: by its name, and the unit by the values too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from transforms.records import Seconds
from transforms.text import UNSPACED
from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.prose.lines import CLOCK, times
from transforms.transcripts.shared import json_text

Field = Literal["text", "speaker", "start", "end", "duration", "clock"]

# What writers call them, without marks and in small letters; what says it most plainly comes first.
_NAMES: dict[Field, list[str]] = {
    "text": (
        "text transcript transcription transcripttext sentence sentences utterance content caption captions "
        "subtitle body line phrase said words speech dialogue message rawtext display texto texte testo tekst "
        "metin текст"
    ).split(),
    "speaker": (
        "speakername speaker speakerlabel voice participantname participant name character actor who user "
        "username person speakerid talker author sprecher sprecherin locuteur hablante orador falante parlante "
        "spreker talare intervenant participante nombre nom спикер"
    ).split(),
    "start": (
        "start starttime startsec startseconds startms starttimems startoffset starttimestamp startmillis tmin "
        "begin begintime ts in inpoint timein starttimecode starttc from offset offsetms starts startzeit beginn "
        "début debut inicio início inizio timestart bgn tstart onset"
    ).split(),
    "end": (
        "end endtime endsec endseconds endms endtimems endoffset endtimestamp endmillis tmax stop stoptime out "
        "outpoint timeout endtimecode endtc to until ende endzeit fin fim fine timeend tend"
    ).split(),
    "duration": "duration durationms durationsec durationseconds length dur dauer durée duración duração".split(),
    "clock": "timestamp timestamps time timecode timecodes tc clock zeit zeitstempel temps tiempo tempo".split(),
}
# Where none is called just so, a word of the name tells: `Segment Start`, `Timecode In`.
_PARTS_OF_NAMES: dict[Field, frozenset[str]] = {
    "text": frozenset(("text", "transcript", "transcription")),
    "speaker": frozenset(("speaker", "sprecher")),
    "start": frozenset(("start", "begin", "in")),
    "end": frozenset(("end", "stop", "out")),
}
_MILLISECONDS = re.compile(r"(?:ms|msec|millis|milliseconds|millisekunden)$")
_SECONDS = re.compile(r"(?:sec|secs|seconds|sekunden|s)$")
_UNIT = re.compile(r"\W*[(\[](\w+)[)\]]\s*$")
# A second holds two or three words; a whole number of hundreds for each word is one of milliseconds.
MILLISECONDS_A_WORD = 100
SLOWEST_WORD = 3.0  # seconds: samples of 16 kHz, taken for milliseconds, are slower
_SCALES = (1.0, 1e-3, 1e-6, 1e-9)


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the fields that a table has, `None` where it has none; `scale` is their unit in seconds."""

    text: str
    speaker: str | None
    start: str | None
    end: str | None
    duration: str | None
    scale: float | None


def fold(name: str) -> str:
    """Bring the name of a field to the form in which equal ones are equal.

    >>> fold("Start Time (ms)"), fold("startTime"), fold("start_time")
    ('starttimems', 'starttime', 'starttime')
    """
    return "".join(c for c in name.casefold() if c.isalnum())


def find_columns(names: Iterable[str]) -> Columns | None:
    """Return which field holds what, by their names; `None` where none holds text.

    >>> find_columns(["End", "Speaker Name", "Start (ms)", "Transcript"]).start
    'Start (ms)'
    """
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(fold(name), name)
        folded.setdefault(fold(_UNIT.sub("", name)), name)
    found = {field: next((folded[known] for known in _NAMES[field] if known in folded), None) for field in _NAMES}
    for field, words in _PARTS_OF_NAMES.items():
        if found[field] is None:
            found[field] = next((name for name in folded.values() if not words.isdisjoint(_words(name))), None)
    if found["text"] is None:
        return None
    start = found["start"] or found["clock"]
    return Columns(found["text"], found["speaker"], start, found["end"], found["duration"], _scale(start))


def _words(name: str) -> set[str]:
    """Split a name into its words, in small letters: `segmentStart`, `Timecode In`."""
    return {word.casefold() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def _scale(name: str | None) -> float | None:
    folded = fold(name or "")
    if _MILLISECONDS.search(folded) and folded not in ("ms",):
        return 0.001
    unit = _UNIT.search(name or "")
    return 1.0 if (unit and _SECONDS.fullmatch(fold(unit[1]))) or folded.endswith(("sec", "seconds")) else None


def scale_of(rows: Sequence[Mapping[str, Any]], columns: Columns, clock: Clock) -> float:
    """Return the unit of the times: what the name says, else what fits the words that are said in them.

    Where none fits, as of samples, `clock` is flagged `unit_guessed`.

    >>> columns = find_columns(["start", "end", "text"])
    >>> scale_of([{"start": 3390, "end": 31186, "text": "Why does it turn?"}], columns, Clock())
    0.001
    >>> scale_of([{"start": "3", "end": "31", "text": "Why does it turn?"}], columns, Clock())
    1.0
    """
    if columns.scale is not None:
        return columns.scale
    starts, ends = _numbers(rows, columns.start), _numbers(rows, columns.end)
    until = [after if end is None else end for end, after in zip(ends, [*starts[1:], None], strict=False)]
    texts = (row.get(columns.text) for row in rows)
    spans = zip(starts, until, texts, strict=True)
    pace = _a_word([(start, end, text) for start, end, text in spans if start is not None and end is not None])
    scale = next((scale for scale in _SCALES if pace * scale <= MILLISECONDS_A_WORD), _SCALES[-1])
    if scale < 1.0 and pace * scale > SLOWEST_WORD and all(end is not None for end in ends):
        clock.flags.add("unit_guessed")
    return scale


def _numbers(rows: Sequence[Mapping[str, Any]], name: str | None) -> list[float | None]:
    """Return the numbers of a column; `None` where none stands, or there is no such column."""
    return [number_of(row.get(name)) if name else None for row in rows]


def _a_word(spans: Sequence[tuple[float, float, object]]) -> float:
    """Return how long a word takes, in whatever unit; 0 where no times are known."""
    return sum(end - start for start, end, _ in spans) / max(sum(word_count(text) for *_, text in spans), 1)


def are_milliseconds(spans: Sequence[tuple[float, float, object]]) -> bool:
    """Check whether numbers are milliseconds: nobody speaks so slowly in seconds, nor in milliseconds of others.

    >>> are_milliseconds([(0, 900, "Why turn?")]), are_milliseconds([(0, 200, "Why turn? " * 100)])
    (True, False)
    """
    return MILLISECONDS_A_WORD < _a_word(spans) <= SLOWEST_WORD * 1000


def unit_of(spans: Iterable[tuple[object, object, object]]) -> float:
    """Return the unit, in seconds, of the times of a format that has seconds, where writers take milliseconds too.

    `spans` are starts, ends and texts, as they stand there.
    """
    numbers = [(number_of(start), number_of(end), text) for start, end, text in spans]
    whole = [(start, end, text) for start, end, text in numbers if start is not None and end is not None]
    return 0.001 if are_milliseconds(whole) else 1.0


def are_seconds(spans: Sequence[tuple[float, float, object]]) -> bool:
    """Check whether numbers may be seconds.

    >>> are_seconds([(0, 900, "Why turn?")]), are_seconds([(0, 200, "Why turn? " * 100)])
    (False, True)
    """
    return _a_word(spans) <= MILLISECONDS_A_WORD


def word_count(text: object) -> int:
    """Count the words of a text, at least one; in a script without spaces two letters make one."""
    shown = str(text) if isinstance(text, str) else ""
    language = "ja" if json_text.is_unspaced_in(None, [shown]) else None
    return max(1, len(shown) // 2 if language in UNSPACED else len(shown.split()))


def number_of(value: object) -> float | None:
    """Read a number that may be of any unit; a clock is none."""
    if isinstance(value, str):
        shown = value.strip().replace(",", ".")
        return float(shown) if re.fullmatch(r"\d{1,14}(?:\.\d{1,9})?", shown, re.ASCII) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e14:
        return None
    return float(value)


_RANGE = re.compile(rf"\W*({CLOCK})\s*(?:-->|->|→|–|—|-|to|/)\s*({CLOCK})\W*")
_CLOCK = re.compile(rf"\W*({CLOCK})\W*")
_PARTS = re.compile(
    r"(?:(\d+)\s*h(?:ours?)?\s*)?(?:(\d+)\s*m(?:in(?:utes?)?)?\s*)?(?:(\d+(?:\.\d+)?)\s*s(?:ec(?:onds?)?)?)?", re.I
)


def span_of(
    row: Mapping[str, Any], columns: Columns, scale: float, clock: Clock
) -> tuple[Seconds | None, Seconds | None]:
    """Read the times of a row; a field may hold both."""
    given = row.get(columns.start) if columns.start else None
    if isinstance(given, str) and (match := _RANGE.fullmatch(given)):
        return clock.check(*times(f"{match[1]} - {match[2]}"), overlaps=False)
    start = moment(given, scale, clock)
    end = moment(row.get(columns.end), scale, clock) if columns.end else None
    if end is None and start is not None and columns.duration:
        unit = _scale(columns.duration) or scale
        length = moment(row.get(columns.duration), unit, clock)
        end = None if length is None else round(start + length, 3)
    return clock.check(start, end, overlaps=False)


def moment(value: object, scale: float, clock: Clock) -> Seconds | None:
    """Read a time: a number in its unit, a clock, or `1h02m03s`.

    >>> moment("00:01:02:12", 1.0, Clock()), moment("1,5", 1.0, Clock()), moment("0h01m44s", 1.0, Clock())
    (62.0, 1.5, 104.0)
    """
    if not isinstance(value, str):
        return clock.moment(value, scale)
    shown = value.strip()
    if match := _CLOCK.fullmatch(shown):
        return clock.moment(times(match[1])[0])
    if shown and (match := _PARTS.fullmatch(shown)):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return clock.moment(hours * 3600 + minutes * 60 + seconds)
    return clock.moment(shown.replace(",", ".") if shown.count(",") == 1 else shown, scale)
