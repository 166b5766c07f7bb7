"""Lines with a time and a name in front.

As Descript writes them.

Example:

    [00:01:10] Ann Lee: Why does a record turn?
    [00:01:14] Bob Ray: Because it is round.
"""

from __future__ import annotations

from transforms.transcripts.document import Format, Text, example_of
from transforms.transcripts.prose.shared_survey import parse_labelled, shape_of


def fits(text: Text) -> bool:
    """Check whether most labels are of this form."""
    return shape_of(text) == "stamped"


FORMAT = Format("stamped", "lines with a time and a name in front", example_of(__doc__), fits, parse_labelled)
