"""Who is two people and was taken for one, who is one and not two; numbers that can be, and that cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from transforms.speech.pyannote.second_look import Bounds, Voices, look_again

LEAST = 6


def heard(*people: tuple[float, int], first_chunk: int = 0, apart: int = 1) -> Voices:
    """So many voices of each of some people, at an angle in degrees, a few degrees to each side of it."""
    vectors = [
        (math.cos(math.radians(angle + wobble)), math.sin(math.radians(angle + wobble)))
        for angle, n in people
        for wobble in np.linspace(-4, 4, n)
    ]
    return Voices(np.array(vectors), first_chunk + apart * np.arange(len(vectors)))


def at(distance: float) -> float:
    """The angle, in degrees, at which two voices are so far apart."""
    return math.degrees(math.acos(1 - distance))


@pytest.mark.parametrize(
    ("distance", "bounds", "people"),
    [
        (0.35, (1, math.inf), 2),  # two who are alike
        (0.25, (1, math.inf), 1),  # one who is so far from himself
        (0.35, (1, 1), 1),
        (0.29, (1, math.inf), 1),
        (0.29, (2, 2), 2),  # where there should be two, that is enough
        (0.25, (2, 2), 1),  # this is not
        (0.35, (3, 4), 2),
    ],
)
def test_one_cluster_is_parted_where_its_halves_are_two_people(
    distance: float, bounds: Bounds, people: int
) -> None:
    """How far its halves are apart decides, and how many there should be."""
    voices = heard((0, 8), (at(distance), 8))
    found = look_again(voices, np.zeros(16, np.intp), LEAST, bounds)

    assert found.tolist() == [0] * 16 if people == 1 else found.tolist() in ([0] * 8 + [1] * 8, [1] * 8 + [0] * 8)


@pytest.mark.parametrize("n", [1, 2, LEAST - 1])
def test_a_few_odd_voices_are_nobody(n: int) -> None:
    """They do not part a cluster, and do not keep it from being parted."""
    nobody = look_again(heard((0, 12), (90, n)), np.zeros(12 + n, np.intp), LEAST)
    two = look_again(heard((0, 8), (at(0.4), 8), (150, n)), np.zeros(16 + n, np.intp), LEAST)

    assert nobody.max() == 0
    assert len(set(two[:8])) == len(set(two[8:16])) == 1
    assert two[0] != two[8]


@pytest.mark.parametrize(
    ("distance", "apart", "n", "bounds", "people"),
    [
        (0.4, 1, 3, (1, math.inf), 1),  # half a minute's three voices of somebody who turned away
        (0.5, 1, 3, (1, math.inf), 2),  # unlike
        (0.4, 0, 3, (1, math.inf), 2),  # they talk with each other
        (0.4, 1, 3, (2, 2), 2),  # there should be two
        (0.4, 1, 8, (1, math.inf), 2),  # heard for long
        (0.4, 1, 8, (1, 1), 1),
        (0.4, 0, 8, (1, 1), 2),
        (0.5, 1, 8, (1, 1), 2),
    ],
)
def test_clusters_that_are_alike_and_never_meet_are_one(
    distance: float, apart: int, n: int, bounds: Bounds, people: int
) -> None:
    """If one is heard too shortly, or there are to be fewer people."""
    voices = heard((0, 10), (at(distance), n), apart=apart)
    found = look_again(voices, np.repeat([0, 1], [10, n]), LEAST, bounds)

    assert found.max() + 1 == people


def test_those_who_are_farthest_apart_are_parted_first() -> None:
    """Three in one cluster, of whom two are to be found."""
    voices = heard((0, 8), (at(0.35), 8), (110, 8))
    found = look_again(voices, np.zeros(24, np.intp), LEAST, (2, 2))

    assert found.max() + 1 == 2
    assert len(set(found[:16])) == 1
    assert look_again(voices, np.zeros(24, np.intp), LEAST).max() + 1 == 3
