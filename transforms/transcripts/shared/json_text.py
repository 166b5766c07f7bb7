"""What the JSON formats share: text out of any value, metadata, words joined to sentences."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any

from transforms.errors import ContentError
from transforms.languages import language_tag
from transforms.records import Seconds, TranscriptSource, Word
from transforms.text import UNSPACED, ends_sentence, is_punctuated, join_words
from transforms.transcripts.captions.cue_names import named_cues
from transforms.transcripts.captions.cue_speakers import glue, is_unspaced
from transforms.transcripts.captions.cues import Chunk, Clock, read_rows, resolve
from transforms.transcripts.document import Boundary, Draft, Piece, Text
from transforms.transcripts.labels.names import is_nobody

# How programs write that there is nothing; in text for the eye, Nan is a name.
_NUMBER = re.compile(r"(-?)(\d{1,9})(?:\.0)?")
_NOTHING = frozenset(("<na>", "none", "null", "nan", "undefined"))
# Deeper and further it is no description of the document.
_DEEPEST = 4
_MOST_METADATA = 200
_SHOWN = 200  # characters of a broken segment
_METADATA_NAMES = {
    "language_code": "language",
    "detected_language": "language",
    "params.language": "language",
    "speech_model": "model",
    "model_name": "model",
}


def document(text: Text, kind: type[Any] | UnionType, about: str) -> Any:
    """Return the JSON of a text, which must be an object or a list, as `kind` says.

    Raises:
        ContentError: it is broken or something else.
    """
    if text.json is None:
        msg = f"the {about} is no complete JSON"
        raise ContentError(msg)
    if not isinstance(text.json, kind):
        wanted = "an object" if kind is dict else "a list" if kind is list else "an object or a list"
        msg = f"the {about} must be {wanted}"
        raise ContentError(msg)
    return text.json


def first_objects(value: object, count: int | None = 20) -> list[dict[str, Any]]:
    """Return the objects among the first items of a list; `None` counts all."""
    return [item for item in value[:count] if isinstance(item, dict)] if isinstance(value, list) else []


def is_rows(value: object, length: int) -> bool:
    """Check for a list of lists of that length."""
    return isinstance(value, list) and bool(value) and all(isinstance(r, list) and len(r) == length for r in value)


def objects(value: object, dropped: list[Piece]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a list with their places from 1; what is none goes to `dropped`."""
    for line, item in enumerate(value if isinstance(value, list) else [], start=1):
        if isinstance(item, dict):
            yield line, item
        else:
            dropped.append(Piece(line, "dropped", string(json.dumps(item))[:_SHOWN], name="segment is no object"))


def has_text(line: int, value: object, dropped: list[Piece]) -> bool:
    """Check whether a segment has text; what is there instead of it goes to `dropped`."""
    if isinstance(value, dict | list | bool):
        dropped.append(Piece(line, "dropped", string(json.dumps(value))[:_SHOWN], name="text is no string"))
        return False
    if value is None:
        dropped.append(Piece(line, "dropped", "", name="segment without text"))
    return bool(string(value))


def string(value: object) -> str:
    r"""Return a text or a number as text, entities resolved, white space collapsed; anything else as nothing.

    >>> string(" it&#39;s\n7 "), string(7), string(None)
    ("it's 7", '7', '')
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(resolve(whole(str(value))).split())


def plain(value: object) -> str:
    """Return a text as `string`, also without the tags that captions hold.

    >>> plain("an <i>old</i> one, x < y")
    'an old one, x < y'
    """
    if isinstance(value, str) and "<" in value:
        return " ".join(row.text for row in read_rows([(1, whole(value))]) if row.text)
    return string(value)


def first_of(item: Mapping[str, Any], names: Iterable[str]) -> object:
    """Return what stands under the first key that is there, `None` if none is: they come in two spellings."""
    return next((item[name] for name in names if item.get(name) is not None), None)


def whole(text: str) -> str:
    r"""Make a text of JSON one that a file can hold, in NFC: JSON can escape half of a character.

    >>> whole("e\u0301"), whole("\ud83c")
    ('é', '?')
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())


def speaker_label(value: object) -> str | None:
    """Return the label of a speaker: a name, a number as `Speaker 1`, an object's name; nobody is below zero.

    >>> speaker_label(1), speaker_label(" Ann "), speaker_label("UNKNOWN"), speaker_label({"name": "Bo"})
    ('Speaker 1', 'Ann', None, 'Bo')
    >>> speaker_label(-1), speaker_label(2.0)
    (None, 'Speaker 2')
    """
    if isinstance(value, dict):
        names = ("name", "displayName", "display_name", "label", "id")
        value = next((value[name] for name in names if value.get(name) not in (None, "")), None)
    label = string(value)
    if number := _NUMBER.fullmatch(label):
        return None if number[1] else f"Speaker {number[2]}"
    return None if is_nobody(label) or label.casefold() in _NOTHING else label


def probability(value: object) -> float | None:
    """Return a number between 0 and 1, or nothing.

    >>> probability("0.5"), probability(7)
    (0.5, None)
    """
    try:
        number = float(value) if isinstance(value, str | int | float) else -1.0
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= 1 else None


def metadata(values: Mapping[str, Any], used: Collection[str] = ()) -> list[Piece]:
    """Make metadata of what a document says beside its segments: texts as they are, lists by their length."""
    leaves = _leaves(values, used, _DEEPEST)
    return [
        Piece(1, "metadata", language_tag(text) if known == "language" else text, name=known)
        for (name, text), _ in zip(leaves, range(_MOST_METADATA), strict=False)
        for known in [_METADATA_NAMES.get(name, name)]
    ]


def _leaves(values: Mapping[str, Any], used: Collection[str], depth: int) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if name in used:
            continue
        if isinstance(value, dict) and depth:
            for inner, text in _leaves(value, (), depth - 1):
                yield f"{name}.{inner}", text
        elif isinstance(value, list) and value:
            yield name, str(len(value))
        elif isinstance(value, str) and string(value):
            yield name, string(value)


def language_of(values: Mapping[str, Any]) -> str | None:
    """Return the language that a document names, without its region."""
    for name in ("language", "language_code", "detected_language", "lang"):
        if code := string(values.get(name)):
            return language_tag(code).partition("-")[0].lower()
    return None


def timed_word(item: object, clock: Clock, names: Sequence[str], scale: float = 1.0) -> Chunk | None:
    """Read a word with its times; `names` are the fields that may hold its text."""
    if not isinstance(item, dict):
        return None
    text = next((item[name] for name in names if isinstance(item.get(name), str | int | float)), "")
    if not string(text):
        return None
    space = " " if str(text)[:1].isspace() else ""
    known = next((item[name] for name in ("confidence", "probability", "score", "p") if name in item), None)
    start = clock.moment(item.get("start"), scale)
    end = clock.moment(item.get("end"), scale)
    return Chunk(space + string(text), start, end, probability(known))


def words_of(chunks: Sequence[Chunk], language: str | None) -> tuple[Word, ...]:
    """Make words of timed ones; where any begins with a space, one without it goes on with the word before."""
    spaced = any(chunk.text[:1] == " " for chunk in chunks)
    unspaced = is_unspaced_in(language, (chunk.text for chunk in chunks))
    if spaced and not unspaced:
        return glue(chunks)
    return tuple(word for chunk in chunks for word in glue([chunk]))


def is_unspaced_in(language: str | None, words: Iterable[str]) -> bool:
    """Check whether words are of a language without spaces, from its code, else from their letters."""
    return language in UNSPACED if language else any(is_unspaced(word) for word in words)


def text_of(words: Sequence[Word], language: str | None) -> str:
    """Write words as text.

    >>> text_of([Word("你", None, None, None, None, None), Word("好", None, None, None, None, None)], None)
    '你好'
    """
    unspaced = is_unspaced_in(language, (word.word for word in words))
    return join_words([word.word for word in words], "ja" if unspaced else None)


def matches(words: Sequence[Word], text: str) -> bool:
    """Check whether words are all of a text."""
    return "".join(word.word for word in words) == "".join(text.split())


def span_of(words: Sequence[Word]) -> tuple[Seconds | None, Seconds | None]:
    """Return the first start and the last end that are known."""
    start = next((word.start_time for word in words if word.start_time is not None), None)
    end = next((word.end_time for word in reversed(words) if word.end_time is not None), None)
    return start, end


def names_in(pieces: Sequence[Piece]) -> list[Piece]:
    """Take names off the texts of segments where no field says who speaks; a name holds until the next one."""
    if any(piece.speaker for piece in pieces):
        return list(pieces)
    named: list[Piece] = []
    speaker: str | None = None
    for piece, (name, text) in zip(pieces, named_cues([piece.text for piece in pieces]), strict=True):
        speaker = name or speaker
        if not name:
            named.append(replace(piece, speaker=speaker))
            continue
        named.append(Piece(piece.line, "label", piece.text[: len(piece.text) - len(text)].strip()))
        if text:
            whole_words = len(piece.words) == len(piece.text.split())
            own = piece.words[-len(text.split()) :] if whole_words else ()
            named.append(replace(piece, text=text, speaker=speaker, opens=True, words=own))
    return named


def draft(pieces: Iterable[Piece], clock: Clock, source: TranscriptSource, boundary: Boundary = "cue") -> Draft:
    """Make a draft, the pieces in the order of their segments, with what `clock` found."""
    return Draft(tuple(sorted(pieces, key=lambda piece: piece.line)), boundary, source, tuple(sorted(clock.flags)))


# Words with times → pieces: a speaker's sentences, or what is said between pauses.


# Without punctuation a longer silence ends a piece.
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word, who says it, and the line or segment that it stands in."""

    line: int
    speaker: str | None
    word: Word


def join(spoken: Sequence[Spoken], clock: Clock, language: str | None = None) -> list[Piece]:
    """Join words to pieces: a speaker's sentence, or without punctuation what is said between pauses."""
    punctuated = is_punctuated(item.word.word for item in spoken)
    pieces: list[Piece] = []
    run: list[Spoken] = []
    for item in spoken:
        if run and _ends(run[-1], item, punctuated=punctuated):
            pieces.append(_sentence(run, clock, language, opens=_opens(run, pieces)))
            run = []
        run.append(item)
    if run:
        pieces.append(_sentence(run, clock, language, opens=_opens(run, pieces)))
    return pieces


def _ends(last: Spoken, item: Spoken, *, punctuated: bool) -> bool:
    if last.speaker != item.speaker:
        return True
    if punctuated:
        return ends_sentence(last.word.word)
    start, end = item.word.start_time, last.word.end_time
    return start is not None and end is not None and start - end > PAUSE_SECONDS


def _opens(run: Sequence[Spoken], pieces: Sequence[Piece]) -> bool:
    speaker = run[0].speaker
    return speaker is not None and (not pieces or pieces[-1].speaker != speaker)


def _sentence(run: Sequence[Spoken], clock: Clock, language: str | None, *, opens: bool) -> Piece:
    words = tuple(item.word for item in run)
    start, end = clock.check(*span_of(words))
    return Piece(
        run[0].line,
        "speech",
        text_of(words, language),
        speaker=run[0].speaker,
        opens=opens,
        start_time=start,
        end_time=end,
        words=words,
    )


def boundary_of(pieces: Iterable[Piece]) -> Boundary:
    """Name what a piece is that was joined from words: a sentence, if the words have marks."""
    return "sentence" if is_punctuated(word.word for piece in pieces for word in piece.words) else "cue"
