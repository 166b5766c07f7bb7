"""CAM++, the network that turns a stretch of speech into a voice: 192 numbers.

Paper: Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware
Masking" (https://arxiv.org/abs/2303.00332). The module names are those of the public state dict
`campplus_cn_en_common.pt` (3D-Speaker, Apache-2.0), so that it loads with `strict=True`.

The network averages over frames, so padding would change its answer. `forward` therefore takes the
number of real frames of each item and keeps the rest at zero wherever a convolution or a mean could see it:
a batch gives what its items give one by one.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchaudio.compliance import kaldi

SAMPLE_RATE = 16_000
N_MELS = 80
DIMENSION = 192
SEGMENT_FRAMES = 100  # frames (of 20 ms) in a segment of the context mask


class Frames(NamedTuple):
    """Which frames of a padded batch are real: `mask` (batch, 1, frames) of 0 and 1, `length` (batch, 1, 1)."""

    mask: Tensor
    length: Tensor

    @classmethod
    def of(cls, lengths: Tensor, n_frames: int) -> Frames:
        """Build from the number of real frames of each item, int64 of shape (batch,)."""
        mask = torch.arange(n_frames, device=lengths.device)[None, :] < lengths[:, None]
        return cls(mask[:, None].float(), lengths[:, None, None].float())

    def halved(self) -> Frames:
        """Describe the same items after a stride of two."""
        return Frames.of((self.length[:, 0, 0].long() + 1) // 2, (self.mask.shape[-1] + 1) // 2)


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions over bins × frames; `stride` halves the bins only."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (batch, channels, bins, frames) to the same, with half the bins where the stride is two."""
        y = F.relu(self.bn1(self.conv1(x))) * mask
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x)) * mask


class Head(nn.Module):
    """The 2-D front end: 80 mel bins become 10 × 32 channels, frame by frame."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.ModuleList([ResidualBlock(channels, 2), ResidualBlock(channels, 1)])
        self.layer2 = nn.ModuleList([ResidualBlock(channels, 2), ResidualBlock(channels, 1)])
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor, frames: Frames) -> Tensor:
        """Map (batch, 80, frames) to (batch, 320, frames)."""
        mask = frames.mask[:, None]
        x = F.relu(self.bn1(self.conv1(x[:, None]))) * mask
        for block in (*self.layer1, *self.layer2):
            x = block(x, mask)
        x = F.relu(self.bn2(self.conv2(x))) * mask
        return x.flatten(1, 2)


class Nonlinear(nn.Module):
    """Batch norm, and ReLU but at the very end."""

    def __init__(self, channels: int, *, last: bool = False) -> None:
        super().__init__()
        self.batchnorm = nn.BatchNorm1d(channels, affine=not last)
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, frames) to the same."""
        y: Tensor = self.batchnorm(x)
        return y if self.last else F.relu(y)


class Linear(nn.Module):
    """A convolution with its nonlinearity: before it in a transition, after it in the first and last layer."""

    def __init__(self, inputs: int, outputs: int, width: int = 1, stride: int = 1, *, last: bool = False) -> None:
        super().__init__()
        self.linear = nn.Conv1d(inputs, outputs, width, stride=stride, padding=width // 2, bias=False)
        self.nonlinear = Nonlinear(outputs, last=last)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, inputs, frames) to (batch, outputs, frames / stride)."""
        y: Tensor = self.nonlinear(self.linear(x))
        return y


class Transition(nn.Module):
    """Halve the channels after a block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.nonlinear = Nonlinear(channels)
        self.linear = nn.Conv1d(channels, channels // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, frames) to (batch, channels / 2, frames)."""
        y: Tensor = self.linear(self.nonlinear(x))
        return y


class ContextMask(nn.Module):
    """A narrow convolution whose channels are weighed by what the whole and the segment sound like."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(inputs, inputs // 2, 1)
        self.linear2 = nn.Conv1d(inputs // 2, outputs, 1)

    def forward(self, x: Tensor, frames: Frames) -> Tensor:
        """Map (batch, inputs, frames), zero where not real, to (batch, outputs, frames)."""
        context = x.sum(-1, keepdim=True) / frames.length + segment_means(x, frames)
        weight = torch.sigmoid(self.linear2(F.relu(self.linear1(context))))
        n_segments = weight.shape[-1]
        weight = weight[..., None].expand(-1, -1, n_segments, SEGMENT_FRAMES).flatten(2)
        y: Tensor = self.linear_local(x) * weight[..., : x.shape[-1]]
        return y


def segment_means(x: Tensor, frames: Frames) -> Tensor:
    """Average each segment of 100 frames over the real ones: (batch, channels, segments)."""
    padding = -x.shape[-1] % SEGMENT_FRAMES
    batch, channels, _ = x.shape
    sums = F.pad(x, (0, padding)).reshape(batch, channels, -1, SEGMENT_FRAMES).sum(-1)
    counts = F.pad(frames.mask, (0, padding)).reshape(batch, 1, -1, SEGMENT_FRAMES).sum(-1)
    return sums / counts.clamp(min=1)


class DenseLayer(nn.Module):
    """One layer of a block; its 32 channels are appended to its input."""

    def __init__(self, inputs: int, growth: int, bottleneck: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = Nonlinear(inputs)
        self.linear1 = nn.Conv1d(inputs, bottleneck, 1, bias=False)
        self.nonlinear2 = Nonlinear(bottleneck)
        self.cam_layer = ContextMask(bottleneck, growth, dilation)

    def forward(self, x: Tensor, frames: Frames) -> Tensor:
        """Map (batch, inputs, frames) to (batch, inputs + growth, frames)."""
        y = self.nonlinear2(self.linear1(self.nonlinear1(x))) * frames.mask
        return torch.cat([x, self.cam_layer(y, frames)], dim=1)


class Body(nn.Module):
    """The 1-D trunk: three dense blocks over frames, then the statistics that make a voice of them."""

    def __init__(self, growth: int = 32, bottleneck: int = 128, channels: int = 128) -> None:
        super().__init__()
        self.tdnn = Linear(320, channels, width=5, stride=2)
        blocks, transitions = [], []
        for n_layers, dilation in [(12, 1), (24, 2), (16, 2)]:
            layers = {
                f"tdnnd{n + 1}": DenseLayer(channels + n * growth, growth, bottleneck, dilation)
                for n in range(n_layers)
            }
            channels += n_layers * growth
            blocks.append(nn.ModuleDict(layers))
            transitions.append(Transition(channels))
            channels //= 2
        self.block1, self.block2, self.block3 = blocks
        self.transit1, self.transit2, self.transit3 = transitions
        self.out_nonlinear = Nonlinear(channels)
        self.dense = Linear(2 * channels, DIMENSION, last=True)

    def forward(self, x: Tensor, frames: Frames) -> Tensor:
        """Map (batch, 320, frames) to (batch, 192)."""
        x = self.tdnn(x)
        frames = frames.halved()
        for block, transition in (
            (self.block1, self.transit1),
            (self.block2, self.transit2),
            (self.block3, self.transit3),
        ):
            for layer in block.values():
                x = layer(x, frames)
            x = transition(x)
        x = self.out_nonlinear(x) * frames.mask
        mean = x.sum(-1, keepdim=True) / frames.length
        variance = ((x - mean).square() * frames.mask).sum(-1, keepdim=True) / (frames.length - 1)
        y: Tensor = self.dense(torch.cat([mean, variance.sqrt()], dim=1)).squeeze(-1)
        return y


class CAMPlusPlus(nn.Module):
    """The whole network, without the ReLU that some packages put behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self.xvector = Body()

    def forward(self, fbank: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Embed a batch of voices.

        Args:
            fbank: float32 (batch, frames, 80), each item minus its own mean over its real frames,
                and zero behind them.
            lengths: int64 (batch,), the real frames of each item; `None` means all.

        Returns:
            float32 (batch, 192), not normalised.
        """
        n_frames = fbank.shape[1]
        if lengths is None:
            lengths = torch.full((len(fbank),), n_frames, device=fbank.device)
        frames = Frames.of(lengths, n_frames)
        y: Tensor = self.xvector(self.head(fbank.transpose(1, 2), frames), frames)
        return y


def load(checkpoint: Path) -> CAMPlusPlus:
    """Load the network from its public state dict, ready for inference on the CPU."""
    from transforms.speech.checkpoint import read_checkpoint

    network = CAMPlusPlus()
    network.load_state_dict(read_checkpoint(checkpoint), strict=True)
    return network.eval()


def kaldi_fbank(samples: Tensor) -> Tensor:
    """Compute Kaldi's log-mel features: float32 mono 16 kHz (n_samples,) → (frames, 80), 25 ms every 10 ms."""
    features: Tensor = kaldi.fbank(samples[None], num_mel_bins=N_MELS, dither=0.0, sample_frequency=SAMPLE_RATE)
    return features
