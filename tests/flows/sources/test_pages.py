"""Web pages and directories: the episode behind a link, through real servers."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from flows.http.reach import Reach
from flows.locations import locate
from flows.sources.directories import find_listed
from flows.sources.episode_pages import find_on_page
from flows.sources.episodes import find_named
from tests.conftest import only
from transforms.errors import ContentError, HostileError, SourceError
from transforms.page_links import parse_page, same_page

HERE = "https://example.org/episodes/1"
LOCAL = Reach(("127.0.0.1", "localhost"))

JSON_LD = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "WebSite", "name": "The Long Groove"},
        {
            "@type": ["PodcastEpisode"],
            "name": "Why a record turns",
            "url": HERE,
            "datePublished": "2026-10-05T08:00:00+02:00",
            "description": "Thirty <b>three</b> and a third.",
            "timeRequired": "PT1M35S",
            "associatedMedia": [{"@type": "MediaObject", "contentUrl": "https://cdn.example.org/1.mp3?x=1"}],
            "partOfSeries": {"@type": "PodcastSeries", "name": "The Long Groove"},
        },
    ],
}


def page(head: str = "", body: str = "", title: str = "Why a record turns | The Long Groove") -> str:
    """A page as people write them: not quite closed."""
    return f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head><body><p>Hi<br>{body}</body>"


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


def rss(server: HTTPServer, *items: str, link: str = "/") -> str:
    return (
        f"<rss version='2.0'><channel><title>The Long Groove</title><link>{server.url_for(link)}</link>"
        + "".join(items)
        + "</channel></rss>"
    )


def item(server: HTTPServer, n: int, title: str, link: str | None = None) -> str:
    where = f"<link>{server.url_for(link)}</link>" if link else ""
    return (
        f"<item><title>{title}</title><guid isPermaLink='false'>g{n}</guid>{where}"
        f"<enclosure url='{server.url_for(f'/{n}.mp3')}?token=s3cret' type='audio/mpeg'/></item>"
    )


def serve(server: HTTPServer, path: str, text: str, kind: str = "text/html; charset=utf-8") -> str:
    server.expect_request(path).respond_with_data(text, content_type=kind)
    return str(server.url_for(path))


@pytest.mark.parametrize(
    ("html", "audio"),
    [
        (page(body="<audio controls src='/a.mp3'></audio>"), ["https://example.org/a.mp3"]),
        (
            page(body="<audio><source src='a.ogg' type='audio/ogg'><source src='a.mp3'></audio>"),
            ["https://example.org/episodes/a.ogg", "https://example.org/episodes/a.mp3"],
        ),
        (page("<base href='https://cdn.example/x/'>", "<audio src=1.mp3>"), ["https://cdn.example/x/1.mp3"]),
        (page("<meta property='og:audio' content='https://cdn.example/1'>"), ["https://cdn.example/1"]),
        (
            page(
                "<meta name='twitter:player:stream' content='https://c.example/1.m4a?a'>"
                "<meta name='twitter:player:stream' content='https://c.example/1.mp4x'>"
            ),
            ["https://c.example/1.m4a?a"],
        ),
        (page(body="<a href='/dl/1.MP3?source=web'>Download</a><a href=/x.html>"), [
            "https://example.org/dl/1.MP3?source=web"]),
        (page(ld(JSON_LD)), ["https://cdn.example.org/1.mp3?x=1"]),
        (page(ld([{"@type": "AudioObject", "contentUrl": "//cdn.example/1.mp3"}])), ["https://cdn.example/1.mp3"]),
        (page(ld({"@type": "PodcastEpisode", "audio": "https://c.example/x"})), ["https://c.example/x"]),
        (page("<script type='application/ld+json'>{broken</script>"), []),
        (page(ld([{"@type": "PodcastEpisode", "name": n, "audio": f"https://c.example/{n}"} for n in "ab"])), []),
        (page(body="<audio src='blob:https://example.org/1'></audio><audio src='file:///etc/passwd'>"), []),
    ],
    ids=str,
)  # fmt: skip
def test_audio_on_a_page(html: str, audio: list[str]) -> None:
    """Every way in which pages name it; of a list of episodes none is taken, and only web addresses are."""
    assert list(parse_page(html.encode(), HERE).audio) == audio


def test_what_a_page_says_of_its_episode() -> None:
    """Title, show, date, length, language, from JSON-LD; the feed of the comments is no feed of it."""
    head = (
        ld(JSON_LD) + "<link rel='canonical' href='/episodes/1?p=1'>"
        "<link rel=alternate type='application/rss+xml' title='Comments Feed' href='/comments/feed/'>"
        "<link rel='alternate home' type='application/rss+xml; charset=utf-8' href='/feed.xml'>"
    )

    links = parse_page(page(head, "<iframe src='//player.example/1'></iframe>").encode(), HERE)

    assert links.titles == ("Why a record turns", "Why a record turns | The Long Groove")
    assert links.addresses == (HERE, f"{HERE}?p=1")
    assert (links.show, links.description) == ("The Long Groove", "Thirty three and a third.")
    assert links.published_at == datetime(2026, 10, 5, 6, tzinfo=UTC)
    assert (links.duration, links.language) == (95.0, "en")
    assert links.feeds == ("https://example.org/feed.xml",)
    assert links.players == ("https://player.example/1",)


@pytest.mark.parametrize(
    "html",
    [
        b"<div>" * 200_000,
        b"<a href='x.mp3' " + b"a=b " * 100_000 + b">",
        b'<script type="application/ld+json">' + b"[" * 200_000 + b"</script>",
        b'<script type="application/ld+json">' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"</script>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><p>&b;</p>',
        b"<audio src='http://[::1/a.mp3'>",
        b"\x00\xff\xfe<html>\x00",
    ],
    ids=["deep", "attributes", "deep json", "json chain", "entities", "bad address", "bytes"],
)
def test_hostile_pages_take_no_time_and_give_nothing(html: bytes) -> None:
    """A page is untrusted: no loop, no fetch, no address that is none."""
    began = time.monotonic()
    try:
        links = parse_page(html, HERE)
        assert all(url.startswith("https://example.org/") for url in links.audio)
    except ContentError:
        pass
    assert time.monotonic() - began < 5


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_or_a_clear_error(data: bytes) -> None:
    """No bytes raise anything else."""
    with suppress(ContentError):
        parse_page(b"<html>" + data, HERE)


@given(st.sampled_from(["http", "https"]), st.sampled_from(["", "www."]), st.sampled_from(["", "/"]))
def test_a_page_is_the_same_however_it_is_written(scheme: str, www: str, slash: str) -> None:
    assert same_page(f"{scheme}://{www}Example.org/1{slash}?utm_source=x#t", "https://example.org/1")


def test_a_page_with_audio_is_an_episode(httpserver: HTTPServer) -> None:
    """The page describes it; a token in its address is kept nowhere."""
    serve(httpserver, "/one", page("<meta property='og:title' content='Dust'>", "<audio src='/1.mp3?t=s3cret'>"))

    found = only(find_named(locate(f"{httpserver.url_for('/one')}?key=s3cret"), 1, LOCAL).episodes)

    assert found.location.address == httpserver.url_for("/1.mp3") + "?t=s3cret"
    assert (found.episode.title, found.episode.audio_url) == ("Dust", httpserver.url_for("/1.mp3"))
    assert found.episode.page_url == httpserver.url_for("/one")
    assert "s3cret" not in repr(found.episode)


@pytest.mark.parametrize(
    ("title", "links"),
    [("Anything", ("/one/", "/two")), ("Dust — The Long Groove", (None, None)), ("x", ("/elsewhere", "/two"))],
    ids=["by address", "by title", "by audio"],
)
def test_a_page_is_found_in_its_feed(
    title: str, links: tuple[str | None, str | None], httpserver: HTTPServer
) -> None:
    """By its address, its title or its audio; the feed's words are the better ones."""
    feed = rss(
        httpserver, item(httpserver, 2, "Needles", links[1]), item(httpserver, 1, "Dust", links[0]), link="/home"
    )
    serve(httpserver, "/feed.xml", feed, "application/rss+xml")
    link = "<link rel=alternate type=application/rss+xml href=/feed.xml>"
    url = serve(httpserver, "/one", page(link, "<audio src=/1.mp3>" if title == "x" else "", title))

    found = only(find_on_page(url, 5, LOCAL))

    assert (found.episode.guid, found.episode.title) == ("g1", "Dust")
    assert (found.podcast and found.podcast.title, found.episode.page_url) == ("The Long Groove", url)
    assert found.location.address.endswith("/1.mp3?token=s3cret")


def test_the_home_page_of_a_show_means_its_newest_episodes(httpserver: HTTPServer) -> None:
    """As its feed would."""
    serve(httpserver, "/feed.xml", rss(httpserver, *(item(httpserver, n, f"Part {n}") for n in (1, 2, 3))))
    url = serve(httpserver, "/", page("<link rel=alternate type=application/rss+xml href=/feed.xml>"))

    assert [found.episode.title for found in find_on_page(url, 2, LOCAL)] == ["Part 1", "Part 2"]


def test_a_player_in_a_frame_has_the_audio(httpserver: HTTPServer) -> None:
    """The page names the episode, the player plays it; a frame that cannot be fetched is passed by."""
    httpserver.expect_request("/gone").respond_with_data("", status=404)
    serve(httpserver, "/player", page(body="<audio src='/1.mp3'>", title="Player"))
    url = serve(httpserver, "/one", page(body="<iframe src=/gone></iframe><iframe src=/player></iframe>"))

    found = only(find_on_page(url, 1, LOCAL))

    assert found.location.address == httpserver.url_for("/1.mp3")
    assert found.episode.title == "Why a record turns | The Long Groove"


def test_pages_without_a_way_say_so_in_one_line(httpserver: HTTPServer) -> None:
    """With the way out: no audio at all, or a feed without that episode."""
    bare = serve(httpserver, "/bare", page(body="Nothing to hear."))
    serve(httpserver, "/feed.xml", rss(httpserver, item(httpserver, 1, "Dust")))
    other = serve(httpserver, "/other", page("<link rel=alternate type=application/rss+xml href=/feed.xml>"))

    with pytest.raises(ContentError, match="bare has no audio, no feed and no player: give the address"):
        find_on_page(bare, 1, LOCAL)
    with pytest.raises(SourceError, match=r"other has no audio, and its feed .*/feed.xml no such episode: give"):
        find_on_page(other, 1, LOCAL)


def test_a_page_cannot_lead_into_the_private_network(httpserver: HTTPServer) -> None:
    """A feed or a player at a private address is not asked."""
    link = "<link rel=alternate type=application/rss+xml href='http://10.0.0.7/feed.xml'>"
    url = serve(httpserver, "/one", page(link))

    with pytest.raises(HostileError, match=r"10\.0\.0\.7"):
        find_on_page(url, 1, LOCAL)


def apple(server: HTTPServer, **episode: object) -> str:
    """Apple's answer, as https://itunes.apple.com/lookup shapes it."""
    listed = [
        {"wrapperType": "track", "kind": "podcast", "collectionId": 123, "feedUrl": server.url_for("/feed.xml")},
        {"wrapperType": "podcastEpisode", "kind": "podcast-episode", "trackId": 456, **episode},
    ]
    return serve(server, "/lookup", json.dumps({"resultCount": 2, "results": listed}), "text/javascript")


@pytest.mark.parametrize(
    "listed", [{"episodeGuid": "g1"}, {"episodeGuid": "?", "trackName": "DUST!"}, {"episodeUrl": "{}/1.mp3?x=y"}]
)
def test_an_apple_link_is_an_episode_of_its_feed(listed: dict[str, str], httpserver: HTTPServer) -> None:
    """By guid, title or audio."""
    base = httpserver.url_for("").rstrip("/")
    lookup = apple(httpserver, **{key: text.format(base) for key, text in listed.items()})
    serve(httpserver, "/feed.xml", rss(httpserver, item(httpserver, 2, "Needles"), item(httpserver, 1, "Dust")))

    found = only(find_listed("https://podcasts.apple.com/de/podcast/x-y/id123?i=456", 1, LOCAL, lookup=lookup))

    assert found.episode.title == "Dust"
    asked = httpserver.log[0][0].args
    assert (asked["id"], asked["entity"], asked["country"]) == ("123", "podcastEpisode", "de")


def test_an_apple_link_to_a_show_means_its_newest_episodes(httpserver: HTTPServer) -> None:
    """Without `i` there is no episode."""
    lookup = apple(httpserver)
    serve(httpserver, "/feed.xml", rss(httpserver, item(httpserver, 2, "Needles"), item(httpserver, 1, "Dust")))

    found = find_listed("https://podcasts.apple.com/us/podcast/id123", 2, LOCAL, lookup=lookup)

    assert [one.episode.title for one in found] == ["Needles", "Dust"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "https://podcasts.apple.com/us/podcast/id123?i=9",
            "not among the newest 200 of Apple's list; find it with",
        ),
        ("https://podcasts.apple.com/us/podcast/id123?i=456", "its feed does not have it; find it with"),
        ("https://podcasts.apple.com/us/charts", "names no show of Apple Podcasts: give a link such as"),
        ("https://podcastindex.org/podcast/920666", "only to those with a key; open it and copy its RSS link"),
    ],
)
def test_directories_without_a_way_say_so(url: str, message: str, httpserver: HTTPServer) -> None:
    """In one line, with the way out."""
    lookup = apple(httpserver, episodeGuid="elsewhere")
    serve(httpserver, "/feed.xml", rss(httpserver, item(httpserver, 1, "Dust")))

    with pytest.raises(SourceError, match=message):
        find_listed(url, 1, LOCAL, lookup=lookup)


def test_a_show_that_apple_keeps_for_itself_has_no_feed(httpserver: HTTPServer) -> None:
    """Nothing is guessed."""
    lookup = serve(httpserver, "/lookup", '{"resultCount": 0, "results": []}', "text/javascript")

    with pytest.raises(SourceError, match="names no feed for the show 123: give the address of its feed"):
        find_listed("https://podcasts.apple.com/us/podcast/id123", 1, LOCAL, lookup=lookup)
    broken = serve(httpserver, "/broken", "<html>", "text/html")
    with pytest.raises(ContentError, match="gave no JSON: try again later"):
        find_listed("https://podcasts.apple.com/us/podcast/id123", 1, LOCAL, lookup=broken)
