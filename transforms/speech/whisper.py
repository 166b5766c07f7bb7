"""Whisper's network in PyTorch, on the weights of a CTranslate2 model.

CTranslate2's encoder writes the whole attention to memory and multiplies in int8 or float32. On a processor
that multiplies bfloat16 this one takes half of the time or less, and is nearer to float32. The decoder gives the
queries of the heads that look at what is being said, so that the times of the words cost no second pass.

Radford et al. 2022, https://arxiv.org/abs/2212.04356; the layout of the weights is CTranslate2's `WhisperSpec`.
Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from transforms.speech.ct2_file import read_variables

LONGEST_TEXT = 448  # tokens, the prompt included


@dataclass(slots=True)
class Layers:
    """The weights of one stack, encoder or decoder, by the names of CTranslate2; and how many heads it has."""

    weights: dict[str, Tensor]
    n_layers: int
    n_heads: int

    def norm(self, x: Tensor, name: str) -> Tensor:
        """Normalise the last dimension."""
        return F.layer_norm(x, x.shape[-1:], self.weights[f"{name}/gamma"], self.weights[f"{name}/beta"])

    def linear(self, x: Tensor, name: str) -> Tensor:
        """Multiply with a matrix, and add its bias."""
        return F.linear(x, self.weights[f"{name}/weight"], self.weights.get(f"{name}/bias"))

    def heads(self, x: Tensor) -> Tensor:
        """Split (batch, frames, dimension) into heads: (batch, heads, frames, dimension of a head)."""
        return x.view(*x.shape[:2], self.n_heads, -1).transpose(1, 2)

    def feed_forward(self, x: Tensor, layer: str) -> Tensor:
        """Run the second half of a layer."""
        inner = F.gelu(self.linear(self.norm(x, f"{layer}/ffn/layer_norm"), f"{layer}/ffn/linear_0"))
        return x + self.linear(inner, f"{layer}/ffn/linear_1")


@dataclass(slots=True)
class Memory:
    """What the decoder keeps of a batch of windows while it writes.

    Keys and values of what was heard (`cross`) and of what was written (`own`), one pair per layer, each (windows,
    heads, frames or tokens, dimension of a head); of `own`, the first `length` tokens.
    """

    cross: list[tuple[Tensor, Tensor]]
    own: list[tuple[Tensor, Tensor]]
    length: int = 0

    def keep(self, rows: Sequence[int]) -> Memory:
        """Go on with some of the windows."""
        return Memory(
            [(keys[rows], values[rows]) for keys, values in self.cross],
            [(keys[rows], values[rows]) for keys, values in self.own],
            self.length,
        )


class Whisper:
    """One Whisper model: encoder, decoder, and the heads that align."""

    def __init__(
        self,
        folder: Path,
        alignment_heads: Sequence[tuple[int, int]] | None,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        variables = read_variables(folder / "model.bin")
        self.dtype, self.device = dtype, device
        self.encoder, self.decoder = (self._stack(variables, name) for name in ("encoder", "decoder"))
        self.alignment_heads = tuple(
            sorted((layer, head) for layer, head in alignment_heads or self._upper_half())
        )

    def _upper_half(self) -> list[tuple[int, int]]:
        """Name the heads that align where nobody found out: those of the upper layers, as openai/whisper does."""
        n = self.decoder.n_layers
        return [(layer, head) for layer in range(n // 2, n) for head in range(self.decoder.n_heads)]

    def _stack(self, variables: object, name: str) -> Layers:
        ours = {k.removeprefix(f"{name}/"): v for k, v in dict(variables).items() if k.startswith(f"{name}/")}  # type: ignore[call-overload]
        weights = {
            k: torch.from_numpy(v.copy()).to(self.device, self.dtype)
            for k, v in ours.items()
            if v.dtype in (np.float16, np.float32) and v.size > 1
        }
        n_layers = len({k.split("/")[0] for k in weights if k.startswith("layer_") and k[6].isdigit()})
        return Layers(weights, n_layers, int(ours["num_heads"].item()))

    @torch.inference_mode()
    def encode(self, mel: NDArray[np.float32] | Tensor) -> Tensor:
        """Encode windows: log-mel float32 (windows, mels, 3000) to (windows, 1500, dimension)."""
        w = self.encoder.weights
        x = torch.as_tensor(mel).to(self.device, self.dtype)
        x = F.gelu(F.conv1d(x, w["conv1/weight"], w["conv1/bias"], padding=1))
        x = F.gelu(F.conv1d(x, w["conv2/weight"], w["conv2/bias"], stride=2, padding=1))
        x = x.transpose(1, 2) + w["position_encodings/encodings"]
        # Window by window on a CPU: a batch leaves its caches, and no product becomes faster by being larger.
        size = 1 if self.device.type == "cpu" else len(x)
        return torch.cat([self._encode_layers(part) for part in torch.split(x, size)])

    def _encode_layers(self, x: Tensor) -> Tensor:
        stack = self.encoder
        for n in range(stack.n_layers):
            layer = f"layer_{n}"
            normal = stack.norm(x, f"{layer}/self_attention/layer_norm")
            mixed = self._attend(*stack.linear(normal, f"{layer}/self_attention/linear_0").chunk(3, dim=-1))
            x = x + stack.linear(mixed, f"{layer}/self_attention/linear_1")
            x = stack.feed_forward(x, layer)
        return stack.norm(x, "layer_norm")

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        q, k, v = (self.encoder.heads(x) for x in (queries, keys, values))
        if self.device.type != "cpu":
            return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        # One head at a time: its scores stay in the cache, and are plain matrix products.
        mixed = torch.empty_like(queries)
        size = q.shape[-1]
        for head in range(q.shape[1]):
            scores = (q[0, head] * size**-0.5) @ k[0, head].T
            mixed[0, :, head * size : (head + 1) * size] = torch.softmax(scores, -1) @ v[0, head]
        return mixed

    @torch.inference_mode()
    def begin(self, encoded: Tensor) -> Memory:
        """Begin to write about encoded windows (windows, 1500, dimension)."""
        stack, n = self.decoder, len(encoded)
        cross = []
        for layer in range(stack.n_layers):
            both = stack.linear(encoded, f"layer_{layer}/attention/linear_1").chunk(2, dim=-1)
            keys, values = (stack.heads(x).contiguous() for x in both)
            cross.append((keys, values))
        shape = (n, stack.n_heads, LONGEST_TEXT, cross[0][0].shape[-1])
        own = [(encoded.new_zeros(shape), encoded.new_zeros(shape)) for _ in range(stack.n_layers)]
        return Memory(cross, own)

    @torch.inference_mode()
    def step(self, tokens: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Read tokens, int64 (windows, tokens), behind those that were read before.

        Returns:
            The hidden state behind each, (windows, tokens, dimension), and the queries of the heads that align,
            (windows, heads that align, tokens, dimension of a head).
        """
        stack, w = self.decoder, self.decoder.weights
        first, last = memory.length, memory.length + tokens.shape[1]
        x = F.embedding(tokens, w["embeddings/weight"]) + w["position_encodings/encodings"][first:last]
        # a token may look at what stands before it only
        hidden = torch.ones(last - first, rounded_up(last), dtype=torch.bool, device=x.device).triu(first + 1)
        looks = []
        for n in range(stack.n_layers):
            x = self._attend_own(x, n, memory.own[n], hidden, first)
            normal = stack.norm(x, f"layer_{n}/attention/layer_norm")
            queries = stack.heads(stack.linear(normal, f"layer_{n}/attention/linear_0"))
            looks += [queries[:, head] for layer, head in self.alignment_heads if layer == n]
            x = x + stack.linear(_mixed(queries, *memory.cross[n]), f"layer_{n}/attention/linear_2")
            x = stack.feed_forward(x, f"layer_{n}")
        memory.length = last
        return stack.norm(x, "layer_norm"), torch.stack(looks, 1)

    def _attend_own(self, x: Tensor, n: int, kept: tuple[Tensor, Tensor], hidden: Tensor, first: int) -> Tensor:
        stack, (n_new, length) = self.decoder, hidden.shape
        normal = stack.norm(x, f"layer_{n}/self_attention/layer_norm")
        q, k, v = map(stack.heads, stack.linear(normal, f"layer_{n}/self_attention/linear_0").chunk(3, dim=-1))
        keys, values = kept
        keys[:, :, first : first + n_new], values[:, :, first : first + n_new] = k, v
        mixed = _mixed(q, keys[:, :, :length], values[:, :, :length], hidden)
        return x + stack.linear(mixed, f"layer_{n}/self_attention/linear_1")

    @property
    def n_tokens(self) -> int:
        """How many tokens there are."""
        return len(self.decoder.weights["embeddings/weight"])

    def logits(self, hidden: Tensor) -> Tensor:
        """Score every token of the vocabulary: float32 (…, vocabulary)."""
        return F.linear(hidden, self.decoder.weights["embeddings/weight"]).float()

    def keys_of_alignment(self, memory: Memory) -> Tensor:
        """Give the keys that the heads that align look at: (windows, heads, 1500, dimension of a head)."""
        return torch.stack([memory.cross[layer][0][:, head] for layer, head in self.alignment_heads], 1)


def rounded_up(n_tokens: int) -> int:
    """Round a number of tokens up to a multiple of 64.

    The first product of each new shape in bfloat16 costs a CPU hundredths of a second: oneDNN writes code for it.

    >>> rounded_up(5), rounded_up(64), rounded_up(447)
    (64, 64, 448)
    """
    return -(-n_tokens // 64) * 64


def _mixed(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor | None = None) -> Tensor:
    """Attend: (windows, heads, tokens, size) to (windows, tokens, dimension).

    Plain products: for a few queries they are faster than torch's fused attention on a CPU.
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(2, 3)
    if hidden is not None:
        scores = scores.masked_fill(hidden, -torch.inf)
    return (torch.softmax(scores, -1) @ v).transpose(1, 2).flatten(2)
