"""Private addresses in all their spellings: a server that listens on every one of ours hears nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from flows.http.fetch import download, fetch, fetch_if_changed, peek
from flows.http.reach import Reach
from tests.support.servers import answer, serve
from transforms.errors import HostileError, SourceError, TransientError

_OURS = """
127.0.0.1 127.1 127.0.1 127.255.255.254 127.0.0.1. 127.1. 2130706433 0x7f000001 0X7F000001 0x7f.0x0.0x0.0x1
0x7f.1 0x7f.0.1 017700000001 0017700000001 0177.0.0.1 0177.0.0.01 0177.1 00000177.0.0.1 127.0.0.0x1 127.0x1
127.00.00.01 127.0.000001 0x0000007f.0x1 127。0。0。1 127．0．0．1 127｡0｡0｡1 １２７.０.０.１ １２７．１
①②⑦.0.0.1 𝟏𝟐𝟕.𝟎.𝟎.𝟏 0x７f.1 127%2E0%2E0%2E1 0 0.0.0.0 0x0 00 0.0.0.0. 0.0 0.1.2.3 localhost
LOCALHOST LocalHost localhost. ＬＯＣＡＬＨＯＳＴ ⓛocalhost localhost%2E [::1] [::] [::0.0.0.1]
[0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [0::1] [::0:1] [::127.0.0.1] [::7f00:1]
[::0.0.0.0] [::ffff:127.0.0.1] [::FFFF:127.0.0.1] [::ffff:7f00:1] [::ffff:7f00:0001]
[0:0:0:0:0:ffff:127.0.0.1] [::ffff:0.0.0.0] [::ffff:0:127.0.0.1] [0:0:0:0:ffff:0:7f00:1] [::1%25lo]
[::1%251] [::ffff:127.1.2.3]
"""
_OTHERS = """
[64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:FF9B::7F00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::7f00:1]
[64:ff9b::10.0.0.1] [2002:7f00:1::] [2002:7f00:0001::1] [2002:a9fe:a9fe::] [2002:c0a8:101::] [2002:a00:1::]
[2001:0:7f00:1::] [2001:0:4136:e378:8000:63bf:80ff:fffe] [2001::1] [fe80::1] [fe80::1%25lo] [fec0::1]
[fc00::1] [fd00:ec2::254] [fdff::1] [ff02::1] [ff0e::1] [100::1] [2001:db8::1] [3fff::1] [5f00::1]
[::ffff:169.254.169.254] [::ffff:10.0.0.1] [::10.0.0.1] [::ffff:a9fe:a9fe] [::ffff:192.168.0.1]
169.254.169.254 169.254.169.254. 0xa9fea9fe 2852039166 0251.0376.0251.0376 0xa9.0xfe.0xa9.0xfe
0xa9.254.0251.254 169.254.43518 169.16689662 169。254。169。254 １６９.２５４.１６９.２５４ 169.254.170.2
10.0.0.1 10.1 012.0.0.1 0xa000001 167772161 10.255.255.255 172.16.0.1 172.31.255.255 172.1048577 2886729729
192.168.0.1 192.168.1 0xc0a80001 3232235777 0300.0250.0.1 100.64.0.1 100.100.100.200 100.127.255.255
192.0.0.192 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 168.63.129.16
0xa83f8110 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 4294967295 0xffffffff
"""
OURS, OTHERS = _OURS.split(), _OTHERS.split()
SPELLINGS = OURS + OTHERS

# What a reader of URLs may take for the host, and what follows it.
_TRICKS = """
http://1.1.1.1@{own}/ http://example.com:80@{own}/ http://user:pass@{own}/ http://example.com%2F@{own}/
http://example.com#@{own}/ http://{own}/?@example.com http://{own}/#@example.com http://{own}\\@example.com/
http://example.com\\@{own}/ http://{own}%23@example.com/ http://a@b@{own}/ http://@{own}/ http://:@{own}/
http:///{own}/ http:{own}/ http:/{own}/ http:\\\\{own}/ HTTP://{own}/ hTTp://{own}/ //{own}/ http://{own}:/
http://{own}..;/ http://{own}%00/ http://{own}%0d%0aHost:example.com/ http://{own}\t/ http://{own}\n/
http://\u200b{own}/ http://{own}\u00ad/ http://%31%32%37.0.0.1/ http://127.0.0.1%2f@example.invalid/
gopher://{own}/ ftp://{own}/ dict://{own}/ file://{own}/etc/passwd ws://{own}/ unix:{own}
"""
TRICKS = _TRICKS.strip(" \n").replace("\n", " ").split(" ")


@dataclass
class Ear:
    """A port of every address of this machine, IPv4 and IPv6, and who came to it."""

    port: int
    heard: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    """Listen everywhere, answer nothing."""
    listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    ear = Ear(listener.getsockname()[1])

    def listen() -> None:
        while True:
            try:
                connection, who = listener.accept()
            except OSError:
                return
            ear.heard.append(who)
            connection.close()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield ear
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.fixture
def unmoved(ear: Ear) -> Iterator[Ear]:
    """The ear, which must hear nothing as long as the test runs."""
    before = len(ear.heard)
    yield ear
    assert ear.heard[before:] == []


def test_the_ear_hears(ear: Ear) -> None:
    """What is proved below would be nothing if nobody listened."""
    for host in ("127.0.0.1", "127.255.255.254", "::1"):
        socket.create_connection((host, ear.port), timeout=5).close()
    with pytest.raises(TransientError):
        fetch(f"http://127.1:{ear.port}/", reach=Reach(("127.0.0.0/8",)))

    assert len(ear.heard) >= 3


def test_there_are_many_spellings() -> None:
    """The tables are long, and nothing is in them twice."""
    assert len(set(SPELLINGS)) == len(SPELLINGS) >= 120
    assert len(set(TRICKS)) == len(TRICKS) >= 30


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_is_reached(host: str, unmoved: Ear) -> None:
    """However it is written, with a password or without, on whatever port, by whatever call: no connection."""
    urls = [f"http://{host}:{unmoved.port}/", f"http://{host}/", f"https://{host}/", f"http://u:p@{host}:443/x"]
    for url in urls:
        with pytest.raises((HostileError, SourceError)):
            fetch(url, Reach())
    with pytest.raises((HostileError, SourceError)):
        fetch_if_changed(urls[0], Reach(), '"a"')


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_redirect_reaches_a_spelling(host: str, unmoved: Ear) -> None:
    """A host that is allowed leads to none of them either; only itself is allowed."""
    location = f"http://{host}:{unmoved.port}/".encode().decode("latin-1")
    to_it = answer("301 x", Location="LOCATION", Content_Length="0").replace(
        b"LOCATION", location.encode("latin-1")
    )
    with serve(to_it, host="127.0.0.2") as server, pytest.raises((HostileError, SourceError)):
        peek(server.url, reach=Reach(("127.0.0.2",)))


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_hides_the_host(trick: str, unmoved: Ear, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Passwords, fragments, backslashes and invisible signs do not hide whom a URL speaks to."""
    real = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **how: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return real("192.0.2.1" if "example" in name else name, *rest, **how)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises((HostileError, SourceError)):
        download(trick.format(own=f"127.0.0.1:{unmoved.port}"), tmp_path / "audio", Reach())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["0.0.0.0"],
        ["1.1.1.1", "127.0.0.1"],
        ["127.0.0.1", "1.1.1.1"],
        ["2606:4700::1111", "::1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["64:ff9b::7f00:1"],
    ],
)
@pytest.mark.parametrize("name", ["127.0.0.1.nip.test", "localtest.test", "show.test.", "xn--strae-oqa.test"])
def test_no_name_reaches_a_private_address(
    name: str, addresses: list[str], unmoved: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a name resolves to counts, all of it."""
    real = socket.getaddrinfo

    def look_up(_host: Any, *rest: Any, **how: Any) -> Any:
        return [entry for address in addresses for entry in real(address, *rest, **how)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for url in (f"http://{name}:{unmoved.port}/", f"http://{name}/"):
        with pytest.raises(HostileError):
            fetch(url, Reach())
