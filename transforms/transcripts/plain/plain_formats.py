"""The formats of plain text in the order of the questions asked, for all that turns out to be text."""

from __future__ import annotations

from dataclasses import replace

from transforms.errors import ContentError
from transforms.transcripts.captions import ass, lrc, srt, vtt, youtube_text
from transforms.transcripts.document import Draft, Format, Text
from transforms.transcripts.frames import without_frames
from transforms.transcripts.plain import (
    blocks,
    labelled,
    markdown,
    paragraphs,
    post,
    prints,
    scraped,
    stamped,
    summary,
    teams,
    timecodes,
    timed,
)
from transforms.transcripts.tables import audacity, csv_table

# What has lines of its own comes before what is known by who is named in it.
_CUES = (ass, vtt, srt)
_LINES = (audacity, csv_table, lrc, prints, timecodes, teams)
_PROSE = (youtube_text, scraped, summary, markdown, post, blocks, stamped, labelled, timed, paragraphs)

OF_CUES: tuple[Format, ...] = tuple(module.FORMAT for module in _CUES)
OF_LINES: tuple[Format, ...] = tuple(module.FORMAT for module in _LINES)
OF_PROSE: tuple[Format, ...] = tuple(module.FORMAT for module in _PROSE)


def known_by_lines(text: Text) -> Format | None:
    """Return the format of a text that has lines of a format of its own."""
    return next((known for known in (*OF_CUES, *OF_LINES) if known.fits(text)), None)


def read_plain(text: Text, about: str) -> Draft:
    """Read text that came out of a document.

    Raises:
        ContentError: nothing in it is a transcript.
    """
    plain = without_frames(replace(text, media_type=None))
    for known in (*OF_CUES, *OF_LINES, *OF_PROSE):
        if known.fits(plain):
            draft = known.parse(plain)
            return replace(draft, flags=(*plain.flags, *draft.flags))
    msg = f"no transcript found: the {about} has no names, times or heading Transcript in it"
    raise ContentError(msg)
