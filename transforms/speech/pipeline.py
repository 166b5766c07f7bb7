"""pyannote.audio's SpeakerDiarization, with CAM++ in the place of its embedding network.

Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pyannote.audio import Model
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.torch_version import TorchVersion

from transforms.speech import campplus

SHORTEST_VOICE = 20  # frames of 10 ms; less says too little about a voice
CLEAN_FRAMES = 50  # that much speech without overlap is enough to leave the overlaps out
LONGEST_VOICE = 300  # CAM++ learned on three seconds: more costs time and mixes in what the segmentation got wrong
FRAMES_IN_A_PASS = 2_000  # of padded batch; larger ones leave the processor's cache and take longer


class VoiceEmbedding:
    """What the pipeline asks of its embedding: CAM++ on the frames where a speaker is active."""

    sample_rate = campplus.SAMPLE_RATE
    dimension = campplus.DIMENSION
    metric = "cosine"

    def __init__(self, network: campplus.CAMPlusPlus) -> None:
        self.network = network
        # Twice as fast on a CPU, where the convolutions of the head are bound by memory.
        self.network.head.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # torch forgot it
        self.device = torch.device("cpu")

    def to(self, device: torch.device) -> VoiceEmbedding:
        """Move the network."""
        self.network.to(device)
        self.device = device
        return self

    @torch.inference_mode()
    def embed(self, voices: Sequence[Tensor]) -> NDArray[np.float32]:
        """Embed voices of any length, float32 (frames, 80) each; float32 (voices, 192)."""
        lengths = torch.tensor([len(voice) for voice in voices], device=self.device)
        batch = pad_sequence([voice - voice.mean(0) for voice in voices], batch_first=True).to(self.device)
        embeddings: NDArray[np.float32] = self.network(batch, lengths).cpu().numpy()
        return embeddings


class EmbeddedDiarization(SpeakerDiarization):
    """The pipeline of `pyannote/speaker-diarization-3.1` on weights that need no account."""

    def __init__(
        self, segmentation: Model, network: campplus.CAMPlusPlus, *, step: float, batch_size: int
    ) -> None:
        super().__init__(
            segmentation=segmentation,
            segmentation_step=step,
            segmentation_batch_size=batch_size,
            embedding_exclude_overlap=True,
            # The constructor wants a PLDA and fetches an embedding for every clustering but the oracle's; ours
            # reads no PLDA and brings its own embedding, so both are put in place afterwards.
            plda=object.__new__(PLDA),
            clustering="OracleClustering",
        )
        self.klustering = "AgglomerativeClustering"
        # constrained: two voices of one chunk are two people
        self.clustering = AgglomerativeClustering(metric=VoiceEmbedding.metric, constrained_assignment=True)
        self._expects_num_speakers = self.clustering.expects_num_clusters
        self._embedding = VoiceEmbedding(network)

    def get_embeddings(
        self,
        file: dict[str, Any],
        binary_segmentations: Any,
        exclude_overlap: bool = False,
        hook: Callable[..., None] | None = None,
    ) -> NDArray[np.float32]:
        """Embed each voice that is heard in each chunk, in batches of like length.

        Returns:
            float32 (chunks, voices, 192); NaN where a voice is silent or too short.
        """
        active = np.nan_to_num(binary_segmentations.data) > 0.5
        window = binary_segmentations.sliding_window
        n_chunks, _, n_voices = active.shape
        embeddings = np.full((n_chunks, n_voices, campplus.DIMENSION), np.nan, np.float32)
        voices: list[tuple[tuple[int, int], Tensor]] = []
        for chunk in range(n_chunks):
            samples = _crop(file["waveform"][0], window.start + chunk * window.step, window.duration)
            fbank = campplus.kaldi_fbank(samples)
            for voice in range(n_voices):
                frames = _frames_of(active[chunk], voice, len(fbank), exclude_overlap=exclude_overlap)
                if frames.sum() >= SHORTEST_VOICE:
                    voices.append(((chunk, voice), _middle(fbank[torch.from_numpy(frames)])))
        for done, batch in _batches(voices):
            for where, embedding in zip(
                (where for where, _ in batch),
                self._embedding.embed([voice for _, voice in batch]),
                strict=True,
            ):
                embeddings[where] = embedding
            if hook is not None:
                hook("embeddings", None, total=len(voices), completed=done)
        return embeddings


def _crop(samples: Tensor, start: float, duration: float) -> Tensor:
    """Cut one chunk out of the waveform, padded with silence at the end of the episode."""
    first, length = round(start * campplus.SAMPLE_RATE), round(duration * campplus.SAMPLE_RATE)
    chunk = samples[first : first + length]
    return F.pad(chunk, (0, length - len(chunk)))


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


def _middle(voice: Tensor) -> Tensor:
    """Keep at most three seconds of a voice, from the middle of its chunk: the neighbours overlap the edges."""
    spare = max(len(voice) - LONGEST_VOICE, 0)
    return voice[spare // 2 : len(voice) - (spare + 1) // 2]


def _batches(
    voices: Sequence[tuple[tuple[int, int], Tensor]],
) -> Any:
    """Group voices of like length; with each group, how many voices are done after it."""
    waiting = sorted(voices, key=lambda item: len(item[1]))
    done = 0
    while done < len(waiting):
        size = max(1, FRAMES_IN_A_PASS // len(waiting[done][1]))
        while size > 1 and size * len(waiting[min(done + size, len(waiting)) - 1][1]) > FRAMES_IN_A_PASS:
            size -= 1
        batch = waiting[done : done + size]
        done += len(batch)
        yield done, batch


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
