"""What was met when an episode was brought ahead here: its flow meets it again, and asks nobody twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Met = dict[str, Exception]  # by the step that failed

_MET: ContextVar[Met | None] = ContextVar("met", default=None)


@contextmanager
def having_met(met: Met) -> Iterator[None]:
    """Let the flow below meet what was met before it."""
    token = _MET.set(dict(met))
    try:
        yield
    finally:
        _MET.reset(token)


def meet_again(step: str) -> None:
    """Fail as this step failed before; once, for what time may heal is then tried again."""
    error = (_MET.get() or {}).pop(step, None)
    if error is not None:
        raise error
