"""The rows of transcripts that tell of each other: published text with seconds of the audio, voices with names.

A row is a staged document as a dictionary; its lists hold dictionaries of the columns of the warehouse's tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, groupby
from typing import Any

from transforms.alignment import AlignedWord, Alignment
from transforms.alignment.error_rates.judging import Written, judge, said_by, together
from transforms.alignment.error_rates.voice_errors import voice_errors
from transforms.alignment.naming import Naming, label_errors, name_labels
from transforms.alignment.parting import Part, part
from transforms.introductions import Introductions
from transforms.introductions.name_cues import Utterance
from transforms.introductions.spoken_names import is_one_person
from transforms.records import Seconds, SpeakerSegment, Word
from transforms.text import join_lines
from transforms.voices.person import VOICE, Identity

Row = dict[str, Any]

OTHER_AUDIO = "other_audio"
LEAST_COMMON = 0.15  # share of the words that align, below which a text is of other audio; of strangers 0.001 do
LITTLE_ALIGNED = "little_aligned"  # of this audio or not: nobody can tell
PARTIAL_TEXT = "partial_text"
OTHER_LANGUAGE = "other_language"
LEAST_COVERED = 0.5  # share of what was heard that a text has, below which it is but a part
SAME_CLOCK: Seconds = 2.0  # a text whose own times are not farther off than this is of the same audio
LEAST_ON_CLOCK = 0.8  # share of its turns that are not
CLEAR_LEAD = 0.1  # by which a text fits better than another one, so that its names count against those
LEAST_TIMED = 0.3  # share of the words of a turn that have a time, before the turn has one


@dataclass(frozen=True, slots=True)
class Name:
    """What a voice is called, how that was found (`aligned`, `introduced`, `voice`, `user`), and how sure."""

    name: str
    source: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reference:
    """A published text that was aligned with what was heard, and the voices that it names."""

    transcript_id: str
    alignment: Alignment
    written: tuple[Written, ...]
    named: Mapping[str, Naming]
    named_words: int
    misnamed_words: int


def words_of(row: Row) -> list[str]:
    """Return the words of a published text: as it gives them, else as its turns are written."""
    return [word["word"] for word in _own_words(row)]


def heard_words(row: Row) -> list[Word]:
    """Return the words of a transcript of our own, with the labels of their voices."""
    return [
        Word(w["word"], w["start_time"], w["end_time"], w["probability"], w["speaker_label"], w["speaker_margin"])
        for w in row["words"]
    ]


def utterances_of(row: Row) -> list[Utterance]:
    """Return the turns of a transcript of our own as what is said in them; its words are those of its turns."""
    words = [word["word"] for word in row["words"]]
    return [
        Utterance(
            turn["turn_index"],
            turn["speaker_label"],
            tuple(words[first : first + turn["word_count"]]),
            first,
            turn["start_time"] or 0.0,
            turn["end_time"] or 0.0,
        )
        for turn, first in zip(row["turns"], _firsts(row["turns"]), strict=True)
    ]


def translated(row: Row) -> Row:
    """Say of a published text that it is in another language than was heard: nothing of it can be compared."""
    flags = [*row["transcript"]["flags"], OTHER_LANGUAGE]
    return {**row, "transcript": {**row["transcript"], "flags": flags}}


def evidenced(
    row: Row,
    names: Mapping[str, Name],
    found: Introductions,
    references: Sequence[tuple[Reference, Mapping[str, Name]]],
) -> Row:
    """Say what the names of voices rest on: sentences, and of a text the longest turn that it gives to the person.

    `found` are the introductions, `references` the texts with the names that they give; a user needs none.
    """
    is_introduced = {label for label, name in names.items() if name.source == "introduced"}
    said = [asdict(one) for one in found.evidence if one.speaker_label in is_introduced]
    for label, name in sorted(names.items()):
        if name.source == "aligned":
            text = next(one for one, of in references if of.get(label) == name)
            said.append(_longest_turn(row, label, name, text))
    return {**row, "name_evidence": [{"evidence_index": n, **one} for n, one in enumerate(said)]}


def _longest_turn(row: Row, label: str, name: Name, text: Reference) -> Row:
    """Return the turn of a voice of which a text gives most words to its person."""
    speaker = text.named[label].speaker
    places = [o.found.heard for o in text.written if o.speaker == speaker and o.found.heard is not None]
    words = [row["words"][place] for place in places]
    counts = Counter(word["turn_index"] for word in words if word["speaker_label"] == label)
    longest = max(counts, key=lambda index: (counts[index], -index))
    pairs = zip(row["turns"], _firsts(row["turns"]), strict=True)
    turn, first = next(pair for pair in pairs if pair[0]["turn_index"] == longest)
    return {
        "kind": "aligned",
        "speaker_label": label,
        "speaker_name": name.name,
        "weight": name.confidence,
        "turn_index": longest,
        "first_word": first,
        "word_count": turn["word_count"],
        "quote": turn["text"],
    }


def names_said(found: Introductions) -> dict[str, Name]:
    """Return what voices are called by the words of the episode itself."""
    return {one.speaker_label: Name(one.speaker_name, "introduced", one.confidence) for one in found.names}


def reference(text: Row, alignment: Alignment, voices: Sequence[str | None]) -> Reference:
    """Find out which voices a published text names; `voices` are the labels of the words that were heard."""
    speakers = (turn["speaker_label"] for turn in _turn_of_each(text["turns"]))
    written = tuple(map(Written, words_of(text), speakers, alignment.words))
    pairs = [
        (voice, one.speaker)
        for one in written
        if one.found.heard is not None and one.speaker and (voice := voices[one.found.heard])
    ]
    named = name_labels(pairs) if alignment.is_match else {}
    return Reference(text["transcript"]["transcript_id"], alignment, written, named, *label_errors(pairs, named))


def names_by(text: Row, found: Reference) -> dict[str, Name]:
    """Return what voices are called by a published text; a speaker that it only numbers gives no name."""
    names = {one["speaker_label"]: one["speaker_name"] for one in text["speakers"] or ()}
    names |= {turn["speaker_label"]: turn["speaker_name"] for turn in text["turns"] if turn["speaker_name"]}
    return {
        label: Name(names[naming.speaker], "aligned", naming.confidence)
        for label, naming in found.named.items()
        if names.get(naming.speaker)
    }


def agreed(names: Sequence[tuple[Mapping[str, Name], float]]) -> dict[str, Name]:
    """Bring the names of several texts together, each with the share of it that aligns: the best one counts.

    Where another that fits about as well calls a voice otherwise, nobody can tell: it has no name.
    """
    best = sorted(names, key=lambda one: -one[1])
    found: dict[str, Name] = {}
    for label in dict.fromkeys(label for of, _ in best for label in of):
        (first, share), *others = [(of[label], share) for of, share in best if label in of]
        if all(share - other > CLEAR_LEAD or is_one_person(first.name, one.name) for one, other in others):
            found[label] = first
    return found


def named(row: Row, names: Mapping[str, Name]) -> Row:
    """Give the turns of voices that have a name that name."""
    return {**row, "turns": [_named(turn, names) for turn in row["turns"]]}


def identified(row: Row, persons: Mapping[str, Identity]) -> Row:
    """Say of the turns of voices whose they are, by label."""
    ids = {label: one.speaker_id for label, one in persons.items()}
    return {**row, "turns": [{**turn, "speaker_id": ids.get(turn["speaker_label"])} for turn in row["turns"]]}


def with_voices(row: Row, persons: Mapping[str, Identity]) -> Row:
    """Say whose the voices of a transcript of our own are, and what that rests on."""
    voices = [{"speaker_label": label, **asdict(one)} for label, one in sorted(persons.items())]
    return {**identified(row, persons), "voices": voices}


def names_of(persons: Mapping[str, Identity]) -> dict[str, Name]:
    """Return what voices are called that were found by their sound."""
    return {
        label: Name(one.speaker_name, VOICE, one.confidence or 0.0)
        for label, one in persons.items()
        if one.speaker_name and one.name_source == VOICE
    }


def judged(row: Row, references: Sequence[Reference]) -> Row:
    """Say how wrong a transcript of our own was, by each published text."""
    return {**row, "evals": [_eval(row, one) for one in references]}


def aligned(row: Row, heard_id: str, alignment: Alignment, voices: Sequence[str | None]) -> Row:
    """Put a published text on the clock of what was heard as `heard_id`, and give it the voices that it lacks.

    A text of other audio, or one of which nobody can tell, stays as it is, but for a flag. Times that it brings
    stay where they are on the same clock.
    """
    told = {**row["transcript"], "aligned_to": heard_id, "aligned_share": alignment.share}
    told["flags"] = [*told["flags"], *_doubts(alignment)]
    if not alignment.is_match:
        return {**row, "transcript": told}
    words, found = _own_words(row), alignment.words
    on_clock = _is_on_clock(row["turns"], found)
    parted = _parted(row, words, alignment, voices)
    turns = [
        _timed(turn, found[first : first + turn["word_count"]], on_clock=on_clock)
        for turn, first in zip(parted["turns"], _firsts(parted["turns"]), strict=True)
    ]
    return {
        **parted,
        "transcript": told,
        "turns": turns,
        "words": [
            _word(word, index, turn, time, on_clock=on_clock)
            for index, (word, turn, time) in enumerate(zip(words, _turn_of_each(turns), found, strict=True))
        ],
        "chapters": [_opened(chapter, turns, on_clock=on_clock) for chapter in row["chapters"]],
        "gaps": [{"gap_index": number, **asdict(gap)} for number, gap in enumerate(alignment.gaps)],
    }


def compared(row: Row, other_id: str, alignment: Alignment) -> Row:
    """Say which seconds of some audio another file of the episode lacks, by what was heard of it as `other_id`."""
    if not alignment.is_match:
        return row
    only_here = [gap for gap in alignment.gaps if gap.kind == "audio" and gap.word_count]  # both may have music
    gaps = [{"gap_index": number, "other_id": other_id, **asdict(gap)} for number, gap in enumerate(only_here)]
    return {**row, "gaps": gaps}


def _doubts(alignment: Alignment) -> list[str]:
    """Name what speaks against reading a text instead of what was heard."""
    if alignment.share < LEAST_COMMON:
        return [OTHER_AUDIO]
    if not alignment.is_match:
        return [LITTLE_ALIGNED]
    return [PARTIAL_TEXT] if alignment.heard_share < LEAST_COVERED else []


def _named(turn: Row, names: Mapping[str, Name]) -> Row:
    name = names.get(turn["speaker_label"])
    if name is None:
        return turn
    known = {"speaker_name": name.name, "name_source": name.source, "name_confidence": name.confidence}
    return {**turn, **known}


def _eval(row: Row, one: Reference) -> Row:
    errors = one.alignment.errors
    segments = [
        SpeakerSegment(s["start_time"], s["end_time"], s["speaker_label"]) for s in row["speaker_segments"]
    ]
    found = judge(one.written, heard_words(row), segments, row["transcript"]["language"])
    voices = voice_errors(said_by(one.written), together(one.written), segments) if segments else None
    return {
        **asdict(errors),
        **asdict(found),
        "reference_id": one.transcript_id,
        "wer": errors.rate,
        "aligned_wer": errors.aligned_rate,
        "aligned_share": _rate(errors.aligned_words, errors.words),
        "cpwer": _rate(found.cp_errors, found.cp_words),
        "tcpwer": _rate(found.tcp_errors, found.cp_words),
        "aligned_cpwer": _rate(found.aligned_cp_errors, found.aligned_cp_words),
        "aligned_tcpwer": _rate(found.aligned_tcp_errors, found.aligned_cp_words),
        "reference_share": one.alignment.text_share,
        "share": one.alignment.heard_share,
        "named_words": one.named_words,
        "misnamed_words": one.misnamed_words,
        "label_error": _rate(one.misnamed_words, one.named_words),
        "speech_seconds": voices.speech if voices else None,
        "voice_error_seconds": voices.errors if voices else None,
        "der": voices.rate if voices else None,
    }


def _rate(errors: int | None, words: int) -> float | None:
    return round(errors / words, 4) if words and errors is not None else None


def _own_words(row: Row) -> list[Row]:
    """Return the words of a published text, each with the turn that it is in."""
    return row["words"] or [
        {"word": word, "turn_index": turn["turn_index"], "speaker_label": turn["speaker_label"]}
        for turn in row["turns"]
        for word in turn["text"].split()
    ]


def _parted(row: Row, words: list[Row], alignment: Alignment, voices: Sequence[str | None]) -> Row:
    """Give a text that names nobody the voices that its words were heard as, and the turns of these."""
    blocks = {turn["turn_index"]: turn for turn in row["turns"]}
    if any(turn["speaker_label"] for turn in row["turns"]):
        return row
    labels = [voices[found.heard] if found.heard is not None else None for found in alignment.words]
    numbers = [word["turn_index"] for word in words]
    parts = part([w["word"] for w in words], numbers, labels, [blocks[n]["chapter_index"] for n in numbers])
    if parts is None:
        return row
    turns = [_turn_of(one, index, words, blocks) for index, one in enumerate(parts)]
    of_each = (turn["turn_index"] for turn in _turn_of_each(turns))
    new = dict(zip(numbers, of_each, strict=True))  # the last part of each block
    return {
        **row,
        "turns": turns,
        "events": [{**e, "turn_index": new.get(e["turn_index"])} for e in row["events"]],
    }


def _turn_of(one: Part, index: int, words: Sequence[Row], blocks: Mapping[int, Row]) -> Row:
    """Return the turn that a part becomes: with the times, and the text as it is, of blocks that it has whole."""
    behind = one.first_word + one.word_count
    inside = words[one.first_word : behind]
    first, last = blocks[one.block], blocks[inside[-1]["turn_index"]]
    is_from_start = _block_of(words, one.first_word - 1) != first["turn_index"]
    is_to_end = _block_of(words, behind) != last["turn_index"]
    is_one_block = is_from_start and is_to_end and first is last
    return {
        **first,
        "turn_index": index,
        "speaker_label": one.speaker,
        "start_time": first["start_time"] if is_from_start else None,
        "end_time": last["end_time"] if is_to_end else None,
        "text": last["text"] if is_one_block else _text(inside),
        "word_count": len(inside),
        "boundary": "speaker" if one.speaker else last["boundary"],
    }


def _block_of(words: Sequence[Row], place: int) -> int | None:
    """Return the block of a word; `None` before the first and behind the last."""
    return words[place]["turn_index"] if 0 <= place < len(words) else None


def _text(words: Sequence[Row]) -> str:
    """Write words as one text, the lines of cues and paragraphs joined as that language joins them."""
    blocks = groupby(words, key=lambda word: word["turn_index"])
    return join_lines(" ".join(word["word"] for word in block) for _, block in blocks)


def _turn_of_each(turns: Sequence[Row]) -> Iterator[Row]:
    """Yield the turn of each word."""
    for turn in turns:
        yield from [turn] * turn["word_count"]


def _firsts(turns: Sequence[Row]) -> list[int]:
    """Return the place of the first word of each turn."""
    return list(accumulate((turn["word_count"] for turn in turns), initial=0))[:-1]


def _is_on_clock(turns: Sequence[Row], words: Sequence[AlignedWord]) -> bool:
    """Check whether the times that a text brings are those of the audio: another edition has other ads."""
    apart = [
        abs(turn["start_time"] - start)
        for turn, first in zip(turns, _firsts(turns), strict=True)
        if turn["start_time"] is not None and turn["word_count"] and (start := words[first].start_time) is not None
    ]
    return not apart or sum(off <= SAME_CLOCK for off in apart) >= LEAST_ON_CLOCK * len(apart)


def _timed(turn: Row, words: Sequence[AlignedWord], *, on_clock: bool) -> Row:
    """Give a turn the times of its words, unless it has times of its own on the same clock."""
    if on_clock and turn["start_time"] is not None and turn["end_time"] is not None:
        return turn
    known = [word for word in words if word.start_time is not None]
    if len(known) < max(1, LEAST_TIMED * len(words)):
        return turn if on_clock else {**turn, "start_time": None, "end_time": None, "time_source": None}
    run = max(_forward(known), key=len)
    ends = [word.end_time for word in run if word.end_time is not None]
    return {
        **turn,
        "start_time": run[0].start_time,
        "end_time": max(ends),
        "time_source": "aligned" if _has_sure_ends(run, words) else "interpolated",
    }


def _has_sure_ends(run: Sequence[AlignedWord], words: Sequence[AlignedWord]) -> bool:
    """Check whether a run goes from the first word to the last, and both were heard."""
    is_whole = run[0] is words[0] and run[-1] is words[-1]
    return is_whole and all(word.time_source == "aligned" for word in (run[0], run[-1]))


def _forward(words: Sequence[AlignedWord]) -> Iterator[list[AlignedWord]]:
    """Yield runs of words in which the time does not go back: elsewhere a passage was moved."""
    run: list[AlignedWord] = []
    for word in words:
        if run and (word.start_time or 0.0) < (run[-1].start_time or 0.0):
            yield run
            run = []
        run.append(word)
    yield run


def _word(word: Row, index: int, turn: Row, found: AlignedWord, *, on_clock: bool) -> Row:
    """Return the row of a word: with its own times where they are on the same clock, else those found."""
    placed = {
        **word,
        "word_index": index,
        "turn_index": turn["turn_index"],
        "speaker_label": turn["speaker_label"],
    }
    if on_clock and word.get("start_time") is not None:
        return placed
    times = {"start_time": found.start_time, "end_time": found.end_time, "time_source": found.time_source}
    return {**placed, **times, "time_confidence": found.confidence}


def _opened(chapter: Row, turns: Sequence[Row], *, on_clock: bool) -> Row:
    """Give a chapter the time of the turn that it begins with."""
    if on_clock and chapter["start_time"] is not None:
        return chapter
    first = next((turn for turn in turns if turn["chapter_index"] == chapter["chapter_index"]), None)
    return {**chapter, "start_time": first["start_time"] if first else None, "end_time": None}
