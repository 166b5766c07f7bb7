"""How a text is read: the grammar, what was doubted, and what became of each block. Nothing is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flows.locations import Location
from flows.published.linking import Hints, core_of
from flows.published.text_files import read_text
from flows.settings import Settings
from transforms import transcripts
from transforms.errors import TurntableError
from transforms.records import Seconds
from transforms.transcripts.assemble import Published
from transforms.transcripts.document import Draft, Piece
from transforms.transcripts.grammar.choose import Grammar


@dataclass(frozen=True, slots=True)
class GrammarFound:
    """How a text marks who speaks; `template` is `None` where nobody is named.

    `runner_up` is the next way, `None` without one. `labels` of so many `people` are on so many `lines` with text;
    `doubted` are those that were judged to be none, with their counts. `is_given`: the user said so; `probability`
    is what the text alone tells.
    """

    template: str | None
    probability: float
    is_given: bool
    labels: int
    people: int
    lines: int
    runner_up: str | None
    next_probability: float
    doubted: dict[str, int]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a text: `became` what, `of` whom or what it is, and when it starts."""

    line: int
    became: str
    of: str
    start_time: Seconds | None
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one text is read; `grammar` is `None` where its format says itself who speaks."""

    source: str
    format: str
    parse_coverage: float
    parse_confidence: float | None
    flags: tuple[str, ...]
    grammar: GrammarFound | None
    blocks: tuple[Block, ...]


def explain(location: Location, hints: Hints, settings: Settings) -> Explanation:
    """Read a text, and say how.

    Raises:
        TurntableError: as `read_text` and `transforms.transcripts.explain` say, with the name of the text.
    """
    try:
        data, facts = read_text(location, settings.reach)
        published, draft = transcripts.explain(
            data, format=hints.format, media_type=facts.get("media_type"), grammar=core_of(hints)
        )
    except TurntableError as error:
        msg = f"{location.public}: {error}"
        raise type(error)(msg) from error
    return Explanation(
        location.public,
        published.format,
        published.parse_coverage,
        published.parse_confidence,
        published.flags,
        _found(draft.grammar, published, draft, is_given=hints.grammar is not None) if draft.grammar else None,
        tuple(map(_block, draft.pieces)),
    )


def _found(grammar: Grammar, published: Published, draft: Draft, *, is_given: bool) -> GrammarFound:
    return GrammarFound(
        template=grammar.form.template if grammar.form else None,
        probability=round(grammar.probability if grammar.form else grammar.confidence, 4),
        is_given=is_given,
        labels=len(grammar.labels),
        people=len(published.speakers),
        lines=len({piece.line for piece in draft.pieces}),
        runner_up=grammar.runner_up.template if grammar.runner_up else None,
        next_probability=round(grammar.next_probability, 4),
        doubted=dict(Counter(one.raw for one in grammar.doubted).most_common()),
    )


def _block(piece: Piece) -> Block:
    became = "turn" if piece.kind == "speech" else piece.kind
    return Block(piece.line, became, piece.speaker or piece.name or "", piece.start_time, piece.text)
