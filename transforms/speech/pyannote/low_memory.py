"""pyannote.audio's SpeakerDiarization for episodes of any length: the same answer, in little memory.

pyannote keeps (chunks × frames × speakers) arrays of float and goes through every frame in Python; here samples
stay int16 and are read chunk by chunk, decisions are bytes, and what chunks say of a frame is added up at once.

Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization
from pyannote.audio.utils.reproducibility import fix_reproducibility
from pyannote.core import Annotation, Segment, SlidingWindow, SlidingWindowFeature
from pyannote.core.utils.generators import string_generator
from torch import Tensor

from transforms.audio.decoding import SAMPLE_RATE
from transforms.speech.device import how_many_fit, side_by_side
from transforms.speech.pyannote.shared_sincnet import share_filters

FRAMES_AT_ONCE = 100_000  # of the reconstruction: half an hour
CHUNKS_IN_A_PASS = {"cpu": 4, "cuda": 128}  # at the most
PARTS_OF_MEMORY = 8  # of which a pass on a GPU takes one: words are recognised beside it
BYTES_OF_A_CHUNK = 11_000_000  # that the segmentation takes, in float32; measured on a CPU
BLOCK_SECONDS = 1800.0  # of an episode that is kept when the rest is cut off

A = TypeVar("A")
Hook = Callable[..., None]
Keep = Callable[[str, Callable[[], NDArray[Any]]], NDArray[Any]]


class LowMemoryDiarization(SpeakerDiarization):  # type: ignore[misc] # pyannote has no types here
    """Each step as pyannote's, with its result; `file["waveform"]` is int16 or float32, shape (1, n_samples)."""

    def to(self, device: torch.device) -> Self:
        """Move the networks; on a CPU each core has a batch of its own, so these are small."""
        super().to(device)
        self.segmentation_batch_size = in_a_pass(CHUNKS_IN_A_PASS, device.type, BYTES_OF_A_CHUNK)
        return self

    def get_segmentations(self, file: dict[str, Any], hook: Hook | None = None) -> SlidingWindowFeature:
        """Apply the segmentation network to chunks that overlap.

        Returns:
            (chunks, frames, speakers): uint8 decisions where the network gives decisions (powerset), else float32.
        """
        inference = self._segmentation
        fix_reproducibility(inference.device)
        share_filters(inference.model)
        samples = file["waveform"][0]
        length, step = round(inference.duration * SAMPLE_RATE), round(inference.step * SAMPLE_RATE)
        n_chunks = max(math.ceil((len(samples) - length) / step), 0) + 1
        dtype = np.uint8 if inference.model.specifications.powerset else np.float32

        def work(batch: range) -> NDArray[Any]:
            n_samples = (len(batch) - 1) * step + length
            piece = crop(samples, batch.start * step, n_samples).to(inference.device)
            chunks = piece.unfold(0, length, step)
            decisions: NDArray[Any] = inference.infer(chunks[:, None]).astype(dtype)
            return decisions

        def segment(block: range) -> NDArray[Any]:
            batches, told = in_blocks(block, inference.batch_size), tell(hook, "segmentation", n_chunks)
            return joined(work, batches, inference.device.type, block.start, told)

        blocks = in_blocks(range(n_chunks), round(BLOCK_SECONDS / inference.step))
        outputs = [keep(file)(f"segmentation {block.start}", partial(segment, block)) for block in blocks]
        window = SlidingWindow(start=0.0, duration=inference.duration, step=inference.step)
        return SlidingWindowFeature(np.concatenate(outputs), window)

    @staticmethod
    def speaker_count(
        binarized_segmentations: SlidingWindowFeature,
        frames: SlidingWindow,
        warm_up: tuple[float, float] = (0.0, 0.0),
    ) -> SlidingWindowFeature:
        """Return how many speak at each frame: the mean over its chunks, rounded; uint8 (frames, 1)."""
        if warm_up != (0.0, 0.0):
            return SpeakerDiarization.speaker_count(binarized_segmentations, frames, warm_up)
        spoken = binarized_segmentations.data
        firsts, n_frames = _first_frames(binarized_segmentations, frames)
        total, heard = np.zeros(n_frames, np.float32), np.zeros(n_frames, np.float32)
        for first, chunk in zip(firsts, spoken, strict=True):
            total[first : first + len(chunk)] += chunk.sum(axis=1)
            heard[first : first + len(chunk)] += 1
        count = np.rint(total / np.maximum(heard, 1)).astype(np.uint8)
        return SlidingWindowFeature(count[:, None], SlidingWindow(frames.duration, frames.step, 0.0))

    def reconstruct(
        self, segmentations: SlidingWindowFeature, hard_clusters: NDArray[np.int8], count: SlidingWindowFeature
    ) -> SlidingWindowFeature:
        """Decide who speaks at each frame: as many as `count` says, those whom most chunks hear.

        Returns:
            uint8 (frames, clusters) of 0 and 1.
        """
        data = segmentations.data
        firsts, n_frames = _first_frames(segmentations, count.sliding_window)
        n_clusters = max(int(hard_clusters.max()) + 1, int(count.data.max()), 1)
        sums = np.zeros((n_frames, n_clusters), np.uint16 if data.dtype == np.uint8 else np.float32)
        for first, chunk, clusters in zip(firsts, data, hard_clusters, strict=True):
            for cluster in np.unique(clusters[clusters >= 0]):
                sums[first : first + len(chunk), cluster] += chunk[:, clusters == cluster].max(axis=1)
        return SlidingWindowFeature(_most_heard(sums, count.data[:, 0]), count.sliding_window)

    @staticmethod
    def to_annotation(
        discrete_diarization: SlidingWindowFeature, min_duration_on: float = 0.0, min_duration_off: float = 0.0
    ) -> Annotation:
        """Make segments of frames, from the middle of the first one to the middle of the one after the last."""
        frames = discrete_diarization.sliding_window
        annotation, tracks = Annotation(), string_generator()
        for label, column in enumerate(discrete_diarization.data.T):
            track = next(tracks)
            edges = np.flatnonzero(np.diff(np.concatenate([[0], column, [0]]).astype(np.int8)))
            # pyannote ends what is still going on at the last frame with that frame
            times = frames.start + np.minimum(edges, len(column) - 1) * frames.step + 0.5 * frames.duration
            for start, end in times.reshape(-1, 2).tolist():
                annotation[Segment(start, end), track] = label
        if min_duration_off > 0:
            annotation = annotation.support(collar=min_duration_off)
        for segment, track in list(annotation.itertracks()) if min_duration_on > 0 else ():
            if segment.duration < min_duration_on:
                del annotation[segment, track]
        return annotation


def keep(file: Mapping[str, Any]) -> Keep:
    """Return what keeps an array by its name, so that it is computed once: `file["keep"]`, if there is one."""
    kept: Keep = file.get("keep", lambda _, compute: compute())
    return kept


def tell(hook: Hook | None, step: str, total: int) -> Callable[[int], None]:
    """Return what tells a hook of pyannote how much of a step is done."""

    def told(done: int) -> None:
        if hook is not None:
            hook(step, None, total=total, completed=done)

    return told


def joined(
    work: Callable[[A], NDArray[Any]], batches: Sequence[A], device: str, before: int, told: Callable[[int], None]
) -> NDArray[Any]:
    """Do the work on batches, side by side, and join what comes of them; say how many rows there are by then.

    `before` are the rows of those that were done before.
    """
    outputs = []
    for output in side_by_side(work, batches, device=device):
        outputs.append(output)
        before += len(output)
        told(before)
    return np.concatenate(outputs)


def in_blocks(numbers: range, size: int) -> list[range]:
    """Cut a range into ranges of one size, the last of which may be shorter.

    >>> in_blocks(range(5), 2)
    [range(0, 2), range(2, 4), range(4, 5)]
    """
    return [numbers[first : first + size] for first in range(0, len(numbers), max(size, 1))]


def in_a_pass(most: Mapping[str, int], device: str, each: int) -> int:
    """Return how many items of so many bytes each a network takes at once; on a GPU its memory decides too."""
    return most[device] if device == "cpu" else min(most[device], how_many_fit(device, each, PARTS_OF_MEMORY))


def crop(samples: Tensor, first: int, length: int) -> Tensor:
    """Cut samples out and give them as float32, -1 to 1, with silence behind the end of the episode."""
    piece = samples[first : first + length]
    piece = piece.float() / 32768 if piece.dtype == torch.int16 else piece
    return F.pad(piece, (0, length - len(piece)))


def _first_frames(segmentations: SlidingWindowFeature, frames: SlidingWindow) -> tuple[list[int], int]:
    """Place each chunk on the frames of the episode, as pyannote's `Inference.aggregate` does; and count them."""
    n_chunks = len(segmentations.data)
    chunks = segmentations.sliding_window
    frames = SlidingWindow(frames.duration, frames.step, chunks.start)
    firsts = [
        int(frames.closest_frame(chunks.start + n * chunks.step + 0.5 * frames.duration)) for n in range(n_chunks)
    ]
    end = chunks.start + chunks.duration + (n_chunks - 1) * chunks.step + 0.5 * frames.duration
    return firsts, int(frames.closest_frame(end)) + 1


def _most_heard(sums: NDArray[Any], count: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Mark as many speakers a frame as `count` says, the most heard first."""
    marked = np.zeros(sums.shape, np.uint8)
    ranks = np.arange(sums.shape[1])
    for first in range(0, len(sums), FRAMES_AT_ONCE):
        here = slice(first, first + FRAMES_AT_ONCE)
        order = np.argsort(-sums[here].astype(np.float32), axis=1)  # as pyannote breaks ties
        np.put_along_axis(marked[here], order, (ranks < count[here, None]).astype(np.uint8), axis=1)
    return marked
