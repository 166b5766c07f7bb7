"""A second look at a clustering of voices: who is two people and was taken for one, and who is one and not two.

pyannote's clustering stops at one distance between the means of clusters, whatever is in them: two people who are
alike are one cluster then, as far apart as its halves are. And of half a minute a few voices make a cluster, which
may be somebody who turned away from the microphone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage, to_tree

Clusters = NDArray[np.intp]  # (voices,): the cluster of each
Bounds = tuple[float, float]  # the fewest and the most people; 1 and infinity where nobody knows

# Cosine distances of means. In 130 episodes with truth the halves of one voice, twelve seconds and more each, were
# 0.0 to 0.28 apart, and two people 0.19 and more (tests/benchmarks/RESULTS.md).
ONE_VOICE = 0.3
ONE_VOICE_OF_MORE = 0.28  # where there should be more people than were found
NEAR = 0.45  # within which two clusters can be one person, if they are never heard in one chunk
ROUNDS = 10  # of moving each voice to the half that it is like; it settles in two or three


@dataclass(frozen=True, slots=True)
class Voices:
    """What is clustered.

    `vectors`, float (voices, dimension), are each of length 1; `chunks`, (voices,), is where each is heard.
    """

    vectors: NDArray[Any]
    chunks: NDArray[np.intp]

    def means(self, clusters: Clusters) -> NDArray[Any]:
        """Return the mean of each cluster, of length 1, in the order of their numbers."""
        means = np.array([self.vectors[clusters == one].mean(axis=0) for one in np.unique(clusters)])
        return _of_length_one(means)

    def distances(self, clusters: Clusters) -> NDArray[Any]:
        """Return the cosine distances of the means of clusters; infinite from each to itself."""
        means = self.means(clusters)
        distances = 1 - means @ means.T
        np.fill_diagonal(distances, math.inf)
        return np.asarray(distances)

    def meet(self, clusters: Clusters, one: int, other: int) -> bool:
        """Check whether two clusters are both heard in one chunk: who talk with each other are two people."""
        return bool(np.isin(self.chunks[clusters == one], self.chunks[clusters == other]).any())


def look_again(voices: Voices, clusters: Clusters, least: int, bounds: Bounds = (1, math.inf)) -> Clusters:
    """Mend a clustering, towards a number of people where one is known; it may stay beyond it.

    Args:
        voices: what was clustered.
        clusters: of each voice.
        least: the voices that somebody has who is surely a speaker of his own.
        bounds: how many people there should be.

    Returns:
        The clusters, numbered from 0.
    """
    fewest, most = bounds
    clusters = _join(voices, clusters, fewest, smaller_than=least)  # whoever is heard too shortly
    clusters = _join(voices, _part(voices, clusters, least, bounds), most)
    return np.unique(clusters, return_inverse=True)[1]


def _join(voices: Voices, clusters: Clusters, down_to: float, smaller_than: float = math.inf) -> Clusters:
    """Give small clusters to those that they are like and never meet, the nearest first, down to so many."""
    while True:
        numbers, sizes = np.unique(clusters, return_counts=True)
        if len(numbers) <= max(down_to, 1):
            return clusters
        distances = voices.distances(clusters)
        nearest = distances.argmin(axis=1)
        can_be = [
            n
            for n in np.flatnonzero((sizes < smaller_than) & (distances.min(axis=1) < NEAR))
            if not voices.meet(clusters, numbers[n], numbers[nearest[n]])
        ]
        if not can_be:
            return clusters
        given = min(can_be, key=lambda n: distances[n, nearest[n]])
        clusters = np.where(clusters == numbers[given], numbers[nearest[given]], clusters)


class _Split(NamedTuple):
    """Two halves of some voices: how far apart they are, and which voices, (voices,), are in the second."""

    distance: float
    is_other: NDArray[np.bool_]


def _part(voices: Voices, clusters: Clusters, least: int, bounds: Bounds) -> Clusters:
    """Part clusters whose halves are farther apart than one voice is, those farthest apart first."""
    fewest, most = bounds
    numbers = np.unique(clusters).tolist()
    splits = {one: _halves(voices.vectors[clusters == one], least) for one in numbers}
    while len(splits) < most:
        parted, split = max(splits.items(), key=lambda item: item[1].distance)
        if split.distance < (ONE_VOICE_OF_MORE if len(splits) < fewest else ONE_VOICE):
            break
        new = max(splits) + 1
        clusters = clusters.copy()
        clusters[np.flatnonzero(clusters == parted)[split.is_other]] = new
        splits |= {one: _halves(voices.vectors[clusters == one], least) for one in (parted, new)}
    return clusters


def _halves(vectors: NDArray[Any], least: int) -> _Split:
    """Part some voices in two halves of so many and more; they are 0.0 apart where they cannot be parted.

    Voices that are like no others, as where two speak at once, are no half: the tree is gone down past them.
    """
    none = _Split(0.0, np.zeros(len(vectors), np.bool_))
    if len(vectors) < 2 * least or len(vectors) < 2:
        return none
    node = to_tree(linkage(vectors, "average", metric="cosine"))
    while min(node.left.count, node.right.count) < least:
        node = max(node.left, node.right, key=lambda child: child.count)
        if node.count < 2 * least:
            return none
    halves = [vectors[child.pre_order()] for child in (node.left, node.right)]
    is_other = none.is_other
    for _ in range(ROUNDS):
        one, other = _of_length_one(np.array([half.mean(axis=0) for half in halves]))
        before, is_other = is_other, vectors @ other > vectors @ one
        halves = [vectors[~is_other], vectors[is_other]]
        if min(map(len, halves)) < least:
            return none
        if np.array_equal(before, is_other):
            break
    return _Split(float(1 - one @ other), is_other)


def _of_length_one(vectors: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
