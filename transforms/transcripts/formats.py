"""The table of formats, and which of them a text is in."""

from __future__ import annotations

import re

from transforms.errors import ContentError, SourceError
from transforms.transcripts.captions import ttml, youtube_json3
from transforms.transcripts.document import AS_PARAGRAPHS, Format, Text
from transforms.transcripts.documents import docx, pdf, rtf
from transforms.transcripts.html import podcast_html, webpage
from transforms.transcripts.json import json_rows, podcast_json, podlove, seglst, whisper_json
from transforms.transcripts.plain import plain_formats
from transforms.transcripts.services import (
    assemblyai,
    aws,
    azure,
    deepgram,
    elevenlabs,
    fireflies,
    gladia,
    google,
    rev,
    soniox,
    speechmatics,
)
from transforms.transcripts.tables import ctm, stm, trs

_JSON_MODULES = (
    podcast_json, youtube_json3, podlove, elevenlabs, aws, rev, speechmatics, google, azure, soniox, gladia,
    fireflies, whisper_json, deepgram, assemblyai, seglst, json_rows,
)  # fmt: skip

# The order is that of the questions asked: what has a header of its own before what is known by its lines.
FORMATS: dict[str, Format] = {
    known.name: known
    for known in (
        *(module.FORMAT for module in (pdf, docx, rtf)),
        *plain_formats.OF_CUES,
        *(module.FORMAT for module in (*_JSON_MODULES, ttml, trs, podcast_html, webpage, stm, ctm)),
        *plain_formats.OF_LINES,
        *plain_formats.OF_PROSE,
    )
}

_OF_JSON = tuple(module.FORMAT.name for module in _JSON_MODULES)
_JSON = re.compile(r'\{\s*["}]|\[\s*\{\s*"')


def choose(text: Text, name: str | None) -> Format:
    """Return the format of a name, else the first in the table that a text fits.

    Raises:
        SourceError: there is no format of this name.
        ContentError: the text fits none, or is broken JSON.
    """
    if name is not None:
        if name not in FORMATS:
            msg = f"there is no format {name!r}: choose one of {', '.join(FORMATS)}"
            raise SourceError(msg)
        return FORMATS[name]
    # The names of fields are not names of speakers: what is meant as JSON is read as JSON or not at all.
    if text.json is None and _JSON.match(text.head):
        msg = "it is broken JSON: fetch it again, it may have been cut off"
        raise ContentError(msg)
    for known in FORMATS.values():
        if (text.json is None or known.name in _OF_JSON) and known.fits(text):
            return known
    if text.json is not None:
        msg = "no transcript found: the JSON is of no known service and lists no rows with a text and a time"
        raise ContentError(msg)
    msg = f"no transcript found: no names, times or heading Transcript in it; {AS_PARAGRAPHS}"
    raise ContentError(msg)
