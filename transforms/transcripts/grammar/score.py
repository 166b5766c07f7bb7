"""What the learned weights say of the measures: probabilities, by logistic regression."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Literal

from transforms.transcripts.grammar.weights import WEIGHTS

Kind = Literal["form", "label"]


def probability(kind: Kind, measures: Mapping[str, float]) -> float:
    """Return how likely a form is the document's, or a label a speaker's."""
    known = WEIGHTS[kind]
    total = sum(known[name] * measure for name, measure in measures.items())
    return 1 / (1 + exp(-max(min(total, 50.0), -50.0)))
