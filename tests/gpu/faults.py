"""What it does when the device breaks: too little memory at each step, no card, two cards, a card that is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from tests.gpu.bench import Bench
from tests.gpu.report import Row
from transforms.speech import diarize as diarization
from transforms.speech import transcribe as engine
from transforms.speech.device import CPU, TORCH_CPU, Device, run_down
from transforms.speech.whisper import recognizer as recognizing
from transforms.speech.whisper import static_search
from transforms.speech.whisper.network import Whisper

PART = "faults"
OUT = "CUDA out of memory. Tried to allocate 2.00 GiB"
LOST = "CUDA error: unspecified launch failure"
# Where it is injected: what is patched, and its name there.
POINTS: dict[str, tuple[Any, str]] = {
    "spectrograms": (recognizing, "log_mel"),
    "encoder": (Whisper, "encode"),
    "memory of the search": (static_search, "make_boards"),
    "a step": (static_search._Writing, "_read"),
    "the end": (static_search._Writing, "_finish"),
}
VOICES = ("segmentation", "voices")


def run(bench: Bench) -> None:
    """Break everything once."""
    points = ["memory of the search"] if bench.short else list(POINTS)
    for point in points:
        bench.report.step(PART, f"out of memory: {point}", lambda point=point: words(bench, point, OUT))  # type: ignore[misc]
        bench.free()
    for point in () if bench.short else VOICES:
        bench.report.step(PART, f"out of memory: {point}", lambda point=point: voices(bench, point))  # type: ignore[misc]
    bench.report.step(PART, "a card that is lost", partial(words, bench, "a step", LOST))
    bench.report.step(PART, "no card", partial(no_card, bench))
    bench.report.step(PART, "two cards", partial(two_cards, bench))
    bench.report.step(PART, "a card that is full", partial(full, bench))


def failing_once(point: tuple[Any, str], message: str) -> Any:
    """Let a function fail the first time that it is called."""
    owner, name = point
    real, failed = getattr(owner, name), []

    def fail(*arguments: Any, **more: Any) -> Any:
        if not failed:
            failed.append(True)
            raise RuntimeError(message)
        return real(*arguments, **more)

    return mock.patch.object(owner, name, fail)


def words(bench: Bench, point: str, message: str) -> Iterator[Row]:
    """Check that the words come all the same, from the next device, and that a line says why."""
    samples = bench.clips[0][: 8 * 16_000]
    said: list[str] = []
    first = Device("cuda", "float16", 256, "torch")

    def hear(device: Device) -> str:
        on = bench.device if device is first else "cpu"
        model = bench.whisper("tiny.en", bench.half if device is first else torch.float32, on)
        model.is_static = device is first
        return " ".join(word.word for word in engine.transcribe(samples, model, language="en").words)

    with failing_once(POINTS[point], message):
        heard, where = run_down((first, CPU), hear, said.append)
    what = "a card that is lost" if message == LOST else f"out of memory: {point}"
    right = where is CPU and len(said) == 1 and message[:20] in said[0] and len(heard.split()) > 5
    yield Row(PART, what, f"went on with {where}", right=right, note=f"{len(heard.split())} words; {said}")


def voices(bench: Bench, point: str) -> Iterator[Row]:
    """Check that the voices come all the same, too."""
    from transforms.speech.pyannote import campplus, low_memory

    broken = {"segmentation": (low_memory, "crop"), "voices": (campplus.Inference, "forward")}
    samples, said = bench.clips[0][: 30 * 16_000], list[str]()
    first = Device("cuda", "float32", 8)

    def tell(device: Device) -> int:
        pipeline = bench.pipeline(bench.device if device is first else "cpu")
        return len(diarization.diarize(samples, pipeline).voices)

    with failing_once(broken[point], OUT):
        n_voices, where = run_down((first, TORCH_CPU), tell, said.append)
    right = where is TORCH_CPU and len(said) == 1 and n_voices > 0
    yield Row(PART, f"out of memory: {point}", f"went on with {where}", right=right, note=f"{n_voices} voices")


def child(bench: Bench, what: str, cards: str, device: str, code: int = 0) -> Row:
    """Run the short form on the cards of that name; right is what ends with this exit code."""
    out = bench.report.path.parent / what.replace(" ", "-")
    command = [sys.executable, "-m", "tests.gpu.check", "--short", "--device", device, "--out", str(out)]
    command += ["--weights", str(bench.weights), "--parts", "same"]
    command += ["--clips", str(bench.clip_folder)] if bench.clip_folder else []
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": cards},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Row(PART, what, f"exit {done.returncode}", right=done.returncode == code, note=done.stderr[-160:])


def no_card(bench: Bench) -> Iterator[Row]:
    """Check that a process without a card hears on the CPU, and says that there is none if told to use one."""
    if bench.device != "cuda":
        yield Row(PART, "no card", "this run has none")
        return
    yield child(bench, "no card", "", "cpu")
    yield child(bench, "no card, but wanted", "", "cuda", code=2)


def two_cards(bench: Bench) -> Iterator[Row]:
    """Check that a worker has the second card to itself."""
    n = torch.cuda.device_count() if bench.device == "cuda" else 0
    yield (
        child(bench, "the second of two cards", "1", "cuda")
        if n > 1
        else Row(PART, "two cards", f"{n} here", note="not tried")
    )


def full(bench: Bench) -> Iterator[Row]:
    """Check that batches are smaller and words the same where somebody else holds all memory but a little."""
    if bench.device != "cuda":
        yield Row(PART, "a card that is full", "no card")
        return
    bench.free()
    left = 3 << 29  # 1.5 GiB
    held = torch.empty(max(torch.cuda.mem_get_info()[0] - left, 0), dtype=torch.uint8, device="cuda")
    model = bench.whisper("tiny.en", bench.half)
    heard = engine.transcribe(bench.clips[0], model, language="en")
    del held
    yield Row(
        PART,
        "a card that is full",
        f"batches of {model.batch_size}",
        right=len(heard.words) > 5,
        note=f"{left >> 20} MiB left",
    )
