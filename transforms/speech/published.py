"""Published pipelines of pyannote.audio (community-1, 3.1): the same embeddings in a third of the work or less.

pyannote runs the embedding network once for each speaker of each chunk, though whose voice it is to be is only
asked at the pooling behind it. Here each chunk goes through once, with the masks of all its speakers.

Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.audio.models.embedding.wespeaker import BaseWeSpeakerResNet
from pyannote.audio.pipelines.clustering import AgglomerativeClustering, VBxClustering
from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization
from pyannote.core import SlidingWindowFeature

from transforms.audio import SAMPLE_RATE
from transforms.speech.clustering import ThinnedAgglomerative, ThinnedVBx
from transforms.speech.lean import (
    BLOCK_SECONDS,
    CHUNKS_IN_A_PASS,
    Hook,
    LeanDiarization,
    crop,
    in_a_pass,
    in_blocks,
    joined,
    keep,
    tell,
)

BYTES_OF_A_CHUNK = 51_000_000  # that WeSpeaker's ResNet34 takes, in float32; measured on a CPU


class PublishedDiarization(LeanDiarization):
    """A published pipeline, its weights and settings as they are."""

    def get_embeddings(
        self,
        file: dict[str, Any],
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,
        hook: Hook | None = None,
    ) -> NDArray[np.float32]:
        """Embed the speakers of each chunk; one chunk without speech stands for all of these.

        Returns:
            float32 (chunks, speakers, dimension), as pyannote's `get_embeddings` gives them.
        """
        network = getattr(self._embedding, "model_", None)
        if not isinstance(network, BaseWeSpeakerResNet):
            samples = file["waveform"][0]
            whole = {**file, "waveform": crop(samples, 0, len(samples))[None]}
            return super().get_embeddings(whole, binary_segmentations, exclude_overlap, hook)  # type: ignore[no-any-return]
        masks = self._masks(binary_segmentations, exclude_overlap)
        silent = np.flatnonzero(~masks.any(axis=(1, 2)))
        wanted = np.setdiff1d(np.arange(len(masks)), silent[1:])
        window, device = binary_segmentations.sliding_window, self._embedding.device
        length = round(window.duration * SAMPLE_RATE)
        size = in_a_pass(CHUNKS_IN_A_PASS, device.type, BYTES_OF_A_CHUNK)

        def work(batch: NDArray[np.intp]) -> NDArray[np.float32]:
            starts = [round((window.start + chunk * window.step) * SAMPLE_RATE) for chunk in batch]
            chunks = torch.stack([crop(file["waveform"][0], start, length) for start in starts])
            with torch.inference_mode():
                voices = network(chunks[:, None].to(device), torch.from_numpy(masks[batch]).float().to(device))
            return voices.cpu().numpy()  # type: ignore[no-any-return]

        def embed(block: range) -> NDArray[np.float32]:
            batches = [wanted[batch.start : batch.stop] for batch in in_blocks(block, size)]
            return joined(work, batches, device.type, block.start, tell(hook, "embeddings", len(wanted)))

        blocks = in_blocks(range(len(wanted)), round(BLOCK_SECONDS / window.step))
        embedded = [keep(file)(f"embedding {block.start}", partial(embed, block)) for block in blocks]
        embeddings = np.empty((*masks.shape[:2], network.dimension), np.float32)
        embeddings[wanted] = np.concatenate(embedded)
        embeddings[silent[1:]] = embeddings[silent[:1]]
        return embeddings

    def _masks(self, segmentations: SlidingWindowFeature, exclude_overlap: bool) -> NDArray[np.bool_]:
        """Choose each speaker's frames, alone if these are enough: (chunks, speakers, frames)."""
        active = np.nan_to_num(segmentations.data) > 0
        if exclude_overlap:
            samples = segmentations.sliding_window.duration * self._embedding.sample_rate
            fewest = math.ceil(active.shape[1] * self._embedding.min_num_samples / samples)
            alone = active & (active.sum(axis=2, keepdims=True) < 2)
            active = np.where(alone.sum(axis=1, keepdims=True) > fewest, alone, active)
        return np.ascontiguousarray(active.transpose(0, 2, 1))


def make_lean(pipeline: Any) -> Any:
    """Let a loaded pipeline of pyannote do its work the lean way; one of another kind is given back as it is."""
    if type(pipeline) is SpeakerDiarization:
        pipeline.__class__ = PublishedDiarization  # pyannote builds the class that the configuration names
        thinned = {AgglomerativeClustering: ThinnedAgglomerative, VBxClustering: ThinnedVBx}
        if type(pipeline.clustering) in thinned:
            pipeline.clustering.__class__ = thinned[type(pipeline.clustering)]
    return pipeline
