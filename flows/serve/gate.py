"""Prefect's own server behind a gate: nothing passes that a foreign web page sent.

    python -m flows.serve.gate --host 127.0.0.1 --port 4200 --names 127.0.0.1:4200,localhost:4200

Prefect checks a password and, by CORS, who may read an answer. It does not look at `Host`, by which a page whose
name is bound anew to this machine gets in, nor at the `Origin` of a WebSocket. So every request and every
WebSocket has to name the server as it is called, and where a browser says which page sent it, that has to be the
server's own. No page of another server shows ours in a frame, and what describes the server is for those who have
the password: before the UI asks for it, it needs its own files and `/ui-settings`, which says where the API is.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BAD_HOST = (400, b"turntable: this server is not called so\n")
FOREIGN = (403, b"turntable: a page of another server sent this\n")
PROOF, PROOF_HEADER = "GATE_PROOF", "x-turntable-proof"  # by which who started a server knows that it answers
NO_PASSWORD = (401, b"turntable: this asks for the password\n")

Headers = list[tuple[bytes, bytes]]
_UNFRAMED = [(b"x-frame-options", b"DENY"), (b"content-security-policy", b"frame-ancestors 'none'")]
_DESCRIBES = re.compile(
    r"(?:/+api)?/+(?:openapi\.json|redoc|docs(?:/.*)?)/*", re.DOTALL
)  # FastAPI, of its own accord


def gated(app: App, names: Iterable[str], password: str | None = None, proof: str = "") -> App:
    """Let only those through to an ASGI app who call it by one of its names and come from nowhere else.

    `password` is `user:password` of Basic authentication, `None` where there is none; `proof` goes with
    each answer.
    """
    hosts = frozenset(name.lower().encode() for name in names)
    origins = frozenset(scheme + host for host in hosts for scheme in (b"http://", b"https://"))
    added = [*_UNFRAMED, (PROOF_HEADER.encode(), proof.encode())]

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        refused = None if scope["type"] == "lifespan" else refusal(scope["headers"], hosts, origins)
        if refused is None and scope["type"] == "http" and password:
            refused = unauthorized(scope["path"], scope["headers"], password)
        if refused is None:
            await app(scope, receive, adding(added, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403
        else:
            status, line = refused
            headers: Headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(line)).encode())]
            headers += _UNFRAMED
            headers += [(b"www-authenticate", b"Basic")] if _DESCRIBES.fullmatch(scope["path"]) else []
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": line})

    return gate


def refusal(
    headers: Iterable[tuple[bytes, bytes]], hosts: frozenset[bytes], origins: frozenset[bytes]
) -> tuple[int, bytes] | None:
    """Return why a request is refused; `None` where it may pass.

    >>> refusal([(b"host", b"127.0.0.1:4200")], frozenset({b"127.0.0.1:4200"}), frozenset())
    >>> refusal([(b"host", b"evil.example:4200")], frozenset({b"127.0.0.1:4200"}), frozenset())[0]
    400
    """
    said = [(name.lower(), value.strip().lower()) for name, value in headers]
    if [value in hosts for name, value in said if name == b"host"] != [True]:  # missing, foreign, or two of them
        return BAD_HOST
    if not all(value in origins for name, value in said if name == b"origin"):
        return FOREIGN
    return None


def unauthorized(path: str, headers: Iterable[tuple[bytes, bytes]], password: str) -> tuple[int, bytes] | None:
    """Return why a request is refused for lack of the password; `None` where it may pass, or Prefect asks for it.

    Prefect breaks on a wrong password with letters beyond ASCII, so whatever is wrong ends here.

    >>> unauthorized("/docs", [], "a:b")[0], unauthorized("/api/x", [(b"authorization", b"Basic w6Q=")], "a:b")[0]
    (401, 401)
    >>> unauthorized("/ui-settings", [], "a:b")
    >>> unauthorized("/docs", [(b"authorization", b"Basic YTpi")], "a:b")
    """
    given = [value for name, value in headers if name.lower() == b"authorization"]
    describes = bool(_DESCRIBES.fullmatch(path))
    if not describes and not (given and path.startswith("/api/")):
        return None
    return None if [_is_right(value, password.encode()) for value in given] == [True] else NO_PASSWORD


def _is_right(value: bytes, password: bytes) -> bool:
    scheme, _, encoded = value.partition(b" ")
    try:
        return scheme.lower() == b"basic" and hmac.compare_digest(base64.b64decode(encoded), password)
    except ValueError:
        return False


def adding(headers: Headers, send: Send) -> Send:
    """Send each answer with some headers."""
    ours = {name for name, _ in headers}

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            others = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in ours]
            message = {**message, "headers": [*others, *headers]}
        await send(message)

    return sending


def names_of(port: int) -> tuple[str, ...]:
    """Return what a server on this machine alone is called; browsers leave out the port of the web.

    >>> names_of(4200), names_of(80)
    (('127.0.0.1:4200', 'localhost:4200'), ('127.0.0.1', 'localhost'))
    """
    return tuple(host if port == 80 else f"{host}:{port}" for host in ("127.0.0.1", "localhost"))


def main() -> None:
    """Start Prefect's server behind the gate, as `prefect server start` would."""
    import uvicorn
    from prefect.server.api.server import create_app
    from prefect.settings import get_current_settings

    given = _arguments()
    server = get_current_settings().server
    password = server.api.auth_string.get_secret_value() if server.api.auth_string else None
    if password and not password.isascii():
        sys.exit(
            "turntable: the password may hold only letters, digits and signs of ASCII: Prefect reads no others"
        )
    uvicorn.run(
        gated(create_app(final=True), filter(None, given.names.split(",")), password, os.environ.pop(PROOF, "")),
        host=given.host,
        port=given.port,
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
        server_header=False,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--names", required=True, help="host:port, comma between: as it is called from outside")
    return parser.parse_args()


if __name__ == "__main__":
    main()
