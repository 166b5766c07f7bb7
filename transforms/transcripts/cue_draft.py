"""Cues → a draft: who says what in which turn, the same way for all formats of captions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from transforms.records import TranscriptSource
from transforms.transcripts.cue_names import first_name_first, label_of, may_have_label, named_cues
from transforms.transcripts.cue_rolling import rolls, unroll
from transforms.transcripts.cue_units import Unit, units_of
from transforms.transcripts.cue_words import is_punctuated
from transforms.transcripts.cues import Clock, Cue, Item
from transforms.transcripts.document import Boundary, Draft, Piece
from transforms.transcripts.names import clean, is_generic, likeness


def cue_draft(
    items: Sequence[Item],
    clock: Clock,
    *,
    source: TranscriptSource | None = None,
    overlaps: bool = True,
) -> Draft:
    """Make a draft of cues and what stands between them; names are searched where no markup names a voice."""
    cues = [item for item in items if isinstance(item, Cue)]
    rolling = rolls(cues)
    for cue in cues:
        cue.start_time, cue.end_time = clock.check(cue.start_time, cue.end_time, overlaps=overlaps and not rolling)
    if rolling:
        unroll(cues)
    else:
        _name_rows(cues)
    voiced = any(row.voice for cue in cues for row in cue.rows)
    units = _units(cues, frozenset() if voiced else _first_labels(cues))
    speech = [unit for cue in cues for unit in units[id(cue)]]
    names = [_voiced(unit) for unit in speech] if voiced else named_cues([unit.text for unit in speech])
    pieces = _first_names_first(_pieces(items, units, iter(names), voiced=voiced), marked=voiced)
    return Draft(
        pieces=tuple(pieces),
        boundary=_boundary(speech),
        source=source or _source(pieces),
        flags=tuple(sorted(clock.flags)),
    )


def _units(cues: Iterable[Cue], known: frozenset[str]) -> dict[int, list[Unit]]:
    """Part each cue into what is said in one go, by the id of the cue."""
    return {id(cue): units_of(cue, known) for cue in cues}


def _name_rows(cues: Iterable[Cue]) -> None:
    """Set names off by a colon where most cues have one on a row of its own, which comes back."""
    shown = [cue for cue in cues if cue.rows]
    heads = [cue for cue in shown if len(cue.rows) > 1 and not (cue.rows[0].chunks or cue.rows[0].voice)]
    names = _row_names(Counter(cue.rows[0].text for cue in heads))
    named = [cue for cue in heads if cue.rows[0].text in names]
    if len(names) < 2 or len(named) == len(names) or len(named) * 2 <= len(shown):
        return
    for cue in named:
        cue.rows[0] = replace(cue.rows[0], text=f"{cue.rows[0].text}:")


def _row_names(counts: Mapping[str, int]) -> set[str]:
    """Return the rows that look like names, or may be names and come back."""
    found = (text for text in counts if text[-1].isalnum())
    return {text for text in found if likeness(clean(text)[0]) + (counts[text] > 1) > 1}


def _voiced(unit: Unit) -> tuple[str | None, str]:
    """Take the name of the voice from its text, where it stands there once more."""
    name, colon, text = unit.text.partition(":")
    if colon and unit.voice and name.strip().casefold() == unit.voice.casefold():
        return unit.voice, text.strip()
    return None, unit.text


def _first_names_first(pieces: list[Piece], *, marked: bool) -> list[Piece]:
    turned = first_name_first(dict.fromkeys(p.speaker for p in pieces if p.speaker), marked=marked)
    if not turned:
        return pieces
    return [replace(p, speaker=turned.get(p.speaker, p.speaker)) if p.speaker else p for p in pieces]


def _first_labels(cues: Iterable[Cue]) -> frozenset[str]:
    return frozenset(
        label
        for cue in cues
        if cue.rows and may_have_label(cue.rows[0].text.lstrip(">- "))
        for label in [label_of(cue.rows[0].text.lstrip(">- "))]
        if label
    )


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
