"""What is kept of subscriptions and of the episodes that wait."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.feeds import pending, subscriptions
from flows.feeds.manage import standing
from flows.feeds.pending import RESTS, PendingEpisode, PendingQueue, emitted, failed, moved, needs_event, retried
from flows.feeds.subscriptions import PollState, Subscriptions, feed_id, find_known, new_subscription, rested
from flows.home.locks import held, is_held
from flows.settings import Options, Settings
from tests.support.documents import EPISODE, NOON, PODCAST
from transforms.errors import (
    ContentError,
    HostileError,
    ResourceError,
    SourceError,
    TransientError,
    error_class,
)
from transforms.feed.opml import Outline, read_opml, write_opml
from transforms.records import podcast_id

WAITING = PendingEpisode("https://groove.example/1.ogg?token=s3cret", PODCAST, EPISODE, Options(), None, NOON)
ERRORS = (
    TransientError("t"),
    SourceError("s"),
    ContentError("c"),
    HostileError("h"),
    ResourceError("r"),
    ZeroDivisionError("b"),
)


@given(st.sampled_from(["http://", "https://"]), st.sampled_from(["", "/", "//"]))
def test_a_feed_is_named_as_its_show_is(scheme: str, slashes: str) -> None:
    """By its address without scheme and slashes at the end."""
    url = f"{scheme}mp3s.nashownotes.com/pc20rss.xml{slashes}"

    assert feed_id(url) == podcast_id(url) == "917393e3-1b1e-5cef-ace4-edaa54e1f810"


def test_what_is_written_is_read_and_nobody_else_reads_it(tmp_path: Path) -> None:
    """Files for their owner only; whole records come back."""
    made = new_subscription(
        "https://groove.example/f?t=1", NOON, tags=("a",), options=Options(speakers=(1, 2), policy="text-only")
    )
    made = replace(made, poll=PollState(etag='"x"', polled_at=NOON, error="no"))
    Subscriptions(tmp_path).put(made)
    PendingQueue(tmp_path).put(WAITING)

    assert Subscriptions(tmp_path).get(made.feed_id) == made
    assert PendingQueue(tmp_path).get(EPISODE.episode_id) == WAITING
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]


def test_a_feed_is_found_by_address_id_and_title(tmp_path: Path) -> None:
    """Several that fit are an error that names them."""
    known = Subscriptions(tmp_path)
    one, two = (new_subscription(f"https://x.example/{n}", NOON, title=f"Groove {n}") for n in (1, 2))
    known.put(one)
    known.put(replace(two, url="https://moved.example/2"))

    assert known.find("http://x.example/1/") == one
    assert known.find(two.feed_id[:6]).feed_id == two.feed_id
    assert known.find("https://moved.example/2").feed_id == known.find("https://x.example/2").feed_id
    assert known.find("groove 2").feed_id == two.feed_id
    with pytest.raises(SourceError, match=r"2 feeds fit 'groove', .*Groove 1; .*give the beginning of an id"):
        known.find("groove")
    with pytest.raises(SourceError, match=r"no feed fits 'https://n.example/f'"):
        known.find("https://n.example/f?token=s3cret")


@pytest.mark.parametrize("url", ["ftp://x.example/f", "http://", "http://[", "feed.xml", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    """In one line with an example."""
    with pytest.raises(SourceError, match="give one as https://"):
        new_subscription(url, NOON)


@given(st.lists(st.sampled_from(ERRORS), max_size=30))
def test_a_failing_episode_is_tried_ever_later_and_then_set_aside(errors: list[Exception]) -> None:
    """Each failure either names a later moment or is the last one; what a person repairs starts anew."""
    now, one = NOON, WAITING
    for error in errors:
        one = failed(one, "fetch", error, now)
        assert one.error_class == error_class(error)
        assert one.quarantined == (one.next_try_at is None)
        assert one.quarantined == (one.failures[error_class(error)] > len(RESTS[error_class(error)]))
        assert one.attempts == sum(one.failures.values())
        if one.next_try_at:
            assert not needs_event(emitted(one, now), now)
            assert needs_event(emitted(one, now), one.next_try_at)
            now = one.next_try_at
    again = retried(one)
    assert (again.state, again.location, needs_event(again, now)) == ("waiting", one.location, True)
    assert (again.attempts, again.failures) == (0, {})


@given(st.sets(st.sampled_from(ERRORS), min_size=1))
def test_failures_of_several_classes_come_to_an_end_too(errors: set[Exception]) -> None:
    """An episode that fails now in this way, now in that: no class forgets how often it was there."""
    most = sum(len(RESTS[error_class(error)]) for error in errors) + 1
    one = WAITING
    for error in islice(cycle(errors), most * len(errors)):
        one = failed(one, "fetch", error, NOON)
        if one.quarantined:
            break
    assert one.quarantined
    assert one.attempts <= most


def test_a_server_that_asks_for_patience_gets_it() -> None:
    """Retry-After is a lower bound, of an episode and of a feed."""
    error = TransientError("busy", retry_after=3000.0)
    one = failed(WAITING, "fetch", error, NOON)
    poll = rested(PollState(), "busy", "transient", NOON, 3000.0)

    assert one.next_try_at == NOON + timedelta(seconds=3000)
    assert poll.next_at == NOON + timedelta(seconds=3000)


def test_a_server_that_asks_for_a_year_gets_what_counts_as_a_rest() -> None:
    """A longer one would be taken for the word of a clock that ran ahead, and be none at all."""
    year = 365 * 86_400.0
    one = failed(WAITING, "fetch", TransientError("busy", retry_after=year), NOON)
    feed = new_subscription("https://groove.example/f", NOON)
    feed = replace(feed, poll=rested(PollState(), "busy", "transient", NOON, year))

    assert not needs_event(one, NOON + pending.LONGEST_EPISODE_REST - timedelta(seconds=1))
    assert not subscriptions.is_due(feed, NOON + subscriptions.LONGEST_FEED_REST - timedelta(seconds=1))
    assert subscriptions.is_due(feed, NOON + subscriptions.LONGEST_FEED_REST)


def test_a_lost_event_is_said_again_and_no_sooner() -> None:
    """Due at first, then not, then again; never in quarantine."""
    assert needs_event(WAITING, NOON)
    said = emitted(WAITING, NOON)
    assert not needs_event(said, NOON + pending.LOST_AFTER - timedelta(seconds=1))
    assert needs_event(said, NOON + pending.LOST_AFTER)
    assert not needs_event(replace(said, quarantined=True), NOON + pending.LOST_AFTER)
    assert (said.emits, emitted(said, NOON).emits) == (1, 2)


def test_feeds_rest_longer_each_time_but_never_for_ever() -> None:
    """Twice as long after each failure, a day at most."""
    poll, rests = PollState(), []
    for _ in range(12):
        poll = rested(poll, "down", "transient", NOON, None)
        assert poll.next_at is not None
        rests.append(poll.next_at - NOON)

    assert rests[:3] == [subscriptions.INTERVAL, 2 * subscriptions.INTERVAL, 4 * subscriptions.INTERVAL]
    assert rests[-1] == subscriptions.LONGEST_FEED_REST


def test_what_failed_for_its_source_has_another_chance_at_a_new_address() -> None:
    """What failed for another reason has not."""
    bad, busy = (
        failed(WAITING, "fetch", error, NOON) for error in (ContentError("no audio"), TransientError("t"))
    )

    assert moved(bad, "https://new.example/1", EPISODE).state == "waiting"
    assert moved(busy, "https://new.example/1", EPISODE).state == "failed"
    assert moved(busy, "https://new.example/1", EPISODE).location == "https://new.example/1"


def test_an_episode_that_waits_is_found_with_its_secret_and_without_it(tmp_path: Path) -> None:
    """The location is whole, what others read is public."""
    audio = replace(EPISODE, audio_url=WAITING.location)
    PendingQueue(tmp_path).put(replace(WAITING, episode=audio))

    found = find_known(tmp_path, EPISODE.episode_id)

    assert found is not None
    assert (found.location.address, found.episode.audio_url) == (WAITING.location, EPISODE.audio_url)
    assert find_known(tmp_path, "nobody") is None


def test_an_episode_is_named_by_a_piece(tmp_path: Path) -> None:
    """By id, beginning of it, title; else an error that names what fits."""
    waiters = PendingQueue(tmp_path)
    waiters.put(WAITING)
    waiters.put(replace(WAITING, episode=replace(EPISODE, episode_id="youtube:abc", title="Why a Needle Hops")))

    assert waiters.find("0a1b").episode.episode_id == EPISODE.episode_id
    assert waiters.find("needle").episode.episode_id == "youtube:abc"
    assert waiters.find("youtube:abc").episode.episode_id == "youtube:abc"
    for name in ("why", "no such", ""):
        with pytest.raises(SourceError, match="turntable status"):
            waiters.find(name)


def test_a_name_is_held_by_one(tmp_path: Path) -> None:
    """Until it is let go."""
    assert not is_held(tmp_path, "e")
    with held(tmp_path, "e") as mine, held(tmp_path, "e") as other:
        assert (mine, other, is_held(tmp_path, "e")) == (True, False, True)
    assert not is_held(tmp_path, "e")


texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
outlines = st.builds(
    Outline, url=texts.map(lambda t: f"https://x.example/{t}?a=1&b=<2>"), title=texts, folders=st.just(())
)


@given(st.lists(outlines, min_size=1, unique_by=lambda o: o.url), st.lists(texts, max_size=1))
def test_opml_comes_back_as_it_went(feeds: list[Outline], folders: list[str]) -> None:
    """Addresses, titles and the folder, whatever characters they have."""
    feeds = [replace(feed, folders=tuple(folders)) for feed in feeds]

    assert set(read_opml(write_opml(feeds).encode(), "x")) == set(feeds)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<rss/>",
        b"<opml><body/></opml>",
        b"<opml",
        b"\x00\xff",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><opml>&b;</opml>",
    ],
)
def test_what_is_no_list_of_feeds_is_refused(data: bytes) -> None:
    """In one line."""
    with pytest.raises(ContentError, match=r"x\.opml: no feed is listed there"):
        read_opml(data, "x.opml")


def test_opml_of_other_programs_is_read() -> None:
    """Nested folders, odd case, double entries, broken XML."""
    data = b"""<?xml version="1.0"?><opml version="1.0"><head/><body><outline text="Science &amp; more">
      <outline text="Physics"><outline type="rss" text="A" xmlUrl="https://a.example/f?x=1&y=2"/></outline>
      <outline type="rss" title="B" text="b" xmlurl="https://b.example/f"/></outline>
      <outline text="C" xmlUrl=" https://b.example/f "/></body></opml>"""

    found = {outline.url: outline for outline in read_opml(data, "x")}

    assert set(found) == {"https://a.example/f?x=1&y=2", "https://b.example/f"}
    assert next(o for o in found.values() if o.title == "A").folders == ("Science & more", "Physics")


def test_what_is_worked_on_stands_though_it_does_not_wait(tmp_path: Path) -> None:
    """As an episode that a person named; feeds and audio that are held are none."""
    settings = Settings(home=tmp_path)
    PendingQueue(tmp_path).put(WAITING)
    lone, video = "80258ba0-7fbf-5283-a64b-e0834e01f280", "youtube:dQw4w9WgXcQ"
    with held(tmp_path, lone), held(tmp_path, video), held(tmp_path, f"feed-{lone}"), held(tmp_path, "gc"):
        found = standing(settings)
        with held(tmp_path, WAITING.episode.episode_id):
            both = standing(settings)
    assert [row[:2] for row in found] == [
        *(("running", lone), ("running", video), ("waiting", WAITING.episode.episode_id))
    ]
    assert [row[0] for row in both] == ["running"] * 3
    assert found[0][4][:4] == str(datetime.now(UTC).year)
    assert [row[0] for row in standing(settings)] == ["waiting"]
