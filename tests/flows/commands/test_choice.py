"""Which one the user means: the same answer for episodes, feeds and what waits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flows.feeds.manage import remove
from flows.feeds.pending import PendingEpisode, PendingQueue
from flows.feeds.subscriptions import Subscriptions, new_subscription
from flows.settings import Options, Settings
from tests.support.documents import EPISODE, NOON
from transforms.choice import Named, choose
from transforms.errors import SourceError

TURN = Named("0a1b2c3d-1111-5222-8333-444455556666", "Turn", frozenset(("/a/Turn.wav",)))
TURNS = Named("0a1bffff-1111-5222-8333-444455556666", "Turn by turn")
LOUD = Named("beefbeef-1111-5222-8333-444455556666", "TURN")
BEEF = Named("c0ffee00-1111-5222-8333-444455556666", "The beef episode", frozenset(("/b/Turn.wav",)))
STRANGE = Named("youtube:dQw4w9WgXcQ", "C++ & Ça va", frozenset(("https://example.org/1",)))
KNOWN = (TURN, TURNS, LOUD, BEEF, STRANGE)


@pytest.mark.parametrize(
    ("text", "place", "meant"),
    [
        ("Turn", None, TURN),
        ("TURN", None, LOUD),
        ("turn by  TURN", None, TURNS),
        ("by turn", None, TURNS),
        ("/b/Turn.wav", None, BEEF),
        ("Turn.wav", "/a/Turn.wav", TURN),
        ("b/Turn.wav", "/home/b/Turn.wav", BEEF),
        ("0a1bf", None, TURNS),
        ("https://example.org/1", None, STRANGE),
        ("youtube:dQw4", None, STRANGE),
        ("c++", None, STRANGE),
        ("ca va", None, STRANGE),
        ("C, Ça va", None, STRANGE),
    ],
)
def test_the_surest_way_decides(text: str, place: str | None, meant: Named) -> None:
    """An exact title wins over a piece of another, a whole path over the end of another."""
    assert choose(text, KNOWN, "episode", "say more", place) == meant


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("turn", "2 episodes fit 'turn', 0a1b2c3d Turn; beefbeef TURN: say more$"),
        ("beef", "2 episodes fit 'beef'"),
        ("Turn.wav", "2 episodes fit"),
        ("0a1b", "2 episodes fit"),
        ("0a1", "no episode fits '0a1'"),
        ("", "no episode fits ''"),
        ("/", "no episode fits '/'"),
        ("%", "no episode fits"),
        ("?!", "no episode fits"),
        (".", "no episode fits"),
    ],
)
def test_several_or_none_are_named(text: str, problem: str) -> None:
    """Two that fit as well as each other are for the user to part."""
    with pytest.raises(SourceError, match=problem):
        choose(text, KNOWN, "episode", "say more")


def test_an_exact_title_of_what_waits_wins_over_a_piece_of_a_feed(tmp_path: Path) -> None:
    """`remove` ends no subscription where an episode is called so."""
    settings = Settings(home=tmp_path)
    feed = new_subscription("https://x.example/1", NOON, title="The Needle Show")
    episode = replace(EPISODE, title="Needle")
    Subscriptions(tmp_path).put(feed)
    PendingQueue(tmp_path).put(
        PendingEpisode("https://x.example/1.mp3", None, episode, Options(), feed.feed_id, NOON)
    )

    assert remove(settings, "needle") == "Needle: it waits no more"
    assert remove(settings, "needle").startswith("The Needle Show: not subscribed any more")


def test_what_nobody_sees_hides_no_title() -> None:
    """Neither in what is known nor in what was copied from a page."""
    known = [Named("0a1b2c3d", "Ma\u200bra und Sil\u00adbe"), Named("1a1b2c3d", "Another")]

    assert choose("mara und silbe", known, "episode", "").id == "0a1b2c3d"
    assert choose("ano\ufeffther", known, "episode", "").id == "1a1b2c3d"
