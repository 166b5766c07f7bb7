"""Chunks of text with times → words, and what scripts and marks say about them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from transforms.records import Seconds, Word
from transforms.text import ends_sentence
from transforms.transcripts.cues import Chunk, Cue

# With fewer marks than this the text is taken as unpunctuated.
WORDS_PER_SENTENCE = 40
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff]")


def glue(chunks: Iterable[Chunk], *, unspaced: bool = False) -> tuple[Word, ...]:
    """Make words of chunks: without a space between them two chunks are one word, unless the script has no spaces.

    Only the first word of a chunk has its start, only the last one its end.
    """
    words: list[Word] = []
    apart = True
    for chunk in chunks:
        parts = chunk.text.split()
        if not parts:
            apart = apart or bool(chunk.text)
            continue
        spoken = _chunk_words(parts, chunk)
        if words and not (apart or unspaced or chunk.text[0].isspace()):
            words[-1] = _joined(words[-1], spoken[0])
            del spoken[0]
        words += spoken
        apart = chunk.text[-1].isspace()
    return tuple(words)


def _chunk_words(parts: list[str], chunk: Chunk) -> list[Word]:
    start, end, probability = chunk.start_time, chunk.end_time, chunk.probability
    if len(parts) == 1:
        return [Word(parts[0], start, _not_before(start, end), probability, None, None)]
    first, *others, last = parts
    return [
        Word(first, start, None, probability, None, None),
        *(Word(part, None, None, probability, None, None) for part in others),
        Word(last, None, _not_before(start, end), probability, None, None),
    ]


def _not_before(start: Seconds | None, end: Seconds | None) -> Seconds | None:
    return None if start is not None and end is not None and end < start else end


def _joined(first: Word, second: Word) -> Word:
    known = [p for p in (first.probability, second.probability) if p is not None]
    start = first.start_time if first.start_time is not None else second.start_time
    return Word(
        first.word + second.word,
        start,
        _not_before(start, second.end_time),
        min(known) if known else None,
        None,
        None,
    )


def is_unspaced(text: str) -> bool:
    """Tell whether a text is of a script that is written without spaces.

    >>> is_unspaced("こんにちは"), is_unspaced("hello")
    (True, False)
    """
    return _UNSPACED.search(text) is not None


def is_punctuated(words: Iterable[str]) -> bool:
    """Tell whether enough words end a sentence for the marks to be used."""
    count = ends = 0
    for word in words:
        count += 1
        ends += ends_sentence(word)
    return ends > 0 and ends * WORDS_PER_SENTENCE >= count


def cue_words(cue: Cue) -> tuple[Word, ...]:
    """Give the words of a cue whose text has times: each lasts until the next, the last until the cue ends."""
    if not any(row.chunks for row in cue.rows):
        return ()
    chunks = [chunk for row in cue.rows for chunk in (*(row.chunks or (Chunk(row.text),)), Chunk(" "))]
    said = [index for index, chunk in enumerate(chunks) if chunk.text.strip()]
    if chunks[said[0]].start_time is None:
        chunks[said[0]].start_time = cue.start_time
    end = cue.end_time
    for index in reversed(said):
        chunk = chunks[index]
        if chunk.end_time is None:
            chunk.end_time = end
        end = chunk.start_time
    return glue(chunks, unspaced=any(is_unspaced(row.text) for row in cue.rows))
