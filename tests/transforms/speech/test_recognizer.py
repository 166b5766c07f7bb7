"""The recogniser: weights read, network, beam search, times of words, shared batches; against CTranslate2."""

from __future__ import annotations

import statistics
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest
import torch
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from faster_whisper.vad import VadOptions, get_speech_timestamps
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.support.words import difference, plain_text, spoken
from transforms.alignment.forcing import Clip, ReadWord
from transforms.errors import ContentError, Interrupted
from transforms.speech import device, windows
from transforms.speech import transcribe as transcribing
from transforms.speech.device import free_memory, how_many_fit
from transforms.speech.second_pass import Recording
from transforms.speech.transcribe import TranscribeJob, transcribe, transcribe_many
from transforms.speech.whisper import recognizer
from transforms.speech.whisper.beam_search import Hypothesis, Vocabulary, write
from transforms.speech.whisper.network import Whisper, log_mel, multiplied, packed, read_variables
from transforms.speech.whisper.reading import read_along
from transforms.speech.whisper.recognizer import Recognizer
from transforms.speech.whisper.static_search import StaticSearch
from transforms.speech.whisper.token_times import _median, warp
from transforms.speech.whisper.torch_model import TorchModel

pytestmark = pytest.mark.system

RATE = 16_000
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def fast(models: Path) -> Recognizer:
    """Whisper tiny.en with its network in PyTorch: in float32 where bfloat16 would take minutes."""
    made = Recognizer(models / "tiny.en", "cpu", "int8", 2)
    if made.network is None:
        made.network = Whisper(models / "tiny.en", alignment_heads(made), our_type(), CPU)
    return made


@pytest.fixture(scope="module")
def plain(models: Path) -> Recognizer:
    """The same with CTranslate2 alone."""
    made = Recognizer(models / "tiny.en", "cpu", "int8", 2)
    made.network = None
    return made


@pytest.fixture(scope="module")
def whole(models: Path) -> Recognizer:
    """The same in PyTorch alone."""
    return Recognizer(models / "tiny.en", "cpu", "float32", 2, engine="torch")


def our_type() -> torch.dtype:
    """The numbers that our network would run on here."""
    return torch.bfloat16 if recognizer.has_fast_bfloat16() else torch.float32


def alignment_heads(model: WhisperModel) -> list[tuple[int, int]]:
    """The heads that align in tiny.en."""
    assert model.model.n_mels == 80
    return [(1, 0), (2, 0), (2, 5), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4)]


# weights


def write_model(path: Path, *variables: tuple[str, np.ndarray, int]) -> None:
    """Write a file as CTranslate2 does."""

    def name(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    data = struct.pack("<I", 6) + name("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for title, values, kind in variables:
        data += name(title) + struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        data += struct.pack("<BI", kind, values.nbytes) + values.tobytes()
    path.write_bytes(data + struct.pack("<I", 0))


def test_weights_are_multiplied_out(tmp_path: Path) -> None:
    """Int8 with scales, bfloat16 and float16 are the numbers that they stand for."""
    write_model(
        tmp_path / "model.bin",
        ("a/weight", np.array([[10, -20], [30, 40]], np.int8), 1),
        ("a/weight_scale", np.array([10, 100], np.float32), 0),
        ("b", np.array([0x3FC0], np.uint16), 5),
        ("c", np.array([[0.5, 2.0]], np.float16), 4),
    )

    found = read_variables(tmp_path / "model.bin")

    assert set(found) == {"a/weight", "b", "c"}
    assert found["a/weight"] == pytest.approx(np.array([[1, -2], [0.3, 0.4]]))
    assert found["b"].tolist() == [1.5]
    assert found["c"].tolist() == [[0.5, 2.0]]


@pytest.mark.parametrize(
    "data", [b"", b"RIFF....WAVE", struct.pack("<I", 99), struct.pack("<I", 6) + b"\x05\x00ab"]
)
def test_what_is_no_model_is_refused(data: bytes, tmp_path: Path) -> None:
    """Empty, another kind of file, a version of the future, one that is cut off."""
    (tmp_path / "model.bin").write_bytes(data)
    with pytest.raises(ContentError, match="is no CTranslate2 model that we can read"):
        read_variables(tmp_path / "model.bin")


# the network


def test_the_network_is_that_of_ctranslate2(models: Path, demo_samples: np.ndarray) -> None:
    """In float32 both encode the same; in bfloat16 ours is nearer to that than CTranslate2's int8."""
    mel = log_mel([demo_samples[: 28 * RATE]], 80).numpy()
    exact = WhisperModel(str(models / "tiny.en"), device="cpu", compute_type="float32")
    rough = WhisperModel(str(models / "tiny.en"), device="cpu", compute_type="int8")
    heads = alignment_heads(exact)
    truth = np.array(exact.encode(mel))

    same = Whisper(models / "tiny.en", heads, torch.float32, CPU).encode(mel).numpy()
    ours = Whisper(models / "tiny.en", heads, our_type(), CPU).encode(mel).float().numpy()

    assert np.abs(same - truth).max() < 1e-2
    assert np.abs(ours - truth).mean() < np.abs(np.array(rough.encode(mel)) - truth).mean()


def test_spectrograms_are_those_of_faster_whisper(plain: Recognizer, demo_samples: np.ndarray) -> None:
    """But for the padding, which is silence before the logarithm, as Whisper was trained."""
    samples = demo_samples[: 30 * RATE]
    (ours,) = log_mel([samples], 80).numpy()
    theirs = plain.feature_extractor(samples, padding=0)[:, :3000]

    assert ours.shape == (80, 3000)
    assert np.abs(ours[:, : theirs.shape[1]] - theirs).max() < 1e-3


def searched_in_steps(network: Whisper, *arguments: Any) -> list[Hypothesis]:
    """As `write`, in tensors of fixed shape; twice, since the second batch finds the memory of the first."""
    search = StaticSearch(network)
    search.write(*arguments)
    return search.write(*arguments)


@pytest.mark.parametrize("n_beams", [1, 5])
@pytest.mark.parametrize("search", [write, searched_in_steps])
def test_it_writes_what_ctranslate2_writes(
    search: Callable[..., list[Hypothesis]], n_beams: int, plain: Recognizer, models: Path, demo_samples: Any
) -> None:
    """In float32 the same words, the same probabilities: of windows that end at different steps."""
    mel = log_mel([demo_samples[: 14 * RATE], demo_samples[30 * RATE : 37 * RATE], demo_samples[: 2 * RATE]], 80)
    network = Whisper(models / "tiny.en", alignment_heads(plain), torch.float32, CPU)
    exact = ctranslate2.models.Whisper(str(models / "tiny.en"), device="cpu", compute_type="float32")
    tokenizer = Tokenizer(plain.hf_tokenizer, multilingual=False)
    prompt = plain.get_prompt(tokenizer, [], without_timestamps=True)
    barred = get_suppressed_tokens(tokenizer, [-1])
    vocabulary = Vocabulary(
        tokenizer.sot, tokenizer.eot, tokenizer.no_speech, tuple(barred), (*tokenizer.encode(" "), tokenizer.eot)
    )
    encoded = network.encode(mel)

    ours = search(network, encoded, prompt, vocabulary, n_beams)
    theirs = exact.generate(
        ctranslate2.StorageView.from_array(encoded.numpy()),
        [prompt] * 3,
        beam_size=n_beams,
        suppress_tokens=list(barred),
        return_scores=True,
        return_no_speech_prob=True,
    )

    assert len({len(one.tokens) for one in ours}) == 3
    for one, other in zip(ours, theirs, strict=True):
        tokens = other.sequences_ids[0]
        assert plain_text(tokenizer.decode(one.tokens)) == plain_text(tokenizer.decode(tokens))
        mean = other.scores[0] * len(tokens) / (len(tokens) + 1)
        assert one.avg_logprob == pytest.approx(mean, abs=5e-3)
        assert sum(one.logprobs) == pytest.approx(one.avg_logprob * (len(one.tokens) + 1), abs=3)
        assert one.no_speech_prob == pytest.approx(other.no_speech_prob, abs=1e-3)
        assert one.queries.shape[1] >= len(one.tokens)


@pytest.mark.parametrize("no_repeat", [0, 3])
def test_the_second_pass_needs_no_ctranslate2(
    no_repeat: int, whole: Recognizer, plain: Recognizer, models: Path, demo_samples: np.ndarray
) -> None:
    """With time stamps, and without repetitions: the same tokens, and words at the same times."""
    exact = WhisperModel(str(models / "tiny.en"), device="cpu", compute_type="float32")
    heard = [demo_samples[: 14 * RATE], np.tile(demo_samples[30 * RATE : 33 * RATE], 5)]
    network = Whisper(models / "tiny.en", alignment_heads(plain), torch.float32, CPU)
    model = TorchModel(network, whole.hf_tokenizer, ())
    tokenizer = Tokenizer(plain.hf_tokenizer, multilingual=False)
    encoded = network.encode(log_mel(heard, 80))
    asked = {"suppress_tokens": list(get_suppressed_tokens(tokenizer, [-1])), "no_repeat_ngram_size": no_repeat}
    prompts = [plain.get_prompt(tokenizer, [], without_timestamps=False)] * 2
    view = ctranslate2.StorageView.from_array(encoded.numpy())

    ours = model.generate(encoded, prompts, beam_size=5, **asked)
    theirs = exact.model.generate(view, prompts, beam_size=5, return_scores=True, **asked)
    texts = [[token for token in one.sequences_ids[0] if token < tokenizer.eot] for one in theirs]
    times = [
        [pair[1] for pair in one.alignments]
        for one in model.align(encoded, tokenizer.sot_sequence, texts, [1400, 1500])
    ]

    assert [one.sequences_ids for one in ours] == [one.sequences_ids for one in theirs]
    assert [one.scores[0] for one in ours] == pytest.approx([one.scores[0] for one in theirs], abs=1e-3)
    for found, other in zip(
        times, exact.model.align(view, tokenizer.sot_sequence, texts, [1400, 1500]), strict=True
    ):
        begins = dict(reversed(other.alignments))
        off = [abs(frame - begins[token]) for token, frame in enumerate(found)]
        assert statistics.median(off) <= 5  # frames of 20 ms


def test_a_batch_fits_into_the_memory(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of what is free, and one window at least."""
    monkeypatch.setattr(recognizer, "has_fast_bfloat16", lambda: True)
    sizes = []
    for free in (10**11, 200 * 10**6, 10**6):
        monkeypatch.setattr(device, "free_memory", lambda _, free=free: free)
        sizes.append(Recognizer(models / "tiny.en", "cpu", "int8", 1, 16).batch_size)
    network = Whisper(models / "tiny.en", None, torch.bfloat16, CPU)
    assert sizes == [16, 50 * 10**6 // network.bytes_to_write(5), 1]
    assert network.bytes_to_write(1) == 2 * 2 * 4 * 384 * (1500 + 448)
    assert 10**8 < free_memory() < 10**13


def test_a_decoder_of_shapes_alone_tells_its_memory(models: Path) -> None:
    """As on a GPU, where CTranslate2 writes: what decides about batches is known without the weights."""
    network = Whisper(models / "tiny.en", None, torch.float16, torch.device("meta"))
    assert network.bytes_to_write(5) == 2 * 2 * 4 * 384 * (1500 + 5 * 448)
    assert (network.decoder.n_layers, network.decoder.n_heads) == (4, 6)


def test_a_gpu_is_asked_for_its_own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is free on it, not what the machine has; one fits at least."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (700, 900))
    assert free_memory("cuda") == 700
    assert [how_many_fit("cuda", each, parts=2) for each in (1, 100, 351)] == [350, 3, 1]


def test_a_packed_matrix_multiplies_as_before() -> None:
    """As near as bfloat16 is; what cannot be packed stays as it is."""
    one, other, bias = (torch.rand(*shape).bfloat16() for shape in ((5, 64), (96, 64), (96,)))
    assert torch.allclose(multiplied(one, packed(other), bias), multiplied(one, other, bias), rtol=2**-6)
    assert packed(other.float()).dtype == torch.float32


@pytest.mark.parametrize("quality", ["fast", "accurate"])
def test_it_hears_what_ctranslate2_hears(
    quality: Any, fast: Recognizer, plain: Recognizer, demo_samples: np.ndarray
) -> None:
    """The same words at the same times."""
    samples = demo_samples[: 47 * RATE]
    ours, theirs = (transcribe(samples, model, language="en", quality=quality) for model in (fast, plain))

    assert difference(theirs.words, ours.words) < 0.03
    starts = {spoken([word]): word.start_time or 0.0 for word in theirs.words}
    offsets = [abs((w.start_time or 0.0) - starts[spoken([w])]) for w in ours.words if spoken([w]) in starts]
    assert statistics.median(offsets) < 0.1
    assert [w.avg_logprob for w in ours.windows] == pytest.approx(
        [w.avg_logprob for w in theirs.windows], abs=0.05
    )


def test_it_hears_without_ctranslate2(whole: Recognizer, plain: Recognizer, demo_samples: np.ndarray) -> None:
    """The words of all and of one window alone; nothing of CTranslate2's is loaded."""
    samples = demo_samples[: 40 * RATE]
    ours, theirs = (transcribe(samples, model, language="en", quality="fast") for model in (whole, plain))
    recording = Recording(samples, whole, "en", 5, ((0.0, 20.0),), None)
    alone = recording.sequential((0.0, 20.0))

    assert isinstance(whole.model, TorchModel)
    assert difference(theirs.words, ours.words) < 0.05
    assert difference([word for word in theirs.words if (word.end_time or 0) < 19], alone.words) < 0.2
    assert "all in PyTorch" in whole.describe()


def test_names_are_hinted_at(fast: Recognizer, demo_samples: np.ndarray) -> None:
    """A name is spelled as the hint has it, and the hint itself is no part of what is said."""
    heard = transcribe(
        demo_samples[: 20 * RATE], fast, hotwords=("Idris Vane", "Quentin Ottoline"), quality="fast"
    )
    assert "Idris Vane" in " ".join(word.word for word in heard.words)
    assert "quentin" not in spoken(heard.words)
    assert heard.flags == ()


# the times of words


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 9)), elements=st.integers(0, 9)))
def test_the_way_through_is_the_cheapest(cost: np.ndarray) -> None:
    """As cheap as the textbook's recursion says, and never back."""
    rows, columns = cost.shape
    best = np.full((rows + 1, columns + 1), np.inf)
    best[0, 0] = 0
    for i in range(rows):
        for j in range(columns):
            best[i + 1, j + 1] = cost[i, j] + min(best[i, j], best[i, j + 1], best[i + 1, j])
    entries = warp(cost).tolist()

    # each row is walked from where it is entered to where the next one is, or one before
    def walked(row: int, at: int) -> float:
        if row == rows - 1:
            return float(cost[row, at:].sum())
        following = entries[row + 1]
        ends = {following, following - 1} & set(range(at, columns))
        return min(float(cost[row, at : end + 1].sum()) for end in ends) + walked(row + 1, following)

    assert entries[0] == 0
    assert entries == sorted(entries)
    assert walked(0, 0) == pytest.approx(best[rows, columns])


def test_the_running_median_is_one() -> None:
    """As torch's own."""
    x = torch.rand(3, 5, 40, generator=torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(x, (3, 3), mode="reflect")
    assert torch.equal(_median(x), padded.unfold(-1, 7, 1).median(-1).values)


# speech


def test_speech_is_where_faster_whisper_hears_it(
    demo_samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces side by side, and from int16, as in one piece from float32."""
    monkeypatch.setattr(windows, "STRETCH_FRAMES", 400)
    ours = windows.find_speech((demo_samples * 32767).astype(np.int16))
    options = VadOptions(min_silence_duration_ms=160, speech_pad_ms=0)
    theirs = [(s["start"] / RATE, s["end"] / RATE) for s in get_speech_timestamps(demo_samples, options)]

    assert len(ours) == pytest.approx(len(theirs), abs=2)
    common = sum(max(0.0, min(one[1], other[1]) - max(one[0], other[0])) for one in ours for other in theirs)
    assert common > 0.99 * sum(end - start for start, end in theirs)
    assert common > 0.99 * sum(end - start for start, end in ours)


def test_endless_speech_is_cut() -> None:
    """No stretch is longer than 28 s, and none of it is lost."""
    probabilities = np.full(3_000, 0.9, np.float32)
    probabilities[700] = 0.4
    cuts = list(windows._cut(probabilities, 0, 3_000, 875))
    assert cuts[0] == (0, 700)
    assert all(last - first <= 875 for first, last in cuts)
    assert [first for first, _ in cuts[1:]] == [last for _, last in cuts[:-1]]


# many recordings


@pytest.mark.parametrize("looked_at", [0, 1])
def test_recordings_share_batches(
    looked_at: int, fast: Recognizer, demo_samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is what it is alone; one without speech is given too; no word lasts longer than five seconds.

    Also where speech is found beside, as for a GPU.
    """
    monkeypatch.setitem(transcribing.LOOKED_AT, "cpu", looked_at)
    pieces = {
        "long": demo_samples[: 60 * RATE],
        "silent": np.zeros(5 * RATE, np.int16),
        "short": (demo_samples[60 * RATE : 70 * RATE] * 32767).astype(np.int16),
        "empty": np.zeros(0, np.float32),
    }
    jobs = [TranscribeJob(key, samples, "en") for key, samples in pieces.items()]
    done: list[float] = []

    heard = dict(transcribe_many(jobs, fast, quality="fast", on_progress=done.append))

    assert set(heard) == set(pieces)
    for key, samples in pieces.items():
        alone = transcribe(samples, fast, language="en", quality="fast")
        assert difference(alone.words, heard[key].words) < 0.1  # of 25 words in the short one
    assert heard["silent"].flags == heard["empty"].flags == ("no_speech",)
    assert done == sorted(done)
    assert done[-1] == pytest.approx(75)
    words = [word for one in heard.values() for word in one.words]
    assert all((word.end_time or 0) - (word.start_time or 0) <= 5 for word in words)


def test_who_waits_no_longer_can_say_so_after_each_batch(
    fast: Recognizer, demo_samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only when all windows that were sorted together are done."""
    monkeypatch.setattr(fast, "batch_size", 1)
    monkeypatch.setattr(fast, "n_workers", 1)
    told: list[float] = []

    def stop(seconds: float) -> None:
        told.append(seconds)
        if len(told) == 2:
            msg = "stopped"
            raise Interrupted(msg)

    with pytest.raises(Interrupted):
        transcribe(demo_samples, fast, language="en", quality="fast", on_progress=stop)
    assert told == [0.0, 0.0]


def test_two_workers_hear_what_one_hears(
    fast: Recognizer, demo_samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU: batches side by side, and what comes out is in order."""
    alone = transcribe(demo_samples[: 60 * RATE], fast, language="en", quality="fast")
    monkeypatch.setattr(fast, "n_workers", 2)
    monkeypatch.setattr(fast, "batch_size", 2)
    monkeypatch.setattr(fast, "n_threads", 1)  # as many threads as cores, whatever else runs
    together = transcribe(demo_samples[: 60 * RATE], fast, language="en", quality="fast")
    assert difference(alone.words, together.words) < 0.05
    assert [w.start_time for w in together.words] == sorted(w.start_time or 0 for w in together.words)


@pytest.mark.parametrize("engine", ["fast", "plain", "whole"])
def test_a_text_is_read_along(engine: str, request: pytest.FixtureRequest, demo_samples: np.ndarray) -> None:
    """Each word is found where it is said, two clips in one window; a text that is not said is unlikely."""
    reader = request.getfixturevalue(engine)
    samples = (demo_samples * 32767).astype(np.int16)
    first, second = "Welcome to The Long Groove, the show".split(), "— Idris, thanks for coming in.".split()
    clips = [Clip(0, tuple(first), 2.2, 4.3, 0, 7), Clip(28, tuple(second), 11.6, 13.327, 0, 6)]
    (said, thanked) = read_along(clips, samples, reader, "en")
    assert thanked[0] is None
    assert [one is not None for one in (*said, *thanked[1:])] == [True] * 12
    starts = [one.start_time for one in (*said, *thanked[1:]) if one]
    assert starts == sorted(starts)
    assert starts[0] == pytest.approx(2.2, abs=0.25)
    assert 3.8 < starts[6] < 4.3
    assert thanked[-1].end_time == pytest.approx(13.327, abs=0.25)
    strange = [replace(clips[0], words=tuple("but nobody ever pays a baker".split()))]
    (unsaid,) = read_along(strange, samples, reader, "en")
    assert likely(said) > 0.3
    assert likely(unsaid) < 0.02


def likely(words: list[ReadWord | None]) -> float:
    """The geometric mean of the probabilities of all tokens."""
    return float(np.exp(np.mean([p for one in words if one for p in one.logprobs])))


def test_a_clip_that_is_too_long_is_not_read(plain: Recognizer, demo_samples: np.ndarray) -> None:
    """No window has room for it, or for its tokens; what has is read."""
    samples = (demo_samples * 32767).astype(np.int16)
    long = Clip(0, ("Welcome",), 0.0, 40.0, 0, 1), Clip(0, tuple(["seventeen"] * 500), 2.0, 9.0, 0, 500)
    fits = Clip(0, ("Welcome",), 2.2, 2.8, 0, 1)
    found = read_along([*long, fits], samples, plain, "en")
    assert [any(one) for one in found] == [False, False, True]


def test_without_known_heads_the_upper_half_aligns(models: Path, demo_samples: np.ndarray) -> None:
    """As openai/whisper does it."""
    network = Whisper(models / "tiny.en", None, torch.float32, CPU)
    assert len(network.alignment_heads) == 2 * 6
    assert min(layer for layer, _ in network.alignment_heads) == 2


def test_the_engine_says_what_works(fast: Recognizer, plain: Recognizer) -> None:
    """For `turntable doctor`."""
    ours = str(our_type()).removeprefix("torch.")
    assert fast.describe().startswith(f"encoder and decoder in PyTorch ({ours}), the rest in CTranslate2")
    assert plain.describe().startswith("CTranslate2 (int8")
