"""pyannote.audio's SpeakerDiarization, with CAM++ in the place of its embedding network; and the published one.

Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

import math
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
from pyannote.audio.models.embedding.wespeaker import BaseWeSpeakerResNet
from pyannote.audio.pipelines.clustering import AgglomerativeClustering, VBxClustering
from pyannote.audio.pipelines.speaker_diarization import DiarizeOutput, SpeakerDiarization
from pyannote.core import SlidingWindowFeature
from scipy.spatial.distance import pdist
from torch import Tensor

from transforms.audio.decoding import SAMPLE_RATE
from transforms.speech.device import least_seconds
from transforms.speech.pyannote import campplus, voice_pieces
from transforms.speech.pyannote.campplus import Inference
from transforms.speech.pyannote.low_memory import (
    BLOCK_SECONDS,
    CHUNKS_IN_A_PASS,
    Hook,
    LowMemoryDiarization,
    crop,
    in_a_pass,
    in_blocks,
    joined,
    keep,
    tell,
)
from transforms.speech.pyannote.second_look import ONE_VOICE, Voices, look_again

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
    def embed(self, features: Sequence[Tensor]) -> NDArray[np.float32]:
        """Embed voices of one length, float32 (frames, 80) each; float32 (voices, 192)."""
        batch = torch.stack([voice - voice.mean(0) for voice in features]).to(self.device)
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


class EmbeddedDiarization(LowMemoryDiarization):
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
        clustering = TwiceLooked(metric=VoiceEmbedding.metric, constrained_assignment=True)
        put_in_place(self, clustering, VoiceEmbedding(network))
        self.longest_hop = longest_hop
        self.one_at_a_time = threading.Lock()

    def apply(
        self,
        file: dict[str, Any],
        num_speakers: int | None = None,
        min_speakers: int | None = None,
        max_speakers: int | None = None,
        **settings: Any,
    ) -> DiarizeOutput:
        """Diarize with the hop that the length of the episode asks for.

        pyannote hears nothing of a number of speakers: it would hold to it where the clustering does not.
        """
        bounds = num_speakers or min_speakers or 1, num_speakers or max_speakers or math.inf
        file = {**file, "bounds": bounds}
        step = hop(file["waveform"].shape[1] / SAMPLE_RATE, self.longest_hop)
        with self.one_at_a_time:  # pyannote reads these from the pipeline all along
            self._segmentation.step = step
            self.clustering.min_cluster_size = fewest_chunks(step)
            return super().apply(file, **settings)

    def reconstruct(
        self, segmentations: SlidingWindowFeature, hard_clusters: NDArray[np.int8], count: SlidingWindowFeature
    ) -> SlidingWindowFeature:
        """Decide who speaks at each frame; no more at once than there are people."""
        people = max(int(hard_clusters.max()) + 1, 1)
        count = SlidingWindowFeature(np.minimum(count.data, people), count.sliding_window)
        return super().reconstruct(segmentations, hard_clusters, count)

    def get_embeddings(
        self,
        file: dict[str, Any],
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,  # noqa: ARG002 - pyannote passes it; pieces always do
        hook: Hook | None = None,
    ) -> NDArray[np.float32]:
        """Assign each speaker of each chunk his voice, of pieces that are embedded once for all chunks.

        A speaker of a chunk who is two people is parted in `binary_segmentations` itself, which all later steps
        read; how many speak at once does not change.

        Returns:
            float32 (chunks, voices, 192); NaN where a voice is silent or too short.
        """
        window, samples = binary_segmentations.sliding_window, file["waveform"][0]
        chunks, step = binary_segmentations.data, round(window.step * SAMPLE_RATE) // voice_pieces.FRAME
        cut, device = voice_pieces.cut(chunks, step), self._embedding.device.type

        def embed(block: range) -> NDArray[np.float32]:
            told = tell(hook, "embeddings", len(cut.cells))
            return voice_pieces.embed(cut, block, samples, self._embedding.embed, device, told)

        blocks = in_blocks(range(len(cut.cells)), voice_pieces.PIECES_OF_A_BLOCK)
        embedded = [np.empty((0, campplus.DIMENSION), np.float32)]
        embedded += [keep(file)(f"embedding {block.start}", partial(embed, block)) for block in blocks]
        embeddings = voice_pieces.voices(chunks, step, cut, np.concatenate(embedded))
        left = voice_pieces.silent(embeddings)
        for place, voice in voice_pieces.overlapped(chunks, step, left, samples, self._embedding.embed, device):
            embeddings[place] = voice
        return embeddings


def put_in_place(pipeline: SpeakerDiarization, clustering: AgglomerativeClustering, embedding: object) -> None:
    """Replace the clustering and the embedding that a pipeline was built with."""
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


# Voices → people, with pyannote.audio's clusterings, in memory that does not grow with the square of an episode.


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


TWO_VOICES = 0.6  # cosine distance, from which two people are clearly two


class _WithinReason:
    """Believes a number of speakers, unless it cuts one voice in two or joins two clear ones.

    Whoever speaks too little to be a speaker of his own, as who only says "Thank you", counts for who names the
    number. It would be met by cutting a voice that is one, which is worse than to say nothing of the number.
    """

    def __call__(
        self,
        embeddings: NDArray[np.float32],
        segmentations: SlidingWindowFeature | None = None,
        num_clusters: int | None = None,
        min_clusters: int | None = None,
        max_clusters: float | None = None,
        *,
        file: dict[str, Any] | None = None,
        **more: Any,
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Cluster as asked, or as if nothing had been asked; `file["ignored"]` gets the number then."""
        file = {} if file is None else file

        def cluster(*bounds: float | None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
            return super(_WithinReason, self).__call__(embeddings, segmentations, *bounds, file=file, **more)  # type: ignore[misc,no-any-return]

        asked = cluster(num_clusters, min_clusters, max_clusters)
        if num_clusters is None and (min_clusters or 1) <= 1 and (max_clusters or math.inf) == math.inf:
            return asked
        free = cluster(None, 1, math.inf)
        if not _is_wrong(asked[2], free[2]):
            return asked
        file.setdefault("ignored", []).append(len(asked[2]))
        return free


def _is_wrong(asked: NDArray[Any], free: NDArray[Any]) -> bool:
    """Check whether voices (voices, dimension) that were asked for are parts of one, or join those that differ."""
    if len(asked) > len(free):
        return _nearest(asked) < ONE_VOICE
    return len(asked) < len(free) and _nearest(free) > TWO_VOICES


def _nearest(centroids: NDArray[Any]) -> float:
    return float(pdist(centroids, "cosine").min(initial=math.inf))


class TwiceLooked(_Thinned, AgglomerativeClustering):
    """pyannote's agglomerative clustering of as many voices as memory allows, looked at again."""

    def __call__(
        self,
        embeddings: NDArray[np.float32],
        segmentations: SlidingWindowFeature,
        *,
        file: dict[str, Any] | None = None,
        **_: Any,
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Cluster, within `file["bounds"]` if voices can be; else `file["ignored"]` gets the number."""
        file = {} if file is None else file
        chosen, chunks, speakers = self.filter_embeddings(embeddings, segmentations)
        fewest, most = file.get("bounds", (1, math.inf))
        if len(chosen) < 2:
            if fewest > 1:
                file.setdefault("ignored", []).append(1)
            return super().__call__(embeddings, segmentations)  # type: ignore[no-any-return]
        clusters = self.cluster(chosen.copy(), min_clusters=1, max_clusters=len(chosen))
        looked_at = Voices(chosen / np.linalg.norm(chosen, axis=1, keepdims=True), chunks)
        clusters = look_again(looked_at, clusters, self.min_cluster_size, (fewest, most))
        if not fewest <= (found := int(clusters.max()) + 1) <= most:
            file.setdefault("ignored", []).append(found)
        return self.assign_embeddings(  # type: ignore[no-any-return]
            embeddings, chunks, speakers, clusters, constrained=self.constrained_assignment
        )


class ThinnedAgglomerative(_WithinReason, _Thinned, AgglomerativeClustering):
    """pyannote's agglomerative clustering of as many voices as memory allows, in a believable number."""


class ThinnedVBx(_WithinReason, _Thinned, VBxClustering):
    """pyannote's VBx clustering of as many voices as memory allows, in a believable number."""


# Published pipelines of pyannote.audio (community-1, 3.1): the same embeddings in a third of the work or less.


BYTES_OF_A_CHUNK = 51_000_000  # that WeSpeaker's ResNet34 takes, in float32; measured on a CPU


class HubDiarization(LowMemoryDiarization):
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
                found = network(chunks[:, None].to(device), torch.from_numpy(masks[batch]).float().to(device))
            return found.cpu().numpy()  # type: ignore[no-any-return]

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
        pipeline.__class__ = HubDiarization  # pyannote builds the class that the configuration names
        thinned = {AgglomerativeClustering: ThinnedAgglomerative, VBxClustering: ThinnedVBx}
        if type(pipeline.clustering) in thinned:
            pipeline.clustering.__class__ = thinned[type(pipeline.clustering)]
    return pipeline
