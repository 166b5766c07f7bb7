"""Read the weights of a CTranslate2 model, so that PyTorch can run parts of it.

The format is what `ModelSpec.save` of CTranslate2 writes (python/ctranslate2/specs/model_spec.py): little-endian,
a header, then the variables one after the other, then names that stand for others.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from transforms.errors import ContentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VERSIONS = (4, 5, 6)
_DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16, 5: np.uint16}
_BFLOAT16 = 5


def read_variables(path: Path) -> Mapping[str, NDArray[Any]]:
    """Read all variables of a `model.bin` by name; integers as they are, every weight as float16 or float32.

    Int8 weights are multiplied out with their scales (one per row).

    Raises:
        ContentError: it is no such file, or of a version that we do not know.
    """
    try:
        with path.open("rb") as file:
            found = dict(_variables(file))
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        msg = f"{path} is no CTranslate2 model that we can read ({error})"
        raise ContentError(msg) from error
    return {
        name: _multiplied_out(found, name, value) for name, value in found.items() if not name.endswith("_scale")
    }


def _variables(file: IO[bytes]) -> Any:
    version = _number(file, "<I")
    if version not in _VERSIONS:
        msg = f"version {version}"
        raise ValueError(msg)
    _text(file)
    _number(file, "<I")  # the revision of the specification
    for _ in range(_number(file, "<I")):
        name = _text(file)
        shape = [_number(file, "<I") for _ in range(_number(file, "<B"))]
        kind = _number(file, "<B")
        values = np.frombuffer(file.read(_number(file, "<I")), _DTYPES[kind]).reshape(shape)
        if kind == _BFLOAT16:
            values = (values.astype(np.uint32) << 16).view(np.float32)
        yield name, values


def _number(file: IO[bytes], form: str) -> int:
    (value,) = struct.unpack(form, file.read(struct.calcsize(form)))
    return int(value)


def _text(file: IO[bytes]) -> str:
    return file.read(_number(file, "<H")).rstrip(b"\0").decode()


def _multiplied_out(found: Mapping[str, NDArray[Any]], name: str, value: NDArray[Any]) -> NDArray[Any]:
    scale = found.get(f"{name}_scale")
    if scale is None or value.dtype != np.int8:
        return value
    return value.astype(np.float32) / scale.astype(np.float32).reshape(-1, *[1] * (value.ndim - 1))
