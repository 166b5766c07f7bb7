"""SubRip: numbered captions; in podcasts `Name: ` stands where the speaker changes.

Spec: https://www.matroska.org/technical/subtitles.html#srt-subtitles and
https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md#srt

Example:

    1
    00:00:00,000 --> 00:00:02,500
    Ann Lee: Why does a record turn?

    2
    00:00:02,500 --> 00:00:04,000
    Bo Chan: It must.
"""

from __future__ import annotations

import re

from transforms.errors import ContentError
from transforms.transcripts.captions import vtt
from transforms.transcripts.captions.cue_speakers import cue_draft
from transforms.transcripts.captions.cues import ARROW, Clock, Cue, are_settings, read_cues
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of

_TIME = r"(?:\d{1,3}:)?\d{1,3}:\d{1,2}(?:[.,:] ?\d{1,6})?"
_TIMES = re.compile(rf"^[ \t]*{_TIME}[ \t]*{ARROW}[ \t]*{_TIME}(?!\d)", re.ASCII | re.MULTILINE)
# Some write who made it above the first cue.
_LINES_ABOVE = 12
WORDS_ABOVE = 40
WORDS_OF_A_CUE = 250  # at most, on average


def fits(text: Text) -> bool:
    """Check for a text whose first lines hold the times of a cue, and that is no WebVTT."""
    if text.head.startswith(("<", "{", "[")) or vtt.fits(text):
        return False
    match = _TIMES.search(text.head)
    if match is None or text.head.count("\n", 0, match.start()) >= _LINES_ABOVE:
        return False
    behind = text.head[match.end() :].partition("\n")[0]
    if not are_settings(behind):
        return False  # words, or a name, on the line of the times: a text for the eye
    above = text.head[: match.start()].rstrip(" \t")
    last = above.removesuffix("\n").rpartition("\n")[2].strip()
    # One line that looks like the times of a cue may stand in any text: a cue begins behind a gap or its number.
    return (not last or last.isdecimal()) and _is_made_of_cues(text, above)


def _is_made_of_cues(text: Text, above: str) -> bool:
    cues = sum(1 for _ in _TIMES.finditer(text.text))
    said_above = len(above.split())
    return cues * WORDS_OF_A_CUE >= len(text.text.split()) and said_above <= max(WORDS_ABOVE, 2 * cues)


def parse(text: Text) -> Draft:
    """Read the cues; a name holds until the next one.

    Raises:
        ContentError: there is no cue.
    """
    clock = Clock()
    begin, items = read_cues(text.lines, 0, clock, comments=False)
    if not any(isinstance(item, Cue) for item in items):
        msg = "the SubRip text has no cue: no line reads like 00:00:00,000 --> 00:00:01,000"
        raise ContentError(msg)
    above = [
        Piece(index + 1, "dropped", " ".join(line.split()), name="text outside of a cue")
        for index, line in enumerate(text.lines[:begin])
        if line.strip()
    ]
    return cue_draft([*above, *items], clock, grammar=text.grammar)


FORMAT = Format("srt", "SubRip captions", example_of(__doc__), fits, parse)
