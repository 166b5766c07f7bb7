"""Log-mel spectrograms as Whisper was trained on them (openai/whisper, whisper/audio.py)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

N_SAMPLES = 480_000  # 30 s at 16 kHz: what the network takes
_N_FFT, _HOP = 400, 160


def log_mel(windows: Sequence[NDArray[np.float32]], n_mels: int, device: str = "cpu") -> Tensor:
    """Compute the spectrograms of windows of at most 30 s, each padded with digital silence.

    Args:
        windows: float32 mono 16 kHz, one array each.
        n_mels: 80, or 128 for large-v3 and turbo.
        device: where they are computed: `cpu` or `cuda`.

    Returns:
        float32 (windows, n_mels, 3000), on that device.
    """
    import torch

    padded = torch.zeros(len(windows), N_SAMPLES)
    for row, samples in zip(padded, windows, strict=True):
        row[: len(samples)] = torch.from_numpy(samples[:N_SAMPLES])
    with torch.inference_mode():
        hann = torch.hann_window(_N_FFT, device=device)
        spectrum = torch.stft(padded.to(device), _N_FFT, _HOP, window=hann, return_complex=True)
        power = torch.view_as_real(spectrum[..., :-1]).square().sum(-1)
        logs = (_filters(n_mels).to(device) @ power).clamp_(min=1e-10).log10_()
        loudest = logs.amax((1, 2), keepdim=True)
        mels: Tensor = (torch.maximum(logs, loudest - 8.0) + 4.0) / 4.0
    return mels


@lru_cache
def _filters(n_mels: int) -> Tensor:
    import torch
    from faster_whisper.feature_extractor import FeatureExtractor

    return torch.from_numpy(FeatureExtractor.get_mel_filters(16_000, _N_FFT, n_mels).astype(np.float32))
