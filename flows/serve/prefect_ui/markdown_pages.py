"""Pages in the Prefect UI: what strangers wrote stands there as words, never as a link, an image or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flows.feeds.poll import FeedResult, PollSummary
from transforms.text import counted, visible

MOST_ROWS = 500  # of a table that a person reads
# All that CommonMark, its tables and links, HTML and what makes links of bare addresses go by.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>()#+!|&~:@^$\"'=]|\.(?=[^\W\d])|(?<=www)\.", re.IGNORECASE)


def words(value: object) -> str:
    r"""Write a value as words in Markdown; `None` is nothing.

    >>> words("<b>[x](https://host.example)|\n")
    '&#60;b&#62;&#91;x&#93;&#40;https&#58;//host&#46;example&#41;&#124;␊'
    """
    return "" if value is None else _MARKUP.sub(lambda found: f"&#{ord(found[0])};", visible(str(value)))


def poll_page(summary: PollSummary, feeds: Sequence[FeedResult]) -> Iterator[str]:
    """Write what a poll found for people; feeds without news are only counted."""
    waiting = sum(feed.waiting for feed in feeds)
    yield f"# {counted(waiting, 'new episode')} in {counted(len(feeds), 'feed')}"
    failed = summary.count("failed") + summary.count("paused") + summary.count("slow")
    yield (
        f"{summary.count('unchanged')} feeds are as they were, {failed} could not be read. "
        f"{summary.emitted} events were sent. It took {summary.seconds:.1f} s."
    )
    if summary.problem:
        yield f"\n**{words(summary.problem)}**"
    told = [feed for feed in feeds if feed.news not in ("unchanged", "busy")]
    if told:
        yield ""
        names = ("feed", "news", "new episodes", "to be heard", "why")
        yield from table(names, [(f.name, f.news, f.found, f.waiting, f.message) for f in told])


def table(names: Sequence[str], rows: Sequence[Iterable[object]]) -> Iterator[str]:
    """Write a table line by line, as many rows as a person reads."""
    yield _row(names)
    yield f"|{'---|' * len(names)}"
    yield from map(_row, rows[:MOST_ROWS])
    if len(rows) > MOST_ROWS:
        yield f"\nand {len(rows) - MOST_ROWS} more"


def cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write a row of a table artifact, whose cells are shown as they are."""
    return {name: visible(cell) if isinstance(cell, str) else cell for name, cell in row.items()}


def _row(values: Iterable[object]) -> str:
    return f"| {' | '.join(map(words, values))} |"
