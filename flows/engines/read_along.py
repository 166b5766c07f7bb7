"""Words of a published text that were heard otherwise → when they are said, by the model that heard the others."""

from __future__ import annotations

from collections.abc import Sequence

from flows.artifacts import Artifact
from flows.engines import model_loading
from flows.engines.devices import ladder
from flows.engines.fetch_weights import get_weights
from flows.payloads import read_samples
from flows.progress import Advance, Say
from flows.settings import Settings
from transforms.alignment.forcing import Clip, ReadWord
from transforms.speech.device import Device, Request, cpu_threads
from transforms.speech.models import Model

Read = list[list[ReadWord | None]]  # the words of each clip


def read_clips(
    decoded: Artifact,
    clips: Sequence[Clip],
    language: str,
    model: Model,
    device: Request,
    settings: Settings,
    on_progress: Advance,  # noqa: ARG001 - it takes seconds, and is called as what takes minutes
    say: Say,
) -> tuple[Read, str]:
    """Find the words of clips in the audio; and on what device that ran."""
    token = model_loading.hub_token(settings)
    folder = get_weights(model, settings.models, token=token, say=say)
    devices = ladder(device, folder, settings.engine)
    steps = model_loading.DeviceFallback("transcribe", model_loading.recognizer, *devices, say)
    samples = read_samples(decoded)

    def work(device: Device) -> Read:
        from transforms.speech.whisper.reading import read_along

        # as it is loaded to transcribe: what is there is not loaded again
        recognizer = model_loading.recognizer(
            folder, device.name, device.compute_type, cpu_threads(), device.batch_size, device.engine
        )
        return read_along(clips, samples, recognizer, language)

    found, ran_on = steps.run(work)
    return found, str(ran_on)
