"""What was said, as tests compare it.

The last bit of a network is that of the processor, the library, the threads and the batch: two of them write "The"
and "the" of the same sound, or a comma more. Tests compare what must be equal.
"""

from __future__ import annotations

from collections.abc import Iterable

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

from transforms.records import Word

plain_text = EnglishTextNormalizer()


def spoken(words: Iterable[Word]) -> str:
    """Return what was said, without case and punctuation."""
    return str(plain_text(" ".join(word.word for word in words)))


def difference(one: Iterable[Word], other: Iterable[Word]) -> float:
    """Count the words that two hearings of a sound have otherwise, as a share of those of the first."""
    first, second = spoken(one), spoken(other)
    return float(jiwer.wer(first, second)) if first else float(bool(second))
