"""The formats of plain text in the order of the questions asked, for all that turns out to be text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from transforms.errors import ContentError
from transforms.transcripts.captions import ass, lrc, srt, vtt, youtube_text
from transforms.transcripts.document import Draft, Format, Text
from transforms.transcripts.plain import (
    blocks,
    labelled,
    markdown,
    paragraphs,
    post,
    printed_times,
    scraped,
    stamped,
    summary,
    teams,
    timecodes,
    timed,
)
from transforms.transcripts.shared.frames import without_frames
from transforms.transcripts.tables import audacity, csv_table

# What has lines of its own comes before what is known by who is named in it.
_CUES = (ass, vtt, srt)
_LINES = (audacity, csv_table, lrc, printed_times, timecodes, teams)
_PROSE = (youtube_text, scraped, summary, markdown, post, blocks, stamped, labelled, timed, paragraphs)

OF_CUES: tuple[Format, ...] = tuple(module.FORMAT for module in _CUES)
OF_LINES: tuple[Format, ...] = tuple(module.FORMAT for module in _LINES)
OF_PROSE: tuple[Format, ...] = tuple(module.FORMAT for module in _PROSE)


def read_by_lines(text: Text) -> Draft | None:
    """Read text that has lines of a format of its own; `None` where it has none."""
    return _first_that_fits(text, (*OF_CUES, *OF_LINES))


def read_plain(text: Text, about: str) -> Draft:
    """Read text that came out of a document.

    Raises:
        ContentError: nothing in it is a transcript.
    """
    draft = _first_that_fits(replace(text, media_type=None), (*OF_CUES, *OF_LINES, *OF_PROSE))
    if draft is None:
        msg = f"no transcript found: the {about} has no names, times or heading Transcript in it"
        raise ContentError(msg)
    return draft


def _first_that_fits(text: Text, formats: Iterable[Format]) -> Draft | None:
    plain = without_frames(text)
    found = next((known for known in formats if known.fits(plain)), None)
    if found is None:
        return None
    draft = found.parse(plain)
    return replace(draft, flags=(*plain.flags, *draft.flags))
