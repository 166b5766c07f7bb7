"""Which devices there are to run on, best first, and whether CUDA works: tried once in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.speech.device import (
    ALL_TORCH,
    CPU,
    CUDA,
    TORCH_CPU,
    TORCH_CUDA,
    Device,
    Engine,
    EngineRequest,
    Request,
    first_line,
    n_cuda_devices,
    preload_cublas,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROBE_SECONDS = 180  # the first call on a new GPU compiles its kernels
ENGINE_NAMES: dict[Engine, str] = {"ctranslate2": "CTranslate2", "torch": "PyTorch"}
RUNGS: dict[Engine, tuple[Device, ...]] = {"ctranslate2": CUDA, "torch": ALL_TORCH}


def ladder(
    request: Request, whisper: Path, engine: EngineRequest = "auto"
) -> tuple[tuple[Device, ...], str | None]:
    """List the devices to try, best first, and say why CUDA is not among them, if it was wanted or is there.

    Args:
        request: `auto` takes CUDA where it works, without a word where there is none.
        whisper: the folder of the model that is to run; CUDA must pass one window of it.
        engine: what is to write the words on a GPU; `auto` takes the first that works.
    """
    if request == "cpu":
        return (CPU,), None
    if n_cuda_devices() == 0:
        return (CPU,), "no CUDA device is there: running on the CPU" if request == "cuda" else None
    works, reason = working_engine(whisper, engine)
    return (*RUNGS[works], CPU) if works else (CPU,), None if works else f"{reason}: running on the CPU"


def working_engine(whisper: Path, engine: EngineRequest) -> tuple[Engine | None, str | None]:
    """Find what can write words on the GPU; `None`, and why the first could not, where nothing can.

    CTranslate2 needs CUDA 12's cuBLAS beside torch's CUDA 13; PyTorch needs nothing more.
    """
    reasons = []
    for one in RUNGS if engine == "auto" else (engine,):
        reason = probe_cuda(whisper, one)
        if reason is None:
            return one, None
        reasons.append(reason)
    return None, reasons[0]


def torch_ladder(request: Request) -> tuple[tuple[Device, ...], str | None]:
    """List the devices for torch, best first, and say why CUDA is not among them, as `ladder` does."""
    import torch

    if request == "cpu":
        return (TORCH_CPU,), None
    try:
        if torch.cuda.is_available():
            torch.ones(8, device="cuda").sum().item()
            return (TORCH_CUDA, TORCH_CPU), None
    except RuntimeError as error:
        return (TORCH_CPU,), f"torch cannot use the GPU ({first_line(error)}): diarizing on the CPU"
    return (TORCH_CPU,), "torch sees no CUDA device: diarizing on the CPU" if request == "cuda" else None


@cache
def probe_cuda(whisper: Path, engine: Engine = "ctranslate2") -> str | None:
    """Run one window through the GPU in a child process, once, and say what is wrong with it.

    A missing library or an old driver may abort the whole process, or give empty text without an error; a child
    makes either a plain answer. `None` means that it works.
    """
    try:
        child = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "flows.engines.devices", str(whisper), engine],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the GPU did not answer within {PROBE_SECONDS} s"
    # one that is full for now works: the ladder goes down as far as it must
    if child.returncode == 0 or "out of memory" in child.stderr.lower():
        return None
    last = (child.stderr.strip().splitlines() or ["no message"])[-1]
    return f"the GPU does not work ({last[:200]}; exit {child.returncode})"


def smoke_test(whisper: Path, engine: Engine, device: str = "cuda") -> None:
    """Run one window of noise through Whisper and one product through torch, on CUDA.

    Raises:
        RuntimeError: what comes out is nothing.
    """
    import numpy as np
    import torch

    encoded = {"ctranslate2": _encoded_by_ctranslate2, "torch": _encoded_by_torch}[engine](whisper, device)
    if not np.isfinite(encoded).all() or not encoded.any():
        msg = "the encoder's answer is empty"
        raise RuntimeError(msg)
    torch.ones(64, 64, device=device).matmul(torch.ones(64, 64, device=device)).sum().item()


def _noise(n_mels: int) -> NDArray[np.float32]:
    import numpy as np

    return np.random.default_rng(0).standard_normal((1, n_mels, 3000)).astype(np.float32)


def _encoded_by_ctranslate2(whisper: Path, device: str) -> NDArray[np.float32]:
    import ctranslate2
    import numpy as np

    preload_cublas()
    kind = "float16" if device == "cuda" else "default"
    model = ctranslate2.models.Whisper(str(whisper), device=device, compute_type=kind)
    encoded = model.encode(ctranslate2.StorageView.from_array(_noise(model.n_mels)), to_cpu=True)
    return np.array(encoded, dtype=np.float32)


def _encoded_by_torch(whisper: Path, device: str) -> NDArray[np.float32]:
    """Encode, and write two dozen tokens: that the steps can be recorded is part of what must work."""
    from transforms.speech.whisper.recognizer import Recognizer

    model = Recognizer(whisper, device, "float16", 1, 1, "torch")
    encoded = model.encode_windows(_noise(model.n_mels))
    model.batches().decode(encoded, [30.0], "en", None, 5)
    return encoded.float().numpy(force=True)


if __name__ == "__main__":
    smoke_test(Path(sys.argv[1]), "torch" if sys.argv[2] == "torch" else "ctranslate2")
