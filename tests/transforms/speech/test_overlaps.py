"""Whether somebody else speaks meanwhile, by the times of a published text."""

from __future__ import annotations

import pytest

from transforms.transcripts import read


def vtt(*cues: tuple[float, float, str]) -> bytes:
    """Write cues; a text without a colon is nobody's."""
    lines = ["WEBVTT", ""]
    for start, end, text in cues:
        name, colon, said = text.partition(": ")
        lines += [f"00:{start:06.3f} --> 00:{end:06.3f}", f"<v {name}>{said}</v>" if colon else text, ""]
    return "\n".join(lines).encode()


A, B = "Ann Lee: Why does it turn?", "Bob Ray: It is round."


@pytest.mark.parametrize(
    ("cues", "expected"),
    [
        (((0, 5, A), (5, 9, B)), [False, False]),
        (((0, 5, A), (4.7, 9, B)), [True, True]),
        (((0, 5, A), (4.9, 9, B)), [False, False]),  # under 0.2 s
        (((0, 5, A), (3, 9, A), (9, 12, B)), [False, False]),  # nobody overlaps himself
        (((0, 5, A), (1, 2, B), (8, 9, A)), [True, True, False]),
        (((0, 5, A), (5, 9, "And somebody answers."), (8, 12, B)), [None, None, None]),
        (((0, 5, A), (4, 9, B), (9, 12, "And somebody laughs at it.")), [True, True, None]),
        (((0, 5, "So it goes."), (4, 9, "And it went.")), [None, None]),
    ],
)
def test_overlaps(cues: tuple[tuple[float, float, str], ...], expected: list[bool | None]) -> None:
    """As for recognised turns where all is known; else only what does overlap is known."""
    assert [turn.is_overlap for turn in read(vtt(*cues)).turns] == expected


def test_no_ends_no_overlaps() -> None:
    """Times that only begin tell nothing."""
    text = b"[00:00:01] Ann Lee: Why?\n[00:00:03] Bob Ray: It is.\n[00:00:09] Ann Lee: I see.\n"
    assert {turn.is_overlap for turn in read(text).turns} == {None}
