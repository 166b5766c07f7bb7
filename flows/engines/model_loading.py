"""The models: which ones hear an episode, where they come from and where they run; each loaded once a process."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

from flows.engines import math_library
from flows.engines.devices import working_engine
from flows.engines.fetch_weights import get_weights, is_there
from flows.progress import Say
from flows.settings import Options, Settings
from transforms.errors import ContentError, SourceError, TransientError, TurntableError, one_line
from transforms.records import Quality
from transforms.speech import diarize as diarization
from transforms.speech.device import (
    Device,
    Engine,
    is_device_failure,
    n_cuda_devices,
    preload_cublas,
    run_down,
    share_freed_memory,
)
from transforms.speech.models import MODELS, Model, find_model
from transforms.voices.prints import Embed, load_embedding

P = ParamSpec("P")
T = TypeVar("T")


def hub_token(settings: Settings) -> str | None:
    """Return the Hugging Face token, if there is one."""
    return settings.hf_token.get_secret_value() if settings.hf_token else os.environ.get("HF_TOKEN")


def asr_model(options: Options, settings: Settings, say: Say) -> Model:
    """Choose the model: what was asked for; else turbo on a GPU, if it is to be had, and base on a CPU."""
    if options.model != "auto":
        return find_model(options.model, "asr")
    if options.device == "cpu" or n_cuda_devices() == 0:
        return MODELS["base"]
    base = get_weights(MODELS["base"], settings.models, token=hub_token(settings), say=say)
    if (
        working_engine(base, settings.engine)[0] is None
    ):  # turbo is for a GPU that works; the ladder says what is wrong with this one
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


class ModelCache(Generic[P, T]):
    """Loads models, and keeps the last ones for whoever asks for the same: another thread, the next episode.

    Of two threads that ask at once one loads and the other waits. The oldest goes before another one is loaded, so
    that both never need their memory together.
    """

    def __init__(self, load: Callable[P, T], most: int) -> None:
        self.load, self.most = load, most
        self.lock = threading.Lock()
        self.models: dict[Any, T] = {}

    def __call__(self, *arguments: P.args, **more: P.kwargs) -> T:
        """Return the model of these arguments."""
        key = (arguments, tuple(more.items()))
        with self.lock:
            if key in self.models:
                self.models[key] = self.models.pop(key)
                return self.models[key]
            while len(self.models) >= self.most:
                self.models.pop(next(iter(self.models)))
            self.models[key] = self.load(*arguments, **more)
            return self.models[key]

    def forget(self) -> None:
        """Let go of all of them."""
        with self.lock:
            self.models.clear()


class DeviceFallback:
    """The devices of one use (`transcribe`, `diarize`), best first, and the warnings of the way down.

    What failed in this process is not tried again: else each episode of a batch would fill the same small GPU,
    fail, and load its models anew. The models that failed, which `kept` has, are let go. `lines` are for the row.
    """

    def __init__(
        self, use: str, kept: ModelCache[..., Any], devices: Sequence[Device], warning: str | None, say: Say
    ) -> None:
        self.use, self.kept, self.devices, self.say = use, kept, devices, say
        self.lines = [warning] if warning else []
        self.lines += [_FAILED[use, device] for device in devices[: -len(self.left)]]
        for line in self.lines:
            say(line)

    @property
    def left(self) -> Sequence[Device]:
        """The devices to try; the last one always is."""
        failed = itertools.takewhile(lambda device: (self.use, device) in _FAILED, self.devices[:-1])
        return self.devices[len(list(failed)) :]

    def run(self, work: Callable[[Device], T]) -> tuple[T, Device]:
        """Do the work on the first device that has the memory and the health for it, as `run_down` does."""

        def watched(device: Device) -> T:
            try:
                return work(device)
            except (RuntimeError, MemoryError) as error:
                if is_device_failure(error):
                    _FAILED[self.use, device] = f"{device} failed earlier in this process: going on with less"
                raise

        return run_down(self.left, watched, self._warn)

    def _warn(self, line: str) -> None:
        self.lines.append(line)
        self.say(line)
        self.kept.forget()
        _give_memory_back()


_FAILED: dict[tuple[str, Device], str] = {}


def _give_memory_back() -> None:
    """Give the GPU the memory back that torch keeps for itself: CTranslate2 cannot ask torch for it."""
    gc.collect()
    if "torch" in sys.modules:
        with suppress(RuntimeError):  # a device that is lost cannot take it; the next rung goes on without it
            sys.modules["torch"].cuda.empty_cache()


def has_failed() -> bool:
    """Check whether a device is not tried any more by this process."""
    return bool(_FAILED)


def _load_recognizer(
    folder: Path,
    device: str,
    compute_type: str,
    n_threads: int,
    batch_size: int,
    engine: Engine = "ctranslate2",
) -> Any:
    """Load a Whisper model."""
    from transforms.speech.whisper.recognizer import Recognizer

    share_freed_memory()
    if device == "cuda":
        if engine == "ctranslate2":
            preload_cublas()
        _give_memory_back()  # of models before this one, and the batches are to fit what is free
    else:
        math_library.choose(folder, n_threads)
    try:
        return Recognizer(folder, device, compute_type, n_threads, batch_size, engine)
    except Exception as error:  # tokenizers raises nothing narrower
        if isinstance(error, TurntableError) or is_device_failure(error):
            raise
        cause = one_line(error)[:200]
        msg = f"{folder} is no model that CTranslate2 can load ({cause}): take one of `turntable models`"
        raise ContentError(msg) from error


def _load_pipeline(folders: tuple[Path, ...], device: str, quality: Quality) -> Any:
    """Load a diarization pipeline."""
    share_freed_memory()
    if len(folders) == 1:
        return diarization.load_published(folders[0], device)
    segmentation, embedding = folders
    return diarization.load_embedded(
        segmentation / "pytorch_model.bin", embedding / "campplus_cn_en_common.pt", device, quality
    )


def _load_voices(folder: Path) -> Embed:
    """Load the network that embeds voices, for voiceprints: on a CPU, so that they are the same everywhere."""
    share_freed_memory()
    return load_embedding(folder / "campplus_cn_en_common.pt")


voice_embedding = ModelCache(_load_voices, most=1)
recognizer = ModelCache(_load_recognizer, most=1)
pipeline = ModelCache(_load_pipeline, most=2)  # both qualities: they are small
