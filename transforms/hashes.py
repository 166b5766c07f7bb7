"""What files are, by the hashes of their bytes."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

_ALGORITHMS = ("sha256", "sha384", "sha512")  # of what a publisher promises (https://www.w3.org/TR/SRI/)


def sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(folder: Path) -> str:
    """Return the sha256 of the names and bytes of a folder's files, in order of their names, in hexadecimal."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(f"{path.relative_to(folder)}\0{sha256(path)}\n".encode())
    return whole.hexdigest()


def is_as_promised(path: Path, integrity: str) -> bool:
    """Check that a file has one of the hashes of `integrity`, as browsers write it; others promise nothing.

    >>> is_as_promised(Path("/dev/null"), "md5-whatever")
    True
    """
    hashes = [part.split("?")[0].partition("-") for part in integrity.split()]
    known = [(name, value) for name, _, value in hashes if name in _ALGORITHMS]
    return not known or any(_digest(path, name) == value for name, value in known)


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, algorithm).digest()).decode()
