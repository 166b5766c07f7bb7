"""From samples to words with speakers: one file, and many, words and voices side by side as in a run.

Large models have random weights: they write a forced number of tokens in each window, and the checks and second
pass, which would refuse such text, are left out. Decoding is not counted; `times` has it by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from unittest import mock

import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.gpu.bench import Bench
from tests.gpu.clips import RATE, joined
from tests.gpu.report import Row
from tests.gpu.shapes import LARGE, SMALL, TURBO, Shape, random_network
from transforms.speech import diarize as diarization
from transforms.speech import transcribe as engine
from transforms.speech.attribute import attribute
from transforms.speech.transcribe import TranscribeJob, transcribe_many
from transforms.speech.whisper.beam_search import Hypothesis
from transforms.speech.whisper.recognizer import Recognizer
from transforms.speech.whisper.static_search import Rules
from transforms.speech.whisper.torch_model import TorchModel

PART = "end to end"
TOKENS = 110  # that half a minute of speech has
MOST_SECONDS = 15.0  # that hearing many files is to take
ONE_MINUTES, FILE_MINUTES, MOST_FILES = 30, 20, 60


class Forced(TorchModel):
    """Write so many tokens about each window, whatever it hears."""

    n_tokens = TOKENS

    def write(
        self, encoded: Tensor, prompt: Sequence[int], barred: Sequence[int], n_beams: int
    ) -> list[Hypothesis]:
        """Write text alone, without an end."""
        ids = self.network.n_tokens
        vocabulary = replace(self.vocabulary, barred=(*barred, *range(self.eot, ids)))
        return self.search.write(encoded, prompt, vocabulary, n_beams, Rules(longest=self.n_tokens))


def run(bench: Bench) -> None:
    """Hear with the real small model, then in the shapes of large ones."""
    bench.report.step(PART, "voices alone", partial(voices_alone, bench))
    names = [name for name in ("tiny.en", "base") if (bench.weights / name / "model.bin").exists()]
    for name in names[:1] if bench.short else names:
        bench.report.step(PART, name, lambda name=name: hear(bench, name, bench.whisper(name, bench.half)))  # type: ignore[misc]
        bench.free()
    for shape in (SMALL,) if bench.short else (TURBO, LARGE):
        bench.report.step(PART, shape.name, lambda shape=shape: forced(bench, shape))  # type: ignore[misc]
        bench.free()


def forced(bench: Bench, shape: Shape) -> Iterator[Row]:
    """Hear in the shape of a large model, with random weights."""
    tokenizer = bench.whisper("tiny.en", bench.half, "cpu").hf_tokenizer
    model = Forced(random_network(shape, bench.device, bench.half), tokenizer, ())
    model.n_tokens = 8 if bench.short else TOKENS
    with mock.patch.object(engine, "decode_again", lambda _, windows, *__: list(windows)):
        note = f"random weights, {model.n_tokens} tokens forced"
        yield from hear(bench, shape.name, bench.recognizer(model), note)


def hear(bench: Bench, name: str, recognizer: Recognizer, note: str = "") -> Iterator[Row]:
    """Hear one file, after a warm-up with the same; then as many as there is time for."""
    pipeline = bench.pipeline()
    one = [bench.clips[0]] if bench.short else [joined(bench.clips, 60 * ONE_MINUTES, 3)]
    if not bench.short:
        both(one, recognizer, pipeline)
    took, _, _ = both(one, recognizer, pipeline)
    speed = seconds_of(one) / took
    yield Row(PART, f"{name}, one file of {seconds_of(one) / 60:.1f} min", speed, "× real time", note=note)
    n = int(min(max(MOST_SECONDS * speed / (60 * FILE_MINUTES), 2), MOST_FILES))
    length = 10 if bench.short else 60 * FILE_MINUTES
    many = [joined(bench.clips, length, 10 + n) for n in range(2 if bench.short else n)]
    took, words, voices = both(many, recognizer, pipeline)
    yield Row(
        PART,
        f"{name}, {len(many)} files of {length / 60:.1f} min",
        seconds_of(many) / took,
        "× real time",
        note=f"{note}; words done at {words:.1f} s of {took:.1f}, voices at {voices:.1f}; peak {peak(bench)}",
    )


def seconds_of(files: Sequence[NDArray[Any]]) -> float:
    """Return how long they last together, in seconds."""
    return sum(map(len, files)) / RATE


def peak(bench: Bench) -> str:
    """Return the most memory of the card that torch held."""
    return f"{torch.cuda.max_memory_reserved() / 2**30:.1f} GiB" if bench.device == "cuda" else "not known"


def both(files: Sequence[NDArray[Any]], recognizer: Recognizer, pipeline: Any) -> tuple[float, float, float]:
    """Hear words and voices of files side by side, and give words to speakers; seconds: all, words, voices."""
    began = time.perf_counter()

    def words() -> dict[str, Any]:
        jobs = [TranscribeJob(str(n), samples, "en") for n, samples in enumerate(files)]
        return dict(transcribe_many(jobs, recognizer))

    def speakers() -> list[Any]:
        return [diarization.diarize(samples, pipeline) for samples in files]

    def timed(work: Any) -> tuple[float, Any]:
        found = work()
        return time.perf_counter() - began, found

    with ThreadPoolExecutor(2) as pool:
        hearing, telling = pool.submit(timed, words), pool.submit(timed, speakers)
        (heard_at, heard), (told_at, who) = hearing.result(), telling.result()
    for n, one in enumerate(who):
        attribute(heard[str(n)].words, one.exclusive)
    return time.perf_counter() - began, heard_at, told_at


def voices_alone(bench: Bench) -> Iterator[Row]:
    """Time who speaks when, of a long file."""
    pipeline = bench.pipeline()
    samples = joined(bench.clips, 15 if bench.short else 3600, 4)
    seconds = bench.seconds(partial(diarization.diarize, samples, pipeline), 1, 1)
    yield Row(PART, "voices alone", len(samples) / RATE / seconds, "× real time")
