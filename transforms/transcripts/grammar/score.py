"""What the learned weights say of the measures: probabilities.

A label is judged by logistic regression. A form is judged by a network with one hidden layer, since its measures
say little alone: few labels that alternate say more than few, or than alternating. As a regression on the measures
and the products of a dozen, which was tried, it chose wrongly twice as often.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, tanh
from operator import mul

from transforms.transcripts.grammar.weights import FORM, LABEL


def of_label(measures: Mapping[str, float]) -> float:
    """Return how likely a label is a speaker's."""
    return _logistic(sum(LABEL[name] * measure for name, measure in measures.items()))


def of_form(measures: Mapping[str, float]) -> float:
    """Return how likely a form is the document's."""
    values = [measures[name] for name in FORM["measures"]]
    hidden = (worth * tanh(bias + sum(map(mul, weights, values))) for worth, bias, weights in FORM["units"])
    return _logistic(FORM["bias"] + sum(hidden))


def _logistic(total: float) -> float:
    return 1 / (1 + exp(-max(min(total, 50.0), -50.0)))
