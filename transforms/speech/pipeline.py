"""pyannote.audio's SpeakerDiarization, with CAM++ in the place of its embedding network; and the published one.

Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.audio import Model
from pyannote.audio.core.inference import BaseInference
from pyannote.audio.core.plda import PLDA
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from pyannote.audio.pipelines.speaker_diarization import DiarizeOutput, SpeakerDiarization
from pyannote.core import SlidingWindowFeature
from torch import Tensor

from transforms.audio import SAMPLE_RATE
from transforms.speech import campplus, pieces
from transforms.speech.campplus_inference import Inference
from transforms.speech.clustering import ThinnedAgglomerative
from transforms.speech.device import least_seconds
from transforms.speech.lean import Hook, LeanDiarization, in_blocks, keep, tell

FEWEST_CHUNKS = 45  # with fewer, each counts: half a minute has pyannote's hop
SHORTEST_HOP = 1.0  # seconds
SHORTEST_PART = 12.0  # seconds between the first and the last chunk of who is to be a speaker of his own


class VoiceEmbedding(BaseInference):
    """What the pipeline asks of its embedding: CAM++ on the frames where a speaker is active.

    As an `Inference` it is one of those that the pipeline moves to another device with itself.
    """

    sample_rate = campplus.SAMPLE_RATE
    dimension = campplus.DIMENSION
    metric = "cosine"

    def __init__(self, network: campplus.CAMPlusPlus) -> None:
        self.source = network
        self.to(torch.device("cpu"))

    def to(self, device: torch.device) -> VoiceEmbedding:
        """Move the network, in the number format that is faster there."""
        self.device = device
        self.network = Inference(self.source, fastest_dtype(device.type)).to(device)
        return self

    @torch.inference_mode()
    def embed(self, voices: Sequence[Tensor]) -> NDArray[np.float32]:
        """Embed voices of one length, float32 (frames, 80) each; float32 (voices, 192)."""
        batch = torch.stack([voice - voice.mean(0) for voice in voices]).to(self.device)
        embeddings: NDArray[np.float32] = self.network(batch).cpu().numpy()
        return embeddings


@cache
def fastest_dtype(device: str) -> torch.dtype:
    """Choose between float32 and bfloat16 by a short race; processors without bfloat16 imitate it slowly.

    On a CPU by its own time: what else the machine does must not choose for us.
    """
    if device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float32
    batch = torch.zeros(2, 200, campplus.N_MELS, device=device)
    seconds, clock = {}, time.perf_counter if device == "cuda" else time.thread_time
    for dtype in (torch.float32, torch.bfloat16):
        network = Inference(campplus.CAMPlusPlus().eval(), dtype).to(device)

        def work(network: Inference = network) -> None:
            with torch.inference_mode():
                network(batch).sum().item()  # reading a number waits for the device

        seconds[dtype] = least_seconds(work, times=4, clock=clock)  # the first pass chooses kernels
    return min(seconds, key=seconds.__getitem__)


class EmbeddedDiarization(LeanDiarization):
    """The pipeline of `pyannote/speaker-diarization-3.1` on weights that need no account."""

    def __init__(self, segmentation: Model, network: campplus.CAMPlusPlus, *, longest_hop: float) -> None:
        super().__init__(
            segmentation=segmentation,
            embedding_exclude_overlap=True,
            # The constructor wants a PLDA and fetches an embedding for every clustering but the oracle's; ours
            # reads no PLDA and brings its own embedding, so both are put in place afterwards.
            plda=object.__new__(PLDA),
            clustering="OracleClustering",
        )
        # constrained: two voices of one chunk are two people
        clustering = ThinnedAgglomerative(metric=VoiceEmbedding.metric, constrained_assignment=True)
        put_in_place(self, clustering, VoiceEmbedding(network))
        self.longest_hop = longest_hop
        self.one_at_a_time = threading.Lock()

    def apply(self, file: dict[str, Any], **settings: Any) -> DiarizeOutput:
        """Diarize with the hop that the length of the episode asks for."""
        step = hop(file["waveform"].shape[1] / SAMPLE_RATE, self.longest_hop)
        with self.one_at_a_time:  # pyannote reads these from the pipeline all along
            self._segmentation.step = step
            self.clustering.min_cluster_size = fewest_chunks(step)
            return super().apply(file, **settings)

    def get_embeddings(
        self,
        file: dict[str, Any],
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,  # noqa: ARG002 - pyannote passes it; pieces always do
        hook: Hook | None = None,
    ) -> NDArray[np.float32]:
        """Give each speaker of each chunk his voice, of pieces that are embedded once for all chunks.

        A speaker of a chunk who is two people is parted in `binary_segmentations` itself, which all later steps
        read; how many speak at once does not change.

        Returns:
            float32 (chunks, voices, 192); NaN where a voice is silent or too short.
        """
        window, samples = binary_segmentations.sliding_window, file["waveform"][0]
        chunks, step = binary_segmentations.data, round(window.step * SAMPLE_RATE) // pieces.FRAME
        cut, device = pieces.cut(chunks, step), self._embedding.device.type

        def embed(block: range) -> NDArray[np.float32]:
            told = tell(hook, "embeddings", len(cut.cells))
            return pieces.embed(cut, block, samples, self._embedding.embed, device, told)

        blocks = in_blocks(range(len(cut.cells)), pieces.PIECES_OF_A_BLOCK)
        embedded = [np.empty((0, campplus.DIMENSION), np.float32)]
        embedded += [keep(file)(f"embedding {block.start}", partial(embed, block)) for block in blocks]
        voices = pieces.voices(chunks, step, cut, np.concatenate(embedded))
        left = pieces.silent(voices)
        for place, voice in pieces.overlapped(chunks, step, left, samples, self._embedding.embed, device):
            voices[place] = voice
        return voices


def put_in_place(pipeline: SpeakerDiarization, clustering: AgglomerativeClustering, embedding: object) -> None:
    """Give a pipeline that was built with the oracle's clustering the one that it is to use, and its embedding."""
    pipeline.klustering = "AgglomerativeClustering"
    pipeline.clustering = clustering
    pipeline._expects_num_speakers = clustering.expects_num_clusters
    pipeline._embedding = embedding


def hop(seconds: float, longest: float) -> float:
    """Choose the step from chunk to chunk, in seconds: short episodes have too few for a wide one.

    >>> [hop(seconds, 2.0) for seconds in (30, 60, 3600)]
    [1.0, 1.33, 2.0]
    """
    return round(min(max(seconds / FEWEST_CHUNKS, SHORTEST_HOP), longest), 2)


def fewest_chunks(step: float) -> int:
    """Count the chunks, so many seconds apart, in which somebody is heard before he is a speaker of his own.

    >>> [fewest_chunks(step) for step in (1.0, 2.0)]
    [12, 6]
    """
    return round(SHORTEST_PART / step)
