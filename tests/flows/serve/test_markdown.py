"""What strangers wrote on pages of the Prefect UI, and in the log that `turntable serve` shows."""

from __future__ import annotations

import html
import io
import logging
import re
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows import episode_log
from flows.feeds.poll import FeedResult, PollSummary
from flows.serve.prefect_ui.log_lines import LogLines
from flows.serve.prefect_ui.markdown_pages import cells, poll_page, table, words
from transforms.errors import SourceError
from transforms.text import visible

EVIL = (
    "![x](https://evil.example/p.png) <img src=x onerror=y> | www.evil.example a@evil.example `c` **b** &lt;\n# x"
)


@example("www.")
@example("WWW.1password.example")
@given(st.text() | st.text("![]()<>|`*_\\&#;:./~@wxh\n\t -+="))
def test_a_stranger_writes_words_and_no_markup(text: str) -> None:
    """Rendered, they are the same words; in the source nothing is left by which a renderer goes."""
    written = words(text)
    assert html.unescape(written) == visible(text)
    assert not re.search(r"[<>\[\]()|`*_\\~@!\n]|&(?!#\d+;)|://|(?i:www\.)", written)


def test_a_table_keeps_its_rows_and_columns() -> None:
    """However a cell is written."""
    lines = list(table(("who", "what"), [(EVIL, None)] * 501))
    assert len(lines) == 2 + 500 + 1
    assert {line.count("|") for line in lines[:-1]} == {3}
    assert cells({"who": "\x1b[2J", "n": 1}) == {"who": "␛[2J", "n": 1}


def test_the_page_of_a_poll_shows_the_words_of_strangers() -> None:
    """Titles, messages of servers, problems."""
    feed = FeedResult("f", EVIL, "failed", message=EVIL)
    text = "\n".join(poll_page(PollSummary((feed,), 0, 1.0, problem=EVIL), [feed]))
    assert "evil.example" not in text
    assert "<img" not in text
    assert text.count("evil") == 9


def test_a_line_of_the_log_is_words_alone() -> None:
    """Without emoji and colours, whatever was logged; what an error quotes cannot pass for a line of ours."""
    stream = io.StringIO()
    handler = LogLines(stream, styles={"log.web_url": "blue"})
    record = logging.LogRecord(
        "x", logging.ERROR, __file__, 1, "12:100:33 [red]%s", ("a\nturntable: \x1b[2J",), None
    )
    handler.emit(record)
    try:
        msg = "no such\nturntable: file :100:"
        raise SourceError(msg)
    except SourceError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed: %s", (error,), sys.exc_info())
    handler.emit(record)

    first, second, *rest = stream.getvalue().splitlines()
    assert first == "12:100:33 [red]a␊turntable: ␛[2J"
    assert second == "failed: no such␊turntable: file :100:"
    assert "Traceback" in rest[0]
    assert all(line.startswith("    ") for line in rest)
    assert record.exc_info, "other handlers have it"


def test_what_a_part_prints_is_shown_and_never_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Titles and file names of strangers in the terminal of `serve`, in any bytes."""
    lines = b"turntable: \x1b]0;owned\x07 :100: [red]\xff\xe2\x80\xae\r\nturntable: 12\x9b2J\n"
    episode_log.show(io.BytesIO(lines), tmp_path / "runs.log")
    assert capsys.readouterr().out == "turntable: ␛]0;owned␇ :100: [red]\ufffd‹U+202E›\nturntable: 12\ufffd2J\n"
