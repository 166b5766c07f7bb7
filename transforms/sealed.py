"""JSON that tells whether it is as it was written: among its fields is a `digest` of its name and of all others.

The name is that of the file, so that a file in the place of another one is damage too. What was written before
there were digests has none and is believed. What a newer Turntable wrote is read as far as it is known.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

T = TypeVar("T")

# What reading a file gives where the file is to blame, and not the process, as with too many open files.
_BROKEN = (errno.EISDIR, errno.ENOTDIR, errno.EIO, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO)


def seal(kind: TypeAdapter[T], value: T, name: str) -> bytes:
    """Write a value, which must be an object in JSON, so that `unseal` under the same name finds damage."""
    content = kind.dump_python(value, mode="json")
    return to_json({**content, "digest": _digest(content, name)}, indent=1, inf_nan_mode="constants")


def unseal(kind: TypeAdapter[T], data: bytes, name: str) -> T:
    """Read back what `seal` wrote; unknown fields are left out, unknown words of a list become the default.

    Raises:
        ValueError: it is not what was written under this name; the message is one line.
    """
    try:
        content = _object(data)
        promised = content.pop("digest", None)
        if promised is not None and promised != _digest(content, name):
            msg = "its digest does not fit its content or its name"
            raise ValueError(msg)
        return _known(kind, content)
    except RecursionError as error:
        msg = "it is nested too deeply"
        raise ValueError(msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        told = first["msg"].removeprefix("Value error, ")
        msg = f"{'.'.join(map(str, first['loc']))}: {told[:1].lower()}{told[1:]}"
        raise ValueError(msg) from error


def read_sealed(kind: TypeAdapter[T], path: Path, name: str | None = None) -> T:
    """Read back a file that `seal` wrote; `None` for the name means that of the file.

    Raises:
        OSError: it cannot be read, or is no regular file.
        ValueError: as `unseal`.
    """
    return unseal(kind, regular_bytes(path), path.stem if name is None else name)


def is_sealed(path: Path) -> bool:
    """Check whether a file has a digest; one that cannot be read has none."""
    try:
        return "digest" in _object(regular_bytes(path))
    except (OSError, ValueError, RecursionError):
        return False


def regular_bytes(path: Path) -> bytes:
    """Read a file that must be a regular one: a pipe would keep its reader for ever.

    Raises:
        OSError: it is none, is a link to nothing, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        if path.is_symlink():
            raise OSError(errno.ELOOP, "it is a link to nothing", str(path)) from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EISDIR, "it is no regular file", str(path))
        return file.read()


def is_no_file(path: Path) -> bool:
    """Check whether something lies at a path that is no regular file and leads to none."""
    return os.path.lexists(path) and not path.is_file()


def is_damage(error: Exception) -> bool:
    """Check whether it is the fault of a file that it could not be read."""
    return isinstance(error, ValueError) or (isinstance(error, OSError) and error.errno in _BROKEN)


def cause_of(error: Exception) -> str:
    """Say in a few words why a file could not be read."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split())[:200] or type(error).__name__


def _object(data: bytes) -> dict[str, Any]:
    """Parse a JSON object, and say in plain words where it is none."""
    try:
        content = json.loads(data)
    except UnicodeDecodeError as error:
        msg = "it is no text"
        raise ValueError(msg) from error
    except ValueError as error:  # "Expecting value: line 1 column 1 (char 0)" tells nobody anything
        msg = "it is no JSON, or not all of it" if data.strip() else "it is empty"
        raise ValueError(msg) from error
    if not isinstance(content, dict):
        msg = "it is no JSON object"
        raise ValueError(msg)
    return content


def _known(kind: TypeAdapter[T], content: dict[str, Any]) -> T:
    """Validate; where only words are unknown, such as a class of errors of a newer version, do so without them."""
    try:
        return kind.validate_json(json.dumps(content))
    except ValidationError as error:
        strange = [found["loc"] for found in error.errors() if found["type"] == "literal_error"]
        if len(strange) < error.error_count():
            raise
        for *way, name in strange:
            within: Any = content
            for step in way:
                within = within[step]
            del within[name]
        return kind.validate_json(json.dumps(content))


def _digest(content: dict[str, Any], name: str) -> str:
    text = json.dumps([name, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
