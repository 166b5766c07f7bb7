"""A publisher for the tests: feeds with ETags on a local server, which can be moved, gone, slow or wrong."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from transforms.records import Seconds


@dataclass
class Page:
    """What the publisher answers at one path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: bool = True
    delay: Seconds = 0.0
    login: str | None = None  # user:password that it asks for

    @property
    def tag(self) -> str:
        """The ETag of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass
class Publisher:
    """A server, its pages by path, and what was asked: path and status."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def publish(self, path: str, items: Sequence[str], title: str = "The Long Groove", channel: str = "") -> str:
        """Put a feed at a path, and give its address."""
        self.pages[path] = Page(rss(items, title, channel))
        return self.url + path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Run a publisher."""
    told = Publisher("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            page = told.pages.get(path, Page(status=404))
            time.sleep(page.delay)
            known = self.headers.get("If-None-Match") == page.tag and page.etag and page.status == 200
            status = 304 if known else page.status
            if page.login and self.headers.get("Authorization") != _basic(page.login):
                status = 401
            told.asked.append((path, status))
            self.send_response(status)
            if page.etag and page.status == 200:
                self.send_header("ETag", page.tag)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if not known:
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if not known:
                self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


def _basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


def item(n: int, *, guid: str | None = None, audio: str | None = None, day: int | None = None) -> str:
    """An item of a feed: by default each with its own guid, audio and time."""
    audio = audio or f"https://cdn.example/show/{n}.mp3"
    when = f"{(day or n) % 28 + 1:02} May {2000 + (day or n) // 28} 06:00:00 GMT"
    return (
        f"<item><title>Part {n}</title><guid>{guid or f'part-{n}'}</guid><pubDate>{when}</pubDate>"
        f"<enclosure url='{audio}' type='audio/mpeg' length='1'/></item>"
    )


def rss(items: Sequence[str], title: str = "The Long Groove", channel: str = "") -> bytes:
    """A feed of such items."""
    return (
        "<rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>"
        f"<channel><title>{title}</title>{channel}{''.join(items)}</channel></rss>"
    ).encode()
