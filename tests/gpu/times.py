"""How fast each stage is by itself, at the batch that was chosen and at two around it; its share of the roofline.

Large models have random weights and write a forced number of tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.gpu.bench import Bench
from tests.gpu.clips import DEMO, joined
from tests.gpu.report import Row
from tests.gpu.shapes import LARGE, SMALL, TURBO, Shape, random_network
from tests.gpu.stand_ins import is_missing
from transforms.audio.decoding import SAMPLE_RATE, as_float32
from transforms.speech.whisper.beam_search import Vocabulary
from transforms.speech.whisper.network import Whisper, log_mel
from transforms.speech.whisper.static_search import Rules, StaticSearch
from transforms.speech.windows import find_speech

PART = "times"
FEW, MANY = 24, 120  # tokens; what lies between is the time of the steps alone
SEGMENTATION_FLOP = 2.6e9  # of a chunk of ten seconds
HOP = 2.0


def run(bench: Bench) -> None:
    """Time everything."""
    for shape in (SMALL,) if bench.short else (TURBO, LARGE):
        made: dict[str, Any] = {}

        def network(shape: Shape = shape, made: dict[str, Any] = made) -> Whisper:
            if "it" not in made:
                made["it"] = random_network(shape, bench.device, bench.half)
            found: Whisper = made["it"]
            return found

        bench.report.step(PART, f"encoder, {shape.name}", lambda: encoder(bench, shape, network()))  # noqa: B023
        for n_beams in (5, 1):
            what = f"decoder, {shape.name}, {n_beams} beams"
            bench.report.step(PART, what, lambda: decoder(bench, shape, network(), n_beams))  # noqa: B023
            bench.free()
        made.clear()
        bench.free()
    for what, step in (
        ("spectrograms", spectrograms),
        ("speech found", speech),
        ("decoding", decoding),
        ("segmentation", segmentation),
        ("voices", voices),
    ):
        bench.report.step(PART, what, partial(step, bench))
        bench.free()


def around(chosen: int) -> tuple[int, ...]:
    """Return the batch that was chosen, and two around it."""
    return max(chosen // 2, 1), chosen, 2 * chosen


def encoder(bench: Bench, shape: Shape, network: Whisper) -> Iterator[Row]:
    """Time the encoder, in windows a second."""
    chosen = bench.fitting(network)
    for size in around(chosen):
        mel = torch.randn(size, shape.n_mels, 3000, device=bench.device)
        seconds = bench.seconds(partial(network.encode, mel), times=3, warm=1)
        yield Row(
            PART,
            f"encoder, {shape.name}, {size} windows",
            size / seconds,
            "windows/s",
            bench.share(size / seconds * shape.encoder_flop, str(network.dtype).removeprefix("torch.")),
            note="chosen" if size == chosen else "",
        )


def decoder(bench: Bench, shape: Shape, network: Whisper, n_beams: int) -> Iterator[Row]:
    """Time the decoder: tokens a second, of all windows; and what a step takes."""
    specials = 50_256  # what ends and directs an answer lies behind the text: then none ends
    barred = (*range(specials, shape.n_tokens),)
    vocabulary = Vocabulary(specials, specials, specials, barred, ())
    chosen = bench.fitting(network)
    few, many = (8, 24) if bench.short else (FEW, MANY)
    for size in around(chosen)[: 2 if n_beams == 5 else 3]:
        encoded = torch.randn(size, 1500, shape.dimension, device=bench.device, dtype=network.dtype)
        search = StaticSearch(network)

        def write(n: int, search: StaticSearch = search, encoded: torch.Tensor = encoded) -> object:
            return search.write(encoded, (specials,), vocabulary, n_beams, Rules(longest=n))

        write(many)
        write(many)  # each room has its graph now
        short, long = (bench.seconds(partial(write, n), times=3, warm=1) for n in (few, many))
        step = (long - short) / (many - few)
        yield Row(
            PART,
            f"decoder, {shape.name}, {size} windows, {n_beams} beams",
            size / step,
            "tokens/s",
            bench.share(shape.step_bytes(size, n_beams, 128) / step, "copy"),
            note=f"{1000 * step:.2f} ms a step; {1000 * (short - few * step):.0f} ms before and behind"
            + ("; chosen" if size == chosen else ""),
        )
        del search, encoded, write
        bench.free()


def spectrograms(bench: Bench) -> Iterator[Row]:
    """Time spectrograms of windows that lie in the memory of the CPU, as in a run."""
    size = 2 if bench.short else 64
    windows = [as_float32(joined(bench.clips, 28, seed)) for seed in range(size)]
    for n_mels in (80, 128):
        seconds = bench.seconds(partial(log_mel, windows, n_mels, bench.device))
        yield Row(PART, f"spectrograms, {n_mels} bands, with the copy", size / seconds, "windows/s")


def speech(bench: Bench) -> Iterator[Row]:
    """Time Silero's network, on every core of the CPU."""
    length = 30 if bench.short else 3600
    samples = joined(bench.clips, length, 1)
    yield Row(
        PART,
        "speech found, on the CPU",
        length / bench.seconds(partial(find_speech, samples), 2, 1),
        "× real time",
    )


def decoding(bench: Bench) -> Iterator[Row]:
    """Time the decoding of a file of the bundled episode, on one core."""
    if is_missing("av") or not DEMO.exists():
        yield Row(PART, "decoding", "not measured", note="no PyAV, or no file")
        return
    from transforms.audio.decoding import decode

    seconds = bench.seconds(partial(decode, Path(DEMO)), 3, 1)
    yield Row(PART, "decoding, one core", decode(DEMO).seconds / seconds, "× real time")


def segmentation(bench: Bench) -> Iterator[Row]:
    """Time segmentation: chunks of ten seconds, and what they cover at a hop of two."""
    inference = bench.pipeline()._segmentation
    chosen = 2 if bench.short else inference.batch_size
    for size in around(chosen):
        piece = torch.randn(int(((size - 1) * HOP + 10) * SAMPLE_RATE))
        chunks = piece.to(bench.device).unfold(0, 10 * SAMPLE_RATE, int(HOP * SAMPLE_RATE))[:, None]
        rate = size / bench.seconds(partial(inference.infer, chunks), 3, 1)
        share = bench.share(rate * SEGMENTATION_FLOP, "float32")
        note = f"{rate:,.0f} chunks/s" + ("; chosen" if size == chosen else "")
        yield Row(PART, f"segmentation, {size} chunks", rate * HOP, "× real time", share, note=note)


def voices(bench: Bench) -> Iterator[Row]:
    """Time pieces of one and a half seconds through CAM++; and their features before."""
    from transforms.speech.pyannote import campplus
    from transforms.speech.pyannote import voice_pieces as pieces_of
    from transforms.speech.pyannote.low_memory import in_a_pass
    from transforms.speech.pyannote.voice_pieces import BYTES_OF_A_FRAME, CELL, FRAMES_IN_A_PASS

    embedding = bench.pipeline()._embedding
    piece = torch.randn(CELL, campplus.N_MELS, device=bench.device)
    with FlopCounterMode(display=False) as counter:
        embedding.embed([piece])
    flop = counter.get_total_flops()
    chosen = 2 if bench.short else in_a_pass(FRAMES_IN_A_PASS, bench.device, BYTES_OF_A_FRAME) // CELL
    kind = str(embedding.network.dtype).removeprefix("torch.")
    for size in around(chosen):
        rate = size / bench.seconds(partial(embedding.embed, [piece] * size), 3, 1)
        note = f"{kind}, {rate:,.0f} pieces/s" + ("; chosen" if size == chosen else "")
        share = bench.share(rate * flop, kind)
        yield Row(PART, f"voices, {size} pieces", rate * CELL / 100, "× real time", share, note=note)
    length = 30 if bench.short else 1800
    samples = torch.from_numpy(joined(bench.clips, length, 2))
    cells = torch.arange(length * 100 // CELL - 1).numpy()
    cut = pieces_of.EmbeddingSegments(cells, torch.ones(len(cells), CELL, dtype=torch.bool).numpy())
    work = partial(pieces_of.features, samples, cut, range(len(cells)), bench.device)
    yield Row(PART, "features of voices", length / bench.seconds(work, 2, 1), "× real time")
