"""What the learned weights say of the measures: probabilities.

Labels and forms are each judged by a network with one hidden layer, since their measures say little alone: few
labels that alternate say more than few, or than alternating. Regressions on the measures and some products, which
were tried, were wrong twice as often.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, tanh
from operator import mul
from typing import Any

from transforms.transcripts.grammar.weights import FORM, LABEL


def of_label(measures: Mapping[str, float]) -> float:
    """Return how likely a label is a speaker's."""
    return _judged(LABEL, measures)


def of_form(measures: Mapping[str, float]) -> float:
    """Return how likely a form is the document's."""
    return _judged(FORM, measures)


def _judged(network: Mapping[str, Any], measures: Mapping[str, float]) -> float:
    values = [measures[name] for name in network["measures"]]
    hidden = (worth * tanh(bias + sum(map(mul, weights, values))) for worth, bias, weights in network["units"])
    return _logistic(network["bias"] + sum(hidden))


def _logistic(total: float) -> float:
    return 1 / (1 + exp(-max(min(total, 50.0), -50.0)))
