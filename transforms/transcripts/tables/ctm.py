"""CTM of NIST: one line a word, with file, channel, begin and duration, perhaps confidence, type and speaker.

Spec: https://github.com/usnistgov/SCTK/blob/master/doc/infmts.htm

Example:

    ;; words of a talk
    talk 1 0.10 0.30 Why 0.98
    talk 1 0.40 0.50 turn? 0.97
    talk 1 1.20 0.20 It 0.99
    talk 1 1.40 0.50 must. 0.95
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from transforms.errors import ContentError
from transforms.records import Seconds, Word
from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.shared import json_text

_LINES = 20
_UNKNOWN = frozenset(("<na>", "na", "unknown", "-", ""))
_RTTM = frozenset(
    (
        *(
            "SPEAKER",
            "SPKR-INFO",
            "LEXEME",
            "NON-LEX",
            "NON-SPEECH",
            "SEGMENT",
            "FILLER",
            "EDIT",
            "SU",
            "IP",
            "CB",
        ),
        *("A/P", "NOSCORE", "NO_RT_METADATA"),
    )
)
_SILENCES = frozenset(("@", "<eps>", "<sil>", "sil"))


def first_lines(text: Text) -> list[str]:
    """Return the first lines that are no comments, for a quick look."""
    lines = (line.strip() for line in text.head.split("\n")[: 2 * _LINES])
    found = [line for line in lines if line and not line.startswith(";;")]
    # The head may end within a line.
    return found[:-1][:_LINES] if len(text.head) == 4_000 else found[:_LINES]


def is_rttm(line: str) -> bool:
    """Check for a line of RTTM, which says who speaks when, and no words."""
    fields = line.split()
    return len(fields) >= 8 and fields[0] in _RTTM


def is_word(line: str) -> bool:
    """Check for a line of CTM: a begin, a duration, and a confidence between 0 and 1 if there is one."""
    fields = line.split()
    if not 5 <= len(fields) <= 8 or is_rttm(line):
        return False
    if fields[2:4] == ["*", "*"]:
        return fields[4].startswith("<ALT")
    clock = Clock()
    if clock.moment(fields[2]) is None or clock.moment(fields[3]) is None or ":" in fields[2] + fields[3]:
        return False
    return len(fields) == 5 or fields[5].upper() == "NA" or json_text.probability(fields[5]) is not None


def fits(text: Text) -> bool:
    """Check for lines of words."""
    lines = first_lines(text)
    return bool(lines) and all(map(is_word, lines))


def parse(text: Text) -> Draft:
    """Read the words and join them: to sentences where they have marks, else to what is said between pauses.

    Raises:
        ContentError: no line is a word.
    """
    clock = Clock()
    pieces: list[Piece] = []
    spoken: list[tuple[str, json_text.Spoken]] = []
    alternative = 0
    for number, line in enumerate(text.lines, start=1):
        fields = line.split()
        if not fields:
            continue
        if line.startswith(";;"):
            pieces.append(Piece(number, "metadata", " ".join(line.strip("; \t").split()), name="comment"))
        elif reason := _unusable(fields, alternative):
            alternative = _alternative(fields, alternative)
            pieces.append(Piece(number, "dropped", " ".join(fields[4:] or fields), name=reason))
        else:
            spoken.append((" ".join(fields[:2]), _spoken(number, fields, clock)))
    if not spoken:
        msg = "the CTM has no word: no line reads like FILE CHANNEL BEGIN DURATION WORD"
        raise ContentError(msg)
    # Each file and channel begins at zero again.
    clocks: dict[str, Clock] = {}
    for name, group in groupby(spoken, key=lambda pair: pair[0]):
        own = clocks.setdefault(name, Clock())
        pieces += json_text.join([item for _, item in group], own)
        clock.flags |= own.flags
    return json_text.draft(pieces, clock, "asr", json_text.boundary_of(pieces))


def _unusable(fields: Sequence[str], alternative: int) -> str | None:
    if len(fields) < 5:
        return "line is no word"
    if fields[4].startswith("<ALT"):
        return "mark of alternative words"
    if alternative > 1:
        return "alternative word"
    return "silence" if fields[4].casefold() in _SILENCES else None


def _alternative(fields: Sequence[str], alternative: int) -> int:
    """Count the alternatives; the words of the first one count."""
    mark = fields[4] if len(fields) > 4 else ""
    return {"<ALT_BEGIN>": 1, "<ALT>": alternative + 1, "<ALT_END>": 0}.get(mark, alternative)


def _spoken(number: int, fields: Sequence[str], clock: Clock) -> json_text.Spoken:
    start, lasts = clock.moment(fields[2]), clock.moment(fields[3])
    end: Seconds | None = None if start is None or lasts is None else round(start + lasts, 3)
    known = json_text.probability(fields[5]) if len(fields) > 5 else None
    speaker = fields[7] if len(fields) > 7 and fields[7].casefold() not in _UNKNOWN else None
    return json_text.Spoken(number, speaker, Word(fields[4], start, end, known, None, None))


FORMAT = Format("ctm", "CTM words of NIST", example_of(__doc__), fits, parse)
