"""The flow `poll_feeds`: subscribed feeds → new episodes → rows, and an event for each that waits to be heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from pydantic import Field

from flows import events
from flows.access import has_server
from flows.markdown import MOST_ROWS, cells, table, words
from flows.naming import timed
from flows.polling import Polled, Summary, poll
from flows.settings import Settings
from flows.tasks import as_tasks
from flows.telling import tell
from flows.waiting import Waiting
from transforms.text import counted

_ORDER = ("paused", "failed", "slow", "new", "changed", "busy", "unchanged")


@flow(name="poll-feeds", flow_run_name=lambda: timed("poll"), persist_result=False)
def poll_feeds(
    feeds: Annotated[
        list[str] | None,
        Field(
            description="Only these, due or not: addresses, ids or pieces of titles, as `turntable feeds` shows "
            "them. Without any, all that are due."
        ),
    ] = None,
) -> Summary:
    """Look for new episodes in the subscribed feeds.

    Each new episode becomes a row and an event `podcast.episode.discovered`, which starts a run of
    `ingest-episode`. Episodes whose event was lost, and failed ones that have rested, get another one.

    Raises:
        SourceError: no feed is called so.
    """
    settings = Settings()
    with as_tasks():
        summary = _poll(settings, feeds)
    for feed in summary.feeds:
        if feed.message:
            get_run_logger().warning("%s: %s", feed.name, feed.message)
    if summary.problem:
        get_run_logger().warning(summary.problem)
    _tell(summary)
    _write_page(summary)
    return summary


def _poll(settings: Settings, feeds: Sequence[str] | None) -> Summary:
    if not has_server():  # one that Prefect starts for this flow hears nobody
        return poll(settings, feeds)
    with events.sending(settings.home) as send:
        return poll(settings, feeds, lambda waiting: send(discovered(waiting)))


def _tell(summary: Summary) -> None:
    """Tell of the feeds that have news, or could not be read."""
    for feed in summary.feeds:
        if feed.message:
            tell(f"{feed.name}: {feed.message}")
        elif feed.found:
            tell(f"{feed.name}: {counted(feed.found, 'new episode')}, {feed.waiting} to be heard")
    if summary.problem:
        tell(summary.problem)


def discovered(waiting: Waiting) -> events.Event:
    """Say that an episode waits."""
    return events.Event(
        events.DISCOVERED, waiting.public_episode, str(waiting.emits), {"feed_id": waiting.feed_id}
    )


def _write_page(summary: Summary) -> None:
    """Leave a page and a table in the Prefect UI: what is new, what failed and why."""
    feeds = sorted(summary.feeds, key=lambda feed: (_ORDER.index(feed.news), feed.name.casefold()))
    create_markdown_artifact("\n".join(page(summary, feeds)), key="poll", description="What the last poll found")
    create_table_artifact([cells(asdict(feed)) for feed in feeds[:MOST_ROWS]] or [{}], key="poll-feeds")


def page(summary: Summary, feeds: Sequence[Polled]) -> Iterator[str]:
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
