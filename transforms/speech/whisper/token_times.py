"""When each token is said: dynamic time warping over where Whisper's decoder looks.

As openai/whisper's whisper/timing.py has it (add_word_timestamps, find_alignment), in NumPy row by row.
Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MEDIAN_WIDTH = 7  # frames of 20 ms
# Pairs to put in order until the middle one is the median: eight times as fast as torch's own, which sorts rows.
# N. Devillard, Fast median search, 1998.
MEDIAN_OF_SEVEN = (
    *((0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6)),
    *((2, 3), (3, 6), (4, 5), (1, 4), (1, 3), (3, 4)),
)


@torch.inference_mode()
def token_frames(queries: Tensor, keys: Tensor, first: int, n_frames: int) -> NDArray[np.int64]:
    """Say at which frame each token begins, and where the last one ends.

    Args:
        queries: of the heads that align, (heads, tokens, size).
        keys: what they look at, (heads, frames, size).
        first: the token before the first one that is text.
        n_frames: how many frames hold audio.

    Returns:
        int64 (tokens − first,): frames of 20 ms.
    """
    # in float32: a CPU writes code for each new shape of a product in bfloat16
    scores = queries.float() @ keys[:, :n_frames].float().transpose(1, 2) * queries.shape[-1] ** -0.5
    looks = torch.softmax(scores, -1)
    deviation, mean = torch.std_mean(looks, dim=1, keepdim=True, unbiased=False)
    looks = _median((looks - mean) / deviation.clamp_min(1e-9))
    return warp(-looks.mean(0)[first:].double().numpy(force=True))


def _median(x: Tensor) -> Tensor:
    """Smooth the last dimension by a running median; short rows stay as they are."""
    reach = MEDIAN_WIDTH // 2
    if x.shape[-1] <= reach:
        return x
    padded = torch.nn.functional.pad(x, (reach, reach), mode="reflect")
    sorted_ = list(padded.unfold(-1, MEDIAN_WIDTH, 1).unbind(-1))
    for low, high in MEDIAN_OF_SEVEN:
        sorted_[low], sorted_[high] = (
            torch.minimum(sorted_[low], sorted_[high]),
            torch.maximum(sorted_[low], sorted_[high]),
        )
    return sorted_[reach]


def warp(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """Walk through a matrix (rows, columns) from corner to corner as cheaply as can be, never back.

    Returns:
        int64 (rows,): the column at which each row is entered.

    >>> warp(np.array([[0.0, 0.0, 9.0, 9.0], [9.0, 9.0, 0.0, 0.0]])).tolist()
    [0, 2]
    """
    n_rows, n_columns = cost.shape
    total = np.full((n_rows + 1, n_columns + 1), np.inf)
    total[0, 0] = 0.0
    for row in range(n_rows):
        # Entered from above or diagonally; to go right from there costs the sum of what lies between, so the least
        # over all entries is a running minimum.
        entered = np.minimum(total[row, :-1], total[row, 1:])
        spent = np.cumsum(cost[row])
        before = np.concatenate(([0.0], spent[:-1]))
        total[row + 1, 1:] = np.minimum.accumulate(entered - before) + spent
    return _entries(total)


def _entries(total: NDArray[np.float64]) -> NDArray[np.int64]:
    """Go back through the sums, and note where each row was entered."""
    row, column = total.shape[0] - 1, total.shape[1] - 1
    entries = np.zeros(row, np.int64)
    above, here = total[row - 1].tolist(), total[row].tolist()
    while row > 0:
        entries[row - 1] = column - 1
        diagonal, up, left = above[column - 1], above[column], here[column - 1]
        if left < diagonal and left < up:
            column -= 1
            continue
        column -= diagonal <= up
        row -= 1
        above, here = total[row - 1].tolist(), above
    return entries
