"""Which devices there are to run on, best first, and whether CUDA works: tried once in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

from transforms.speech.device import (
    CPU,
    CUDA,
    TORCH_CPU,
    TORCH_CUDA,
    Device,
    Request,
    first_line,
    n_cuda_devices,
    preload_cublas,
)

PROBE_SECONDS = 180  # the first call on a new GPU compiles its kernels


def ladder(request: Request, whisper: Path) -> tuple[tuple[Device, ...], str | None]:
    """List the devices to try, best first, and say why CUDA is not among them, if it was wanted or is there.

    Args:
        request: `auto` takes CUDA where it works, without a word where there is none.
        whisper: the folder of the model that is to run; CUDA must pass one window of it.
    """
    if request == "cpu":
        return (CPU,), None
    if n_cuda_devices() == 0:
        reason = "no CUDA device is there" if request == "cuda" else None
    else:
        reason = probe_cuda(whisper)
    if reason is None and n_cuda_devices():
        return (*CUDA, CPU), None
    return (CPU,), f"{reason}: running on the CPU" if reason else None


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
def probe_cuda(whisper: Path) -> str | None:
    """Run one window through the GPU in a child process, once, and say what is wrong with it.

    A missing library or an old driver may abort the whole process, or give empty text without an error; a child
    makes either a plain answer. `None` means that it works.
    """
    try:
        child = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "flows.engines.devices", str(whisper)],
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


def smoke_test(whisper: Path) -> None:
    """Run one window of noise through Whisper and one product through torch, on CUDA."""
    import ctranslate2
    import numpy as np
    import torch

    preload_cublas()
    model = ctranslate2.models.Whisper(str(whisper), device="cuda", compute_type="float16")
    noise = np.random.default_rng(0).standard_normal((1, model.n_mels, 3000)).astype(np.float32)
    encoded = np.array(model.encode(ctranslate2.StorageView.from_array(noise), to_cpu=True))
    if not np.isfinite(encoded).all() or not encoded.any():
        msg = "the encoder's answer is empty"
        raise RuntimeError(msg)
    torch.ones(64, 64, device="cuda").matmul(torch.ones(64, 64, device="cuda")).sum().item()


if __name__ == "__main__":
    smoke_test(Path(sys.argv[1]))
