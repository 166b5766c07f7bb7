"""Who says what in a text that does not tell: the voices that its words were heard as.

Captions and paragraphs become turns: maximal runs of one voice. What no voice is known for stays as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from transforms.text import CLOSING_MARKS, ends_sentence

LEAST_KNOWN = 0.5  # share of the words of a text whose voice is known, else it is left alone
FEWEST = 3  # words of a voice in a sentence: fewer may be a label that came late
LEAST_SHARE = 0.7  # of the known words of a sentence, that it is of one voice
LONGEST_UNKNOWN = 12  # words between two of one voice that are his, too
_PAUSES = (",", ";", ":", "—", "–", "-")


@dataclass(frozen=True, slots=True)
class Part:
    """A run of words of one voice, `None` where it is not known; `block` is the one that it began in."""

    first_word: int
    word_count: int
    speaker: str | None
    block: int


def part(
    words: Sequence[str], blocks: Sequence[int], voices: Sequence[str | None], chapters: Sequence[int | None]
) -> tuple[Part, ...] | None:
    """Part a text where the voice changes; every word is in exactly one part, in order.

    `blocks` and `chapters` number the block of each word (paragraph, cue or sentence of the text) and its chapter,
    which no part goes beyond; `voices` is the label that it was heard as. `None` where too few are known.
    """
    n_known = sum(voice is not None for voice in voices)
    if not words or n_known < LEAST_KNOWN * len(words):
        return None
    voices = _filled(voices)
    pieces = [piece for sentence in _sentences(words, blocks) for piece in _pieces(sentence, words, voices)]
    return tuple(_joined(pieces, blocks, chapters))


def _filled(voices: Sequence[str | None]) -> list[str | None]:
    """Give the words between two of one voice to it."""
    filled = list(voices)
    known = [place for place, voice in enumerate(voices) if voice is not None]
    for before, after in pairwise(known):
        if voices[before] == voices[after] and after - before <= LONGEST_UNKNOWN:
            filled[before:after] = [voices[before]] * (after - before)
    return filled


def _sentences(words: Sequence[str], blocks: Sequence[int]) -> Iterator[range]:
    """Yield the places of each sentence; one ends with its block where the text has no marks there."""
    first = 0
    for place, word in enumerate(words):
        is_last = place + 1 == len(words)
        if (
            is_last
            or ends_sentence(word)
            or (blocks[place + 1] != blocks[place] and not _goes_on(words[place + 1]))
        ):
            yield range(first, place + 1)
            first = place + 1


def _goes_on(word: str) -> bool:
    return word[:1].islower()


def _pieces(
    sentence: range, words: Sequence[str], voices: Sequence[str | None]
) -> Iterator[tuple[range, str | None]]:
    """Yield a sentence in one piece, or parted where another voice goes on with it."""
    runs = _voices_in(sentence, voices)
    if len(runs) > 1:
        first = sentence.start
        for (_, before), (_, after) in pairwise(runs):
            cut = _cut(before[-1] + 1, after[0], words)
            yield range(first, cut), voices[before[-1]]
            first = cut
        yield range(first, sentence.stop), voices[runs[-1][1][-1]]
        return
    counts = Counter(voices[place] for place in sentence if voices[place] is not None)
    voice, count = counts.most_common(1)[0] if counts else (None, 0)
    yield sentence, voice if count >= LEAST_SHARE * counts.total() and count >= min(2, len(sentence)) else None


def _voices_in(sentence: range, voices: Sequence[str | None]) -> list[tuple[str | None, list[int]]]:
    """Return the runs of known voices in a sentence that are long enough to be meant."""
    known = [place for place in sentence if voices[place] is not None]
    runs = [(voice, list(places)) for voice, places in groupby(known, key=lambda place: voices[place])]
    meant = [(voice, places) for voice, places in runs if len(places) >= FEWEST]
    return [
        (voice, [p for _, more in several for p in more]) for voice, several in groupby(meant, key=lambda r: r[0])
    ]


def _cut(first: int, last: int, words: Sequence[str]) -> int:
    """Return where a sentence is cut between two voices: behind a mark, where one stands about there."""
    near: list[int] = [*range(first, last + 1), first - 1, last + 1]
    for place in near:
        if 0 < place < len(words) and words[place - 1].rstrip(CLOSING_MARKS)[-1:] in _PAUSES:
            return place
    return last


def _joined(
    pieces: Sequence[tuple[range, str | None]], blocks: Sequence[int], chapters: Sequence[int | None]
) -> Iterator[Part]:
    """Join what one voice says; what nobody is known to say stays in the blocks of the text."""
    for (voice, _), run in groupby(pieces, key=lambda piece: (piece[1], chapters[piece[0].start])):
        places = [piece for piece, _ in run]
        if voice is not None:
            first = places[0].start
            yield Part(first, places[-1].stop - first, voice, blocks[first])
            continue
        whole = range(places[0].start, places[-1].stop)
        for _, block in groupby(whole, key=lambda place: blocks[place]):
            inside = list(block)
            yield Part(inside[0], len(inside), None, blocks[inside[0]])
