"""Cues → a draft: who says what in which turn, the same way for all formats of captions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from transforms.records import Seconds, TranscriptSource, Word
from transforms.text import is_punctuated, join_lines, join_words
from transforms.transcripts.captions.cue_names import (
    EVERY,
    Key,
    Named,
    find_names,
    is_finished,
    is_label,
    openings,
)
from transforms.transcripts.captions.cues import Chunk, Clock, Cue, Item, Row
from transforms.transcripts.document import Boundary, Draft, Piece
from transforms.transcripts.grammar.candidates import Core
from transforms.transcripts.grammar.choose import SURE, choose
from transforms.transcripts.labels.names import clean, is_generic
from transforms.transcripts.prose.lines import Line


def cue_draft(
    items: Sequence[Item],
    clock: Clock,
    *,
    source: TranscriptSource | None = None,
    overlaps: bool = True,
    grammar: Core | None = None,
) -> Draft:
    """Make a draft of cues and what stands between them; names are searched where no markup names a voice.

    `grammar` is how they are set off from what is said, if the user says so.
    """
    cues = [item for item in items if isinstance(item, Cue)]
    rolling = rolls(cues)
    for cue in cues:
        cue.start_time, cue.end_time = clock.check(cue.start_time, cue.end_time, overlaps=overlaps and not rolling)
    if rolling:
        unroll(cues)
    else:
        _name_rows(cues)
    voiced = any(row.voice for cue in cues for row in cue.rows)
    units = _units(cues, voiced=voiced)
    speech = [unit for cue in cues for unit in units[id(cue)]]
    texts = [unit.text for unit in speech]
    named = Named([_voiced(unit) for unit in speech], None) if voiced else find_names(texts, grammar)
    pieces = _pieces(items, units, iter(named.texts), voiced=voiced)
    return Draft(
        pieces=tuple(pieces),
        boundary=_boundary(speech),
        source=source or _source(pieces),
        flags=tuple(sorted(clock.flags)),
        grammar=named.grammar,
    )


def _units(cues: Sequence[Cue], *, voiced: bool) -> dict[int, list[Unit]]:
    """Part each cue into what is said in one go, by the id of the cue."""
    first = [] if voiced else [openings(cue.rows[0].text.lstrip(">- ")) for cue in cues if cue.rows]
    counts = Counter(key for mine in first for key in mine)
    every = bool(first) and sum(map(bool, first)) >= EVERY * len(first)
    dashes = _dashes(cues, frozenset(key for key, count in counts.items() if count > 1))
    return {id(cue): units_of(cue, frozenset(counts), every=every, dashes=dashes) for cue in cues}


def _dashes(cues: Sequence[Cue], names: frozenset[Key]) -> frozenset[str]:
    """Return the dashes that begin what somebody else says.

    Where names come back, they say that. A dash does, too, if two stand in a cue, or if there are some of it, and
    no other stands before the names.
    """
    dashed = [list(_dashed(cue)) for cue in cues]
    counts = Counter(dash for rows in dashed for dash, _ in rows)
    before = Counter(dash for rows in dashed for dash, text in rows if not names.isdisjoint(openings(text)))
    if not names or before.total() >= FEWEST_DASHES:
        return frozenset(before if names else counts)
    paired = {dash for rows in dashed if len(rows) > 1 for dash, _ in rows}
    return frozenset(paired.union(dash for dash, count in counts.items() if count >= FEWEST_DASHES))


def _dashed(cue: Cue) -> Iterator[tuple[str, str]]:
    """Yield the dashes that rows of a cue begin with, and what stands behind each."""
    for row in cue.rows:
        if match := _DASH.match(row.text):
            yield match[1] or match[2], row.text[match.end() :]


def _name_rows(cues: Iterable[Cue]) -> None:
    """Set names off by a colon where most cues have one on a row of its own."""
    shown = [cue for cue in cues if cue.rows]
    heads = [cue for cue in shown if len(cue.rows) > 1 and not (cue.rows[0].chunks or cue.rows[0].voice)]
    if len(heads) * 2 <= len(shown):
        return
    named = _named_above(heads)
    if len(named) * 2 > len(shown):
        for cue in named:
            cue.rows[0] = replace(cue.rows[0], text=f"{cue.rows[0].text}:")


def _named_above(cues: Sequence[Cue]) -> list[Cue]:
    """Return the cues of which the first row is a name alone, by what all prove; none where that is unsure."""
    parts = [(cue.rows[0].text, " ".join(row.text for row in cue.rows[1:])) for cue in cues]
    grammar = choose([Line(n, text, gap=not n % 2) for n, text in enumerate(chain.from_iterable(parts))])
    if grammar.probability < SURE:
        return []
    names = (one for line, one in grammar.labels.items() if not line % 2 and one.form.core.is_bare)
    return [cues[one.line // 2] for one in names]


def _voiced(unit: Unit) -> tuple[str | None, str]:
    """Take the name of the voice from its text, where it stands there once more."""
    name, colon, text = unit.text.partition(":")
    if colon and unit.voice and name.strip().casefold() == unit.voice.casefold():
        return unit.voice, text.strip()
    return None, unit.text


def _boundary(units: Sequence[Unit]) -> Boundary:
    if not any(unit.words for unit in units):
        return "cue"
    return "sentence" if is_punctuated(word for unit in units for word in unit.text.split()) else "cue"


def _source(pieces: Iterable[Piece]) -> TranscriptSource:
    labels = {piece.speaker for piece in pieces if piece.speaker}
    return "publisher" if any(not is_generic(clean(label)[0]) for label in labels) else "captions"


def _pieces(
    items: Iterable[Item],
    units: dict[int, list[Unit]],
    names: Iterator[tuple[str | None, str]],
    *,
    voiced: bool,
) -> list[Piece]:
    pieces: list[Piece] = []
    speaker: str | None = None
    opens = False
    for item in items:
        if isinstance(item, Piece):
            pieces.append(item)
            continue
        pieces += [
            Piece(row.line, "dropped", row.text, name="repeated by the rolling captions") for row in item.repeated
        ]
        for unit in units[id(item)]:
            name, text = next(names)
            label = f"{unit.mark} {unit.text[: len(unit.text) - len(text)].strip()}".strip() if name else unit.mark
            if label:
                pieces.append(Piece(unit.line, "label", label))
            if voiced:
                speaker, opens = unit.voice, unit.voice is not None
            elif name or unit.is_change:
                speaker, opens = name, name is not None
            if text:
                pieces.append(_speech(unit, text, speaker, opens=opens))
                opens = False
    return pieces


def _speech(unit: Unit, text: str, speaker: str | None, *, opens: bool) -> Piece:
    words = unit.words
    if text != unit.text:
        words = words[-len(text.split()) :]
        words = words if [word.word for word in words] == text.split() else ()
    start, end = unit.cue.start_time, unit.cue.end_time
    if words:
        start = words[0].start_time if words[0].start_time is not None else start
        end = words[-1].end_time if words[-1].end_time is not None else end
    return Piece(
        unit.line,
        "speech",
        text,
        speaker=speaker,
        opens=opens,
        start_time=start,
        end_time=end,
        words=words,
    )


# Chunks of text with times → words, and what scripts and marks say about them.


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
    """Check whether a text is of a script that is written without spaces.

    >>> is_unspaced("こんにちは"), is_unspaced("hello")
    (True, False)
    """
    return _UNSPACED.search(text) is not None


def cue_words(cue: Cue) -> tuple[Word, ...]:
    """Return the words of a cue whose text has times: each lasts until the next, the last until the cue ends."""
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


# Captions that roll: each row comes again as the next one appears below it, and is said once.


# A line that rolls up stays in sight; one that comes back later is said again.
ROLLING_GAP_SECONDS = 1.0


def rolls(cues: Sequence[Cue]) -> bool:
    """Check whether most cues of several rows begin with the row that was last in sight."""
    taller = [(before, cue) for before, cue in pairwise(cues) if len(cue.rows) > 1]
    # A whole cue that comes again, such as a chorus, is not pushed up by anything new.
    rolling = sum(0 < _repeated(before, cue) < len(cue.rows) for before, cue in taller)
    # Once may be chance, unless a machine wrote the times of the words.
    least = 1 if any(row.chunks for cue in cues for row in cue.rows) else 2
    return rolling >= least and rolling * 2 > len(taller)


def _repeated(before: Cue, cue: Cue) -> int:
    """Count the first rows of a cue that were the last ones of the cue before."""
    if before.end_time is not None and cue.start_time is not None:
        gap = cue.start_time - before.end_time
        if gap > ROLLING_GAP_SECONDS:
            return 0
    shown = [row.text for row in before.rows]
    rows = [row.text for row in cue.rows[:8]]
    for count in range(min(len(shown), len(rows)), 0, -1):
        if shown[-count:] == rows[:count]:
            return count
    return 0


def unroll(cues: Sequence[Cue]) -> None:
    """Set aside the rows of each cue that were in sight before."""
    counts = [0, *(_repeated(before, cue) for before, cue in pairwise(cues))]
    for cue, count in zip(cues, counts, strict=True):
        cue.repeated, cue.rows = cue.rows[:count], cue.rows[count:]


# Cues → units: the stretches of a cue that one speaker says, told apart by voices, marks and names.


_CHANGE = re.compile(r"(?:(?<=\s)|^)(>{2,3})\s*")
FEWEST_DASHES = 3  # of a file with names, if no two stand in one cue
_DASH = re.compile(r"([-‐–—])\s+(?=\S)|([-‐])(?=[^\W\d_]|[\[(\"“'¿¡♪])")


@dataclass(slots=True)
class Unit:
    """A stretch of a cue that one speaker says; `mark` says that the speaker changes, without a name."""

    cue: Cue
    line: int
    mark: str
    text: str
    voice: str | None
    is_change: bool
    words: tuple[Word, ...] = ()


def units_of(cue: Cue, known: frozenset[Key], *, every: bool, dashes: frozenset[str]) -> list[Unit]:
    """Cut a cue where its speaker changes.

    `known` are the labels that begin a cue of the file, or `every` cue; `dashes` begin what somebody else says.
    """
    units: list[Unit] = []
    texts: list[list[str]] = []
    before = ""
    dashed = bool(cue.rows) and _DASH.match(cue.rows[0].text) is not None
    for row in cue.rows:
        for mark, text in _marked(row):
            # a small letter goes on: the dash is one of the sentence
            is_change = mark.startswith(">") or (
                mark in dashes and (dashed or is_finished(before)) and not text[:1].islower()
            )
            if (
                units
                and not mark
                and units[-1].voice == row.voice
                and not _begins(text, before, known, every=every)
            ):
                texts[-1].append(text)
            else:
                units.append(Unit(cue, row.line, mark, text, row.voice, is_change))
                texts.append([text])
            before = text
    for unit, parts in zip(units, texts, strict=True):
        unit.text = join_lines(parts)
    _share_words(units, cue_words(cue))
    return units


def _marked(row: Row) -> Iterator[tuple[str, str]]:
    """Split a row at `>>`, and take the dash from its front."""
    text = row.text
    if ">>" in text:
        before, *changes = _CHANGE.split(text)
        if before.strip():
            yield "", before.strip()
        for mark, rest in zip(changes[::2], changes[1::2], strict=True):
            yield mark, rest.strip()
    elif (match := _DASH.match(text)) and (match[1] or not row.chunks):
        yield match[1] or match[2], text[match.end() :]
    else:
        yield "", text


def _begins(text: str, before: str, known: frozenset[Key], *, every: bool) -> bool:
    """Check whether a further row of a cue begins with a name, not with a word that the line break put there."""
    found = openings(text)
    if every or not known.isdisjoint(found):
        return not known.isdisjoint(found)
    return not is_label(before) and any(is_finished(before) or one.raw.isupper() for one in found.values())


def _share_words(units: Sequence[Unit], words: tuple[Word, ...]) -> None:
    """Assign each unit its words; where they are not the words of the text, only a lone unit has them."""
    if not words:
        return
    counts = [(len(unit.mark.split()), len(unit.text.split())) for unit in units]
    if sum(map(sum, counts)) == len(words):
        at = 0
        for unit, (marks, count) in zip(units, counts, strict=True):
            unit.words = _after_mark(words[at : at + marks + count], marks)
            at += marks + count
    elif len(units) == 1 and not units[0].mark:
        units[0].words = words
        units[0].text = join_words([word.word for word in words], "ja" if is_unspaced(units[0].text) else None)


def _after_mark(words: tuple[Word, ...], marks: int) -> tuple[Word, ...]:
    """Take the mark off; the word behind it begins where the mark does, if nothing else is known."""
    if not marks or len(words) == marks:
        return words[marks:]
    first = words[marks]
    start = words[0].start_time if first.start_time is None else first.start_time
    return (replace(first, start_time=start), *words[marks + 1 :])
