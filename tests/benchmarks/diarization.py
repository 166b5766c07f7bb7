"""Time and score diarization against pyannote's stock pipeline, with the same weights on the same machine.

    python tests/benchmarks/diarization.py [--repeats 3] [--only accurate,fast,cut,stock] EPISODE…
    python tests/benchmarks/diarization.py --hours 12 [--quality accurate] EPISODE…

An episode is an audio file; `NAME.rttm` beside it is its truth. The first form prints a line of Markdown for
each: × real time (median of the repeats, in alternating order, decoding and loading not counted) and DER (no
collar, overlaps scored); then the ratios over all episodes, of the medians and of the processor's seconds, which
change less when the machine is busy. The second joins the episodes, as `join_episodes.py` does, to one of
1 hour and one of so many, and prints × real time of both and the most memory that it had beyond the loaded models
(`RssAnon`: pages of the mapped file are not the process's).

`stock` is pyannote.audio's `SpeakerDiarization`, all of its own code, at its hop of 1 s and its batch of 32, in
float32, with the segmentation and the clustering of ours. CAM++ is brought to it as pyannote brings WeSpeaker: one
pass over the whole chunk for each speaker slot, whose mask weighs the frames at the pooling. `cut` is the same in
the way in which pyannote brings networks from ONNX: the frames of a mask are cut out and go through one by one,
which leaves silent slots out and is faster on a CPU.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
warnings.simplefilter("ignore")

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from pyannote.core import Annotation, Segment  # noqa: E402
from pyannote.database.util import load_rttm  # noqa: E402
from pyannote.metrics.diarization import DiarizationErrorRate  # noqa: E402
from torch import Tensor  # noqa: E402

from flows.bench import stock  # noqa: E402
from flows.bench.process import Peak, memory_of  # noqa: E402
from flows.settings import Settings  # noqa: E402
from tests.benchmarks import join_episodes  # noqa: E402
from transforms.audio.decoding import SAMPLE_RATE, decode  # noqa: E402
from transforms.records import Quality  # noqa: E402
from transforms.speech import diarize  # noqa: E402
from transforms.speech.pyannote import campplus  # noqa: E402

Samples = NDArray[np.int16]
MODELS = Settings().models
SEGMENTATION = MODELS / "segmentation-3.0" / "pytorch_model.bin"
EMBEDDING = MODELS / "campplus" / "campplus_cn_en_common.pt"


class MaskedEmbedding:
    """CAM++ with the interface and the way of pyannote's own embeddings: the mask weighs the pooled frames."""

    sample_rate, dimension, metric = SAMPLE_RATE, campplus.DIMENSION, "cosine"
    min_num_samples = 3_200  # as long as the shortest voice of ours

    def __init__(self) -> None:
        self.network = campplus.load(EMBEDDING)
        self.network.head.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def __call__(self, waveforms: Tensor, masks: Tensor) -> NDArray[np.float32]:
        """Embed a batch, float32 (batch, 1, n_samples), each item with its mask (batch, frames)."""
        fbank = torch.stack([campplus.kaldi_fbank(samples) for samples in waveforms[:, 0]])
        fbank = fbank - fbank.mean(1, keepdim=True)
        frames = campplus.Frames.of(torch.full((len(fbank),), fbank.shape[1]), fbank.shape[1])
        body = self.network.xvector
        x = body.tdnn(self.network.head(fbank.transpose(1, 2), frames))
        frames = frames.halved()
        blocks = ((body.block1, body.transit1), (body.block2, body.transit2), (body.block3, body.transit3))
        for block, transition in blocks:
            for layer in block.values():
                x = layer(x, frames)
            x = transition(x)
        x = body.out_nonlinear(x)
        weight = F.interpolate(masks[:, None], size=x.shape[-1], mode="nearest")
        total = weight.sum(-1, keepdim=True)
        mean = (x * weight).sum(-1, keepdim=True) / total
        variance = ((x - mean).square() * weight).sum(-1, keepdim=True) / (total - 1)
        voices: Tensor = body.dense(torch.cat([mean, variance.sqrt()], dim=1)).squeeze(-1)
        return voices.numpy()


def load_stock(name: str) -> Any:
    """Build pyannote's pipeline with the embedded weights."""
    loaded = stock.load_stock(SEGMENTATION, EMBEDDING, "cpu", voices=1)
    if name == "stock":
        loaded._embedding = MaskedEmbedding()
    return loaded


def run_stock(loaded: Any, samples: Samples) -> Annotation:
    """Diarize with pyannote's pipeline."""
    waveform = torch.from_numpy(samples.astype(np.float32) / 32768)[None]
    output = loaded({"waveform": waveform, "sample_rate": SAMPLE_RATE, "uri": "episode"})
    return output.speaker_diarization


def run_ours(pipeline: Any, samples: Samples) -> Annotation:
    """Diarize with ours."""
    heard = Annotation()
    for n, segment in enumerate(diarize.diarize(samples, pipeline).segments):
        heard[Segment(segment.start_time, segment.end_time), n] = segment.speaker
    return heard


def side_by_side(episodes: Sequence[Path], names: Sequence[str], repeats: int) -> None:
    """Print the table: every system on every episode."""
    systems: dict[str, Callable[[Samples], Annotation]] = {}
    for name in names:
        is_stock = name in ("stock", "cut")
        loaded = load_stock(name) if is_stock else load_ours(name)  # type: ignore[arg-type]
        run = run_stock if is_stock else run_ours
        systems[name] = lambda samples, run=run, loaded=loaded: run(loaded, samples)  # type: ignore[misc]
        systems[name](decode(episodes[0]).samples[: 20 * SAMPLE_RATE])  # the first pass chooses kernels
    print("| episode | minutes |", " | ".join(f"{name} × real time | {name} DER" for name in names), "|")
    print("|---|---|" + "---|---|" * len(names))
    medians, work = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for path in episodes:
        samples = decode(path).samples
        seconds = len(samples) / SAMPLE_RATE
        times: dict[str, list[float]] = {name: [] for name in names}
        cells = {}
        for repeat in range(repeats):
            for name in names if repeat % 2 == 0 else reversed(names):
                started, before = time.perf_counter(), time.process_time()
                heard = systems[name](samples)
                times[name].append(time.perf_counter() - started)
                work[name] += time.process_time() - before
                cells[name] = f"{error(path, heard)}"
        for name in names:
            median = statistics.median(times[name])
            medians[name] += median
            low, high = seconds / max(times[name]), seconds / min(times[name])
            cells[name] = f"{seconds / median:.1f} ({low:.1f} to {high:.1f}) | {cells[name]}"
        print(f"| {path.name} | {seconds / 60:.1f} | {' | '.join(cells[name] for name in names)} |", flush=True)
    for base in (name for name in names if name in ("stock", "cut") and len(names) > 1):
        for what, sums in (("time", medians), ("processor time", work)):
            ratios = ", ".join(f"{name} {sums[base] / sums[name]:.1f} ×" for name in names if name != base)
            print(f"{what} of {base} over all episodes: {ratios}")


def error(path: Path, heard: Annotation) -> str:
    """DER in percent against the truth beside the audio, if there is one."""
    truth = path.with_suffix(".rttm")
    if not truth.exists():
        return "–"
    (reference,) = load_rttm(str(truth)).values()
    return f"{100 * DiarizationErrorRate()(reference, heard):.2f} %"


def load_ours(quality: Quality) -> Any:
    """Load the embedded pipeline."""
    return diarize.load_embedded(SEGMENTATION, EMBEDDING, "cpu", quality)


def long_and_short(paths: Sequence[Path], hours: float, quality: Quality) -> None:
    """Print × real time and memory for one hour and for many."""
    pipeline = load_ours(quality)
    episodes = join_episodes.episodes_of(paths)
    run_ours(pipeline, decode(paths[0]).samples[: 20 * SAMPLE_RATE])
    print("| hours | × real time | MB beyond the models | segments | speakers |\n|---|---|---|---|---|")
    for length in (1.0, hours):
        with tempfile.TemporaryDirectory() as folder:
            joined = Path(folder) / "joined.wav"
            join_episodes.join(joined, episodes, seconds=length * 3600, seed=0)
            samples = decode(joined, into=Path(folder) / "samples.npy").samples
            loaded = memory_of(os.getpid()) or 0
            with Peak(os.getpid()) as peak:
                started = time.perf_counter()
                heard = diarize.diarize(samples, pipeline)
                took = time.perf_counter() - started
        speed = len(samples) / SAMPLE_RATE / took
        counts = f"{len(heard.segments)} | {len(heard.voices)}"
        megabytes = ((peak.bytes or 0) - loaded) / 1e6
        print(f"| {length:g} | {speed:.1f} | {megabytes:.0f} | {counts} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("episodes", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="accurate,fast,cut,stock")
    parser.add_argument("--hours", type=float)
    parser.add_argument("--quality", choices=("accurate", "fast"), default="accurate")
    given = parser.parse_args()
    if given.hours:
        long_and_short(given.episodes, given.hours, given.quality)
    else:
        side_by_side(given.episodes, given.only.split(","), given.repeats)
