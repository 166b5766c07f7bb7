"""pyannote.audio's SpeakerDiarization, with CAM++ in the place of its embedding network; and the published one.

Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyannote.audio import Model
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from pyannote.audio.pipelines.speaker_diarization import DiarizeOutput, SpeakerDiarization
from pyannote.core import SlidingWindowFeature
from torch import Tensor
from torch.torch_version import TorchVersion

from transforms.audio import SAMPLE_RATE
from transforms.speech import campplus
from transforms.speech.campplus_inference import Inference
from transforms.speech.clustering import ThinnedAgglomerative
from transforms.speech.device import least_seconds
from transforms.speech.lean import Hook, LeanDiarization, crop

FRAME, FRAME_LENGTH = (
    SAMPLE_RATE // 100,
    SAMPLE_RATE // 40,
)  # samples from one feature frame to the next, and in one
FRAMES_AT_ONCE = 6_000
SHORTEST_VOICE = 20  # frames of 10 ms; less says too little about a voice
LENGTHS = 20  # voices are cut to multiples of so many frames, so that many have one length
CLEAN_FRAMES = 50  # that much speech without overlap is enough to leave the overlaps out
LONGEST_VOICE = 300  # CAM++ learned on three seconds: more costs time and mixes in what the segmentation got wrong
WHOLE_VOICE = 1_000  # a chunk
FRAMES_IN_A_PASS = {"cpu": 2_400, "cuda": 120_000}  # on a CPU, larger batches leave the cache and take longer
CHUNKS_IN_A_PASS = {"cpu": 4, "cuda": 128}
FEWEST_CHUNKS = 120  # with fewer, each voice counts: none is cut, and the hop is pyannote's
SHORTEST_HOP = 1.0  # seconds
SHORTEST_PART = 12.0  # seconds between the first and the last chunk of who is to be a speaker of his own
BLOCK_SECONDS = 600  # whose features are in memory at once: 19 MB

Voice = tuple[tuple[int, int], Tensor]  # (chunk, speaker) and float32 (frames, 80)


class VoiceEmbedding:
    """What the pipeline asks of its embedding: CAM++ on the frames where a speaker is active."""

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
    """Choose between float32 and bfloat16 by a short race; processors without bfloat16 imitate it slowly."""
    if device == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float32
    batch = torch.zeros(2, 200, campplus.N_MELS, device=device)
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        network = Inference(campplus.CAMPlusPlus().eval(), dtype).to(device)

        def work(network: Inference = network) -> None:
            with torch.inference_mode():
                network(batch).sum().item()  # reading a number waits for the device

        seconds[dtype] = least_seconds(work, times=4)  # the first pass chooses kernels
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

    def to(self, device: torch.device) -> EmbeddedDiarization:
        """Move both networks."""
        super().to(device)
        self.segmentation_batch_size = CHUNKS_IN_A_PASS[device.type]
        return self

    def apply(self, file: dict[str, Any], **settings: Any) -> DiarizeOutput:
        """Diarize with the hop that the length of the episode asks for."""
        step = hop(file["waveform"].shape[1] / SAMPLE_RATE, self.longest_hop)
        self._segmentation.step = step
        self.clustering.min_cluster_size = round(SHORTEST_PART / step)  # it counts chunks
        return super().apply(file, **settings)

    def get_embeddings(
        self,
        file: dict[str, Any],
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,
        hook: Hook | None = None,
    ) -> NDArray[np.float32]:
        """Embed each voice that is heard in each chunk, in batches of one length.

        Returns:
            float32 (chunks, voices, 192); NaN where a voice is silent or too short.
        """
        active = np.nan_to_num(binary_segmentations.data) > 0.5
        step = binary_segmentations.sliding_window.step
        n_chunks, _, n_voices = active.shape
        embeddings = np.full((n_chunks, n_voices, campplus.DIMENSION), np.nan, np.float32)
        longest = LONGEST_VOICE if step > SHORTEST_HOP else WHOLE_VOICE
        in_a_block = max(1, round(BLOCK_SECONDS / step))
        for first in range(0, n_chunks, in_a_block):
            chunks = range(first, min(first + in_a_block, n_chunks))
            voices = list(
                _voices(file["waveform"][0], binary_segmentations, active, chunks, longest, exclude_overlap)
            )
            done = 0
            for batch in _batches(voices, FRAMES_IN_A_PASS[self._embedding.device.type]):
                places = tuple(np.array([place for place, _ in batch]).T)
                embeddings[places] = self._embedding.embed([voice for _, voice in batch])
                done += len(batch)
                if hook is not None:
                    share = chunks.start + len(chunks) * done / len(voices)
                    hook("embeddings", None, total=n_chunks, completed=share)
        return embeddings


def put_in_place(pipeline: SpeakerDiarization, clustering: AgglomerativeClustering, embedding: object) -> None:
    """Give a pipeline that was built with the oracle's clustering the one that it is to use, and its embedding."""
    pipeline.klustering = "AgglomerativeClustering"
    pipeline.clustering = clustering
    pipeline._expects_num_speakers = clustering.expects_num_clusters
    pipeline._embedding = embedding


def hop(seconds: float, longest: float) -> float:
    """Choose the step from chunk to chunk, in seconds: short episodes have too few for a wide one.

    >>> [hop(seconds, 2.0) for seconds in (30, 180, 3600)]
    [1.0, 1.5, 2.0]
    """
    return round(min(max(seconds / FEWEST_CHUNKS, SHORTEST_HOP), longest), 2)


def _voices(
    samples: Tensor,
    segmentations: SlidingWindowFeature,
    active: NDArray[np.bool_],
    chunks: range,
    longest: int,
    exclude_overlap: bool,
) -> Iterator[Voice]:
    """Give the features of each voice in some neighbouring chunks; they are computed once for all of these."""
    window = segmentations.sliding_window
    length, step = (round(seconds * SAMPLE_RATE) // FRAME for seconds in (window.duration, window.step))
    n_frames = length - 2  # a frame of 25 ms ends with the chunk
    start = chunks.start * step
    fbank = _features(samples, start, (len(chunks) - 1) * step + n_frames)
    for chunk in chunks:
        here = fbank[chunk * step - start :][:n_frames]
        for speaker in np.flatnonzero(active[chunk].any(axis=0)):
            frames = _frames_of(active[chunk], int(speaker), n_frames, exclude_overlap=exclude_overlap)
            if frames.sum() >= SHORTEST_VOICE:
                yield (chunk, int(speaker)), _middle(here[torch.from_numpy(frames)], longest)


def _features(samples: Tensor, first: int, n_frames: int) -> Tensor:
    """Compute feature frames from `first` on, a minute at a time: on the way they are thirty times as large."""
    pieces = [
        crop(samples, frame * FRAME, (min(FRAMES_AT_ONCE, first + n_frames - frame) - 1) * FRAME + FRAME_LENGTH)
        for frame in range(first, first + n_frames, FRAMES_AT_ONCE)
    ]
    return torch.cat([campplus.kaldi_fbank(piece) for piece in pieces])


def _frames_of(
    active: NDArray[np.bool_], voice: int, n_frames: int, *, exclude_overlap: bool
) -> NDArray[np.bool_]:
    """Choose the feature frames where a voice is active, alone if it is alone for long enough."""
    # The centre of feature frame i is at 10 i + 12.5 ms; the segmentation has its own, coarser frames.
    span = n_frames + 1.5  # in steps of 10 ms: the chunk lasts n_frames − 1 steps and one 25 ms frame
    at = ((np.arange(n_frames) + 1.25) / span * len(active)).astype(int)
    speaks = active[at, voice]
    alone = speaks & (active[at].sum(axis=1) == 1)
    chosen: NDArray[np.bool_] = alone if exclude_overlap and alone.sum() >= CLEAN_FRAMES else speaks
    return chosen


def _middle(voice: Tensor, longest: int) -> Tensor:
    """Keep the middle of a voice in its chunk: the neighbours overlap the edges."""
    length = min(len(voice) // LENGTHS * LENGTHS, longest)
    first = (len(voice) - length) // 2
    return voice[first : first + length]


def _batches(voices: Sequence[Voice], n_frames: int) -> Iterator[Sequence[Voice]]:
    """Group voices of one length, as many as have together so many frames."""
    by_length: dict[int, list[Voice]] = {}
    for voice in voices:
        by_length.setdefault(len(voice[1]), []).append(voice)
    for length, equal in by_length.items():
        size = max(1, n_frames // length)
        yield from (equal[first : first + size] for first in range(0, len(equal), size))


def load_segmentation(checkpoint: Path) -> Model:
    """Load pyannote's segmentation network; nothing in the file is run.

    pyannote's own loader unpickles whatever the file holds.
    """
    with torch.serialization.safe_globals([Specifications, Problem, Resolution, TorchVersion]):
        saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network = PyanNet(**saved["hyper_parameters"])
    network.on_load_checkpoint(saved)  # sets the specifications and builds the last layer
    network.load_state_dict(saved["state_dict"])
    return network.eval()
