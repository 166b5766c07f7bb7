"""`turntable notify`: a real Prefect server sends real messages to a service on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.feeds import outcomes
from flows.feeds.events import FAILED, EpisodeEvent
from flows.feeds.poll import poll_feed
from flows.feeds.subscriptions import Subscriptions
from flows.home.folder import home_tag
from flows.locations import locate
from flows.settings import Options, Settings
from flows.sources.found import EpisodeSource
from tests.support.documents import EPISODE
from tests.support.feeds import Page, item, publisher
from transforms.errors import HostileError

pytestmark = pytest.mark.system

SECRET = "mellow-otter-4711"
Run = Callable[..., Result]


@pytest.fixture
def settings(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home on the Prefect server of the tests."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    monkeypatch.setenv("TURNTABLE_HOME", str(tmp_path))
    monkeypatch.setenv("TURNTABLE_ALLOW", "127.0.0.1")
    return Settings()


@pytest.fixture
def run(settings: Settings) -> Run:
    """Run a command of `turntable` in this process."""
    return lambda *arguments, input=None: CliRunner().invoke(app, arguments, input=input)


@pytest.fixture
def service(httpserver: HTTPServer) -> HTTPServer:
    """Take every message, as a webhook does."""
    httpserver.expect_request(f"/{SECRET}", method="POST").respond_with_data("ok")
    return httpserver


def address(service: HTTPServer) -> str:
    return f"json://ann:{SECRET}@127.0.0.1:{service.port}/{SECRET}"


def messages(service: HTTPServer, count: int) -> list[tuple[str, str]]:
    """The titles and texts of what came, once so many are there."""
    deadline = time.monotonic() + 60
    while len(service.log) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    bodies = [json.loads(request.get_data()) for request, _ in service.log]
    return [(body["title"], body["message"]) for body in bodies]


def test_what_became_of_things_is_told(settings: Settings, run: Run, service: HTTPServer) -> None:
    """Loaded, failed, in quarantine, a feed that is gone: who, what, why, where; strangers call nobody."""
    done = run("notify", "-", input=f"{address(service)}\n")
    assert (done.exit_code, done.output.split()[0], done.output.split(": ")[1]) == (
        *(0, "JSON"),
        "told of loaded, failed, gone\n",
    )
    assert run("notify", "--test").exit_code == 0
    found = EpisodeSource(
        locate("https://x.example/1.mp3"), None, replace(EPISODE, title="Hi @everyone <!channel>")
    )
    published = settings.model_copy(update={"pages_url": "https://pages.example/talks/"})
    outcomes.note_loaded(published, found.episode, "youtube:1", "t", 28, 170.2, is_new=True)
    outcomes.note_loaded(settings, found.episode, "an-id", "t", 29, 170.2, is_new=True)
    outcomes.note_failed(settings, found, Options(), "fetch", HostileError("a decompression bomb"))
    elsewhere = settings.model_copy(update={"home": settings.home / "another"})
    (settings.home / "another").mkdir()
    outcomes.note_loaded(elsewhere, found.episode, "an-id", "t", 1, 1.0, is_new=True)
    with publisher() as site:
        assert run("add", site.publish("/feed.xml", [item(1)]), "--backfill", "none").exit_code == 0
        site.pages["/feed.xml"] = Page(status=410)
        (feed,) = Subscriptions(settings.home).all()
        assert poll_feed(settings, feed.feed_id).news == "paused"

    told = messages(service, 5)
    page = "https://groove.example/1"
    assert ("Turntable: Hi ＠everyone ‹!channel>", f"29 turns are there.\n{page}") in told
    ours = "28 turns are there.\nhttps://pages.example/talks/youtube-1.html"
    assert ("Turntable: Hi ＠everyone ‹!channel>", ours) in told
    assert (
        "Turntable: Hi ＠everyone ‹!channel>",
        f"fetch failed: a decompression bomb (in quarantine)\n{page}",
    ) in told
    (gone,) = [text for title, text in told if title == f"Turntable: {feed.title}"]
    assert gone.startswith("The feed is not asked any more: ")
    assert "the server answered 410" in gone
    assert len(told) == 5, "one is of the test, and none of another home"


def test_all_addresses_of_the_input_are_taken(run: Run, service: HTTPServer) -> None:
    """One a line; none at all is refused."""
    both = run("notify", "-", "--on", "gone", input=f"{address(service)}\n\njson://localhost:1/two\n")
    assert both.exit_code == 0, both.output
    names = [line.partition(":")[0] for line in both.output.splitlines()]
    assert len(set(names)) == 2
    for name in names:
        assert run("notify", "--remove", name.split()[1]).exit_code == 0
    assert "no service has the address" in str(run("notify", "-", input="\n").exception)


def test_addresses_are_shown_to_nobody(
    settings: Settings, run: Run, service: HTTPServer, prefect_server: str
) -> None:
    """Neither by what is printed, nor by blocks, automations and events; what is removed is forgotten."""
    added = run("notify", address(service), "--on", "quarantined")
    again = run("notify", address(service), "--on", "failed,quarantined")
    assert added.output.split()[:2] == again.output.split()[:2]
    service.clear()
    service.expect_request(f"/{SECRET}").respond_with_data("no", status=500)
    refused = run("notify", "--test")
    assert refused.exit_code == 1
    assert "the service did not take it" in refused.output
    listed = run("notify", "--list")
    key = added.output.split()[1].rstrip(":")
    assert listed.output == f"JSON {key}: failed, quarantined\n"
    assert json.loads(run("notify", "--list", "--json").output) == [
        {"key": key, "service": "JSON", "told_of": ["failed", "quarantined"]}
    ]
    shown: list[Any] = [added.output, again.output, refused.output, listed.output]
    for what in ("block_documents", "automations"):
        shown.append(httpx2.post(f"{prefect_server}/{what}/filter", json={}, timeout=60).text)
    assert not [text for text in shown if SECRET in text]
    (block,) = (one for one in blocks_of(prefect_server) if one["name"] == f"{home_tag(settings.home)}-{key}")
    httpx2.delete(f"{prefect_server}/block_documents/{block['id']}", timeout=60)
    assert "has lost its address" in run("notify", "--test").output
    run("notify", address(service))
    assert run("notify", "--remove", key[:4]).output.startswith(f"JSON {key}: told no more")
    assert run("notify", "--list").output.startswith("turntable: nobody is told yet")
    assert not [block for block in blocks_of(prefect_server) if block["name"] and key in block["name"]]


def blocks_of(server: str) -> list[dict[str, Any]]:
    """What the server keeps, as it shows it."""
    return list(httpx2.post(f"{server}/block_documents/filter", json={}, timeout=60).json())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nonsense",), "no service has the address 'nonsense': https://"),
        ((f"gopher://{SECRET}",), "no service has the address 'gopher://…': https://"),
        (("--remove", "nobody"), "`turntable notify --list` lists them"),
        (("ntfy://a", "--list"), "give an address, --test, --list or --remove"),
        (("ntfy://a", "--on", "never"), "take some of loaded, failed, quarantined, gone"),
    ],
)
def test_a_mistake_is_said(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """In one line, without the address."""
    done = run("notify", *arguments)
    assert done.exit_code
    assert message in f"{done.output} {done.exception}"
    assert SECRET not in f"{done.output} {done.exception}"


def test_without_a_server_nobody_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to start."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("TURNTABLE_HOME", "")  # `--home` sets it, for other tests too
    done = CliRunner().invoke(app, ["--home", str(tmp_path), "notify", "ntfy://a"])
    assert "start `turntable serve`" in str(done.exception)


@pytest.mark.parametrize(
    ("news", "title"),
    [
        ({}, "Why a Record Turns"),
        ({"title": None}, "1.ogg"),
        ({"title": None, "audio_url": "https://ann:pass@groove.example/"}, "groove.example"),
        ({"title": None, "audio_url": None, "audio_path": "/home/ann/my talk.mp3"}, "my talk.mp3"),
        ({"title": None, "audio_url": None}, None),
    ],
)
def test_what_has_no_title_is_called_by_its_file_or_host(news: dict[str, Any], title: str | None) -> None:
    """A message that names an id says nothing."""
    body = EpisodeEvent(FAILED, replace(EPISODE, **news), "now", {}).body("home")
    assert (body["payload"]["title"], body["resource"].get("prefect.resource.name")) == (title, title)
