"""The log of a program: it looks like speech with labels and times, and nobody speaks in it."""

from __future__ import annotations

import re

from transforms.transcripts.document import Draft

_LEVELS = frozenset("TRACE DEBUG INFO NOTICE WARN WARNING ERROR CRITICAL FATAL Info Warning Error Debug".split())

_LOGGED = re.compile(r"\d{1,2} \d\d:\d\d:\d\d ")  # behind the month: Jan  2 10:30:00 host cron: done


def is_log(draft: Draft) -> bool:
    """Check whether the speakers are levels of a log, or most of what is said begins as a line of one.

    Such a line begins with its level, or with day and time.
    """
    speakers = {piece.speaker for piece in draft.pieces if piece.speaker}
    if speakers and speakers <= _LEVELS:
        return True
    said = [piece.text for piece in draft.pieces if piece.kind == "speech"]
    levels = sum(text.partition(" ")[0].strip("[]:") in _LEVELS for text in said)
    dated = sum(_LOGGED.match(text) is not None for text in said)
    return (levels + dated) * 2 > len(said)
