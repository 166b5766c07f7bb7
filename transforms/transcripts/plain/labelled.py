"""Paragraphs with `Name:` in front; those without a name go on with the turn.

As the transcripts of 80,000 Hours, with headings such as `Title [HH:MM:SS]`.

Example:

    The groove [00:01:10]
    Ann Lee: Why does a record turn?
    Bob Ray: Because it is round.
    And because it can.
    Ann Lee: I see.
"""

from __future__ import annotations

from transforms.transcripts.document import Format, Text, example_of
from transforms.transcripts.prose.shared_survey import parse_labelled, shape_of


def fits(text: Text) -> bool:
    """Check whether most labels are of this form."""
    return shape_of(text) == "labelled"


FORMAT = Format("labelled", "paragraphs with Name: in front", example_of(__doc__), fits, parse_labelled)
