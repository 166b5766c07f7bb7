"""What a label looks like, in a few small numbers: no word list, but for the controls and headings of pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from transforms.transcripts.labels.names import clean
from transforms.transcripts.prose import furniture

# A quotation mark between two letters is theirs: ד"ר.
_INNER_MARKS = re.compile(r"[?!;,…“”«»，。！？、；《》]|(?<![^\W\d_])\"|\"(?![^\W\d_])|[^\W\d_]{5,}\.\s")
_PARTICLE_ENDS = re.compile(r"(?<=^\w)['’]|(?<=^\w\w)[-'’]|(?<=^\w\w\w)[-'’]")
_URL = re.compile(r"(?:https?://|www\.)\S+$")


def share(many: Sequence[object]) -> float:
    """Return the share of what is true, 0 of nothing."""
    return sum(map(bool, many)) / len(many) if many else 0.0


def is_address(text: str) -> bool:
    """Check for text that is nothing but an address."""
    return _URL.match(text) is not None


@lru_cache(maxsize=16384)
def is_furniture(raw: str) -> bool:
    """Check for a control, a heading of a part of the page, or what stands behind the transcript."""
    return bool(
        furniture.noise(raw)
        or furniture.TRANSCRIPT.fullmatch(raw)
        or furniture.section_heading(raw)
        or furniture.begins_tail(raw)
        or furniture.is_date(raw)
    )


def is_full_name(raw: str) -> float:
    """Return 1 for two to four words that begin with capitals, but for short ones between them: Ann van Lee."""
    tokens = clean(raw)[0].split()
    outer = [*tokens[:1], *tokens[-1:], *(token for token in tokens if len(token) > 3)]
    return float(1 < len(tokens) < 5 and all(map(_begins_large, outer)))


def has_capitals(text: str) -> bool:
    """Check for `The Longest War is a book`: speech has few capitals behind its first word."""
    return sum(word[0].isupper() for word in text.split()[1:4]) > 1


def has_marks(raw: str) -> bool:
    """Check for marks of a sentence within a label; a role behind a comma has none."""
    return _INNER_MARKS.search(clean(raw)[0]) is not None


def small_tokens(raw: str) -> float:
    """Return the share of the longer tokens that begin small."""
    tokens = [token for token in raw.split() if len(token) > 3 or (token.islower() and " " not in raw)]
    small = sum(token[0].islower() and not _begins_large(token) for token in tokens)
    return small / len(tokens) if tokens else 0.0


def _begins_large(token: str) -> bool:
    """Check for a capital at the beginning, also behind a particle: `al-Rashid`, `d'Angelo`."""
    return any(part[:1].isupper() for part in _PARTICLE_ENDS.split(token, maxsplit=1))


def is_small(raw: str, small: frozenset[str]) -> bool:
    """Check for words that the text writes small elsewhere, too."""
    words = [word.strip(".,'’\"()[]").lower() for word in raw.split()]
    return all(word in small for word in words if len(word) > 1) and any(len(word) > 1 for word in words)
