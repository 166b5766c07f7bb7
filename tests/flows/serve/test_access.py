"""The secret of a home goes to the server of this home, and to no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.access import CLIENTS, SERVERS, enter, find_server, has_server, opening, secret

OURS = "http://127.0.0.1:4207/api"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, and an environment of somebody who set nothing."""
    for name in (CLIENTS, SERVERS, "PREFECT_API_URL"):
        monkeypatch.setenv(name, "to be put back")
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "of-the-user"))
    return tmp_path / "home"


def given() -> str | None:
    """What a client of Prefect would say."""
    import os

    return os.environ.get(CLIENTS)


def test_a_secret_is_made_once_and_anew_where_others_could_read_it(home: Path) -> None:
    """A group or the world may have looked."""
    first = secret(home)
    assert secret(home) == first
    (home / "prefect" / "auth").chmod(0o640)

    assert secret(home) != first
    assert (home / "prefect" / "auth").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("address", [OURS, f"{OURS}/", "http://localhost:4207/api"])
def test_a_command_gets_into_the_server_of_its_home(
    home: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """However the user wrote its address, while it runs."""
    known = secret(home)
    monkeypatch.setenv("PREFECT_API_URL", address)
    with opening(home, OURS):
        enter(home)

    assert given() == known


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:4208/api", "http://evil.example/api", "http://127.0.0.1:4207.evil.example/api"]
)
def test_another_server_never_sees_the_secret(home: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Nor one that has the port after ours is gone."""
    secret(home)
    monkeypatch.setenv("PREFECT_API_URL", address)
    with opening(home, OURS):
        enter(home)
    assert given() is None

    monkeypatch.setenv("PREFECT_API_URL", OURS)
    enter(home)
    assert given() is None


def test_a_server_that_was_killed_fools_nobody(home: Path) -> None:
    """What it left names a process, and that number may be another's by now: the secret goes nowhere."""
    import os

    secret(home)
    with opening(home, OURS):
        left = (home / "prefect" / "api").read_text()
    for began in ("1", ""):
        (home / "prefect" / "api").write_text(f"{OURS} {os.getpid()} {began}")
        assert not find_server(home)
    (home / "prefect" / "api").write_text(left)
    assert find_server(home), "this very process"


def test_what_the_user_set_stands(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment, or in the profile of Prefect."""
    monkeypatch.setenv(CLIENTS, "theirs")
    enter(home)
    assert given() == "theirs"
    monkeypatch.delenv(CLIENTS)

    profiles = home.parent / "of-the-user" / "profiles.toml"
    profiles.parent.mkdir()
    profiles.write_text('active = "work"\n[profiles.work]\nPREFECT_API_URL = "https://prefect.example/api"\n')
    enter(home)
    assert given() is None
    assert find_server(home)
    profiles.write_text('active = "local"\n[profiles.local]\n[profiles.work]\nPREFECT_API_URL = "x"\n')
    assert not find_server(home)


def test_without_a_server_there_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is started and no secret made: a command does its work by itself; an empty address is none."""
    enter(home)
    assert not has_server()
    assert given() is None
    monkeypatch.setenv("PREFECT_API_URL", "")
    assert not has_server()
    monkeypatch.setenv("PREFECT_API_URL", OURS)
    assert has_server()


def test_a_request_finds_the_server_that_serves_the_home(home: Path) -> None:
    """Without anything exported; where nobody serves it, there is none."""
    import os

    known = secret(home)
    assert not find_server(home)
    with opening(home, OURS):
        assert find_server(home)
    assert (os.environ["PREFECT_API_URL"], given()) == (OURS, known)
