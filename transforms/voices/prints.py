"""How a voice of an episode sounds: its voiceprint, made of clean stretches that agree with each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from transforms.audio.decoding import SAMPLE_RATE
from transforms.records import Seconds
from transforms.voices.agreement import largest_group
from transforms.voices.stretches import Stretch, seconds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "voiceprint-1"

LEAST_SECONDS: Seconds = 4.0  # of clean speech; of less, one person in ten is another one (RESULTS.md)
LEAST_ALIKE = 0.3  # mean cosine between stretches of one voice: of strangers one pair in twenty has as much
LEAST_AGREEING = 0.75  # share of the stretches, below which the diarization took two people for one

Fault = Literal["short", "mixed"]
Embed = Callable[[Sequence["NDArray[Any]"]], "NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class Voiceprint:
    """How a voice sounds: 192 numbers of length 1, and the clean speech that they were made of.

    `vector` is `None` where there is a fault: `short` is too little speech alone, `mixed` several people under one
    label. `agreement` is the mean cosine of the stretches with their mean.
    """

    vector: tuple[float, ...] | None
    seconds: Seconds
    stretches: int
    agreement: float | None
    fault: Fault | None = None


def make_print(channels: Sequence[NDArray[np.int16]], stretches: Sequence[Stretch], embed: Embed) -> Voiceprint:
    """Make the voiceprint of a voice; channels are int16, 16 kHz, one of them or one for each speaker."""
    seconds = seconds_of(stretches)
    if seconds < LEAST_SECONDS:
        return Voiceprint(None, seconds, len(stretches), None, "short")
    found = embed([_crop(channels, stretch) for stretch in stretches])
    return _of_stretches(found, stretches)


def _of_stretches(found: NDArray[Any], stretches: Sequence[Stretch]) -> Voiceprint:
    """Keep what agrees; embeddings are (stretches, 192), of any length."""
    units = found / np.linalg.norm(found, axis=1, keepdims=True)
    agrees = largest_group(units, LEAST_ALIKE)
    kept = [stretch for stretch, is_own in zip(stretches, agrees, strict=True) if is_own]
    seconds = seconds_of(kept)
    if agrees.mean() < LEAST_AGREEING:
        return Voiceprint(None, seconds, len(kept), None, "mixed")
    if seconds < LEAST_SECONDS:
        return Voiceprint(None, seconds, len(kept), None, "short")
    mean = _unit(units[agrees].sum(axis=0))
    agreement = round(float((units[agrees] @ mean).mean()), 3)
    return Voiceprint(tuple(round(float(v), 5) for v in mean), seconds, len(kept), agreement)


def _unit(vector: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(vector / np.linalg.norm(vector))


def print_of(vector: Sequence[float], stretches: Sequence[Stretch]) -> Voiceprint:
    """Take the embedding that a diarization kept of a voice for its print: what is left without the audio."""
    seconds = seconds_of(stretches)
    if seconds < LEAST_SECONDS:
        return Voiceprint(None, seconds, len(stretches), None, "short")
    mean = _unit(np.asarray(vector))
    return Voiceprint(tuple(round(float(v), 5) for v in mean), seconds, len(stretches), None)


def _crop(channels: Sequence[NDArray[np.int16]], stretch: Stretch) -> NDArray[Any]:
    """Cut a stretch out of the audio, float32 from -1 to 1; a channel may end before another one."""
    start, end = (round(time * SAMPLE_RATE) for time in stretch)
    pieces = [np.asarray(samples[start:end], np.float32) / 32768 for samples in channels]
    length = max(map(len, pieces))
    return np.asarray(sum(np.pad(piece, (0, length - len(piece))) for piece in pieces), np.float32)


def load_embedding(checkpoint: Any, device: str = "cpu") -> Embed:
    """Load the network that embeds voices: CAM++, as the diarization has it, in float32 on any machine."""
    import torch

    from transforms.speech.pyannote import campplus

    network = campplus.Inference(campplus.load(checkpoint)).to(device)

    @torch.inference_mode()
    def embed(stretches: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Embed one by one: stretches differ in length, and the network would see what they are filled with."""
        features = (campplus.kaldi_fbank(torch.from_numpy(one).to(device)) for one in stretches)
        return np.concatenate([network((one - one.mean(0))[None]).cpu().numpy() for one in features])

    return embed
