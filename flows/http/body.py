"""The body of an answer, piece by piece: its bytes, its time and its decompression are capped."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx2

from flows.http.addresses import shown
from transforms.errors import ContentError, HostileError, SourceError, TransientError, TurntableError
from transforms.records import Seconds

_SLOWEST = 4_000  # bytes a second on average; a byte now and then would never be idle
_BOMB_RATIO = 100  # text packs 3 to 20 times
_CHUNK = 65_536
_GRACE: Seconds = 5.0  # for who takes the chunks: it is the wire that must not be slow


def chunks(
    target: httpx2.URL, response: httpx2.Response, max_bytes: int | None, idle_timeout: Seconds
) -> Iterator[bytes]:
    """Yield the decompressed body piece by piece; `max_bytes` None leaves the end to the caller.

    Raises:
        ContentError: more than `max_bytes`, or an unreadable compression.
        HostileError: a decompression bomb.
        TransientError: the server is too slow, or the packed body was cut.
    """
    if max_bytes is not None and (content_length(response) or 0) > max_bytes:
        raise _too_large(target, max_bytes)
    size = 0
    for chunk, received in _decompressed(target, response, _received(target, response, idle_timeout)):
        size += len(chunk)
        if max_bytes is not None and size > max_bytes:
            raise _bomb(target, size, received) if size > received * _BOMB_RATIO else _too_large(target, max_bytes)
        yield chunk


def check_not_empty(target: httpx2.URL, size: int) -> None:
    """Refuse a body of no bytes.

    Raises:
        SourceError: it has none.
    """
    if not size:
        msg = f"{shown(target)}: the server sent an empty body; wait for the publisher to repair it"
        raise SourceError(msg)


def content_length(response: httpx2.Response) -> int | None:
    """Return the length of the body in bytes; None where it is unknown or counts packed bytes."""
    length = response.headers.get("Content-Length", "")
    if "Content-Encoding" in response.headers or not (length.isascii() and length.isdecimal()):
        return None
    return int(length) if len(length) < 20 else None


def media_type(response: httpx2.Response) -> str | None:
    """Return what the server says that the body is, without parameters; it may be wrong."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower() or None


def _too_large(target: httpx2.URL, max_bytes: int) -> TurntableError:
    msg = f"{shown(target)}: larger than the {max_bytes} bytes that are accepted; check that the URL is right"
    return ContentError(msg)


def _bomb(target: httpx2.URL, size: int, received: int) -> TurntableError:
    msg = f"{shown(target)}: a decompression bomb, {received} bytes unpack to over {size}; refused"
    return HostileError(msg)


def _received(target: httpx2.URL, response: httpx2.Response, idle_timeout: Seconds) -> Iterator[bytes]:
    """Yield the bytes as they come over the wire, for as long as they come fast enough."""
    started = time.monotonic()
    received = 0

    def left() -> Seconds:
        return idle_timeout + received / _SLOWEST - (time.monotonic() - started)

    with _cut_off(response, left):
        for chunk in response.iter_raw():
            received += len(chunk)
            yield chunk
            if left() < 0:
                msg = f"{shown(target)}: the server sends less than {_SLOWEST} bytes a second; try again later"
                raise TransientError(msg)


@contextmanager
def _cut_off(response: httpx2.Response, left: Callable[[], Seconds]) -> Iterator[None]:
    """Hang up when no time is left: trailers and extensions of chunks come for ever and are no chunk."""
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream else None
    over = threading.Event()

    def watch() -> None:
        while (rest := left()) > -_GRACE:
            if over.wait(rest + _GRACE):
                return
        if connection is not None:
            with suppress(OSError):
                socket.socket.shutdown(
                    connection, socket.SHUT_RDWR
                )  # past TLS, which would wait for the other side

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _decompressed(
    target: httpx2.URL, response: httpx2.Response, received_chunks: Iterator[bytes]
) -> Iterator[tuple[bytes, int]]:
    """Yield pieces of at most `_CHUNK` decompressed bytes, each with the count of bytes received so far.

    Ours and not httpx2's, because that one unpacks a whole piece at once, through any number of layers.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    received = 0
    if encoding in ("", "identity"):
        for chunk in received_chunks:
            received += len(chunk)
            yield chunk, received
        return
    if encoding not in ("gzip", "x-gzip"):
        msg = f"{shown(target)}: packed in a way that nobody asked for, {encoding[:20]!r}; only gzip is read"
        raise ContentError(msg)
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for chunk in received_chunks:
        received += len(chunk)
        for piece in _unpacked(target, unpacker, chunk):
            yield piece, received
    if not unpacker.eof:
        msg = f"{shown(target)}: the packed body was cut; try again later"
        raise TransientError(msg)


def _unpacked(target: httpx2.URL, unpacker: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    while chunk and not unpacker.eof:
        try:
            yield unpacker.decompress(chunk, _CHUNK)
        except zlib.error as error:
            msg = f"{shown(target)}: its gzip is damaged; wait for the publisher to repair it"
            raise ContentError(msg) from error
        chunk = unpacker.unconsumed_tail
    if chunk or unpacker.unused_data:
        msg = f"{shown(target)}: bytes follow after the end of its gzip; wait for the publisher to repair it"
        raise ContentError(msg)
