"""The models: which ones hear an episode, where they come from and where they run; each loaded once a process."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from flows.options import Options
from flows.settings import Settings
from flows.sources.weights import get_weights, is_there
from transforms.errors import SourceError, TransientError
from transforms.speech import diarize as diarization
from transforms.speech.device import cpu_threads, n_cuda_devices, preload_cublas
from transforms.speech.models import MODELS, Model, find_model

Say = Callable[[str], None]


def hub_token(settings: Settings) -> str | None:
    """Give the Hugging Face token, if there is one."""
    return settings.hf_token.get_secret_value() if settings.hf_token else os.environ.get("HF_TOKEN")


def asr_model(options: Options, settings: Settings, say: Say) -> Model:
    """Choose the model: what was asked for; else turbo on a GPU, if it is to be had, and base on a CPU."""
    if options.model != "auto":
        return find_model(options.model, "asr")
    if options.device == "cpu" or n_cuda_devices() == 0:
        return MODELS["base"]
    turbo = MODELS["large-v3-turbo"]
    if not is_there(turbo, settings.models):
        try:
            get_weights(turbo, settings.models, token=hub_token(settings), say=say)
        except (SourceError, TransientError) as error:
            say(f"{error}; going on with the embedded base model")
            return MODELS["base"]
    return turbo


def diarization_models(options: Options, settings: Settings) -> tuple[Model, ...]:
    """Choose who diarizes: what was asked for; else community-1 with a token, and the embedded weights without."""
    name = options.diarization_model
    if name == "auto":
        name = "community-1" if hub_token(settings) else "embedded"
    if name == "embedded":
        return MODELS["segmentation-3.0"], MODELS["campplus"]
    return (find_model(name, "diarization"),)


def threads(options: Options) -> int:
    """Share the cores between the two models that run side by side."""
    return max(1, cpu_threads() // 2) if options.diarize else cpu_threads()


class Warnings:
    """Keeps what went wrong with a device for the row, tells the user, and lets go of the model that failed."""

    def __init__(self, say: Say, first: str | None) -> None:
        self.say, self.lines = say, list[str]()
        if first:
            self.add(first)

    def add(self, line: str) -> None:
        """Take one warning."""
        self.lines.append(line)
        self.say(line)
        recognizer.cache_clear()
        _load_pipeline.cache_clear()


@lru_cache(maxsize=1)
def recognizer(folder: Path, device: str, compute_type: str, n_threads: int) -> Any:
    """Load a Whisper model once per process."""
    import ctranslate2
    from faster_whisper import WhisperModel

    if device == "cuda":
        preload_cublas()
    ctranslate2.set_random_seed(0)  # the fallback temperatures draw samples: the same ones each time
    return WhisperModel(str(folder), device=device, compute_type=compute_type, cpu_threads=n_threads)


def pipeline(folders: tuple[Path, ...], device: str, n_threads: int) -> Any:
    """Give a diarization pipeline, loaded once per process, and the calling thread its share of the cores."""
    import torch

    torch.set_num_threads(n_threads)  # OpenMP counts thread by thread: a new one would take every core
    return _load_pipeline(folders, device)


@lru_cache(maxsize=1)
def _load_pipeline(folders: tuple[Path, ...], device: str) -> Any:
    if len(folders) == 1:
        return diarization.load_published(folders[0], device)
    segmentation, embedding = folders
    return diarization.load_embedded(
        segmentation / "pytorch_model.bin", embedding / "campplus_cn_en_common.pt", device
    )
