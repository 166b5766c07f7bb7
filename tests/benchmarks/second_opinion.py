"""Score the parsers of published transcripts on a second corpus of made-up documents.

Its generator and that of the first were each written without sight of the parsers and of the other, so that what
is right on both is not right by chance:

    python -m tests.benchmarks.second_opinion --n 1000 --seed 100
"""

from __future__ import annotations

import argparse
import re
import time
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.corpus import second
from transforms.errors import ContentError
from transforms.transcripts import read
from transforms.transcripts.assemble import Published
from transforms.transcripts.labels.names import fold


@dataclass
class Score:
    """What was right of the documents of one shape; words are counted, the rest are documents."""

    documents: int = 0
    turns: int = 0
    chapters: int = 0
    times: int = 0
    timed: int = 0
    refused: int = 0
    words: int = 0
    wrong_words: int = 0
    slowest: float = 0.0
    notes: list[str] = field(default_factory=list)


def main() -> None:
    """Print a table, a row a shape."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="failures to print per shape")
    given = parser.parse_args()

    scores: dict[str, Score] = defaultdict(Score)
    for number, document in enumerate(second.generate(given.seed, given.n)):
        judge(document, scores[document.shape], number)
    print("| shape | documents | speakers and turns | words | chapters | times | refused | s/MB |")
    print("|---|---|---|---|---|---|---|---|")
    for shape, score in sorted(scores.items()):
        print(row(shape, score))
    print(row("all", total(scores.values())))
    for score in scores.values():
        print("\n".join(score.notes[: given.show]))


def judge(document: second.Doc, score: Score, number: int) -> None:
    """Read one document, and count what is as its author meant it."""
    score.documents += 1
    truth = [word for turn in document.turns for word in words(turn[1])]
    score.words += len(truth)
    began = time.process_time()
    try:
        published = read(document.data)
    except ContentError as error:
        score.refused += 1
        score.wrong_words += len(truth)
        score.notes.append(f"#{number} {document.name}: {error}")
        return
    score.slowest = max(score.slowest, (time.process_time() - began) / len(document.data) * 1e6)
    wrong = wrong_words(document, published, truth)
    score.wrong_words += min(wrong, len(truth))
    names, count = same_speakers(document, published), len(published.turns) == len(document.turns)
    score.turns += names and (count or not document.count_exact)
    score.chapters += [fold(c[0]) for c in document.chapters] == [fold(c.title) for c in published.chapters]
    if count:
        score.timed += 1
        score.times += all(
            start is None or (turn.start_time is not None and abs(start - turn.start_time) <= 1.001)
            for (_, _, start), turn in zip(document.turns, published.turns, strict=True)
        )
    if not names or (document.count_exact and not count) or wrong > 0.005 * len(truth):
        turns = f"{len(document.turns)} → {len(published.turns)}"
        score.notes.append(f"#{number} {document.name}: names {names}, turns {turns}, {wrong} words off")


def same_speakers(document: second.Doc, published: Published) -> bool:
    """Compare names without case, accents and what the document's author calls the same."""
    alias = {fold(other): name for name, others in document.aliases.items() for other in others}
    found = {fold(alias.get(fold(speaker.label), speaker.label)) for speaker in published.speakers}
    return found == {fold(name) for name in document.speakers if name}


def wrong_words(document: second.Doc, published: Published, truth: list[str]) -> int:
    """Count the words that are lost or too many; some may be there or not."""
    found = Counter(word for turn in published.turns for word in words(turn.text))
    either = Counter(word for text in document.optional for word in words(str(text)))
    lost, extra = Counter(truth) - found, found - Counter(truth)
    return (lost - either).total() + (extra - either).total()


def words(text: str) -> list[str]:
    """Split a text into words without marks and case."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def total(scores) -> Score:
    """Add the scores up."""
    whole = Score()
    for score in scores:
        for name in ("documents", "turns", "chapters", "times", "timed", "refused", "words", "wrong_words"):
            setattr(whole, name, getattr(whole, name) + getattr(score, name))
        whole.slowest = max(whole.slowest, score.slowest)
    return whole


def row(shape: str, score: Score) -> str:
    """Write one row of the table; a shape without turns has no words to judge."""
    right = 1 - score.wrong_words / score.words if score.words else 1.0
    return (
        f"| {shape} | {score.documents} | {score.turns / score.documents:.1%} | {right:.2%} | "
        f"{score.chapters / score.documents:.1%} | {score.times / max(score.timed, 1):.1%} | {score.refused} | "
        f"{score.slowest:.2f} |"
    )


if __name__ == "__main__":
    main()
