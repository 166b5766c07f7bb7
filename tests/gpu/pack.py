"""Put all that `check` needs, and a bare machine with PyTorch lacks, into one folder: `make gpu-pack DIR=…`.

    python -m tests.gpu.pack DIR     then, anywhere with Python 3.12 and PyTorch 2.11: DIR/run.sh

The machine brings torch, torchaudio, NumPy, SciPy, pandas, scikit-learn, ONNX Runtime, tokenizers, Lightning and
what comes with them. The pack brings pure Python that is missing there, small weights and clips. CTranslate2 with
CUDA 12's cuBLAS would be 500 MB: the engine of PyTorch needs neither. Nothing of it is downloaded anew.
"""

from __future__ import annotations

import importlib.metadata
import io
import re
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from flows.engines.fetch_weights import get_weights
from flows.settings import Settings
from tests.gpu.clips import read_clips, write_wav
from transforms.speech.models import MODELS
from transforms.speech.pyannote.checkpoint import read_checkpoint
from transforms.speech.whisper.network import read_variables

ROOT = Path(__file__).parents[2]
LARGEST = 60_000_000  # bytes
FAMILIES = ("pyannote", "opentelemetry")  # all that is installed of them
DISTRIBUTIONS = (
    *("faster-whisper", "asteroid-filterbanks", "julius", "torch-audiomentations", "torch-pitch-shift", "primePy"),
    *("optuna", "colorlog", "sortedcontainers", "googleapis-common-protos"),
)
RUN = """\
#!/bin/sh
# Check and time Turntable's speech core on this machine, without a network; see tests/gpu/check.py.
#   run.sh [--device cuda|cpu] [--short] [--out DIR]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=${PYTHON:-python3}
$python -m zipfile -e "$here/pack.zip" "$place"
export PYTHONPATH="$place${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE=1
$python -m tests.gpu.check --weights "$place/weights" --clips "$place/clips" "$@"
"""


def main() -> None:
    """Make the pack."""
    folder = Path(sys.argv[1])
    size = pack(folder)
    print(f"{folder}: {size / 1e6:.1f} MB; run {folder / 'run.sh'} on the other machine")
    if size > LARGEST:
        msg = f"larger than {LARGEST / 1e6:.0f} MB"
        raise SystemExit(msg)


def pack(folder: Path) -> int:
    """Write `run.sh` and `pack.zip`; return how many bytes they are."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "pack.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=6) as box:
        for name, data in (*code(), *site(), *weights(), *clips()):
            box.writestr(name, data)
    script = folder / "run.sh"
    script.write_text(RUN)
    script.chmod(0o755)
    return sum(path.stat().st_size for path in folder.iterdir())


def code() -> Iterator[tuple[str, bytes]]:
    """Read what is checked, and what checks it."""
    for path in sorted((*(ROOT / "transforms").rglob("*.py"), *(ROOT / "tests" / "gpu").glob("*.py"))):
        yield str(path.relative_to(ROOT)), path.read_bytes()


def site() -> Iterator[tuple[str, bytes]]:
    """Read the packages as they are installed here: none of them has anything compiled."""
    installed = {one.name for one in importlib.metadata.distributions()}
    kin = sorted(name for name in installed if re.split(r"[-.]", name)[0] in FAMILIES)
    for name in (*DISTRIBUTIONS, *kin):
        for file in importlib.metadata.distribution(name).files or ():
            path = Path(str(file.locate()))
            if ".." in file.parts or "__pycache__" in file.parts or path.suffix in (".wav", ".pyc", ".so"):
                continue
            yield f"site/{file}", path.read_bytes()


def weights() -> Iterator[tuple[str, bytes]]:
    """Read the embedded weights, in half of their size or a quarter: both sides of a comparison have the same."""
    folder = Settings().models
    tiny = get_weights(MODELS["tiny.en"], folder)
    yield "weights/tiny.en/model.bin", in_eight_bits(dict(read_variables(tiny / "model.bin")))
    for name in ("config.json", "tokenizer.json"):
        yield f"weights/tiny.en/{name}", (tiny / name).read_bytes()
    for model, name in (("segmentation-3.0", "pytorch_model.bin"), ("campplus", "campplus_cn_en_common.pt")):
        saved = read_checkpoint(get_weights(MODELS[model], folder) / name)
        inside = saved.get("state_dict")
        halved = {**saved, "state_dict": halves(inside)} if inside else halves(saved)
        file = io.BytesIO()
        torch.save(halved, file)
        yield f"weights/{model}/{name}", file.getvalue()


def halves(state: dict[str, Any]) -> dict[str, Any]:
    """Keep the numbers of a state in 16 bits: networks read them as they need them."""
    return {name: x.half() if torch.is_tensor(x) and x.is_floating_point() else x for name, x in state.items()}


def in_eight_bits(variables: dict[str, NDArray[Any]]) -> bytes:
    """Write a model as CTranslate2 does, its matrices as int8 with a scale for each row."""
    written: list[bytes] = []
    for name, value in variables.items():
        if value.ndim == 2 and name.endswith("/weight"):
            scale = 127 / np.maximum(np.abs(value.astype(np.float32)).max(1), 1e-9)
            written.append(variable(name, np.rint(value * scale[:, None]).astype(np.int8)))
            written.append(variable(f"{name}_scale", scale.astype(np.float32)))
        else:
            written.append(variable(name, value))
    return b"".join([struct.pack("<I", 6), text("WhisperSpec"), struct.pack("<II", 3, len(written)), *written]) + (
        struct.pack("<I", 0)
    )


def variable(name: str, value: NDArray[Any]) -> bytes:
    """Write one variable of a model."""
    kinds = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
    head = struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)
    return text(name) + head + struct.pack("<BI", kinds[str(value.dtype)], value.nbytes) + value.tobytes()


def text(name: str) -> bytes:
    """Write a name of a model."""
    return struct.pack("<H", len(name) + 1) + name.encode() + b"\0"


def clips() -> Iterator[tuple[str, bytes]]:
    """Read the bundled episode, decoded: the other machine may have nothing that decodes."""
    for n, samples in enumerate(read_clips(None)):
        file = io.BytesIO()
        write_wav(file, samples)
        yield f"clips/{n}.wav", file.getvalue()


if __name__ == "__main__":
    main()
