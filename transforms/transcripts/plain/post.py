"""A post whose lines with nothing but a name open the turns.

As Substack shows transcripts: the page's controls, notes and a list of chapters above, comments below.

Example:

    Ann Lee

    Why does a record turn?

    Bob Ray

    Because it is round.

    Ann Lee

    I see.
"""

from __future__ import annotations

from transforms.transcripts.document import Format, Text, example_of
from transforms.transcripts.prose.shared_survey import parse_labelled, shape_of


def fits(text: Text) -> bool:
    """Check whether most labels are of this form."""
    return shape_of(text) == "post"


FORMAT = Format("post", "a post with the name on a line of its own", example_of(__doc__), fits, parse_labelled)
