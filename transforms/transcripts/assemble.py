"""Pieces → turns, chapters, sections, events: the same way for all formats."""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from transforms.records import (
    Chapter,
    Seconds,
    Section,
    SoundEvent,
    Speaker,
    SpeakerSegment,
    Turn,
    Word,
    time_source,
)
from transforms.speech.attribute import overlap_seconds
from transforms.text import ends_sentence, join_lines
from transforms.transcripts.document import NO_SPEECH, Draft, Piece
from transforms.transcripts.grammar.choose import Grammar
from transforms.transcripts.labels.names import first_name_first, is_nobody, is_sound, split_sounds
from transforms.transcripts.labels.people import join_variants
from transforms.turns import OVERLAP_SECONDS, shared

_NAMED = 0.5  # share of the turns with a name or a time, from which on a text has them
_TIMED = 0.9
# Words that two clocks measured may begin a little before the one they follow.
BACK_SECONDS = 0.05
SURE_LABELS = 0.93  # confidence in who speaks below which it is flagged
# What may have been speech and is in no turn.
_ABOVE = frozenset((("metadata", "description"), ("metadata", "subtitle")))
_BESIDE = _ABOVE | {("dropped", "behind the transcript")}
_MAY_BE_SAID = frozenset((("dropped", "behind the transcript"), ("dropped", "row of one column")))
_WHO_SPEAK = frozenset(("speakers", "guest", "host"))
_BEGUN = re.compile(r"([^.:–—]{1,60}?)\s*(?:[.:]|\s[-–—])\s")
A_PARAGRAPH = 200  # characters
LONG_BESIDE, BESIDE_TURNS = 1_000, 2  # characters above the turns that are no turns; the turns, measured by them
LEFT_OUT = 10  # times what may be said and was dropped is to be in turns
_BRACKETED = re.compile(r"\s*\[[^\[\]]*\]\s*")
_UNSPACED_END = re.compile(r"(?<=[。！？])(?![」』）”’。！？])")
_ABBREVIATIONS = frozenset("dr. mr. mrs. ms. prof. st. jr. sr. vs. e.g. i.e. etc. no. u.s. a.m. p.m.".split())


Group = tuple[list[Piece], int | None, bool]  # what makes a turn, its chapter, and whether it opens that


@dataclass(frozen=True, slots=True)
class Published:
    """A published text as records. `metadata` are names and texts in their order.

    `parse_coverage` is the share of the input's words that are in a turn, a chapter, a section, an event or metadata.
    `parse_confidence` says how sure it is who speaks, from 0 to 1; `None` where the format itself says it.
    """

    source: str
    metadata: tuple[tuple[str, str], ...]
    speakers: tuple[Speaker, ...]
    turns: tuple[Turn, ...]
    words: tuple[Word, ...]
    chapters: tuple[Chapter, ...]
    sections: tuple[Section, ...]
    events: tuple[SoundEvent, ...]
    parse_coverage: float
    flags: tuple[str, ...]
    format: str = ""
    parse_confidence: float | None = None

    @property
    def has_names(self) -> bool:
        """Check whether most of the turns have a name."""
        named = sum(turn.speaker_name is not None for turn in self.turns)
        return bool(self.turns) and named >= _NAMED * len(self.turns)

    @property
    def has_times(self) -> bool:
        """Check whether nearly all turns have times, and not only those of their chapters."""
        timed = sum(turn.start_time is not None and turn.time_source == "publisher" for turn in self.turns)
        return bool(self.turns) and timed >= _TIMED * len(self.turns)

    def known(self, name: str) -> str | None:
        """Return the first metadata of that name; `None` where there is none."""
        return next((text for key, text in self.metadata if key == name), None)


def assemble(draft: Draft) -> Published:
    """Make records of a draft: names joined, sounds taken out of the words, pieces of one speaker made one turn."""
    pieces = _tidied(draft)
    labels = Counter(piece.speaker for piece in pieces if piece.kind == "speech" and piece.speaker)
    speakers = join_variants(labels)
    chapters = _chapters(pieces)
    turns, words, events = _walk(pieces, speakers, chapters, draft)
    used = {turn.speaker for turn in turns}
    return Published(
        source=draft.source,
        metadata=tuple((p.name or "note", p.text) for p in pieces if p.kind == "metadata"),
        speakers=tuple(s for s in dict.fromkeys(speakers.values()) if s.label in used),
        turns=with_overlaps(turns, pieces, speakers),
        words=words,
        chapters=chapters,
        sections=tuple(
            Section(index, piece.name, piece.text)
            for index, piece in enumerate(p for p in pieces if p.kind == "section")
        ),
        events=events,
        parse_coverage=_coverage(draft.pieces),
        flags=tuple(sorted({*draft.flags, *_flags(draft.pieces), *_doubts(draft, turns)})),
        parse_confidence=round(draft.grammar.confidence, 4) if draft.grammar else None,
    )


def _tidied(draft: Draft) -> tuple[Piece, ...]:
    """Return the pieces with sounds and sentences apart, without labels and headings that say nothing."""
    named = map(_without_nobody, draft.pieces)
    pieces = tuple(_split_events(named, captions=draft.boundary == "cue"))
    if draft.boundary == "sentence":
        pieces = tuple(_sentences(pieces))
    if draft.grammar:
        pieces = _without_lone_heading(pieces)
    return _first_names_first(pieces, marked=draft.grammar is None)


def _without_lone_heading(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Make metadata of the one heading of all that is said, of one word: `Přepis` says Transcript, parts nothing."""
    chapters = [i for i, piece in enumerate(pieces) if piece.kind == "chapter"]
    at = chapters[0] if chapters else 0
    spoken = any(piece.kind == "speech" for piece in pieces[:at])
    if len(chapters) != 1 or spoken or pieces[at].start_time is not None or " " in pieces[at].text:
        return pieces
    return (*pieces[:at], replace(pieces[at], kind="metadata", name="heading"), *pieces[at + 1 :])


def _without_nobody(piece: Piece) -> Piece:
    """Leave out the label of somebody whom the writer did not know."""
    return replace(piece, speaker=None, opens=False) if piece.speaker and is_nobody(piece.speaker) else piece


def _first_names_first(pieces: tuple[Piece, ...], *, marked: bool) -> tuple[Piece, ...]:
    """Turn all names around where the document writes `Lee, Ann`; `marked`: its format says what is a name."""
    turned = first_name_first((p.speaker for p in pieces if p.speaker), marked=marked)
    if not turned:
        return pieces
    return tuple(replace(p, speaker=turned.get(p.speaker, p.speaker)) if p.speaker else p for p in pieces)


def _flags(pieces: Iterable[Piece]) -> Iterator[str]:
    """Flag words whose times run back within what somebody says at once."""
    for piece in pieces:
        starts = [word.start_time for word in piece.words if word.start_time is not None]
        if any(after < before - BACK_SECONDS for before, after in pairwise(starts)):
            yield "times_backwards"
            return


def _doubts(draft: Draft, turns: Sequence[Turn]) -> Iterator[str]:
    """Flag what is not sure: whether all that is said is there and, in a text for the eye, who speaks."""
    said = sum(len(turn.text) for turn in turns)
    named = any(turn.speaker for turn in turns)
    above = _length(draft, _ABOVE) if draft.grammar and named else 0
    left_out = max(_length(draft, _MAY_BE_SAID), above)
    if left_out > A_PARAGRAPH and left_out * LEFT_OUT > said:
        yield "part_left_out"
    if draft.grammar is not None:
        yield from _doubts_of_names(draft, draft.grammar, said, named=named or not turns)


def _doubts_of_names(draft: Draft, grammar: Grammar, said: int, *, named: bool) -> Iterator[str]:
    """Flag a grammar that is not sure; `said` are the characters of the turns, `named` whether they have names."""
    if grammar.confidence < SURE_LABELS or _named_inside(draft) * LEFT_OUT > said:
        yield "labels_uncertain"
    if not named:
        yield "nobody_named"
    beside = _length(draft, _BESIDE)
    if said < beside * (BESIDE_TURNS if beside > LONG_BESIDE else 1):
        yield "little_is_turns"


def _named_inside(draft: Draft) -> int:
    """Count the characters of paragraphs that begin as if one spoke whom the header lists, as `Rich. Thank you.`."""
    listed = ", ".join(p.text for p in draft.pieces if p.kind == "metadata" and p.name in _WHO_SPEAK)
    names = frozenset(filter(None, map(str.strip, listed.split(","))))
    begun = (
        (piece, _BEGUN.match(piece.text)) for piece in draft.pieces if piece.kind == "speech" and not piece.opens
    )
    return sum(len(piece.text) for piece, match in begun if match and match[1] in names)


def _length(draft: Draft, kinds: frozenset[tuple[str, str]]) -> int:
    """Count the characters of the pieces of some kinds."""
    return sum(len(p.text) for p in draft.pieces if (p.kind, p.name) in kinds)


def _split_events(pieces: Iterable[Piece], *, captions: bool) -> Iterator[Piece]:
    """Take what is heard but not said out of the speech; a caption that is all in brackets is such a sound."""
    for piece in pieces:
        if piece.kind != "speech" or not re.search(r"[\[(（【［〔♪♫]", piece.text):
            yield piece
        elif captions and _BRACKETED.fullmatch(piece.text):
            yield replace(piece, kind="event", text=piece.text.strip(), words=())
        else:
            text, sounds = split_sounds(piece.text)
            spoken = any(c.isalnum() for c in text)
            if spoken:
                yield replace(
                    piece, text=text, words=_without_sounds(piece.words, text) if sounds else piece.words
                )
            for sound in sounds:
                yield replace(piece, kind="event", text=sound, words=(), opens=piece.opens and not spoken)


def _without_sounds(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """Leave out the words that are sounds; what is left must be the text, else no word is sure."""
    spoken = tuple(word for word in words if not is_sound(word.word.strip()))
    return spoken if " ".join(word.word for word in spoken).split() == text.split() else ()


def _sentences(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Join the speech of nobody over its lines, and cut it where sentences end."""
    open_: list[tuple[Piece, str, Word | None]] = []
    for piece in pieces:
        if piece.kind != "speech" or piece.speaker is not None:
            if open_ and piece.kind in ("chapter", "speech"):
                yield _sentence(open_)
                open_ = []
            yield piece
            continue
        tokens = [part for token in piece.text.split() for part in _UNSPACED_END.split(token) if part]
        words = piece.words if len(piece.words) == len(tokens) else (None,) * len(tokens)
        for token, word in zip(tokens, words, strict=True):
            open_.append((piece, token, word))
            if ends_sentence(token) and token.lower() not in _ABBREVIATIONS:
                yield _sentence(open_)
                open_ = []
    if open_:
        yield _sentence(open_)


def _sentence(tokens: Sequence[tuple[Piece, str, Word | None]]) -> Piece:
    words = tuple(word for _, _, word in tokens if word is not None)
    whole = len(words) == len(tokens)
    first, last = tokens[0], tokens[-1]
    return replace(
        first[0],
        text=join_lines(token for _, token, _ in tokens),
        words=words if whole else (),
        start_time=words[0].start_time if whole else first[0].start_time,
        end_time=words[-1].end_time if whole else last[0].end_time,
    )


def _chapters(pieces: Sequence[Piece]) -> tuple[Chapter, ...]:
    """Number the chapters in the order of their times; one that is listed above and stands in place is one."""
    seen: dict[str, Piece] = {}
    for piece in pieces:
        if piece.kind == "chapter":
            known = seen.get(_title(piece.text))
            if known is None or known.start_time is None:
                seen[_title(piece.text)] = piece
    return tuple(Chapter(index, piece.text, piece.start_time, None) for index, piece in enumerate(seen.values()))


def _title(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())) or text


def _walk(
    pieces: Sequence[Piece], speakers: dict[str, Speaker], chapters: Sequence[Chapter], draft: Draft
) -> tuple[tuple[Turn, ...], tuple[Word, ...], tuple[SoundEvent, ...]]:
    """Make turns of the speech, in the order of the text, with their words and the events between them."""
    groups, events = _grouped(pieces, speakers, chapters)
    times = {c.chapter_index: c.start_time for c in chapters}
    has_words = any(piece.words for piece in pieces)
    turns: list[Turn] = []
    words: list[Word] = []
    for said, index, opens in groups:
        own = [word for piece in said for word in _words(piece, speakers)] if has_words else []
        start = times.get(index) if opens and index is not None else None
        turns.append(_turn(len(turns), said, speakers, draft, index, start, len(words), len(own)))
        words.extend(own)
    return tuple(turns), tuple(words), events


def _grouped(
    pieces: Sequence[Piece], speakers: dict[str, Speaker], chapters: Sequence[Chapter]
) -> tuple[list[Group], tuple[SoundEvent, ...]]:
    """Group the pieces of each turn, with the chapter it is in and whether it opens that; and list the events."""
    numbers = {_title(chapter.title): chapter.chapter_index for chapter in chapters}
    groups: list[Group] = []
    events: list[SoundEvent] = []
    chapter: int | None = None
    opens_chapter = broken = True
    for piece in pieces:
        if piece.kind == "chapter":
            chapter, opens_chapter, broken = numbers[_title(piece.text)], True, True
        elif piece.kind == "event":
            events.append(
                SoundEvent(len(events), len(groups) - 1 if groups else None, piece.text, piece.start_time)
            )
            broken = broken or piece.opens
        elif piece.kind == "speech":
            if groups and _goes_on(groups[-1][0][-1], piece, speakers, broken=broken):
                groups[-1][0].append(piece)
            else:
                groups.append(([piece], chapter, opens_chapter))
            opens_chapter = broken = False
    return groups, tuple(events)


def _goes_on(before: Piece, piece: Piece, speakers: dict[str, Speaker], *, broken: bool) -> bool:
    if before.speaker is None or piece.speaker is None:
        return False
    return speakers[before.speaker].label == speakers[piece.speaker].label and not (broken and piece.opens)


def _words(piece: Piece, speakers: dict[str, Speaker]) -> list[Word]:
    label = speakers[piece.speaker].label if piece.speaker else None
    if piece.words:
        return [replace(word, speaker=label) for word in piece.words]
    return [Word(token, None, None, None, label, None) for token in piece.text.split()]


def _turn(
    index: int,
    said: Sequence[Piece],
    speakers: dict[str, Speaker],
    draft: Draft,
    chapter: int | None,
    chapter_start: float | None,
    first_word: int,
    word_count: int,
) -> Turn:
    speaker = speakers[said[0].speaker] if said[0].speaker else None
    start, end, source = _span(said, chapter_start, time_source(draft.source))
    lines = [piece.text for piece in said]
    text = "\n".join(lines) if draft.boundary == "paragraph" else join_lines(lines)
    return Turn(
        turn_index=index,
        speaker=speaker.label if speaker else None,
        start_time=start,
        end_time=end,
        text=text,
        first_word=first_word,
        word_count=word_count or len(text.split()),
        boundary="speaker" if speaker else draft.boundary,
        is_overlap=None,
        speaker_margin=None,
        mean_probability=None,
        speaker_name=speaker.name if speaker else None,
        name_source="publisher" if speaker and speaker.name else None,
        chapter_index=chapter,
        time_source=source,
    )


def _span(
    said: Sequence[Piece], chapter_start: float | None, source: str
) -> tuple[float | None, float | None, str | None]:
    """Return when a turn starts and ends, and who says so: its own text, or the chapter that it opens."""
    start, who = said[0].start_time, source
    if start is None:
        start, who = chapter_start, "chapter"
    last = max((piece.end_time for piece in said if piece.end_time is not None), default=None)
    if start is None:
        return None, None, None
    return start, last if last is not None and last >= start else None, who


def _coverage(pieces: Sequence[Piece]) -> float:
    """Share of the words that are kept, of those that may be speech; 1 for a text without words."""
    counts = {True: 0, False: 0}
    for piece in pieces:
        if piece.kind == "dropped" and piece.name in NO_SPEECH:
            continue
        counts[piece.kind != "dropped"] += len(piece.text.split())
    whole = sum(counts.values())
    return round(counts[True] / whole, 6) if whole else 1.0


# Whether somebody else speaks meanwhile, by the times that a published text gives.


def with_overlaps(
    turns: Sequence[Turn], pieces: Sequence[Piece], speakers: Mapping[str, Speaker]
) -> tuple[Turn, ...]:
    """Say of each turn with both times whether another named speaker is heard in it, as for recognised turns.

    Where some speech has no name or no times, only what overlaps is known, not what does not.
    """
    speech = [piece for piece in pieces if piece.kind == "speech"]
    voices = _voices(speech, speakers)
    if not voices:
        return tuple(turns)
    whole = all(p.speaker and p.start_time is not None and p.end_time is not None for p in speech)
    stretches = overlap_seconds(voices)
    starts, ends = [since for since, _ in stretches], [until for _, until in stretches]

    def judged(turn: Turn) -> Turn:
        start, end = turn.start_time, turn.end_time
        if turn.speaker is None or turn.time_source == "chapter" or start is None or end is None:
            return turn
        near = stretches[bisect.bisect_right(ends, start) : bisect.bisect_left(starts, end)]
        overlaps = shared(start, end, near) >= OVERLAP_SECONDS
        return replace(turn, is_overlap=overlaps if overlaps or whole else None)

    return tuple(map(judged, turns))


def _voices(speech: Sequence[Piece], speakers: Mapping[str, Speaker]) -> list[SpeakerSegment]:
    """List when each speaker is heard: pieces that touch are one."""
    of: defaultdict[str, list[tuple[Seconds, Seconds]]] = defaultdict(list)
    for piece in speech:
        start, end = piece.start_time, piece.end_time
        if piece.speaker and start is not None and end is not None and start <= end:
            of[speakers[piece.speaker].label].append((start, end))
    voices = []
    for label, spans in of.items():
        spans.sort()
        since, until = spans[0]
        for start, end in spans[1:]:
            if start > until:
                voices.append(SpeakerSegment(since, until, label))
                since = start
            until = max(until, end)
        voices.append(SpeakerSegment(since, until, label))
    return voices
