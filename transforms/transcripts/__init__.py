"""Published text → the same records: one module a format, one table of parsers."""

from __future__ import annotations

import dataclasses
import re
from contextlib import suppress

from transforms.errors import ContentError, SourceError
from transforms.text import percent
from transforms.transcripts.assemble import Published, assemble
from transforms.transcripts.captions import ttml, youtube_json3
from transforms.transcripts.decode import decode
from transforms.transcripts.document import AS_PARAGRAPHS, Draft, Format, Text
from transforms.transcripts.documents import docx, pdf, rtf
from transforms.transcripts.frames import without_frames
from transforms.transcripts.grammar.candidates import Core, Form
from transforms.transcripts.grammar.choose import Grammar
from transforms.transcripts.header import split_header
from transforms.transcripts.html import podcast_html, webpage
from transforms.transcripts.json import json_rows, podcast_json, podlove, seglst, whisper_json
from transforms.transcripts.plain import plain_formats
from transforms.transcripts.prose.shared_survey import survey_of
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

METHOD = "transcripts-10"
MOST_SPEAKERS = 500
_SAY_FORMAT = "say what it is by `turntable import --format NAME`"
UNLIKELY = 0.1  # a grammar that is not worth a try
_LOG_LEVELS = frozenset(
    "TRACE DEBUG INFO NOTICE WARN WARNING ERROR CRITICAL FATAL Info Warning Error Debug".split()
)

_LOGGED = re.compile(r"\d{1,2} \d\d:\d\d:\d\d ")  # behind the month: Jan  2 10:30:00 host cron: done

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


def read(
    data: bytes, *, format: str | None = None, media_type: str | None = None, grammar: Core | None = None
) -> Published:
    """Read a published text as turns, chapters and sections.

    `format` and `grammar` override what the content says.

    Raises:
        ContentError: it is no text, no transcript is in it, or nobody is named in it by that grammar.
        SourceError: there is no such format.
    """
    published, _ = explain(data, format=format, media_type=media_type, grammar=grammar)
    return published


def explain(
    data: bytes, *, format: str | None = None, media_type: str | None = None, grammar: Core | None = None
) -> tuple[Published, Draft]:
    """Read a published text, and keep what became of each of its pieces.

    Raises:
        ContentError, SourceError: as `read`.
    """
    header, text = split_header(without_frames(decode(data, media_type)))
    chosen, draft = _parsed(text, format) if grammar is None else _parsed_as(text, format, grammar)
    draft = dataclasses.replace(draft, pieces=(*header, *draft.pieces), flags=(*text.flags, *draft.flags))
    speakers = {piece.speaker for piece in draft.pieces if piece.speaker}
    if len(speakers) > MOST_SPEAKERS:
        msg = f"it names {len(speakers):,} speakers: no episode has more than {MOST_SPEAKERS}; {_SAY_FORMAT}"
        raise ContentError(msg)
    if (speakers and speakers <= _LOG_LEVELS) or _is_log(draft):
        msg = "no transcript found: it is the log of a program, nobody speaks in it"
        raise ContentError(msg)
    published = dataclasses.replace(assemble(draft), format=chosen.name)
    if not published.turns and not published.sections:
        msg = f"no transcript found: nobody says anything in it, read as {chosen.name}; {_SAY_FORMAT}"
        raise ContentError(msg)
    return published, draft


def _parsed(text: Text, name: str | None) -> tuple[Format, Draft]:
    chosen = _choose(text, name)
    if name is not None and chosen in plain_formats.OF_PROSE and webpage.fits(text):
        text = webpage.as_text(text)
    return chosen, chosen.parse(text)


def _parsed_as(text: Text, name: str | None, grammar: Core) -> tuple[Format, Draft]:
    """Parse a text as one of the grammar that the user gives.

    Raises:
        ContentError: nobody is named so; it says what to try.
    """
    with suppress(ContentError):
        chosen, draft = _parsed(dataclasses.replace(text, grammar=grammar), name)
        if draft.grammar and draft.grammar.labels:
            return chosen, draft
    template = Form(grammar, "", alone=grammar.is_bare).template
    msg = f"--grammar: no speaker is set off as {template!r} in it; {_way_out(text, name, grammar)}"
    raise ContentError(msg)


def _way_out(text: Text, name: str | None, grammar: Core) -> str:
    """Say what to try instead of a grammar that does not fit a text."""
    try:
        chosen, draft = _parsed(text, name)
    except ContentError:
        return _next_best(survey_of(text).grammar, grammar)
    if draft.grammar is None:
        return f"read as {chosen.name}, it says itself who speaks: leave --grammar out"
    return _next_best(draft.grammar, grammar)


def _next_best(found: Grammar | None, tried: Core) -> str:
    """Name the likeliest grammar of a text, where it is another one and not out of the question."""
    form = found and (found.form or found.runner_up)
    if not found or not form or found.probability < UNLIKELY or tried.covers(form.core):
        return "leave it out"
    return f"try --grammar {form.template!r}, the likeliest ({percent(found.probability)}), or leave it out"


def _is_log(draft: Draft) -> bool:
    """Check whether most of what is said begins as a line of a program's log: with its level, or day and time."""
    said = [piece.text for piece in draft.pieces if piece.kind == "speech"]
    levels = sum(text.partition(" ")[0].strip("[]:") in _LOG_LEVELS for text in said)
    dated = sum(_LOGGED.match(text) is not None for text in said)
    return (levels + dated) * 2 > len(said)


def _choose(text: Text, name: str | None) -> Format:
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
