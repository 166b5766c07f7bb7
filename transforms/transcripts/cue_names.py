"""Names in front of the text of cues, where no markup says who speaks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from transforms.transcripts.names import clean, likeness

LONGEST_LABEL = 40  # characters
_COLON = re.compile("[:：]")
# A full stop within a label ends a sentence, unless it shortens a title.
_STOP = re.compile(r"\b(?!(?:Col|Dr|Gen|Gov|Jr|Lt|Mr|Mrs|Ms|Prof|Rev|Sen|Sgt|Sr|St)\.)[^\W\d_]{2,}\.(?:\s|$)")


def named_cues(texts: Sequence[str]) -> list[tuple[str | None, str]]:
    """Split `Name: text` where it is sure enough that a name stands there.

    A name comes twice, or is of two words, or most texts begin with one, or it stands beside such names; and the
    names of a file begin with it or come back.

    >>> named_cues(["Ann: Hi.", "Rule one: listen.", "Ann: Why?"])
    [('Ann', 'Hi.'), (None, 'Rule one: listen.'), ('Ann', 'Why?')]
    """
    found = [label_of(text) for text in texts]
    counts = Counter(label for label in found if label)
    sure = {label for label, count in counts.items() if count > 1 or _likeness(label) == 2}
    if counts.total() > 1 and counts.total() * 2 >= len(texts):
        sure = set(counts)
    begins = any(label in sure for label in found[:3] if label)
    if not begins and not any(counts[label] > 1 for label in sure):
        return [(None, text) for text in texts]
    names = sure | {label for label in counts if "," not in label}
    return [
        (label, _COLON.split(text, 1)[1].strip()) if label in names else (None, text)
        for label, text in zip(found, texts, strict=True)
    ]


def label_of(text: str) -> str | None:
    """Give what stands before the first colon of a text, if it may be a name."""
    head = text[: LONGEST_LABEL + 3]
    match = _COLON.search(head)
    if not match or (match[0] == ":" and head[match.end() : match.end() + 1].strip()):
        return None
    label = head[: match.start()].strip()
    if not label or len(label) > LONGEST_LABEL or len(label.split()) > 5 or _STOP.search(label):
        return None
    return label if _likeness(label) else None


def _likeness(label: str) -> int:
    return likeness(clean(label)[0])
