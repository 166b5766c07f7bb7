"""Streams that never end, servers that trickle, and who would wait behind them."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from flows.http.fetch import download, fetch, peek
from flows.http.rate_limit import RateLimit
from tests.conftest import ask, command, only, rows_of, started
from tests.support.servers import HERE, answer, serve
from transforms.errors import ContentError, SourceError, TransientError

SOUND = b"ID3\x03" + bytes(5_000)
ICY = b"ICY 200 OK\r\nicy-name: Tonight\r\ncontent-type: audio/mpeg\r\n\r\n"

LIVE = {
    "icy": (answer(Content_Type="audio/mpeg", icy_name="Tonight, live"), "live stream"),
    "icy with a length": (answer(Content_Length="999999999", icy_br="128"), "live stream"),
    "ice": (answer(ice_audio_info="bitrate=128"), "live stream"),
    "ICY 200": (ICY, "live stream"),
    "Icecast": (answer(Server="Icecast 2.4.4"), "live stream"),
    "HLS": (answer(Content_Type="application/vnd.apple.mpegurl", body=b"#EXTM3U\n"), "playlist"),
    "m3u": (answer(Content_Type="audio/x-mpegurl; charset=utf-8", body=b"\n#EXTM3U\n"), "playlist"),
    "pls": (answer(Content_Type="audio/x-scpls", body=b"[playlist]\n"), "playlist"),
    "DASH": (answer(Content_Type="application/dash+xml", body=b"<MPD>"), "playlist"),
}


@pytest.mark.parametrize("name", LIVE)
def test_a_live_stream_is_refused_by_what_its_server_says(name: str, tmp_path: Path) -> None:
    """At once, in one line, wherever the address is used first; nothing is left behind."""
    said, what = LIVE[name]
    for use in (peek, lambda url, **more: download(url, tmp_path / "audio", **more)):
        with (
            serve(said, then=SOUND, pause=0.01) as server,
            pytest.raises(ContentError, match=f"{server.url}: a {what}.*give the address of a recording$"),
        ):
            use(server.url, reach=HERE)

    assert not (tmp_path / "audio").exists()


FILES = {
    "on an Icecast server": answer(
        body=SOUND, Server="Icecast", icy_name="x", Accept_Ranges="bytes", Content_Length=str(len(SOUND))
    ),
    "in chunks": answer(body=b"1389\r\n" + SOUND[:0x1389] + b"\r\n0\r\n\r\n", Transfer_Encoding="chunked"),
    "until the server hangs up": answer(body=SOUND, Connection="close"),
    "called a playlist": answer(body=SOUND, Content_Type="audio/x-mpegurl", Content_Length=str(len(SOUND))),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_no_stream(name: str, tmp_path: Path) -> None:
    """Ordinary hosts are odd, too."""
    with serve(FILES[name]) as server:
        download(server.url, tmp_path / "audio", reach=HERE)

    assert (tmp_path / "audio").stat().st_size >= 5_000


def test_what_has_no_length_and_no_end_is_given_up(tmp_path: Path) -> None:
    """However fast it comes: never later than a setting allows, whatever the feed says of its length."""
    with serve(answer(), then=SOUND, pause=0.01) as server:
        with pytest.raises(ContentError, match=r"no length and no end .* TURNTABLE_LONGEST_DOWNLOAD"):
            download(server.url, tmp_path / "audio", reach=HERE, longest=0.3)
        with pytest.raises(ContentError, match="no length and no end"):
            download(server.url, tmp_path / "audio", reach=HERE, longest=0.3, expected=1e6)


def test_a_file_that_takes_too_long_is_tried_at_another_time(tmp_path: Path) -> None:
    """It has a length, so it is no stream; few more tries over days, not one after the other."""
    with (
        serve(answer(Content_Length="1000000000"), then=SOUND, pause=0.01) as server,
        pytest.raises(SourceError, match=r"not here after .* TURNTABLE_LONGEST_DOWNLOAD"),
    ):
        download(server.url, tmp_path / "audio", reach=HERE, longest=0.2)


def test_a_head_that_comes_byte_by_byte_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never silent, and would go on for days."""
    monkeypatch.setattr("flows.http.request._CONNECT_TIMEOUT", 0.2)
    with serve(b"HTTP/1.1 200 OK\r\nX-Slow: ", then=b"a", pause=0.01) as server, pytest.raises(TransientError):
        peek(server.url, reach=replace(HERE, idle_timeout=0.2))


@pytest.mark.parametrize(
    ("begun", "then"),
    [(b"5\r\nsound\r\n0\r\n", b"X-More: yes\r\n"), (b"5\r\nsound\r\n5;", b"more"), (b"5\r\nsound\r\n", b"0")],
    ids=["trailers", "an extension of a chunk", "the length of a chunk"],
)
def test_what_comes_without_end_and_is_no_sound_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, begun: bytes, then: bytes
) -> None:
    """No piece of the body comes any more, so nobody would look at the time; the connection is shut down."""
    monkeypatch.setattr("flows.http.body._GRACE", 0.1)
    with serve(answer(Transfer_Encoding="chunked") + begun, then=then, pause=0.005) as server:
        for get in (fetch, lambda url, **how: download(url, tmp_path / "audio", **how)):
            with pytest.raises((TransientError, ContentError)):
                get(server.url, reach=replace(HERE, idle_timeout=0.2))
    assert not (tmp_path / "audio").exists()


def test_a_slow_request_keeps_its_place_at_a_host_for_a_while_only() -> None:
    """Two endless downloads do not keep the whole host; many do."""
    manners = RateLimit(at_once=1, gap=0.0, patience=0.3, slow=0.1, most=2)
    with (
        manners.slot("show.test"),
        manners.slot("show.test"),
        pytest.raises(TransientError, match="2 requests"),
        manners.slot("show.test"),
    ):
        pass


@pytest.fixture
def publisher(clip: Path) -> Iterator[tuple[HTTPServer, threading.Event]]:
    """A host of /quick.wav, and of /slow.wav, which stops in the middle until the event is set."""
    sound, goes_on = clip.read_bytes(), threading.Event()

    def halves() -> Iterator[bytes]:
        yield sound[:10_000]
        goes_on.wait(150)
        yield sound[10_000:]

    with HTTPServer(threaded=True) as server:
        server.expect_request("/slow.wav").respond_with_handler(lambda _: Response(halves(), mimetype="audio/wav"))
        server.expect_request("/quick.wav").respond_with_data(sound[:-32_000], content_type="audio/wav")
        yield server, goes_on
        goes_on.set()


def n_loaded(home: Path) -> int:
    """Return how many transcripts people can read by now."""
    snapshot = home / "turntable.duckdb"
    return int(only(rows_of(snapshot, "select count(*) from transcripts"))[0]) if snapshot.exists() else 0


def test_nobody_waits_behind_a_slow_download(
    models: Path,
    clip: Path,
    publisher: tuple[HTTPServer, threading.Event],
    tmp_path: Path,
) -> None:
    """The others of its batch are in the warehouse while it still comes."""
    server, goes_on = publisher
    sources = [server.url_for("/slow.wav"), str(clip), server.url_for("/quick.wav")]
    asked = ("ingest", *sources, "--model", "tiny.en", "--no-diarize", "--json")
    process = started(tmp_path, *asked, TURNTABLE_ALLOW="localhost")
    until = time.monotonic() + 140
    while n_loaded(tmp_path) < 2 and time.monotonic() < until:
        time.sleep(0.2)
        assert process.poll() is None
    before = len(list(tmp_path.glob("artifacts/fetch/*/*/manifest.json")))
    goes_on.set()
    said = json.loads(process.communicate(timeout=150)[0])

    assert before == 2
    assert [one["source"] for one in said["episodes"]][-1] == sources[0]
    assert (process.returncode, len(said["episodes"])) == (0, 3)


def test_what_fails_is_asked_for_once(models: Path, clip: Path, httpserver: HTTPServer, tmp_path: Path) -> None:
    """In a batch too; only what time may heal is asked for again, as often as the rule of its stage says."""
    asked: Counter[str] = Counter()

    def count(status: int, kind: str = "text/html") -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            asked[request.path] += 1
            return Response(b"<!doctype html><p>no</p>", status, content_type=kind)

        return respond

    for status in (401, 404, 410, 503):
        httpserver.expect_request(f"/{status}.mp3").respond_with_handler(count(status))
    httpserver.expect_request("/page.mp3").respond_with_handler(count(200))
    urls = [httpserver.url_for(f"/{name}.mp3") for name in (401, 404, 410, 503, "page")]

    command(
        tmp_path,
        "ingest",
        *urls,
        "--model",
        "tiny.en",
        check=False,
        TURNTABLE_ALLOW="localhost",
    )

    assert asked == {"/401.mp3": 1, "/404.mp3": 1, "/410.mp3": 1, "/503.mp3": 3, "/page.mp3": 1}
    failed = ask(tmp_path, "select stage, error_class from stage_runs where status = 'failed' order by all")
    assert [(row["stage"], row["error_class"]) for row in failed] == [
        ("fetch", "content"),
        *[("fetch", "source")] * 3,
        ("fetch", "transient"),
    ]
