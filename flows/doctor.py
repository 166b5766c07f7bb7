"""Looks at this machine and says what to do."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from collections import deque
from pathlib import Path
from typing import Any, Literal, NamedTuple

from flows.engines import math_library, model_loading
from flows.engines.devices import ENGINE_NAMES, ladder, working_engine
from flows.engines.fetch_weights import is_there
from flows.engines.model_loading import hub_token
from flows.home.folder import check_usable
from flows.settings import Settings
from transforms.audio.decoding import SAMPLE_RATE, as_float32, decode
from transforms.errors import TurntableError
from transforms.speech.device import cpu_threads, least_seconds, n_cuda_devices
from transforms.speech.models import EMBEDDED, MODELS, check_files
from transforms.speech.transcribe import TranscribeJob, transcribe_many

LIBRARIES = ("prefect", "faster-whisper", "ctranslate2", "pyannote.audio", "torch", "av", "duckdb", "httpx2")
SPEECH, SPEECH_SECONDS = Path(__file__).parent / "demo" / "why-a-record-turns.ogg", 28  # one window of Whisper
LEAST_DISK = 5e9  # bytes; an hour of audio takes about 0.2 GB, decoded samples included


class Check(NamedTuple):
    """One thing looked at; `bad` keeps Turntable from working, `note` does not."""

    check: str
    state: Literal["good", "note", "bad"]
    found: str
    do: str


def examine(settings: Settings) -> list[Check]:
    """Look at everything that an ingest needs."""
    return [
        Check("python", "good", f"{platform.python_version()} on {platform.system()} {platform.machine()}", ""),
        *[_library(name) for name in LIBRARIES],
        _device(settings),
        *_engine_and_speed(settings),
        *[_weights(name, settings) for name in (model.name for model in EMBEDDED)],
        _diarization(settings),
        _disk(settings),
        _snapshot(settings),
    ]


def _library(name: str) -> Check:
    try:
        return Check(name, "good", importlib.metadata.version(name), "")
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "bad", "not installed", f"{sys.executable} -m pip install {name}")


def _device(settings: Settings) -> Check:
    if not n_cuda_devices():
        return Check("device", "good", f"CPU, {cpu_threads()} cores, int8", "")
    base = settings.models / "base"
    if not (base / "model.bin").exists():
        return Check("device", "note", "a GPU, not tried yet", "turntable models fetch")
    engine, reason = working_engine(base, settings.engine)
    if engine is not None:
        does = f"{ENGINE_NAMES[engine]} writes the words"
        return Check("device", "good", f"CUDA, {n_cuda_devices()} device(s), float16, {does}", "")
    return Check(
        "device", "note", f"{reason}; the CPU is used", "pip install 'turntable[gpu]', or update the driver"
    )


def _engine_and_speed(settings: Settings) -> list[Check]:
    """Load the embedded models where they would run, say what does their work, and how fast it was."""
    base = MODELS["base"]
    if not is_there(base, settings.models):
        return [Check("engine", "note", "not tried yet", "turntable models fetch")]
    folder = settings.models / base.name
    try:
        check_files(base, folder)
    except TurntableError:
        return [Check("engine", "note", "not tried with damaged weights", "turntable models fetch")]
    device = ladder(settings.device, folder, settings.engine)[0][0]
    n_threads = cpu_threads()
    recognizer = model_loading.recognizer(
        folder, device.name, device.compute_type, n_threads, device.batch_size, device.engine
    )
    parts = (
        f"{device}",
        f"batches of {recognizer.batch_size}",
        f"{n_threads} threads",
        recognizer.describe(),
        f"math by {math_library.in_use()}" if device.name == "cpu" else "math by cuBLAS",
    )
    engine = Check("engine", "good", ", ".join(parts), "")
    speed = words_speed(recognizer)
    found = f"words of the base model at about {speed:.0f} × real time, voices beside"
    return [engine, Check("speed", "good", found, "")]


def words_speed(recognizer: Any) -> float:
    """Hear half a minute of the bundled episode, once on each core or a batch of it on a GPU; × real time."""
    samples = as_float32(decode(SPEECH).samples[: SPEECH_SECONDS * SAMPLE_RATE])
    n: int = recognizer.batch_size if recognizer.model.device == "cuda" else recognizer.n_workers
    jobs = [TranscribeJob(str(number), samples, "en") for number in range(n)]

    def hear() -> None:
        deque(transcribe_many(jobs, recognizer), maxlen=0)

    return n * SPEECH_SECONDS / least_seconds(hear, times=2)


def _weights(name: str, settings: Settings) -> Check:
    model = MODELS[name]
    if not is_there(model, settings.models):
        return Check(f"weights {name}", "note", "not there yet", "turntable models fetch")
    try:
        check_files(model, settings.models / name)
    except TurntableError as error:
        return Check(
            f"weights {name}", "bad", str(error), f"rm -r {settings.models / name}; turntable models fetch"
        )
    return Check(f"weights {name}", "good", str(settings.models / name), "")


def _diarization(settings: Settings) -> Check:
    if hub_token(settings):
        return Check("diarization", "good", "pyannote/speaker-diarization-community-1 (a token is set)", "")
    return Check("diarization", "good", "embedded weights (no token is set)", "")


def _disk(settings: Settings) -> Check:
    try:
        check_usable(settings.home)
    except TurntableError as error:
        return Check("disk", "bad", str(error), "give another --home or TURNTABLE_HOME")
    folder = settings.home
    free = shutil.disk_usage(folder).free
    state: Literal["good", "bad"] = "good" if free > LEAST_DISK else "bad"
    advice = "" if state == "good" else f"free some space, or move TURNTABLE_HOME off {folder}"
    return Check("disk", state, f"{free / 1e9:.0f} GB free at {settings.home}", advice)


def _snapshot(settings: Settings) -> Check:
    if settings.snapshot.exists():
        return Check(
            "warehouse", "good", f"{settings.snapshot} ({settings.snapshot.stat().st_size / 1e6:.1f} MB)", ""
        )
    return Check("warehouse", "note", "nothing ingested yet", "turntable demo")
