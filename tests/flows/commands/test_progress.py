"""What is told of work on its way, where there is no terminal, and what is said at its end."""

from __future__ import annotations

import pytest

from flows.display import terminal
from flows.display.terminal import showing
from flows.progress import counting


def test_a_lone_download_shows_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """How much, and how fast; of the stages that know their length, how far; not a line at every step."""
    with showing() as shown:
        shown.begin("fetch", None)
        shown.advance("fetch", 100_000, None)
        monkeypatch.setattr(terminal, "EVERY", 0.0)
        shown.advance("fetch", 2_500_000, None)
        shown.begin("transcribe", 388.0)
        shown.advance("transcribe", 95.0, 388.0)
        assert list(counting("texts", "ab")) == ["a", "b"]
    fetch, transcribe, one, two = capsys.readouterr().err.splitlines()
    assert fetch.startswith("  fetch       2.5 MB")
    assert transcribe.startswith("  transcribe  95 of 388 s")
    assert (one, two) == ("  texts       1 of 2", "  texts       2 of 2")


@pytest.mark.parametrize(
    ("done", "failed", "line"),
    [
        (3, ["a.txt", "b.txt"], "3 of 5 texts imported; 2 failed: a.txt, b.txt"),
        (0, ["a", "b", "c", "d", "e"], "0 of 5 texts imported; 5 failed: a, b, c and 2 more"),
        (3, [], "3 texts imported"),
        (1, [], ""),
        (0, ["a.txt"], ""),
    ],
)
def test_the_last_line_says_what_failed(
    done: int, failed: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several; of one alone its own line did."""
    with showing() as shown:
        shown.sum_up(done, "text", "imported", failed)
    assert capsys.readouterr().err.strip() == line
