"""Learn the weights by which the grammar of a published text is chosen, and say what each measure is worth.

    python -m tests.benchmarks.learn_grammar --documents 300 [--report]

From the golden pairs of prose and pages and documents of the three corpora: first the weights of labels, then, on
the labels that these accept, those of forms; each by a network with one hidden layer.
Documents are cut short, too, since few words are harder to read than many. The test is on other seeds, whose
templates the weights have not seen. Writes `transforms/transcripts/grammar/weights.py`.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from lxml import etree

from tests.corpus import first, second, third
from tests.golden import expectation, inputs
from transforms.errors import ContentError
from transforms.transcripts.captions.cue_names import looked_at
from transforms.transcripts.grammar import choose, score
from transforms.transcripts.grammar.candidates import Candidate
from transforms.transcripts.grammar.form_features import of_form
from transforms.transcripts.grammar.label_features import Usual, of_label
from transforms.transcripts.grammar.ways import Document, Occurrences
from transforms.transcripts.html import webpage
from transforms.transcripts.html.html_blocks import read_blocks
from transforms.transcripts.labels.names import clean, fold, initials_of
from transforms.transcripts.prose.marks import marked_lines
from transforms.transcripts.prose.survey import tidied
from transforms.transcripts.shared.decode import decode
from transforms.transcripts.shared.header import split_header

WRITTEN = Path(choose.__file__).with_name("weights.py")
TRAIN, TEST = (101, 103, 105), (202,)  # seeds
GOLDEN_WEIGHT = 20.0  # a golden pair is a trap that somebody met
MOST_WEIGHT = 5.0  # where a network learns it by heart
BATCH, RATE, RIDGE = 256, 3e-3, 5e-5
PROSE = (
    "post",
    "blocks",
    "stamped",
    "labelled",
    "markdown",
    "webpage",
    "web page",
    "broadcast",
    "scraped",
    "timed",
    "encoded",
)
CAPTIONS = ("vtt", "srt")
_CUE = re.compile(r"^[^\n]*-->[^\n]*\n(.+?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Training:
    """How many networks of how many hidden units are trained, how often all examples are seen.

    `noise` is added to the measures, in standard deviations: what is nearly alike must be judged nearly alike. It
    helps forms, and harms labels, of which one measure may decide.
    """

    networks: int
    units: int
    epochs: int
    noise: float


OF_LABELS = Training(2, 12, 60, 0.0)  # a document has many labels, and few forms
OF_FORMS = Training(5, 24, 120, 0.2)


@dataclass(frozen=True)
class Example:
    """A document as lines, the names that its labels may have, and its weight; nobody is named without names."""

    source: str
    document: Document
    names: frozenset[str]
    weight: float = 1.0


def main() -> None:
    """Learn, write, and say how good it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=300, help="of each corpus and seed")
    parser.add_argument("--report", action="store_true", help="learn again without each measure")
    given = parser.parse_args()
    train = list(chain(golden(), *(examples(given.documents, seed) for seed in TRAIN)))
    test = list(chain(*(examples(given.documents, seed) for seed in TEST)))
    learn(train, WRITTEN)
    print(f"{len(train)} documents to learn from, {len(test)} to test; right in the test: {tested(test):.2%}")
    if given.report:
        print("\n".join(report(train, test)))


def golden() -> Iterator[Example]:
    """Yield the golden pairs of prose and pages."""
    for path in inputs():
        told = expectation(path)
        prose = path.parent.name in ("prose", "webpage") or told.get("format") in PROSE
        if (prose or path.parent.name in CAPTIONS) and "error" not in told:
            names = {name for s in told.get("speakers", ()) for name in (s["label"], *s.get("variants", ()))}
            examples = _examples if prose else _of_captions
            yield from examples("golden", path.read_bytes(), names, GOLDEN_WEIGHT)


def examples(count: int, seed: int) -> Iterator[Example]:
    """Yield documents of the three corpora, and documents that are no transcripts."""
    for one in (one for one in first.documents(count, seed, None) if one.shape in PROSE):
        names = {n for r in one.truth.rows if r.speaker for n in (r.speaker.name, *r.speaker.also)}
        yield from _examples("first", one.data, names)
    for two in (two for two in second.generate(seed, count) if two.shape in PROSE):
        yield from _examples("second", two.data, {*two.speakers, *chain(*two.aliases.values())} - {None})
    for three in third.documents(2 * count, seed):
        names = {*(written for written, _ in three.written), *(s.speaker for s in three.said)} - {None}
        if three.kind in ("txt", "md", "html"):
            yield from _examples("third", three.data, names)
        elif three.kind in CAPTIONS:
            yield from _of_captions("captions", three.data, names)
    for none in third.no_transcripts(count, seed):
        yield from _examples("none", none.data, set())


def _examples(source: str, data: bytes, names: Iterable[str], weight: float = 1.0) -> Iterator[Example]:
    """Yield a document, and of every second one a short stretch with a label near its beginning."""
    try:
        lines = lines_of(data)
    except ContentError:
        return
    known = frozenset(chain(*map(_forms, names)))
    whole = Document(lines)
    yield Example(source, whole, known, weight)
    rng = random.Random(len(data))
    if known and source != "golden" and len(lines) > 20 and rng.random() < 0.5:
        labelled = (i for i, found in enumerate(whole.candidates) if any(one.name in known for one in found))
        begin = max(0, next(labelled, 0) - rng.randint(0, 3))
        length = rng.choice((rng.randint(2, 4), rng.randint(5, 30)))
        yield Example(source, Document(lines[begin : begin + length]), known, weight)


def _of_captions(source: str, data: bytes, names: Iterable[str], weight: float = 1.0) -> Iterator[Example]:
    """Yield the texts of the cues of a file in each way in which they are looked at."""
    texts = [" ".join(match[1].split()) for match in _CUE.finditer(decode(data).text)]
    known = frozenset(chain(*map(_forms, names)))
    yield from (Example(source, document, known, weight) for document in looked_at(texts))


def lines_of(data: bytes) -> Sequence:
    """Return the lines of a document as the reader sees them."""
    _, text = split_header(decode(data))
    if not webpage.fits(text):
        return tidied(marked_lines(text.lines))
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root = etree.HTML(text.text.encode("utf-8", "replace"), parser)
    return tidied([block for block in read_blocks(root) if block.noise is None])


def _forms(name: str) -> Iterator[str]:
    """Yield the ways in which labels write a name: in full, in part, by initials."""
    folded = fold(clean(name)[0])
    tokens = folded.split()
    yield folded
    if len(tokens) > 1:
        yield from initials_of(folded)
        yield from (f"{tokens[0]} {tokens[-1]}", f"{tokens[0]} {tokens[-1][0]}", f"{tokens[0][0]} {tokens[-1]}")
        yield from (" ".join(tokens[i:j]) for i in range(len(tokens)) for j in range(i + 1, len(tokens) + 1))


def learn(train: Sequence[Example], path: Path) -> None:
    """Learn both kinds of weights, and write them: those of forms need those of labels."""
    names, x, y, w = of_labels(train)
    score.LABEL.update(packed(names, trained(x, y, w, OF_LABELS)))
    names, x, y, w, _ = of_forms(train)
    score.FORM.update(packed(names, trained(x, y, w, OF_FORMS)))
    _write(path)


def _write(path: Path) -> None:
    lines = [
        '"""The weights of the measures, as tests/benchmarks/learn_grammar.py learned them: not to be edited."""',
        "\nfrom __future__ import annotations\n\nfrom typing import Any\n",
        "# ruff: noqa: E501",
        "# fmt: off",
        "# a unit: what it is worth, its bias, the weight of each measure",
        *_network("LABEL", score.LABEL),
        *_network("FORM", score.FORM),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _network(name: str, network: dict) -> Iterator[str]:
    yield f"{name}: dict[str, Any] = {{"
    yield f'    "measures": {network["measures"]},'
    yield f'    "bias": {network["bias"]},'
    yield '    "units": ('
    yield from (f"        ({worth}, {bias}, {weights})," for worth, bias, weights in network["units"])
    yield "    ),"
    yield "}"


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")


def of_labels(examples: Iterable[Example]) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Measure the labels where most that comes back is a name: names, (n, features), right, weight."""
    rows: list[tuple[dict[str, float], bool, float]] = []
    for example in examples:
        most = max((_right(way.found, example.names) for way in example.document.ways), default=0)
        for way in example.document.ways:
            again = way.recurring().found
            if (
                not most
                or _right(way.found, example.names) < most / 2
                or _right(again, example.names) < len(again) / 2
            ):
                continue
            usual, places = Usual(way), defaultdict(list)
            for i, one in enumerate(way.found):
                places[one.name].append(i)
            rows += [
                (of_label(name, mine, usual), name in example.names, example.weight)
                for name, mine in places.items()
            ]
    names, x = _table([row[0] for row in rows])
    return names, x, np.array([row[1] for row in rows], float), np.array([row[2] for row in rows])


def of_forms(
    examples: Iterable[Example],
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Measure each way of each document: names, (n, features), right, weight, index of the document."""
    rows: list[tuple[dict[str, float], bool, float, int]] = []
    for index, example in enumerate(examples):
        ways = [(way, judged) for way in example.document.ways if (judged := choose.accepted(way)).kept]
        most = max((_right(judged.kept, example.names) for _, judged in ways), default=0)
        for way, judged in ways:
            kept = judged.kept
            right = _right(kept, example.names)
            good = right > 0 and right >= 0.75 * len(kept) and right >= 0.7 * most
            measured: Occurrences = replace(way, found=kept) if way.is_weak else way
            rows.append((of_form(measured, judged.likely), good, example.weight, index))
    measures, good, weights, index = zip(*rows, strict=True)
    names, x = _table(measures)
    return names, x, np.array(good, float), np.array(weights), np.array(index)


def _table(rows: Sequence[dict[str, float]]) -> tuple[list[str], np.ndarray]:
    """Return the names of the measures and their values, a row a measurement."""
    return list(rows[0]), np.array([list(row.values()) for row in rows])


def _right(found: Iterable[Candidate], names: frozenset[str]) -> int:
    return sum(one.name in names for one in found)


# A network: the weights of the hidden units, shape (measures, units); their biases; what they are worth; the bias.
Network = tuple[np.ndarray, np.ndarray, np.ndarray, float]


def trained(x: np.ndarray, y: np.ndarray, w: np.ndarray, how: Training) -> Network:
    """Train some networks from other beginnings; the mean of them is one network, steadier than each."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    weight, x = np.minimum(w, MOST_WEIGHT), (x - mean) / scale
    parts = [_descended(x, y, weight, how, np.random.default_rng(seed)) for seed in range(how.networks)]
    inner, bias, worth, outer = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    inner = inner / scale[:, None]
    return inner, bias - mean @ inner, worth / how.networks, float(outer.mean())


def _descended(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, how: Training, rng: np.random.Generator
) -> list[np.ndarray]:
    """Train one network by Adam (Kingma and Ba, 2015) with a rate that falls as a cosine."""
    n, measures = x.shape
    shapes = ((measures, how.units), (how.units,), (how.units,), (1,))
    parts = [rng.normal(0, 1 / np.sqrt(shape[0]), shape) * (len(shape) > 1 or shape[0] > 1) for shape in shapes]
    parts[1] *= 0
    first, second = [np.zeros_like(part) for part in parts], [np.zeros_like(part) for part in parts]
    step = 0
    for epoch in range(how.epochs):
        order = rng.permutation(n)
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / how.epochs)) + 1e-5
        for begin in range(0, n, BATCH):
            step += 1
            batch = order[begin : begin + BATCH]
            shaken = x[batch] + how.noise * rng.normal(size=(len(batch), measures))
            for i, slope in enumerate(_slopes(parts, shaken, y[batch], w[batch])):
                first[i] = 0.9 * first[i] + 0.1 * slope
                second[i] = 0.999 * second[i] + 0.001 * slope**2
                parts[i] -= rate * (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
    return parts


def _slopes(parts: Sequence[np.ndarray], x: np.ndarray, y: np.ndarray, w: np.ndarray) -> list[np.ndarray]:
    """Return how the loss of a batch rises with each part of the network."""
    inner, bias, worth, outer = parts
    hidden = np.tanh(x @ inner + bias)
    wrong = w * (_logistic(hidden @ worth + outer) - y) / len(x)
    below = np.outer(wrong, worth) * (1 - hidden**2)
    return [x.T @ below + RIDGE * inner, below.sum(0), hidden.T @ wrong + RIDGE * worth, wrong.sum(keepdims=True)]


def _logistic(total: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(total, -50, 50)))


def judged(network: Network, x: np.ndarray) -> np.ndarray:
    """Return the probability of each form."""
    inner, bias, worth, outer = network
    return _logistic(np.tanh(x @ inner + bias) @ worth + outer)


def packed(names: Sequence[str], network: Network) -> dict:
    """Write a network as the reader of texts has it."""
    inner, bias, worth, outer = network
    units = zip(worth, bias, inner.T, strict=True)
    return {
        "measures": tuple(names),
        "bias": _rounded(outer),
        "units": tuple((_rounded(a), _rounded(b), tuple(map(_rounded, row))) for a, b, row in units),
    }


def tested(test: Sequence[Example]) -> float:
    """Return the share of documents in which the best way is right, or none is where nobody is named."""
    names, x, y, _, index = of_forms(test)
    p = np.array([score.of_form(dict(zip(names, row, strict=True))) for row in x])
    return _share_right(p, y, index, len(test))


def _share_right(p: np.ndarray, y: np.ndarray, index: np.ndarray, count: int) -> float:
    right = 0
    for i in range(count):
        mine = np.flatnonzero(index == i)
        if not len(mine):
            right += 1
            continue
        best = mine[np.argmax(p[mine])]
        right += bool(y[best] and p[best] >= choose.LIKELY) if y[mine].any() else bool(p[best] < choose.LIKELY)
    return right / count


def report(train: Sequence[Example], test: Sequence[Example]) -> Iterator[str]:
    """Write what each measure of forms is worth: how many documents are right without it."""
    names, x, y, w, _ = of_forms(train)
    _, tx, ty, _, index = of_forms(test)
    yield "| measure | right without it |\n|---|---|"
    for i, name in enumerate(names):
        without = trained(np.delete(x, i, 1), y, w, OF_FORMS)
        share = _share_right(judged(without, np.delete(tx, i, 1)), ty, index, len(test))
        yield f"| {name} | {share:.2%} |"


if __name__ == "__main__":
    main()
