"""Is it right: what comes out on the device is what comes out on the CPU in float32, within the limits here."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.gpu.bench import Bench
from tests.gpu.report import Row
from tests.gpu.stand_ins import is_missing
from transforms.audio.decoding import as_float32
from transforms.records import SpeakerSegment, Word
from transforms.speech import diarize as diarization
from transforms.speech.second_pass import Recording
from transforms.speech.transcribe import transcribe
from transforms.speech.whisper.network import log_mel
from transforms.speech.whisper.recognizer import Recognizer

PART = "same"
MEL = 2e-3  # of a log-mel value, which is about -1 to 1.5; the order of additions differs
ENCODED = 0.03  # of the mean size of a value: float16 has eleven bits, and there are up to 32 layers
WINDOWS_EQUAL = 0.95  # token for token in float32: two answers as likely as each other may swap
WORDS = 0.03  # that differ in float16
ALONE = 0.08  # the same of one window in the second pass: few words
STARTS = (0.02, 0.3)  # seconds that words begin apart: the median, and nine of ten
COSINE = 0.995  # of voices, which may be embedded in bfloat16
DECISIONS = 0.995  # of the segmentation's frames
SPOKEN = 0.01  # of the time, in which somebody else speaks


def run(bench: Bench) -> None:
    """Hear the clips on both."""
    steps: dict[str, Callable[[Bench], Iterator[Row]]] = {
        "spectrograms": spectrograms,
        "encoder": encoder,
        "tokens in float32": tokens,
        "words": words,
        "steps as graphs": graphs,
        "second pass": second_pass,
        "CTranslate2 on the GPU": ctranslate2,
        "voices": voices,
        "segmentation": segmentation,
        "turns": turns,
    }
    for what, step in steps.items():
        bench.report.step(PART, what, lambda step=step: step(bench))  # type: ignore[misc]
        bench.free()


def limited(what: str, found: float, limit: float, note: str = "", *, least: bool = False) -> Row:
    """Compare with a limit."""
    bound = f"{'at least' if least else 'at most'} {limit:g}"
    return Row(
        PART, what, float(found), right=bool(found >= limit if least else found <= limit), note=f"{bound}; {note}"
    )


def windows(bench: Bench) -> list[Any]:
    """Cut half minutes out of the clips."""
    return [
        as_float32(clip[at : at + 28 * 16_000]) for clip in bench.clips for at in range(0, len(clip), 28 * 16_000)
    ]


def spectrograms(bench: Bench) -> Iterator[Row]:
    """Compare the log-mel values of both."""
    here, there = (log_mel(windows(bench), 80, device).cpu() for device in ("cpu", bench.device))
    yield limited("spectrograms", float((here - there).abs().max()), MEL, "greatest difference")


def reference(bench: Bench) -> Recognizer:
    """Return tiny.en on the CPU in float32, as the CPU searches: what is right."""
    if "reference" not in bench.kept:
        bench.kept["reference"] = bench.whisper("tiny.en", torch.float32, "cpu")
        bench.kept["reference"].is_static = False
    found: Recognizer = bench.kept["reference"]
    return found


def encoder(bench: Bench) -> Iterator[Row]:
    """Compare what windows are encoded to."""
    right = reference(bench).encode_clips(windows(bench)).float()
    for dtype, limit in ((torch.float32, ENCODED / 10), (bench.half, ENCODED)):
        found = bench.whisper("tiny.en", dtype).encode_clips(windows(bench)).float().cpu()
        apart = float((found - right).abs().mean() / right.abs().mean())
        yield limited(f"encoder in {dtype}", apart, limit, "mean difference over mean size")


def written(recognizer: Recognizer, clips: Sequence[Any]) -> list[list[int]]:
    """Write about windows with five beams; the tokens of each."""
    batch = recognizer.batches()
    found: list[list[int]] = []
    for first in range(0, len(clips), recognizer.batch_size):
        some = clips[first : first + recognizer.batch_size]
        lengths = [len(clip) / 16_000 for clip in some]
        decoded = batch.decode(recognizer.encode_clips(some), lengths, "en", None, 5)
        found += [[token for segment in window for token in segment.tokens] for window in decoded]
    return found


def tokens(bench: Bench) -> Iterator[Row]:
    """Compare token for token, in float32."""
    right = written(reference(bench), windows(bench))
    found = written(bench.whisper("tiny.en", torch.float32), windows(bench))
    equal = statistics.fmean(one == other for one, other in zip(found, right, strict=True))
    yield limited(
        "windows token for token the same, float32", equal, WINDOWS_EQUAL, f"of {len(right)}", least=True
    )


def words(bench: Bench) -> Iterator[Row]:
    """Compare words and when they begin, as episodes are heard."""
    heard = bench.whisper("tiny.en", bench.half)
    right = [word for clip in bench.clips for word in transcribe(clip, reference(bench), language="en").words]
    found = [word for clip in bench.clips for word in transcribe(clip, heard, language="en").words]
    bench.kept["words"] = right
    yield limited(f"words that differ, {bench.half}", errors(right, found), WORDS, f"of {len(right)}")
    apart = sorted(starts_apart(right, found)) or [9.0]
    yield limited("words begin apart, median", statistics.median(apart), STARTS[0], "seconds")
    yield limited("words begin apart, nine of ten", apart[int(0.9 * (len(apart) - 1))], STARTS[1], "seconds")


def errors(right: Sequence[Word], found: Sequence[Word]) -> float:
    """Count the words that are otherwise, as a share: insertions, deletions and replacements."""
    first, second = ([re.sub(r"[^\w']", "", one.word.lower()) for one in some] for some in (right, found))
    row = list(range(len(second) + 1))
    for n, word in enumerate(first, 1):
        before, row[0] = row[0], n
        for m, other in enumerate(second, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (word != other))
    return row[-1] / max(len(first), 1)


def starts_apart(right: Sequence[Word], found: Sequence[Word]) -> Iterator[float]:
    """Return how far apart words begin that both heard: each with the nearest of its kind."""
    for word in right:
        same = [abs((one.start_time or 0) - (word.start_time or 0)) for one in found if one.word == word.word]
        if same and min(same) < 2:
            yield min(same)


def graphs(bench: Bench) -> Iterator[Row]:
    """Check that the recorded steps do what the steps do."""
    if bench.device != "cuda":
        yield Row(PART, "steps as graphs", "no graphs on a CPU")
        return
    model = bench.whisper("tiny.en", bench.half)
    clips = windows(bench) * 3
    recorded = [written(model, clips) for _ in range(2)]
    boards = model.model.search.idle
    n_graphs = sum(len(one.graphs) for one in boards)
    for one in boards:
        one.records = False
        one.graphs.clear()
    plain = written(model, clips)
    yield Row(
        PART,
        "steps as graphs",
        f"{n_graphs} recorded",
        right=bool(n_graphs) and recorded[0] == recorded[1] == plain,
        note="token for token what the same steps write without",
    )


def second_pass(bench: Bench) -> Iterator[Row]:
    """Compare one window alone, with time stamps, and without repetitions."""
    clip = bench.clips[0][: 20 * 16_000]
    end = len(clip) / 16_000
    for no_repeat in (3,) if bench.short else (0, 3):
        right, found = (
            Recording(clip, one, "en", 5, ((0.0, end),), None).sequential((0.0, end), no_repeat).words
            for one in (reference(bench), bench.whisper("tiny.en", bench.half))
        )
        what = f"second pass, no {no_repeat} tokens twice" if no_repeat else "second pass, time stamps"
        yield limited(what, errors(right, found), ALONE, f"of {len(right)} words")


def ctranslate2(bench: Bench) -> Iterator[Row]:
    """Compare the other engine, where it is there."""
    if bench.device != "cuda" or is_missing("ctranslate2"):
        yield Row(PART, "CTranslate2 on the GPU", "not there")
        return
    heard = Recognizer(bench.weights / "tiny.en", "cuda", "float16", 4)
    right = bench.kept.get("words") or transcribe(bench.clips[0], reference(bench), language="en").words
    found = [word for clip in bench.clips for word in transcribe(clip, heard, language="en").words]
    yield limited("words that differ, CTranslate2 on the GPU", errors(right, found), WORDS)


def voices(bench: Bench) -> Iterator[Row]:
    """Compare embeddings of pieces of a clip."""
    from transforms.speech.pyannote import campplus

    samples = torch.from_numpy(as_float32(bench.clips[0]))
    pieces = [
        campplus.kaldi_fbank(samples[at : at + 26_000])[:160] for at in range(0, len(samples) - 26_000, 40_000)
    ]
    made = []
    for device in ("cpu", bench.device):
        network = bench.pipeline(device)._embedding
        if device == "cpu":
            network.network = campplus.Inference(network.source, torch.float32)
        found = network.embed([piece.to(device) for piece in pieces])
        made.append(found / np.linalg.norm(found, axis=1, keepdims=True))
    cosine = float((made[0] * made[1]).sum(1).min())
    yield limited("voices, least cosine", cosine, COSINE, f"of {len(pieces)} pieces", least=True)


def segmentation(bench: Bench) -> Iterator[Row]:
    """Compare who speaks in each frame of chunks."""
    clip = as_float32(bench.clips[0])
    chunks = torch.stack(
        [torch.from_numpy(clip[at : at + 160_000]) for at in range(0, len(clip) - 160_000, 32_000)]
    )
    here, there = (
        np.asarray(bench.pipeline(one)._segmentation.infer(chunks[:, None])) for one in ("cpu", bench.device)
    )
    yield limited("segmentation, frames the same", float((here == there).mean()), DECISIONS, least=True)


def turns(bench: Bench) -> Iterator[Row]:
    """Compare who speaks when, of whole clips."""
    for clip in bench.clips:
        here, there = (diarization.diarize(clip, bench.pipeline(device)) for device in ("cpu", bench.device))
        yield Row(
            PART,
            "speakers",
            f"{len(there.voices)} for {len(here.voices)}",
            right=len(here.voices) == len(there.voices),
        )
        n_frames = len(clip) // 160
        apart = float((grid(here.segments, n_frames) != grid(there.segments, n_frames)).any(1).float().mean())
        yield limited("time in which others speak", apart, SPOKEN)


def grid(segments: Sequence[SpeakerSegment], n_frames: int, n_speakers: int = 20) -> Tensor:
    """Mark who speaks, in frames of 10 ms: bool (frames, speakers)."""
    marked = torch.zeros(n_frames, n_speakers, dtype=torch.bool)
    for one in segments:
        speaker = int(str(one.speaker).rpartition("_")[2]) % n_speakers
        marked[int(one.start_time * 100) : int(one.end_time * 100), speaker] = True
    return marked
