"""CAM++ ready for inference: the same answer as `campplus.CAMPlusPlus`, in less than half of the time.

Every batch norm that follows a convolution is folded into it, frames lie in rows and channels in columns, so that
the 1×1 convolutions are matrix products without copies, the dense blocks write into one array instead of joining
52 times, and all items of a batch have one length, so that nothing needs a mask.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from transforms.speech.campplus import SEGMENT_FRAMES, CAMPlusPlus, DenseLayer, ResidualBlock, Transition


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
    """Give the matrix that adds the mean over all frames to the mean of each segment: (segments, n_frames)."""
    segments = torch.arange(n_frames) // SEGMENT_FRAMES
    own = F.one_hot(segments).T.float()
    return own / own.sum(1, keepdim=True) + 1 / n_frames


def affine(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Give a batch norm in evaluation as scale and shift, float32 (channels,) each."""
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
