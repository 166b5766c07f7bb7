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


class Trunk(nn.Module):
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
        self.xvector = Trunk()

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
    from transforms.speech.pyannote.checkpoint import read_checkpoint

    network = CAMPlusPlus()
    network.load_state_dict(read_checkpoint(checkpoint), strict=True)
    return network.eval()


def kaldi_fbank(samples: Tensor) -> Tensor:
    """Compute Kaldi's log-mel features: float32 mono 16 kHz (n_samples,) → (frames, 80), 25 ms every 10 ms."""
    features: Tensor = kaldi.fbank(samples[None], num_mel_bins=N_MELS, dither=0.0, sample_frequency=SAMPLE_RATE)
    return features


# CAM++ ready for inference: the same answer as `CAMPlusPlus`, in less than half of the time.


class FoldedConv2d(nn.Module):
    """A 2-D convolution and the batch norm behind it as one."""

    def __init__(self, conv: nn.Conv2d, norm: nn.BatchNorm2d, dtype: torch.dtype) -> None:
        super().__init__()
        scale, shift = affine(norm)
        weight = (conv.weight * scale[:, None, None, None]).to(dtype)
        self.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last), requires_grad=False)
        self.bias = nn.Parameter(shift.to(dtype), requires_grad=False)
        self.stride, self.padding = conv.stride[0], int(conv.padding[0])

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, bins, frames)."""
        return F.conv2d(x, self.weight, self.bias, (self.stride, 1), self.padding)


class FoldedBlock(nn.Module):
    """One residual block of the head."""

    def __init__(self, block: ResidualBlock, dtype: torch.dtype) -> None:
        super().__init__()
        self.conv1 = FoldedConv2d(block.conv1, block.bn1, dtype)
        self.conv2 = FoldedConv2d(block.conv2, block.bn2, dtype)
        conv, norm = block.shortcut if len(block.shortcut) else (None, None)
        self.shortcut = FoldedConv2d(conv, norm, dtype) if conv else nn.Identity()  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, bins, frames)."""
        y: Tensor = self.conv2(self.conv1(x).relu_())
        return y.add_(self.shortcut(x)).relu_()


class FoldedLayer(nn.Module):
    """One layer of a dense block: reads the first channels of the block's array, gives 32 more."""

    def __init__(self, layer: DenseLayer, dtype: torch.dtype) -> None:
        super().__init__()
        scale, shift = affine(layer.nonlinear1.batchnorm)
        self.scale, self.shift = frozen(scale, dtype), frozen(shift, dtype)
        scale, shift = affine(layer.nonlinear2.batchnorm)
        self.weight = frozen(layer.linear1.weight[:, :, 0] * scale[:, None], dtype)
        self.bias = frozen(shift, dtype)
        cam = layer.cam_layer
        self.dilation = cam.linear_local.dilation[0]
        # the three taps side by side: one product gives what each would add
        self.local = frozen(cam.linear_local.weight.permute(2, 0, 1).flatten(0, 1), dtype)
        self.narrow, self.narrow_bias = frozen(cam.linear1.weight[:, :, 0], dtype), frozen(cam.linear1.bias, dtype)
        self.wide, self.wide_bias = frozen(cam.linear2.weight[:, :, 0], dtype), frozen(cam.linear2.bias, dtype)

    def forward(self, x: Tensor, contexts: Tensor) -> Tensor:
        """Map (batch, frames, inputs) to (batch, frames, 32)."""
        y = torch.addcmul(self.shift, x, self.scale).relu_()
        y = F.linear(y, self.weight, self.bias).relu_()
        weight = F.linear(contexts @ y, self.narrow, self.narrow_bias).relu_()
        weight = torch.sigmoid(F.linear(weight, self.wide, self.wide_bias))
        before, here, after = F.linear(y, self.local).tensor_split(3, -1)
        here = here.contiguous()
        here[:, self.dilation :] += before[:, : -self.dilation]
        here[:, : -self.dilation] += after[:, self.dilation :]
        for segment, part in enumerate(torch.split(here, SEGMENT_FRAMES, 1)):
            part.mul_(weight[:, segment : segment + 1])
        return here


class FoldedDense(nn.Module):
    """A dense block with its transition: (batch, frames, inputs) to (batch, frames, outputs)."""

    def __init__(self, block: nn.ModuleDict, transition: Transition, dtype: torch.dtype) -> None:
        super().__init__()
        self.layers = nn.ModuleList([FoldedLayer(layer, dtype) for layer in block.values()])  # type: ignore[arg-type]
        scale, shift = affine(transition.nonlinear.batchnorm)
        self.scale, self.shift = frozen(scale, dtype), frozen(shift, dtype)
        self.weight = frozen(transition.linear.weight[:, :, 0], dtype)

    def forward(self, x: Tensor, contexts: Tensor) -> Tensor:
        """Fill one array layer by layer, then halve its channels."""
        inputs, outputs = x.shape[-1], len(self.shift)
        growth = (outputs - inputs) // len(self.layers)
        filled = x.new_empty(*x.shape[:2], outputs)
        filled[..., :inputs] = x
        for n, layer in enumerate(self.layers):
            end = inputs + n * growth
            filled[..., end : end + growth] = layer(filled[..., :end], contexts)
        return F.linear(torch.addcmul(self.shift, filled, self.scale).relu_(), self.weight)


class Inference(nn.Module):
    """The whole network for batches of one length; `dtype` is float32 or bfloat16.

    In bfloat16 the statistics over frames and what follows them stay in float32.
    """

    def __init__(self, network: CAMPlusPlus, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        head, body = network.head, network.xvector
        self.dtype = dtype
        self.conv1 = FoldedConv2d(head.conv1, head.bn1, dtype)
        self.blocks = nn.ModuleList([FoldedBlock(block, dtype) for block in (*head.layer1, *head.layer2)])
        self.conv2 = FoldedConv2d(head.conv2, head.bn2, dtype)
        scale, shift = affine(body.tdnn.nonlinear.batchnorm)
        # as a 2-D convolution over all ten bins: the head's layout needs no copy
        weight = (body.tdnn.linear.weight * scale[:, None, None]).reshape(len(scale), -1, 10, 5).to(dtype)
        self.tdnn = nn.Parameter(weight.contiguous(memory_format=torch.channels_last), requires_grad=False)
        self.tdnn_bias = frozen(shift, dtype)
        self.dense = nn.ModuleList(
            [
                FoldedDense(body.block1, body.transit1, dtype),
                FoldedDense(body.block2, body.transit2, dtype),
                FoldedDense(body.block3, body.transit3, dtype),
            ]
        )
        scale, shift = affine(body.out_nonlinear.batchnorm)
        self.scale, self.shift = frozen(scale, torch.float32), frozen(shift, torch.float32)
        scale, shift = affine(body.dense.nonlinear.batchnorm)
        self.out = frozen(body.dense.linear.weight[:, :, 0] * scale[:, None], torch.float32)
        self.out_bias = frozen(shift, torch.float32)

    def forward(self, fbank: Tensor) -> Tensor:
        """Embed a batch of voices.

        Args:
            fbank: float32 (batch, frames, 80), each item minus its own mean over frames.

        Returns:
            float32 (batch, 192), not normalised.
        """
        x = fbank.to(self.dtype).transpose(1, 2)[:, None].contiguous(memory_format=torch.channels_last)
        x = self.conv1(x).relu_()
        for block in self.blocks:
            x = block(x)
        x = self.conv2(x).relu_()
        x = F.conv2d(x, self.tdnn, self.tdnn_bias, stride=(1, 2), padding=(0, 2)).relu_()
        x = x[:, :, 0].transpose(1, 2)
        contexts = context_matrix(x.shape[1]).to(x)
        for block in self.dense:
            x = block(x, contexts)
        x = torch.addcmul(self.shift, x.float(), self.scale).relu_()
        return F.linear(torch.cat([x.mean(1), x.std(1)], 1), self.out, self.out_bias)


def context_matrix(n_frames: int) -> Tensor:
    """Return the matrix that adds the mean over all frames to the mean of each segment: (segments, n_frames)."""
    segments = torch.arange(n_frames) // SEGMENT_FRAMES
    own = F.one_hot(segments).T.float()
    return own / own.sum(1, keepdim=True) + 1 / n_frames


def affine(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return a batch norm in evaluation as scale and shift, float32 (channels,) each."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = torch.rsqrt(norm.running_var + norm.eps)
    scale = scale if norm.weight is None else scale * norm.weight
    shift = -norm.running_mean * scale
    return scale.detach(), (shift if norm.bias is None else shift + norm.bias).detach()


def frozen(value: Tensor | None, dtype: torch.dtype) -> nn.Parameter:
    """Keep a constant of the network."""
    assert value is not None
    return nn.Parameter(value.detach().to(dtype).contiguous(), requires_grad=False)
