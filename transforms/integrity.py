"""Whether bytes are those that a publisher promised, by a hash as browsers write it (https://www.w3.org/TR/SRI/)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

_ALGORITHMS = ("sha256", "sha384", "sha512")


def is_as_promised(path: Path, integrity: str) -> bool:
    """Tell whether a file has one of the hashes of `integrity`; without one that we can compute, it has.

    >>> is_as_promised(Path("/dev/null"), "md5-whatever")
    True
    """
    hashes = [part.split("?")[0].partition("-") for part in integrity.split()]
    known = [(name, value) for name, _, value in hashes if name in _ALGORITHMS]
    return not known or any(_digest(path, name) == value for name, value in known)


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, algorithm).digest()).decode()
