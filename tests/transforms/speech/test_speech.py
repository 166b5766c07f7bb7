"""Real models on real audio: words, voices, speakers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pad_sequence

from tests.support.words import difference, spoken
from transforms.errors import SourceError
from transforms.records import Diarization, Segment, Word
from transforms.speech import diarize
from transforms.speech import transcribe as engine
from transforms.speech.checks import DecodedWindow, Transcription, is_loop
from transforms.speech.pyannote import campplus
from transforms.speech.second_pass import Recording, decode_again
from transforms.speech.transcribe import transcribe
from transforms.speech.whisper.recognizer import Recognizer
from transforms.speech.windows import LONGEST_SILENCE, WINDOW_SECONDS, cut_windows, find_speech, uncovered

pytestmark = pytest.mark.system

RATE = 16_000


@pytest.fixture(scope="module")
def whisper(models: Path) -> Any:
    """Whisper tiny.en, as CTranslate2 runs it on a CPU."""
    return Recognizer(models / "tiny.en", "cpu", "int8", 2)


@pytest.fixture(scope="module")
def voice_network(models: Path) -> campplus.CAMPlusPlus:
    """CAM++ with its public weights."""
    return campplus.load(models / "campplus" / "campplus_cn_en_common.pt")


@pytest.fixture(scope="module")
def pipeline(models: Path) -> Any:
    """The embedded diarization."""
    torch.set_num_threads(2)
    return diarize.load_embedded(
        models / "segmentation-3.0" / "pytorch_model.bin", models / "campplus" / "campplus_cn_en_common.pt", "cpu"
    )


def chord(seconds: float) -> np.ndarray:
    """Music without a voice: plucked chords, two a second."""
    t = np.arange(int(seconds * RATE)) / RATE
    beat = t % 0.5
    notes = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6, 440.0))
    return (0.15 * notes * np.exp(-4 * beat)).astype(np.float32)


# windows


spans = st.lists(st.tuples(st.floats(0.05, 4.0), st.floats(0.1, 28.0)), min_size=1, max_size=60)


@given(spans)
def test_windows_hold_all_speech_once(gaps_and_lengths: list[tuple[float, float]]) -> None:
    """Every stretch of speech lies in exactly one window, no window is too long, none overlaps the next."""
    speech, at = [], 0.0
    for gap, length in gaps_and_lengths:
        speech.append((at + gap, at + gap + length))
        at += gap + length

    windows = cut_windows(speech, WINDOW_SECONDS, at + 1.0)

    for start, end in speech:
        assert sum(first - 1e-3 <= start and end <= last + 1e-3 for first, last in windows) == 1
    assert all(end - start <= WINDOW_SECONDS + 2e-3 for start, end in windows)
    assert all(one[1] <= other[0] + 2e-3 for one, other in pairwise(windows))


def test_a_long_silence_ends_a_window() -> None:
    """Whisper is not given silence to invent words in."""
    speech = [(0.0, 5.0), (5.0 + LONGEST_SILENCE, 12.0)]

    assert cut_windows(speech, WINDOW_SECONDS, 20.0) == ((0.0, 5.2), (7.8, 12.2))


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)).map(lambda t: (min(t), max(t))), max_size=5),
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)).map(lambda t: (min(t), max(t))), max_size=20),
)
def test_holes_are_speech_that_no_word_touches(
    speech: list[tuple[float, float]], words: list[tuple[float, float]]
) -> None:
    """A hole lies in the speech, and the middle of it in no word."""
    for start, end in uncovered(speech, words, (0.0, 20.0)):
        middle = (start + end) / 2
        assert start < end
        assert any(first <= start and end <= last for first, last in speech)
        assert not any(first < middle < last for first, last in words)


def test_loops_are_told_from_speech() -> None:
    """Four times the same is a loop; a list, a stutter and a refrain are not."""
    assert is_loop(["and", "then", "and", "then", "and", "then", "and", "then"])
    assert is_loop(["Thank", "you."] * 4)
    assert not is_loop(["no", "no", "no", "that", "is", "not", "what", "I", "said"])
    assert not is_loop(["row", "row", "row", "your", "boat", "gently", "down", "the", "stream"])


# words


def test_words_are_in_order_and_within_the_audio(whisper: Any, demo_samples: np.ndarray) -> None:
    """Every word has times and a probability; the text is what was said."""
    seen: list[float] = []
    heard = transcribe(demo_samples[: 47 * RATE], whisper, on_progress=seen.append)

    times = [t for word in heard.words for t in (word.start_time, word.end_time)]
    text = spoken(heard.words)
    assert all(0 <= t <= 47 for t in times)
    assert [word.start_time for word in heard.words] == sorted(word.start_time for word in heard.words)
    assert all(word.start_time <= word.end_time for word in heard.words)
    assert all(0 < word.probability <= 1 for word in heard.words)
    assert "repairs record players for a living" in text
    assert "reel of film ran for about" in text
    assert heard.language == "en"
    assert heard.flags == ()
    assert seen == sorted(seen)
    assert seen[-1] == 47


def test_an_unknown_language_lists_the_known_ones(whisper: Any) -> None:
    """The English model knows one."""
    with pytest.raises(SourceError, match="'xx' is no language of this model: take one of en"):
        transcribe(np.zeros(RATE, np.float32), whisper, language="xx")


def test_a_window_that_lost_its_words_is_decoded_again(whisper: Any, demo_samples: np.ndarray) -> None:
    """Speech without words fails the check, and the second pass finds them."""
    samples = demo_samples[27 * RATE : 47 * RATE]
    speech = find_speech(samples)
    decoder = Recording(samples, whisper, "en", 5, speech, None)
    span = (0.0, 20.0)
    lost = decoder.window(span, [], "batched")

    found = decoder.again(lost)

    assert lost.failures == ("uncovered_speech",)
    assert found.failures == ()
    assert found.coverage > 0.9
    assert found.decoding == "pieces"
    assert "reel of film" in spoken(found.words)


def test_only_what_still_fails_goes_on_to_the_next_step() -> None:
    """What passed at first is left alone, the better answer is kept, and which language is spoken stays known."""

    def window(coverage: float, decoding: str) -> DecodedWindow:
        return DecodedWindow(0.0, 20.0, (), -0.1, 0.0, 1.0, coverage, 0.0, decoding, spoken="de")

    first = [window(coverage, "batched") for coverage in (1.0, 0.2, 0.5, 0.5)]
    stamped = [window(1.0, "stamped"), window(0.1, "stamped"), window(0.6, "stamped")]
    alone = [replace(window(1.0, "pieces"), spoken=None), replace(window(0.6, "pieces"), spoken=None)]
    asked: list[object] = []

    best = decode_again(
        ["a", "b", "c", "d"],
        first,
        lambda items: asked.append(items) or stamped,
        lambda items: asked.append(items) or alone,
    )

    assert asked == [["b", "c", "d"], [("c", first[2]), ("d", stamped[2])]]
    assert [one.decoding for one in best] == ["batched", "stamped", "pieces", "pieces"]
    assert {one.spoken for one in best} == {"de"}


def test_the_pieces_of_a_window_have_true_times(whisper: Any, demo_samples: np.ndarray) -> None:
    """The last resort, pieces of ten seconds, gives the same words at the same times."""
    samples = demo_samples[27 * RATE : 47 * RATE]
    decoder = Recording(samples, whisper, "en", 5, find_speech(samples), None)
    whole = decoder.sequential((0.0, 20.0))
    pieces = decoder.pieces((0.0, 20.0))

    def first(window: DecodedWindow, word: str) -> float:
        return next(w.start_time for w in window.words if w.word.strip(",.").lower() == word)

    assert pieces.coverage > 0.9
    for word in ("cinema", "disc", "grooves"):
        assert first(pieces, word) == pytest.approx(first(whole, word), abs=0.3)


def test_the_same_sound_has_the_same_words_twice(models: Path, whisper: Any, demo_samples: np.ndarray) -> None:
    """To the last bit, from a model that has heard something else before, and from a new one."""
    fresh = Recognizer(models / "tiny.en", "cpu", "int8", 2)
    transcribe(demo_samples[60 * RATE : 65 * RATE], whisper)

    heard, again = (transcribe(demo_samples[: 30 * RATE], model) for model in (whisper, fresh))

    assert heard == again


def test_no_word_is_drawn_by_chance(whisper: Any, demo_samples: np.ndarray) -> None:
    """Of what is no language, too: words played backwards are decoded in another way, the same one each time."""
    decoder = Recording(demo_samples[6 * RATE : 2 * RATE : -1], whisper, "en", 1, [(0.0, 4.0)], None)
    first = decoder.sequential((0.0, 4.0))

    assert set(first.failures) - {"uncovered_speech"}
    assert decoder.guarded((0.0, 4.0)) == decoder.guarded((0.0, 4.0))


@pytest.mark.parametrize("kind", ["silence", "music", "noise", "nothing", "a tenth of a second"])
def test_nobody_speaks(kind: str, whisper: Any) -> None:
    """No words are invented; that no speakers are, tests/transforms/speech/test_diarize.py says."""
    samples = {
        "silence": np.zeros(15 * RATE, np.float32),
        "music": chord(15),
        "noise": (0.1 * np.random.default_rng(0).standard_normal(15 * RATE)).astype(np.float32),
        "nothing": np.zeros(0, np.float32),
        "a tenth of a second": np.zeros(RATE // 10, np.float32),
    }[kind]

    heard = transcribe(samples, whisper, language="en")

    assert (heard.words, heard.flags) == ((), ("no_speech",))


def test_the_language_is_voted_on(models: Path, demo_samples: np.ndarray) -> None:
    """The multilingual model finds out that the demo is English."""
    base = Recognizer(models / "base", "cpu", "int8", 2)
    heard = transcribe(demo_samples[: 20 * RATE], base)

    assert heard.language == "en"
    assert heard.language_probability > 0.9


def test_what_is_in_another_language_is_decoded_in_its_own(
    models: Path, demo_samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vote that went to German does no harm to English windows; who asks for German gets it, and is told."""
    base = Recognizer(models / "base", "cpu", "int8", 2)
    samples = demo_samples[: 26 * RATE]
    plain, forced = (transcribe(samples, base, language=language, quality="fast") for language in ("en", "de"))
    monkeypatch.setattr(engine, "likeliest_language", lambda _: ("de", 0.6))
    switched = transcribe(samples, base, quality="fast")

    assert difference(plain.words, switched.words) < 0.05  # what voted was encoded on other threads
    assert {window.language for window in switched.windows} == {"en"}
    assert plain.flags == switched.flags == ()
    assert {window.language for window in forced.windows} == {"de"}
    assert "other_language" in forced.flags


def test_several_languages_are_flagged() -> None:
    """But not where nobody says a word in one of them."""
    segment = Segment(0.0, 1.0, "Guten Tag", None, (Word("Tag", 0.0, 1.0, 0.9, None, None),))
    first = DecodedWindow(0.0, 20.0, (segment,), -0.1, 0.0, 1.0, 1.0, 0.0, "batched", language="de")
    other, silent = replace(first, language="en"), replace(first, language="fr", segments=())

    assert Transcription((first, first, silent), "de", 1.0, 20.0).flags == ()
    assert Transcription((first, other), "de", 1.0, 20.0).flags == ("several_languages",)


# voices


def features(samples: np.ndarray, start: float, end: float) -> torch.Tensor:
    """Kaldi features of a stretch, less their mean."""
    fbank = campplus.kaldi_fbank(torch.from_numpy(samples[int(start * RATE) : int(end * RATE)]))
    return fbank - fbank.mean(0)


def test_the_network_gives_the_published_figures(
    voice_network: campplus.CAMPlusPlus, demo_samples: np.ndarray
) -> None:
    """3 to 7 s of the demo, embedded by the reference implementation of 3D-Speaker."""
    with torch.inference_mode():
        voice = voice_network(features(demo_samples, 3, 7)[None])[0]

    expected = [-1.2151, 0.0816, 0.4666, -0.1344, -0.0276, -0.2969, 0.4193, -0.0104]
    assert voice.shape == (192,)
    assert voice.norm().item() == pytest.approx(6.1132, abs=2e-3)
    assert voice[:8].tolist() == pytest.approx(expected, abs=2e-3)


def test_a_batch_gives_what_its_items_give_one_by_one(
    voice_network: campplus.CAMPlusPlus, demo_samples: np.ndarray
) -> None:
    """Padding is never seen, at lengths around the halving and around the segments of 100 frames."""
    voices = [features(demo_samples, 3, 7)[:n] for n in (398, 397, 300, 201, 200, 199, 57, 20)]
    voices = [voice - voice.mean(0) for voice in voices]
    with torch.inference_mode():
        one_by_one = torch.cat([voice_network(voice[None]) for voice in voices])
        together = voice_network(pad_sequence(voices, batch_first=True), torch.tensor([len(v) for v in voices]))

    assert torch.allclose(one_by_one, together, atol=1e-4)


def test_one_voice_is_nearer_to_itself_than_to_another(
    voice_network: campplus.CAMPlusPlus, demo_samples: np.ndarray
) -> None:
    """Mara twice, Idris once."""
    with torch.inference_mode():
        mara, again, idris = (
            voice_network(features(demo_samples, start, end)[None])[0]
            for start, end in ((2.5, 5.9), (6.2, 11.0), (28.8, 33.0))
        )

    def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
        return torch.cosine_similarity(a, b, dim=0).item()

    assert cosine(mara, again) > 0.5 > cosine(mara, idris) + 0.2


def test_the_segmentation_equals_pyannotes_own_loading(models: Path, demo_samples: np.ndarray) -> None:
    """Loading without running what the checkpoint holds gives the same network."""
    from pyannote.audio import Model

    from transforms.speech.pyannote.checkpoint import load_network

    checkpoint = models / "segmentation-3.0" / "pytorch_model.bin"
    chunk = torch.from_numpy(demo_samples[: 10 * RATE])[None, None]
    ours, theirs = load_network(checkpoint), Model.from_pretrained(checkpoint).eval()
    weights = theirs.state_dict()

    assert ours.state_dict().keys() == weights.keys()
    assert all(torch.equal(weight, weights[name]) for name, weight in ours.state_dict().items())
    with torch.inference_mode():
        assert torch.allclose(ours(chunk), theirs(chunk), atol=1e-3)


# speakers


@pytest.fixture(scope="module")
def who(pipeline: Any, demo_samples: np.ndarray) -> Diarization:
    """The demo, diarized."""
    return diarize.diarize(demo_samples, pipeline)


def test_two_people_talk_in_the_demo(who: Diarization) -> None:
    """Who is heard first is SPEAKER_00; the exclusive diarization never has two at once."""
    assert {"SPEAKER_00", "SPEAKER_01"} == {segment.speaker for segment in who.segments} == set(who.voices)
    assert who.segments[0].speaker == "SPEAKER_00"
    assert all(len(voice) == 192 for voice in who.voices.values())
    for one, other in pairwise(who.exclusive):
        assert one.end_time <= other.start_time + 1e-3
    assert 0 <= who.segments[0].start_time < who.segments[-1].end_time <= 94.8


def test_bounds_are_kept(pipeline: Any, demo_samples: np.ndarray) -> None:
    """Told that there are two speakers, as there are, it finds two, and flags nothing."""
    asked = diarize.diarize(demo_samples[: 30 * RATE], pipeline, speakers=(2, 2))

    assert {segment.speaker for segment in asked.segments} == {"SPEAKER_00", "SPEAKER_01"}
    assert not asked.flags
