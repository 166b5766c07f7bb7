"""Which of two models is better by published texts, and when that may be chance."""

from __future__ import annotations

import pytest

from transforms.alignment.error_rates.comparing import Judged, compare, score


def judged(model: str, text: str, errors: int, newest: float = 0.0, cp_errors: int | None = 0) -> Judged:
    """Return how wrong a model was by a text of a thousand words."""
    name = f"{model}-{text}-{newest}"
    return Judged(
        name, text, f"e{text}", model, newest, 1000, errors, 1000, cp_errors, 50, 5, 300.0, 30.0, 0, None
    )


@pytest.mark.parametrize(
    ("mine", "theirs", "recommended", "is_sure"),
    [(40, 90, "base", True), (90, 40, "small", True), (50, 55, "base", False), (0, 0, "base", False)],
)
def test_the_better_one_and_whether_that_is_sure(mine: int, theirs: int, recommended: str, is_sure: bool) -> None:
    """On the texts that judge both alone: the third is no proof."""
    rows = [judged("base", "1", mine, cp_errors=None), judged("small", "1", theirs), judged("base", "2", 900)]
    found = compare(rows, "base", "small")
    assert found is not None
    assert (found.recommended, found.is_sure, found.metric) == (recommended, is_sure, "wer")
    assert [one.wer for one in found.scores] == [mine / 1000, theirs / 1000]


def test_speakers_count_where_all_texts_name_them() -> None:
    rows = [judged("base", "1", 10, cp_errors=300), judged("small", "1", 90, cp_errors=100)]
    found = compare(rows, "base", "small")
    assert found is not None
    assert (found.recommended, found.metric) == ("small", "cpwer")


def test_the_newest_of_a_model_counts_and_a_transcript_has_its_id() -> None:
    rows = [judged("base", "1", 10, newest=2.0), judged("base", "1", 500, newest=1.0), judged("small", "1", 20)]
    found = compare(rows, "base", "small")
    assert found is not None
    assert found.scores[0].wer == 0.01
    by_id = compare(rows, "base-1-1", "base-1-2")
    assert by_id is not None
    assert [one.wer for one in by_id.scores] == [0.5, 0.01]
    assert compare(rows, "base", "large") is None
    assert compare([judged("base", "1", 1), judged("small", "2", 1)], "base", "small") is None


def test_a_score_of_nothing() -> None:
    assert score("base", []).wer is None
