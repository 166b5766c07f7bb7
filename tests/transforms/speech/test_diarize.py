"""Diarization: what was made fast gives what pyannote gives; odd audio; long audio."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization
from pyannote.core import SlidingWindow, SlidingWindowFeature
from pyannote.database.util import load_rttm
from pydantic import TypeAdapter

from flows.bench.speech_scores import diarization_errors, read_rttm
from flows.bench.stock import load_stock
from tests.conftest import ROOT
from transforms.records import Diarization
from transforms.speech import diarize
from transforms.speech.pyannote import campplus, diarization_pipeline
from transforms.speech.pyannote.campplus import Inference
from transforms.speech.pyannote.diarization_pipeline import ThinnedAgglomerative

pytestmark = pytest.mark.system

RATE = 16_000
TRUTH = ROOT / "tests" / "data" / "why-a-record-turns.rttm"
# PyanNet's output frames
FRAMES = SlidingWindow(start=0.0, duration=991 / RATE, step=270 / RATE)


@pytest.fixture(scope="module")
def pipeline(models: Path) -> Any:
    """The embedded diarization."""
    torch.set_num_threads(1)  # two fight where tests run side by side
    return diarize.load_embedded(
        models / "segmentation-3.0" / "pytorch_model.bin", models / "campplus" / "campplus_cn_en_common.pt", "cpu"
    )


@pytest.fixture(scope="module")
def voice_network(models: Path) -> campplus.CAMPlusPlus:
    """CAM++ with its public weights."""
    return campplus.load(models / "campplus" / "campplus_cn_en_common.pt")


@pytest.fixture(scope="module")
def demo(demo_samples: np.ndarray) -> np.ndarray:
    """The demo episode as it comes from the decoder: int16."""
    return np.round(demo_samples * 32768).astype(np.int16)


def file(samples: np.ndarray) -> dict[str, Any]:
    """Samples, as pyannote takes them."""
    return {"waveform": torch.from_numpy(samples)[None], "sample_rate": RATE, "uri": "x"}


def sentences(demo: np.ndarray, speaker: str) -> list[np.ndarray]:
    """What one of the two says, sentence by sentence, longest first."""
    (truth,) = load_rttm(str(TRUTH)).values()
    spoken = truth.label_timeline(speaker)
    return sorted((demo[int(s.start * RATE) : int(s.end * RATE)] for s in spoken), key=len, reverse=True)


def error_rate(who: Diarization) -> float:
    """DER of a diarization of the demo: no collar, overlaps scored."""
    return diarization_errors(read_rttm(TRUTH), who.segments).rate


# the same answer as pyannote's


@pytest.fixture(scope="module")
def segmentations(pipeline: Any, demo: np.ndarray) -> SlidingWindowFeature:
    """Who speaks in each chunk of the demo."""
    pipeline._segmentation.step = 1.0
    found: SlidingWindowFeature = pipeline.get_segmentations(file(demo))
    return found


def test_chunks_are_segmented_as_by_pyannote(
    pipeline: Any, demo: np.ndarray, segmentations: SlidingWindowFeature
) -> None:
    """Integers read chunk by chunk, against floats in one piece; the last chunk is not full."""
    theirs = SpeakerDiarization.get_segmentations(pipeline, file(demo.astype(np.float32) / 32768))

    assert segmentations.data.shape == theirs.data.shape == (86, 589, 3)
    assert segmentations.data.dtype == np.uint8
    assert (segmentations.data != theirs.data).mean() < 1e-3  # a batch of another size rounds differently
    assert (segmentations.sliding_window.step, segmentations.sliding_window.duration) == (1.0, 10.0)


@pytest.mark.parametrize("hop", [1, 2, 5])
def test_chunks_are_put_together_as_by_pyannote(
    pipeline: Any, segmentations: SlidingWindowFeature, hop: int
) -> None:
    """Counts, decisions and segments are equal, with up to four people dealt out at random."""
    window = SlidingWindow(start=0.0, duration=10.0, step=float(hop))
    ours = SlidingWindowFeature(segmentations.data[::hop], window)
    theirs = SlidingWindowFeature(ours.data.astype(np.float32), window)
    rng = np.random.default_rng(hop)
    people = np.array([rng.permutation(4)[:3] for _ in ours.data]).astype(np.int8)
    people[ours.data.sum(axis=1) == 0] = -2

    count = SpeakerDiarization.speaker_count(theirs, FRAMES, (0.0, 0.0))
    decided = SpeakerDiarization.reconstruct(pipeline, theirs, people, count)

    assert np.array_equal(pipeline.speaker_count(ours, FRAMES, (0.0, 0.0)).data, count.data)
    assert np.array_equal(pipeline.reconstruct(ours, people, count).data, decided.data)
    assert tracks(pipeline.to_annotation(decided)) == tracks(SpeakerDiarization.to_annotation(decided))


def test_no_more_speak_at_once_than_there_are(pipeline: Any, segmentations: SlidingWindowFeature) -> None:
    """Where one was found and two are counted, the second is nobody: he had a name and no voice."""
    window = SlidingWindow(start=0.0, duration=10.0, step=1.0)
    chunks = SlidingWindowFeature(np.ones_like(segmentations.data), window)
    one = np.array([[0, -2, -2]] * len(chunks.data), np.int8)
    count = pipeline.speaker_count(chunks, FRAMES)

    assert count.data.max() == 3
    assert pipeline.reconstruct(chunks, one, count).data.shape == (len(count.data), 1)


def tracks(annotation: Any) -> list[tuple[float, float, str, int]]:
    """All that an annotation says, to the microsecond."""
    return [(round(s.start, 6), round(s.end, 6), *rest) for s, *rest in annotation.itertracks(yield_label=True)]


@pytest.mark.parametrize("n_frames", [20, 100, 120, 200, 300])
def test_the_folded_network_gives_what_the_written_one_gives(
    voice_network: campplus.CAMPlusPlus, demo_samples: np.ndarray, n_frames: int
) -> None:
    """To 1e-4 in float32, at lengths around the segments of 100 frames; nearly the same voice in bfloat16."""
    fbank = campplus.kaldi_fbank(torch.from_numpy(demo_samples[3 * RATE : 33 * RATE]))
    batch = torch.stack([fbank[first : first + n_frames] for first in (0, 500, 2500)])
    batch = batch - batch.mean(1, keepdim=True)
    with torch.inference_mode():
        written, folded, short = (
            network(batch)
            for network in (voice_network, Inference(voice_network), Inference(voice_network, torch.bfloat16))
        )

    assert torch.allclose(folded, written, atol=1e-4)
    assert torch.cosine_similarity(short, written).min() > 0.995


def test_a_pipeline_moves_with_its_embedding(pipeline: Any, models: Path) -> None:
    """Pyannote moves what it knows as a model or an inference; anything else would stay on the CPU."""
    stock = load_stock(
        models / "segmentation-3.0" / "pytorch_model.bin", models / "campplus" / "campplus_cn_en_common.pt", "cpu"
    )
    for one in (pipeline, stock):
        moved: list[torch.device] = []
        one._embedding.to = moved.append
        one.to(torch.device("cpu"))
        del one._embedding.to
        assert moved == [torch.device("cpu")]


def test_stacked_masks_give_the_embeddings_of_the_published_way(
    pipeline: Any, demo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One pass a chunk, against pyannote's one for each speaker: WeSpeaker's ResNet34 with random weights."""
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.models.embedding import WeSpeakerResNet34

    from transforms.speech.pyannote.diarization_pipeline import make_lean

    torch.manual_seed(0)
    published = SpeakerDiarization(
        segmentation=pipeline._segmentation.model,
        segmentation_step=0.4,
        embedding=WeSpeakerResNet34(),
        plda=object.__new__(PLDA),
        clustering="AgglomerativeClustering",
        embedding_exclude_overlap=True,
    )
    samples = np.concatenate([demo[6 * RATE : 16 * RATE], np.zeros(16 * RATE, np.int16)])
    whole = file(samples.astype(np.float32) / 32768)
    heard = published.get_segmentations(whole)
    theirs = published.get_embeddings(whole, heard, exclude_overlap=True)

    kept: dict[str, np.ndarray] = {}

    def keep(name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        if name not in kept:
            kept[name] = compute()
        return kept[name]

    make_lean(published)
    monkeypatch.setattr("transforms.speech.pyannote.diarization_pipeline.BLOCK_SECONDS", 8.0)
    given = {**file(samples), "keep": keep}
    ours = published.get_embeddings(given, heard, exclude_overlap=True)
    monkeypatch.setattr(published._embedding.model_, "forward", None)  # what is kept is not embedded again
    again = published.get_embeddings(given, heard, exclude_overlap=True)

    assert [len(part) for part in kept.values()] == [2, 2]
    assert np.array_equal(ours, again)
    assert not heard.data[-2:].any()  # two chunks without speech, of which one is embedded
    assert heard.data.any()
    assert theirs.shape == ours.shape == (5, 3, 256)
    assert np.abs(theirs - ours).max() < 1e-4 < theirs.std()
    assert isinstance(published.clustering, ThinnedAgglomerative)


# long episodes


def test_a_memory_map_is_as_good_as_an_array(pipeline: Any, demo: np.ndarray, tmp_path: Path) -> None:
    """Read-only integers on disk, and floats in memory."""
    path = tmp_path / "samples.npy"
    np.save(path, demo[: 40 * RATE])

    mapped = diarize.diarize(np.load(path, mmap_mode="r"), pipeline)
    floats = diarize.diarize(demo[: 40 * RATE].astype(np.float32) / 32768, pipeline)

    assert diarization_errors(floats.segments, mapped.segments).rate < 0.01
    assert mapped.voices.keys() == floats.voices.keys()
    assert all(np.allclose(mapped.voices[who], floats.voices[who], atol=1e-2) for who in floats.voices)


def test_the_same_sound_has_the_same_speakers_twice(models: Path, pipeline: Any, demo: np.ndarray) -> None:
    """To the last bit: a pipeline that has heard something else before, and a new one."""
    fresh = diarize.load_embedded(
        models / "segmentation-3.0" / "pytorch_model.bin", models / "campplus" / "campplus_cn_en_common.pt", "cpu"
    )
    diarize.diarize(demo[40 * RATE : 60 * RATE], pipeline)

    assert diarize.diarize(demo[: 40 * RATE], pipeline) == diarize.diarize(demo[: 40 * RATE], fresh)


def voices_of(rng: np.random.Generator, n_chunks: int) -> tuple[np.ndarray, SlidingWindowFeature, np.ndarray]:
    """Two of five people in each chunk, three quarters and a quarter of it; their voices and who they are."""
    people = rng.standard_normal((5, 192))
    who = np.array([rng.permutation(5)[:2] for _ in range(n_chunks)])
    embeddings = np.full((n_chunks, 3, 192), np.nan, np.float32)
    embeddings[:, :2] = people[who] + 0.3 * rng.standard_normal((n_chunks, 2, 192))
    active = np.zeros((n_chunks, 100, 3), np.uint8)
    active[:, :75, 0] = active[:, 75:, 1] = 1
    return embeddings, SlidingWindowFeature(active, SlidingWindow(duration=10.0, step=2.0)), who


def test_thinned_clustering_finds_the_same_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 600 voices 100 are clustered, and all 600 are given to their people."""
    embeddings, active, who = voices_of(np.random.default_rng(0), 300)
    thinned = ThinnedAgglomerative(metric="cosine", constrained_assignment=True)
    thinned.instantiate({"method": "centroid", "min_cluster_size": 12, "threshold": 0.8})
    bounds = {"min_clusters": 1, "max_clusters": np.inf}
    everything, _, _ = thinned(embeddings=embeddings.copy(), segmentations=active, **bounds)
    monkeypatch.setattr(diarization_pipeline, "MOST_CLUSTERED", 100)
    chosen, chunks, speakers = thinned.filter_embeddings(embeddings, active)
    some, _, _ = thinned(embeddings=embeddings.copy(), segmentations=active, **bounds)

    assert len(chosen) == 100
    assert (speakers == 0).mean() > 0.9  # who speaks longer
    assert np.diff(chunks).max() < 10  # from all over the episode
    for found in (everything, some):
        assert len({(int(k), int(w)) for k, w in zip(found[:, :2].ravel(), who.ravel(), strict=True)}) == 5


def test_progress_is_seconds_and_goes_forward(pipeline: Any, demo: np.ndarray) -> None:
    """From the first chunks to the end of the episode."""
    told: list[float] = []
    diarize.diarize(demo[: 40 * RATE], pipeline, on_progress=told.append)

    assert len(told) > 5
    assert told == sorted(told)
    assert 0 <= told[0] < 10
    assert told[-1] == 40.0


# odd audio


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(np.zeros(0, np.int16), id="empty"),
        pytest.param(np.zeros(RATE // 10, np.int16), id="a tenth of a second"),
        pytest.param(np.zeros(25 * RATE, np.int16), id="digital silence"),
        pytest.param((3000 * np.random.default_rng(0).standard_normal(25 * RATE)).astype(np.int16), id="noise"),
        pytest.param(
            sum(4000 * np.sin(np.arange(25 * RATE) / RATE * 2 * np.pi * f) for f in (220, 277, 330)).astype(
                np.int16
            ),
            id="tones",
        ),
    ],
)
def test_nobody_is_found_where_nobody_speaks(pipeline: Any, samples: np.ndarray) -> None:
    """Neither an error nor a speaker."""
    assert diarize.diarize(samples, pipeline) == Diarization((), (), {})


def test_a_word_is_enough(pipeline: Any, demo: np.ndarray) -> None:
    """Half a second of speech has a speaker and, too short for a voice, no made-up one."""
    found = diarize.diarize(demo[int(6.5 * RATE) : 7 * RATE], pipeline)

    assert {segment.speaker for segment in found.segments} == {"SPEAKER_00"}
    assert all(0 <= segment.start_time < segment.end_time <= 0.5 for segment in found.segments)
    kept = TypeAdapter(Diarization)
    assert kept.validate_json(kept.dump_json(found)) == found
    assert found.voices == {}


def test_one_person_is_one_speaker(pipeline: Any, demo: np.ndarray) -> None:
    """All that one of the two says."""
    found = diarize.diarize(np.concatenate(sentences(demo, "Mara_Quill")), pipeline)

    assert {segment.speaker for segment in found.segments} == set(found.voices) == {"SPEAKER_00"}


@pytest.mark.parametrize(
    ("of", "impossible"), [("one", [(2, 2), (3, 4)]), ("too little to compare", [(2, 2)]), ("both", [(1, 1)])]
)
def test_a_number_of_speakers_that_cannot_be_is_ignored(
    of: str, impossible: list[tuple[int, int]], pipeline: Any, demo: np.ndarray
) -> None:
    """It would cut one voice in two, or join two clear ones: the result is the one without it, with a flag."""
    one = np.concatenate(sentences(demo, "Mara_Quill"))
    samples = {"one": one[: 25 * RATE], "too little to compare": one[: 5 * RATE], "both": demo[: 30 * RATE]}[of]
    free = diarize.diarize(samples, pipeline)

    for speakers in impossible:
        asked = diarize.diarize(samples, pipeline, speakers=speakers)
        assert asked.flags == ("speakers_ignored",)
        assert asked.exclusive == free.exclusive
    assert diarize.diarize(samples, pipeline, speakers=(len(free.voices),) * 2) == free  # which flags nothing


def test_two_at_once_are_two(pipeline: Any, demo: np.ndarray) -> None:
    """One speaks, both speak, the other speaks; only the exclusive diarization chooses."""
    (one, *_), (other, *_) = sentences(demo, "Mara_Quill"), sentences(demo, "Idris_Vane")
    both = min(len(one), len(other)) // 2
    mixed = np.concatenate([one[:-both], one[-both:] // 2 + other[:both] // 2, other[both:]])

    found = diarize.diarize(mixed, pipeline)

    overlap = sum(max(0.0, min(a.end_time, b.end_time) - b.start_time) for a, b in pairwise(found.segments))
    assert overlap == pytest.approx(both / RATE, rel=0.4)
    assert len(found.voices) == 2
    assert all(a.end_time <= b.start_time + 1e-3 for a, b in pairwise(found.exclusive))


def test_twenty_people_are_many(pipeline: Any, demo: np.ndarray) -> None:
    """Four seconds each of one demo voice or the other, from very low to very high: all speech is somebody's."""
    pieces = []
    for n, tempo in enumerate(np.linspace(0.65, 1.5, 20)):
        piece = demo[(2 + 4 * n) * RATE : (2 + 4 * n) * RATE + int(4 * RATE * tempo)]
        pieces.append(np.interp(np.arange(0, len(piece) - 1, tempo), np.arange(len(piece)), piece))
    samples = np.concatenate(pieces).astype(np.int16)
    found = diarize.diarize(samples, pipeline)

    assert 3 <= len(found.voices) <= 20
    assert {segment.speaker for segment in found.segments} <= set(found.voices)
    assert all(0 <= s.start_time < s.end_time <= len(samples) / RATE for s in found.segments)
    assert sum(s.end_time - s.start_time for s in found.exclusive) > 0.7 * len(samples) / RATE


def test_a_telephone_hears_two_people(pipeline: Any, demo: np.ndarray) -> None:
    """The demo without anything above 3.4 kHz."""
    spectrum = np.fft.rfft(demo)
    spectrum[int(3400 * len(demo) / RATE) :] = 0
    found = diarize.diarize(np.fft.irfft(spectrum, len(demo)).astype(np.int16), pipeline)

    assert len(found.voices) == 2
    assert error_rate(found) < 0.12


def test_two_episodes_at_once_do_not_meet(pipeline: Any, demo: np.ndarray) -> None:
    """One pipeline, two threads, two hops: each finds what it finds alone."""
    clips = [demo[: 70 * RATE], demo[20 * RATE : 45 * RATE]]
    alone = [diarize.diarize(clip, pipeline).segments for clip in clips]

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda clip: diarize.diarize(clip, pipeline).segments, clips))

    assert all(diarization_errors(*pair).rate < 0.01 for pair in zip(alone, together, strict=True))


def test_filters_are_shared_by_chunks_that_overlap(models: Path, demo_samples: np.ndarray) -> None:
    """What comes of them is what each chunk gives by itself; chunks that share nothing are as before."""
    from transforms.speech.pyannote.checkpoint import load_network
    from transforms.speech.pyannote.shared_sincnet import SharedSincNet, share_filters

    network = load_network(models / "segmentation-3.0" / "pytorch_model.bin")
    chunks = torch.from_numpy(demo_samples).unfold(0, 10 * RATE, 2 * RATE)[:4, None]
    with torch.inference_mode():
        before = network(chunks)
        share_filters(network)
        shared, apart = network(chunks), network(chunks.clone())

    assert isinstance(network.sincnet, SharedSincNet)
    assert torch.equal(apart, before)
    assert not torch.equal(shared, before)  # the order of the sums is another one
    assert (shared - before).abs().max() < 1e-3
    assert torch.equal(shared.argmax(-1), before.argmax(-1))
