"""Cues → units: the stretches of a cue that one speaker says, told apart by voices, marks and names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transforms.records import Word
from transforms.text import ends_sentence, join_lines, join_words
from transforms.transcripts.cue_names import label_of, may_have_label
from transforms.transcripts.cue_words import cue_words, is_unspaced
from transforms.transcripts.cues import Cue, Row

_CHANGE = re.compile(r"(?:(?<=\s)|^)(>{2,3})\s*")
_DASH = re.compile(r"([-‐–—])\s+(?=\S)|([-‐])(?=[^\W\d_]|[\[(\"“'¿¡♪])")
_BREAKS_OFF = ("-", "–", "—", ":", ",", "]", ")", "♪")


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


def units_of(cue: Cue, known: frozenset[str]) -> list[Unit]:
    """Cut a cue where its speaker changes; `known` are the labels that begin a cue of the file."""
    units: list[Unit] = []
    texts: list[list[str]] = []
    before = ""
    dashed = bool(cue.rows) and _DASH.match(cue.rows[0].text) is not None
    for row in cue.rows:
        for mark, text in _marked(row):
            # a small letter goes on: the dash is one of the sentence
            is_change = mark.startswith(">") or (
                bool(mark) and (dashed or _is_finished(before)) and not text[:1].islower()
            )
            if units and not mark and units[-1].voice == row.voice and not _begins(text, before, known):
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


def _begins(text: str, before: str, known: frozenset[str]) -> bool:
    """Tell whether a further row of a cue begins with a name, not with a word that the line break put there."""
    label = label_of(text) if may_have_label(text) else None
    return label is not None and (_is_finished(before) or label.isupper() or label in known)


def _is_finished(text: str) -> bool:
    return not text or ends_sentence(text) or text.endswith(_BREAKS_OFF)


def _share_words(units: Sequence[Unit], words: tuple[Word, ...]) -> None:
    """Give each unit its words; where they are not the words of the text, only a lone unit has them."""
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
