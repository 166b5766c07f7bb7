"""What the parts share: where they run, the models that they run, how long something takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tests.gpu.clips import RATE, read_clips
from tests.gpu.report import Report
from transforms.speech.device import cpu_threads, how_many_fit
from transforms.speech.whisper.network import Whisper
from transforms.speech.whisper.recognizer import N_WORKERS, OPTIONS, PARTS_OF_MEMORY, Recognizer
from transforms.speech.whisper.torch_model import TorchModel, load_model

MOST_WINDOWS = 128
SHORT_SECONDS = 14


@dataclass(slots=False)
class Bench:
    """Hold what a run is: on `device`, in its `short` form or whole, with weights and clips of these folders."""

    device: str
    short: bool
    weights: Path
    clip_folder: Path | None
    report: Report
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def half(self) -> torch.dtype:
        """Return the type that networks run in there."""
        return torch.float16 if self.device == "cuda" else torch.float32

    @cached_property
    def clips(self) -> list[NDArray[np.int16]]:
        """Return what is heard: float32 mono, 16 kHz."""
        clips = read_clips(self.clip_folder)
        return [clips[0][: SHORT_SECONDS * RATE]] if self.short else clips

    @property
    def ceilings(self) -> dict[str, float]:
        """Return what this machine was seen to do: FLOP a second by type, and bytes a second (`copy`)."""
        found: dict[str, float] = self.report.facts.get("ceilings", {})
        return found

    def share(self, per_second: float, of: str) -> float | None:
        """Return the share of a ceiling, where that was measured."""
        return per_second / self.ceilings[of] if self.ceilings.get(of) else None

    def fitting(self, network: Whisper) -> int:
        """Choose the batch of windows that the recogniser would choose."""
        if self.short:
            return 2
        each = N_WORKERS * network.bytes_to_write(OPTIONS.beam_size)
        fits = how_many_fit(self.device, each, PARTS_OF_MEMORY[self.device])
        return 1 << (min(fits, MOST_WINDOWS).bit_length() - 1)

    def whisper(self, name: str, dtype: torch.dtype, device: str | None = None) -> Recognizer:
        """Load a real model into the engine of PyTorch."""
        import json

        folder, device = self.weights / name, device or self.device
        heads = json.loads((folder / "config.json").read_bytes()).get("alignment_heads")
        return self.recognizer(load_model(folder, Whisper(folder, heads, dtype, torch.device(device))))

    def recognizer(self, model: TorchModel, *, is_static: bool = True) -> Recognizer:
        """Make a recogniser of a model that is there."""
        made = object.__new__(Recognizer)
        made._take(model)
        made.n_workers, made.n_threads = N_WORKERS, cpu_threads()
        made.batch_size, made.is_static = self.fitting(model.network), is_static
        return made

    def pipeline(self, device: str | None = None) -> Any:
        """Load the networks that tell voices apart."""
        from transforms.speech.diarize import load_embedded

        segmentation = self.weights / "segmentation-3.0" / "pytorch_model.bin"
        return load_embedded(
            segmentation, self.weights / "campplus" / "campplus_cn_en_common.pt", device or self.device
        )

    def wait(self) -> None:
        """Wait until the device has done what it was asked to."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def seconds(self, work: Callable[[], object], times: int = 5, warm: int = 2) -> float:
        """Time some work, in seconds: the median of so many times behind a warm-up."""
        if self.short:
            times, warm = 1, 1
        for _ in range(warm):
            work()
        self.wait()
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            work()
            self.wait()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    def free(self) -> None:
        """Let go of memory that nobody holds any more."""
        import gc

        gc.collect()
        if self.device == "cuda":
            torch.cuda.empty_cache()
