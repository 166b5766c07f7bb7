"""Which subscribed feeds podpings name: the new blocks of a node of Hive, read a few seconds after they are made.

A podping is a hint that anybody can write, and the polls go on without it. So nothing that it says is kept, only
feeds that are subscribed are asked, none of them more often than `gap`, and none that is paused or rests. Each is
asked once more after that, for caches before a feed may show it as it was. What was written while the node could
not be asked is not caught up with.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from flows.feeds.subscriptions import Subscriptions, is_due
from flows.http import fetch
from flows.locations import shown_address
from flows.settings import Settings
from transforms.errors import ContentError, SourceError
from transforms.feed.podpings import addresses, feed_key, feed_keys
from transforms.records import Seconds

SILENCE: Seconds = 20.0  # of a node
GAP: Seconds = 300.0  # from one hinted look at a feed to the next
MOST_BLOCKS = 40  # two minutes of them
MOST_BYTES = 8_000_000  # of an answer: blocks of 64 kB at most, mostly far less
MOST_FEEDS = 50  # asked at once; the others follow

_HEAD = "condenser_api.get_dynamic_global_properties"
_BLOCKS = "block_api.get_block_range"
_BLOCK_NUMBERS = range(1, 2**40)


@dataclass(slots=True)
class Listener:
    """Listens to the podpings that a node has; `ask` is called with the ids of feeds that are to be asked now."""

    node: str
    settings: Settings
    ask: Callable[[list[str]], None]
    gap: Seconds = GAP
    _next: int | None = None  # block
    # by the ids of feeds that are to be asked, in the order in which they were named: is it for the first time?
    _waiting: dict[str, bool] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)  # by id, on the monotonic clock
    _known: tuple[int, Mapping[str, list[str]]] = (0, {})  # when the subscriptions changed, and their ids by key

    def look(self) -> None:
        """Read the blocks that are new, none at first, and ask the feeds that they and earlier ones name.

        Raises:
            TurntableError: the node does not answer, or not as a node does.
            Exception: whatever `ask` raises; then the feeds wait for the next look.
        """
        known = self._feeds()
        for address in addresses(self._new_blocks()):
            for feed_id in known.get(feed_key(address) or "", ()):
                self._waiting[feed_id] = True
        self._ask_waiting()

    def _new_blocks(self) -> list[Any]:
        head = self._call(_HEAD, [])
        number = head.get("head_block_number") if isinstance(head, dict) else None
        if type(number) is not int or number not in _BLOCK_NUMBERS:
            raise self._no_node()
        if self._next is None or number < self._next - MOST_BLOCKS:  # the first look, or another chain
            self._next = number + 1
        self._next = max(self._next, number + 1 - MOST_BLOCKS)
        count = number + 1 - self._next
        if count <= 0:  # of several machines behind an address one may lag behind
            return []
        answer = self._call(_BLOCKS, {"starting_block_num": self._next, "count": count})
        blocks = answer.get("blocks") if isinstance(answer, dict) else None
        if not isinstance(blocks, list):
            raise self._no_node()
        self._next += min(len(blocks), count)
        return blocks[:count]

    def _call(self, method: str, parameters: object) -> object:
        """Return the result of a method of the node.

        Raises:
            TurntableError: there is none.
        """
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        reach = replace(self.settings.reach, idle_timeout=SILENCE)
        body = fetch.post(self.node, reach, json.dumps(asked).encode(), max_bytes=MOST_BYTES)
        try:
            answer = json.loads(body.data)
        except (ValueError, RecursionError):
            raise self._no_node() from None
        if not isinstance(answer, dict):
            raise self._no_node()
        if "result" not in answer:
            error = answer.get("error")
            said = error.get("message") if isinstance(error, dict) else None
            msg = f"{shown_address(self.node)}: the node refuses {method} ({str(said)[:100]}); take another one"
            raise SourceError(msg)
        return answer["result"]

    def _no_node(self) -> ContentError:
        return ContentError(f"{shown_address(self.node)}: it does not answer as a node of Hive; take another one")

    def _feeds(self) -> Mapping[str, list[str]]:
        """Return the ids of the subscribed feeds by the key of their addresses; read again when they changed."""
        subscriptions = Subscriptions(self.settings.home)
        changed = subscriptions.folder.stat().st_mtime_ns if subscriptions.folder.is_dir() else 0
        if changed != self._known[0]:
            found = defaultdict(list)
            for one in subscriptions.all():
                for key in feed_keys(one.url) | feed_keys(one.first_url):
                    found[key].append(one.feed_id)
            self._known = changed, found
        return self._known[1]

    def _ask_waiting(self) -> None:
        now, subscriptions = time.monotonic(), Subscriptions(self.settings.home)
        rested = [one for one in self._waiting if now - self._asked.get(one, -self.gap) >= self.gap][:MOST_FEEDS]
        due = [one for one in rested if (known := subscriptions.get(one)) and is_due(known, datetime.now(UTC))]
        if due:
            self.ask(due)
        for one in rested:
            is_first = self._waiting.pop(one)
            if is_first and one in due:
                self._waiting[one] = False
        self._asked |= dict.fromkeys(due, now)
