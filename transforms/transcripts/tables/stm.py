"""STM of NIST: one line a segment, with file, channel, speaker, times and perhaps a label in angle brackets.

Spec: https://github.com/usnistgov/SCTK/blob/master/doc/infmts.htm

Example:

    ;; a talk of two
    talk 1 Ann 0.000 2.500 <o,f0,female> Why does a record turn?
    talk 1 Bo 2.500 4.000 It must.
"""

from __future__ import annotations

import re

from transforms.errors import ContentError
from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.tables import ctm

_LINE = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+(-?[\d.]+)\s+(-?[\d.]+)(?:\s+(.*))?", re.ASCII)
# A label lists conditions; `<unk>` is a word.
_LABEL = re.compile(r"(<(?:[^<>\s]*,[^<>\s]*|NA|o|[fF]\d)>)(?:\s+|$)")
_UNKNOWN = frozenset(("unknown", "<na>", "na", "-"))
_GAPS = ("inter_segment_gap", "excluded_region", "ignore_time_segment_in_scoring")


def fits(text: Text) -> bool:
    """Check for lines of the form, that are no CTM and no RTTM."""
    lines = ctm.first_lines(text)
    return (
        bool(lines)
        and all(map(_is_segment, lines))
        and not all(map(ctm.is_word, lines))
        and not any(map(ctm.is_rttm, lines))
    )


def _is_segment(line: str) -> bool:
    match = _LINE.fullmatch(line)
    if not match:
        return False
    clock = Clock()
    start, end = clock.span(match[4], match[5])
    return start is not None and end is not None


def parse(text: Text) -> Draft:
    """Read the lines; an underscore in a speaker's name stays.

    Raises:
        ContentError: no line is a segment.
    """
    clock = Clock()
    pieces: list[Piece] = []
    found = False
    for number, line in enumerate(text.lines, start=1):
        if line.startswith(";;"):
            pieces.append(Piece(number, "metadata", " ".join(line.strip("; \t").split()), name="comment"))
        elif match := _LINE.fullmatch(line.strip()):
            pieces += _segment(number, match, clock)
            found = True
        elif line.strip():
            pieces.append(Piece(number, "dropped", " ".join(line.split()), name="line is no segment"))
    if not found:
        msg = "the STM has no segment: no line reads like FILE CHANNEL SPEAKER BEGIN END TEXT"
        raise ContentError(msg)
    return Draft(tuple(pieces), "cue", flags=tuple(sorted(clock.flags)))


def _segment(number: int, match: re.Match[str], clock: Clock) -> list[Piece]:
    speaker, text = match[3], (match[6] or "").strip()
    for gap in _GAPS:
        if gap in (speaker.casefold(), text.casefold()):
            return [Piece(number, "dropped", text, name=gap)]
    start, end = clock.span(match[4], match[5])
    pieces = []
    if label := _LABEL.match(text):
        pieces.append(Piece(number, "label", label[1], name="conditions"))
        text = text[label.end() :]
    if text.casefold() in _GAPS:
        return [*pieces, Piece(number, "dropped", text, name=text.casefold())]
    if text:
        named = None if speaker.casefold() in _UNKNOWN else speaker
        pieces.append(
            Piece(
                number,
                "speech",
                " ".join(text.split()),
                speaker=named,
                opens=named is not None,
                start_time=start,
                end_time=end,
            )
        )
    return pieces


FORMAT = Format("stm", "STM segments of NIST", example_of(__doc__), fits, parse)
