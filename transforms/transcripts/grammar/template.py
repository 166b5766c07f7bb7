"""The template language: `**L:** R`, as a person writes it, read as the core of a grammar.

L stands for the label, T for the time, R for what is said, ⏎ for the end of the line.
"""

from __future__ import annotations

import re

from transforms.errors import SourceError
from transforms.transcripts.grammar.candidates import Core, candidates
from transforms.transcripts.prose.marks import marked_lines

_EXAMPLES = {"L": "Ann Lee", "T": "00:12", "R": "Why does a record turn?"}


def parse_template(template: str) -> Core:
    """Read a template such as `**L:** R`, `[T] **L**: R` or `L (T)⏎`.

    Raises:
        SourceError: it has no label, or nothing sets the label off.
    """
    line = template.partition("⏎")[0].partition("\\n")[0]
    shown = re.sub(r"(?<![^\W\d_])[LTR](?![^\W\d_])", lambda match: _EXAMPLES[match[0]], line)
    found = [one for one in candidates(marked_lines([shown.strip()])[0], 0) if one.raw == _EXAMPLES["L"]]
    said = _EXAMPLES["R"] if "R" in line else ""
    fitting = [one for one in found if one.rest == said] or ([] if said else found)
    if not fitting:
        msg = (
            f"--grammar {template!r} does not say how a label is set off: write L for it, T for a time, R for "
            "what is said, as in '**L:** R', '[T] L: R' or 'L (T)⏎'"
        )
        raise SourceError(msg)
    return fitting[0].form.core
