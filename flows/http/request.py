"""One GET through every redirect: each hop is judged anew, and nothing secret goes from one host to another."""

from __future__ import annotations

import importlib.metadata
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx2

from flows.http.addresses import is_allowed, judge_text, judged_addresses, origin, parsed, shown
from flows.http.reach import Reach
from flows.http.streams import check_recording, live_stream
from transforms.errors import Gone, HostileError, SourceError, TransientError
from transforms.records import Seconds

# Manners towards other people's servers: few requests at once to one host, and a moment between them.


_MAX_IDLE_HOSTS = 1_000


@dataclass(slots=True)
class _Host:
    """One host as this process uses it: since when each request goes on, and when the next one may begin."""

    running: list[float] = field(default_factory=list)
    next_at: float = 0.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How the whole process treats a host; whoever waits longer than `patience` is told to come again.

    A request that goes on for longer than `slow` holds up the others of its host no more, until there are `most`.
    """

    at_once: int = 2
    gap: Seconds = 0.2
    patience: Seconds = 120.0
    slow: Seconds = 60.0
    most: int = 8
    _hosts: dict[str, _Host] = field(default_factory=dict, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @contextmanager
    def slot(self, host: str) -> Iterator[None]:
        """Wait until a request to `host` may begin, and hold its place until the block ends.

        Raises:
            TransientError: requests to it go on for too long.
        """
        began = self._take(host)
        try:
            yield
        finally:
            with self._changed:
                self._hosts[host].running.remove(began)
                self._changed.notify_all()

    def _take(self, host: str) -> float:
        deadline = time.monotonic() + self.patience
        with self._changed:
            self._forget_idle()
            here = self._hosts.setdefault(host, _Host())
            while (now := time.monotonic()) < (free := self._free_at(here, now)):
                if now >= deadline:
                    msg = f"{host}: {len(here.running)} requests to it are still going on; try again later"
                    raise TransientError(msg, retry_after=self.patience)
                self._changed.wait(min(deadline, free) - now)
                here = self._hosts.setdefault(host, here)
            here.running.append(now)
            here.next_at = now + self.gap
            return now

    def _free_at(self, here: _Host, now: float) -> float:
        """Return when a request may begin, if nothing ends before."""
        young = [began for began in here.running if began + self.slow > now]
        if len(here.running) >= self.most:
            return float("inf")
        return max(here.next_at, young[-self.at_once] + self.slow if len(young) >= self.at_once else 0.0)

    def _forget_idle(self) -> None:
        """Drop the hosts that nobody uses, once there are many; a gap of one of them may be lost."""
        if len(self._hosts) > _MAX_IDLE_HOSTS:
            for name in [name for name, host in self._hosts.items() if not host.running]:
                del self._hosts[name]


# One request: its redirects, its answer, and what each error of the network means.


_MAX_REDIRECTS = 5
_CONNECT_TIMEOUT: Seconds = 20.0
_MAX_RETRY_AFTER: Seconds = 86_400.0  # the longest rest of a feed (`flows.feeds.subscriptions`)

_STATUS = {
    401: "the server asks for a login; give a URL that needs none, or put user and password into it",
    403: "the server refuses us; open the URL in a browser to see whether it is public",
    404: "the server does not have it; check the URL, or wait for the publisher to repair it",
    410: "the publisher took it down for good; remove it from your feeds",
    451: "it may not be given out for legal reasons; there is nothing to do here",
}
_TRANSIENT_STATUS = {408, 425, 429}
_WHOLE = (200, 203)
_PERMANENT = (301, 308)

RATE_LIMIT = RateLimit()

for _name in ("httpx2", "httpcore2"):
    # They log URLs with their queries, and headers with passwords.
    logging.getLogger(_name).setLevel(logging.WARNING)


class BrokenError(TransientError):
    """The connection broke or fell silent on the way; what came before is good."""


@dataclass(frozen=True, slots=True)
class OpenedUrl:
    """An answer at the end of its redirects, its body unread; `moved_to` is where it lives for good."""

    target: httpx2.URL
    response: httpx2.Response
    moved_to: str | None


@contextmanager
def opened(
    url: str, reach: Reach, headers: Mapping[str, str], *, accept: tuple[int, ...] = ()
) -> Iterator[OpenedUrl]:
    """Follow redirects to an answer with a body, judging every hop; `accept` adds to the good statuses.

    Raises:
        TurntableError: as `flows.http.fetch.fetch`.
    """
    target = parsed(url)
    permanent = True
    for n_redirects in range(_MAX_REDIRECTS + 1):
        with _answer(target, reach, headers) as response:
            following = _redirected(target, response)
            if following is None:
                _check_status(target, response, accept)
                check_recording(target, response)
                yield OpenedUrl(target, response, str(target) if n_redirects and permanent else None)
                return
            permanent = permanent and response.status_code in _PERMANENT
        target = following
    msg = f"{shown(target)}: more than {_MAX_REDIRECTS} redirects lead here; give the URL of their end"
    raise HostileError(msg)


@contextmanager
def _answer(target: httpx2.URL, reach: Reach, headers: Mapping[str, str]) -> Iterator[httpx2.Response]:
    """Send one GET to a judged address of the host and hand out the answer, its body unread."""
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
            lambda address: _begun(client, _request(client, target, address, headers), reach.idle_timeout),
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
    client: httpx2.Client, target: httpx2.URL, address: str, headers: Mapping[str, str]
) -> httpx2.Request:
    """Build a GET that connects to `address` and speaks, in HTTP and TLS, to the name in `target`."""
    return client.build_request(
        "GET",
        target.copy_with(host=address),
        headers={"Host": target.netloc.decode("ascii"), "User-Agent": _agent(), **headers},
        extensions={"sni_hostname": target.raw_host.decode("ascii").rstrip(".")},
    )


@cache
def _agent() -> str:
    return f"Turntable/{importlib.metadata.version('turntable')} (+podcast transcripts)"


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def _redirected(target: httpx2.URL, response: httpx2.Response) -> httpx2.URL | None:
    """Return where a redirect leads; None where the answer is no redirect.

    The user and password in a URL are for its origin alone, and a redirect cannot name others.
    """
    if not response.has_redirect_location:
        return None
    try:
        following = parsed(str(target.join(response.headers["Location"])))
    except (httpx2.InvalidURL, ValueError, SourceError):
        msg = f"{shown(target)}: it redirects to what is no http address; give the URL of the file itself"
        raise HostileError(msg) from None
    return following.copy_with(userinfo=target.userinfo if origin(following) == origin(target) else b"")


def _check_status(target: httpx2.URL, response: httpx2.Response, accept: tuple[int, ...]) -> None:
    status = response.status_code
    if status in _WHOLE or status in accept:
        return
    if status in _TRANSIENT_STATUS or status >= 500:
        msg = f"{shown(target)}: the server answered {status}; try again later"
        raise TransientError(msg, retry_after=_retry_after(response.headers.get("Retry-After"), _now()))
    way_out = _STATUS.get(status, "that is no file; check the URL")
    msg = f"{shown(target)}: the server answered {status}: {way_out}"
    raise Gone(msg) if status == 410 else SourceError(msg)


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
