"""Whisper in the shape of its large models, with random weights: the time is real, the text is not.

Counted are multiplications and additions, two for each pair, and bytes of memory that a step has to read
(Radford et al. 2022, table 1; notes beside `GFLOP` in tests/benchmarks/speech.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from transforms.speech.whisper.network import Whisper

N_FRAMES = 1500


@dataclass(frozen=True, slots=True)
class Shape:
    """Hold the sizes of a model."""

    name: str
    n_mels: int
    dimension: int
    n_heads: int
    n_encoder: int
    n_decoder: int
    n_tokens: int = 51_864  # those of the English tokenizer, two fewer than large-v3 has
    alignment_heads: int = 10

    @property
    def encoder_flop(self) -> float:
        """What encoding a window takes."""
        d, per_layer = self.dimension, 24 * self.dimension**2 * N_FRAMES + 4 * N_FRAMES**2 * self.dimension
        return self.n_encoder * per_layer + 2 * 3 * (self.n_mels * d * 2 * N_FRAMES + d * d * N_FRAMES)

    def step_bytes(self, n_windows: int, n_beams: int, room: int) -> float:
        """Return the bytes that a step of the decoder reads, in 16 bits: weights, what was heard and written."""
        d = self.dimension
        weights = 14 * self.n_decoder * d**2 + self.n_tokens * d
        kept = 2 * self.n_decoder * d * n_windows * (N_FRAMES + n_beams * room)
        return 2.0 * (weights + kept)


TURBO = Shape("large-v3-turbo", 128, 1280, 20, 32, 4)
LARGE = Shape("large-v3", 128, 1280, 20, 32, 32)
SMALL = Shape("a toy", 80, 64, 2, 2, 2, alignment_heads=2)


def random_network(shape: Shape, device: str, dtype: torch.dtype) -> Whisper:
    """Make a network of a shape, its weights drawn on the device."""
    draw = torch.Generator(device).manual_seed(0)

    def drawn(*sizes: int) -> Tensor:
        return torch.randn(sizes, generator=draw, device=device, dtype=dtype) * 0.02

    d = shape.dimension
    weights: dict[str, Tensor] = {
        "encoder/conv1/weight": drawn(d, shape.n_mels, 3),
        "encoder/conv1/bias": drawn(d),
        "encoder/conv2/weight": drawn(d, d, 3),
        "encoder/conv2/bias": drawn(d),
        "encoder/position_encodings/encodings": drawn(N_FRAMES, d),
        "decoder/embeddings/weight": drawn(shape.n_tokens, d),
        "decoder/position_encodings/encodings": drawn(448, d),
    }
    for stack, n_layers in (("encoder", shape.n_encoder), ("decoder", shape.n_decoder)):
        weights[f"{stack}/num_heads"] = torch.tensor(shape.n_heads)
        norms = ["layer_norm"]
        for n in range(n_layers):
            layer = f"layer_{n}"
            sizes = {"self_attention/linear_0": (3 * d, d), "self_attention/linear_1": (d, d)}
            sizes |= {"ffn/linear_0": (4 * d, d), "ffn/linear_1": (d, 4 * d)}
            norms += [f"{layer}/self_attention/layer_norm", f"{layer}/ffn/layer_norm"]
            if stack == "decoder":
                sizes |= {f"attention/linear_{k}": (rows * d, d) for k, rows in enumerate((1, 2, 1))}
                norms.append(f"{layer}/attention/layer_norm")
            for name, size in sizes.items():
                weights[f"{stack}/{layer}/{name}/weight"] = drawn(*size)
                weights[f"{stack}/{layer}/{name}/bias"] = drawn(size[0])
        for name in norms:
            weights[f"{stack}/{name}/gamma"] = torch.ones(d, device=device, dtype=dtype)
            weights[f"{stack}/{name}/beta"] = torch.zeros(d, device=device, dtype=dtype)
    heads = [(shape.n_decoder - 1, head) for head in range(min(shape.alignment_heads, shape.n_heads))]
    return Whisper(weights, heads, dtype, torch.device(device))
