"""`kill -9` of a poll at named points: the next one loses nothing, doubles nothing, and the warehouse is sound."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.artifacts import Store
from flows.feeds.manage import add_feeds, remove
from flows.feeds.pending import PendingEpisode, PendingQueue
from flows.feeds.poll import poll
from flows.feeds.subscriptions import Subscriptions
from flows.locations import locate
from flows.settings import Options, Settings
from flows.upkeep import verify
from flows.upkeep.verify import damaged_artifacts
from tests.conftest import rows_of
from tests.support import killed, warm
from tests.support.feeds import Publisher, item, publisher

pytestmark = pytest.mark.system

# The renamings of a poll of one feed with three new episodes, in their order, and the calls between; of the three
# that wait, the one in the middle. Behind one is before the next: nothing is written in between. `make chaos
# ONLY=kills` tries every renaming, before and behind.
STEPS = (
    "waiting/ 2",
    "/discover/",
    *(".episodes.json", "/feeds/ 2", "polled.json"),
    *("the load", "a transaction", "the publishing", "turntable.duckdb"),
    *("an event", "waiting/ 5"),
)
POINTS = [*(("before", step) for step in STEPS), ("after", "a transaction"), ("after", "waiting/ 6")]


@pytest.fixture(scope="module")
def host() -> Iterator[Publisher]:
    """A publisher for all of them."""
    with publisher() as running:
        yield running


@pytest.mark.parametrize(("when", "what"), POINTS)
def test_a_poll_that_is_killed_loses_and_doubles_nothing(
    when: str, what: str, host: Publisher, tmp_path: Path
) -> None:
    """Three episodes wait, three are rows, all are announced, and then the feed is unchanged."""
    settings = Settings(home=tmp_path, allow=("127.0.0.1",))
    url = host.publish(f"/{tmp_path.name}", [item(1)])
    add_feeds(settings, [locate(url)], (), Options(), 1)
    remove(settings, next(PendingQueue(settings.home).all()).episode.episode_id)
    host.publish(f"/{tmp_path.name}", [item(n) for n in (4, 3, 2, 1)])

    child = warm.run(killed.main, str(tmp_path), when, what)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert (
        list(damaged_artifacts(Store(tmp_path), deep=False)) == []
    )  # a feed that is another by then is not found again so
    said: list[PendingEpisode] = []
    poll(settings, None, said.append)

    assert sorted(str(w.episode.title) for w in PendingQueue(tmp_path).all()) == ["Part 2", "Part 3", "Part 4"]
    titles = rows_of(settings.snapshot, "select title from episodes order by title")
    assert titles == [("Part 1",), ("Part 2",), ("Part 3",), ("Part 4",)]
    assert verify.verify(settings) == ()
    ids = {w.episode.episode_id for w in PendingQueue(tmp_path).all()}
    assert {w.episode.episode_id for w in said} | set(child.stdout.split()) == ids
    remembered = Subscriptions(tmp_path).remembered(Subscriptions(tmp_path).find(url).feed_id)
    assert remembered is not None
    assert len(remembered.known) == 4
    assert [feed.news for feed in poll(settings).feeds] == ["unchanged"]
