"""Polls of real feeds on a local server: what is new, what is written, what a bad feed costs the others."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.commands.subscribe import _HEARD_BY
from flows.feeds import poll as polling
from flows.feeds.manage import add_feeds, remove
from flows.feeds.pending import LOST_AFTER, PendingEpisode, PendingQueue, failed
from flows.feeds.poll import FeedResult, PollSummary, poll
from flows.feeds.subscriptions import Subscription, Subscriptions
from flows.home.locks import held
from flows.locations import locate
from flows.serve.entrypoints import discovered
from flows.settings import Options, Settings
from flows.upkeep import rebuild, verify
from tests.conftest import ask, command, rows_of
from tests.support.documents import empty_warehouse
from tests.support.feeds import Page, Publisher, item, publisher
from transforms.errors import ContentError, SourceError
from warehouse import query

pytestmark = pytest.mark.system  # whole homes are polled


@pytest.fixture
def host() -> Iterator[Publisher]:
    """A publisher."""
    with publisher() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home that may fetch from the publisher."""
    settings = Settings(home=tmp_path, allow=("127.0.0.1",))
    empty_warehouse(settings.warehouse)
    return settings


def add(settings: Settings, url: str, backfill: Any = 0) -> Subscription:
    """Subscribe, and ask for the first time."""
    add_feeds(settings, [locate(url)], (), Options(), backfill)
    return Subscriptions(settings.home).find(url)


def look(settings: Settings) -> FeedResult:
    """Poll the one feed."""
    (polled,) = poll(settings, [s.feed_id for s in Subscriptions(settings.home).all()]).feeds
    return polled


def waiting(settings: Settings) -> list[str | None]:
    """The titles of those who wait."""
    return [w.episode.title for w in PendingQueue(settings.home).all()]


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    return rows_of(settings.snapshot, sql)


def files(home: Path) -> dict[str, tuple[int, int]]:
    """When each file that counts was written, and its size."""
    found = (path for path in home.rglob("*") if path.is_file() and "locks" not in path.parts)
    return {str(p.relative_to(home)): (p.stat().st_mtime_ns, p.stat().st_size) for p in found}


def sound(settings: Settings) -> None:
    assert verify.verify(settings) == ()


# --- what is new


@pytest.mark.parametrize(
    ("backfill", "titles"),
    [
        (0, []),
        (2, ["Part 2", "Part 3"]),
        ("all", ["Part 1", "Part 2", "Part 3"]),
        (9, ["Part 1", "Part 2", "Part 3"]),
    ],
)
def test_so_many_of_the_old_episodes_wait(
    settings: Settings, host: Publisher, backfill: Any, titles: list[str]
) -> None:
    """The newest; each is a row, and the snapshot is sound."""
    add(settings, host.publish("/f", [item(n) for n in (3, 2, 1)]), backfill)

    assert sorted(map(str, waiting(settings))) == titles
    if titles:
        assert rows(settings, "select title from episodes order by title") == [(t,) for t in titles]
        sound(settings)


def test_an_old_backfill_comes_from_older_pages(settings: Settings, host: Publisher) -> None:
    """As RFC 5005 links them."""
    atom = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='/f2'/>"
    url = host.publish("/f", [item(4), item(3)], channel=atom)
    host.publish("/f2", [item(2), item(1)])

    add(settings, url, "all")

    assert sorted(map(str, waiting(settings))) == ["Part 1", "Part 2", "Part 3", "Part 4"]
    assert look(settings).news == "unchanged"


def test_a_show_is_subscribed_by_its_web_page(settings: Settings, host: Publisher) -> None:
    """The feed that the page declares is what is asked from then on; a page without one is refused in one line."""
    feed = host.publish("/f", [item(1)])
    link = '<link rel="alternate" type="application/rss+xml" href="/f">'
    html = {"Content-Type": "text/html"}
    host.pages["/"] = Page(f"<html><head><title>Home</title>{link}</head></html>".encode(), headers=html)
    host.pages["/bare"] = Page(b"<html><head><title>Home</title></head></html>", headers=html)

    add_feeds(settings, [locate(f"{host.url}/")], (), Options(), 0)

    assert [s.url for s in Subscriptions(settings.home).all()] == [feed]
    with pytest.raises(SourceError, match=r"is a web page that declares no feed: give the address of the feed$"):
        add_feeds(settings, [locate(f"{host.url}/bare")], (), Options(), 0)


def test_an_address_where_no_feed_is_holds_up_none_and_is_asked_once(settings: Settings, host: Publisher) -> None:
    """What names it is one line; the feed beside it is subscribed."""
    feed = host.publish("/f", [item(1)])

    added = add_feeds(settings, [locate(f"{host.url}/missing"), locate(feed)], (), Options(), 0)

    assert [one.refused for one in added] == [False, True]
    assert "404" in added[1].line
    assert [s.url for s in Subscriptions(settings.home).all()] == [feed]
    assert host.asked.count(("/missing", 404)) == 1


def test_new_and_back_dated_episodes_are_found(settings: Settings, host: Publisher) -> None:
    """Wherever in the feed and under whatever date; each is a row that says when it was found."""
    url = host.publish("/f", [item(n) for n in (9, 8)])
    add(settings, url)

    host.publish("/f", [item(n) for n in (10, 9, 8)] + [item(3)])
    polled = look(settings)

    assert (polled.news, polled.found, polled.waiting) == ("new", 2, 2)
    found = rows(settings, "select title, linked_by from episodes join discoveries using (episode_id) order by 1")
    assert found == [("Part 10", "feed"), ("Part 3", "feed")]
    sound(settings)


@pytest.mark.parametrize(
    "changed",
    [
        lambda n: item(n, guid=f"https://new.example/?p={n}"),
        lambda n: item(n, audio=f"https://other.example/x/show/{n}.mp3?token={n}"),
        lambda n: item(n, guid=f"g{n}", audio=f"https://other.example/x/show/{n}.mp3?token={n}"),
        lambda n: item(n, guid=f"g{n}", audio=f"https://other.example/{n * 7}"),
    ],
    ids=["every guid", "host and query", "guid, host and query", "guid and audio"],
)
def test_a_feed_of_500_in_which_everything_changes_has_nothing_new(
    settings: Settings, host: Publisher, changed: Any
) -> None:
    """No episode twice; and what comes after that is still found."""
    url = host.publish("/f", [item(n) for n in range(500)])
    add(settings, url)

    host.publish("/f", [changed(n) for n in range(500)])
    assert look(settings).found == 0
    host.publish("/f", [changed(n) for n in range(501)])
    polled = look(settings)

    assert (polled.found, waiting(settings)) == (1, ["Part 500"])
    assert rows(settings, "select count(*) from episodes") == [(1,)]


def test_who_waits_learns_where_the_audio_lies_now(settings: Settings, host: Publisher) -> None:
    """A fresh token; an episode in quarantine for what its old address gave has another chance."""
    url = host.publish("/f", [item(1, audio="https://cdn.example/1.mp3?t=old")])
    add(settings, url, 1)
    (one,) = PendingQueue(settings.home).all()
    PendingQueue(settings.home).put(failed(one, "decode", ContentError("no audio"), datetime.now(UTC)))

    host.publish("/f", [item(1, audio="https://cdn.example/1.mp3?t=new")])
    look(settings)

    (one,) = PendingQueue(settings.home).all()
    assert (one.location, one.state) == ("https://cdn.example/1.mp3?t=new", "waiting")


def test_a_corrected_title_and_date_arrive(settings: Settings, host: Publisher) -> None:
    """With who waits and in the tables; what was not wanted stays out of both, and a third look writes nothing."""
    url = host.publish("/f", [item(2), item(1)])
    add(settings, url, 1)
    mended = [item(2, day=3).replace("Part 2", "Part 2, mended"), item(1).replace("Part 1", "Part 1, mended")]

    host.publish("/f", mended)
    assert look(settings).found == 0

    assert waiting(settings) == ["Part 2, mended"]
    assert rows(settings, "select title, published_text from episodes") == [
        ("Part 2, mended", "04 May 2000 06:00:00 GMT")
    ]
    before = files(settings.home / "artifacts")
    host.publish("/f", mended, channel="<ttl>60</ttl>")
    assert look(settings).found == 0
    assert files(settings.home / "artifacts") == before
    sound(settings)


def test_guids_that_are_not_unique(settings: Settings, host: Publisher) -> None:
    """All wait, nothing is new at a second look, and a new item with the old guid overwrites nobody who waits."""
    url = host.publish("/f", [item(2, guid="same"), item(1, guid="same")])
    add(settings, url, "all")
    host.publish("/f", [item(2, guid="same"), item(1, guid="same")], channel="<ttl>60</ttl>")
    assert look(settings).found == 0

    host.publish("/f", [item(3, guid="same")])
    assert look(settings).found == 1
    host.publish("/f", [item(3, guid="same")], channel="<ttl>60</ttl>")
    assert look(settings).found == 0

    assert sorted(map(str, waiting(settings))) == ["Part 1", "Part 2", "Part 3"]
    assert {Path(w.location).stem[-1] + str(w.episode.title)[-1] for w in PendingQueue(settings.home).all()} == {
        "11",
        "22",
        "33",
    }


def test_ties_are_everywhere_in_the_order_of_the_feed(settings: Settings, host: Publisher) -> None:
    """In the queue and in the list of episodes."""
    undated = [re.sub("<pubDate>.*?</pubDate>", "", item(n)) for n in (9, 8)]
    tied = [item(n, day=1) for n in (4, 6, 5, 2, 3, 1)]
    add(settings, host.publish("/f", [undated[0], *tied, undated[1]]), "all")

    titles = [f"Part {n}" for n in (4, 6, 5, 2, 3, 1, 9, 8)]
    assert waiting(settings) == titles
    assert [row[2] for row in query.episodes(settings.snapshot).rows] == titles


# --- what is written


def test_many_polls_of_an_unchanged_feed_write_nothing(settings: Settings, host: Publisher) -> None:
    """50 times 304; the time of the last look is in one file for all feeds."""
    add(settings, host.publish("/f", [item(n) for n in range(500)]), 1)
    before, told = files(settings.home), len(host.asked)

    for _ in range(50):
        assert look(settings).news == "unchanged"

    assert host.asked[told:] == [("/f", 304)] * 50
    changed = {name for name, was in files(settings.home).items() if before.get(name) != was}
    assert changed <= {"polled.json"}


def test_a_server_that_cannot_say_so_costs_a_download_and_no_write(settings: Settings, host: Publisher) -> None:
    """The same bytes are nothing new."""
    url = host.publish("/f", [item(1)])
    host.pages["/f"].etag = False
    add(settings, url)
    before = files(settings.home)

    assert look(settings).news == "unchanged"
    assert {n for n, was in files(settings.home).items() if before.get(n) != was} <= {"polled.json"}


def test_no_secret_leaves_the_private_files(settings: Settings, host: Publisher) -> None:
    """Not in artifacts, snapshot, warehouse or events."""
    url = host.publish("/f", [item(1, audio="https://ann:s3cret@cdn.example/1.mp3?token=s3cret")])
    add(settings, f"{url}?token=s3cret", 1)

    kept = {p.parent.name for p in settings.home.rglob("*") if p.is_file() and b"s3cret" in p.read_bytes()}
    assert kept == {"feeds", "waiting"}
    (one,) = PendingQueue(settings.home).all()
    assert "s3cret" not in json.dumps(discovered(one).body("3f2a9c1b"))
    assert one.location.endswith("token=s3cret")


def test_rebuild_gives_the_found_episodes_again(settings: Settings, host: Publisher) -> None:
    """The artifacts are the truth."""
    add(settings, host.publish("/f", [item(n) for n in range(5)]), "all")
    tables = ("podcasts", "episodes")
    before = [rows(settings, f"from {table} order by all") for table in tables]

    rebuild.rebuild(settings)

    assert before == [rows(settings, f"from {table} order by all") for table in tables]
    sound(settings)


# --- bad feeds


def test_one_bad_feed_holds_up_none(settings: Settings, host: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in its class; the good one is read although one server does not answer in time."""
    monkeypatch.setattr(polling, "PATIENCE", 1.5)
    pages = {
        "/good": Page(b""),
        "/gone": Page(status=410),
        "/missing": Page(status=404),
        "/down": Page(status=503, headers={"Retry-After": "1800"}),
        "/page": Page(b"<html>no feed</html>"),
        "/loop": Page(status=302, headers={"Location": "/loop"}),
        "/slow": Page(b"<rss/>", delay=60.0),
    }
    for path in pages:
        add(settings, host.publish(path, [item(1)], title=path))
    for path, page in pages.items():
        host.pages[path] = page
    host.publish("/good", [item(2), item(1)], title="/good")
    began = time.monotonic()

    summary = poll(settings)

    assert time.monotonic() - began < 45
    told = {feed.name: (feed.news, feed.error_class) for feed in summary.feeds}
    assert told == {
        "/good": ("new", None),
        "/gone": ("paused", "source"),
        "/missing": ("failed", "source"),
        "/down": ("failed", "transient"),
        "/page": ("failed", "content"),
        "/loop": ("paused", "hostile"),
        "/slow": ("slow", None),
    }
    assert waiting(settings) == ["Part 2"]
    known = {s.title: s for s in Subscriptions(settings.home).all()}
    assert known["/gone"].poll.paused == (
        f"{host.url}/gone: the server answered 410: the publisher took it down for good; remove it from your feeds"
    )
    rest = known["/down"].poll.next_at
    assert rest is not None
    assert timedelta(minutes=29) < rest - datetime.now(UTC) <= timedelta(minutes=30)
    host.asked.clear()
    assert {feed.name for feed in poll(settings).feeds} == {"/good", "/slow"}
    assert {path for path, _ in host.asked} <= {"/good", "/slow"}


def test_a_feed_that_comes_back_is_asked_as_before(settings: Settings, host: Publisher) -> None:
    """What was paused, too, once a person asked for it; nothing that came meanwhile is lost."""
    url = host.publish("/f", [item(1)])
    good = host.pages["/f"]
    for status, news in ((500, "failed"), (410, "paused")):
        add(settings, url)
        host.pages["/f"] = Page(status=status)
        assert look(settings).news == news
        host.pages["/f"] = good
        assert look(settings).news == "unchanged"
        well = Subscriptions(settings.home).find(url).poll
        assert (well.failures, well.error, well.paused, well.next_at) == (0, None, None, None)
    host.pages["/f"] = Page(status=500)
    look(settings)
    host.publish("/f", [item(2), item(1)])
    assert look(settings).found == 1


@pytest.mark.parametrize(("status", "is_kept"), [(301, True), (308, True), (302, False), (307, False)])
def test_a_moved_feed_keeps_its_name_and_its_episodes(
    settings: Settings, host: Publisher, status: int, is_kept: bool
) -> None:
    """The new address is kept where the server says for good; nothing is new because of it."""
    url = host.publish("/f", [item(1)])
    before = add(settings, url)
    moved = host.publish("/g", [item(2), item(1)])
    host.pages["/f"] = Page(status=status, headers={"Location": moved})

    polled = look(settings)
    after = Subscriptions(settings.home).find(url)

    assert (polled.found, after.feed_id) == (1, before.feed_id)
    assert after.url == (moved if is_kept else url)
    host.publish("/g", [item(3), item(2), item(1)])
    assert look(settings).found == 1
    shows = rows(settings, "select distinct podcast_id from episodes")
    assert shows == [(before.podcast_id,)]
    sound(settings)


def test_a_feed_that_names_its_new_address_is_asked_there(settings: Settings, host: Publisher) -> None:
    """`itunes:new-feed-url`; where nothing is, the old address goes on."""
    tag = "<itunes:new-feed-url>{}</itunes:new-feed-url>"
    url = host.publish("/f", [item(1)])
    add(settings, url)

    host.publish("/f", [item(2), item(1)], channel=tag.format(f"{host.url}/nowhere"))
    assert look(settings).found == 1
    assert Subscriptions(settings.home).find(url).url == url
    moved = host.publish("/g", [item(3), item(2), item(1)], channel=tag.format(f"{host.url}/g"))
    host.publish("/f", [item(2), item(1)], channel=tag.format(moved))

    assert look(settings).found == 1
    assert Subscriptions(settings.home).find(url).url == moved


def test_a_guid_of_the_show_that_comes_later_renames_nothing(settings: Settings, host: Publisher) -> None:
    """The show is called what it was called first."""
    url = host.publish("/f", [item(1)])
    show = add(settings, url).podcast_id
    guid = "<podcast:guid xmlns:podcast='https://podcastindex.org/namespace/1.0'>{}</podcast:guid>"

    host.publish("/f", [item(2), item(1)], channel=guid.format("9b024349-ccf0-5f69-a609-6b82873eab3c"))

    assert look(settings).found == 1
    assert rows(settings, "select podcast_id from episodes") == [(show,)]


def test_two_polls_at_once_do_not_meet_in_one_feed(settings: Settings, host: Publisher) -> None:
    """The second one leaves it alone."""
    one = add(settings, host.publish("/f", [item(1)]))
    with held(settings.home, f"feed-{one.feed_id}"):
        assert look(settings).news == "busy"


# --- events


def said(settings: Settings) -> tuple[PollSummary, list[PendingEpisode]]:
    """Poll, and hear the events."""
    heard: list[PendingEpisode] = []
    return poll(settings, None, heard.append), heard


def test_each_episode_is_announced_once_until_that_seems_lost(settings: Settings, host: Publisher) -> None:
    """Again after a while, with another id; not while somebody works on it."""
    add(settings, host.publish("/f", [item(1)]), 1)
    (summary, (first,)) = said(settings)
    assert (summary.emitted, said(settings)[1]) == (1, [])

    waiters = PendingQueue(settings.home)
    waiters.put(replace(first, emitted_at=datetime.now(UTC) - LOST_AFTER))
    with held(settings.home, first.episode.episode_id):
        assert said(settings)[1] == []
    (again,) = said(settings)[1]

    mine, other = discovered(first).event_id("3f2a9c1b"), discovered(first).event_id("00000000")
    assert mine == discovered(replace(first, since=datetime.now(UTC))).event_id("3f2a9c1b")
    assert mine not in (other, discovered(again).event_id("3f2a9c1b"))
    waiters.put(failed(again, "fetch", ContentError("no audio"), datetime.now(UTC)))
    assert said(settings)[1] == []


def test_events_that_nobody_takes_break_no_poll(settings: Settings, host: Publisher) -> None:
    """They are sent with the next one."""
    add(settings, host.publish("/f", [item(1)]), 1)

    def refuse(_: PendingEpisode) -> None:
        raise ConnectionError

    summary = poll(settings, None, refuse)

    assert summary.problem is not None
    assert "the next poll sends them" in summary.problem
    assert len(said(settings)[1]) == 1


# --- the commands


def test_a_session_with_feeds(host: Publisher, tmp_path: Path) -> None:
    """Add, list, export, import, remove; mistakes are one line."""
    url = host.publish("/f", [item(2), item(1)])
    allow = {"TURNTABLE_ALLOW": "127.0.0.1"}
    home = tmp_path / "home"

    added = command(home, "add", url, "--tag", "music", "--text-only", **allow).stdout
    listed = json.loads(command(home, "feeds", "--json").stdout)
    status = json.loads(command(home, "status", "--json").stdout)
    (tmp_path / "feeds.opml").write_text(command(home, "feeds", "--opml").stdout)
    other = command(tmp_path / "other", "add", str(tmp_path / "feeds.opml"), "--backfill", "none", **allow).stdout
    removed = command(home, "remove", "groove").stdout

    assert added == "The Long Groove: subscribed, 1 of 2 episodes to be heard\n"
    assert [(row["title"], row["state"], row["tags"], row["url"]) for row in listed] == [
        ("The Long Groove", "good", ["music"], url)
    ]
    assert [(row["state"], row["title"], row["show"]) for row in status] == [
        ("waiting", "Part 2", "The Long Groove")
    ]
    assert other == "The Long Groove: subscribed, 0 of 2 episodes to be heard\n"
    assert removed == "The Long Groove: not subscribed any more, 1 waiting episode dropped\n"
    assert ask(home, "select title from episodes") == [{"title": "Part 2"}]
    assert command(home, "status", "--json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "nowhere.opml"), "neither an address"),
        (("add", "ftp://x.example/f"), "a URL of scheme 'ftp' cannot be fetched"),
        (("add", "{host}/missing"), "404"),
        (("remove", "nothing"), "no feed or waiting episode fits 'nothing'"),
        (("poll", "nothing"), "no feed fits 'nothing'"),
        (("retry", "nothing"), "turntable status"),
        (("quarantine", "nothing"), "turntable status"),
    ],
)
def test_a_mistake_is_one_line_and_exit_1(
    host: Publisher, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """And leaves nothing behind."""
    given = [argument.format(host=host.url) for argument in arguments]
    result = command(tmp_path, *given, check=False, TURNTABLE_ALLOW="127.0.0.1")

    assert (result.returncode, (result.stdout + result.stderr).count("\n")) == (1, 1)
    assert words in result.stdout + result.stderr
    assert list(Subscriptions(tmp_path).all()) == []


@pytest.mark.parametrize(
    "arguments",
    [("retry",), ("retry", "x", "--all"), ("retry", "--class", "odd"), ("add", "x", "--backfill", "-1")],
)
def test_a_wrong_call_is_a_usage_error(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 2."""
    assert command(tmp_path, *arguments, check=False).returncode == 2


def test_retry_and_quarantine(settings: Settings, host: Publisher) -> None:
    """By name, by class, all; what a person set aside stays until it is named."""
    add(settings, host.publish("/f", [item(n) for n in (1, 2, 3)]), "all")
    waiters = PendingQueue(settings.home)
    for one in waiters.all():
        if one.episode.title != "Part 3":
            waiters.put(failed(one, "fetch", ContentError("no audio"), datetime.now(UTC)))
    home = settings.home

    command(home, "quarantine", "Part 3", "--reason", "music only")
    aside = json.loads(command(home, "quarantine", "--json").stdout)
    transient = command(home, "retry", "--class", "transient").stdout
    one = command(home, "retry", "Part 1").stdout
    rest = command(home, "retry", "--all").stdout

    assert {(row["title"], row["message"]) for row in aside} == {
        ("Part 1", "no audio"),
        ("Part 2", "no audio"),
        ("Part 3", "music only"),
    }
    assert (transient, one, rest) == (
        "",
        f"Part 1: it waits again; {_HEARD_BY}\n",
        f"Part 2: it waits again; {_HEARD_BY}\n",
    )
    assert {w.episode.title: w.state for w in waiters.all()} == {
        "Part 1": "waiting",
        "Part 2": "waiting",
        "Part 3": "quarantined",
    }


# --- with a Prefect server


def test_an_event_starts_nothing_that_somebody_works_on_and_a_failure_is_kept(
    settings: Settings, host: Publisher, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that an event started ends quietly; one that fails rests, and an event says so."""
    import httpx2

    from flows.serve.entrypoints import poll_feeds
    from flows.serve.ingest_flow import ingest_episode

    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    monkeypatch.setenv("TURNTABLE_HOME", str(settings.home))
    monkeypatch.setenv("TURNTABLE_ALLOW", "127.0.0.1")
    add(settings, host.publish("/f", [item(1, audio=f"{host.url}/1.mp3?token=s3cret")]), 1)
    (one,) = PendingQueue(settings.home).all()
    location = f"episode:{one.episode.episode_id}"

    assert poll_feeds().emitted == 1
    with held(settings.home, one.episode.episode_id):
        assert ingest_episode(location) is None
    assert not list((settings.home / "failures").glob("*"))
    with pytest.raises(SourceError, match="404"):
        ingest_episode(location)

    (one,) = PendingQueue(settings.home).all()
    assert (one.state, one.stage, one.error_class, one.emits) == ("failed", "fetch", "source", 1)
    window = {"since": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    asked = {"filter": {"event": {"prefix": ["podcast.episode."]}, "occurred": window}}
    deadline, names = time.monotonic() + 20, set()
    while names != {"podcast.episode.discovered", "podcast.episode.failed"} and time.monotonic() < deadline:
        time.sleep(0.2)
        answer = httpx2.post(f"{prefect_server}/events/filter", json=asked, timeout=60)
        mine = [e for e in answer.json()["events"] if e["payload"]["episode_id"] == one.episode.episode_id]
        names = {e["event"] for e in mine}
    assert names == {"podcast.episode.discovered", "podcast.episode.failed"}
    assert "s3cret" not in answer.text
    remove(settings, one.episode.episode_id)
    failures = list((settings.home / "failures").glob("*"))
    assert ingest_episode(location) is None
    assert list((settings.home / "failures").glob("*")) == failures
    sound(settings)
