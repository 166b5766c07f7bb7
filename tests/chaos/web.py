"""Web pages, rebound names and strangers without a password against the server of `turntable serve`."""

from __future__ import annotations

import base64
import json
import socket
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.chaos.figure import Figure
from tests.conftest import free_port
from tests.support.serving import Serving, serving

REFUSED = (400, 401, 403)
SOCKETS = ("events/in", "events/out", "logs/out", "task_runs/subscriptions/scheduled")
SHORT = 5  # of each kind


@dataclass(frozen=True, slots=True)
class Attack:
    """A request, by its lines; `hosts` are all its `Host` headers, `None` of any header leaves it out."""

    method: str
    path: str
    hosts: tuple[str, ...]
    origin: str | None = None
    authorization: str | None = None
    body: Any = None
    media_type: str = "application/json"
    more: dict[str, str] = field(default_factory=dict)


def run(*, short: bool) -> Iterator[Figure]:
    """Attack a served home; nothing may be read, changed or started, and its owner has to get in all the same."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "home", free_port()) as served:
        served.until(served.is_ready)
        yield attack_server(served, Path(folder) / "canary", short=short)


def attack_server(served: Serving, canary: Path, *, short: bool) -> Figure:
    """Attack a server that runs; a shell command that is run makes the canary."""
    known = served.post("deployments/filter", {})
    target = str(next(d["id"] for d in known if d["name"].startswith("loader")))
    tried = [*_requests(served, target, canary, short=short), *_sockets(served, canary, short=short)]
    if not short:
        tried += _routes(served)
    got = [what for what, refused in tried if not refused]
    got += [f"the owner: {what}" for what, works in _owner(served) if not works]
    got += _harm(served, known, canary)
    sockets = sum(what.startswith("socket") for what, _ in tried)
    return Figure("hostile web requests and WebSockets", len(tried), tuple(got), 60, f"{sockets} WebSockets")


def _hosts(port: int) -> tuple[tuple[str, ...], ...]:
    """Name the server as it is not called: rebound, misspelt, with another port, twice, not at all."""
    one = (
        f"evil.example:{port}",
        "evil.example",
        f"127.0.0.1.evil.example:{port}",
        f"localhost.evil.example:{port}",
        f"evil-localhost:{port}",
        f"127.0.0.1:{port + 1}",
        "127.0.0.1",
        "localhost",
        f"localhost.:{port}",
        f"0.0.0.0:{port}",
        f"[::1]:{port}",
        f"[::ffff:127.0.0.1]:{port}",
        f"127.1:{port}",
        f"2130706433:{port}",
        f"0x7f000001:{port}",
        f"127.0.0.1:{port}@evil.example",
        f"evil.example@127.0.0.1:{port}",
        f"127.0.0.1:0{port}",
        f"127.0.0.1:{port},evil.example",
        f"localhost%00.evil.example:{port}",
        f"127.0.0.1:{port}/",
        "",
    )
    two = (f"127.0.0.1:{port}", f"evil.example:{port}")
    return (*((host,) for host in one), two, two[::-1], ())


def _origins(port: int) -> tuple[str, ...]:
    """Name pages that are not the server's own."""
    return (
        "null",
        "http://evil.example",
        f"http://evil.example:{port}",
        "https://evil.example",
        "http://127.0.0.1",
        "http://localhost",
        f"http://127.0.0.1:{port + 1}",
        f"http://localhost:{port + 1}",
        f"http://127.0.0.1:{port}.evil.example",
        f"http://127.0.0.1:{port}@evil.example",
        f"http://evil.example/http://127.0.0.1:{port}",
        f"http://127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}, http://evil.example",
        f"http://127.0.0.1:{port} http://evil.example",
        f"http://[::1]:{port}",
        f"http://0.0.0.0:{port}",
        f"http://localhost.evil.example:{port}",
        f"http://evil.localhost:{port}",
        f"ftp://127.0.0.1:{port}",
        f"127.0.0.1:{port}",
        f"//127.0.0.1:{port}",
        "file://",
        "chrome-extension://abcdefghijklmnop",
        "*",
        "",
    )


def _keys(served: Serving) -> tuple[str | None, ...]:
    """Return what is not the password: none, another one, a part of it, the right one in another form."""
    right = ":".join(served.auth)
    return (
        None,
        "",
        "Basic",
        "Basic ",
        f"Basic {_encoded('turntable:')}",
        f"Basic {_encoded('admin:pass')}",
        f"Basic {_encoded(right[:-1])}",
        f"Basic {_encoded(right + ' ')}",
        f"Basic {_encoded(right.upper())}",
        f"Basic {right}",
        f"Bearer {right}",
        f"Bearer {_encoded(right)}",
        f"basic {_encoded(right)[:-4]}",
        "Basic ÿÿÿ",
        f"Basic {_encoded('turntable:null')}",
        f"Basic {_encoded('turntable:ä')}",
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _acts(target: str, canary: Path) -> tuple[tuple[str, str, Any], ...]:
    """Return what a stranger would do: list, run a shell, ask for a local file, read, wipe."""
    shell = {"prefect.deployments.steps.run_shell_script": {"script": f"touch {canary}"}}
    return (
        ("POST", "/api/deployments/filter", {}),
        ("PATCH", f"/api/deployments/{target}", {"pull_steps": [shell]}),
        ("POST", f"/api/deployments/{target}/create_flow_run", {}),
        ("POST", "/api/events", [_event(canary)]),
        ("POST", "/api/flow_runs/filter", {}),
        ("DELETE", f"/api/deployments/{target}", None),
        ("POST", "/api/admin/database/clear", {"confirm": True}),
        ("POST", "/api/automations/filter", {}),
        ("GET", "/api/admin/settings", None),
        ("POST", "/api/logs/filter", {}),
        ("POST", "/api/variables/", {"name": "canary", "value": "1"}),
        ("GET", "/api/ui/flow_runs/history", None),
    )


def _event(canary: Path) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "podcast.episode.requested",
        "resource": {"prefect.resource.id": "turntable.request"},
        "payload": {"url": str(canary)},
    }


def _requests(served: Serving, target: str, canary: Path, *, short: bool) -> Iterator[tuple[str, bool]]:
    """Try every wrong host, origin and key, each with other acts; a page's simple POST is one of them."""
    right, own = (f"127.0.0.1:{served.port}",), f"http://127.0.0.1:{served.port}"
    key = f"Basic {_encoded(':'.join(served.auth))}"
    acts = cycle(_acts(target, canary))
    most = SHORT if short else None
    attacks: list[Attack] = []
    for hosts in islice(_hosts(served.port), most):
        method, path, body = next(acts)
        attacks += [Attack(method, path, hosts, own, key, body), Attack("GET", "/api/health", hosts)]
    for origin in islice(_origins(served.port), most):
        for media_type in ("application/json", "text/plain"):  # a page may send the latter without asking first
            method, path, body = next(acts)
            attacks.append(Attack(method, path, right, origin, key, body, media_type))
        attacks.append(Attack("GET", "/", right, origin))
        asks = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization"}
        attacks.append(Attack("OPTIONS", path, right, origin, more=asks))
    for wrong in islice(_keys(served), most):
        method, path, body = next(acts)
        attacks += [Attack(method, path, right, origin, wrong, body) for origin in (None, own)]
    described = (
        "/docs",
        "/docs/",
        "//docs",
        "/openapi.json",
        "/redoc",
        "/api/docs",
        "/api/openapi.json",
        "/api/redoc",
    )
    attacks += [Attack("GET", path, right) for path in islice(described, most)]
    for attack in attacks:
        yield f"{attack}", _send(served.port, attack) in REFUSED


def _send(port: int, attack: Attack) -> int:
    """Send a request as it is, and return the status of the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(attack.method, attack.path, skip_host=True)
    body = b"" if attack.body is None else json.dumps(attack.body).encode()
    headers = [("Host", host) for host in attack.hosts]
    headers += [("Origin", attack.origin)] if attack.origin is not None else []
    headers += [("Authorization", attack.authorization)] if attack.authorization is not None else []
    headers += [("Content-Type", attack.media_type), ("Content-Length", str(len(body))), *attack.more.items()]
    for name, value in headers:
        connection.putheader(name, value.encode("latin-1"))
    connection.endheaders(body)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def _sockets(served: Serving, canary: Path, *, short: bool) -> Iterator[tuple[str, bool]]:
    """Open WebSockets from foreign pages, under foreign names and without the password."""
    port, right = served.port, ":".join(served.auth)
    most = SHORT if short else None
    paths = cycle(SOCKETS)
    for origin in islice(_origins(port), most):
        path = next(paths)
        yield f"socket {path} from {origin!r}", not _opens(port, path, right, canary, origin=origin)
    for hosts in islice(_hosts(port), most):
        path = next(paths)
        if len(hosts) == 1 and hosts[0]:  # the client can name one host
            yield f"socket {path} as {hosts}", not _opens(port, path, right, canary, host=hosts[0])
    for path in SOCKETS:
        for key in islice((None, "", "turntable:", right[:-1], f"Basic {_encoded(right)}"), most):
            yield f"socket {path} with {key!r}", not _opens(port, path, key, canary)
        yield f"socket {path} of an old client", not _opens(port, path, None, canary, protocols=None)


def _opens(
    port: int,
    path: str,
    key: str | None,
    canary: Path,
    *,
    host: str | None = None,
    origin: str | None = None,
    protocols: tuple[str, ...] | None = ("prefect",),
) -> bool:
    """Check whether a WebSocket lets somebody in who has such a key."""
    given: Any = {"origin": origin, "subprotocols": protocols, "proxy": None}
    with suppress(WebSocketException, OSError, ValueError):  # ValueError: no client can name such a host
        raw = socket.create_connection(("127.0.0.1", port), timeout=10)
        headers = {} if host is None else {"Host": host}
        with (
            raw,
            connect(f"ws://127.0.0.1:{port}/api/{path}", sock=raw, additional_headers=headers, **given) as one,
        ):
            if protocols is not None:
                one.send(json.dumps({"type": "auth", "token": key}))
                return json.loads(one.recv(timeout=10)).get("type") == "auth_success"
            one.send(json.dumps(_event(canary)))
            with suppress(TimeoutError):
                one.recv(timeout=1)
            return True
    return False


def _routes(served: Serving) -> Iterator[tuple[str, bool]]:
    """Try every route of Prefect's API without the password."""
    import httpx2

    answer = httpx2.get(f"{served.api}/openapi.json", auth=served.auth, timeout=60)
    for path, methods in answer.json()["paths"].items():
        filled = "/".join(str(uuid.uuid4()) if part.startswith("{") else part for part in path.split("/"))
        for method in methods:
            if filled not in ("/health", "/ready"):  # these say only that there is a server
                attack = Attack(method.upper(), f"/api{filled}", (f"127.0.0.1:{served.port}",), body={})
                yield f"{attack}", _send(served.port, attack) in REFUSED


def _owner(served: Serving) -> Iterator[tuple[str, bool]]:
    """Try the ways that the user has."""
    port, right = served.port, ":".join(served.auth)
    key = f"Basic {_encoded(right)}"
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        host, origin = (f"{name}:{port}",), f"http://{name.lower()}:{port}"
        for one in (None, origin):
            asked = Attack("POST", "/api/deployments/filter", host, one, key, {})
            yield f"{asked}", _send(port, asked) == 200
        asks = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization"}
        before = Attack("OPTIONS", "/api/flows/", host, origin, more=asks)
        yield f"{before}", _send(port, before) == 200
        yield f"socket from {origin}", _opens(port, "events/in", right, Path("/"), origin=origin)
    settings = Attack("GET", "/ui-settings", (f"127.0.0.1:{port}",))
    yield f"{settings}", _send(port, settings) == 200


def _harm(served: Serving, before: list[dict[str, Any]], canary: Path) -> Iterator[str]:
    """Look for what any of it did."""
    now = {d["id"]: d for d in served.post("deployments/filter", {})}
    for one in before:
        if one["id"] not in now or now[one["id"]]["pull_steps"]:
            yield f"the deployment {one['name']} was changed"
    for asked in served.post("flow_runs/filter", {}):
        if not asked["auto_scheduled"] and asked["parent_task_run_id"] is None:
            yield f"the run {asked['name']} was started"
    if served.post("variables/filter", {}):
        yield "a variable was written"
    if canary.exists():
        yield "a shell command was run"
