"""Ways to subscribe: by the name of a show, from a gpodder server, to feeds that ask for user and password."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.feeds.pending import PendingQueue
from flows.feeds.subscriptions import Subscriptions
from flows.http import fetch
from flows.http.reach import Reach
from tests.conftest import only
from tests.support.feeds import Page, Publisher, item, publisher

LOGIN = "ann:mellow-otter"
Run = Callable[..., Result]


@pytest.fixture
def site() -> Iterator[Publisher]:
    """A publisher, which is the directory and the gpodder server, too."""
    with publisher() as one:
        yield one


@pytest.fixture
def run(site: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of `turntable` in this process, in a home of its own that asks the publisher."""
    monkeypatch.setenv("TURNTABLE_HOME", str(tmp_path))
    monkeypatch.setenv("TURNTABLE_ALLOW", "127.0.0.1")
    monkeypatch.setenv("TURNTABLE_DIRECTORY", site.url)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, input=None: CliRunner().invoke(app, arguments, input=input)


def know(site: Publisher, *shows: tuple[str, str]) -> None:
    """Let the directory know shows, each with its feed, as https://itunes.apple.com/search shapes it."""
    results = [
        {"kind": "podcast", "collectionName": title, "artistName": "Mara", "feedUrl": f"{site.url}{path}"}
        for title, path in shows
    ]
    site.pages["/search"] = Page(json.dumps({"resultCount": len(results), "results": results}).encode())


def urls(home: Path) -> list[str]:
    return sorted(one.url for one in Subscriptions(home).all())


def test_a_show_is_added_by_its_name(site: Publisher, run: Run, tmp_path: Path) -> None:
    """The one that is called so, in whatever case, before others that are called more."""
    url = site.publish("/feed.xml", [item(1)])
    know(site, ("The Long Groove: Extras", "/extras.xml"), ("The Long Groove", "/feed.xml"), ("Grooves", "/g.xml"))

    done = run("add", "the long groove", "--backfill", "none")

    assert (done.exit_code, done.output) == (0, "The Long Groove: subscribed, 0 of 1 episode to be heard\n")
    assert urls(tmp_path) == [url]


def test_a_piece_of_a_name_will_do_where_it_means_one(site: Publisher, run: Run, tmp_path: Path) -> None:
    """Apple's search finds more than was asked for."""
    url = site.publish("/feed.xml", [item(1)])
    know(site, ("The Long Groove", "/feed.xml"), ("Something Else", "/else.xml"))

    assert run("add", "long groove", "--backfill", "none").exit_code == 0
    assert urls(tmp_path) == [url]


@pytest.mark.parametrize(
    ("shows", "asked", "message"),
    [
        (
            (("The Groove", "/a"), ("The Groove", "/b")),
            "groove",
            "groove: several shows are called so: `turntable add` the address of one, such as "
            "The Groove by Mara: {0}/a; The Groove by Mara: {0}/b",
        ),
        (
            ((" \x1b[2JElse", "/a"),),
            "groove",
            "no show is called so: `turntable add` the address of one, such as ␛[2JElse",
        ),
        ((), "groove", "groove: neither an OPML file nor a show that 127.0.0.1 knows: give the address"),
    ],
)
def test_what_is_not_clear_is_asked_back(
    shows: tuple[tuple[str, str], ...], asked: str, message: str, site: Publisher, run: Run, tmp_path: Path
) -> None:
    """Nothing is subscribed then, and the message is one line that says what to give."""
    know(site, *shows)
    done = run("add", asked)
    assert done.exit_code == 1
    assert message.format(site.url) in str(done.exception)
    assert urls(tmp_path) == []


@pytest.mark.parametrize("asked", ["feeds.opml", "./groove", "htps:/groove", "/no/such"])
def test_what_looks_like_a_file_or_an_address_is_no_name(asked: str, site: Publisher, run: Run) -> None:
    """The directory is not asked for what somebody mistyped."""
    assert run("add", asked).exit_code
    assert site.asked == []


def test_all_that_a_gpodder_server_has_is_added(site: Publisher, run: Run, tmp_path: Path) -> None:
    """Of all devices, each feed once; what does not answer is kept; the password is asked for, kept nowhere."""
    one, two = site.publish("/1.xml", [item(1)]), site.publish("/2.xml", [item(2)])
    lists = {
        "/api/2/devices/ann.json": [{"id": "phone"}, {"id": "my laptop"}, {"caption": "broken"}],
        "/subscriptions/ann/phone.json": [one, f"{site.url}/gone.xml", "ftp://x", 7],
        "/subscriptions/ann/my%20laptop.json": [one, {"url": two, "title": "Two"}],
    }
    for path, answer in lists.items():
        site.pages[path] = Page(json.dumps(answer).encode(), login=LOGIN)
    server = site.url.replace("://", "://ann@")

    done = run("add", "--gpodder", server, "--backfill", "none", input="mellow-otter\n")

    assert done.exit_code == 0, done.exception
    assert urls(tmp_path) == sorted([one, two, f"{site.url}/gone.xml"])
    assert "subscribed, but not read yet" in done.output
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and b"mellow-otter" in path.read_bytes()]
    assert kept == []
    wrong = run("add", "--gpodder", server, input="sour-otter\n")
    assert wrong.exit_code == 1
    assert "wrong user or password" in str(wrong.exception)
    assert "otter" not in str(wrong.exception)
    assert "it needs a user: give it as https://USER@127.0.0.1" in str(run("add", "--gpodder", site.url).exception)
    site.pages["/api/2/devices/ann.json"] = Page(b"<html>")
    no_list = run("add", "--gpodder", server.replace("ann@", f"{LOGIN}@"))
    assert "no list, as a gpodder server gives" in str(no_list.exception)
    assert "mellow" not in str(no_list.exception)


def test_user_and_password_of_a_feed_open_its_audio(site: Publisher, run: Run, tmp_path: Path) -> None:
    """On its own server, and on no other; they are shown nowhere, and kept with what waits alone."""
    audio = [
        f"{site.url}/1.mp3",
        "/2.mp3",
        "https://cdn.example/3.mp3",
        site.url.replace("http:", "https:") + "/4.mp3",
    ]
    site.publish("/feed.xml", [item(n, audio=url) for n, url in enumerate(audio, 1)])
    for path in ("/feed.xml", "/1.mp3", "/2.mp3"):
        site.pages[path] = Page(site.pages[path].body if path in site.pages else b"audio", login=LOGIN)

    done = run("add", site.url.replace("://", f"://{LOGIN}@") + "/feed.xml", "--backfill", "all")

    assert done.output == "The Long Groove: subscribed as private, 4 of 4 episodes to be heard\n"
    waiting = {one.episode.title: one.location for one in PendingQueue(tmp_path).all()}
    assert [LOGIN in waiting[f"Part {n}"] for n in (1, 2, 3, 4)] == [True, True, False, False]
    assert fetch.fetch(waiting["Part 1"], Reach(("127.0.0.1",))).data == b"audio"
    shown = [
        run(*arguments).output for arguments in (("feeds", "--json"), ("status", "--json"), ("episodes", "--json"))
    ]
    assert not [text for text in shown if "mellow" in text]
    assert b"mellow" not in (tmp_path / "turntable.duckdb").read_bytes()
    assert only(Subscriptions(tmp_path).all()).is_private
