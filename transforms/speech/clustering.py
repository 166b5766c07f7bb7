"""Voices → people, with pyannote.audio's clusterings, in memory that does not grow with the square of an episode.

Importing this module imports pyannote.audio: do it inside a function.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyannote.audio.pipelines.clustering import AgglomerativeClustering, VBxClustering
from pyannote.core import SlidingWindowFeature

MOST_CLUSTERED = 4_000  # voices; their distances take 64 MB, those of a day at once would take 20 GB


class _Thinned:
    """Clusters at most `MOST_CLUSTERED` voices; pyannote gives every voice to the closest centroid anyway.

    Up to that number (one and a half to two hours) the answer is pyannote's. Beyond, the voices are cut into as
    many equal stretches, and the one of each that speaks longest by itself is clustered. What it costs: the
    smallest cluster has as many voices as before, so someone heard for a minute or two of twelve hours has too
    few of them, and his words go to whom he resembles most.
    """

    def filter_embeddings(
        self,
        embeddings: NDArray[np.float32],
        segmentations: SlidingWindowFeature,
        min_active_ratio: float = 0.2,
    ) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]:
        """Choose the voices to cluster: (voices, dimension), and of each the chunk and the speaker in it."""
        chosen, chunks, speakers = super().filter_embeddings(  # type: ignore[misc]
            embeddings, segmentations=segmentations, min_active_ratio=min_active_ratio
        )
        if len(chosen) <= MOST_CLUSTERED:
            return chosen, chunks, speakers
        data = segmentations.data
        alone = np.array([_alone(data[chunk])[speaker] for chunk, speaker in zip(chunks, speakers, strict=True)])
        stretches = np.array_split(np.arange(len(chosen)), MOST_CLUSTERED)
        kept = np.array([stretch[np.argmax(alone[stretch])] for stretch in stretches])
        return chosen[kept], chunks[kept], speakers[kept]


def _alone(chunk: NDArray[Any]) -> NDArray[Any]:
    """Count the frames where each speaker of a chunk speaks by himself."""
    frames: NDArray[Any] = (chunk * (chunk.sum(axis=1, keepdims=True) == 1)).sum(axis=0)
    return frames


class ThinnedAgglomerative(_Thinned, AgglomerativeClustering):  # type: ignore[misc]
    """pyannote's agglomerative clustering of as many voices as memory allows."""


class ThinnedVBx(_Thinned, VBxClustering):  # type: ignore[misc]
    """pyannote's VBx clustering of as many voices as memory allows."""
