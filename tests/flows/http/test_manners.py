"""Manners towards other people's servers, and the proxy that a user may set."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr, ValidationError

from flows.http import request
from flows.http.fetch import fetch
from flows.http.rate_limit import RateLimit
from flows.http.reach import Reach
from flows.settings import Settings
from tests.support.servers import HERE, answer, honest, serve
from transforms.errors import HostileError, TransientError


def test_few_at_once_and_a_moment_between() -> None:
    """Eight threads want one host: never more than two are in, and their starts are apart."""
    manners = RateLimit(at_once=2, gap=0.03)
    running, most, starts = 0, 0, []
    lock = threading.Lock()

    def visit() -> None:
        nonlocal running, most
        with manners.slot("show.test"):
            with lock:
                running += 1
                most = max(most, running)
                starts.append(time.monotonic())
            time.sleep(0.1)
            with lock:
                running -= 1

    with ThreadPoolExecutor(8) as pool:
        for visitor in [pool.submit(visit) for _ in range(8)]:
            visitor.result()

    assert most == 2
    assert min(later - earlier for earlier, later in itertools.pairwise(starts)) >= 0.02


def test_hosts_do_not_wait_for_each_other() -> None:
    """A host that holds its places for long takes none of another one."""
    manners = RateLimit(at_once=1, gap=30, patience=0.1)
    started = time.monotonic()
    with manners.slot("slow.test"), manners.slot("other.test"):
        pass

    assert time.monotonic() - started < 20


def test_nobody_waits_for_ever() -> None:
    """Where the places stay taken, the next one is told to come again, and a place that is free again serves."""
    manners = RateLimit(at_once=1, gap=0, patience=0.05)
    with (
        manners.slot("show.test"),
        pytest.raises(TransientError, match=r"show\.test: 1 requests") as caught,
        manners.slot("show.test"),
    ):
        pass
    with manners.slot("show.test"):
        pass

    assert caught.value.retry_after == 0.05


def test_an_error_gives_the_place_back() -> None:
    """A request that fails holds no place."""
    manners = RateLimit(at_once=1, gap=0, patience=0.05)
    for _ in range(3):
        with pytest.raises(KeyError), manners.slot("show.test"):
            raise KeyError


def test_hosts_of_long_ago_are_forgotten() -> None:
    """A process that polls for months does not grow with each host."""
    manners = RateLimit(gap=0)
    for number in range(3_000):
        with manners.slot(f"{number}.test"):
            pass

    assert len(manners._hosts) <= 1_002


def test_each_hop_takes_its_turn_and_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect within a host needs one place, not two; a host that the user named needs none."""
    manners = RateLimit(at_once=1, gap=0.1, patience=1)
    monkeypatch.setattr(request, "RATE_LIMIT", manners)
    monkeypatch.setattr(request, "is_allowed", lambda *_: False)
    with serve(answer("302 x", Location="/b", Content_Length="0"), honest(b"hello")) as server:
        started = time.monotonic()
        assert fetch(server.url, reach=HERE).data == b"hello"
        assert time.monotonic() - started >= 0.1
        monkeypatch.undo()
        monkeypatch.setattr(request, "RATE_LIMIT", RateLimit(gap=10))
        started = time.monotonic()
        for _ in range(5):
            fetch(server.url, reach=HERE)
        assert time.monotonic() - started < 30  # four gaps would be 40


def test_a_proxy_is_asked_where_it_is_set() -> None:
    """With TURNTABLE_PROXY every request goes there, with the name, which nobody here looks up."""
    with serve(honest(b"hello")) as proxy:
        settings = Settings(proxy=SecretStr(f"http://ann:swordfish@127.0.0.1:{proxy.port}"))
        body = fetch("http://show.invalid/feed?a=b", settings.reach)

    assert body.data == b"hello"
    assert "swordfish" not in repr(settings.reach)
    assert proxy.requests[0].startswith(b"GET http://show.invalid/feed?a=b HTTP/1.1\r\n")
    assert b"\r\nhost: show.invalid\r\n" in proxy.requests[0].lower()
    assert b"\r\nproxy-authorization: basic " in proxy.requests[0].lower()


@pytest.mark.parametrize(
    "host",
    "127.0.0.1 127.1 0x7f.1 2130706433 [::1] [::ffff:10.0.0.1] 169.254.169.254 localhost LOCALHOST. a.localhost "
    "nas nas.local vault.internal router.home.arpa wiki.corp 0 10.0.0.1:80 show.test:8080".split(),
)
def test_behind_a_proxy_the_text_is_judged(host: str) -> None:
    """Numbers in any spelling, and names that are never public, do not get to the proxy."""
    with serve(honest(b"hello")) as proxy:
        with pytest.raises(HostileError):
            fetch(f"http://{host}/", Reach(proxy=proxy.url))
        with pytest.raises(HostileError):
            fetch(f"http://ann:x@{host}/?a", Reach(proxy=proxy.url))

    assert proxy.requests == []


def test_behind_a_proxy_the_user_may_allow_a_name() -> None:
    """What is named in TURNTABLE_ALLOW goes through, on any port."""
    with serve(honest(b"hello")) as proxy:
        for url in ("http://nas.local:8080/", "http://10.1.2.3/"):
            assert fetch(url, reach=Reach(("nas.local", "10.0.0.0/8"), proxy.url)).data == b"hello"


def test_a_redirect_behind_a_proxy_is_judged_too() -> None:
    """The proxy is not asked for the private address that a public host names."""
    to_it = answer("302 x", Location="http://169.254.169.254/", Content_Length="0")
    with serve(to_it) as proxy, pytest.raises(HostileError, match="private"):
        fetch("http://show.test/", Reach(proxy=proxy.url))

    assert len(proxy.requests) == 1


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "127.0.0.1:9", "ftp://x"])
def test_what_is_no_proxy_is_said_at_once(proxy: str) -> None:
    """A proxy of another kind is an error of the setting, whose value may be a secret."""
    with pytest.raises(ValidationError, match="http://host:port") as caught:
        Settings(proxy=SecretStr(proxy))

    assert proxy not in str(caught.value)
