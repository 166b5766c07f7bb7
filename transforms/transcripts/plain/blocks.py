"""Blocks of text under a name with its time.

As Rev, Otter and Every write them.

Example:

    Ann Lee (00:01:10):
    Why does a record turn?

    Bob Ray (00:01:14):
    Because it is round.
"""

from __future__ import annotations

from transforms.transcripts.document import Format, Text, example_of
from transforms.transcripts.prose.shared_survey import parse_labelled, shape_of


def fits(text: Text) -> bool:
    """Check whether most labels are of this form."""
    return shape_of(text) == "blocks"


FORMAT = Format("blocks", "text under a name with its time", example_of(__doc__), fits, parse_labelled)
