"""The two sides of a stereo recording: mixed without loss, told apart."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.audio.sides import fault, mix

RATE = 16_000


@pytest.fixture(scope="module")
def speech(demo_samples: np.ndarray) -> np.ndarray:
    """The first half minute of the demo, int16."""
    return (demo_samples[: 30 * RATE] * 32767).astype(np.int16)


def mixed(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mix two sides that come in pieces."""
    pieces = np.array_split(np.stack([left, right]), 50, axis=1)
    return np.concatenate(list(mix(pieces)))


def later(samples: np.ndarray, n: int) -> np.ndarray:
    """The same sound, n samples later."""
    return np.concatenate([np.zeros(n, samples.dtype), samples[:-n]])


def scaled(samples: np.ndarray, by: float) -> np.ndarray:
    """The same sound, louder or quieter."""
    return (samples * by).astype(np.int16)


@pytest.mark.parametrize("by", [-1.0, -0.9, -1.1])
def test_sides_that_cancel_are_not_summed_to_silence(by: float, speech: np.ndarray) -> None:
    """One of them is heard, as loud as it is."""
    heard = mixed(speech, scaled(speech, by))

    assert len(heard) == len(speech)
    assert np.array_equal(heard, speech)


def test_sides_that_do_not_cancel_are_summed(speech: np.ndarray) -> None:
    """Two people, one side alone, the same on both: half of each."""
    other = later(speech, 7 * RATE)

    assert np.array_equal(mixed(speech, speech), speech)
    assert np.array_equal(mixed(speech, other), ((speech.astype(int) + other) // 2).astype(np.int16))
    assert np.array_equal(mixed(np.zeros_like(speech), speech), (speech.astype(int) // 2).astype(np.int16))


def test_a_stretch_that_cancels_is_heard_beside_one_that_does_not(speech: np.ndarray) -> None:
    """As where a programme that was wired wrongly has an advertisement spliced in."""
    right = np.concatenate([-speech[: 20 * RATE], speech[20 * RATE :]])

    assert np.array_equal(mixed(speech, right), speech)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (np.zeros_like, "nothing on its right side"),
        (lambda x: scaled(x, 0.001), "nothing on its right side"),
        (lambda x: x, "the same sound"),
        (lambda x: scaled(x, 0.2), "the same sound"),
        (lambda x: scaled(x, -0.9), "the same sound"),
        (lambda x: later(x, 320), "the same sound"),
        (lambda x: later(scaled(x, -0.5), 5_000), "the same sound"),
        (lambda x: x + np.random.default_rng(0).normal(0, 30, len(x)).astype(np.int16), "the same sound"),
    ],
    ids=["silent", "crosstalk", "copy", "quieter", "inverted", "20 ms later", "all at once", "noisy"],
)
def test_a_side_that_is_no_other_person_is_seen(change, words: str, speech: np.ndarray) -> None:
    """Whichever side it is."""
    assert words in str(fault(speech, change(speech)))
    assert words.replace("right", "left") in str(fault(change(speech), speech))


def test_nobody_on_either_side() -> None:
    """Silence is not two people."""
    silence = np.zeros(RATE, np.int16)

    assert fault(silence, silence) == "two silent sides"


def test_two_people_are_two_people_though_both_microphones_hear_both(speech: np.ndarray) -> None:
    """Half of one on the other side, and a guest who says little."""
    host, guest = speech[2 * RATE : 11 * RATE], speech[14 * RATE : 18 * RATE]
    left = np.concatenate([host, scaled(guest, 0.5), host, host])
    right = np.concatenate([scaled(host, 0.5), guest, scaled(host, 0.5), scaled(host, 0.5)])
    rarely = np.concatenate([speech, scaled(guest[: 2 * RATE], 0.2)])

    assert fault(left, later(right, 16)) is None
    assert fault(rarely, np.concatenate([scaled(speech, 0.1), guest[: 2 * RATE]])) is None
