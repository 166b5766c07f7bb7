"""Manners towards other people's servers: few requests at once to one host, and a moment between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from transforms.errors import TransientError
from transforms.records import Seconds

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


RATE_LIMIT = RateLimit()
