"""Pieces of speech: each frame once, each voice the mean of its pieces, two people who were taken for one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from transforms.speech import diarize
from transforms.speech.pyannote import campplus, voice_pieces
from transforms.speech.pyannote.diarization_pipeline import VoiceEmbedding

pytestmark = pytest.mark.system  # torch is imported

RATE = 16_000
N_FRAMES = 589  # of the segmentation, in a chunk
STEP = 200  # feature frames: a hop of two seconds


def chunk_of(drawn: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """Repeat the runs until the chunk is full."""
    once = np.concatenate([np.tile(who, (length, 1)) for length, who in drawn])
    return np.resize(once, (N_FRAMES, 3))


# A chunk as runs of frames: in each, whom of three it hears.
runs = st.lists(st.tuples(st.integers(1, 200), npst.arrays(np.uint8, 3, elements=st.integers(0, 1))), min_size=1)
chunks = st.lists(runs.map(chunk_of), min_size=1, max_size=5).map(np.stack)


def turns(*who: int) -> np.ndarray:
    """A chunk in which speakers take turns of one length; 3 is silence."""
    return np.eye(4, 3, dtype=np.uint8)[np.repeat(who, -(-N_FRAMES // len(who)))[:N_FRAMES]]


def voice(*directions: float) -> np.ndarray:
    """Voices in a plane, by their angles."""
    return np.stack([np.cos(directions), np.sin(directions)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def network(models: Path) -> VoiceEmbedding:
    """CAM++ with its public weights."""
    torch.set_num_threads(1)
    return VoiceEmbedding(campplus.load(models / "campplus" / "campplus_cn_en_common.pt"))


# cutting


@given(chunks, st.sampled_from([100, 200, 500]))
def test_no_frame_is_in_two_pieces_and_none_where_two_speak(heard: np.ndarray, step: int) -> None:
    """Each piece is long enough, in order, and of frames where exactly one speaks."""
    cut = voice_pieces.cut(heard, step)

    assert (np.diff(cut.cells) >= 0).all()
    assert (cut.frames.sum(axis=1) >= voice_pieces.SHORTEST).all()
    for cell in np.unique(cut.cells):
        assert cut.frames[cut.cells == cell].sum(axis=0).max() <= 1
    for owner, chunk in enumerate(heard):
        first, alone = voice_pieces.on_grid(chunk, owner * step)
        _, counted = cut.heard_by(first, alone)
        # no more of a piece than there is of it, and of a speaker than he says
        assert (
            counted.sum(axis=1)
            <= cut.frames[slice(*np.searchsorted(cut.cells, [first, first + len(alone)]))].sum(axis=1)
        ).all()
        assert (counted.sum(axis=0) <= alone.sum(axis=(0, 1))).all()


def test_one_who_speaks_all_the_time_is_cut_at_every_cell() -> None:
    """Ten seconds, and the four that two more chunks add."""
    cut = voice_pieces.cut(np.stack([turns(0)] * 3), STEP)

    assert cut.cells.tolist() == list(range(9))  # of 13.98 s: the ninth holds 118 frames
    assert cut.frames.sum(axis=1).tolist() == [160] * 8 + [118]


# embedding


def test_pieces_are_embedded_as_one_by_one(network: VoiceEmbedding, demo_samples: np.ndarray) -> None:
    """Batches of one length, two workers; each against CAM++ on its own frames."""
    samples = torch.from_numpy(demo_samples[: 20 * RATE])
    rng = np.random.default_rng(0)
    frames = np.arange(voice_pieces.CELL) < rng.integers(20, voice_pieces.CELL + 1, size=(30, 1))
    cut = voice_pieces.EmbeddingSegments(np.sort(rng.integers(1, 12, 30)), frames)
    told: list[int] = []
    together = voice_pieces.embed(cut, range(30), samples, network.embed, "cpu", told.append)

    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert told == sorted(told)
    assert told[-1] == 30
    for cell, mask, ours in zip(cut.cells, cut.frames, together, strict=True):
        start = int(cell) * voice_pieces.CELL * voice_pieces.FRAME
        fbank = campplus.kaldi_fbank(samples[start : start + 26_000])[: mask.sum() // 20 * 20]
        with torch.inference_mode():
            alone = network.source((fbank - fbank.mean(0))[None])[0].numpy()
        assert ours @ alone / np.linalg.norm(alone) > 0.98  # bfloat16 on some processors


def test_features_of_many_pieces_are_those_of_each(demo_samples: np.ndarray) -> None:
    """As a GPU computes them, here on the first CPU: bit for bit, over silence of minutes too."""
    chunk = turns(0, 1, 2, 0, 1)
    pieces = voice_pieces.cut(np.stack([chunk, chunk]), STEP)
    far = voice_pieces.EmbeddingSegments(
        np.concatenate([pieces.cells, pieces.cells + 500]), np.concatenate([pieces.frames] * 2)
    )
    samples = torch.from_numpy(np.concatenate([demo_samples[: 12 * RATE], np.zeros(800 * RATE, np.float32)]))
    some = range(1, len(far.cells))

    one_by_one, together = (voice_pieces.features(samples, far, some, device) for device in ("cpu", "cpu:0"))

    assert len(together) == len(some) > 10
    assert all(torch.equal(one, other) for one, other in zip(one_by_one, together, strict=True))
    assert voice_pieces.features(samples, far, range(0), "cpu:0") == []


def test_a_voice_is_the_mean_of_its_pieces() -> None:
    """By length; who is silent, or never alone, has none."""
    heard = turns(0, 0, 0, 1)[None].copy()
    heard[0, :, 2] = heard[0, :, 1]  # always together with 1
    cut = voice_pieces.cut(heard, STEP)
    embeddings = voice(*np.linspace(0.0, 0.4, len(cut.cells)))

    (found,) = voice_pieces.voices(heard, STEP, cut, embeddings)

    lengths = cut.frames.sum(axis=1, keepdims=True)
    assert np.allclose(found[0], (lengths * embeddings).sum(axis=0) / lengths.sum())
    assert np.isnan(found[1:]).all()
    assert voice_pieces.silent(found[None]) == [(0, 1), (0, 2)]


def test_who_is_never_alone_is_heard_nevertheless(network: VoiceEmbedding, demo_samples: np.ndarray) -> None:
    """Two at once for a second, and one for a tenth: too short."""
    heard = np.zeros((1, N_FRAMES, 3), np.uint8)
    heard[0, 400:460, :2] = heard[0, 500:506, 2] = 1
    samples = torch.from_numpy(demo_samples[: 10 * RATE])

    found = dict(voice_pieces.overlapped(heard, STEP, [(0, 0), (0, 1), (0, 2)], samples, network.embed, "cpu"))

    assert set(found) == {(0, 0), (0, 1)}
    assert np.allclose(found[0, 0], found[0, 1], atol=1e-3)


# two people who were taken for one


def test_two_voices_of_one_speaker_are_parted() -> None:
    """Six seconds of one and four of another: the other gets the speaker to spare, and the frames stay."""
    chunk = turns(0)
    cut = voice_pieces.cut(chunk[None], STEP)
    angles = np.where(cut.cells < 4, 0.0, 1.5)

    (found,) = voice_pieces.voices(heard := chunk[None].copy(), STEP, cut, voice(*angles))

    assert (heard[0].sum(axis=1) == chunk.sum(axis=1)).all()
    (other,) = np.flatnonzero(heard[0, :, 1:].any(axis=0)) + 1
    assert np.flatnonzero(heard[0, :, other])[[0, -1]].tolist() == pytest.approx([377, 588], abs=40)
    assert found[0] @ found[other] < 0.1
    assert np.isnan(found[3 - other]).all()


@pytest.mark.parametrize(
    ("chunk", "angle"),
    [
        pytest.param(turns(0), 0.7, id="voices that are near"),
        pytest.param(np.maximum(turns(0), turns(3, 3, 3, 3, 3, 3, 3, 3, 1, 2)), 1.5, id="no speaker to spare"),
    ],
)
def test_what_stays_together(chunk: np.ndarray, angle: float) -> None:
    """One person with two moods, and a chunk with three speakers already."""
    cut = voice_pieces.cut(chunk[None], STEP)
    voice_pieces.voices(heard := chunk[None].copy(), STEP, cut, voice(*np.where(cut.cells < 3, 0.0, angle)))

    assert np.array_equal(heard[0], chunk)


@given(chunks, st.randoms(use_true_random=False))
def test_parting_keeps_how_many_speak(heard: np.ndarray, random: object) -> None:
    """Whatever the voices: as many speakers at every frame, and no voice that is not a number."""
    cut = voice_pieces.cut(heard, STEP)
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    found = voice_pieces.voices(after := heard.copy(), STEP, cut, voice(*rng.uniform(0, 3, len(cut.cells))))

    assert np.array_equal(after.sum(axis=2), heard.sum(axis=2))
    spoken = after.any(axis=1)
    assert np.isnan(found[~spoken]).all()
    assert np.isfinite(found).all(axis=2).sum() <= spoken.sum()


def test_two_real_voices_are_parted_where_both_speak(models: Path, demo_samples: np.ndarray) -> None:
    """The demo, as a segmentation would hear it that never tells its two people apart."""
    torch.set_num_threads(1)
    pipeline = diarize.load_embedded(
        models / "segmentation-3.0" / "pytorch_model.bin", models / "campplus" / "campplus_cn_en_common.pt", "cpu"
    )
    pipeline._segmentation.step = STEP / 100
    samples = torch.from_numpy(demo_samples)
    told_apart = pipeline.get_segmentations({"waveform": samples[None]}).data
    heard = np.zeros_like(told_apart)
    heard[:, :, 0] = told_apart.max(axis=2)
    cut = voice_pieces.cut(heard, STEP)
    network = pipeline._embedding
    embeddings = voice_pieces.embed(cut, range(len(cut.cells)), samples, network.embed, "cpu", lambda _: None)

    voice_pieces.voices(heard, STEP, cut, embeddings)

    found = heard.any(axis=1).sum(axis=1)
    each = np.sort(told_apart.sum(axis=1), axis=1)[:, ::-1] * 10 / N_FRAMES  # seconds, who speaks most first
    both, one = each[:, 1] > 3.0, (each[:, 0] > 3.0) & (each[:, 1] == 0)
    assert both.sum() >= 5
    assert (found[both] == 2).mean() > 0.8
    assert (found[one] == 1).mean() > 0.9
