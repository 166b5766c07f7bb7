"""Score the reader of published transcripts on documents whose templates are made at random.

    python -m tests.benchmarks.grammar --seed 1 --count 300 [--only TEMPLATE] [--show N] [--processes]

speakers right  every word at its speaker, as many runs as there are (within 1 %), nobody invented
wholly right    times, chapters and title as well
silent          over a tenth of the words not at their speaker, and no flag says so
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pool

from tests.benchmarks.judged import Verdict, judge
from tests.corpus import third
from tests.corpus.third import Document
from transforms.errors import ContentError
from transforms.transcripts import explain

Judged = tuple[Document, Verdict]
BINS = (0.99, 0.9, 0.8, 0.7, 0.0)
FEWEST = 5  # documents of a part that the summary shows


def main() -> None:
    """Read and judge, then print the summary and the failures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument(
        "--only", action="append", metavar="TEMPLATE", help="documents of this template, or of a part of it"
    )
    parser.add_argument("--show", type=int, default=0, metavar="N", help="failures to print")
    parser.add_argument("--processes", action="store_true", help="read on all cores")
    parser.add_argument(
        "--strangers", type=int, default=200, metavar="N", help="documents that are no transcripts"
    )
    given = parser.parse_args()

    only = [name for name in third.templates(given.seed) if any(part in name for part in given.only or [""])]
    judged = list(_verdicts(third.documents(given.count, given.seed, only=only), given.processes))
    strangers = list(
        _verdicts(third.no_transcripts(0 if given.only else given.strangers, given.seed), given.processes)
    )
    print("\n".join(summary(judged)))
    print("\n".join(calibration(judged)))
    print("\n".join(of_strangers(strangers)))
    failed = [one for one in judged if not one[1].wholly_right]
    failed.sort(key=lambda one: (one[1].speakers_right, not one[1].is_silent, one[1].right))
    for document, verdict in failed[: given.show]:
        print("\n".join(_shown(document, verdict)))
    for document, verdict in [one for one in strangers if one[1].labels][: given.show]:
        print("\n".join(_shown(document, verdict)))


def _verdicts(documents: Iterable[Document], processes: bool) -> Iterator[Judged]:
    if not processes:
        yield from map(read, documents)
        return
    with Pool() as pool:
        yield from pool.imap(read, documents, chunksize=8)


def read(document: Document) -> Judged:
    """Read a document with today's code, and judge it."""
    began = time.process_time()
    try:
        published, _ = explain(document.data)
    except ContentError as error:
        return document, Verdict(refused=str(error), notes=[str(error)])
    seconds = time.process_time() - began
    verdict = judge(document, published)
    verdict.seconds = seconds
    return document, verdict


def summary(judged: list[Judged]) -> Iterator[str]:
    """Write a table: all documents, then those of each part of the templates, worst first."""
    yield "| documents | count | speakers right | wholly right | silent | refused |"
    yield "|---|---|---|---|---|---|"
    yield _row("all", judged)
    groups: dict[str, list[Judged]] = defaultdict(list)
    for document, verdict in judged:
        for part, value in (*document.parts, *(("odd", odd) for odd in document.odd)):
            groups[f"{part}: {value}"].append((document, verdict))
    rows = [(name, members) for name, members in groups.items() if len(members) >= FEWEST]
    for name, members in sorted(rows, key=lambda row: (row[0].partition(":")[0], _share(row[1], _speakers))):
        yield _row(name, members)


def _speakers(verdict: Verdict) -> bool:
    return verdict.speakers_right


def _share(judged: list[Judged], what: Callable[[Verdict], bool]) -> float:
    return sum(what(verdict) for _, verdict in judged) / max(len(judged), 1)


def _row(name: str, judged: list[Judged]) -> str:
    silent = sum(verdict.is_silent for _, verdict in judged)
    refused = sum(bool(verdict.refused) for _, verdict in judged)
    shares = f"{_share(judged, _speakers):.1%} | {_share(judged, lambda verdict: verdict.wholly_right):.1%}"
    return f"| {name.replace('|', '¦')} | {len(judged)} | {shares} | {silent} | {refused} |"


def calibration(judged: list[Judged]) -> Iterator[str]:
    """Write how often speakers are right by how sure the reader is, where it says so."""
    sure = [
        (verdict.confidence, verdict.speakers_right) for _, verdict in judged if verdict.confidence is not None
    ]
    if not sure:
        return
    yield "\n| confidence | documents | speakers right |\n|---|---|---|"
    above = 2.0
    for low in BINS:
        within = [right for confidence, right in sure if low <= confidence < above]
        yield f"| ≥ {low} | {len(within)} | {sum(within) / max(len(within), 1):.1%} |"
        above = low


def of_strangers(judged: list[Judged]) -> Iterator[str]:
    """Write how many documents that are no transcripts got labels, and which kinds."""
    labelled = [(document, verdict) for document, verdict in judged if verdict.labels]
    silent = sum(not verdict.flags for _, verdict in labelled)
    refused = sum(bool(verdict.refused) for _, verdict in judged)
    yield (
        f"\nno transcripts: {len(judged)}, with labels {len(labelled)}, of these without a flag {silent}, "
        f"refused {refused}"
    )
    kinds: dict[str, int] = defaultdict(int)
    for document, _ in labelled:
        kinds[document.template] += 1
    yield "  " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))


def _shown(document: Document, verdict: Verdict) -> Iterator[str]:
    """Write a failure: the first lines of the document, the truth, what was read."""
    yield f"\n{'─' * 100}\n{document.name}"
    yield (
        f"  right {verdict.right:.1%}, elsewhere {verdict.elsewhere:.1%}, extra {verdict.extra:.1%}, "
        f"runs {verdict.runs}, "
        f"invented {verdict.invented[:6]}, flags {verdict.flags}, confidence {verdict.confidence}"
    )
    yield from (f"  {note}" for note in verdict.notes)
    if document.kind != "docx":
        lines = document.data.decode().splitlines()
        yield from (f"  │ {line[:110]}" for line in lines[:14])
    for said in document.said[:4]:
        yield f"  + {said.speaker} ({said.start_time}): {said.text[:60]!r}"
    if verdict.refused:
        return
    published, _ = explain(document.data)
    for turn in published.turns[:4]:
        yield f"  - {turn.speaker} ({turn.start_time}): {turn.text[:60]!r}"


if __name__ == "__main__":
    main()
