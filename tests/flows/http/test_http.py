"""The guarded client against real servers on this machine, honest and lying ones."""

from __future__ import annotations

import errno
import gzip
import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.http import request
from flows.http.fetch import Body, Download, download, fetch, is_public, peek
from flows.http.reach import Reach
from tests.support.servers import HERE, answer, honest, serve
from transforms.errors import ContentError, HostileError, SourceError, TransientError, TurntableError

BODY = bytes(range(256)) * 8


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, book: dict[str, list[list[str]]]) -> Iterator[list[str]]:
    """Stand in for the name service: each look-up of a name takes its next answer, the last one stays."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **how: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in book:
            return real(host, port, *rest, **how)
        asked.append(name)
        addresses = book[name].pop(0) if len(book[name]) > 1 else book[name][0]
        return [entry for address in addresses for entry in real(address, port, *rest, **how)]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        yield asked


def test_fetches_a_document() -> None:
    """A body comes whole, with its final URL, its media type and its charset."""
    with serve(honest(b"hello", Content_Type="Text/Plain; charset=utf-8")) as server:
        body = fetch(f"{server.url}/a?b=c", reach=HERE)

    assert body == Body(b"hello", f"{server.url}/a?b=c", "text/plain", "utf-8")


def test_says_who_it_is() -> None:
    """The request names Turntable, the host and no other thing of this machine."""
    with serve(honest(b"hello")) as server:
        fetch(f"{server.url}/a", reach=HERE)

    head, *lines = server.requests[0].decode().strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert head == "GET /a HTTP/1.1"
    assert headers["user-agent"].startswith("turntable/0")
    assert headers["user-agent"].endswith(" (+podcast transcripts)")
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert headers["accept-encoding"] == "gzip"
    assert headers.keys() == {"user-agent", "host", "accept-encoding", "accept", "connection"}


def test_downloads_a_file(tmp_path: Path) -> None:
    """A file lands on disk, asked for unpacked, and progress reaches its end."""
    path = tmp_path / "audio"
    seen: list[tuple[int, int | None]] = []
    with serve(honest(BODY, Content_Type="audio/mpeg")) as server:
        result = download(f"{server.url}/1.mp3", path, reach=HERE, on_progress=lambda *so_far: seen.append(so_far))

    assert result == Download(f"{server.url}/1.mp3", "audio/mpeg")
    assert path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert b"accept-encoding: identity" in server.requests[0].lower()


def test_unpacks_gzip_and_counts_unpacked_bytes() -> None:
    """A packed document is unpacked; the cap is on what comes out."""
    text = b"".join(b"%d\n" % n for n in range(100_000))
    with serve(honest(gzip.compress(text), Content_Encoding="gzip")) as server:
        assert fetch(server.url, reach=HERE).data == text
        with pytest.raises(ContentError, match="larger than the 100000 bytes"):
            fetch(server.url, reach=HERE, max_bytes=100_000)


def test_refuses_a_gzip_bomb() -> None:
    """A few kilobytes that unpack to a hundred megabytes are refused long before."""
    bomb = gzip.compress(bytes(100_000_000))
    with serve(honest(bomb, Content_Encoding="gzip")) as server, pytest.raises(HostileError, match="bomb"):
        fetch(server.url, reach=HERE)


@pytest.mark.parametrize(
    ("encoding", "body", "error"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(BODY)), ContentError),
        ("br", b"\x0b\x02\x80hello\x03", ContentError),
        ("gzip", b"not gzip at all", ContentError),
        ("gzip", gzip.compress(BODY) + b"more", ContentError),
        ("gzip", gzip.compress(BODY)[:-9], TransientError),
    ],
)
def test_refuses_odd_compression(encoding: str, body: bytes, error: type[TurntableError]) -> None:
    """Layers, other packers, damage, surplus and cuts are each an error of their own class."""
    with serve(honest(body, Content_Encoding=encoding)) as server, pytest.raises(error):
        fetch(server.url, reach=HERE)


def test_peeks_and_hangs_up() -> None:
    """The first bytes of an endless body are enough."""
    with serve(answer(Content_Type="audio/mpeg"), then=BODY) as server:
        body = peek(server.url, n_bytes=3_000, reach=HERE)

    assert body == Body((BODY * 2)[:3_000], server.url, "audio/mpeg")


def test_peek_takes_what_there_is() -> None:
    """A body shorter than the peek comes whole."""
    with serve(honest(b"hello")) as server:
        assert peek(server.url, reach=HERE).data == b"hello"


CUTS = [0.0, 0.01, 0.25, 0.5, 0.75, 0.99]


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_cut_body_leaves_no_file(tmp_path: Path, share: float, framing: str) -> None:
    """Wherever the connection is cut, the error says try again and the partial file is gone."""
    path = tmp_path / "audio"
    if framing == "length":
        head, whole = answer(Content_Length=str(len(BODY))), BODY
    else:
        head, whole = answer(Transfer_Encoding="chunked"), b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    with (
        serve(head + whole[: int(len(whole) * share)]) as server,
        pytest.raises(TransientError, match="broke"),
    ):
        download(server.url, path, reach=HERE)

    assert not path.exists()


def test_chunks_without_an_end_meet_the_cap(tmp_path: Path) -> None:
    """A stream of chunks that never ends stops at the cap and leaves nothing."""
    path = tmp_path / "audio"
    chunk = b"%x\r\n%b\r\n" % (len(BODY), BODY)
    with serve(answer(Transfer_Encoding="chunked"), then=chunk) as server, pytest.raises(ContentError):
        download(server.url, path, reach=HERE, max_bytes=100_000)

    assert not path.exists()


def test_an_endless_body_meets_the_cap() -> None:
    """A body without a length is counted as it comes."""
    with serve(answer(), then=BODY) as server, pytest.raises(ContentError, match="larger than the 10000"):
        fetch(server.url, reach=HERE, max_bytes=10_000)


@pytest.mark.parametrize("length", ["-5", "abc", "1, 2", "9" * 5000])
def test_a_senseless_length_is_an_error(length: str) -> None:
    """A Content-Length that is no number, or one that nobody can send, ends in our own error."""
    with serve(answer(body=BODY, Content_Length=length)) as server, pytest.raises(TransientError):
        fetch(server.url, reach=HERE)


def test_a_silent_server_times_out(tmp_path: Path) -> None:
    """Nothing for the idle time: try again later, and no file is left."""
    path = tmp_path / "audio"
    with (
        serve(answer(body=b"a", Content_Length="10"), pause=2.0) as server,
        pytest.raises(TransientError, match=r"silent for 0\.2 s"),
    ):
        download(server.url, path, reach=replace(HERE, idle_timeout=0.2))

    assert not path.exists()


def test_a_dripping_server_times_out() -> None:
    """A byte now and then is never idle, but too slow on the whole."""
    with (
        serve(answer(), then=b"a", pause=0.02) as server,
        pytest.raises(TransientError, match="less than 4000 bytes a second"),
    ):
        fetch(server.url, reach=replace(HERE, idle_timeout=0.3))


def test_a_closed_port_is_transient() -> None:
    """A server that is down may come back."""
    with serve(b"") as server:
        pass
    with pytest.raises(TransientError, match="broke"):
        fetch(server.url, reach=HERE)


def test_an_answer_that_is_not_http_is_transient() -> None:
    """Garbage and silence instead of an answer are ours to report, not a traceback."""
    for garbage in (b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000):
        with serve(garbage) as server, pytest.raises(TransientError, match="broke"):
            fetch(server.url, reach=HERE)


@pytest.mark.parametrize(
    "status", ["400", "401", "402", "403", "404", "410", "416", "451", "204", "206", "302", "304"]
)
def test_what_the_source_does_not_give(status: str) -> None:
    """A refusal is about the source: no use in trying again at once."""
    with (
        serve(answer(f"{status} x", Content_Length="0")) as server,
        pytest.raises(SourceError, match=f"answered {status}"),
    ):
        fetch(server.url, reach=HERE)


@pytest.mark.parametrize("status", ["408", "425", "429", "500", "502", "503", "504", "599"])
def test_what_time_heals(status: str) -> None:
    """Overload and breakdown are transient; nothing asked for, nothing to wait for."""
    with (
        serve(answer(f"{status} x", Content_Length="0")) as server,
        pytest.raises(TransientError, match=f"answered {status}") as caught,
    ):
        fetch(server.url, reach=HERE)

    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("999999999999", 86_400.0),
        ("9" * 5_000, 86_400.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 86_400.0),
        ("-5", None),
        ("soon", None),
        ("²", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    """Seconds and dates are read, absurd ones held at a day, nonsense ignored."""
    with (
        serve(answer("429 x", Retry_After=header.encode().decode("latin-1"), Content_Length="0")) as server,
        pytest.raises(TransientError) as caught,
    ):
        fetch(server.url, reach=HERE)

    assert caught.value.retry_after == seconds


def test_retry_after_a_date_soon() -> None:
    """A date in two minutes asks for two minutes."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    with (
        serve(answer("503 x", Retry_After=soon, Content_Length="0")) as server,
        pytest.raises(TransientError) as caught,
    ):
        fetch(server.url, reach=HERE)

    assert caught.value.retry_after == pytest.approx(120, abs=5)


@pytest.mark.parametrize(
    "framing", [honest(b""), answer(), answer(Transfer_Encoding="chunked", body=b"0\r\n\r\n")]
)
def test_an_empty_body_is_no_document(tmp_path: Path, framing: bytes) -> None:
    """Nothing, properly sent, is still nothing, and leaves no file."""
    with serve(framing) as server:
        with pytest.raises(SourceError, match="empty"):
            fetch(server.url, reach=HERE)
        with pytest.raises(SourceError, match="empty"):
            peek(server.url, reach=HERE)
        with pytest.raises(SourceError, match="empty"):
            download(server.url, tmp_path / "audio", reach=HERE)

    assert list(tmp_path.iterdir()) == []


def test_a_refusal_leaves_the_old_file(tmp_path: Path) -> None:
    """A 404 does not touch what was there."""
    path = tmp_path / "audio"
    path.write_bytes(b"old")
    with serve(answer("404 x", Content_Length="0")) as server, pytest.raises(SourceError):
        download(server.url, path, reach=HERE)

    assert path.read_bytes() == b"old"


def test_a_full_disk_is_transient(tmp_path: Path) -> None:
    """No space left is said in one line, and the partial file goes."""
    path = tmp_path / "audio"
    path.symlink_to("/dev/full")
    with serve(honest(BODY)) as server, pytest.raises(TransientError, match="no space left") as caught:
        download(server.url, path, reach=HERE)

    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle removes the partial file too."""

    def interrupt(_size: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with serve(honest(BODY)) as server, pytest.raises(KeyboardInterrupt):
        download(server.url, tmp_path / "audio", reach=HERE, on_progress=interrupt)

    assert list(tmp_path.iterdir()) == []


def test_follows_redirects_and_gives_the_last_url() -> None:
    """Five hops lead to the body."""
    with ExitStack() as stack:
        end = stack.enter_context(serve(honest(b"hello"))).url + "/end?x=1"
        start = end
        for _ in range(5):
            start = stack.enter_context(serve(answer("302 x", Location=start, Content_Length="0"))).url
        assert fetch(start, reach=HERE) == Body(b"hello", end, None)


def test_a_redirect_loop_ends() -> None:
    """The sixth redirect is refused, and no seventh request is sent."""
    with (
        serve(answer("301 x", Location="/again", Content_Length="0")) as server,
        pytest.raises(HostileError, match="more than 5 redirects"),
    ):
        fetch(server.url, reach=HERE)

    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "data:,x",
        "javascript:x",
        "gopher://127.0.0.1:70/",
        "http://",
        "//",
    ],
)
def test_a_redirect_out_of_http_is_hostile(location: str) -> None:
    """A server cannot make us read our own disk."""
    with serve(answer("302 x", Location=location, Content_Length="0")) as server, pytest.raises(HostileError):
        fetch(f"{server.url}/a", reach=HERE)


def test_a_redirect_to_a_private_address_is_hostile() -> None:
    """An allowed host cannot lead to one that is not."""
    with (
        serve(honest(b"secret"), host="127.0.0.2") as private,
        serve(answer("302 x", Location=private.url, Content_Length="0")) as server,
        pytest.raises(HostileError, match=r"private address 127\.0\.0\.2"),
    ):
        fetch(server.url, reach=HERE)

    assert private.requests == []


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1", "2002:101:101::"],
)
def test_public_addresses(address: str) -> None:
    """Addresses of the open Internet pass, in a disguise too, as NAT64 networks need it."""
    assert is_public(address)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "::"]))
def test_a_disguise_changes_nothing(address: ipaddress.IPv4Address, prefix: str) -> None:
    """An IPv4 address inside an IPv6 one is judged as it is outside."""
    inside = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))

    assert is_public(str(inside)) == is_public(str(address))


def test_one_private_answer_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a public and a private address is refused, whichever comes first."""
    for addresses in (["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"], ["1.1.1.1", "::1"]):
        with names(monkeypatch, {"show.test": [addresses]}), pytest.raises(HostileError, match="private"):
            fetch("http://show.test/", Reach())


def test_the_judged_address_is_the_one_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers differently the second time gains nothing: it is asked once."""
    with (
        serve(honest(b"hello")) as server,
        names(monkeypatch, {"show.test": [["127.0.0.1"], ["127.0.0.2"]]}) as asked,
    ):
        body = fetch(f"http://show.test:{server.port}/a", reach=HERE)

    assert asked == ["show.test"]
    assert body == Body(b"hello", f"http://show.test:{server.port}/a", None)
    assert f"Host: show.test:{server.port}".encode() in server.requests[0]


def test_rebinding_in_a_redirect_is_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is judged anew at each hop."""
    with (
        serve(answer("302 x", Location="/b", Content_Length="0")) as server,
        names(monkeypatch, {"show.test": [["127.0.0.1"], ["127.0.0.2"]]}),
        pytest.raises(HostileError, match=r"private address 127\.0\.0\.2"),
    ):
        fetch(f"http://show.test:{server.port}/a", reach=HERE)

    assert len(server.requests) == 1


def test_a_dead_address_is_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a name has several addresses, the next one is tried."""
    with serve(honest(b"hello")) as server, names(monkeypatch, {"show.test": [["127.0.0.9", "127.0.0.1"]]}):
        assert fetch(f"http://show.test:{server.port}/", reach=Reach(("127.0.0.0/8",))).data == b"hello"


def test_names_can_be_allowed() -> None:
    """An entry is a host name, an address or a network; anything else about the host stays refused."""
    with serve(honest(b"hello")) as server:
        for entry in ("LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.0/8"):
            assert fetch(f"http://localhost:{server.port}/", reach=Reach(("other", entry))).data == b"hello"
        for entry in ("local", "10.0.0.0/8", "127.0.0.2", "::1", ""):
            with pytest.raises(HostileError):
                fetch(f"http://localhost:{server.port}/", reach=Reach(("other", entry)))

    assert len(server.requests) == 4


def test_odd_ports_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public host may not be asked on the port of its database."""
    with names(monkeypatch, {"show.test": [["1.1.1.1"]]}), pytest.raises(HostileError, match="port 5432"):
        fetch("http://show.test:5432/", Reach())


@pytest.mark.parametrize(
    ("code", "error"),
    [(socket.EAI_AGAIN, TransientError), (socket.EAI_NONAME, SourceError), (socket.EAI_NODATA, SourceError)],
)
def test_names_that_do_not_resolve(
    monkeypatch: pytest.MonkeyPatch, code: int, error: type[TurntableError]
) -> None:
    """No such name is about the source; no answer now is about the moment."""

    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(code, "x")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(error, match=r"http://show\.test/a: "):
        fetch("http://show.test/a?token=1", Reach())


@pytest.mark.parametrize(
    "url",
    ["", "x", "/etc/passwd", "file:///etc/passwd", "ftp://h/x", "http://", "http:///x", "https://[::1", "http://h:x/",
     "http://h:70000/", "http://a\nb/", "http:u:secret@h/x", "javascript:secret", "//h/x", "http://0177.0.0.1/"],
)  # fmt: skip
def test_what_is_no_http_url(url: str) -> None:
    """A URL that we cannot fetch is an error of the source, in one line and without its text."""
    with pytest.raises(SourceError) as caught:
        fetch(url, reach=Reach(("h",)))

    message = str(caught.value)
    assert "secret" not in message
    assert len(message.splitlines()) == 1


@given(st.text(max_size=40))
def test_any_text_as_a_url_ends_in_our_error(text: str) -> None:
    """Whatever a feed names as a URL, there is a message of one line and no traceback."""
    with pytest.raises((SourceError, HostileError)) as caught:
        fetch(f"http://127.0.0.1/{text}\0", Reach())

    assert len(str(caught.value).splitlines()) == 1


SECRETS = ("swordfish", "opensesame", "ann")


@pytest.mark.parametrize(
    "response",
    [
        answer("404 x", Content_Length="0"),
        answer("500 x", Content_Length="0"),
        answer(Content_Length="10"),
        answer(),
        answer("302 x", Location="?token=opensesame", Content_Length="0"),
        answer("302 x", Location="http://ann:swordfish@10.0.0.1/?token=opensesame", Content_Length="0"),
        answer("302 x", Location="ftp://ann:swordfish@host/?token=opensesame", Content_Length="0"),
        honest(b"opensesame", Content_Encoding="br"),
        honest(b"x" * 100_000),
        b"opensesame",
    ],
)
def test_no_secret_is_told(response: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """User, password and query reach the server and neither a message nor a log."""
    caplog.set_level(logging.DEBUG)
    with serve(response) as server, pytest.raises(TurntableError) as caught:
        fetch(
            f"http://ann:swordfish@127.0.0.1:{server.port}/show?token=opensesame#opensesame",
            reach=HERE,
            max_bytes=50_000,
        )

    assert b"GET /show?token=opensesame HTTP" in server.requests[0]
    assert b"\r\nauthorization: basic " in server.requests[0].lower()
    told = str(caught.value) + repr(caught.value.__cause__) + caplog.text
    assert [secret for secret in SECRETS if secret in told] == []
    assert "/show" in str(caught.value) or "10.0.0.1" in str(caught.value)


def test_a_password_does_not_follow_a_redirect() -> None:
    """What opens one host is not sent to another."""
    with (
        serve(honest(b"hello")) as other,
        serve(answer("302 x", Location=other.url, Set_Cookie="a=b; Path=/", Content_Length="0")) as first,
    ):
        fetch(f"http://ann:swordfish@127.0.0.1:{first.port}/", reach=HERE)

    assert b"authorization" in first.requests[0].lower()
    assert b"authorization" not in other.requests[0].lower()
    assert b"cookie" not in other.requests[0].lower()


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect wherever it likes, so none is asked."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with serve(honest(b"hello")) as server:
        assert fetch(server.url, reach=HERE).data == b"hello"


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext, list[str | None]]:
    """Certify show.test: the server's side, a client's side that trusts it, and the names asked for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "show.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("show.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain = tmp_path / "chain.pem"
    chain.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    asked: list[str | None] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    return server, ssl.create_default_context(cafile=str(chain)), asked


Certified = tuple[ssl.SSLContext, ssl.SSLContext, list[str | None]]


def test_tls_goes_by_the_name(monkeypatch: pytest.MonkeyPatch, certified: Certified) -> None:
    """The judged address is dialled, but the certificate is asked of, and checked against, the name."""
    tls, trusting, asked = certified
    monkeypatch.setattr(request, "_tls", lambda: trusting)
    book = {"show.test": [["127.0.0.1"]], "other.test": [["127.0.0.1"]]}
    with serve(honest(b"hello"), tls=tls) as server, names(monkeypatch, book):
        assert fetch(f"https://show.test:{server.port}/", reach=HERE).data == b"hello"
        with pytest.raises(SourceError, match=r"certificate is not valid for other\.test"):
            fetch(f"https://other.test:{server.port}/", reach=HERE)

    assert asked == ["show.test", "other.test"]
    assert len(server.requests) == 1


def test_an_unknown_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, certified: Certified) -> None:
    """What no authority signed is not read."""
    tls, _, _ = certified
    with (
        serve(honest(b"hello"), tls=tls) as server,
        names(monkeypatch, {"show.test": [["127.0.0.1"]]}),
        pytest.raises(SourceError, match="certificate"),
    ):
        fetch(f"https://show.test:{server.port}/", reach=HERE)

    assert server.requests == []
