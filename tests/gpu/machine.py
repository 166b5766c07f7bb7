"""What is there, and the most that it was seen to do: a matrix product, a copy."""

from __future__ import annotations

import ctypes
import importlib.metadata
import platform
import subprocess
from collections.abc import Iterator

import torch

from tests.gpu.bench import Bench
from tests.gpu.report import Row
from tests.gpu.stand_ins import is_missing
from transforms.speech.device import cpu_threads, preload_cublas

PART = "machine"
LIBRARIES = (
    "torch",
    "torchaudio",
    "ctranslate2",
    "faster-whisper",
    "pyannote.audio",
    "onnxruntime",
    "av",
    "numpy",
)


def run(bench: Bench) -> None:
    """Look at everything, then measure."""
    bench.report.step(PART, "software", lambda: software(bench))
    bench.report.step(PART, "card", lambda: card(bench))
    bench.report.step(PART, "ceilings", lambda: ceilings(bench))


def software(bench: Bench) -> Iterator[Row]:
    """Name the versions, and what is missing."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed" if is_missing(name.replace("-", "_")) else "no version"
    bench.report.facts["versions"] = versions
    about = f"Python {platform.python_version()}, {platform.machine()}, {cpu_threads()} cores"
    yield Row(PART, "software", about, note=", ".join(f"{name} {found}" for name, found in versions.items()))
    preload_cublas()
    try:
        ctypes.CDLL("libcublas.so.12")
        found = "there"
    except OSError:
        found = "not there"
    yield Row(PART, "CUDA 12's cuBLAS, for CTranslate2", found)


def card(bench: Bench) -> Iterator[Row]:
    """Describe the GPU."""
    if bench.device != "cuda":
        yield Row(PART, "card", "none is used")
        return
    about = torch.cuda.get_device_properties(0)
    query = ["nvidia-smi", "--query-gpu=driver_version,clocks.max.sm,power.limit", "--format=csv,noheader"]
    try:
        seen = subprocess.run(query, capture_output=True, text=True, timeout=20).stdout.strip()
    except OSError as error:
        seen = str(error)
    yield Row(
        PART,
        "card",
        f"{torch.cuda.device_count()} × {about.name}, {about.total_memory / 2**30:.0f} GiB",
        note=f"sm_{about.major}{about.minor}, CUDA {torch.version.cuda}, {seen}",
    )
    fused = ("flash_sdp", "mem_efficient_sdp", "cudnn_sdp")
    on = [name for name in fused if getattr(torch.backends.cuda, f"{name}_enabled")()]
    yield Row(PART, "fused attention", ", ".join(on), note=f"bfloat16: {torch.cuda.is_bf16_supported()}")


def ceilings(bench: Bench) -> Iterator[Row]:
    """Measure matrix products and a copy."""
    size = 8192 if bench.device == "cuda" else 512
    found: dict[str, float] = {}
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        if bench.device == "cpu" and dtype == torch.float16:
            continue
        one = torch.randn(size, size, device=bench.device).to(dtype)
        seconds = bench.seconds(lambda one=one: one @ one, times=8, warm=3)  # type: ignore[misc]
        name = str(dtype).removeprefix("torch.")
        found[name] = 2 * size**3 / seconds
        yield Row(PART, f"matrix product, {name}", found[name] / 1e12, "TFLOP/s")
    found.setdefault("float16", found["float32"])
    source = torch.empty(
        (4 << 30) if bench.device == "cuda" else (32 << 20), dtype=torch.uint8, device=bench.device
    )
    target = torch.empty_like(source)
    found["copy"] = 2 * source.numel() / bench.seconds(lambda: target.copy_(source))
    bench.report.facts["ceilings"] = found
    yield Row(PART, "copy within its memory", found["copy"] / 1e9, "GB/s", note="read and written bytes")
    if bench.device == "cuda":
        for pinned in (False, True):
            block = torch.empty(256 << 20, dtype=torch.uint8, pin_memory=pinned)
            there = torch.empty(256 << 20, dtype=torch.uint8, device="cuda")
            seconds = bench.seconds(lambda: there.copy_(block, non_blocking=True))  # noqa: B023
            yield Row(
                PART,
                f"copy to the card, {'pinned' if pinned else 'pageable'}",
                block.numel() / seconds / 1e9,
                "GB/s",
            )
