"""pyannote's SpeakerDiarization with its own steps, on the embedded weights: what Turntable's is compared with.

Nothing of it is made faster: a hop of one second, batches of 32, every voice of every chunk embedded over all
frames in which it speaks. Importing this module imports torch and pyannote.audio.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pyannote.audio import Audio
from pyannote.audio.core.inference import BaseInference
from pyannote.audio.core.plda import PLDA
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from transforms.speech import diarize
from transforms.speech.pyannote import campplus
from transforms.speech.pyannote.checkpoint import load_network
from transforms.speech.pyannote.diarization_pipeline import put_in_place

SEGMENTATION_STEP = 0.1  # of ten seconds: pyannote's default
BATCH_SIZE = 32  # of pyannote's published configuration
# The threshold is the one that Turntable found for CAM++: the published 0.70 was fitted to another embedding.
CLUSTERING = {**diarize.CLUSTERING, "min_cluster_size": 12}
SHORTEST_VOICE = 20  # frames of 10 ms


class StockEmbedding(BaseInference):  # type: ignore[misc] # pyannote has no types
    """CAM++ behind pyannote's embedding interface, as pyannote's own wrappers of such networks do it."""

    sample_rate = campplus.SAMPLE_RATE
    dimension = campplus.DIMENSION
    metric = "cosine"
    min_num_samples = 400 + (SHORTEST_VOICE - 1) * 160

    def __init__(self, network: campplus.CAMPlusPlus, voices: int) -> None:
        self.network, self.voices = network, voices
        self.device = torch.device("cpu")

    def to(self, device: torch.device) -> StockEmbedding:
        """Move the network."""
        self.network.to(device)
        self.device = device
        return self

    @torch.inference_mode()
    def __call__(self, waveforms: Tensor, masks: Tensor | None = None) -> NDArray[np.float32]:
        """Embed a batch, float32 (batch, 1, samples) and (batch, frames); NaN where a voice is too short."""
        assert masks is not None
        embeddings = np.full((len(waveforms), self.dimension), np.nan, np.float32)
        fbanks = [campplus.kaldi_fbank(waveform[0]) for waveform in waveforms]
        chosen = F.interpolate(masks[:, None], size=len(fbanks[0]), mode="nearest")[:, 0] > 0.5
        voices = [fbank[mask] for fbank, mask in zip(fbanks, chosen, strict=True)]
        there = [n for n, voice in enumerate(voices) if len(voice) >= SHORTEST_VOICE]
        for first in range(0, len(there), self.voices):
            batch = there[first : first + self.voices]
            lengths = torch.tensor([len(voices[n]) for n in batch], device=self.device)
            padded = pad_sequence([voices[n] - voices[n].mean(0) for n in batch], batch_first=True)
            embeddings[batch] = self.network(padded.to(self.device), lengths).cpu().numpy()
        return embeddings


def load_stock(segmentation: Path, embedding: Path, device: str, *, voices: int = BATCH_SIZE) -> Any:
    """Build the pipeline from the two checkpoints, on `cpu` or `cuda`.

    `voices` go through the embedding network together, padded to the longest. With 1 it hears them one by one, as
    pyannote does with networks from ONNX: on two cores that is twice as fast.
    """
    pipeline = SpeakerDiarization(
        segmentation=load_network(segmentation),
        segmentation_step=SEGMENTATION_STEP,
        segmentation_batch_size=BATCH_SIZE,
        embedding_batch_size=BATCH_SIZE,
        embedding_exclude_overlap=True,
        plda=object.__new__(PLDA),  # read by no clustering of ours, but fetched without this
        clustering="OracleClustering",  # any other fetches an embedding
    )
    clustering = AgglomerativeClustering(metric=StockEmbedding.metric, constrained_assignment=True)
    put_in_place(pipeline, clustering, StockEmbedding(campplus.load(embedding), voices))
    pipeline._audio = Audio(sample_rate=campplus.SAMPLE_RATE, mono="downmix")
    pipeline.instantiate({"segmentation": {"min_duration_off": 0.0}, "clustering": CLUSTERING})
    return pipeline.to(torch.device(device))
