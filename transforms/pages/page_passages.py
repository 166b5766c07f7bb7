"""Turns → what is read: chapters with their passages, in paragraphs that an eye can hold, each with its words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from transforms.pages.page_content import EpisodeContent, PageChapter, PageTurn, PageWord
from transforms.records import Seconds
from transforms.text import ends_sentence, visible

LONG = 480  # characters, behind which a paragraph ends with its sentence
LONGEST = 1200  # where there are no marks
SLACK = 0.05  # seconds by which a chapter may begin behind its first word

_TOKEN = re.compile(r"(\s*)(\S+)")


@dataclass(frozen=True, slots=True)
class Token:
    """What stands between two places where a text may be cut, what stands before it, and when it is said."""

    gap: str
    text: str
    word: PageWord | None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A piece of a turn; `first` is the place of its first token in the whole transcript."""

    first: int
    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        """Return its text."""
        first, *rest = self.tokens
        return first.text + "".join(token.gap + token.text for token in rest)

    @property
    def start_time(self) -> Seconds | None:
        """Return when its first word with a time is said."""
        return next((t.word.start_time for t in self.tokens if t.word and t.word.start_time is not None), None)


@dataclass(frozen=True, slots=True)
class Passage:
    """A turn, or what of it stands in one chapter; `is_continued` where it began in the chapter before.

    `number` is the place of the turn in the transcript.
    """

    number: int
    turn: PageTurn
    start_time: Seconds | None
    end_time: Seconds | None
    paragraphs: tuple[Paragraph, ...]
    is_continued: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter and what is said in it; `chapter` is `None` before the first one, and where there is none."""

    chapter: PageChapter | None
    number: int | None
    passages: tuple[Passage, ...]


def parts_of(content: EpisodeContent) -> tuple[Part, ...]:
    """Return the chapters of an episode, each with what is said in it, in the order of the transcript."""
    placed: list[tuple[int | None, Passage]] = []
    count = 0
    for number, turn in enumerate(content.turns):
        tokens = tokens_of(turn)
        placed += _placed(number, turn, tokens, count, content, placed[-1][0] if placed else None)
        count += len(tokens)
    return tuple(
        Part(None if place is None else content.chapters[place], place, tuple(passage for _, passage in passages))
        for place, passages in groupby(placed, key=itemgetter(0))
    )


def tokens_of(turn: PageTurn) -> list[Token]:
    """Cut the text of a turn at its words; at its spaces where the words are others than those of the text."""
    text, tokens, position = visible(turn.text, keep="\n\t"), [], 0
    for word in turn.words:
        shown = visible(word.text).strip()
        found = text.find(shown, position)
        if found < 0 or not shown:
            return [Token(gap, token, None) for gap, token in _TOKEN.findall(text)]
        tokens.append(Token(text[position:found], shown, word))
        position = found + len(shown)
    if not tokens:
        return [Token(gap, token, None) for gap, token in _TOKEN.findall(text)]
    if rest := text[position:].rstrip():
        tokens[-1] = Token(tokens[-1].gap, tokens[-1].text + rest, tokens[-1].word)
    return tokens


def _placed(
    number: int, turn: PageTurn, tokens: Sequence[Token], first: int, content: EpisodeContent, before: int | None
) -> Iterator[tuple[int | None, Passage]]:
    """Yield the pieces of a turn, each with the place of its chapter; `before` is that of the turn before."""
    places = _places(turn, tokens, content, before)
    pieces = [
        (place, [token for _, token in pairs])
        for place, pairs in groupby(zip(places, tokens, strict=True), key=itemgetter(0))
    ]
    for piece, (place, inside) in enumerate(pieces):
        paragraphs = tuple(_paragraphs(inside, first))
        first += len(inside)
        begin = turn.start_time if piece == 0 else paragraphs[0].start_time
        end = turn.end_time if piece == len(pieces) - 1 else _last_end(inside)
        yield place, Passage(number, turn, begin, end, paragraphs, piece > 0)


def _places(
    turn: PageTurn, tokens: Sequence[Token], content: EpisodeContent, before: int | None
) -> Iterator[int | None]:
    """Yield for each token the place of its chapter: of its turn, or the last that has begun when it is said."""
    begun = [(c.start_time, n) for n, c in enumerate(content.chapters) if c.start_time is not None]
    starts = [start for start, _ in begun]
    place, time = before if content.is_by_time else turn.chapter, turn.start_time
    for token in tokens:
        if content.is_by_time:
            time = token.word.start_time if token.word and token.word.start_time is not None else time
            passed = 0 if time is None else bisect_right(starts, time + SLACK)
            place = begun[passed - 1][1] if passed else place
        yield place


def _last_end(tokens: Sequence[Token]) -> Seconds | None:
    return next((t.word.end_time for t in reversed(tokens) if t.word and t.word.end_time is not None), None)


def _paragraphs(tokens: Iterable[Token], first: int) -> Iterator[Paragraph]:
    held: list[Token] = []
    length = 0
    for token in tokens:
        held.append(token)
        length += len(token.gap) + len(token.text)
        if (length >= LONG and ends_sentence(token.text)) or length >= LONGEST:
            yield Paragraph(first, tuple(held))
            first, held, length = first + len(held), [], 0
    if held:
        yield Paragraph(first, tuple(held))
