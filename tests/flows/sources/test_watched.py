"""Files of a watched folder that no run can be asked for."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from prefect.exceptions import PrefectHTTPStatusError

from flows.home import forgotten
from flows.serve import watched
from flows.serve.watched import Look, is_refusal, look, take_in
from flows.settings import Settings
from tests.conftest import only, rows_of
from transforms.errors import SourceError, TransientError

pytestmark = pytest.mark.system  # Prefect is imported


def test_a_name_that_is_not_in_utf_8_is_one_row_until_the_file_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named by its bytes; also where the server starts anew."""
    settings, folder = Settings(home=tmp_path / "home"), tmp_path / "watched"
    folder.mkdir()
    path = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.mp3"))
    path.write_bytes(b"sound")
    done: Look = {}
    seen = look(folder)
    for known in (done, done, {}):
        take_in(seen, seen, known, settings)

    sql = "select source, stage, error_class, message from stage_runs"
    source, *others = only(rows_of(settings.snapshot, sql))
    assert source == f"{folder}/caf\\xe9.mp3"
    assert others == ["find", "source", f"{source}: its name is not in UTF-8: rename it"]
    assert capsys.readouterr().err.count("left alone until it changes") == 2
    path.write_bytes(b"another sound")
    seen = look(folder)
    take_in(seen, seen, done, settings)
    assert len(rows_of(settings.snapshot, sql)) == 2


def test_a_server_that_is_busy_is_asked_again() -> None:
    """What it will never take is not; what it may take later is."""

    def said(status: int) -> PrefectHTTPStatusError:
        request = httpx.Request("POST", "http://127.0.0.1/api")
        return PrefectHTTPStatusError("no", request=request, response=httpx.Response(status, request=request))

    assert [is_refusal(said(status)) for status in (409, 422, 401, 404, 429, 503)] == [True] * 2 + [False] * 4
    assert [is_refusal(error) for error in (SourceError("x"), TransientError("x"), OSError())] == [
        True,
        False,
        False,
    ]


def test_what_is_seldom_a_transcript_counts_beside_audio(tmp_path: Path) -> None:
    """A stray PDF or table makes no run; that of a recording does."""
    for name in ("talk.mp3", "talk.pdf", "talk.de.csv", "bill.pdf", "talk.vtt", "cover.jpg", ".hidden.vtt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "again").symlink_to(tmp_path)

    assert {path.name for path in look(tmp_path)} == {"talk.mp3", "talk.pdf", "talk.de.csv", "talk.vtt"}


def test_what_is_forgotten_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a forgotten episode makes no run, whatever it is called; another one does."""
    settings = Settings(home=tmp_path / "home")
    folder = tmp_path / "watched"
    folder.mkdir()
    gone, new = folder / "gone.vtt", folder / "new.vtt"
    gone.write_text("Ann: Forget this.")
    new.write_text("Ann: Keep this.")
    digest = hashlib.sha256(gone.read_bytes()).hexdigest()
    one = forgotten.Forgotten("episode", datetime(2026, 5, 1, tzinfo=UTC), (digest,), is_erased=True)
    forgotten.note(settings.home, {"episode-1": one})
    asked: list[Path] = []
    monkeypatch.setattr(watched, "submit", lambda path, *_: asked.append(path))
    now = look(folder)
    take_in(now, now, {}, settings)
    assert asked == [new]
