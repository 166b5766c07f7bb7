"""Podpings: which subscribed feeds they name, and what a node may do without harm.

The stand-in speaks as a node of Hive: its answers have the shapes that `block_api.get_block_range` and
`condenser_api.get_dynamic_global_properties` of public nodes had, shortened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from flows.feeds import podping
from flows.feeds.podping import MOST_BLOCKS, Listener
from flows.feeds.subscriptions import PollState, Subscription, Subscriptions, feed_id, new_subscription
from flows.settings import Settings
from tests.conftest import only
from tests.support.documents import NOON
from tests.support.servers import answer, honest, serve
from transforms.errors import TurntableError
from transforms.feed.podpings import addresses

SHOW = "https://feeds.example/lieux-dits"


def operation(body: object, name: str = "pp_podcast_update") -> dict[str, Any]:
    """An operation as a block has it."""
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    value = {"required_auths": [], "required_posting_auths": ["podping.bbb"], "id": name, "json": text}
    return {"type": "custom_json_operation", "value": value}


def block(*operations: object) -> dict[str, Any]:
    """A block with one transaction."""
    return {
        "previous": "04347a33f9155dc51c88601e782dcb86c4e5088b",
        "timestamp": "2026-10-05T13:46:54",
        "witness": "arcange",
        "extensions": [],
        "transactions": [{"ref_block_num": 31278, "operations": list(operations), "extensions": []}],
        "block_id": "04347a34af5312512765bab3a2e40c8602254957",
    }


def ping(*iris: str) -> dict[str, Any]:
    """A podping of version 1.1."""
    return operation(
        {
            "version": "1.1",
            "medium": "podcast",
            "reason": "update",
            "iris": iris,
            "timestampNs": 1671112003175134976,
            "sessionId": 12289641614003809996,
        }
    )


GAME = {
    "type": "custom_json_operation",
    "value": {
        "required_auths": ["checkyzk"],
        "required_posting_auths": [],
        "id": "sm_market_rent",
        "json": f'{{"items":["{SHOW}"],"url":"{SHOW}"}}',
    },
}
VOTE = {"type": "vote_operation", "value": {"voter": "a", "author": "b", "permlink": SHOW, "weight": 1}}


@dataclass
class Node:
    """A stand-in for a node: its chain, how many blocks it gives at once, and what it was asked."""

    url: str
    blocks: list[Any] = field(default_factory=lambda: [block(ping(SHOW))])
    most: int = 1000
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        """Answer a call."""
        asked = json.loads(request.get_data())
        self.asked.append(asked)
        if asked["method"] == "condenser_api.get_dynamic_global_properties":
            result: dict[str, Any] = {"head_block_number": len(self.blocks), "head_block_id": "04347a34"}
        else:
            first, count = asked["params"]["starting_block_num"] - 1, asked["params"]["count"]
            result = {"blocks": self.blocks[first : first + min(count, self.most)]}
        return Response(json.dumps({"jsonrpc": "2.0", "result": result, "id": 1}), content_type="application/json")


@pytest.fixture
def node(httpserver: HTTPServer) -> Node:
    """A node whose only block is an old one."""
    made = Node(httpserver.url_for("/"))
    httpserver.expect_request("/", method="POST").respond_with_handler(made.answer)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home that is subscribed to a show, and may reach this machine."""
    subscribe(tmp_path, SHOW)
    return Settings(home=tmp_path, allow=("127.0.0.1",))


def subscribe(home: Path, url: str, **changes: Any) -> Subscription:
    """Subscribe to a feed."""
    made = replace(new_subscription(url, NOON), **changes)
    Subscriptions(home).put(made)
    return made


@pytest.mark.parametrize(
    ("said", "name", "expected"),
    [
        ({"version": "1.0", "medium": "podcast", "reason": "update", "iris": ["a", "b"]}, "pp_video_live", "ab"),
        ({"version": "1.1", "medium": "podcast", "iris": ["a"]}, "pplt_podcast_update", "a"),
        ({"version": "0.3", "num_urls": 2, "reason": "feed_update", "urls": ["a", "b"]}, "podping", "ab"),
        ({"version": "0.1", "url": "a"}, "podping", "a"),
        ({"iris": "a", "urls": {"b": 1}, "url": ["c", 4, None, ["d"]]}, "podping", "ac"),
        ({"iris": ["a"]}, "podping-startup", ""),
        ({"iris": ["a"]}, "sm_market_rent", ""),
        (["a"], "podping", ""),
        ("{", "podping", ""),
        ("[" * 100_000, "podping", ""),
        ("1" * 100_000, "podping", ""),
    ],
)
def test_what_a_podping_names(said: object, name: str, expected: str) -> None:
    """All versions, and nothing of what has another shape."""
    assert "".join(addresses([block(operation(said, name))])) == expected


@pytest.mark.parametrize(
    "blocks",
    [
        None,
        {"blocks": 1},
        [None, 1, {}, {"transactions": {"a": 1}}, {"transactions": [1, {"operations": [[], {"type": []}]}]}],
        [block(None, [], ["custom_json", {"id": "podping", "json": f'{{"url":"{SHOW}"}}'}])],
        [block({"type": "custom_json_operation", "value": {"id": ["podping"], "json": "{}"}})],
        [block({"type": "custom_json_operation", "value": {"id": "podping", "json": {"url": SHOW}}})],
        [block(GAME, VOTE)],
    ],
)
def test_what_is_no_podping_names_nothing(blocks: object) -> None:
    """Blocks of other shapes, and other operations, are passed over."""
    assert list(addresses(blocks)) == []


def test_what_is_named_in_a_new_block_is_asked_once(settings: Settings, node: Node) -> None:
    """Not what was written before, nor what is not subscribed; two names of a feed in a look are one question."""
    asked: list[list[str]] = []
    listener = Listener(node.url, settings, asked.append)

    listener.look()
    assert asked == []
    node.blocks += [block(VOTE, GAME, ping("https://other.example/feed")), block(ping(SHOW), ping(f"{SHOW}/"))]
    listener.look()
    assert asked == [[feed_id(SHOW)]]
    listener.look()
    assert len(asked) == 1
    assert sum(one["method"] == "block_api.get_block_range" for one in node.asked) == 1

    later = subscribe(settings.home, "https://other.example/feed")
    node.blocks += [block(ping("http://OTHER.example:80/feed#now"))]
    listener.look()
    assert asked[1:] == [[later.feed_id]]


def test_a_feed_is_asked_no_more_often_than_it_may(settings: Settings, node: Node) -> None:
    """A second podping waits until then; what is paused, rests, or is not subscribed any more waits for none."""
    asked: list[list[str]] = []
    listener = Listener(node.url, settings, asked.append)
    resting = subscribe(settings.home, "https://rests.example/f", poll=PollState(paused="gone"))
    listener.look()
    node.blocks.append(block(ping(SHOW, resting.url)))
    listener.look()
    node.blocks.append(block(ping(SHOW, resting.url)))
    listener.look()
    listener.look()
    assert asked == [[feed_id(SHOW)]]

    listener.gap = 0  # as after five minutes
    listener.look()
    assert asked == [[feed_id(SHOW)]] * 2
    node.blocks.append(block(ping(SHOW)))
    Subscriptions(settings.home).remove(feed_id(SHOW))
    listener.look()
    assert len(asked) == 2


def test_a_feed_is_asked_once_more(settings: Settings, node: Node) -> None:
    """Some minutes later, where a cache may have shown it as it was; and then no more."""
    asked: list[list[str]] = []
    listener = Listener(node.url, settings, asked.append)
    listener.look()
    node.blocks.append(block(ping(SHOW)))
    listener.look()
    listener.gap = 0  # as after five minutes
    for _ in range(3):
        listener.look()

    assert asked == [[feed_id(SHOW)]] * 2


def test_what_could_not_be_asked_waits_for_the_next_look(settings: Settings, node: Node) -> None:
    """A Prefect server that is busy costs a look, not the hint."""
    asked: list[list[str]] = []

    def busy(_: list[str]) -> None:
        raise RuntimeError

    listener = Listener(node.url, settings, busy)
    listener.look()
    node.blocks.append(block(ping(SHOW)))
    with pytest.raises(RuntimeError):
        listener.look()
    listener.ask = asked.append
    listener.look()

    assert asked == [[feed_id(SHOW)]]


def test_a_private_feed_is_known_by_its_own_address_and_named_by_its_id(settings: Settings, node: Node) -> None:
    """A user and a password do not count; a token does, and leaves this process in nothing that is asked."""
    asked: list[list[str]] = []
    login = subscribe(settings.home, "https://ann:pw@paid.example/feed")
    token = subscribe(settings.home, "https://paid.example/rss?token=4d7f1b60c2e94a58")
    listener = Listener(node.url, settings, asked.append)
    listener.look()
    node.blocks.append(block(ping("https://paid.example/feed", "https://paid.example/rss", token.url)))
    listener.look()

    assert asked == [[login.feed_id, token.feed_id]]
    assert "paid.example" not in json.dumps(node.asked)


@pytest.mark.parametrize("spelled", ["https://bücher.example/ä?b=1", "https://xn--bcher-kva.example/%C3%A4?b=1"])
@pytest.mark.parametrize("named", ["http://BÜCHER.example/ä?b=1", "https://xn--bcher-kva.example/%C3%A4?b=1/"])
def test_letters_of_any_language_are_compared(settings: Settings, node: Node, spelled: str, named: str) -> None:
    """Written as they are, or in ASCII."""
    asked: list[list[str]] = []
    made = subscribe(settings.home, spelled)
    listener = Listener(node.url, settings, asked.append)
    listener.look()
    node.blocks.append(block(ping(named)))
    listener.look()

    assert asked == [[made.feed_id]]


def test_blocks_that_one_machine_does_not_have_yet_come_later(settings: Settings, node: Node) -> None:
    """Behind one address some lag behind; after a long silence only the newest blocks are read."""
    asked: list[list[str]] = []
    old, new = (subscribe(settings.home, f"https://feeds.example/{name}") for name in ("old", "new"))
    listener = Listener(node.url, settings, asked.append)
    listener.look()
    node.blocks += [block(VOTE), block(ping(SHOW))]
    node.most = 1
    listener.look()
    assert asked == []
    listener.look()
    assert asked == [[feed_id(SHOW)]]

    node.most = 1000
    node.blocks += [block(ping(old.url)), *[block(VOTE)] * MOST_BLOCKS]
    listener.look()
    first = len(node.blocks) - MOST_BLOCKS + 1
    assert node.asked[-1]["params"] == {"starting_block_num": first, "count": MOST_BLOCKS}
    del node.blocks[-3:]  # another machine lags behind
    listener.look()
    del node.blocks[2:]  # another chain: it begins anew
    listener.look()
    assert len(asked) == 1
    node.blocks.append(block(ping(new.url)))
    listener.look()
    assert asked[1:] == [[new.feed_id]]


def test_a_million_addresses_are_looked_through(settings: Settings, node: Node) -> None:
    """One of them is ours."""
    asked: list[list[str]] = []
    listener = Listener(node.url, settings, asked.append)
    listener.look()
    node.blocks.append(block(operation({"iris": ["u"] * 1_000_000 + ["https://x/" + "a" * 9_000, SHOW]})))
    listener.look()

    assert asked == [[feed_id(SHOW)]]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (honest(b"<html>not here</html>"), "does not answer as a node of Hive"),
        (honest(b"[" * 200_000), "does not answer as a node of Hive"),
        (honest(b"[]"), "does not answer as a node of Hive"),
        (honest(b'{"result": null}'), "does not answer as a node of Hive"),
        (honest(b'{"result": {"head_block_number": true}}'), "does not answer as a node of Hive"),
        (honest(b'{"result": {"head_block_number": -4}}'), "does not answer as a node of Hive"),
        (honest(b'{"result": {"head_block_number": 1e400}}'), "does not answer as a node of Hive"),
        (honest(b'{"error": {"code": -32601, "message": "no\\u001b[31m such\\nmethod"}}'), "the node refuses"),
        (honest(b'{"error": 7}'), "the node refuses"),
        (answer("302 Found", Location="http://127.0.0.1:1/", Content_Length="0"), "the server answered 302"),
        (answer("503 Down", Content_Length="0"), "the server answered 503"),
        (answer(Content_Length="99999999999"), "larger than"),
        (b"", "the connection broke"),
    ],
)
def test_a_node_that_lies_is_a_line(settings: Settings, said: bytes, line: str) -> None:
    """Whatever comes, it is one of our errors."""
    with serve(said) as server, pytest.raises(TurntableError, match=line):
        Listener(server.url, settings, lambda _: None).look()


@pytest.mark.parametrize("how", [{"then": b"1" * 65_536}, {"pause": 60.0}, {"then": b"1", "pause": 0.05}])
def test_an_endless_or_silent_node_is_left(
    settings: Settings, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many bytes, none at all, or one now and then."""
    monkeypatch.setattr(podping, "SILENCE", 0.2)
    with serve(answer(), **how) as server, pytest.raises(TurntableError, match=r"larger than|silent|less than"):
        Listener(server.url, settings, lambda _: None).look()


def test_a_node_on_a_private_network_is_refused(settings: Settings, node: Node) -> None:
    """As everything else that is fetched: unless it is allowed."""
    with pytest.raises(TurntableError, match="TURNTABLE_ALLOW"):
        Listener(node.url, settings.model_copy(update={"allow": ()}), lambda _: None).look()
    assert node.asked == []


@pytest.mark.parametrize("lie", [{"blocks": None}, [], {"blocks": {"0": block(ping(SHOW))}}])
def test_a_node_that_has_no_blocks_to_show_is_asked_for_them_again(
    settings: Settings, httpserver: HTTPServer, lie: object
) -> None:
    """What was not read is not passed over."""
    asked: list[list[str]] = []
    honest_node = Node(httpserver.url_for("/"))
    lying = [False]

    def reply(request: Request) -> Response:
        told = honest_node.answer(request)
        is_range = honest_node.asked[-1]["method"] == "block_api.get_block_range"
        return Response(json.dumps({"result": lie})) if lying[0] and is_range else told

    httpserver.expect_request("/", method="POST").respond_with_handler(reply)
    listener = Listener(honest_node.url, settings, asked.append)
    listener.look()
    honest_node.blocks.append(block(ping(SHOW)))
    lying[0] = True
    with pytest.raises(TurntableError, match="does not answer as a node"):
        listener.look()
    lying[0] = False
    listener.look()

    assert asked == [[feed_id(SHOW)]]


@pytest.mark.system
def test_a_run_is_asked_for_that_polls_them(settings: Settings, prefect_server: str) -> None:
    """In a deployment of its own, which holds up no poll and waits for itself; named as polls are."""
    from prefect.client.orchestration import get_client

    from flows.serve.deployments import ONE_WAITS, on_podping
    from flows.serve.listening import ask_feeds
    from flows.serve.runner import name_waiting

    assert prefect_server
    deployment = on_podping(settings.home)
    made = deployment.apply()
    ask_feeds(settings.home, [feed_id(SHOW)])
    with get_client(sync_client=True) as client:
        name_waiting(settings.home, set())
        run = only([run for run in client.read_flow_runs() if run.deployment_id == made])
        client.delete_flow_run(run.id)

    assert run.parameters == {"feeds": [feed_id(SHOW)]}
    assert run.name.startswith("poll ")
    assert deployment.schedules == []
    assert deployment.concurrency_options == ONE_WAITS.collision_strategy or deployment.concurrency_limit
