"""Write expectations anew from what the reader says now: `python -m tests.golden [NAME…]`, all without a name.

A name is that of a pair (`vtt/voices`) or the path of an input, also of a new one. What changed is printed;
whether it is right is for a person to say, by `git diff`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.golden import expectation, inputs, name_of, reading, written


def main(names: list[str]) -> None:
    """Write the expectations of the pairs that are named, and print the names of those that changed.

    Raises:
        SystemExit: there is no such pair.
    """
    known = {name_of(path): path for path in inputs()}
    chosen = [known.get(name) or known.get(name_of(Path(name))) for name in names] if names else known.values()
    if None in chosen:
        sys.exit(f"no input of that name in tests/golden: {names[list(chosen).index(None)]}")
    for path in filter(None, chosen):
        told = expectation(path)
        made = reading(path, about=told.get("about", ""), read_as=told.get("read_as", {}), pieces="pieces" in told)
        beside, text = path.with_suffix(".json"), written(made)
        if not beside.exists() or beside.read_text(encoding="utf-8") != text:
            beside.write_text(text, encoding="utf-8")
            print(name_of(path))


if __name__ == "__main__":
    main(sys.argv[1:])
