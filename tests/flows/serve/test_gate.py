"""The door of Prefect's server: what it asks for, and what goes with each answer."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import MutableMapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from flows.serve.gate import PROOF_HEADER, Receive, Scope, Send, gated, names_of
from flows.serve.one_machine import is_ours

PASSWORD = "turntable:s3cret"
RIGHT = b"Basic " + base64.b64encode(PASSWORD.encode())


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """A page of anybody, who would let itself be framed."""
    headers = [(b"X-Frame-Options", b"ALLOWALL"), (b"content-type", b"text/html")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def answer(path: str, *authorizations: bytes, password: str | None = PASSWORD) -> tuple[int, dict[str, str]]:
    """What the gate answers: the status, and the headers."""
    sent: list[MutableMapping[str, Any]] = []
    given = [(b"host", b"127.0.0.1:4200"), *((b"authorization", one) for one in authorizations)]

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    scope = {"type": "http", "path": path, "headers": given}
    asyncio.run(gated(app, names_of(4200), password, "proof")(scope, receive, send))
    return sent[0]["status"], {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/docs/",
        "//docs",
        "/docs/oauth2-redirect",
        "/redoc",
        "/openapi.json",
        "/api/docs",
        "/api/openapi.json",
    ],
)
def test_what_describes_the_server_asks_for_the_password(path: str) -> None:
    """A browser asks its user for it."""
    status, headers = answer(path)
    assert (status, headers["www-authenticate"]) == (401, "Basic")
    assert answer(path, RIGHT)[0] == 200
    assert answer(path, password=None)[0] == 200


@pytest.mark.parametrize("path", ["/", "/runs", "/login", "/ui-settings", "/assets/docs.js", "/api/health"])
def test_what_the_ui_needs_before_it_asks_is_open(path: str) -> None:
    """Its own files, and where the API is; nothing of it may stand in a frame of another page."""
    status, headers = answer(path)
    assert status == 200
    assert (headers["x-frame-options"], headers["content-security-policy"]) == ("DENY", "frame-ancestors 'none'")


@pytest.mark.parametrize(
    "wrong",
    [
        (b"Basic " + base64.b64encode("turntable:ä".encode()),),
        (b"Basic " + base64.b64encode(b"turntable:\xff"),),
        (b"Basic \xff",),
        (b"Basic",),
        (b"",),
        (b"Bearer " + RIGHT[6:],),
        (RIGHT, RIGHT),
        (b"Basic " + RIGHT[6:-4],),
    ],
)
def test_a_wrong_password_is_refused_whatever_it_is(wrong: tuple[bytes, ...]) -> None:
    """Prefect answers one beyond ASCII with an error of its own."""
    status, headers = answer("/api/flows/filter", *wrong)
    assert status == 401
    assert "www-authenticate" not in headers, "the UI asks by itself"
    assert headers["x-frame-options"] == "DENY"


def test_whoever_has_the_port_does_not_get_the_password() -> None:
    """Only who shows the proof of this start is asked with it."""
    asked: list[str | None] = []

    class Stranger(BaseHTTPRequestHandler):
        proof = "none"

        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(200)
            self.send_header(PROOF_HEADER, self.proof)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        api = f"http://127.0.0.1:{server.server_port}/api"
        assert not is_ours(api, "proof", PASSWORD)
        assert asked == [None]
        Stranger.proof = "proof"
        assert is_ours(api, "proof", PASSWORD)
        server.shutdown()
    assert asked[1:] == [None, RIGHT.decode()]
    assert not is_ours(api, "proof", PASSWORD), "nobody answers"
