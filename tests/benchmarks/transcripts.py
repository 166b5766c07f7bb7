"""Score the parsers of published transcripts on the first corpus of made-up documents, and print what is wrong.

    python -m tests.benchmarks.transcripts [--n 2000] [--seed 1] [--shape NAME] [--dump DIR] [--dump-all DIR]

speakers  documents whose turns are as many as they should be, each with the right name
words     share of the words that are right (edit distance of the joined turns, markup and sounds not counted)
exact     documents with the right speakers and every word right
times     documents whose turns begin (and end, where captions say so) when they should, and else say nothing
refused   documents for which the parser says that it finds no transcript, or something else that it means to say
chapters  documents with the right chapter titles, of those that have chapters in the text
s/MB      the slowest document, in seconds per megabyte (those under 20 kB count as 20 kB)
"""

from __future__ import annotations

import argparse
import itertools
import re
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from tests.corpus.first import SHAPES, Document, Person, Row, documents
from transforms.transcripts import read

UNSPACED_MARKS = r"\u3000-\u303f\u3040-\u30ff\u3400-\u9fff\uff00-\uffef"
TOKEN = re.compile(rf"[{UNSPACED_MARKS}]|[^\s\u200b{UNSPACED_MARKS}]+")


def tokens(text: str) -> list[str]:
    """Split into words, and where a script has no spaces into characters."""
    return TOKEN.findall(text)


def same_name(got: str | None, want: Person | None) -> bool:
    """Check whether a name is right; case does not count."""
    if got is None or want is None:
        return got is None and want is None
    return got.casefold() in {name.casefold() for name in (want.name, *want.also)}


@dataclass
class Score:
    """How one document, or all of one shape, came out."""

    documents: int = 0
    speakers: int = 0
    words: int = 0
    wrong: int = 0
    exact: int = 0
    times: int = 0
    chaptered: int = 0
    chapters: int = 0
    refused: int = 0
    crashes: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


def check(doc: Document, published: Any, score: Score) -> str | None:
    """Count one document into a score and say what is wrong with it."""
    turns, rows = published.turns, doc.truth.rows
    if doc.truth.counted:
        speakers = len(turns) == len(rows) and all(
            map(same_name, [t.speaker for t in turns], [r.speaker for r in rows])
        )
    else:
        speakers = all(turn.speaker is None for turn in turns)
    want, got = tokens(" ".join(r.text for r in rows)), tokens(" ".join(t.text for t in turns))
    wrong = Levenshtein.distance(want, got)
    timed_right = not speakers or not doc.truth.counted or all(map(same_times, turns, rows))
    titles = tuple(chapter.title for chapter in published.chapters)
    chapters_right = doc.truth.chapters is None or titles == doc.truth.chapters
    score.speakers += speakers
    score.words += len(want)
    score.wrong += wrong
    score.exact += speakers and not wrong
    score.times += speakers and timed_right
    score.chaptered += bool(doc.truth.chapters)
    score.chapters += bool(doc.truth.chapters) and chapters_right
    if speakers and not wrong and timed_right and chapters_right:
        return None
    return hint(doc, published, wrong, titles if not chapters_right else None)


def same_times(turn: Any, row: Row) -> bool:
    """Check whether a turn's times are right, to a tenth of a second."""
    return all(
        want is ... or got == want or (got is not None and want is not None and abs(got - want) < 0.1)
        for got, want in ((turn.start_time, row.start), (turn.end_time, row.end))
    )


def hint(doc: Document, published: Any, wrong: int, titles: tuple[str, ...] | None) -> str:
    """Describe the first thing that differs."""
    rows, turns = doc.truth.rows, published.turns
    names = sorted({str(row.speaker and row.speaker.name) for row in rows})
    lines = [f"turns {len(rows)} → {len(turns)}, words off {wrong}, format {published.format}"]
    lines.append(f"  speakers {names} → {sorted({str(turn.speaker) for turn in turns})}")
    lines += [f"  chapters {doc.truth.chapters} → {titles}"] if titles is not None else []
    for i, (row, turn) in enumerate(itertools.zip_longest(rows, turns)):
        if row is None or turn is None or differs(row, turn):
            lines.append(f"  - {i} {row and row_line(row, turn.text if turn else '')}")
            lines.append(f"  + {i} {turn and row_line(turn, row.text if row else '')}")
            break
    return "\n    ".join(lines)


def differs(row: Row, turn: Any) -> bool:
    """Check whether a turn is not the row it should be."""
    return (
        not same_name(turn.speaker, row.speaker)
        or tokens(turn.text) != tokens(row.text)
        or not same_times(turn, row)
    )


def row_line(row: Any, other: str) -> str:
    """Write a row or a turn on one line, from shortly before where its text differs from the other."""
    text, other = " ".join(row.text.split()), " ".join(other.split())
    at = next((i for i, (a, b) in enumerate(itertools.zip_longest(text, other)) if a != b), 0)
    name = row.speaker.name if isinstance(row.speaker, Person) else row.speaker
    times = (row.start, row.end) if isinstance(row, Row) else (row.start_time, row.end_time)
    clock = " ".join("any" if t is ... else str(t) for t in times)
    return f"{name} ({clock}) {'…' if at > 30 else ''}{text[max(at - 30, 0) : at + 60]!r}"


def run(doc: Document, read: Callable[[bytes], Any], score: Score) -> str | None:
    """Parse one document and count it."""
    begun = time.perf_counter()
    score.documents += 1
    try:
        published = read(doc.data)
    except Exception as error:  # a document of ours must never raise
        refused = hasattr(error, "error_class")  # ours; anything else was not meant
        score.refused += refused
        score.crashes += not refused
        score.chaptered += bool(doc.truth.chapters)
        score.words += len(tokens(" ".join(row.text for row in doc.truth.rows)))
        score.wrong += len(tokens(" ".join(row.text for row in doc.truth.rows)))
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    seconds = time.perf_counter() - begun
    score.slowest = max(score.slowest, seconds / max(len(doc.data), 20_000) * 1e6)
    return check(doc, published, score)


def dump(folder: Path, index: int, doc: Document, failure: str | None) -> None:
    """Write a document and its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{index:05}-{doc.shape.replace(' ', '-')}"
    (folder / f"{name}.txt").write_bytes(doc.data)
    lines = [f"{doc.variant} {doc.quirks}", failure or "", f"chapters {doc.truth.chapters}"]
    lines += [f"{row.speaker and row.speaker.name} ({row.start}): {row.text}" for row in doc.truth.rows]
    (folder / f"{name}.truth").write_text("\n".join(lines) + "\n")


def table(scores: dict[str, Score]) -> Iterator[str]:
    """Write the scores as a Markdown table, all together last."""
    yield "| shape | documents | speakers | words | exact | times | chapters | refused | crashes | s/MB |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    total = Score()
    for score in scores.values():
        for name in (item.name for item in fields(Score) if item.type == "int"):
            setattr(total, name, getattr(total, name) + getattr(score, name))
        total.slowest = max(total.slowest, score.slowest)
    for name, s in [*scores.items(), ("all", total)]:
        words = f"{1 - s.wrong / s.words:.2%}" if s.words else f"{s.wrong} extra"
        shares = [
            f"{s.speakers / s.documents:.1%}",
            words,
            f"{s.exact / s.documents:.1%}",
            f"{s.times / s.documents:.1%}",
        ]
        shares.append(f"{s.chapters / s.chaptered:.1%}" if s.chaptered else "–")
        yield f"| {name} | {s.documents} | {' | '.join(shares)} | {s.refused} | {s.crashes} | {s.slowest:.2f} |"


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Score the parsers of published transcripts on made-up documents."
    )
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shape", choices=SHAPES)
    parser.add_argument("--show", type=int, default=3, help="failures to print per shape")
    parser.add_argument("--dump", type=Path, metavar="DIR", help="write the documents that fail")
    parser.add_argument("--dump-all", type=Path, metavar="DIR", help="write all documents and parse none")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the first failures of each shape."""
    chosen = options(arguments)
    made = documents(chosen.n, chosen.seed, chosen.shape)
    if chosen.dump_all:
        for index, doc in enumerate(made):
            dump(chosen.dump_all, index, doc, None)
        return
    scores: dict[str, Score] = {}
    for index, doc in enumerate(made):
        score = scores.setdefault(doc.shape, Score())
        failure = run(doc, read, score)
        if failure:
            score.failures.append(f"#{index} [{doc.variant}] {' '.join(doc.quirks)}\n    {failure}")
            if chosen.dump:
                dump(chosen.dump, index, doc, failure)
    print("\n".join(table(scores)))
    for name, score in scores.items():
        if score.failures and chosen.show:
            print(f"\n## {name}: {len(score.failures)} of {score.documents}")
            print("\n".join(score.failures[: chosen.show]))


if __name__ == "__main__":
    main()
