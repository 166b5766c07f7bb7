"""Bytes from outside: the one guarded HTTP client, which everything that is fetched goes through.

Somebody else wrote each URL that comes here, so it may point into our own network, at an endless body
or at a bomb. Every address that a name resolves to is judged, and the connection goes to that very
address, so that a second look-up cannot answer differently. Redirects are followed here and judged
again. Bytes, time and decompression are capped. No message holds a query, a user or a password.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.metadata
import ipaddress
import logging
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import IO

import httpx2

from transforms.errors import ContentError, HostileError, SourceError, TransientError, TurntableError
from transforms.records import Seconds, without_query

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_REDIRECTS = 5
_MAX_ADDRESSES = 4  # tried in turn; a name with a thousand dead addresses must not hold us for hours
_CONNECT_TIMEOUT: Seconds = 20.0
_IDLE_TIMEOUT: Seconds = 60.0
_SLOWEST = 4_000  # bytes a second on average; a byte now and then would never be idle
_MAX_RETRY_AFTER: Seconds = 3_600.0
_BOMB_RATIO = 100  # text packs 3 to 20 times
_CHUNK = 65_536

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
# `is_global` of Python 3.11 lets these through (https://osv.dev/vulnerability/PSF-2024-5 and newer
# entries of https://www.iana.org/assignments/iana-ipv4-special-registry).
_NEVER: tuple[_Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocol assignments; the metadata service of one cloud
            "192.88.99.0/24",  # 6to4 relays
            "168.63.129.16/32",  # looks public, but is the host agent of one cloud
            "3fff::/20",  # documentation
        ),
    )
)

_STATUS = {
    401: "the server asks for a login; give a URL that needs none, or put user and password into it",
    403: "the server refuses us; open the URL in a browser to see whether it is public",
    404: "the server does not have it; check the URL, or wait for the publisher to repair it",
    410: "the publisher took it down for good; remove it from your feeds",
    451: "it may not be given out for legal reasons; there is nothing to do here",
}
_TRANSIENT_STATUS = {408, 425, 429}

for _name in ("httpx2", "httpcore2"):
    # They log URLs with their queries, and headers with passwords.
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Body:
    """What a URL gave, decompressed; `url` is the last one after redirects, its query included."""

    data: bytes
    url: str
    media_type: str | None
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A file that came from a URL; `size` is in bytes.

    `length_known` is False where the server neither named a length nor sent chunks: such a body may
    have been cut without a sign, and only its content can tell.
    """

    sha256: str
    size: int
    url: str
    media_type: str | None
    length_known: bool


def fetch(
    url: str,
    *,
    max_bytes: int = 20_000_000,
    allow: tuple[str, ...] = (),
    idle_timeout: Seconds = _IDLE_TIMEOUT,
) -> Body:
    """Fetch a document into memory; `max_bytes` counts decompressed bytes.

    `allow` names hosts, addresses and networks that may be reached although they are private.

    Raises:
        TransientError: a timeout, a cut body, 5xx, 408, 425 or 429; trying again later may work.
        SourceError: the server does not give it.
        HostileError: a private address, a port or redirect that we refuse, or a decompression bomb.
        ContentError: more than `max_bytes`, or an unreadable compression.
    """
    with _opened(url, allow, idle_timeout, encoding="gzip") as (target, response):
        data = b"".join(_chunks(target, response, max_bytes, idle_timeout))
        _check_not_empty(target, len(data))
        return Body(data, str(target), _media_type(response), response.charset_encoding)


def peek(
    url: str,
    *,
    n_bytes: int = 4096,
    allow: tuple[str, ...] = (),
    idle_timeout: Seconds = _IDLE_TIMEOUT,
) -> Body:
    """Fetch only the first `n_bytes`, then hang up: enough to tell what a URL leads to.

    Raises:
        TurntableError: as `fetch`.
    """
    data = bytearray()
    with _opened(url, allow, idle_timeout, encoding="identity") as (target, response):
        for chunk in _chunks(target, response, None, idle_timeout):
            data += chunk
            if len(data) >= n_bytes:
                break
        _check_not_empty(target, len(data))
        return Body(bytes(data[:n_bytes]), str(target), _media_type(response))


def download(
    url: str,
    path: Path,
    *,
    max_bytes: int = 4_000_000_000,
    allow: tuple[str, ...] = (),
    on_progress: Callable[[int, int | None], None] | None = None,
    idle_timeout: Seconds = _IDLE_TIMEOUT,
) -> Download:
    """Stream a URL into `path`, which is replaced, and removed when anything fails on the way.

    `on_progress` is called with the bytes so far and in all; the latter is None where nobody knows.

    Raises:
        TurntableError: as `fetch`; a full disk is a TransientError.
    """
    with _opened(url, allow, idle_timeout, encoding="identity") as (target, response):
        total = _content_length(response)
        report = on_progress or (lambda _size, _total: None)
        try:
            with _no_space(target, path), path.open("wb") as file:
                chunks = _chunks(target, response, max_bytes, idle_timeout)
                sha256, size = _write(file, chunks, lambda so_far: report(so_far, total))
            _check_not_empty(target, size)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Download(sha256, size, str(target), _media_type(response), _has_proven_end(response))


def is_public(address: str) -> bool:
    """Tell whether an IP address, in any of its disguises, is one of the open Internet.

    An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) is judged itself; Teredo is
    never public.

    >>> is_public("1.1.1.1"), is_public("169.254.169.254"), is_public("64:ff9b::a9fe:a9fe")
    (True, False, False)
    """
    outer = ipaddress.ip_address(address)
    judged = _embedded(outer) or outer
    if not judged.is_global or judged.is_multicast or judged.is_reserved:
        return False
    if any(judged in network for network in _NEVER):
        return False
    return judged.version == 4 or judged in _GLOBAL_IPV6


def _embedded(address: _Address) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that an IPv6 address would be turned into on its way."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _judged_addresses(target: httpx2.URL, allow: tuple[str, ...]) -> list[str]:
    """Resolve the host of `target` once and judge every answer; one bad one refuses them all."""
    addresses = _resolve(target)
    strangers = [address for address in addresses if not _is_allowed(target.host, address, allow)]
    for address in strangers:
        if not is_public(address):
            msg = (
                f"{_shown(target)}: {target.host} is the private address {address}; "
                "if it is yours, name it in TURNTABLE_ALLOW"
            )
            raise HostileError(msg)
    if strangers and target.port not in (None, 80, 443):
        msg = f"{_shown(target)}: port {target.port} is refused; use 80 or 443, or allow the host"
        raise HostileError(msg)
    return addresses[:_MAX_ADDRESSES]


def _resolve(target: httpx2.URL) -> list[str]:
    try:
        found = socket.getaddrinfo(target.raw_host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_FAIL):
            msg = f"{_shown(target)}: no address is known for {target.host}; check the name"
            raise SourceError(msg) from error
        msg = f"{_shown(target)}: the name service does not answer now; try again later"
        raise TransientError(msg) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _is_allowed(host: str, address: str, allow: tuple[str, ...]) -> bool:
    return any(_matches(entry, host, address) for entry in allow)


def _matches(entry: str, host: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return entry.rstrip(".").lower() == host.rstrip(".").lower()


@contextmanager
def _opened(
    url: str, allow: tuple[str, ...], idle_timeout: Seconds, *, encoding: str
) -> Iterator[tuple[httpx2.URL, httpx2.Response]]:
    """Follow redirects to an answer with a body, judging every hop; the body is still to be read."""
    target = _parsed(url)
    for _ in range(_MAX_REDIRECTS + 1):
        with _answer(target, allow, idle_timeout, encoding) as response:
            following = _redirected(target, response)
            if following is None:
                _check_status(target, response)
                yield target, response
                return
        target = following
    msg = f"{_shown(target)}: more than {_MAX_REDIRECTS} redirects lead here; give the URL of their end"
    raise HostileError(msg)


@contextmanager
def _answer(
    target: httpx2.URL, allow: tuple[str, ...], idle_timeout: Seconds, encoding: str
) -> Iterator[httpx2.Response]:
    """Send one GET to a judged address of the host and hand out the answer, its body unread."""
    *others, last = _judged_addresses(target, allow)
    timeout = httpx2.Timeout(idle_timeout, connect=min(idle_timeout, _CONNECT_TIMEOUT))
    # A client of its own for each hop: no cookie and no TLS session of one name serves another one
    # that lives at the same address.
    with (
        _network_errors(target, idle_timeout),
        httpx2.Client(verify=_tls(), trust_env=False, timeout=timeout) as client,
    ):
        response = None
        for address in others:
            with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                response = client.send(_request(client, target, address, encoding), stream=True)
                break
        response = response or client.send(_request(client, target, last, encoding), stream=True)
        try:
            yield response
        finally:
            response.close()


def _request(client: httpx2.Client, target: httpx2.URL, address: str, encoding: str) -> httpx2.Request:
    """Build a GET that connects to `address` and speaks, in HTTP and TLS, to the name in `target`."""
    return client.build_request(
        "GET",
        target.copy_with(host=address),
        headers={"Host": target.netloc.decode("ascii"), "User-Agent": _agent(), "Accept-Encoding": encoding},
        extensions={"sni_hostname": target.raw_host.decode("ascii").rstrip(".")},
    )


@cache
def _agent() -> str:
    return f"Turntable/{importlib.metadata.version('turntable')} (+podcast transcripts)"


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def _parsed(url: str) -> httpx2.URL:
    """Read a URL; one that cannot be read is not quoted, for nobody knows what is secret in it."""
    try:
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        msg = "a URL cannot be read; check its spelling: https://host/path"
        raise SourceError(msg) from None
    if target.scheme not in ("http", "https") or not target.host or (target.port or 80) > 65_535:
        msg = (
            f"a URL of scheme {target.scheme[:20]!r} cannot be fetched; use http://host/path or https://host/path"
        )
        raise SourceError(msg)
    return target


def _redirected(target: httpx2.URL, response: httpx2.Response) -> httpx2.URL | None:
    """Give where a redirect leads; None where the answer is no redirect."""
    if not response.has_redirect_location:
        return None
    try:
        following = target.join(response.headers["Location"])
        return _parsed(str(following))
    except (httpx2.InvalidURL, ValueError, SourceError):
        msg = f"{_shown(target)}: it redirects to what is no http address; give the URL of the file itself"
        raise HostileError(msg) from None


def _check_status(target: httpx2.URL, response: httpx2.Response) -> None:
    status = response.status_code
    if status in (200, 203):
        return
    if status in _TRANSIENT_STATUS or status >= 500:
        msg = f"{_shown(target)}: the server answered {status}; try again later"
        raise TransientError(msg, retry_after=_retry_after(response.headers.get("Retry-After"), _now()))
    way_out = _STATUS.get(status, "that is no file; check the URL")
    msg = f"{_shown(target)}: the server answered {status}: {way_out}"
    raise SourceError(msg)


def _retry_after(value: str | None, now: datetime) -> Seconds | None:
    """Read a Retry-After header, seconds or a date, as seconds from `now`, an hour at most.

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


def _chunks(
    target: httpx2.URL, response: httpx2.Response, max_bytes: int | None, idle_timeout: Seconds
) -> Iterator[bytes]:
    """Give the decompressed body piece by piece; `max_bytes` None leaves the end to the caller."""
    size = 0
    for chunk, received in _decompressed(target, response, _received(target, response, idle_timeout)):
        size += len(chunk)
        if max_bytes is not None and size > max_bytes:
            raise _too_large(target, size, received, max_bytes)
        yield chunk


def _too_large(target: httpx2.URL, size: int, received: int, max_bytes: int) -> TurntableError:
    if size > received * _BOMB_RATIO:
        msg = f"{_shown(target)}: a decompression bomb, {received} bytes unpack to over {size}; refused"
        return HostileError(msg)
    msg = f"{_shown(target)}: larger than the {max_bytes} bytes that are accepted; check that the URL is right"
    return ContentError(msg)


def _received(target: httpx2.URL, response: httpx2.Response, idle_timeout: Seconds) -> Iterator[bytes]:
    """Give the bytes as they come over the wire, for as long as they come fast enough."""
    started = time.monotonic()
    received = 0
    for chunk in response.iter_raw():
        received += len(chunk)
        yield chunk
        if time.monotonic() - started > idle_timeout + received / _SLOWEST:
            msg = f"{_shown(target)}: the server sends less than {_SLOWEST} bytes a second; try again later"
            raise TransientError(msg)


def _decompressed(
    target: httpx2.URL, response: httpx2.Response, chunks: Iterator[bytes]
) -> Iterator[tuple[bytes, int]]:
    """Give pieces of at most `_CHUNK` decompressed bytes, each with the count of bytes received so far.

    Ours and not httpx2's, because that one unpacks a whole piece at once, through any number of layers.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    received = 0
    if encoding in ("", "identity"):
        for chunk in chunks:
            received += len(chunk)
            yield chunk, received
        return
    if encoding not in ("gzip", "x-gzip"):
        msg = f"{_shown(target)}: packed in a way that nobody asked for, {encoding[:20]!r}; only gzip is read"
        raise ContentError(msg)
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for chunk in chunks:
        received += len(chunk)
        for piece in _unpacked(target, unpacker, chunk):
            yield piece, received
    if not unpacker.eof:
        msg = f"{_shown(target)}: the packed body was cut; try again later"
        raise TransientError(msg)


def _unpacked(target: httpx2.URL, unpacker: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    while chunk and not unpacker.eof:
        try:
            yield unpacker.decompress(chunk, _CHUNK)
        except zlib.error as error:
            msg = f"{_shown(target)}: its gzip is damaged; wait for the publisher to repair it"
            raise ContentError(msg) from error
        chunk = unpacker.unconsumed_tail
    if chunk or unpacker.unused_data:
        msg = f"{_shown(target)}: bytes follow after the end of its gzip; wait for the publisher to repair it"
        raise ContentError(msg)


def _write(file: IO[bytes], chunks: Iterator[bytes], report: Callable[[int], None]) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks:
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        report(size)
    return digest.hexdigest(), size


def _check_not_empty(target: httpx2.URL, size: int) -> None:
    if not size:
        msg = f"{_shown(target)}: the server sent an empty body; wait for the publisher to repair it"
        raise SourceError(msg)


@contextmanager
def _no_space(target: httpx2.URL, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        msg = f"{_shown(target)}: no space left in {path.parent}; free some and try again"
        raise TransientError(msg) from error


@contextmanager
def _network_errors(target: httpx2.URL, idle_timeout: Seconds) -> Iterator[None]:
    """Turn what the network does into our errors."""
    try:
        yield
    except httpx2.TimeoutException as error:
        msg = f"{_shown(target)}: the server was silent for {idle_timeout:g} s; try again later"
        raise TransientError(msg) from error
    except httpx2.TransportError as error:
        if _has_bad_certificate(error):
            msg = f"{_shown(target)}: its certificate is not valid for {target.host}; check the URL"
            raise SourceError(msg) from error
        msg = f"{_shown(target)}: the connection broke ({type(error).__name__}); try again later"
        raise TransientError(msg) from error


def _has_bad_certificate(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def _content_length(response: httpx2.Response) -> int | None:
    """Give the length of the body in bytes; None where it is unknown or counts packed bytes."""
    length = response.headers.get("Content-Length", "")
    if "Content-Encoding" in response.headers or not length.isdecimal():
        return None
    return int(length)


def _has_proven_end(response: httpx2.Response) -> bool:
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    return chunked or "Content-Length" in response.headers or "Content-Encoding" in response.headers


def _media_type(response: httpx2.Response) -> str | None:
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower() or None


def _shown(target: httpx2.URL) -> str:
    """Write a URL for people: nothing secret, and on one line, because httpx2 escapes the rest."""
    return without_query(str(target))
