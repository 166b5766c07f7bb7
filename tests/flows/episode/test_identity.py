"""Which episodes are new, whatever a publisher changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.documents import EPISODE
from transforms.feed.identity import compare, known_of, settled, told_apart
from transforms.records import Episode, feed_episode_id

SHOW = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
START = datetime(2026, 1, 1, 6, tzinfo=UTC)


def episode(n: int, **changes: object) -> Episode:
    """The n-th episode of a show, with its own guid, audio, title and time."""
    made = replace(
        EPISODE,
        guid=f"guid-{n}",
        title=f"Part {n}",
        published_at=START + timedelta(days=n),
        audio_url=f"https://cdn.example/show/{n}.mp3",
    )
    made = replace(made, **changes)  # type: ignore[arg-type]
    return replace(made, episode_id=feed_episode_id(SHOW, made.guid, made.audio_url))


def new(known: Sequence[Episode], found: Sequence[Episode]) -> tuple[Episode, ...]:
    return compare([known_of(e) for e in known], found).new


shows = st.lists(st.integers(0, 40), unique=True, max_size=12).map(lambda ns: [episode(n) for n in ns])


@given(shows, shows)
def test_new_is_what_was_not_there_whatever_its_date(known: list[Episode], found: list[Episode]) -> None:
    """A set difference: an episode with an old date is as new as one of today."""
    ids = {e.episode_id for e in known}

    assert list(new(known, found)) == [e for e in found if e.episode_id not in ids]


@given(shows)
def test_what_is_remembered_is_not_new_again(found: list[Episode]) -> None:
    """Twice the same feed."""
    assert new(new([], found), found) == ()


CHANGES = {
    "guid": lambda n, e: replace(e, guid=f"https://new.example/?p={n}"),
    "host": lambda n, e: replace(e, guid=None, audio_url=f"https://other.example/x/show/{n}.mp3"),
    "query": lambda n, e: replace(e, guid=None, audio_url=f"{e.audio_url}?token={n}"),
    "tracker": lambda n, e: replace(e, guid=f"g{n}", audio_url=f"https://op3.example/e/{e.audio_url[8:]}?x=1"),
    "guid and audio": lambda n, e: replace(e, guid=f"g{n}", audio_url=f"https://other.example/{n * 7}"),
    "guid and time": lambda n, e: replace(e, guid=f"g{n}", published_at=e.published_at + timedelta(hours=2)),
    "guid, host and title": lambda n, e: replace(
        e, guid=f"g{n}", title=f"S01E{n}", audio_url=f"https://other.example/show/{n}.mp3"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@given(numbers=st.lists(st.integers(0, 40), unique=True, min_size=2, max_size=12), more=st.integers(50, 60))
def test_a_publisher_who_changes_everything_makes_no_doubles(change: str, numbers: list[int], more: int) -> None:
    """All episodes are known again, each as itself, and the one that is really new is new."""
    before = [episode(n) for n in numbers]
    after = [_named(CHANGES[change](n, episode(n))) for n in numbers]

    difference = compare([known_of(e) for e in before], [*after, episode(more)])

    assert difference.new == (episode(more),)
    assert difference.aliases == {
        a.episode_id: b.episode_id for a, b in zip(after, before, strict=True) if a.episode_id != b.episode_id
    }
    again = compare([known_of(e) for e in (*before, episode(more))], [*after, episode(more)], difference.aliases)
    assert (again.new, dict(again.aliases)) == ((), {})


def _named(made: Episode) -> Episode:
    return replace(made, episode_id=feed_episode_id(SHOW, made.guid, made.audio_url))


@given(shows, st.permutations(range(41)), st.randoms())
def test_no_known_episode_stands_for_two(found: list[Episode], numbers: list[int], random: object) -> None:
    """Whatever is taken for known is one to one."""
    shuffled = [
        _named(replace(episode(n), audio_url=e.audio_url, guid=f"x{n}"))
        for n, e in zip(numbers, found, strict=False)
    ]
    difference = compare([known_of(e) for e in found], shuffled)

    assert len(set(difference.aliases.values())) == len(difference.aliases)
    assert len(difference.new) + len(difference.aliases) == len(shuffled)


def test_bulletins_that_replace_each_other_at_one_address_are_each_new() -> None:
    """One item, always the same address: a new guid and a new time are a new episode."""
    at = "https://cdn.example/news/latest.mp3"
    before = episode(1, audio_url=at, title="The news")
    after = episode(2, audio_url=at, title="The news")

    assert new([before], [after]) == (after,)


def test_two_episodes_with_one_address_are_told_apart() -> None:
    """Where audio cannot tell, nothing is guessed."""
    at = "https://cdn.example/play"
    known = [episode(1, audio_url=at), episode(2, audio_url=at)]
    found = [episode(3, audio_url=at, published_at=None)]

    assert new(known, found) == tuple(found)


def again(known: Sequence[Episode], found: Sequence[Episode]) -> tuple[Episode, ...]:
    """What is new in a feed that was read before."""
    remembered = [known_of(e) for e in known]
    return compare(remembered, settled(remembered, found, {})).new


def test_a_new_item_with_an_old_guid_is_new() -> None:
    """If its audio is another, and its title or its time; a second look finds it again under the same id."""
    before, after = episode(1, guid="same"), episode(2, guid="same")

    (found,) = again([before], [after])

    assert found.episode_id not in (before.episode_id, after.episode_id)
    assert again([before, found], [after]) == ()
    assert again([before, found], [before]) == ()
    assert again([before, found], told_apart([after, before])) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Part 1, mended"},
        {"published_at": START},
        {"title": "Part 1, mended", "published_at": START},
        {"audio_url": "https://cdn.example/other/name.mp3"},
        {"audio_url": "https://cdn.example/show/1.mp3?token=2", "title": "Part 1, mended"},
        {"audio_url": "https://other.example/show/1.mp3", "published_at": None},
    ],
)
def test_what_is_corrected_is_the_same(changes: dict[str, object]) -> None:
    """Another title or another time alone, or other audio alone, makes no episode new under its old guid."""
    assert again([episode(1)], [episode(1, **changes)]) == ()


def test_who_moves_a_whole_show_makes_nothing_new() -> None:
    """Guids and titles stay, audio and times change."""
    later = timedelta(hours=1)
    moved = [
        episode(n, audio_url=f"https://other.example/{n * 7}", published_at=START + timedelta(days=n) + later)
        for n in range(3)
    ]

    assert again([episode(n) for n in range(3)], moved) == ()
