"""The systems that this environment can run, each as a process: `python -m flows.bench.systems NAME`.

Turntable's parts are reached as its flows reach them. The others are used as their own documentation shows, with
the same weights, compute type and number of threads.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.bench.process import Hear, Part, serve
from flows.engines import model_loading
from flows.engines.devices import ladder, torch_ladder
from flows.engines.fetch_weights import get_weights
from flows.settings import Options, Settings
from transforms import turns
from transforms.audio import decoding
from transforms.records import Diarization, Quality, SpeakerSegment, Turn, Word
from transforms.speech import attribute as attribution
from transforms.speech import diarize as diarization
from transforms.speech.checks import Transcription
from transforms.speech.device import Device, cpu_threads, preload_cublas, use_threads
from transforms.speech.models import MODELS
from transforms.speech.transcribe import BEAMS, transcribe

Work = Callable[[NDArray[np.int16]], dict[str, Any]]  # decoded samples in, the answer but for its seconds out


def main(arguments: Sequence[str] | None = None) -> None:
    """Answer for one system until nobody asks any more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(LOADERS))
    parser.add_argument("--part", choices=["words", "speakers", "both"], default="both")
    parser.add_argument("--quality", choices=sorted(BEAMS), default="accurate")
    parser.add_argument("--batch", type=int, default=8, help="windows that faster-whisper decodes together")
    parser.add_argument(
        "--voices", type=int, help="that pyannote embeds together; without it, what is faster there"
    )
    parser.add_argument("--device", choices=["auto", "cuda", "cpu"], default="auto")
    given = parser.parse_args(arguments)
    serve(lambda: LOADERS[given.name](given))


class Weights:
    """The folders of the weights that all systems share, and where they are to run."""

    def __init__(self, request: Any) -> None:
        settings = Settings()
        self.options = Options(device=request)
        self.model = model_loading.asr_model(self.options, settings, lambda _: None)
        self.whisper = get_weights(self.model, settings.models)
        self.segmentation = get_weights(MODELS["segmentation-3.0"], settings.models)
        self.voices = get_weights(MODELS["campplus"], settings.models)
        self.device: Device = ladder(request, self.whisper)[0][0]
        self.torch_device = torch_ladder(request)[0][0].name


@dataclass(frozen=True, slots=True)
class SystemOutput:
    """An episode, heard: words, speakers, and the turns made of both."""

    transcription: Transcription
    diarization: Diarization
    turns: tuple[Turn, ...]


class Turntable:
    """Turntable's speech core as its flows use it, without their records of it; `part` is what is loaded."""

    def __init__(self, part: Part, quality: Quality, request: Any = "auto") -> None:
        weights = Weights(request)
        self.quality = quality
        if part != "speakers":
            device = weights.device
            self.recognizer = model_loading.recognizer(
                weights.whisper, device.name, device.compute_type, cpu_threads(), device.batch_size, device.engine
            )
        if part != "words":
            self.pipeline = model_loading.pipeline(
                (weights.segmentation, weights.voices), weights.torch_device, quality
            )

    def words(self, samples: NDArray[np.int16]) -> Transcription:
        """Find out what is said."""
        return transcribe(samples, self.recognizer, quality=self.quality)

    def speakers(self, samples: NDArray[np.int16]) -> Diarization:
        """Find out who speaks when."""
        use_threads(cpu_threads())
        return diarization.diarize(samples, self.pipeline)

    def both(self, samples: NDArray[np.int16]) -> SystemOutput:
        """Find out who says what: both side by side, then words to speakers, then turns."""
        with ThreadPoolExecutor(2) as pool:
            hearing, telling = pool.submit(self.words, samples), pool.submit(self.speakers, samples)
            heard, who = hearing.result(), telling.result()
        said = attribution.attribute(heard.words, who.exclusive)
        made = turns.to_turns(said, heard.language, attribution.overlap_seconds(who.segments))
        return SystemOutput(heard, who, made)


def load_turntable(given: argparse.Namespace) -> Hear:
    """Load Turntable: its words, its speakers, or both."""
    turntable = Turntable(given.part, given.quality, given.device)
    alone: dict[Part, Work] = {
        "words": lambda samples: {"utterances": _utterances(turntable.words(samples).words)},
        "speakers": lambda samples: {"speech": _speech(turntable.speakers(samples).segments)},
        "both": lambda samples: _both(turntable.both(samples)),
    }
    return _timed(alone[given.part], with_decode=given.part == "both", on_disk=True)


def _both(heard: SystemOutput) -> dict[str, Any]:
    said = [[turn.speaker or "", turn.start_time, turn.end_time, turn.text] for turn in heard.turns]
    return {"utterances": said, "speech": _speech(heard.diarization.segments)}


def load_faster_whisper(given: argparse.Namespace) -> Hear:
    """Load faster-whisper: batched, or sequential with `--batch 1`; words only."""
    words = _faster_whisper(given, Weights(given.device))
    return _timed(lambda samples: {"utterances": _utterances(words(samples))}, with_decode=False)


def load_pyannote(given: argparse.Namespace) -> Hear:
    """Load pyannote's stock pipeline; speakers only."""
    who = _pyannote(given, Weights(given.device))
    return _timed(lambda samples: {"speech": _speech(who(samples).segments)}, with_decode=False)


def load_stack(given: argparse.Namespace) -> Hear:
    """Load what one would put together: faster-whisper, then pyannote, then words to speakers by overlap."""
    weights = Weights(given.device)
    words, who = _faster_whisper(given, weights), _pyannote(given, weights)

    def both(samples: NDArray[np.int16]) -> dict[str, Any]:
        heard = words(samples)
        spoken = who(samples)
        return {
            "utterances": _utterances(by_overlap(heard, spoken.exclusive)),
            "speech": _speech(spoken.segments),
        }

    return _timed(both, with_decode=True)


def _faster_whisper(given: argparse.Namespace, weights: Weights) -> Callable[[NDArray[np.int16]], Sequence[Word]]:
    import ctranslate2
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    ctranslate2.set_random_seed(0)
    if weights.device.name == "cuda":
        preload_cublas()
    model = WhisperModel(
        str(weights.whisper),
        device=weights.device.name,
        compute_type=weights.device.compute_type,
        cpu_threads=cpu_threads(),
    )
    batched = BatchedInferencePipeline(model)

    def hear(samples: NDArray[np.int16]) -> list[Word]:
        beam = {"beam_size": BEAMS[given.quality], "word_timestamps": True}
        if given.batch > 1:
            segments, _ = batched.transcribe(decoding.as_float32(samples), batch_size=given.batch, **beam)
        else:
            segments, _ = model.transcribe(decoding.as_float32(samples), vad_filter=True, **beam)
        return [
            Word(word.word.strip(), float(word.start), float(word.end), None, None, None)
            for segment in segments
            for word in segment.words or ()
        ]

    return hear


def _pyannote(given: argparse.Namespace, weights: Weights) -> Callable[[NDArray[np.int16]], Diarization]:
    import torch

    from flows.bench.stock import BATCH_SIZE, load_stock

    torch.set_num_threads(cpu_threads())
    pipeline = load_stock(
        weights.segmentation / "pytorch_model.bin",
        weights.voices / "campplus_cn_en_common.pt",
        weights.torch_device,
        voices=given.voices or (BATCH_SIZE if weights.torch_device == "cuda" else 1),
    )
    return lambda samples: diarization.diarize(decoding.as_float32(samples), pipeline)


LOADERS: dict[str, Callable[[argparse.Namespace], Hear]] = {
    "turntable": load_turntable,
    "faster-whisper": load_faster_whisper,
    "pyannote": load_pyannote,
    "stack": load_stack,
}


def _timed(work: Work, *, with_decode: bool, on_disk: bool = False) -> Hear:
    """Time the work, decoding included if `with_decode`; `on_disk` keeps the samples there, as the flows do."""

    def hear(path: Path) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as scratch:
            began = time.perf_counter()
            if path.suffix == ".npy":
                samples = np.load(path, mmap_mode="r")
            else:
                samples = decoding.decode(path, into=Path(scratch) / "samples.npy" if on_disk else None).samples
            decoded = time.perf_counter()
            answer = work(samples)
            ended = time.perf_counter()
        return {**answer, "seconds": ended - (began if with_decode else decoded)}

    return hear


def by_overlap(words: Sequence[Word], spoken: Sequence[SpeakerSegment]) -> list[Word]:
    """Assign each word the speaker who overlaps it most, else the nearest one: what people's scripts do."""
    named = []
    for word in words:
        start, end = word.start_time or 0.0, word.end_time or 0.0
        shares: dict[str, float] = {}
        for one in spoken:
            shared = min(end, one.end_time) - max(start, one.start_time)
            if shared > 0:
                shares[one.speaker] = shares.get(one.speaker, 0.0) + shared
        if not shares and spoken:
            shares = {min(spoken, key=lambda one: max(one.start_time - end, start - one.end_time)).speaker: 0.0}
        named.append(replace(word, speaker=max(shares, key=lambda name: shares[name], default=None)))
    return named


def _utterances(words: Sequence[Word]) -> list[list[Any]]:
    """Write each run of one speaker's words as one utterance."""
    runs = [list(run) for _, run in groupby(words, key=lambda word: word.speaker)]
    return [
        [run[0].speaker or "", run[0].start_time, run[-1].end_time, " ".join(word.word for word in run)]
        for run in runs
    ]


def _speech(segments: Sequence[SpeakerSegment]) -> list[list[Any]]:
    return [[one.speaker, one.start_time, one.end_time] for one in segments]


if __name__ == "__main__":
    main()
