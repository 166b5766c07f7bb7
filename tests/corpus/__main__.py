"""Freeze a sample of each corpus as golden pairs: `python -m tests.corpus`; it replaces the last one.

Small documents are taken that show a shape, a layout or an irregularity which none before them shows, and that are
read as their author meant them: of the others the reader cannot write what is right.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import second_opinion, transcripts
from tests.corpus import first, second
from tests.golden import HERE, reading, written
from transforms.transcripts import read

SEED, DOCUMENTS, MOST_BYTES = 15, 4_000, 150_000
ENDS = {"webpage": "html", "podcast_html": "html", "markdown": "md", "podcast_json": "podcast_json"}


@dataclass(frozen=True)
class Sample:
    """A document that is read rightly: what it shows, and its bytes."""

    about: str
    shows: frozenset[str]
    data: bytes


def of_first() -> Iterator[Sample]:
    """Yield the documents of the first corpus that are read rightly."""
    for document in first.documents(DOCUMENTS, SEED, None):
        if not transcripts.run(document, read, transcripts.Score()):
            shows = {document.variant, *document.variant.split(), *document.quirks}
            about = f"{document.shape}: {document.variant}"
            yield Sample(about, _of(document.shape, shows), document.data)


def of_second() -> Iterator[Sample]:
    """Yield the documents of the second corpus that are read rightly."""
    for document in second.generate(SEED, DOCUMENTS):
        score = second_opinion.Score()
        second_opinion.judge(document, score, 0)
        if not score.notes and score.chapters and score.times == score.timed:
            shows = {*document.name.partition(" +")[0].split("/"), *document.traps}
            yield Sample(document.name, _of(document.shape, shows), document.data)


def _of(shape: str, shows: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{shape}: {what}" for what in shows)


def chosen(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield those that show the most for their length, up to so many bytes in all."""
    left, seen, length = list(samples), set[str](), 0
    while left:
        best = max(left, key=lambda sample: len(sample.shows - seen) / (len(sample.data) + 500))
        length += len(best.data)
        if length > MOST_BYTES or not best.shows - seen:
            return
        seen |= best.shows
        left.remove(best)
        yield best


def freeze(folder: Path, samples: Iterable[Sample]) -> None:
    """Write samples as pairs, in place of those that are there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, sample in enumerate(samples):
        format = read(sample.data).format
        name = "-".join(re.findall("[a-z0-9]+", sample.about.partition(" +")[0].lower()))[:48].strip("-")
        path = folder / f"{number:03}-{name}.{ENDS.get(format, format if format in ('vtt', 'srt') else 'txt')}"
        path.write_bytes(sample.data)
        expected = reading(path, about=sample.about, read_as={}, pieces=False)
        path.with_suffix(".json").write_text(written(expected), encoding="utf-8")


def main() -> None:
    """Freeze both samples."""
    freeze(HERE / "first", chosen(of_first()))
    freeze(HERE / "second", chosen(of_second()))


if __name__ == "__main__":
    main()
