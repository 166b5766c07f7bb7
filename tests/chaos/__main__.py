"""Attack, damage and kill, and print one row a figure: `make chaos`. Minutes; nothing leaves this machine.

    python -m tests.chaos [--short] [NAME…]      NAME: web, models, …: the modules beside this one

Exit code 1 where anything got through, or where the whole form tried less than it has to.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Iterator, Sequence

import tests.conftest  # noqa: F401 - before Prefect is imported: none of its files in the home of who runs this
from tests.chaos.figure import Figure

# Each has `run(*, short: bool) -> Iterator[Figure]`.
MODULES: tuple[str, ...] = ("damage", "disk", "kills", "models", "neighbours", "secrets", "sql", "wal", "web")


def main() -> int:
    """Run the modules that were asked for; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a few of each kind, as CI does")
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args()
    print("| what | tried | got through | measured | s |\n|---|---|---|---|---|", flush=True)
    sound = True
    for figure, seconds in _figures(given.names or MODULES, short=given.short):
        print(
            f"| {figure.what} | {figure.tried} | {len(figure.got_through)} | {figure.measured} | {seconds:.0f} |",
            flush=True,
        )
        for line in figure.got_through:
            print(f"  got through: {line}", file=sys.stderr, flush=True)
        sound &= not figure.got_through and (given.short or figure.tried >= figure.wanted)
    return 0 if sound else 1


def _figures(names: Sequence[str], *, short: bool) -> Iterator[tuple[Figure, float]]:
    for name in names:
        began = time.monotonic()
        for figure in importlib.import_module(f"tests.chaos.{name}").run(short=short):
            yield figure, time.monotonic() - began
            began = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
