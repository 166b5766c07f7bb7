"""How voices are told apart: clean stretches, prints, and whose voice one is; no model runs here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from transforms.records import SpeakerSegment
from transforms.voices import prints
from transforms.voices.calibration import CALIBRATION
from transforms.voices.stretches import LONGEST, MOST, clean_stretches
from transforms.voices.unnamed import group_unnamed
from transforms.voices.voice_matching import Match, Miss, VoiceKey, Voices, match, strange_voices

RNG = np.random.default_rng(7)
PEOPLE = dict(zip(("Ann", "Bob", "Cem", "Dora"), np.linalg.qr(RNG.normal(size=(192, 4)))[0].T, strict=True))


def sounding(who: str, likeness: float = 0.9, twin: str | None = None) -> np.ndarray:
    """How a voice sounds that is so like a person; what is left of it is like a twin, or like nobody."""
    rest = PEOPLE[twin] if twin else RNG.normal(size=192)
    rest = rest - (rest @ PEOPLE[who]) * PEOPLE[who]
    return likeness * PEOPLE[who] + (1 - likeness**2) ** 0.5 * rest / np.linalg.norm(rest)


def voices(sounds: Mapping[VoiceKey, np.ndarray]) -> Voices:
    keys = sorted(sounds)
    return Voices(keys, np.array([sounds[key] for key in keys], np.float32))


def who(decided: Mapping[VoiceKey, Match | Miss]) -> dict[VoiceKey, str]:
    """Whose the voices are that matched, and why the others did not."""
    return {key: one.person if isinstance(one, Match) else one.reason for key, one in decided.items()}


@pytest.mark.parametrize(
    ("segments", "found"),
    [
        ([("A", 0, 2.0)], [(0.1, 1.9)]),
        ([("A", 0, 1.6)], []),  # too short to tell anything
        ([("A", 0, 9.0), ("B", 4, 4.5)], [(0.1, 3.1), (4.6, 7.6)]),  # without the overlap, and what it leaves over
        ([("A", 0, 2.0), ("A", 1, 3.0)], [(0.1, 2.9)]),  # its own segments are no overlap
        ([("B", 0, 9.0)], []),
        ([("B", 0, 9.0), ("A", 0, 9.0)], []),
    ],
)
def test_a_voice_is_taken_where_it_is_alone(
    segments: Sequence[tuple[str, float, float]], found: Sequence[tuple[float, float]]
) -> None:
    assert clean_stretches([SpeakerSegment(start, end, who) for who, start, end in segments], "A") == found


def test_of_a_long_episode_some_stretches_of_all_its_parts() -> None:
    segments = [SpeakerSegment(10.0 * n, 10.0 * n + 2 + n % 3, "A") for n in range(300)]
    found = clean_stretches(segments, "A")
    assert len(found) == MOST
    assert found[0][0] < 300
    assert found[-1][0] > 2700
    assert {round(end - start, 1) for start, end in found} == {LONGEST}


def test_a_print_is_of_the_stretches_that_agree() -> None:
    """One stretch of five is of somebody else: the diarization was wrong there."""
    sounds = [*(sounding("Ann") for _ in range(4)), sounding("Bob")]
    made = made_of(sounds)
    assert (made.stretches, made.seconds, made.fault) == (4, 12.0, None)
    assert np.array(made.vector) @ PEOPLE["Ann"] > 0.95
    assert np.linalg.norm(made.vector or ()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("sounds", "fault"),
    [
        (["Ann"], "short"),  # three seconds
        (["Ann", "Bob"] * 3, "mixed"),
        (["Ann", "Bob", "Cem", "Dora"], "mixed"),
    ],
)
def test_of_little_speech_or_several_people_there_is_no_print(sounds: Sequence[str], fault: str) -> None:
    made = made_of([sounding(who, 0.95) for who in sounds])
    assert (made.vector, made.fault) == (None, fault)


def made_of(sounds: Sequence[np.ndarray]) -> prints.Voiceprint:
    """The print of stretches of three seconds that sound so."""
    stretches = [(4.0 * n, 4.0 * n + 3) for n in range(len(sounds))]
    samples = np.arange(4 * len(sounds) * 16_000) // 64_000  # each stretch says which one it is

    def embed(pieces: Sequence[Any]) -> Any:
        return np.array([7 * sounds[round(float(piece[0]) * 32768)] for piece in pieces])

    return prints.make_print([samples.astype(np.int16)], stretches, embed)


def test_a_voice_is_found_again_and_a_stranger_is_not() -> None:
    sounds = {
        ("1", "A"): sounding("Ann"),
        ("1", "B"): sounding("Bob"),
        ("2", "A"): sounding("Bob"),
        ("2", "B"): sounding("Cem"),
        ("3", "A"): sounding("Ann"),
    }
    decided = match(voices(sounds), {("1", "A"): "ann", ("1", "B"): "bob"})
    assert who(decided) == {("2", "A"): "bob", ("2", "B"): "far", ("3", "A"): "ann"}
    found = decided["3", "A"]
    assert isinstance(found, Match)
    assert found.like == ("1", "A")
    assert found.score > CALIBRATION.least_score
    assert 0.8 <= found.confidence <= 1


def test_nobody_is_named_and_nobody_is_found() -> None:
    assert match(voices({("1", "A"): sounding("Ann"), ("2", "A"): sounding("Ann")}), {}) == {}


def test_between_twins_nobody_is_chosen() -> None:
    """The lead is over the next person, not over the next voice of the same."""
    sounds = {
        ("1", "A"): sounding("Ann", 0.95),
        ("2", "A"): sounding("Ann", 0.95),
        ("3", "A"): sounding("Ann", 0.72, twin="Bob"),
        ("4", "A"): sounding("Ann", 0.95),
        ("5", "A"): sounding("Bob", 0.95),
    }
    named = {("1", "A"): "ann", ("2", "A"): "ann", ("5", "A"): "bob"}
    decided = match(voices(sounds), named)
    assert who(decided) == {("3", "A"): "close", ("4", "A"): "ann"}
    missed = decided["3", "A"]
    assert isinstance(missed, Miss)
    assert {missed.person, missed.other} == {"ann", "bob"}


def test_two_labels_of_a_transcript_are_never_one_person() -> None:
    """The better one is, where it leads; where somebody is named there already, no other one is."""
    sounds = {
        ("1", "A"): sounding("Ann", 0.97),
        ("2", "A"): sounding("Ann", 0.95),
        ("2", "B"): sounding("Ann", 0.92),
        ("3", "A"): sounding("Ann", 0.97),
        ("3", "B"): sounding("Ann", 0.75),
        ("4", "A"): sounding("Ann", 0.97),
        ("4", "B"): sounding("Ann", 0.97),
    }
    decided = match(voices(sounds), {("1", "A"): "ann", ("4", "A"): "ann"})
    assert who(decided) == {
        ("2", "A"): "rival",
        ("2", "B"): "rival",
        ("3", "A"): "ann",
        ("3", "B"): "rival",
    }


def test_a_voice_is_not_whom_it_was_split_from() -> None:
    sounds = {("1", "A"): sounding("Ann"), ("2", "A"): sounding("Ann")}
    split = {("2", "A"): frozenset({"ann"})}
    assert match(voices(sounds), {("1", "A"): "ann"}, split) == {}


def test_a_line_on_which_all_sound_alike_parts_nobody() -> None:
    """On a telephone line strangers are as alike as one person is to himself elsewhere: that is usual there."""
    line = PEOPLE["Dora"]
    sounds = {(f"{n:02}", "A"): 0.8 * line + 0.6 * sounding("Cem", 0.1) for n in range(30)}
    decided = match(voices({key: one / np.linalg.norm(one) for key, one in sounds.items()}), {("00", "A"): "cem"})
    assert set(who(decided).values()) == {"far"}


def test_a_polluted_profile_is_noticed() -> None:
    """Of three voices of one name the one that differs; of two nobody can tell which one is the person."""
    sounds = {("1", "A"): sounding("Ann"), ("2", "A"): sounding("Ann"), ("3", "A"): sounding("Bob")}
    assert strange_voices(voices(sounds), dict.fromkeys(sounds, "ann")) == {("3", "A")}
    del sounds["2", "A"]
    assert strange_voices(voices(sounds), dict.fromkeys(sounds, "ann")) == set(sounds)


def test_voices_that_nobody_named_are_joined() -> None:
    """With each other, never within a transcript; who is known already, and strangers, stay what they are."""
    sounds = {
        ("1", "A"): sounding("Ann"),
        ("2", "A"): sounding("Ann"),
        ("2", "B"): sounding("Bob", 0.95),
        ("3", "A"): sounding("Bob", 0.95),
        ("3", "B"): sounding("Bob", 0.95),
        ("4", "A"): sounding("Cem"),
        ("5", "A"): sounding("Bob", 0.95),
    }
    named = {("1", "A"): "ann"}
    decided = group_unnamed(voices(sounds), named, match(voices(sounds), named))
    persons = {key: one.person for key, one in decided.items() if isinstance(one, Match)}
    assert persons["2", "A"] == "ann"
    assert ("4", "A") not in persons
    assert persons["2", "B"] == persons["5", "A"]
    assert len({persons.get(("3", label)) for label in "AB"}) == 2


def test_ten_thousand_voices() -> None:
    """All are decided in memory that does not grow with the square of their number, each rightly."""
    n, rng = 10_000, np.random.default_rng(1)
    people = rng.normal(size=(500, 192))
    ids = rng.integers(len(people), size=n)
    vectors = people[ids] + rng.normal(scale=0.4, size=(n, 192))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = [(f"{k // 2:05}", f"{k % 2}") for k in range(n)]
    named = {key: str(one) for key, one in zip(keys[:2_000], ids[:2_000], strict=True)}
    decided = match(Voices(keys, vectors.astype(np.float32)), named)
    truth = dict(zip(keys, map(str, ids), strict=True))
    found = {key: one.person for key, one in decided.items() if isinstance(one, Match)}
    assert all(truth[key] == person for key, person in found.items())
    assert len(found) > 7_800
