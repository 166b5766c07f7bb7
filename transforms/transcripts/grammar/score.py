"""The learned weights of the measures, and what they say: probabilities, by logistic regression.

`tests/benchmarks/learn_grammar.py` learns them and writes `weights.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from math import exp
from typing import Literal

Kind = Literal["form", "label"]


@cache
def weights() -> dict[Kind, dict[str, float]]:
    """Return the weights of the measures of forms and of labels, by their names."""
    text = resources.files("transforms.transcripts.grammar").joinpath("weights.json").read_text(encoding="utf-8")
    told: dict[Kind, dict[str, float]] = json.loads(text)
    return told


def probability(kind: Kind, measures: Mapping[str, float]) -> float:
    """Return how likely a form is the document's, or a label a speaker's."""
    known = weights()[kind]
    total = sum(known[name] * measure for name, measure in measures.items())
    return 1 / (1 + exp(-max(min(total, 50.0), -50.0)))
