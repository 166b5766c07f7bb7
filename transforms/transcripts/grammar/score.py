"""The learned weights of the measures, and what they say: probabilities, by logistic regression.

`tests/benchmarks/learn_grammar.py` learns them and writes `weights.json`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from math import exp

from transforms.transcripts.grammar.features import FORM_FEATURES, LABEL_FEATURES, PAIRS


@cache
def weights() -> dict[str, tuple[float, ...]]:
    """Return the weights of `form` and of `label`, in the order of their features."""
    text = resources.files("transforms.transcripts.grammar").joinpath("weights.json").read_text(encoding="utf-8")
    told = json.loads(text)
    return {
        "form": tuple(told["form"][name] for name in (*FORM_FEATURES, *(f"{a} {b}" for a, b in PAIRS))),
        "label": tuple(told["label"][name] for name in LABEL_FEATURES),
    }


def probability(kind: str, measures: Sequence[float]) -> float:
    """Return how likely a `form` is the document's, or a `label` a speaker's."""
    total = sum(weight * measure for weight, measure in zip(weights()[kind], measures, strict=True))
    return 1 / (1 + exp(-max(min(total, 50.0), -50.0)))
