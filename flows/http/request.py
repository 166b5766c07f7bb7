"""One request to a judged address: what is sent, and what each answer and each error of the network means."""

from __future__ import annotations

import importlib.metadata
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2

from flows.http.addresses import is_allowed, judge_text, judged_addresses, shown
from flows.http.rate_limit import RATE_LIMIT
from flows.http.reach import Reach
from flows.http.streams import live_stream
from transforms.errors import Gone, LoginError, SourceError, TransientError
from transforms.records import Seconds

_CONNECT_TIMEOUT: Seconds = 20.0
_MAX_RETRY_AFTER: Seconds = 86_400.0  # the longest rest of a feed (`flows.feeds.subscriptions`)

_STATUS = {
    401: "the server asks for a login; give a URL that needs none, or put user and password into it",
    403: "the server refuses us; open the URL in a browser to see whether it is public",
    404: "the server does not have it; check the URL, or wait for the publisher to repair it",
    410: "the publisher took it down for good; remove it from your feeds",
    451: "it may not be given out for legal reasons; there is nothing to do here",
}
_REFUSALS = {401: LoginError, 410: Gone}
_TRANSIENT_STATUS = {408, 425, 429}
_WHOLE = (200, 203)

for _name in ("httpx2", "httpcore2"):
    # They log URLs with their queries, and headers with passwords.
    logging.getLogger(_name).setLevel(logging.WARNING)


class BrokenError(TransientError):
    """The connection broke or fell silent on the way; what came before is good."""


@contextmanager
def answer(
    target: httpx2.URL, reach: Reach, headers: Mapping[str, str], content: bytes | None = None
) -> Iterator[httpx2.Response]:
    """Send one GET, or a POST of `content`, to a judged address of the host, and hand out the answer.

    Its body is not read yet.
    """
    if reach.proxy:
        judge_text(target, reach.allow)
        addresses = [target.host]
    else:
        addresses = judged_addresses(target, reach.allow)
    # Whom the user named is his own, and wants no manners.
    own = is_allowed(target.host, addresses[0], reach.allow)
    timeout = httpx2.Timeout(reach.idle_timeout, connect=min(reach.idle_timeout, _CONNECT_TIMEOUT))
    # A client of its own for each hop: no cookie and no TLS session of one name serves another one
    # that lives at the same address.
    with (
        nullcontext() if own else RATE_LIMIT.slot(target.host.rstrip(".").lower()),
        _network_errors(target, reach.idle_timeout),
        httpx2.Client(verify=_tls(), trust_env=False, timeout=timeout, proxy=reach.proxy) as client,
    ):
        response = _first_answer(
            addresses,
            lambda address: _begun(
                client, _request(client, target, address, headers, content), reach.idle_timeout
            ),
        )
        try:
            yield response
        finally:
            response.close()


def _first_answer(addresses: list[str], ask: Callable[[str], httpx2.Response]) -> httpx2.Response:
    *others, last = addresses
    for address in others:
        with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
            return ask(address)
    return ask(last)


def _begun(client: httpx2.Client, request: httpx2.Request, longest: Seconds) -> httpx2.Response:
    """Send a request and read the head of its answer; one that comes byte by byte is never silent, and cut off.

    Raises:
        httpx2.TransportError: it does not come, or not in time.
    """
    connections: list[socket.socket] = []

    def note(event: str, facts: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            connections.append(facts["return_value"].get_extra_info("socket"))

    def cut() -> None:
        for connection in connections:
            with suppress(OSError):
                socket.socket.shutdown(
                    connection, socket.SHUT_RDWR
                )  # past TLS, which would wait for the other side

    request.extensions["trace"] = note
    late = threading.Timer(longest + _CONNECT_TIMEOUT, cut)
    late.daemon = True
    late.start()
    try:
        return client.send(request, stream=True)
    finally:
        late.cancel()


def _request(
    client: httpx2.Client,
    target: httpx2.URL,
    address: str,
    headers: Mapping[str, str],
    content: bytes | None,
) -> httpx2.Request:
    """Build a request that connects to `address` and speaks, in HTTP and TLS, to the name in `target`."""
    return client.build_request(
        "GET" if content is None else "POST",
        target.copy_with(host=address),
        content=content,
        headers={"Host": target.netloc.decode("ascii"), "User-Agent": _agent(), **headers},
        extensions={"sni_hostname": target.raw_host.decode("ascii").rstrip(".")},
    )


@cache
def _agent() -> str:
    return f"Turntable/{importlib.metadata.version('turntable')} (+podcast transcripts)"


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def check_status(target: httpx2.URL, response: httpx2.Response, accept: tuple[int, ...]) -> None:
    """Check that an answer has a body to read, of a status that is good or that `accept` names.

    Raises:
        TransientError, SourceError, Gone: as the status says.
    """
    status = response.status_code
    if status in _WHOLE or status in accept:
        return
    if status in _TRANSIENT_STATUS or status >= 500:
        msg = f"{shown(target)}: the server answered {status}; try again later"
        raise TransientError(msg, retry_after=_retry_after(response.headers.get("Retry-After"), _now()))
    way_out = _STATUS.get(status, "that is no file; check the URL")
    msg = f"{shown(target)}: the server answered {status}: {way_out}"
    raise _REFUSALS.get(status, SourceError)(msg)


def _retry_after(value: str | None, now: datetime) -> Seconds | None:
    """Read a Retry-After header, seconds or a date, as seconds from `now`, a day at most.

    None where it is missing or senseless. Spec: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3

    >>> _retry_after("120", datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    >>> _retry_after("Thu, 01 Jan 2026 00:01:00 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    60.0
    """
    text = (value or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), _MAX_RETRY_AFTER)
    try:
        when = parsedate_to_datetime(text)
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), _MAX_RETRY_AFTER)


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _network_errors(target: httpx2.URL, idle_timeout: Seconds) -> Iterator[None]:
    """Turn what the network does into our errors."""
    try:
        yield
    except httpx2.TimeoutException as error:
        msg = f"{shown(target)}: the server was silent for {idle_timeout:g} s; try again later"
        raise BrokenError(msg) from error
    except httpx2.TransportError as error:
        if _has_bad_certificate(error):
            msg = f"{shown(target)}: its certificate is not valid for {target.host}; check the URL"
            raise SourceError(msg) from error
        if "ICY 200" in str(error):  # how Shoutcast begins what is nearly HTTP
            raise live_stream(target) from error
        msg = f"{shown(target)}: the connection broke ({type(error).__name__}); try again later"
        raise BrokenError(msg) from error


def _has_bad_certificate(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None
