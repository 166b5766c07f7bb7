"""Which of some embeddings are of one voice: the largest group of those that are alike on average."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def largest_group(vectors: NDArray[Any], least_alike: float) -> NDArray[np.bool_]:
    """Mark the largest group of vectors, (n, 192), of one voice; nothing where two groups are as large.

    `least_alike` is the mean cosine between two groups from which they are one.
    """
    if len(vectors) < 2:
        return np.ones(len(vectors), np.bool_)
    from scipy.cluster.hierarchy import fcluster, linkage

    groups = fcluster(linkage(vectors, "average", metric="cosine"), 1 - least_alike, "distance")
    sizes = np.bincount(groups)
    largest = np.flatnonzero(sizes == sizes.max())
    return np.asarray(groups == largest[0]) if len(largest) == 1 else np.zeros(len(vectors), np.bool_)
