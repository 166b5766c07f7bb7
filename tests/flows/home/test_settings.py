"""Settings: where they come from, and where they do not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from flows.commands.options import read_settings
from flows.settings import Settings
from tests.conftest import environment, turntable
from transforms.errors import SourceError


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file of settings, not yet written."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("flows.settings.user_config_path", lambda name: tmp_path / "config" / name)
    (tmp_path / "config" / "turntable").mkdir(parents=True)
    return tmp_path / "config" / "turntable" / "turntable.toml"


def test_the_users_own_file_counts_and_the_working_folders_does_not(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths in the file begin at its folder, the environment comes before it."""
    (tmp_path / "turntable.toml").write_text('model = "./evil"\nproxy = "http://evil:1"\nquality = "accurate"')
    monkeypatch.chdir(tmp_path)
    own.write_text(
        'home = "data"\nmodel = "small"\ndiarization_model = "./mine"\nquality = "fast"\ndevice = "cpu"'
    )
    monkeypatch.setenv("TURNTABLE_DEVICE", "auto")

    settings = Settings()

    assert (settings.home, settings.model, settings.proxy) == (own.parent / "data", "small", None)
    assert settings.diarization_model == str(own.parent / "mine")
    assert (settings.quality, settings.device) == ("fast", "auto")


def test_a_named_file_takes_the_place_of_the_users_own(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variable, which every process has that a command starts."""
    own.write_text('model = "small"')
    (tmp_path / "mine.toml").write_text('quality = "fast"')
    monkeypatch.setenv("TURNTABLE_CONFIG", str(tmp_path / "mine.toml"))

    assert (Settings().model, Settings().quality) == ("auto", "fast")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model = ", "cannot be read"),
        ("nonsense = 1", "nonsense is wrong"),
        ("quality = 'best'", "quality is wrong"),
        ("pages_url = 'https://'", "an address of pages is written"),
        ("pages_url = 'https://example.org/pages?a=1'", "an address of pages is written"),
        ("pages_url = 'https://ann:word@example.org/'", "an address of pages is written"),
        ("pages_url = 'https://example.org/my pages'", "an address of pages is written"),
        (None, "no such file of settings"),
    ],
)
def test_a_wrong_file_is_one_line(
    text: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is wrong with it."""
    path = tmp_path / "mine.toml"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("TURNTABLE_CONFIG", str(path))

    with pytest.raises(SourceError, match=words) as caught:
        read_settings()

    assert "\n" not in str(caught.value)


@pytest.mark.system
def test_paths_begin_where_the_command_was_started(tmp_path: Path) -> None:
    """Of `--config`, `--home`, variables and arguments."""
    (tmp_path / "mine.toml").write_text('quality = "fast"')
    (tmp_path / "notes.txt").write_text("Ann: Hello there.\n\nBob: Hello to you.\n")
    started = turntable(Path("data"), "--config", "mine.toml", "import", "--explain", "notes.txt")

    done = subprocess.run(started, cwd=tmp_path, env=environment(None), capture_output=True, text=True)
    missing = subprocess.run(
        turntable(Path("data"), "status"),
        cwd=tmp_path,
        env=environment(None, {"TURNTABLE_CONFIG": "other.toml"}),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "Hello to you." in done.stdout
    assert f"no such file of settings: {tmp_path / 'other.toml'}" in missing.stderr
