"""Published text → the same records: one module a format, one table of them (`formats`)."""

from __future__ import annotations

import dataclasses
from contextlib import suppress

from transforms.errors import ContentError
from transforms.text import percent
from transforms.transcripts.assemble import Published, assemble
from transforms.transcripts.document import Draft, Format, Text
from transforms.transcripts.formats import choose
from transforms.transcripts.grammar.candidates import Core, Form
from transforms.transcripts.grammar.choose import Grammar
from transforms.transcripts.html import webpage
from transforms.transcripts.plain.plain_formats import OF_PROSE
from transforms.transcripts.prose.shared_survey import survey_of
from transforms.transcripts.shared.decode import decode
from transforms.transcripts.shared.frames import without_frames
from transforms.transcripts.shared.header import split_header
from transforms.transcripts.shared.program_log import is_log

METHOD = "transcripts-18"
MOST_SPEAKERS = 500
_SAY_FORMAT = "say what it is by `turntable import --format NAME`"
UNLIKELY = 0.1  # a grammar that is not worth a try


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
    if is_log(draft):
        msg = "no transcript found: it is the log of a program, nobody speaks in it"
        raise ContentError(msg)
    published = dataclasses.replace(assemble(draft), format=chosen.name)
    if not published.turns and not published.sections:
        msg = f"no transcript found: nobody says anything in it, read as {chosen.name}; {_SAY_FORMAT}"
        raise ContentError(msg)
    return published, draft


def _parsed(text: Text, name: str | None) -> tuple[Format, Draft]:
    chosen = choose(text, name)
    if name is not None and chosen in OF_PROSE and webpage.fits(text):
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
