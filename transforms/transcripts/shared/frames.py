"""Timecodes that count frames, as editors of pictures write them: `01:02:03:12`, `01:02:03;12` (drop frame)."""

from __future__ import annotations

import re
from dataclasses import replace

from transforms.transcripts.document import Text

_TIMECODE = re.compile(r"(?<![\d:;.])(\d\d:[0-5]\d:[0-5]\d)([:;])(\d\d)(?![\d:;]|\.\d)", re.ASCII)
_RATES = (24.0, 25.0, 30.0, 50.0, 60.0)  # frames a second
_DROP_RATES = (30_000 / 1001, 60_000 / 1001)  # drop frame is of these alone, and keeps to the clock
_HUNDREDTHS = 100.0


def without_frames(text: Text) -> Text:
    """Write the frames of timecodes as milliseconds, with the flag `frame_rate_guessed`.

    A file does not say how many frames there are in a second: the lowest rate that has the highest frame.

    >>> without_frames(Text("00:00:03:18 00:00:08:24")).text
    '00:00:03.720 00:00:08.960'
    """
    found = _TIMECODE.findall(text.text) if text.text.count(":") > 1 else []
    if not found or text.head.startswith("<"):  # TTML says its rate
        return text
    rate = _rate(max(int(frame) for *_, frame in found), drops=any(mark == ";" for _, mark, _ in found))

    def written(match: re.Match[str]) -> str:
        return f"{match[1]}.{min(round(int(match[3]) * 1000 / rate), 999):03}"

    return replace(text, text=_TIMECODE.sub(written, text.text), flags=(*text.flags, "frame_rate_guessed"))


def _rate(highest: int, *, drops: bool) -> float:
    return next((rate for rate in (_DROP_RATES if drops else _RATES) if highest < rate), _HUNDREDTHS)
