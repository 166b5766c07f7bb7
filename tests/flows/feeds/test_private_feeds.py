"""Feeds that are for one subscriber alone: what is kept of them, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import loader
from flows.artifacts import Store
from flows.episode import extras
from flows.episode.extras import PublisherText
from flows.episode.later_stages import chapter_stage
from flows.feeds import manage
from flows.feeds.manage import add_feeds, as_opml, listed
from flows.feeds.pending import PendingQueue
from flows.feeds.poll import poll
from flows.feeds.subscriptions import Subscriptions, find_known
from flows.locations import keeping_private, locate
from flows.published import import_texts, text_stages
from flows.published.linking import EpisodeIndex, Hints, Link
from flows.serve.request_command import request
from flows.settings import Options, Settings
from tests.conftest import only
from tests.support.documents import empty_warehouse
from tests.support.feeds import Page, Publisher, item, publisher
from transforms.errors import SourceError

pytestmark = pytest.mark.system  # whole homes are polled

WORD = "hunter2canary"  # no judge knows it
RANDOM = "9f3c1e7ab04d5526"


@pytest.fixture
def told() -> Iterator[Publisher]:
    """A publisher."""
    with publisher() as one:
        yield one


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of one's own, which may ask this machine."""
    settings = Settings(home=tmp_path / "home", allow=("127.0.0.1",))
    empty_warehouse(settings.warehouse)
    return settings


def add(settings: Settings, url: str, private: bool | None = None) -> str:
    """Subscribe to one feed; what was said."""
    return only(add_feeds(settings, [locate(url)], (), Options(), "all", private)).line


def rows(settings: Settings) -> str:
    """All that the snapshot holds of shows and episodes."""
    with duckdb.connect(str(settings.snapshot), read_only=True) as con:
        return str([con.execute(f"from {table}").fetchall() for table in ("podcasts", "episodes", "stage_runs")])


def row(settings: Settings) -> dict[str, Any]:
    """The one subscription, as it is listed."""
    return dict(zip(manage.COLUMNS, only(listed(settings, None)), strict=True))


def publish(told: Publisher, token: str) -> str:
    """A feed whose every address holds a token."""
    one = item(1, guid=f"{told.url}/g/{token}", audio=f"{told.url}/u/{token}/1.mp3")
    return told.publish(f"/feed/{token}/rss", [one], channel=f"<link>{told.url}/{token}/</link>")


@pytest.mark.parametrize(("token", "private"), [(WORD, True), (RANDOM, None)])
def test_of_a_private_feed_no_address_is_kept(
    token: str, private: bool | None, told: Publisher, settings: Settings
) -> None:
    """The user says that it is private, or its address does; the ids are those that it has anyway."""
    url = publish(told, token)

    assert "subscribed as private, 1 of 1" in add(settings, url, private)
    kept = rows(settings)
    assert token not in kept
    assert told.url not in kept
    assert "Part 1" in kept
    assert row(settings)["private"] is True
    assert token not in str(row(settings))
    assert url in as_opml(settings, None), "the list for another program has it"
    waiting = only(list(PendingQueue(settings.home).all()))
    found = find_known(settings.home, waiting.episode.episode_id)
    assert found is not None
    assert found.location.address == f"{told.url}/u/{token}/1.mp3", "it can be heard"
    assert found.source == f"episode:{waiting.episode.episode_id}"
    assert token not in waiting.name


def test_a_mark_changes_no_id(told: Publisher, settings: Settings, tmp_path: Path) -> None:
    """The same feed, private and public, is the same show with the same episodes."""
    url = publish(told, WORD)
    other = Settings(home=tmp_path / "other", allow=("127.0.0.1",))
    add(settings, url, private=True)
    add(other, url)

    assert WORD in rows(other), "a word is taken for a word"
    assert {w.episode.episode_id for w in PendingQueue(settings.home).all()} == {
        w.episode.episode_id for w in PendingQueue(other.home).all()
    }


def test_what_the_user_says_counts(told: Publisher, settings: Settings) -> None:
    """`--public` where the address looks like a secret, and `--private` for what is there already."""
    url = publish(told, RANDOM)

    assert "subscribed, 1 of 1" in add(settings, url, private=False)
    assert row(settings)["private"] is False
    assert RANDOM not in rows(settings), "what looks like a secret is masked all the same"
    assert "subscribed before, private" in add(settings, url, private=True)
    assert row(settings)["private"] is True


@pytest.mark.parametrize("status", [404, 410, 500])
def test_why_a_private_feed_fails_names_its_host_alone(status: int, told: Publisher, settings: Settings) -> None:
    """In what is printed, kept and listed."""
    url = publish(told, WORD)
    add(settings, url, private=True)
    told.pages[f"/feed/{WORD}/rss"] = Page(status=status)
    told.pages["/elsewhere"] = Page(status=302, headers={"Location": f"/feed/{WORD}/rss", "Content-Length": "0"})

    polled = only(poll(settings, [url]).feeds)

    assert str(status) in str(polled.message)
    assert WORD not in f"{polled} {row(settings)}"
    assert f"{told.url}/~" in str(polled.message)


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_file_that_was_lost_is_private_when_it_is_written_anew(
    told: Publisher, settings: Settings, is_listed: bool
) -> None:
    """Whether its feed still has the episode, or only the memory of it."""
    url = publish(told, WORD)
    add(settings, url, private=True)
    before = only(list(PendingQueue(settings.home).all()))
    (settings.home / "waiting" / f"{before.episode.episode_id}.json").write_bytes(b"")
    if not is_listed:
        told.publish(f"/feed/{WORD}/rss", [item(2, audio=f"{told.url}/u/{WORD}/2.mp3")])

    poll(settings, [url])

    waiting = {w.episode.episode_id: w for w in PendingQueue(settings.home).all()}
    assert waiting[before.episode.episode_id].location == before.location
    assert all(one.private for one in waiting.values())
    assert WORD not in rows(settings)


def test_a_feed_that_moved_to_a_secret_address_is_private(told: Publisher, settings: Settings) -> None:
    """The publisher sends each subscriber to an address of his own."""
    url = publish(told, RANDOM)
    told.pages["/feed.xml"] = Page(status=301, headers={"Location": url, "Content-Length": "0"})

    add(settings, f"{told.url}/feed.xml")

    assert row(settings)["private"] is True
    assert RANDOM not in rows(settings)
    assert only(list(PendingQueue(settings.home).all())).private


def test_of_a_public_feed_only_secrets_are_masked(told: Publisher, settings: Settings) -> None:
    """Its enclosures are a subscriber's own: an address without the token is kept."""
    add(settings, told.publish("/feed.xml", [item(1, audio=f"{told.url}/u/{RANDOM}/1.mp3?x=1")]))

    kept = rows(settings)
    assert RANDOM not in kept
    assert f"{told.url}/feed.xml" in kept
    assert f"{told.url}/u/~" in kept
    assert only(Subscriptions(settings.home).all()).is_private is False


@pytest.mark.parametrize("token", [WORD, RANDOM])
def test_no_secret_is_sent_to_a_server(token: str, told: Publisher, settings: Settings) -> None:
    """The parameters of a run are for all to read."""
    url = publish(told, token)
    add(settings, url, private=True)

    with pytest.raises(SourceError, match="turntable add") as caught:
        request(settings.home, locate(url), {})

    assert token not in str(caught.value)


VTT = "WEBVTT\n\n00:00.000 --> 00:04.000\n<v Mara {token}>Mine is www.host.example/{token} or {token}.\n"


@pytest.mark.parametrize(("token", "private"), [(WORD, True), (RANDOM, None)])
def test_what_comes_with_a_private_episode_keeps_no_secret(
    token: str, private: bool | None, told: Publisher, settings: Settings
) -> None:
    """Chapters of the feed, and the publisher's transcript, also when it is read again."""
    psc = "xmlns:psc='http://podlove.org/simple-chapters'"
    more = (
        f"<psc:chapters {psc}><psc:chapter start='0' title='One {token}'/></psc:chapters>"
        "<podcast:transcript xmlns:podcast='https://podcastindex.org/namespace/1.0' type='text/vtt' "
        f"url='{told.url}/t/{token}/1.vtt'/></item>"
    )
    one = item(1, audio=f"{told.url}/u/{token}/1.mp3").replace("</item>", more)
    told.pages[f"/t/{token}/1.vtt"] = Page(VTT.replace("{token}", token).encode())
    add(settings, told.publish(f"/feed/{token}/rss", [one]), private)
    waiting = only(list(PendingQueue(settings.home).all()))
    found = find_known(settings.home, waiting.episode.episode_id)
    assert found is not None
    store, (link,) = Store(settings.home), found.extras.transcripts
    assert found.extras.chapters

    with keeping_private(found.private, found.extras.secrets):
        place = locate(link.url)
        read = text_stages.read(store, place, settings)
        text = PublisherText(
            link,
            place,
            read,
            text_stages.parse(store, read, Hints()),
            "vtt",
            1,
            4.0,
            has_names=True,
            has_times=True,
        )
        extras._stage(text, found, chapter_stage.choose(store, found, None, None), settings)
    loader.load(settings)
    loader.publish(settings)
    assert "or ~" in said(settings)
    assert token not in said(settings)
    manifests = [path.read_text() for path in settings.home.rglob("manifest.json")]
    assert len(manifests) >= 5
    assert token not in str(manifests)

    again = text_stages.stage(
        store,
        text_stages.kept_texts(store)[0],
        import_texts.parsed_again(settings.home, text.parsed, locate(f"episode:{found.episode.episode_id}")),
        Link(found.episode, found.podcast, "feed"),
        found.source,
        Hints(title="again"),
        EpisodeIndex(()),
    )
    assert token not in str(duckdb.read_parquet(str(again.path)).fetchall())


def said(settings: Settings) -> str:
    """All that the snapshot holds of what was said."""
    with duckdb.connect(str(settings.snapshot), read_only=True) as con:
        tables = ("turns", "words", "chapters", "sections", "transcripts")
        return str([con.execute(f"from {table}").fetchall() for table in tables])
