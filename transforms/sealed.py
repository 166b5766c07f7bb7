"""JSON that tells whether it is as it was written: among its fields is a `digest` of its name and of all others.

The name is that of the file, so that a file in the place of another one is damage too. What was written before
there were digests has none and is believed. What a newer Turntable wrote is read as far as it is known.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def seal(kind: TypeAdapter[T], value: T, name: str) -> bytes:
    """Write a value, which must be an object in JSON, so that `unseal` under the same name finds damage."""
    content = kind.dump_python(value, mode="json")
    return json.dumps({**content, "digest": _digest(content, name)}, ensure_ascii=False, indent=1).encode()


def unseal(kind: TypeAdapter[T], data: bytes, name: str) -> T:
    """Read back what `seal` wrote; unknown fields are left out, unknown words of a list become the default.

    Raises:
        ValueError: it is not what was written under this name; the message is one line.
    """
    try:
        content = json.loads(data)
    except RecursionError as error:
        msg = "it is nested too deeply"
        raise ValueError(msg) from error
    if not isinstance(content, dict):
        msg = "it is no JSON object"
        raise ValueError(msg)
    promised = content.pop("digest", None)
    if promised is not None and promised != _digest(content, name):
        msg = "its digest does not fit its content or its name"
        raise ValueError(msg)
    try:
        return _known(kind, content)
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        raise ValueError(msg) from error


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
