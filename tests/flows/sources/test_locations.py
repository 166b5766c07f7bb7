"""What a user, a feed or a request names, parsed at the door."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows import paths
from flows.commands.options import well_spelled
from flows.episode.batch import ingest_locations
from flows.locations import Location, at_path, keeping_private, locate, located
from flows.serve.prefect_ui.run_parameters import unveiled, veiled
from flows.settings import Options, Settings
from flows.sources.folders import LeftOut
from tests.conftest import only
from transforms.errors import SourceError

KINDS = {
    "talk.mp3": ("path", ""),
    "": ("path", ""),
    "C:/talk.mp3": ("path", ""),
    "/watch?v=abcdefghijk": ("path", ""),
    "https://example.org/1.mp3": ("url", ""),
    "HTTPS://EXAMPLE.org/1.mp3": ("url", ""),
    "ftp://example.org/1.mp3": ("url", ""),
    "https://youtu.be/abcdefghijk?si=x": ("video", "abcdefghijk"),
    "https://m.youtube.com/shorts/abcdefghijk": ("video", "abcdefghijk"),
    "https://www.youtube.com/@longgroove": ("channel", ""),
    "https://www.youtube.com/playlist?list=PL1": ("channel", ""),
    "https://youtube.com.example.org/watch?v=abcdefghijk": ("url", ""),
    "https://example.org/?u=https://youtu.be/abcdefghijk": ("url", ""),
    "episode:an-id": ("episode", "an-id"),
    "episode:youtube:abcdefghijk": ("episode", "youtube:abcdefghijk"),
    "Episode: 12.mp3": ("path", ""),
}


@pytest.mark.parametrize("text", KINDS)
def test_what_is_named_is_of_one_kind(text: str) -> None:
    """And is opened as it was written."""
    found = locate(text)

    assert (found.kind, found.name) == KINDS[text]
    assert found.address == text
    assert found.is_url == ("://" in text)
    assert found.is_web == text.lower().startswith("http")
    assert unveiled(veiled(found)) == found


def test_a_secret_is_in_the_address_alone() -> None:
    """Not in the repr, which logs and tracebacks show, nor where a run's parameters are seen."""
    found = locate("https://ann:swordfish@example.org/1.mp3?token=swordfish")
    seen = (
        repr(found),
        found.public,
        found.shown,
        repr(veiled(found)),
        repr(veiled(locate("a.mp3"), private=True)),
    )

    assert [text for text in seen if "swordfish" in text or "a.mp3'" in text] == []
    with keeping_private(True):
        assert found.shown.startswith("https://example.org/~")
        assert (at_path(Path("/a//b?#.mp3")).shown, locate("episode:a#").shown) == ("/a/b?#.mp3", "episode:a#")


def test_what_the_user_names_is_parsed_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths begin where the command was started; an id and an address do not, unless a file is called so."""
    monkeypatch.setattr(paths, "_start", [tmp_path])
    (tmp_path / "episode:1.mp3").touch()
    good, bad = well_spelled(["talk.mp3", "episode:1.mp3", "episode:an-id", "https://example.org/", "htps:/x"])

    assert good == [
        at_path(tmp_path / "talk.mp3"),
        at_path(tmp_path / "episode:1.mp3"),
        Location("episode", "episode:an-id", "episode:an-id", "an-id"),
        locate("https://example.org/"),
    ]
    assert [(one.public, str(error).partition(";")[0]) for one, error in bad.items()] == [
        ("htps:/x", "htps:/x: a URL of scheme 'htps' cannot be fetched")
    ]
    assert located("episode:" + "x" * 300).kind == "episode"
    assert located("~talk.mp3").path == tmp_path / "~talk.mp3"  # of nobody's home


def test_an_episode_that_nobody_knows_is_refused_by_its_id(tmp_path: Path) -> None:
    """`verify`, `rebuild` and damaged files advise `turntable ingest episode:ID`: it is no path."""
    settings = Settings(home=tmp_path / "home")
    done = ingest_locations([located("episode:nobody")], 1, Options(), settings)

    ((place, error),) = list(done)
    assert place.public == "episode:nobody"
    assert isinstance(error, SourceError)
    assert "no episode nobody waits or is known" in str(error)


def test_a_text_that_is_left_out_is_shown_without_its_secret(tmp_path: Path) -> None:
    """Its address too, and the ending that it is counted by."""
    settings, url = Settings(home=tmp_path / "home"), "https://example.org/talk.vtt?token=swordfish"
    done = ingest_locations([locate(url)], 1, Options(policy="audio-only"), settings)

    assert only([outcome for _, outcome in done]) == LeftOut("https://example.org/talk.vtt", ".vtt")
