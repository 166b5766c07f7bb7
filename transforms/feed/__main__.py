"""`python -m transforms.feed`: one feed from standard input to lines of JSON, in a process that may be killed.

The first line of the input names the feed: the arguments of a process are no place for secrets. The first line
of the output is the feed without its episodes, then comes one line an episode; `{"error": …}` ends it instead.
Time is limited as long as nothing comes out: so many episodes earn another second.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress

from pydantic_core import to_json

from transforms.errors import ContentError
from transforms.feed import open_feed

EPISODES_A_SECOND = 400


def _main() -> None:
    names = json.loads(sys.stdin.buffer.readline())
    seconds = names.pop("seconds")
    _limit(resource.RLIMIT_DATA, names.pop("bytes"))
    _limit(resource.RLIMIT_CPU, seconds)
    try:
        feed, episodes = open_feed(sys.stdin.buffer.read(), **names)
        _tell(feed)
        for number, episode in enumerate(episodes, 1):
            _tell(episode)
            if number % EPISODES_A_SECOND == 0:
                _limit(resource.RLIMIT_CPU, seconds + number // EPISODES_A_SECOND)
    except ContentError as error:
        _tell({"error": str(error)})


def _limit(kind: int, limit: int) -> None:
    """Limit this process; what it may take at most was set by who started it, and stays."""
    hard = resource.getrlimit(kind)[1]
    with suppress(ValueError, OSError):  # not every system has all
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _tell(value: object) -> None:
    sys.stdout.buffer.write(to_json(value) + b"\n")


if __name__ == "__main__":
    _main()
