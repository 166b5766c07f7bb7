"""The first filters of pyannote's segmentation, once for all the chunks that overlap.

They take a third of its time, and at a hop of two seconds each sample lies in five chunks of ten. Each chunk is
normalised by itself before them: a factor and a shift, which can as well be applied behind, for they are linear.
Importing this module imports torch and pyannote.audio: do it inside a function.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pyannote.audio.models.blocks.sincnet import SincNet
from torch import Tensor, nn


class SharedSincNet(SincNet):  # type: ignore[misc] # pyannote has no types
    """pyannote's `SincNet`; chunks that are views of one piece of audio share what is computed of that."""

    def forward(self, waveforms: Tensor) -> Tensor:
        """Map chunks, float32 (chunks, 1, samples), to (chunks, features, frames)."""
        n_chunks, _, length = waveforms.shape
        step = waveforms.stride(0)
        if n_chunks == 1 or not 0 < step < length or step % self.stride or waveforms.stride(2) != 1:
            return super().forward(waveforms)  # type: ignore[no-any-return]
        outputs = self._pooled(0, self._filtered(waveforms, step).abs_())
        for n in (1, 2):
            outputs = self._pooled(n, self.conv1d[n](outputs))
        return outputs

    def _filtered(self, waveforms: Tensor, step: int) -> Tensor:
        n_chunks, _, length = waveforms.shape
        filters = self.conv1d[0].filterbank.filters()
        piece = waveforms.as_strided((1, 1, (n_chunks - 1) * step + length), (1, 1, 1))
        n_frames = (length - filters.shape[-1]) // self.stride + 1
        heard = F.conv1d(piece, filters, stride=self.stride)[0].unfold(1, n_frames, step // self.stride)
        norm = self.wav_norm1d
        variance, mean = torch.var_mean(waveforms[:, 0], 1, correction=0)
        scale = norm.weight * torch.rsqrt(variance + norm.eps)
        shift = (norm.bias - mean * scale)[:, None] * filters.sum((1, 2))
        return torch.addcmul(shift[:, :, None], heard.transpose(0, 1), scale[:, None, None])

    def _pooled(self, n: int, x: Tensor) -> Tensor:
        return F.leaky_relu(self.norm1d[n](self.pool1d[n](x)))


def share_filters(network: nn.Module) -> None:
    """Let a segmentation network share its first filters; one of another kind stays as it is."""
    if type(getattr(network, "sincnet", None)) is SincNet:
        network.sincnet.__class__ = SharedSincNet
