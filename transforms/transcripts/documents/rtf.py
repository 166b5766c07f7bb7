r"""Rich Text (RTF): its text, read as what it is.

Example:

    {\rtf1\ansi\deff0 {\fonttbl {\f0 Arial;}}
    {\b Ann Lee:} Why does a record turn?\par
    {\b Bo Chan:} Because it is round.\par
    {\b Ann Lee:} I see.\par}
"""

from __future__ import annotations

from dataclasses import replace

from transforms.errors import ContentError
from transforms.transcripts.document import Draft, Format, Text, example_of
from transforms.transcripts.plain import plain_formats


def fits(text: Text) -> bool:
    """Check for its first letters."""
    return text.head.startswith("{\\rtf")


def parse(text: Text) -> Draft:
    """Read the text.

    Raises:
        ContentError: it is damaged, or nothing in it is a transcript.
    """
    from striprtf.striprtf import rtf_to_text

    try:
        shown = rtf_to_text(text.text, errors="replace")
    except Exception as error:  # a library that promises no class of its own
        msg = "the RTF is damaged: save it anew, or as plain text"
        raise ContentError(msg) from error
    return plain_formats.read_plain(replace(text, text=shown.replace("\r", "")), "RTF")


FORMAT = Format("rtf", "Rich Text documents", example_of(__doc__), fits, parse)
