"""`python -m transforms.feed`: one feed from standard input to JSON, in a process that may be killed.

The first line names the feed, as JSON: the arguments of a process are no place for secrets.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

from transforms.errors import ContentError
from transforms.feed import parse_feed


def _main() -> None:
    names = json.loads(sys.stdin.buffer.readline())
    for kind, limit in ((resource.RLIMIT_CPU, names.pop("seconds")), (resource.RLIMIT_DATA, names.pop("bytes"))):
        with suppress(ValueError, OSError):  # not every system has both
            resource.setrlimit(kind, (limit, limit))
    try:
        feed = parse_feed(sys.stdin.buffer.read(), **names)
    except ContentError as error:
        answer: dict[str, object] = {"error": str(error)}
    else:
        answer = {"feed": asdict(feed)}
    sys.stdout.write(json.dumps(answer, default=datetime.isoformat))


if __name__ == "__main__":
    _main()
