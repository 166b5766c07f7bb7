"""openai-whisper hears words, with the same weights: those of CTranslate2, named as OpenAI's own.

openai_peer.py FOLDER_OF_THE_CTRANSLATE2_MODEL BEAM THREADS
"""

from __future__ import annotations

import json
import struct
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).parents[3]))
from flows.bench.process import Hear, serve


def load() -> Hear:
    """Build OpenAI's model around the converted weights."""
    import numpy as np
    import torch
    import whisper

    folder, beam, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    values = read_model(folder / "model.bin")
    state = {name: torch.from_numpy(value.astype(np.float32)) for name, value in renamed(values).items()}
    decoder_layers = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("decoder.blocks."))
    encoder_layers = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("encoder.blocks."))
    width = state["decoder.token_embedding.weight"].shape[1]
    model = whisper.model.Whisper(
        whisper.model.ModelDimensions(
            n_mels=state["encoder.conv1.weight"].shape[1],
            n_audio_ctx=1500,
            n_audio_state=width,
            n_audio_head=width // 64,
            n_audio_layer=encoder_layers,
            n_vocab=state["decoder.token_embedding.weight"].shape[0],
            n_text_ctx=448,
            n_text_state=width,
            n_text_head=width // 64,
            n_text_layer=decoder_layers,
        )
    )
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    assert set(missing) <= {"encoder.positional_embedding"}, missing
    heads = torch.zeros(decoder_layers, width // 64, dtype=torch.bool)
    for layer, head in json.loads((folder / "config.json").read_text())["alignment_heads"]:
        heads[layer, head] = True
    model.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
    model.eval()

    def hear(path: Path) -> dict[str, Any]:
        import wave

        with wave.open(str(path)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        began = time.perf_counter()
        heard = model.transcribe(samples, beam_size=beam, word_timestamps=True, fp16=False, verbose=None)
        seconds = time.perf_counter() - began
        said = [["", one["start"], one["end"], one["text"]] for one in heard["segments"]]
        return {"seconds": seconds, "utterances": said}

    return hear


def read_model(path: Path) -> dict[str, Any]:
    """Read the arrays of a model file of CTranslate2, by name."""
    import numpy as np

    types = [np.float32, np.int8, np.int16, np.int32, np.float16]
    with path.open("rb") as file:
        (_version,) = _unpack(file, "I")
        _text(file)
        _revision, n_values = _unpack(file, "II")
        values = {}
        for _ in range(n_values):
            name = _text(file)
            (rank,) = _unpack(file, "B")
            shape = _unpack(file, "I" * rank)
            kind, n_bytes = _unpack(file, "B")[0], _unpack(file, "I")[0]
            values[name] = np.frombuffer(file.read(n_bytes), types[kind]).reshape(shape)
        return values


def _unpack(file: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))


def _text(file: BinaryIO) -> str:
    return file.read(_unpack(file, "H")[0]).rstrip(b"\0").decode()


def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Name the arrays as OpenAI's checkpoints do; CTranslate2 joins query, key and value into one matrix."""
    import numpy as np

    state: dict[str, Any] = {}
    for name, value in values.items():
        parts = name.split("/")
        if parts[0] not in ("encoder", "decoder") or not value.shape:
            continue
        side, rest = parts[0], parts[1:]
        if rest[0].startswith("conv"):
            state[f"{side}.{rest[0]}.{rest[1]}"] = value
        elif rest[0] == "embeddings":
            state["decoder.token_embedding.weight"] = value
        elif rest[0] == "position_encodings":
            state[f"{side}.positional_embedding"] = value
        elif rest[0] == "layer_norm":
            state[f"{side}.{'ln_post' if side == 'encoder' else 'ln'}.{_norm(rest[1])}"] = value
        elif rest[0].startswith("layer_"):
            _rename_layer(state, f"{side}.blocks.{rest[0][6:]}", rest[1:], value, np.split)
    return state


def _norm(name: str) -> str:
    return {"gamma": "weight", "beta": "bias"}[name]


def _rename_layer(state: dict[str, Any], block: str, rest: list[str], value: Any, split: Any) -> None:
    kind, which, leaf = rest
    attention = {"self_attention": "attn", "attention": "cross_attn"}.get(kind)
    if kind == "ffn":
        prefix = {"layer_norm": "mlp_ln", "linear_0": "mlp.0", "linear_1": "mlp.2"}[which]
        state[f"{block}.{prefix}.{_norm(leaf) if which == 'layer_norm' else leaf}"] = value
        return
    if which == "layer_norm":
        state[f"{block}.{attention}_ln.{_norm(leaf)}"] = value
        return
    joined = {
        ("attn", "linear_0"): ("query", "key", "value"),
        ("attn", "linear_1"): ("out",),
        ("cross_attn", "linear_0"): ("query",),
        ("cross_attn", "linear_1"): ("key", "value"),
        ("cross_attn", "linear_2"): ("out",),
    }[str(attention), which]
    for target, piece in zip(joined, split(value, len(joined)), strict=True):
        if not (target == "key" and leaf == "bias"):  # Whisper's keys have none; it is zero here
            state[f"{block}.{attention}.{target}.{leaf}"] = piece


if __name__ == "__main__":
    serve(load)
