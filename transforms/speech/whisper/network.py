"""Whisper's network in PyTorch, on the weights of a CTranslate2 model.

CTranslate2's encoder writes the whole attention to memory and multiplies in int8 or float32. On a processor
that multiplies bfloat16 this one takes half of the time or less, and is nearer to float32. The decoder gives the
queries of the heads that look at what is being said, so that the times of the words cost no second pass.

Radford et al. 2022, https://arxiv.org/abs/2212.04356; the layout of the weights is CTranslate2's `WhisperSpec`.
Importing this module imports torch: do it inside a function.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from transforms.errors import ContentError

LONGEST_TEXT = 448  # tokens, the prompt included
_MATRIX = re.compile(r"vocabulary|.+/linear_\d+/weight")
_LAYER = re.compile(r"layer_\d+")
ROWS = 16  # that a packed matrix is mostly multiplied with; others work too


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
        return multiplied(x, self.weights[f"{name}/weight"], self.weights.get(f"{name}/bias"))

    def heads(self, x: Tensor) -> Tensor:
        """Split (batch, frames, dimension) into heads: (batch, heads, frames, dimension of a head)."""
        return x.view(*x.shape[:2], self.n_heads, -1).transpose(1, 2)

    def feed_forward(self, x: Tensor, layer: str) -> Tensor:
        """Run the second half of a layer."""
        inner = F.gelu(self.linear(self.norm(x, f"{layer}/ffn/layer_norm"), f"{layer}/ffn/linear_0"))
        return x + self.linear(inner, f"{layer}/ffn/linear_1")


@dataclass(slots=True)
class KVCache:
    """What the decoder keeps of a batch of windows while it writes.

    Keys and values of what was heard (`cross`) and of what was written (`own`), one pair per layer: (windows,
    heads, frames, size of a head), and (rows, heads, room for tokens, size of a head), of which `length` are
    taken. There are as many rows for each window as answers that are written about it, one behind the other.
    """

    cross: list[tuple[Tensor, Tensor]]
    own: list[tuple[Tensor, Tensor]]
    length: int = 0

    def keep(self, windows: Sequence[int]) -> None:
        """Go on with some of the windows, in their order; say with `follow` which rows."""
        for x in (x for pair in self.cross for x in pair):
            for place, window in enumerate(windows):
                x[place] = x[window]
        n = len(windows)
        self.cross = [(keys[:n], values[:n]) for keys, values in self.cross]

    def follow(self, parents: Tensor) -> None:
        """Let each row go on from another one, int64 (rows,)."""
        n_rows = len(self.own[0][0])
        if len(parents) != n_rows:
            self.own = [(keys[parents], values[parents]) for keys, values in self.own]
            return
        (moved,) = torch.nonzero(parents != torch.arange(n_rows, device=parents.device), as_tuple=True)
        for keys_or_values in (one for pair in self.own for one in pair) if len(moved) else ():
            written = keys_or_values[:, :, : self.length]
            written[moved] = written[parents[moved]]

    def make_room(self, n_tokens: int) -> int:
        """Make room for so many tokens, and tell for how many there is room."""
        room = self.own[0][0].shape[2]
        if n_tokens > room:
            more = (0, 0, 0, rounded_up(n_tokens) - room)
            self.own = [(F.pad(keys, more), F.pad(values, more)) for keys, values in self.own]
        return self.own[0][0].shape[2]


class Whisper:
    """One Whisper model: encoder, decoder, and the heads that align."""

    def __init__(
        self,
        weights: Path | Mapping[str, NDArray[Any] | Tensor],
        alignment_heads: Sequence[tuple[int, int]] | None,
        dtype: torch.dtype,
        device: torch.device,
        *,
        writes: bool = True,
    ) -> None:
        """Take the weights of a folder, or by their names; of a decoder that never `writes`, only the shapes."""
        variables = read_variables(weights / "model.bin") if isinstance(weights, Path) else weights
        self.dtype, self.device, self.writes = dtype, device, writes
        self.encoder = self._stack(variables, "encoder", device)
        self.decoder = self._stack(variables, "decoder", device if writes else torch.device("meta"))
        self._rooms: list[Tensor] = []  # memory of batches before: to ask the system for it anew takes long
        self.alignment_heads = tuple(
            sorted((layer, head) for layer, head in alignment_heads or self._upper_half())
        )

    def _upper_half(self) -> list[tuple[int, int]]:
        """Name the heads that align where nobody found out: those of the upper layers, as openai/whisper does."""
        n = self.decoder.n_layers
        return [(layer, head) for layer in range(n // 2, n) for head in range(self.decoder.n_heads)]

    def _stack(self, variables: Mapping[str, NDArray[Any] | Tensor], name: str, device: torch.device) -> Layers:
        """Bring the layers of the encoder or the decoder to a device."""
        ours = {k.removeprefix(f"{name}/"): _tensor(v) for k, v in variables.items() if k.startswith(f"{name}/")}
        weights = {
            k: v.to(device, self.dtype) for k, v in ours.items() if v.dtype.is_floating_point and v.numel() > 1
        }
        if name == "decoder":
            weights["vocabulary"] = weights["embeddings/weight"]
        weights |= {k: packed(matrix) for k, matrix in weights.items() if _MATRIX.fullmatch(k)}
        layers = {found[0] for k in weights if (found := _LAYER.match(k))}
        return Layers(weights, len(layers), int(ours["num_heads"].item()))

    def bytes_to_write(self, n_beams: int) -> int:
        """How much memory the decoder takes for one window, at most."""
        dimension = self.decoder.weights["layer_norm/gamma"].numel()
        frames = len(self.encoder.weights["position_encodings/encodings"])
        each = 2 * self.decoder.n_layers * dimension * self.dtype.itemsize
        return each * (frames + n_beams * LONGEST_TEXT)

    @torch.inference_mode()
    def encode(self, mel: NDArray[np.float32] | Tensor) -> Tensor:
        """Encode windows: log-mel float32 (windows, mels, 3000) to (windows, 1500, dimension)."""
        w = self.encoder.weights
        x = torch.as_tensor(mel).to(self.device, self.dtype)
        x = F.gelu(F.conv1d(x, w["conv1/weight"], w["conv1/bias"], padding=1))
        x = F.gelu(F.conv1d(x, w["conv2/weight"], w["conv2/bias"], stride=2, padding=1))
        x = x.transpose(1, 2).contiguous() + w["position_encodings/encodings"]
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
        # A third of a head at a time: its scores stay in the cache, and are plain matrix products.
        mixed = torch.empty_like(queries)
        size = q.shape[-1]
        for head in range(q.shape[1]):
            columns = slice(head * size, (head + 1) * size)
            for rows in in_thirds(q.shape[2]):
                scores = (q[0, head, rows] * size**-0.5) @ k[0, head].T
                mixed[0, rows, columns] = torch.softmax(scores, -1) @ v[0, head]
        return mixed

    @contextmanager
    def begin(self, encoded: Tensor) -> Iterator[KVCache]:
        """Begin to write about encoded windows (windows, 1500, dimension); their room is used again."""
        stack, (n, n_frames, dimension) = self.decoder, encoded.shape
        shape = (stack.n_layers, 2, n, stack.n_heads, n_frames, dimension // stack.n_heads)
        room = self._rooms.pop() if self._rooms else encoded.new_empty(0)
        if room.numel() < math.prod(shape):
            room = encoded.new_empty(math.prod(shape))
        cross = room[: math.prod(shape)].view(shape)
        for window in range(n):  # one at a time: what is computed of it stays in the caches of a CPU
            for layer in range(stack.n_layers):
                both = stack.linear(encoded[window], f"layer_{layer}/attention/linear_1")
                cross[layer, :, window] = both.view(n_frames, 2, stack.n_heads, -1).permute(1, 2, 0, 3)
        empty = encoded.new_zeros(n, stack.n_heads, 0, shape[-1])
        yield KVCache([(keys, values) for keys, values in cross], [(empty, empty) for _ in range(stack.n_layers)])
        self._rooms.append(room)

    @torch.inference_mode()
    def step(self, tokens: Tensor, memory: KVCache) -> tuple[Tensor, Tensor]:
        """Read tokens, int64 (rows, tokens), behind those that were read before.

        Returns:
            The hidden state behind each, (rows, tokens, dimension), and the queries of the heads that align,
            (rows, heads that align, tokens, size of a head).
        """
        stack, w = self.decoder, self.decoder.weights
        first, last = memory.length, memory.length + tokens.shape[1]
        room = memory.make_room(last)
        x = F.embedding(tokens, w["embeddings/weight"]) + w["position_encodings/encodings"][first:last]
        # a token may look at what stands before it only
        hidden = torch.ones(last - first, room, dtype=torch.bool, device=x.device).triu(first + 1)
        looks = []
        for n in range(stack.n_layers):
            x = self._attend_own(x, n, memory.own[n], hidden, first)
            normal = stack.norm(x, f"layer_{n}/attention/layer_norm")
            queries = stack.heads(stack.linear(normal, f"layer_{n}/attention/linear_0"))
            looks += [queries[:, head] for layer, head in self.alignment_heads if layer == n]
            x = x + stack.linear(_mixed_of_windows(queries, *memory.cross[n]), f"layer_{n}/attention/linear_2")
            x = stack.feed_forward(x, f"layer_{n}")
        memory.length = last
        return stack.norm(x, "layer_norm"), torch.stack(looks, 1)

    def _attend_own(self, x: Tensor, n: int, kept: tuple[Tensor, Tensor], hidden: Tensor, first: int) -> Tensor:
        stack = self.decoder
        normal = stack.norm(x, f"layer_{n}/self_attention/layer_norm")
        q, k, v = map(stack.heads, stack.linear(normal, f"layer_{n}/self_attention/linear_0").chunk(3, dim=-1))
        keys, values = kept
        keys[:, :, first : first + x.shape[1]], values[:, :, first : first + x.shape[1]] = k, v
        mixed = _mixed(q, keys, values, hidden)
        return x + stack.linear(mixed, f"layer_{n}/self_attention/linear_1")

    @property
    def n_tokens(self) -> int:
        """How many tokens there are."""
        return len(self.decoder.weights["embeddings/weight"])

    def logits(self, hidden: Tensor) -> Tensor:
        """Score every token of the vocabulary: float32 (…, vocabulary)."""
        return multiplied(hidden, self.decoder.weights["vocabulary"]).float()

    def keys_of_alignment(self, memory: KVCache) -> Tensor:
        """Return the keys that the heads that align look at: (windows, heads, 1500, dimension of a head)."""
        return torch.stack([memory.cross[layer][0][:, head] for layer, head in self.alignment_heads], 1)


def packed(weight: Tensor) -> Tensor:
    """Put a matrix into the order in which a CPU multiplies bfloat16, once; else oneDNN does it at each product.

    torch.compile does the same where a model is frozen (torch/_inductor/fx_passes/mkldnn_fusion.py).
    """
    if weight.device.type != "cpu" or weight.dtype != torch.bfloat16 or not _can_pack():
        return weight
    return torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)  # type: ignore[no-any-return]


def _can_pack() -> bool:
    ours = torch.ops.mkldnn
    wanted = ("_is_mkldnn_bf16_supported", "_reorder_linear_weight", "_linear_pointwise")
    return all(hasattr(ours, name) for name in wanted) and bool(ours._is_mkldnn_bf16_supported())


def multiplied(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multiply with a matrix, which may be packed, and add a bias."""
    if weight.is_mkldnn:
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")  # type: ignore[no-any-return]
    return F.linear(x, weight, bias)


def rounded_up(n_tokens: int) -> int:
    """Round a number of tokens up to a multiple of 64.

    The first product of each new shape in bfloat16 costs a CPU hundredths of a second: oneDNN writes code for it.

    >>> rounded_up(5), rounded_up(64), rounded_up(447)
    (64, 64, 448)
    """
    return -(-n_tokens // 64) * 64


def in_thirds(n: int) -> list[slice]:
    """Cut rows into three parts.

    >>> in_thirds(1500)
    [slice(0, 500, None), slice(500, 1000, None), slice(1000, 1500, None)]
    """
    return [slice(n * part // 3, n * (part + 1) // 3) for part in range(3)]


def _mixed(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor | None = None) -> Tensor:
    """Attend: (windows, heads, tokens, size) to (windows, tokens, dimension).

    Plain products: for a few queries they are as exact as a CPU was chosen for, and keys times queries are faster
    than the other way round.
    """
    scores = (k @ (q * q.shape[-1] ** -0.5).transpose(2, 3)).transpose(2, 3)
    if hidden is not None:
        scores = scores.masked_fill(hidden, -torch.inf)
    return (torch.softmax(scores, -1) @ v).transpose(1, 2).flatten(2)


def _mixed_of_windows(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attend from rows, (rows, heads, tokens, size), to the windows that they are about; each is read once."""
    rows, heads, tokens, size = q.shape
    beams = rows // len(k)
    if beams == 1:
        return _mixed(q, k, v)
    together = q.view(len(k), beams, heads, tokens, size).transpose(1, 2).flatten(2, 3)
    return _mixed(together, k, v).view(rows, tokens, -1)


# Log-mel spectrograms as Whisper was trained on them (openai/whisper, whisper/audio.py).


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

    # a GPU fetches from memory that is pinned by itself, while the CPU goes on
    padded = torch.zeros(len(windows), N_SAMPLES, pin_memory=device == "cuda")
    for row, samples in zip(padded, windows, strict=True):
        row[: len(samples)] = torch.from_numpy(samples[:N_SAMPLES])
    with torch.inference_mode():
        hann = torch.hann_window(_N_FFT, device=device)
        spectrum = torch.stft(padded.to(device, non_blocking=True), _N_FFT, _HOP, window=hann, return_complex=True)
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


# Read the weights of a CTranslate2 model, so that PyTorch can run parts of it.


_VERSIONS = (4, 5, 6)
_DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16, 5: np.uint16}
_BFLOAT16 = 5


def _tensor(variable: NDArray[Any] | Tensor) -> Tensor:
    return variable if isinstance(variable, Tensor) else torch.from_numpy(variable.copy())


def read_variables(path: Path) -> Mapping[str, NDArray[Any]]:
    """Read all variables of a `model.bin` by name; integers as they are, every weight as float16 or float32.

    Int8 weights are multiplied out with their scales (one per row).

    Raises:
        ContentError: it is no such file, or of a version that we do not know.
    """
    try:
        with path.open("rb") as file:
            found = dict(_variables(file))
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        msg = f"{path} is no CTranslate2 model that we can read ({error})"
        raise ContentError(msg) from error
    return {
        name: _multiplied_out(found, name, value) for name, value in found.items() if not name.endswith("_scale")
    }


def _variables(file: IO[bytes]) -> Any:
    version = _number(file, "<I")
    if version not in _VERSIONS:
        msg = f"version {version}"
        raise ValueError(msg)
    _text(file)
    _number(file, "<I")  # the revision of the specification
    for _ in range(_number(file, "<I")):
        name = _text(file)
        shape = [_number(file, "<I") for _ in range(_number(file, "<B"))]
        kind = _number(file, "<B")
        values = np.frombuffer(file.read(_number(file, "<I")), _DTYPES[kind]).reshape(shape)
        if kind == _BFLOAT16:
            values = (values.astype(np.uint32) << 16).view(np.float32)
        yield name, values


def _number(file: IO[bytes], form: str) -> int:
    (value,) = struct.unpack(form, file.read(struct.calcsize(form)))
    return int(value)


def _text(file: IO[bytes]) -> str:
    return file.read(_number(file, "<H")).rstrip(b"\0").decode()


def _multiplied_out(found: Mapping[str, NDArray[Any]], name: str, value: NDArray[Any]) -> NDArray[Any]:
    scale = found.get(f"{name}_scale")
    if scale is None or value.dtype != np.int8:
        return value
    return value.astype(np.float32) / scale.astype(np.float32).reshape(-1, *[1] * (value.ndim - 1))
