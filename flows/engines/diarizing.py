"""Decoded audio → who spoke when."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.artifacts import Artifact, Made, Recipe, Store
from flows.engines import model_loading
from flows.engines.devices import torch_ladder
from flows.engines.fetch_weights import get_weights
from flows.payloads import DIARIZATION, read_samples
from flows.progress import Advance, Say
from flows.settings import Options, Settings, quality_of
from transforms.records import Diarization, Seconds
from transforms.speech import diarize as diarization
from transforms.speech import windows
from transforms.speech.device import Device, cpu_threads, use_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.speech.pyannote.low_memory import Keep


def diarize(
    store: Store,
    decoded: Artifact,
    options: Options,
    settings: Settings,
    on_progress: Advance,
    say: Say,
    part_seconds: Seconds = windows.PART_SECONDS,
) -> Artifact:
    """Find who spoke when; payload: a `Diarization` as JSON. The options are filled."""
    models = model_loading.diarization_models(options, settings)
    quality = quality_of(options)

    def compute(_: Path) -> Made:
        token = model_loading.hub_token(settings)
        folders = tuple(get_weights(model, settings.models, token=token, say=say) for model in models)
        steps = model_loading.DeviceFallback("diarize", model_loading.pipeline, *torch_ladder(options.device), say)
        samples = read_samples(decoded)
        kept = _keeping(store, recipe) if windows.count_parts(len(samples), part_seconds) > 1 else None

        def work(device: Device) -> Diarization:
            use_threads(cpu_threads())
            pipeline = model_loading.pipeline(folders, device.name, quality)
            return diarization.diarize(
                samples, pipeline, speakers=options.speakers, on_progress=on_progress, keep=kept
            )

        heard, device = steps.run(work)
        return Made(
            DIARIZATION.dump_json(heard),
            flags=heard.flags,
            model=" + ".join(model.name for model in models),
            device=str(device),
            warnings=tuple(steps.lines),
            facts={"speakers": len(heard.voices)},
        )

    recipe: Recipe = {
        "method": diarization.METHOD,
        "inputs": {"samples": decoded.sha256},
        "parameters": {"models": [model.identity for model in models], "quality": quality},
    }
    parameters = {**recipe["parameters"], "speakers": options.speakers}
    return store.make("diarize", compute, suffix=".json", **{**recipe, "parameters": parameters})


def _keeping(store: Store, recipe: Recipe) -> Keep:
    """Keep what is found out about each half hour of an episode, for the run after one that is cut off."""
    import numpy as np

    def keep(name: str, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        def save(scratch: Path) -> Made:
            np.save(scratch / "part.npy", compute())
            return Made(scratch / "part.npy")

        parameters = {**recipe["parameters"], "part": name}
        part = store.make("diarize-part", save, suffix=".npy", **{**recipe, "parameters": parameters})
        return np.asarray(np.load(part.path))

    return keep
