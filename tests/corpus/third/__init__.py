"""A third corpus of made-up transcripts: their templates are made at random, so none is known beforehand.

    documents(count, seed)         documents with their truth
    templates(seed)                the forms that documents of a seed have: hold out by these, never by document
    no_transcripts(count, seed)    what looks like a transcript and is none

`python -m tests.benchmarks.grammar` reads and judges them.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator

from tests.corpus.third.captions import random_caption_template
from tests.corpus.third.compose import compose
from tests.corpus.third.document import Document, Said
from tests.corpus.third.strangers import stranger
from tests.corpus.third.template import Template, question_template, random_template

__all__ = ["Document", "Said", "documents", "no_transcripts", "templates"]

TEMPLATES = 400  # of a seed
SHARES = (93, 6, 1)  # of forms with labels, of captions, of questions in bold


def documents(count: int, seed: int, *, only: Collection[str] | None = None) -> Iterator[Document]:
    """Yield documents, of all templates in turn or `only` of some."""
    pool = [template for template in _pool(seed) if only is None or template.id in only]
    if not pool:
        msg = f"no template of seed {seed} is among the {len(only or ())} asked for: see templates({seed})"
        raise ValueError(msg)
    for number in range(count):
        template = pool[number % len(pool)]
        yield compose(random.Random(f"{seed}/{template.id}/{number}"), template)


def templates(seed: int) -> list[str]:
    """Return the forms that the documents of a seed have, each once."""
    return list(dict.fromkeys(template.id for template in _pool(seed)))


def _pool(seed: int) -> list[Template]:
    rng = random.Random(seed)
    makers = rng.choices((random_template, random_caption_template, question_template), SHARES, k=TEMPLATES)
    return [make(rng) for make in makers]


def no_transcripts(count: int, seed: int) -> Iterator[Document]:
    """Yield documents in which nobody's speech is written down: `said` is empty."""
    for number in range(count):
        yield stranger(random.Random(f"{seed}/{number}"), number)
