"""Bad servers, one behaviour a row: each ends in its right class, nothing is spliced, nothing half stored."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from flows.http.fetch import Changed, Download, Unchanged, download, fetch, fetch_if_changed
from tests.support.servers import HERE, answer, honest, serve
from transforms.errors import (
    ContentError,
    Gone,
    HostileError,
    SourceError,
    TransientError,
    TurntableError,
    error_class,
)

FIRST = b"".join(hashlib.sha256(b"first %d" % n).digest() for n in range(512))
SECOND = b"".join(hashlib.sha256(b"second %d" % n).digest() for n in range(512))
SIZE = len(FIRST)
HALF = SIZE // 2
V1, V2 = '"v1"', '"v2"'


def cut(share: float, framing: str) -> bytes:
    """Write an answer that ends after a share of the body."""
    if framing == "chunked":
        whole = b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, FIRST)
        return answer(Transfer_Encoding="chunked") + whole[: int(len(whole) * share)]
    headers = {"Content_Length": str(SIZE)} if framing == "length" else {}
    return answer(body=FIRST[: int(SIZE * share)], **headers)


def half(body: bytes = FIRST, etag: str = V1, **headers: str) -> bytes:
    """Write an answer that breaks in the middle."""
    return answer(body=body[:HALF], Content_Length=str(SIZE), ETag=etag, **headers)


def rest(body: bytes = FIRST, etag: str | None = V1, content_range: str | None = None, **headers: str) -> bytes:
    """Write the second half, with the label of it."""
    headers |= {"ETag": etag} if etag else {}
    label = content_range or f"bytes {HALF}-{SIZE - 1}/{SIZE}"
    second = body[HALF:]
    return answer("206 x", second, Content_Length=str(len(second)), Content_Range=label, **headers)


def refusal(status: int, **headers: str) -> bytes:
    """Write an answer that is no file."""
    return answer(f"{status} x", b"<html>no</html>", Content_Length="15", **headers)


@dataclass(frozen=True)
class Bad:
    """What a server does, and what must come of it: an error, or the one version that it sent whole."""

    answers: tuple[bytes, ...]
    outcome: type[TurntableError] | bytes
    n_requests: int = 1
    how: dict[str, Any] = field(default_factory=dict)  # of the server
    asked: dict[str, Any] = field(default_factory=dict)  # of us
    retry_after: float | None = None


def bad(*answers: bytes, outcome: type[TurntableError] | bytes, **rest_of_it: Any) -> Bad:
    """Write one row of the table."""
    return Bad(answers, outcome, **rest_of_it)


SOON = format_datetime(datetime.now(UTC) + timedelta(days=5), usegmt=True)
BOMB = gzip.compress(bytes(10_000_000))
WHOLE = honest(FIRST, ETag=V1)
MULTIPART = "multipart/byteranges; boundary=x"
AGAIN = {"n_requests": 2}
ANEW = {"n_requests": 3}

CUT: dict[str, Bad] = {
    f"cut at {share:.0%}, {framing}": bad(cut(share, framing), outcome=TransientError)
    for share in (0.0, 0.01, 0.25, 0.5, 0.75, 0.99)
    for framing in ("length", "chunked")
} | {
    "whole, length": bad(cut(1, "length"), outcome=FIRST),
    "whole, chunked": bad(cut(1, "chunked"), outcome=FIRST),
    "whole, no length": bad(cut(1, "none"), outcome=FIRST),
    "cut at 0%, no length": bad(cut(0, "none"), outcome=SourceError),
    "cut at 1%, no length": bad(cut(0.01, "none"), outcome=FIRST[: SIZE // 100]),
    "cut at 50%, no length": bad(cut(0.5, "none"), outcome=FIRST[:HALF]),
}

REFUSED: dict[str, Bad] = {
    "401": bad(refusal(401), outcome=SourceError),
    "403": bad(refusal(403), outcome=SourceError),
    "404": bad(refusal(404), outcome=SourceError),
    "408": bad(refusal(408), outcome=TransientError),
    "410": bad(refusal(410), outcome=Gone),
    "451": bad(refusal(451), outcome=SourceError),
    "429": bad(refusal(429), outcome=TransientError),
    "429, wait 7 s": bad(refusal(429, Retry_After="7"), outcome=TransientError, retry_after=7.0),
    "429, wait until far": bad(refusal(429, Retry_After=SOON), outcome=TransientError, retry_after=86400.0),
    "429, wait for ever": bad(refusal(429, Retry_After="9" * 99), outcome=TransientError, retry_after=86400.0),
    "429, wait nonsense": bad(refusal(429, Retry_After="soon"), outcome=TransientError),
    "500": bad(refusal(500), outcome=TransientError),
    "502": bad(refusal(502), outcome=TransientError),
    "503, wait 30 s": bad(refusal(503, Retry_After="30"), outcome=TransientError, retry_after=30.0),
    "504": bad(refusal(504), outcome=TransientError),
    "301 to itself": bad(refusal(301, Location="/"), outcome=HostileError, n_requests=6),
    "308 to a file": bad(refusal(308, Location="file:///etc/passwd"), outcome=HostileError),
    "302 to nowhere": bad(refusal(302), outcome=SourceError),
    "304 to what was not asked": bad(answer("304 x"), outcome=SourceError),
    "206 to what was not asked": bad(rest(), outcome=SourceError),
}

LIES: dict[str, Bad] = {
    "length too large": bad(answer(body=FIRST, Content_Length=str(SIZE + 1)), outcome=TransientError),
    # Nobody can tell, but by the duration of the audio.
    "length too small": bad(answer(body=FIRST, Content_Length=str(HALF)), outcome=FIRST[:HALF]),
    "length is no number": bad(answer(body=FIRST, Content_Length="-1"), outcome=TransientError),
    "two lengths": bad(
        answer(body=FIRST, Content_Length=str(HALF), Content_length=str(SIZE)), outcome=TransientError
    ),
    "length over the cap": bad(honest(FIRST), outcome=ContentError, asked={"max_bytes": SIZE - 1}),
    "endless body": bad(answer(), outcome=ContentError, how={"then": FIRST}, asked={"max_bytes": 100_000}),
    "endless header": bad(
        b"HTTP/1.1 200 OK\r\n",
        outcome=TransientError,
        how={"then": b"a: b\r\n"},
        asked={"reach": replace(HERE, idle_timeout=1.0)},
    ),
    "a byte now and then": bad(
        answer(),
        outcome=TransientError,
        how={"then": b"a", "pause": 0.02},
        asked={"reach": replace(HERE, idle_timeout=0.2)},
    ),
    "silence before the answer": bad(
        b"", outcome=TransientError, how={"pause": 2.0}, asked={"reach": replace(HERE, idle_timeout=0.2)}
    ),
    "silence in the body": bad(
        cut(0.5, "length"),
        outcome=TransientError,
        how={"pause": 2.0},
        asked={"reach": replace(HERE, idle_timeout=0.2)},
    ),
    "no HTTP": bad(b"220 ftp.example ready\r\n", outcome=TransientError),
    "gzip bomb": bad(honest(BOMB, Content_Encoding="gzip"), outcome=HostileError, asked={"max_bytes": 9_000_000}),
    "gzip unasked": bad(honest(gzip.compress(FIRST), Content_Encoding="gzip"), outcome=FIRST),
    "gzip that is none": bad(honest(FIRST, Content_Encoding="gzip"), outcome=ContentError),
    "another packing": bad(honest(FIRST, Content_Encoding="br"), outcome=ContentError),
    "nothing at all": bad(honest(b""), outcome=SourceError),
    # The name and the type may be wrong: what it is shows when it is decoded.
    "wrong type": bad(honest(FIRST, Content_Type="text/html"), outcome=FIRST),
}

BROKEN: dict[str, Bad] = {
    "broken, then the rest": bad(half(), rest(), outcome=FIRST, **AGAIN),
    "broken, then the new version": bad(half(), honest(SECOND, ETag=V2), outcome=SECOND, **AGAIN),
    "broken, then the whole again": bad(half(), WHOLE, outcome=FIRST, **AGAIN),
    "broken, then the rest of another version": bad(
        half(), rest(SECOND, V2), honest(SECOND, ETag=V2), outcome=SECOND, **ANEW
    ),
    "broken, then a rest without a name": bad(half(), rest(SECOND, None), WHOLE, outcome=FIRST, **ANEW),
    "broken, then a rest with a weak name": bad(half(), rest(SECOND, f"W/{V1}"), WHOLE, outcome=FIRST, **ANEW),
    "broken, then a wrong start": bad(
        half(), rest(content_range=f"bytes {HALF - 9}-{SIZE - 1}/{SIZE}"), WHOLE, outcome=FIRST, **ANEW
    ),
    "broken, then a wrong total": bad(
        half(), rest(content_range=f"bytes {HALF}-{SIZE - 1}/{SIZE + 9}"), WHOLE, outcome=FIRST, **ANEW
    ),
    "broken, then an unknown total": bad(
        half(), rest(content_range=f"bytes {HALF}-{SIZE - 1}/*"), WHOLE, outcome=FIRST, **ANEW
    ),
    "broken, then a wrong end": bad(
        half(), rest(content_range=f"bytes {HALF}-{SIZE - 2}/{SIZE}"), WHOLE, outcome=FIRST, **ANEW
    ),
    "broken, then no label": bad(half(), rest(content_range="the rest"), WHOLE, outcome=FIRST, **ANEW),
    "broken, then more than asked": bad(half(), rest(FIRST + b"more"), WHOLE, outcome=FIRST, **ANEW),
    "broken, then less than asked": bad(half(), rest(FIRST[:-9]), WHOLE, outcome=FIRST, **ANEW),
    "broken, then several parts": bad(
        half(), rest(content_range=" ", Content_Type=MULTIPART), WHOLE, outcome=FIRST, **ANEW
    ),
    "broken, then a packed rest": bad(half(), rest(Content_Encoding="gzip"), WHOLE, outcome=FIRST, **ANEW),
    "broken, then 416": bad(half(), refusal(416), WHOLE, outcome=FIRST, **ANEW),
    "broken, then 404": bad(half(), refusal(404), outcome=SourceError, **AGAIN),
    "broken, then 503": bad(half(), refusal(503), outcome=TransientError, **AGAIN),
    "broken, with a weak name": bad(half(etag=f"W/{V1}"), rest(), outcome=TransientError),
    "broken, with a name that is none": bad(half(etag="v1"), rest(), outcome=TransientError),
    "broken, again and again without a byte": bad(half(), b"", outcome=TransientError, **AGAIN),
    "changed under our hands for ever": bad(
        half(), rest(SECOND, V2), half(), rest(SECOND, V2), half(), outcome=TransientError, n_requests=5
    ),
}

BEHAVIOURS = CUT | REFUSED | LIES | BROKEN


def test_there_are_many_behaviours() -> None:
    """The table holds more than the 37 that were asked for."""
    assert len(BEHAVIOURS) >= 37


Got = TypeVar("Got")


def attempt(get: Callable[[], Got]) -> Got | TurntableError:
    """Return what comes, or the error of ours that comes instead."""
    try:
        return get()
    except TurntableError as error:
        return error


@pytest.mark.parametrize("case", BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
def test_bad_servers(case: Bad, tmp_path: Path) -> None:
    """A file is one version from end to end; after an error there is none."""
    path = tmp_path / "audio"
    with serve(*case.answers, **case.how) as server:
        got = attempt(lambda: download(server.url, path, **{"reach": HERE, **case.asked}))

    assert len(server.requests) == case.n_requests
    if isinstance(case.outcome, bytes):
        assert isinstance(got, Download)
        assert path.read_bytes() == case.outcome
    else:
        assert isinstance(got, case.outcome)
        assert error_class(got) == case.outcome.error_class
        assert len(str(got).splitlines()) == 1
        assert getattr(got, "retry_after", None) == case.retry_after
        assert list(tmp_path.iterdir()) == []


DOCUMENTS = CUT | REFUSED | LIES


@pytest.mark.parametrize("case", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_bad_servers_of_documents(case: Bad) -> None:
    """A poll meets the same servers, and gets the same: the whole document or the same class of error."""
    with serve(*case.answers, **case.how) as server:
        got = attempt(lambda: fetch_if_changed(server.url, **{"reach": HERE, **case.asked}))

    if isinstance(case.outcome, bytes):
        assert isinstance(got, Changed)
        assert got.body.data == case.outcome
    else:
        assert isinstance(got, case.outcome)
        assert isinstance(got, Gone) == (case.outcome is Gone)


def test_the_rest_is_asked_for_by_name() -> None:
    """The second request names the version and the first missing byte, and nothing is asked in packed form."""
    with serve(half(), rest()) as server:
        download(server.url, Path("/dev/null"), reach=HERE)

    first, second = (request.lower() for request in server.requests)
    assert b"range" not in first
    assert f"range: bytes={HALF}-".encode() in second
    assert b'if-range: "v1"' in second
    assert b"accept-encoding: identity" in second


def test_progress_never_passes_the_end(tmp_path: Path) -> None:
    """What a bar shows goes up to the whole size, over the break too."""
    seen: list[tuple[int, int | None]] = []
    with serve(half(), rest()) as server:
        download(server.url, tmp_path / "a", reach=HERE, on_progress=lambda *so_far: seen.append(so_far))

    assert [size for size, _ in seen] == sorted(size for size, _ in seen)
    assert seen[-1] == (SIZE, SIZE)


DATE = "Sat, 01 Mar 2025 10:00:00 GMT"


def test_an_unchanged_document_is_not_sent_again() -> None:
    """The names of the version go out as they came in, and 304 is an answer of its own."""
    with serve(honest(FIRST, ETag=V1, Last_Modified=DATE), answer("304 x")) as server:
        first = fetch_if_changed(server.url, reach=HERE)
        assert isinstance(first, Changed)
        second = fetch_if_changed(server.url, HERE, first.etag, first.last_modified)

    assert (first.body.data, first.etag, first.last_modified, first.moved_to) == (FIRST, V1, DATE, None)
    assert second == Unchanged(V1, DATE, None)
    plain, conditional = server.requests
    assert b"If-" not in plain
    assert f"If-None-Match: {V1}\r\n".encode() in conditional
    assert f"If-Modified-Since: {DATE}\r\n".encode() in conditional


def test_304_may_bring_a_new_name() -> None:
    """What the server calls the version now is what counts."""
    with serve(answer("304 x", ETag='W/"new"')) as server:
        assert fetch_if_changed(server.url, HERE, V1, DATE) == Unchanged('W/"new"', DATE, None)


@pytest.mark.parametrize("etag", ["a\r\nX-Evil: 1", "\0", "é", "x" * 600, "", " "])
def test_odd_names_of_versions_are_not_sent(etag: str) -> None:
    """What cannot go into a header, or only fill it, is asked without."""
    with serve(honest(FIRST)) as server:
        assert isinstance(fetch_if_changed(server.url, HERE, etag, etag), Changed)

    assert b"If-" not in server.requests[0]
    assert b"Evil" not in server.requests[0]


@pytest.mark.parametrize("name", ["x" * 600, "é"])
def test_odd_names_of_versions_are_not_kept(name: str) -> None:
    """A server cannot make us keep what we could not send back."""
    with serve(honest(FIRST, ETag=name.encode().decode("latin-1"))) as server:
        got = fetch_if_changed(server.url, reach=HERE)

    assert isinstance(got, Changed)
    assert got.etag is None


MOVES = [
    ((301,), True),
    ((308,), True),
    ((301, 308, 301), True),
    ((302,), False),
    ((307,), False),
    ((303,), False),
    ((301, 302), False),
    ((302, 301), False),
]


@pytest.mark.parametrize(("statuses", "moved"), MOVES)
@pytest.mark.parametrize("end", [honest(FIRST), answer("304 x")], ids=["changed", "unchanged"])
def test_only_permanent_redirects_move_a_feed(statuses: tuple[int, ...], moved: bool, end: bytes) -> None:
    """One redirect for now, wherever in the chain, and the old address stays."""
    hops = [refusal(status, Location=f"/{n}?token=a") for n, status in enumerate(statuses)]
    with serve(*hops, end) as server:
        got = fetch_if_changed(server.url, HERE, V1)

    last = f"{server.url}/{len(statuses) - 1}?token=a"
    assert got.moved_to == (last if moved else None)


def test_gone_is_a_source_error_of_its_own() -> None:
    """A poll tells 410, where it stops, from 404, where it tries again tomorrow."""
    for status, is_gone in ((410, True), (404, False)):
        with serve(refusal(status)) as server, pytest.raises(SourceError) as caught:
            fetch(server.url, reach=HERE)
        assert isinstance(caught.value, Gone) is is_gone


def test_a_password_stays_within_its_origin() -> None:
    """It goes along to another path of the same host and port, also back to an absolute URL; nowhere else."""
    with serve(honest(FIRST)) as other:
        with serve(refusal(302, Location="/b"), honest(FIRST)) as server:
            body = fetch(f"http://ann:swordfish@127.0.0.1:{server.port}/", reach=HERE)
        assert [b"authorization" in request.lower() for request in server.requests] == [True, True]
        assert body.url == f"http://ann:swordfish@127.0.0.1:{server.port}/b"

        to_other = refusal(301, Location=f"http://eve:x@127.0.0.1:{other.port}/")
        with serve(to_other) as server:
            got = fetch_if_changed(f"http://ann:swordfish@127.0.0.1:{server.port}/", reach=HERE)
        assert b"authorization" not in other.requests[0].lower()
        assert got.moved_to == f"{other.url}/"
